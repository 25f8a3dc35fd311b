//! A sound card without hardware: a private PulseAudio with two null sinks. What is played into `visitor` is what the kiosk's
//! microphone hears; what the kiosk plays into `kiosk` can be recorded.

use crate::process::Group;
use crate::wait_for;
use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running PulseAudio.
pub struct SoundServer {
    group: Group,
    /// Null sinks hand on what they were given every two seconds, unless somebody listens more closely.
    _listeners: Vec<Group>,
    folder: TempDir,
}

/// A recording of what the kiosk says. It goes on until it is dropped.
pub struct Recording {
    _group: Group,
    file: PathBuf,
}

impl SoundServer {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When it cannot be started or does not answer.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("sound-").tempdir()?;
        let socket = folder.path().join("socket");
        let script = folder.path().join("script.pa");
        fs::write(
            &script,
            format!(
                "load-module module-native-protocol-unix auth-anonymous=1 socket={}\n\
                 load-module module-null-sink sink_name=visitor rate=48000 channels=2\n\
                 load-module module-null-sink sink_name=kiosk rate=48000 channels=2\n\
                 set-default-sink kiosk\nset-default-source visitor.monitor\n",
                socket.display()
            ),
        )?;
        let log = fs::File::create(folder.path().join("log"))?;
        let group = Group::start(
            Command::new("pulseaudio")
                .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=1", "--use-pid-file=no", "-F"])
                .arg(&script)
                .envs([
                    ("HOME", folder.path()),
                    ("XDG_RUNTIME_DIR", folder.path()),
                    ("PULSE_RUNTIME_PATH", folder.path()),
                ])
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log),
        )?;
        let mut server = Self { group, _listeners: Vec::new(), folder };
        wait_for("PulseAudio", Duration::from_secs(20), || {
            if let Some(status) = server.group.child().try_wait()? {
                anyhow::bail!("it ended ({status}): {}", fs::read_to_string(server.folder.path().join("log"))?);
            }
            let asked = server.client("pactl").args(["info"]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
            Ok(asked.success().then_some(()))
        })?;
        for device in ["--device=visitor.monitor", "--device=kiosk.monitor"] {
            let mut command = server.client("parecord");
            command.args([device, "--raw", "--latency-msec=10", "/dev/null"]).stdin(Stdio::null());
            server._listeners.push(Group::start(&mut command)?);
        }
        Ok(server)
    }

    /// What `PULSE_SERVER` must say for programs that are to hear and speak here.
    pub fn address(&self) -> String {
        format!("unix:{}", self.folder.path().join("socket").display())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PULSE_SERVER", self.address()).env("HOME", self.folder.path());
        command
    }

    /// Plays a WAV file before the microphone, to its end.
    ///
    /// # Errors
    /// When it cannot be played.
    pub fn play(&self, file: &Path) -> anyhow::Result<()> {
        let status = self.client("paplay").arg("--device=visitor").arg(file).status().context("paplay")?;
        anyhow::ensure!(status.success(), "paplay: {status}");
        Ok(())
    }

    /// Records what the kiosk says.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn record(&self) -> anyhow::Result<Recording> {
        let file = tempfile::NamedTempFile::new_in(&self.folder)?.into_temp_path().keep()?;
        let mut command = self.client("parecord");
        let manner = ["--device=kiosk.monitor", "--raw", "--format=s16le", "--rate=16000", "--channels=1"];
        command.args(manner).args(["--latency-msec=20"]).arg(&file).stdin(Stdio::null());
        Ok(Recording { _group: Group::start(&mut command)?, file })
    }

    /// Takes the sound card away, as if its plug were pulled.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn unplug(&self) -> anyhow::Result<()> {
        kill(Pid::from_raw(self.group.pid().try_into()?), Signal::SIGKILL)?;
        Ok(())
    }
}

impl Recording {
    /// What was recorded so far: 16 kHz, one channel, −1 to 1.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn samples(&self) -> anyhow::Result<Vec<f32>> {
        let bytes = fs::read(&self.file)?;
        Ok(bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect())
    }

    /// Whether there was any sound yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_heard(&self) -> anyhow::Result<bool> {
        Ok(is_loud(&self.samples()?))
    }

    /// What was recorded, once there was sound and then silence for a second.
    ///
    /// # Errors
    /// When that does not come.
    pub fn until_silence(&self, patience: Duration) -> anyhow::Result<Vec<f32>> {
        const SECOND: usize = 16_000;
        wait_for("a voice and silence after it", patience, || {
            let samples = self.samples()?;
            let end = samples.len().saturating_sub(SECOND);
            Ok((is_loud(&samples[..end]) && !is_loud(&samples[end..])).then_some(samples))
        })
    }
}

fn is_loud(samples: &[f32]) -> bool {
    samples.iter().any(|sample| sample.abs() > 0.003)
}
