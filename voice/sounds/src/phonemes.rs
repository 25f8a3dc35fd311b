//! The network's alphabet, and kana as sounds.

/// A phoneme, its place in [`NAMES`]; or one of the two that leave open whether a vowel has voice.
pub(crate) type Sound = u8;

/// The network's phonemes.
const NAMES: [&str; PHONEMES] = [
    "pau", "ry", "r", "my", "m", "ny", "n", "j", "z", "by", "b", "dy", "d", "gy", "g", "ky", "k", "ch", "ts", "sh",
    "s", "hy", "h", "v", "f", "py", "p", "t", "y", "w", "N", "a", "i", "u", "e", "o", "I", "U", "cl",
];

/// So many phonemes are there.
pub(crate) const PHONEMES: usize = 39;
/// So many sounds: the phonemes and [`EITHER_I`] and [`EITHER_U`].
pub(crate) const SOUNDS: usize = 41;
/// Nobody speaks.
pub(crate) const PAUSE: Sound = 0;
/// An i with or without voice.
const EITHER_I: Sound = 39;
/// A u with or without voice.
const EITHER_U: Sound = 40;

/// After these consonants an i or a u may lose its voice.
const VOICELESS: [&str; 12] = ["k", "ky", "ch", "ts", "sh", "s", "hy", "h", "f", "py", "p", "t"];

const VOWELS: [&str; 5] = ["a", "i", "u", "e", "o"];

/// A consonant's letters with the five vowels; those that write a sound best come first.
const LETTERS: [(&str, &str); 28] = [
    ("", "アイウエオ"),
    ("k", "カキクケコ"),
    ("g", "ガギグゲゴ"),
    ("s", "サ・スセソ"),
    ("sh", "・シ・・・"),
    ("z", "ザ・ズゼゾ"),
    ("j", "・ジ・・・"),
    ("t", "タ・・テト"),
    ("ch", "・チ・・・"),
    ("ts", "・・ツ・・"),
    ("d", "ダ・・デド"),
    ("n", "ナニヌネノ"),
    ("h", "ハヒ・ヘホ"),
    ("f", "・・フ・・"),
    ("b", "バビブベボ"),
    ("p", "パピプペポ"),
    ("m", "マミムメモ"),
    ("y", "ヤ・ユ・ヨ"),
    ("r", "ラリルレロ"),
    ("w", "ワ・・・・"),
    ("v", "・・ヴ・・"),
    ("", "ァィゥェォ"),
    ("", "・ヰ・ヱヲ"),
    ("y", "ャ・ュ・ョ"),
    ("j", "・ヂ・・・"),
    ("z", "・・ヅ・・"),
    ("k", "・・・ヶ・"),
    ("w", "ヮ・・・・"),
];

/// No letter: where a row of [`LETTERS`] has none.
const GAP: char = '・';

/// What a small letter makes of the vowel before it.
const SMALL: [char; 5] = ['ァ', 'ィ', 'ゥ', 'ェ', 'ォ'];
/// The same after a consonant that is pressed to the palate.
const PALATAL: [char; 5] = ['ャ', 'ィ', 'ュ', 'ェ', 'ョ'];

/// The letter before a small one, for a consonant and a vowel that no single letter writes.
const BEFORE_SMALL: [(&str, char); 19] = [
    ("ry", 'リ'),
    ("my", 'ミ'),
    ("ny", 'ニ'),
    ("by", 'ビ'),
    ("dy", 'デ'),
    ("gy", 'ギ'),
    ("ky", 'キ'),
    ("hy", 'ヒ'),
    ("py", 'ピ'),
    ("sh", 'シ'),
    ("ch", 'チ'),
    ("j", 'ジ'),
    ("ts", 'ツ'),
    ("f", 'フ'),
    ("v", 'ヴ'),
    ("s", 'ス'),
    ("z", 'ズ'),
    ("h", 'ホ'),
    ("y", 'イ'),
];

/// A phoneme by its name.
fn named(name: &str) -> Option<Sound> {
    (0..).zip(NAMES).find(|(_, other)| *other == name).map(|(sound, _)| sound)
}

/// A sound's name; a vowel has the same with and without voice.
fn name(sound: Sound) -> &'static str {
    match sound {
        EITHER_I => "i",
        EITHER_U => "u",
        sound => match NAMES.get(usize::from(sound)).copied().unwrap_or("pau") {
            "I" => "i",
            "U" => "u",
            name => name,
        },
    }
}

/// The pairs of phonemes that the network tells, in its order.
pub(crate) fn pairs() -> impl Iterator<Item = (Sound, Sound)> {
    include_str!("pairs.txt").lines().filter_map(|line| {
        let (from, to) = line.split_once(' ')?;
        Some((named(from)?, named(to)?))
    })
}

/// The sounds that a phoneme may be heard as.
pub(crate) fn heard_as(phoneme: Sound) -> impl Iterator<Item = Sound> {
    let either = match NAMES.get(usize::from(phoneme)) {
        Some(&("i" | "I")) => Some(EITHER_I),
        Some(&("u" | "U")) => Some(EITHER_U),
        _ => None,
    };
    std::iter::once(phoneme).chain(either)
}

/// Katakana for hiragana; other letters stay.
pub(crate) fn katakana(letter: char) -> char {
    match letter {
        'ぁ'..='ゖ' => char::from_u32(u32::from(letter) + 0x60).unwrap_or(letter),
        letter => letter,
    }
}

/// The sounds of kana; nothing where a letter is not kana or writes no sound that the network knows.
pub(crate) fn sounds(kana: &str) -> Option<Vec<Sound>> {
    let mut letters = kana.chars().map(katakana).peekable();
    let mut sounds = Vec::new();
    while let Some(letter) = letters.next() {
        match letter {
            'ン' => sounds.push(named("N")?),
            'ッ' => sounds.push(named("cl")?),
            // A vowel or an N goes on; after anything else there is nothing to go on.
            'ー' => sounds.extend(sounds.last().map(|last| name(*last)).filter(|last| goes_on(last)).and_then(named)),
            letter => {
                let small = letters.next_if(|next| SMALL.contains(next) || PALATAL.contains(next));
                let (consonant, vowel) = mora(letter, small)?;
                if !consonant.is_empty() {
                    sounds.push(named(&consonant)?);
                }
                sounds.push(match vowel {
                    "i" if VOICELESS.contains(&&*consonant) => EITHER_I,
                    "u" if VOICELESS.contains(&&*consonant) => EITHER_U,
                    vowel => named(vowel)?,
                });
            }
        }
    }
    Some(sounds)
}

/// Whether a phoneme can be made longer.
fn goes_on(name: &str) -> bool {
    name == "N" || VOWELS.contains(&name)
}

/// The consonant and the vowel of a letter and the small one after it.
fn mora(letter: char, small: Option<char>) -> Option<(String, &'static str)> {
    let (consonant, vowel) = LETTERS.iter().filter(|_| letter != GAP).find_map(|(consonant, letters)| {
        letters.chars().position(|other| other == letter).map(|vowel| (*consonant, vowel))
    })?;
    let Some(small) = small else { return Some((consonant.to_owned(), VOWELS[vowel])) };
    if let Some(vowel) = SMALL.iter().position(|other| *other == small) {
        let consonant = match letter {
            'ウ' => "w",
            'イ' => "y",
            _ => consonant,
        };
        return Some((consonant.to_owned(), VOWELS[vowel]));
    }
    let vowel = PALATAL.iter().position(|other| *other == small)?;
    let consonant = match consonant {
        "" | "sh" | "ch" | "j" => consonant.to_owned(),
        "f" => "hy".to_owned(),
        consonant => format!("{consonant}y"),
    };
    Some((consonant, VOWELS[vowel]))
}

/// Katakana that sounds so. A consonant without a vowel gets the one that Japanese lends it.
pub(crate) fn kana(sounds: &[Sound]) -> String {
    let mut names = sounds.iter().map(|sound| name(*sound)).peekable();
    let mut kana = String::new();
    let mut last = "";
    while let Some(name) = names.next() {
        match name {
            "pau" => {}
            "N" => kana.push('ン'),
            "cl" => kana.push('ッ'),
            vowel if VOWELS.contains(&vowel) && vowel == last => kana.push('ー'),
            vowel if VOWELS.contains(&vowel) => write("", vowel, &mut kana),
            consonant => {
                let lent = if matches!(consonant, "t" | "d") { "o" } else { "u" };
                let vowel = names.next_if(|next| VOWELS.contains(next)).unwrap_or(lent);
                write(consonant, vowel, &mut kana);
                last = vowel;
                continue;
            }
        }
        last = name;
    }
    kana
}

/// Writes a consonant and a vowel: one letter, or two of which the second is small.
fn write(consonant: &str, vowel: &str, kana: &mut String) {
    let Some(vowel) = VOWELS.iter().position(|other| *other == vowel) else { return };
    let mut rows = LETTERS.iter().filter(|(other, _)| *other == consonant);
    if let Some(letter) = rows.find_map(|(_, letters)| letters.chars().nth(vowel).filter(|letter| *letter != GAP)) {
        kana.push(letter);
        return;
    }
    let before = match (consonant, VOWELS[vowel]) {
        ("w", _) => 'ウ',
        ("t", "u") => 'ト',
        ("t", _) => 'テ',
        ("d", "u") => 'ド',
        ("d", _) => 'デ',
        _ => BEFORE_SMALL.iter().find(|(other, _)| *other == consonant).map_or('ウ', |(_, letter)| *letter),
    };
    let palatal = consonant.len() > 1 && consonant != "ts" || consonant == "j";
    kana.push(before);
    kana.push(if palatal { PALATAL[vowel] } else { SMALL[vowel] });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(kana: &str) -> Option<String> {
        let sounds = sounds(kana)?;
        Some(sounds.into_iter().map(name).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn every_pair_is_of_the_alphabet() {
        let pairs: Vec<_> = pairs().collect();
        assert_eq!(pairs.len(), crate::PAIRS);
        assert_eq!(include_str!("pairs.txt").lines().count(), crate::PAIRS);
        let unique: std::collections::BTreeSet<_> = pairs.iter().collect();
        assert_eq!(unique.len(), crate::PAIRS);
        assert_eq!(pairs[0], (1, 31));
    }

    #[test]
    fn kana_sounds() {
        for (kana, sounds) in [
            ("トーキョー", "t o o ky o o"),
            ("とーきょー", "t o o ky o o"),
            ("ガッコー", "g a cl k o o"),
            ("ファティウォヴェ", "f a t i w o v e"),
            ("シェチャジョフュヂヅヲ", "sh e ch a j o hy u j i z u o"),
            ("ハンー", "h a N N"),
            ("ーッー", "cl"),
            ("ヶヮイェ", "k e w a y e"),
            ("", ""),
        ] {
            assert_eq!(names(kana).as_deref(), Some(sounds), "{kana}");
        }
        for strange in ["京都", "ヴャ", "a", "ア イ", "・", "テュ"] {
            assert_eq!(names(strange), None, "{strange}");
        }
    }

    #[test]
    fn vowels_lose_their_voice_only_after_voiceless_consonants() {
        assert_eq!(sounds("キグ"), Some(vec![16, EITHER_I, 14, 33]));
        assert_eq!(sounds("スー"), Some(vec![20, EITHER_U, 33]));
    }

    #[test]
    fn sounds_are_written() {
        let written = |names: &str| kana(&names.split(' ').filter_map(named).collect::<Vec<_>>());
        assert_eq!(written("t o o ky o o"), "トーキョー");
        assert_eq!(written("s U k i d e s U"), "スキデス");
        assert_eq!(written("g a cl k o o"), "ガッコー");
        assert_eq!(written("w i t i t u d u dy u ts a v a"), "ウィティトゥドゥデュツァヴァ");
        // Nothing that kana has letters for, and consonants alone.
        assert_eq!(written("ky e k N t r"), "キェクントル");
        assert_eq!(written("pau"), "");
    }

    proptest! {
        #[test]
        fn kana_comes_back_from_its_sounds(text in "[ぁ-ゔァ-ヴー]{0,12}") {
            if let Some(sounds) = sounds(&text) {
                prop_assert_eq!(super::sounds(&kana(&sounds)), Some(sounds));
            }
        }

        #[test]
        fn any_sounds_are_written(sounds in prop::collection::vec(0u8..=255, 0..20)) {
            prop_assert!(super::sounds(&kana(&sounds)).is_some());
        }
    }
}
