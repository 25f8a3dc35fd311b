//! The camera: a thread that opens it when somebody is to be compared, hands over the latest picture, and closes it.

use crate::wiped::Wiped;
use opencv::core::{MatTraitConst, Vector};
use opencv::videoio::{
    CAP_ANY, CAP_FFMPEG, CAP_OPENCV_MJPEG, CAP_PROP_FPS, CAP_PROP_OPEN_TIMEOUT_MSEC, CAP_PROP_READ_TIMEOUT_MSEC,
    VideoCapture, VideoCaptureTrait, VideoCaptureTraitConst,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Camera {
    /// A camera of the machine: the number of `/dev/video*`.
    Device(i32),
    /// A film in place of a camera, played at its own pace over and over.
    File(PathBuf),
    /// A film that is played once: its end is a camera that was unplugged.
    FileOnce(PathBuf),
    /// A camera of the network, such as MJPEG over HTTP.
    Url(String),
}

/// Pictures are handed over at most this often.
const INTERVAL: Duration = Duration::from_millis(1000 / 15);

/// A picture that comes so much before its time is taken, too: cameras are not exact.
const EARLY: Duration = Duration::from_millis(8);

/// How long until a camera that gave nothing is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a network camera may take to answer, in milliseconds.
const NETWORK_TIMEOUT_MS: i32 = 3000;

/// The pace of a film that does not say its own, in pictures a second.
const PACE: f64 = 15.0;

/// What the camera's thread says. Every word carries the number of the opening that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CameraWord {
    /// A picture waits to be taken.
    Picture,
    /// No picture comes; it is tried again.
    Lost,
}

/// The camera, on its own thread because a device that hangs must not keep a command waiting.
pub(crate) struct Feed {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The number of the opening while pictures are wanted.
    wanted: Option<u64>,
    openings: u64,
    ended: bool,
    picture: Option<Wiped>,
    /// Since when the thread has been with the device; `None` while it waits.
    busy: Option<Instant>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked holding the lock left a state that is whole: each change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; false when this opening is over.
    fn wait(&self, opening: u64, until: Instant) -> bool {
        let mut state = self.state();
        state.busy = None;
        loop {
            let now = Instant::now();
            let (over, left) = (state.ended || state.wanted != Some(opening), until.saturating_duration_since(now));
            if over || left.is_zero() {
                state.busy = Some(now);
                return !over;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until pictures are wanted; `None` at the end.
    fn next_opening(&self) -> Option<u64> {
        let mut state = self.state();
        state.busy = None;
        loop {
            if state.ended {
                return None;
            }
            if let Some(opening) = state.wanted {
                state.busy = Some(Instant::now());
                return Some(opening);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Feed {
    /// Starts the thread; the camera stays closed. `say` is called on the thread, at most once until the picture is taken.
    pub(crate) fn start(camera: Camera, say: impl Fn(u64, CameraWord) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let run = move || {
            while let Some(opening) = theirs.next_opening() {
                play(&camera, &theirs, opening, &say);
                say(opening, CameraWord::Lost);
                // Over when closed meanwhile; the next turn looks.
                theirs.wait(opening, Instant::now() + RETRY);
            }
        };
        let thread = std::thread::Builder::new().name("camera".into()).spawn(run)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Opens the camera, if it is not; gives the number of the opening.
    pub(crate) fn open(&self) -> u64 {
        let mut state = self.shared.state();
        if let Some(opening) = state.wanted {
            return opening;
        }
        state.openings += 1;
        let opening = state.openings;
        state.wanted = Some(opening);
        self.shared.changed.notify_all();
        opening
    }

    /// Closes the camera and forgets the picture that waits.
    pub(crate) fn close(&self) {
        let mut state = self.shared.state();
        state.wanted = None;
        state.picture = None;
        self.shared.changed.notify_all();
    }

    /// Whether the device has not let go of the thread for so long.
    pub(crate) fn hangs(&self, patience: Duration) -> bool {
        self.shared.state().busy.is_some_and(|since| since.elapsed() > patience)
    }

    /// The latest picture.
    pub(crate) fn take(&self) -> Option<Wiped> {
        self.shared.state().picture.take()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        {
            let mut state = self.shared.state();
            state.ended = true;
            state.wanted = None;
            state.picture = None;
            self.shared.changed.notify_all();
        }
        if let Some(thread) = self.thread.take() {
            // OpenCV gives up a device that hangs after ten seconds.
            let _ = thread.join();
        }
    }
}

/// Plays pictures until the camera gives none any more or is closed.
fn play(camera: &Camera, shared: &Shared, opening: u64, say: &impl Fn(u64, CameraWord)) {
    loop {
        let Ok(mut capture) = open(camera) else { return };
        let mut played = 0u32;
        // A film is played at its own pace; a camera keeps its own.
        let pace = match camera {
            Camera::File(_) | Camera::FileOnce(_) => Some(pace(&capture)),
            Camera::Device(_) | Camera::Url(_) => None,
        };
        let begin = Instant::now();
        let mut due = begin;
        while capture.grab().unwrap_or(false) {
            if !shared.wait(opening, pace.map_or(begin, |pace| begin + pace * played)) {
                return;
            }
            played += 1;
            let now = Instant::now();
            if now + EARLY < due {
                continue;
            }
            due = (due + INTERVAL).max(now);
            let mut picture = Wiped::default();
            if !capture.retrieve_def(&mut *picture).unwrap_or(false) || picture.typ() != opencv::core::CV_8UC3 {
                break;
            }
            let mut state = shared.state();
            if state.wanted != Some(opening) {
                return;
            }
            let waits = state.picture.replace(picture).is_some();
            drop(state);
            if !waits {
                say(opening, CameraWord::Picture);
            }
        }
        if !matches!(camera, Camera::File(_)) || played == 0 {
            return;
        }
    }
}

fn open(camera: &Camera) -> opencv::Result<VideoCapture> {
    let capture = match camera {
        Camera::Device(number) => VideoCapture::new(*number, CAP_ANY)?,
        Camera::File(path) | Camera::FileOnce(path) => {
            let capture = VideoCapture::from_file(path, CAP_FFMPEG)?;
            // The appliance's OpenCV has no FFmpeg; Motion JPEG it reads by itself.
            if capture.is_opened()? { capture } else { VideoCapture::from_file(path, CAP_OPENCV_MJPEG)? }
        }
        Camera::Url(url) => {
            let patience =
                [CAP_PROP_OPEN_TIMEOUT_MSEC, NETWORK_TIMEOUT_MS, CAP_PROP_READ_TIMEOUT_MSEC, NETWORK_TIMEOUT_MS];
            VideoCapture::from_file_with_params(url, CAP_FFMPEG, &Vector::from_slice(&patience))?
        }
    };
    if capture.is_opened()? {
        return Ok(capture);
    }
    Err(opencv::Error::new(opencv::core::StsError, "the camera cannot be opened"))
}

/// The time between two pictures of a film.
fn pace(capture: &VideoCapture) -> Duration {
    let said = capture.get(CAP_PROP_FPS).unwrap_or(PACE);
    Duration::from_secs_f64(1.0 / if said.is_finite() && (1.0..=120.0).contains(&said) { said } else { PACE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::process::Command;
    use std::sync::mpsc;

    const PATIENCE: Duration = Duration::from_millis(50);

    #[test]
    fn a_camera_that_does_not_answer_is_seen_to_hang_also_when_nobody_wants_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.avi");
        // Whoever opens it waits until somebody writes into it.
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (say, said) = mpsc::channel();
        let say = move |opening, word| say.send((opening, word)).unwrap_or(());
        let feed = Feed::start(Camera::FileOnce(path.clone()), say).unwrap();
        assert!(!feed.hangs(Duration::ZERO), "it was not opened");
        let (opening, begun) = (feed.open(), Instant::now());
        while !feed.hangs(PATIENCE) {
            assert!(begun.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        }
        feed.close();
        assert!(feed.hangs(PATIENCE));
        assert!(said.try_recv().is_err());
        // It is opened in two ways, one after the other.
        let word = loop {
            drop(File::options().read(true).write(true).open(&path).unwrap());
            if let Ok(word) = said.try_recv() {
                break word;
            }
        };
        assert_eq!(word, (opening, CameraWord::Lost));
        while feed.hangs(Duration::ZERO) {
            std::thread::yield_now();
        }
    }
}
