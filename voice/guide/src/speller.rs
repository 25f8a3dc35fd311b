//! Japanese in the guide's own spelling: a recogniser hears the right sounds and writes other words that sound the same.

use crate::names;
use std::collections::HashMap;

/// A word as it is written and as it sounds.
pub(crate) type Spelled = (String, String);

/// The words of a guide, how often each is said, and what follows what.
#[derive(Default)]
pub(crate) struct Speller {
    words: Vec<Known>,
    by_sound: HashMap<Vec<char>, Vec<u32>>,
    by_text: HashMap<String, Vec<u32>>,
    pairs: HashMap<(u32, u32), f32>,
    all: f32,
}

struct Known {
    text: String,
    sound: Vec<char>,
    times: f32,
}

/// A word that may be meant: how far it reaches, which it is, and the logarithm of what speaks for it.
struct Edge {
    until: usize,
    word: Option<u32>,
    text: String,
    score: f32,
}

/// The best way to a place in the question.
#[derive(Clone)]
struct Path {
    score: f32,
    last: Option<u32>,
    text: String,
}

/// So many paths are followed from one place.
const PATHS: usize = 8;

/// A word that nobody says here is so unlikely (a logarithm).
const STRANGE: f32 = -12.0;

/// A letter of sound that was misheard is so unlikely.
const MISHEARD: f32 = -4.0;

/// What the recogniser wrote is so much likelier than another spelling.
const AS_WRITTEN: f32 = 2.0;

/// So many sightings of a word outweigh what is said everywhere.
const ENOUGH: f32 = 4.0;

/// Shorter words are too easily misheard for others.
const LONG_ENOUGH: usize = 4;

/// No word sounds longer.
const LONGEST: usize = 14;

impl Speller {
    /// Learns from sentences.
    pub fn new(sentences: impl Iterator<Item = Vec<Spelled>>) -> Self {
        let mut all = Self::default();
        for sentence in sentences {
            let mut last = None;
            for (text, sound) in sentence.into_iter().filter(|(_, sound)| !sound.is_empty()) {
                let sound: Vec<char> = sound.chars().collect();
                let known = all.by_text.entry(text.clone()).or_default();
                let id = known.iter().copied().find(|id| all.words[*id as usize].sound == sound).unwrap_or_else(|| {
                    let id = all.words.len() as u32;
                    known.push(id);
                    all.by_sound.entry(sound.clone()).or_default().push(id);
                    all.words.push(Known { text, sound, times: 0.0 });
                    id
                });
                all.words[id as usize].times += 1.0;
                all.all += 1.0;
                if let Some(last) = last {
                    *all.pairs.entry((last, id)).or_default() += 1.0;
                }
                last = Some(id);
            }
        }
        all
    }

    /// The logarithm of the chance that a word follows another.
    fn follows(&self, last: Option<u32>, word: u32) -> f32 {
        let usual = self.words[word as usize].times / self.all;
        match last {
            Some(last) => {
                let both = self.pairs.get(&(last, word)).copied().unwrap_or(0.0);
                ((both + ENOUGH * usual) / (self.words[last as usize].times + ENOUGH)).ln()
            }
            None => usual.ln(),
        }
    }

    /// What may begin at each place of a question's sound.
    fn edges(&self, question: &[Spelled], sound: &[char]) -> Vec<Vec<Edge>> {
        let mut edges: Vec<Vec<Edge>> = (0..sound.len()).map(|_| Vec::new()).collect();
        let mut written: HashMap<(usize, usize), &str> = HashMap::new();
        let mut at = 0;
        for (text, kana) in question {
            let until = at + kana.chars().count();
            if until > at {
                written.insert((at, until), text);
                if !self.by_text.contains_key(text) {
                    edges[at].push(Edge { until, word: None, text: text.clone(), score: STRANGE + AS_WRITTEN });
                }
            }
            at = until;
        }
        for from in 0..sound.len() {
            for until in from + 1..=sound.len().min(from + LONGEST) {
                for word in self.by_sound.get(&sound[from..until]).into_iter().flatten() {
                    let text = &self.words[*word as usize].text;
                    let same = written.get(&(from, until)).is_some_and(|written| written == text);
                    let score = if same { AS_WRITTEN } else { 0.0 };
                    edges[from].push(Edge { until, word: Some(*word), text: text.clone(), score });
                }
            }
            // What is known by its spelling may be read otherwise here.
            for ((_, until), text) in written.iter().filter(|((begin, _), _)| *begin == from) {
                let known = self.by_text.get(*text).into_iter().flatten();
                let others = known.filter(|word| self.words[**word as usize].sound != sound[from..*until]);
                edges[from].extend(others.map(|word| Edge {
                    until: *until,
                    word: Some(*word),
                    text: (*text).to_owned(),
                    score: AS_WRITTEN,
                }));
            }
        }
        for (id, word) in (0u32..).zip(&self.words).filter(|(_, word)| word.sound.len() >= LONG_ENOUGH) {
            let (length, slack) = (word.sound.len(), word.sound.len() / LONG_ENOUGH);
            for from in 0..=sound.len().saturating_sub(length - slack) {
                for until in from + length - slack..=sound.len().min(from + length + slack) {
                    let apart = names::distance(&sound[from..until], &word.sound, slack);
                    if (1..=slack).contains(&apart) {
                        let score = MISHEARD * apart as f32;
                        if let Some(edges) = edges.get_mut(from) {
                            edges.push(Edge { until, word: Some(id), text: word.text.clone(), score });
                        }
                    }
                }
            }
        }
        edges
    }

    /// The likeliest spelling of a question's sound, where it is another than it has.
    pub fn respelled(&self, question: &[Spelled]) -> Option<String> {
        let sound: Vec<char> = question.iter().flat_map(|(_, sound)| sound.chars()).collect();
        if sound.is_empty() || self.words.is_empty() {
            return None;
        }
        let edges = self.edges(question, &sound);
        let mut paths: Vec<Vec<Path>> = vec![Vec::new(); sound.len() + 1];
        paths[0].push(Path { score: 0.0, last: None, text: String::new() });
        for at in 0..sound.len() {
            paths[at].sort_by(|a, b| b.score.total_cmp(&a.score));
            paths[at].truncate(PATHS);
            for path in std::mem::take(&mut paths[at]) {
                for edge in &edges[at] {
                    let word = edge.word.map_or(0.0, |word| self.follows(path.last, word));
                    let score = path.score + edge.score + word;
                    let next = &mut paths[edge.until];
                    match next.iter_mut().find(|other| other.last == edge.word) {
                        Some(other) if other.score >= score => {}
                        Some(other) => {
                            *other = Path { score, last: edge.word, text: [&path.text, edge.text.as_str()].concat() }
                        }
                        None => {
                            next.push(Path { score, last: edge.word, text: [&path.text, edge.text.as_str()].concat() })
                        }
                    }
                }
            }
        }
        let best = paths.pop()?.into_iter().max_by(|a, b| a.score.total_cmp(&b.score))?;
        let plain: String =
            question.iter().filter(|(_, sound)| !sound.is_empty()).map(|(text, _)| text.as_str()).collect();
        (best.text != plain).then_some(best.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_like_a_known_word_is_written_like_it() {
        let spelled = |words: &[(&str, &str)]| -> Vec<Spelled> {
            words.iter().map(|(text, sound)| ((*text).to_owned(), (*sound).to_owned())).collect()
        };
        let park = [("森林", "シンリン"), ("公園", "コーエン"), ("まで", "マデ"), ("何", "ナン"), ("分", "プン")];
        let loo = [("お手洗い", "オテアライ"), ("は", "ワ"), ("どこ", "ドコ"), ("です", "デス"), ("か", "カ")];
        let speller = Speller::new((0..5).flat_map(|_| [spelled(&park), spelled(&loo)]));
        let heard = [("新", "シン"), ("林", "リン"), ("公園", "コーエン"), ("は", "ワ"), ("どこ", "ドコ")];
        assert_eq!(speller.respelled(&spelled(&heard)).as_deref(), Some("森林公園はどこ"));
        // Misheard, too.
        let heard =
            [("小手", "コテ"), ("荒い", "アライ"), ("は", "ワ"), ("どこ", "ドコ"), ("です", "デス"), ("か", "カ")];
        assert_eq!(speller.respelled(&spelled(&heard)).as_deref(), Some("お手洗いはどこですか"));
        // Right, or of something else.
        assert_eq!(speller.respelled(&spelled(&loo)), None);
        assert_eq!(speller.respelled(&spelled(&[("渋谷", "シブヤ"), ("は", "ワ"), ("どこ", "ドコ")])), None);
        assert_eq!(speller.respelled(&[]), None);
    }
}
