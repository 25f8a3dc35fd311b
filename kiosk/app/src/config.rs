//! What an installer says of this one kiosk: its site pack and its devices.

use crate::remote::Patience;
use agent::network::{Host, Network, NoHost};
use domain::Language;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The page camera's place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Camera {
    /// `/dev/videoN`.
    Device(i32),
    /// A video file, played in a loop.
    File(PathBuf),
    /// MJPEG over HTTP, or anything else that OpenCV opens by address.
    Url(String),
}

/// The slip printer's place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SlipPrinter {
    /// A device file, for example `/dev/usb/lp0`.
    Device(PathBuf),
    /// `host:port`, usually port 9100.
    Tcp(String),
}

/// The line to staff.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StaffCall {
    /// Where a call is posted as JSON (`kiosk`, `reason`): `http://…`, inside the municipality's own network.
    pub url: String,
}

/// What understands the visitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Recogniser {
    /// Whisper, in all languages.
    #[default]
    Whisper,
    /// Vosk in the languages that have a model here, Whisper in the others.
    Vosk(Vosk),
}

/// See [`Recogniser::Vosk`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vosk {
    /// `libvosk.so`; the one that `cargo xtask setup` prepared where it is left out.
    pub library: Option<PathBuf>,
    /// The unpacked folder of the Vosk model of each language (`ja`, `en`, `zh-Hans`, `ko`).
    pub models: BTreeMap<Language, PathBuf>,
}

/// A model that may say approved answers in other words; it is sent the answer, never what a visitor said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rephrase {
    /// An OpenAI-compatible endpoint, `http://…/v1/chat/completions`, inside the municipality's own network.
    pub url: String,
    /// The model's name there.
    pub model: String,
}

/// Staff mode: what those who refill paper may do at the screen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StaffMode {
    /// The hash of the staff PIN, as `kiosk staff-pin` prints it.
    pub pin: String,
    /// The folder of a USB stick; it is there only while one is plugged in.
    pub export: Option<PathBuf>,
    /// This is the appliance: systemd restarts, updates and shuts down; volume and brightness are its own.
    #[serde(default)]
    pub appliance: bool,
}

/// Through what the voice guide hears and speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct VoiceDevices {
    /// Part of the microphone's name; the system's own choice where it is left out.
    pub microphone: Option<String>,
    /// Part of the speaker's name; the system's own choice where it is left out.
    pub speaker: Option<String>,
    /// Whoever begins to speak silences the voice. Wants a microphone from which an echo canceller takes the machine's own
    /// voice.
    pub barge_in: bool,
    /// `"whisper"`, or `{ vosk = { library = PATH, models = { ja = DIR } } }`.
    pub recogniser: Recogniser,
    /// A model that may say approved answers in other words. Left out, nothing is sent anywhere.
    pub rephrase: Option<Rephrase>,
    /// The moment that it takes for now, where that is not the machine's own: for walks whose answers are measured.
    #[serde(skip)]
    pub at: Option<jiff::civil::DateTime>,
}

/// The file given to `kiosk run`. Paths are relative to the file's folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// This kiosk's name, such as `hall-1`, for staff and for printers: no two that share a printer may have the same.
    pub name: String,
    /// The site pack's folder.
    pub site: PathBuf,
    /// The page printer, for example `ipp://192.0.2.10/ipp/print`; a site without services needs none.
    pub page_printer: Option<String>,
    /// The receipt printer; without one no slip is printed.
    pub slip_printer: Option<SlipPrinter>,
    /// The reader's name; the first one where it is left out.
    pub reader: Option<String>,
    /// The trusted CA keys (TOML). Without them no card can be proved genuine.
    pub authorities: Option<PathBuf>,
    /// The camera; without one the face is not offered.
    pub camera: Option<Camera>,
    /// The folder of the networks that find and compare faces.
    pub weights: Option<PathBuf>,
    /// How staff are called; without it the person is asked to fetch them.
    pub staff_call: Option<StaffCall>,
    /// Staff mode; without it there is none.
    pub staff: Option<StaffMode>,
    /// The voice guide's devices.
    #[serde(default)]
    pub voice: VoiceDevices,
    /// Where newer systems come from, and when they may be started. For the appliance.
    #[serde(default)]
    pub update: agent::update::Config,
    /// Its address where there is no DHCP, and the proxy to the updates where there is one. For the appliance.
    #[serde(default)]
    pub network: Network,
    /// Further hosts that may be called, as `host:port` or by URL. For the appliance, which lets nothing else out.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Before an installer has given it settings, the kiosk asks for them on its screen. For the image of the appliance.
    #[serde(default)]
    pub setup: bool,
    /// The database of counts.
    pub store: PathBuf,
    /// Record each run in this folder for developers (personal values by name only): one file a run, named by its start.
    pub recording: Option<PathBuf>,
    /// The screen in pixels: width, height. A kiosk that fills the whole screen and is told its size by the screen needs none.
    #[serde(default = "portrait")]
    pub screen: (u32, u32),
    /// Fill the whole screen.
    #[serde(default)]
    pub fullscreen: bool,
    /// By how many degrees (0, 90, 180, 270) what is drawn is turned clockwise on the panel. For the appliance, which turns fingers'
    /// places, too.
    #[serde(default)]
    pub rotation: agent::screen::Rotation,
    /// The file itself.
    #[serde(skip)]
    pub file: PathBuf,
    /// The folder of the sockets behind which ports are processes of their own (`cards`, `faces`, `voice`, `voice-online`); where
    /// there is none, they are threads. No setting: it belongs to the system that starts the kiosk.
    #[serde(skip)]
    pub ports: Option<PathBuf>,
    /// How long such a process may say nothing. No setting either: for walks on which one is made to hang.
    #[serde(skip)]
    pub patience: Patience,
}

fn portrait() -> (u32, u32) {
    (1080, 1920)
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It is malformed.
    #[error("{path}: {what}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What and where.
        what: String,
    },
}

/// What an installer has to put right before Vosk hears anything.
fn unusable(vosk: &Vosk) -> Option<String> {
    if let Some(library) = vosk.library.as_ref().filter(|library| !library.is_file()) {
        let remedy = "give the path of libvosk.so, or leave `library` out to use the prepared one";
        return Some(format!("voice.recogniser: there is no library {}: {remedy}", library.display()));
    }
    // Both layouts that the library knows.
    let is_model = |folder: &PathBuf| ["am/final.mdl", "final.mdl"].iter().any(|file| folder.join(file).is_file());
    let (language, folder) = vosk.models.iter().find(|(_, folder)| !is_model(folder))?;
    let remedy = "unpack a Vosk model there (the folder that holds am/final.mdl), or leave the language out to have Whisper hear it";
    Some(format!("voice.recogniser: {} holds no Vosk model for {}: {remedy}", folder.display(), language.tag()))
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is malformed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Malformed { path: path.to_owned(), what: error.to_string() })?;
        let staff_call = config.staff_call.iter().map(|line| ("staff-call", &line.url));
        let addresses = staff_call.chain(config.voice.rephrase.iter().map(|model| ("voice.rephrase", &model.url)));
        if let Some((setting, url)) = { addresses }.find(|(_, url)| !url.starts_with("http://")) {
            let what = format!("{setting}: {url}: only http:// is spoken");
            return Err(ConfigError::Malformed { path: path.to_owned(), what });
        }
        config.hosts().map_err(|what| ConfigError::Malformed { path: path.to_owned(), what: what.to_string() })?;
        if config.staff.as_ref().is_some_and(|staff| !crate::staff_mode::is_hash(&staff.pin)) {
            let what = "staff: pin: not a hash as `kiosk staff-pin` prints it".to_owned();
            return Err(ConfigError::Malformed { path: path.to_owned(), what });
        }
        config.file = path.to_owned();
        let folder = path.parent().unwrap_or(Path::new("."));
        let paths =
            [Some(&mut config.site), Some(&mut config.store), config.authorities.as_mut(), config.weights.as_mut()];
        let export = config.staff.as_mut().and_then(|staff| staff.export.as_mut());
        for path in paths.into_iter().flatten().chain(config.recording.as_mut()).chain(export) {
            *path = folder.join(&*path);
        }
        if let Some(Camera::File(path)) = &mut config.camera {
            *path = folder.join(&*path);
        }
        if let Recogniser::Vosk(vosk) = &mut config.voice.recogniser {
            vosk.library.iter_mut().chain(vosk.models.values_mut()).for_each(|path| *path = folder.join(&*path));
            let what = unusable(vosk).map(|what| ConfigError::Malformed { path: path.to_owned(), what });
            what.map_or(Ok(()), Err)?;
        }
        Ok(config)
    }

    /// Whether these settings are still the image's own, and are asked for on the screen.
    pub fn first_start(&self) -> bool {
        self.setup && !agent::stick::is_provisioned(&self.file)
    }

    /// Every host that this kiosk may call. The updates' server is called through the proxy where there is one; everything else
    /// is in the municipality's own network and is called as it is.
    ///
    /// # Errors
    /// When one is named that is none.
    pub fn hosts(&self) -> Result<Vec<Host>, NoHost> {
        let slip = match &self.slip_printer {
            Some(SlipPrinter::Tcp(address)) => Some(address.as_str()),
            _ => None,
        };
        let camera = match &self.camera {
            Some(Camera::Url(url)) => Some(url.as_str()),
            _ => None,
        };
        let call = self.staff_call.as_ref().map(|call| call.url.as_str());
        let model = self.voice.rephrase.as_ref().map(|model| model.url.as_str());
        let named = [self.page_printer.as_deref(), slip, camera, call, model];
        let named = named.into_iter().flatten().chain(self.allow.iter().map(String::as_str));
        let mut hosts = named.map(Host::parse).collect::<Result<Vec<_>, _>>()?;
        if let Some(url) = &self.update.url {
            let server = Host::parse(url)?;
            hosts.push(self.network.proxy.as_ref().map_or(server, |proxy| proxy.host().clone()));
        }
        Ok(hosts)
    }
}

/// Whole settings from those that an installer brings: what is not said there is as the image's own settings say. The answer to
/// wrong ones names the place, and no value that only staff may know.
///
/// # Errors
/// When they are malformed, or are none of this version's.
pub fn compose(own: &str, brought: &str) -> Result<String, String> {
    let brought: toml::Table = toml::from_str(brought).map_err(|error| {
        let line =
            error.span().map_or(0, |span| brought.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        // Of what is no TOML nobody knows which setting it was meant to be.
        let said = if brought.lines().nth(line).is_some_and(|line| line.contains("pin")) {
            "not understood"
        } else {
            error.message()
        };
        format!("line {}: {said}", line + 1)
    })?;
    let mut whole: toml::Table =
        toml::from_str(own).map_err(|error| format!("the image's own: {}", error.message()))?;
    whole.extend(brought);
    whole.clone().try_into::<Config>().map_err(|error: toml::de::Error| {
        let said = error.to_string().trim().replace('\n', " ");
        if said.contains("in `staff") { "[staff]: not as `kiosk staff-pin` prints it".to_owned() } else { said }
    })?;
    toml::to_string(&whole).map_err(|error| error.to_string())
}

/// What may be proposed from the screen: nothing else is taken from there.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Proposed {
    page_printer: Option<String>,
    #[serde(rename = "network")]
    _network: Option<Network>,
    staff: ProposedStaff,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ProposedStaff {
    pin: String,
    appliance: bool,
}

/// Whole settings from those that were entered at the first start; see [`compose`].
///
/// # Errors
/// When they are malformed, or hold what is not asked for on the screen.
pub fn compose_proposed(own: &str, proposed: &str) -> Result<String, String> {
    let known: Proposed = toml::from_str(proposed).map_err(|_| "not what the screen asks for".to_owned())?;
    if !crate::staff_mode::is_hash(&known.staff.pin) || !known.staff.appliance {
        return Err("[staff]: not as the screen writes it".to_owned());
    }
    if let Some(printer) = known.page_printer.filter(|uri| domain::setup::judge_printer(uri).as_ref() != Some(uri)) {
        return Err(format!("page-printer: {printer}"));
    }
    compose(own, proposed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(voice: &str) -> (tempfile::TempDir, Result<Config, String>) {
        let place = tempfile::tempdir().unwrap();
        let model = place.path().join("models/ko/am");
        std::fs::create_dir_all(&model).unwrap();
        std::fs::write(model.join("final.mdl"), "").unwrap();
        let path = place.path().join("kiosk.toml");
        std::fs::write(&path, format!("name = \"hall-1\"\nsite = \"site\"\nstore = \"counts\"\n{voice}")).unwrap();
        let loaded = Config::load(&path).map_err(|error| error.to_string());
        (place, loaded)
    }

    #[test]
    fn a_recogniser_is_chosen_by_language_and_what_is_missing_is_said_with_its_remedy() {
        assert_eq!(load("").1.unwrap().voice.recogniser, Recogniser::Whisper);
        assert_eq!(load("[voice]\nrecogniser = \"whisper\"").1.unwrap().voice.recogniser, Recogniser::Whisper);
        let (place, config) = load("[voice]\nrecogniser = { vosk = { models = { ko = \"models/ko\" } } }");
        let Recogniser::Vosk(vosk) = config.unwrap().voice.recogniser else { panic!("Vosk was chosen") };
        assert_eq!(vosk.models[&Language::Ko], place.path().join("models/ko"));
        for (choice, cause, remedy) in [
            ("{ vosk = { models = { ja = \"models/ja\" } } }", "models/ja holds no Vosk model for ja", "unpack"),
            ("{ vosk = { library = \"lib.so\", models = {} } }", "lib.so", "leave `library` out"),
            ("{ vosk = { models = { xx = \"models/ko\" } } }", "xx", "zh-Hans"),
            ("\"kaldi\"", "kaldi", "whisper"),
        ] {
            let error = load(&format!("[voice]\nrecogniser = {choice}")).1.expect_err(choice);
            assert!(error.contains(cause) && error.contains(remedy), "{error}");
        }
    }

    const OWN: &str = "name = \"hall-1\"\nsite = \"/site\"\nstore = \"counts\"\n[update]\nwindow = \"02:00-04:30\"\n";

    #[test]
    fn what_an_installer_does_not_say_is_as_the_image_says() {
        let brought = "name = \"hall-2\"\n[network]\nproxy = \"http://192.0.2.3:3128\"\n\
                       [update]\nurl = \"https://updates.example.lg.jp/madoguchi/\"\n";
        let whole: Config = toml::from_str(&compose(OWN, brought).unwrap()).unwrap();
        assert_eq!((whole.name.as_str(), whole.site.as_path()), ("hall-2", Path::new("/site")));
        let hosts: Vec<String> = whole.hosts().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["192.0.2.3:3128"], "the proxy stands for the server");
        assert_eq!(compose(OWN, &compose(OWN, brought).unwrap()).unwrap(), compose(OWN, brought).unwrap());
        assert_eq!(toml::from_str::<Config>(&compose(OWN, "").unwrap()).unwrap().name, "hall-1");
    }

    #[test]
    fn of_the_screen_nothing_is_taken_but_what_it_asks_for() {
        let hash = crate::hash_staff_pin(&domain::Personal::new(domain::staff::StaffPin("482915".to_owned()))).unwrap();
        let staff = format!("[staff]\npin = \"{hash}\"\nappliance = true\n");
        let whole = compose_proposed(OWN, &format!("page-printer = \"ipp://192.0.2.10/ipp/print\"\n{staff}")).unwrap();
        assert!(whole.contains("192.0.2.10") && whole.contains(&hash) && whole.contains("02:00-04:30"), "{whole}");
        let network = "[network]\naddress = \"192.0.2.5/24\"\ngateway = \"192.0.2.1\"\ndns = []\n";
        compose_proposed(OWN, &format!("{network}{staff}")).unwrap();
        for not in [
            String::new(),
            format!("allow = [\"203.0.113.1:443\"]\n{staff}"),
            format!("name = \"other\"\n{staff}"),
            format!("{staff}export = \"/run\"\n"),
            format!("{staff}[update]\nurl = \"https://203.0.113.1/\"\n"),
            format!("page-printer = \"ipps://192.0.2.10/\"\n{staff}"),
            format!("[network]\naddress = \"192.0.2.5/24\"\n{staff}"),
            "[staff]\npin = \"482915\"\nappliance = true\n".to_owned(),
        ] {
            let error = compose_proposed(OWN, &not).expect_err(&not);
            assert!(!error.contains("482915"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_in_settings_is_named_and_a_pin_is_not_told() {
        for (brought, place) in [
            ("name = \"a\"\nname = \"b\"", "line 2"),
            ("\n\nname = hall", "line 3"),
            ("printer = \"ipp://192.0.2.10/\"", "printer"),
            ("name = 1", "name"),
            ("[network]\naddress = \"192.0.2.5\"", "network"),
            ("[update]\nwindow = \"night\"", "window"),
        ] {
            let error = compose(OWN, brought).expect_err(brought);
            assert!(error.contains(place), "{brought}: {error}");
        }
        for brought in
            ["[staff]\npin = 482915", "staff = { pin = 482915 }", "pin = 482915 482915", "[staff]\npin = 48x482915"]
        {
            let error = compose(OWN, brought).expect_err(brought);
            assert!(!error.contains("482915"), "{brought}: {error}");
        }
    }

    #[test]
    fn a_model_is_off_by_default_and_spoken_to_by_http_alone() {
        assert_eq!(load("[voice]").1.unwrap().voice.rephrase, None);
        let set = |url: &str| load(&format!("[voice]\nrephrase = {{ url = \"{url}\", model = \"small\" }}")).1;
        let model = set("http://192.0.2.20:8000/v1/chat/completions").unwrap().voice.rephrase.unwrap();
        assert_eq!(model.model, "small");
        assert!(set("https://example.com/v1/chat/completions").unwrap_err().contains("only http://"));
    }
}
