//! Korean: Hangul -> sounds, with the changes between syllables, for a voice that was not made for Korean.

use crate::numbers;
use crate::text::split_numbers;

const ONSETS: [&str; 19] =
    ["k", "kk", "n", "t", "tt", "r", "m", "p", "pp", "s", "ss", "", "c", "cc", "ch", "kh", "th", "ph", "h"];
const VOWELS: [&str; 21] = [
    "a", "ɛ", "ja", "jɛ", "ʌ", "e", "jʌ", "je", "o", "wa", "wɛ", "we", "jo", "u", "wʌ", "we", "wi", "ju", "ɯ", "ɯi",
    "i",
];
/// What closes a syllable, and what is left over for the next one.
const CODAS: [(&str, &str); 28] = [
    ("", ""),
    ("", "k"),
    ("", "kk"),
    ("k", "s"),
    ("", "n"),
    ("n", "c"),
    ("n", "h"),
    ("", "t"),
    ("", "r"),
    ("l", "k"),
    ("l", "m"),
    ("l", "p"),
    ("l", "s"),
    ("l", "th"),
    ("l", "ph"),
    ("l", "h"),
    ("", "m"),
    ("", "p"),
    ("p", "s"),
    ("", "s"),
    ("", "ss"),
    ("ŋ", ""),
    ("", "c"),
    ("", "ch"),
    ("", "kh"),
    ("", "th"),
    ("", "ph"),
    ("", "h"),
];

#[derive(Clone)]
struct Syllable {
    onset: String,
    vowel: &'static str,
    coda: String,
    /// A part of the coda that moves to a following vowel.
    loose: String,
}

/// What a single closing letter sounds like when nothing follows.
fn closed(letter: &str) -> &'static str {
    match letter {
        "k" | "kk" | "kh" => "k",
        "t" | "th" | "s" | "ss" | "c" | "ch" | "h" => "t",
        "p" | "ph" => "p",
        "n" => "n",
        "m" => "m",
        "r" => "l",
        _ => "",
    }
}

/// The phonemes of a sentence.
pub(crate) fn phonemes(sentence: &str) -> String {
    let mut out = String::new();
    for word in read_numbers(sentence).split_whitespace() {
        let mut syllables: Vec<Syllable> = Vec::new();
        let mut mark = "";
        for c in word.chars() {
            let Some(code) = (c as u32).checked_sub(0xac00).filter(|code| *code < 11_172) else {
                mark = match c {
                    ',' | ':' | '·' => ", ",
                    '.' => ". ",
                    '?' => "? ",
                    '!' => "! ",
                    _ => mark,
                };
                continue;
            };
            let (onset, vowel, coda) = (code / 588, code / 28 % 21, code % 28);
            let (coda, loose) = CODAS[coda as usize];
            syllables.push(Syllable {
                onset: ONSETS[onset as usize].to_owned(),
                vowel: VOWELS[vowel as usize],
                coda: coda.to_owned(),
                loose: loose.to_owned(),
            });
        }
        for at in 0..syllables.len() {
            let (head, tail) = syllables.split_at_mut(at + 1);
            join(&mut head[at], tail.first_mut());
        }
        let mut voiced = false;
        for syllable in &syllables {
            out.push_str(&onset(&syllable.onset, voiced));
            out.push_str(syllable.vowel);
            out.push_str(if syllable.coda == "l" { "l" } else { syllable.coda.as_str() });
            voiced = matches!(syllable.coda.as_str(), "" | "n" | "m" | "ŋ" | "l");
        }
        out.push_str(if mark.is_empty() { " " } else { mark });
    }
    out.trim().to_owned()
}

/// What happens between two syllables.
fn join(this: &mut Syllable, next: Option<&mut Syllable>) {
    let Some(next) = next else {
        if this.coda.is_empty() {
            this.coda = closed(&this.loose).to_owned();
        }
        return;
    };
    let loose = std::mem::take(&mut this.loose);
    if next.onset.is_empty() {
        // The closing letter moves over; ㄷ and ㅌ soften before i; ㅎ is lost.
        next.onset = match (loose.as_str(), next.vowel) {
            ("t", "i") => "c".to_owned(),
            ("th", "i") => "ch".to_owned(),
            ("h", _) => String::new(),
            _ => loose,
        };
        // What stays of two letters: l before a vowel is r when nothing else moves.
        if next.onset.is_empty() && this.coda == "l" {
            this.coda.clear();
            next.onset = "r".to_owned();
        } else if next.onset.is_empty() && this.coda == "n" {
            this.coda.clear();
            next.onset = "n".to_owned();
        }
        return;
    }
    // ㅎ makes its neighbour breathe.
    let breath = |letter: &str| match letter {
        "k" => Some("kh"),
        "t" => Some("th"),
        "p" => Some("ph"),
        "c" => Some("ch"),
        _ => None,
    };
    if loose == "h"
        && let Some(changed) = breath(&next.onset)
    {
        next.onset = changed.to_owned();
        return;
    }
    if next.onset == "h"
        && let Some(changed) = breath(&loose)
    {
        next.onset = changed.to_owned();
        return;
    }
    let mut coda = if this.coda.is_empty() { closed(&loose).to_owned() } else { this.coda.clone() };
    match (coda.as_str(), next.onset.as_str()) {
        // Before a nasal, stops become nasals.
        ("k", "n" | "m") => coda = "ŋ".to_owned(),
        ("t", "n" | "m") => coda = "n".to_owned(),
        ("p", "n" | "m") => coda = "m".to_owned(),
        ("k", "r") => (coda, next.onset) = ("ŋ".to_owned(), "n".to_owned()),
        ("p", "r") => (coda, next.onset) = ("m".to_owned(), "n".to_owned()),
        ("m" | "ŋ", "r") => next.onset = "n".to_owned(),
        ("n", "r") | ("l", "n" | "r") => (coda, next.onset) = ("l".to_owned(), "l".to_owned()),
        // After a stop, the next one is tense.
        ("k" | "t" | "p", "k" | "t" | "p" | "s" | "c") => next.onset = format!("{0}{0}", next.onset),
        _ => {}
    }
    this.coda = coda;
}

fn onset(letter: &str, voiced: bool) -> String {
    match letter {
        "k" if voiced => "ɡ",
        "t" if voiced => "d",
        "p" if voiced => "b",
        "c" if voiced => "ʥ",
        "kk" => "k",
        "tt" => "t",
        "pp" => "p",
        "ss" => "s",
        "c" | "cc" => "ʨ",
        "kh" => "kʰ",
        "th" => "tʰ",
        "ph" => "pʰ",
        "ch" => "ʨʰ",
        "r" => "ɾ",
        other => other,
    }
    .to_owned()
}

/// Numbers in words: telephone digits one by one, hours and people in native numbers.
pub(crate) fn read_numbers(sentence: &str) -> String {
    let parts = split_numbers(sentence);
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if !part.chars().any(|c| c.is_ascii_digit()) {
            out.push_str(part);
            continue;
        }
        if part.contains('-')
            || part.starts_with('#')
            || part.starts_with('0')
            || matches!(part.as_str(), "110" | "112" | "119")
        {
            for c in part.chars() {
                out.push_str(match c {
                    '0' => "공",
                    '#' => "샵 ",
                    '-' => ", ",
                    _ => c.to_digit(10).map_or("", |digit| {
                        ["공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"][digit as usize]
                    }),
                });
            }
            continue;
        }
        let next = parts.get(at + 1).map_or("", |next| next.trim_start());
        let native =
            ["시", "명", "개", "살", "번째", "대", "마리", "사람", "가지"].iter().any(|unit| next.starts_with(unit))
                && !next.starts_with("시간표");
        match part.parse::<u64>() {
            Ok(number) => {
                // By the clock of 24 hours, the later ones are read in Sino-Korean.
                let native = native && !(number > 12 && next.starts_with('시'));
                let word = if native { numbers::korean_native(number) } else { None };
                out.push_str(&word.unwrap_or_else(|| numbers::korean(number)));
            }
            Err(_) => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_change_each_other() {
        for (written, expected) in [
            ("국물", "kuŋmul"),
            ("신라", "silla"),
            ("같이", "kaʨʰi"),
            ("좋다", "ʨotʰa"),
            ("음악", "ɯmak"),
            ("독립", "toŋnip"),
            ("있어요", "isʌjo"),
            ("한국", "hanɡuk"),
            ("입구", "ipku"),
            ("화장실", "hwaʥaŋsil"),
        ] {
            assert_eq!(phonemes(written), expected, "{written}");
        }
    }

    #[test]
    fn numbers_are_read_by_what_they_count() {
        assert_eq!(read_numbers("3시 30분"), "세시 삼십분");
        assert_eq!(read_numbers("16시"), "십육시");
        assert_eq!(read_numbers("500엔"), "오백엔");
        assert_eq!(read_numbers("119"), "일일구");
    }
}
