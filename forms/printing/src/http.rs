//! One HTTP/1.1 request at a time to a printer (RFC 8010 §4), over plain TCP.
//!
//! Written here rather than taken from a client library for three reasons: the PDF goes from its own memory to the socket
//! with no copy left behind in somebody's buffers; whether a byte has left is known, which decides if a paper may be sent
//! again; and a transfer stops within [`BREATH`] when the visit ends. What a printer answers is bounded and never trusted.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// No answer of a printer is longer: the whole of Get-Printer-Attributes is some 20 KiB.
const MOST: usize = 1 << 20;
/// The head of an answer is shorter.
const MOST_HEAD: usize = 16 << 10;
/// How long a read or write blocks before the wish to stop is looked at.
const BREATH: Duration = Duration::from_millis(100);
/// The same, while the arrival of what was written is awaited.
const SHORT_BREATH: Duration = Duration::from_millis(5);

/// Where a printer is: `ipp://host[:port]/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: u16,
    path: String,
}

/// Not an address of a printer that can be reached without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address like ipp://host/ipp/print")]
pub(crate) struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(uri: &str) -> Result<Self, NotAnAddress> {
        let rest = uri.strip_prefix("ipp://").ok_or(NotAnAddress)?;
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['@', '?', '#']) {
            return Err(NotAnAddress);
        }
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of a bare IPv6 address stand inside brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| NotAnAddress)?),
            _ => (authority, 631),
        };
        if host.is_empty() {
            return Err(NotAnAddress);
        }
        Ok(Self { host: host.to_owned(), port, path: format!("/{path}") })
    }
}

impl Address {
    /// As `printer-uri` names it.
    pub fn uri(&self) -> String {
        format!("ipp://{}:{}{}", self.host, self.port, self.path)
    }

    fn connect(&self, within: Duration) -> io::Result<TcpStream> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let mut last = io::Error::from(ErrorKind::NotFound);
        for address in (bare, self.port).to_socket_addrs()? {
            match connect_to(&address, within) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn connect_to(address: &SocketAddr, within: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(address, within)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(BREATH))?;
    stream.set_write_timeout(Some(BREATH))?;
    Ok(stream)
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// No connection; nothing was sent.
    #[error("no connection")]
    NotConnected,
    /// The connection broke; how much the printer took is not known.
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    /// It took too long.
    #[error("no answer in time")]
    TooLong,
    /// Stopped on our own wish.
    #[error("stopped")]
    Stopped,
    /// What came back is not HTTP, or is too long.
    #[error("not an answer of a printer")]
    Garbage,
    /// HTTP's own refusal.
    #[error("HTTP status {0}")]
    Status(u16),
}

/// How long a request may take, and what ends it sooner.
pub(crate) struct Limits<'a> {
    /// The longest wait for a connection.
    pub connect: Duration,
    /// The longest whole exchange; without one it may take as long as the printer needs, until `stop`.
    pub whole: Option<Duration>,
    /// Asked between two breaths.
    pub stop: &'a dyn Fn() -> bool,
    /// Called when the printer has acknowledged the last byte.
    pub delivered: &'a dyn Fn(),
    /// Called when it was stopped, before the connection is closed; may wait.
    pub hang_up: &'a dyn Fn(),
}

struct Exchange<'a> {
    stream: TcpStream,
    deadline: Option<Instant>,
    stop: &'a dyn Fn() -> bool,
    /// What to call when all that was written has been acknowledged, until it has been called.
    delivered: Option<&'a dyn Fn()>,
}

/// How many bytes the other side has not acknowledged yet (tcp(7), SIOCOUTQ); `None` if that is not known.
fn unacknowledged(stream: &TcpStream) -> Option<i32> {
    let mut count: nix::libc::c_int = 0;
    // SAFETY: the descriptor is open, and the request writes one int to where the pointer says.
    let result = unsafe { nix::libc::ioctl(stream.as_raw_fd(), nix::libc::TIOCOUTQ, &raw mut count) };
    (result == 0).then_some(count)
}

impl Exchange<'_> {
    /// Whether to go on after a breath without progress.
    fn wait(&self, error: io::Error) -> Result<(), HttpError> {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => self.check(),
            _ => Err(HttpError::Broken(error)),
        }
    }

    fn check(&self) -> Result<(), HttpError> {
        if (self.stop)() {
            return Err(HttpError::Stopped);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(HttpError::TooLong);
        }
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), HttpError> {
        while !bytes.is_empty() {
            self.check()?;
            // In pieces, so that a stop is seen also while a fast printer takes a long paper.
            match self.stream.write(&bytes[..bytes.len().min(64 << 10)]) {
                Ok(0) => return Err(HttpError::Broken(ErrorKind::WriteZero.into())),
                Ok(count) => bytes = &bytes[count..],
                Err(error) => self.wait(error)?,
            }
        }
        Ok(())
    }

    /// Looks whether all has arrived. `Ok` while that is still awaited.
    fn note_delivery(&mut self) -> Result<(), HttpError> {
        if let Some(delivered) = self.delivered
            && unacknowledged(&self.stream) == Some(0)
        {
            delivered();
            self.delivered = None;
            self.stream.set_read_timeout(Some(BREATH)).map_err(HttpError::Broken)?;
        }
        Ok(())
    }

    /// Reads some more; `false` at the end of the stream.
    fn read(&mut self, into: &mut Vec<u8>) -> Result<bool, HttpError> {
        let mut piece = [0u8; 4096];
        loop {
            self.check()?;
            self.note_delivery()?;
            match self.stream.read(&mut piece) {
                Ok(0) => {
                    self.note_delivery()?;
                    return Ok(false);
                }
                Ok(count) => {
                    into.extend_from_slice(&piece[..count]);
                    return if into.len() > MOST { Err(HttpError::Garbage) } else { Ok(true) };
                }
                Err(error) => {
                    // Also after a reset it is known how far the other side had come.
                    self.note_delivery()?;
                    self.wait(error)?;
                }
            }
        }
    }

    fn fill(&mut self, into: &mut Vec<u8>, length: usize) -> Result<(), HttpError> {
        while into.len() < length {
            if !self.read(into)? {
                return Err(HttpError::Broken(ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(())
    }
}

/// How the end of an answer's body is known (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClosed,
}

/// Posts an IPP message and gives the body of the answer.
pub(crate) fn post(address: &Address, message: &[u8], document: &[u8], limits: &Limits) -> Result<Vec<u8>, HttpError> {
    if (limits.stop)() {
        return Err(HttpError::Stopped);
    }
    let stream = address.connect(limits.connect).map_err(|_| HttpError::NotConnected)?;
    let deadline = limits.whole.map(|whole| Instant::now() + whole);
    let mut exchange = Exchange { stream, deadline, stop: limits.stop, delivered: None };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        address.path,
        address.host,
        address.port,
        message.len() + document.len()
    );
    let sent = [head.as_bytes(), message, document].into_iter().try_for_each(|part| exchange.write(part));
    let answer = match sent {
        Ok(()) => {
            exchange.delivered = Some(limits.delivered);
            exchange.stream.set_read_timeout(Some(SHORT_BREATH)).map_err(HttpError::Broken)?;
            read_answer(&mut exchange)
        }
        // One that refuses may answer before it has taken all, and hang up.
        Err(error @ HttpError::Broken(_)) => read_answer(&mut exchange).map_err(|_| error),
        Err(error) => Err(error),
    };
    if let Err(HttpError::Stopped) = answer {
        (limits.hang_up)();
    }
    answer
}

fn read_answer(exchange: &mut Exchange) -> Result<Vec<u8>, HttpError> {
    let mut buffer = Vec::new();
    let framing = loop {
        match read_head(&buffer)? {
            Some((length, status, framing)) => {
                buffer.drain(..length);
                match status {
                    // Interim answers come before the real one.
                    100..=199 => continue,
                    200 => break framing,
                    status => return Err(HttpError::Status(status)),
                }
            }
            None if buffer.len() > MOST_HEAD => return Err(HttpError::Garbage),
            None => {
                let empty = buffer.is_empty();
                if !exchange.read(&mut buffer)? {
                    let error = HttpError::Broken(ErrorKind::UnexpectedEof.into());
                    return Err(if empty { error } else { HttpError::Garbage });
                }
            }
        }
    };
    match framing {
        Framing::Length(length) if length > MOST => Err(HttpError::Garbage),
        Framing::Length(length) => {
            exchange.fill(&mut buffer, length)?;
            buffer.truncate(length);
            Ok(buffer)
        }
        Framing::UntilClosed => {
            while exchange.read(&mut buffer)? {}
            Ok(buffer)
        }
        Framing::Chunked => read_chunks(exchange, buffer),
    }
}

/// The length, status and framing of a whole head, `None` while it is incomplete.
fn read_head(buffer: &[u8]) -> Result<Option<(usize, u16, Framing)>, HttpError> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(HttpError::Garbage),
    };
    let mut framing = Framing::UntilClosed;
    for header in response.headers.iter() {
        let value = std::str::from_utf8(header.value).map_err(|_| HttpError::Garbage)?.trim();
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err(HttpError::Garbage);
            }
            framing = Framing::Chunked;
        } else if header.name.eq_ignore_ascii_case("content-length") && framing != Framing::Chunked {
            framing = Framing::Length(value.parse().map_err(|_| HttpError::Garbage)?);
        }
    }
    Ok(Some((length, response.code.ok_or(HttpError::Garbage)?, framing)))
}

fn read_chunks(exchange: &mut Exchange, mut buffer: Vec<u8>) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    loop {
        let (skip, size) = loop {
            match httparse::parse_chunk_size(&buffer).map_err(|_| HttpError::Garbage)? {
                httparse::Status::Complete((skip, size)) => {
                    break (skip, usize::try_from(size).map_err(|_| HttpError::Garbage)?);
                }
                httparse::Status::Partial => {
                    let length = buffer.len() + 1;
                    exchange.fill(&mut buffer, length)?;
                }
            }
        };
        if size == 0 {
            return Ok(body);
        }
        if size > MOST || body.len() + size > MOST {
            return Err(HttpError::Garbage);
        }
        // The chunk is followed by CR LF.
        exchange.fill(&mut buffer, skip + size + 2)?;
        body.extend_from_slice(&buffer[skip..skip + size]);
        buffer.drain(..skip + size + 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let uri = |text: &str| text.parse::<Address>().map(|address| address.uri());
        assert_eq!(uri("ipp://printer.local/ipp/print"), Ok("ipp://printer.local:631/ipp/print".into()));
        assert_eq!(uri("ipp://127.0.0.1:8631/ipp/print"), Ok("ipp://127.0.0.1:8631/ipp/print".into()));
        assert_eq!(uri("ipp://[::1]/ipp/print"), Ok("ipp://[::1]:631/ipp/print".into()));
        assert_eq!(uri("ipp://[::1]:8631"), Ok("ipp://[::1]:8631/".into()));
        for bad in
            ["", "http://printer/", "ipp://", "ipp:///x", "ipp://a:b/", "ipp://a/ b", "ipp://a\r\n/", "ipp://u:p@h/"]
        {
            assert_eq!(uri(bad), Err(NotAnAddress), "{bad:?}");
        }
    }

    #[test]
    fn heads() {
        let head = |text: &str| read_head(text.as_bytes());
        assert!(matches!(head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), Ok(None)));
        assert!(matches!(
            head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
            Ok(Some((38, 200, Framing::Length(5))))
        ));
        assert!(matches!(
            head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
            Ok(Some((_, _, Framing::Chunked)))
        ));
        assert!(matches!(head("HTTP/1.1 100 Continue\r\n\r\n"), Ok(Some((25, 100, Framing::UntilClosed)))));
        assert!(matches!(head("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), Err(HttpError::Garbage)));
        assert!(matches!(head("%!PS-Adobe"), Err(HttpError::Garbage)));
    }
}
