use super::{Asking, Consent, Cx, Step, Turn, identify};
use crate::session::FactDraft;
use crate::{Event, Fact, Intent, Policy};
use domain::form::InputFault;
use serde::Serialize;

/// Checking the four facts; correcting or, without a card, typing them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Confirming {
    /// What is wrong with the fact that was typed last.
    pub fault: Option<(Fact, InputFault)>,
}

impl Step for Confirming {
    const NAME: &'static str = "confirm";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Correct(fact, answer)) => {
                self.fault = answer.fault.map(|fault| (*fact, fault));
                if answer.fault.is_none() {
                    cx.session.facts.insert(*fact, FactDraft { raw: answer.value.clone(), typed: true });
                }
                Turn::Stay
            }
            Event::Touch(Intent::Next) if self.fault.is_some() => {
                self.fault = None;
                Turn::Stay
            }
            Event::Touch(Intent::Next) => match cx.session.missing_facts().first() {
                Some(fact) => {
                    self.fault = Some((*fact, InputFault::Missing));
                    Turn::Stay
                }
                None => Asking::first(cx),
            },
            Event::Touch(Intent::Back) => {
                // A card that was read stays closed; what was typed by hand stays.
                if cx.session.tag.is_some() {
                    identify::let_go(cx);
                }
                Turn::to(Consent::default())
            }
            _ => Turn::Stay,
        }
    }
}
