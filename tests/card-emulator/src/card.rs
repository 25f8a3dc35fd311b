//! The card's command interpreter: applications, files, keys, PINs and their counters (facts/cards.md §1, §2).

use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A reference to be verified, with its counter.
#[derive(Debug, Clone)]
pub struct Ief {
    secret: Vec<u8>,
    max: u8,
    /// Tries left; 0 is blocked.
    pub left: u8,
}

impl Ief {
    /// A fresh reference.
    pub fn new(secret: &str, max: u8) -> Self {
        Self { secret: secret.as_bytes().to_vec(), max, left: max }
    }
}

/// A private key and the reference that opens it.
#[derive(Clone)]
pub struct Key {
    /// The key.
    pub key: RsaPrivateKey,
    /// `None`: signs without a PIN.
    pub pin: Option<u16>,
}

/// One application on the card.
#[derive(Clone)]
pub struct Application {
    /// Its full identifier.
    pub aid: Vec<u8>,
    /// Transparent files, each with the references of which any opens it (none: free).
    pub files: BTreeMap<u16, (Vec<u8>, Vec<u16>)>,
    /// References.
    pub iefs: BTreeMap<u16, Ief>,
    /// Keys.
    pub keys: BTreeMap<u16, Key>,
    /// The key that `80 2A` with P2 = 00 uses where none is selected.
    pub default_key: Option<u16>,
}

/// A card. `transmit` is all there is to it.
#[derive(Clone)]
pub struct Card {
    /// Its applications; tests may change files before use.
    pub applications: Vec<Application>,
    selected: Option<usize>,
    file: Option<u16>,
    verified: BTreeSet<u16>,
    /// Every VERIFY that carried a secret, as application index and reference: what tests count.
    pub verifies: Vec<(usize, u16)>,
    /// Commands taken so far.
    pub commands: usize,
}

const OK: [u8; 2] = [0x90, 0x00];

impl Card {
    /// A card in a reader, nothing selected.
    pub fn new(applications: Vec<Application>) -> Self {
        Self { applications, selected: None, file: None, verified: BTreeSet::new(), verifies: Vec::new(), commands: 0 }
    }

    /// Power cycle: selection and security status are gone, counters stay.
    pub fn reset(&mut self) {
        (self.selected, self.file) = (None, None);
        self.verified.clear();
    }

    /// Takes a command APDU and gives data and status word.
    pub fn transmit(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.commands += 1;
        match self.interpret(apdu) {
            Ok(mut data) => {
                data.extend(OK);
                data
            }
            Err(status) => status.to_be_bytes().to_vec(),
        }
    }

    fn interpret(&mut self, apdu: &[u8]) -> Result<Vec<u8>, u16> {
        let [class, instruction, p1, p2, rest @ ..] = apdu else { return Err(0x6700) };
        let (data, le) = match rest {
            [] => (&[][..], None),
            [le] => (&[][..], Some(*le)),
            [lc, body @ ..] if body.len() == usize::from(*lc) => (body, None),
            [lc, body @ .., le] if body.len() == usize::from(*lc) => (body, Some(*le)),
            _ => return Err(0x6700),
        };
        match (class, instruction) {
            (0x00, 0xa4) => self.select(*p1, data),
            (0x00, 0x20) => self.verify(*p2, data),
            (0x00, 0xb0) => self.read_binary(*p1, *p2, le.ok_or(0x6700u16)?),
            // Files of records here have one; it lies in the file as it is read.
            (0x00, 0xb2) if *p2 != 0x04 => Err(0x6a86),
            (0x00, 0xb2) if *p1 != 1 => Err(0x6a83),
            (0x00, 0xb2) => self.read_binary(0, 0, le.ok_or(0x6700u16)?),
            (0x00, 0x84) => {
                let size = le.map_or(8, |le| if le == 0 { 256 } else { usize::from(le) });
                Ok(Sha256::digest(self.commands.to_be_bytes()).iter().cycle().take(size).copied().collect())
            }
            (0x80, 0x2a) => self.sign(*p1, *p2, data),
            (0x00 | 0x80, _) => Err(0x6d00),
            _ => Err(0x6e00),
        }
    }

    fn application(&mut self) -> Result<&mut Application, u16> {
        let selected = self.selected.ok_or(0x6985u16)?;
        self.applications.get_mut(selected).ok_or(0x6985)
    }

    fn select(&mut self, p1: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        match p1 {
            0x04 => {
                let at =
                    self.applications.iter().position(|app| !data.is_empty() && app.aid == data).ok_or(0x6a82u16)?;
                // Security status is lost on selecting another application.
                if self.selected != Some(at) {
                    self.verified.clear();
                }
                (self.selected, self.file) = (Some(at), None);
                Ok(vec![])
            }
            0x02 => {
                let [high, low] = data else { return Err(0x6a86) };
                let id = u16::from_be_bytes([*high, *low]);
                let app = self.application()?;
                if !(app.files.contains_key(&id) || app.iefs.contains_key(&id) || app.keys.contains_key(&id)) {
                    return Err(0x6a82);
                }
                self.file = Some(id);
                Ok(vec![])
            }
            0x00 if data.is_empty() => self.selected.map(|_| vec![]).ok_or(0x6a86),
            0x00 => Err(0x6a82),
            _ => Err(0x6a86),
        }
    }

    fn verify(&mut self, p2: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        let id = if p2 == 0x80 { self.file.ok_or(0x6a88u16)? } else { u16::from(p2 & 0x1f) };
        let at = self.selected.ok_or(0x6985u16)?;
        if !data.is_empty() {
            self.verifies.push((at, id));
        }
        let ief = self.application()?.iefs.get_mut(&id).ok_or(0x6a88u16)?;
        if ief.left == 0 {
            return Err(0x6984);
        }
        if data.is_empty() {
            return Err(0x63c0 | u16::from(ief.left));
        }
        if ief.secret == data {
            ief.left = ief.max;
            self.verified.insert(id);
            Ok(vec![])
        } else {
            ief.left -= 1;
            let left = ief.left;
            self.verified.remove(&id);
            Err(0x63c0 | u16::from(left))
        }
    }

    fn read_binary(&mut self, p1: u8, p2: u8, le: u8) -> Result<Vec<u8>, u16> {
        let (id, offset) = if p1 & 0x80 == 0 {
            (self.file.ok_or(0x6986u16)?, usize::from(u16::from_be_bytes([p1, p2])))
        } else {
            (u16::from(p1 & 0x1f), usize::from(p2))
        };
        let verified = self.verified.clone();
        let (data, open) = self.application()?.files.get(&id).ok_or(0x6981u16)?;
        if !open.is_empty() && !open.iter().any(|ief| verified.contains(ief)) {
            return Err(0x6982);
        }
        if offset >= data.len() {
            return Err(0x6b00);
        }
        let size = if le == 0 { 256 } else { usize::from(le) };
        let part = data[offset..(offset + size).min(data.len())].to_vec();
        self.file = Some(id);
        Ok(part)
    }

    fn sign(&mut self, p1: u8, p2: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        let selected = self.file;
        let verified = self.verified.clone();
        let app = self.application()?;
        let id = match p2 {
            0x00 => app.default_key,
            0x80 => selected,
            _ => Some(u16::from(p2 & 0x1f)),
        };
        let key = id.and_then(|id| app.keys.get(&id)).ok_or(0x6a88u16)?;
        if key.pin.is_some_and(|pin| !verified.contains(&pin)) {
            return Err(0x6982);
        }
        let signature = match p1 {
            0x00 => key.key.sign(Pkcs1v15Sign::new_unprefixed(), data),
            0x02 if data.len() == 32 => key.key.sign(Pkcs1v15Sign::new::<Sha256>(), data),
            _ => return Err(0x6a86),
        };
        signature.map_err(|_| 0x6a80)
    }
}
