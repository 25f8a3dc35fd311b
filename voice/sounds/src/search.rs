//! The search: all that can be said here is followed through the frames at once, and what falls too far behind is
//! dropped.

mod found;

use crate::NEVER;
use crate::frames::{Frames, moved};
use crate::phonemes::{PAUSE, PHONEMES, SOUNDS, Sound};
use crate::sentences::{Arc, Sentences, State};
use crate::words::BEGIN;
pub use found::Found;

/// The weight of the language beside the sounds: as much, as both are logarithms of chances.
const LANGUAGE: f32 = 1.0;
/// What each word costs: nothing, the language makes words dear enough.
const WORD: f32 = 0.0;
/// What a stretch that is not the guide's words costs: more than most words that are likely where it stands.
const UNKNOWN: f32 = -10.0;
/// What each phoneme in it costs, so that the guide's words go first even where they are not clear.
const UNKNOWN_SOUND: f32 = -3.0;
/// What is so far behind the best is dropped: it has a chance of one in nine million of still being right.
const BEAM: f32 = 16.0;
/// So many words are followed at once, about: the search has to end before somebody waits for it.
const MOST: usize = 600;

/// What was heard up to here: its score, and where its trail ends in [`Search::trail`].
#[derive(Clone, Copy)]
struct Path {
    score: f32,
    trail: Option<usize>,
}

const NOWHERE: Path = Path { score: NEVER, trail: None };

impl Path {
    fn plus(self, chance: f32) -> Self {
        Self { score: self.score + chance, ..self }
    }

    /// Keeps the better one.
    fn or(&mut self, other: Self) {
        if other.score > self.score {
            *self = other;
        }
    }
}

/// The best paths that end in each sound.
type Ends = [Path; SOUNDS];

/// What a trail goes through.
#[derive(Clone, Copy)]
enum Step {
    Chain(usize),
    Unknown(Sound),
}

/// A path at the end of a word.
struct Exit {
    state: usize,
    last: Sound,
    path: Path,
}

/// A search under way.
struct Search<'a> {
    sentences: &'a Sentences,
    /// The best path to each sound of each chain, beside [`Sentences::sounds`].
    places: Vec<Path>,
    /// The chains that are followed, and whether each is.
    followed: Vec<usize>,
    follows: Vec<bool>,
    /// The best paths outside of the guide's words.
    unknown: [Path; PHONEMES],
    /// Steps, each with the one before it.
    trail: Vec<(Step, Option<usize>)>,
    /// For each chain its last step in the trail.
    stepped: Vec<Option<usize>>,
    /// The score where nobody has spoken yet.
    silence: f32,
    /// The best score.
    best: f32,
    /// What is below this is dropped: because of the beam, because of the number.
    floor: f32,
    crowded: f32,
}

impl Sentences {
    /// Searches a sound for sentences: the best first, at most five, with different texts; none where the guide has no
    /// words or nobody speaks.
    pub fn search(&self, frames: &Frames) -> Vec<Found> {
        if self.chains.is_empty() {
            return Vec::new();
        }
        let mut search = Search::new(self);
        for (moves, stay) in frames.each() {
            search.hear(moves, stay);
        }
        search.found(frames)
    }
}

impl<'a> Search<'a> {
    fn new(sentences: &'a Sentences) -> Self {
        Self {
            sentences,
            places: vec![NOWHERE; sentences.sounds.len()],
            followed: Vec::new(),
            follows: vec![false; sentences.chains.len()],
            unknown: [NOWHERE; PHONEMES],
            trail: Vec::new(),
            stepped: vec![None; sentences.chains.len()],
            silence: 0.0,
            best: 0.0,
            floor: NEVER,
            crowded: NEVER,
        }
    }

    /// Goes on by a frame.
    fn hear(&mut self, moves: &[f32], stay: f32) {
        self.floor = (self.best - BEAM).max(self.crowded);
        self.best = NEVER;
        let exits = self.exits();
        self.go_on(moves, stay);
        let (any, names) = self.follow(exits, moves);
        self.begin(&any, &self.sentences.any, WORD, moves);
        // A name has paid as a word.
        self.begin(&names, &self.sentences.names, 0.0, moves);
        self.go_on_unknown(&any, moves, stay);
        self.silence += stay;
        self.best = self.best.max(self.silence);
    }

    /// The words that may have ended before this frame, with silence after them or without.
    fn exits(&mut self) -> Vec<Exit> {
        let mut exits = Vec::new();
        if self.silence >= self.floor {
            exits.push(Exit { state: BEGIN, last: PAUSE, path: Path { score: self.silence, trail: None } });
        }
        for at in 0..self.followed.len() {
            let chain = self.followed[at];
            for (last, path) in self.ends(chain) {
                if path.score >= self.floor {
                    let path = self.step_past(chain, path);
                    exits.push(Exit { state: self.sentences.chains[chain].state, last, path });
                }
            }
        }
        exits
    }

    /// The paths at the last sound of a chain and in the silence after it.
    fn ends(&self, chain: usize) -> [(Sound, Path); 2] {
        let until = self.sentences.chains[chain].until;
        [until - 2, until - 1].map(|place| (self.sentences.sounds[place], self.places[place]))
    }

    /// A path with a chain that it went through. What comes from the same place shares its trail.
    fn step_past(&mut self, chain: usize, path: Path) -> Path {
        if let Some(step) = self.stepped[chain].filter(|step| self.trail[*step].1 == path.trail) {
            return Path { trail: Some(step), ..path };
        }
        self.trail.push((Step::Chain(chain), path.trail));
        self.stepped[chain] = Some(self.trail.len() - 1);
        Path { trail: self.stepped[chain], ..path }
    }

    /// Goes on inside of the words that are followed, and drops those that fell behind.
    fn go_on(&mut self, moves: &[f32], stay: f32) {
        let mut tops = Vec::with_capacity(self.followed.len());
        let (places, follows, floor) = (&mut self.places, &mut self.follows, self.floor);
        self.followed.retain(|chain| {
            let span = self.sentences.chains[*chain].from..self.sentences.chains[*chain].until;
            let (places, sounds) = (&mut places[span.clone()], &self.sentences.sounds[span]);
            let mut top = NEVER;
            for at in (0..places.len()).rev() {
                let mut path = places[at].plus(stay);
                if at > 0 {
                    path.or(places[at - 1].plus(moves[moved(sounds[at - 1], sounds[at])]));
                }
                top = top.max(path.score);
                places[at] = path;
            }
            follows[*chain] = top >= floor;
            if follows[*chain] {
                tops.push(top);
            } else {
                places.fill(NOWHERE);
            }
            follows[*chain]
        });
        self.best = tops.iter().copied().fold(self.best, f32::max);
        self.crowded = match tops.len().checked_sub(MOST) {
            Some(over) if over > 0 => *tops.select_nth_unstable_by(over, f32::total_cmp).1,
            _ => NEVER,
        };
    }

    /// Goes on from words that have ended to those that are known to follow. Tells from where any word and any name may
    /// begin.
    fn follow(&mut self, exits: Vec<Exit>, moves: &[f32]) -> (Ends, Ends) {
        let (mut any, mut names) = ([NOWHERE; SOUNDS], [NOWHERE; SOUNDS]);
        let mut shorter = Vec::new();
        for exit in exits {
            let state = &self.sentences.states[exit.state];
            let Some(next) = state.shorter else {
                shorter.push(exit);
                continue;
            };
            self.follow_state(state, &exit, &mut names, moves);
            shorter.push(Exit { state: next, path: exit.path.plus(LANGUAGE * state.shorten), ..exit });
        }
        // Of all with the same last word the best.
        shorter.sort_by(|a, b| (a.state, a.last).cmp(&(b.state, b.last)).then(b.path.score.total_cmp(&a.path.score)));
        shorter.dedup_by_key(|exit| (exit.state, exit.last));
        for exit in shorter.into_iter().filter(|exit| exit.path.score >= self.floor).collect::<Vec<_>>() {
            let state = &self.sentences.states[exit.state];
            self.follow_state(state, &exit, &mut names, moves);
            any[usize::from(exit.last)].or(exit.path.plus(LANGUAGE * state.shorten));
        }
        for (any, unknown) in any.iter_mut().zip(self.unknown) {
            any.or(unknown);
        }
        for (name, any) in names.iter_mut().zip(any).filter(|(_, any)| any.score >= self.floor) {
            name.or(any.plus(LANGUAGE * self.sentences.name + WORD));
        }
        (any, names)
    }

    /// Goes on from the end of a word to those that are known to follow its state.
    fn follow_state(&mut self, state: &State, exit: &Exit, names: &mut Ends, moves: &[f32]) {
        for arc in &state.arcs {
            let path = exit.path.plus(LANGUAGE * arc.chance + WORD);
            if path.score < self.floor {
                break;
            }
            self.enter(arc, path.plus(moves[moved(exit.last, arc.first)]));
        }
        if let Some(name) = state.name {
            names[usize::from(exit.last)].or(exit.path.plus(LANGUAGE * name + WORD));
        }
    }

    /// Begins words, grouped by their first sound, from the best of what has ended.
    fn begin(&mut self, ends: &Ends, words: &[Vec<Arc>], word: f32, moves: &[f32]) {
        for (to, arcs) in (0..).zip(words).filter(|(_, arcs)| !arcs.is_empty()) {
            let mut best = NOWHERE;
            for (from, path) in (0..).zip(ends).filter(|(_, path)| path.score >= self.floor) {
                best.or(path.plus(moves[moved(from, to)]));
            }
            for arc in arcs {
                let path = best.plus(LANGUAGE * arc.chance + word);
                if path.score < self.floor {
                    break;
                }
                self.enter(arc, path);
            }
        }
    }

    /// Goes into a chain, where that is better than what is there.
    fn enter(&mut self, arc: &Arc, path: Path) {
        let place = &mut self.places[self.sentences.chains[arc.chain].from];
        if path.score >= self.floor && path.score > place.score {
            *place = path;
            self.best = self.best.max(path.score);
            if !self.follows[arc.chain] {
                self.follows[arc.chain] = true;
                self.followed.push(arc.chain);
            }
        }
    }

    /// Goes on with phonemes that are not the guide's words, from such phonemes and from what has ended.
    fn go_on_unknown(&mut self, any: &Ends, moves: &[f32], stay: f32) {
        let old = self.unknown;
        let mut next = [NOWHERE; PHONEMES];
        let inside = (0..).zip(&old).map(|(from, path)| (from, path, UNKNOWN_SOUND));
        let into = (0..).zip(any).map(|(from, path)| (from, path, UNKNOWN + UNKNOWN_SOUND));
        for (from, path, cost) in inside.chain(into).filter(|(_, path, _)| path.score >= self.floor) {
            for (to, next) in (0..).zip(&mut next).skip(1) {
                next.or(path.plus(moves[moved(from, to)] + cost));
            }
        }
        for ((sound, next), old) in (0..).zip(next).zip(&old) {
            let stays = old.plus(stay);
            self.unknown[usize::from(sound)] = if next.score > stays.score {
                self.trail.push((Step::Unknown(sound), next.trail));
                Path { trail: Some(self.trail.len() - 1), ..next }
            } else {
                stays
            };
        }
        // Silence between them is no phoneme.
        for (from, path) in (0..).zip(old).skip(1) {
            self.unknown[usize::from(PAUSE)].or(path.plus(moves[moved(from, PAUSE)]));
        }
        self.best = self.unknown.iter().map(|path| path.score).fold(self.best, f32::max);
    }
}
