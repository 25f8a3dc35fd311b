//! What the voices say is understood by a recogniser that nobody here wrote.

use domain::Language;
use guide::Guide;
use hearing::{Hints, RATE, Recogniser, SecondEar, Vad, Wanted, Whisper, loudness, resample};
use reading::normal;
use speech::Speaker;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use voice::Place;

/// Edits a hundred sounds.
fn error(heard: &str, said: &str) -> f32 {
    100.0 * voice::edits(heard, said) as f32 / said.chars().count().max(1) as f32
}

#[test]
fn four_languages_are_spoken_and_understood() {
    let place = Place::prepared().unwrap();
    let reader = place.reader(&[]).unwrap();
    let mut speaker = Speaker::new(place.models.clone(), reader.clone());
    let mut whisper = Whisper::load(&place.models, 1).unwrap();
    let mut vad = Vad::load(&place.models).unwrap();
    for (language, text, most) in [
        (Language::Ja, "お風呂は、今日は午後八時半まで開いています。", 8.0),
        (Language::En, "The bath is open until half past eight today.", 10.0),
        (Language::ZhHans, "浴室今天开放到晚上八点半。", 15.0),
        (Language::Ko, "화장실은 이 건물 안에 있습니다.", 25.0),
    ] {
        let sound = speaker.say(language, text, 1.0).unwrap();
        assert!((1.0..12.0).contains(&sound.seconds()), "{text}: {} s", sound.seconds());
        let samples = resample(&sound.samples, sound.rate, RATE).unwrap();
        assert!(loudness(&samples) > -30.0);
        assert_eq!(vad.spans(&samples).unwrap().len(), 1, "{text} is one utterance");
        let heard = whisper.hear(&samples, Some(language), &Hints::default()).unwrap();
        let heard: String = heard.into_iter().map(|heard| heard.text).collect();
        let (a, b) = (reader.sound(language, &heard), reader.sound(language, text));
        assert!(error(&a, &b) <= most, "{text}: heard {heard} ({:.0} %)", error(&a, &b));
        // And the language itself is recognised.
        let found = whisper.hear(&samples, None, &Hints::default()).unwrap();
        assert_eq!(found.first().map(|heard| heard.language), Some(language), "{text}");
    }
}

#[test]
fn silence_noise_and_a_click_are_no_speech() {
    let place = Place::prepared().unwrap();
    let mut vad = Vad::load(&place.models).unwrap();
    let mut seed = 1u32;
    let mut noise = |level: f32| {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..RATE * 3).map(|_| level * next()).collect::<Vec<f32>>()
    };
    let mut click = vec![0.0; RATE as usize * 2];
    click[RATE as usize..][..80].fill(0.9);
    for (name, sound) in [
        ("silence", vec![0.0; RATE as usize * 3]),
        ("a whisper of noise", noise(0.01)),
        ("noise", noise(0.3)),
        ("a click", click),
    ] {
        assert_eq!(vad.spans(&sound).unwrap(), [], "{name}");
    }
    let mut whisper = Whisper::load(&place.models, 1).unwrap();
    assert_eq!(whisper.hear(&[0.0; 100], None, &Hints::default()).unwrap(), []);
    // What nobody wants any more is given up; what is ordered then is heard.
    let newest = Arc::new(AtomicU64::new(2));
    whisper.only_while(Wanted::while_newest(Arc::clone(&newest), 1));
    assert!(whisper.hear(&noise(0.01), Some(Language::Ja), &Hints::default()).is_err());
    whisper.only_while(Wanted::while_newest(newest, 2));
    assert!(whisper.hear(&noise(0.01), Some(Language::Ja), &Hints::default()).is_ok());
}

#[test]
fn the_second_ear_hears_what_is_likely_here_and_nothing_else() {
    let place = Place::prepared().unwrap();
    let guide = Guide::load(Path::new("guides/kurikara")).unwrap();
    let own: Vec<_> = guide.site.readings.clone().into_iter().collect();
    let reader = place.reader(&own).unwrap();
    let sentences = voice::hints(&guide, &reader, Language::Ja).sentences.unwrap();
    let mut speaker = Speaker::new(place.models.clone(), reader.clone());
    let mut ear = SecondEar::load(&place.models).unwrap();
    let mut hear = |text: &str| {
        let sound = speaker.say(Language::Ja, text, 1.0).unwrap();
        let samples = resample(&sound.samples, sound.rate, RATE).unwrap();
        ear.hear(&samples, &sentences).unwrap()
    };
    // A way of asking with a name, and a sentence of the guide's own: in the guide's own spelling.
    for text in
        ["源平茶屋はどこですか", "紅葉の見ごろはいつですか", "すみません、倶利伽羅不動尊までどのくらいかかりますか"]
    {
        let heard = hear(text).expect(text);
        let (a, b) = (reader.sound(Language::Ja, &heard), reader.sound(Language::Ja, text));
        assert!(error(&a, &b) <= 10.0, "{text}: heard {heard}");
        assert!(text.contains("源平茶屋") <= normal(&heard).contains("源平茶屋"), "{heard}");
    }
    // Of what nobody asks here it makes nothing that is far from the sound.
    if let Some(heard) = hear("量子もつれの実験装置をぶどう畑で組み立てました") {
        let said = reader.sound(Language::Ja, "量子もつれの実験装置をぶどう畑で組み立てました");
        assert!(error(&reader.sound(Language::Ja, &heard), &said) < 60.0, "{heard}");
    }
    assert_eq!(ear.hear(&[0.0; RATE as usize * 2], &sentences).unwrap(), None);
    assert_eq!(ear.hear(&[0.1; 100], &sentences).unwrap(), None);
    assert_eq!(ear.hear(&[f32::NAN; RATE as usize], &sentences).unwrap(), None);
}
