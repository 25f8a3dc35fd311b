//! The individual number (個人番号, マイナンバー), which this machine never holds (番号法): its places and its digits.

use domain::Date;
use domain::form::{AnswerKind, InputFault, Question, judge};
use domain::ruby;
use unicode_normalization::UnicodeNormalization;

/// What it is called, as [`plain`] writes it.
const NAMES: [&str; 6] = ["個人番号", "マイナンバー", "mynumber", "individualnumber", "kojinbango", "kojinbangou"];
/// After its name: the card of that name, which may be spoken of.
const CARD: [&str; 2] = ["カード", "card"];

/// A label as it is compared: compatibility forms, spaces and signs gone.
pub(crate) fn plain(text: &str) -> String {
    text.nfkc().filter(|c| c.is_alphanumeric() || *c == 'ー').flat_map(char::to_lowercase).collect()
}

/// Whether a label or a value's name says that the number belongs there.
pub(crate) fn names_number(text: &str) -> bool {
    let text = plain(text);
    NAMES.iter().any(|name| {
        text.match_indices(name).any(|(at, _)| {
            let after = &text[at + name.len()..];
            !CARD.iter().any(|card| after.starts_with(card))
        })
    })
}

/// Whether a question asks for the number; one that is answered by choosing cannot.
pub(crate) fn asks_for_number(question: &Question) -> bool {
    let typed =
        matches!(question.answer, AnswerKind::Text { .. } | AnswerKind::Kana { .. } | AnswerKind::Digits { .. });
    let label = &question.label;
    let texts = [Some(&label.ja), label.en.as_ref(), label.zh_hans.as_ref(), label.ko.as_ref()];
    names_number(&question.id.0) || typed && texts.into_iter().flatten().any(|text| names_number(&ruby::plain(text)))
}

/// Whether a text holds twelve digits that may be somebody's number.
pub(crate) fn looks_like_number(text: &str) -> bool {
    // The day does not matter to a text.
    let any = Date::constant(2000, 1, 1);
    judge(&AnswerKind::Text { max: usize::MAX }, true, text, any) == Some(InputFault::LooksLikeIndividualNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_known_by_its_names_and_its_card_is_not_it() {
        for name in
            ["個人番号", "個 人 番 号", "マイナンバー", "ﾏｲﾅﾝﾊﾞｰ", "my_number", "My Number", "applicant_mynumber"]
        {
            assert!(names_number(name), "{name}");
        }
        for name in ["マイナンバーカードの種類", "個人番号カード", "mynumber-card", "番号", "name"]
        {
            assert!(!names_number(name), "{name}");
        }
    }
}
