//! Words of a guide whose Japanese reading nobody can be sure of but the people who wrote it: what the dictionary does not
//! know, names that are read in several ways, words that only their sentence decides, numbers with rare counters. A voice says
//! them wrong with the same calm as everything else.

use crate::{Place, VoiceError, own_readings};
use domain::{Language, ruby};
use guide::{Fault, Guide};
use reading::{Japanese, Lexicon};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Words, as the dictionary cuts them, that are written alike and read in several ways, of which only the sentence knows the
/// right one; and those that the dictionary is known to choose badly among.
const HOMOGRAPHS: [(&str, &str); 38] = [
    ("一時", "いちじ・いっとき"),
    ("上手", "じょうず・うわて・かみて"),
    ("下手", "へた・したて・しもて"),
    ("何人", "なんにん・なにじん"),
    ("何分", "なんぷん・なにぶん"),
    ("入れ", "いれ・はいれ"),
    ("入れる", "いれる・はいれる"),
    ("冷水", "れいすい・ひやみず"),
    ("十分", "じゅうぶん・じゅっぷん"),
    ("博士", "はかせ・はくし"),
    ("大人気", "だいにんき・おとなげ"),
    ("宝物", "たからもの・ほうもつ"),
    ("寒気", "さむけ・かんき"),
    ("山道", "やまみち・さんどう"),
    ("工場", "こうじょう・こうば"),
    ("市場", "いちば・しじょう"),
    ("床", "ゆか・とこ"),
    ("放し", "はなし・ほうし"),
    ("方", "ほう・かた"),
    ("日本", "にほん・にっぽん"),
    ("最中", "さいちゅう・もなか"),
    ("札", "ふだ・さつ"),
    ("柵", "さく・しがらみ"),
    ("牧場", "ぼくじょう・まきば"),
    ("生物", "せいぶつ・なまもの"),
    ("空い", "あい・すい"),
    ("空く", "あく・すく"),
    ("紅葉", "こうよう・もみじ"),
    ("草原", "そうげん・くさはら"),
    ("行っ", "いっ・おこなっ"),
    ("角", "つの・かど・かく"),
    ("辛い", "からい・つらい"),
    ("金", "きん・かね"),
    ("銀杏", "いちょう・ぎんなん"),
    ("開い", "あい・ひらい"),
    ("開く", "あく・ひらく"),
    ("額", "がく・ひたい"),
    ("風車", "ふうしゃ・かざぐるま"),
];

/// What may stand behind digits, because the engine's rules were heard to read it rightly (a test asks them).
const COUNTERS: &str = "年月日時分秒週円人名歳番号回度台本枚個冊点階頭匹杯泊件割倍部席種代万千百";

/// A name whose second reading is not much unlikelier than the first (in the dictionary's costs) may be read so here.
const NEAR: i16 = 2000;
/// Between other readings that are so near, the choice is chance.
const TIED: i16 = 100;

/// Every such word once a file, with its line and how to settle it.
///
/// # Errors
/// When the dictionary is missing.
pub fn unsure_readings(guide: &Guide, folder: &Path, place: &Place) -> Result<Vec<Fault>, VoiceError> {
    let reader = place.reader(&own_readings(guide))?;
    let mut checker =
        Checker { guide, japanese: reader.japanese(), lexicon: &place.lexicon()?, folder, faults: Vec::new() };
    for (id, answer) in &guide.answers {
        checker.texts("answers", id, &[&answer.text(Language::Ja).say], &[]);
    }
    for (id, place) in &guide.places {
        let text = place.text(Language::Ja);
        let fee = text.fee.as_deref().unwrap_or_default();
        checker.texts("places", id, &[&text.about, &text.way, fee], &names(&text.name, &text.also));
    }
    for (id, event) in &guide.events {
        let text = event.text(Language::Ja);
        let (time, fee) = (text.time.as_deref().unwrap_or_default(), text.fee.as_deref().unwrap_or_default());
        checker.texts("events", id, &[&text.about, time, fee], &names(&text.name, &text.also));
    }
    Ok(checker.faults)
}

fn names<'a>(name: &'a str, also: &'a [String]) -> Vec<&'a str> {
    std::iter::once(name).chain(also.iter().map(String::as_str)).collect()
}

struct Checker<'a> {
    guide: &'a Guide,
    japanese: &'a Japanese,
    lexicon: &'a Lexicon,
    folder: &'a Path,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    fn texts(&mut self, kind: &str, id: &str, texts: &[&str], names: &[&str]) {
        let file = PathBuf::from(kind).join(format!("{id}.toml"));
        let mut found: BTreeMap<String, (String, &str)> = BTreeMap::new();
        for (text, is_name) in texts.iter().map(|text| (*text, false)).chain(names.iter().map(|name| (*name, true))) {
            // As the voice is given it: what has a reading is kana already.
            for word in self.japanese.words(&ruby::spoken(text)) {
                let surface = half_width(&word.surface);
                if let Some(why) = self.doubt(&surface, &word, is_name) {
                    found.entry(surface).or_insert((why, text));
                }
            }
            for counted in rare_counters(text) {
                let why = format!(
                    "「{counted}」の数え方は、正しく読めないかもしれません。文の中で ｜{counted}《よみ》 と書いてください"
                );
                found.entry(counted).or_insert((why, text));
            }
        }
        if found.is_empty() {
            return;
        }
        let source = std::fs::read_to_string(self.folder.join(&file)).unwrap_or_default();
        for (word, (what, text)) in found {
            self.faults.push(Fault { file: file.clone(), line: line_of(&source, text, &word), what, warning: true });
        }
    }

    /// Why a word's reading is not sure, and what to do; `None` where it is.
    fn doubt(&self, word: &str, found: &reading::Word, is_name: bool) -> Option<String> {
        let kanji = word.chars().any(is_kanji);
        let letters = word.chars().filter(char::is_ascii_alphabetic).count();
        let numeral = word.chars().all(|c| "〇一二三四五六七八九十百千万億日".contains(c));
        if !kanji && letters == 0 || numeral || self.guide.site.readings.contains_key(word) {
            return None;
        }
        let readings = self.lexicon.readings(&found.surface);
        let kana = hiragana(&found.kana);
        let settle = |reading: &str| {
            let here = if kanji { format!("{word}《{reading}》") } else { format!("｜{word}《{reading}》") };
            // A single character in the dictionary would be found inside of other words, too.
            if word.chars().count() == 1 {
                format!("文の中で {here} と書いてください")
            } else {
                format!(
                    "guide.toml の [readings] に \"{word}\" = \"{reading}\" と書くか、文の中で {here} と書いてください"
                )
            }
        };
        if letters > 0 && readings.is_empty() {
            // Short abbreviations are said letter by letter.
            let spelt = letters <= 3 && word.chars().all(|c| c.is_ascii_uppercase());
            return (!spelt)
                .then(|| format!("「{word}」は辞書になく、一字ずつ「{kana}」と読みます。{}", settle("よみ")));
        }
        if found.unknown || found.kana.is_empty() {
            return Some(format!("「{word}」は辞書にないので、読めません。{}", settle("よみ")));
        }
        // Other names for a place carry no readings; a general word among them is what the dictionary says.
        if let Some((_, ways)) = HOMOGRAPHS.iter().find(|(written, _)| *written == word) {
            if is_name {
                return None;
            }
            let first = ways.split('・').next().unwrap_or_default();
            let what = format!("「{word}」は{ways}と読まれます（いまは「{kana}」）。正しいほうを");
            return Some(format!("{what}、文の中で {word}《{first}》 のように書いてください"));
        }
        let mine = readings.iter().find(|reading| reading.kana == found.kana)?;
        let spelt = hiragana(&mine.spelt);
        // What is known all over the country stands in the dictionary more than once: as a place, a station, a family.
        let known = readings.iter().filter(|reading| reading.proper && reading.kana == mine.kana).count() > 1;
        if is_name && mine.proper && !known && word.chars().all(is_kanji) {
            return Some(format!("名前の「{word}」に読みがありません（いまは「{kana}」）。{}", settle(&spelt)));
        }
        let near = |other: &&reading::Reading| {
            let apart = other.cost.saturating_sub(mine.cost);
            !sounds_alike(&other.kana, &mine.kana)
                && !is_voiced(&mine.kana, &other.kana)
                && (mine.proper && apart <= NEAR || other.manner == mine.manner && (0..=TIED).contains(&apart))
        };
        let others: BTreeSet<String> = readings.iter().filter(near).map(|other| hiragana(&other.spelt)).collect();
        if others.is_empty() {
            return None;
        }
        let others = others.into_iter().collect::<Vec<_>>().join("・");
        Some(format!("「{word}」は「{kana}」と読みますが、{others}かもしれません。{}", settle(&spelt)))
    }
}

fn sounds_alike(a: &str, b: &str) -> bool {
    let same = |kana: &str| kana.replace('ヅ', "ズ").replace('ヂ', "ジ");
    same(a) == same(b)
}

fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '々')
}

/// Whether two readings differ in nothing but a voiced beginning (やま, だま): of these the engine's rules decide.
fn is_voiced(a: &str, b: &str) -> bool {
    let rest = |kana: &str| kana.chars().skip(1).collect::<String>();
    rest(a) == rest(b)
}

/// Digits that are followed by a counter which is not in [`COUNTERS`].
fn rare_counters(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // A counter with a reading is none of these: its base is another span.
    for span in ruby::parse(text).into_iter().filter(|span| span.ruby.is_empty()) {
        let chars: Vec<char> = span.base.chars().collect();
        for (at, pair) in chars.windows(2).enumerate() {
            let (digit, counter) = (pair[0], pair[1]);
            if !digit.is_ascii_digit() || !is_kanji(counter) {
                continue;
            }
            let from = (0..=at).rev().take_while(|at| chars[*at].is_ascii_digit()).last().unwrap_or(at);
            let number: String = chars[from..=at].iter().collect();
            // The first of a month, or one whole day.
            let day = counter == '日' && number == "1" && (from == 0 || chars[from - 1] != '月');
            let weekday = "月火水木金土日".contains(counter) && chars.get(at + 2) == Some(&'曜');
            if day || !weekday && !COUNTERS.contains(counter) {
                found.push(format!("{number}{counter}"));
            }
        }
    }
    found
}

/// The line of the Japanese part of a file in which a word stands without a reading; that of its text, if it is in one.
fn line_of(source: &str, text: &str, word: &str) -> usize {
    let lines = source.lines().enumerate().skip_while(|(_, line)| line.trim() != "[ja]").skip(1);
    let japanese = lines.take_while(|(_, line)| !line.starts_with('['));
    let bare = |line: &str| line.match_indices(word).any(|(at, _)| !line[at + word.len()..].starts_with('《'));
    let found: Vec<(usize, &str)> = japanese.filter(|(_, line)| bare(line)).collect();
    let best = found.iter().find(|(_, line)| line.contains(text)).or(found.first());
    best.map_or(0, |(at, _)| at + 1)
}

/// Wide letters as they are written on a keyboard.
fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '！'..='～') { char::from_u32(c as u32 - 0xfee0).unwrap_or(c) } else { c })
        .collect()
}

fn hiragana(kana: &str) -> String {
    kana.chars()
        .map(|c| if matches!(c, 'ァ'..='ヶ') { char::from_u32(c as u32 - 0x60).unwrap_or(c) } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_lines_are_found() {
        assert_eq!(rare_counters("タイヤ4輪と、1日に3本、第3火曜、11月1日、33体《たい》、802席"), ["4輪", "1日"]);
        let source = "kind = \"柵\"\n[ja]\nask = [\n  \"柵\",\n]\nabout = \"柵《さく》\"\nway = \"柵の中\"\n[ko]\nway = \"柵\"\n";
        assert_eq!(line_of(source, "柵の中", "柵"), 7);
        assert_eq!(line_of(source, "written\nin several lines", "柵"), 4);
        assert_eq!(line_of(source, "橋", "橋"), 0);
        assert_eq!(half_width("ＩＣＯＣＡ"), "ICOCA");
        assert!(HOMOGRAPHS.is_sorted_by_key(|(word, _)| *word));
    }
}
