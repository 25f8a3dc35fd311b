//! The local database: what was counted, kept until it was sent.
//!
//! Nothing personal can be in it: a count is a name of the catalogue ([`domain::kpi`]), a label of a closed alphabet, a
//! number, and the hour in which it happened. Nothing finer than the hour is kept: a second, beside a camera's clock, is a
//! person.

mod port;
mod summary;
pub mod tool;

pub use port::{Handle, SpawnError, spawn};
pub use summary::{StepTime, Summary};

use domain::Date;
use domain::kpi::Kpi;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database's format; older ones are carried forward by [`MIGRATIONS`].
const MIGRATIONS: &[&str] = &["
CREATE TABLE event (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    day   TEXT    NOT NULL,
    hour  INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
    name  TEXT    NOT NULL,
    label TEXT    NOT NULL,
    value INTEGER NOT NULL
) STRICT;
CREATE INDEX event_by_day ON event (day);
CREATE TABLE outbox (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    sent_upto INTEGER NOT NULL
) STRICT;
INSERT INTO outbox VALUES (1, 0);
"];

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused (a full disk, a folder that cannot be written).
    #[error("the database of counts: {0}")]
    Database(#[from] rusqlite::Error),
    /// A broken database could not be set aside.
    #[error("{path}: a broken database that cannot be set aside")]
    Stuck {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It was written by a newer program.
    #[error("the database of counts is of format {0}, which this program does not know")]
    Newer(i64),
}

/// A count on its way to central services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Never given twice, also after pruning: the receiver drops what it has seen.
    pub id: i64,
    /// The day.
    pub day: Date,
    /// The hour, 0 to 23.
    pub hour: i8,
    /// What was counted.
    #[serde(flatten)]
    pub kpi: Kpi,
}

/// The database.
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens the database, and makes it where there is none. A broken one is set aside (`NAME.broken-1`) and a new one
    /// begun: counting never stops a kiosk.
    ///
    /// # Errors
    /// When the file cannot be opened, made or set aside, or is of a newer format.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match Self::open_sound(path) {
            Err(StoreError::Database(error)) if is_broken(&error) => {
                let aside = set_aside(path).map_err(|source| StoreError::Stuck { path: path.to_owned(), source })?;
                tracing::error!(%error, aside = %aside.display(), "a broken database of counts was set aside");
                Self::open_sound(path)
            }
            opened => opened,
        }
    }

    fn open_sound(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What was said to be counted survives the power cut of the next instant.
        connection.pragma_update(None, "synchronous", "FULL")?;
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(corrupt().into());
        }
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let known = MIGRATIONS.len() as i64;
        let Some(todo) = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done..)) else {
            return Err(if version > known { StoreError::Newer(version) } else { corrupt().into() });
        };
        let transaction = connection.transaction()?;
        for migration in todo {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()?;
        // A database that only looks like ours is as good as broken.
        connection.prepare("SELECT id, day, hour, name, label, value FROM event, outbox")?;
        Ok(Self { connection })
    }

    /// Keeps a count. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn record(&self, kpi: &Kpi, day: Date, hour: i8) -> Result<i64, StoreError> {
        let closed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        // A label is never typed by a person; should one ever slip in, it does not get here.
        let label = if kpi.label.len() <= 64 && kpi.label.chars().all(closed) { kpi.label.as_str() } else { "other" };
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO event (day, hour, name, label, value) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let value = i64::try_from(kpi.value).unwrap_or(i64::MAX);
        Ok(statement.insert(params![day.to_string(), hour, name(kpi), label, value])?)
    }

    /// What has not been sent yet, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pending(&self, limit: usize) -> Result<Vec<Counted>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, day, hour, name, label, value FROM event WHERE id > (SELECT sent_upto FROM outbox) ORDER BY id LIMIT ?1",
        )?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], counted)?;
        // A name that this program no longer knows is not sent; it does not hold up the others.
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Everything up to this id was received.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn acknowledge(&self, up_to: i64) -> Result<(), StoreError> {
        // Neither backwards nor beyond what was counted: a confused receiver must not swallow the future.
        self.connection.execute(
            "UPDATE outbox SET sent_upto = max(sent_upto, min(?1, (SELECT coalesce(max(id), 0) FROM event)))",
            [up_to],
        )?;
        Ok(())
    }

    /// Deletes what was sent and is older than this day.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn prune(&self, before: Date) -> Result<usize, StoreError> {
        Ok(self.connection.execute(
            "DELETE FROM event WHERE day < ?1 AND id <= (SELECT sent_upto FROM outbox)",
            [before.to_string()],
        )?)
    }

    /// The first and last day on which anything was counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn days(&self) -> Result<Option<(Date, Date)>, StoreError> {
        let range = self
            .connection
            .query_row("SELECT min(day), max(day) FROM event", [], |row| {
                Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()?;
        let (Some((Some(first), Some(last))),) = (range,) else { return Ok(None) };
        Ok(first.parse().ok().zip(last.parse().ok()))
    }
}

fn counted(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Counted>> {
    let (day, name): (String, String) = (row.get(1)?, row.get(3)?);
    let kpi = serde_json::from_value(serde_json::Value::String(name)).ok().map(|name| (name, row.get(4), row.get(5)));
    let (Some((name, label, value)), Ok(day)) = (kpi, day.parse()) else { return Ok(None) };
    let value: i64 = value?;
    Ok(Some(Counted {
        id: row.get(0)?,
        day,
        hour: row.get(2)?,
        kpi: Kpi { name, label: label?, value: u64::try_from(value).unwrap_or(0) },
    }))
}

/// The catalogue's own name.
fn name(kpi: &Kpi) -> String {
    serde_json::to_value(kpi.name).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn corrupt() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, None)
}

fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let missing = message.as_deref().is_some_and(|text| {
                ["no such table", "no such column", "already exists", "unsupported file format"]
                    .iter()
                    .any(|sign| text.contains(sign))
            });
            matches!(failure.code, DatabaseCorrupt | NotADatabase) || missing
        }
        rusqlite::Error::SqlInputError { .. } => true,
        _ => false,
    }
}

/// Renames the database and its companions.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = (1..).map(|n: u32| beside(&format!(".broken-{n}"))).find(|aside| !aside.exists());
    let aside = aside.unwrap_or_else(|| beside(".broken"));
    std::fs::rename(path, &aside)?;
    for companion in ["-wal", "-shm"] {
        // A journal of another database must not be applied to the new one.
        match std::fs::remove_file(beside(companion)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}
