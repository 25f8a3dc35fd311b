//! What is asked -> what is meant. Each way of asking is known in three manners: its words, its sound, its meaning (an
//! embedding). A question is compared with all of them; how far the best can be trusted was learnt from the guide itself.

use crate::embed::WIDTH;
use std::collections::HashMap;

/// A way of asking, in the three manners.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    /// Word pieces, by weight; of length 1.
    pub words: Sparse,
    /// Sound pieces, by weight; of length 1.
    pub sound: Sparse,
    /// The embedding.
    pub meaning: [f32; WIDTH],
}

/// A sparse vector: piece -> weight.
pub(crate) type Sparse = HashMap<u64, f32>;

/// Something that can be asked for, as a number of the index's user.
pub(crate) type Target = u32;

/// How well a target fits a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Match {
    pub target: Target,
    /// All manners together.
    pub score: f32,
    /// Each: words, sound, meaning.
    pub parts: [f32; 3],
}

/// The weights of the three manners. They were chosen by leaving out each way of asking of both example guides in turn.
const WEIGHTS: [f32; 3] = [0.30, 0.22, 0.48];

/// Cosines of this network lie between this and 1.
const LEAST_MEANING: f32 = 0.78;

/// All ways of asking of one language.
#[derive(Debug, Default)]
pub(crate) struct Index {
    targets: Vec<Target>,
    sketches: Vec<Sketch>,
    /// How rare each piece is: in the words, in the sound.
    rarity: [HashMap<u64, f32>; 2],
    usual: [f32; 2],
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
    // FNV-1a: the same in every run, so that an index can be kept.
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

pub(crate) fn dot(a: &[f32; WIDTH], b: &[f32; WIDTH]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Index {
    /// Of these ways of asking (raw counts of pieces, not yet weighted).
    pub fn new(entries: Vec<(Target, Sketch)>) -> Self {
        let mut index = Self::default();
        let count = entries.len().max(1) as f32;
        for manner in 0..2 {
            let mut seen: HashMap<u64, f32> = HashMap::new();
            for (_, sketch) in &entries {
                for piece in [&sketch.words, &sketch.sound][manner].keys() {
                    *seen.entry(*piece).or_default() += 1.0;
                }
            }
            index.rarity[manner] =
                seen.into_iter().map(|(piece, times)| (piece, (1.0 + count / times).ln())).collect();
            index.usual[manner] = (1.0 + count).ln();
        }
        for (target, mut sketch) in entries {
            index.weigh(&mut sketch);
            index.targets.push(target);
            index.sketches.push(sketch);
        }
        index
    }

    /// Weighs the pieces of a question or of a way of asking.
    pub fn weigh(&self, sketch: &mut Sketch) {
        for (manner, sparse) in [&mut sketch.words, &mut sketch.sound].into_iter().enumerate() {
            for (piece, weight) in sparse.iter_mut() {
                *weight *= self.rarity[manner].get(piece).copied().unwrap_or(self.usual[manner]);
            }
            let length = sparse.values().map(|weight| weight * weight).sum::<f32>().sqrt();
            if length > 0.0 {
                sparse.values_mut().for_each(|weight| *weight /= length);
            }
        }
    }

    /// How many ways of asking there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// The target and sketch of each way of asking.
    pub fn entries(&self) -> impl Iterator<Item = (Target, &Sketch)> {
        self.targets.iter().copied().zip(&self.sketches)
    }

    /// The targets that fit a weighed question, best first. `skip` leaves out single ways of asking.
    pub fn find(&self, question: &Sketch, skip: impl Fn(usize, Target) -> bool) -> Vec<Match> {
        let mut best: HashMap<Target, (Match, f32)> = HashMap::new();
        for (at, (target, sketch)) in self.entries().enumerate() {
            if skip(at, target) {
                continue;
            }
            let parts = compare(question, sketch);
            let score = joined(parts);
            let entry = best.entry(target).or_insert((Match { target, score, parts }, 0.0));
            if score > entry.0.score {
                entry.1 = entry.0.score;
                entry.0 = Match { target, score, parts };
            } else if entry.0.score > score {
                entry.1 = entry.1.max(score);
            }
        }
        // A second way of asking that fits too is a second witness.
        let mut found: Vec<Match> = best
            .into_values()
            .map(|(mut best, second)| {
                best.score += 0.12 * second;
                best
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.target.cmp(&b.target)));
        found
    }
}

/// Words, sound, meaning: each 0 to 1.
pub(crate) fn compare(a: &Sketch, b: &Sketch) -> [f32; 3] {
    let meaning = ((dot(&a.meaning, &b.meaning) - LEAST_MEANING) / (1.0 - LEAST_MEANING)).max(0.0);
    [cosine(&a.words, &b.words), cosine(&a.sound, &b.sound), meaning]
}

fn joined(parts: [f32; 3]) -> f32 {
    parts.iter().zip(WEIGHTS).map(|(part, weight)| part * weight).sum()
}

/// How sure one can be that the best match is what was meant: a logistic function of what is seen of the matches.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Trust {
    weights: [f64; Trust::SIGNS],
}

impl Trust {
    const SIGNS: usize = 7;

    fn signs(matches: &[Match]) -> [f64; Self::SIGNS] {
        let best = matches.first().map_or([0.0; 4], |m| [m.score, m.parts[0], m.parts[1], m.parts[2]]);
        let second = matches.get(1).map_or(0.0, |m| m.score);
        let fourth = matches.get(3).map_or(0.0, |m| m.score);
        [
            1.0,
            f64::from(best[0]),
            f64::from(best[0] - second),
            f64::from(best[0] - fourth),
            f64::from(best[1]),
            f64::from(best[2]),
            f64::from(best[3]),
        ]
    }

    /// 0 to 1.
    pub fn of(&self, matches: &[Match]) -> f32 {
        let sum: f64 = Self::signs(matches).iter().zip(self.weights).map(|(sign, weight)| sign * weight).sum();
        (1.0 / (1.0 + (-sum).exp())) as f32
    }

    /// Learns from examples: matches, and whether the best was right. Plain gradient descent with a little decay.
    pub fn learn(examples: &[(Vec<Match>, bool)]) -> Self {
        let rows: Vec<_> = examples.iter().map(|(matches, right)| (Self::signs(matches), f64::from(u8::from(*right)))).collect();
        let mut weights = [0.0; Self::SIGNS];
        if rows.is_empty() {
            // Nothing to learn from: trust what is nearly the same.
            return Self { weights: [-6.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0] };
        }
        let count = rows.len() as f64;
        for _ in 0..3000 {
            let mut slope = [0.0; Self::SIGNS];
            for (signs, right) in &rows {
                let sum: f64 = signs.iter().zip(weights).map(|(sign, weight)| sign * weight).sum();
                let error = 1.0 / (1.0 + (-sum).exp()) - right;
                for (slope, sign) in slope.iter_mut().zip(signs) {
                    *slope += error * sign / count;
                }
            }
            for (weight, slope) in weights.iter_mut().zip(slope) {
                *weight -= 4.0 * (slope + 1e-5 * *weight);
            }
        }
        Self { weights }
    }
}
