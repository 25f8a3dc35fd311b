//! A kiosk's surroundings: reader, card, camera, printers, site pack.

use crate::processes::Processes;
use anyhow::Context;
use domain::Personal;
use domain::staff::StaffPin;
use kiosk::Patience;
use stage::{CardProcess, IppPrinter, Pcscd, ReceiptPrinter};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Who stands before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Camera {
    /// There is none.
    None,
    /// The person whose photo is on the card.
    SamePerson,
    /// Somebody else.
    SomebodyElse,
}

/// How to set the scene.
#[derive(Debug, Clone)]
pub struct SiteOptions {
    /// The citizen on the card: a file in `tests/card-emulator/citizens`, without `.toml`.
    pub citizen: &'static str,
    /// Who stands before the camera.
    pub camera: Camera,
    /// Extra arguments of the card emulator (`--speed`, `--torn-after`).
    pub card_arguments: Vec<String>,
    /// The screen in pixels.
    pub screen: (u32, u32),
    /// It has no settings of its own yet.
    pub first_start: bool,
    /// The site's policy, in TOML; as the pack has it where this is empty.
    pub policy: &'static str,
    /// Cards are read and faces compared by processes of their own.
    pub processes: bool,
    /// How long such a process may say nothing.
    pub patience: Patience,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            citizen: "hanako",
            camera: Camera::SamePerson,
            card_arguments: Vec::new(),
            screen: (1080, 1920),
            first_start: false,
            policy: "",
            processes: false,
            patience: Patience::default(),
        }
    }
}

/// The scene. Everything that was started ends with it.
pub struct Site {
    /// The card, in the resident's hand at first.
    pub card: CardProcess,
    /// The page printer.
    pub printer: IppPrinter,
    /// The receipt printer, for the guidance slip.
    pub receipts: ReceiptPrinter,
    /// The kiosk's configuration.
    pub config: PathBuf,
    /// The ports that are processes of their own, if they are.
    pub processes: Option<Processes>,
    /// How long they may say nothing.
    pub patience: Patience,
    /// The folder with configuration, store and recording.
    pub folder: TempDir,
    /// What the card and the camera show: the citizen, the photo on the card, the film.
    sources: [Option<PathBuf>; 3],
    /// What stands between the kiosk and the reader.
    pub pcscd: Pcscd,
}

/// What opens staff mode here.
pub const STAFF_PIN: &str = "000000";

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A program of this workspace, built beside this one.
///
/// # Errors
/// When it is not there.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).context("no folder of programs")?;
    let path = folder.join(name);
    anyhow::ensure!(path.exists(), "{} is not built: run `cargo build --workspace` first", path.display());
    Ok(path)
}

/// Where `cargo xtask setup` puts weights and pictures.
fn cache() -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("MADOGUCHI_CACHE").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/madoguchi"));
    cache.or_else(home).context("neither MADOGUCHI_CACHE nor HOME is set")
}

impl Site {
    /// Sets the scene. Call it before the process has other threads: it tells libpcsclite where its daemon is by an
    /// environment variable.
    ///
    /// # Errors
    /// When a part cannot be started.
    pub fn start(options: &SiteOptions) -> anyhow::Result<Self> {
        let pcscd = Pcscd::start()?;
        // SAFETY: by the contract of this function no other thread reads the environment.
        unsafe { std::env::set_var("PCSCLITE_CSOCK_NAME", pcscd.socket()) };
        let folder = tempfile::Builder::new().prefix("walk-").tempdir()?;
        let pictures = cache()?.join("pictures");
        let authorities = folder.path().join("authorities.toml");
        let citizen = root().join(format!("tests/card-emulator/citizens/{}.toml", options.citizen));
        let photo = pictures.join("hanako-card.jp2");
        let mut arguments = vec!["--citizen".to_owned(), text(&citizen)?, "--ca-out".to_owned(), text(&authorities)?];
        if options.camera != Camera::None {
            anyhow::ensure!(photo.exists(), "{} is missing: run `cargo xtask setup`", photo.display());
            arguments.extend(["--photo".to_owned(), text(&photo)?]);
        }
        arguments.extend(options.card_arguments.iter().cloned());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let card = CardProcess::start(&pcscd, &program("card-emulator")?, &arguments)?;
        let (printer, receipts) = (IppPrinter::start()?, ReceiptPrinter::start()?);
        let camera = match options.camera {
            Camera::None => None,
            Camera::SamePerson => Some(pictures.join("hanako.avi")),
            Camera::SomebodyElse => Some(pictures.join("other.avi")),
        };
        let pack = folder.path().join("pack");
        pack_with(options.policy, &pack)?;
        let mut config = toml::Table::new();
        let mut set = |key: &str, value: toml::Value| drop(config.insert(key.to_owned(), value));
        set("site", text(&pack)?.into());
        set("name", "hall-1".into());
        set("page-printer", printer.uri().into());
        set("slip-printer", toml::Table::from_iter([("tcp".to_owned(), receipts.address().into())]).into());
        set("authorities", "authorities.toml".into());
        set("store", "counts.sqlite".into());
        set("recording", "recordings".into());
        let pin = kiosk::hash_staff_pin(&Personal::new(StaffPin(STAFF_PIN.to_owned())));
        let pin = pin.map_err(|error| anyhow::anyhow!("the staff PIN: {error}"))?;
        set("staff", toml::Table::from_iter([("pin".to_owned(), pin.into())]).into());
        if options.first_start {
            set("setup", true.into());
        }
        set("screen", vec![i64::from(options.screen.0), i64::from(options.screen.1)].into());
        if let Some(camera) = &camera {
            set("weights", text(&cache()?.join("weights"))?.into());
            set("camera", toml::Table::from_iter([("file".to_owned(), text(camera)?.into())]).into());
        }
        let path = folder.path().join("kiosk.toml");
        fs::write(&path, config.to_string())?;
        let sources = [Some(citizen), camera.as_ref().map(|_| photo), camera];
        let ports = [("cards", "cards"), ("faces", "faces")];
        let processes = options.processes.then(|| Processes::start(&ports)).transpose()?;
        let patience = options.patience;
        Ok(Self { card, printer, receipts, config: path, processes, patience, folder, sources, pcscd })
    }

    /// Copies what the same scene elsewhere is made of: `citizen.toml`, `authorities.toml`, and with a camera `photo.jp2` and
    /// `camera.avi`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn copy_sources(&self, to: &Path) -> anyhow::Result<()> {
        let authorities = Some(self.folder.path().join("authorities.toml"));
        let names = ["citizen.toml", "photo.jp2", "camera.avi", "authorities.toml"];
        for (from, name) in self.sources.iter().chain([&authorities]).zip(names) {
            if let Some(from) = from {
                fs::copy(from, to.join(name)).with_context(|| from.display().to_string())?;
            }
        }
        Ok(())
    }

    /// The recording of the only run.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn recording(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join("recordings");
        let files: Vec<PathBuf> = fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<std::io::Result<_>>()?;
        match <[PathBuf; 1]>::try_from(files) {
            Ok([file]) => Ok(file),
            Err(files) => anyhow::bail!("{} recordings of one run", files.len()),
        }
    }
}

/// The example city hall with another policy.
fn pack_with(policy: &str, pack: &Path) -> anyhow::Result<()> {
    let example = root().join("kiosk/sites/city-hall");
    let mut site: toml::Table = toml::from_str(&fs::read_to_string(example.join("site.toml"))?)?;
    let forms = site.get("forms").and_then(|forms| forms.as_str()).context("the folder of forms")?;
    site.insert("forms".to_owned(), text(&example.join(forms))?.into());
    if !policy.is_empty() {
        site.insert("policy".to_owned(), toml::Value::Table(toml::from_str(policy)?));
    }
    fs::create_dir(pack)?;
    fs::write(pack.join("site.toml"), site.to_string())?;
    fs::copy(example.join("services.toml"), pack.join("services.toml"))?;
    Ok(())
}

fn text(path: &Path) -> anyhow::Result<String> {
    Ok(path.to_str().context("a path that is no UTF-8")?.to_owned())
}
