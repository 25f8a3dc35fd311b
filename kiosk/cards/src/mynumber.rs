//! 個人番号カード: which card lies there, its facts, its photo, and the proof (facts §1, §2).

use crate::apdu::{CardError, Session};
use crate::authority::{self, CaSet};
use crate::tlv::{self, Object};
use crate::transport::Transport;
use domain::card::{BirthDate, CardKind, CardReading, CardRefusal, CardSecret, Facts, Genuine, LastDay, Photo, Sex};
use domain::{Date, IdentityTag, Personal};
use rand::RngCore;
use rsa::RsaPublicKey;
use serde::Serialize;
use sha2::{Digest, Sha256};

const JPKI: [u8; 10] = [0xd3, 0x92, 0xf0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
const TEXT: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
const VISUAL: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];
const COMMON: [u8; 10] = [0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00];
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

/// The common application: record 1 of 0001 is `01 1C`, then serial number (15), municipality (5), expiry (8) as digits.
mod common {
    pub const CARD: u16 = 0x0001;
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
    /// The issuer is vouched for by a configured authority; `None`: no authority is configured.
    pub issuer_trusted: Option<bool>,
    /// Each application that was read answered a fresh challenge with its own key: they are no copies.
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

/// What a reading gave.
#[derive(Debug)]
pub struct Outcome {
    /// What the kiosk goes on with.
    pub reading: CardReading,
    /// What was checked.
    pub evidence: Evidence,
    /// The card's last day, where the card tells it. Unsigned.
    pub expires: Option<Personal<LastDay>>,
}

impl Outcome {
    /// Whether the card's last day is over.
    pub fn expired(&self, today: Option<Date>) -> bool {
        self.expires.as_ref().zip(today).is_some_and(|(last, today)| last.reveal().0 < today)
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
    Ok((other_kind(&mut session)?, None))
}

/// What a card is that has no text application.
fn other_kind(session: &mut Session) -> Result<CardKind, CardError> {
    let others = [
        (&JPKI[..], CardKind::Phone),
        (&RESIDENCE[..], CardKind::Residence),
        (&LICENCE[..], CardKind::DriversLicence),
        (&PASSPORT[..], CardKind::Passport),
    ];
    for (aid, kind) in others {
        if session.has_application(aid)? {
            return Ok(kind);
        }
    }
    Ok(CardKind::Unknown)
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
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| CardError::Malformed)
}

fn date_of(bytes: &[u8]) -> Result<Date, CardError> {
    let text = std::str::from_utf8(bytes).map_err(|_| CardError::Malformed)?;
    Date::strptime("%Y%m%d", text).map_err(|_| CardError::Malformed)
}

/// Reads a My Number card: facts, with code B and where it is asked for the photo too, and everything that proves them.
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
) -> Result<Outcome, CardRefusal> {
    if !well_formed(secret) {
        return Err(CardRefusal::MalformedSecret);
    }
    read_inner(card, secret, photo, authorities, progress).map_err(CardError::refusal)
}

fn read_inner(
    card: &mut dyn Transport,
    secret: &CardSecret,
    photo: bool,
    authorities: &CaSet,
    progress: &mut dyn FnMut(),
) -> Result<Outcome, CardError> {
    let mut session = Session::new(card, progress);
    if !session.select_application(&TEXT)? {
        return Err(CardError::Refused(CardRefusal::WrongCard(other_kind(&mut session)?)));
    }
    match secret {
        CardSecret::Pin(pin) => session.verify(text::PIN, &pin.reveal().0)?,
        CardSecret::CodeB(code) => session.verify(text::CODE_B, &code.reveal().0)?,
    }
    let file = session.read_file(text::FACTS, 0xff20)?;
    let signed = signed_part(tlv::template(&file, 0xff20)?)?;
    let [name, address, birth, sex] = signed.map(|object| object.value);
    let facts = Facts {
        name: Personal::new(text_of(name)?),
        address: Personal::new(text_of(address)?),
        birth_date: Personal::new(BirthDate(date_of(birth)?)),
        sex: Personal::new(sex_of(sex)?),
    };
    let mut evidence = Evidence::default();
    unproven_or_gone(prove_facts(&mut session, &signed, authorities, &mut evidence))?;

    let (mut picture, mut expires) = (None, None);
    if let (CardSecret::CodeB(code), true) = (secret, photo)
        && session.select_application(&VISUAL)?
    {
        session.verify(visual::CODE_B, &code.reveal().0)?;
        let file = session.read_file(visual::FACE, 0xff20)?;
        let objects = tlv::template(&file, 0xff20)?;
        let value = |tag| tlv::find(&objects, tag).map(|object| object.value);
        let photo = Some(value(0xdf27)?).filter(|photo| !photo.is_empty());
        evidence.applications_agree = Some(value(0xdf22)? == birth && value(0xdf23)? == sex);
        picture = photo.map(|photo| Personal::new(Photo(photo.to_vec())));
        // Unsigned there as everywhere: where it is no date, the common application is asked.
        expires = value(0xdf29).ok().and_then(|date| date_of(date).ok());
        unproven_or_gone(prove_face(&mut session, &objects, authorities, &mut evidence))?;
    }
    if expires.is_none() {
        expires = expiry(&mut session)?;
    }
    let reading = CardReading {
        kind: CardKind::MyNumber,
        facts,
        photo: picture,
        genuine: evidence.genuine(),
        tag: IdentityTag(rand::rngs::OsRng.next_u64()),
    };
    Ok(Outcome { reading, evidence, expires: expires.map(|date| Personal::new(LastDay(date))) })
}

/// The objects of EF 0002 that are signed: all after the index. The facts are taken from these and from nowhere else, and
/// each has its place, so that no object of the same tag can stand in for one.
fn signed_part(objects: Vec<Object>) -> Result<[Object; 4], CardError> {
    let objects: [Object; 5] = objects.try_into().map_err(|_| CardError::Malformed)?;
    if objects.map(|object| object.tag) != [0xdf21, 0xdf22, 0xdf23, 0xdf24, 0xdf25] {
        return Err(CardError::Malformed);
    }
    let [_index, signed @ ..] = objects;
    Ok(signed)
}

fn sex_of(bytes: &[u8]) -> Result<Sex, CardError> {
    match bytes {
        b"1" => Ok(Sex::Male),
        b"2" => Ok(Sex::Female),
        [b'0'..=b'9'] => Ok(Sex::Other),
        _ => Err(CardError::Malformed),
    }
}

/// The card's last day from the common application, which is open; `None` where the card does not tell. Neither there nor
/// on the face is it signed.
fn expiry(session: &mut Session) -> Result<Option<Date>, CardError> {
    if !session.has_application(&COMMON)? {
        return Ok(None);
    }
    match session.read_record(common::CARD, 1) {
        Ok(record) => Ok(match record[..] {
            [0x01, 0x1c, ref digits @ ..] => digits.get(20..28).and_then(|date| date_of(date).ok()),
            _ => None,
        }),
        Err(gone @ CardError::Transport(_)) => Err(gone),
        Err(_) => Ok(None),
    }
}

/// A proof that the card refuses or garbles is one that it did not give; only a card that does not answer ends the
/// reading.
fn unproven_or_gone(proof: Result<(), CardError>) -> Result<(), CardError> {
    match proof {
        Err(gone @ CardError::Transport(_)) => Err(gone),
        _ => Ok(()),
    }
}

/// The text application's proof: its issuer, the issuer's signature over the facts, the card's own key, its answer.
fn prove_facts(
    session: &mut Session,
    facts: &[Object],
    authorities: &CaSet,
    evidence: &mut Evidence,
) -> Result<(), CardError> {
    let issuer = authority::issuer(&session.read_file(text::ISSUER, 0x7f21)?, authorities)?;
    evidence.issuer_trusted = issuer.trusted;
    let integrity = session.read_file(text::INTEGRITY, 0xff30)?;
    evidence.facts_signed = facts_signed(&integrity, facts, &issuer.key)?;
    let card_key = card_key(&session.read_file(text::CARD_KEY, 0xff50)?, &issuer.key)?;
    evidence.card_answered = answers(session, &card_key)?;
    Ok(())
}

/// The visual application's proof; what the text application has proved is taken back until this one has proved it too.
fn prove_face(
    session: &mut Session,
    face: &[Object],
    authorities: &CaSet,
    evidence: &mut Evidence,
) -> Result<(), CardError> {
    let answered = std::mem::take(&mut evidence.card_answered);
    evidence.photo_signed = Some(false);
    let issuer = authority::issuer(&session.read_file(visual::ISSUER, 0x7f21)?, authorities)?;
    evidence.issuer_trusted = evidence.issuer_trusted.zip(issuer.trusted).map(|(text, visual)| text && visual);
    evidence.photo_signed = Some(face_signed(face, &issuer.key)?);
    let card_key = authority::public_key(tlv::find(face, 0xdf24)?.value)?;
    evidence.card_answered = answered && answers(session, &card_key)?;
    Ok(())
}

/// EF 0003: DF32 is the hash of the facts after their index, DF33 signs DF31 and DF32.
fn facts_signed(integrity: &[u8], facts: &[Object], issuer: &RsaPublicKey) -> Result<bool, CardError> {
    let objects = tlv::template(integrity, 0xff30)?;
    let (number, hash) = (tlv::find(&objects, 0xdf31)?, tlv::find(&objects, 0xdf32)?);
    let signature = tlv::find(&objects, 0xdf33)?.value;
    let signed = [number.whole, hash.whole].concat();
    Ok(hash.value == digest(facts).as_slice() && authority::signed(issuer, &signed, signature))
}

/// EF 0002 of the visual application: three hashes (96 bytes) in one OCTET STRING, a DigestInfo of the card's own kind.
fn face_signed(face: &[Object], issuer: &RsaPublicKey) -> Result<bool, CardError> {
    let object = |tag| tlv::find(face, tag);
    let digests = [
        digest(&[object(0xdf22)?, object(0xdf23)?, object(0xdf24)?]),
        digest(&[object(0xdf25)?, object(0xdf26)?]),
        digest(&[object(0xdf27)?]),
    ];
    let encoded = [&[0x30, 0x71], &SHA256_ALGORITHM[..], &[0x04, 0x60], &digests.concat()].concat();
    Ok(authority::signed_raw(issuer, &encoded, object(0xdf28)?.value))
}

/// The hash of objects as written, tags and lengths included.
fn digest(objects: &[Object]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for object in objects {
        hasher.update(object.whole);
    }
    hasher.finalize().into()
}

/// EF 0007: the card's public key, as the issuer signed it.
fn card_key(file: &[u8], issuer: &RsaPublicKey) -> Result<RsaPublicKey, CardError> {
    let objects = tlv::template(file, 0xff50)?;
    let key = tlv::find(&objects, 0xdf51)?;
    if !authority::signed(issuer, key.whole, tlv::find(&objects, 0xdf52)?.value) {
        return Err(CardError::Malformed);
    }
    Ok(authority::public_key(key.value)?)
}

/// A fresh challenge, signed by the selected application's own key: a copy of the files cannot answer.
fn answers(session: &mut Session, key: &RsaPublicKey) -> Result<bool, CardError> {
    let mut challenge = [0u8; 32];
    rand::rngs::OsRng.fill_bytes(&mut challenge);
    let hash = Sha256::digest(challenge);
    let digest_info = [&[0x30, 0x31], &SHA256_ALGORITHM[..], &[0x04, 0x20], &hash].concat();
    let signature = session.internal_authenticate(&digest_info)?;
    Ok(authority::signed(key, &challenge, &signature))
}
