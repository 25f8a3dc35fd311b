//! Text -> the numbers that the embedding network reads: the likeliest way to put it together from the pieces of its
//! vocabulary (SentencePiece's "unigram"). Read from the network's own file by hand, because the general library holds its
//! quarter of a million pieces in ten times the room.

use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// What a character that is no piece costs more than the least likely piece.
const UNKNOWN: f64 = 10.0;

/// The first number of every text.
const FIRST: i64 = 0;

/// The last.
const LAST: i64 = 2;

/// The pieces.
pub(crate) struct Tokens {
    pieces: HashMap<Box<str>, (u32, f64)>,
    /// The longest piece in bytes.
    longest: usize,
    /// The number of what is no piece.
    unknown: u32,
    /// The logarithm of its chance.
    least: f64,
}

/// The part of the file that is read.
#[derive(Deserialize)]
struct Vocabulary {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    unk_id: u32,
    vocab: Vec<(Box<str>, f64)>,
}

impl Tokens {
    /// Reads them from a `tokenizer.json`.
    pub fn load(path: &Path) -> std::io::Result<Self> {
        let Vocabulary { model } = serde_json::from_reader(BufReader::new(File::open(path)?))?;
        let least = model.vocab.iter().map(|(_, score)| *score).fold(f64::MAX, f64::min) - UNKNOWN;
        let longest = model.vocab.iter().map(|(piece, _)| piece.len()).max().unwrap_or(0);
        let pieces = (0u32..).zip(model.vocab).map(|(id, (piece, score))| (piece, (id, score))).collect();
        Ok(Self { pieces, longest, unknown: model.unk_id, least })
    }

    /// The numbers of a text.
    pub fn of(&self, text: &str) -> Vec<i64> {
        // Words begin with a mark of their own.
        let mut marked = String::from("▁");
        for c in text.nfkc() {
            match c {
                ' ' if marked.ends_with('▁') && marked.len() > '▁'.len_utf8() => {}
                ' ' => marked.push('▁'),
                c => marked.push(c),
            }
        }
        // For each place: the best way to it: its score, where its last piece begins, and which that is.
        let mut ways: Vec<Option<(f64, usize, u32)>> = vec![None; marked.len() + 1];
        let starts = marked.char_indices().map(|(at, c)| (at, c.len_utf8()));
        for (from, width) in starts {
            let so_far = if from == 0 { 0.0 } else { ways[from].map_or(0.0, |(score, ..)| score) };
            let mut reach = |to: usize, score: f64, id: u32| {
                if ways[to].is_none_or(|(best, ..)| so_far + score > best) {
                    ways[to] = Some((so_far + score, from, id));
                }
            };
            let mut is_known = false;
            for to in (from + width)..=(from + self.longest).min(marked.len()) {
                let Some((id, score)) = marked.get(from..to).and_then(|piece| self.pieces.get(piece)) else { continue };
                reach(to, *score, *id);
                is_known |= to == from + width;
            }
            if !is_known {
                reach(from + width, self.least, self.unknown);
            }
        }
        let mut ids = vec![LAST];
        let mut at = marked.len();
        while let Some((_, from, id)) = ways[at].filter(|_| at > 0) {
            // What is unknown side by side is one.
            if id != self.unknown || ids.last() != Some(&i64::from(id)) {
                ids.push(i64::from(id));
            }
            at = from;
        }
        ids.push(FIRST);
        ids.reverse();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_pieces_make_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        let vocabulary = r#"{"version": "1", "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0], ["<pad>", 0],
            ["</s>", 0], ["<unk>", 0], ["▁", -3], ["▁b", -4], ["a", -3], ["th", -3], ["bath", -9.5], ["▁bath", -10.5]]}}"#;
        std::fs::write(&path, vocabulary).unwrap();
        let tokens = Tokens::load(&path).unwrap();
        assert_eq!(tokens.of("bath"), [0, 5, 6, 7, 2], "three pieces of -10 before one of -10.5");
        assert_eq!(tokens.of("ｂａｔｈ  bath"), [0, 5, 6, 7, 5, 6, 7, 2], "wide letters, two spaces");
        assert_eq!(tokens.of("a湯気a"), [0, 4, 6, 3, 6, 2], "what is unknown side by side is one");
    }
}
