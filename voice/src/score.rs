//! How good answers are: counts that written and spoken questions share.

use guide::Reply;
use serde::Serialize;

/// What came of questions whose right answers are known.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Score {
    pub answerable: u32,
    pub right: u32,
    pub confidently_wrong: u32,
    pub asked_back: u32,
    pub asked_back_with_it: u32,
    pub not_known: u32,
    pub unanswerable: u32,
    pub rightly_refused: u32,
    pub answered_all_the_same: u32,
    /// From the question to its answer, in ms.
    #[serde(skip)]
    took: Vec<f32>,
}

impl Score {
    /// Counts a reply to a question with the answer `id`: `-` where there is none, `a|b` where several tell the visitor the
    /// same. Says whether nothing is wrong with it.
    pub fn count(&mut self, id: &str, reply: &Reply, ms: f32) -> bool {
        self.took.push(ms);
        let is_right = |given: &str| id.split('|').any(|id| id == given);
        let refused = reply.answer.is_none() && reply.choices.is_empty();
        if id == "-" {
            self.unanswerable += 1;
            self.answered_all_the_same += u32::from(reply.answer.is_some());
            self.rightly_refused += u32::from(refused);
            return refused;
        }
        self.answerable += 1;
        match &reply.answer {
            Some(answer) if is_right(answer) => {
                self.right += 1;
                return true;
            }
            Some(_) => self.confidently_wrong += 1,
            None if refused => self.not_known += 1,
            None => {
                self.asked_back += 1;
                self.asked_back_with_it += u32::from(reply.choices.iter().any(|choice| is_right(&choice.id)));
            }
        }
        false
    }

    pub fn add(&mut self, other: &Self) {
        self.answerable += other.answerable;
        self.right += other.right;
        self.confidently_wrong += other.confidently_wrong;
        self.asked_back += other.asked_back;
        self.asked_back_with_it += other.asked_back_with_it;
        self.not_known += other.not_known;
        self.unanswerable += other.unanswerable;
        self.rightly_refused += other.rightly_refused;
        self.answered_all_the_same += other.answered_all_the_same;
        self.took.extend(&other.took);
    }

    /// The time within which this part of the answers came, in ms.
    pub fn quantile(&self, part: f32) -> f32 {
        let mut took = self.took.clone();
        took.sort_by(f32::total_cmp);
        let at = ((took.len() as f32 * part) as usize).min(took.len().saturating_sub(1));
        took.get(at).copied().unwrap_or(0.0)
    }

    /// The names of [`Self::cells`].
    pub const COLUMNS: &str = "right | confidently wrong | asked back (right one offered) | not known | \
                               refused of those without answer | answered all the same";

    /// The shares, as cells of a table.
    pub fn cells(&self) -> String {
        let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
        let n = self.answerable;
        format!(
            "{:.1} % | {:.1} % | {:.1} % ({:.1} %) | {:.1} % | {:.1} % | {:.1} %",
            percent(self.right, n),
            percent(self.confidently_wrong, n),
            percent(self.asked_back, n),
            percent(self.asked_back_with_it, n),
            percent(self.not_known, n),
            percent(self.rightly_refused, self.unanswerable),
            percent(self.answered_all_the_same, self.unanswerable),
        )
    }
}

/// What was said to a question, in a word, for lists of failures.
pub(crate) fn said(reply: &Reply) -> String {
    reply.answer.clone().unwrap_or_else(|| {
        format!("? {}", reply.choices.iter().map(|choice| choice.id.as_str()).collect::<Vec<_>>().join(" "))
    })
}
