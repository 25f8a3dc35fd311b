//! Places and events named in a question, found by their sound: a recogniser writes a name in other characters, a visitor
//! says half of it.

use domain::Language;
use reading::Reader;

/// A piece of a question that is not taken apart: a word, a character.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// As written.
    pub text: String,
    /// As it sounds.
    pub sound: Vec<char>,
}

/// The pieces of a normal text.
pub(crate) fn units(reader: &Reader, language: Language, text: &str) -> Vec<Unit> {
    let unit = |text: String, sound: String| Unit { text, sound: sound.chars().collect() };
    match language {
        Language::Ja => reader.japanese().words(text).into_iter().map(|word| unit(word.surface, word.kana)).collect(),
        Language::En => {
            text.split_whitespace().map(|word| unit(word.to_owned(), reader.sound(language, word))).collect()
        }
        Language::ZhHans | Language::Ko => text
            .chars()
            .map(|c| unit(c.to_string(), if c == ' ' { String::new() } else { reader.sound(language, &c.to_string()) }))
            .collect(),
    }
}

/// Something with names.
#[derive(Debug, Clone)]
pub(crate) struct Name<T> {
    /// What is named.
    pub of: T,
    /// The name's sound.
    pub sound: Vec<char>,
    /// The name as a normal text.
    pub text: String,
}

/// A name found in a question.
#[derive(Debug, Clone)]
pub(crate) struct Mention<T> {
    /// What is named.
    pub of: T,
    /// How well: 1 for the very sound.
    pub quality: f32,
    /// How much of the question it is, in characters of sound.
    pub length: usize,
    /// The question with `x` in the name's place.
    pub rest: String,
}

/// So many letters of sound say nothing by themselves: such a name must be written right.
fn short(language: Language) -> usize {
    match language {
        Language::Ja => 2,
        Language::En => 3,
        Language::ZhHans => 9,
        Language::Ko => 5,
    }
}

/// The names in a question, the longest first; of each thing the best.
pub(crate) fn mentions<T: Clone + PartialEq>(language: Language, units: &[Unit], names: &[Name<T>]) -> Vec<Mention<T>> {
    let mut found: Vec<Mention<T>> = Vec::new();
    let space = if language == Language::En { " " } else { "" };
    for name in names {
        let wanted = name.sound.len();
        if wanted == 0 {
            continue;
        }
        let slack = if wanted > short(language) { wanted / 5 } else { 0 };
        let mut best: Option<(usize, usize, usize)> = None;
        for from in 0..units.len() {
            let mut sound: Vec<char> = Vec::new();
            for (to, unit) in units.iter().enumerate().skip(from) {
                sound.extend(&unit.sound);
                if sound.len() > wanted + slack {
                    break;
                }
                if sound.len() + slack < wanted {
                    continue;
                }
                let apart = distance(&sound, &name.sound, slack);
                if apart <= slack && best.is_none_or(|(least, ..)| apart < least) {
                    best = Some((apart, from, to + 1));
                }
            }
        }
        let Some((apart, from, to)) = best else { continue };
        let written: String = units[from..to].iter().map(|unit| unit.text.as_str()).collect();
        if wanted <= short(language) && written.replace(' ', "") != name.text.replace(' ', "") {
            continue;
        }
        let part = |units: &[Unit]| units.iter().map(|unit| unit.text.as_str()).collect::<Vec<_>>().join(space);
        let mention = Mention {
            of: name.of.clone(),
            quality: 1.0 - apart as f32 / wanted as f32,
            length: wanted,
            rest: [part(&units[..from]), "x".to_owned(), part(&units[to..])].join(space).trim().to_owned(),
        };
        match found.iter_mut().find(|other| other.of == mention.of) {
            Some(other) if (mention.quality, mention.length) > (other.quality, other.length) => *other = mention,
            Some(_) => {}
            None => found.push(mention),
        }
    }
    found.sort_by(|a, b| (b.length as f32 * b.quality).total_cmp(&(a.length as f32 * a.quality)));
    found
}

/// Levenshtein's distance; anything above `most` may be said as `most + 1`.
pub(crate) fn distance(a: &[char], b: &[char], most: usize) -> usize {
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut left_up = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = (up + 1).min(row[j] + 1).min(left_up + usize::from(x != y));
            left_up = up;
        }
        if row.iter().all(|value| *value > most) {
            return most + 1;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, expected) in
            [("クリカラ", "クリカラ", 0), ("クリカラ", "クルカラ", 1), ("ab", "", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(&chars(a), &chars(b), 9), expected);
        }
        assert_eq!(distance(&chars("abcdef"), &chars("uvwxyz"), 2), 3);
    }
}
