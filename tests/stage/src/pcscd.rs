//! A private `pcscd` with vsmartcard's virtual reader.
//!
//! vpcd listens on every address and cannot be told otherwise, so it runs in a network namespace of its own.

use crate::process::Group;
use crate::wait_for;
use anyhow::Context;
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The virtual reader's port, the same in every namespace.
const PORT: u16 = 35963;

/// A running `pcscd`.
pub struct Pcscd {
    group: Group,
    folder: TempDir,
}

impl Pcscd {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When it cannot be started (not root, packages missing) or does not answer.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pcscd-").tempdir()?;
        let (run, conf) = (folder.path().join("run"), folder.path().join("conf"));
        for path in [&run, &conf, Path::new("/run/pcscd")] {
            fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        }
        let library = fs::read_to_string("/etc/reader.conf.d/vpcd").context("is vsmartcard-vpcd installed?")?;
        let library = library
            .lines()
            .find_map(|line| line.trim().strip_prefix("LIBPATH"))
            .context("vpcd's reader.conf names no LIBPATH")?
            .trim();
        fs::write(
            conf.join("vpcd"),
            format!("FRIENDLYNAME \"Kiosk VPCD\"\nDEVICENAME /dev/null:{PORT}\nLIBPATH {library}\nCHANNELID {PORT}\n"),
        )?;
        let script = "ip link set lo up && mount --bind \"$1\" /run/pcscd && exec pcscd -f -c \"$2\"";
        let log = fs::File::create(folder.path().join("log"))?;
        let group = Group::start(
            Command::new("unshare")
                .args(["-n", "-m", "sh", "-c", script, "sh"])
                .args([&run, &conf])
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        let mut pcscd = Self { group, folder };
        let socket = pcscd.socket();
        wait_for("pcscd's socket", Duration::from_secs(20), || {
            if let Some(status) = pcscd.group.child().try_wait()? {
                anyhow::bail!("pcscd ended ({status}): {}", fs::read_to_string(pcscd.folder.path().join("log"))?);
            }
            Ok(socket.exists().then_some(()))
        })?;
        Ok(pcscd)
    }

    /// Its socket: what `PCSCLITE_CSOCK_NAME` must name for clients.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("run/pcscd.comm")
    }

    /// Makes it hang: it is there, and answers nobody.
    ///
    /// # Errors
    /// When it is gone.
    pub fn stall(&self) -> anyhow::Result<()> {
        self.group.signal(Signal::SIGSTOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.group.signal(Signal::SIGCONT)
    }

    /// A command that runs inside its network namespace.
    pub fn inside(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.group.pid().to_string(), "-n"]).arg(program);
        command
    }

    /// The virtual reader's port inside the namespace.
    pub fn port(&self) -> u16 {
        PORT
    }
}
