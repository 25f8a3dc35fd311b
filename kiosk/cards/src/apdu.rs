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
        match word.0 {
            0x9000 => Ok(true),
            // Not found, or selecting so is not understood: it is not there.
            0x6a81 | 0x6a82 | 0x6a86 | 0x6a87 | 0x6d00 | 0x6e00 => Ok(false),
            other => Err(CardError::Status(other)),
        }
    }

    /// The same where any answer but yes means no.
    pub fn has_application(&mut self, aid: &[u8]) -> Result<bool, CardError> {
        match self.select_application(aid) {
            Err(CardError::Status(_)) => Ok(false),
            answer => answer,
        }
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

    /// Reads the BER-TLV object with this two-byte tag that a file holds. `Le` never exceeds 256: cards refuse more (facts
    /// §2.5).
    pub fn read_file(&mut self, id: u16, tag: u16) -> Result<Zeroizing<Vec<u8>>, CardError> {
        self.select_file(id)?;
        // Never grows, so that no copy stays behind in memory that was given back.
        let mut file = Zeroizing::new(Vec::with_capacity(LARGEST_FILE));
        let first = self.expect(&[0x00, 0xb0, 0x00, 0x00, 0x00])?;
        if first.len() > 256 {
            return Err(CardError::Malformed);
        }
        file.extend_from_slice(&first);
        // Cards of 2023 were reported to have two bytes before the first tag (facts §2.2).
        let skip = file.windows(2).take(3).position(|pair| pair == tag.to_be_bytes()).ok_or(CardError::Malformed)?;
        let size = skip + tlv::size_of_first(&file[skip..])?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A card that answers so, one answer a command, and what it was sent.
    fn with<T>(answers: &[Vec<u8>], what: impl FnOnce(&mut Session) -> T) -> (T, Vec<Vec<u8>>) {
        let (mut answers, mut sent) = (answers.iter(), Vec::new());
        let mut card = |command: &[u8]| {
            sent.push(command.to_vec());
            answers.next().cloned().ok_or(TransportError::Removed)
        };
        let mut ignore = || {};
        let result = what(&mut Session::new(&mut card, &mut ignore));
        (result, sent)
    }

    fn word(word: u16) -> Vec<u8> {
        word.to_be_bytes().to_vec()
    }

    /// Data and 9000.
    fn data(data: &[u8]) -> Vec<u8> {
        [data, &[0x90, 0x00]].concat()
    }

    /// A file is read of which the card gives these parts.
    fn file(parts: &[Vec<u8>]) -> (Result<Vec<u8>, CardError>, Vec<Vec<u8>>) {
        let (read, sent) = with(&[&[word(0x9000)], parts].concat(), |session| session.read_file(0x0002, 0xff20));
        (read.map(|file| file.to_vec()), sent)
    }

    /// An object of so many bytes of value, as written.
    fn object(size: u16) -> Vec<u8> {
        let [high, low] = size.to_be_bytes();
        [&[0xff, 0x20, 0x82, high, low][..], &vec![0x5a; usize::from(size)]].concat()
    }

    #[test]
    fn a_file_is_read_in_parts_of_at_most_256_bytes() {
        let whole = object(600);
        let (read, sent) = file(&[data(&whole[..256]), data(&whole[256..512]), data(&whole[512..])]);
        assert_eq!(read, Ok(whole));
        assert_eq!(sent[1..], [[0, 0xb0, 0, 0, 0], [0, 0xb0, 1, 0, 0], [0, 0xb0, 2, 0, 93]]);
    }

    #[test]
    fn two_bytes_before_the_tag_are_skipped_and_more_are_not() {
        let whole = object(300);
        let behind = |prefix: &[u8]| {
            let all = [prefix, &whole].concat();
            file(&[data(&all[..256]), data(&all[256..])]).0
        };
        assert_eq!(behind(&[]), Ok(whole.clone()));
        assert_eq!(behind(&[0x00, 0x00]), Ok(whole.clone()));
        assert_eq!(behind(&[0xff, 0xff]), Ok(whole.clone()), "the tag is looked for, not its first byte");
        assert_eq!(behind(&[0x00, 0x00, 0x00]), Err(CardError::Malformed));
        assert_eq!(file(&[data(&[0xff, 0x30, 0x00])]).0, Err(CardError::Malformed), "another file");
    }

    #[test]
    fn an_answer_before_the_end_of_file_counts_and_one_beyond_it_does_not() {
        let whole = object(10);
        let end_of_file = [&whole[..], &[0x62, 0x82]].concat();
        assert_eq!(file(&[end_of_file]).0, Ok(whole.clone()));
        assert_eq!(file(&[word(0x6b00)]).0, Err(CardError::Status(0x6b00)));
        let longer = object(300);
        assert_eq!(file(&[data(&longer[..256]), word(0x6b00)]).0, Err(CardError::Status(0x6b00)));
        assert_eq!(file(&[data(&longer[..256])]).0, Err(CardError::Transport(TransportError::Removed)));
    }

    #[test]
    fn a_file_that_never_ends_is_not_read() {
        let (read, sent) = file(&[data(&[0xff, 0x20, 0x82, 0xff, 0xff, 0x00])]);
        assert_eq!((read, sent.len()), (Err(CardError::Malformed), 2));
        assert_eq!(file(&[data(&[0xff, 0x20, 0x80])]).0, Err(CardError::Malformed), "an indefinite length");
        assert_eq!(file(&[data(&[0xff, 0x20, 0x83, 0, 0, 1, 0])]).0, Err(CardError::Malformed));
    }

    #[test]
    fn a_part_that_is_empty_or_longer_than_was_asked_for_is_malformed() {
        let whole = object(300);
        assert_eq!(file(&[data(&[])]).0, Err(CardError::Malformed));
        assert_eq!(file(&[data(&whole[..256]), data(&[])]).0, Err(CardError::Malformed));
        assert_eq!(file(&[data(&whole[..256]), data(&[0; 50])]).0, Err(CardError::Malformed));
        assert_eq!(file(&[data(&[0; 257])]).0, Err(CardError::Malformed));
        assert_eq!(file(&[vec![0x90]]).0, Err(CardError::Malformed), "no status word");
        assert_eq!(file(&[vec![]]).0, Err(CardError::Malformed));
    }

    #[test]
    fn an_application_is_there_or_not_there_or_the_card_is_in_trouble() {
        let select = |answers: &[u16]| {
            let answers: Vec<_> = answers.iter().copied().map(word).collect();
            with(&answers, |session| session.select_application(&[0xa0])).0
        };
        assert_eq!(select(&[0x9000]), Ok(true));
        for not_there in [0x6a81, 0x6a82, 0x6a86, 0x6a87, 0x6d00, 0x6e00] {
            assert_eq!(select(&[not_there]), Ok(false), "{not_there:04X}");
        }
        assert_eq!(select(&[0x6f00, 0x9000]), Ok(true), "the first command after power-on");
        assert_eq!(select(&[0x6f00, 0x6a82]), Ok(false));
        assert_eq!(select(&[0x6f00, 0x6f00]), Err(CardError::Status(0x6f00)));
        assert_eq!(select(&[0x6985]), Err(CardError::Status(0x6985)));
        let (other, _) = with(&[word(0x6985)], |session| session.has_application(&[0xa0]));
        assert_eq!(other, Ok(false));
    }

    #[test]
    fn a_secret_is_sent_only_where_more_than_one_try_is_known_to_be_left() {
        let verify = |answers: &[u16]| {
            let answers: Vec<_> = answers.iter().copied().map(word).collect();
            let (result, sent) = with(&answers, |session| session.verify(0x0011, "1234"));
            let secrets = sent.iter().filter(|command| command.ends_with(b"1234")).count();
            (result, secrets)
        };
        let refused = |refusal| Err(CardError::Refused(refusal));
        assert_eq!(verify(&[0x9000, 0x63c2, 0x9000]), (Ok(()), 1));
        for blocked in [0x6983, 0x6984, 0x63c0] {
            assert_eq!(verify(&[0x9000, blocked]), (refused(CardRefusal::Blocked), 0), "{blocked:04X}");
            assert_eq!(verify(&[0x9000, 0x63c2, blocked]), (refused(CardRefusal::Blocked), 1), "{blocked:04X}");
        }
        for untold in [0x63c1, 0x9000, 0x6300, 0x6a88, 0x6700, 0x6f00] {
            assert_eq!(verify(&[0x9000, untold, 0x9000]), (refused(CardRefusal::LastTry), 0), "{untold:04X}");
        }
        assert_eq!(verify(&[0x9000, 0x63c3, 0x63c2]), (refused(CardRefusal::WrongSecret { left: 2 }), 1));
        assert_eq!(verify(&[0x9000, 0x63c3, 0x6581]), (Err(CardError::Status(0x6581)), 1), "and not once more");
        assert_eq!(verify(&[0x6a82]), (Err(CardError::Status(0x6a82)), 0), "no such reference");
    }
}
