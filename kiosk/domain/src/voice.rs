//! What the voice port is asked and what it answers. Sound never leaves the port.

use crate::{Language, Personal, RequestId};
use serde::{Deserialize, Serialize};

/// An answer of the site's guide, or something about a place or event in it (`bath-towel`, `genpei-no-yu.hours`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnswerId(pub String);

/// To the voice port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoiceCommand {
    /// Open the microphone and hear one question; what is being said is over.
    Listen {
        /// Carried back by everything that comes of it.
        request: RequestId,
        /// The visitor's language.
        language: Language,
        /// Find the language out from the sound instead.
        detect: bool,
    },
    /// That was all: what was said so far is the question.
    Enough,
    /// Answer a question.
    Answer {
        /// Carried back by the answer.
        request: RequestId,
        /// The visitor's language.
        language: Language,
        /// What is asked.
        question: AskedOf,
    },
    /// Speak this text; what is being said is over.
    Say {
        /// Carried back when it was said.
        request: RequestId,
        /// The language of the text.
        language: Language,
        /// The text; Japanese with readings in the notation of [`crate::ruby`].
        text: String,
    },
    /// Open the microphone and say how loud it is, until [`Self::Stop`]; nothing is understood.
    Meter(RequestId),
    /// Say nothing more, and close the microphone.
    Stop,
    /// The visit is over: forget what was talked about, too.
    Forget,
}

/// What is asked of the guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AskedOf {
    /// What was heard.
    Said(Personal<String>),
    /// One of the things that were offered.
    Chosen(AnswerId),
}

/// From the voice port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoiceEvent {
    /// It can be asked. Until then, and where there is none, no question is offered.
    Ready,
    /// No sound comes from a microphone; questions can only be touched.
    NoMicrophone,
    /// It can no longer be asked, until it is [`Self::Ready`] again.
    Gone,
    /// The microphone is open: now is the time to speak.
    Listening(RequestId),
    /// Somebody speaks.
    Began(RequestId),
    /// What was understood so far.
    Partial {
        /// Of which listening.
        request: RequestId,
        /// The text so far.
        text: Personal<String>,
    },
    /// A question was heard.
    Heard {
        /// Of which listening.
        request: RequestId,
        /// Its language.
        language: Language,
        /// Its text.
        text: Personal<String>,
    },
    /// Nobody spoke, or no word was understood.
    NothingHeard(RequestId),
    /// The answer to a question.
    Answered {
        /// To which.
        request: RequestId,
        /// The answer.
        answer: Box<GuideAnswer>,
    },
    /// The port failed at this request; the next may succeed.
    Failed(RequestId),
    /// A text was said, or could not be.
    Said(RequestId),
    /// How loud it is, in per cent, several times a second.
    Level {
        /// Of which metering.
        request: RequestId,
        /// 0 for silence, 100 for the loudest that the microphone takes.
        percent: u8,
    },
}

/// Something that can be asked with one touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideChoice {
    /// What it leads to.
    pub id: AnswerId,
    /// In the visitor's language.
    pub label: String,
}

/// What the guide answers. Everything in it is the site's own content; nothing tells who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideAnswer {
    /// What was meant; `None` when it asks back or does not know.
    pub id: Option<AnswerId>,
    /// What is shown and said; Japanese with readings.
    pub text: String,
    /// The place to show.
    pub place: Option<PlaceShown>,
    /// What to choose from when it asks back.
    pub choices: Vec<GuideChoice>,
    /// What is often asked next.
    pub follow_ups: Vec<GuideChoice>,
    /// Whether staff should be offered.
    pub staff: bool,
}

/// A place as the screen shows it, seen from the kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceShown {
    /// Its name; Japanese with readings.
    pub name: String,
    /// "about 5 minutes on foot"; empty for what is right here.
    pub away: String,
    /// As the crow flies.
    pub metres: u32,
    /// Clockwise from north, in degrees.
    pub bearing: u16,
}
