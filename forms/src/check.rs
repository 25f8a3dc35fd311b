//! Judging a form before it is offered.

use crate::form::{Box4, Field, Fit, Form, FormError, MM, table_line};
use crate::original::Original;
use domain::form::{AnswerKind, Question};
use lopdf::{Dictionary, Object};
use serde::Serialize;
use std::path::Path;

/// Values that exist without a question.
pub(crate) const GIVEN: [&str; 7] = ["name", "address", "birth_date", "sex", "provenance", "today", "signature"];
/// The sheets that offices have, in millimetres.
const SHEETS: [(f32, f32); 5] = [(210.0, 297.0), (297.0, 420.0), (148.0, 210.0), (257.0, 364.0), (182.0, 257.0)];
/// What a sheet may differ by, in millimetres.
const CUT: f32 = 2.0;

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The form must not be offered like this.
    pub error: bool,
    /// The line of `form.toml`, from 1, where it is known.
    pub line: Option<usize>,
    /// What is the matter, for municipal staff.
    pub what: String,
}

/// Judges a form's folder.
pub fn check(folder: &Path) -> Vec<Finding> {
    let form = match Form::load(folder) {
        Ok(form) => form,
        Err(error) => {
            let (line, what) = match error {
                FormError::Malformed { line, what, .. } => (line, what),
                FormError::Pdf { ref path, fault } => {
                    (None, format!("{} を使えません（{fault}）。{}", path.display(), fault.remedy()))
                }
                FormError::Read { .. } => (None, format!("{error}。")),
            };
            return vec![Finding { error: true, line, what }];
        }
    };
    let text = std::fs::read_to_string(folder.join("form.toml")).unwrap_or_default();
    let mut judge = Judge { form: &form, text: &text, findings: Vec::new() };
    if folder.file_name().is_none_or(|name| name.to_string_lossy() != form.id()) {
        judge.say(false, Where::Form, format!("id「{}」がフォルダー名と違います。", form.id()));
    }
    judge.paper();
    (0..form.fields.len()).for_each(|at| judge.field(at));
    (0..form.questions.len()).for_each(|at| judge.question(at));
    judge.findings
}

enum Where {
    Form,
    Field(usize),
    Question(usize),
}

struct Judge<'a> {
    form: &'a Form,
    text: &'a str,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn say(&mut self, error: bool, place: Where, what: String) {
        let line = match place {
            Where::Form => None,
            Where::Field(at) => table_line(self.text, "[[field]]", at),
            Where::Question(at) => table_line(self.text, "[[question]]", at),
        };
        self.findings.push(Finding { error, line, what });
    }

    fn paper(&mut self) {
        for (at, page) in self.form.original.pages.iter().enumerate() {
            let (width, height) = (page.size.0 * MM, page.size.1 * MM);
            let (short, long) = (width.min(height), width.max(height));
            let known = |sheet: &(f32, f32)| (short - sheet.0).abs() <= CUT && (long - sheet.1).abs() <= CUT;
            if !SHEETS.iter().any(known) {
                let page = at + 1;
                let size = format!("{width:.0}×{height:.0}mm");
                self.say(
                    false,
                    Where::Form,
                    format!("{page}ページ目の大きさ（{size}）はA3・A4・A5・B4・B5のどれでもありません。印刷すると縮むか、欠けることがあります。"),
                );
            }
        }
        let fonts = missing_fonts(&self.form.original);
        if !fonts.is_empty() {
            let fonts = fonts.join("、");
            self.say(
                false,
                Where::Form,
                format!("PDFに入っていないフォントがあります（{fonts}）。プリンターによって字の形や幅が変わります。フォントを埋め込んで保存し直してください。"),
            );
        }
    }

    fn field(&mut self, at: usize) {
        let (form, field) = (self.form, &self.form.fields[at]);
        let place = || Where::Field(at);
        let name = field.value.as_deref().unwrap_or("text");
        let (width, height) = form.original.pages[field.page - 1].size;
        let outside = |rect: Box4| {
            rect[0] < 0.0
                || rect[1] < 0.0
                || rect[2] <= 0.0
                || rect[3] <= 0.0
                || rect[0] + rect[2] > width * MM + 0.5
                || rect[1] + rect[3] > height * MM + 0.5
        };
        if field.drawn().into_iter().chain([field.rect]).any(outside) {
            self.say(true, place(), format!("「{name}」の枠がページの外にあります。"));
        }
        let overlaps = form.fields[..at].iter().any(|other| may_meet(other, field) && meet(other, field));
        if overlaps {
            self.say(false, place(), format!("「{name}」の枠がほかの枠と重なっています。"));
        }
        let Some(value) = &field.value else { return };
        let question = form.question(value);
        if !GIVEN.contains(&value.as_str()) && question.is_none() {
            self.say(true, place(), format!("「{value}」を尋ねる質問（[[question]]）がありません。"));
        }
        if (field.fit == Fit::Signature) != (value == "signature") {
            self.say(
                true,
                place(),
                format!("「{value}」: fit = \"signature\" は value = \"signature\" と一緒に使います。"),
            );
        }
        let offered = choices(question, value);
        let mark = matches!(field.fit, Fit::Circle | Fit::Tick);
        match (&field.when, &offered) {
            (None, _) if mark => {
                self.say(true, place(), format!("「{value}」: 丸とチェックには when（どの答えのときか）が要ります。"));
            }
            (Some(when), Some(offered)) if !offered.contains(&when.as_str()) => {
                self.say(
                    true,
                    place(),
                    format!("「{value}」に「{when}」という答えはありません（{}）。", offered.join("、")),
                );
            }
            (Some(_), None) if question.is_some() || GIVEN.contains(&value.as_str()) => {
                self.say(true, place(), format!("「{value}」は選ぶ質問ではないので、when は使えません。"));
            }
            _ => {}
        }
        let dated = matches!(value.as_str(), "birth_date" | "today")
            || matches!(question.map(|question| &question.answer), Some(AnswerKind::Date { .. }));
        if dated != (field.fit == Fit::Date) {
            let what = if dated {
                "日付です。fit = \"date\" にしないと 2026-11-24 のまま印字されます"
            } else {
                "日付ではないので、fit = \"date\" では印字できません"
            };
            self.say(!dated, place(), format!("「{value}」は{what}。"));
        }
        if offered.is_some() && matches!(field.fit, Fit::Cells | Fit::Qr) {
            self.say(false, place(), format!("「{value}」は選ぶ質問です。このままでは答えの id が印字されます。"));
        }
        if let Some(most) = question.and_then(most_characters)
            && field.part.is_none()
            && let Some(capacity) = capacity(field, question)
            && capacity < most
        {
            self.say(
                false,
                place(),
                format!("「{value}」の答えは{most}文字までですが、この枠には{capacity}文字しか入りません。"),
            );
        }
    }

    fn question(&mut self, at: usize) {
        let (form, question) = (self.form, &self.form.questions[at]);
        let place = || Where::Question(at);
        let id = &question.id.0;
        if form.questions[..at].iter().any(|other| other.id == question.id) {
            self.say(true, place(), format!("質問「{id}」が二つあります。"));
        }
        if GIVEN.contains(&id.as_str()) {
            self.say(
                true,
                place(),
                format!("「{id}」はカードなどから入る値の名前です。質問には別の id を付けてください。"),
            );
        }
        let used = form.fields.iter().any(|field| field.value.as_deref() == Some(id));
        let decides =
            form.questions.iter().any(|other| other.when.as_ref().is_some_and(|when| when.question == question.id));
        if !used && !decides {
            self.say(false, place(), format!("質問「{id}」の答えがどこにも印字されません。"));
        }
        let missing: Vec<_> = question.label.missing().into_iter().map(domain::Language::tag).collect();
        if !missing.is_empty() {
            self.say(false, place(), format!("質問「{id}」の訳がありません（{}）。", missing.join("、")));
        }
        if let Some(when) = &question.when {
            let decider = &when.question.0;
            match form.question(decider) {
                None => self.say(true, place(), format!("質問「{id}」の条件「{decider}」が質問にありません。")),
                Some(deciding) => {
                    let offered = choices(Some(deciding), decider).unwrap_or_default();
                    for wrong in when.is.iter().filter(|is| !offered.contains(&is.as_str())) {
                        self.say(
                            true,
                            place(),
                            format!("質問「{id}」の条件の「{wrong}」は、質問「{decider}」の答えにありません。"),
                        );
                    }
                }
            }
        }
    }
}

/// What a value may be chosen from, where it is chosen.
fn choices<'a>(question: Option<&'a Question>, value: &str) -> Option<Vec<&'a str>> {
    match question.map(|question| &question.answer) {
        Some(AnswerKind::One { choices } | AnswerKind::Many { choices, .. }) => {
            Some(choices.iter().map(|choice| choice.id.as_str()).collect())
        }
        None if value == "sex" => Some(vec!["male", "female", "other"]),
        _ => None,
    }
}

/// The most characters that an answer may have, without hyphens.
fn most_characters(question: &Question) -> Option<usize> {
    match question.answer {
        AnswerKind::Text { max } | AnswerKind::Kana { max } | AnswerKind::Digits { max, .. } => Some(max),
        AnswerKind::Phone => Some(11),
        AnswerKind::Postcode => Some(7),
        AnswerKind::Date { .. } | AnswerKind::One { .. } | AnswerKind::Many { .. } => None,
    }
}

/// How many characters a field takes at its smallest size; digits are half as wide as others.
fn capacity(field: &Field, question: Option<&Question>) -> Option<usize> {
    let digits = question.is_some_and(|question| {
        matches!(question.answer, AnswerKind::Phone | AnswerKind::Postcode | AnswerKind::Digits { .. })
    });
    match field.fit {
        Fit::Text => Some(room(field.rect, field.min_size(), field.lines) * if digits { 2 } else { 1 }),
        Fit::Cells => Some(field.count),
        Fit::Vertical => Some((field.rect[3] / (field.min_size() * MM)) as usize),
        _ => None,
    }
}

/// How many full-width characters of a size (in points) a box takes on at most so many lines.
pub(crate) fn room(rect: Box4, size: f32, lines: usize) -> usize {
    let size = size * MM;
    let high = ((rect[3] / size - 1.0) / 1.15 + 1.001).max(0.0) as usize;
    (rect[2] / size) as usize * high.min(lines)
}

/// Whether both fields may be drawn for one person.
fn may_meet(a: &Field, b: &Field) -> bool {
    let either = a.value.is_some() && a.value == b.value && a.when.is_some() && b.when.is_some() && a.when != b.when;
    a.page == b.page && !either
}

fn meet(a: &Field, b: &Field) -> bool {
    a.drawn().iter().any(|a| b.drawn().iter().any(|b| overlap(*a, *b)))
}

/// Whether two boxes share more than a touch: circles round neighbouring words may graze each other.
fn overlap(a: Box4, b: Box4) -> bool {
    let depth = |a0: f32, a1: f32, b0: f32, b1: f32| (a0 + a1).min(b0 + b1) - a0.max(b0);
    let (across, down) = (depth(a[0], a[2], b[0], b[2]), depth(a[1], a[3], b[1], b[3]));
    let smaller = (a[2] * a[3]).min(b[2] * b[3]);
    across > 0.8 && down > 0.8 && across * down > 0.2 * smaller
}

/// The fonts that a PDF names but does not hold.
fn missing_fonts(original: &Original) -> Vec<String> {
    let document = &original.document;
    let mut names: Vec<String> = Vec::new();
    let dictionaries = document.objects.values().filter_map(|object| object.as_dict().ok());
    for font in dictionaries.filter(|dict| dict.has_type(b"Font")) {
        let kind = font.get(b"Subtype").and_then(Object::as_name).unwrap_or_default();
        // Composite fonts hold theirs one step below; drawn ones hold their drawings.
        if matches!(kind, b"Type0" | b"Type3") {
            continue;
        }
        let descriptor = font.get_deref(b"FontDescriptor", document).and_then(Object::as_dict);
        let held = |descriptor: &Dictionary| {
            [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"].iter().any(|file| descriptor.has(file))
        };
        if !descriptor.is_ok_and(held) {
            let name = font.get(b"BaseFont").and_then(Object::as_name).unwrap_or(b"?");
            let name = String::from_utf8_lossy(name).into_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}
