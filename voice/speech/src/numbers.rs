//! Numbers in words.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// An English cardinal number.
pub(crate) fn english(number: u64) -> String {
    let below_thousand = |number: u64| {
        let mut words = Vec::new();
        if number >= 100 {
            words.push(format!("{} hundred", ONES[(number / 100) as usize]));
        }
        let rest = number % 100;
        if rest >= 20 {
            words.push(TENS[(rest / 10) as usize].to_owned());
            if !rest.is_multiple_of(10) {
                words.push(ONES[(rest % 10) as usize].to_owned());
            }
        } else if rest > 0 {
            words.push(ONES[rest as usize].to_owned());
        }
        words.join(" ")
    };
    if number == 0 {
        return ONES[0].to_owned();
    }
    let scales = [
        (1_000_000_000_000, "trillion"),
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1_000, "thousand"),
        (1, ""),
    ];
    let mut words = Vec::new();
    let mut rest = number;
    for (scale, name) in scales {
        let count = rest / scale;
        if count > 0 {
            words.push(format!("{} {name}", below_thousand(count % 1000)).trim().to_owned());
            rest %= scale;
        }
    }
    words.join(" ")
}

/// An English ordinal number.
pub(crate) fn english_ordinal(number: u64) -> String {
    let words = english(number);
    let (head, last) = words.rsplit_once(' ').map_or(("", words.as_str()), |(head, last)| (head, last));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        other if other.ends_with('y') => format!("{}ieth", &other[..other.len() - 1]),
        other => format!("{other}th"),
    };
    format!("{head} {last}").trim().to_owned()
}

/// A number in the characters or letters of Chinese or Korean.
fn by_ten_thousands(
    number: u64,
    digits: [&str; 10],
    units: [&str; 4],
    scales: [&str; 4],
    one_before_ten: bool,
    zero: &str,
) -> String {
    if number == 0 {
        return digits[0].to_owned();
    }
    let mut groups = Vec::new();
    let mut rest = number;
    while rest > 0 {
        groups.push(rest % 10_000);
        rest /= 10_000;
    }
    let mut out = String::new();
    for (at, group) in groups.iter().enumerate().rev() {
        if *group == 0 {
            continue;
        }
        let mut gap = !out.is_empty() && *group < 1000;
        for place in (0..4usize).rev() {
            let digit = (group / 10u64.pow(place as u32) % 10) as usize;
            if digit == 0 {
                gap |= !out.is_empty();
                continue;
            }
            if gap && !zero.is_empty() {
                out.push_str(zero);
            }
            gap = false;
            let bare = digit == 1 && place > 0 && (!one_before_ten || (place == 1 && out.is_empty()));
            if !bare {
                out.push_str(digits[digit]);
            }
            out.push_str(units[place]);
        }
        out.push_str(scales.get(at).copied().unwrap_or_default());
    }
    out
}

/// A number in Chinese.
pub(crate) fn chinese(number: u64) -> String {
    let digits = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    by_ten_thousands(number, digits, ["", "十", "百", "千"], ["", "万", "亿", "万亿"], true, "零")
}

/// A number in Sino-Korean.
pub(crate) fn korean(number: u64) -> String {
    let digits = ["영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];
    let text = by_ten_thousands(number, digits, ["", "십", "백", "천"], ["", "만", "억", "조"], false, "");
    text.strip_prefix("일만").map_or(text.clone(), |rest| format!("만{rest}"))
}

/// A number from 1 to 99 in native Korean, as it stands before hours, people and things.
pub(crate) fn korean_native(number: u64) -> Option<String> {
    let tens = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"];
    let ones = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"];
    (1..100).contains(&number).then(|| match number {
        20 => "스무".to_owned(),
        _ => format!("{}{}", tens[(number / 10) as usize], ones[(number % 10) as usize]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, expected) in
            [(0, "zero"), (21, "twenty one"), (500, "five hundred"), (1183, "one thousand one hundred eighty three")]
        {
            assert_eq!(english(number), expected);
        }
        assert_eq!(english_ordinal(23), "twenty third");
        assert_eq!(english_ordinal(30), "thirtieth");
        for (number, expected) in [
            (0, "零"),
            (10, "十"),
            (15, "十五"),
            (101, "一百零一"),
            (110, "一百一十"),
            (500, "五百"),
            (12_030, "一万二千零三十"),
        ] {
            assert_eq!(chinese(number), expected);
        }
        for (number, expected) in
            [(10, "십"), (500, "오백"), (1183, "천백팔십삼"), (12_000, "만이천"), (30_000, "삼만")]
        {
            assert_eq!(korean(number), expected);
        }
        assert_eq!(korean_native(12).as_deref(), Some("열두"));
        assert_eq!(korean_native(100), None);
    }
}
