//! Kokoro 82M: phonemes and a style become sound.

use crate::{Sound, SpeechError, fault};
use models::{Effort, Models};
use ort::session::Session;
use ort::value::Tensor;
use std::collections::HashMap;

/// The length of a style.
const STYLE: usize = 256;

/// The most phonemes at once.
const MOST: usize = 480;

pub(crate) struct Kokoro {
    session: Session,
    vocabulary: HashMap<char, i64>,
    models: Models,
    styles: HashMap<String, Vec<f32>>,
}

impl Kokoro {
    pub fn load(models: &Models) -> Result<Self, SpeechError> {
        let session = models.network("kokoro.onnx", Effort::Full, 2)?;
        let list = std::fs::read(models.file("kokoro-vocabulary.json")?).map_err(fault("Kokoro"))?;
        let list: serde_json::Value = serde_json::from_slice(&list).map_err(fault("Kokoro"))?;
        let vocabulary = vocabulary(&list["vocab"]);
        Ok(Self { session, vocabulary, models: models.clone(), styles: HashMap::new() })
    }

    pub fn say(&mut self, phonemes: &str, voice: &str, speed: f32) -> Result<Sound, SpeechError> {
        let mut tokens: Vec<i64> = phonemes.chars().filter_map(|c| self.vocabulary.get(&c).copied()).collect();
        tokens.truncate(MOST);
        if tokens.is_empty() {
            return Ok(Sound { rate: 24_000, samples: Vec::new() });
        }
        if !self.styles.contains_key(voice) {
            let bytes = std::fs::read(self.models.file(&format!("{voice}.bin"))?).map_err(fault("Kokoro"))?;
            let style = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            self.styles.insert(voice.to_owned(), style);
        }
        let styles = self.styles.get(voice).map_or(&[][..], Vec::as_slice);
        // A style a length.
        let row = (tokens.len() - 1).min((styles.len() / STYLE).saturating_sub(1));
        let style = styles.get(row * STYLE..(row + 1) * STYLE).unwrap_or_default().to_vec();
        tokens.insert(0, 0);
        tokens.push(0);
        let tensor = fault("Kokoro");
        let inputs = ort::inputs![
            "tokens" => Tensor::from_array(([1, tokens.len()], tokens)).map_err(&tensor)?,
            "style" => Tensor::from_array(([1, STYLE], style)).map_err(&tensor)?,
            "speed" => Tensor::from_array(([1], vec![speed])).map_err(&tensor)?,
        ];
        let outputs = self.session.run(inputs).map_err(&tensor)?;
        let (_, samples) = outputs[0].try_extract_tensor::<f32>().map_err(&tensor)?;
        Ok(Sound { rate: 24_000, samples: trimmed(samples).to_vec() })
    }
}

/// A character's number, from a JSON object.
pub(crate) fn vocabulary(list: &serde_json::Value) -> HashMap<char, i64> {
    let entries = list.as_object().into_iter().flatten();
    entries.filter_map(|(name, number)| Some((name.chars().next()?, number.as_i64()?))).collect()
}

/// Without the silence before and after.
fn trimmed(samples: &[f32]) -> &[f32] {
    let margin = 24_000 * 3 / 100;
    let loud = |sample: &f32| sample.abs() > 0.01;
    let from = samples.iter().position(loud).unwrap_or(0).saturating_sub(margin);
    let to = samples.iter().rposition(loud).map_or(samples.len(), |at| (at + margin).min(samples.len()));
    samples.get(from..to).unwrap_or(samples)
}
