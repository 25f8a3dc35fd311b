//! Recordings of a small guide: made once, kept while the text stands, played instead of speaking.

use domain::Language;
use speech::Recordings;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use voice::tool::{Command, Lang, run};

fn write(folder: &Path, say: &str) {
    let each = |inner: &str| ["ja", "en", "zh-Hans", "ko"].map(|tag| format!("[{tag}]\n{inner}\n")).concat();
    let answer = format!(
        "topic = \"bath\"\nsource = {{ kind = \"example\" }}\n{}",
        each(&format!("ask = [\"a\"]\nsay = \"{say}\""))
    );
    let place = format!(
        "kind = \"desk\"\nat = [36.6, 136.7]\naway = {{ by = \"walk\", minutes = 0 }}\nsource = {{ kind = \"example\" }}\n{}",
        each("name = \"前台\"\nabout = \"这里。\"\nway = \"这里。\"\nfee = \"免费。\"")
    );
    let site = "here = \"desk\"\n[name]\nja = \"駅\"\nen = \"Station\"\nzh-Hans = \"站\"\nko = \"역\"\n";
    for (file, text) in [("guide.toml", site), ("places/desk.toml", place.as_str()), ("answers/a.toml", &answer)] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn render(pack: &Path, dry_run: bool) {
    let command = Command::Render { pack: pack.to_owned(), lang: vec![Lang::Zh], dry_run, list: false };
    assert_eq!(run(&command), 0);
}

fn say(pack: &Path, text: &str, output: &Path) {
    let command = Command::Say {
        lang: Lang::Zh,
        text: Some(text.to_owned()),
        output: Some(output.to_owned()),
        batch: None,
        pack: Some(pack.to_owned()),
        speed: 1.0,
        voice: None,
    };
    assert_eq!(run(&command), 0);
}

#[test]
fn what_is_missing_is_spoken_what_is_unused_goes_and_a_person_comes_first() {
    let place = tempfile::tempdir().unwrap();
    let pack = place.path().join("pack");
    write(&pack, "可以租。");
    let recordings = Recordings::in_folder(&pack.join("recordings"));
    let files = || recordings.files().unwrap();
    let found = |text: &str| recordings.find(Language::ZhHans, text);
    render(&pack, true);
    assert_eq!(files(), Vec::<PathBuf>::new(), "a dry run does nothing");
    render(&pack, false);
    let (all, first) = (files(), found("可以租。").expect("the answer is recorded"));
    // The answer, the place's sentences (each once), what is said when nothing is known: in Chinese alone.
    assert!(all.len() >= 6 && all.iter().all(|file| file.to_string_lossy().contains("zh-Hans-")), "{all:?}");
    assert!(Recordings::read(&first).unwrap().seconds() > 0.3);

    // Nothing is spoken twice.
    let old = SystemTime::now() - Duration::from_secs(1000);
    fs::File::options().write(true).open(&first).unwrap().set_modified(old).unwrap();
    render(&pack, false);
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), old);

    // A changed answer has no recording until it is made; the old one goes.
    write(&pack, "不可以租。");
    assert_eq!(found("不可以租。"), None);
    render(&pack, false);
    assert!(!first.exists() && found("不可以租。").is_some());
    assert_eq!(files().len(), all.len());

    // A person's recording is what is said, and stays when nobody says it any more.
    let own = found("不可以租。").unwrap();
    let person = own.with_extension("wav");
    hearing::write_wav(&person, &vec![0.4; 2_400], 24_000).unwrap();
    let out = place.path().join("out.wav");
    say(&pack, "不可以租。", &out);
    assert_eq!(samples(&out), 2_400);
    render(&pack, false);
    assert!(person.exists() && !own.exists(), "the voice's own is not needed beside it");
    write(&pack, "可以租。");
    render(&pack, false);
    assert!(person.exists());
}

/// Samples of a 16-bit WAV file.
fn samples(path: &Path) -> usize {
    (fs::metadata(path).unwrap().len() as usize - 44) / 2
}
