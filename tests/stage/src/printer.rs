//! CUPS's own IPP Everywhere printer, in namespaces of its own, reached through a forwarder on 127.0.0.1.

use crate::process::Group;
use crate::wait_for;
use anyhow::Context;
use std::fs;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tempfile::TempDir;

/// The printer's port inside its namespace.
const PORT: u16 = 8631;

/// Saves each job; while `trouble` holds a state reason, says so and waits until it is gone.
const COMMAND: &str = r#"#!/bin/bash
set -u
file="${@: -1}"
if [ -s "$STAGE/trouble" ]; then
  reason=$(cat "$STAGE/trouble"); echo "STATE: +$reason" >&2
  while [ -s "$STAGE/trouble" ]; do sleep 0.05; done
  echo "STATE: -$reason" >&2
fi
cp "$file" "$STAGE/jobs/$(date +%s%N).part" && mv "$STAGE"/jobs/*.part "$STAGE/jobs/$(date +%s%N).pdf"
exit 0
"#;

/// dbus and avahi are what ippeveprinter announces itself to; without them it does not start.
const SCRIPT: &str = r#"
mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon && chown avahi:avahi /run/avahi-daemon
ip link set lo up
dbus-daemon --system --fork --nopidfile && avahi-daemon -D --no-chroot --no-rlimits
exec ippeveprinter -n localhost -p "$1" -r off -d "$STAGE/spool" -k -c "$STAGE/command" -f application/pdf -V 2.0 -2 "Kiosk A4"
"#;

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
                .args(["-n", "-m", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", SCRIPT, "bash", &PORT.to_string()])
                .env("STAGE", self.folder.path())
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
        let folder = self.folder.path().to_owned();
        let connect = self.forwarder.connect.clone();
        wait_for("the printer", Duration::from_secs(30), || {
            let (reply, answer) = mpsc::channel();
            connect.send(Order::Connect(reply)).context("forwarder")?;
            Ok(answer.recv().ok().and_then(Result::ok))
        })
        .with_context(|| fs::read_to_string(folder.join("log")).unwrap_or_default())?;
        Ok(())
    }

    /// Switches it off in the middle of whatever it does.
    pub fn switch_off(&mut self) {
        self.group = None;
    }

    /// Where clients reach it.
    pub fn uri(&self) -> String {
        format!("ipp://127.0.0.1:{}/ipp/print", self.forwarder.port)
    }

    /// Begins or, with `None`, ends a trouble, named as in `printer-state-reasons`. The next job meets it.
    ///
    /// # Errors
    /// When the flag cannot be written.
    pub fn trouble(&self, reason: Option<&str>) -> anyhow::Result<()> {
        Ok(fs::write(self.folder.path().join("trouble"), reason.unwrap_or(""))?)
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
        let port = listener.local_addr()?.port();
        let stop = Arc::new(AtomicBool::new(false));
        let (orders, stopped) = (connect.clone(), Arc::clone(&stop));
        std::thread::Builder::new().name("outside".into()).spawn(move || {
            for outside in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (reply, answer) = mpsc::channel();
                if orders.send(Order::Connect(reply)).is_err() {
                    return;
                }
                // No printer: the client's connection is closed at once, as by a printer that is off.
                if let Ok(Ok(inside)) = answer.recv() {
                    splice(outside, inside);
                }
            }
        })?;
        Ok(Self { port, connect, stop })
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

fn enter(namespace: &Path) -> anyhow::Result<()> {
    let file = fs::File::open(namespace).with_context(|| namespace.display().to_string())?;
    // SAFETY: the descriptor is open; only this thread changes its namespace.
    let result = unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) };
    if result != 0 {
        return Err(std::io::Error::last_os_error()).context("setns");
    }
    Ok(())
}

fn splice(outside: TcpStream, inside: TcpStream) {
    let pump = |mut from: TcpStream, mut to: TcpStream| {
        std::thread::spawn(move || {
            // Whichever side ends, the other is told.
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
            let _ = from.shutdown(Shutdown::Both);
        });
    };
    if let (Ok(outside_too), Ok(inside_too)) = (outside.try_clone(), inside.try_clone()) {
        pump(outside, inside_too);
        pump(inside, outside_too);
    }
}
