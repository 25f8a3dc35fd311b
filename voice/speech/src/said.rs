//! Numbers as they are said, for comparing what was said with what was understood of it.

use crate::{chinese, english, korean, text};
use domain::Language;

/// A telephone number has so many digits.
const TELEPHONE: std::ops::RangeInclusive<usize> = 9..=11;

/// A text with its numbers in words, as the voices read them. However a recogniser writes a number (in words, in digits, a
/// telephone number with and without hyphens, a time of day with a colon), it comes to the same words; everything else stays.
pub fn in_words(language: Language, text: &str) -> String {
    let text = times(language, &telephones(&plain(text)));
    match language {
        Language::Ja => text::japanese(&text),
        Language::En => english::tokens(&text).join(" "),
        Language::ZhHans => chinese::read_numbers(&text),
        Language::Ko => korean::read_numbers(&text),
    }
}

/// Wide digits and marks as narrow ones; no commas between thousands.
fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '：' => ':',
        '－' | '‐' | '‑' | '–' | '−' => '-',
        '，' => ',',
        _ => c,
    };
    let chars: Vec<char> = text.chars().map(narrow).collect();
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let of_thousands =
        |at: usize| at > 0 && is_digit(at - 1) && (1..=3).all(|more| is_digit(at + more)) && !is_digit(at + 4);
    (0..chars.len()).filter(|at| !(chars[*at] == ',' && of_thousands(*at))).map(|at| chars[at]).collect()
}

/// Telephone numbers with hyphens, whatever stands between their digits.
fn telephones(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let begins = chars[at] == '0' && !at.checked_sub(1).is_some_and(|before| chars[before].is_ascii_digit());
        let mut digits = Vec::new();
        let mut end = at;
        if begins {
            let mut here = at;
            while here < chars.len() {
                if chars[here].is_ascii_digit() {
                    digits.push(chars[here]);
                    end = here + 1;
                } else if !matches!(chars[here], '-' | ' ' | ',' | '、' | '.') || here > end + 1 {
                    break;
                }
                here += 1;
            }
        }
        if TELEPHONE.contains(&digits.len()) {
            // One hyphen is enough for it to be read digit by digit.
            out.push_str("0-");
            out.extend(&digits[1..]);
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// `20:30` as hours and minutes; English has it so.
fn times(language: Language, text: &str) -> String {
    let parts = match language {
        Language::En => return text.to_owned(),
        Language::Ja => ["時", "半", "分"],
        Language::ZhHans => ["点", "半", "分"],
        Language::Ko => ["시", " 30분", "분"],
    };
    let [hours, half, minutes] = parts;
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let is_time = chars[at] == ':' && at > 0 && is_digit(at - 1) && is_digit(at + 1) && is_digit(at + 2);
        if !is_time || is_digit(at + 3) {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.push_str(hours);
        match [chars[at + 1], chars[at + 2]] {
            ['0', '0'] => {}
            ['3', '0'] => out.push_str(half),
            ['0', one] => out.extend([one].into_iter().chain(minutes.chars())),
            two => out.extend(two.into_iter().chain(minutes.chars())),
        }
        at += 3;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without what is not heard.
    fn bare(language: Language, text: &str) -> String {
        in_words(language, text).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
    }

    #[test]
    fn digits_and_words_come_to_the_same() {
        for (language, written, others) in [
            (Language::ZhHans, "浴室今天10点到21点。", &["浴室今天十点到二十一点", "浴室今天10:00到21:00"][..]),
            (Language::ZhHans, "20点半关闭", &["二十点半关闭", "20:30关闭"]),
            (Language::ZhHans, "大人500日元", &["大人五百日元", "大人５００日元"]),
            (Language::ZhHans, "走1,500米", &["走一千五百米", "走1500米"]),
            (
                Language::ZhHans,
                "电话是076-288-8668。",
                &["电话是零七六二八八八六六八", "电话是0762888668", "电话是076 288 8668", "电话是076，288，8668"],
            ),
            (Language::Ko, "10시부터 21시까지", &["열 시부터 이십일 시까지", "10:00부터 21:00까지"]),
            (Language::Ko, "20시 30분에 닫습니다", &["이십시 삼십분에 닫습니다", "20:30에 닫습니다"]),
            (Language::Ko, "어른 500엔", &["어른 오백 엔"]),
            (Language::Ko, "전화는 076-288-8668", &["전화는 공칠육 이팔팔 팔육육팔", "전화는 0762888668"]),
            (Language::Ja, "076-288-8668です", &["0762888668です", "076、288、8668です"]),
            (Language::Ja, "20時半に閉まります", &["20:30に閉まります"]),
            (Language::En, "It is open from 10 a.m. to 4:30 p.m.", &["it is open from ten am to four thirty pm"]),
            (
                Language::En,
                "Call 076-288-8668.",
                &["Call 076 288 8668", "call zero seven six two eight eight eight six six eight"],
            ),
        ] {
            for other in others {
                assert_eq!(bare(language, other), bare(language, written), "{other}");
            }
        }
    }

    #[test]
    fn another_number_stays_another() {
        for (language, a, b) in [
            (Language::ZhHans, "10点", "11点"),
            (Language::ZhHans, "076-288-8668", "076-288-8688"),
            (Language::ZhHans, "500日元", "50日元"),
            (Language::Ko, "3시", "4시"),
            (Language::Ko, "076-288-8668", "076-288-8618"),
            (Language::Ja, "20:30", "20:00"),
        ] {
            assert_ne!(bare(language, a), bare(language, b));
        }
        assert_eq!(in_words(Language::ZhHans, "有什么特产"), "有什么特产");
        assert_eq!(in_words(Language::Ko, "네, 있습니다."), "네, 있습니다.");
        assert_eq!(telephones("0 1, 2"), "0 1, 2", "too short for a telephone number");
        assert_eq!(telephones("10 200 300 400"), "10 200 300 400");
    }
}
