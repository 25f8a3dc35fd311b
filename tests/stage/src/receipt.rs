//! A receipt printer: an independent receiver of the ESC/POS commands that slips are made of, with a roll of paper that
//! can end, a cover and a cutter. Real-time questions are answered at once, whatever waits in the buffer; printing stops
//! without paper or with an open cover and goes on afterwards, as the real ones do.

use anyhow::Context;
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was cut off the roll.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slip {
    /// Dots a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// One byte a dot, 0 for black and 255 for white.
    pub luma: Vec<u8>,
}

enum Work {
    Raster { stride: usize, rows: VecDeque<Vec<u8>> },
    Cut,
    Answer(Answers),
}

/// Where answers go: the other end of the line on which the question came.
type Answers = Arc<Mutex<Box<dyn Write + Send>>>;

#[derive(Default)]
struct Mechanism {
    /// Rows left on the roll; endless where `None`.
    left: Option<usize>,
    near_end: bool,
    cover_open: bool,
    /// Nothing more is heard when so many rows hang out.
    hold_at: Option<u32>,
    buffer: VecDeque<Work>,
    roll: Slip,
    slips: Vec<Slip>,
    faults: Vec<String>,
}

impl Mechanism {
    fn can_print(&self) -> bool {
        self.left != Some(0) && !self.cover_open
    }

    fn is_held(&self) -> bool {
        self.hold_at.is_some_and(|rows| self.roll.height >= rows)
    }

    /// Works through the buffer as far as the paper reaches.
    fn work(&mut self) {
        while self.can_print() {
            match self.buffer.front_mut() {
                None => return,
                Some(Work::Raster { stride, rows }) => match rows.pop_front() {
                    None => {
                        self.buffer.pop_front();
                    }
                    Some(row) => {
                        if let Some(left) = &mut self.left {
                            *left -= 1;
                        }
                        self.roll.width = *stride as u32 * 8;
                        self.roll.height += 1;
                        let dots = row
                            .iter()
                            .flat_map(|byte| (0..8).map(move |at| if byte & (0x80 >> at) == 0 { 255 } else { 0 }));
                        self.roll.luma.extend(dots);
                    }
                },
                Some(Work::Cut) => {
                    self.slips.push(std::mem::take(&mut self.roll));
                    self.buffer.pop_front();
                }
                Some(Work::Answer(answers)) => {
                    // GS r 1: the roll is there. Who asked may have gone.
                    let _ = lock(answers).write_all(&[if self.near_end { 0b0000_0011 } else { 0 }]);
                    self.buffer.pop_front();
                }
            }
        }
    }

    fn status(&self, n: u8) -> u8 {
        let out = self.left == Some(0);
        let bits = match n {
            1 => u8::from(!self.can_print()) << 3,
            2 => (u8::from(self.cover_open) << 2) | (u8::from(out) << 5),
            4 => (u8::from(out) * 0b0110_0000) | (u8::from(self.near_end) * 0b0000_1100),
            _ => 0,
        };
        bits | 0b0001_0010
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running receipt printer.
pub struct ReceiptPrinter {
    mechanism: Arc<Mutex<Mechanism>>,
    line: LineEnd,
}

enum LineEnd {
    Tcp {
        port: u16,
        stop: Arc<AtomicBool>,
        off: Arc<AtomicBool>,
        open: Arc<Mutex<Vec<TcpStream>>>,
    },
    /// The terminal's own end is held open, so that the printer does not see a hang-up between two clients.
    Device {
        path: PathBuf,
        _terminal: OwnedFd,
    },
}

impl ReceiptPrinter {
    /// One on the network.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start() -> anyhow::Result<Self> {
        let mechanism = Arc::new(Mutex::new(Mechanism::default()));
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let (stop, off, open) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let line = LineEnd::Tcp { port, stop: Arc::clone(&stop), off: Arc::clone(&off), open: Arc::clone(&open) };
        let shared = Arc::clone(&mechanism);
        std::thread::Builder::new().name("receipt-printer".into()).spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                if off.load(Ordering::Relaxed) {
                    continue;
                }
                let (Ok(answers), Ok(handle)) = (stream.try_clone(), stream.try_clone()) else { continue };
                lock(&open).push(handle);
                let mechanism = Arc::clone(&shared);
                std::thread::spawn(move || listen(stream, Box::new(answers), &mechanism));
            }
        })?;
        Ok(Self { mechanism, line })
    }

    /// One behind a device file.
    ///
    /// # Errors
    /// When there is no pseudo-terminal.
    pub fn start_device() -> anyhow::Result<Self> {
        let pair = openpty(None, None)?;
        let mut mode = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut mode);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &mode)?;
        let path =
            std::fs::read_link(format!("/proc/self/fd/{}", pair.slave.as_raw_fd())).context("the terminal's name")?;
        let mechanism = Arc::new(Mutex::new(Mechanism::default()));
        let (printer, shared) = (File::from(pair.master), Arc::clone(&mechanism));
        let answers = printer.try_clone()?;
        std::thread::Builder::new()
            .name("receipt-printer".into())
            .spawn(move || listen(printer, Box::new(answers), &shared))?;
        Ok(Self { mechanism, line: LineEnd::Device { path, _terminal: pair.slave } })
    }

    /// `host:port`, or the path of the device file.
    pub fn address(&self) -> String {
        match &self.line {
            LineEnd::Tcp { port, .. } => format!("127.0.0.1:{port}"),
            LineEnd::Device { path, .. } => path.display().to_string(),
        }
    }

    /// Leaves so many rows on the roll; `None` puts in a new roll. What waited for paper is printed.
    pub fn paper(&self, rows: Option<usize>) {
        let mut mechanism = lock(&self.mechanism);
        mechanism.left = rows;
        mechanism.work();
    }

    /// What the sensor of the roll's near end says.
    pub fn near_end(&self, near: bool) {
        lock(&self.mechanism).near_end = near;
    }

    /// Opens or closes the cover.
    pub fn cover(&self, open: bool) {
        let mut mechanism = lock(&self.mechanism);
        mechanism.cover_open = open;
        mechanism.work();
    }

    /// Makes it stop for breath when so many rows hang out of it, after the command of the last of them: what comes next
    /// is heard and answered only when this is `None` again.
    pub fn hold_at(&self, rows: Option<u32>) {
        lock(&self.mechanism).hold_at = rows;
    }

    /// Switches the printer off or on: connections end, new ones are refused, and its buffer is lost.
    pub fn switch(&self, on: bool) {
        if let LineEnd::Tcp { off, open, .. } = &self.line {
            off.store(!on, Ordering::Relaxed);
            for stream in lock(open).drain(..) {
                // Ended already, perhaps.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        lock(&self.mechanism).buffer.clear();
    }

    /// What has been cut off.
    pub fn slips(&self) -> Vec<Slip> {
        lock(&self.mechanism).slips.clone()
    }

    /// What hangs out of the printer uncut.
    pub fn uncut(&self) -> Slip {
        lock(&self.mechanism).roll.clone()
    }

    /// Bytes that are no command this printer knows.
    pub fn faults(&self) -> Vec<String> {
        lock(&self.mechanism).faults.clone()
    }
}

impl Drop for ReceiptPrinter {
    fn drop(&mut self) {
        if let LineEnd::Tcp { port, stop, .. } = &self.line {
            stop.store(true, Ordering::Relaxed);
            self.switch(false);
            // Wakes the listener, so that it sees the flag.
            let _ = TcpStream::connect(("127.0.0.1", *port));
        }
    }
}

/// Reads commands until the line ends.
fn listen(line: impl Read, answers: Box<dyn Write + Send>, mechanism: &Mutex<Mechanism>) {
    let answers = Arc::new(Mutex::new(answers));
    let mut line = BufReader::new(line);
    // The end of the line is no fault.
    while let Ok(()) = command(&mut line, &answers, mechanism) {
        while lock(mechanism).is_held() {
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    }
}

fn bytes<const N: usize>(line: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    line.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn command(line: &mut impl Read, answers: &Answers, mechanism: &Mutex<Mechanism>) -> io::Result<()> {
    let [first] = bytes(line)?;
    let [second] = if matches!(first, 0x10 | 0x1b | 0x1d) { bytes(line)? } else { [0] };
    match (first, second) {
        // DLE EOT n
        (0x10, 0x04) => {
            let [n] = bytes(line)?;
            let status = lock(mechanism).status(n);
            lock(answers).write_all(&[status])?;
        }
        // DLE DC4 8 d1…d7: clear the buffer
        (0x10, 0x14) => {
            let rest: [u8; 8] = bytes(line)?;
            let mut mechanism = lock(mechanism);
            if rest == [8, 1, 3, 20, 1, 6, 2, 8] {
                mechanism.buffer.clear();
            } else {
                mechanism.faults.push(format!("DLE DC4 {rest:?}"));
            }
        }
        // ESC @
        (0x1b, b'@') => {}
        // GS v 0 m xL xH yL yH d…
        (0x1d, b'v') => {
            let [zero, mode, xl, xh, yl, yh] = bytes(line)?;
            let (stride, rows) = (usize::from(u16::from_le_bytes([xl, xh])), usize::from(u16::from_le_bytes([yl, yh])));
            let mut raster = VecDeque::new();
            for _ in 0..rows {
                let mut row = vec![0; stride];
                line.read_exact(&mut row)?;
                raster.push_back(row);
            }
            let mut mechanism = lock(mechanism);
            if (zero, mode) == (b'0', 0) && stride == 72 {
                mechanism.buffer.push_back(Work::Raster { stride, rows: raster });
                mechanism.work();
            } else {
                mechanism.faults.push(format!("GS v {zero} {mode}, {stride} bytes a row"));
            }
        }
        // GS V 66 n
        (0x1d, b'V') => {
            let how: [u8; 2] = bytes(line)?;
            let mut mechanism = lock(mechanism);
            if how[0] == 66 {
                mechanism.buffer.push_back(Work::Cut);
                mechanism.work();
            } else {
                mechanism.faults.push(format!("GS V {how:?}"));
            }
        }
        // GS r 1
        (0x1d, b'r') => {
            let [n] = bytes(line)?;
            let mut mechanism = lock(mechanism);
            if n == 1 {
                mechanism.buffer.push_back(Work::Answer(Arc::clone(answers)));
                mechanism.work();
            } else {
                mechanism.faults.push(format!("GS r {n}"));
            }
        }
        other => lock(mechanism).faults.push(format!("{other:02x?}")),
    }
    Ok(())
}
