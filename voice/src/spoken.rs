//! How good the answers to spoken questions are: recordings whose questions and right answers are known.

use crate::{Place, VoiceError, edits, hints};
use domain::Language;
use guide::{AnswererError, Asked, Dialogue};
use hearing::{HearingError, RATE, Recogniser, Vad, Whisper, read_wav};
use jiff::civil::DateTime;
use reading::normal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

#[derive(Deserialize)]
struct Row {
    file: String,
    lang: Language,
    id: String,
    question: String,
    condition: String,
}

/// What came of the recordings of one language in one condition.
#[derive(Debug, Default, Serialize)]
struct Score {
    answerable: u32,
    right: u32,
    confidently_wrong: u32,
    asked_back: u32,
    asked_back_with_it: u32,
    not_known: u32,
    unanswerable: u32,
    answered_all_the_same: u32,
    characters: usize,
    wrong_characters: usize,
    sounds: usize,
    wrong_sounds: usize,
    /// From a whole recording to its answer, in ms.
    #[serde(skip)]
    took: Vec<f32>,
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.answerable += other.answerable;
        self.right += other.right;
        self.confidently_wrong += other.confidently_wrong;
        self.asked_back += other.asked_back;
        self.asked_back_with_it += other.asked_back_with_it;
        self.not_known += other.not_known;
        self.unanswerable += other.unanswerable;
        self.answered_all_the_same += other.answered_all_the_same;
        self.characters += other.characters;
        self.wrong_characters += other.wrong_characters;
        self.sounds += other.sounds;
        self.wrong_sounds += other.wrong_sounds;
        self.took.extend(&other.took);
    }

    fn quantile(&self, part: f32) -> f32 {
        let mut took = self.took.clone();
        took.sort_by(f32::total_cmp);
        let at = ((took.len() as f32 * part) as usize).min(took.len().saturating_sub(1));
        took.get(at).copied().unwrap_or(0.0)
    }
}

pub(crate) fn run(folder: &Path, pack: &Path, at: DateTime, failures: bool, as_json: bool) -> Result<i32, VoiceError> {
    let place = Place::prepared()?;
    let answerer = place.answerer(pack)?;
    let mut whisper = Whisper::load(&place.models, 1)?;
    let mut vad = Vad::load(&place.models)?;
    let mut scores: BTreeMap<(String, Language), Score> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let manifest = folder.join("manifest.csv");
    let rows = match csv::Reader::from_path(&manifest)
        .and_then(|mut reader| reader.deserialize::<Row>().collect::<Result<Vec<_>, _>>())
    {
        Ok(rows) => rows,
        Err(error) => {
            eprintln!("{}: {error}", manifest.display());
            return Ok(2);
        }
    };
    for row in rows {
        let samples = read_wav(&folder.join(&row.file)).map_err(HearingError::from)?;
        let started = Instant::now();
        // As the kiosk hears it: from the first word to the pause.
        let spans = vad.spans(&samples)?;
        let (from, until) = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => (first.from, last.until),
            _ => (0, 0),
        };
        let heard = match samples.get(from..until) {
            Some(speech) if speech.len() > RATE as usize / 5 => {
                whisper.hear(speech, Some(row.lang), &hints(answerer.guide(), row.lang))?
            }
            _ => Vec::new(),
        };
        let space = if matches!(row.lang, Language::En | Language::Ko) { " " } else { "" };
        let text = heard.iter().map(|heard| heard.text.trim()).collect::<Vec<_>>().join(space);
        let reply = Dialogue::default()
            .ask(&answerer, row.lang, Asked::Heard(&text), at)
            .map_err(|error: AnswererError| VoiceError::from(error))?;
        let took = started.elapsed().as_secs_f32() * 1000.0;
        if !order.contains(&row.condition) {
            order.push(row.condition.clone());
        }
        let score = scores.entry((row.condition.clone(), row.lang)).or_default();
        score.took.push(took);
        let (a, b) = (normal(&text), normal(&row.question));
        score.characters += b.chars().count();
        score.wrong_characters += edits(&a, &b);
        let (a, b) = (answerer.reader().sound(row.lang, &text), answerer.reader().sound(row.lang, &row.question));
        score.sounds += b.chars().count();
        score.wrong_sounds += edits(&a, &b);
        // Where several answers tell the visitor the same, the manifest names them all: `a|b`.
        let good_id = |given: &str| row.id.split('|').any(|id| id == given);
        let good = if row.id == "-" {
            score.unanswerable += 1;
            score.answered_all_the_same += u32::from(reply.answer.is_some());
            reply.answer.is_none()
        } else {
            score.answerable += 1;
            match &reply.answer {
                Some(answer) if good_id(answer) => score.right += 1,
                Some(_) => score.confidently_wrong += 1,
                None if reply.choices.is_empty() => score.not_known += 1,
                None => {
                    score.asked_back += 1;
                    score.asked_back_with_it += u32::from(reply.choices.iter().any(|choice| good_id(&choice.id)));
                }
            }
            reply.answer.as_deref().is_some_and(good_id)
        };
        if failures && !good {
            let said = reply.answer.as_deref().unwrap_or("?");
            println!(
                "{}\t{}\t{}\t{said}\t{:.2}\t{}\t{text}",
                row.condition, row.file, row.id, reply.score, row.question
            );
        }
    }
    if as_json {
        for ((condition, language), score) in &scores {
            println!(
                "{}",
                json!({ "condition": condition, "lang": language, "score": score,
                        "median_ms": score.quantile(0.5), "p95_ms": score.quantile(0.95) })
            );
        }
        return Ok(0);
    }
    println!(
        "| condition | | recordings | wrong characters | wrong sounds | right | confidently wrong | asked back (right one offered) | not known | answered though it has no answer | ms to the answer: median, p95 |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    for condition in &order {
        let mut all = Score::default();
        let of: Vec<_> = scores.iter().filter(|((name, _), _)| name == condition).collect();
        of.iter().for_each(|(_, score)| all.add(score));
        let all = [("all", &all)].into_iter();
        for (language, score) in of.iter().map(|((_, language), score)| (language.tag(), *score)).chain(all) {
            let n = score.answerable;
            println!(
                "| {condition} | {language} | {} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:.1} % ({:.1} %) | {:.1} % | {:.1} % | {:.0}, {:.0} |",
                n + score.unanswerable,
                share(score.wrong_characters, score.characters),
                share(score.wrong_sounds, score.sounds),
                percent(score.right, n),
                percent(score.confidently_wrong, n),
                percent(score.asked_back, n),
                percent(score.asked_back_with_it, n),
                percent(score.not_known, n),
                percent(score.answered_all_the_same, score.unanswerable),
                score.quantile(0.5),
                score.quantile(0.95),
            );
        }
    }
    Ok(0)
}
