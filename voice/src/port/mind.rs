//! Answers: the guide, and what this visitor talked about.

use super::pulse::{STEP, Steps};
use super::{Aside, HintsOf};
use crate::hints;
use crate::rephrase::{Endpoint, Rephraser};
use domain::voice::{AnswerId, AskedOf, GuideAnswer, GuideChoice, PlaceShown, VoiceEvent};
use domain::{Language, RequestId};
use guide::{Answerer, Asked, Choice, Dialogue, Reply, Unanswered};
use jiff::ZonedDateTime;
use jiff::civil::DateTime;
use std::sync::mpsc::Receiver;
use std::time::Instant;

pub(super) enum MindCommand {
    Answer { request: RequestId, language: Language, question: AskedOf },
    Forget,
}

pub(super) struct Mind {
    answerer: Answerer,
    dialogue: Dialogue,
    rephraser: Option<Rephraser>,
    at: Option<DateTime>,
    /// What the ear says besides.
    pub aside: Aside,
}

impl Mind {
    pub fn new(answerer: Answerer, rephrase: Option<Endpoint>, at: Option<DateTime>) -> Self {
        Self {
            answerer,
            dialogue: Dialogue::default(),
            rephraser: rephrase.map(Rephraser::new),
            at,
            aside: Aside::default(),
        }
    }

    pub fn hints(&self) -> HintsOf {
        Language::ALL
            .into_iter()
            .map(|language| (language, hints(self.answerer.guide(), self.answerer.reader(), language)))
            .collect()
    }

    pub fn run(
        &mut self,
        commands: &Receiver<MindCommand>,
        emit: &(dyn Fn(VoiceEvent) + Send + Sync),
        note: &dyn Fn(Vec<Unanswered>),
        steps: &Steps,
    ) {
        steps.rests();
        for command in commands {
            steps.takes(STEP);
            match command {
                MindCommand::Answer { request, language, question } => {
                    let begun = Instant::now();
                    let answer = self.answer(language, &question);
                    tracing::debug!(took = ?begun.elapsed(), "answered");
                    emit(match answer {
                        Some(answer) => VoiceEvent::Answered { request, answer: Box::new(answer) },
                        None => VoiceEvent::Failed(request),
                    });
                }
                MindCommand::Forget => {
                    self.aside.forget();
                    let unanswered = std::mem::take(&mut self.dialogue).take_unanswered();
                    if !unanswered.is_empty() {
                        note(unanswered);
                    }
                }
            }
            steps.rests();
        }
    }

    fn answer(&mut self, language: Language, question: &AskedOf) -> Option<GuideAnswer> {
        let now = self.at.unwrap_or_else(|| ZonedDateTime::now().datetime());
        let reply = match question {
            AskedOf::Said(text) => {
                let also = self.aside.take(text);
                let asked = match &also {
                    Some(also) => Asked::HeardTwice(text.reveal(), also.reveal()),
                    None => Asked::Heard(text.reveal()),
                };
                let reply = self.dialogue.ask(&self.answerer, language, asked, now);
                reply.inspect_err(|error| tracing::error!(%error, "a question cannot be looked up")).ok()?
            }
            AskedOf::Chosen(id) => self.dialogue.choose(&self.answerer, language, &id.0, now)?,
        };
        let reply = self.in_other_words(language, reply);
        Some(self.shown(language, reply))
    }

    fn in_other_words(&mut self, language: Language, mut reply: Reply) -> Reply {
        if let Some(rephraser) = self.rephraser.as_mut().filter(|_| may_be_reworded(&reply)) {
            reply.text = rephraser.rephrase(self.answerer.reader(), language, &reply.text);
        }
        reply
    }

    fn shown(&self, language: Language, reply: Reply) -> GuideAnswer {
        let choices = |choices: Vec<Choice>| -> Vec<GuideChoice> {
            choices.into_iter().map(|choice| GuideChoice { id: AnswerId(choice.id), label: choice.label }).collect()
        };
        GuideAnswer {
            id: reply.answer.map(AnswerId),
            text: reply.text,
            place: reply.place.and_then(|place| self.place(language, &place)),
            choices: choices(reply.choices),
            follow_ups: choices(reply.follow_ups),
            staff: reply.staff,
        }
    }

    fn place(&self, language: Language, id: &str) -> Option<PlaceShown> {
        let guide = self.answerer.guide();
        let (here, there) = (guide.places.get(&guide.site.here)?, guide.places.get(id)?);
        let (metres, bearing) = way(here.at, there.at);
        Some(PlaceShown {
            name: there.text(language).name.clone(),
            away: guide::away(language, there),
            metres,
            bearing,
        })
    }
}

/// Only what was answered may be said in other words. Help, emergencies and what a visitor wishes to book are said as they are
/// written, and go nowhere.
fn may_be_reworded(reply: &Reply) -> bool {
    reply.answer.is_some() && !reply.staff
}

/// The distance in metres and the direction in degrees from one place (latitude, longitude) to another, on a sphere of the
/// earth's mean radius.
fn way(from: (f64, f64), to: (f64, f64)) -> (u32, u16) {
    const RADIUS: f64 = 6_371_008.8;
    let (from_latitude, from_longitude) = (from.0.to_radians(), from.1.to_radians());
    let (to_latitude, to_longitude) = (to.0.to_radians(), to.1.to_radians());
    let (north, east) = (to_latitude - from_latitude, to_longitude - from_longitude);
    let half = (north / 2.0).sin().powi(2) + from_latitude.cos() * to_latitude.cos() * (east / 2.0).sin().powi(2);
    let metres = 2.0 * RADIUS * half.sqrt().min(1.0).asin();
    let bearing = (east.sin() * to_latitude.cos())
        .atan2(from_latitude.cos() * to_latitude.sin() - from_latitude.sin() * to_latitude.cos() * east.cos());
    (metres.round() as u32, bearing.to_degrees().rem_euclid(360.0).round() as u16 % 360)
}

#[cfg(test)]
mod tests {
    use super::{Reply, may_be_reworded, way};

    #[test]
    fn help_and_wishes_to_book_are_sent_to_no_model() {
        let reply = |answer: Option<&str>, staff| Reply {
            answer: answer.map(str::to_owned),
            text: "はい。".to_owned(),
            score: 1.0,
            source: None,
            place: None,
            choices: Vec::new(),
            follow_ups: Vec::new(),
            staff,
        };
        assert!(may_be_reworded(&reply(Some("bath-towel"), false)));
        assert!(!may_be_reworded(&reply(Some("fire-here"), true)));
        assert!(!may_be_reworded(&reply(Some("meeting-room.book"), true)));
        assert!(!may_be_reworded(&reply(None, false)));
    }

    #[test]
    fn ways_are_as_long_and_lead_where_the_map_says() {
        // Kanazawa station to Tsubata station: about 11.5 km, north-east.
        let (metres, bearing) = way((36.5781, 136.6480), (36.6691, 136.7290));
        assert!((12_000..12_900).contains(&metres), "{metres}");
        assert!((30..45).contains(&bearing), "{bearing}");
        assert_eq!(way((36.0, 136.0), (36.0, 136.0)), (0, 0));
        assert_eq!(way((36.0, 136.0), (35.0, 136.0)).1, 180);
        assert_eq!(way((0.0, 136.0), (0.0, 135.0)).1, 270);
    }
}
