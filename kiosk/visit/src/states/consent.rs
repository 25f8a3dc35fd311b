use super::identify;
use super::{CardTrouble, Choosing, Cx, Step, Turn};
use crate::{Event, Intent, Policy};
use serde::Serialize;

/// What is read and what is kept, before anything is read; the person agrees by choosing a way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Consent {
    /// Why an earlier way did not go on.
    pub trouble: Option<CardTrouble>,
}

impl Step for Consent {
    const NAME: &'static str = "consent";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Identify(way)) => identify::begin(cx, *way),
            Event::Touch(Intent::Next) if self.trouble.is_some() => {
                self.trouble = None;
                Turn::Stay
            }
            Event::Touch(Intent::Back) => Turn::to(Choosing),
            _ => Turn::Stay,
        }
    }
}
