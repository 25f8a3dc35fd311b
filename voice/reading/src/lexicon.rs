//! What the Japanese dictionary holds of a word: all of its readings.

use crate::JapaneseError;
use jpreprocess::SystemDictionaryConfig;
use jpreprocess_dictionary::dictionary::word_encoding::JPreprocessDictionaryWordEncoding;
use jpreprocess_dictionary::word_data::get_word_data;
use lindera_dictionary::dictionary::Dictionary;
use std::path::Path;

/// One of the ways in which a word is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// As pronounced, in katakana.
    pub kana: String,
    /// As spelt, in katakana.
    pub spelt: String,
    /// Whether it is a name: of a place, a person, an organisation.
    pub proper: bool,
    /// How the word stands in a sentence. Of two readings that stand alike the dictionary always takes the likelier one,
    /// whatever the sentence says.
    pub manner: (u16, u16),
    /// The less, the likelier.
    pub cost: i16,
}

/// Readings by word.
pub struct Lexicon {
    dictionary: Dictionary,
}

impl Lexicon {
    /// Loads a compiled dictionary.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(dictionary: &Path) -> Result<Self, JapaneseError> {
        let loaded = SystemDictionaryConfig::File(dictionary.to_owned()).load();
        let fault = |error: &dyn std::fmt::Display| {
            JapaneseError::Dictionary(dictionary.display().to_string(), error.to_string())
        };
        Ok(Self { dictionary: loaded.map_err(|error| fault(&error))? })
    }

    /// How a word is read, as far as the dictionary knows it, the likeliest first.
    pub fn readings(&self, word: &str) -> Vec<Reading> {
        let words = &self.dictionary.prefix_dictionary;
        let mut readings = Vec::new();
        for entry in words.find_surface(word) {
            let data = get_word_data(&words.words_idx_data, &words.words_data, Some(entry.word_id.id as usize));
            let Some(Ok(details)) = data.map(JPreprocessDictionaryWordEncoding::deserialize) else { continue };
            let parts = details.get_with_string(word);
            readings.push(Reading {
                kana: parts.iter().map(|(_, part)| part.pron.to_pure_string()).collect(),
                spelt: parts.iter().filter_map(|(_, part)| part.read.as_deref()).collect(),
                proper: parts.iter().any(|(_, part)| format!("{:?}", part.pos).contains("KoyuMeishi")),
                manner: (entry.left_id, entry.right_id),
                cost: entry.word_cost,
            });
        }
        readings.sort_by_key(|reading| reading.cost);
        readings
    }
}
