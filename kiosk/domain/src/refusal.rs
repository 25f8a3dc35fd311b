//! How anything says no: the cause, what the person can do, and the other way (lessons §1.4).

use serde::{Deserialize, Serialize};

/// A refusal in words for the person at hand. It never holds a personal value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{cause} {remedy} {other_way}")]
pub struct Refusal {
    /// What happened.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
    /// How to reach the goal without it.
    pub other_way: String,
}

impl Refusal {
    /// A refusal of three sentences.
    pub fn new(cause: impl Into<String>, remedy: impl Into<String>, other_way: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into(), other_way: other_way.into() }
    }
}
