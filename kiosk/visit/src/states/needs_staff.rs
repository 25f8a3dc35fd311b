use super::{Cx, State, Step, Turn};
use crate::{Event, Intent, Policy};
use serde::Serialize;

/// Staff were called; what was being done waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NeedsStaff {
    back: Box<State>,
}

impl NeedsStaff {
    pub(super) fn returning_to(back: State) -> Self {
        Self { back: Box::new(back) }
    }
}

impl Step for NeedsStaff {
    const NAME: &'static str = "staff";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Next | Intent::Back) => Turn::To(self.back.clone()),
            Event::Touch(_) | Event::Tick => Turn::Stay,
            // Printers and forms go on meanwhile.
            _ => match self.back.on(cx, event) {
                Turn::To(next) => {
                    self.back = next;
                    Turn::Stay
                }
                other => other,
            },
        }
    }
}
