use super::{Choosing, Cx, Step, Turn};
use crate::session::Voice;
use crate::{Effect, Event, Intent, Policy};
use domain::kpi::KpiName;
use domain::voice::{AnswerId, AskedOf, GuideAnswer, VoiceCommand, VoiceEvent};
use domain::{Language, Personal, RequestId, Timestamp};
use serde::Serialize;

/// What the guide is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turns {
    /// Nothing: it is the person's turn to touch.
    Waits,
    /// Opens the microphone.
    Opens,
    /// The microphone is open.
    Listens,
    /// Somebody speaks.
    Hears,
    /// Looks for the answer.
    Thinks,
    /// Says it.
    Speaks,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuideTrouble {
    /// Nobody spoke, or no word was understood.
    NothingHeard,
    /// No microphone.
    NoMicrophone,
    /// The port failed, or did not answer in time.
    Failed,
}

/// Asking the guide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guiding {
    /// What it is doing.
    pub turn: Turns,
    /// What was heard so far.
    pub heard: Option<Personal<String>>,
    /// The last answer.
    pub answer: Option<GuideAnswer>,
    /// Its language: the visitor may have chosen another since.
    answered_in: Language,
    /// Why there is none.
    pub trouble: Option<GuideTrouble>,
    /// How often in a row nothing was understood, or nothing was known.
    misses: u8,
    request: RequestId,
    since: Timestamp,
}

/// From so many misses in a row staff are offered first.
const MISSES: u8 = 2;

/// Nobody speaks longer than this to a machine; what was heard by then is the question.
const LONGEST_MS: u64 = 60_000;

impl Guiding {
    /// Somebody wants to speak.
    pub(super) fn by_voice(cx: &mut Cx) -> Self {
        let mut guiding = Self::at_rest(cx);
        guiding.listen(cx);
        guiding
    }

    /// Somebody touched a question.
    pub(super) fn by_touch(cx: &mut Cx, id: &AnswerId) -> Self {
        let mut guiding = Self::at_rest(cx);
        guiding.ask(cx, AskedOf::Chosen(id.clone()));
        guiding
    }

    /// Nothing was asked yet.
    pub(super) fn at_rest(cx: &Cx) -> Self {
        Self {
            turn: Turns::Waits,
            heard: None,
            answer: None,
            answered_in: Language::default(),
            trouble: None,
            misses: 0,
            request: RequestId::default(),
            since: cx.now,
        }
    }

    /// The same with nothing going on, to come back to.
    pub(super) fn rest(&self, cx: &mut Cx) -> Self {
        cx.out(Effect::Voice(VoiceCommand::Stop));
        Self { turn: Turns::Waits, ..self.clone() }
    }

    /// Whether staff should be offered before anything else.
    pub(crate) fn offers_staff(&self) -> bool {
        self.misses >= MISSES || self.answer.as_ref().is_some_and(|answer| answer.staff)
    }

    fn turns(&mut self, cx: &Cx, turn: Turns) {
        self.turn = turn;
        self.since = cx.now;
    }

    fn listen(&mut self, cx: &mut Cx) {
        self.trouble = None;
        self.heard = None;
        self.request = cx.request();
        self.turns(cx, Turns::Opens);
        let settings = cx.session.settings;
        let detect = cx.policy.detect_language && !cx.session.language_chosen;
        let (request, language) = (self.request, settings.language);
        cx.out(Effect::Voice(VoiceCommand::Listen { request, language, detect }));
    }

    fn ask(&mut self, cx: &mut Cx, question: AskedOf) {
        self.trouble = None;
        self.request = cx.request();
        self.turns(cx, Turns::Thinks);
        let (request, language) = (self.request, cx.session.settings.language);
        cx.out(Effect::Voice(VoiceCommand::Answer { request, language, question }));
    }

    fn say(&mut self, cx: &mut Cx) {
        let Some(answer) = &self.answer else { return };
        let text = answer.text.clone();
        self.request = cx.request();
        self.turns(cx, Turns::Speaks);
        let (request, language) = (self.request, self.answered_in);
        cx.out(Effect::Voice(VoiceCommand::Say { request, language, text }));
    }

    fn stop(&mut self, cx: &mut Cx) {
        cx.out(Effect::Voice(VoiceCommand::Stop));
        self.turns(cx, Turns::Waits);
    }

    fn missed(&mut self, cx: &mut Cx, trouble: GuideTrouble) {
        self.misses = self.misses.saturating_add(1);
        self.trouble = Some(trouble);
        self.stop(cx);
    }

    fn touched(&mut self, cx: &mut Cx, intent: &Intent) -> Turn {
        match intent {
            Intent::Talk if matches!(self.turn, Turns::Opens | Turns::Listens | Turns::Hears) => {
                cx.out(Effect::Voice(VoiceCommand::Enough));
            }
            Intent::Talk if cx.devices.voice != Voice::NotInstalled => self.listen(cx),
            Intent::Pick(id) if cx.devices.voice != Voice::NotInstalled => {
                self.heard = None;
                cx.out(Effect::Voice(VoiceCommand::Stop));
                self.ask(cx, AskedOf::Chosen(id.clone()));
            }
            Intent::SayAgain => self.say(cx),
            Intent::Hush => self.stop(cx),
            // Where there is nothing else to do, back is home.
            Intent::Back if cx.catalogue.services.is_empty() => return Turn::End,
            Intent::Back => {
                cx.out(Effect::Voice(VoiceCommand::Forget));
                return Turn::to(Choosing);
            }
            _ => {}
        }
        Turn::Stay
    }

    fn heard_of(&mut self, cx: &mut Cx, event: &VoiceEvent) {
        match event {
            VoiceEvent::NoMicrophone | VoiceEvent::Gone => {
                if matches!(self.turn, Turns::Opens | Turns::Listens | Turns::Hears) {
                    let gone = *event == VoiceEvent::Gone;
                    self.missed(cx, if gone { GuideTrouble::Failed } else { GuideTrouble::NoMicrophone });
                }
            }
            VoiceEvent::Listening(request) if *request == self.request && self.turn == Turns::Opens => {
                self.turns(cx, Turns::Listens);
            }
            VoiceEvent::Began(request) if *request == self.request => self.turns(cx, Turns::Hears),
            VoiceEvent::Partial { request, text } if *request == self.request => self.heard = Some(text.clone()),
            VoiceEvent::Heard { request, language, text } if *request == self.request => {
                cx.session.settings.language = *language;
                // The next question is in the language of the first.
                cx.session.language_chosen = true;
                cx.count(KpiName::QuestionHeard, language.tag(), 1);
                self.heard = Some(text.clone());
                self.ask(cx, AskedOf::Said(text.clone()));
            }
            VoiceEvent::NothingHeard(request) if *request == self.request => {
                self.missed(cx, GuideTrouble::NothingHeard);
            }
            VoiceEvent::Failed(request) if *request == self.request => self.missed(cx, GuideTrouble::Failed),
            VoiceEvent::Answered { request, answer } if *request == self.request => {
                match &answer.id {
                    Some(id) => {
                        self.misses = 0;
                        cx.session.completed = true;
                        cx.count(KpiName::QuestionAnswered, id.0.clone(), 1);
                    }
                    None if answer.choices.is_empty() => {
                        self.misses = self.misses.saturating_add(1);
                        let language = cx.session.settings.language;
                        cx.count(KpiName::QuestionUnanswered, language.tag(), 1);
                    }
                    None => {}
                }
                self.answer = Some((**answer).clone());
                self.answered_in = cx.session.settings.language;
                self.say(cx);
            }
            VoiceEvent::Said(request) if *request == self.request => {
                if cx.policy.hands_free && cx.devices.voice == Voice::There {
                    self.listen(cx);
                } else {
                    self.turns(cx, Turns::Waits);
                }
            }
            _ => {}
        }
    }

    /// No answer of the port is waited for longer than this.
    fn patience(&self, cx: &Cx) -> Option<u64> {
        match self.turn {
            Turns::Waits => None,
            Turns::Opens | Turns::Listens | Turns::Thinks => Some(cx.policy.voice_ms),
            Turns::Hears | Turns::Speaks => Some(LONGEST_MS.saturating_add(cx.policy.voice_ms)),
        }
    }
}

impl Step for Guiding {
    const NAME: &'static str = "guide";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        // Who listens to an answer does nothing else.
        matches!(self.turn, Turns::Waits | Turns::Listens).then_some(policy.idle_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(intent) => return self.touched(cx, intent),
            Event::Voice(event) => self.heard_of(cx, event),
            Event::Tick if self.patience(cx).is_some_and(|patience| cx.now.since(self.since) > patience) => {
                match self.turn {
                    Turns::Speaks => self.stop(cx),
                    _ => self.missed(cx, GuideTrouble::Failed),
                }
            }
            _ => {}
        }
        Turn::Stay
    }
}
