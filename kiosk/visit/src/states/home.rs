use super::{Choosing, Cx, NeedsStaff, Step, Turn};
use crate::{Event, Intent, Policy};
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
            Event::Touch(Intent::Begin | Intent::Toggle(_)) if cx.devices.out_of_order() => Turn::Stay,
            Event::Touch(Intent::Begin) => Turn::to(Choosing),
            Event::Touch(Intent::Toggle(service)) => {
                if cx.catalogue.service(service).is_some() {
                    cx.session.chosen.push(service.clone());
                }
                Turn::to(Choosing)
            }
            Event::Touch(Intent::CallStaff) => Turn::to(NeedsStaff::called(cx, Self::NAME, Choosing.into())),
            _ => Turn::Stay,
        }
    }
}
