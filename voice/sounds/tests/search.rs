//! The search heard from outside: hand-made frames for sentences whose phonemes are known.

use proptest::prelude::*;
use sounds::{Found, Frames, PAIRS, Part, Sentences, Word};

/// The network's padding, in frames.
const BEFORE: usize = 20;
const AFTER: usize = 38;

fn word(text: &str, kana: &str) -> Word {
    Word { text: text.to_owned(), kana: kana.to_owned() }
}

/// A sentence of words as text/kana; X is a name.
fn sentence(words: &str) -> (f32, Vec<Part>) {
    let part = |part: &str| match part.split_once('/') {
        Some((text, kana)) => Part::Word(word(text, kana)),
        None => Part::Name,
    };
    (4.0, words.split(' ').map(part).collect())
}

fn guide() -> Sentences {
    let sentences = [
        "お手洗い/オテアライ は/ワ どこ/ドコ です/デス か/カ",
        "X は/ワ どこ/ドコ です/デス か/カ",
        "X は/ワ 何時/ナンジ まで/マデ です/デス か/カ",
        "切符/キップ を/オ 買い/カイ たい/タイ",
        "温泉/オンセン に/ニ 入り/ハイリ たい/タイ",
    ];
    let names = [(word("森林公園", "シンリンコーエン"), 1.0), (word("竹橋", "タケノハシ"), 1.0)];
    Sentences::new(&sentences.map(sentence), &names, &[word("えーと", "エート")])
}

/// Frames in which these phonemes are clear, each for some frames, with silence around them.
fn spoken(phonemes: &str) -> Frames {
    let pairs: Vec<&str> = include_str!("../src/pairs.txt").lines().collect();
    let (mut moves, mut stays) = (Vec::new(), Vec::new());
    let mut frame = |pair: Option<usize>| {
        let mut row = vec![-12.0; PAIRS];
        if let Some(pair) = pair {
            row[pair] = -0.1;
        }
        moves.extend(row);
        stays.push(if pair.is_some() { -8.0 } else { -0.01 });
    };
    (0..BEFORE + 10).for_each(|_| frame(None));
    let mut last = "pau";
    for next in phonemes.split(' ').chain(["pau"]) {
        let pair = pairs.iter().position(|pair| *pair == format!("{last} {next}"));
        assert!(pair.is_some(), "{last} {next}");
        frame(pair);
        (0..5).for_each(|_| frame(None));
        last = next;
    }
    (0..AFTER + 10).for_each(|_| frame(None));
    Frames::new(moves, stays).unwrap()
}

fn first(phonemes: &str) -> Found {
    guide().search(&spoken(phonemes)).into_iter().next().unwrap()
}

#[test]
fn a_sentence_is_heard() {
    let found = first("o t e a r a i w a d o k o d e s U k a");
    assert_eq!(found.text, "お手洗いはどこですか");
    assert_eq!(found.kana, "オテアライワドコデスカ");
    assert_eq!((found.length, found.unknown), (19, 0.0));
    assert!(found.fit.abs() < 0.01, "{found:?}");
}

#[test]
fn silence_between_words_is_no_matter() {
    let found = first("k i cl p u o pau k a i t a i");
    assert_eq!(found.text, "切符を買いたい");
    assert!(found.fit.abs() < 0.01, "{found:?}");
}

#[test]
fn a_misheard_phoneme_costs_fit() {
    let found = first("k i cl p u o k a e t a i");
    assert_eq!(found.text, "切符を買いたい");
    assert!(found.fit > 0.3 && found.fit < 2.0, "{found:?}");
}

#[test]
fn a_name_stands_where_a_name_may() {
    for (sounds, name) in [("sh i N r i N k o o e N", "森林公園"), ("t a k e n o h a sh I", "竹橋")] {
        let rest = if sounds.ends_with('I') { "pau w a" } else { "w a" };
        let found = first(&format!("{sounds} {rest} n a N j i m a d e d e s u k a"));
        assert_eq!(found.text, format!("{name}は何時までですか"));
        assert_eq!(found.unknown, 0.0);
    }
}

#[test]
fn a_filler_may_come_first() {
    assert_eq!(first("e e t o pau d o k o d e s u k a").text, "えーとどこですか");
}

#[test]
fn what_the_guide_does_not_know_is_katakana() {
    let found = first("ry u g u z e by o w a d o k o d e s u k a");
    assert_eq!(found.text, "リュグゼビョはどこですか");
    assert_eq!(found.kana, "リュグゼビョワドコデスカ");
    assert_eq!(found.length, 20);
    assert!((found.unknown - 8.0 / 20.0).abs() < 1e-6, "{found:?}");
    assert!(found.fit.abs() < 0.01, "{found:?}");
}

#[test]
fn texts_differ_and_the_same_comes_again() {
    let (guide, frames) = (guide(), spoken("o N s e N n i h a i r i t a i"));
    let found = guide.search(&frames);
    assert_eq!(found[0].text, "温泉に入りたい");
    assert!(found.len() <= 5);
    for (at, one) in found.iter().enumerate() {
        assert!(found[..at].iter().all(|other| other.text != one.text));
    }
    assert_eq!(guide.search(&frames), found);
}

#[test]
fn hiragana_and_katakana_are_one() {
    let kana = |kana| Sentences::new(&[(1.0, vec![Part::Word(word("切符", kana))])], &[], &[]);
    let frames = spoken("k i cl p u");
    assert_eq!(kana("きっぷ").search(&frames), kana("キップ").search(&frames));
    assert_eq!(kana("きっぷ").search(&frames)[0].kana, "キップ");
}

#[test]
fn nothing_gives_nothing() {
    let speech = spoken("k a i t a i");
    let name = (1.0, vec![Part::Name]);
    let strange = (1.0, vec![Part::Word(word("京都", "京都"))]);
    let weightless = (0.0, vec![Part::Word(word("買い", "カイ"))]);
    let silent = (1.0, vec![Part::Word(word("。", ""))]);
    for sentences in [vec![], vec![name], vec![strange], vec![weightless], vec![silent], vec![(1.0, vec![])]] {
        let sentences = Sentences::new(&sentences, &[(word("渋谷", "渋谷"), 1.0)], &[word("", ""), word("?", "?")]);
        assert_eq!(sentences.search(&speech), []);
    }
    assert_eq!(guide().search(&Frames::new(vec![], vec![]).unwrap()), []);
    let padding = BEFORE + AFTER;
    assert_eq!(guide().search(&Frames::new(vec![0.0; padding * PAIRS], vec![0.0; padding]).unwrap()), []);
}

#[test]
fn a_sentence_that_cannot_be_spelled_is_left_out() {
    let mut sentences = vec![sentence("切符/キップ を/オ 買い/カイ たい/タイ")];
    sentences.push(sentence("切符/切符 を/オ 売り/ウリ たい/タイ"));
    let found = Sentences::new(&sentences, &[], &[]).search(&spoken("k i cl p u o u r i t a i"));
    assert!(found.iter().all(|found| !found.text.contains("売り")), "{found:?}");
}

/// Frames of any numbers, from a few that repeat.
fn frames(numbers: impl Strategy<Value = f32>) -> impl Strategy<Value = Frames> {
    (0usize..30, prop::collection::vec(numbers, 1..2000)).prop_map(|(count, numbers)| {
        let count = BEFORE + AFTER + count;
        let mut numbers = numbers.into_iter().cycle();
        let moves = numbers.by_ref().take(count * PAIRS).collect();
        Frames::new(moves, numbers.take(count).collect()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_are_searched(frames in frames(any::<f32>())) {
        let guide = guide();
        let found = guide.search(&frames);
        prop_assert!(found.len() <= 5);
        prop_assert!(found.iter().all(|found| (0.0..=1.0).contains(&found.unknown) && found.length > 0));
    }

    /// Without vowels that may lose their voice nothing fits better than the best run of phonemes.
    #[test]
    fn nothing_fits_better_than_the_best(frames in frames(-12.0f32..0.0)) {
        let sentences = ["何/ナン で/デ", "温/オン", "X で/デ"].map(sentence);
        let guide = Sentences::new(&sentences, &[(word("馬", "ウマ"), 1.0)], &[]);
        for found in guide.search(&frames) {
            prop_assert!(found.fit >= -1e-3 && found.fit.is_finite(), "{found:?}");
        }
    }

    #[test]
    fn any_words_are_learnt(
        sentences in prop::collection::vec((any::<f32>(), prop::collection::vec("[あ-んアー漢]{0,3}", 0..4)), 0..6),
        weight in any::<f32>(),
    ) {
        let parts = |words: &Vec<String>| words.iter().map(|kana| match kana.as_str() {
            "ん" => Part::Name,
            kana => Part::Word(word(kana, kana)),
        }).collect();
        let sentences: Vec<_> = sentences.iter().map(|(weight, words)| (*weight, parts(words))).collect();
        let guide = Sentences::new(&sentences, &[(word("馬", "ウマ"), weight)], &[]);
        prop_assert!(guide.search(&spoken("u m a")).len() <= 5);
    }
}
