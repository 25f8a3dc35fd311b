//! The example guides, and guides with faults: what staff are told.

use domain::Language;
use guide::Guide;
use std::fs;
use std::path::{Path, PathBuf};

fn guides() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guides")
}

#[test]
fn the_example_guides_are_whole() {
    let station = Guide::load(&guides().join("kurikara")).unwrap_or_else(|error| panic!("{error}"));
    assert!(station.answers.len() >= 150 && station.places.len() >= 60 && station.events.len() >= 10);
    let hall = Guide::load(&guides().join("nagisa")).unwrap_or_else(|error| panic!("{error}"));
    assert!(hall.answers.len() >= 30);
    for guide in [&station, &hall] {
        for (id, answer) in &guide.answers {
            for language in Language::ALL {
                let text = answer.text(language);
                assert!(text.ask.len() >= 8, "{id} in {}", language.tag());
                assert!(
                    speech::sentences(language, &text.say).len() <= 4,
                    "{id} in {} is long: {}",
                    language.tag(),
                    text.say
                );
            }
        }
    }
}

/// A guide of one answer and one place, with these contents.
fn small(folder: &Path, answer: &str) {
    let each = |inner: &str| ["ja", "en", "zh-Hans", "ko"].map(|tag| format!("[{tag}]\n{inner}\n")).concat();
    let place = format!(
        "kind = \"desk\"\nat = [36.6, 136.7]\naway = {{ by = \"walk\", minutes = 0 }}\nsource = {{ kind = \"example\" }}\n{}",
        each("name = \"受付\"\nabout = \"受付です。\"\nway = \"こちらです。\"")
    );
    let site = "here = \"desk\"\n[name]\nja = \"駅\"\nen = \"Station\"\nzh-Hans = \"站\"\nko = \"역\"\n";
    for (file, text) in [("guide.toml", site), ("places/desk.toml", place.as_str()), ("answers/a.toml", answer)] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn a_fault_is_told_with_its_file_and_line_in_japanese() {
    let good = |ko: &str| {
        format!(
            "topic = \"bath\"\nsource = {{ kind = \"example\" }}\n[ja]\nask = [\"a\"]\nsay = \"b\"\n[en]\nask = [\"a\"]\nsay = \"b\"\n\
             [zh-Hans]\nask = [\"a\"]\nsay = \"b\"\n{ko}"
        )
    };
    let korean = "[ko]\nask = [\"a\"]\nsay = \"b\"\n";
    let whole = good(korean);
    let (without_topic, double) = (whole.replacen("topic = \"bath\"\n", "", 1), format!("{whole}say = \"c\"\n"));
    let cases: Vec<(String, usize, &str)> = vec![
        (whole.replace("topic", "topik"), 1, "topik"),
        (without_topic, 1, "topic"),
        (whole.replace("\"bath\"", "\"bahts\""), 1, "選べません"),
        (good(""), 1, "ko"),
        (whole.replacen("source", "follow_ups = [\"nowhere\"]\nsource", 1), 2, "nowhere"),
        (whole.replacen("source", "season = { from = \"02-30\", until = \"03-01\" }\nsource", 1), 2, "02-30"),
        (double, 0, "2つ"),
        ("\u{feff}\u{0}[[[".to_owned(), 0, ""),
    ];
    for (text, line, what) in cases {
        let folder = tempfile::tempdir().unwrap();
        small(folder.path(), &text);
        let error = Guide::load(folder.path()).expect_err(&text);
        let fault = &error.0[0];
        assert_eq!(fault.file, Path::new("answers/a.toml"), "{text}");
        assert!(fault.what.contains(what), "{}: {what}", fault.what);
        assert!(line == 0 || fault.line == line, "{fault}: line {line}");
    }
    let folder = tempfile::tempdir().unwrap();
    small(folder.path(), &whole);
    // A folder of events is not needed, one of answers is.
    Guide::load(folder.path()).unwrap();
    let error = Guide::load(&folder.path().join("places")).expect_err("no guide");
    assert!(error.0.iter().any(|fault| fault.file == Path::new("answers")), "{error}");
    // The same name in another folder.
    fs::copy(folder.path().join("places/desk.toml"), folder.path().join("places/a.toml")).unwrap();
    assert!(Guide::load(folder.path()).unwrap_err().to_string().contains("ほかのフォルダー"));
    // No folder at all.
    assert!(Guide::load(Path::new("/nowhere")).is_err());
}
