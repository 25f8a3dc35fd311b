//! The emulator's end of vsmartcard's virtual reader: u16 length and payload both ways; one connection is one inserted card.

use crate::air::BitRate;
use crate::card::Card;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// The contact ATR that OpenSC knows (facts §1).
const ATR: [u8; 9] = [0x3b, 0xe0, 0x00, 0xff, 0x81, 0x31, 0xfe, 0x45, 0x14];

/// Without this every command waits 40 ms for a delayed acknowledgement (facts §10).
fn quick_ack(stream: &TcpStream) {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open for the call, and the option's value is a live c_int of the size given.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_QUICKACK,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
}

/// A card lying in the virtual reader.
pub struct Inserted {
    stream: TcpStream,
}

impl Inserted {
    /// Lays a card into the reader that listens on this port of 127.0.0.1.
    ///
    /// # Errors
    /// When the reader does not accept.
    pub fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Another handle, to take the card away from another thread.
    ///
    /// # Errors
    /// When the system has no more descriptors.
    pub fn taker(&self) -> io::Result<Taker> {
        Ok(Taker(self.stream.try_clone()?))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        quick_ack(&self.stream);
        self.stream.read_exact(buffer)
    }

    /// Serves the card until it is taken away or the reader goes; `torn_after` takes it away after so many commands.
    ///
    /// # Errors
    /// Other errors than the end of the connection.
    pub fn serve(mut self, card: &mut Card, speed: Option<BitRate>, torn_after: Option<usize>) -> io::Result<()> {
        loop {
            let mut size = [0u8; 2];
            match self.receive(&mut size) {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            let mut message = vec![0u8; usize::from(u16::from_be_bytes(size))];
            self.receive(&mut message)?;
            let answer = match message[..] {
                [0] => {
                    card.reset();
                    continue;
                }
                // Cards were found to keep selection and security status over a reset; only power-off ends them.
                [1 | 2] => continue,
                [4] => ATR.to_vec(),
                _ => {
                    if torn_after.is_some_and(|after| card.commands >= after) {
                        self.stream.shutdown(Shutdown::Both)?;
                        return Ok(());
                    }
                    let began = Instant::now();
                    let response = card.transmit(&message);
                    if let Some(speed) = speed {
                        wait_until(began + speed.typical(&message, &response));
                    }
                    response
                }
            };
            let mut frame = (answer.len() as u16).to_be_bytes().to_vec();
            frame.extend(answer);
            match self.stream.write_all(&frame) {
                // Taken away while it answered.
                Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                    return Ok(());
                }
                written => written?,
            }
        }
    }
}

/// Time on the air is what is emulated here, so the thread really waits.
pub fn wait_until(when: Instant) {
    while let Some(left) = when.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left.min(Duration::from_millis(50)));
    }
}

/// Takes the card away.
pub struct Taker(TcpStream);

impl Taker {
    /// Takes it away; a card that is gone already stays gone.
    pub fn take(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
