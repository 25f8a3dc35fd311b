//! Days that people name: "tomorrow", "on Sunday", "11月28日".

use domain::{Date, Language};
use jiff::ToSpan;
use jiff::civil::Weekday;

/// The day that a normal text (see [`reading::normal`]) names, seen from today.
pub(crate) fn day(language: Language, text: &str, today: Date) -> Option<Date> {
    let after = |days: i64| today.checked_add(days.days()).ok();
    let names: &[(&[&str], i64)] = match language {
        Language::Ja => &[
            (&["明々後日", "しあさって"], 3),
            (&["明後日", "あさって"], 2),
            (&["明日", "あした", "あす"], 1),
            (&["今日", "本日", "きょう", "今晩", "今夜"], 0),
        ],
        Language::En => &[(&["day after tomorrow"], 2), (&["tomorrow"], 1), (&["today", "tonight"], 0)],
        Language::ZhHans => &[(&["大后天"], 3), (&["后天"], 2), (&["明天", "明日"], 1), (&["今天", "今晚", "今日"], 0)],
        Language::Ko => &[(&["글피"], 3), (&["모레"], 2), (&["내일"], 1), (&["오늘"], 0)],
    };
    for (words, days) in names {
        if words.iter().any(|word| text.contains(word)) {
            return after(*days);
        }
    }
    if let Some((month, number)) = month_and_day(language, text) {
        return (0..=1)
            .find_map(|years| Date::new(today.year() + years, month, number).ok().filter(|date| *date >= today));
    }
    let days: [&[&str]; 7] = match language {
        Language::Ja => [&["月曜"], &["火曜"], &["水曜"], &["木曜"], &["金曜"], &["土曜"], &["日曜"]],
        Language::En => {
            [&["monday"], &["tuesday"], &["wednesday"], &["thursday"], &["friday"], &["saturday"], &["sunday"]]
        }
        Language::ZhHans => [
            &["星期一", "周一", "礼拜一"],
            &["星期二", "周二", "礼拜二"],
            &["星期三", "周三", "礼拜三"],
            &["星期四", "周四", "礼拜四"],
            &["星期五", "周五", "礼拜五"],
            &["星期六", "周六", "礼拜六"],
            &["星期日", "星期天", "周日", "周天", "礼拜天"],
        ],
        Language::Ko => [&["월요일"], &["화요일"], &["수요일"], &["목요일"], &["금요일"], &["토요일"], &["일요일"]],
    };
    let wanted = days.iter().position(|names| names.iter().any(|name| text.contains(name)))?;
    let wanted = Weekday::from_monday_zero_offset(i8::try_from(wanted).ok()?).ok()?;
    (0..7).find_map(|days| after(days).filter(|date| date.weekday() == wanted))
}

fn month_and_day(language: Language, text: &str) -> Option<(i8, i8)> {
    let (month, day): (&str, &str) = match language {
        Language::Ja | Language::ZhHans => ("月", "日"),
        Language::Ko => ("월", "일"),
        Language::En => {
            let words: Vec<&str> = text.split_whitespace().collect();
            let month = |word: &str| {
                const NAMES: [&str; 12] =
                    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
                let at = NAMES.iter().position(|name| word.starts_with(name))?;
                i8::try_from(at + 1).ok()
            };
            let number = |word: &str| word.trim_end_matches(|c: char| c.is_alphabetic()).parse::<i8>().ok();
            return words
                .windows(2)
                .find_map(|pair| month(pair[0]).zip(number(pair[1])).or_else(|| month(pair[1]).zip(number(pair[0]))));
        }
    };
    let at = text.find(month)?;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<i8>().ok();
    let before: String =
        text[..at].chars().rev().take_while(char::is_ascii_digit).collect::<Vec<_>>().into_iter().rev().collect();
    let rest = text[at + month.len()..].trim_start();
    let end = rest.find(day).or_else(|| rest.find('号')).unwrap_or(rest.len().min(2));
    Some((digits(&before)?, digits(rest.get(..end)?)?))
}

/// A number of people or rooms that a text names.
pub(crate) fn count(language: Language, text: &str) -> Option<u16> {
    let units: &[&str] = match language {
        Language::Ja => &["人", "名"],
        Language::En => &["people", "persons", "person", "guests", "adults", "of us"],
        Language::ZhHans => &["个人", "人", "位", "名"],
        Language::Ko => &["명", "사람", "분"],
    };
    const WORDS: [(&str, u16); 33] = [
        ("ひとり", 1),
        ("ふたり", 2),
        ("一", 1),
        ("二", 2),
        ("三", 3),
        ("四", 4),
        ("五", 5),
        ("六", 6),
        ("七", 7),
        ("八", 8),
        ("九", 9),
        ("十", 10),
        ("两", 2),
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("한", 1),
        ("두", 2),
        ("세", 3),
        ("네", 4),
        ("다섯", 5),
        ("여섯", 6),
        ("일곱", 7),
        ("여덟", 8),
        ("아홉", 9),
        ("열", 10),
    ];
    for (word, count) in &WORDS[..2] {
        if text.contains(word) {
            return Some(*count);
        }
    }
    for unit in units {
        let Some(at) = text.find(unit) else { continue };
        let before = text[..at].trim_end();
        let digits: String =
            before.chars().rev().take_while(char::is_ascii_digit).collect::<Vec<_>>().into_iter().rev().collect();
        if let Ok(count) = digits.parse() {
            return Some(count);
        }
        if let Some((_, count)) = WORDS.iter().find(|(word, _)| before.ends_with(word)) {
            return Some(*count);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_understood_in_four_languages() {
        let wednesday = date(2026, 11, 25);
        for (language, text, expected) in [
            (Language::Ja, "明日は", date(2026, 11, 26)),
            (Language::Ja, "日曜日もやってますか", date(2026, 11, 29)),
            (Language::Ja, "12月3日は開いていますか", date(2026, 12, 3)),
            (Language::Ja, "1月3日は", date(2027, 1, 3)),
            (Language::En, "is it open on saturday", date(2026, 11, 28)),
            (Language::En, "how about december 3rd", date(2026, 12, 3)),
            (Language::En, "the 3rd jan", date(2027, 1, 3)),
            (Language::ZhHans, "后天开吗", date(2026, 11, 27)),
            (Language::ZhHans, "12月3号", date(2026, 12, 3)),
            (Language::Ko, "일요일에 열어요", date(2026, 11, 29)),
            (Language::Ko, "12월 3일", date(2026, 12, 3)),
        ] {
            assert_eq!(day(language, text, wednesday), Some(expected), "{text}");
        }
        assert_eq!(day(Language::Ja, "お風呂は何時まで", wednesday), None);
        assert_eq!(day(Language::Ja, "2月30日", wednesday), None);
    }

    #[test]
    fn people_are_counted() {
        assert_eq!(count(Language::Ja, "20人で使いたい"), Some(20));
        assert_eq!(count(Language::Ja, "三名です"), Some(3));
        assert_eq!(count(Language::En, "for four people"), Some(4));
        assert_eq!(count(Language::ZhHans, "两个人"), Some(2));
        assert_eq!(count(Language::Ko, "세 명"), Some(3));
        assert_eq!(count(Language::Ja, "料金は"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            for language in Language::ALL {
                let _ = day(language, &text, date(2026, 11, 25));
                let _ = count(language, &text);
            }
        }
    }
}
