//! `kiosk voice render`: what a guide always says in the same words, spoken beforehand.

use crate::{Place, VoiceError, own_readings, recordings};
use domain::Language;
use guide::{Fault, Guide, fixed_texts};
use speech::{Recordings, Speaker, parts};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is done with the recordings of a guide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Speak what is missing, remove what is not used.
    Do,
    /// Say what would be done.
    Tell,
    /// List every sentence.
    List,
}

/// The sentences of a language, each once, in the order in which they are first said.
fn sentences(guide: &Guide, language: Language) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let texts = fixed_texts(guide, language);
    // Nothing is cut: what is recorded is there at once.
    let all = texts.iter().flat_map(|text| parts(language, text, |_| true));
    all.filter(|sentence| seen.insert(sentence.clone())).collect()
}

/// How the files of a folder stand to what the guide says.
struct State {
    /// Sentences without a file.
    missing: Vec<(Language, String)>,
    /// The voice's own files that nothing plays any more, or that a person's stands before.
    unused: Vec<PathBuf>,
    /// The same of people's files. They are not removed: nobody can make them again.
    unused_of_people: Vec<PathBuf>,
}

impl State {
    fn of(folder: &Path, guide: &Guide, languages: &[Language]) -> Result<Self, VoiceError> {
        let recordings = recordings(folder);
        let mut used: BTreeSet<PathBuf> = BTreeSet::new();
        let mut missing = Vec::new();
        for language in Language::ALL {
            for sentence in sentences(guide, language) {
                match recordings.find(language, &sentence) {
                    Some(file) => drop(used.insert(file)),
                    None if languages.contains(&language) => missing.push((language, sentence)),
                    None => {}
                }
            }
        }
        let files = recordings.files().map_err(|error| VoiceError::Recordings(folder.to_owned(), error))?;
        let is_of_a_person = |path: &PathBuf| path.extension() == Some(&OsString::from("wav"));
        let unused = files.into_iter().filter(|file| !used.contains(file));
        let (unused_of_people, unused) = unused.partition(is_of_a_person);
        Ok(Self { missing, unused, unused_of_people })
    }
}

/// Brings the recordings of a guide up to date.
pub(crate) fn run(folder: &Path, languages: &[Language], task: Task) -> Result<i32, VoiceError> {
    let guide = Guide::load(folder)?;
    if task == Task::List {
        for language in languages {
            for sentence in sentences(&guide, *language) {
                println!("{}\t{}\t{sentence}", Recordings::name(*language, &sentence), language.tag());
            }
        }
        return Ok(0);
    }
    let State { missing, unused, .. } = State::of(folder, &guide, languages)?;
    if task == Task::Tell {
        for (language, sentence) in &missing {
            println!("+ {}.flac {sentence}", Recordings::name(*language, sentence));
        }
        unused.iter().for_each(|file| println!("- {}", file.display()));
        println!("録音する文{}、消すファイル{}。", missing.len(), unused.len());
        return Ok(0);
    }
    let fault = |error| VoiceError::Recordings(folder.to_owned(), error);
    for file in &unused {
        std::fs::remove_file(file).map_err(fault)?;
    }
    let place = Place::prepared()?;
    let mut speaker = Speaker::new(place.models.clone(), place.reader(&own_readings(&guide))?);
    let recordings = recordings(folder);
    let (begun, terminal) = (Instant::now(), std::io::stderr().is_terminal());
    let mut seconds = 0.0;
    for (at, (language, sentence)) in missing.iter().enumerate() {
        let sound = speaker.say(*language, sentence, 1.0)?;
        seconds += sound.seconds();
        recordings.keep(*language, sentence, &sound).map_err(fault)?;
        let done = at + 1;
        let left = begun.elapsed().as_secs_f32() / done as f32 * (missing.len() - done) as f32;
        let line = format!("{done}/{} あと約{}分 {sentence}", missing.len(), (left / 60.0).ceil());
        // Standard error is for eyes alone; that it is gone is no reason to stop.
        let _ = if terminal {
            write!(std::io::stderr(), "\r\x1b[2K{}", line.chars().take(60).collect::<String>())
        } else if done % 50 == 0 {
            writeln!(std::io::stderr(), "{line}")
        } else {
            Ok(())
        };
    }
    if terminal && !missing.is_empty() {
        eprintln!();
    }
    println!(
        "録音した文{}（{}分、{}分かかりました）、消したファイル{}。",
        missing.len(),
        (seconds / 60.0).round(),
        (begun.elapsed().as_secs_f32() / 60.0).round(),
        unused.len()
    );
    Ok(0)
}

/// What staff should know of the recordings, where there are any. Nothing of it keeps a guide from being used: what is not
/// recorded is spoken.
pub(crate) fn faults(folder: &Path, guide: &Guide) -> Vec<Fault> {
    let warn = |file: PathBuf, what: String| Fault { file, line: 0, what, warning: true };
    let relative = |file: &Path| file.strip_prefix(folder).unwrap_or(file).to_owned();
    let files = match recordings(folder).files() {
        Ok(files) if files.is_empty() => return Vec::new(),
        Ok(files) => files,
        Err(error) => return vec![warn(PathBuf::from("recordings"), format!("フォルダーを読めません（{error}）"))],
    };
    // A language that has none was left out on purpose.
    let has = |language: &Language| {
        let lead = format!("{}-", language.tag());
        files.iter().any(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&lead)))
    };
    let languages: Vec<Language> = Language::ALL.into_iter().filter(has).collect();
    let mut faults: Vec<Fault> = files
        .iter()
        .filter_map(|file| {
            let error = Recordings::read(file).err()?;
            Some(warn(
                relative(file),
                format!("録音として読めません（{error}）。消して、kiosk voice render で作り直してください"),
            ))
        })
        .collect();
    let Ok(state) = State::of(folder, guide, &languages) else { return faults };
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (language, sentence) in &state.missing {
        missing.entry(language.endonym()).or_default().push(sentence);
    }
    for (language, sentences) in missing {
        let what = format!(
            "{language}の文{}つの録音がありません（たとえば「{}」）。kiosk voice render で作れます",
            sentences.len(),
            sentences.first().unwrap_or(&"")
        );
        faults.push(warn(PathBuf::from("recordings"), what));
    }
    for file in &state.unused {
        faults.push(warn(relative(file), "もう言わない文の録音です。kiosk voice render で消えます".to_owned()));
    }
    for file in &state.unused_of_people {
        let what = "もう言わない文の、人の録音です。いらなければ消してください".to_owned();
        faults.push(warn(relative(file), what));
    }
    faults
}
