//! CUPS's own IPP Everywhere printer, in namespaces of its own, reached through a forwarder on 127.0.0.1.

use crate::process::Group;
use crate::wait_for;
use anyhow::Context;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use tempfile::TempDir;

/// The printer's port inside its namespace.
const PORT: u16 = 8631;

/// The printer's engine: ippeveprinter runs it once a job. It says the troubles in the file `trouble` (one state reason
/// a word) and waits until they are gone, then lays the job's file into the tray, unless the job was cancelled meanwhile:
/// ippeveprinter marks such a job as processing-to-stop-point and leaves the stopping to the engine.
const COMMAND: &str = r#"#!/bin/bash
set -u
file="${@: -1}"
cancelled() {
  ipptool -tv -d "job-id=$IPP_JOB_ID" "ipp://localhost:$STAGE_PORT/ipp/print" "$STAGE/job.test" 2>&1 | grep -q processing-to-stop-point
}
said=
while true; do
  now=$(cat "$STAGE/trouble")
  if [ "$now" != "$said" ]; then
    if [ -n "$said" ]; then echo "STATE: -$said" >&2; fi
    if [ -n "$now" ]; then echo "STATE: +$now" >&2; fi
    said=$now
  fi
  if cancelled; then
    if [ -n "$said" ]; then echo "STATE: -$said" >&2; fi
    exit 0
  fi
  if [ -z "$said" ]; then break; fi
  sleep 0.05
done
paper="$STAGE/jobs/$(date +%s%N)"
cp "$file" "$paper.part" && mv "$paper.part" "$paper.pdf"
exit 0
"#;

/// How the engine asks about its own job.
const JOB_TEST: &str = r#"{
  NAME "job"
  OPERATION Get-Job-Attributes
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR integer job-id $job-id
  ATTR name requesting-user-name stage
  ATTR keyword requested-attributes job-state-reasons
}
"#;

/// dbus and avahi are what ippeveprinter announces itself to; without them it does not start.
const SCRIPT: &str = r#"
mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon && chown avahi:avahi /run/avahi-daemon
ip link set lo up
dbus-daemon --system --fork --nopidfile && avahi-daemon -D --no-chroot --no-rlimits
exec ippeveprinter -n localhost -p "$1" -r off -d "$STAGE/spool" -k -c "$STAGE/command" -f application/pdf -V 2.0 -2 "Kiosk A4"
"#;

/// What can happen to a document on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFault {
    /// The connection breaks after so many bytes.
    CutAfter(usize),
    /// The printer takes it all, and the connection breaks before its answer.
    LoseAnswer,
    /// After so many bytes nothing goes on, until the client hangs up.
    HoldAfter(usize),
}

/// What a printer does not tell of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Each is called by another name than it was sent with.
    Names,
    /// That, and it forgets a job as soon as it is over.
    NamesAndHistory,
}

/// So many bytes of one request make it a document.
const DOCUMENT: usize = 4096;

/// A running printer.
pub struct IppPrinter {
    group: Option<Group>,
    folder: TempDir,
    forwarder: Forwarder,
}

impl IppPrinter {
    /// Starts one and waits until it accepts connections.
    ///
    /// # Errors
    /// When it cannot be started (not root, packages missing).
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("printer-").tempdir()?;
        for name in ["jobs", "spool"] {
            fs::create_dir(folder.path().join(name))?;
        }
        fs::write(folder.path().join("trouble"), "")?;
        fs::write(folder.path().join("job.test"), JOB_TEST)?;
        let command = folder.path().join("command");
        fs::write(&command, COMMAND)?;
        let mut mode = fs::metadata(&command)?.permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        fs::set_permissions(&command, mode)?;
        let forwarder = Forwarder::start()?;
        let mut printer = Self { group: None, folder, forwarder };
        printer.switch_on()?;
        Ok(printer)
    }

    /// Switches the printer on (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub fn switch_on(&mut self) -> anyhow::Result<()> {
        let log = fs::File::create(self.folder.path().join("log"))?;
        let group = Group::start(
            Command::new("unshare")
                .args([
                    "-n",
                    "-m",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    "--mount-proc",
                    "bash",
                    "-c",
                    SCRIPT,
                    "bash",
                    &PORT.to_string(),
                ])
                .env("STAGE", self.folder.path())
                .env("STAGE_PORT", PORT.to_string())
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        let namespace = wait_for("the printer's namespace", Duration::from_secs(10), || {
            // unshare itself stays outside the new pid namespace but inside the network namespace.
            let path = PathBuf::from(format!("/proc/{}/ns/net", group.pid()));
            let ours = fs::read_link("/proc/self/ns/net")?;
            Ok(fs::read_link(&path).ok().filter(|theirs| *theirs != ours).map(|_| path))
        })?;
        self.forwarder.point_at(&namespace)?;
        self.group = Some(group);
        wait_for("the printer", Duration::from_secs(30), || Ok(self.load("iso_a4_210x297mm", 250).ok()))
            .with_context(|| self.log())
    }

    /// Switches it off in the middle of whatever it does.
    pub fn switch_off(&mut self) {
        self.group = None;
    }

    /// Pulls the network cable (`true`) or puts it back: connections end and new ones fail, while the printer goes on.
    pub fn hang_up(&self, away: bool) {
        self.forwarder.cut.store(away, Ordering::Relaxed);
        if away {
            self.forwarder.drop_connections();
        }
    }

    /// What happens on the wire to the next document that is sent.
    pub fn spoil(&self, fault: WireFault) {
        *lock(&self.forwarder.fault) = Some(fault);
    }

    /// Whether a document has met the fault.
    pub fn is_spoilt(&self) -> bool {
        lock(&self.forwarder.fault).is_none()
    }

    /// Makes it keep this to itself from the next request on.
    pub fn keep_secret(&self, secret: Secret) {
        *lock(&self.forwarder.secret) = Some(secret);
    }

    /// Where clients reach it.
    pub fn uri(&self) -> String {
        format!("ipp://127.0.0.1:{}/ipp/print", self.forwarder.port)
    }

    /// Begins or, with `None`, ends troubles, named as in `printer-state-reasons` and separated by commas. The job that is
    /// printed, or the next one, meets them.
    ///
    /// # Errors
    /// When the flag cannot be written.
    pub fn trouble(&self, reasons: Option<&str>) -> anyhow::Result<()> {
        // Renamed into place, so that the engine never reads half of it.
        let (new, flag) = (self.folder.path().join("trouble.new"), self.folder.path().join("trouble"));
        fs::write(&new, reasons.unwrap_or(""))?;
        Ok(fs::rename(new, flag)?)
    }

    /// Puts sheets of a size (`iso_a4_210x297mm`) into the main tray and nothing into the other one, by the printer's own web page; none makes it say
    /// `media-empty`, a few `media-low`.
    ///
    /// # Errors
    /// When the printer does not answer.
    pub fn load(&self, size: &str, sheets: u32) -> anyhow::Result<()> {
        self.web(&format!("/media?size1={size}&type1=stationery&level1={sheets}&size3=&level3=-2"))
    }

    fn web(&self, path: &str) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.forwarder.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        // It keeps the connection open, whatever it is asked; the end of the page is the end of the answer.
        let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
        while !answer.ends_with(b"</html>\n\r\n0\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => break,
                count => answer.extend_from_slice(&piece[..count]),
            }
        }
        anyhow::ensure!(
            answer.starts_with(b"HTTP/1.1 200"),
            "the printer's web page says {:?}",
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    }

    /// What came out, in order.
    ///
    /// # Errors
    /// When the tray cannot be looked at.
    pub fn papers(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut papers = Vec::new();
        for entry in fs::read_dir(self.folder.path().join("jobs"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "pdf") {
                papers.push(path);
            }
        }
        papers.sort();
        Ok(papers)
    }

    /// What the printer said, for a test that fails.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

enum Order {
    Enter(PathBuf, mpsc::Sender<anyhow::Result<()>>),
    Connect(mpsc::Sender<std::io::Result<TcpStream>>),
}

/// Listens on 127.0.0.1 here and connects there: one thread of this process lives in the printer's network namespace.
struct Forwarder {
    port: u16,
    connect: mpsc::Sender<Order>,
    stop: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    fault: Arc<Mutex<Option<WireFault>>>,
    secret: Arc<Mutex<Option<Secret>>>,
}

impl Forwarder {
    fn start() -> anyhow::Result<Self> {
        let (connect, orders) = mpsc::channel::<Order>();
        std::thread::Builder::new().name("inside".into()).spawn(move || {
            for order in orders {
                match order {
                    Order::Enter(path, reply) => {
                        let _ = reply.send(enter(&path));
                    }
                    Order::Connect(reply) => {
                        let _ = reply.send(TcpStream::connect(("127.0.0.1", PORT)));
                    }
                }
            }
        })?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        limit_window(&listener)?;
        let port = listener.local_addr()?.port();
        let stop = Arc::new(AtomicBool::new(false));
        let (cut, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (orders, stopped) = (connect.clone(), Arc::clone(&stop));
        let fault = Arc::new(Mutex::new(None));
        let faults = Arc::clone(&fault);
        let secret = Arc::new(Mutex::new(None));
        let secrets = Arc::clone(&secret);
        let (is_cut, connections) = (Arc::clone(&cut), Arc::clone(&open));
        std::thread::Builder::new().name("outside".into()).spawn(move || {
            for outside in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                if is_cut.load(Ordering::Relaxed) {
                    continue;
                }
                let (reply, answer) = mpsc::channel();
                if orders.send(Order::Connect(reply)).is_err() {
                    return;
                }
                // No printer: the client's connection is closed at once, as by a printer that is off.
                if let Ok(Ok(inside)) = answer.recv() {
                    if let Ok(connection) = outside.try_clone() {
                        lock(&connections).push(connection);
                    }
                    splice(outside, inside, &faults, *lock(&secrets));
                }
            }
        })?;
        Ok(Self { port, connect, stop, cut, open, fault, secret })
    }

    fn drop_connections(&self) {
        for connection in lock(&self.open).drain(..) {
            // Ended already, perhaps.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    fn point_at(&self, namespace: &Path) -> anyhow::Result<()> {
        let (reply, answer) = mpsc::channel();
        self.connect.send(Order::Enter(namespace.to_owned(), reply)).context("forwarder")?;
        answer.recv()?
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees the flag.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn enter(namespace: &Path) -> anyhow::Result<()> {
    let file = fs::File::open(namespace).with_context(|| namespace.display().to_string())?;
    // SAFETY: the descriptor is open; only this thread changes its namespace.
    let result = unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) };
    if result != 0 {
        return Err(std::io::Error::last_os_error()).context("setns");
    }
    Ok(())
}

/// Keeps what is acknowledged to the client close to what the printer has been given.
fn limit_window(listener: &TcpListener) -> anyhow::Result<()> {
    let bytes: libc::c_int = 2048;
    let size = libc::socklen_t::try_from(size_of_val(&bytes))?;
    // SAFETY: the descriptor is open, and the option's value is an int of the given size.
    let result = unsafe {
        libc::setsockopt(listener.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, (&raw const bytes).cast(), size)
    };
    if result != 0 {
        return Err(std::io::Error::last_os_error()).context("SO_RCVBUF");
    }
    Ok(())
}

fn splice(outside: TcpStream, inside: TcpStream, fault: &Arc<Mutex<Option<WireFault>>>, secret: Option<Secret>) {
    let (Ok(outside_too), Ok(inside_too)) = (outside.try_clone(), inside.try_clone()) else { return };
    let deaf = Arc::new(AtomicBool::new(false));
    let (fault, deafened) = (Arc::clone(fault), Arc::clone(&deaf));
    std::thread::spawn(move || {
        let _ = forth(&outside, &inside, &fault, &deafened);
        hang_up(&outside, &inside);
    });
    std::thread::spawn(move || {
        let _ = back(&inside_too, &outside_too, &deaf, secret);
        hang_up(&outside_too, &inside_too);
    });
}

/// Whichever side ends, the other is told.
fn hang_up(one: &TcpStream, other: &TcpStream) {
    let _ = one.shutdown(Shutdown::Both);
    let _ = other.shutdown(Shutdown::Both);
}

/// From the client to the printer, with the fault that waits for a document.
fn forth(
    mut from: &TcpStream,
    mut to: &TcpStream,
    fault: &Mutex<Option<WireFault>>,
    deaf: &AtomicBool,
) -> std::io::Result<()> {
    let (mut piece, mut passed, mut met) = ([0; 1024], 0, None);
    loop {
        let count = from.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        if passed + count > DOCUMENT && met.is_none() {
            met = lock(fault).take();
            deaf.store(met == Some(WireFault::LoseAnswer), Ordering::Release);
        }
        match met {
            Some(WireFault::CutAfter(most)) if passed + count > most => return Ok(()),
            Some(WireFault::HoldAfter(most)) if passed + count > most => {
                while from.read(&mut piece)? > 0 {}
                return Ok(());
            }
            _ => to.write_all(&piece[..count])?,
        }
        passed += count;
    }
}

/// From the printer to the client, which may have become deaf, or may not hear all.
fn back(mut from: &TcpStream, mut to: &TcpStream, deaf: &AtomicBool, secret: Option<Secret>) -> std::io::Result<()> {
    // All that the printer says about a few jobs comes in one piece.
    let mut piece = [0; 1 << 16];
    loop {
        let count = from.read(&mut piece)?;
        if count == 0 || deaf.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Some(secret) = secret {
            conceal(&mut piece[..count], secret);
        }
        to.write_all(&piece[..count])?;
    }
}

/// The place after each occurrence.
fn after(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    let found = bytes.windows(what.len()).enumerate().filter(|(_, window)| *window == what);
    found.map(|(at, _)| at + what.len()).collect()
}

/// Rewrites an IPP answer in its place, so that all lengths stay right.
fn conceal(answer: &mut [u8], secret: Secret) {
    // nameWithoutLanguage (0x42): the attribute's name, two bytes of length, the value.
    for at in after(answer, b"\x42\x00\x08job-name") {
        let length = usize::from(u16::from_be_bytes([answer[at], answer[at + 1]]));
        answer[at + 2..at + 2 + length].fill(b'*');
    }
    // enum (0x23) of four bytes; 7, 8 and 9 are canceled, aborted, completed.
    let over = after(answer, b"\x23\x00\x09job-state\x00\x04\x00\x00\x00").into_iter().any(|at| answer[at] >= 7);
    if secret == Secret::NamesAndHistory && over {
        // The answer begins, perhaps after HTTP's head, with version 2.0 and the status; client-error-not-found is 0x0406.
        let status =
            if answer.starts_with(b"\x02\x00") { Some(2) } else { after(answer, b"\r\n\x02\x00").first().copied() };
        if let Some(at) = status {
            answer[at..at + 2].copy_from_slice(&[0x04, 0x06]);
        }
    }
}
