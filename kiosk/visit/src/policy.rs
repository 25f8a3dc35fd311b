//! The numbers a municipality may set.

use serde::{Deserialize, Serialize};

/// Time-outs, tries and demands. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Without a touch for this long on a screen that needs one answer, the person is warned.
    pub idle_ms: u64,
    /// The same on screens with much to read or to type.
    pub idle_long_ms: u64,
    /// From the warning to the end of the visit (WCAG 2.2.1 asks for at least 20 s).
    pub idle_warning_ms: u64,
    /// Face tries before only the other ways remain (NIST SP 800-63B-4: at most 5 without attack detection).
    pub face_tries: u8,
    /// A face try without a decision ends after this long.
    pub face_try_ms: u64,
    /// A card reading without an answer ends after this long.
    pub card_read_ms: u64,
    /// Filling without an answer ends after this long.
    pub fill_ms: u64,
    /// Data whose signatures could not be checked are refused like false ones.
    pub require_genuine: bool,
    /// The voice guide listens again after each answer, without a touch.
    pub hands_free: bool,
    /// The voice guide finds out the language of the first question, unless the person has chosen one.
    pub detect_language: bool,
    /// A question that was asked without an answer of the port ends after this long.
    pub voice_ms: u64,
    /// How long papers and card may be left before staff are told.
    pub collect_ms: u64,
    /// How long the rating waits for a tap.
    pub rate_ms: u64,
    /// Staff mode without a touch for this long closes.
    pub staff_idle_ms: u64,
    /// Staff mode closes after this long in any case.
    pub staff_most_ms: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            idle_ms: 60_000,
            idle_long_ms: 150_000,
            idle_warning_ms: 30_000,
            face_tries: 5,
            face_try_ms: 20_000,
            card_read_ms: 20_000,
            fill_ms: 20_000,
            require_genuine: true,
            hands_free: false,
            detect_language: false,
            voice_ms: 15_000,
            collect_ms: 45_000,
            rate_ms: 15_000,
            staff_idle_ms: 180_000,
            staff_most_ms: 1_800_000,
        }
    }
}
