//! What an installer says of this one kiosk: its site pack and its devices.

use serde::Deserialize;
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

/// Staff mode: what those who refill paper may do at the screen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StaffMode {
    /// The hash of the staff PIN, as `kiosk staff-pin` prints it.
    pub pin: String,
    /// What else must be reached, as `host:port`, besides the printers and the line to staff.
    #[serde(default)]
    pub hosts: Vec<String>,
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
    /// The database of counts.
    pub store: PathBuf,
    /// Record each run in this folder for developers (personal values by name only): one file a run, named by its start.
    pub recording: Option<PathBuf>,
    /// The screen in pixels: width, height.
    #[serde(default = "portrait")]
    pub screen: (u32, u32),
    /// Fill the whole screen.
    #[serde(default)]
    pub fullscreen: bool,
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
        if let Some(line) = config.staff_call.as_ref().filter(|line| !line.url.starts_with("http://")) {
            let what = format!("staff-call: {}: only http:// is spoken", line.url);
            return Err(ConfigError::Malformed { path: path.to_owned(), what });
        }
        if config.staff.as_ref().is_some_and(|staff| !crate::staff_mode::is_hash(&staff.pin)) {
            let what = "staff: pin: not a hash as `kiosk staff-pin` prints it".to_owned();
            return Err(ConfigError::Malformed { path: path.to_owned(), what });
        }
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
        Ok(config)
    }
}
