//! What ties a paper to the visit that ordered it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since the kiosk's process began; monotonic, no calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The time `ms` milliseconds later.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One visit: from a person's first touch to the home screen. Counted on from the second in which the kiosk's process began,
/// so that no two visits of one kiosk share a number, whatever was restarted between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct VisitId(pub u64);

impl fmt::Display for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V{:06}", self.0)
    }
}

/// One request to a port; the answer carries it back, so that an answer that comes late, for a visit that has ended or a
/// try that was given up, is recognised and dropped. Never reused while the kiosk runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// Says that two things belong to the same identified person, without saying who: a random number drawn when a card
/// was read, carried by everything made from that reading, and compared again before paper comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IdentityTag(pub u64);
