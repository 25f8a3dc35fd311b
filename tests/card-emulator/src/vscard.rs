//! The emulator's end of QEMU's card reader (`usb-ccid` with `ccid-card-passthru`): libcacard's VSCARD protocol, three
//! big-endian words (type, reader, length) and a payload both ways. One connection is one reader; cards come and go on it.

use crate::air::BitRate;
use crate::card::Card;
use crate::vpcd::wait_until;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A card of T=0 alone: QEMU's reader exchanges TPDUs, which for T=0 are the commands themselves; T=1 would wrap them in blocks.
const ATR: [u8; 2] = [0x3b, 0x00];

const INIT: u32 = 1;
const ERROR: u32 = 2;
const READER_ADD: u32 = 3;
const CARD_INSERTED: u32 = 5;
const CARD_REMOVED: u32 = 6;
const APDU: u32 = 7;
const FLUSH: u32 = 8;
const FLUSHED: u32 = 9;

/// Nothing else is spoken.
const MAGIC: &[u8; 4] = b"VSCD";
/// 0.0.2.
const VERSION: u32 = 2;
/// Before the reader has a number.
const NO_READER: u32 = 0xffff_ffff;
/// More than any command.
const LONGEST: u32 = 1 << 16;

/// QEMU's answer to what went well, and ours to what did not.
const SUCCESS: u32 = 0;
const FAILURE: u32 = 1;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every message goes out whole, and in the order of what happens to the card.
struct Line {
    stream: UnixStream,
    reader: u32,
    there: bool,
    torn_after: Option<usize>,
}

impl Line {
    fn send(&mut self, kind: u32, payload: &[u8]) -> io::Result<()> {
        let mut message = [kind, self.reader, payload.len() as u32].map(u32::to_be_bytes).concat();
        message.extend(payload);
        self.stream.write_all(&message)
    }
}

/// A reader of a virtual machine.
pub struct Reader {
    stream: UnixStream,
    line: Arc<Mutex<Line>>,
    card: Arc<Mutex<Card>>,
}

/// Lays the card into a [`Reader`] and takes it away.
pub struct Hand {
    line: Arc<Mutex<Line>>,
    card: Arc<Mutex<Card>>,
}

fn receive(stream: &mut UnixStream) -> io::Result<(u32, u32, Vec<u8>)> {
    let mut word = || -> io::Result<u32> {
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    };
    let (kind, reader, length) = (word()?, word()?, word()?);
    if length > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload)?;
    Ok((kind, reader, payload))
}

fn wrong(what: &str, message: &(u32, u32, Vec<u8>)) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {message:?}"))
}

impl Reader {
    /// Meets the machine that listens on this socket; `card` is the one that will lie in its reader.
    ///
    /// # Errors
    /// When nothing listens there, or it speaks otherwise.
    pub fn connect(socket: &Path, card: Arc<Mutex<Card>>) -> io::Result<Self> {
        let mut stream = UnixStream::connect(socket)?;
        let mut line = Line { stream: stream.try_clone()?, reader: NO_READER, there: false, torn_after: None };
        let hello = [&MAGIC[..], &VERSION.to_be_bytes(), &[0; 4]].concat();
        line.send(INIT, &hello)?;
        let answer = receive(&mut stream)?;
        if answer.0 != INIT || !answer.2.starts_with(MAGIC) {
            return Err(wrong("no VSCARD", &answer));
        }
        line.send(READER_ADD, b"reader")?;
        let answer = receive(&mut stream)?;
        if answer.0 != ERROR || answer.2 != SUCCESS.to_be_bytes() {
            return Err(wrong("no reader", &answer));
        }
        line.reader = answer.1;
        Ok(Self { stream, line: Arc::new(Mutex::new(line)), card })
    }

    /// What lays the card down, from another thread.
    pub fn hand(&self) -> Hand {
        Hand { line: Arc::clone(&self.line), card: Arc::clone(&self.card) }
    }

    /// Serves the card while it lies there, until the machine is switched off. `removed` is told when a card is torn away.
    ///
    /// # Errors
    /// Other errors than the end of the connection, and what the machine refuses.
    pub fn serve(mut self, speed: Option<BitRate>, removed: impl Fn()) -> io::Result<()> {
        loop {
            let message = match receive(&mut self.stream) {
                Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                    return Ok(());
                }
                message => message?,
            };
            match message.0 {
                APDU => self.answer(&message.2, speed, &removed)?,
                FLUSH => lock(&self.line).send(FLUSHED, &[])?,
                ERROR if message.2 != SUCCESS.to_be_bytes() => return Err(wrong("refused", &message)),
                // Said once more when the machine starts again.
                INIT | ERROR => {}
                _ => return Err(wrong("unknown", &message)),
            }
        }
    }

    fn answer(&self, command: &[u8], speed: Option<BitRate>, removed: &impl Fn()) -> io::Result<()> {
        let began = Instant::now();
        let response = {
            let mut card = lock(&self.card);
            let mut line = lock(&self.line);
            if line.there && line.torn_after.is_some_and(|after| card.commands >= after) {
                (line.there, line.torn_after) = (false, None);
                line.send(CARD_REMOVED, &[])?;
                removed();
                return Ok(());
            }
            if !line.there {
                return line.send(ERROR, &FAILURE.to_be_bytes());
            }
            card.transmit(command)
        };
        if let Some(speed) = speed {
            wait_until(began + speed.typical(command, &response));
        }
        let mut line = lock(&self.line);
        // Taken away while it answered: the reader has answered for it.
        if line.there { line.send(APDU, &response) } else { Ok(()) }
    }
}

impl Hand {
    /// Lays it down, to be torn away after so many commands of its life.
    ///
    /// # Errors
    /// When the machine is gone.
    pub fn insert(&self, torn_after: Option<usize>) -> io::Result<()> {
        // QEMU does not say when it takes the power away; a card that is laid down has had none.
        lock(&self.card).reset();
        let mut line = lock(&self.line);
        (line.there, line.torn_after) = (true, torn_after);
        line.send(CARD_INSERTED, &ATR)
    }

    /// Takes it away; `false` when it was gone.
    ///
    /// # Errors
    /// When the machine is gone.
    pub fn remove(&self) -> io::Result<bool> {
        let mut line = lock(&self.line);
        if !std::mem::take(&mut line.there) {
            return Ok(false);
        }
        line.send(CARD_REMOVED, &[])?;
        Ok(true)
    }
}
