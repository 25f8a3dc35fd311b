//! Texts as the screen takes them: lines break between phrases (文節), and readings stand above where they are wanted.

use crate::ui::{App, Line, Phrase, Piece, Ruby};
use domain::ruby;
use slint::{ComponentHandle, ModelRc, VecModel};

/// A text with or without its furigana.
pub(crate) fn phrase(text: &str, furigana: bool) -> Phrase {
    let plain = ruby::plain(text);
    let marked = if furigana && text.contains('《') { text } else { "" };
    Phrase { lines: in_phrases(&plain).into(), plain: plain.into(), marked: marked.into() }
}

/// Lets the screen set texts with furigana.
pub(crate) fn wire(app: &App) {
    let global = app.global::<Ruby>();
    global.on_width(|marked| units(&marked).iter().map(|unit| unit.width).sum());
    global.on_lines(|marked, room| {
        let lines = lines(&units(&marked), room);
        ModelRc::new(VecModel::from_iter(lines.into_iter().map(|line| Line {
            width: line.iter().map(|piece| piece.width).sum(),
            pieces: ModelRc::new(VecModel::from(line)),
        })))
    });
}

/// The longest run of characters that is kept on one line; a longer one breaks where any Japanese text may.
const TOGETHER: usize = 11;

/// The text with word joiners between the characters of a phrase (文節), so that lines break where a reader takes breath:
/// after stops and particles, not inside words. Text without kana is left as it is.
fn in_phrases(text: &str) -> String {
    const JOINER: char = '\u{2060}';
    let kana = |c: char| matches!(c, 'ぁ'..='ヿ');
    if !text.contains(kana) {
        return text.to_owned();
    }
    let all: Vec<char> = text.chars().collect();
    let begins: Vec<usize> = (0..all.len()).filter(|&at| at == 0 || begins_phrase(&all, at)).collect();
    let mut out = String::with_capacity(text.len() * 2);
    for (i, &begin) in begins.iter().enumerate() {
        let run = &all[begin..begins.get(i + 1).copied().unwrap_or(all.len())];
        for (at, &c) in run.iter().enumerate() {
            if at > 0 && run.len() <= TOGETHER && !c.is_whitespace() {
                out.push(JOINER);
            }
            out.push(c);
        }
    }
    out
}

/// Whether a phrase may begin at this character.
fn begins_phrase(all: &[char], at: usize) -> bool {
    let (before, c) = (all[at - 1], all[at]);
    let kanji = |c: char| matches!(c, '々' | '㐀'..='鿿' | '豈'..='﫿');
    let word = |c: char| kanji(c) || matches!(c, 'ァ'..='ヶ') || c.is_ascii_alphanumeric();
    let polite = matches!(c, 'お' | 'ご') && all.get(at + 1).copied().is_some_and(kanji);
    let starts = |word: &str| all[at..].iter().copied().take(word.chars().count()).eq(word.chars());
    let asks = starts("ください");
    let which = ["どなた", "どの", "どれ", "いつ", "いくつ"].into_iter().any(starts);
    let particle = "をにはがでとものへてやらどか".contains(before);
    if closes(c) {
        false
    } else if closes(before) && before != 'ー' && before != '々' {
        true
    } else {
        opens(c) && !opens(before) || particle && (word(c) || polite || which) || asks && !kanji(before)
    }
}

/// May not begin a line (行頭禁則).
fn closes(c: char) -> bool {
    "、。，．・：；？！）」』】〉》〕］｝…ー々〜～,.)!?:;%’”".contains(c) || c.is_whitespace()
}

/// May not end a line (行末禁則).
fn opens(c: char) -> bool {
    "（「『【〈《〔［｛(‘“".contains(c)
}

/// Stays in one piece with what is before it: Latin words, numbers, katakana words.
fn joins(before: &str, c: char) -> bool {
    let latin = |c: char| c.is_ascii_alphanumeric();
    let katakana = |c: char| matches!(c, 'ァ'..='ヿ');
    let last = before.chars().last();
    last.is_some_and(|last| latin(last) && latin(c) || katakana(last) && katakana(c)) && before.chars().count() < 10
}

/// A piece of text that stays together on a line.
#[derive(Debug, Clone, PartialEq)]
struct Unit {
    /// Brackets that open before it, the word, stops and brackets that close after it. Only the word has a reading.
    parts: [String; 3],
    ruby: String,
    /// In em.
    width: f32,
    /// Whether a phrase begins here.
    begins: bool,
}

/// The width of a text in em: kana, kanji and full-width signs are square; Latin is as wide as in Noto Sans CJK, about.
fn em(text: &str) -> f32 {
    let wide = |c: char| match c {
        ' ' => 0.23,
        '0'..='9' => 0.58,
        'A'..='Z' => 0.68,
        '!'..='~' => 0.55,
        '｡'..='ﾟ' => 0.5,
        _ => 1.0,
    };
    text.chars().map(wide).sum()
}

/// A reading is half as high as its word, and may reach half of its own letter over each neighbour (JLREQ 3.3.8).
const RUBY: f32 = 0.5;
const OVERHANG: f32 = 0.25;

fn units(text: &str) -> Vec<Unit> {
    let plain: Vec<char> = ruby::plain(text).chars().collect();
    let mut out: Vec<Unit> = Vec::new();
    let (mut open, mut at) = (String::new(), 0);
    let push = |out: &mut Vec<Unit>, open: &mut String, word: String, ruby: String, at: usize| {
        let begin = at - open.chars().count();
        let begins = begin == 0 || begins_phrase(&plain, begin);
        out.push(Unit { parts: [std::mem::take(open), word, String::new()], ruby, width: 0.0, begins });
    };
    for span in ruby::parse(text) {
        if !span.ruby.is_empty() {
            let length = span.base.chars().count();
            push(&mut out, &mut open, span.base, span.ruby, at);
            at += length;
            continue;
        }
        for c in span.base.chars() {
            let last = out.last_mut().filter(|_| open.is_empty());
            match last {
                _ if opens(c) => open.push(c),
                Some(last) if closes(c) => last.parts[2].push(c),
                Some(last) if last.ruby.is_empty() && last.parts[2].is_empty() && joins(&last.parts[1], c) => {
                    last.parts[1].push(c);
                }
                _ => push(&mut out, &mut open, c.to_string(), String::new(), at),
            }
            at += 1;
        }
    }
    if !open.is_empty() {
        push(&mut out, &mut open, String::new(), String::new(), at);
    }
    for unit in &mut out {
        let reading = RUBY * em(&unit.ruby) - 2.0 * OVERHANG;
        unit.width = em(&unit.parts[0]) + em(&unit.parts[1]).max(reading) + em(&unit.parts[2]);
    }
    out
}

/// Sets units in lines of at most `room` em: whole phrases where they fit, units otherwise.
fn lines(units: &[Unit], room: f32) -> Vec<Vec<Piece>> {
    let mut out: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut x = 0.0;
    for phrase in units.chunk_by(|_, next| !next.begins) {
        let width: f32 = phrase.iter().map(|unit| unit.width).sum();
        if x > 0.0 && x + width > room {
            out.push(Vec::new());
            x = 0.0;
        }
        for unit in phrase {
            if x > 0.0 && x + unit.width > room {
                out.push(Vec::new());
                x = 0.0;
            }
            let [open, word, close] = &unit.parts;
            let middle = unit.width - em(open) - em(close);
            for (text, ruby, width) in
                [(open, "", em(open)), (word, unit.ruby.as_str(), middle), (close, "", em(close))]
            {
                if width > 0.0 {
                    let piece = Piece { text: text.into(), ruby: ruby.into(), x, width };
                    if let Some(line) = out.last_mut() {
                        line.push(piece);
                    }
                    x += width;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        units(text).iter().map(|unit| unit.parts.concat()).collect()
    }

    fn set(text: &str, room: f32) -> Vec<String> {
        lines(&units(text), room).iter().map(|line| line.iter().map(|piece| piece.text.as_str()).collect()).collect()
    }

    #[test]
    fn lines_neither_begin_with_a_stop_nor_end_with_an_opening_bracket() {
        assert_eq!(cut("「申請《しんせい》」、です。"), ["「申請」、", "で", "す。"]);
        assert_eq!(cut("マイナンバーのA4用紙《ようし》"), ["マイナンバー", "の", "A4", "用紙"]);
    }

    #[test]
    fn readings_widen_their_words_and_phrases_stay_together() {
        let text = "世帯主《せたいぬし》のお名前《なまえ》を入力《にゅうりょく》してください";
        assert_eq!(set(text, 12.0), ["世帯主のお名前を", "入力してください"]);
        assert_eq!(set(text, 7.0), ["世帯主の", "お名前を", "入力して", "ください"]);
        assert_eq!(set("国民健康保険資格異動届", 4.0), ["国民健康", "保険資格", "異動届"]);
        assert_eq!(units("志《こころざし》").iter().map(|unit| unit.width).sum::<f32>(), 2.0);
    }

    #[test]
    fn lines_break_between_phrases() {
        let phrases = |text: &str| {
            let mut out = vec![String::new()];
            for c in in_phrases(text).chars().collect::<Vec<_>>().windows(2) {
                let last = out.len() - 1;
                if c[0] != '\u{2060}' {
                    out[last].push(c[0]);
                    if c[1] != '\u{2060}' {
                        out.push(String::new());
                    }
                }
            }
            let last = out.len() - 1;
            out[last].extend(text.chars().last());
            out
        };
        assert_eq!(phrases("世帯主のお名前を入力してください"), ["世帯主の", "お名前を", "入力して", "ください"]);
        assert_eq!(phrases("いつ引っ越しましたか（しますか）"), ["いつ引っ越しましたか", "（しますか）"]);
        assert_eq!(phrases("所得・課税・納税の証明書"), ["所得・", "課税・", "納税の", "証明書"]);
        assert_eq!(in_phrases("请输入姓名"), "请输入姓名");
    }

    proptest::proptest! {
        #[test]
        fn phrases_lose_nothing(text in "[ぁ-んァ-ヶ一-龠a-z0-9、。（）「」 ]{0,40}") {
            proptest::prop_assert_eq!(in_phrases(&text).replace('\u{2060}', ""), text);
        }

        #[test]
        fn nothing_is_lost(text in "[ぁ-んァ-ヶ一-龠a-z0-9、。（）「」 ]{0,40}", room in 0.0f32..30.0) {
            proptest::prop_assert_eq!(cut(&text).concat(), text.clone());
            proptest::prop_assert_eq!(set(&text, room).concat(), text);
        }

        #[test]
        fn no_line_is_wider_than_its_room_but_for_a_single_word(text in "[ぁ-ん一-龠、。（）]{1,40}", room in 1.0f32..30.0) {
            for line in lines(&units(&text), room) {
                let width: f32 = line.iter().map(|piece| piece.width).sum();
                let words = line.iter().filter(|piece| !piece.text.chars().all(|c| opens(c) || closes(c))).count();
                proptest::prop_assert!(width <= room + 0.01 || words <= 1, "{width} in {room}");
            }
        }
    }
}
