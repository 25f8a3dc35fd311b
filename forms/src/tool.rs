//! `kiosk forms …`: filling and judging forms by hand.

use crate::check::check;
use crate::draft::{Drafted, NewError, start};
use crate::fill::Filling;
use crate::form::{Form, FormError};
use domain::Refusal;
use domain::form::AnswerKind;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Work on form folders.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Fill a form with the values of a JSON file.
    Fill {
        /// The form's folder.
        form: PathBuf,
        /// A flat JSON object: value name -> text (dates YYYY-MM-DD; sex male|female|other; signature: strokes of [x,y]).
        #[arg(long)]
        values: PathBuf,
        /// The PDF to write.
        #[arg(short, long)]
        out: PathBuf,
    },
    /// Start a form's folder for a PDF: its input fields, or else its printed labels and boxes, become a first form.toml.
    New {
        /// The municipality's PDF.
        pdf: PathBuf,
        /// The new folder; its name becomes the form's id.
        #[arg(short, long)]
        out: PathBuf,
    },
    /// Judge a form's folder: exit code 0 when it may be offered, 3 when not.
    Check {
        /// The form's folder.
        form: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

fn no(refusal: &Refusal) -> i32 {
    println!("{}", json!({ "error": refusal }));
    3
}

/// Runs the tool; gives the exit code: 0 done, 2 bad arguments, 3 refused.
pub fn run(command: &Command) -> i32 {
    match command {
        Command::Fill { form, values, out } => fill(form, values, out),
        Command::New { pdf, out } => new(pdf, out),
        Command::Check { form, json } => {
            let findings = check(form);
            if *json {
                println!("{}", json!({ "findings": findings }));
            } else {
                for finding in &findings {
                    let kind = if finding.error { "誤り" } else { "注意" };
                    let line = finding.line.map_or_else(String::new, |line| format!("{line}行目: "));
                    println!("{kind}: {line}{}", finding.what);
                }
                if findings.is_empty() {
                    println!("問題は見つかりませんでした。");
                }
            }
            if findings.iter().any(|finding| finding.error) { 3 } else { 0 }
        }
    }
}

fn new(pdf: &Path, out: &Path) -> i32 {
    match start(pdf, out) {
        Ok(Drafted { fields, hints, pictures }) => {
            println!("{} を作りました。枠: {fields}、候補: {hints}", out.join("form.toml").display());
            if pictures > 0 {
                println!(
                    "{pictures}ページは画像で、文字を読み取れません。枠は form.toml の候補から選んで書いてください。"
                );
            }
            println!("枠の位置と値の名前を確かめてください: kiosk forms check {}", out.display());
            0
        }
        Err(error) => {
            let remedy = match &error {
                NewError::Exists(_) => "新しいフォルダーを -o で指定してください。",
                NewError::Name(_) => "フォルダーに名前を付けてください。",
                NewError::File { .. } => "ファイルと保存先を確かめてください。",
                NewError::Pdf { fault, .. } => fault.remedy(),
                NewError::Draft(_) => "このPDFを添えて、開発元にお知らせください。",
            };
            no(&Refusal::new(
                format!("様式を作れません（{error}）。"),
                remedy,
                "form.toml は手で書くこともできます（forms/FORMAT.md）。",
            ))
        }
    }
}

fn fill(folder: &Path, values: &Path, out: &Path) -> i32 {
    const BY_HAND: &str = "この様式は窓口で手書きできます。";
    let form = match Form::load(folder) {
        Ok(form) => form,
        Err(error) => {
            let remedy = match &error {
                FormError::Pdf { fault, .. } => fault.remedy(),
                FormError::Read { .. } => "フォルダーの場所と、form.toml と PDF があることを確かめてください。",
                FormError::Malformed { .. } => "form.toml を直してください（書き方: forms/FORMAT.md）。",
            };
            return no(&Refusal::new(format!("様式を使えません（{error}）。"), remedy, BY_HAND));
        }
    };
    let read = std::fs::read(values).map(Zeroizing::new);
    let read = read.map_err(|_| format!("値のファイル {} を読めません。", values.display()));
    let filling = match read.and_then(|bytes| parse(&bytes, &form)) {
        Ok(filling) => filling,
        Err(cause) => {
            return no(&Refusal::new(
                cause,
                "名前と文字列を並べたJSONにしてください。",
                "見本は forms/FORMAT.md にあります。",
            ));
        }
    };
    let pdf = match form.fill(&filling) {
        Ok(pdf) => pdf,
        Err(error) => return no(&Refusal::new(format!("記入できません（{error}）。"), error.remedy(), BY_HAND)),
    };
    match std::fs::write(out, pdf) {
        Ok(()) => 0,
        Err(error) => no(&Refusal::new(
            format!("PDFを書き込めません（{error}）。"),
            "保存先を確かめてください。",
            "別の保存先を -o で指定できます。",
        )),
    }
}

/// Values out of a flat JSON object; the day of the application is this one where none is given. What is wrong is told
/// without the value.
fn parse(bytes: &[u8], form: &Form) -> Result<Filling, String> {
    // Windows' Notepad puts a mark before the text.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let map = match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => map,
        Ok(_) => return Err("値のファイルが { } で始まっていません。".into()),
        Err(error) => {
            return Err(format!(
                "値のファイルは、{}行目{}文字目からJSONではありません。",
                error.line(),
                error.column()
            ));
        }
    };
    let mut filling = Filling::default();
    filling.values.insert("today".into(), jiff::ZonedDateTime::now().date().to_string());
    for (name, value) in map {
        let wrong = || format!("「{name}」の値の書き方が違います。");
        let text = match value {
            Value::Array(strokes) if name == "signature" => {
                filling.signature = serde_json::from_value(Value::Array(strokes))
                    .map_err(|_| "「signature」は、0から1000までの [x, y] を並べた線の並びです。".to_owned())?;
                continue;
            }
            Value::Array(list) => {
                let choices: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
                choices.ok_or_else(wrong)?.join(",")
            }
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(on) => choice_of(on, form, &name).ok_or_else(wrong)?,
            Value::Null => continue,
            Value::Object(_) => return Err(wrong()),
        };
        filling.values.insert(name, text);
    }
    Ok(filling)
}

/// What `true` and `false` answer: a question of one choice, or of `yes` and `no`.
fn choice_of(on: bool, form: &Form, name: &str) -> Option<String> {
    let question = form.questions().iter().find(|question| question.id.0 == name)?;
    let (AnswerKind::One { choices } | AnswerKind::Many { choices, .. }) = &question.answer else { return None };
    match choices.as_slice() {
        [one] => Some(if on { one.id.clone() } else { String::new() }),
        _ => {
            let word = if on { "yes" } else { "no" };
            choices.iter().any(|choice| choice.id == word).then(|| word.to_owned())
        }
    }
}
