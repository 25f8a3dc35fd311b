//! Hears recordings of single questions, as the kiosk would.

use crate::{Place, Recognisers, VoiceError, VoskModels, hints};
use domain::Language;
use guide::Answerer;
use hearing::{HearingError, Hints, RATE, Recogniser, Vad, read_wav};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What was understood of a recording.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Understood {
    pub text: String,
    /// See [`hearing::Heard::also`].
    pub also: Option<String>,
    /// See [`hearing::Heard::confidence`].
    pub confidence: f32,
}

/// Hears recordings; what it heard before it need not hear again.
pub(crate) struct Ear<'a> {
    place: &'a Place,
    answerer: &'a Answerer,
    /// Loaded when there is something to hear.
    engines: Option<(Vad, Recognisers)>,
    memory: Option<PathBuf>,
    known: BTreeMap<PathBuf, Understood>,
    hints: BTreeMap<Language, Hints>,
}

impl<'a> Ear<'a> {
    pub fn new(place: &'a Place, answerer: &'a Answerer, memory: Option<&Path>) -> Self {
        let known = memory.and_then(|path| fs::read(path).ok()).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            place,
            answerer,
            engines: None,
            memory: memory.map(Path::to_owned),
            known: known.unwrap_or_default(),
            hints: BTreeMap::new(),
        }
    }

    /// From the first word to the pause.
    pub fn hear(&mut self, file: &Path, language: Language) -> Result<Understood, VoiceError> {
        if let Some(known) = self.known.get(file) {
            return Ok(known.clone());
        }
        if self.engines.is_none() {
            let models = &self.place.models;
            self.engines = Some((
                Vad::load(models)?,
                Recognisers::load(models, &VoskModels::default(), 1)?.with_second_ear(models),
            ));
        }
        let Some((vad, recognisers)) = &mut self.engines else { return Ok(Understood::default()) };
        let samples = read_wav(file).map_err(HearingError::from)?;
        let spans = vad.spans(&samples)?;
        let (from, until) = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => (first.from, last.until),
            _ => (0, 0),
        };
        let heard = match samples.get(from..until) {
            Some(speech) if speech.len() > RATE as usize / 5 => {
                let answerer = self.answerer;
                let hints =
                    self.hints.entry(language).or_insert_with(|| hints(answerer.guide(), answerer.reader(), language));
                recognisers.hear(speech, Some(language), hints)?
            }
            _ => Vec::new(),
        };
        let space = if matches!(language, Language::En | Language::Ko) { " " } else { "" };
        let understood = Understood {
            text: heard.iter().map(|heard| heard.text.trim()).collect::<Vec<_>>().join(space),
            also: heard.iter().find_map(|heard| heard.also.clone()),
            confidence: heard.iter().map(|heard| heard.confidence).sum::<f32>() / heard.len().max(1) as f32,
        };
        if self.memory.is_some() {
            self.known.insert(file.to_owned(), understood.clone());
        }
        Ok(understood)
    }

    /// Keeps what was heard for the next time.
    pub fn keep(&self) {
        let Some(path) = &self.memory else { return };
        let kept =
            serde_json::to_vec(&self.known).map_err(std::io::Error::from).and_then(|bytes| fs::write(path, bytes));
        if let Err(error) = kept {
            eprintln!("{}: {error}", path.display());
        }
    }
}
