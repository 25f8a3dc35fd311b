//! Waiting for a condition, never for a time.

use anyhow::bail;
use std::time::{Duration, Instant};

/// Asks until `condition` gives something; fails with `what` after `limit`.
///
/// # Errors
/// When the limit is over, or the condition itself fails.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        if let Some(value) = condition()? {
            return Ok(value);
        }
        if began.elapsed() > limit {
            bail!("waited {limit:?} in vain for: {what}");
        }
        // The pace of asking, not a guess at how long things take.
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
