//! The line to a receipt printer: a TCP connection or a device file, with a limit on every wait.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where the receipt printer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlipPrinter {
    /// `host:port`; most listen on 9100.
    Tcp(String),
    /// A device file that can be read and written, like `/dev/usb/lp0`.
    Device(PathBuf),
}

/// An open line.
pub(crate) enum Line {
    Tcp(TcpStream),
    Device(File),
}

impl Line {
    /// Opens it.
    pub fn open(printer: &SlipPrinter, within: Duration) -> io::Result<Self> {
        match printer {
            SlipPrinter::Tcp(address) => {
                let address = address.to_socket_addrs()?.next().ok_or(ErrorKind::NotFound)?;
                let stream = TcpStream::connect_timeout(&address, within)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Ok(Self::Tcp(stream))
            }
            SlipPrinter::Device(path) => {
                let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
                Ok(Self::Device(OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?))
            }
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Device(file) => file.as_fd(),
        }
    }

    fn wait(&self, wanted: PollFlags, until: Instant) -> io::Result<()> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // Rounded up, so that the last millisecond is not a busy loop.
            let timeout = PollTimeout::try_from(left + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.fd(), wanted)], timeout) {
                Ok(0) => return Err(ErrorKind::TimedOut.into()),
                // An error or hang-up shows in the read or write that follows.
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes all, as long as something of it goes out within each `stall`.
    pub fn write(&mut self, mut bytes: &[u8], stall: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            self.wait(PollFlags::POLLOUT, Instant::now() + stall)?;
            let written = match self {
                Self::Tcp(stream) => stream.write(bytes),
                Self::Device(file) => file.write(bytes),
            };
            match written {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next byte.
    pub fn read(&mut self, until: Instant) -> io::Result<u8> {
        let mut byte = [0];
        loop {
            let read = match self {
                Self::Tcp(stream) => stream.read(&mut byte),
                Self::Device(file) => file.read(&mut byte),
            };
            match read {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => return Ok(byte[0]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    self.wait(PollFlags::POLLIN, until)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Throws away what has come in, but not more than any printer has to say.
    pub fn clear(&mut self) -> io::Result<()> {
        for _ in 0..4096 {
            match self.read(Instant::now()) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::InvalidData.into())
    }
}
