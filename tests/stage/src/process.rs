//! A process and everything that it started, ended together.

use anyhow::Context;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// A process group that ends with this handle.
pub struct Group(Child);

impl Group {
    /// Starts a command as the head of its own process group, which dies with this process too.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        command.process_group(0);
        // SAFETY: prctl is async-signal-safe, and nothing else happens between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        Ok(Self(command.spawn().with_context(|| format!("{:?}", command.get_program()))?))
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Tells all of it.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(killpg(Pid::from_raw(self.0.id() as libc::pid_t), signal)?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let head = Pid::from_raw(self.0.id() as libc::pid_t);
        // Without taking it away: the number of one that was waited for may be another process's by now.
        let unwaited = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if waitid(Id::Pid(head), unwaited).is_ok() {
            // What it answers no longer matters, once it has been killed.
            let _ = killpg(head, Signal::SIGKILL);
            let _ = self.0.wait();
        }
    }
}
