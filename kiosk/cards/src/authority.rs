//! The authorities that are trusted, and the checks that lead to them (facts §2.2, §2.3).
//!
//! The production keys are not officially published, so none is built in: the municipality configures them.

use crate::tlv::{self, Malformed};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// A file of CA keys that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// It cannot be read.
    #[error("the file of CA keys cannot be read")]
    Read(#[from] std::io::Error),
    /// It is not TOML of the right form.
    #[error("the file of CA keys is malformed: {0}")]
    Malformed(#[from] toml::de::Error),
    /// A key in it is no key.
    #[error("CA key {0} is no RSA key")]
    NotAKey(usize),
}

/// The trusted keys, by identifier. Serialises as it was read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "KeyFile", try_from = "KeyFile")]
pub struct CaSet {
    keys: Vec<([u8; 16], RsaPublicKey)>,
    file: KeyFile,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    key: Vec<KeyEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    modulus: String,
    exponent: u32,
}

impl TryFrom<KeyFile> for CaSet {
    type Error = AuthorityError;

    fn try_from(file: KeyFile) -> Result<Self, AuthorityError> {
        let keys = file.key.iter().enumerate().map(|(at, entry)| {
            let id = unhex(&entry.id).and_then(|id| id.try_into().ok()).ok_or(AuthorityError::NotAKey(at))?;
            let modulus = unhex(&entry.modulus).ok_or(AuthorityError::NotAKey(at))?;
            let key = RsaPublicKey::new(BigUint::from_bytes_be(&modulus), BigUint::from(entry.exponent));
            Ok((id, key.map_err(|_| AuthorityError::NotAKey(at))?))
        });
        let keys = keys.collect::<Result<_, AuthorityError>>()?;
        Ok(Self { keys, file })
    }
}

impl From<CaSet> for KeyFile {
    fn from(set: CaSet) -> Self {
        set.file
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

impl CaSet {
    /// Reads `[[key]]` tables with `id` (16 bytes) and `modulus` in hexadecimal and `exponent`.
    ///
    /// # Errors
    /// When the text is malformed.
    pub fn from_toml(text: &str) -> Result<Self, AuthorityError> {
        toml::from_str::<KeyFile>(text)?.try_into()
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// When it cannot be read or is malformed.
    pub fn load(path: &Path) -> Result<Self, AuthorityError> {
        Self::from_toml(&std::fs::read_to_string(path)?)
    }

    /// Whether one of the keys with this identifier made the signature; `None`: no authority is configured at all.
    fn vouches(&self, id: &[u8], data: &[u8], signature: &[u8]) -> Option<bool> {
        let vouches = self.keys.iter().any(|(known, key)| known == id && signed(key, data, signature));
        (!self.keys.is_empty()).then_some(vouches)
    }
}

/// Whether `signature` is that of `key` over `data` (PKCS#1 v1.5, SHA-256).
pub fn signed(key: &RsaPublicKey, data: &[u8], signature: &[u8]) -> bool {
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(data), signature).is_ok()
}

/// Whether `signature` is that of `key` over an encoded message as it stands.
pub fn signed_raw(key: &RsaPublicKey, encoded: &[u8], signature: &[u8]) -> bool {
    key.verify(Pkcs1v15Sign::new_unprefixed(), encoded, signature).is_ok()
}

/// A public key as cards write it: `90` exponent, `91` modulus.
pub fn public_key(bytes: &[u8]) -> Result<RsaPublicKey, Malformed> {
    let objects = tlv::all(bytes)?;
    let exponent = BigUint::from_bytes_be(tlv::find(&objects, 0x90)?.value);
    let modulus = BigUint::from_bytes_be(tlv::find(&objects, 0x91)?.value);
    RsaPublicKey::new(modulus, exponent).map_err(|_| Malformed)
}

/// The issuer of one application's data.
#[derive(Debug)]
pub struct Issuer {
    /// What it signs with.
    pub key: RsaPublicKey,
    /// Whether a configured authority vouches for the key; `None`: none is configured.
    pub trusted: Option<bool>,
}

/// Reads a card-verifiable certificate (tag 7F21) and checks it against the configured keys. With none configured the
/// rest of the chain is still checked, so the key is given in any case.
pub fn issuer(certificate: &[u8], authorities: &CaSet) -> Result<Issuer, Malformed> {
    let objects = tlv::template(certificate, 0x7f21)?;
    let body = tlv::find(&objects, 0x5f4e)?.value;
    let signature = tlv::find(&objects, 0x5f37)?.value;
    let (authority_id, rest) = body.split_at_checked(16).ok_or(Malformed)?;
    let key = public_key(rest.get(16..).ok_or(Malformed)?)?;
    Ok(Issuer { key, trusted: authorities.vouches(authority_id, body, signature) })
}
