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

/// What stands for a space, and before every word.
const MARK: char = '▁';

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
        let marked = marked(text);
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

/// A text as the pieces are found in it: compatibility forms resolved, runs of spaces as one, marks for spaces and before all.
fn marked(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + MARK.len_utf8());
    let mut last = None;
    for c in text.nfkc() {
        if last.is_none() && c != ' ' && c != MARK {
            marked.push(MARK);
        }
        match c {
            ' ' if last == Some(' ') => {}
            ' ' => marked.push(MARK),
            c => marked.push(c),
        }
        last = Some(c);
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::Models;
    use proptest::prelude::*;

    const SMALL: &str = r#"{"version": "1", "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0], ["<pad>", 0],
        ["</s>", 0], ["<unk>", 0], ["▁", -3], ["▁b", -4], ["a", -3], ["th", -3], ["bath", -9.5], ["▁bath", -10.5]]}}"#;

    fn small() -> Tokens {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, SMALL).unwrap();
        Tokens::load(&path).unwrap()
    }

    #[test]
    fn the_likeliest_pieces_make_a_text() {
        let tokens = small();
        assert_eq!(tokens.of("bath"), [0, 5, 6, 7, 2], "three pieces of -10 before one of -10.5");
        assert_eq!(tokens.of("ｂａｔｈ  bath"), [0, 5, 6, 7, 5, 6, 7, 2], "wide letters, two spaces");
        assert_eq!(tokens.of("a湯気a"), [0, 4, 6, 3, 6, 2], "what is unknown side by side is one");
        assert_eq!(tokens.of(" a"), tokens.of("a"), "it begins with one mark");
        assert_eq!(tokens.of(""), [0, 2]);
    }

    proptest! {
        /// No other way to put a text together is likelier.
        #[test]
        fn no_other_way_is_likelier(text in "[abth湯 ]{0,9}") {
            fn best(tokens: &Tokens, rest: &str) -> f64 {
                let Some(first) = rest.chars().next() else { return 0.0 };
                let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
                let ways = ends.filter_map(|end| {
                    let cost = match tokens.pieces.get(&rest[..end]) {
                        Some((_, score)) => *score,
                        None if end == first.len_utf8() => tokens.least,
                        None => return None,
                    };
                    Some(cost + best(tokens, &rest[end..]))
                });
                ways.fold(f64::MIN, f64::max)
            }
            let tokens = small();
            let names: HashMap<u32, (&str, f64)> =
                tokens.pieces.iter().map(|(piece, (id, score))| (*id, (&**piece, *score))).collect();
            let ids = tokens.of(&text);
            let (marked, unknown) = (marked(&text), i64::from(tokens.unknown));
            let inner: Vec<u32> = ids[1..ids.len() - 1].iter().map(|id| u32::try_from(*id).unwrap()).collect();
            // One unknown stands for a run of letters that are no pieces.
            let known: f64 = inner.iter().filter(|id| **id != tokens.unknown).map(|id| names[id].1).sum();
            let covered: usize = inner.iter().filter(|id| **id != tokens.unknown).map(|id| names[id].0.chars().count()).sum();
            let missing = marked.chars().count() - covered;
            prop_assert_eq!(missing > 0, ids.contains(&unknown));
            prop_assert!((known + missing as f64 * tokens.least - best(&tokens, &marked)).abs() < 1e-9);
        }
    }

    /// The same numbers as by the library that the network was published with (`tokenizers` 0.22.2).
    #[test]
    fn the_network_s_own_vocabulary() {
        let models = Models::open(&Models::default_folder().unwrap()).unwrap();
        let tokens = Tokens::load(&models.file("e5-tokenizer.json").unwrap()).unwrap();
        for (text, numbers) in NUMBERS {
            assert_eq!(tokens.of(text), *numbers, "{text}");
        }
    }

    const NUMBERS: &[(&str, &[i64])] = &[
        ("query: トイレはどこですか", &[0, 41, 1294, 12, 6, 148156, 342, 55325, 60369, 2]),
        (
            "query: お風呂は何時まで開いていますか",
            &[0, 41, 1294, 12, 6, 203000, 128154, 189952, 3625, 2111, 17100, 1894, 2],
        ),
        (
            "passage: 源平の湯は午前10時から午後9時までです。火曜日はお休みです。",
            &[
                0, 46692, 12, 6, 9730, 5511, 154, 28401, 342, 125408, 963, 155360, 89126, 1126, 189952, 1453, 30, 5505,
                102766, 56444, 204238, 1453, 30, 2,
            ],
        ),
        ("query: Where is the toilet, please?", &[0, 41, 1294, 12, 78662, 83, 70, 64848, 4, 22936, 32, 2]),
        (
            "query: How do I get to Kurikara Fudoji temple?",
            &[0, 41, 1294, 12, 11249, 54, 87, 2046, 47, 5375, 14, 11230, 7680, 246, 658, 110664, 32, 2],
        ),
        ("query: 有什么特产可以买", &[0, 41, 1294, 12, 6, 47097, 2657, 16643, 1441, 11795, 2]),
        ("query: 浴室今天几点关门", &[0, 41, 1294, 12, 6, 131551, 7461, 14087, 2391, 15900, 6349, 2]),
        ("query: 화장실은 어디에 있어요", &[0, 41, 1294, 12, 223150, 697, 99302, 480, 106597, 2]),
        (
            "passage: 목욕탕은  오전 10시부터입니다.",
            &[0, 46692, 12, 43587, 60708, 101198, 697, 96734, 209, 2166, 14243, 5826, 5, 2],
        ),
        (
            "query: ＡＥＤは\u{3000}ドコ？ ㈱ ①",
            &[0, 41, 1294, 12, 62, 17610, 342, 6, 7116, 9368, 32, 15, 77698, 16, 106, 2],
        ),
        ("query: 龘𠮷🗾🚻 x", &[0, 41, 1294, 12, 6, 3, 1022, 2]),
        ("query: naïve café №5 ½ … ½", &[0, 41, 1294, 12, 24, 9392, 272, 26216, 438, 758, 78660, 153, 78660, 2]),
    ];
}
