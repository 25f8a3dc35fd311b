//! A second ear for Japanese: a network (pydomino's) that knows the sounds of the language and none of its words, and the
//! sentences that are likely here.
//!
//! Whisper knows all words and so writes those that it likes; this one hears what was said, and finds it only where it is
//! the kind of thing that is said here. Each mishears something else.

use crate::{HearingError, RATE};
use models::{Effort, Models};
use ort::session::Session;
use ort::value::TensorRef;
use sounds::{Found, Frames, Sentences, quieted};
use zeroize::Zeroizing;

/// A sentence that is further behind the best run of sounds, a logarithm a sound, is not what was said. Nearly all that is said
/// without noise is nearer; half of what babble makes is not.
const FITS: f32 = 1.2;

/// More of a sentence may not be unknown here: of what was said elsewhere it knows nothing.
const UNKNOWN: f32 = 0.5;

/// What is longer is no question, in samples; and what is shorter no word.
const LENGTH: std::ops::Range<usize> = RATE as usize * 2 / 5..RATE as usize * 20;

/// The second ear.
pub struct SecondEar {
    session: Session,
}

impl SecondEar {
    /// Loads the network.
    ///
    /// # Errors
    /// When its file is missing or damaged.
    pub fn load(models: &Models) -> Result<Self, HearingError> {
        Ok(Self { session: models.network("phonemes.onnx", Effort::Full, 1)? })
    }

    /// The likely sentence that was said (16 kHz, one channel); `None` where none fits.
    ///
    /// # Errors
    /// When the network fails.
    pub fn hear(&mut self, samples: &[f32], sentences: &Sentences) -> Result<Option<String>, HearingError> {
        if !LENGTH.contains(&samples.len()) || samples.iter().any(|sample| !sample.is_finite()) {
            return Ok(None);
        }
        let Some(frames) = self.frames(samples)? else { return Ok(None) };
        let best = sentences.search(&frames).into_iter().next();
        Ok(best.filter(|best| best.fit <= FITS && best.unknown <= UNKNOWN).map(|Found { text, .. }| text))
    }

    fn frames(&mut self, samples: &[f32]) -> Result<Option<Frames>, HearingError> {
        let fault = |error: ort::Error| HearingError::Engine { engine: "phonemes", cause: error.to_string() };
        // A person's voice.
        let sound = Zeroizing::new(quieted(samples));
        let sound = TensorRef::from_array_view(([1, sound.len()], sound.as_slice())).map_err(fault)?;
        let outputs = self.session.run(ort::inputs!["input_waveform" => sound]).map_err(fault)?;
        let values = |at: usize| outputs[at].try_extract_tensor::<f32>().map(|(_, values)| values.to_vec());
        Ok(Frames::new(values(0).map_err(fault)?, values(1).map_err(fault)?))
    }
}
