//! `kiosk forms …`: filling and judging forms by hand.

use crate::check::check;
use crate::draft::{Drafted, NewError, start};
use crate::fill::{FillError, Filling};
use crate::form::{Form, FormError};
use domain::Refusal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

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
        Ok(Drafted { fields, hints }) => {
            println!("{} を作りました。枠: {fields}、候補: {hints}", out.join("form.toml").display());
            println!("枠の位置と値の名前を確かめてください: kiosk forms check {}", out.display());
            0
        }
        Err(error) => {
            let remedy = match &error {
                NewError::Exists(_) => "新しいフォルダーを -o で指定してください。",
                NewError::Name(_) => "フォルダーに名前を付けてください。",
                NewError::File { .. } => "ファイルと保存先を確かめてください。",
                NewError::Pdf { .. } => "パスワードのない、XFAでないPDFに保存し直してください。",
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
    let form = match Form::load(folder) {
        Ok(form) => form,
        Err(error @ FormError::Pdf { .. }) => {
            return no(&Refusal::new(
                format!("様式のPDFを取り込めません（{error}）。"),
                "パスワードのないPDFに保存し直してください。",
                "この様式は窓口で手書きできます。",
            ));
        }
        Err(error) => {
            return no(&Refusal::new(
                format!("様式を読み込めません（{error}）。"),
                "form.toml を確かめてください（kiosk forms check）。",
                "この様式は窓口で手書きできます。",
            ));
        }
    };
    let Some(filling) = std::fs::read(values).ok().and_then(|bytes| parse(&bytes)) else {
        return no(&Refusal::new(
            "値のファイルを読めません。",
            "名前と文字列を並べたJSONにしてください。",
            "見本は forms/FORMAT.md にあります。",
        ));
    };
    let pdf = match form.fill(&filling) {
        Ok(pdf) => pdf,
        Err(error) => {
            let remedy = match &error {
                FillError::Missing(_) => "足りない値を加えてください。",
                FillError::Undrawable(_) => "別の文字に直してください。",
                FillError::DoesNotFit(_) => "短くするか、枠を広げてください。",
                FillError::Font(_) => "フォントのパッケージを入れてください。",
                FillError::Pdf => "PDFを保存し直してください。",
            };
            return no(&Refusal::new(
                format!("記入できません（{error}）。"),
                remedy,
                "この様式は窓口で手書きできます。",
            ));
        }
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

/// Values out of a flat JSON object.
fn parse(bytes: &[u8]) -> Option<Filling> {
    let Value::Object(map) = serde_json::from_slice(bytes).ok()? else { return None };
    let mut filling = Filling::default();
    for (name, value) in map {
        match value {
            Value::Array(strokes) if name == "signature" => {
                filling.signature = serde_json::from_value(Value::Array(strokes)).ok()?;
            }
            Value::Array(list) => {
                let choices: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
                filling.values.insert(name, choices?.join(","));
            }
            Value::String(text) => drop(filling.values.insert(name, text)),
            Value::Number(number) => drop(filling.values.insert(name, number.to_string())),
            Value::Null => {}
            Value::Bool(_) | Value::Object(_) => return None,
        }
    }
    Some(filling)
}
