//! 個人番号カード: which card lies there, its facts, its photo, and the proof (facts §1, §2).

use crate::apdu::{CardError, Session};
use crate::authority::{self, CaSet, Issuer};
use crate::tlv;
use crate::transport::Transport;
use domain::card::{BirthDate, CardKind, CardReading, CardRefusal, CardSecret, Facts, Genuine, Photo, Sex};
use domain::{Date, IdentityTag, Personal};
use rand::RngCore;
use rsa::RsaPublicKey;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const JPKI: [u8; 10] = [0xd3, 0x92, 0xf0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
const TEXT: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
const VISUAL: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];
const RESIDENCE: [u8; 16] = [0xd3, 0x92, 0xf0, 0x00, 0x4f, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const LICENCE: [u8; 16] = [0xa0, 0, 0, 0x02, 0x31, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PASSPORT: [u8; 7] = [0xa0, 0, 0, 0x02, 0x47, 0x10, 0x01];

/// References and files of the text application. 0001 (the individual number) and 0014 (number A) have no name here.
mod text {
    pub const FACTS: u16 = 0x0002;
    pub const INTEGRITY: u16 = 0x0003;
    pub const ISSUER: u16 = 0x0004;
    pub const CARD_KEY: u16 = 0x0007;
    pub const PIN: u16 = 0x0011;
    pub const CODE_B: u16 = 0x0015;
}

/// The visual application numbers its references otherwise: 0012 is B, 0013 is A.
mod visual {
    pub const FACE: u16 = 0x0002;
    pub const ISSUER: u16 = 0x0004;
    pub const CODE_B: u16 = 0x0012;
}

/// SHA-256's AlgorithmIdentifier, with which every DigestInfo here begins (RFC 8017 §9.2).
const SHA256_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];

/// What was checked, for the tools and for staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Evidence {
    /// The facts are those that the issuer signed.
    pub facts_signed: bool,
    /// The photo and the face's data are those that the issuer signed; `None`: not read.
    pub photo_signed: Option<bool>,
    /// The issuer is vouched for by a configured authority; `None`: no such authority is configured.
    pub issuer_trusted: Option<bool>,
    /// The card answered a fresh challenge with its own key: it is no copy.
    pub card_answered: bool,
    /// Face and text agree on birth date and sex; `None`: the face was not read.
    pub applications_agree: Option<bool>,
}

impl Evidence {
    fn genuine(&self) -> Genuine {
        let holds = self.facts_signed
            && self.card_answered
            && self.photo_signed != Some(false)
            && self.applications_agree != Some(false);
        match self.issuer_trusted {
            Some(true) if holds => Genuine::Yes,
            None if holds => Genuine::Unchecked,
            _ => Genuine::No,
        }
    }
}

/// What lies on the reader, by its applications (never by its ATR), and the tries left for the PIN.
pub(crate) fn detect(card: &mut dyn Transport) -> Result<(CardKind, Option<u8>), CardError> {
    let mut ignore = || {};
    let mut session = Session::new(card, &mut ignore);
    if session.select_application(&TEXT)? {
        session.select_file(text::PIN)?;
        return Ok((CardKind::MyNumber, session.tries()?));
    }
    let others = [
        (&JPKI[..], CardKind::Phone),
        (&RESIDENCE[..], CardKind::Residence),
        (&LICENCE[..], CardKind::DriversLicence),
        (&PASSPORT[..], CardKind::Passport),
    ];
    for (aid, kind) in others {
        if session.select_application(aid)? {
            return Ok((kind, None));
        }
    }
    Ok((CardKind::Unknown, None))
}

/// Whether a secret has the right shape; one that has not is never sent.
fn well_formed(secret: &CardSecret) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    match secret {
        CardSecret::Pin(pin) => digits(&pin.reveal().0, 4),
        CardSecret::CodeB(code) => {
            let code = &code.reveal().0;
            digits(code, 14)
                && (1..=12).contains(&code[2..4].parse().unwrap_or(0))
                && (1..=31).contains(&code[4..6].parse().unwrap_or(0))
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<String, CardError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| CardError::Malformed)
}

fn date_of(bytes: &[u8]) -> Result<Date, CardError> {
    let text = std::str::from_utf8(bytes).map_err(|_| CardError::Malformed)?;
    Date::strptime("%Y%m%d", text).map_err(|_| CardError::Malformed)
}

struct Face {
    photo: Personal<Photo>,
    expires: Date,
    signed: bool,
    issuer: Issuer,
    birth: Zeroizing<Vec<u8>>,
    sex: Zeroizing<Vec<u8>>,
}

/// Reads a My Number card: facts, with code B the photo too, and everything that proves them.
///
/// # Errors
/// A [`CardRefusal`] that says what the person can do about it. The secret is sent at most once to each application, and
/// never where one try is left.
pub fn read(
    card: &mut dyn Transport,
    secret: &CardSecret,
    photo: bool,
    authorities: &CaSet,
    progress: &mut dyn FnMut(),
) -> Result<(CardReading, Evidence), CardRefusal> {
    if !well_formed(secret) {
        return Err(CardRefusal::Malformed);
    }
    read_inner(card, secret, photo, authorities, progress).map_err(CardError::refusal)
}

fn read_inner(
    card: &mut dyn Transport,
    secret: &CardSecret,
    photo: bool,
    authorities: &CaSet,
    progress: &mut dyn FnMut(),
) -> Result<(CardReading, Evidence), CardError> {
    let mut ignore = || {};
    if !Session::new(card, &mut ignore).select_application(&TEXT)? {
        let (kind, _) = detect(card)?;
        return Err(CardError::Refused(CardRefusal::WrongCard(kind)));
    }
    let mut session = Session::new(card, progress);
    match secret {
        CardSecret::Pin(pin) => session.verify(text::PIN, &pin.reveal().0)?,
        CardSecret::CodeB(code) => session.verify(text::CODE_B, &code.reveal().0)?,
    }
    let file = session.read_file(text::FACTS)?;
    let integrity = session.read_file(text::INTEGRITY)?;
    let certificate = session.read_file(text::ISSUER)?;
    let key_file = session.read_file(text::CARD_KEY)?;

    let (outer, _) = tlv::first(&file)?;
    if outer.tag != 0xff20 {
        return Err(CardError::Malformed);
    }
    let objects = tlv::all(outer.value)?;
    let (_, signed_part) = tlv::first(outer.value)?;
    let value = |tag| tlv::find(&objects, tag).map(|object| object.value);
    let (birth, sex) = (value(0xdf24)?, value(0xdf25)?);
    let facts = Facts {
        name: Personal::new(text_of(value(0xdf22)?)?),
        address: Personal::new(text_of(value(0xdf23)?)?),
        birth_date: Personal::new(BirthDate(date_of(birth)?)),
        sex: Personal::new(match sex {
            b"1" => Sex::Male,
            b"2" => Sex::Female,
            _ => Sex::Other,
        }),
    };

    let issuer = authority::issuer(&certificate, authorities)?;
    let issuer_key = issuer_key(&certificate)?;
    let mut evidence = Evidence { facts_signed: facts_signed(&integrity, signed_part, &issuer_key)?, ..Evidence::default() };
    evidence.issuer_trusted = trusted(&issuer);
    let card_key = card_key(&key_file, &issuer_key)?;
    evidence.card_answered = match &card_key {
        Some(key) => answers(&mut session, key)?,
        None => false,
    };

    let mut face = None;
    if let (CardSecret::CodeB(code), true) = (secret, photo) {
        let read = read_face(&mut session, &code.reveal().0, authorities)?;
        evidence.photo_signed = Some(read.signed);
        evidence.applications_agree = Some(read.birth[..] == *birth && read.sex[..] == *sex);
        // Both chains must hold; the weaker of the two counts.
        evidence.issuer_trusted = match (evidence.issuer_trusted, trusted(&read.issuer)) {
            (Some(a), Some(b)) => Some(a && b),
            (Some(false), _) | (_, Some(false)) => Some(false),
            _ => None,
        };
        face = Some(read);
    }
    let genuine = evidence.genuine();
    let expires = face.as_ref().map(|face| face.expires);
    let reading = CardReading {
        kind: CardKind::MyNumber,
        facts,
        photo: face.map(|face| face.photo).filter(|photo| !photo.reveal().0.is_empty()),
        genuine,
        expires,
        tag: IdentityTag(rand::rngs::OsRng.next_u64()),
    };
    Ok((reading, evidence))
}

fn trusted(issuer: &Issuer) -> Option<bool> {
    match issuer {
        Issuer::Trusted(_) => Some(true),
        Issuer::Forged => Some(false),
        Issuer::Unknown => None,
    }
}

/// The key in a certificate, whoever signed it: with no authority configured the rest of the chain is still checked.
fn issuer_key(certificate: &[u8]) -> Result<RsaPublicKey, CardError> {
    let (outer, _) = tlv::first(certificate)?;
    let objects = tlv::all(outer.value)?;
    let body = tlv::find(&objects, 0x5f4e)?.value;
    Ok(authority::public_key(body.get(32..).ok_or(CardError::Malformed)?)?)
}

/// EF 0003: DF32 is the hash of the facts after their index, DF33 signs DF31 and DF32.
fn facts_signed(integrity: &[u8], facts: &[u8], issuer: &RsaPublicKey) -> Result<bool, CardError> {
    let (outer, _) = tlv::first(integrity)?;
    let objects = tlv::all(outer.value)?;
    let (h1, h2) = (tlv::find(&objects, 0xdf31)?, tlv::find(&objects, 0xdf32)?);
    let signature = tlv::find(&objects, 0xdf33)?.value;
    let data = [h1.whole, h2.whole].concat();
    Ok(h2.value == Sha256::digest(facts).as_slice() && authority::signed(issuer, &data, signature))
}

/// EF 0007: the card's public key, if the issuer signed it.
fn card_key(file: &[u8], issuer: &RsaPublicKey) -> Result<Option<RsaPublicKey>, CardError> {
    let (outer, _) = tlv::first(file)?;
    let objects = tlv::all(outer.value)?;
    let key = tlv::find(&objects, 0xdf51)?;
    let signature = tlv::find(&objects, 0xdf52)?.value;
    if !authority::signed(issuer, key.whole, signature) {
        return Ok(None);
    }
    Ok(Some(authority::public_key(key.value)?))
}

/// A fresh challenge, signed by the card's own key: a copy of the files cannot answer.
fn answers(session: &mut Session, key: &RsaPublicKey) -> Result<bool, CardError> {
    let mut challenge = [0u8; 32];
    rand::rngs::OsRng.fill_bytes(&mut challenge);
    let hash = Sha256::digest(challenge);
    let digest_info = [&[0x30, 0x31], &SHA256_ALGORITHM[..], &[0x04, 0x20], &hash].concat();
    let signature = session.internal_authenticate(&digest_info)?;
    Ok(authority::signed(key, &challenge, &signature))
}

fn read_face(session: &mut Session, code: &str, authorities: &CaSet) -> Result<Face, CardError> {
    if !session.select_application(&VISUAL)? {
        return Err(CardError::Malformed);
    }
    session.verify(visual::CODE_B, code)?;
    let file = session.read_file(visual::FACE)?;
    let certificate = session.read_file(visual::ISSUER)?;
    let (outer, _) = tlv::first(&file)?;
    if outer.tag != 0xff20 {
        return Err(CardError::Malformed);
    }
    let objects = tlv::all(outer.value)?;
    let object = |tag| tlv::find(&objects, tag);
    let hash = |tags: &[u16]| -> Result<Vec<u8>, CardError> {
        let mut hasher = Sha256::new();
        for tag in tags {
            hasher.update(object(*tag)?.whole);
        }
        Ok(hasher.finalize().to_vec())
    };
    let digests = [hash(&[0xdf22, 0xdf23, 0xdf24])?, hash(&[0xdf25, 0xdf26])?, hash(&[0xdf27])?].concat();
    // 96 bytes of hashes in one OCTET STRING: a DigestInfo of the card's own kind.
    let encoded = [&[0x30, 0x71], &SHA256_ALGORITHM[..], &[0x04, 0x60], &digests].concat();
    let signed = authority::signed_raw(&issuer_key(&certificate)?, &encoded, object(0xdf28)?.value);
    Ok(Face {
        photo: Personal::new(Photo(object(0xdf27)?.value.to_vec())),
        expires: date_of(object(0xdf29)?.value)?,
        signed,
        issuer: authority::issuer(&certificate, authorities)?,
        birth: Zeroizing::new(object(0xdf22)?.value.to_vec()),
        sex: Zeroizing::new(object(0xdf23)?.value.to_vec()),
    })
}
