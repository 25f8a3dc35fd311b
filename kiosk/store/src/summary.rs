//! The figures that a municipality reports.

use crate::{Store, StoreError};
use domain::Date;
use serde::Serialize;
use std::collections::BTreeMap;

/// The time that one step took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StepTime {
    /// How often.
    pub count: usize,
    /// The median, in milliseconds.
    pub median_ms: u64,
    /// All of it, in milliseconds.
    pub total_ms: u64,
}

/// What was counted from one day to another, both included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Visits begun (利用件数).
    pub visits: u64,
    /// Visits that ended with their papers (完了件数).
    pub completed: u64,
    /// Visits that ended without (中断件数).
    pub abandoned: u64,
    /// Visits by language.
    pub languages: BTreeMap<String, u64>,
    /// Time of a completed visit.
    pub visit_time: StepTime,
    /// Time by step.
    pub steps: BTreeMap<String, StepTime>,
    /// Cards read.
    pub cards_read: u64,
    /// Cards that could not be read, by cause.
    pub cards_refused: BTreeMap<String, u64>,
    /// Faces compared, by result.
    pub faces: BTreeMap<String, u64>,
    /// Papers printed, by form.
    pub forms: BTreeMap<String, u64>,
    /// Troubles of printers, by kind.
    pub printer_troubles: BTreeMap<String, u64>,
    /// Questions to the guide, by language (案内件数).
    pub questions: BTreeMap<String, u64>,
    /// Questions answered, by the answer.
    pub answers: BTreeMap<String, u64>,
    /// Questions without an answer, by language.
    pub unanswered: BTreeMap<String, u64>,
    /// Calls for staff.
    pub staff_calls: u64,
    /// Ratings: how many gave 1, 2, 3, 4, 5.
    pub ratings: [u64; 5],
}

impl Store {
    /// Sums up the days from `from` to `to`, both included.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn summary(&self, from: Date, to: Date) -> Result<Summary, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT name, label, value FROM event WHERE day BETWEEN ?1 AND ?2 ORDER BY value")?;
        let rows = statement.query_map([from.to_string(), to.to_string()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
        })?;
        let mut summary = Summary::default();
        let mut times: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut visit_times = Vec::new();
        for row in rows {
            let (name, label, value) = row?;
            let value = u64::try_from(value).unwrap_or(0);
            let by = |map: &mut BTreeMap<String, u64>, label: String| *map.entry(label).or_default() += 1;
            match name.as_str() {
                "visit_started" => {
                    summary.visits += 1;
                    by(&mut summary.languages, label);
                }
                "visit_completed" => {
                    summary.completed += 1;
                    visit_times.push(value);
                }
                "visit_abandoned" => summary.abandoned += 1,
                "step_time" => times.entry(label).or_default().push(value),
                "card_read" => summary.cards_read += 1,
                "card_refused" => by(&mut summary.cards_refused, label),
                "face_compared" => by(&mut summary.faces, label),
                "form_printed" => by(&mut summary.forms, label),
                "printer_trouble" => by(&mut summary.printer_troubles, label),
                "question_heard" => by(&mut summary.questions, label),
                "question_answered" => by(&mut summary.answers, label),
                "question_unanswered" => by(&mut summary.unanswered, label),
                "staff_called" => summary.staff_calls += 1,
                "rated" => {
                    let level = usize::try_from(value).ok().and_then(|level| level.checked_sub(1));
                    if let Some(count) = level.and_then(|level| summary.ratings.get_mut(level)) {
                        *count += 1;
                    }
                }
                _ => {}
            }
        }
        summary.visit_time = StepTime::of(&visit_times);
        summary.steps = times.into_iter().map(|(step, times)| (step, StepTime::of(&times))).collect();
        Ok(summary)
    }
}

impl StepTime {
    /// Of times in ascending order.
    fn of(times: &[u64]) -> Self {
        let (low, high) = (times.len().saturating_sub(1) / 2, times.len() / 2);
        let median = times.get(low).zip(times.get(high)).map_or(0, |(low, high)| low.midpoint(*high));
        Self {
            count: times.len(),
            median_ms: median,
            total_ms: times.iter().fold(0, |sum, time| sum.saturating_add(*time)),
        }
    }
}
