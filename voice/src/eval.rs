//! How good the answers are: questions whose right answers are known, written or recorded.

use crate::score::{Score, said};
use crate::spoken::{Ear, Understood};
use crate::{Place, VoiceError, edits};
use domain::Language;
use guide::{AnswererError, Asked, Dialogue};
use jiff::civil::DateTime;
use reading::normal;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What to count, and how.
#[derive(Debug, clap::Args)]
pub struct Eval {
    /// The folder of questions.
    questions: PathBuf,
    /// The guide's folder.
    #[arg(long)]
    pack: PathBuf,
    /// The moment of asking.
    #[arg(long, default_value = "2026-11-23T18:30")]
    at: DateTime,
    /// Write what was seen of each question here, for tests/voice/calibrate.py.
    #[arg(long)]
    signs: Option<PathBuf>,
    /// Keep here what was understood of recordings, and take it from here: the recogniser need not hear them again.
    #[arg(long)]
    heard: Option<PathBuf>,
    /// Print every question that was not answered rightly.
    #[arg(long)]
    failures: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A question of which the right answer is known.
pub(crate) struct Question {
    /// How it was recorded; empty where it is written.
    pub condition: String,
    /// Where it was recorded.
    pub file: Option<PathBuf>,
    pub language: Language,
    /// Its answer: see [`Score::count`].
    pub id: String,
    pub wording: String,
}

/// How wrongly recordings were heard.
#[derive(Debug, Default, Clone, Serialize)]
struct Misheard {
    characters: usize,
    wrong_characters: usize,
    sounds: usize,
    wrong_sounds: usize,
}

/// What came of the questions of one language in one condition.
struct Row {
    condition: String,
    lang: String,
    score: Score,
    misheard: Misheard,
}

impl Row {
    fn new(condition: &str, lang: &str) -> Self {
        Self {
            condition: condition.to_owned(),
            lang: lang.to_owned(),
            score: Score::default(),
            misheard: Misheard::default(),
        }
    }
}

/// The questions of a folder, in its order.
fn questions(folder: &Path) -> Result<Vec<Question>, csv::Error> {
    let manifest = folder.join("manifest.csv");
    let mut all = Vec::new();
    if manifest.exists() {
        #[derive(serde::Deserialize)]
        struct Recording {
            file: String,
            lang: Language,
            id: String,
            question: String,
            condition: String,
        }
        for row in csv::Reader::from_path(manifest)?.deserialize() {
            let Recording { file, lang, id, question, condition } = row?;
            all.push(Question { condition, file: Some(folder.join(file)), language: lang, id, wording: question });
        }
        return Ok(all);
    }
    for language in Language::ALL {
        let path = folder.join(format!("{}.csv", language.tag()));
        if !path.exists() {
            continue;
        }
        for row in csv::Reader::from_path(path)?.deserialize() {
            let (id, wording): (String, String) = row?;
            all.push(Question { condition: String::new(), file: None, language, id, wording });
        }
    }
    Ok(all)
}

pub(crate) fn run(eval: &Eval) -> Result<i32, VoiceError> {
    let questions = match questions(&eval.questions) {
        Ok(questions) => questions,
        Err(error) => {
            eprintln!("{}: {error}", eval.questions.display());
            return Ok(2);
        }
    };
    let mut signs = match eval.signs.as_deref().map(|path| (path, File::create(path))) {
        Some((path, Err(error))) => {
            eprintln!("{}: {error}", path.display());
            return Ok(2);
        }
        Some((_, Ok(file))) => Some(BufWriter::new(file)),
        None => None,
    };
    let place = Place::prepared()?;
    let answerer = place.answerer(&eval.pack)?;
    let mut ear = Ear::new(&place, &answerer, eval.heard.as_deref());
    let is_spoken = questions.iter().any(|question| question.file.is_some());
    let mut rows: Vec<Row> = Vec::new();
    for question in &questions {
        let Question { condition, file, language, id, wording } = question;
        let started = Instant::now();
        let heard = file.as_deref().map(|file| ear.hear(file, *language)).transpose()?;
        let asked = match &heard {
            Some(Understood { text, also: Some(also), .. }) => Asked::HeardTwice(text, also),
            Some(Understood { text, .. }) => Asked::Heard(text),
            None => Asked::Written(wording),
        };
        let reply = Dialogue::default()
            .ask(&answerer, *language, asked, eval.at)
            .map_err(|error: AnswererError| VoiceError::from(error))?;
        let ms = started.elapsed().as_secs_f32() * 1000.0;
        let at = rows.iter().position(|row| row.condition == *condition && row.lang == language.tag());
        let at = at.unwrap_or_else(|| {
            rows.push(Row::new(condition, language.tag()));
            rows.len() - 1
        });
        let good = rows[at].score.count(id, &reply, ms);
        if let Some(heard) = &heard {
            let misheard = &mut rows[at].misheard;
            let (a, b) = (normal(&heard.text), normal(wording));
            misheard.characters += b.chars().count();
            misheard.wrong_characters += edits(&a, &b);
            let sound = |text: &str| answerer.reader().sound(*language, text);
            let (a, b) = (sound(&heard.text), sound(wording));
            misheard.sounds += b.chars().count();
            misheard.wrong_sounds += edits(&a, &b);
        }
        if let Some(signs) = &mut signs {
            let found = answerer.find(*language, asked, None).map_err(VoiceError::from)?;
            let list: Vec<_> = found.iter().map(|found| json!([found.meaning.id(), found.signs])).collect();
            let line = json!({
                "id": id, "lang": language.tag(), "condition": condition, "question": wording, "asked": asked.text(), "also": heard.as_ref().and_then(|heard| heard.also.as_deref()),
                "confidence": heard.as_ref().map(|heard| heard.confidence), "c": list,
            });
            // A full disk shows in the calibration.
            let _ = writeln!(signs, "{line}");
        }
        if eval.failures && !good {
            let condition = if is_spoken { format!("{condition}\t") } else { String::new() };
            let text = heard.map_or(String::new(), |heard| format!("\t{}", heard.text));
            println!("{condition}{}\t{id}\t{}\t{:.2}\t{wording}{text}", language.tag(), said(&reply), reply.score);
        }
    }
    ear.keep();
    if eval.json {
        print_json(&rows, is_spoken);
    } else {
        print_table(rows, is_spoken);
    }
    Ok(0)
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn print_json(rows: &[Row], is_spoken: bool) {
    let lines = rows.iter().map(|row| {
        let (median, p95) = (row.score.quantile(0.5), row.score.quantile(0.95));
        if is_spoken {
            let score = merged(json!(row.score), json!(row.misheard));
            json!({ "condition": row.condition, "language": row.lang, "score": score,
                    "median_ms": median, "p95_ms": p95 })
        } else {
            let mut line = json!(row.score);
            line["lang"] = json!(row.lang);
            line["median_ms"] = json!(median);
            line
        }
    });
    if is_spoken {
        lines.for_each(|line| println!("{line}"));
    } else {
        println!("{}", json!(lines.collect::<Vec<_>>()));
    }
}

fn print_table(mut rows: Vec<Row>, is_spoken: bool) {
    let (head, line) = if is_spoken {
        ("| condition | | wrong characters | wrong sounds ", "|---|---|---:|---:")
    } else {
        ("| ", "|---")
    };
    println!("{head}| {} | median ms | p95 |\n{line}{}|", Score::COLUMNS, "|---:".repeat(8));
    if is_spoken {
        let mut conditions: Vec<String> = rows.iter().map(|row| row.condition.clone()).collect();
        conditions.dedup();
        for condition in conditions {
            let mut all = Row::new(&condition, "all");
            for row in rows.iter().filter(|row| row.condition == condition) {
                all.score.add(&row.score);
                all.misheard.characters += row.misheard.characters;
                all.misheard.wrong_characters += row.misheard.wrong_characters;
                all.misheard.sounds += row.misheard.sounds;
                all.misheard.wrong_sounds += row.misheard.wrong_sounds;
            }
            rows.push(all);
        }
        let mut order: Vec<String> = Vec::new();
        rows.iter().for_each(|row| {
            if !order.contains(&row.condition) {
                order.push(row.condition.clone());
            }
        });
        rows.sort_by_key(|row| order.iter().position(|condition| *condition == row.condition));
    }
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    for Row { condition, lang, score, misheard } in &rows {
        let before = if is_spoken {
            format!(
                "| {condition} | {lang} | {:.1} % | {:.1} % ",
                share(misheard.wrong_characters, misheard.characters),
                share(misheard.wrong_sounds, misheard.sounds)
            )
        } else {
            format!("| {lang} ")
        };
        println!("{before}| {} | {:.0} | {:.0} |", score.cells(), score.quantile(0.5), score.quantile(0.95));
    }
}
