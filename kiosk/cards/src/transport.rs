//! A way to a card. PC/SC is the only one in the product; tests put an emulator in its place.

use pcsc::{Card, MAX_BUFFER_SIZE};
use zeroize::Zeroizing;

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
            // pcscd answers NotTransacted when the card goes while a command is under way.
            pcsc::Error::NotTransacted | pcsc::Error::CommError | pcsc::Error::UnresponsiveCard => Self::Removed,
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
        match Card::transmit(self, command, &mut *buffer)? {
            // Some drivers give an empty answer when the card goes while a command is under way.
            [] | [_] => Err(TransportError::Removed),
            response => Ok(response.to_vec()),
        }
    }
}

impl<F: FnMut(&[u8]) -> Result<Vec<u8>, TransportError>> Transport for F {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self(command)
    }
}
