//! What is asked -> what is meant. A question is compared with every way of asking in several independent manners; how much
//! each says was learnt once from questions that are in no guide (`tests/voice/calibrate.py`).

use crate::embed::WIDTH;
use std::collections::HashMap;

/// A sparse vector: piece -> weight.
pub(crate) type Sparse = HashMap<u64, f32>;

/// A text in three manners.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    /// Pieces of its words.
    pub words: Sparse,
    /// Pieces of its sound.
    pub sound: Sparse,
    /// Its embedding, less what all texts of its language have in common; of length 1.
    pub meaning: [f32; WIDTH],
}

/// An embedding in a quarter of the room: there are tens of thousands. Likenesses change in the third place behind the point.
#[derive(Debug, Clone)]
pub(crate) struct Small {
    /// What one step is.
    step: f32,
    values: [i8; WIDTH],
}

impl Small {
    pub fn new(embedding: &[f32; WIDTH]) -> Self {
        let most = embedding.iter().fold(1e-9f32, |most, value| most.max(value.abs()));
        let step = most / 127.0;
        Self { step, values: embedding.map(|value| (value / step).round() as i8) }
    }

    pub fn dot(&self, other: &Self) -> f32 {
        let products = self.values.iter().zip(&other.values).map(|(a, b)| i32::from(*a) * i32::from(*b));
        products.sum::<i32>() as f32 * self.step * other.step
    }
}

/// What was seen of one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Signs {
    /// The logarithm of the classifier's chance.
    pub class: f32,
    /// Likeness of meaning to the answer itself.
    pub say: f32,
    /// Likeness to its ways of asking.
    pub near: Near,
    /// Of something about a place or event.
    pub about: Option<About>,
}

/// How like a question is to the ways of asking for one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    /// In meaning, to the nearest in the same language.
    pub meaning: f32,
    /// The same, averaged over all languages.
    pub all: f32,
    /// In words, to the nearest.
    pub words: f32,
    /// In sound, to the nearest.
    pub sound: f32,
    /// How much more usual its words are in all of them than in those for other answers: a mean logarithm.
    pub usual_words: f32,
    /// The same of its sound.
    pub usual_sound: f32,
}

impl Default for Near {
    fn default() -> Self {
        Self { meaning: 0.0, all: 0.0, words: 0.0, sound: 0.0, usual_words: LEAST_USUAL, usual_sound: LEAST_USUAL }
    }
}

impl Near {
    /// The better of two spellings of a question.
    pub fn or(self, other: Self) -> Self {
        Self {
            meaning: self.meaning.max(other.meaning),
            all: self.all.max(other.all),
            words: self.words.max(other.words),
            sound: self.sound.max(other.sound),
            usual_words: self.usual_words.max(other.usual_words),
            usual_sound: self.usual_sound.max(other.usual_sound),
        }
    }
}

/// What was seen of the question as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Whole {
    /// The share of its words that nobody asks here.
    pub strange_words: f32,
    /// The share of its sound that nobody makes here.
    pub strange_sound: f32,
    /// Whether it names a place that the guide does not know.
    pub elsewhere: bool,
}

/// What was seen of a place or event and of what is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct About {
    /// The logarithm of the chance that it is about this place or event, whatever is asked.
    pub thing: f32,
    /// The logarithm of the chance that this is asked, whatever of.
    pub attribute: f32,
    /// What the words that say it outright say.
    pub cue: Cue,
    /// Its name, when it was found in the question.
    pub named: Option<Named>,
}

/// What words like "where" and "how much" say of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cue {
    /// There are none of them.
    #[default]
    None,
    /// There are none, and this is what is told of a thing when no more is asked.
    NoneAndAbout,
    /// This.
    This,
    /// Something else.
    Other,
}

/// A name in a question.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Named {
    /// The logarithm of the chance that what is asked is this, going by the question without the name.
    pub attribute: f32,
    /// How well the name fits.
    pub quality: f32,
    /// The share of the question that the name is.
    pub share: f32,
    /// Whether nothing is said but the very name and a common way of asking this.
    pub outright: bool,
}

/// The pieces of a text: how often each occurs.
pub(crate) fn pieces(units: &[String], sizes: &[usize]) -> Sparse {
    let mut found = Sparse::new();
    for size in sizes {
        for window in units.windows(*size) {
            // Longer pieces say more.
            *found.entry(hash(window)).or_default() += (*size as f32).sqrt();
        }
    }
    found
}

fn hash(units: &[String]) -> u64 {
    // FNV-1a: the same in every run.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in units.iter().flat_map(|unit| unit.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// All ways of asking of one language.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Whose way of asking each is; those of one answer stand together.
    targets: Vec<usize>,
    /// How many ways of asking each answer has.
    counts: Vec<f32>,
    meanings: Vec<Small>,
    words: Postings,
    sound: Postings,
}

/// Where pieces occur.
#[derive(Debug, Default)]
struct Postings {
    /// Piece -> its stretch of `list`.
    pieces: HashMap<u64, (u32, u32)>,
    /// Ways of asking in their order, and how much of each the piece is.
    list: Vec<(u32, f32)>,
    /// How many ways of asking there are.
    entries: f32,
}

impl Postings {
    /// Of the pieces of each way of asking (raw counts).
    fn new(sketches: &[&Sparse]) -> Self {
        let mut places: HashMap<u64, Vec<(u32, f32)>> = HashMap::new();
        for (entry, sketch) in (0u32..).zip(sketches) {
            sketch.iter().for_each(|(piece, weight)| places.entry(*piece).or_default().push((entry, *weight)));
        }
        let mut all = Self { entries: sketches.len().max(1) as f32, ..Self::default() };
        let mut lengths = vec![0.0f32; sketches.len()];
        for (piece, found) in places {
            let from = all.list.len() as u32;
            let rarity = (1.0 + all.entries / found.len() as f32).ln();
            for (entry, weight) in found {
                all.list.push((entry, weight * rarity));
                lengths[entry as usize] += (weight * rarity).powi(2);
            }
            all.pieces.insert(piece, (from, all.list.len() as u32));
        }
        all.list.iter_mut().for_each(|(entry, weight)| *weight /= lengths[*entry as usize].sqrt());
        all
    }

    fn of(&self, piece: u64) -> &[(u32, f32)] {
        self.pieces.get(&piece).map_or(&[], |(from, until)| &self.list[*from as usize..*until as usize])
    }

    /// For each answer: the likeness to its nearest way of asking, and how usual the pieces are for it; and the share of the
    /// pieces that is nowhere.
    fn compare(&self, question: &Sparse, targets: &[usize], counts: &[f32]) -> (Vec<(f32, f32)>, f32) {
        let mut alike = vec![0.0f32; targets.len()];
        let (mut length, mut whole, mut strange) = (0.0, 0.0, 0.0);
        // What a piece says against every answer that lacks it, and what more it says of those that have it.
        let mut lacking = vec![0.0f32; counts.len()];
        let mut having = vec![0.0f32; counts.len()];
        for (piece, weight) in question {
            let found = self.of(*piece);
            let rarity = (1.0 + self.entries / found.len().max(1) as f32).ln();
            length += (weight * rarity).powi(2);
            whole += weight * rarity;
            if found.is_empty() {
                strange += weight * rarity;
                continue;
            }
            let everywhere = found.len() as f32 / self.entries;
            let mut at = 0;
            while at < found.len() {
                let target = targets[found[at].0 as usize];
                let here = found[at..].iter().take_while(|(entry, _)| targets[*entry as usize] == target).count();
                let chance = (here as f32 + PRIOR * everywhere) / (counts[target] + PRIOR);
                having[target] += weight * ((chance / everywhere).ln() - (PRIOR / (counts[target] + PRIOR)).ln());
                at += here;
            }
            for (entry, other) in found {
                alike[*entry as usize] += weight * rarity * other;
            }
            lacking.iter_mut().zip(counts).for_each(|(sum, count)| *sum += weight * (PRIOR / (count + PRIOR)).ln());
        }
        let known: f32 =
            question.iter().filter(|(piece, _)| self.pieces.contains_key(piece)).map(|(_, weight)| weight).sum();
        let usual = |target: usize| {
            if known > 0.0 { (lacking[target] + having[target]) / known } else { LEAST_USUAL }
        };
        let mut found: Vec<(f32, f32)> = (0..counts.len()).map(|at| (0.0, usual(at).max(LEAST_USUAL))).collect();
        for (target, alike) in targets.iter().zip(alike) {
            found[*target].0 = found[*target].0.max(alike / length.sqrt().max(1e-6));
        }
        (found, if whole > 0.0 { strange / whole } else { 0.0 })
    }
}

/// So many ways of asking without a piece are believed for every answer, before one is read.
const PRIOR: f32 = 3.0;

/// The logarithm of a chance that is no chance.
const LEAST_USUAL: f32 = -6.0;

impl Index {
    /// Of these ways of asking, each with the number of its answer (raw counts of pieces, not yet weighted).
    pub fn new(entries: &[(usize, Sketch)], answers: usize) -> Self {
        let mut counts = vec![0.0f32; answers];
        entries.iter().for_each(|(target, _)| counts[*target] += 1.0);
        Self {
            targets: entries.iter().map(|(target, _)| *target).collect(),
            counts,
            meanings: entries.iter().map(|(_, sketch)| Small::new(&sketch.meaning)).collect(),
            words: Postings::new(&entries.iter().map(|(_, sketch)| &sketch.words).collect::<Vec<_>>()),
            sound: Postings::new(&entries.iter().map(|(_, sketch)| &sketch.sound).collect::<Vec<_>>()),
        }
    }

    /// How near a question is to each answer; and the shares of its words and of its sound that are strange here.
    pub fn nearest(&self, question: &Sketch) -> (Vec<Near>, [f32; 2]) {
        let (words, strange_words) = self.words.compare(&question.words, &self.targets, &self.counts);
        let (sound, strange_sound) = self.sound.compare(&question.sound, &self.targets, &self.counts);
        let meaning = self.nearest_meaning(&question.meaning);
        let near = meaning.into_iter().zip(words).zip(sound).map(|((meaning, words), sound)| Near {
            meaning,
            all: 0.0,
            words: words.0,
            sound: sound.0,
            usual_words: words.1,
            usual_sound: sound.1,
        });
        (near.collect(), [strange_words, strange_sound])
    }

    /// For each answer: the nearest by meaning alone.
    pub fn nearest_meaning(&self, meaning: &[f32; WIDTH]) -> Vec<f32> {
        let mut best = vec![0.0f32; self.counts.len()];
        let meaning = Small::new(meaning);
        for (target, other) in self.targets.iter().zip(&self.meanings) {
            best[*target] = best[*target].max(other.dot(&meaning));
        }
        best
    }
}

impl Signs {
    /// In the order of [`Weights::meant`].
    pub fn list(self) -> [f32; SIGNS] {
        let about = self.about.unwrap_or_default();
        let named = about.named.unwrap_or_default();
        let flag = |known: bool| f32::from(u8::from(known));
        let Near { meaning, all, words, sound, usual_words, usual_sound } = self.near;
        [
            self.class,
            meaning,
            all,
            self.say,
            words,
            sound,
            about.thing,
            about.attribute,
            flag(self.about.is_some()),
            named.attribute,
            named.quality,
            named.share,
            flag(about.named.is_some()),
            usual_words,
            usual_sound,
            flag(about.cue == Cue::This),
            flag(about.cue == Cue::Other),
            flag(about.cue == Cue::NoneAndAbout),
        ]
    }

    /// Whether somebody has written this very question, or its way of asking for another name.
    pub fn is_word_for_word(&self) -> bool {
        let named = self.about.and_then(|about| about.named);
        self.near.words.min(self.near.sound) > 0.999 || named.is_some_and(|named| named.outright)
    }

    /// In the order of [`Weights::none`]: of "nothing that the guide knows".
    pub fn list_of_none(self, whole: Whole) -> [f32; NONE_SIGNS] {
        let Near { meaning, all, words, sound, usual_words, usual_sound } = self.near;
        [
            1.0,
            self.class,
            meaning,
            all,
            words,
            sound,
            usual_words,
            usual_sound,
            whole.strange_words,
            whole.strange_sound,
            f32::from(u8::from(whole.elsewhere)),
        ]
    }
}

/// How many signs there are of a meaning.
const SIGNS: usize = 18;

/// How many signs there are of "nothing that the guide knows".
const NONE_SIGNS: usize = 11;

/// How much each sign says, learnt by `tests/voice/calibrate.py` from `dev`, `fresh`, `look`, `blind`, `blind-2`, `blind-3` and `hall` of
/// `tests/voice/questions`.
pub(crate) struct Weights {
    meant: [f32; SIGNS],
    none: [f32; NONE_SIGNS],
}

/// Of what is written.
pub(crate) const WRITTEN: Weights = Weights {
    meant: [
        1.46, 6.84, 3.4, 3.53, 0.66, -0.38, -0.02, -0.08, 1.67, 0.51, 2.42, 0.46, 0.13, 0.35, 1.03, 1.05, -1.34, 0.04,
    ],
    none: [1.57, 0.85, 8.1, 7.75, -0.09, 2.2, 0.11, 0.26, 0.1, 0.26, 3.66],
};

/// Of what a recogniser understood of such questions, with and without noise: Japanese may be written in other words.
pub(crate) const HEARD: Weights = Weights {
    meant: [
        1.16, 6.57, 3.47, 4.25, -0.73, -2.53, -0.19, 0.18, 1.07, 0.54, 2.89, -2.23, 0.08, 0.3, 1.26, 0.36, -2.45, -0.65,
    ],
    none: [2.04, 0.98, 9.76, 7.4, -1.83, 0.24, -0.1, 1.56, 1.12, 0.75, 3.15],
};

impl Weights {
    /// All signs together.
    pub fn score(&self, signs: &[f32]) -> f32 {
        let weights: &[f32] = if signs.len() == NONE_SIGNS { &self.none } else { &self.meant };
        signs.iter().zip(weights).map(|(sign, weight)| sign * weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_embeddings_are_as_alike_as_whole_ones() {
        let wave = |step: f32| {
            let mut wave = [0.0f32; WIDTH];
            (0u16..).zip(&mut wave).for_each(|(at, value)| *value = (f32::from(at) * step).sin() / 14.0);
            wave
        };
        let (a, b) = (wave(0.3), wave(0.31));
        let whole: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
        assert!((Small::new(&a).dot(&Small::new(&b)) - whole).abs() < 0.003);
        assert_eq!(Small::new(&[0.0; WIDTH]).dot(&Small::new(&a)), 0.0);
    }

    #[test]
    fn what_is_usual_for_an_answer_points_to_it() {
        let sketch = |words: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            Sketch { words: pieces(&words, &[1, 2]), sound: Sparse::new(), meaning: [0.0; WIDTH] }
        };
        let asks =
            [(0, "where is bath"), (0, "bath where"), (0, "how to bath"), (1, "where is loo"), (1, "loo please")];
        let index = Index::new(&asks.map(|(target, words)| (target, sketch(words))), 2);
        let (near, [strange, _]) = index.nearest(&sketch("bath is"));
        assert!(near[0].usual_words > near[1].usual_words && near[0].words > near[1].words);
        assert!(strange > 0.0, "nobody says these two together");
        let (near, [strange, _]) = index.nearest(&sketch("where is loo"));
        assert!((near[1].words - 1.0).abs() < 1e-5 && near[0].words < 1.0);
        assert_eq!(strange, 0.0);
        let (near, [strange, _]) = index.nearest(&sketch("moon"));
        assert_eq!((near[0], near[1], strange), (Near::default(), Near::default(), 1.0));
    }
}
