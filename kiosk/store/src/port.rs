//! Counting on a thread of its own, so that nobody waits for a disk.

use crate::{Store, StoreError};
use domain::kpi::Kpi;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

/// The port's handle. Dropping it ends the thread after everything was written.
pub struct Handle {
    counts: Option<Sender<Kpi>>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// Counts something.
    pub fn send(&self, kpi: Kpi) {
        if let Some(counts) = &self.counts {
            // The thread lives as long as the handle.
            let _ = counts.send(kpi);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.counts = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Opens the database and starts the thread.
///
/// # Errors
/// When the database cannot be opened or no thread be started.
pub fn spawn(path: &Path) -> Result<Handle, SpawnError> {
    let store = Store::open(path)?;
    let (counts, receiver) = mpsc::channel::<Kpi>();
    let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
        for kpi in receiver {
            let now = jiff::ZonedDateTime::now();
            if let Err(error) = store.record(&kpi, now.date(), now.hour()) {
                // A count that is lost is a pity; a kiosk that stops is a queue.
                tracing::error!(%error, "a count was lost");
            }
        }
    })?;
    Ok(Handle { counts: Some(counts), thread: Some(thread) })
}

/// Why the port did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No thread could be started.
    #[error("no thread for the database of counts")]
    Thread(#[from] std::io::Error),
}
