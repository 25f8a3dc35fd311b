//! `kiosk health`: whether this system is fit to stay.

use crate::program::{ProgramError, unit};
use std::time::{Duration, Instant};

/// The screen must stay up for this long: what crashes, crashes early.
const STEADY: Duration = Duration::from_secs(20);

/// No sooner than this is it given up.
const PATIENCE: Duration = Duration::from_secs(180);

const ASK: Duration = Duration::from_secs(1);

/// What the kiosk says of itself while it waits for a monitor that sleeps, or is not plugged in.
pub const NO_MONITOR: &str = "no monitor";

/// How the kiosk's unit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    active: bool,
    failed: bool,
    /// Which start of the program this is.
    invocation: String,
    /// It waits for a monitor: this says nothing of the system.
    waits: bool,
}

fn standing() -> Result<Standing, ProgramError> {
    let [active, invocation, says] = unit("kiosk.service", ["ActiveState", "InvocationID", "StatusText"])?;
    let waits = active == "activating" && says == NO_MONITOR;
    Ok(Standing { active: active == "active", failed: active == "failed", invocation, waits })
}

/// Whether the screen has been up, by one and the same start of the program, for long enough. Fed once a second or so.
#[derive(Debug, Default)]
struct Steady {
    since: Option<(String, Duration)>,
}

impl Steady {
    fn feed(&mut self, now: Duration, standing: &Standing) -> bool {
        if !standing.active {
            self.since = None;
            return false;
        }
        match &self.since {
            Some((invocation, since)) if *invocation == standing.invocation => now.saturating_sub(*since) >= STEADY,
            _ => {
                self.since = Some((standing.invocation.clone(), now));
                false
            }
        }
    }
}

/// Waits until the kiosk's screen has been up for twenty seconds without a restart. Devices that are absent are no reason to
/// take back an update: a cable can be pulled on the same day, and a monitor may sleep until morning.
///
/// Gives the exit code: 0 fit; 1 not.
pub fn run() -> i32 {
    let began = Instant::now();
    let mut patience = began;
    let mut steady = Steady::default();
    loop {
        match standing() {
            Ok(standing) if steady.feed(began.elapsed(), &standing) => return 0,
            // It has crashed so often that it is not started any more.
            Ok(standing) if standing.failed => break eprintln!("kiosk health: the kiosk has failed"),
            Ok(standing) if standing.waits => patience = Instant::now(),
            Ok(_) => {}
            Err(error) => break eprintln!("kiosk health: {error}"),
        }
        if patience.elapsed() > PATIENCE {
            break eprintln!("kiosk health: the screen did not stay up within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(ASK);
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_started_again_begins_anew() {
        let up = |start: &str| Standing { active: true, failed: false, invocation: start.into(), waits: false };
        let down = Standing { active: false, failed: false, invocation: String::new(), waits: false };
        let at = Duration::from_secs;
        let mut steady = Steady::default();
        assert!(!steady.feed(at(0), &up("a")));
        assert!(!steady.feed(at(19), &up("a")));
        assert!(!steady.feed(at(20), &up("b")));
        assert!(!steady.feed(at(39), &up("b")));
        assert!(!steady.feed(at(39), &down));
        assert!(!steady.feed(at(40), &up("b")));
        assert!(steady.feed(at(60), &up("b")));
    }
}
