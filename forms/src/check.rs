//! Judging a form before it is offered.

use crate::form::{Box4, Fit, Form, FormError};
use serde::Serialize;
use std::path::Path;

/// Values that exist without a question.
pub(crate) const GIVEN: [&str; 7] = ["name", "address", "birth_date", "sex", "provenance", "today", "signature"];

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
    let text = std::fs::read_to_string(folder.join("form.toml")).unwrap_or_default();
    let form = match Form::load(folder) {
        Ok(form) => form,
        Err(error) => {
            let what = match &error {
                FormError::Pdf { path, .. } => format!(
                    "{}: PDFを取り込めません（壊れている、または暗号化されています）。パスワードのないPDFに保存し直してください。",
                    path.display()
                ),
                other => other.to_string(),
            };
            return vec![Finding { error: true, line: None, what }];
        }
    };
    let mut findings = Vec::new();
    let lines: Vec<usize> =
        text.lines().enumerate().filter(|(_, line)| line.trim() == "[[field]]").map(|(at, _)| at + 1).collect();
    let mut say = |error, field: Option<usize>, what: String| {
        findings.push(Finding { error, line: field.and_then(|at| lines.get(at).copied()), what });
    };
    if folder.file_name().is_none_or(|name| name.to_string_lossy() != form.id()) {
        say(false, None, format!("id「{}」がフォルダー名と違います。", form.id()));
    }
    let asked = |name: &str| form.questions.iter().any(|question| question.id.0 == name);
    for (at, field) in form.fields.iter().enumerate() {
        let (width, height) = form.original.pages[field.page - 1].size;
        let mm = 25.4 / 72.0;
        let outside = |rect: Box4| {
            rect[0] < 0.0
                || rect[1] < 0.0
                || rect[2] <= 0.0
                || rect[3] <= 0.0
                || rect[0] + rect[2] > width * mm + 0.5
                || rect[1] + rect[3] > height * mm + 0.5
        };
        let name = field.value.as_deref().unwrap_or("text");
        let parts = [Some(field.rect), field.year, field.month, field.day];
        if parts.into_iter().flatten().chain(field.eras.iter().map(|era| era.rect)).any(outside) {
            say(true, Some(at), format!("「{name}」の枠がページの外にあります。"));
        }
        if let Some(value) = &field.value
            && !GIVEN.contains(&value.as_str())
            && !asked(value)
        {
            say(true, Some(at), format!("「{value}」を尋ねる質問（[[question]]）がありません。"));
        }
        let alone = |fit| matches!(fit, Fit::Text | Fit::Cells | Fit::Vertical | Fit::Signature);
        if alone(field.fit) && field.when.is_none() {
            let overlaps = form.fields[..at].iter().any(|other| {
                other.page == field.page && alone(other.fit) && other.when.is_none() && overlap(other.rect, field.rect)
            });
            if overlaps {
                say(false, Some(at), format!("「{name}」の枠がほかの枠と重なっています。"));
            }
        }
    }
    for question in &form.questions {
        let used = form.fields.iter().any(|field| field.value.as_deref() == Some(question.id.0.as_str()));
        let decides =
            form.questions.iter().any(|other| other.when.as_ref().is_some_and(|when| when.question == question.id));
        if !used && !decides {
            say(false, None, format!("質問「{}」の答えがどこにも印字されません。", question.id.0));
        }
        let missing: Vec<_> = question.label.missing().into_iter().map(domain::Language::tag).collect();
        if !missing.is_empty() {
            say(false, None, format!("質問「{}」の訳がありません（{}）。", question.id.0, missing.join("、")));
        }
        if let Some(when) = &question.when
            && !asked(&when.question.0)
        {
            say(true, None, format!("質問「{}」の条件「{}」が質問にありません。", question.id.0, when.question.0));
        }
    }
    findings
}

fn overlap(a: Box4, b: Box4) -> bool {
    let depth = |a0: f32, a1: f32, b0: f32, b1: f32| (a0 + a1).min(b0 + b1) - a0.max(b0);
    depth(a[0], a[2], b[0], b[2]) > 0.8 && depth(a[1], a[3], b[1], b[3]) > 0.8
}
