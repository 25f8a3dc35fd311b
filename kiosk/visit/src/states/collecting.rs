use super::{Cx, Rating, Step, Turn};
use crate::view::PaperState;
use crate::words::slip;
use crate::{Effect, Event, Intent, Policy, StaffReason};
use domain::Timestamp;
use domain::card::CardCommand;
use domain::form::FormId;
use domain::paper::{PrinterCommand, PrinterEvent};
use serde::Serialize;

/// Take your card and your papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collecting {
    /// The papers.
    pub papers: Vec<(FormId, u16, PaperState)>,
    /// Whether the slip is out; `None` while it is awaited.
    pub slip: Option<bool>,
    /// Since when.
    pub since: Timestamp,
    /// Staff know that a card lies here.
    pub told: bool,
}

impl Collecting {
    pub(super) fn begin(cx: &mut Cx, papers: Vec<(FormId, u16, PaperState)>) -> Self {
        cx.out(Effect::Card(CardCommand::Release));
        if cx.devices.slip_troubles.is_empty() {
            let job = slip(cx.catalogue, cx.session, &papers);
            cx.out(Effect::Printer(PrinterCommand::Slip(job)));
        }
        Self { papers, slip: None, since: cx.now, told: false }
    }
}

impl Step for Collecting {
    const NAME: &'static str = "collect";

    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        let card_there = cx.devices.card.is_some();
        match event {
            Event::Paper(PrinterEvent::Slip { visit, printed }) if *visit == cx.session.visit => {
                self.slip = Some(*printed);
                Turn::Stay
            }
            Event::Touch(Intent::Next) if !card_there => Turn::to(Rating { since: cx.now }),
            Event::Tick if cx.now.since(self.since) > cx.policy.collect_ms => {
                if !card_there {
                    return Turn::to(Rating { since: cx.now });
                }
                if !self.told {
                    self.told = true;
                    cx.out(Effect::CallStaff(StaffReason::CardLeft));
                }
                // The card is somebody's: the screen keeps saying so, but the person's data do not wait with it.
                if cx.now.since(self.since) > cx.policy.collect_ms.saturating_mul(4) { Turn::End } else { Turn::Stay }
            }
            _ => Turn::Stay,
        }
    }
}
