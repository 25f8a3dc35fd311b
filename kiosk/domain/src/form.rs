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

/// A value's name: `name`, `address`, `birth_date`, `sex`, `today`, `signature`, or a question's id.
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

/// What a form is filled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The four facts, confirmed or corrected.
    pub facts: Option<Facts>,
    /// Answers by question.
    pub answers: BTreeMap<ValueId, Personal<String>>,
    /// The signature.
    pub signature: Option<Personal<Signature>>,
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
    /// A form could not be filled; none is printed.
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
    }
}

impl Private for Values {
    const NAME: &'static str = "Values";
    fn stand_in() -> Self {
        Self { facts: None, answers: BTreeMap::new(), signature: None, today: Date::constant(2000, 1, 1) }
    }
}
