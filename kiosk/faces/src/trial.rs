//! One try: from the scores of several pictures to a decision.

use std::time::{Duration, Instant};

/// So many pictures in a row decide together, by the middle one of their scores: one lucky or unlucky picture does not.
const TOGETHER: usize = 3;

/// Not the same person after so many good pictures …
const ENOUGH: usize = 10;

/// … over at least so long: one can change one's face in that time.
const LONG_ENOUGH: Duration = Duration::from_secs(2);

/// The scores of one try.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    scores: Vec<f32>,
    begun: Option<Instant>,
}

impl Trial {
    /// The face was lost from sight or another came: what was seen may have been somebody else.
    pub(crate) fn interrupt(&mut self) {
        *self = Self::default();
    }

    /// Takes the score of a good picture; gives the decision when there is one.
    pub(crate) fn add(&mut self, at: Instant, score: f32, threshold: f32) -> Option<bool> {
        let begun = *self.begun.get_or_insert(at);
        self.scores.push(score);
        let mut last: Vec<f32> = self.scores.iter().rev().take(TOGETHER).copied().collect();
        last.sort_by(f32::total_cmp);
        if last.len() == TOGETHER && last.get(TOGETHER / 2).is_some_and(|middle| *middle >= threshold) {
            return Some(true);
        }
        (self.scores.len() >= ENOUGH && at - begun >= LONG_ENOUGH).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(scores: &[f32]) -> Option<(usize, bool)> {
        let (begin, mut trial) = (Instant::now(), Trial::default());
        scores.iter().enumerate().find_map(|(at, score)| {
            let decision = trial.add(begin + Duration::from_millis(66) * at as u32, *score, 0.42);
            decision.map(|same| (at + 1, same))
        })
    }

    #[test]
    fn three_pictures_decide_by_their_middle() {
        assert_eq!(decide(&[0.5, 0.5]), None);
        assert_eq!(decide(&[0.5, 0.1, 0.5]), Some((3, true)));
        assert_eq!(decide(&[0.9, 0.1, 0.1, 0.5, 0.43]), Some((5, true)));
        assert_eq!(decide(&[f32::NAN, 0.1, 0.1]), None);
    }

    #[test]
    fn somebody_else_is_told_after_two_seconds() {
        assert_eq!(decide(&[0.41; 60]), Some((32, false)));
        assert_eq!(decide(&[0.41; 31]), None);
    }

    #[test]
    fn an_interruption_begins_anew() {
        let (begin, mut trial) = (Instant::now(), Trial::default());
        assert_eq!(trial.add(begin, 0.9, 0.42), None);
        assert_eq!(trial.add(begin, 0.9, 0.42), None);
        trial.interrupt();
        assert_eq!(trial.add(begin, 0.9, 0.42), None);
    }
}
