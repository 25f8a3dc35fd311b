//! A page printer that answers nonsense: it counts as away, papers wait, and nothing falls over.

use crate::common::{Port, config, paper};
use domain::VisitId;
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble};
use printing::Config;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with each connection.
#[derive(Debug, Clone)]
enum Nonsense {
    /// Any bytes.
    Bytes(Vec<u8>),
    /// HTTP around any bytes.
    Http(Vec<u8>),
    /// HTTP that promises more than it holds.
    Short(Vec<u8>),
    /// Chunks of any sizes.
    Chunked(Vec<u8>),
    /// A right answer, cut off or with bytes changed.
    Almost { cut: usize, at: usize, with: u8 },
    /// Another status.
    Status(u16),
    /// Nothing, and the connection is closed.
    Silence,
}

impl Nonsense {
    fn answer(&self) -> Vec<u8> {
        let http = |length: usize, body: &[u8]| {
            [
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {length}\r\n\r\n")
                    .as_bytes(),
                body,
            ]
            .concat()
        };
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Http(body) => http(body.len(), body),
            Self::Short(body) => http(body.len() + 1, body),
            Self::Chunked(body) => [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &body[..]].concat(),
            Self::Almost { cut, at, with } => {
                let mut body =
                    b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x23\x00\x0dprinter-state\x00\x04\x00\x00\x00\x03\x03"
                        .to_vec();
                // The attribute's name: without printer-state it is no printer's answer.
                let at = 12 + at % 13;
                body[at] = if body[at] == *with { !with } else { *with };
                body.truncate(body.len() - cut % 8);
                http(body.len(), &body)
            }
            Self::Status(status) => format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n").into_bytes(),
            Self::Silence => Vec::new(),
        }
    }
}

fn nonsense() -> impl Strategy<Value = Nonsense> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        bytes().prop_map(Nonsense::Bytes),
        bytes().prop_map(Nonsense::Http),
        bytes().prop_map(Nonsense::Short),
        bytes().prop_map(Nonsense::Chunked),
        (any::<usize>(), any::<usize>(), any::<u8>()).prop_map(|(cut, at, with)| Nonsense::Almost { cut, at, with }),
        (201u16..600).prop_map(Nonsense::Status),
        Just(Nonsense::Silence),
    ]
}

struct Liar {
    port: u16,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Liar {
    fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let liar = Self {
            port: listener.local_addr()?.port(),
            answer: Arc::default(),
            asked: Arc::default(),
            stop: Arc::default(),
        };
        let (answer, asked, stop) = (Arc::clone(&liar.answer), Arc::clone(&liar.asked), Arc::clone(&liar.stop));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let answer = answer.lock().map(|answer| answer.clone()).unwrap_or_default();
                let _ = lie(stream, &answer);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(liar)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn lie(mut stream: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Write)?;
    // Until the other side has read it and hangs up: an early close would take the answer back.
    while stream.read(&mut request)? > 0 {}
    Ok(())
}

#[test]
fn nonsense_is_a_printer_that_is_away() -> anyhow::Result<()> {
    let offline = PrinterEvent::State { device: Device::Page, troubles: vec![PrinterTrouble::Offline], low: false };
    let liar = Liar::start()?;
    let fast = Duration::from_millis(2);
    let config = Config {
        idle_interval: fast,
        busy_interval: fast,
        patience: Duration::from_millis(500),
        ..config(format!("ipp://127.0.0.1:{}/", liar.port))
    };
    let mut port = Port::start(config)?;
    port.wait("a printer that is away", |event| *event == offline)?;
    port.print(1, vec![paper(1, "form")?]);
    TestRunner::new(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }).run(
        &nonsense(),
        |nonsense| {
            *liar.answer.lock().map_err(|_| TestCaseError::fail("poisoned"))? = nonsense.answer();
            let before = liar.asked.load(Ordering::Relaxed);
            // The next answer but one is this one for sure.
            stage::wait_for("two questions", Duration::from_secs(10), || {
                Ok((liar.asked.load(Ordering::Relaxed) >= before + 2).then_some(()))
            })
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
            Ok(())
        },
    )?;
    port.drain(Duration::from_millis(100));
    assert_eq!(port.said, [offline], "something was made of nonsense");
    port.handle.send(PrinterCommand::Cancel(VisitId(1)));
    Ok(())
}

#[test]
fn an_address_or_a_name_that_is_none_is_refused() {
    for address in ["", "printer", "http://printer/", "ipps://printer/", "ipp://"] {
        assert!(printing::spawn(Config::new(address, "hall"), |_| {}).is_err(), "{address:?}");
    }
    for name in ["", "a\nb", &"x".repeat(65)] {
        assert!(printing::spawn(Config::new("ipp://127.0.0.1:1/", name), |_| {}).is_err(), "{name:?}");
    }
}
