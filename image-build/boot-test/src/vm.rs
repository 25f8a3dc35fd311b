//! A machine: QEMU with UEFI firmware, Secure Boot in setup mode, a TPM, a disk, a screen in portrait, fingers, a watchdog.

use anyhow::{Context, Result, bail};
use image::RgbImage;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long to wait for what comes in a moment.
const MOMENT: Duration = Duration::from_secs(30);

/// What a machine's network card is plugged into.
#[derive(Clone)]
pub enum Network {
    /// QEMU's own network: this machine is 10.0.2.2 there, and nothing comes in.
    User,
    /// A tap device in a network namespace.
    Tap {
        /// The namespace's name.
        namespace: String,
        /// The device's name in it.
        device: String,
    },
}

/// A card reader without a card: a kiosk that can neither read nor print is closed.
const READER: &[&str] = &["-device", "usb-ccid,bus=usb.0"];

/// A machine that was bought: its disk, its TPM, the keys in its firmware. They stay when it is switched off.
pub struct Machine {
    folder: PathBuf,
    tools: PathBuf,
    /// Where its network card is plugged in.
    pub network: Network,
    /// Its panel, in pixels as it was made.
    pub screen: (u32, u32),
    /// Its card reader: arguments of QEMU.
    reader: &'static [&'static str],
    /// Its processor, in QEMU's words.
    processor: &'static str,
    /// Its microphone and speaker: a driver of QEMU's, and where that finds them.
    sound: String,
    /// Further arguments of QEMU.
    pub extra: Vec<String>,
}

impl Machine {
    /// A new machine with `image` written to the beginning of its disk. `tools` is a tree of Debian 13 with QEMU.
    pub fn new(folder: &Path, tools: &Path, image: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder.join("tpm"))?;
        fs::copy(tools.join("usr/share/OVMF/OVMF_VARS_4M.fd"), folder.join("firmware.fd"))?;
        let disk = folder.join("disk.raw");
        // Sparse, as the image is.
        let status = Command::new("cp").arg("--sparse=always").arg(image).arg(&disk).status()?;
        if !status.success() {
            bail!("{} cannot be copied", image.display());
        }
        File::options().write(true).open(&disk)?.set_len(10 << 30)?;
        Ok(Self::at(folder, tools))
    }

    fn at(folder: &Path, tools: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            tools: tools.to_owned(),
            network: Network::User,
            screen: (1080, 1920),
            reader: READER,
            processor: "max",
            sound: "none".to_owned(),
            extra: Vec::new(),
        }
    }

    /// A machine that another walk has left; `None` where it has not.
    pub fn left(folder: &Path, tools: &Path) -> Option<Self> {
        folder.join("disk.raw").exists().then(|| Self::at(folder, tools))
    }

    /// The same machine once more, with all that it has kept.
    pub fn twin(&self, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let status = Command::new("cp").args(["-r", "--sparse=always"]).arg(&self.folder).arg(folder).status()?;
        if !status.success() {
            bail!("{} cannot be copied", self.folder.display());
        }
        let (tools, network, extra) = (self.tools.clone(), self.network.clone(), self.extra.clone());
        let (screen, reader, processor, sound) = (self.screen, self.reader, self.processor, self.sound.clone());
        Ok(Self { folder: folder.to_owned(), tools, network, screen, reader, processor, sound, extra })
    }

    /// Has a card reader in which a card can be laid, through this socket, once it is on.
    pub fn with_card(&mut self) -> PathBuf {
        let socket = self.folder.join("card");
        let card = format!("socket,id=card,path={},server=on,wait=off", socket.display());
        // Behind xHCI, the reader's message of exactly one packet (64 bytes) is followed by an empty one, as if it were the next.
        self.reader = &["-device", "ich9-usb-uhci1,id=slow", "-device", "usb-ccid,bus=slow.0"];
        self.extra.extend(["-chardev".into(), card, "-device".into(), "ccid-card-passthru,chardev=card".into()]);
        socket
    }

    /// Has an older processor. On a host with AVX-512, no face is found by OpenCV's AVX2 code in QEMU 10.0; by its SSE4 code it is.
    pub fn without_avx(&mut self) {
        self.processor = "max,avx=off,avx2=off,fma=off,f16c=off";
    }

    /// Hears and speaks through PulseAudio's server at `address`.
    pub fn with_sound(&mut self, address: &str) {
        self.sound = format!("pa,server={address}");
    }

    /// Has another disk, which it cannot write to; udev calls it `virtio-NAME`.
    pub fn with_disk(&mut self, name: &str, image: &Path) {
        let drive = format!("if=none,id={name},format=raw,readonly=on,file={}", image.display());
        let device = format!("virtio-blk-pci,drive={name},serial={name}");
        self.extra.extend(["-drive".into(), drive, "-device".into(), device]);
    }

    /// Its disk.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk.raw")
    }

    /// Throws its TPM away: the disk is in another machine now.
    pub fn without_its_tpm(&self) -> Result<()> {
        fs::remove_dir_all(self.folder.join("tpm"))?;
        Ok(fs::create_dir_all(self.folder.join("tpm"))?)
    }

    /// A program of the tree, with the tree's own libraries: this machine may run another Debian.
    pub fn tool(&self, name: &str) -> Command {
        let libraries = self.tools.join("usr/lib/x86_64-linux-gnu");
        let mut command = Command::new(self.tools.join("lib64/ld-linux-x86-64.so.2"));
        command.env("QEMU_MODULE_DIR", libraries.join("qemu")).arg("--library-path");
        command
            .arg(format!("{0}:{0}/swtpm:{0}/pulseaudio", libraries.display()))
            .arg(self.tools.join("usr/bin").join(name));
        command
    }

    /// Switches it on.
    pub fn on(&self) -> Result<Running> {
        let at = |name: &str| self.folder.join(name).display().to_string();
        for name in ["qmp", "shell", "tpm.socket", "serial.log"] {
            drop(fs::remove_file(self.folder.join(name)));
        }
        let tpm = self
            .tool("swtpm")
            .args(["socket", "--tpm2", "--terminate", "--tpmstate", &format!("dir={}", at("tpm"))])
            .args(["--ctrl", &format!("type=unixio,path={}", at("tpm.socket"))])
            .stdout(Stdio::null())
            .stderr(File::create(at("tpm.log"))?)
            .spawn()
            .context("swtpm")?;
        let tpm = Process(tpm);
        wait(MOMENT, "the TPM", || Ok(Path::new(&at("tpm.socket")).exists().then_some(())))?;
        let (width, height) = self.screen;
        let code = self.tools.join("usr/share/OVMF/OVMF_CODE_4M.secboot.fd");
        let (mut qemu, network) = match &self.network {
            Network::User => (self.tool("qemu-system-x86_64"), "user,id=net".to_owned()),
            Network::Tap { namespace, device } => (
                inside(namespace, &self.tool("qemu-system-x86_64")),
                format!("tap,id=net,ifname={device},script=no,downscript=no"),
            ),
        };
        let qemu = qemu
            .args(["-L", &self.tools.join("usr/share/qemu").display().to_string()])
            .args([
                "-machine",
                "q35,smm=on",
                "-accel",
                "tcg,thread=multi,tb-size=512",
                "-cpu",
                self.processor,
                "-smp",
                "2",
                "-m",
                "3072",
            ])
            .args(["-nodefaults", "-display", "none", "-uuid", "4c4c4544-0051-4b10-8052-cac04f313233"])
            .args(["-global", "driver=cfi.pflash01,property=secure,value=on"])
            .args(["-drive", &format!("if=pflash,format=raw,unit=0,readonly=on,file={}", code.display())])
            .args(["-drive", &format!("if=pflash,format=raw,unit=1,file={}", at("firmware.fd"))])
            .args([
                "-drive",
                &format!("if=none,id=disk,format=raw,file={},cache=writeback,discard=unmap", at("disk.raw")),
            ])
            .args(["-device", "virtio-blk-pci,drive=disk,bootindex=1"])
            .args(["-chardev", &format!("socket,id=tpm,path={}", at("tpm.socket"))])
            .args(["-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0"])
            .args(["-device", &format!("virtio-gpu-pci,xres={width},yres={height}")])
            .args([
                "-device",
                "pcie-root-port,id=port1,chassis=1",
                "-device",
                "virtio-multitouch-pci,id=fingers,bus=port1",
            ])
            .args(["-device", "qemu-xhci,id=usb", "-device", "i6300esb", "-action", "watchdog=reset"])
            .args(self.reader)
            .args(["-object", "rng-random,filename=/dev/urandom,id=rng0", "-device", "virtio-rng-pci,rng=rng0"])
            .args(["-audiodev", &format!("{},id=sound", self.sound)])
            .args(["-device", "virtio-sound-pci,audiodev=sound"])
            .args(["-netdev", &network, "-device", "virtio-net-pci,netdev=net,romfile="])
            .args(["-serial", &format!("file:{}", at("serial.log"))])
            .args([
                "-chardev",
                &format!("socket,id=shell,path={},server=on,wait=off", at("shell")),
                "-serial",
                "chardev:shell",
            ])
            .args(["-qmp", &format!("unix:{},server=on,wait=off", at("qmp"))])
            .args(&self.extra)
            .stdout(Stdio::null())
            .stderr(File::create(at("qemu.log"))?)
            .spawn()
            .context("qemu-system-x86_64")?;
        let mut qemu = Process(qemu);
        let connect = |name: &str, qemu: &mut Process| {
            wait(MOMENT, name, || {
                if let Some(status) = qemu.0.try_wait()? {
                    bail!("QEMU ended ({status}): {}", fs::read_to_string(at("qemu.log")).unwrap_or_default());
                }
                Ok(UnixStream::connect(at(name)).ok())
            })
        };
        let qmp = connect("qmp", &mut qemu)?;
        qmp.set_read_timeout(Some(MOMENT))?;
        let shell = connect("shell", &mut qemu)?;
        let mut running = Running {
            _qemu: qemu,
            _tpm: tpm,
            qmp: BufReader::new(qmp),
            shell,
            since: Instant::now(),
            picture: self.folder.join("screen.png"),
            panel: self.screen,
            resets: 0,
        };
        running.answer()?;
        running.qmp("qmp_capabilities", json!({}))?;
        Ok(running)
    }
}

/// The same command in a network namespace.
fn inside(namespace: &str, command: &Command) -> Command {
    let mut within = Command::new("ip");
    within.args(["netns", "exec", namespace]).arg(command.get_program()).args(command.get_args());
    within.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    within
}

/// A process that ends with this value.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Switched off at the wall.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A machine that is switched on. Dropping it cuts the power.
pub struct Running {
    _qemu: Process,
    _tpm: Process,
    qmp: BufReader<UnixStream>,
    shell: UnixStream,
    /// When it was switched on.
    pub since: Instant,
    picture: PathBuf,
    panel: (u32, u32),
    /// How often it was started again, by itself or by its watchdog.
    pub resets: u32,
}

impl Running {
    /// One command of the QEMU Machine Protocol.
    pub fn qmp(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let line = json!({ "execute": command, "arguments": arguments });
        self.qmp.get_mut().write_all(format!("{line}\n").as_bytes())?;
        loop {
            let answer = self.answer()?;
            if let Some(error) = answer.get("error") {
                bail!("{command}: {error}");
            }
            if let Some(value) = answer.get("return") {
                return Ok(value.clone());
            }
        }
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.qmp.read_line(&mut line).context("QEMU does not answer")? == 0 {
            bail!("QEMU has ended");
        }
        let value: Value = serde_json::from_str(&line)?;
        if value["event"] == "RESET" && value["data"]["guest"] == true {
            self.resets += 1;
        }
        Ok(value)
    }

    /// What is on its screen.
    pub fn screen(&mut self) -> Result<RgbImage> {
        let file = self.picture.display().to_string();
        self.qmp("screendump", json!({ "filename": file, "format": "png" }))?;
        Ok(image::open(&self.picture).context("the picture of the screen")?.to_rgb8())
    }

    /// Waits until the screen is as `wanted`, and gives it.
    pub fn wait_screen(
        &mut self,
        limit: Duration,
        what: &str,
        mut wanted: impl FnMut(&RgbImage) -> bool,
    ) -> Result<RgbImage> {
        let began = Instant::now();
        loop {
            let screen = self.screen()?;
            if wanted(&screen) {
                return Ok(screen);
            }
            if began.elapsed() > limit {
                bail!("{what} did not come within {} s; the screen is in {}", limit.as_secs(), self.picture.display());
            }
            // One picture a second is enough to see a minute's change, and costs the machine little.
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// A finger at this place, in pixels of its panel.
    pub fn touch(&mut self, x: u32, y: u32) -> Result<()> {
        self.stroke(&[[x, y]])
    }

    /// A finger that is laid down at the first of these places, moves to each of the others, and is lifted at the last.
    pub fn stroke(&mut self, places: &[[u32; 2]]) -> Result<()> {
        // As long as a finger stays.
        self.finger(places, Duration::from_millis(300))
    }

    /// A finger that rests at this place.
    pub fn hold(&mut self, place: [u32; 2], time: Duration) -> Result<()> {
        self.finger(&[place], time)
    }

    fn finger(&mut self, places: &[[u32; 2]], stays: Duration) -> Result<()> {
        let finger = |kind: &str, axis: &str, value: u32, id: i32| json!({ "type": "mtt", "data": { "type": kind, "slot": 0, "tracking-id": id, "axis": axis, "value": value } });
        let button = |down: bool| json!({ "type": "btn", "data": { "down": down, "button": "touch" } });
        let (width, height) = self.panel;
        let mut places = places.iter().map(|[x, y]| (x * 0x7fff / width, y * 0x7fff / height));
        let (x, y) = places.next().context("a finger that is nowhere")?;
        let down = json!({ "events": [button(true), finger("begin", "x", x, 1), finger("data", "x", x, 1), finger("data", "y", y, 1)] });
        self.qmp("input-send-event", down)?;
        for (x, y) in places {
            // As fast as a finger writes; two places at once would be one.
            std::thread::sleep(Duration::from_millis(50));
            let on = json!({ "events": [finger("data", "x", x, 1), finger("data", "y", y, 1)] });
            self.qmp("input-send-event", on)?;
        }
        std::thread::sleep(stays);
        self.qmp("input-send-event", json!({ "events": [button(false), finger("end", "x", 0, -1)] }))?;
        Ok(())
    }

    /// Pulls the touch panel out and plugs it in again.
    pub fn plug_fingers_anew(&mut self) -> Result<()> {
        self.qmp("device_del", json!({ "id": "fingers" }))?;
        // The machine is asked to let go first.
        wait(MOMENT, "letting go of the touch panel", || {
            let children = self.qmp("qom-list", json!({ "path": "/machine/peripheral" }))?;
            let there = children.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "fingers"));
            Ok((!there).then_some(()))
        })?;
        let fingers = json!({ "driver": "virtio-multitouch-pci", "id": "fingers", "bus": "port1" });
        self.qmp("device_add", fingers).map(drop)
    }

    /// Keys that are pressed together on a keyboard.
    pub fn keys(&mut self, keys: &[&str]) -> Result<()> {
        let keys: Vec<Value> = keys.iter().map(|key| json!({ "type": "qcode", "data": key })).collect();
        self.qmp("send-key", json!({ "keys": keys, "hold-time": 200 })).map(drop)
    }

    /// Runs a command in a debug image's shell; gives what it wrote and its exit code.
    pub fn shell(&mut self, command: &str, limit: Duration) -> Result<(String, i32)> {
        let number = self.since.elapsed().as_nanos();
        let (begins, ends) = (format!("begins{number}:"), format!("ends{number}="));
        // Each mark is typed in two halves: what is typed is echoed.
        let line = format!("\necho \"begins\"'{number}:'; {command}; echo \"ends\"'{number}='$?\n");
        self.shell.write_all(line.as_bytes())?;
        self.shell.set_read_timeout(Some(Duration::from_secs(1)))?;
        let (mut bytes, began) = (Vec::new(), Instant::now());
        let mut buffer = [0; 65536];
        loop {
            match self.shell.read(&mut buffer) {
                Ok(0) => bail!("the serial line was closed"),
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                }
                Err(error) => return Err(error.into()),
            }
            // Whole, for a letter may come in parts.
            let text = String::from_utf8_lossy(&bytes).replace('\r', "");
            if let Some(end) = text.find(&ends)
                && let Some((code, _)) = text[end + ends.len()..].split_once('\n')
            {
                let said = text[..end].split_once(&begins).map_or("", |(_, said)| said).trim().to_owned();
                return Ok((said, code.trim().parse().unwrap_or(-1)));
            }
            if began.elapsed() > limit {
                bail!("{command:?} did not end within {} s: {text}", limit.as_secs());
            }
        }
    }

    /// Waits until a debug image's shell answers.
    pub fn wait_shell(&mut self, limit: Duration) -> Result<()> {
        let began = Instant::now();
        while self.shell("true", Duration::from_secs(5)).is_err() {
            // Of what was typed while the machine started, half a line may have come: an open quotation mark.
            self.shell.write_all(b"\x03")?;
            if began.elapsed() > limit {
                bail!("no shell within {} s", limit.as_secs());
            }
        }
        Ok(())
    }

    /// Waits until the machine has started again this often since it was switched on.
    pub fn wait_resets(&mut self, resets: u32, limit: Duration) -> Result<()> {
        let began = Instant::now();
        while self.resets < resets {
            self.qmp("query-status", json!({}))?;
            if began.elapsed() > limit {
                bail!("started again {} times within {} s, expected {resets}", self.resets, limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }

    /// Cuts the power.
    pub fn cut(self) {
        drop(self);
    }
}

/// Asks again and again until there is an answer.
pub fn wait<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if began.elapsed() > limit {
            bail!("{what} did not come within {} s", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
