//! The catalogue of what is counted (DESIGN, idea 4). A count never holds a personal value.

use serde::{Deserialize, Serialize};

/// A named event. The names are those of the telemetry and of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KpiName {
    /// A visit began (利用件数).
    VisitStarted,
    /// A visit ended with its papers (完了件数).
    VisitCompleted,
    /// A visit ended without (中断件数).
    VisitAbandoned,
    /// Time in one step, by step (手続時間).
    StepTime,
    /// A card was read (カード活用).
    CardRead,
    /// A card could not be read, by cause.
    CardRefused,
    /// Faces compared, by result.
    FaceCompared,
    /// A form was printed, by form (帳票数).
    FormPrinted,
    /// A printer's trouble began, by kind.
    PrinterTrouble,
    /// Somebody asked for staff.
    StaffCalled,
    /// Satisfaction, 1 to 5 (満足度).
    Rated,
    /// A question was heard, by language (案内件数).
    QuestionHeard,
    /// A question was answered, by the answer.
    QuestionAnswered,
    /// A question had no answer, by language.
    QuestionUnanswered,
}

impl KpiName {
    /// The whole catalogue.
    pub const ALL: [Self; 14] = [
        Self::VisitStarted,
        Self::VisitCompleted,
        Self::VisitAbandoned,
        Self::StepTime,
        Self::CardRead,
        Self::CardRefused,
        Self::FaceCompared,
        Self::FormPrinted,
        Self::PrinterTrouble,
        Self::StaffCalled,
        Self::Rated,
        Self::QuestionHeard,
        Self::QuestionAnswered,
        Self::QuestionUnanswered,
    ];
}

/// One counted event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kpi {
    /// What happened.
    pub name: KpiName,
    /// Which kind of it: a step, a form, a cause, a language. From a closed list, never typed by a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Its value: milliseconds for times, 1 for counts, 1–5 for ratings.
    pub value: u64,
}
