//! Texts made ready to be spoken.

use domain::{Language, ruby};

/// The sentences of a text, each with its closing mark.
pub fn sentences(language: Language, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut now = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        now.push(c);
        let ends = match c {
            '。' | '！' | '？' | '\n' => true,
            '!' | '?' => true,
            // Not within 3.5 or a.m.
            '.' => {
                rest.peek().is_none_or(|next| next.is_whitespace())
                    && !(language == Language::En
                        && ["a.m.", "p.m.", "Mr.", "St."].iter().any(|short| now.ends_with(short))
                        && rest.peek().is_some())
            }
            _ => false,
        };
        if ends {
            found.push(std::mem::take(&mut now).trim().to_owned());
        }
    }
    found.push(now.trim().to_owned());
    found.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    found
}

/// The sentences of a text, as they are given to [`Speaker::say`](crate::Speaker::say) one by one. The first is cut at its
/// first stop, so that it is heard sooner, where it is not `at_once` there as a whole.
pub fn parts(language: Language, text: &str, at_once: impl Fn(&str) -> bool) -> Vec<String> {
    let mut parts = sentences(language, text);
    // Readings are for the Japanese voice alone.
    if language != Language::Ja {
        parts.iter_mut().for_each(|part| *part = ruby::plain(part));
    }
    if let Some(first) = parts.first().filter(|first| language != Language::En && !at_once(first)).cloned()
        && let Some((at, stop)) = first.char_indices().find(|(at, c)| *at > 0 && matches!(c, '，' | '、' | ','))
    {
        let (lead, rest) = first.split_at(at + stop.len_utf8());
        if lead.chars().count() >= 4 && rest.chars().count() >= 4 {
            parts.splice(0..1, [lead.to_owned(), rest.trim().to_owned()]);
        }
    }
    parts
}

/// Japanese as it is read: telephone numbers digit by digit, ranges and marks in words.
pub(crate) fn japanese(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in split_numbers(text) {
        let digits = part.chars().filter(char::is_ascii_digit).count();
        if part.starts_with('#') || (part.contains('-') && digits >= 4) {
            let digit = |c: char| match c {
                '0' => "ゼロ",
                '1' => "イチ",
                '2' => "ニー",
                '3' => "サン",
                '4' => "ヨン",
                '5' => "ゴー",
                '6' => "ロク",
                '7' => "ナナ",
                '8' => "ハチ",
                '9' => "キュー",
                '#' => "シャープ",
                _ => "、",
            };
            part.chars().for_each(|c| out.push_str(digit(c)));
        } else {
            match part.as_str() {
                "119" => out.push_str("ひゃくじゅうきゅう"),
                "110" => out.push_str("ひゃくとう"),
                _ => out.push_str(&part),
            }
        }
    }
    out.replace("AED", "エーイーディー")
        .replace("Wi-Fi", "ワイファイ")
        .replace(['～', '〜'], "から")
        .replace('／', "、")
}

/// Runs of digits with their hyphens, and what is between them.
pub(crate) fn split_numbers(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut number = false;
    for c in text.chars() {
        let part_of_number = c.is_ascii_digit() || c == '#' || (c == '-' && number);
        match parts.last_mut() {
            Some(last) if part_of_number == number => last.push(c),
            _ => parts.push(c.to_string()),
        }
        number = part_of_number;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(sentences(Language::Ja, "はい。10時から16時までです。"), ["はい。", "10時から16時までです。"]);
        assert_eq!(
            sentences(Language::En, "It opens at 10 a.m. and closes at 4 p.m. It costs 3.5 dollars."),
            ["It opens at 10 a.m. and closes at 4 p.m. It costs 3.5 dollars."]
        );
        assert_eq!(sentences(Language::Ko, "네. 있습니다."), ["네.", "있습니다."]);
        assert_eq!(sentences(Language::Ja, "。。"), Vec::<String>::new());
    }

    #[test]
    fn the_first_words_come_first_where_they_have_to_be_spoken() {
        let parts = |language, text: &str| super::parts(language, text, |_| false);
        let chinese = "今天到十六点，请注意时间。好。";
        assert_eq!(parts(Language::ZhHans, chinese), ["今天到十六点，", "请注意时间。", "好。"]);
        assert_eq!(super::parts(Language::ZhHans, chinese, |_| true), ["今天到十六点，请注意时间。", "好。"]);
        assert_eq!(parts(Language::ZhHans, "好，请。"), ["好，请。"]);
        assert_eq!(parts(Language::Ja, "はい、10時から開《あ》いています。"), ["はい、10時から開《あ》いています。"]);
        assert_eq!(parts(Language::Ja, "源平《げんぺい》の湯《ゆ》は、開いています。").len(), 2);
    }

    #[test]
    fn telephones_are_read_digit_by_digit() {
        assert_eq!(japanese("076-288-8668"), "ゼロナナロク、ニーハチハチ、ハチロクロクハチ");
        assert_eq!(japanese("500円です"), "500円です");
        assert_eq!(japanese("119番"), "ひゃくじゅうきゅう番");
    }
}
