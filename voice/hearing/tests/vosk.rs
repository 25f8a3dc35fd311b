//! Vosk hears what the Korean voice says.

use domain::Language;
use hearing::{HearingError, Hints, RATE, Recogniser, Vosk, resample};
use models::Models;
use reading::{Japanese, Reader};
use speech::Speaker;
use std::path::Path;
use std::sync::Arc;

fn prepared() -> Models {
    Models::open(&Models::default_folder().unwrap()).unwrap()
}

fn korean(models: &Models) -> Vosk {
    Vosk::load(models, &models.folder("vosk-ko").unwrap(), Language::Ko).unwrap()
}

/// What the voice says, with half a second of silence behind it.
fn said(models: &Models, text: &str) -> Vec<f32> {
    let dictionary = Models::default_folder().unwrap().parent().unwrap().join("naist-jdic");
    let reader = Arc::new(Reader::new(Japanese::load(&dictionary, &[]).unwrap()));
    let sound = Speaker::new(models.clone(), reader).say(Language::Ko, text, 1.0).unwrap();
    let mut samples = resample(&sound.samples, sound.rate, RATE).unwrap();
    samples.resize(samples.len() + RATE as usize / 2, 0.0);
    samples
}

fn syllables(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// How many of the syllables that were said were heard, in their order (the longest common subsequence).
fn right(heard: &str, said: &str) -> f32 {
    let (heard, said) = (syllables(heard), syllables(said));
    let mut row = vec![0usize; said.len() + 1];
    for x in heard {
        let mut corner = 0;
        for (at, y) in said.iter().enumerate() {
            let up = row[at + 1];
            row[at + 1] = if x == *y { corner + 1 } else { up.max(row[at]) };
            corner = up;
        }
    }
    row[said.len()] as f32 / said.len().max(1) as f32
}

fn cause(error: HearingError) -> String {
    match error {
        HearingError::Engine { engine: "vosk", cause } => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_korean_sentence_is_heard_at_once_and_while_it_is_spoken() {
    let models = prepared();
    let text = "화장실은 이 건물 안에 있습니다.";
    let samples = said(&models, text);
    let length = samples.len() as u64 * 1000 / u64::from(RATE);
    let mut vosk = korean(&models);
    let heard = vosk.hear(&samples, Some(Language::Ko), &Hints::default()).unwrap();
    let all: String = heard.iter().map(|heard| heard.text.as_str()).collect();
    assert!(right(&all, text) >= 0.5, "heard {all}");
    for heard in &heard {
        assert_eq!(heard.language, Language::Ko);
        assert!(heard.confidence > 0.0 && heard.confidence <= 1.0, "{heard:?}");
        assert!(heard.from_ms < heard.until_ms && heard.until_ms <= length, "{heard:?}");
    }

    // In pieces of a tenth of a second, as a microphone gives them.
    vosk.begin(&Hints::default()).unwrap();
    let mut partials = Vec::new();
    for (at, piece) in samples.chunks(RATE as usize / 10).enumerate() {
        partials.extend(vosk.push(piece).unwrap().map(|text| (at, text)));
    }
    let whole = vosk.end().unwrap();
    assert!(partials.len() >= 2, "{partials:?}");
    assert!(partials[0].0 < samples.len() / (RATE as usize / 10) / 2, "the first is early: {partials:?}");
    assert!(right(&whole.text, text) >= 0.5, "heard {}", whole.text);
    assert!(whole.from_ms < whole.until_ms && whole.until_ms <= length, "{whole:?}");
    // Who does not listen hears nothing.
    assert!(vosk.push(&samples).is_err());
    assert!(vosk.end().is_err());
}

#[test]
fn a_list_of_words_holds_it_to_them() {
    let models = prepared();
    let mut vosk = korean(&models);
    let words = ["화장실", "주차장", "식당"];
    // And one that no model knows.
    let hints =
        Hints { words: words.iter().chain(&["뷁쉛"]).map(|word| (*word).to_owned()).collect(), ..Hints::default() };
    vosk.expect_only_hints(true);
    for word in words {
        let samples = said(&models, word);
        let heard = vosk.hear(&samples, None, &hints).unwrap();
        let heard: Vec<&str> = heard.iter().flat_map(|heard| heard.text.split(' ')).collect();
        assert_eq!(heard, [word]);
    }
    // Where the model knows none of the words, it hears as if there were no list.
    let samples = said(&models, "화장실");
    let strange = Hints { words: vec!["뷁쉛".to_owned(), "…".to_owned()], ..Hints::default() };
    let heard = vosk.hear(&samples, None, &strange).unwrap();
    let heard: String = heard.into_iter().map(|heard| heard.text).collect();
    assert!(right(&heard, "화장실") >= 0.5, "heard {heard}");
    // Nothing beside the list is heard, but this model takes other speech and noise for words of the list; silence for none.
    let only = |samples: &[f32], vosk: &mut Vosk| {
        let heard = vosk.hear(samples, None, &hints).unwrap();
        assert!(heard.iter().flat_map(|heard| heard.text.split(' ')).all(|word| words.contains(&word)), "{heard:?}");
    };
    only(&said(&models, "버스 시간표를 알고 싶습니다."), &mut vosk);
    let mut seed = 1u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.1 * ((seed >> 8) as f32 / 8_388_608.0 - 1.0)
    };
    only(&(0..RATE * 2).map(|_| noise()).collect::<Vec<f32>>(), &mut vosk);
    assert_eq!(vosk.hear(&vec![0.0; RATE as usize * 2], None, &hints).unwrap(), []);
}

#[test]
fn silence_is_nothing_and_another_language_an_error() {
    let models = prepared();
    let mut vosk = korean(&models);
    for length in [0, 100, RATE as usize * 3] {
        assert_eq!(vosk.hear(&vec![0.0; length], None, &Hints::default()).unwrap(), [], "{length}");
    }
    assert_eq!(vosk.hear(&[f32::NAN; 8_000], None, &Hints::default()).unwrap(), []);
    vosk.begin(&Hints::default()).unwrap();
    assert_eq!(vosk.push(&[0.0; 16_000]).unwrap(), None);
    assert_eq!(vosk.end().unwrap().text, "");
    // Begun twice, and dropped while it listens.
    vosk.begin(&Hints::default()).unwrap();
    vosk.begin(&Hints::default()).unwrap();
    let error = vosk.hear(&[0.0; 8_000], Some(Language::Ja), &Hints::default()).unwrap_err();
    assert!(cause(error).contains("Ko"));
    std::thread::spawn(move || vosk.push(&[0.0; 8_000]).unwrap()).join().unwrap();
}

#[test]
fn what_is_missing_is_said_plainly() {
    let models = prepared();
    let load = |models: &Models, folder: &Path| Vosk::load(models, folder, Language::Ko).err().map(cause).unwrap();
    let folder = tempfile::tempdir().unwrap();
    assert!(load(&models, &folder.path().join("nowhere")).contains("holds no Vosk model"));
    assert!(load(&models, folder.path()).contains("holds no Vosk model"));
    // A folder that looks like one.
    std::fs::create_dir(folder.path().join("am")).unwrap();
    std::fs::write(folder.path().join("am/final.mdl"), "no model").unwrap();
    assert!(load(&models, folder.path()).contains("is refused"));
    // Models without the library.
    std::fs::write(folder.path().join("models.toml"), "").unwrap();
    let without = Models::open(folder.path()).unwrap();
    assert!(load(&without, &models.folder("vosk-ko").unwrap()).contains("libvosk.so is missing"));
}
