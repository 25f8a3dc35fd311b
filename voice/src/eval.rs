//! How good the answers are: questions whose right answers are known.

use crate::{Place, VoiceError};
use domain::Language;
use guide::{AnswererError, Asked, Dialogue};
use jiff::civil::DateTime;
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

/// What came of the questions of one language.
#[derive(Debug, Default, Serialize)]
struct Score {
    lang: &'static str,
    answerable: u32,
    right: u32,
    confidently_wrong: u32,
    asked_back: u32,
    asked_back_with_it: u32,
    not_known: u32,
    unanswerable: u32,
    rightly_refused: u32,
    answered_all_the_same: u32,
    median_ms: f32,
}

pub(crate) fn run(
    questions: &Path,
    pack: &Path,
    at: DateTime,
    signs: Option<&Path>,
    failures: bool,
    as_json: bool,
) -> Result<i32, VoiceError> {
    let answerer = Place::prepared()?.answerer(pack)?;
    let mut signs = match signs {
        Some(path) => match File::create(path) {
            Ok(file) => Some(BufWriter::new(file)),
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                return Ok(2);
            }
        },
        None => None,
    };
    let mut scores = Vec::new();
    for language in Language::ALL {
        let Ok(mut rows) = csv::Reader::from_path(questions.join(format!("{}.csv", language.tag()))) else { continue };
        let mut score = Score { lang: language.tag(), ..Default::default() };
        let mut times = Vec::new();
        for row in rows.records().flatten() {
            let (Some(id), Some(question)) = (row.get(0), row.get(1)) else { continue };
            if let Some(signs) = &mut signs {
                let found = answerer.find(language, Asked::Written(question), None).map_err(VoiceError::from)?;
                let list: Vec<_> = found.iter().map(|found| json!([found.meaning.id(), found.signs])).collect();
                // A full disk shows in the calibration.
                let _ = writeln!(signs, "{}", json!({ "id": id, "question": question, "c": list }));
            }
            let started = Instant::now();
            let reply = Dialogue::default()
                .ask(&answerer, language, Asked::Written(question), at)
                .map_err(|error: AnswererError| VoiceError::from(error))?;
            times.push(started.elapsed().as_secs_f32() * 1000.0);
            // Where several answers tell the visitor the same, the file names them all: `a|b`.
            let good_id = |given: &str| id.split('|').any(|id| id == given);
            let offered = reply.choices.iter().any(|choice| good_id(&choice.id));
            let good = if id == "-" {
                score.unanswerable += 1;
                score.answered_all_the_same += u32::from(reply.answer.is_some());
                let refused = reply.answer.is_none() && reply.choices.is_empty();
                score.rightly_refused += u32::from(refused);
                refused
            } else {
                score.answerable += 1;
                match &reply.answer {
                    Some(answer) if good_id(answer) => score.right += 1,
                    Some(_) => score.confidently_wrong += 1,
                    None if reply.choices.is_empty() => score.not_known += 1,
                    None => {
                        score.asked_back += 1;
                        score.asked_back_with_it += u32::from(offered);
                    }
                }
                reply.answer.as_deref().is_some_and(good_id)
            };
            if failures && !good {
                let said = reply.answer.clone().unwrap_or_else(|| {
                    format!("? {}", reply.choices.iter().map(|choice| choice.id.as_str()).collect::<Vec<_>>().join(" "))
                });
                println!("{}\t{id}\t{said}\t{:.2}\t{question}", language.tag(), reply.score);
            }
        }
        times.sort_by(f32::total_cmp);
        score.median_ms = times.get(times.len() / 2).copied().unwrap_or(0.0);
        scores.push(score);
    }
    if as_json {
        println!("{}", json!(scores));
        return Ok(0);
    }
    println!(
        "| | right | confidently wrong | asked back (right one offered) | not known | refused of those without answer | answered all the same | median ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
    for score in &scores {
        let n = score.answerable;
        println!(
            "| {} | {:.1} % | {:.1} % | {:.1} % ({:.1} %) | {:.1} % | {:.1} % | {:.1} % | {:.0} |",
            score.lang,
            percent(score.right, n),
            percent(score.confidently_wrong, n),
            percent(score.asked_back, n),
            percent(score.asked_back_with_it, n),
            percent(score.not_known, n),
            percent(score.rightly_refused, score.unanswerable),
            percent(score.answered_all_the_same, score.unanswerable),
            score.median_ms,
        );
    }
    Ok(0)
}
