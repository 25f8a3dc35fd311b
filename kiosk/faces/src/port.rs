//! The port: commands in, guidance and decisions out.

use crate::THRESHOLD;
use crate::camera::{Camera, CameraWord, Feed};
use crate::compare::Template;
use crate::engine::{Engine, FaceError};
use crate::look::{Before, Look, Steady};
use crate::still;
use crate::trial::Trial;
use crate::wiped::Wiped;
use domain::card::Photo;
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::{Personal, RequestId};
use image::RgbaImage;
use opencv::core::{MatTraitConst, MatTraitConstManual, flip};
use opencv::imgproc::{COLOR_BGR2RGBA, cvt_color_def};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the port needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Where pictures come from.
    pub camera: Camera,
    /// The folder with `yunet.onnx` and `sface.onnx`.
    pub weights: PathBuf,
    /// The cosine from which two faces count as one person; [`THRESHOLD`] unless there is a reason.
    pub threshold: f32,
}

impl Config {
    /// This camera and these weights, with the threshold that was measured.
    pub fn new(camera: Camera, weights: impl Into<PathBuf>) -> Self {
        Self { camera, weights: weights.into(), threshold: THRESHOLD }
    }
}

/// The largest photo that a card may hold, in pixels a side: a card's is 378 x 472.
const LARGEST_PHOTO: u32 = 2048;

/// The longer side at which faces are looked for in the camera's picture, in pixels: one of a tenth of it is still seen.
const LOOK_SIDE: i32 = 320;

/// How sure the detector must be of a face before the camera.
const LEAST_SCORE: f32 = 0.6;

/// The longer side of the live picture, in pixels.
const LIVE_SIDE: i32 = 640;

/// A camera that gives no picture for so long is as good as unplugged.
const SILENCE: Duration = Duration::from_secs(4);

/// A camera that does not let go of its thread for so long never will: OpenCV gives up one that gives no picture after ten seconds,
/// and may do so more than once while it is opened.
const HANGS: Duration = Duration::from_secs(30);

/// How long the thread waits for orders before it says that it goes on.
const TURN: Duration = Duration::from_secs(2);

/// The port's handle. Dropping it closes the camera, forgets everybody and ends the threads.
pub struct Handle {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Command(FaceCommand),
    Camera(u64, CameraWord),
    End,
}

impl Handle {
    /// Orders something; the answer comes as an event.
    pub fn send(&self, command: FaceCommand) {
        // The thread lives as long as the handle.
        let _ = self.messages.send(Message::Command(command));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the port and loads the networks (about a third of a second). The camera stays closed until somebody is to be compared.
///
/// `emit` takes the events; `frame` takes the live picture, mirrored, at most 15 times a second, while the camera is open.
/// Both are called on the port's thread.
///
/// # Errors
/// When the weights are missing or a thread cannot be started.
pub fn spawn(
    config: Config,
    emit: impl Fn(FaceEvent) + Send + 'static,
    frame: impl Fn(RgbaImage) + Send + 'static,
) -> Result<Handle, FaceError> {
    spawn_behind(config, emit, frame, || ())
}

/// Starts the port where its orders come over a pipe. `alive` is called on the port's thread every few seconds, and not while the
/// camera does not answer.
///
/// # Errors
/// As [`spawn`].
pub fn spawn_behind(
    config: Config,
    emit: impl Fn(FaceEvent) + Send + 'static,
    frame: impl Fn(RgbaImage) + Send + 'static,
    alive: impl Fn() + Send + 'static,
) -> Result<Handle, FaceError> {
    let (messages, receiver) = mpsc::channel();
    let (ready, loaded) = mpsc::channel();
    let camera = messages.clone();
    let run = move || {
        let port = Engine::load(&config.weights).and_then(|engine| {
            let say = move |opening, word| drop(camera.send(Message::Camera(opening, word)));
            let feed = Feed::start(config.camera, say)?;
            Ok(Port { engine, feed, threshold: config.threshold, emit, frame, alive, job: None, missing: false })
        });
        match port {
            Ok(port) => {
                // Whoever waits for it is on the line below.
                let _ = ready.send(Ok(()));
                port.run(&receiver);
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    };
    let thread = std::thread::Builder::new().name("faces".into()).spawn(run)?;
    let handle = Handle { messages, thread: Some(thread) };
    loaded.recv().map_err(|_| FaceError::Ended)??;
    Ok(handle)
}

/// Somebody who is being compared, or only looked at.
struct Job {
    /// `None` where nobody is compared.
    template: Option<Template>,
    opening: u64,
    request: RequestId,
    /// The try; `None` after its decision.
    trial: Option<Trial>,
    steady: Steady,
    before: Before,
    /// The last sign of life of the camera.
    alive: Instant,
    /// Whether it was said in this try that no picture comes.
    told_missing: bool,
    /// The size of the camera's picture.
    size: (i32, i32),
}

struct Port<E: Fn(FaceEvent), F: Fn(RgbaImage), A: Fn()> {
    engine: Engine,
    feed: Feed,
    threshold: f32,
    emit: E,
    frame: F,
    alive: A,
    job: Option<Job>,
    /// The camera gave no picture when it was last asked for one.
    missing: bool,
}

impl<E: Fn(FaceEvent), F: Fn(RgbaImage), A: Fn()> Port<E, F, A> {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            if !self.feed.hangs(HANGS) {
                (self.alive)();
            }
            let silent_from = self.job.as_ref().map(|job| job.alive + SILENCE);
            let patience = silent_from.map_or(TURN, |from| from.saturating_duration_since(Instant::now()).min(TURN));
            match messages.recv_timeout(patience) {
                Ok(Message::Command(FaceCommand::Match { request, photo })) => self.begin(request, &photo),
                Ok(Message::Command(FaceCommand::Look)) => self.open(None, RequestId::default()),
                Ok(Message::Command(FaceCommand::Again { request })) => self.again(request),
                Ok(Message::Command(FaceCommand::Stop)) => self.forget(),
                Ok(Message::Camera(opening, word)) if self.job.as_ref().is_some_and(|job| job.opening == opening) => {
                    match word {
                        CameraWord::Picture => self.picture(),
                        CameraWord::Lost => self.lost(),
                    }
                }
                // Of an opening that is over.
                Ok(Message::Camera(..)) => {}
                Err(RecvTimeoutError::Timeout) if silent_from.is_some_and(|from| from <= Instant::now()) => self.lost(),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => return self.forget(),
            }
        }
    }

    fn begin(&mut self, request: RequestId, photo: &Personal<Photo>) {
        let picture = still::decode(&photo.reveal().0, LARGEST_PHOTO);
        match picture.and_then(|picture| still::template(&mut self.engine, &picture)) {
            Ok(template) => self.open(Some(template), request),
            Err(error) => {
                tracing::info!(%error, "the card's photo cannot be compared");
                self.forget();
                (self.emit)(FaceEvent::PhotoUnusable(request));
            }
        }
    }

    fn open(&mut self, template: Option<Template>, request: RequestId) {
        self.job = Some(Job {
            template,
            opening: self.feed.open(),
            request,
            trial: Some(Trial::default()),
            steady: Steady::default(),
            before: None,
            alive: Instant::now(),
            told_missing: false,
            size: (0, 0),
        });
    }

    fn again(&mut self, request: RequestId) {
        match &mut self.job {
            Some(job) if job.template.is_some() => {
                job.request = request;
                job.trial = Some(Trial::default());
                job.steady = Steady::default();
                job.told_missing = false;
            }
            // Forgotten already: there is no photo to compare with.
            _ => (self.emit)(FaceEvent::PhotoUnusable(request)),
        }
    }

    /// Closes the camera and overwrites what is known of the person, in the networks' buffers too.
    fn forget(&mut self) {
        self.feed.close();
        let Some(job) = self.job.take() else { return };
        let (width, height) = job.size;
        drop(job);
        let forgotten =
            self.engine.recogniser.forget().and_then(|()| self.engine.detector.forget(width, height, LOOK_SIDE));
        if let Err(error) = forgotten {
            tracing::error!(code = error.code, "the networks' buffers were not overwritten");
        }
    }

    fn lost(&mut self) {
        self.missing = true;
        let Some(job) = &mut self.job else { return };
        job.alive = Instant::now();
        job.before = None;
        if let Some(trial) = &mut job.trial {
            trial.interrupt();
        }
        if !job.told_missing {
            job.told_missing = true;
            (self.emit)(FaceEvent::NoCamera);
        }
    }

    fn picture(&mut self) {
        let Some(picture) = self.feed.take() else { return };
        let now = Instant::now();
        if self.missing {
            self.missing = false;
            (self.emit)(FaceEvent::CameraReady);
        }
        if let Some(job) = &mut self.job {
            job.alive = now;
            job.size = (picture.cols(), picture.rows());
        }
        let done = live(&picture).map(|live| (self.frame)(live)).and_then(|()| self.judge(&picture, now));
        if let Err(error) = done {
            tracing::warn!(code = error.code, "OpenCV failed on a picture of the camera");
            self.lost();
        }
    }

    fn judge(&mut self, picture: &Wiped, now: Instant) -> opencv::Result<()> {
        let Some(job) = &mut self.job else { return Ok(()) };
        let Some(trial) = &mut job.trial else { return Ok(()) };
        let mut faces = self.engine.detector.find(picture, LOOK_SIDE, LEAST_SCORE)?;
        if let Some(face) = faces.first_mut() {
            *face = self.engine.detector.refine(picture, *face, LEAST_SCORE)?;
        }
        let look = Look::at(picture, &faces, &job.before, now, &self.engine.recogniser)?;
        job.before = faces.first().map(|face| (*face, now));
        let guidance = look.as_ref().map_or(Guidance::NoFace, |(look, _)| look.guidance());
        if let Some((look, _)) = &look {
            tracing::trace!(?look, ?guidance);
        }
        if let Some(said) = job.steady.see(now, guidance) {
            (self.emit)(FaceEvent::Guide(said));
        }
        match (guidance, look) {
            (Guidance::NoFace | Guidance::Several, _) => trial.interrupt(),
            (Guidance::Good, Some((_, aligned))) => {
                let Some(wanted) = &job.template else { return Ok(()) };
                let Some(template) = self.engine.recogniser.template(&aligned)? else { return Ok(()) };
                if let Some(same) = trial.add(now, template.similarity(wanted), self.threshold) {
                    job.trial = None;
                    (self.emit)(if same { FaceEvent::Same(job.request) } else { FaceEvent::Different(job.request) });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The picture as a mirror shows it.
fn live(picture: &Wiped) -> opencv::Result<RgbaImage> {
    let (small, _) = picture.at_most(LIVE_SIDE)?;
    let mut mirrored = Wiped::default();
    flip(&*small, &mut *mirrored, 1)?;
    let mut colours = Wiped::default();
    cvt_color_def(&*mirrored, &mut *colours, COLOR_BGR2RGBA)?;
    let (width, height) = (colours.cols().unsigned_abs(), colours.rows().unsigned_abs());
    RgbaImage::from_raw(width, height, colours.data_bytes()?.to_vec())
        .ok_or_else(|| opencv::Error::new(opencv::core::StsUnmatchedSizes, "no picture"))
}
