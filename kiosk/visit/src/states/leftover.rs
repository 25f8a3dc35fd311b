use super::{Cx, State, Step, Turn};
use crate::{Effect, Event, Intent, Policy, StaffReason};
use domain::Timestamp;
use domain::kpi::KpiName;
use serde::Serialize;

/// The visit is over and forgotten, but a card or papers of it lie here: nobody else begins before they are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// A card lies on the reader.
    pub card: bool,
    /// Papers lie in the tray, as far as is known.
    pub papers: bool,
    /// Since when.
    since: Timestamp,
    /// Staff were called.
    pub told: bool,
}

impl Leftover {
    /// What a visit leaves behind; home, where that is nothing.
    pub(crate) fn or_home(card: bool, papers: bool, now: Timestamp) -> State {
        if card || papers { Self { card, papers, since: now, told: false }.into() } else { State::home() }
    }

    fn gone(&self) -> Turn {
        if self.card || self.papers { Turn::Stay } else { Turn::To(Box::new(State::home())) }
    }
}

impl Step for Leftover {
    const NAME: &'static str = "leftover";

    /// There is no visit that could be ended.
    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        // The reader sees the card go; of the papers, it is said.
        self.card = cx.devices.card.is_some();
        match event {
            Event::Touch(Intent::Next) => self.papers = false,
            Event::Touch(Intent::CallStaff) => {
                self.told = true;
                cx.out(Effect::CallStaff(StaffReason::Asked));
                cx.count(KpiName::StaffCalled, Self::NAME, 1);
            }
            Event::Tick => {
                let waited = cx.now.since(self.since);
                if waited > cx.policy.collect_ms && !self.told {
                    self.told = true;
                    let reason = if self.card { StaffReason::CardLeft } else { StaffReason::PapersLeft };
                    cx.out(Effect::CallStaff(reason));
                }
                // Nothing sees the tray. Staff have had time to clear it; a card stays until it is taken.
                self.papers &= waited <= cx.policy.collect_ms.saturating_mul(4);
            }
            _ => {}
        }
        self.gone()
    }
}
