use super::{Asking, Choosing, Confirming, Cx, Printing, Signing, State, Step, Turn};
use crate::{Effect, Event, Intent, Policy};
use domain::form::{FillJob, FillRefusal, FilledForm, FormEvent, FormId};
use domain::{RequestId, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// Why the papers could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewTrouble {
    /// Which form.
    pub form: FormId,
    /// Why.
    pub why: FillRefusal,
}

/// Looking at the filled pages before they are printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Previewing {
    /// Which job.
    pub request: RequestId,
    /// Since when the forms are being filled, or the next page drawn.
    pub since: Timestamp,
    /// The filled forms, once they are there.
    pub papers: Option<Vec<FilledForm>>,
    /// The forms whose first page the person can see. What was not seen is not printed.
    drawn: BTreeSet<FormId>,
    /// What was the matter.
    pub trouble: Option<PreviewTrouble>,
}

impl Previewing {
    /// Has the forms filled.
    pub(super) fn begin(cx: &mut Cx) -> State {
        let forms = cx.session.forms(cx.catalogue);
        let Some(today) = cx.devices.today else {
            // No clock has spoken yet: no form can be dated.
            return State::Confirm(Confirming::default());
        };
        let request = cx.request();
        let values = cx.session.values(cx.catalogue, today);
        cx.out(Effect::Fill(FillJob { request, visit: cx.session.visit, tag: cx.session.tag, forms, values }));
        Self { request, since: cx.now, papers: None, drawn: BTreeSet::new(), trouble: None }.into()
    }

    /// Whether the papers are filled and can be seen.
    pub fn ready(&self) -> bool {
        self.papers.as_ref().is_some_and(|papers| papers.iter().all(|paper| self.drawn.contains(&paper.form)))
    }

    /// The first form that is not there yet.
    fn awaited(&self, cx: &Cx) -> FormId {
        let forms = cx.session.forms(cx.catalogue);
        forms.into_iter().find(|form| !self.drawn.contains(form)).unwrap_or(FormId(String::new()))
    }

    fn refuse(&mut self, form: FormId, why: FillRefusal) -> Turn {
        self.trouble = Some(PreviewTrouble { form, why });
        Turn::Stay
    }
}

impl Step for Previewing {
    const NAME: &'static str = "preview";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Form(FormEvent::Filled { request, forms }) if *request == self.request => {
                self.papers = Some(forms.clone());
                self.trouble = None;
                self.since = cx.now;
                Turn::Stay
            }
            Event::Form(FormEvent::Drawn { request, form }) if *request == self.request => {
                self.drawn.insert(form.clone());
                self.since = cx.now;
                Turn::Stay
            }
            Event::Form(FormEvent::Refused { request, form, why }) if *request == self.request => {
                self.refuse(form.clone(), why.clone())
            }
            Event::Tick if !self.ready() && self.trouble.is_none() && cx.now.since(self.since) > cx.policy.fill_ms => {
                self.refuse(self.awaited(cx), FillRefusal::BrokenForm)
            }
            Event::Touch(Intent::Print) if self.ready() && self.trouble.is_none() => match self.papers.take() {
                Some(papers) => Turn::to(Printing::begin(cx, papers)),
                None => Turn::Stay,
            },
            Event::Touch(Intent::Drop(form)) if cx.session.forms(cx.catalogue).contains(form) => {
                cx.session.dropped.insert(form.clone());
                if cx.session.forms(cx.catalogue).is_empty() {
                    cx.session.dropped.clear();
                    return Turn::to(Choosing);
                }
                Turn::to(Self::begin(cx))
            }
            // The notice's own button: to the place where what is missing can be given.
            Event::Touch(Intent::Next) => match self.trouble.take().map(|trouble| trouble.why) {
                Some(FillRefusal::Missing(values)) => {
                    let open = cx.session.questions(cx.catalogue);
                    match values.iter().find(|id| open.iter().any(|question| question.id == **id)) {
                        Some(id) => Turn::to(Asking::about(id.clone())),
                        None if values.iter().any(|id| id.0 == "signature") => Turn::to(Signing),
                        None => Turn::to(Confirming::default()),
                    }
                }
                Some(FillRefusal::Undrawable(id) | FillRefusal::DoesNotFit(id)) => {
                    let open = cx.session.questions(cx.catalogue);
                    match open.iter().find(|question| question.id == id) {
                        Some(question) => Turn::to(Asking::about(question.id.clone())),
                        None => Turn::to(Confirming::default()),
                    }
                }
                Some(FillRefusal::BrokenForm) => Turn::to(Self::begin(cx)),
                None => Turn::Stay,
            },
            Event::Touch(Intent::Back) => {
                if cx.session.needs_signature(cx.catalogue) {
                    Turn::to(Signing)
                } else {
                    Asking::last(cx)
                }
            }
            _ => Turn::Stay,
        }
    }
}
