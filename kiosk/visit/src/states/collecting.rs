use super::{Cx, Rating, Step, Turn};
use crate::view::PaperState;
use crate::words::slip;
use crate::{Effect, Event, Intent, Policy};
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
}

impl Collecting {
    pub(super) fn begin(cx: &mut Cx, papers: Vec<(FormId, u16, PaperState)>) -> Self {
        cx.out(Effect::Card(CardCommand::Release));
        if cx.devices.slip_troubles.is_empty() {
            let job = slip(cx.catalogue, cx.session, &papers);
            cx.out(Effect::Printer(PrinterCommand::Slip(job)));
        }
        Self { papers, slip: None }
    }
}

impl Step for Collecting {
    const NAME: &'static str = "collect";

    /// Whoever leaves now is warned like everywhere; what they leave is then the business of [`super::Leftover`].
    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.collect_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Paper(PrinterEvent::Slip { visit, printed }) if *visit == cx.session.visit => {
                self.slip = Some(*printed);
                Turn::Stay
            }
            Event::Touch(Intent::Next) if cx.devices.card.is_none() => Turn::to(Rating { since: cx.now }),
            _ => Turn::Stay,
        }
    }
}
