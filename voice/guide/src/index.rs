//! What is asked -> what is meant. A question is compared with every way of asking in several independent manners; how much
//! each says was learnt once from questions that are in no guide (`tests/voice/calibrate.py`).

use crate::classifier::dot;
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

/// What was seen of one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Signs {
    /// The logarithm of the classifier's chance.
    pub class: f32,
    /// Likeness of meaning to the nearest way of asking in the same language.
    pub near: f32,
    /// The same, averaged over all languages.
    pub all: f32,
    /// Likeness of meaning to the answer itself.
    pub say: f32,
    /// Likeness of words to the nearest way of asking.
    pub words: f32,
    /// Likeness of sound.
    pub sound: f32,
    /// Of something about a place or event.
    pub about: Option<About>,
}

/// What was seen of a place or event and of what is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct About {
    /// The logarithm of the chance that it is about this place or event, whatever is asked.
    pub thing: f32,
    /// The logarithm of the chance that this is asked, whatever of.
    pub attribute: f32,
    /// Its name, when it was found in the question.
    pub named: Option<Named>,
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

fn cosine(a: &Sparse, b: &Sparse) -> f32 {
    let (small, large) = if a.len() < b.len() { (a, b) } else { (b, a) };
    small.iter().filter_map(|(piece, weight)| large.get(piece).map(|other| weight * other)).sum()
}

/// All ways of asking of one language.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: Vec<(usize, Sketch)>,
    /// How rare each piece is: in the words, in the sound; and a piece never seen.
    rarity: [HashMap<u64, f32>; 2],
    unseen: [f32; 2],
}

impl Index {
    /// Of these ways of asking, each with the number of its answer (raw counts of pieces, not yet weighted).
    pub fn new(entries: Vec<(usize, Sketch)>) -> Self {
        let mut index = Self::default();
        let count = entries.len().max(1) as f32;
        for manner in 0..2 {
            let mut seen: HashMap<u64, f32> = HashMap::new();
            for (_, sketch) in &entries {
                for piece in [&sketch.words, &sketch.sound][manner].keys() {
                    *seen.entry(*piece).or_default() += 1.0;
                }
            }
            index.rarity[manner] = seen.into_iter().map(|(piece, times)| (piece, (1.0 + count / times).ln())).collect();
            index.unseen[manner] = (1.0 + count).ln();
        }
        for (target, mut sketch) in entries {
            index.weigh(&mut sketch);
            index.entries.push((target, sketch));
        }
        index
    }

    /// Weighs the pieces of a question or of a way of asking.
    pub fn weigh(&self, sketch: &mut Sketch) {
        for (manner, sparse) in [&mut sketch.words, &mut sketch.sound].into_iter().enumerate() {
            for (piece, weight) in sparse.iter_mut() {
                *weight *= self.rarity[manner].get(piece).copied().unwrap_or(self.unseen[manner]);
            }
            let length = sparse.values().map(|weight| weight * weight).sum::<f32>().sqrt();
            if length > 0.0 {
                sparse.values_mut().for_each(|weight| *weight /= length);
            }
        }
    }

    /// For each of `count` answers: the nearest by meaning, by words, by sound.
    pub fn nearest(&self, question: &Sketch, count: usize) -> Vec<[f32; 3]> {
        let mut best = vec![[0.0f32; 3]; count];
        for (target, sketch) in &self.entries {
            let Some(best) = best.get_mut(*target) else { continue };
            best[0] = best[0].max(dot(&question.meaning, &sketch.meaning));
            best[1] = best[1].max(cosine(&question.words, &sketch.words));
            best[2] = best[2].max(cosine(&question.sound, &sketch.sound));
        }
        best
    }
}

impl Index {
    /// For each of `count` answers: the nearest by meaning alone.
    pub fn nearest_meaning(&self, meaning: &[f32; WIDTH], count: usize) -> Vec<f32> {
        let mut best = vec![0.0f32; count];
        for (target, sketch) in &self.entries {
            if let Some(best) = best.get_mut(*target) {
                *best = best.max(dot(meaning, &sketch.meaning));
            }
        }
        best
    }
}

impl Signs {
    /// In the order of [`WEIGHTS`].
    pub fn list(self) -> [f32; SIGNS] {
        let about = self.about.unwrap_or_default();
        let named = about.named.unwrap_or_default();
        let flag = |known: bool| f32::from(u8::from(known));
        [
            self.class,
            self.near,
            self.all,
            self.say,
            self.words,
            self.sound,
            about.thing,
            about.attribute,
            flag(self.about.is_some()),
            named.attribute,
            named.quality,
            named.share,
            flag(about.named.is_some()),
        ]
    }

    /// All together.
    pub fn score(self) -> f32 {
        self.list().iter().zip(WEIGHTS).map(|(sign, weight)| sign * weight).sum()
    }

    /// All together, of "nothing that the guide knows".
    pub fn score_of_none(self) -> f32 {
        NONE[0] + NONE[1] * self.class + NONE[2] * self.near + NONE[3] * self.all
    }
}

/// How many signs there are.
const SIGNS: usize = 13;

/// How much each sign says, learnt by `tests/voice/calibrate.py` from `tests/voice/questions/dev`.
const WEIGHTS: [f32; SIGNS] = [2.09, 9.12, 4.85, 6.34, 2.95, 1.69, -0.15, 0.11, 4.06, 0.72, 2.79, 1.18, 0.28];

/// A constant, and what the class, the nearness and the nearness in all languages say of "nothing that the guide knows".
const NONE: [f32; 4] = [4.38, 1.49, 8.48, 6.24];
