//! The two networks together.

use crate::compare::Recogniser;
use crate::detect::Detector;
use std::path::{Path, PathBuf};

/// The detector's weights in the weights folder.
const DETECTOR: &str = "yunet.onnx";
/// The recogniser's weights in the weights folder.
const RECOGNISER: &str = "sface.onnx";

/// Why the face port cannot start.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// A network is not there.
    #[error("{0} is missing; `cargo xtask setup` prepares it")]
    Missing(PathBuf),
    /// A network cannot be loaded.
    #[error("{path} cannot be loaded: {message}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What OpenCV says.
        message: String,
    },
    /// No thread can be started.
    #[error("no thread for the camera: {0}")]
    Thread(#[from] std::io::Error),
    /// The port's thread has ended before it was ready.
    #[error("the face port has ended")]
    Ended,
}

/// Detector and recogniser, loaded.
pub(crate) struct Engine {
    pub(crate) detector: Detector,
    pub(crate) recogniser: Recogniser,
}

impl Engine {
    /// Loads both networks out of the weights folder.
    ///
    /// # Errors
    /// When one is missing or is no network.
    pub(crate) fn load(weights: &Path) -> Result<Self, FaceError> {
        fn with<T>(path: PathBuf, load: impl FnOnce(&Path) -> opencv::Result<T>) -> Result<T, FaceError> {
            if !path.is_file() {
                return Err(FaceError::Missing(path));
            }
            load(&path).map_err(|error| FaceError::Unusable { message: error.message, path })
        }
        Ok(Self {
            detector: with(weights.join(DETECTOR), Detector::load)?,
            recogniser: with(weights.join(RECOGNISER), Recogniser::load)?,
        })
    }
}
