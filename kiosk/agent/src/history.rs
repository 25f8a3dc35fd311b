//! What became of updates: a short list on disk, newest last.

use crate::Version;
use jiff::Timestamp;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// So many lines are kept: years of updates.
const KEPT: usize = 200;

/// Something that happened to an update.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Happened {
    /// It lies in the other slot.
    Fetched {
        /// The update.
        version: Version,
        /// What was downloaded, in bytes, where only what differs was; `None` where whole files were.
        difference: Option<u64>,
    },
    /// It could not be fetched.
    NotFetched {
        /// What was said.
        why: String,
    },
    /// What differs did not make the new system; next time whole files are fetched.
    DifferenceFailed {
        /// The update.
        version: Version,
        /// What was said.
        why: String,
    },
    /// The machine restarts into it.
    Started {
        /// The update.
        version: Version,
    },
    /// It runs and is healthy.
    Healthy {
        /// The update.
        version: Version,
    },
    /// It did not become healthy; the one before runs again.
    Returned {
        /// The update that was given up.
        from: Version,
        /// What runs.
        to: Version,
        /// How often it was tried.
        tries: u32,
    },
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// When, by the kiosk's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub happened: Happened,
}

/// The list in its file.
pub struct History {
    file: PathBuf,
    /// Oldest first.
    pub entries: Vec<Entry>,
}

impl History {
    /// Reads the list; what is no line of it (a power cut while writing) is passed over.
    pub fn open(folder: &Path) -> Self {
        let file = folder.join("history.jsonl");
        let text = fs::read_to_string(&file).unwrap_or_default();
        Self { file, entries: text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect() }
    }

    /// Adds a line. The file is replaced whole: a power cut leaves the old list or the new one.
    pub fn add(&mut self, at: Timestamp, happened: Happened) -> io::Result<()> {
        self.entries.push(Entry { at, happened });
        let surplus = self.entries.len().saturating_sub(KEPT);
        self.entries.drain(..surplus);
        let new = self.file.with_extension("new");
        let mut out = File::create(&new)?;
        for entry in &self.entries {
            serde_json::to_writer(&mut out, entry)?;
            out.write_all(b"\n")?;
        }
        // The step that downloads reads it, as another user.
        out.set_permissions(Permissions::from_mode(0o644))?;
        out.sync_all()?;
        fs::rename(&new, &self.file)?;
        // The new name must be on disk, too.
        File::open(self.file.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    /// The update into which the machine restarted and of which nothing was heard since.
    pub fn on_trial(&self) -> Option<&Version> {
        self.entries.iter().rev().find_map(|entry| match &entry.happened {
            Happened::Started { version } => Some(Some(version)),
            Happened::Healthy { .. } | Happened::Returned { .. } => Some(None),
            _ => None,
        })?
    }

    /// Whether this version was written into a slot once: whatever became of it, it is not fetched again.
    pub fn installed(&self, version: &Version) -> bool {
        self.entries
            .iter()
            .any(|entry| matches!(&entry.happened, Happened::Fetched { version: one, .. } if one == version))
    }

    /// Whether this version could not be made from what differs.
    pub fn difference_failed(&self, version: &Version) -> bool {
        let failed = |entry: &Entry| matches!(&entry.happened, Happened::DifferenceFailed { version: one, .. } if one == version);
        self.entries.iter().any(failed)
    }

    /// Whether something happened at this very moment.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.entries.iter().any(|entry| entry.at == at)
    }

    /// What became of the last update.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn what_was_added_is_there_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path());
        assert!(history.last().is_none() && history.on_trial().is_none());
        let at = Timestamp::from_second(1_780_000_000).unwrap();
        history.add(at, Happened::Started { version: version("2") }).unwrap();
        let mut again = History::open(folder.path());
        assert_eq!(again.entries, history.entries);
        assert_eq!(again.on_trial(), Some(&version("2")));
        again.add(at, Happened::Returned { from: version("2"), to: version("1"), tries: 3 }).unwrap();
        assert_eq!(again.on_trial(), None);
    }

    #[test]
    fn a_torn_line_loses_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path());
        history.add(Timestamp::UNIX_EPOCH, Happened::Healthy { version: version("2") }).unwrap();
        let file = folder.path().join("history.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}{}", &text[..text.len() / 2])).unwrap();
        assert_eq!(History::open(folder.path()).entries, history.entries);
    }

    #[test]
    fn the_list_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let line = |number: usize| {
            format!("{{\"at\":\"1970-01-01T00:00:00Z\",\"what\":\"not-fetched\",\"why\":\"{number}\"}}\n")
        };
        fs::write(folder.path().join("history.jsonl"), (0..KEPT).map(line).collect::<String>()).unwrap();
        let last = Happened::NotFetched { why: "last".into() };
        History::open(folder.path()).add(Timestamp::UNIX_EPOCH, last.clone()).unwrap();
        let entries = History::open(folder.path()).entries;
        assert_eq!(entries.len(), KEPT);
        assert_eq!(entries[0].happened, Happened::NotFetched { why: "1".into() });
        assert_eq!(entries[KEPT - 1].happened, last);
    }
}
