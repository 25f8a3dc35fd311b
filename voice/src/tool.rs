//! `kiosk voice`: the parts of the voice guide as tools.

use crate::eval::{self, Eval};
use crate::{Place, Recognisers, VoiceError, VoskModels};
use crate::{own_readings, recordings, render, unsure_readings};
use clap::ValueEnum;
use domain::{Language, Refusal};
use guide::{Asked, Dialogue, Guide};
use hearing::{Hints, Vad, write_wav};
use jiff::ZonedDateTime;
use jiff::civil::DateTime;
use reading::Reader;
use serde_json::{Value, json};
use speech::{Speaker, parts};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A language, as scripts name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Japanese.
    Ja,
    /// English.
    En,
    /// Simplified Chinese.
    #[value(alias = "zh-Hans", alias = "zh-hans")]
    Zh,
    /// Korean.
    Ko,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Ja => Self::Ja,
            Lang::En => Self::En,
            Lang::Zh => Self::ZhHans,
            Lang::Ko => Self::Ko,
        }
    }
}

/// What scripts call a language.
pub(crate) fn short(language: Language) -> &'static str {
    match language {
        Language::ZhHans => "zh",
        other => other.tag(),
    }
}

/// The language to hear, or to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Hears {
    /// Japanese.
    Ja,
    /// English.
    En,
    /// Simplified Chinese.
    #[value(alias = "zh-Hans", alias = "zh-hans")]
    Zh,
    /// Korean.
    Ko,
    /// Found out from the sound.
    Auto,
}

impl Hears {
    fn language(self) -> Option<Language> {
        match self {
            Self::Ja => Some(Language::Ja),
            Self::En => Some(Language::En),
            Self::Zh => Some(Language::ZhHans),
            Self::Ko => Some(Language::Ko),
            Self::Auto => None,
        }
    }
}

/// The voice guide's parts, one by one.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Turn recordings into text: questions, or an hour of minutes (議事録) with times.
    ///
    /// With --json, one line a file: {"file","lang","text","reading","confidence","ms","segments":[{"from_ms","until_ms","text"}]}.
    /// A file that cannot be used gives {"file","error"}; the others go on, and the exit code is 3.
    Transcribe {
        /// The WAV files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The language.
        #[arg(long, value_enum, default_value = "auto")]
        lang: Hears,
        /// A guide whose names are likely to be said.
        #[arg(long)]
        pack: Option<PathBuf>,
        /// The folder of a Vosk model, which hears instead of Whisper; --lang tells its language.
        #[arg(long)]
        vosk: Option<PathBuf>,
        /// Threads for the recogniser.
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Answer a question out of a guide, ask back, or say that it does not know.
    ///
    /// With --json: {"answer":ID|null,"text","score","source","place","choices":[{"id","label"}],"follow_ups":[...],"staff"}.
    Ask {
        /// The guide's folder.
        #[arg(long)]
        pack: PathBuf,
        /// The language.
        #[arg(long, value_enum, default_value = "ja")]
        lang: Lang,
        /// The moment of asking, for example 2026-11-23T18:30 [default: now].
        #[arg(long)]
        at: Option<DateTime>,
        /// The question; several are one talk, each in the light of those before.
        #[arg(required = true)]
        text: Vec<String>,
        /// Print JSON, a line a question.
        #[arg(long)]
        json: bool,
    },
    /// Record beforehand what a guide always says in the same words: in Chinese and Korean, whose voice is slow.
    ///
    /// The recordings go into the guide's folder `recordings`, one sentence a file (FLAC). Only what is missing is spoken, so
    /// it can be stopped and run again; what is no longer said is removed. A sentence that was changed has another file name
    /// and is never said with its old recording. A recording of a person (WAV) under the same name is played instead of the
    /// voice's, and is never removed; --list tells the names.
    Render {
        /// The guide's folder.
        pack: PathBuf,
        /// The languages.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Lang::Zh, Lang::Ko])]
        lang: Vec<Lang>,
        /// Only tell what would be spoken and removed.
        #[arg(long)]
        dry_run: bool,
        /// Only list every sentence: name of its file, language and text, between tabs.
        #[arg(long, conflicts_with = "dry_run")]
        list: bool,
    },
    /// Speak a text into a WAV file.
    Say {
        /// The language.
        #[arg(long, value_enum, default_value = "ja")]
        lang: Lang,
        /// The text; Japanese may carry readings: 倶利伽羅《くりから》.
        #[arg(required_unless_present = "batch")]
        text: Option<String>,
        /// Where the sound goes.
        #[arg(short, long, required_unless_present = "batch")]
        output: Option<PathBuf>,
        /// Speak many texts: a file of lines with language, voice (- for the usual one), speed, output and text, between tabs.
        #[arg(long, conflicts_with_all = ["text", "output"])]
        batch: Option<PathBuf>,
        /// A guide: its readings are known, and what it has recorded is played.
        #[arg(long)]
        pack: Option<PathBuf>,
        /// 1 is the voice's own pace.
        #[arg(long, default_value_t = 1.0)]
        speed: f32,
        /// A Kokoro voice instead of the usual one (jf_alpha, zm_yunjian…).
        #[arg(long)]
        voice: Option<String>,
    },
    /// Judge a guide: every fault with its file and line, Japanese words whose reading is not sure and how to settle it, and
    /// which recordings are missing or no longer used.
    Check {
        /// The guide's folder.
        pack: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask every question of a folder (ja.csv, en.csv, zh-Hans.csv, ko.csv with the columns id,question; `-` for questions that
    /// have no answer, `a|b` where either answer is right) and count what is right, confidently wrong, asked back and refused.
    ///
    /// A folder of recordings (tests/voice/spoken/make.py; manifest.csv with the columns
    /// file,lang,id,question,voice,speed,condition) is heard first; then errors by character and by reading are counted, too.
    Eval(Eval),
}

/// Runs a tool; gives the exit code: 0 done, 2 bad arguments, 3 refused.
pub fn run(command: &Command) -> i32 {
    let done = match command {
        Command::Transcribe { files, lang, pack, vosk, threads, json } => {
            let language = lang.language();
            let vosk = match (vosk, language) {
                (None, _) => VoskModels::default(),
                (Some(folder), Some(language)) => {
                    VoskModels { library: None, models: [(language, folder.clone())].into() }
                }
                (Some(_), None) => {
                    eprintln!("--vosk: --lang tells which language its model is for");
                    return 2;
                }
            };
            transcribe(files, language, pack.as_deref(), &vosk, *threads, *json)
        }
        Command::Ask { pack, lang, at, text, json } => ask(pack, (*lang).into(), *at, text, *json),
        Command::Render { pack, lang, dry_run, list } => {
            let languages: Vec<Language> = lang.iter().map(|lang| (*lang).into()).collect();
            let task = if *list {
                render::Task::List
            } else if *dry_run {
                render::Task::Tell
            } else {
                render::Task::Do
            };
            render::run(pack, &languages, task)
        }
        Command::Say { batch: Some(batch), pack, .. } => say_batch(batch, pack.as_deref()),
        Command::Say { lang, text, output, pack, speed, voice, .. } => {
            if !(0.3..=3.0).contains(speed) {
                eprintln!("--speed: between 0.3 and 3");
                return 2;
            }
            let (Some(text), Some(output)) = (text, output) else { return 2 };
            speaker(pack.as_deref())
                .and_then(|mut speaker| say(&mut speaker, (*lang).into(), text, output, *speed, voice.as_deref()))
        }
        Command::Check { pack, json } => return check(pack, *json),
        Command::Eval(eval) => eval::run(eval),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let remedy = match &error {
                VoiceError::Guide(_) => "示された行を直してから、もう一度お試しください。",
                VoiceError::Model(_) | VoiceError::Japanese(_) | VoiceError::NoCache => {
                    "cargo xtask setup を実行して、音声案内の部品を用意してください。"
                }
                _ => "ファイルと引数を確かめてください。",
            };
            let other_way = "くわしい使い方は kiosk voice --help をご覧ください。";
            println!("{}", json!({ "error": Refusal::new(error.to_string(), remedy, other_way) }));
            3
        }
    }
}

/// The names of a guide, and what its visitors are likely to say; not for the second ear, which hears nothing but that.
fn hints(pack: Option<&Path>, reader: &Reader, language: Option<Language>) -> Result<Hints, VoiceError> {
    let (Some(pack), Some(language)) = (pack, language) else { return Ok(Hints::default()) };
    Ok(Hints { sentences: None, ..crate::hints(&Guide::load(pack)?, reader, language) })
}

fn transcribe(
    files: &[PathBuf],
    language: Option<Language>,
    pack: Option<&Path>,
    vosk: &VoskModels,
    threads: usize,
    json: bool,
) -> Result<i32, VoiceError> {
    let place = Place::prepared()?;
    let reader = place.reader(&[])?;
    let hints = hints(pack, &reader, language)?;
    let mut recogniser = Recognisers::load(&place.models, vosk, threads)?;
    let mut vad = Vad::load(&place.models)?;
    let mut code = 0;
    for file in files {
        let started = Instant::now();
        match crate::transcribe(file, language, &mut recogniser, &mut vad, &hints) {
            Ok(heard) => {
                let spoken = heard.first().map_or(language.unwrap_or_default(), |heard| heard.language);
                let space = if matches!(spoken, Language::En | Language::Ko) { " " } else { "" };
                let text = heard.iter().map(|heard| heard.text.as_str()).collect::<Vec<_>>().join(space);
                let confidence = heard.iter().map(|heard| heard.confidence).sum::<f32>() / heard.len().max(1) as f32;
                if json {
                    let segments: Vec<Value> = heard
                        .iter()
                        .map(|h| json!({ "from_ms": h.from_ms, "until_ms": h.until_ms, "text": h.text }))
                        .collect();
                    println!(
                        "{}",
                        json!({
                            "file": file, "lang": short(spoken), "reading": reader.sound(spoken, &text), "text": text,
                            "confidence": confidence, "ms": started.elapsed().as_millis() as u64, "segments": segments,
                        })
                    );
                } else {
                    println!("# {}", file.display());
                    for h in &heard {
                        println!("[{} – {}] {}", clock(h.from_ms), clock(h.until_ms), h.text);
                    }
                }
            }
            Err(error) => {
                code = 3;
                if json {
                    let refusal = Refusal::new(
                        format!("{}を聞き取れません（{error}）。", file.display()),
                        "WAV形式（16ビット）の録音か、確かめてください。",
                        "ほかの形式は ffmpeg などで WAV に直せます。",
                    );
                    println!("{}", json!({ "file": file, "error": refusal }));
                } else {
                    eprintln!("{}: {error}", file.display());
                }
            }
        }
    }
    Ok(code)
}

fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("{:02}:{:02}:{:02}.{}", seconds / 3600, seconds / 60 % 60, seconds % 60, ms % 1000 / 100)
}

fn ask(
    pack: &Path,
    language: Language,
    at: Option<DateTime>,
    texts: &[String],
    as_json: bool,
) -> Result<i32, VoiceError> {
    let answerer = Place::prepared()?.answerer(pack)?;
    let now = at.unwrap_or_else(|| ZonedDateTime::now().datetime());
    let mut dialogue = Dialogue::default();
    for text in texts {
        let reply = dialogue.ask(&answerer, language, Asked::Written(text), now)?;
        if as_json {
            let mut value = json!(reply);
            // Readings are for voices and screens; scripts want the text.
            value["text"] = json!(domain::ruby::plain(&reply.text));
            println!("{value}");
        } else {
            println!("{}", domain::ruby::plain(&reply.text));
            for (at, choice) in reply.choices.iter().enumerate() {
                println!("  {}. {}", at + 1, domain::ruby::plain(&choice.label));
            }
        }
    }
    Ok(0)
}

/// With a guide's readings and recordings, if one is given.
fn speaker(pack: Option<&Path>) -> Result<Speaker, VoiceError> {
    let place = Place::prepared()?;
    let Some(pack) = pack else { return Ok(Speaker::new(place.models.clone(), place.reader(&[])?)) };
    let reader = place.reader(&own_readings(&Guide::load(pack)?))?;
    Ok(Speaker::new(place.models.clone(), reader).with(recordings(pack)))
}

fn say_batch(batch: &Path, pack: Option<&Path>) -> Result<i32, VoiceError> {
    let mut speaker = speaker(pack)?;
    let lines = match std::fs::read_to_string(batch) {
        Ok(lines) => lines,
        Err(error) => {
            eprintln!("{}: {error}", batch.display());
            return Ok(2);
        }
    };
    for (at, line) in lines.lines().enumerate() {
        let fields: Vec<&str> = line.split('\t').collect();
        let parsed = match fields[..] {
            [lang, voice, speed, output, text] => Lang::from_str(lang, true)
                .ok()
                .zip(speed.parse::<f32>().ok().filter(|speed| (0.3..=3.0).contains(speed)))
                .map(|(lang, speed)| (lang, Some(voice).filter(|voice| *voice != "-"), speed, output, text)),
            _ => None,
        };
        let Some((lang, voice, speed, output, text)) = parsed else {
            eprintln!("{}:{}: language, voice, speed, output and text, between tabs", batch.display(), at + 1);
            return Ok(2);
        };
        say(&mut speaker, lang.into(), text, Path::new(output), speed, voice)?;
    }
    Ok(0)
}

fn say(
    speaker: &mut Speaker,
    language: Language,
    text: &str,
    output: &Path,
    speed: f32,
    voice: Option<&str>,
) -> Result<i32, VoiceError> {
    let (mut samples, mut rate) = (Vec::new(), 24_000);
    for sentence in parts(language, text, |_| true) {
        let sound = match voice {
            Some(voice) => speaker.say_as(language, voice, &sentence, speed)?,
            None => speaker.say(language, &sentence, speed)?,
        };
        rate = sound.rate;
        if !samples.is_empty() {
            samples.resize(samples.len() + rate as usize * 3 / 10, 0.0);
        }
        samples.extend(sound.samples);
    }
    write_wav(output, &samples, rate).map_err(hearing::HearingError::from)?;
    Ok(0)
}

fn check(pack: &Path, as_json: bool) -> i32 {
    let (faults, counts) = match Guide::load(pack) {
        Ok(guide) => {
            let counts = Some((guide.answers.len(), guide.places.len(), guide.events.len()));
            let mut faults = guide.warnings.clone();
            faults.extend(render::faults(pack, &guide));
            match Place::prepared().and_then(|place| unsure_readings(&guide, pack, &place)) {
                Ok(unsure) => faults.extend(unsure),
                // A guide can be written where nothing can be spoken.
                Err(error) => eprintln!("辞書がないので、読みは調べていません（{error}）。"),
            }
            (faults, counts)
        }
        Err(error) => (error.0, None),
    };
    if as_json {
        let list: Vec<Value> = faults
            .iter()
            .map(|f| json!({ "file": f.file, "line": f.line, "what": f.what, "warning": f.warning }))
            .collect();
        println!("{}", json!({ "usable": counts.is_some(), "faults": list }));
    } else {
        faults.iter().for_each(|fault| println!("{fault}"));
        match counts {
            Some((answers, places, events)) => println!("使えます。答え{answers}、場所{places}、行事{events}。"),
            None => println!("このままでは使えません。"),
        }
    }
    if counts.is_some() { 0 } else { 3 }
}
