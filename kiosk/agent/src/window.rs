//! The hours in which the kiosk may restart by itself.

use jiff::civil::Time;
use std::str::FromStr;

/// From the first time of day up to the second, over midnight where the second is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Window {
    from: Time,
    until: Time,
}

/// Not a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no maintenance window: write it as \"02:00-04:30\"")]
pub struct NoWindow(String);

impl Default for Window {
    /// Two to half past four in the night.
    fn default() -> Self {
        Self { from: jiff::civil::time(2, 0, 0, 0), until: jiff::civil::time(4, 30, 0, 0) }
    }
}

impl Window {
    /// Whether the window is open.
    pub fn holds(&self, time: Time) -> bool {
        if self.from <= self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

impl FromStr for Window {
    type Err = NoWindow;

    fn from_str(text: &str) -> Result<Self, NoWindow> {
        let no = || NoWindow(text.to_owned());
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| no());
        let (from, until) = text.split_once('-').ok_or_else(no)?;
        let window = Self { from: time(from)?, until: time(until)? };
        if window.from == window.until { Err(no()) } else { Ok(window) }
    }
}

impl TryFrom<String> for Window {
    type Error = NoWindow;

    fn try_from(text: String) -> Result<Self, NoWindow> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    #[test]
    fn a_window_may_span_midnight() {
        let night: Window = "23:30-01:00".parse().unwrap();
        assert!(night.holds(time(23, 30, 0, 0)) && night.holds(time(0, 59, 59, 0)));
        assert!(!night.holds(time(1, 0, 0, 0)) && !night.holds(time(12, 0, 0, 0)));
        let early = Window::default();
        assert_eq!(early.to_string(), "02:00-04:30");
        assert!(early.holds(time(2, 0, 0, 0)) && !early.holds(time(4, 30, 0, 0)));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for not in ["", "02:00", "02:00-02:00", "25:00-26:00", "2-4", "night"] {
            assert!(not.parse::<Window>().is_err(), "{not}");
        }
    }
}
