//! Hears one question: opens the microphone, finds where somebody speaks, has it recognised, closes the microphone.
//!
//! A question ends with a pause. Recognition begins earlier, as soon as the voice falls silent, and is thrown away if it rises
//! again: so the text is there when the pause is long enough to count. Meanwhile a second recogniser shows what was understood
//! so far.

use super::microphone::{Microphone, Sound};
use super::mouth::Mouth;
use super::pulse::{Pulse, RECOGNITION, STEP, Steps};
use super::{Aside, Config, Emit, HintsOf};
use crate::{Place, Recognisers, VoiceError, VoskModels};
use domain::voice::VoiceEvent;
use domain::{Language, Personal, RequestId};
use hearing::{Activity, FRAME, Heard, HearingError, Hints, RATE, Recogniser, Vad, Wanted, loudness};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

pub(super) enum EarCommand {
    /// Hear one question; in the language that is found out where none is given.
    Listen {
        request: RequestId,
        language: Option<Language>,
        /// The mouth speaks meanwhile, and falls silent when somebody begins.
        over_voice: bool,
    },
    /// Say how loud it is, and understand nothing.
    Meter(RequestId),
    /// What was said so far is the question.
    Enough,
    /// Close the microphone.
    Close,
}

/// Nobody spoke for so long: nobody will.
const SILENCE: Duration = Duration::from_secs(8);

/// What is longer is no question, in samples.
const LONGEST: usize = 60 * RATE as usize;

/// What is kept of the sound before a beginning is noticed, in samples.
const BEFORE: usize = 12 * FRAME;

/// After so many frames of silence (about an eighth of a second) the question is recognised, in case that was all.
const PERHAPS_OVER: usize = 4;

/// A new text is shown after so much more sound, in samples.
const MORE: usize = RATE as usize * 7 / 10;

/// Below this confidence the text is guesswork.
const UNDERSTOOD: f32 = 0.3;

/// How long the thread waits for sound before it looks at its orders again.
const MOMENT: Duration = Duration::from_millis(40);

/// A microphone from which nothing comes for so long is gone.
const MUTE: Duration = Duration::from_secs(4);

/// So much sound is metered at a time, in samples: an eighth of a second.
const METERED: usize = RATE as usize / 8;

/// What counts as silence where loudness is shown, in decibels of full scale.
const QUIET: f32 = -60.0;

/// No recognition of a minute takes longer.
const PATIENCE: Duration = Duration::from_secs(45);

/// Sound of a person: overwritten when it is dropped. Its room is reserved at once, or growing would leave copies.
type Voice = Zeroizing<Vec<f32>>;

struct Job {
    ticket: u64,
    sound: Voice,
    language: Option<Language>,
}

struct Done {
    ticket: u64,
    heard: Result<Vec<Heard>, HearingError>,
}

/// A recogniser on its own thread.
struct Worker {
    jobs: Sender<Job>,
    done: Receiver<Done>,
    /// The number of the newest order; what was ordered before is not wanted any more.
    last: Arc<AtomicU64>,
    busy: bool,
}

impl Worker {
    fn start(name: &str, mut recogniser: impl Recogniser + 'static, hints: HintsOf, steps: Steps) -> io::Result<Self> {
        let (jobs, orders) = mpsc::channel::<Job>();
        let (results, done) = mpsc::channel();
        let last = Arc::new(AtomicU64::new(0));
        let newest = Arc::clone(&last);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let none = Hints::default();
            for Job { ticket, sound, language } in orders {
                let wanted = Wanted::while_newest(Arc::clone(&newest), ticket);
                if wanted.is_over() {
                    continue;
                }
                recogniser.only_while(wanted);
                let hints = hints.iter().find(|(of, _)| Some(*of) == language).map_or(&none, |(_, hints)| hints);
                let (begun, ms) = (Instant::now(), sound.len() * 1000 / RATE as usize);
                steps.takes(RECOGNITION);
                let heard = recogniser.hear(&sound, language, hints);
                steps.rests();
                drop(sound);
                tracing::debug!(ms, took = ?begun.elapsed(), "recognised");
                if results.send(Done { ticket, heard }).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { jobs, done, last, busy: false })
    }

    fn begin(&mut self, sound: &[f32], language: Option<Language>) -> u64 {
        let ticket = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.busy = true;
        // The thread lives as long as the worker.
        let _ = self.jobs.send(Job { ticket, sound: Zeroizing::new(sound.to_vec()), language });
        ticket
    }

    /// What was begun before is no longer wanted.
    fn forget(&mut self) {
        self.last.fetch_add(1, Ordering::Relaxed);
        self.busy = false;
    }

    /// The newest result, if there is one; older ones are dropped.
    fn finished(&mut self, patience: Duration) -> Option<Done> {
        match self.done.recv_timeout(patience) {
            Ok(done) => {
                let is_newest = done.ticket == self.last.load(Ordering::Relaxed);
                self.busy &= !is_newest;
                is_newest.then_some(done)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }
}

pub(super) struct Ear {
    device: Option<String>,
    vad: Vad,
    whole: Worker,
    partial: Worker,
    mouth: Mouth,
    aside: Aside,
    emit: Emit,
    steps: Steps,
}

/// One listening.
struct Listening {
    request: RequestId,
    language: Option<Language>,
    over_voice: bool,
    since: Instant,
    sound: Voice,
    began: bool,
    /// The recognition that was begun in a pause, which may be the last one.
    early: Option<u64>,
    /// How much sound the text on the screen stands for.
    shown: usize,
}

/// A loudness in decibels of full scale as a part of what can be shown.
fn percent(loudness: f32) -> u8 {
    (100.0 * (1.0 - loudness / QUIET)).clamp(0.0, 100.0) as u8
}

/// How a listening goes on.
enum Next {
    On,
    /// The question is over: recognise it.
    Over,
    /// Nothing comes of it any more.
    End,
}

impl Ear {
    pub fn load(
        place: &Place,
        config: &Config,
        hints: HintsOf,
        mouth: Mouth,
        aside: Aside,
        emit: Emit,
        threads: &Pulse,
    ) -> Result<Self, VoiceError> {
        // Two threads while a person waits for the answer; what is shown meanwhile must not hold that up.
        let whole = match Recognisers::load(&place.models, &config.vosk, 2) {
            Ok(recognisers) => recognisers,
            // Whoever asks is heard, if not by the engine that was chosen.
            Err(error) if !config.vosk.models.is_empty() => {
                tracing::error!(
                    %error,
                    "the chosen recogniser cannot be used, Whisper hears instead; \
                     see voice.recogniser in the configuration: `library` is a libvosk.so, each model the unpacked folder of a Vosk model"
                );
                Recognisers::load(&place.models, &VoskModels::default(), 2)?
            }
            Err(error) => return Err(error.into()),
        };
        let partial = whole.another(1)?;
        let whole = whole.with_second_ear(&place.models);
        let fault = |error: io::Error| HearingError::Engine { engine: "thread", cause: error.to_string() };
        Ok(Self {
            device: config.microphone.clone(),
            vad: Vad::load(&place.models)?,
            whole: Worker::start("voice-whole", whole, hints.clone(), threads.thread()).map_err(fault)?,
            partial: Worker::start("voice-partial", partial, hints, threads.thread()).map_err(fault)?,
            mouth,
            aside,
            emit,
            steps: threads.thread(),
        })
    }

    pub fn start(mut self, commands: Receiver<EarCommand>) -> io::Result<()> {
        thread::Builder::new().name("voice-ear".into()).spawn(move || {
            let mut next = None;
            while let Some(command) = next.take().or_else(|| commands.recv().ok()) {
                self.steps.takes(STEP);
                next = match command {
                    EarCommand::Listen { request, language, over_voice } => {
                        self.listen(request, language, over_voice, &commands)
                    }
                    EarCommand::Meter(request) => self.meter(request, &commands),
                    EarCommand::Enough | EarCommand::Close => None,
                };
                self.steps.rests();
            }
        })?;
        Ok(())
    }

    /// Hears one question. Gives the order that came instead, if one did.
    fn listen(
        &mut self,
        request: RequestId,
        language: Option<Language>,
        over_voice: bool,
        commands: &Receiver<EarCommand>,
    ) -> Option<EarCommand> {
        let mut microphone = match Microphone::open(self.device.as_deref()) {
            Ok(microphone) => microphone,
            Err(error) => {
                tracing::warn!(%error, "no microphone");
                // While it speaks, nobody waits for it to hear.
                if !over_voice {
                    (self.emit)(VoiceEvent::NoMicrophone);
                }
                return None;
            }
        };
        self.vad.reset();
        // That was another question, perhaps another person's.
        self.whole.forget();
        self.partial.forget();
        let mut now = Listening {
            request,
            language,
            over_voice,
            since: Instant::now(),
            sound: Zeroizing::new(Vec::with_capacity(LONGEST + RATE as usize)),
            began: false,
            early: None,
            shown: 0,
        };
        let (mut open, mut last) = (false, Instant::now());
        let mut waiting: Voice = Zeroizing::new(Vec::with_capacity(RATE as usize));
        loop {
            self.steps.takes(STEP);
            match commands.try_recv() {
                Ok(EarCommand::Enough) => break,
                Ok(EarCommand::Close) | Err(mpsc::TryRecvError::Disconnected) => return None,
                Ok(instead) => return Some(instead),
                Err(mpsc::TryRecvError::Empty) => {}
            }
            match microphone.hear(MOMENT) {
                Sound::Samples(samples) => {
                    last = Instant::now();
                    if !open {
                        tracing::debug!(samples = samples.len(), "the microphone is open");
                        open = true;
                        now.since = Instant::now();
                        (self.emit)(VoiceEvent::Listening(request));
                    }
                    waiting.extend(&*Zeroizing::new(samples));
                }
                // A microphone that works gives sound, be it silence.
                Sound::Nothing if last.elapsed() > MUTE => {
                    tracing::warn!("the microphone gives nothing");
                    (self.emit)(VoiceEvent::NoMicrophone);
                    return None;
                }
                Sound::Nothing => {}
                Sound::Lost(error) => {
                    tracing::warn!(%error, "the microphone is lost");
                    (self.emit)(VoiceEvent::NoMicrophone);
                    return None;
                }
            }
            let whole = waiting.len() - waiting.len() % FRAME;
            let frames: Voice = Zeroizing::new(waiting.drain(..whole).collect());
            let mut next = Next::On;
            for frame in frames.chunks_exact(FRAME) {
                next = self.frame(&mut now, frame);
                if !matches!(next, Next::On) {
                    break;
                }
            }
            match next {
                Next::On if !now.began && !over_voice && now.since.elapsed() > SILENCE => break,
                // Not at the end: what is shown meanwhile would take the processor from the whole.
                Next::On => self.show(&mut now),
                Next::Over => break,
                Next::End => return None,
            }
        }
        drop(microphone);
        self.recognise(now, commands)
    }

    /// Says how loud it is until another order comes. Gives that order, where it opens the microphone anew.
    fn meter(&self, request: RequestId, commands: &Receiver<EarCommand>) -> Option<EarCommand> {
        let lost = |error: &str| {
            tracing::warn!(%error, "no sound to be metered");
            (self.emit)(VoiceEvent::NoMicrophone);
        };
        let mut microphone = Microphone::open(self.device.as_deref()).inspect_err(|error| lost(error)).ok()?;
        let mut last = Instant::now();
        let mut sound: Voice = Zeroizing::new(Vec::with_capacity(RATE as usize));
        loop {
            self.steps.takes(STEP);
            match commands.try_recv() {
                Ok(EarCommand::Enough | EarCommand::Close) | Err(mpsc::TryRecvError::Disconnected) => return None,
                Ok(instead) => return Some(instead),
                Err(mpsc::TryRecvError::Empty) => {}
            }
            match microphone.hear(MOMENT) {
                Sound::Samples(samples) => {
                    last = Instant::now();
                    sound.extend(&*Zeroizing::new(samples));
                }
                Sound::Nothing if last.elapsed() > MUTE => {
                    lost("the microphone gives nothing");
                    return None;
                }
                Sound::Nothing => {}
                Sound::Lost(error) => {
                    lost(&error);
                    return None;
                }
            }
            if sound.len() >= METERED {
                (self.emit)(VoiceEvent::Level { request, percent: percent(loudness(&sound)) });
                sound.clear();
            }
        }
    }

    fn frame(&mut self, now: &mut Listening, frame: &[f32]) -> Next {
        now.sound.extend_from_slice(frame);
        let activity = match self.vad.listen(frame) {
            Ok(activity) => activity,
            Err(error) => {
                tracing::error!(%error, "voice activity");
                (self.emit)(VoiceEvent::Failed(now.request));
                return Next::End;
            }
        };
        match activity {
            Activity::Silence => {
                if now.sound.len() > BEFORE {
                    if !now.over_voice {
                        self.mouth.noise(loudness(&now.sound));
                    }
                    let old = now.sound.len() - BEFORE;
                    now.sound.drain(..old);
                }
            }
            Activity::Began => {
                now.began = true;
                if now.over_voice {
                    self.mouth.hush();
                }
                (self.emit)(VoiceEvent::Began(now.request));
            }
            Activity::Speaking => match self.vad.pause() {
                // The voice goes on: it was no end.
                0 if now.early.take().is_some() => self.whole.forget(),
                PERHAPS_OVER => {
                    tracing::debug!("perhaps over");
                    // What is shown meanwhile must not hold up the whole.
                    self.partial.forget();
                    now.early = Some(self.whole.begin(&now.sound, now.language));
                }
                _ => {}
            },
            Activity::Ended => {
                tracing::debug!("over");
                return Next::Over;
            }
        }
        if now.sound.len() >= LONGEST { Next::Over } else { Next::On }
    }

    /// Shows what was understood so far.
    fn show(&mut self, now: &mut Listening) {
        if let Some(Done { heard: Ok(heard), .. }) = self.partial.finished(Duration::ZERO) {
            let text = joined(&heard);
            if now.began && !text.reveal().is_empty() {
                (self.emit)(VoiceEvent::Partial { request: now.request, text });
            }
        }
        // What may be all is recognised as a whole.
        if now.began && self.vad.pause() == 0 && !self.partial.busy && now.sound.len() >= now.shown + MORE {
            now.shown = now.sound.len();
            self.partial.begin(&now.sound, now.language);
        }
    }

    fn recognise(&mut self, now: Listening, commands: &Receiver<EarCommand>) -> Option<EarCommand> {
        let nothing = || (self.emit)(VoiceEvent::NothingHeard(now.request));
        if !now.began {
            nothing();
            return None;
        }
        self.partial.forget();
        if now.early.is_none() {
            self.whole.begin(&now.sound, now.language);
        }
        let begun = Instant::now();
        let done = loop {
            self.steps.takes(STEP);
            if let Some(done) = self.whole.finished(MOMENT) {
                break done;
            }
            match commands.try_recv() {
                Ok(EarCommand::Enough) | Err(mpsc::TryRecvError::Empty) if begun.elapsed() < PATIENCE => {}
                Ok(instead @ EarCommand::Listen { .. }) => return Some(instead),
                Ok(EarCommand::Close) | Err(mpsc::TryRecvError::Disconnected) => return None,
                _ => {
                    (self.emit)(VoiceEvent::Failed(now.request));
                    return None;
                }
            }
        };
        match done.heard {
            Ok(heard) => {
                let text = joined(&heard);
                let confidence = heard.iter().map(|heard| heard.confidence).sum::<f32>() / heard.len().max(1) as f32;
                match heard.first() {
                    Some(first) if confidence >= UNDERSTOOD && !text.reveal().is_empty() => {
                        tracing::debug!("understood");
                        let language = now.language.unwrap_or(first.language);
                        self.aside.put(&text, heard.iter().find_map(|heard| heard.also.clone()));
                        (self.emit)(VoiceEvent::Heard { request: now.request, language, text });
                    }
                    _ => nothing(),
                }
            }
            Err(error) => {
                tracing::error!(%error, "a question cannot be recognised");
                (self.emit)(VoiceEvent::Failed(now.request));
            }
        }
        None
    }
}

fn joined(heard: &[Heard]) -> Personal<String> {
    let space = match heard.first().map(|heard| heard.language) {
        Some(Language::En | Language::Ko) => " ",
        _ => "",
    };
    Personal::new(heard.iter().map(|heard| heard.text.trim()).collect::<Vec<_>>().join(space))
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn loudness_is_shown_from_a_quiet_room_to_the_loudest() {
        assert_eq!([-90.0, -60.0, -30.0, -15.0, 0.0, 3.0].map(percent), [0, 0, 50, 75, 100, 100]);
    }
}
