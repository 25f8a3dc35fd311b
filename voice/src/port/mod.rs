//! The voice guide as a port of the visit: commands in, events out.
//!
//! Three threads work beside each other, so that one question can be looked up while the next is already being heard: the ear
//! (microphone, voice activity, recogniser), the mind (the guide and what was talked about) and the mouth (voices and
//! speaker). The microphone is open while a question is awaited and at no other time; sound is
//! overwritten as soon as it was understood.

mod ear;
mod microphone;
mod mind;
mod mouth;
mod pulse;

use crate::{Endpoint, Place, VoiceError, VoskModels, recordings};
use domain::voice::{VoiceCommand, VoiceEvent};
use domain::{Language, Personal};
use ear::{Ear, EarCommand};
use guide::Unanswered;
use hearing::Hints;
use jiff::civil::DateTime;
use mind::{Mind, MindCommand};
use mouth::Mouth;
use pulse::{LOADING, Pulse};
use serde::{Deserialize, Serialize};
use speech::Speaker;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Where the guide is and through which devices it hears and speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The guide's folder.
    pub guide: PathBuf,
    /// Part of the microphone's name; the system's own choice where it is left out.
    pub microphone: Option<String>,
    /// Part of the speaker's name; the system's own choice where it is left out.
    pub speaker: Option<String>,
    /// Hear while speaking, and stop when somebody begins to speak. Wants a microphone from which the machine's own voice is
    /// taken out (PipeWire's or PulseAudio's module-echo-cancel).
    pub barge_in: bool,
    /// The languages that Vosk hears in Whisper's stead.
    pub vosk: VoskModels,
    /// A model that may say approved answers in other words; without one they are said as they are written.
    pub rephrase: Option<Endpoint>,
    /// The moment that is taken for now, where that is not the machine's own: answers tell what is open now, and what is today.
    pub at: Option<DateTime>,
}

type Emit = Arc<dyn Fn(VoiceEvent) + Send + Sync>;

/// The port's handle. Dropping it ends the threads.
pub struct Handle {
    ear: Sender<EarCommand>,
    mind: Sender<MindCommand>,
    mouth: Mouth,
    barge_in: bool,
    /// Goes on where every thread has ended because there is no guide: that is nothing that hangs.
    pulse: Pulse,
}

impl Handle {
    /// Does what the core says; what comes of it comes as events.
    pub fn send(&self, command: VoiceCommand) {
        match command {
            VoiceCommand::Listen { request, language, detect } => {
                self.mouth.hush();
                let language = (!detect).then_some(language);
                self.ear(EarCommand::Listen { request, language, over_voice: false });
            }
            VoiceCommand::Enough => self.ear(EarCommand::Enough),
            VoiceCommand::Answer { request, language, question } => {
                self.mind(MindCommand::Answer { request, language, question });
            }
            VoiceCommand::Say { request, language, text } => {
                if self.barge_in {
                    self.ear(EarCommand::Listen { request, language: Some(language), over_voice: true });
                }
                self.mouth.say(request, language, text);
            }
            VoiceCommand::Meter(request) => {
                self.mouth.hush();
                self.ear(EarCommand::Meter(request));
            }
            VoiceCommand::Stop => {
                self.mouth.hush();
                self.ear(EarCommand::Close);
            }
            VoiceCommand::Forget => {
                self.mouth.hush();
                self.ear(EarCommand::Close);
                self.mind(MindCommand::Forget);
            }
        }
    }

    // The threads live as long as the handle.
    fn ear(&self, command: EarCommand) {
        let _ = self.ear.send(command);
    }

    fn mind(&self, command: MindCommand) {
        let _ = self.mind.send(command);
    }
}

/// Starts the port where its orders come over a pipe. `alive` is called every few seconds while all its threads go on.
///
/// # Errors
/// When a thread cannot be started.
pub fn spawn_behind(
    config: Config,
    emit: impl Fn(VoiceEvent) + Send + Sync + 'static,
    note: impl Fn(Vec<Unanswered>) + Send + 'static,
    alive: impl Fn() + Send + 'static,
) -> io::Result<Handle> {
    let handle = spawn(config, emit, note)?;
    handle.pulse.watch(alive)?;
    Ok(handle)
}

/// Starts the port. [`VoiceEvent::Ready`] comes when the guide was read and the networks are loaded, which takes seconds; a
/// guide or model that cannot be used is logged and never gets ready. `note` is given the questions that had no answer, with
/// personal patterns removed, at the end of each visit.
///
/// # Errors
/// When a thread cannot be started.
pub fn spawn(
    config: Config,
    emit: impl Fn(VoiceEvent) + Send + Sync + 'static,
    note: impl Fn(Vec<Unanswered>) + Send + 'static,
) -> io::Result<Handle> {
    let emit: Emit = Arc::new(emit);
    let (ear, ear_commands) = mpsc::channel::<EarCommand>();
    let (mind, mind_commands) = mpsc::channel();
    let barge_in = config.barge_in;
    let (said, ear_of_mouth) = (Arc::clone(&emit), ear.clone());
    let said: Emit = Arc::new(move |event| {
        // It listened for an interruption; nobody is asked any more.
        if barge_in && matches!(event, VoiceEvent::Said(_)) {
            let _ = ear_of_mouth.send(EarCommand::Close);
        }
        said(event);
    });
    let (mouth, mouth_work) = Mouth::new(config.speaker.clone(), said);
    let stopped_by = mouth.clone();
    let pulse = Pulse::new();
    let (threads, steps) = (pulse.clone(), pulse.thread());
    steps.takes(LOADING);
    thread::Builder::new().name("voice-mind".into()).spawn(move || {
        let (mut mind, reader, place) = match load(&config) {
            Ok(loaded) => loaded,
            Err(error) => return tracing::error!(%error, "running without the voice guide"),
        };
        let hints = mind.hints();
        let speaker = Speaker::new(place.models.clone(), reader).with(recordings(&config.guide));
        let started = mouth_work.start(speaker, threads.thread()).and_then(|()| {
            let ear = Ear::load(&place, &config, hints, stopped_by, mind.aside.clone(), Arc::clone(&emit), &threads);
            match ear {
                Ok(ear) => ear.start(ear_commands),
                // Questions can still be touched.
                Err(error) => {
                    tracing::error!(%error, "the voice guide is deaf");
                    Ok(())
                }
            }
        });
        if let Err(error) = started {
            return tracing::error!(%error, "running without the voice guide");
        }
        emit(VoiceEvent::Ready);
        mind.run(&mind_commands, &*emit, &note, &steps);
    })?;
    Ok(Handle { ear, mind, mouth, barge_in, pulse })
}

fn load(config: &Config) -> Result<(Mind, Arc<reading::Reader>, Place), VoiceError> {
    let place = Place::prepared()?;
    let answerer = place.answerer(&config.guide)?;
    let reader = Arc::clone(answerer.reader());
    Ok((Mind::new(answerer, config.rephrase.clone(), config.at), reader, place))
}

/// How the second ear understood the newest question, until that is answered: the visit knows of one text alone.
#[derive(Clone, Default)]
struct Aside(Arc<Mutex<Option<[Personal<String>; 2]>>>);

impl Aside {
    /// The newest question, and how it was understood besides.
    fn put(&self, text: &Personal<String>, also: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = also.map(|also| [text.clone(), Personal::new(also)]);
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How this question was understood besides.
    fn take(&self, text: &Personal<String>) -> Option<Personal<String>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let [of, also] = kept;
        (of.reveal() == text.reveal()).then_some(also)
    }
}

/// The names that a recogniser is told of, by language.
type HintsOf = Vec<(Language, Hints)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_besides_goes_with_its_question_alone_and_once() {
        let text = |text: &str| Personal::new(text.to_owned());
        let aside = Aside::default();
        aside.put(&text("a"), Some("b".to_owned()));
        assert_eq!(aside.take(&text("a")).map(|also| also.reveal().clone()).as_deref(), Some("b"));
        assert!(aside.take(&text("a")).is_none());
        aside.put(&text("a"), Some("b".to_owned()));
        assert!(aside.take(&text("another question")).is_none());
        aside.put(&text("a"), Some("b".to_owned()));
        // One that was heard by one ear alone takes what was said before away.
        aside.put(&text("c"), None);
        assert!(aside.take(&text("a")).is_none());
        aside.put(&text("a"), Some("b".to_owned()));
        aside.forget();
        assert!(aside.take(&text("a")).is_none());
    }
}
