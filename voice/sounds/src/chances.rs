//! What follows what, by Kneser and Ney: counts of words, and of words after one and two others.

use std::collections::BTreeMap;

/// So much of every count is kept for what was never seen.
const DISCOUNT: f32 = 0.6;

/// The chance of a word that was never seen after another.
const NEVER: f32 = 1e-9;

/// Words after words. Everything is kept in order, so that the same sentences give the same sums.
#[derive(Default)]
pub(crate) struct Chances {
    pairs: BTreeMap<(usize, usize), f32>,
    triples: BTreeMap<(usize, usize, usize), f32>,
    /// After how many different words a word was seen, and the sum of that.
    variety: BTreeMap<usize, f32>,
    varieties: f32,
    after: BTreeMap<usize, Seen>,
    after_two: BTreeMap<(usize, usize), Seen>,
}

/// What was seen after something: how much, and how many different words.
#[derive(Default, Clone, Copy)]
struct Seen {
    all: f32,
    different: f32,
}

impl Seen {
    fn add(&mut self, count: f32) {
        self.all += count;
        self.different += 1.0;
    }

    /// The chance of something that was seen `count` times; `shorter` is its chance after one word less.
    fn chance(self, count: f32, shorter: f32) -> f32 {
        (count - DISCOUNT).max(0.0) / self.all + DISCOUNT * self.different / self.all * shorter
    }

    /// The chance of what was not seen.
    fn rest(self) -> f32 {
        (DISCOUNT * self.different / self.all).min(1.0)
    }
}

impl Chances {
    /// Counts a sentence with its beginning and end.
    pub fn add(&mut self, line: &[usize], weight: f32) {
        for pair in line.windows(2) {
            *self.pairs.entry((pair[0], pair[1])).or_default() += weight;
        }
        for three in line.windows(3) {
            // What follows a name does not hang on what stood before it.
            if three[1] != crate::words::NAME {
                *self.triples.entry((three[0], three[1], three[2])).or_default() += weight;
            }
        }
    }

    /// Once all sentences are counted.
    pub fn sum_up(&mut self) {
        for ((before, word), count) in &self.pairs {
            *self.variety.entry(*word).or_default() += 1.0;
            self.after.entry(*before).or_default().add(*count);
        }
        self.varieties = self.variety.values().sum();
        for ((first, before, _), count) in &self.triples {
            self.after_two.entry((*first, *before)).or_default().add(*count);
        }
    }

    /// All that was seen after one word, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.pairs.keys().copied()
    }

    /// All that was seen after two words, in order.
    pub fn triples(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.triples.keys().copied()
    }

    /// Two words after which at least so much was seen, in order.
    pub fn twos(&self, least: f32) -> impl Iterator<Item = (usize, usize)> {
        self.after_two.iter().filter(move |(_, seen)| seen.all >= least).map(|(words, _)| *words)
    }

    /// The chance of a word after anything.
    pub fn any(&self, word: usize) -> f32 {
        self.variety.get(&word).map_or(NEVER, |variety| variety / self.varieties)
    }

    /// The chance of a word after another.
    pub fn after(&self, before: usize, word: usize) -> f32 {
        let any = self.any(word);
        let count = self.pairs.get(&(before, word)).copied().unwrap_or_default();
        self.after.get(&before).map_or(any, |seen| seen.chance(count, any))
    }

    /// The chance of a word after two others.
    pub fn after_two(&self, first: usize, before: usize, word: usize) -> f32 {
        let after = self.after(before, word);
        let count = self.triples.get(&(first, before, word)).copied().unwrap_or_default();
        self.after_two.get(&(first, before)).map_or(after, |seen| seen.chance(count, after))
    }

    /// The chance of what was never seen after a word.
    pub fn unseen_after(&self, before: usize) -> f32 {
        self.after.get(&before).map_or(1.0, |seen| seen.rest())
    }

    /// The chance of what was never seen after two words.
    pub fn unseen_after_two(&self, first: usize, before: usize) -> f32 {
        self.after_two.get(&(first, before)).map_or(1.0, |seen| seen.rest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_of_all_words_make_one() {
        let mut chances = Chances::default();
        for line in [&[1, 3, 4, 5, 2][..], &[1, 3, 4, 6, 2], &[1, 3, 0, 5, 2], &[1, 6, 2]] {
            chances.add(line, 2.0);
        }
        chances.sum_up();
        let words = [0, 2, 3, 4, 5, 6];
        let near_one = |sum: f32| (sum - 1.0).abs() < 1e-5;
        assert!(near_one(words.iter().map(|word| chances.any(*word)).sum()));
        assert!(near_one(words.iter().map(|word| chances.after(3, *word)).sum()));
        assert!(near_one(words.iter().map(|word| chances.after_two(3, 4, *word)).sum()));
        assert!(chances.after_two(3, 4, 5) > chances.after_two(3, 4, 3));
        assert_eq!(chances.twos(2.0).filter(|(_, word)| *word == crate::words::NAME).count(), 0);
    }

    #[test]
    fn nothing_seen_gives_no_nonsense() {
        let mut chances = Chances::default();
        chances.sum_up();
        assert_eq!(chances.any(3), NEVER);
        assert_eq!(chances.after(3, 4), NEVER);
        assert_eq!(chances.after_two(3, 4, 5), NEVER);
        assert_eq!(chances.unseen_after(3), 1.0);
    }
}
