//! What the service manager of the appliance does with `madoguchi-*.socket`: listens where a kiosk asks for a port, and starts
//! `kiosk port` for each connection.

use crate::site::program;
use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tempfile::TempDir;

/// Ports that are processes of their own. They end with this.
pub struct Processes {
    folder: TempDir,
    started: Arc<Mutex<Vec<(&'static str, Child)>>>,
}

impl Processes {
    /// Listens for these ports. What is in the environment by now is in theirs.
    ///
    /// # Errors
    /// When it cannot.
    pub fn start(ports: &[(&'static str, &'static str)]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ports-").tempdir()?;
        let started: Arc<Mutex<Vec<(&'static str, Child)>>> = Arc::default();
        let kiosk = program("kiosk")?;
        for (socket, port) in ports.iter().copied() {
            let listener = UnixListener::bind(folder.path().join(socket))?;
            let (kiosk, started) = (kiosk.clone(), Arc::clone(&started));
            thread::Builder::new().name(socket.to_owned()).spawn(move || {
                for connection in listener.incoming().map_while(Result::ok) {
                    let mut command = Command::new(&kiosk);
                    command.args(["port", port]).stdin(Stdio::from(OwnedFd::from(connection))).stdout(Stdio::null());
                    match command.spawn() {
                        Ok(child) => all(&started).push((port, child)),
                        Err(error) => tracing::error!(%error, port, "no process"),
                    }
                }
            })?;
        }
        Ok(Self { folder, started })
    }

    /// Where the sockets are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many processes of this port have been started.
    pub fn started(&self, port: &str) -> usize {
        all(&self.started).iter().filter(|(of, _)| *of == port).count()
    }

    /// How those processes of this port that are gone have ended.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&self, port: &str) -> anyhow::Result<Vec<ExitStatus>> {
        let mut started = all(&self.started);
        let of_this = started.iter_mut().filter(|(of, _)| *of == port);
        Ok(of_this.map(|(_, child)| child.try_wait()).filter_map(Result::transpose).collect::<std::io::Result<_>>()?)
    }

    /// Makes the newest process of this port hang: it is there, and does nothing any more.
    ///
    /// # Errors
    /// When there is none, or it is gone already.
    pub fn stall(&self, port: &str) -> anyhow::Result<()> {
        let mut started = all(&self.started);
        let (_, child) = started.iter_mut().rfind(|(of, _)| *of == port).with_context(|| format!("no {port}"))?;
        anyhow::ensure!(child.try_wait()?.is_none(), "{port} is gone already");
        Ok(kill(Pid::from_raw(child.id().try_into()?), Signal::SIGSTOP)?)
    }

    /// Kills the newest process of this port.
    ///
    /// # Errors
    /// When there is none, or it is gone already.
    pub fn kill(&self, port: &str) -> anyhow::Result<()> {
        let mut started = all(&self.started);
        let (_, child) = started.iter_mut().rfind(|(of, _)| *of == port).with_context(|| format!("no {port}"))?;
        anyhow::ensure!(child.try_wait()?.is_none(), "{port} is gone already");
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}

fn all<T>(started: &Mutex<T>) -> MutexGuard<'_, T> {
    started.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Processes {
    fn drop(&mut self) {
        for (_, child) in all(&self.started).iter_mut() {
            // Gone already, perhaps.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
