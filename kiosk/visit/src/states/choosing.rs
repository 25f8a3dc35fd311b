use super::{Consent, Cx, Guiding, Step, Turn};
use crate::session::Voice;
use crate::{Event, Intent, Policy};
use serde::Serialize;

/// Choosing one or several services.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Choosing;

impl Step for Choosing {
    const NAME: &'static str = "choose";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Toggle(service)) if cx.catalogue.service(service).is_some() => {
                let chosen = &mut cx.session.chosen;
                match chosen.iter().position(|known| known == service) {
                    Some(at) => drop(chosen.remove(at)),
                    None => chosen.push(service.clone()),
                }
                // A form that was taken out comes back with the service that brings it.
                cx.session.dropped.clear();
                Turn::Stay
            }
            Event::Touch(Intent::Talk) if cx.devices.voice != Voice::NotInstalled => Turn::to(Guiding::by_voice(cx)),
            Event::Touch(Intent::Next) if !cx.session.forms(cx.catalogue).is_empty() => Turn::to(Consent::default()),
            _ => Turn::Stay,
        }
    }
}
