//! How well sounds fit the frames, whatever the language says.

use crate::NEVER;
use crate::frames::{Frames, moved};
use crate::phonemes::{PAUSE, PHONEMES, SOUNDS, Sound};

/// The score of the best run of phonemes.
pub(crate) fn best(frames: &Frames) -> f32 {
    let mut scores = [NEVER; PHONEMES];
    scores[usize::from(PAUSE)] = 0.0;
    for (moves, stay) in frames.each() {
        let before = scores;
        scores = before.map(|score| score + stay);
        for (score, moves) in before.iter().zip(moves.chunks_exact(SOUNDS)) {
            for (best, chance) in scores.iter_mut().zip(moves) {
                *best = best.max(score + chance);
            }
        }
    }
    scores.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// The score of words that are spoken one after the other, with silence around them and, perhaps, between them.
pub(crate) fn aligned(frames: &Frames, words: &[Vec<Sound>]) -> f32 {
    let mut sounds = vec![PAUSE];
    for word in words {
        sounds.extend(word);
        sounds.push(PAUSE);
    }
    let last = sounds.len() - 1;
    let mut scores = vec![NEVER; sounds.len()];
    scores[0] = 0.0;
    for (moves, stay) in frames.each() {
        for at in (0..=last).rev() {
            let mut best = scores[at] + stay;
            if at > 0 {
                best = best.max(scores[at - 1] + moves[moved(sounds[at - 1], sounds[at])]);
            }
            // Past the silence between two words.
            if at > 2 && sounds[at - 1] == PAUSE {
                best = best.max(scores[at - 2] + moves[moved(sounds[at - 2], sounds[at])]);
            }
            scores[at] = best;
        }
    }
    scores.into_iter().rev().take(2).fold(f32::NEG_INFINITY, f32::max)
}
