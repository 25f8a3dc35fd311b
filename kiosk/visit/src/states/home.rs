use super::{Choosing, Cx, EnteringStaffPin, Guiding, NeedsStaff, SettingUp, State, Step, Turn};
use crate::intent::{SetupTouch, StaffTouch};
use crate::session::Voice;
use crate::{Event, Intent, Policy};
use domain::setup::SetupAnswer;
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
            Event::Touch(Intent::Staff(StaffTouch::Door)) if cx.devices.staff_mode => {
                Turn::to(EnteringStaffPin::default())
            }
            Event::Touch(Intent::Setup(SetupTouch::Begin)) if cx.devices.setup => Turn::to(SettingUp::begin(cx)),
            Event::Setup(SetupAnswer::JustSet(language)) => {
                cx.session.settings.language = *language;
                Turn::to(SettingUp::ready(cx))
            }
            // Staff can be called, and nothing else.
            Event::Touch(Intent::CallStaff) if cx.devices.out_of_service => {
                Turn::to(NeedsStaff::called(cx, Self::NAME, State::home()))
            }
            _ if cx.devices.out_of_service => Turn::Stay,
            Event::Touch(Intent::Talk | Intent::Pick(_)) if cx.devices.voice == Voice::NotInstalled => Turn::Stay,
            Event::Touch(Intent::Talk) => Turn::to(Guiding::by_voice(cx)),
            Event::Touch(Intent::Pick(id)) => Turn::to(Guiding::by_touch(cx, id)),
            Event::Touch(Intent::Begin | Intent::Toggle(_))
                if cx.devices.out_of_order() || cx.catalogue.services.is_empty() =>
            {
                Turn::Stay
            }
            Event::Touch(Intent::Begin) => Turn::to(Choosing),
            Event::Touch(Intent::Toggle(service)) => {
                if cx.catalogue.service(service).is_some() {
                    cx.session.chosen.push(service.clone());
                }
                Turn::to(Choosing)
            }
            Event::Touch(Intent::CallStaff) => {
                let back = match cx.catalogue.services.is_empty() {
                    true => State::from(Guiding::at_rest(cx)),
                    false => Choosing.into(),
                };
                Turn::to(NeedsStaff::called(cx, Self::NAME, back))
            }
            _ => Turn::Stay,
        }
    }
}
