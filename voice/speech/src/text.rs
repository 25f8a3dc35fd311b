//! Texts made ready to be spoken.

use domain::Language;

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
    fn telephones_are_read_digit_by_digit() {
        assert_eq!(japanese("076-288-8668"), "ゼロナナロク、ニーハチハチ、ハチロクロクハチ");
        assert_eq!(japanese("500円です"), "500円です");
        assert_eq!(japanese("119番"), "ひゃくじゅうきゅう番");
    }
}
