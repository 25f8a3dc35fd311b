use super::{Confirming, Cx, Signing, Step, Turn};
use crate::{Event, Intent, Policy};
use domain::form::{InputFault, ValueId};
use serde::Serialize;

/// Answering what the forms still need, one question at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asking {
    /// The question on the screen.
    pub question: ValueId,
    /// What is wrong with the answer.
    pub fault: Option<InputFault>,
}

impl Asking {
    /// This question.
    pub(super) fn about(question: ValueId) -> Self {
        Self { question, fault: None }
    }

    /// The first question, or what comes after the questions where there is none.
    pub(super) fn first(cx: &mut Cx) -> Turn {
        match cx.session.questions(cx.catalogue).first() {
            Some(question) => Turn::to(Self::about(question.id.clone())),
            None => Signing::or_preview(cx),
        }
    }

    /// The last question, or what comes before the questions.
    pub(super) fn last(cx: &mut Cx) -> Turn {
        match cx.session.questions(cx.catalogue).last() {
            Some(question) => Turn::to(Self::about(question.id.clone())),
            None => Turn::to(Confirming::default()),
        }
    }

    fn position(&self, cx: &Cx) -> Option<usize> {
        cx.session.questions(cx.catalogue).iter().position(|question| question.id == self.question)
    }

    fn following(&self, cx: &mut Cx) -> Turn {
        let next = self.position(cx).map_or(0, |at| at + 1);
        match cx.session.questions(cx.catalogue).get(next) {
            Some(question) => Turn::to(Self::about(question.id.clone())),
            None => Signing::or_preview(cx),
        }
    }
}

impl Step for Asking {
    const NAME: &'static str = "ask";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            // An answer to a question that is no longer on the screen (a second tap) is dropped.
            Event::Touch(Intent::Answer(question, answer)) if *question == self.question => {
                self.fault = answer.fault;
                if answer.fault.is_some() {
                    return Turn::Stay;
                }
                cx.session.answers.insert(question.clone(), answer.clone());
                self.following(cx)
            }
            Event::Touch(Intent::Next) if self.fault.is_some() => {
                self.fault = None;
                Turn::Stay
            }
            Event::Touch(Intent::Next) => {
                let optional = self.position(cx).is_some_and(|at| cx.session.questions(cx.catalogue)[at].optional);
                if optional || cx.session.answers.contains_key(&self.question) {
                    self.following(cx)
                } else {
                    self.fault = Some(InputFault::Missing);
                    Turn::Stay
                }
            }
            Event::Touch(Intent::Back) => match self.position(cx).and_then(|at| at.checked_sub(1)) {
                Some(at) => Turn::to(Self::about(cx.session.questions(cx.catalogue)[at].id.clone())),
                None => Turn::to(Confirming::default()),
            },
            _ => Turn::Stay,
        }
    }
}
