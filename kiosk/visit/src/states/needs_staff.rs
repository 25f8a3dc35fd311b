use super::{Cx, Rating, State, Step, Turn};
use crate::session::StaffCall;
use crate::{Effect, Event, Intent, Policy, StaffReason};
use domain::kpi::KpiName;
use serde::Serialize;

/// Staff were called; what was being done waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NeedsStaff {
    pub(super) back: Box<State>,
}

impl NeedsStaff {
    /// Nothing of a visit stands behind it: the kiosk is out of service.
    pub(crate) fn waits_for_nothing(&self) -> bool {
        self.back.is_home()
    }

    /// Calls staff, and waits.
    pub(super) fn called(cx: &mut Cx, from: &str, back: State) -> Self {
        Self::call(cx, from);
        Self { back: Box::new(back) }
    }

    fn call(cx: &mut Cx, from: &str) {
        cx.out(Effect::CallStaff(StaffReason::Asked));
        cx.count(KpiName::StaffCalled, from, 1);
    }
}

impl Step for NeedsStaff {
    const NAME: &'static str = "staff";

    /// Never less than what waits behind it would have given.
    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(self.back.patience_ms(policy).map_or(policy.idle_long_ms, |back| back.max(policy.idle_long_ms)))
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Next | Intent::Back) if self.waits_for_nothing() => Turn::End,
            Event::Touch(Intent::Next | Intent::Back) => match &*self.back {
                // Its time-out is its own and stood still meanwhile.
                State::Rate(_) => Turn::to(Rating { since: cx.now }),
                back => Turn::To(Box::new(back.clone())),
            },
            Event::Touch(Intent::CallStaff) if cx.devices.staff == StaffCall::NotReached => {
                Self::call(cx, Self::NAME);
                Turn::Stay
            }
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
