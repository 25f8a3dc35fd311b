//! A roadside station: a kiosk with a microphone and a speaker on a real sound server, and visitors who ask.

use crate::hands::Hands;
use crate::processes::Processes;
use crate::site::root;
use crate::walk::{Scene, Walk};
use anyhow::{Context, ensure};
use domain::{Language, ruby};
use hearing::{Hints, RATE, Recogniser, Vad, Whisper, write_wav};
use jiff::civil::DateTime;
use reading::Reader;
use speech::Speaker;
use stage::SoundServer;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use visit::view::{Body, View};
use visit::{State, Turns};
use voice::Place;

/// Loading the networks, and learning a guide that was never learnt before.
const READY: Duration = Duration::from_secs(600);

/// A Monday evening on which the bath is open: what is answered, and so how well it is understood, is the same at every hour.
const AT: DateTime = jiff::civil::datetime(2026, 11, 23, 18, 30, 0, 0);

/// The scene. Everything that was started ends with it.
pub struct Roadside {
    /// What the kiosk hears and speaks through.
    pub sound: SoundServer,
    /// The voice port, if it is a process of its own.
    pub processes: Option<Processes>,
    config: PathBuf,
    _folder: TempDir,
}

impl Scene for Roadside {
    fn config(&self) -> &Path {
        &self.config
    }

    fn at(&self) -> Option<DateTime> {
        Some(AT)
    }

    fn processes(&self) -> Option<&Processes> {
        self.processes.as_ref()
    }
}

impl Roadside {
    /// Sets the scene. Call it before the process has other threads: it tells the sound library where its server is by an
    /// environment variable.
    ///
    /// # Errors
    /// When a part cannot be started.
    pub fn start(screen: (u32, u32)) -> anyhow::Result<Self> {
        let sound = SoundServer::start()?;
        // SAFETY: by the contract of this function no other thread reads the environment.
        unsafe { std::env::set_var("PULSE_SERVER", sound.address()) };
        let folder = tempfile::Builder::new().prefix("roadside-").tempdir()?;
        let config = folder.path().join("kiosk.toml");
        let site = root().join("kiosk/sites/roadside");
        let (width, height) = screen;
        fs::write(
            &config,
            format!("name = \"michi-1\"\nsite = {site:?}\nstore = \"counts.sqlite\"\nscreen = [{width}, {height}]\n"),
        )?;
        Ok(Self { sound, processes: None, config, _folder: folder })
    }

    /// The same, with a voice guide that is a process of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn with_process(self) -> anyhow::Result<Self> {
        Ok(Self { processes: Some(Processes::start(&[("voice", "voice")])?), ..self })
    }
}

/// Somebody who asks, and the ear of somebody who listens to the answer.
pub struct Visitor {
    speaker: Speaker,
    whisper: Whisper,
    vad: Vad,
    reader: Arc<Reader>,
}

/// What came of a question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the kiosk understood.
    pub heard: String,
    /// What was meant.
    pub id: Option<String>,
    /// What it answered, as it is written.
    pub answer: String,
    /// What a recogniser understood of its voice.
    pub said: String,
    /// How many of a hundred sounds of the answer the recogniser got wrong.
    pub wrong: f32,
    /// From the last sound of the question to the first of the answer.
    pub waited: Duration,
}

impl Visitor {
    /// A visitor who knows how the site's names are read.
    ///
    /// # Errors
    /// When a voice or recogniser is missing.
    pub fn arrive() -> anyhow::Result<Self> {
        let place = Place::prepared()?;
        let guide = guide::Guide::load(&root().join("voice/guides/kurikara"))?;
        let own: Vec<(String, String)> = guide.site.readings.into_iter().collect();
        let reader = place.reader(&own)?;
        Ok(Self {
            speaker: Speaker::new(place.models.clone(), Arc::clone(&reader)),
            whisper: Whisper::load(&place.models, 1)?,
            vad: Vad::load(&place.models)?,
            reader,
        })
    }

    /// Asks a question in the voice of this name, waits for the whole answer, and goes away. Pictures and sounds go into
    /// `keep`.
    ///
    /// # Errors
    /// When the kiosk does not do what it should.
    pub fn ask(
        &mut self,
        walk: &mut Walk<Roadside>,
        language: Language,
        voice: &str,
        question: &str,
        keep: &Path,
    ) -> anyhow::Result<Asked> {
        fs::create_dir_all(keep)?;
        let sound = self.speaker.say_as(language, voice, question, 1.0)?;
        // As loud as somebody an arm's length away.
        let samples: Vec<f32> = sound.samples.iter().map(|sample| sample * 0.4).collect();
        let file = keep.join("question.wav");
        write_wav(&file, &samples, sound.rate)?;

        walk.until_ready()?;
        walk.touch(language.endonym())?;
        walk.picture(&keep.join("1-home.png"))?;
        let Some(View { body: Body::Home { ask: Some(button), .. }, .. }) = walk.kiosk.view().cloned() else {
            anyhow::bail!("nothing can be asked at {}", walk.state());
        };
        let recording = walk.site.sound.record()?;
        let recorded_from = Instant::now();
        walk.touch(&ruby::plain(&button.label))?;
        walk.until("an open microphone", |walk| Ok(walk.turns() == Some(Turns::Listens)))?;
        walk.picture(&keep.join("2-listens.png"))?;
        let over = std::thread::scope(|scope| -> anyhow::Result<Instant> {
            let server = &walk.site.sound;
            let played = scope.spawn(|| server.play(&file).map(|()| Instant::now()));
            played.join().map_err(|_| anyhow::anyhow!("the player failed"))?
        })?;
        tracing::debug!("the question is over");
        walk.until("an answer", |walk| Ok(matches!(walk.turns(), Some(Turns::Speaks | Turns::Waits))))?;
        // A picture is a second's work for the machine that is about to speak.
        walk.until("its voice", |walk| Ok(walk.turns() == Some(Turns::Waits) || recording.is_heard()?))?;
        walk.picture(&keep.join("3-answer.png"))?;
        walk.until("the end of the answer", |walk| Ok(walk.turns() == Some(Turns::Waits)))?;
        walk.picture(&keep.join("4-after.png"))?;
        let State::Guide(guiding) = walk.kiosk.visit().state() else { anyhow::bail!("at {}", walk.state()) };
        let heard = guiding.heard.as_ref().map(|heard| heard.reveal().clone()).unwrap_or_default();
        let answer = guiding.answer.clone().with_context(|| format!("no answer to \"{heard}\""))?;

        let spoken = recording.until_silence(READY)?;
        write_wav(&keep.join("answer.wav"), &spoken, RATE)?;
        let first = spoken.iter().position(|sample| sample.abs() > 0.003).context("nothing was said")?;
        let began = recorded_from + Duration::from_secs_f32(first as f32 / RATE as f32);
        let waited = began.saturating_duration_since(over);
        tracing::debug!(?waited, "the answer was heard");
        let mut said = String::new();
        for span in self.vad.spans(&spoken)? {
            let heard = self.whisper.hear(&spoken[span.from..span.until], Some(language), &Hints::default())?;
            said.extend(heard.into_iter().map(|heard| heard.text));
        }
        let (wrong, of) = voice::misheard(&self.reader, language, &said, &ruby::spoken(&answer.text));
        let asked = Asked {
            heard,
            id: answer.id.map(|id| id.0),
            answer: ruby::plain(&answer.text),
            said,
            wrong: 100.0 * wrong as f32 / of.max(1) as f32,
            waited,
        };
        fs::write(
            keep.join("heard.txt"),
            format!(
                "asked: {question}\nheard: {}\nanswer: {} ({})\nits voice, as a recogniser understood it: {}\n",
                asked.heard,
                asked.answer,
                asked.id.as_deref().unwrap_or("-"),
                asked.said
            ),
        )?;
        let Some(View { back: Some(back), .. }) = walk.kiosk.view().cloned() else {
            anyhow::bail!("no way back from {}", walk.state());
        };
        walk.touch(&ruby::plain(&back.label))?;
        walk.until("the home screen", |walk| Ok(walk.kiosk.visit().state().is_home()))?;
        ensure!(walk.kiosk.screen().personal().is_empty(), "something of the question is left on the screen");
        Ok(asked)
    }
}

impl Walk<Roadside> {
    fn turns(&self) -> Option<Turns> {
        match self.kiosk.visit().state() {
            State::Guide(guiding) => Some(guiding.turn),
            _ => None,
        }
    }

    /// Touches what says so, once the screen takes touches.
    fn touch(&mut self, label: &str) -> anyhow::Result<()> {
        // The guard against double taps.
        Hands::new(self.kiosk.screen()).pass(Duration::from_millis(500));
        Hands::new(self.kiosk.screen()).touch(label)?;
        self.turn();
        Ok(())
    }

    /// Waits until the guide can be asked.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn until_ready(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.kiosk.visit().devices().voice != visit::Voice::There {
            ensure!(began.elapsed() < READY, "the guide never gets ready");
            self.turn();
        }
        Ok(())
    }
}
