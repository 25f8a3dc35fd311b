//! Speaks: a text becomes sound, sentence by sentence, in four languages, without a network.
//!
//! Japanese is spoken from full-context labels (jpreprocess, jbonsai); English by a small network over a lexicon; Chinese and
//! Korean by Kokoro. A sentence is ready long before it has been heard, so that the first sound comes at once; what was
//! recorded beforehand ([`Recordings`]) is not spoken at all, but played.

mod chinese;
mod english;
mod flac;
mod japanese;
mod kokoro;
mod korean;
mod numbers;
mod recordings;
mod said;
mod text;

pub use recordings::Recordings;
pub use said::in_words;
pub use text::{parts, sentences};

use domain::{Language, ruby};
use models::{ModelError, Models};
use reading::Reader;
use std::sync::Arc;

/// Sound: one channel, −1 to 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

impl Sound {
    /// Its length in seconds.
    pub fn seconds(&self) -> f32 {
        if self.rate == 0 { 0.0 } else { self.samples.len() as f32 / self.rate as f32 }
    }

    /// Without the silence before it, but for a moment in which a soft sound may begin.
    pub fn from_its_beginning(mut self) -> Self {
        const MOMENT_MS: usize = 30;
        let loud = self.samples.iter().position(|sample| sample.abs() > 0.01).unwrap_or(0);
        self.samples.drain(..loud.saturating_sub(self.rate as usize * MOMENT_MS / 1000));
        self
    }

    /// Brings the loudest moment to the usual level, so that all voices are alike.
    fn levelled(mut self) -> Self {
        let peak = self.samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        if peak > 1e-4 {
            let gain = 0.8 / peak;
            self.samples.iter_mut().for_each(|sample| *sample *= gain);
        }
        self
    }
}

/// A text cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// A voice's files.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A voice refuses.
    #[error("the {voice} voice cannot speak ({cause})")]
    Voice {
        /// Which.
        voice: &'static str,
        /// What it said.
        cause: String,
    },
}

pub(crate) fn fault<E: std::fmt::Display>(voice: &'static str) -> impl Fn(E) -> SpeechError {
    move |error| SpeechError::Voice { voice, cause: error.to_string() }
}

/// Speaks. Each voice is loaded when it is first used.
pub struct Speaker {
    models: Models,
    reader: Arc<Reader>,
    recordings: Option<Recordings>,
    japanese: Option<japanese::Voice>,
    english: Option<english::Voice>,
    kokoro: Option<kokoro::Kokoro>,
    chinese: Option<chinese::Speller>,
}

impl Speaker {
    /// With these models.
    pub fn new(models: Models, reader: Arc<Reader>) -> Self {
        Self { models, reader, recordings: None, japanese: None, english: None, kokoro: None, chinese: None }
    }

    /// Plays what was recorded instead of speaking it.
    pub fn with(mut self, recordings: Recordings) -> Self {
        self.recordings = Some(recordings);
        self
    }

    /// Whether a sentence will be played.
    pub fn has_recorded(&self, language: Language, sentence: &str) -> bool {
        self.recordings.as_ref().is_some_and(|recordings| recordings.find(language, sentence).is_some())
    }

    /// The sentence at the voice's own pace as it was recorded; one that cannot be read is as good as none.
    fn recorded(&self, language: Language, sentence: &str) -> Option<Sound> {
        let file = self.recordings.as_ref()?.find(language, sentence)?;
        Recordings::read(&file).ok()
    }

    /// One sentence (see [`sentences`]) as sound. `speed` is 1 for the voice's own pace; 0.8 is slower. Japanese may carry
    /// readings in the notation of [`domain::ruby`]: they are what is said.
    ///
    /// # Errors
    /// When a voice's files are missing or damaged, or the voice fails.
    pub fn say(&mut self, language: Language, sentence: &str, speed: f32) -> Result<Sound, SpeechError> {
        if speed == 1.0
            && let Some(sound) = self.recorded(language, sentence)
        {
            return Ok(sound.levelled());
        }
        let sound = match language {
            Language::Ja => {
                if self.japanese.is_none() {
                    self.japanese = Some(japanese::Voice::load(&self.models)?);
                }
                let spoken = text::japanese(&ruby::spoken(sentence));
                match &mut self.japanese {
                    Some(voice) => voice.say(self.reader.japanese(), &spoken, speed)?,
                    None => Sound::default(),
                }
            }
            Language::En => {
                if self.english.is_none() {
                    self.english = Some(english::Voice::load(&self.models)?);
                }
                match &mut self.english {
                    Some(voice) => voice.say(sentence, speed)?,
                    None => Sound::default(),
                }
            }
            Language::ZhHans => {
                let speller = self.chinese.get_or_insert_with(chinese::Speller::new);
                let phonemes = speller.phonemes(sentence);
                self.kokoro()?.say(&phonemes, "zf_xiaoxiao", speed)?
            }
            Language::Ko => self.kokoro()?.say(&korean::phonemes(sentence), "jf_nezumi", speed)?,
        };
        Ok(sound.levelled())
    }

    /// Kokoro's Japanese, English and Chinese voices by name, for questions in tests: `jf_alpha`, `jm_kumo`, `zm_yunjian`…
    ///
    /// # Errors
    /// As [`Speaker::say`].
    pub fn say_as(
        &mut self,
        language: Language,
        voice: &str,
        sentence: &str,
        speed: f32,
    ) -> Result<Sound, SpeechError> {
        let phonemes = match language {
            Language::Ja => japanese::phonemes(self.reader.japanese(), &text::japanese(&ruby::spoken(sentence))),
            Language::En => {
                if self.english.is_none() {
                    self.english = Some(english::Voice::load(&self.models)?);
                }
                match &mut self.english {
                    Some(voice) => voice.phonemes(sentence)?,
                    None => String::new(),
                }
            }
            Language::ZhHans => self.chinese.get_or_insert_with(chinese::Speller::new).phonemes(sentence),
            Language::Ko => korean::phonemes(sentence),
        };
        Ok(self.kokoro()?.say(&phonemes, voice, speed)?.levelled())
    }

    fn kokoro(&mut self) -> Result<&mut kokoro::Kokoro, SpeechError> {
        if self.kokoro.is_none() {
            self.kokoro = Some(kokoro::Kokoro::load(&self.models)?);
        }
        self.kokoro.as_mut().ok_or(SpeechError::Voice { voice: "Kokoro", cause: "not loaded".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::Sound;

    #[test]
    fn silence_before_a_voice_is_left_out() {
        let mut samples = vec![0.001; 1000];
        samples.extend([0.5, 0.0, -0.4]);
        let sound = Sound { rate: 1000, samples }.from_its_beginning();
        assert_eq!((sound.samples.len(), sound.samples[30]), (33, 0.5));
        assert_eq!(sound.clone().from_its_beginning(), sound);
        let silence = Sound { rate: 1000, samples: vec![0.0; 50] };
        assert_eq!(silence.clone().from_its_beginning(), silence);
    }
}
