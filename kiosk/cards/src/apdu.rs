//! Commands and status words (ISO/IEC 7816-4; JICSAP wording, facts §1).

use crate::tlv;
use crate::transport::{Transport, TransportError};
use domain::card::CardRefusal;
use zeroize::Zeroizing;

/// The largest file that is read: twice the largest known.
const LARGEST_FILE: usize = 16 * 1024;

/// What a card says at the end of each answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusWord(pub u16);

impl StatusWord {
    pub const OK: Self = Self(0x9000);
    /// The file ended before Le bytes.
    const END_OF_FILE: Self = Self(0x6282);

    /// Tries left, where the word tells; blocked is 0 (6983, 6984, 63C0).
    pub fn tries(self) -> Option<u8> {
        match self.0 {
            0x6983 | 0x6984 => Some(0),
            word if word & 0xfff0 == 0x63c0 => Some((word & 0x0f) as u8),
            _ => None,
        }
    }
}

/// Why a step with the card did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the card answered {0:04X}")]
    Status(u16),
    #[error("the card's data are malformed")]
    Malformed,
    #[error("refused: {0:?}")]
    Refused(CardRefusal),
}

impl From<tlv::Malformed> for CardError {
    fn from(_: tlv::Malformed) -> Self {
        Self::Malformed
    }
}

impl CardError {
    pub fn refusal(self) -> CardRefusal {
        match self {
            Self::Transport(TransportError::Removed) => CardRefusal::Removed,
            Self::Transport(TransportError::NoReader) => CardRefusal::NoReader,
            Self::Refused(refusal) => refusal,
            _ => CardRefusal::Unreadable,
        }
    }
}

/// A card being spoken to.
pub struct Session<'a> {
    transport: &'a mut dyn Transport,
    /// Called after every answer.
    progress: &'a mut dyn FnMut(),
}

impl<'a> Session<'a> {
    pub fn new(transport: &'a mut dyn Transport, progress: &'a mut dyn FnMut()) -> Self {
        Self { transport, progress }
    }

    /// Sends a command; gives data and status word.
    pub fn send(&mut self, command: &[u8]) -> Result<(Zeroizing<Vec<u8>>, StatusWord), CardError> {
        let mut response = Zeroizing::new(self.transport.transmit(command)?);
        (self.progress)();
        let [.., high, low] = response[..] else { return Err(CardError::Malformed) };
        let size = response.len() - 2;
        response.truncate(size);
        Ok((response, StatusWord(u16::from_be_bytes([high, low]))))
    }

    fn expect(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        match self.send(command)? {
            (data, StatusWord::OK | StatusWord::END_OF_FILE) => Ok(data),
            (_, StatusWord(word)) => Err(CardError::Status(word)),
        }
    }

    /// Selects an application by its full identifier; says whether it is there.
    pub fn select_application(&mut self, aid: &[u8]) -> Result<bool, CardError> {
        let mut command = vec![0x00, 0xa4, 0x04, 0x0c, aid.len() as u8];
        command.extend(aid);
        let (_, mut word) = self.send(&command)?;
        if word.0 == 0x6f00 {
            // Some cards answer the first command after power-on so; once more is enough (facts §2).
            (_, word) = self.send(&command)?;
        }
        Ok(word == StatusWord::OK)
    }

    /// Selects a file or a reference.
    pub fn select_file(&mut self, id: u16) -> Result<(), CardError> {
        let [high, low] = id.to_be_bytes();
        self.expect(&[0x00, 0xa4, 0x02, 0x0c, 0x02, high, low]).map(drop)
    }

    /// Tries left of the selected reference; costs none. `None` where the card does not tell.
    pub fn tries(&mut self) -> Result<Option<u8>, CardError> {
        let (_, word) = self.send(&[0x00, 0x20, 0x00, 0x80])?;
        Ok(word.tries())
    }

    /// Presents a secret to a reference, once, and only when more than one try is left.
    pub fn verify(&mut self, reference: u16, secret: &str) -> Result<(), CardError> {
        self.select_file(reference)?;
        match self.tries()? {
            Some(0) => return Err(CardError::Refused(CardRefusal::Blocked)),
            // Not telling is taken for the worst.
            Some(1) | None => return Err(CardError::Refused(CardRefusal::LastTry)),
            Some(_) => {}
        }
        let mut command = Zeroizing::new(vec![0x00, 0x20, 0x00, 0x80, secret.len() as u8]);
        command.extend(secret.as_bytes());
        match self.send(&command)?.1 {
            StatusWord::OK => Ok(()),
            word => Err(match word.tries() {
                Some(0) => CardError::Refused(CardRefusal::Blocked),
                Some(left) => CardError::Refused(CardRefusal::WrongSecret { left }),
                None => CardError::Status(word.0),
            }),
        }
    }

    /// Reads the BER-TLV object that a file holds. `Le` never exceeds 256: cards refuse more (facts §2.5).
    pub fn read_file(&mut self, id: u16) -> Result<Zeroizing<Vec<u8>>, CardError> {
        self.select_file(id)?;
        // Never grows, so that no copy stays behind in memory that was given back.
        let mut file = Zeroizing::new(Vec::with_capacity(LARGEST_FILE));
        file.extend_from_slice(&self.expect(&[0x00, 0xb0, 0x00, 0x00, 0x00])?);
        // Cards of 2023 were reported to have two bytes before the first tag (facts §2.2).
        let skip = if matches!(file[..], [0xff | 0x7f, ..]) { 0 } else { 2 };
        let size = skip + tlv::size_of_first(file.get(skip..).ok_or(CardError::Malformed)?)?;
        if size > LARGEST_FILE {
            return Err(CardError::Malformed);
        }
        while file.len() < size {
            let [high, low] = (file.len() as u16).to_be_bytes();
            let le = (size - file.len()).min(256);
            let part = self.expect(&[0x00, 0xb0, high, low, (le & 0xff) as u8])?;
            if part.is_empty() || part.len() > le {
                return Err(CardError::Malformed);
            }
            file.extend_from_slice(&part);
        }
        file.truncate(size);
        file.drain(..skip);
        Ok(file)
    }

    /// Reads a record of a file.
    pub fn read_record(&mut self, id: u16, record: u8) -> Result<Zeroizing<Vec<u8>>, CardError> {
        self.select_file(id)?;
        self.expect(&[0x00, 0xb2, record, 0x04, 0x00])
    }

    /// Has the card's own key sign data (PKCS#1 v1.5 over what is given; no PIN).
    pub fn internal_authenticate(&mut self, digest_info: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let mut command = vec![0x80, 0x2a, 0x00, 0x00, digest_info.len() as u8];
        command.extend(digest_info);
        command.push(0x00);
        self.expect(&command)
    }
}
