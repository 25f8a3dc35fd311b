use super::{Collecting, Cx, Step, Turn};
use crate::view::PaperState;
use crate::{Effect, Event, Policy};
use domain::form::{FilledForm, FormId};
use domain::kpi::KpiName;
use domain::paper::{PrintJob, PrinterCommand, PrinterEvent};
use serde::Serialize;

/// Papers come out. A printer that stops keeps the visit waiting, it does not end it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Printing {
    /// The papers, in order, with their pages and how far each is.
    pub papers: Vec<(FormId, u16, PaperState)>,
}

impl Printing {
    /// Orders the papers that belong to this visit and this person; any other is left out and said to have failed.
    pub(super) fn begin(cx: &mut Cx, papers: Vec<FilledForm>) -> Self {
        let (ours, others): (Vec<_>, Vec<_>) =
            papers.into_iter().partition(|paper| paper.visit == cx.session.visit && paper.tag == cx.session.tag);
        let mut rows: Vec<_> =
            ours.iter().map(|paper| (paper.form.clone(), paper.pages, PaperState::Waiting)).collect();
        rows.extend(others.into_iter().map(|paper| (paper.form.clone(), paper.pages, PaperState::Failed)));
        if let Some(first) = rows.first_mut()
            && first.2 == PaperState::Waiting
        {
            first.2 = PaperState::Printing;
        }
        cx.out(Effect::Printer(PrinterCommand::Print(PrintJob {
            visit: cx.session.visit,
            tag: cx.session.tag,
            papers: ours,
        })));
        Self { papers: rows }
    }

    fn settle(&mut self, form: &FormId, state: PaperState) -> bool {
        let open = |state: PaperState| matches!(state, PaperState::Waiting | PaperState::Printing);
        let Some(row) = self.papers.iter_mut().find(|row| row.0 == *form && open(row.2)) else { return false };
        row.2 = state;
        if let Some(next) = self.papers.iter_mut().find(|row| open(row.2)) {
            next.2 = PaperState::Printing;
        }
        true
    }
}

impl Step for Printing {
    const NAME: &'static str = "printing";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        // Long, but not for ever: a person who leaves before a stopped printer must not leave papers to the next.
        Some(policy.idle_long_ms.saturating_mul(2))
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Paper(PrinterEvent::Printed { visit, form }) if *visit == cx.session.visit => {
                if self.settle(form, PaperState::Done) {
                    cx.count(KpiName::FormPrinted, form.0.clone(), 1);
                }
                Turn::Stay
            }
            Event::Paper(PrinterEvent::Failed { visit, form }) if *visit == cx.session.visit => {
                self.settle(form, PaperState::Failed);
                Turn::Stay
            }
            Event::Paper(PrinterEvent::Done { visit }) if *visit == cx.session.visit => {
                cx.session.completed = self.papers.iter().all(|row| row.2 == PaperState::Done);
                Turn::to(Collecting::begin(cx, std::mem::take(&mut self.papers)))
            }
            _ => Turn::Stay,
        }
    }
}

impl Effect {
    /// Whether this effect may bring paper out.
    pub fn prints(&self) -> bool {
        matches!(self, Self::Printer(PrinterCommand::Print(_) | PrinterCommand::Slip(_)))
    }
}
