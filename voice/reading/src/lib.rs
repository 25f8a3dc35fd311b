//! How a text sounds: kana, pinyin, hangul letters, English letters. What is heard is compared by its sound, so that a
//! right word in wrong characters is still right; what is said needs the same analysis.

mod english;
mod japanese;
mod lexicon;
mod text;

pub use japanese::{Japanese, JapaneseError, Word};
pub use lexicon::{Lexicon, Reading};
pub use text::{normal, without_fillers};

use domain::Language;
use pinyin::ToPinyin;
use unicode_normalization::UnicodeNormalization;

/// Reads texts of every language.
pub struct Reader {
    japanese: Japanese,
}

impl Reader {
    /// With this Japanese dictionary.
    pub fn new(japanese: Japanese) -> Self {
        Self { japanese }
    }

    /// The Japanese analysis.
    pub fn japanese(&self) -> &Japanese {
        &self.japanese
    }

    /// The sound of a text as a string of small units without spaces: katakana (Japanese), syllables without tones,
    /// each closed by `'` (Chinese), single letters (Korean), a rough phonetic spelling (English).
    pub fn sound(&self, language: Language, text: &str) -> String {
        let text = normal(text);
        match language {
            Language::Ja => self.japanese.kana(&text),
            Language::ZhHans => {
                let mut sound = String::new();
                for c in text.chars().filter(|c| c.is_alphanumeric()) {
                    match c.to_pinyin() {
                        Some(pinyin) => {
                            sound.push_str(pinyin.plain());
                            sound.push('\'');
                        }
                        None => sound.push(c),
                    }
                }
                sound
            }
            // Hangul taken apart into its letters.
            Language::Ko => text.nfd().filter(|c| c.is_alphanumeric()).collect(),
            Language::En => text.split_whitespace().map(english::rough).collect(),
        }
    }
}
