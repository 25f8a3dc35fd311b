//! Forms, the questions they ask, and filled papers.

use crate::card::Facts;
use crate::{IdentityTag, Localized, Personal, Private, RequestId, VisitId, private_newtype};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroize;

/// A form's name in the pack: its folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FormId(pub String);

/// A value's name: `name`, `address`, `birth_date`, `sex`, `provenance`, `today`, `signature`, or a question's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValueId(pub String);

/// One choice of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its id: the value of the answer.
    pub id: String,
    /// What it says.
    pub label: Localized,
}

/// How a question is answered, and so which keyboard is shown and what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum AnswerKind {
    /// Japanese text, with conversion from kana.
    Text {
        /// Most characters.
        max: usize,
    },
    /// Katakana.
    Kana {
        /// Most characters.
        max: usize,
    },
    /// A telephone number.
    Phone,
    /// 郵便番号, seven digits.
    Postcode,
    /// Digits only.
    Digits {
        /// Fewest digits.
        min: usize,
        /// Most digits.
        max: usize,
    },
    /// A date; `past` and `future` say which side of today is accepted (today always is).
    Date {
        /// Days before today are accepted.
        past: bool,
        /// Days after today are accepted.
        future: bool,
    },
    /// One of several.
    One {
        /// The choices.
        choices: Vec<Choice>,
    },
    /// Any number of several; the answer is their ids joined by `,`.
    Many {
        /// The choices.
        choices: Vec<Choice>,
        /// At least this many.
        min: usize,
    },
}

/// A question that a form still needs answered. Two forms that name the same id ask it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The id, and the name of the value that it fills.
    pub id: ValueId,
    /// The question itself.
    pub label: Localized,
    /// A line of help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Localized>,
    /// How it is answered.
    pub answer: AnswerKind,
    /// May be left empty.
    #[serde(default)]
    pub optional: bool,
    /// Asked only where that question was answered with one of these choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

/// Another question's choices that open a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The deciding question.
    pub question: ValueId,
    /// Any of these choices.
    pub is: Vec<String>,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputFault {
    /// Empty, though it is needed.
    Missing,
    /// Too long for its place on the form.
    TooLong,
    /// Too short.
    TooShort,
    /// Has characters of another kind (letters in a number, kanji in kana, emoji).
    WrongCharacters,
    /// No such day, or on the wrong side of today.
    NoSuchDate,
    /// Not one of the choices.
    NotAChoice,
    /// Twelve digits that may be an individual number, which the kiosk must not hold (番号法).
    LooksLikeIndividualNumber,
}

/// A judged answer: the core looks at the judgement only, never at the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was entered.
    pub value: Personal<String>,
    /// What is wrong with it.
    pub fault: Option<InputFault>,
    /// The choices taken, only where another question hangs on them; empty otherwise.
    pub opens: Vec<String>,
}

/// Points of one stroke, in thousandths of the signing field's width (x, y from its upper left corner).
pub type Stroke = Vec<(u16, u16)>;

private_newtype!(
    /// A signature: the strokes of a finger, in thousandths of the field's width.
    Signature(Vec<Stroke>)
);

/// Where the four facts come from: the desk looks at papers differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// As a card has them that was proved genuine.
    Card,
    /// As a card has them; whether it is genuine could not be checked.
    CardUnchecked,
    /// From a card, and something was corrected by hand.
    CardChanged,
    /// Typed.
    #[default]
    Typed,
}

impl Provenance {
    /// Its name, as the value `provenance` of a form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::CardUnchecked => "card-unchecked",
            Self::CardChanged => "card-changed",
            Self::Typed => "typed",
        }
    }
}

/// What a form is filled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The four facts, confirmed or corrected.
    pub facts: Option<Facts>,
    /// Where they come from.
    #[serde(default)]
    pub provenance: Provenance,
    /// Answers by question.
    pub answers: BTreeMap<ValueId, Personal<String>>,
    /// The signature.
    pub signature: Option<Personal<Signature>>,
    /// The person signs at the desk: the field stays blank and is not missing.
    #[serde(default)]
    pub sign_at_desk: bool,
    /// The day of the application.
    pub today: Date,
}

/// Fill these forms for this visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillJob {
    /// Carried back by the answer.
    pub request: RequestId,
    /// The visit.
    pub visit: VisitId,
    /// Whose facts they are.
    pub tag: Option<IdentityTag>,
    /// The forms, in the order of printing.
    pub forms: Vec<FormId>,
    /// What to put in.
    pub values: Values,
}

private_newtype!(
    /// A filled PDF.
    FilledPdf(Vec<u8>)
);

/// One filled form, ready for paper, bound to its visit and its person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledForm {
    /// The visit that ordered it.
    pub visit: VisitId,
    /// Whose facts it holds.
    pub tag: Option<IdentityTag>,
    /// Which form.
    pub form: FormId,
    /// The PDF.
    pub pdf: Personal<FilledPdf>,
    /// Its pages.
    pub pages: u16,
}

/// Why a form could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FillRefusal {
    /// Required values that are missing.
    Missing(Vec<ValueId>),
    /// A value has a character that no font of the kiosk can draw (外字): it must not be printed wrong.
    Undrawable(ValueId),
    /// A value does not fit its field at the smallest readable size.
    DoesNotFit(ValueId),
    /// The form itself is broken.
    BrokenForm,
}

/// From the form port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FormEvent {
    /// All forms of the visit are filled.
    Filled {
        /// Which job.
        request: RequestId,
        /// The filled forms.
        forms: Vec<FilledForm>,
    },
    /// The first page of a filled form was drawn for the preview: the person can see what will be printed.
    Drawn {
        /// Which job.
        request: RequestId,
        /// The form.
        form: FormId,
    },
    /// A form could not be filled, or not be drawn; none is printed.
    Refused {
        /// Which job.
        request: RequestId,
        /// The form.
        form: FormId,
        /// Why.
        why: FillRefusal,
    },
}

impl Zeroize for Values {
    fn zeroize(&mut self) {
        self.facts = None;
        self.answers.clear();
        self.signature = None;
        self.sign_at_desk = false;
    }
}

impl Private for Values {
    const NAME: &'static str = "Values";
    fn stand_in() -> Self {
        Self {
            facts: None,
            provenance: Provenance::default(),
            answers: BTreeMap::new(),
            signature: None,
            sign_at_desk: false,
            today: Date::constant(2000, 1, 1),
        }
    }
}

/// Judges an entered value where it is entered, so that the core need not look at it: `None` is fine.
///
/// Lengths are counted in characters as people see them (a kanji with its variation selector is one). Dates are
/// `YYYY-MM-DD`, several choices are joined by `,`. White space alone is empty. Twelve digits that could be an individual
/// number are refused in every field that takes text or digits.
pub fn judge(kind: &AnswerKind, optional: bool, value: &str, today: Date) -> Option<InputFault> {
    if value.trim().is_empty() {
        let may_be_empty = optional || matches!(kind, AnswerKind::Many { min: 0, .. });
        return (!may_be_empty).then_some(InputFault::Missing);
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let numeric = |c: char| c.is_ascii_digit() || c == '-';
    match kind {
        AnswerKind::Text { .. } | AnswerKind::Kana { .. } | AnswerKind::Phone | AnswerKind::Digits { .. }
            if holds_individual_number(value) =>
        {
            Some(InputFault::LooksLikeIndividualNumber)
        }
        AnswerKind::Text { max } => {
            if value.chars().any(unfit_for_paper) {
                return Some(InputFault::WrongCharacters);
            }
            (graphemes(value) > *max).then_some(InputFault::TooLong)
        }
        AnswerKind::Kana { max } => {
            if !value.chars().all(|c| matches!(c, 'ァ'..='ヺ' | 'ー' | '・' | 'ヽ' | 'ヾ' | '\u{3000}')) {
                return Some(InputFault::WrongCharacters);
            }
            (graphemes(value) > *max).then_some(InputFault::TooLong)
        }
        // 電気通信番号規則: with its leading 0 a Japanese number has ten digits, eleven for mobile and IP telephones.
        AnswerKind::Phone => {
            if !value.chars().all(numeric) || !value.starts_with('0') {
                return Some(InputFault::WrongCharacters);
            }
            between(digits, 10, 11)
        }
        AnswerKind::Postcode => {
            let hyphen_in_place = value.match_indices('-').all(|(at, _)| at == 3);
            if !value.chars().all(numeric) || !hyphen_in_place {
                return Some(InputFault::WrongCharacters);
            }
            between(digits, 7, 7)
        }
        AnswerKind::Digits { min, max } => {
            if digits != value.chars().count() {
                return Some(InputFault::WrongCharacters);
            }
            between(digits, *min, *max)
        }
        AnswerKind::Date { past, future } => {
            // `Date`'s own parser also takes other notations.
            let shaped = value.len() == 10
                && value
                    .bytes()
                    .enumerate()
                    .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
            let date = value.parse::<Date>().ok().filter(|_| shaped);
            let fits = date
                .filter(|date| crate::wareki::Wareki::from_date(*date).is_some())
                .is_some_and(|date| date == today || (*past && date < today) || (*future && date > today));
            (!fits).then_some(InputFault::NoSuchDate)
        }
        AnswerKind::One { choices } => {
            (!choices.iter().any(|choice| choice.id == value)).then_some(InputFault::NotAChoice)
        }
        AnswerKind::Many { choices, min } => {
            let taken: Vec<&str> = value.split(',').collect();
            let known = taken.iter().all(|id| choices.iter().any(|choice| choice.id == *id));
            let twice = taken.iter().enumerate().any(|(at, id)| taken[..at].contains(id));
            if !known || twice {
                return Some(InputFault::NotAChoice);
            }
            (taken.len() < *min).then_some(InputFault::TooShort)
        }
    }
}

fn graphemes(text: &str) -> usize {
    unicode_segmentation::UnicodeSegmentation::graphemes(text, true).count()
}

fn between(count: usize, min: usize, max: usize) -> Option<InputFault> {
    match count {
        n if n < min => Some(InputFault::TooShort),
        n if n > max => Some(InputFault::TooLong),
        _ => None,
    }
}

/// Characters that no form takes: control and format characters, private use (外字 of some other machine), emoji.
fn unfit_for_paper(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Zero-width, direction and joining marks, emoji and text presentation, tags, specials.
            '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{20e3}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}'
            // Private use.
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
            // Symbols and dingbats that are or may be drawn as emoji.
            | '\u{231a}'..='\u{231b}' | '\u{23e9}'..='\u{23fa}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
            | '\u{1f000}'..='\u{1faff}')
}

/// The value of a decimal digit, half or full width.
fn digit(c: char) -> Option<u32> {
    match c {
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => c.to_digit(10),
    }
}

/// Whether the text holds twelve digits, in one piece or in neighbouring pieces parted by a space or a hyphen, whose
/// last is the check digit of an individual number.
fn holds_individual_number(text: &str) -> bool {
    /// Separators side by side that no longer part the groups of one number.
    const TOO_WIDE: usize = 3;
    let mut pieces: Vec<Vec<u32>> = vec![Vec::new()];
    let mut gap = 0;
    for c in text.chars() {
        match digit(c) {
            Some(d) => {
                if gap >= TOO_WIDE && pieces.iter().any(|piece| !piece.is_empty()) {
                    if joins_to_individual_number(&pieces) {
                        return true;
                    }
                    pieces = vec![Vec::new()];
                } else if gap > 0 {
                    pieces.push(Vec::new());
                }
                gap = 0;
                if let Some(piece) = pieces.last_mut() {
                    piece.push(d);
                }
            }
            None if matches!(
                c,
                ' ' | '\u{3000}' | '-' | '‐' | '‑' | '–' | '—' | '−' | '－' | 'ー' | 'ｰ' | '.' | '・'
            ) =>
            {
                gap += 1
            }
            None => gap = TOO_WIDE,
        }
    }
    joins_to_individual_number(&pieces)
}

fn joins_to_individual_number(pieces: &[Vec<u32>]) -> bool {
    (0..pieces.len()).any(|from| {
        let mut joined: Vec<u32> = Vec::new();
        pieces[from..].iter().any(|piece| {
            joined.extend(piece);
            joined.len() == 12 && check_digit(&joined[..11]) == joined[11]
        })
    })
}

/// 検査用数字 of eleven digits, highest first. 番号法施行令8条 and 平成26年総務省令85号5条: 11 − (Σ Pₙ·Qₙ mod 11), where Pₙ
/// is the n-th digit from the right and Qₙ is n+1 up to the sixth and n−5 after it; 0 where the remainder is 0 or 1.
fn check_digit(eleven: &[u32]) -> u32 {
    let sum: u32 = eleven.iter().rev().zip([2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6]).map(|(p, q)| p * q).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: Date = Date::constant(2026, 11, 24);
    const TEXT: AnswerKind = AnswerKind::Text { max: 10 };

    fn ask(kind: &AnswerKind, value: &str) -> Option<InputFault> {
        judge(kind, false, value, TODAY)
    }

    fn choices() -> Vec<Choice> {
        ["a", "b", "c"].map(|id| Choice { id: id.to_owned(), label: Localized::default() }).into()
    }

    #[test]
    fn empty_is_missing_unless_optional() {
        for kind in [TEXT, AnswerKind::Phone, AnswerKind::Date { past: true, future: true }] {
            assert_eq!(judge(&kind, false, "", TODAY), Some(InputFault::Missing));
            assert_eq!(judge(&kind, false, "\u{3000} ", TODAY), Some(InputFault::Missing));
            assert_eq!(judge(&kind, true, "", TODAY), None);
        }
        let many = |min| AnswerKind::Many { choices: choices(), min };
        assert_eq!(ask(&many(0), ""), None);
        assert_eq!(ask(&many(1), ""), Some(InputFault::Missing));
    }

    #[test]
    fn text_counts_what_people_see() {
        assert_eq!(ask(&TEXT, "葛\u{e0102}飾区𠮷田渚渚渚渚渚"), None);
        assert_eq!(ask(&TEXT, "葛\u{e0102}飾区𠮷田渚渚渚渚渚渚"), Some(InputFault::TooLong));
        for wrong in ["渚😀", "☎", "👨\u{200d}👩", "a\nb", "\u{e000}", "①\u{fe0f}", "abc\u{202e}"] {
            assert_eq!(ask(&TEXT, wrong), Some(InputFault::WrongCharacters), "{wrong:?}");
        }
        assert_eq!(ask(&TEXT, "１－２　A棟（髙）"), None);
    }

    #[test]
    fn kana_is_katakana() {
        let kana = AnswerKind::Kana { max: 8 };
        assert_eq!(ask(&kana, "ナギサ　ハナコ"), None);
        assert_eq!(ask(&kana, "マリー・ヴァ"), None);
        for wrong in ["なぎさ", "渚", "ﾅｷﾞｻ", "NAGISA", "ナギサ ハナコ"] {
            assert_eq!(ask(&kana, wrong), Some(InputFault::WrongCharacters), "{wrong}");
        }
        assert_eq!(ask(&kana, "アアアアアアアアア"), Some(InputFault::TooLong));
    }

    #[test]
    fn numbers_of_their_kinds() {
        for (value, fault) in [
            ("0312345678", None),
            ("090-1234-5678", None),
            ("031234567", Some(InputFault::TooShort)),
            ("090123456789", Some(InputFault::TooLong)),
            ("9012345678", Some(InputFault::WrongCharacters)),
            ("０９０１２３４５６７８", Some(InputFault::WrongCharacters)),
        ] {
            assert_eq!(ask(&AnswerKind::Phone, value), fault, "{value}");
        }
        for (value, fault) in [
            ("1000001", None),
            ("100-0001", None),
            ("10-00001", Some(InputFault::WrongCharacters)),
            ("100000", Some(InputFault::TooShort)),
            ("10000012", Some(InputFault::TooLong)),
        ] {
            assert_eq!(ask(&AnswerKind::Postcode, value), fault, "{value}");
        }
        let digits = AnswerKind::Digits { min: 2, max: 3 };
        assert_eq!(ask(&digits, "12"), None);
        assert_eq!(ask(&digits, "1"), Some(InputFault::TooShort));
        assert_eq!(ask(&digits, "1234"), Some(InputFault::TooLong));
        assert_eq!(ask(&digits, "1a"), Some(InputFault::WrongCharacters));
    }

    #[test]
    fn dates_on_the_right_side_of_today() {
        let date = |past, future| AnswerKind::Date { past, future };
        assert_eq!(ask(&date(true, false), "1980-02-29"), None);
        assert_eq!(ask(&date(true, false), "2026-11-24"), None);
        for wrong in
            ["1981-02-29", "2026-11-25", "1980-2-29", "1980/02/29", "1780-01-01", "昭和55年", "19800229", "-00001-1-1"]
        {
            assert_eq!(ask(&date(true, false), wrong), Some(InputFault::NoSuchDate), "{wrong}");
        }
        assert_eq!(ask(&date(false, true), "2026-11-25"), None);
        assert_eq!(ask(&date(false, true), "2026-11-23"), Some(InputFault::NoSuchDate));
    }

    #[test]
    fn choices_are_the_ones_offered() {
        let one = AnswerKind::One { choices: choices() };
        assert_eq!(ask(&one, "b"), None);
        assert_eq!(ask(&one, "a,b"), Some(InputFault::NotAChoice));
        let many = AnswerKind::Many { choices: choices(), min: 2 };
        assert_eq!(ask(&many, "a,c"), None);
        assert_eq!(ask(&many, "a"), Some(InputFault::TooShort));
        assert_eq!(ask(&many, "a,a"), Some(InputFault::NotAChoice));
        assert_eq!(ask(&many, "a,"), Some(InputFault::NotAChoice));
    }

    #[test]
    fn an_individual_number_is_refused_in_any_dress() {
        // The digits in a row and what the published formula makes of them; nobody's number.
        let text = AnswerKind::Text { max: 60 };
        for value in [
            "123456789018",
            "1234 5678 9018",
            "1234-5678-9018",
            "１２３４５６７８９０１８",
            "１２３４　５６７８　９０１８",
            "番号は1234－5678－9018です",
            "3番 123456789018",
        ] {
            assert_eq!(ask(&text, value), Some(InputFault::LooksLikeIndividualNumber), "{value}");
        }
        let digits = AnswerKind::Digits { min: 1, max: 20 };
        assert_eq!(ask(&digits, "123456789018"), Some(InputFault::LooksLikeIndividualNumber));
        assert_eq!(ask(&AnswerKind::Phone, "1234-5678-9018"), Some(InputFault::LooksLikeIndividualNumber));
        // A wrong check digit, eleven digits, thirteen in one piece, digits of different things.
        for value in ["123456789017", "12345678901", "1234567890180", "1234号室と56789018"] {
            assert_eq!(ask(&text, value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn nothing_entered_makes_it_panic(value in "\\PC*", odd in any::<String>(), max in 0usize..50) {
            for kind in [
                AnswerKind::Text { max }, AnswerKind::Kana { max }, AnswerKind::Phone, AnswerKind::Postcode,
                AnswerKind::Digits { min: 1, max }, AnswerKind::Date { past: true, future: true },
                AnswerKind::One { choices: choices() }, AnswerKind::Many { choices: choices(), min: 1 },
            ] {
                for value in [&value, &odd] {
                    if judge(&kind, false, value, TODAY).is_none() {
                        prop_assert!(!value.chars().any(char::is_control));
                    }
                }
            }
        }

        #[test]
        fn every_valid_check_digit_is_found(head in proptest::collection::vec(0u32..10, 11), cut in 0usize..12, wrong in 1u32..10) {
            let last = check_digit(&head);
            let text = |last: u32| {
                let mut s: String = head.iter().chain([&last]).map(u32::to_string).collect();
                s.insert(cut, '-');
                s
            };
            prop_assert!(holds_individual_number(&text(last)));
            prop_assert!(!holds_individual_number(&text((last + wrong) % 10)));
        }

        #[test]
        fn every_real_day_is_accepted_and_only_on_its_side(days in -50_000i32..2_000) {
            let day = TODAY.checked_add(jiff::Span::new().days(days)).unwrap();
            let value = day.to_string();
            prop_assert_eq!(ask(&AnswerKind::Date { past: true, future: true }, &value), None);
            prop_assert_eq!(ask(&AnswerKind::Date { past: false, future: true }, &value).is_some(), day < TODAY);
            prop_assert_eq!(ask(&AnswerKind::Date { past: true, future: false }, &value).is_some(), day > TODAY);
        }
    }
}
