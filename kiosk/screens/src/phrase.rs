//! Texts as the screen takes them: with furigana where they are wanted, cut so that lines break where Japanese lines may.

use crate::ui::{Phrase, Span};
use domain::ruby;
use slint::{ModelRc, VecModel};

/// A text with or without its furigana.
pub(crate) fn phrase(text: &str, furigana: bool) -> Phrase {
    let spans = if furigana && text.contains('《') { spans(text) } else { Vec::new() };
    let plain = ruby::plain(text);
    Phrase { lines: in_phrases(&plain).into(), plain: plain.into(), spans: ModelRc::new(VecModel::from(spans)) }
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

/// Stays in one piece with its like: Latin words, numbers, katakana words.
fn joins(a: char, b: char) -> bool {
    let latin = |c: char| c.is_ascii_alphanumeric();
    let katakana = |c: char| matches!(c, 'ァ'..='ヿ');
    (latin(a) && latin(b)) || (katakana(a) && katakana(b))
}

fn spans(text: &str) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let mut head = String::new();
    for span in ruby::parse(text) {
        if !span.ruby.is_empty() {
            let head = std::mem::take(&mut head).into();
            out.push(Span { head, base: span.base.into(), ruby: span.ruby.into(), ..Span::default() });
            continue;
        }
        for c in span.base.chars() {
            if opens(c) {
                head.push(c);
                continue;
            }
            if let Some(last) = out.last_mut().filter(|_| head.is_empty()) {
                let end =
                    last.tail.chars().last().or_else(|| last.base.chars().last().filter(|_| last.ruby.is_empty()));
                let pieces = last.base.chars().count() + last.tail.chars().count();
                if closes(c) || end.is_some_and(|end| joins(end, c) && pieces < 10) {
                    let grows = if last.ruby.is_empty() { &mut last.base } else { &mut last.tail };
                    grows.push_str(c.encode_utf8(&mut [0; 4]));
                    continue;
                }
            }
            let base = format!("{}{c}", std::mem::take(&mut head)).into();
            out.push(Span { base, ..Span::default() });
        }
    }
    if !head.is_empty() {
        out.push(Span { base: head.into(), ..Span::default() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        spans(text).iter().map(|s| format!("{}{}{}", s.head, s.base, s.tail)).collect()
    }

    #[test]
    fn lines_neither_begin_with_a_stop_nor_end_with_an_opening_bracket() {
        assert_eq!(cut("「申請《しんせい》」、です。"), ["「申請」、", "で", "す。"]);
        assert_eq!(cut("マイナンバーのA4用紙《ようし》"), ["マイナンバー", "の", "A4", "用紙"]);
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
        fn nothing_is_lost(text in "[ぁ-んァ-ヶ一-龠a-z0-9、。（）「」 ]{0,40}") {
            proptest::prop_assert_eq!(cut(&text).concat(), text);
        }
    }
}
