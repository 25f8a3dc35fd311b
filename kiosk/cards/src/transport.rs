//! A way to a card. PC/SC is the only one in the product; tests put an emulator in its place.

use pcsc::{Card, MAX_ATR_SIZE, MAX_BUFFER_SIZE, Status};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long pcscd needs at most to see that a card is gone: it looks every 0.4 s.
const SEEN: Duration = Duration::from_millis(600);

/// The longest name of a reader, in bytes.
const LONGEST_NAME: usize = 128;

/// A command that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The card is no longer there.
    #[error("the card was taken away")]
    Removed,
    /// The reader is no longer there.
    #[error("the reader is gone")]
    NoReader,
    /// The reader or the card broke the protocol.
    #[error("the reader gave no usable answer")]
    Broken,
}

impl From<pcsc::Error> for TransportError {
    fn from(error: pcsc::Error) -> Self {
        match error {
            pcsc::Error::RemovedCard
            | pcsc::Error::NoSmartcard
            | pcsc::Error::ResetCard
            | pcsc::Error::UnpoweredCard => Self::Removed,
            pcsc::Error::ReaderUnavailable
            | pcsc::Error::UnknownReader
            | pcsc::Error::NoReadersAvailable
            | pcsc::Error::NoService
            | pcsc::Error::ServiceStopped => Self::NoReader,
            _ => Self::Broken,
        }
    }
}

/// Sends one command APDU and takes one response APDU.
pub trait Transport {
    /// The response, status word included.
    ///
    /// # Errors
    /// When there is none.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError>;
}

impl Transport for Card {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let mut buffer = Zeroizing::new([0u8; MAX_BUFFER_SIZE]);
        match Card::transmit(self, command, &mut *buffer) {
            // What pcscd and some drivers answer when the card goes while a command is under way, and when it only failed.
            Ok([] | [_]) | Err(pcsc::Error::NotTransacted | pcsc::Error::CommError) => Err(gone_or_broken(self)),
            Ok(response) => Ok(response.to_vec()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Why a card gave no answer: whether it still lies there tells.
fn gone_or_broken(card: &Card) -> TransportError {
    let began = Instant::now();
    loop {
        match card.status2(&mut [0; LONGEST_NAME], &mut [0; MAX_ATR_SIZE]) {
            Ok(there) if there.status().contains(Status::ABSENT) => return TransportError::Removed,
            Ok(_) if began.elapsed() > SEEN => return TransportError::Broken,
            Ok(_) => std::thread::park_timeout(Duration::from_millis(20)),
            Err(error) => return error.into(),
        }
    }
}

impl<F: FnMut(&[u8]) -> Result<Vec<u8>, TransportError>> Transport for F {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::CardError;
    use domain::card::CardRefusal;

    #[test]
    fn only_a_card_that_is_gone_is_said_to_be_removed() {
        let refusal = |error: pcsc::Error| CardError::from(TransportError::from(error)).refusal();
        assert_eq!(refusal(pcsc::Error::RemovedCard), CardRefusal::Removed);
        assert_eq!(refusal(pcsc::Error::NoSmartcard), CardRefusal::Removed);
        assert_eq!(refusal(pcsc::Error::UnresponsiveCard), CardRefusal::Unreadable);
        assert_eq!(refusal(pcsc::Error::CommError), CardRefusal::Unreadable);
        assert_eq!(refusal(pcsc::Error::ServiceStopped), CardRefusal::NoReader);
    }
}
