//! Words, as they are written and as they sound, and numbers for them.

use crate::phonemes::{self, Sound};
use std::collections::HashMap;

/// Stands for any of the names.
pub(crate) const NAME: usize = 0;
/// Stands for the beginning of a sentence.
pub(crate) const BEGIN: usize = 1;
/// Stands for its end.
pub(crate) const END: usize = 2;
/// The first number of a word that sounds.
pub(crate) const FIRST: usize = 3;

/// A word as it is written and as it sounds (katakana or hiragana).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As the guide writes it.
    pub text: String,
    /// As it sounds: "ワ" for the particle は.
    pub kana: String,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A word.
    Word(Word),
    /// Any of the names.
    Name,
}

/// A word that can be heard.
#[derive(Default)]
pub(crate) struct Known {
    pub text: String,
    /// In katakana.
    pub kana: String,
    pub sounds: Vec<Sound>,
}

/// Numbers for words.
pub(crate) struct Numbers {
    of: HashMap<(String, String), usize>,
    pub words: Vec<Known>,
}

impl Numbers {
    pub fn new() -> Self {
        Self { of: HashMap::new(), words: (0..FIRST).map(|_| Known::default()).collect() }
    }

    /// A sentence's numbers; nothing where it cannot be spelled. Words without a sound are left out.
    pub fn line(&mut self, parts: &[Part]) -> Option<Vec<usize>> {
        let mut line = vec![BEGIN];
        for part in parts {
            match part {
                Part::Name => line.push(NAME),
                Part::Word(word) => line.extend(self.number(word)?),
            }
        }
        line.push(END);
        Some(line)
    }

    /// A word's number: nothing where it cannot be spelled, none where it has no sound.
    fn number(&mut self, word: &Word) -> Option<Option<usize>> {
        let key = (word.text.clone(), word.kana.chars().map(phonemes::katakana).collect());
        if let Some(number) = self.of.get(&key) {
            return Some(Some(*number));
        }
        let known = Known::new(word)?;
        if known.sounds.is_empty() {
            return Some(None);
        }
        self.words.push(known);
        self.of.insert(key, self.words.len() - 1);
        Some(Some(self.words.len() - 1))
    }
}

impl Known {
    /// A word that can be spelled.
    fn new(word: &Word) -> Option<Self> {
        let kana: String = word.kana.chars().map(phonemes::katakana).collect();
        Some(Self { text: word.text.clone(), sounds: phonemes::sounds(&kana)?, kana })
    }
}

/// A word that can be spelled and has a sound.
pub(crate) fn spelled(word: &Word) -> Option<Known> {
    Known::new(word).filter(|word| !word.sounds.is_empty())
}
