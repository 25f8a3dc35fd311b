//! Chinese: characters -> syllables -> what Kokoro's Chinese voices are given.

use crate::numbers;
use crate::text::split_numbers;
use jieba_rs::Jieba;
use pinyin::ToPinyin;

/// Spells Chinese.
pub(crate) struct Speller {
    words: Jieba,
}

impl Speller {
    pub fn new() -> Self {
        Self { words: Jieba::new() }
    }

    /// The phonemes of a sentence; words apart.
    pub fn phonemes(&self, sentence: &str) -> String {
        let read = read_numbers(sentence);
        let mut out = String::new();
        for token in self.words.cut(&read, true) {
            let word = token.word;
            let mut sounds: Vec<(String, u8)> = word
                .chars()
                .filter_map(|c| c.to_pinyin())
                .map(|pinyin| {
                    let plain = pinyin.with_tone_num_end();
                    let tone = plain.chars().last().and_then(|c| c.to_digit(10)).unwrap_or(5) as u8;
                    (pinyin.plain().replace('ü', "v"), tone)
                })
                .collect();
            // Before another third tone, a third tone is a second one.
            for at in 0..sounds.len().saturating_sub(1) {
                if sounds[at].1 == 3 && sounds[at + 1].1 == 3 {
                    sounds[at].1 = 2;
                }
            }
            if sounds.is_empty() {
                match word.chars().next() {
                    Some('，' | '、' | ',' | '：' | '；') => out.push_str(", "),
                    Some('。' | '.') => out.push_str(". "),
                    Some('？' | '?') => out.push_str("? "),
                    Some('！' | '!') => out.push_str("! "),
                    _ => {}
                }
                continue;
            }
            for (syllable, tone) in &sounds {
                out.push_str(&phonemes(syllable, *tone));
            }
            out.push(' ');
        }
        out.trim().replace(" ,", ",").replace(" .", ".").replace(" ?", "?").replace(" !", "!")
    }
}

/// Numbers in words: telephone digits one by one.
pub(crate) fn read_numbers(sentence: &str) -> String {
    let mut read = String::new();
    for part in split_numbers(sentence) {
        if !part.chars().any(|c| c.is_ascii_digit()) {
            read.push_str(&part);
        } else if part.contains('-')
            || part.starts_with('#')
            || part.starts_with('0')
            || matches!(part.as_str(), "110" | "119" | "120")
        {
            // Of a telephone number each digit, 1 as yāo.
            for c in part.chars() {
                read.push_str(match c {
                    '1' => "幺",
                    '#' => "井号",
                    '-' => "，",
                    _ => c.to_digit(10).map_or("", |digit| {
                        ["零", "幺", "二", "三", "四", "五", "六", "七", "八", "九"][digit as usize]
                    }),
                });
            }
        } else {
            read.push_str(&part.parse().map_or_else(|_| part.clone(), numbers::chinese));
        }
    }
    // Two of a thing is 两.
    for counted in ["点", "个", "位", "次", "天", "分钟", "公里", "小时"] {
        read = read
            .replace(&format!("二{counted}"), &format!("两{counted}"))
            .replace(&format!("十两{counted}"), &format!("十二{counted}"));
    }
    read
}

/// One syllable (`zhuang`, ü as v) with its tone (5: none) in IPA, the tone after the vowel.
fn phonemes(syllable: &str, tone: u8) -> String {
    const INITIALS: [(&str, &str); 21] = [
        ("zh", "ꭧ"),
        ("ch", "ꭧʰ"),
        ("sh", "ʂ"),
        ("b", "p"),
        ("p", "pʰ"),
        ("m", "m"),
        ("f", "f"),
        ("d", "t"),
        ("t", "tʰ"),
        ("n", "n"),
        ("l", "l"),
        ("g", "k"),
        ("k", "kʰ"),
        ("h", "x"),
        ("j", "ʨ"),
        ("q", "ʨʰ"),
        ("x", "ɕ"),
        ("r", "ɻ"),
        ("z", "ʦ"),
        ("c", "ʦʰ"),
        ("s", "s"),
    ];
    // `0` is where the tone stands.
    const FINALS: [(&str, &str); 38] = [
        ("a", "a0"),
        ("ai", "ai0"),
        ("an", "a0n"),
        ("ang", "a0ŋ"),
        ("ao", "au0"),
        ("e", "ɤ0"),
        ("ei", "ei0"),
        ("en", "ə0n"),
        ("eng", "ə0ŋ"),
        ("er", "ɚ0"),
        ("i", "i0"),
        ("ia", "ja0"),
        ("ian", "jɛ0n"),
        ("iang", "ja0ŋ"),
        ("iao", "jau0"),
        ("ie", "je0"),
        ("in", "i0n"),
        ("iu", "jou0"),
        ("ing", "i0ŋ"),
        ("iong", "jʊ0ŋ"),
        ("ong", "ʊ0ŋ"),
        ("ou", "ou0"),
        ("u", "u0"),
        ("ui", "wei0"),
        ("ua", "wa0"),
        ("uai", "wai0"),
        ("uan", "wa0n"),
        ("un", "wə0n"),
        ("uang", "wa0ŋ"),
        ("ueng", "wə0ŋ"),
        ("uo", "wo0"),
        ("o", "wo0"),
        ("v", "y0"),
        ("ve", "ɥe0"),
        ("ue", "ɥe0"),
        ("van", "ɥɛ0n"),
        ("vn", "y0n"),
        ("ê", "ɛ0"),
    ];
    let mark = match tone {
        1 => "→",
        2 => "↗",
        3 => "↓",
        4 => "↘",
        _ => "",
    };
    let (initial, rest) = INITIALS
        .iter()
        .find_map(|(letters, sound)| syllable.strip_prefix(letters).map(|rest| (*sound, rest.to_owned())))
        .unwrap_or(("", syllable.to_owned()));
    let after = syllable.get(..syllable.len() - rest.len()).unwrap_or_default();
    let rest = match (after, rest.as_str()) {
        // y and w are only ways of writing.
        ("", other) => match other {
            "yi" | "yin" | "ying" => other[1..].to_owned(),
            "yu" | "yue" | "yuan" | "yun" => format!("v{}", &other[2..]),
            "yong" => "iong".to_owned(),
            "you" => "iu".to_owned(),
            "yo" => "ou".to_owned(),
            "wu" => "u".to_owned(),
            "wei" => "ui".to_owned(),
            "wen" => "un".to_owned(),
            "weng" => "ueng".to_owned(),
            _ if other.starts_with('y') => format!("i{}", &other[1..]),
            _ if other.starts_with('w') => format!("u{}", &other[1..]),
            _ => other.to_owned(),
        },
        ("j" | "q" | "x", "u") => "v".to_owned(),
        ("j" | "q" | "x", "ue") => "ve".to_owned(),
        ("j" | "q" | "x", "uan") => "van".to_owned(),
        ("j" | "q" | "x", "un") => "vn".to_owned(),
        (_, other) => other.to_owned(),
    };
    let sound = match (after, rest.as_str()) {
        ("zh" | "ch" | "sh" | "r" | "z" | "c" | "s", "i") => "ɨ0",
        (_, rest) => FINALS.iter().find(|(letters, _)| *letters == rest).map_or("", |(_, sound)| sound),
    };
    format!("{initial}{}", sound.replace('0', mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_spelt() {
        for (syllable, tone, expected) in [
            ("xiang", 4, "ɕja↘ŋ"),
            ("shi", 4, "ʂɨ↘"),
            ("yu", 2, "y↗"),
            ("yuan", 2, "ɥɛ↗n"),
            ("wo", 3, "wo↓"),
            ("jiu", 3, "ʨjou↓"),
            ("zhuang", 1, "ꭧwa→ŋ"),
            ("lv", 4, "ly↘"),
            ("de", 5, "tɤ"),
            ("xue", 2, "ɕɥe↗"),
            ("ying", 2, "i↗ŋ"),
            ("er", 4, "ɚ↘"),
        ] {
            assert_eq!(phonemes(syllable, tone), expected, "{syllable}");
        }
    }

    #[test]
    fn every_syllable_of_the_language_has_a_sound() {
        for code in 0x4e00..=0x9fff_u32 {
            let Some(pinyin) = char::from_u32(code).and_then(|c| c.to_pinyin()) else { continue };
            let plain = pinyin.plain().replace('ü', "v");
            if !["m", "n", "ng", "hm", "hng", "lo", "yai"].contains(&plain.as_str()) && plain.is_ascii() {
                assert!(phonemes(&plain, 1).contains('→'), "{plain}");
            }
        }
    }
}
