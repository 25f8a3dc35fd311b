use super::{Choosing, Cx, NeedsStaff, Step, Turn};
use crate::{Effect, Event, Intent, Policy, StaffReason};
use domain::kpi::KpiName;
use serde::Serialize;

/// Nobody is there; the next touch begins a visit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Home;

impl Step for Home {
    const NAME: &'static str = "home";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Begin) => Turn::to(Choosing),
            Event::Touch(Intent::Toggle(service)) => {
                if cx.catalogue.service(service).is_some() {
                    cx.session.chosen.push(service.clone());
                }
                Turn::to(Choosing)
            }
            Event::Touch(Intent::CallStaff) => {
                cx.out(Effect::CallStaff(StaffReason::Asked));
                cx.count(KpiName::StaffCalled, Self::NAME, 1);
                Turn::to(NeedsStaff::returning_to(Choosing.into()))
            }
            _ => Turn::Stay,
        }
    }
}
