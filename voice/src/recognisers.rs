//! Which engine hears which language.

use domain::Language;
use hearing::{Heard, HearingError, Hints, Recogniser, SecondEar, Vosk, Wanted, Whisper};
use models::Models;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;

/// Vosk's models, for the languages that it hears in Whisper's stead; none where Whisper hears all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoskModels {
    /// `libvosk.so`; the one among the prepared models where it is left out.
    pub library: Option<PathBuf>,
    /// The folder of the model of each language.
    pub models: BTreeMap<Language, PathBuf>,
}

/// Hears each language with its engine; Japanese with two ears, where it knows what is likely.
pub struct Recognisers {
    whisper: Whisper,
    vosk: Vec<Vosk>,
    second: Option<SecondEar>,
}

impl Recognisers {
    /// Loads the engines, Whisper on so many threads.
    ///
    /// # Errors
    /// When a model is missing or refused.
    pub fn load(models: &Models, vosk: &VoskModels, threads: usize) -> Result<Self, HearingError> {
        let load = |(language, folder): (&Language, &PathBuf)| match &vosk.library {
            Some(library) => Vosk::with_library(library.clone(), folder, *language),
            None => Vosk::load(models, folder, *language),
        };
        let vosk = vosk.models.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Self { whisper: Whisper::load(models, threads)?, vosk, second: None })
    }

    /// The same with a second ear for Japanese, which only short questions have need of. Where it cannot be had, Whisper hears alone.
    pub fn with_second_ear(mut self, models: &Models) -> Self {
        match SecondEar::load(models) {
            Ok(ear) => self.second = Some(ear),
            Err(error) => {
                tracing::error!(%error, "no second ear for Japanese: Whisper hears alone; run `cargo xtask setup`")
            }
        }
        self
    }

    /// Others beside them, with the same models; without the second ear.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn another(&self, threads: usize) -> Result<Self, HearingError> {
        let vosk = self.vosk.iter().map(Vosk::another).collect();
        Ok(Self { whisper: self.whisper.another(threads)?, vosk, second: None })
    }

    /// By Whisper, and at the same time by the second ear where the language is known to be its own.
    fn hear_twice(
        &mut self,
        samples: &[f32],
        language: Option<Language>,
        hints: &Hints,
    ) -> Result<Vec<Heard>, HearingError> {
        let second = self.second.as_mut().zip(hints.sentences.as_deref()).filter(|_| language == Some(Language::Ja));
        let Some((second, sentences)) = second else { return self.whisper.hear(samples, language, hints) };
        let (heard, also) = thread::scope(|scope| {
            let also = scope.spawn(move || second.hear(samples, sentences));
            let heard = self.whisper.hear(samples, language, hints);
            (heard, also.join().unwrap_or(Ok(None)))
        });
        let mut heard = heard?;
        // Of what Whisper takes for no words at all, likely sentences are not made.
        if let Some(first) = heard.first_mut() {
            first.also = also.unwrap_or_else(|error| {
                tracing::error!(%error, "the second ear failed: Whisper hears alone");
                None
            });
        }
        Ok(heard)
    }
}

impl Recogniser for Recognisers {
    fn only_while(&mut self, wanted: Wanted) {
        self.whisper.only_while(wanted);
    }

    fn hear(&mut self, samples: &[f32], language: Option<Language>, hints: &Hints) -> Result<Vec<Heard>, HearingError> {
        if let Some(vosk) = self.vosk.iter_mut().find(|vosk| Some(vosk.language()) == language) {
            return vosk.hear(samples, language, hints);
        }
        let heard = self.hear_twice(samples, language, hints)?;
        // Whisper finds out which language it is; its engine hears it again.
        let found = heard.first().map(|heard| heard.language).filter(|_| language.is_none());
        match self.vosk.iter_mut().find(|vosk| Some(vosk.language()) == found) {
            Some(vosk) => vosk.hear(samples, found, hints),
            None => Ok(heard),
        }
    }
}
