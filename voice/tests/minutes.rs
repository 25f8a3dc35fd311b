//! A recording of two voices with pauses, as long as a test may be; an hour is heard by the same steps.

use domain::Language;
use hearing::{Hints, Vad, resample, write_wav};
use speech::Speaker;
use std::collections::BTreeSet;
use voice::{Place, Recognisers, VoskModels, edits, transcribe};

#[test]
fn times_are_right_to_a_second_and_nothing_is_said_twice() {
    let place = Place::prepared().unwrap();
    let reader = place.reader(&[]).unwrap();
    let mut speaker = Speaker::new(place.models.clone(), reader.clone());
    // At a recorder's rate, so that pieces are resampled one by one.
    let rate = 44_100;
    let mut sound = vec![0.0f32; rate as usize];
    let mut said = Vec::new();
    let sentences = [
        "ただいまから、定例の会議をはじめます。",
        "はじめに、駐車場の工事についてご報告します。",
        "工事は、来月の十日に終わる見込みです。",
        "ご質問はありますか。",
        "雨の日の案内板の位置を、もう一度考えたいと思います。",
        "わかりました。次の会議までに、案を用意します。",
    ];
    // Long enough for two pieces of the file and a silence across their joint.
    for (at, sentence) in sentences.iter().cycle().take(12).enumerate() {
        let speed = if at % 2 == 0 { 1.0 } else { 0.85 };
        let spoken = speaker.say(Language::Ja, sentence, speed).unwrap();
        let gain = if at % 2 == 0 { 1.0 } else { 0.5 };
        let from = sound.len() as f64 / f64::from(rate);
        sound.extend(resample(&spoken.samples, spoken.rate, rate).unwrap().iter().map(|sample| sample * gain));
        said.push((from, sound.len() as f64 / f64::from(rate), *sentence));
        sound.resize(sound.len() + rate as usize * [1, 3, 2][at % 3], 0.0);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("minutes.wav");
    write_wav(&path, &sound, rate).unwrap();
    assert!(sound.len() > 30 * rate as usize, "more than one piece");

    let mut recogniser = Recognisers::load(&place.models, &VoskModels::default(), 1).unwrap();
    let mut vad = Vad::load(&place.models).unwrap();
    let heard = transcribe(&path, Some(Language::Ja), &mut recogniser, &mut vad, &Hints::default()).unwrap();
    let mut used = BTreeSet::new();
    for (from, until, sentence) in &said {
        let own: Vec<usize> = (0..heard.len())
            .filter(|at| {
                let middle = (heard[*at].from_ms + heard[*at].until_ms) as f64 / 2000.0;
                (*from..*until).contains(&middle)
            })
            .collect();
        let (first, last) = (own.first().expect(sentence), own.last().unwrap());
        let (begins, ends) = (heard[*first].from_ms as f64 / 1000.0, heard[*last].until_ms as f64 / 1000.0);
        assert!(
            (begins - from).abs() < 1.0 && (ends - until).abs() < 1.0,
            "{sentence}: {begins} to {ends}, was {from} to {until}"
        );
        let text: String = own.iter().map(|at| heard[*at].text.as_str()).collect();
        let (a, b) = (reader.sound(Language::Ja, &text), reader.sound(Language::Ja, sentence));
        assert!(edits(&a, &b) * 4 <= b.chars().count(), "{sentence}: heard {text}");
        used.extend(own);
    }
    assert_eq!(used.len(), heard.len(), "nothing was heard where nobody spoke: {heard:?}");
    assert!(heard.windows(2).all(|pair| pair[0].until_ms <= pair[1].from_ms), "{heard:?}");
    assert!(heard.iter().all(|heard| heard.until_ms <= (sound.len() as u64 * 1000) / u64::from(rate)));
}
