//! Which engine hears which language.

use domain::Language;
use hearing::{Heard, HearingError, Hints, RATE, Recogniser, Vosk, Whisper, resample};
use speech::Speaker;
use std::path::PathBuf;
use voice::{Place, Recognisers, VoskModels};

fn said(place: &Place, language: Language, text: &str) -> Vec<f32> {
    let mut speaker = Speaker::new(place.models.clone(), place.reader(&[]).unwrap());
    let sound = speaker.say(language, text, 1.0).unwrap();
    let mut samples = resample(&sound.samples, sound.rate, RATE).unwrap();
    samples.resize(samples.len() + RATE as usize / 2, 0.0);
    samples
}

/// Vosk hears with a little chance: the same stretch of sound, and about the same syllables.
fn same(a: &[Heard], b: &[Heard]) -> bool {
    let stretch = |heard: &[Heard]| heard.first().zip(heard.last()).map(|(first, last)| (first.from_ms, last.until_ms));
    let syllables =
        |heard: &[Heard]| heard.iter().flat_map(|heard| heard.text.chars()).filter(|c| *c != ' ').collect::<String>();
    stretch(a) == stretch(b) && voice::edits(&syllables(a), &syllables(b)) <= 4
}

#[test]
fn korean_is_heard_by_its_own_engine_and_japanese_by_whisper() {
    let place = Place::prepared().unwrap();
    let folder = place.models.folder("vosk-ko").unwrap();
    let choice = VoskModels { library: None, models: [(Language::Ko, folder.clone())].into() };
    let mut chosen = Recognisers::load(&place.models, &choice, 1).unwrap();
    let mut second = chosen.another(1).unwrap();
    let hints = Hints::default();

    let korean = said(&place, Language::Ko, "화장실은 이 건물 안에 있습니다.");
    let alone = Vosk::load(&place.models, &folder, Language::Ko).unwrap().hear(&korean, None, &hints).unwrap();
    // Whisper would have told another stretch.
    let other = Whisper::load(&place.models, 1).unwrap().hear(&korean, Some(Language::Ko), &hints).unwrap();
    assert!(!alone.is_empty() && !same(&other, &alone), "{other:?}");
    assert!(same(&chosen.hear(&korean, Some(Language::Ko), &hints).unwrap(), &alone));
    assert!(same(&second.hear(&korean, Some(Language::Ko), &hints).unwrap(), &alone), "the model is shared");
    // The language is found by Whisper, the words by Vosk.
    assert!(same(&chosen.hear(&korean, None, &hints).unwrap(), &alone));

    let japanese = said(&place, Language::Ja, "お手洗いはどこですか。");
    let whisper = Whisper::load(&place.models, 1).unwrap().hear(&japanese, Some(Language::Ja), &hints).unwrap();
    assert_eq!(chosen.hear(&japanese, Some(Language::Ja), &hints).unwrap(), whisper);
    // It outlives the one it was made beside.
    drop(chosen);
    assert!(same(&second.hear(&korean, Some(Language::Ko), &hints).unwrap(), &alone));

    // The library that the operator names is the one that is loaded.
    let library = place.models.file("libvosk.so").unwrap();
    let named = VoskModels { library: Some(library), ..choice.clone() };
    let mut named = Recognisers::load(&place.models, &named, 1).unwrap();
    assert!(same(&named.hear(&korean, Some(Language::Ko), &hints).unwrap(), &alone));
    for (wrong, cause) in [
        (VoskModels { library: Some(PathBuf::from("/nowhere/libvosk.so")), ..choice.clone() }, "/nowhere/libvosk.so"),
        (VoskModels { models: [(Language::Ja, PathBuf::from("/nowhere"))].into(), ..choice }, "holds no Vosk model"),
    ] {
        match Recognisers::load(&place.models, &wrong, 1).err() {
            Some(HearingError::Engine { engine: "vosk", cause: said }) => assert!(said.contains(cause), "{said}"),
            other => panic!("{other:?}"),
        }
    }
}
