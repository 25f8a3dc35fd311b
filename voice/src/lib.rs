//! The voice guide: hears a question, finds its answer in the site's guide, speaks it. Offline, in four languages.
//!
//! This crate brings the parts together ([`hearing`], [`guide`], [`speech`]); each can be used and tested alone.

mod eval;
mod minutes;
pub mod port;
mod recognisers;
mod render;
mod rephrase;
mod score;
mod spoken;
pub mod tool;
mod unsure;

pub use minutes::transcribe;
pub use recognisers::{Recognisers, VoskModels};
pub use rephrase::Endpoint;
pub use unsure::unsure_readings;

use domain::Language;
use guide::{Answerer, AnswererError, Guide, PackError, Sayings};
use hearing::{Hints, Likely};
use models::{ModelError, Models};
use reading::{Japanese, JapaneseError, Lexicon, Reader, normal};
use sounds::{Part, Sentences, Word};
use speech::Recordings;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The voice guide cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// There is no folder of models.
    #[error("neither MADOGUCHI_CACHE nor HOME is set")]
    NoCache,
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The Japanese dictionary.
    #[error(transparent)]
    Japanese(#[from] JapaneseError),
    /// The guide.
    #[error(transparent)]
    Guide(#[from] PackError),
    /// Finding answers.
    #[error(transparent)]
    Answers(#[from] AnswererError),
    /// Hearing.
    #[error(transparent)]
    Hearing(#[from] hearing::HearingError),
    /// Speaking.
    #[error(transparent)]
    Speech(#[from] speech::SpeechError),
    /// A folder of recordings.
    #[error("the recordings of {0} cannot be read or written ({1})")]
    Recordings(PathBuf, #[source] std::io::Error),
}

/// How many letters have to be put in, left out or changed to make one text of the other (Levenshtein).
pub fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, x) in a.chars().enumerate() {
        let mut corner = at;
        row[0] = at + 1;
        for (at, y) in b.iter().enumerate() {
            let up = row[at + 1];
            row[at + 1] = (up + 1).min(row[at] + 1).min(corner + usize::from(x != *y));
            corner = up;
        }
    }
    row[b.len()]
}

/// How much of what was said was understood otherwise: the sounds that are wrong, and how many there are. Numbers are compared as
/// they are read, not as they are written.
pub fn misheard(reader: &Reader, language: Language, heard: &str, said: &str) -> (usize, usize) {
    let sound = |text: &str| reader.sound(language, &speech::in_words(language, text));
    let (heard, said) = (sound(heard), sound(said));
    (edits(&heard, &said), said.chars().count())
}

/// The names of a guide, and what its visitors are likely to say.
pub fn hints(guide: &Guide, reader: &Reader, language: Language) -> Hints {
    let names = guide.places.values().map(|place| domain::ruby::plain(&place.text(language).name));
    let mut words: Vec<String> = names.take(24).collect();
    words.dedup();
    let likely = Likely::new(guide::wordings(guide, language));
    let sentences = (language == Language::Ja).then(|| Arc::new(sentences(guide, reader.japanese())));
    Hints { words, likely: Some(Arc::new(likely)), sentences }
}

/// What begins a question and says nothing.
const FILLERS: &[&str] = &[
    "すみません",
    "すいません",
    "えっと",
    "えーと",
    "あの",
    "あのー",
    "うーんと",
    "ねえ",
    "ちょっとお聞きしたいんですが",
    "お尋ねしますが",
];

/// What is likely to be said to a guide, as it sounds.
fn sentences(guide: &Guide, japanese: &Japanese) -> Sentences {
    let word =
        |text: &str, read: &str| Word { text: normal(text).replace(' ', ""), kana: japanese.kana(&normal(read)) };
    let parts = |sentence: &String| -> Vec<Part> {
        let words = japanese.words(&normal(sentence)).into_iter().filter(|word| !word.kana.is_empty());
        let part = |word: reading::Word| match word.surface.as_str() {
            Sayings::NAME => Part::Name,
            _ => Part::Word(Word { text: word.surface, kana: word.kana }),
        };
        words.map(part).collect()
    };
    let Sayings { sentences, names } = Sayings::of(guide);
    let sentences: Vec<_> = sentences.iter().map(|(weight, sentence)| (*weight, parts(sentence))).collect();
    let names: Vec<_> = names.iter().map(|(text, read, weight)| (word(text, read), *weight)).collect();
    let fillers: Vec<_> = FILLERS.iter().map(|filler| word(filler, filler)).collect();
    Sentences::new(&sentences, &names, &fillers)
}

/// The words that a guide tells the readings of.
pub(crate) fn own_readings(guide: &Guide) -> Vec<(String, String)> {
    guide.site.readings.clone().into_iter().collect()
}

/// What was recorded of a guide.
pub(crate) fn recordings(guide: &Path) -> Recordings {
    Recordings::in_folder(&guide.join("recordings"))
}

/// Where everything is that was prepared by `cargo xtask setup`.
#[derive(Debug, Clone)]
pub struct Place {
    /// The models.
    pub models: Models,
    cache: PathBuf,
}

impl Place {
    /// `$MADOGUCHI_CACHE`, or `~/.cache/madoguchi`.
    ///
    /// # Errors
    /// When nothing was prepared.
    pub fn prepared() -> Result<Self, VoiceError> {
        let folder = Models::default_folder().ok_or(VoiceError::NoCache)?;
        let cache = folder.parent().map(Path::to_owned).ok_or(VoiceError::NoCache)?;
        Ok(Self { models: Models::open(&folder)?, cache })
    }

    /// Reads texts, with a site's own words.
    ///
    /// # Errors
    /// When the dictionary is missing or a reading is wrong.
    pub fn reader(&self, own: &[(String, String)]) -> Result<Arc<Reader>, VoiceError> {
        Ok(Arc::new(Reader::new(Japanese::load(&self.cache.join("naist-jdic"), own)?)))
    }

    /// All readings of all words that the dictionary knows.
    ///
    /// # Errors
    /// When the dictionary is missing.
    pub fn lexicon(&self) -> Result<Lexicon, VoiceError> {
        Ok(Lexicon::load(&self.cache.join("naist-jdic"))?)
    }

    /// A guide, ready to answer. What is learnt of it is kept for the next time.
    ///
    /// # Errors
    /// When the guide is wrong or a model is missing.
    pub fn answerer(&self, folder: &Path) -> Result<Answerer, VoiceError> {
        let guide = Guide::load(folder)?;
        let reader = self.reader(&own_readings(&guide))?;
        let name = folder.file_name().map_or_else(|| "guide".into(), |name| name.to_string_lossy());
        let memory = self.cache.join("learnt").join(format!("{name}.bin"));
        Ok(Answerer::new(guide, reader, &self.models, Some(memory))?)
    }
}
