//! What the network gives for a sound.

use crate::phonemes::{self, SOUNDS, Sound};
use crate::{NEVER, PAIRS};

/// The network's padding: for so many frames before and after a sound it hears silence of its own, which tells nothing.
const BEFORE: usize = 20;
const AFTER: usize = 38;

/// No move that the network knows is unlikelier (a logarithm): one misheard phoneme may not cost a whole sentence.
const LEAST: f32 = -5.0;

/// What the network gives for a sound: for each 10 ms the logarithms of the chances of moving from one phoneme to
/// another, and of staying.
#[derive(Debug, Clone)]
pub struct Frames {
    /// For each frame, from every sound to every sound.
    moves: Vec<f32>,
    stays: Vec<f32>,
}

impl Frames {
    /// Takes the network's two outputs: `moves` is frames x [`PAIRS`], frame by frame, `stays` has one number a frame;
    /// both are natural logarithms. The first 20 frames and the last 38 are the network's padding and left out.
    ///
    /// Nothing where the lengths do not fit.
    pub fn new(moves: Vec<f32>, stays: Vec<f32>) -> Option<Self> {
        if stays.len().checked_mul(PAIRS) != Some(moves.len()) {
            return None;
        }
        let until = stays.len().saturating_sub(AFTER);
        let from = BEFORE.min(until);
        let columns: Vec<Vec<usize>> = phonemes::pairs().map(|(a, b)| heard_as(a, b)).collect();
        let mut all = vec![NEVER; (until - from) * SOUNDS * SOUNDS];
        let rows = moves.chunks_exact(PAIRS).skip(from);
        for (frame, row) in all.chunks_exact_mut(SOUNDS * SOUNDS).zip(rows) {
            for (chance, columns) in row.iter().zip(&columns) {
                for column in columns {
                    frame[*column] = frame[*column].max(chance.max(LEAST));
                }
            }
        }
        // No number, or minus infinity, would spoil every sum that it goes into.
        let stays = stays[from..until].iter().map(|chance| chance.max(NEVER)).collect();
        Some(Self { moves: all, stays })
    }

    /// For each frame the chances of moving, see [`moved`], and of staying.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&[f32], f32)> {
        self.moves.chunks_exact(SOUNDS * SOUNDS).zip(self.stays.iter().copied())
    }
}

/// The place of a move from one sound to another in a frame.
pub(crate) fn moved(from: Sound, to: Sound) -> usize {
    usize::from(from) * SOUNDS + usize::from(to)
}

/// The moves between sounds that a move between phonemes may be.
fn heard_as(from: Sound, to: Sound) -> Vec<usize> {
    phonemes::heard_as(from).flat_map(|from| phonemes::heard_as(to).map(move |to| moved(from, to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_fit() {
        assert!(Frames::new(vec![0.0; PAIRS], vec![0.0; 2]).is_none());
        assert!(Frames::new(vec![0.0; PAIRS + 1], vec![0.0]).is_none());
        for frames in [0, 1, BEFORE, BEFORE + AFTER] {
            let frames = Frames::new(vec![0.0; frames * PAIRS], vec![0.0; frames]);
            assert_eq!(frames.map(|frames| frames.each().count()), Some(0));
        }
    }

    #[test]
    fn the_padding_is_left_out_and_either_vowel_is_heard() {
        let frames = BEFORE + 2 + AFTER;
        let mut moves = vec![-9.0; frames * PAIRS];
        let (k, i, devoiced, either) = (16, 32, 36, 39);
        let column = phonemes::pairs().position(|pair| pair == (k, devoiced));
        moves[BEFORE * PAIRS + column.unwrap_or(0)] = -0.5;
        let mut stays = vec![f32::NAN; frames];
        stays[BEFORE + 1] = -0.25;
        let Some(frames) = Frames::new(moves, stays) else { panic!("lengths fit") };
        let all: Vec<_> = frames.each().collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].0[moved(k, either)], -0.5);
        assert_eq!(all[0].0[moved(k, devoiced)], -0.5);
        assert_eq!(all[0].0[moved(k, i)], LEAST);
        assert_eq!(all[0].0[moved(k, k)], NEVER);
        assert_eq!(all[1].0[moved(k, either)], LEAST);
        assert_eq!((all[0].1, all[1].1), (NEVER, -0.25));
    }
}
