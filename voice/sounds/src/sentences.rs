//! The sentences that are likely here, as a language of words: which are said, and what follows what.

use crate::chances::Chances;
use crate::phonemes::{PAUSE, SOUNDS, Sound};
use crate::words::{BEGIN, END, FIRST, Known, NAME, Numbers, Part, Word, spelled};
use std::collections::BTreeMap;

/// Two words that were said so often (by weight) tell what follows them.
const OFTEN: f32 = 2.0;
/// The chance that a sentence begins with one of the fillers.
const FILLER: f32 = 0.05;

/// A word after certain others: a chain of sounds, and what it leads to.
pub(crate) struct Chain {
    /// Its word in [`Sentences::words`].
    pub word: usize,
    /// Its sounds in [`Sentences::sounds`], a pause at the end.
    pub from: usize,
    pub until: usize,
    /// Its state in [`Sentences::states`].
    pub state: usize,
}

/// A way into a chain.
#[derive(Clone, Copy)]
pub(crate) struct Arc {
    pub chain: usize,
    /// The logarithm of its chance.
    pub chance: f32,
    /// The chain's first sound.
    pub first: Sound,
}

/// What may follow one word or two.
#[derive(Default)]
pub(crate) struct State {
    /// Words, the likeliest first.
    pub arcs: Vec<Arc>,
    /// The logarithms of the chances of a name, of the end.
    pub name: Option<f32>,
    pub end: Option<f32>,
    /// The state of the last word alone, where this is one of two words.
    pub shorter: Option<usize>,
    /// The logarithm of the chance that what follows was never seen here.
    pub shorten: f32,
}

/// The sentences that are likely here.
#[derive(Default)]
pub struct Sentences {
    pub(crate) words: Vec<Known>,
    pub(crate) chains: Vec<Chain>,
    /// The sounds of all chains, one after the other.
    pub(crate) sounds: Vec<Sound>,
    /// What follows: each word alone by its number, then two words.
    pub(crate) states: Vec<State>,
    /// By first sound, the likeliest first: any word, any name.
    pub(crate) any: Vec<Vec<Arc>>,
    pub(crate) names: Vec<Vec<Arc>>,
    /// The logarithms of the chances of a name and of the end after anything.
    pub(crate) name: f32,
    pub(crate) end: f32,
}

impl Sentences {
    /// Learns sentences, each with its weight (about how often it is said), the names that stand where a sentence has
    /// [`Part::Name`], each with its weight among them, and words that nobody writes before a question ("えーと").
    ///
    /// What has sounds that cannot be spelled is left out, and so is what has no positive weight.
    pub fn new(sentences: &[(f32, Vec<Part>)], names: &[(Word, f32)], fillers: &[Word]) -> Self {
        let mut numbers = Numbers::new();
        let mut chances = Chances::default();
        for (weight, parts) in sentences.iter().filter(|(weight, _)| counts(*weight)) {
            if let Some(line) = numbers.line(parts) {
                chances.add(&line, *weight);
            }
        }
        chances.sum_up();
        let mut all = Self { words: numbers.words, ..Self::default() };
        all.name = chances.any(NAME).ln();
        all.end = chances.any(END).ln();
        all.learn_order(&chances);
        let any = (FIRST..all.words.len()).map(|word| all.arc(word, chances.any(word).ln())).collect();
        all.any = by_first(any);
        all.names = by_first(all.name_arcs(names));
        all.add_fillers(fillers);
        for state in &mut all.states {
            state.arcs.sort_by(|a, b| b.chance.total_cmp(&a.chance));
        }
        all
    }

    /// Makes the states, their chains, and the ways from state to state.
    fn learn_order(&mut self, chances: &Chances) {
        let twos: Vec<(usize, usize)> = chances.twos(OFTEN).collect();
        let state_of: BTreeMap<(usize, usize), usize> = twos.iter().copied().zip(self.words.len()..).collect();
        for word in 0..self.words.len() {
            let shorten = chances.unseen_after(word).ln();
            self.states.push(State { shorten, ..State::default() });
        }
        for (before, word) in &twos {
            let shorten = chances.unseen_after_two(*before, *word).ln();
            self.states.push(State { shorten, shorter: Some(*word), ..State::default() });
        }
        // Every state from here on has a chain, in the same order.
        for word in (FIRST..self.words.len()).chain(twos.iter().map(|(_, word)| *word)) {
            self.add_chain(word, FIRST + self.chains.len());
        }
        for (before, word) in chances.pairs() {
            let to = state_of.get(&(before, word)).copied().unwrap_or(word);
            self.lead(before, word, to, chances.after(before, word).ln());
        }
        for (first, before, word) in chances.triples() {
            if let Some(state) = state_of.get(&(first, before)) {
                let to = state_of.get(&(before, word)).copied().unwrap_or(word);
                self.lead(*state, word, to, chances.after_two(first, before, word).ln());
            }
        }
    }

    /// Lets a word follow a state.
    fn lead(&mut self, state: usize, word: usize, to: usize, chance: f32) {
        match word {
            NAME => self.states[state].name = Some(chance),
            END => self.states[state].end = Some(chance),
            _ => {
                let arc = self.arc(to, chance);
                self.states[state].arcs.push(arc);
            }
        }
    }

    /// The way to a state that is a word's or two words'.
    fn arc(&self, state: usize, chance: f32) -> Arc {
        self.arc_into(state - FIRST, chance)
    }

    /// The way into a chain.
    fn arc_into(&self, chain: usize, chance: f32) -> Arc {
        Arc { chain, chance, first: self.sounds[self.chains[chain].from] }
    }

    /// Adds a word's sounds, and tells their number.
    fn add_chain(&mut self, word: usize, state: usize) -> usize {
        let from = self.sounds.len();
        self.sounds.extend(&self.words[word].sounds);
        self.sounds.push(PAUSE);
        self.chains.push(Chain { word, from, until: self.sounds.len(), state });
        self.chains.len() - 1
    }

    /// Adds a word that stands outside of the sentences.
    fn add_word(&mut self, word: Known, state: usize) -> usize {
        self.words.push(word);
        self.add_chain(self.words.len() - 1, state)
    }

    fn name_arcs(&mut self, names: &[(Word, f32)]) -> Vec<Arc> {
        let names = names.iter().filter(|(_, weight)| counts(*weight));
        let names: Vec<(Known, f32)> = names.filter_map(|(name, weight)| Some((spelled(name)?, *weight))).collect();
        let all: f32 = names.iter().map(|(_, weight)| weight).sum();
        let mut arcs = Vec::new();
        for (name, weight) in names {
            let chain = self.add_word(name, NAME);
            arcs.push(self.arc_into(chain, (weight / all).ln()));
        }
        arcs
    }

    /// After a filler a sentence begins as after nothing.
    fn add_fillers(&mut self, fillers: &[Word]) {
        let fillers: Vec<Known> = fillers.iter().filter_map(spelled).collect();
        let chance = (FILLER / fillers.len() as f32).ln();
        for filler in fillers {
            let chain = self.add_word(filler, BEGIN);
            let arc = self.arc_into(chain, chance);
            self.states[BEGIN].arcs.push(arc);
        }
    }
}

/// Whether something of this weight is said at all.
fn counts(weight: f32) -> bool {
    weight > 0.0 && weight.is_finite()
}

/// Ways into chains by their first sound, the likeliest first.
fn by_first(arcs: Vec<Arc>) -> Vec<Vec<Arc>> {
    let mut by = vec![Vec::new(); SOUNDS];
    for arc in arcs {
        by[usize::from(arc.first)].push(arc);
    }
    for arcs in &mut by {
        arcs.sort_by(|a: &Arc, b| b.chance.total_cmp(&a.chance));
    }
    by
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, kana: &str) -> Word {
        Word { text: text.to_owned(), kana: kana.to_owned() }
    }

    fn said(words: &[(&str, &str)]) -> Vec<Part> {
        words.iter().map(|(text, kana)| Part::Word(word(text, kana))).collect()
    }

    #[test]
    fn words_of_one_text_and_sound_are_one() {
        let sentences = [
            (1.0, said(&[("切符", "キップ"), ("。", ""), ("は", "ワ")])),
            (1.0, said(&[("切符", "きっぷ"), ("を", "オ")])),
            (1.0, said(&[("切符", "京都"), ("が", "ガ")])),
        ];
        let all = Sentences::new(&sentences, &[], &[]);
        let words: Vec<_> = all.words[FIRST..].iter().map(|word| word.kana.as_str()).collect();
        assert_eq!(words, ["キップ", "ワ", "オ"]);
    }

    #[test]
    fn every_way_leads_to_its_word_and_is_likely_enough() {
        let sentences = [(4.0, said(&[("何", "ナン"), ("時", "ジ"), ("か", "カ")])), (4.0, vec![Part::Name])];
        let names = [(word("竹橋", "タケノハシ"), 3.0), (word("津幡", "ツバタ"), 1.0), (word("渋谷", "渋谷"), 4.0)];
        let all = Sentences::new(&sentences, &names, &[word("えーと", "エート"), word("?", "?")]);
        for arc in all.states.iter().flat_map(|state| &state.arcs).chain(all.any.iter().flatten()) {
            assert!(arc.chance < 0.0 && all.chains.len() > arc.chain);
        }
        let begins: Vec<_> =
            all.states[BEGIN].arcs.iter().map(|arc| &*all.words[all.chains[arc.chain].word].text).collect();
        assert_eq!(begins, ["何", "えーと"]);
        assert!(all.states[BEGIN].name.is_some());
        let names: Vec<_> = all.names.iter().flatten().map(|arc| arc.chance.exp()).collect();
        assert_eq!(names.len(), 2);
        assert!((names.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        for chain in &all.chains {
            let sounds = &all.sounds[chain.from..chain.until];
            assert_eq!(sounds.split_last(), Some((&PAUSE, &all.words[chain.word].sounds[..])));
        }
    }
}
