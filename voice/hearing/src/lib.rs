//! Hears: sound becomes text. Voice activity says where somebody speaks; a recogniser says what. Recognisers stand behind one
//! trait, so that another engine or another model drops in.

mod likely;
mod second;
mod sound;
mod vad;
mod vosk;
mod whisper;

pub use likely::Likely;
pub use second::SecondEar;
pub use sound::{RATE, Recording, SoundError, loudness, read_wav, resample, write_wav};
pub use vad::{Activity, BEGAN, ENDED, FRAME, Span, Vad};
pub use vosk::Vosk;
pub use whisper::Whisper;

use domain::Language;
use models::ModelError;
use sounds::Sentences;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something that was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The language: the one that was asked for, or the one that was detected.
    pub language: Language,
    /// The text; empty where nothing was understood.
    pub text: String,
    /// How another ear understood the same sound, where one did.
    pub also: Option<String>,
    /// 0 to 1: the mean of the chances of the text's tokens.
    pub confidence: f32,
    /// Where in the sound it lies, in milliseconds.
    pub from_ms: u64,
    /// See `from_ms`.
    pub until_ms: u64,
}

/// What may help a recogniser.
#[derive(Clone, Default)]
pub struct Hints {
    /// Names and words that are likely here.
    pub words: Vec<String>,
    /// Whole sentences that are likely here.
    pub likely: Option<Arc<Likely>>,
    /// The same for the [`SecondEar`].
    pub sentences: Option<Arc<Sentences>>,
}

/// Whether what is being recognised is still wanted, as the thread that ordered it says.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    newest: Arc<AtomicU64>,
    ticket: u64,
}

impl Wanted {
    /// It is, as long as this is the number of the newest order.
    pub fn while_newest(newest: Arc<AtomicU64>, ticket: u64) -> Self {
        Self { newest, ticket }
    }

    /// Whether something else was ordered since.
    pub fn is_over(&self) -> bool {
        self.newest.load(Ordering::Relaxed) != self.ticket
    }
}

/// Nothing can be heard.
#[derive(Debug, thiserror::Error)]
pub enum HearingError {
    /// A model's files.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A sound file.
    #[error(transparent)]
    Sound(#[from] SoundError),
    /// A recogniser refuses.
    #[error("the recogniser {engine} failed ({cause})")]
    Engine {
        /// Which.
        engine: &'static str,
        /// What it said.
        cause: String,
    },
}

/// Turns sound into text.
pub trait Recogniser: Send {
    /// Recognises one piece of sound (16 kHz, one channel). `language` is `None` where it is to be detected.
    ///
    /// # Errors
    /// When the engine fails; a sound without speech gives an empty list.
    fn hear(&mut self, samples: &[f32], language: Option<Language>, hints: &Hints) -> Result<Vec<Heard>, HearingError>;

    /// What is recognised from now on may be given up, with an error, once it is not wanted any more. An engine that cannot give
    /// up goes on to its end.
    fn only_while(&mut self, _wanted: Wanted) {}
}
