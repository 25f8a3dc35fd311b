use super::{Cx, Step, Turn};
use crate::{Event, Intent, Policy};
use domain::Timestamp;
use domain::kpi::KpiName;
use serde::Serialize;

/// How was it? One tap, never forced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rating {
    /// Since when.
    pub since: Timestamp,
}

impl Step for Rating {
    const NAME: &'static str = "rate";

    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Rate(level @ 1..=5)) => {
                cx.count(KpiName::Rated, "visit", u64::from(*level));
                Turn::End
            }
            Event::Touch(Intent::Next) => Turn::End,
            Event::Tick if cx.now.since(self.since) > cx.policy.rate_ms => Turn::End,
            _ => Turn::Stay,
        }
    }
}
