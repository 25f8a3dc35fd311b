//! Visitors who ask at a roadside station: sound in, sound out, and nothing left.

use anyhow::Context;
use domain::Language;
use std::fs;
use std::path::{Path, PathBuf};
use walks::{Roadside, Visitor, Walk};

/// Where a failing walk leaves its pictures and sounds: Cargo's folder for tests' files.
fn evidence(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_question_by_voice_is_answered_by_voice_in_the_visitor_s_language() -> anyhow::Result<()> {
    let mut walk = Walk::open(Roadside::start((1080, 1920))?)?;
    let mut visitor = Visitor::arrive()?;
    let folder = evidence("roadside");
    // The goals for the voice: 5 % of a Japanese answer's sounds, 10 % of another's; a single answer may be worse: the bath's name is
    // often misheard.
    for (language, voice, question, wanted, most) in [
        (Language::Ja, "jm_kumo", "お風呂は今日は何時まで入れますか", "genpei-no-yu.hours", 14.0),
        (Language::En, "af_heart", "Where is the toilet, please?", "toilets.where", 10.0),
        (Language::ZhHans, "zm_yunjian", "有什么特产可以买", "shop-souvenirs", 10.0),
    ] {
        let asked = visitor.ask(&mut walk, language, voice, question, &folder.join(language.tag()))?;
        assert_eq!(asked.id.as_deref(), Some(wanted), "{question}: {asked:?}");
        assert!(asked.wrong <= most, "{question}: {asked:?}");
    }
    fs::remove_dir_all(folder)?;
    Ok(())
}

#[test]
fn a_guide_whose_process_was_killed_is_back_and_answers() -> anyhow::Result<()> {
    let mut walk = Walk::open(Roadside::start((1080, 1920))?.with_process()?)?;
    let mut visitor = Visitor::arrive()?;
    walk.until_ready()?;
    walk.site.processes.as_ref().context("a process")?.kill("voice")?;
    walk.until("its end", |walk| Ok(walk.kiosk.visit().devices().voice == visit::Voice::NotInstalled))?;
    walk.until_ready()?;
    let folder = evidence("roadside-killed");
    let question = "お風呂は今日は何時まで入れますか";
    let asked = visitor.ask(&mut walk, Language::Ja, "jm_kumo", question, &folder)?;
    assert_eq!(asked.id.as_deref(), Some("genpei-no-yu.hours"), "{asked:?}");
    assert_eq!(walk.site.processes.as_ref().map(|processes| processes.started("voice")), Some(2));
    fs::remove_dir_all(folder)?;
    Ok(())
}
