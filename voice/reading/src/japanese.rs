//! Japanese: words, their readings, and the labels that the voice speaks from (jpreprocess over Open JTalk's dictionary).

use jpreprocess::{DefaultTokenizer, JPreprocess, SystemDictionaryConfig};
use jpreprocess_dictionary::dictionary::to_dict::JPreprocessDictionaryBuilder;
use std::path::Path;

/// The analysis cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum JapaneseError {
    /// The compiled dictionary is missing or damaged.
    #[error("the Japanese dictionary in {0} cannot be used ({1})")]
    Dictionary(String, String),
    /// A word of the guide's own cannot be added.
    #[error("the reading of {0} is not kana ({1})")]
    Word(String, String),
}

/// One word as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As written.
    pub surface: String,
    /// As pronounced, in katakana; empty for marks.
    pub kana: String,
    /// Whether it carries meaning of its own (noun, verb, adjective…), and is not a particle or a mark.
    pub content: bool,
    /// Whether the dictionary did not know it.
    pub unknown: bool,
    /// Whether it names a part of the world.
    pub place: bool,
}

/// Reads Japanese.
pub struct Japanese {
    engine: JPreprocess<DefaultTokenizer>,
}

impl Japanese {
    /// Loads a compiled dictionary, with words of the site's own: as written, and their reading in kana.
    ///
    /// # Errors
    /// When the dictionary cannot be read, or a reading is not kana.
    pub fn load(dictionary: &Path, own: &[(String, String)]) -> Result<Self, JapaneseError> {
        let fault = |error: &dyn std::fmt::Display| {
            JapaneseError::Dictionary(dictionary.display().to_string(), error.to_string())
        };
        let system = SystemDictionaryConfig::File(dictionary.to_owned()).load().map_err(|error| fault(&error))?;
        let user = if own.is_empty() {
            None
        } else {
            let mut rows = Vec::new();
            for (word, reading) in own {
                let kana = katakana(reading);
                let fault = |why: &str| JapaneseError::Word(word.clone(), why.to_owned());
                if !kana.chars().all(|c| matches!(c, 'ァ'..='ヺ' | 'ー')) || kana.is_empty() {
                    return Err(fault(reading));
                }
                rows.push([word.clone(), kana.clone(), kana]);
            }
            let rows = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            let user = JPreprocessDictionaryBuilder::default().build_user_dict_from_data(rows);
            Some(user.map_err(|error| fault(&error))?)
        };
        Ok(Self { engine: JPreprocess::with_dictionaries(system, user) })
    }

    /// Compiles Open JTalk's dictionary (CSV and definitions in UTF-8) into a folder.
    ///
    /// # Errors
    /// When the source is not such a dictionary.
    pub fn compile(source: &Path, into: &Path) -> Result<(), JapaneseError> {
        JPreprocessDictionaryBuilder::default()
            .build_dictionary(source, into)
            .map_err(|error| JapaneseError::Dictionary(source.display().to_string(), error.to_string()))
    }

    /// The words of a text.
    pub fn words(&self, text: &str) -> Vec<Word> {
        let Ok(mut njd) = self.engine.text_to_njd(text) else { return Vec::new() };
        njd.preprocess();
        njd.nodes
            .iter()
            .map(|node| {
                let part = format!("{:?}", node.get_pos());
                let kana: String =
                    node.get_pron().to_pure_string().chars().filter(|c| matches!(c, 'ァ'..='ヺ' | 'ー')).collect();
                Word {
                    surface: node.get_string().to_owned(),
                    content: !kana.is_empty()
                        && !["Joshi", "Jodoushi", "Kigou", "Filler", "Setsuzokushi"]
                            .iter()
                            .any(|o| part.starts_with(o)),
                    place: part.contains("Region"),
                    unknown: node.get_read().is_none() && !kana.is_empty(),
                    kana,
                }
            })
            .collect()
    }

    /// The sound of a text in katakana: particles and long vowels as they are pronounced, marks dropped.
    pub fn kana(&self, text: &str) -> String {
        self.words(text).into_iter().map(|word| word.kana).collect()
    }

    /// The full-context labels that a voice speaks from.
    ///
    /// # Errors
    /// When the text cannot be analysed.
    pub fn labels(&self, text: &str) -> Result<Vec<String>, JapaneseError> {
        let labels = self
            .engine
            .extract_fullcontext(text)
            .map_err(|error| JapaneseError::Dictionary("labels".to_owned(), error.to_string()))?;
        Ok(labels.iter().map(ToString::to_string).collect())
    }
}

/// Hiragana as katakana; everything else stays.
pub(crate) fn katakana(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, 'ぁ'..='ゖ') { char::from_u32(c as u32 + 0x60).unwrap_or(c) } else { c })
        .collect()
}
