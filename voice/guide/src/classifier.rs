//! A linear classifier over embeddings: which answer do the ways of asking of all languages point to?

use crate::embed::WIDTH;

/// Ways of asking that go through one step of learning together.
const BATCH: usize = 64;

/// Softmax regression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Classifier {
    /// A row a class, and its offset.
    rows: Vec<([f32; WIDTH], f32)>,
}

impl Classifier {
    /// Learns from embeddings and their classes. The same examples give the same classifier.
    pub fn learn(examples: &[([f32; WIDTH], usize)], classes: usize, rounds: usize) -> Self {
        let mut rows = vec![([0.0f32; WIDTH], 0.0f32); classes];
        let mut first = rows.clone();
        let mut second = rows.clone();
        // Adam's constants are the usual ones; the step shrinks to nothing over the rounds.
        let (keep_first, keep_second, least) = (0.9f32, 0.999f32, 1e-8f32);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let steps = rounds * examples.len().div_ceil(BATCH);
        let mut step = 0;
        let mut slopes = vec![([0.0f32; WIDTH], 0.0f32); classes];
        for _ in 0..rounds {
            for at in (1..order.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                order.swap(at, (seed >> 33) as usize % (at + 1));
            }
            for batch in order.chunks(BATCH) {
                step += 1;
                slopes.iter_mut().for_each(|(slope, offset)| {
                    slope.fill(0.0);
                    *offset = 0.0;
                });
                for at in batch {
                    let (example, class) = &examples[*at];
                    for (chance, (at, (slope, offset))) in
                        scores(&rows, example).into_iter().zip(slopes.iter_mut().enumerate())
                    {
                        let error = chance.exp() - f32::from(u8::from(at == *class));
                        // What is as good as zero moves nothing.
                        if error.abs() > 1e-4 {
                            slope.iter_mut().zip(example).for_each(|(slope, value)| *slope += error * value);
                            *offset += error;
                        }
                    }
                }
                let rate = 0.08 * (1.0 - step as f32 / (steps + 1) as f32);
                let scale = 1.0 / batch.len() as f32;
                let (unbias_first, unbias_second) = (1.0 - keep_first.powi(step), 1.0 - keep_second.powi(step));
                for (((row, slope), first), second) in rows.iter_mut().zip(&slopes).zip(&mut first).zip(&mut second) {
                    let adapt = |value: &mut f32, slope: f32, first: &mut f32, second: &mut f32| {
                        let slope = slope * scale + 2e-5 * *value;
                        *first = keep_first * *first + (1.0 - keep_first) * slope;
                        *second = keep_second * *second + (1.0 - keep_second) * slope * slope;
                        *value -= rate * (*first / unbias_first) / ((*second / unbias_second).sqrt() + least);
                    };
                    for at in 0..WIDTH {
                        adapt(&mut row.0[at], slope.0[at], &mut first.0[at], &mut second.0[at]);
                    }
                    adapt(&mut row.1, slope.1, &mut first.1, &mut second.1);
                }
            }
        }
        Self { rows }
    }

    /// The logarithm of each class's chance.
    pub fn chances(&self, embedding: &[f32; WIDTH]) -> Vec<f32> {
        scores(&self.rows, embedding)
    }

    /// As bytes, for keeping.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.rows.iter().flat_map(|(row, offset)| row.iter().chain([offset]).flat_map(|v| v.to_le_bytes())).collect()
    }

    /// From such bytes; `None` when they are not.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let size = (WIDTH + 1) * 4;
        if bytes.is_empty() || !bytes.len().is_multiple_of(size) {
            return None;
        }
        let rows = bytes
            .chunks_exact(size)
            .map(|record| {
                let mut values = record.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                let mut row = [0.0; WIDTH];
                row.iter_mut().zip(&mut values).for_each(|(row, value)| *row = value);
                (row, values.next().unwrap_or(0.0))
            })
            .collect();
        Some(Self { rows })
    }
}

fn scores(rows: &[([f32; WIDTH], f32)], embedding: &[f32; WIDTH]) -> Vec<f32> {
    let mut scores: Vec<f32> = rows.iter().map(|(row, offset)| dot(row, embedding) + offset).collect();
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum = scores.iter().map(|score| (score - most).exp()).sum::<f32>().ln() + most;
    scores.iter_mut().for_each(|score| *score -= sum);
    scores
}

pub(crate) fn dot(a: &[f32; WIDTH], b: &[f32; WIDTH]) -> f32 {
    // Eight sums side by side, so that the compiler may use wide registers.
    let mut sums = [0.0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_told_apart_and_survives_being_kept() {
        let unit = |at: usize| {
            let mut v = [0.0; WIDTH];
            v[at] = 0.9;
            v[at + 40] = 0.4;
            v
        };
        let examples: Vec<_> = (0..30).map(|n| (unit(n), n % 3)).collect();
        let learnt = Classifier::learn(&examples, 3, 40);
        for (example, class) in &examples {
            let chances = learnt.chances(example);
            let best = (0..3).max_by(|a, b| chances[*a].total_cmp(&chances[*b])).unwrap();
            assert_eq!(best, *class);
        }
        assert_eq!(Classifier::from_bytes(&learnt.to_bytes()), Some(learnt));
        assert_eq!(Classifier::from_bytes(b"no"), None);
    }
}
