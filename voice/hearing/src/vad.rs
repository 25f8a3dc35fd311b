//! Voice activity: where in a sound somebody speaks (Silero's network).

use crate::{HearingError, RATE};
use models::{Effort, Models};
use ort::session::Session;
use ort::value::Tensor;

/// Samples that the network hears at once: 32 ms.
pub const FRAME: usize = 512;
/// Samples before them that it wants to hear again.
const BEFORE: usize = 64;
/// The length of its memory.
const STATE: usize = 2 * 128;

/// From this chance on somebody speaks; below the second, nobody does.
const SPEAKS: f32 = 0.5;
const SILENT: f32 = 0.35;
/// Silence that ends an utterance, in frames (about half a second).
const PAUSE: usize = 16;
/// What is kept before and after, in frames, so that soft beginnings are not lost.
const MARGIN: usize = 6;
/// Less than this, in frames, is a click or a cough.
const SHORTEST: usize = 4;
/// A voice had begun so many samples before [`Activity::Began`] tells it.
pub const BEGAN: usize = (SHORTEST + MARGIN) * FRAME;
/// A voice had ended so many samples before [`Activity::Ended`] tells it.
pub const ENDED: usize = (PAUSE - MARGIN) * FRAME;

/// A stretch of speech, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first sample.
    pub from: usize,
    /// The one after the last.
    pub until: usize,
}

/// What a frame tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nobody speaks.
    Silence,
    /// Somebody began to speak.
    Began,
    /// Somebody speaks.
    Speaking,
    /// Somebody has spoken, and paused.
    Ended,
}

/// Listens frame by frame.
pub struct Vad {
    session: Session,
    state: Vec<f32>,
    before: [f32; BEFORE],
    speaking: bool,
    quiet: usize,
    loud: usize,
}

impl Vad {
    /// Loads the network.
    ///
    /// # Errors
    /// When its file is missing or damaged.
    pub fn load(models: &Models) -> Result<Self, HearingError> {
        let session = models.network("silero-vad.onnx", Effort::Full, 1)?;
        Ok(Self { session, state: vec![0.0; STATE], before: [0.0; BEFORE], speaking: false, quiet: 0, loud: 0 })
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        self.state.fill(0.0);
        self.before.fill(0.0);
        self.speaking = false;
        self.quiet = 0;
        self.loud = 0;
    }

    /// The chance that somebody speaks in this frame of [`FRAME`] samples; a shorter one is filled with silence.
    ///
    /// # Errors
    /// When the network fails.
    pub fn chance(&mut self, frame: &[f32]) -> Result<f32, HearingError> {
        let fault = |error: ort::Error| HearingError::Engine { engine: "Silero", cause: error.to_string() };
        let mut input = self.before.to_vec();
        input.extend(frame.iter().take(FRAME));
        input.resize(BEFORE + FRAME, 0.0);
        self.before.copy_from_slice(&input[FRAME..]);
        let inputs = ort::inputs![
            "input" => Tensor::from_array(([1, BEFORE + FRAME], input)).map_err(fault)?,
            "state" => Tensor::from_array(([2, 1, 128], std::mem::take(&mut self.state))).map_err(fault)?,
            "sr" => Tensor::from_array(([0usize; 0], vec![i64::from(RATE)])).map_err(fault)?,
        ];
        let outputs = self.session.run(inputs).map_err(fault)?;
        self.state = outputs["stateN"].try_extract_tensor::<f32>().map_err(fault)?.1.to_vec();
        Ok(outputs["output"].try_extract_tensor::<f32>().map_err(fault)?.1.first().copied().unwrap_or(0.0))
    }

    /// What the next frame tells.
    ///
    /// # Errors
    /// When the network fails.
    pub fn listen(&mut self, frame: &[f32]) -> Result<Activity, HearingError> {
        let chance = self.chance(frame)?;
        if self.speaking {
            self.quiet = if chance < SILENT { self.quiet + 1 } else { 0 };
            if self.quiet >= PAUSE {
                self.speaking = false;
                self.quiet = 0;
                self.loud = 0;
                return Ok(Activity::Ended);
            }
            return Ok(Activity::Speaking);
        }
        self.loud = if chance >= SPEAKS { self.loud + 1 } else { 0 };
        if self.loud >= SHORTEST {
            self.speaking = true;
            return Ok(Activity::Began);
        }
        Ok(Activity::Silence)
    }

    /// For how many frames a person who spoke has been silent.
    pub fn pause(&self) -> usize {
        self.quiet
    }

    /// Where somebody speaks in a whole sound (16 kHz).
    ///
    /// # Errors
    /// When the network fails.
    pub fn spans(&mut self, samples: &[f32]) -> Result<Vec<Span>, HearingError> {
        self.reset();
        let mut spans: Vec<Span> = Vec::new();
        let mut begun = None;
        let frames = samples.len().div_ceil(FRAME);
        for (at, frame) in samples.chunks(FRAME).enumerate() {
            match self.listen(frame)? {
                Activity::Began => begun = Some(at.saturating_sub(SHORTEST + MARGIN)),
                Activity::Ended => {
                    if let Some(from) = begun.take() {
                        spans.push(Span { from: from * FRAME, until: (at + 1 + MARGIN - PAUSE) * FRAME });
                    }
                }
                Activity::Silence | Activity::Speaking => {}
            }
        }
        if let Some(from) = begun {
            spans.push(Span { from: from * FRAME, until: frames * FRAME });
        }
        let mut end = 0;
        for span in &mut spans {
            // Margins may not overlap.
            span.from = span.from.max(end);
            span.until = span.until.min(samples.len());
            end = span.until;
        }
        Ok(spans)
    }
}
