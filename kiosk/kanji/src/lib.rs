//! Kana to kanji for the on-screen keyboard, from the SKK dictionaries that Debian ships (`skkdic`, `skkdic-extra`).
//!
//! What people enter here are names, places and short words, so whole words are looked up and long strings are cut into
//! the fewest of them. It learns nothing: what one person typed must never be offered to the next.

mod dictionary;

use dictionary::Dictionary;
use std::path::{Path, PathBuf};

/// Where Debian keeps the dictionaries.
const FOLDER: &str = "/usr/share/skk";
/// The dictionaries, in the order of their candidates: people, then words, places, proper nouns, stations.
const WORDS: [&str; 5] =
    ["SKK-JISYO.jinmei", "SKK-JISYO.L", "SKK-JISYO.geo", "SKK-JISYO.propernoun", "SKK-JISYO.station"];
const POSTCODES: &str = "SKK-JISYO.zipcode";
/// Most candidates that are offered: what fits on the keyboard's pages.
const MOST: usize = 24;
/// The longest reading that is cut into words, in characters; beyond it only kana is offered.
const LONGEST: usize = 60;
/// The longest word that is looked for, in characters.
const LONGEST_WORD: usize = 16;
/// Cuts that are kept at each place while a reading is cut into words.
const CUTS: usize = 4;

/// Why there is no conversion.
#[derive(Debug, thiserror::Error)]
#[error("{path}: the dictionary cannot be read")]
pub struct KanjiError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// The dictionaries in memory, about 10 MB.
pub struct Kanji {
    words: Vec<Dictionary>,
    postcodes: Dictionary,
}

/// A way to cut the beginning of a reading into words.
#[derive(Clone, PartialEq)]
struct Cut {
    /// Less is better.
    cost: usize,
    text: String,
}

impl Kanji {
    /// Reads the dictionaries.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn open() -> Result<Self, KanjiError> {
        let read = |name: &str| {
            let path = Path::new(FOLDER).join(name);
            let bytes = std::fs::read(&path).map_err(|source| KanjiError { path, source })?;
            Ok(Dictionary::new(bytes))
        };
        Ok(Self { words: WORDS.iter().map(|name| read(name)).collect::<Result<_, _>>()?, postcodes: read(POSTCODES)? })
    }

    /// What this reading in hiragana may be written as, best first; the reading itself in hiragana and katakana comes last.
    pub fn candidates(&self, kana: &str) -> Vec<String> {
        let kana: String = kana.chars().map(to_hiragana).collect();
        let mut found: Vec<String> = self.words.iter().flat_map(|words| words.find(&kana)).collect();
        let letters: Vec<char> = kana.chars().collect();
        if letters.len() <= LONGEST {
            found.extend(self.cut(&letters));
        }
        let mut best: Vec<String> = Vec::new();
        for candidate in found {
            if best.len() + 2 < MOST && candidate != kana && !best.contains(&candidate) {
                best.push(candidate);
            }
        }
        let katakana: String = kana.chars().map(to_katakana).collect();
        best.retain(|candidate| *candidate != katakana);
        best.push(kana);
        if best.last() != Some(&katakana) {
            best.push(katakana);
        }
        best
    }

    /// The places of a postcode of seven digits; empty where there is none.
    pub fn places(&self, postcode: &str) -> Vec<String> {
        let digits: String = postcode.chars().filter(char::is_ascii_digit).collect();
        if digits.len() == 7 { self.postcodes.find(&digits) } else { Vec::new() }
    }

    /// Cuts a reading into the fewest words: the best few ways, cheapest first.
    fn cut(&self, letters: &[char]) -> Vec<String> {
        let mut ways: Vec<Vec<Cut>> = vec![Vec::new(); letters.len() + 1];
        if let Some(first) = ways.first_mut() {
            first.push(Cut { cost: 0, text: String::new() });
        }
        for end in 1..=letters.len() {
            let mut here: Vec<Cut> = Vec::new();
            for (start, before) in ways.iter().enumerate().take(end) {
                let Some(piece) = letters.get(start..end).filter(|_| !before.is_empty()) else { continue };
                if piece.len() > LONGEST_WORD {
                    continue;
                }
                let reading: String = piece.iter().collect();
                // A word costs one step, its second choice a little more; a letter left in kana costs more than a word.
                let mut choices: Vec<(usize, String)> = Vec::new();
                if piece.len() == 1 {
                    choices.push((14, reading.clone()));
                }
                if piece.len() > 1 {
                    let words = self.words.iter().flat_map(|words| words.find(&reading).into_iter().take(2));
                    choices.extend(words.take(CUTS).enumerate().map(|(rank, word)| (10 + rank, word)));
                }
                for (cost, word) in choices {
                    here.extend(
                        before.iter().map(|cut| Cut { cost: cut.cost + cost, text: format!("{}{word}", cut.text) }),
                    );
                }
            }
            here.sort_by_key(|cut| cut.cost);
            here.dedup_by(|a, b| a.text == b.text);
            here.truncate(CUTS);
            if let Some(slot) = ways.get_mut(end) {
                *slot = here;
            }
        }
        ways.pop().unwrap_or_default().into_iter().map(|cut| cut.text).collect()
    }
}

fn to_hiragana(c: char) -> char {
    shift(c, 'ァ'..='ヶ', -0x60)
}

fn to_katakana(c: char) -> char {
    shift(c, 'ぁ'..='ゖ', 0x60)
}

fn shift(c: char, range: std::ops::RangeInclusive<char>, by: i32) -> char {
    let moved = (c as u32).checked_add_signed(by).and_then(char::from_u32);
    if range.contains(&c) { moved.unwrap_or(c) } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static KANJI: LazyLock<Kanji> = LazyLock::new(|| Kanji::open().unwrap());

    fn offered(kana: &str, wanted: &[&str]) {
        let candidates = KANJI.candidates(kana);
        for word in wanted {
            assert!(candidates.iter().any(|candidate| candidate == word), "{kana}: no {word} in {candidates:?}");
        }
    }

    #[test]
    fn names_come_in_all_their_spellings() {
        offered("わたなべ", &["渡辺", "渡邊", "渡邉", "わたなべ", "ワタナベ"]);
        offered("さいとう", &["斉藤", "斎藤", "齋藤", "齊藤"]);
        offered("いちろう", &["一郎", "一朗"]);
        assert_eq!(KANJI.candidates("わたなべ")[0], "渡辺");
    }

    #[test]
    fn places_and_long_readings_are_cut_into_words() {
        assert_eq!(KANJI.candidates("とうきょうとちよだく")[0], "東京都千代田区");
        offered("しぶやくじんぐうまえ", &["渋谷区神宮前"]);
        offered("わたなべいちろう", &["渡辺一郎"]);
    }

    #[test]
    fn katakana_is_taken_as_well_and_kana_always_remains() {
        assert_eq!(KANJI.candidates("ワタナベ"), KANJI.candidates("わたなべ"));
        let candidates = KANJI.candidates("ぬぬぬぬ");
        assert_eq!(candidates[candidates.len() - 2..], ["ぬぬぬぬ", "ヌヌヌヌ"]);
    }

    #[test]
    fn a_postcode_gives_its_place() {
        assert_eq!(KANJI.places("100-0001"), ["東京都千代田区千代田"]);
        assert!(KANJI.places("999").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn anything_gives_a_bounded_list(text in "[ぁ-んァ-ンー a-z0-9渚😀/;()]{0,80}") {
            let candidates = KANJI.candidates(&text);
            prop_assert!(candidates.len() <= MOST);
            let unique: std::collections::BTreeSet<_> = candidates.iter().collect();
            prop_assert_eq!(unique.len(), candidates.len());
        }
    }
}
