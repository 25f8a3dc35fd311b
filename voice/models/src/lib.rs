//! The files that `cargo xtask setup` prepares for the voice guide (`prepare.py`): where they are, whether they are whole, and
//! networks opened with ONNX Runtime.

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The list of models is missing or malformed.
    #[error("{0}: no list of models; run `cargo xtask setup`")]
    NoList(PathBuf),
    /// A file is not in the list.
    #[error("{0} is not among the models")]
    Unknown(String),
    /// A file cannot be read.
    #[error("the model {path} cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file is not the one that was prepared: truncated, damaged or swapped.
    #[error(
        "the model {0} is not the one that was prepared: it is truncated, damaged or swapped; run `cargo xtask setup`"
    )]
    Changed(PathBuf),
    /// ONNX Runtime does not load or refuses a network.
    #[error("ONNX Runtime cannot use {path} ({cause})")]
    Runtime {
        /// Which file.
        path: PathBuf,
        /// What it said.
        cause: String,
    },
}

/// A folder of models.
#[derive(Debug, Clone)]
pub struct Models(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    sums: BTreeMap<String, String>,
    /// Files that were found whole in this process.
    whole: Mutex<Vec<String>>,
}

/// How hard ONNX Runtime tries to make a network faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Only what is always right.
    Basic,
    /// All of it.
    Full,
}

impl Models {
    /// The folder `voice` in `$MADOGUCHI_CACHE` or `~/.cache/madoguchi`.
    pub fn default_folder() -> Option<PathBuf> {
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/madoguchi"));
        std::env::var_os("MADOGUCHI_CACHE").map(PathBuf::from).or_else(home).map(|cache| cache.join("voice"))
    }

    /// Opens a folder by its list `models.toml`.
    ///
    /// # Errors
    /// When the list is missing or malformed.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let missing = || ModelError::NoList(path.to_owned());
        let list = fs::read_to_string(path.join("models.toml")).map_err(|_| missing())?;
        let sums = toml::from_str(&list).map_err(|_| missing())?;
        Ok(Self(Arc::new(Folder { path: path.to_owned(), sums, whole: Mutex::new(Vec::new()) })))
    }

    /// The path of a file, after its sum was checked (once a process).
    ///
    /// # Errors
    /// When it is missing, truncated, damaged or swapped.
    pub fn file(&self, name: &str) -> Result<PathBuf, ModelError> {
        let path = self.0.path.join(name);
        let mut whole = self.0.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if whole.iter().any(|known| known == name) {
            return Ok(path);
        }
        let expected = self.0.sums.get(name).ok_or_else(|| ModelError::Unknown(name.to_owned()))?;
        let mut sum = Sha256::new();
        let read = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut sum));
        read.map_err(|source| ModelError::Read { path: path.clone(), source })?;
        let found: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if found != *expected {
            return Err(ModelError::Changed(path));
        }
        whole.push(name.to_owned());
        Ok(path)
    }

    /// A folder of files, each checked.
    ///
    /// # Errors
    /// As [`Models::file`].
    pub fn folder(&self, name: &str) -> Result<PathBuf, ModelError> {
        let prefix = format!("{name}/");
        let mut found = false;
        for file in self.0.sums.keys().filter(|file| file.starts_with(&prefix)) {
            self.file(file)?;
            found = true;
        }
        if found { Ok(self.0.path.join(name)) } else { Err(ModelError::Unknown(name.to_owned())) }
    }

    /// Opens a network, on so many threads.
    ///
    /// # Errors
    /// When the file is not whole, or ONNX Runtime refuses it.
    pub fn network(&self, name: &str, effort: Effort, threads: usize) -> Result<Session, ModelError> {
        let path = self.file(name)?;
        let fault = |cause: String| ModelError::Runtime { path: path.clone(), cause };
        let level = match effort {
            Effort::Basic => GraphOptimizationLevel::Level1,
            Effort::Full => GraphOptimizationLevel::All,
        };
        let builder = Session::builder(self.runtime()?).map_err(|error| fault(error.to_string()))?;
        let builder = builder.with_optimization_level(level).map_err(|error| fault(error.to_string()))?;
        let mut builder = builder.with_intra_threads(threads).map_err(|error| fault(error.to_string()))?;
        builder.commit_from_file(&path).map_err(|error| fault(error.to_string()))
    }

    /// ONNX Runtime, loaded once a process from the library among the models.
    fn runtime(&self) -> Result<&'static Environment, ModelError> {
        static RUNTIME: OnceLock<Result<Environment, String>> = OnceLock::new();
        let library = self.file("libonnxruntime.so")?;
        let runtime = RUNTIME.get_or_init(|| {
            let builder = ort::init_from(&library).map_err(|error| error.to_string())?;
            builder.with_name("madoguchi").with_telemetry(false).build().map_err(|error| error.to_string())
        });
        runtime.as_ref().map_err(|cause| ModelError::Runtime { path: library, cause: cause.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_or_swapped_model_is_said_to_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let sum: String = Sha256::digest(b"a network").iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(folder.path().join("models.toml"), format!("\"a.onnx\" = \"{sum}\"\n")).unwrap();
        fs::write(folder.path().join("a.onnx"), b"a network").unwrap();
        assert!(Models::open(folder.path()).unwrap().file("a.onnx").is_ok());
        for wrong in [&b"a netw"[..], b"another"] {
            fs::write(folder.path().join("a.onnx"), wrong).unwrap();
            let models = Models::open(folder.path()).unwrap();
            assert!(matches!(models.file("a.onnx"), Err(ModelError::Changed(_))));
        }
        let models = Models::open(folder.path()).unwrap();
        assert!(matches!(models.file("b.onnx"), Err(ModelError::Unknown(_))));
        fs::remove_file(folder.path().join("a.onnx")).unwrap();
        assert!(matches!(models.file("a.onnx"), Err(ModelError::Read { .. })));
        assert!(matches!(Models::open(Path::new("/nowhere")), Err(ModelError::NoList(_))));
    }
}
