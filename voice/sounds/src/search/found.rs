//! What a search tells at its end.

use super::{LANGUAGE, Path, Search, Step};
use crate::frames::Frames;
use crate::phonemes::{self, Sound};
use crate::{NEVER, fit};

/// So many sentences are told.
const TOLD: usize = 5;

/// A sentence that was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// As the guide writes it, without spaces; stretches that are not the guide's words as katakana.
    pub text: String,
    /// How all of it sounds, in katakana.
    pub kana: String,
    /// How far it is behind the best run of phonemes, whatever they are: a logarithm a phoneme. Small is good, beyond
    /// 1.2 it is hardly what was said. A little under 0 happens where a vowel begins with voice and ends without.
    pub fit: f32,
    /// The share (0 to 1) of its phonemes in stretches that are not the guide's words.
    pub unknown: f32,
    /// Its phonemes.
    pub length: usize,
}

impl Search<'_> {
    /// The best sentences that end with the last frame.
    pub(super) fn found(mut self, frames: &Frames) -> Vec<Found> {
        let mut ends: Vec<Path> = self.unknown.iter().map(|path| path.plus(LANGUAGE * self.sentences.end)).collect();
        for chain in std::mem::take(&mut self.followed) {
            let leave = LANGUAGE * self.leave(self.sentences.chains[chain].state);
            for (_, path) in self.ends(chain) {
                ends.push(self.step_past(chain, path).plus(leave));
            }
        }
        ends.retain(|path| path.score > NEVER / 2.0);
        ends.sort_by(|a, b| b.score.total_cmp(&a.score));
        let best = fit::best(frames);
        let mut all: Vec<Found> = Vec::new();
        for path in ends {
            let (found, words) = self.told(path);
            if found.length > 0 && all.iter().all(|other| other.text != found.text) {
                let fit = (best - fit::aligned(frames, &words)) / found.length as f32;
                all.push(Found { fit, ..found });
            }
            if all.len() == TOLD {
                break;
            }
        }
        all
    }

    /// The logarithm of the chance that a sentence ends here.
    fn leave(&self, state: usize) -> f32 {
        let state = &self.sentences.states[state];
        match (state.end, state.shorter) {
            (Some(end), _) => end,
            (None, Some(shorter)) => state.shorten + self.leave(shorter),
            (None, None) => state.shorten + self.sentences.end,
        }
    }

    /// What a path went through, and the sounds of its words.
    fn told(&self, path: Path) -> (Found, Vec<Vec<Sound>>) {
        let mut found = Found { text: String::new(), kana: String::new(), fit: 0.0, unknown: 0.0, length: 0 };
        let mut words: Vec<Vec<Sound>> = Vec::new();
        let mut unknown = 0;
        let steps = self.steps(path);
        for run in steps.chunk_by(|a, b| matches!((a, b), (Step::Unknown(_), Step::Unknown(_)))) {
            let mut sounds = Vec::new();
            for step in run {
                match step {
                    Step::Unknown(sound) => sounds.push(*sound),
                    Step::Chain(chain) => {
                        let word = &self.sentences.words[self.sentences.chains[*chain].word];
                        found.text.push_str(&word.text);
                        found.kana.push_str(&word.kana);
                        words.push(word.sounds.clone());
                    }
                }
            }
            let kana = phonemes::kana(&sounds);
            found.text.push_str(&kana);
            found.kana.push_str(&kana);
            unknown += sounds.len();
            words.extend(sounds.into_iter().map(|sound| vec![sound]));
        }
        found.length = words.iter().map(Vec::len).sum();
        found.unknown = unknown as f32 / found.length.max(1) as f32;
        (found, words)
    }

    /// What a path went through, from the beginning.
    fn steps(&self, path: Path) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = path.trail;
        while let Some((step, before)) = at.map(|at| self.trail[at]) {
            steps.push(step);
            at = before;
        }
        steps.reverse();
        steps
    }
}
