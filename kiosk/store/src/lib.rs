//! The local database: what was counted, kept until it was sent; and what staff did, kept for good.
//!
//! Nothing personal can be in it: a count is a name of the catalogue ([`domain::kpi`]), a label of a closed alphabet, a
//! number, and the hour in which it happened. Nothing finer than the hour is kept: a second, beside a camera's clock, is a
//! person.

mod port;
mod staff;
mod summary;
pub mod tool;

pub use port::{Handle, SpawnError, spawn};
pub use staff::{AuditLine, Try};
pub use summary::{StepTime, Summary};

use domain::Date;
use domain::kpi::Kpi;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database's format; older ones are carried forward by [`MIGRATIONS`].
const MIGRATIONS: &[&str] = &[
    "
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
",
    "
ALTER TABLE outbox ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
UPDATE outbox SET epoch = lower(hex(randomblob(8)));
",
    "
CREATE TABLE staff (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    failures       INTEGER NOT NULL,
    locked_until   INTEGER NOT NULL,
    out_of_service INTEGER NOT NULL
) STRICT;
INSERT INTO staff VALUES (1, 0, 0, 0);
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      TEXT NOT NULL,
    action  TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'an audit line is not changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'an audit line is not deleted'); END;
",
];

/// How long another process that is at the database is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

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
    /// It is a database, but no kiosk's.
    #[error("not a database of counts")]
    Foreign,
}

/// A count on its way to central services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The database's own random mark. One that is begun anew counts its ids from 1 again.
    pub epoch: String,
    /// Never given twice within an epoch, also after pruning: the receiver drops what it has seen of both together.
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

    /// Opens a database that is there, to read it: nothing is repaired, carried forward or set aside. A kiosk may be
    /// counting in it meanwhile.
    ///
    /// # Errors
    /// When it cannot be read, is no database of counts, or is of a newer format.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = if with(path, "-wal").exists() {
            Connection::open_with_flags(path, flags)?
        } else {
            // Nobody counts in it. A mere reader would leave a journal behind, and could not read in a folder that it may
            // not write to.
            Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)?
        };
        connection.busy_timeout(PATIENCE)?;
        let version = version(&connection)?;
        if version > MIGRATIONS.len() as i64 {
            return Err(StoreError::Newer(version));
        }
        // Every format so far has had this table.
        connection.prepare("SELECT id, day, hour, name, label, value FROM event").map_err(|_| StoreError::Foreign)?;
        Ok(Self { connection })
    }

    fn open_sound(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        // Until it is known to be sound, closing it leaves file and journal as they are: they may yet be read by hand.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What was said to be counted survives the power cut of the next instant.
        connection.pragma_update(None, "synchronous", "FULL")?;
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(corrupt().into());
        }
        let version = version(&connection)?;
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
        connection.prepare("SELECT id, day, hour, name, label, value, sent_upto, epoch FROM event, outbox")?;
        connection.prepare("SELECT failures, locked_until, out_of_service, at, action, outcome FROM staff, audit")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
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
            "SELECT id, day, hour, name, label, value, epoch FROM event, outbox WHERE id > sent_upto ORDER BY id",
        )?;
        let rows = statement.query_map([], counted)?;
        // A name that this program no longer knows is not sent; however many there are, they do not hold up the others.
        rows.filter_map(Result::transpose).take(limit).collect::<Result<_, _>>().map_err(Into::into)
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
        epoch: row.get(6)?,
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

/// The format: how many migrations it has been through.
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
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

/// The file beside this one.
fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The name by which SQLite opens a file that nobody changes.
fn immutable(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri + "?immutable=1"
}

/// Renames the database and its journal, which may hold the newest counts and belongs to it alone.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let free = |aside: &PathBuf| !aside.exists() && !with(aside, "-wal").exists();
    let aside = (1..).map(|n: u32| with(path, &format!(".broken-{n}"))).find(free);
    let aside = aside.unwrap_or_else(|| with(path, ".broken"));
    let if_there = |done: std::io::Result<()>| match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    // The journal first: were the power cut between the two, the next start would find the broken database again, and not
    // a new one with another's journal.
    if_there(std::fs::rename(with(path, "-wal"), with(&aside, "-wal")))?;
    // Only an index of the journal.
    if_there(std::fs::remove_file(with(path, "-shm")))?;
    std::fs::rename(path, &aside)?;
    Ok(aside)
}
