//! What staff mode keeps: the wrong tries, whether the kiosk is out of service, and what was done, line after line.

use crate::{Store, StoreError};
use domain::staff::{StaffAction, StaffOutcome};
use rusqlite::params;
use serde::Serialize;
use std::time::Duration;

/// So many wrong tries in a row are free of a wait.
const FREE: u32 = 2;

/// The wait after the first try that is not; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// A line of what staff did. Who they were is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// When: UTC, to the second.
    pub at: String,
    /// What was done.
    pub action: String,
    /// What came of it.
    pub outcome: String,
}

/// Whether a PIN may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// It may, and counts as wrong until [`Store::right_pin`] says otherwise.
    Counted {
        /// How long no other is taken, if it is wrong.
        wait: Duration,
    },
    /// Not before this time is over.
    Locked(Duration),
}

/// The wait after so many wrong tries in a row.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => LONGEST_WAIT.min(FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings))),
    }
}

impl Store {
    /// Takes a try at a PIN. It is on the disk as a wrong one before this returns, so that whoever pulls the plug while it
    /// is being judged has gained nothing. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When the disk does not take it: then no PIN may be looked at.
    pub fn try_pin(&self, now: i64) -> Result<Try, StoreError> {
        let (failures, until): (u32, i64) =
            self.connection
                .query_row("SELECT failures, locked_until FROM staff", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // A clock that was set back must not lock for longer than any lock lasts.
        let longest = i64::try_from(wait_after(failures).as_secs()).unwrap_or(0);
        let left = until.saturating_sub(now).min(longest);
        if let Ok(seconds @ 1..) = u64::try_from(left) {
            return Ok(Try::Locked(Duration::from_secs(seconds)));
        }
        let failures = failures.saturating_add(1);
        let wait = wait_after(failures);
        let until = now.saturating_add(i64::try_from(wait.as_secs()).unwrap_or(0));
        self.connection.execute("UPDATE staff SET failures = ?1, locked_until = ?2", params![failures, until])?;
        Ok(Try::Counted { wait })
    }

    /// The PIN was right: the tries before it count no longer.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn right_pin(&self) -> Result<(), StoreError> {
        self.connection.execute("UPDATE staff SET failures = 0, locked_until = 0", [])?;
        Ok(())
    }

    /// Whether staff have taken the kiosk out of service.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn out_of_service(&self) -> Result<bool, StoreError> {
        Ok(self.connection.query_row("SELECT out_of_service FROM staff", [], |row| row.get(0))?)
    }

    /// Remembers whether they have.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn set_out_of_service(&self, out: bool) -> Result<(), StoreError> {
        self.connection.execute("UPDATE staff SET out_of_service = ?1", [out])?;
        Ok(())
    }

    /// Keeps a line of what staff did. Lines are never changed and never deleted; the database itself refuses that.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn audit(&self, at: &jiff::Timestamp, action: StaffAction, outcome: StaffOutcome) -> Result<(), StoreError> {
        let at = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut statement =
            self.connection.prepare_cached("INSERT INTO audit (at, action, outcome) VALUES (?1, ?2, ?3)")?;
        statement.execute(params![at, action.name(), outcome.name()])?;
        Ok(())
    }

    /// The newest lines, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit_lines(&self, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT at, action, outcome FROM audit ORDER BY id DESC LIMIT ?1")?;
        let rows = statement
            .query_map([limit], |row| Ok(AuditLine { at: row.get(0)?, action: row.get(1)?, outcome: row.get(2)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
