//! What is likely to be said here: a recogniser that hears "shin-rin-koo-en" writes it as those do who ask here.
//!
//! A language model without a fixed order: every stretch of the sentences can be looked up, however long, because all their
//! ends stand in alphabetical order.

/// Sentences that are likely, ready to be looked up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Likely {
    /// The sentences in one shape, each between line ends.
    text: Vec<u8>,
    /// Where each character of `text` begins, in the order of what follows there.
    places: Vec<u32>,
}

/// So many characters before a word are looked at, the fewest first.
const BEFORE: [usize; 7] = [1, 2, 3, 4, 6, 9, 13];

/// So many sightings outweigh what fewer characters before a word say of it.
const ENOUGH: f32 = 1.5;

/// The logarithm of a chance that is no news: what is less likely is left as it was heard.
const NO_NEWS: f32 = -9.0;

impl Likely {
    /// Of these sentences.
    pub fn new<T: AsRef<str>>(sentences: impl IntoIterator<Item = T>) -> Self {
        let mut text = vec![b'\n'];
        for sentence in sentences {
            text.extend(plain(sentence.as_ref()));
            text.push(b'\n');
        }
        let begins = |at: &u32| !is_inside(text[*at as usize]);
        let mut places: Vec<u32> = (0..u32::try_from(text.len()).unwrap_or(u32::MAX)).filter(begins).collect();
        places.sort_unstable_by_key(|at| &text[*at as usize..(*at as usize + 64).min(text.len())]);
        Self { text, places }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.text.len() <= 1
    }

    /// How often these bytes stand there.
    fn times(&self, bytes: &[u8]) -> usize {
        let there = |at: &u32| {
            let rest = &self.text[*at as usize..];
            &rest[..rest.len().min(bytes.len())]
        };
        let from = self.places.partition_point(|at| there(at) < bytes);
        self.places[from..].partition_point(|at| there(at) == bytes)
    }

    /// After what was said so far. `None` where a sentence is over: what comes then is not known.
    pub fn after(&self, said: &[u8]) -> Option<After<'_>> {
        let mut before = vec![b'\n'];
        before.extend(plain_bytes(said));
        if before.len() > 1 && said.last().is_some_and(|_| ends(said)) {
            return None;
        }
        let starts: Vec<usize> = (0..before.len()).filter(|at| !is_inside(before[*at])).collect();
        let mut contexts = Vec::new();
        for count in BEFORE {
            let Some(at) = starts.len().checked_sub(count) else { break };
            let context = before[starts[at]..].to_vec();
            let times = self.times(&context);
            if times == 0 {
                break;
            }
            contexts.push((context, times));
        }
        Some(After { likely: self, contexts, begun: before.len() > 1 })
    }
}

/// What may follow.
pub struct After<'a> {
    likely: &'a Likely,
    /// What was said last, ever more of it, and how often it is said.
    contexts: Vec<(Vec<u8>, usize)>,
    begun: bool,
}

impl After<'_> {
    /// The logarithm of how much likelier these bytes are here than anywhere; 0 for what is never said here.
    pub fn word(&self, bytes: &[u8]) -> f32 {
        let next: Vec<u8> =
            if self.begun { lower(bytes) } else { lower(bytes).into_iter().skip_while(|b| *b == b' ').collect() };
        if next.is_empty() {
            return 0.0;
        }
        self.bonus(&next)
    }

    /// The same of an end.
    pub fn end(&self) -> f32 {
        self.bonus(b"\n")
    }

    fn bonus(&self, next: &[u8]) -> f32 {
        (self.chance(next).max(f32::MIN_POSITIVE).ln() - NO_NEWS).max(0.0)
    }

    fn chance(&self, next: &[u8]) -> f32 {
        let mut chance = self.likely.times(next) as f32 / self.likely.places.len() as f32;
        for (context, times) in &self.contexts {
            let both = if chance == 0.0 { 0 } else { self.likely.times(&[context, next].concat()) };
            chance = (both as f32 + ENOUGH * chance) / (*times as f32 + ENOUGH);
        }
        chance
    }
}

/// Whether a byte goes on with a character.
fn is_inside(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Whether the last thing said is the end of a sentence.
fn ends(said: &[u8]) -> bool {
    ["。", "？", "！", "?", "!", "."].iter().any(|mark| said.ends_with(mark.as_bytes()))
}

fn lower(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_lowercase()
}

/// A sentence without marks.
fn plain(sentence: &str) -> Vec<u8> {
    plain_bytes(sentence.trim().as_bytes())
}

fn plain_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = lower(bytes);
    for mark in ["。", "？", "！", "、", "，", "「", "」", "・", "《", "》"] {
        let mark = mark.as_bytes();
        while let Some(at) = out.windows(mark.len()).position(|piece| piece == mark) {
            out.drain(at..at + mark.len());
        }
    }
    out.retain(|byte| !matches!(byte, b',' | b'.' | b'?' | b'!' | b'"'));
    let spaces = out.iter().take_while(|byte| **byte == b' ').count();
    out.drain(..spaces);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_here_is_likelier_than_what_sounds_alike() {
        let likely = Likely::new(["森林公園はどこですか。", "森林公園まで何分", "新しい公園", "Where is the loo?"]);
        let start = likely.after(b"").unwrap();
        assert!(start.word("森林".as_bytes()) > start.word("新林".as_bytes()));
        assert_eq!(start.word("新林".as_bytes()), 0.0);
        // Characters come in pieces.
        assert!(start.word(&"森".as_bytes()[..2]) > 0.0);
        let park = likely.after("森林公園".as_bytes()).unwrap();
        assert!(park.word("は".as_bytes()) > park.word("い".as_bytes()));
        assert!(likely.after(" Where is".as_bytes()).unwrap().word(b" the") > 2.0);
        assert!(likely.after("森林公園まで何分".as_bytes()).unwrap().end() > 2.0);
        assert!(likely.after("森林公園まで何分。".as_bytes()).is_none());
        assert!(Likely::default().is_empty());
    }
}
