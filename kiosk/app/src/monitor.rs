//! Monitors that sleep, or are unplugged. Without a display server nobody else looks after them.
//!
//! A picture is set up once, when the kiosk starts, on a monitor that is there. One that is asleep then is waited for; of one that
//! was away and is back nobody knows whether it still shows anything, so the kiosk starts anew between two visits.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel tells of each output (`CARD-OUTPUT/status`; Linux, Documentation/gpu/drm-kms.rst).
const OUTPUTS: &str = "/sys/class/drm";

/// What is known of the monitor.
#[derive(Debug)]
pub struct Monitor {
    outputs: PathBuf,
    was_away: bool,
}

impl Default for Monitor {
    fn default() -> Self {
        Self::at(Path::new(OUTPUTS))
    }
}

impl Monitor {
    fn at(outputs: &Path) -> Self {
        Self { outputs: outputs.to_owned(), was_away: false }
    }

    /// Whether a monitor is plugged in and awake; a machine that tells of no outputs is taken at its word when it draws.
    pub fn is_there(&self) -> bool {
        let outputs = fs::read_dir(&self.outputs).into_iter().flatten().flatten();
        let mut states = outputs.filter_map(|output| fs::read_to_string(output.path().join("status")).ok()).peekable();
        states.peek().is_none() || states.any(|state| state.trim_end() == "connected")
    }

    /// Looks at it, and tells whether it was away and is back.
    pub fn came_back(&mut self) -> bool {
        let there = self.is_there();
        let back = there && self.was_away;
        self.was_away |= !there;
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_away_is_noticed_when_it_is_back_and_stays_noticed() {
        let outputs = tempfile::tempdir().unwrap();
        let mut monitor = Monitor::at(outputs.path());
        assert!(monitor.is_there() && !monitor.came_back(), "nothing is told of outputs");
        let set = |output: &str, state: &str| {
            let folder = outputs.path().join(output);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("status"), format!("{state}\n")).unwrap();
        };
        // A card tells of itself, too, and has no status.
        fs::create_dir(outputs.path().join("card0")).unwrap();
        set("card0-HDMI-A-1", "disconnected");
        set("card0-DP-1", "connected");
        assert!(monitor.is_there() && !monitor.came_back());
        set("card0-DP-1", "disconnected");
        assert!(!monitor.is_there() && !monitor.came_back());
        set("card0-DP-1", "connected");
        // Somebody may be served now.
        assert!(monitor.came_back() && monitor.came_back());
    }
}
