//! Furigana in plain text, in the notation of Aozora Bunko: `｜申請《しんせい》する`, or without the bar where the base
//! is the run of kanji before `《`.

/// A piece of text with its reading, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text itself.
    pub base: String,
    /// Its reading in kana; empty where none is given.
    pub ruby: String,
}

fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '々' | '〆' | '\u{e0100}'..='\u{e01ef}')
}

/// Splits a text into spans. A text without `《` is one span; an unclosed `《` is taken literally.
pub fn parse(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('《') {
        let (before, after) = rest.split_at(open);
        let after = &after['《'.len_utf8()..];
        let Some(close) = after.find('》') else { break };
        let (lead, base) = match before.rfind('｜') {
            Some(bar) => (&before[..bar], &before[bar + '｜'.len_utf8()..]),
            None => {
                let start =
                    before.char_indices().rev().take_while(|(_, c)| is_kanji(*c)).last().map_or(open, |(i, _)| i);
                before.split_at(start)
            }
        };
        plain.push_str(lead);
        if !plain.is_empty() {
            spans.push(Span { base: std::mem::take(&mut plain), ruby: String::new() });
        }
        spans.push(Span { base: base.to_owned(), ruby: after[..close].to_owned() });
        rest = &after[close + '》'.len_utf8()..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        spans.push(Span { base: plain, ruby: String::new() });
    }
    spans
}

/// The text without its readings.
pub fn plain(text: &str) -> String {
    parse(text).into_iter().map(|span| span.base).collect()
}

/// The text as it is read aloud: readings in place of what they stand over.
pub fn spoken(text: &str) -> String {
    parse(text).into_iter().map(|span| if span.ruby.is_empty() { span.base } else { span.ruby }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_attach_to_the_kanji_before_them() {
        let spans = parse("この申請《しんせい》と｜お名前《おなまえ》です");
        let pairs: Vec<_> = spans.iter().map(|s| (s.base.as_str(), s.ruby.as_str())).collect();
        assert_eq!(pairs, [("この", ""), ("申請", "しんせい"), ("と", ""), ("お名前", "おなまえ"), ("です", "")]);
        assert_eq!(plain("住所《じゅうしょ》"), "住所");
        assert_eq!(spoken("住所《じゅうしょ》を"), "じゅうしょを");
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_and_unmarked_text_is_kept(text in "\\PC*") {
            let joined: String = parse(&text).into_iter().map(|s| s.base).collect();
            if !text.contains(['《', '｜']) {
                proptest::prop_assert_eq!(joined, text);
            }
        }
    }
}
