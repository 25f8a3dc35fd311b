//! Texts as the screen takes them: with furigana where they are wanted, cut so that lines break where Japanese lines may.

use crate::ui::{Phrase, Span};
use domain::ruby;
use slint::{ModelRc, VecModel};

/// A text with or without its furigana.
pub(crate) fn phrase(text: &str, furigana: bool) -> Phrase {
    let spans = if furigana && text.contains('《') { spans(text) } else { Vec::new() };
    Phrase { plain: ruby::plain(text).into(), spans: ModelRc::new(VecModel::from(spans)) }
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

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "[ぁ-んァ-ヶ一-龠a-z0-9、。（）「」 ]{0,40}") {
            proptest::prop_assert_eq!(cut(&text).concat(), text);
        }
    }
}
