//! How long it takes to fill a form: `cargo run --release -p forms --example bench_fill [-- FOLDER_OF_FORMS [ROUNDS]]`.
//!
//! Every form of the library is loaded once, as the kiosk does, then filled with invented values; the median of the
//! rounds is printed for each form, in milliseconds.

use domain::form::{AnswerKind, Question};
use forms::{Filling, Form};
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

fn answer(question: &Question) -> String {
    match &question.answer {
        AnswerKind::Text { max } => "渚市浜通り一丁目二番三号".chars().take(*max).collect(),
        AnswerKind::Kana { max } => "ナギサ　ハナコ".chars().take(*max).collect(),
        AnswerKind::Phone => "0900000000".into(),
        AnswerKind::Postcode => "9990000".into(),
        AnswerKind::Digits { min, .. } => "1".repeat(*min),
        AnswerKind::Date { .. } => "2026-11-24".into(),
        AnswerKind::One { choices } | AnswerKind::Many { choices, .. } => {
            choices.first().map_or_else(String::new, |choice| choice.id.clone())
        }
    }
}

fn filling(form: &Form) -> Filling {
    let mut filling = Filling::default();
    let facts = [
        ("name", "渚　花子"),
        ("address", "石川県渚市浜通り一丁目２番３号"),
        ("birth_date", "1985-04-01"),
        ("sex", "female"),
        ("today", "2026-11-24"),
    ];
    filling.values.extend(facts.map(|(id, value)| (id.to_owned(), value.to_owned())));
    filling.values.extend(form.questions().iter().map(|question| (question.id.0.clone(), answer(question))));
    filling.signature = vec![(0..60).map(|x| (x * 10, 300 + (x % 7) * 20)).collect()];
    filling
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let library = args.next().map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("library"), PathBuf::from);
    let rounds: usize = args.next().map_or(Ok(50), |rounds| rounds.parse())?;
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(library)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    folders.retain(|folder| folder.join("form.toml").is_file());
    folders.sort();
    let mut medians = Vec::new();
    for folder in folders {
        let form = Form::load(&folder)?;
        let filling = filling(&form);
        let mut bytes = form.fill(&filling)?.len();
        let mut times = Vec::with_capacity(rounds);
        for _ in 0..rounds.max(1) {
            let start = Instant::now();
            bytes = form.fill(&filling)?.len();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        medians.push(median);
        println!("{:32} {median:7.2} ms  {} fields  {} KB", form.id(), form.values().len(), bytes / 1024);
    }
    medians.sort_by(f64::total_cmp);
    if let Some(median) = medians.get(medians.len() / 2) {
        println!("{:32} {median:7.2} ms", "median");
    }
    Ok(())
}
