//! Issuing invented cards under a test authority of our own.
//!
//! The layout is that of `facts/cards.md` §2: every signature that a reader may check is really made.

use crate::card::{Application, Card, Ief, Key};
use crate::tlv::{indexed, tlv};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::str::FromStr;
use x509_cert::builder::{Builder, CertificateBuilder, Profile};
use x509_cert::der::Encode;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Validity;

/// The applications' identifiers, hexadecimal (facts §2).
pub(crate) const JPKI: &str = "D392F000260100000001";
pub(crate) const TEXT: &str = "D3921000310001010408";
pub(crate) const COMMON: &str = "D3921000310001010100";
pub(crate) const VISUAL: &str = "D3921000310001010402";

/// An invented citizen, as the files in `citizens/` tell.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citizen {
    /// 氏名, an ideographic space between family and given name.
    pub name: String,
    /// 住所.
    pub address: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// `1`, `2`, `3` or `9`.
    pub sex: String,
    /// `YYYY-MM-DD`.
    pub expires: String,
    /// Four digits.
    pub security_code: String,
    /// Four digits; for the text application and for the authentication key.
    pub pin: String,
    /// 6 to 16 of `A-Z0-9`.
    pub sign_password: String,
    /// JPEG 2000; empty: the card has a photo object of no bytes.
    #[serde(skip)]
    pub photo: Vec<u8>,
}

impl Citizen {
    /// Reads a citizen from TOML.
    ///
    /// # Errors
    /// When a field is missing or malformed.
    pub fn from_toml(text: &str) -> anyhow::Result<Self> {
        Ok(toml::from_str(text)?)
    }

    fn digits(date: &str) -> String {
        date.chars().filter(char::is_ascii_digit).collect()
    }

    /// 照合番号B: `YYMMDD` with the year of the Japanese era, expiry year, security code.
    pub fn code_b(&self) -> String {
        let birth = Self::digits(&self.birth_date);
        let (year, day): (i32, i32) = (birth[..4].parse().unwrap_or(0), birth.parse().unwrap_or(0));
        let first = [(20190501, 2019), (19890108, 1989), (19261225, 1926), (19120730, 1912), (18681023, 1868)];
        let era = first.iter().find(|(begins, _)| day >= *begins).map_or(year, |(_, first)| year - first + 1);
        format!("{era:02}{}{}{}", &birth[4..], &Self::digits(&self.expires)[..4], self.security_code)
    }
}

/// Our own authority: the key that signs issuer certificates.
pub struct TestAuthority {
    ca: RsaPrivateKey,
    issuer: RsaPrivateKey,
    text: RsaPrivateKey,
    jpki: RsaPrivateKey,
    visual: RsaPrivateKey,
}

/// A CA key in the form that readers are configured with.
#[derive(Debug, Clone, Serialize)]
pub struct CaKey {
    /// Key identifier, 16 bytes, hexadecimal.
    pub id: String,
    /// Modulus, hexadecimal.
    pub modulus: String,
    /// Public exponent.
    pub exponent: u32,
}

fn key_id(name: &str, serial: &str) -> [u8; 16] {
    let mut id = [0u8; 16];
    id[..7].copy_from_slice(name.as_bytes());
    id[7..9].copy_from_slice(&[0x08, 0x05]);
    id[9..12].copy_from_slice(serial.as_bytes());
    id
}

/// The authority's identifiers begin with 6, as test keys do (facts §2.2).
fn ca_id() -> [u8; 16] {
    key_id("6990000", "001")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn public_key(key: &RsaPublicKey) -> Vec<u8> {
    [tlv(0x90, &[1, 0, 1]), tlv(0x91, &key.n().to_bytes_be())].concat()
}

fn sign(key: &RsaPrivateKey, data: &[u8]) -> Vec<u8> {
    key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(data)).unwrap_or_default()
}

impl TestAuthority {
    /// An authority whose keys a seed determines. Never for anything but tests: whoever knows the seed knows the keys.
    ///
    /// # Errors
    /// When keys cannot be generated.
    pub fn from_seed(seed: u64) -> anyhow::Result<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut key = || RsaPrivateKey::new(&mut rng, 2048);
        Ok(Self { ca: key()?, issuer: key()?, text: key()?, jpki: key()?, visual: key()? })
    }

    /// What a reader needs to trust the cards of this authority.
    pub fn ca_keys(&self) -> Vec<CaKey> {
        let public = self.ca.to_public_key();
        vec![CaKey { id: hex(&ca_id()), modulus: hex(&public.n().to_bytes_be()), exponent: 65537 }]
    }

    /// The same as TOML (`[[key]]` tables).
    pub fn ca_toml(&self) -> String {
        let keys = self.ca_keys();
        keys.iter()
            .map(|key| {
                format!("[[key]]\nid = \"{}\"\nmodulus = \"{}\"\nexponent = {}\n", key.id, key.modulus, key.exponent)
            })
            .collect()
    }

    fn certificate_of_issuer(&self, subject: [u8; 16]) -> Vec<u8> {
        let body = [&ca_id()[..], &subject, &public_key(&self.issuer.to_public_key())].concat();
        tlv(0x7f21, &[tlv(0x5f4e, &body), tlv(0x5f37, &sign(&self.ca, &body))].concat())
    }

    /// Issues a card.
    ///
    /// # Errors
    /// When a certificate cannot be built.
    pub fn issue(&self, citizen: &Citizen) -> anyhow::Result<Card> {
        // Each application has a key of its own, as on the test card.
        let text_key = public_key(&self.text.to_public_key());
        let visual_key = public_key(&self.visual.to_public_key());
        let code_b = citizen.code_b();
        let birth = Citizen::digits(&citizen.birth_date);

        // 券面入力補助 (text).
        let facts = [
            tlv(0xdf22, citizen.name.as_bytes()),
            tlv(0xdf23, citizen.address.as_bytes()),
            tlv(0xdf24, birth.as_bytes()),
            tlv(0xdf25, citizen.sex.as_bytes()),
        ];
        let ef2 = indexed(0xff20, 0xdf21, &facts);
        // Twelve times nine is no individual number: its check digit is wrong.
        let ef1 = [tlv(0xff10, b"999999999999"), vec![0xff, 0xff]].concat();
        let hashes = [tlv(0xdf31, &Sha256::digest(&ef1)), tlv(0xdf32, &Sha256::digest(facts.concat()))].concat();
        let ef3 = tlv(0xff30, &[hashes.clone(), tlv(0xdf33, &sign(&self.issuer, &hashes))].concat());
        let df51 = tlv(0xdf51, &text_key);
        let ef7 = tlv(0xff50, &[df51.clone(), tlv(0xdf52, &sign(&self.issuer, &df51))].concat());
        let text = Application {
            aid: hex_bytes(TEXT),
            files: BTreeMap::from([
                (0x0001, (ef1, vec![0x0011, 0x0014])),
                (0x0002, (ef2, vec![0x0011, 0x0015])),
                (0x0003, (ef3, vec![0x0011, 0x0014, 0x0015])),
                (0x0004, (self.certificate_of_issuer(key_id("6990033", "001")), vec![])),
                (0x0005, (tlv(0xff40, &tlv(0xdf41, &[1, 3, 0x0e, 1])), vec![])),
                (0x0007, (ef7, vec![0x0011, 0x0014, 0x0015])),
            ]),
            iefs: BTreeMap::from([
                (0x0011, Ief::new(&citizen.pin, 3)),
                (0x0014, Ief::new("999999999999", 10)),
                (0x0015, Ief::new(&code_b, 10)),
            ]),
            keys: BTreeMap::from([(0x0013, Key { key: self.text.clone(), pin: None })]),
            default_key: Some(0x0013),
        };

        // 券面事項確認 (visual).
        let pixel = png(216, 12);
        let signed = [
            tlv(0xdf22, birth.as_bytes()),
            tlv(0xdf23, citizen.sex.as_bytes()),
            tlv(0xdf24, &visual_key),
            tlv(0xdf25, &pixel),
            tlv(0xdf26, &pixel),
            tlv(0xdf27, &citizen.photo),
        ];
        let digests =
            [Sha256::digest(signed[..3].concat()), Sha256::digest(signed[3..5].concat()), Sha256::digest(&signed[5])]
                .concat();
        let face_signature = self.issuer.sign(Pkcs1v15Sign::new_unprefixed(), &face_digest_info(&digests))?;
        let mut objects = signed.to_vec();
        objects.push(tlv(0xdf28, &face_signature));
        objects.push(tlv(0xdf29, Citizen::digits(&citizen.expires).as_bytes()));
        objects.push(tlv(0xdf2a, &png(24, 12)));
        let age = [tlv(0xdf11, birth.as_bytes()), tlv(0xdf12, &visual_key)].concat();
        let visual = Application {
            aid: hex_bytes(VISUAL),
            files: BTreeMap::from([
                (
                    0x0001,
                    (
                        tlv(0xff10, &[age.clone(), tlv(0xdf13, &sign(&self.issuer, &age))].concat()),
                        vec![0x11, 0x12, 0x13],
                    ),
                ),
                (0x0002, (indexed(0xff20, 0xdf21, &objects), vec![0x0012, 0x0013])),
                (0x0004, (self.certificate_of_issuer(key_id("6990023", "001")), vec![])),
            ]),
            iefs: BTreeMap::from([
                (0x0011, Ief::new(&code_b[..6], 10)),
                (0x0012, Ief::new(&code_b, 10)),
                (0x0013, Ief::new("999999999999", 10)),
            ]),
            keys: BTreeMap::from([(0x001a, Key { key: self.visual.clone(), pin: None })]),
            default_key: Some(0x001a),
        };

        // 共通カード: serial number, municipality, expiry. No municipality has the code 99999.
        let record = format!("00000000000000099999{}", Citizen::digits(&citizen.expires));
        let common = Application {
            aid: hex_bytes(COMMON),
            files: BTreeMap::from([(0x0001, (tlv(0x01, record.as_bytes()), vec![]))]),
            iefs: BTreeMap::new(),
            keys: BTreeMap::new(),
            default_key: None,
        };
        Ok(Card::new(vec![self.jpki(citizen)?, text, visual, common]))
    }

    /// 公的個人認証 (JPKI): certificates under an authority of our own, keys that sign after a PIN.
    fn jpki(&self, citizen: &Citizen) -> anyhow::Result<Application> {
        let signer = SigningKey::<Sha256>::new(self.ca.clone());
        let spki = |key: &RsaPrivateKey| -> anyhow::Result<SubjectPublicKeyInfoOwned> {
            Ok(SubjectPublicKeyInfoOwned::try_from(key.to_public_key().to_public_key_der()?.as_bytes())?)
        };
        let validity = || Validity::from_now(std::time::Duration::from_secs(3600 * 24 * 365 * 5));
        let ca_name = Name::from_str("CN=Madoguchi Test CA,O=Madoguchi Test,C=JP")?;
        let root = CertificateBuilder::new(
            Profile::Root,
            SerialNumber::from(1u32),
            validity()?,
            ca_name.clone(),
            spki(&self.ca)?,
            &signer,
        )?
        .build::<rsa::pkcs1v15::Signature>()?
        .to_der()?;
        let leaf = |serial: u32| -> anyhow::Result<Vec<u8>> {
            let profile =
                Profile::Leaf { issuer: ca_name.clone(), enable_key_agreement: false, enable_key_encipherment: false };
            let subject = Name::from_str(&format!("CN=test{serial:08},C=JP"))?;
            let builder = CertificateBuilder::new(
                profile,
                SerialNumber::from(serial),
                validity()?,
                subject,
                spki(&self.jpki)?,
                &signer,
            )?;
            Ok(builder.build::<rsa::pkcs1v15::Signature>()?.to_der()?)
        };
        let mut token = vec![b' '; 160];
        token[..16].copy_from_slice(b"JPKIAPICCTOKEN2 ");
        Ok(Application {
            aid: hex_bytes(JPKI),
            files: BTreeMap::from([
                (0x0001, (leaf(3)?, vec![0x001b])),
                (0x0002, (root.clone(), vec![])),
                (0x0006, (token, vec![])),
                (0x0008, (vec![0x8f, 0x8f, 0x00], vec![])),
                (0x000a, (leaf(2)?, vec![])),
                (0x000b, (root, vec![])),
            ]),
            iefs: BTreeMap::from([(0x0018, Ief::new(&citizen.pin, 3)), (0x001b, Ief::new(&citizen.sign_password, 5))]),
            keys: BTreeMap::from([
                (0x0017, Key { key: self.jpki.clone(), pin: Some(0x0018) }),
                (0x001a, Key { key: self.jpki.clone(), pin: Some(0x001b) }),
            ]),
            default_key: None,
        })
    }
}

/// The DigestInfo of DF28: SHA-256's AlgorithmIdentifier with three hashes (96 bytes) in one OCTET STRING (facts §2.3).
fn face_digest_info(digests: &[u8]) -> Vec<u8> {
    let algorithm = hex_bytes("300D06096086480165030402010500");
    let octets = tlv(0x04, digests);
    tlv(0x30, &[algorithm, octets].concat())
}

/// Bytes of a hexadecimal constant of this crate.
pub(crate) fn hex_bytes(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).filter_map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// A grey PNG of one bit a pixel, stored without compression: the images of name and address.
fn png(width: u32, height: u32) -> Vec<u8> {
    fn crc(data: &[u8]) -> u32 {
        !data.iter().fold(!0u32, |mut crc, byte| {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
            crc
        })
    }
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let body = [&kind[..], data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc(&body).to_be_bytes()].concat()
    }
    let row = 1 + width.div_ceil(8) as usize;
    let raw: Vec<u8> = (0..row * height as usize).map(|at| if at % row == 0 { 0 } else { 0xff }).collect();
    let size = raw.len() as u16;
    let (mut a, mut b) = (1u32, 0u32);
    for byte in &raw {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    let adler = (b << 16 | a).to_be_bytes();
    let zlib = [&[0x78, 0x01, 0x01][..], &size.to_le_bytes(), &(!size).to_le_bytes(), &raw, &adler].concat();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &zlib), &chunk(b"IEND", b"")].concat()
}
