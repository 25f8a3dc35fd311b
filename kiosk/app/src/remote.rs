//! A port that is a process of its own (`kiosk port`), at the other end of a socket: the same commands, the same events.
//!
//! Whoever listens at the socket starts the process. When that goes away, the kiosk hears what it hears of a device that was
//! unplugged, and another process is asked for. One from which nothing comes any more, not even a beat, hangs: it is hung up on.

use crate::pipe::{self, Frame};
use domain::Personal;
use domain::card::{CardCommand, CardEvent, CardRefusal, Photo};
use domain::face::{FaceCommand, FaceEvent};
#[cfg(feature = "voice")]
use domain::voice::{VoiceCommand, VoiceEvent};
use image::RgbaImage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is different about each port.
pub trait Port: Send + 'static {
    /// What it is told first.
    type Config: Serialize + Send + 'static;
    /// To it.
    type Command: Serialize + 'static;
    /// From it.
    type Event: DeserializeOwned + Send + 'static;

    /// What is heard of it when it goes away.
    fn gone() -> Self::Event;

    /// What is heard of it when it does not come.
    fn absent() -> Option<Self::Event> {
        None
    }

    /// What is heard of a command that nobody answers any more; `None` where no answer is awaited.
    fn unanswered(command: &Self::Command) -> Option<Self::Event>;

    /// What is sent in a command's place, to a process that may not be the one before.
    fn instead(&mut self, command: Self::Command) -> Self::Command {
        command
    }

    /// The next command goes to another process, which knows nothing.
    fn renew(&mut self) {}
}

/// The first pause before the next try. Each one is twice as long as the one before,
const SHORTEST: Duration = Duration::from_millis(100);

/// up to this one: a process that cannot live costs little.
const LONGEST: Duration = Duration::from_secs(10);

/// When the pause is this long, the port is absent. While a machine starts, the sockets come behind the home screen.
const ABSENT: Duration = Duration::from_secs(2);

/// A process that lived for so long was sound.
const SOUND: Duration = Duration::from_secs(20);

/// A process that takes no command for so long is stuck; hundreds of them find room before it takes the first.
const STUCK: Duration = Duration::from_millis(250);

/// A process that says more than so much within so long babbles: the kiosk would do nothing but listen. (Thirty pictures a
/// second and what is seen on them are half of that.)
const MOST: (u32, Duration) = (600, Duration::from_secs(5));

/// How long a process may say nothing before it is taken for one that hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until its first beat: a slow machine that has just started reads networks.
    pub starting: Duration,
    /// From then on: a comparison of faces took more than half a minute on an emulated processor.
    pub silent: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { starting: Duration::from_secs(120), silent: Duration::from_secs(90) }
    }
}

/// The port's handle. Dropping it hangs up, and ends the thread.
pub struct Remote<P: Port> {
    shared: Arc<Shared<P>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared<P: Port> {
    line: Mutex<Line<P>>,
    changed: Condvar,
    patience: Patience,
    emit: Box<dyn Fn(P::Event) + Send + Sync>,
}

/// What became of a process.
#[derive(Default)]
struct Past {
    /// It said anything.
    spoke: bool,
    /// It did not go away, but was given up.
    hung: bool,
    /// How long it lived, by what came from it.
    lived: Duration,
}

struct Line<P: Port> {
    port: P,
    socket: Option<UnixStream>,
    /// Of the last command.
    unanswered: Option<P::Event>,
    wanted: bool,
    ended: bool,
}

impl<P: Port> Remote<P> {
    /// Starts the thread that will connect to the socket at this path. `emit` takes the events, `frame` live pictures.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn spawn(
        port: P,
        path: PathBuf,
        config: P::Config,
        patience: Patience,
        emit: impl Fn(P::Event) + Send + Sync + 'static,
        frame: impl Fn(RgbaImage) + Send + 'static,
    ) -> io::Result<Self> {
        let line = Line { port, socket: None, unanswered: None, wanted: false, ended: false };
        let shared =
            Arc::new(Shared { line: Mutex::new(line), changed: Condvar::new(), patience, emit: Box::new(emit) });
        let theirs = Arc::clone(&shared);
        let run = move || theirs.run(&path, &config, &frame);
        let thread = std::thread::Builder::new().name("port".into()).spawn(run)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// From now on it connects.
    pub fn connect(&self) {
        self.shared.line().wanted = true;
        self.shared.changed.notify_all();
    }

    /// Orders something; the answer comes as an event, whatever becomes of the process. When this returns, the process cannot
    /// miss it any more.
    pub fn send(&self, command: P::Command) {
        let answer = P::unanswered(&command);
        let mut line = self.shared.line();
        let command = line.port.instead(command);
        let sent = line.socket.as_mut().is_some_and(|socket| match pipe::write(socket, &command) {
            Ok(()) => true,
            Err(error) => {
                // What is too long for the pipe was not begun.
                if error.kind() != ErrorKind::InvalidInput {
                    let _ = socket.shutdown(Shutdown::Both);
                }
                false
            }
        });
        line.unanswered = None;
        if sent {
            line.unanswered = answer;
        } else if let Some(answer) = answer {
            drop(line);
            (self.shared.emit)(answer);
        }
    }
}

impl<P: Port> Drop for Remote<P> {
    fn drop(&mut self) {
        {
            let mut line = self.shared.line();
            line.ended = true;
            if let Some(socket) = line.socket.take() {
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl<P: Port> Shared<P> {
    fn line(&self) -> MutexGuard<'_, Line<P>> {
        // Each change is whole in itself.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, path: &Path, config: &P::Config, frame: &dyn Fn(RgbaImage)) {
        let waits = self.changed.wait_while(self.line(), |line| !line.wanted && !line.ended);
        drop(waits.unwrap_or_else(PoisonError::into_inner));
        let (mut pause, mut told) = (SHORTEST, false);
        loop {
            let Past { spoke, hung, lived } = match self.reach(path, config) {
                Ok(socket) => self.listen(path, socket, frame),
                Err(error) => {
                    tracing::debug!(%error, path = %path.display(), "nobody there yet");
                    Past::default()
                }
            };
            if lived >= SOUND {
                pause = SHORTEST;
            }
            told &= !spoke;
            // Of one that hung before it said anything, nobody has heard that it went away.
            if !told && (pause >= ABSENT || hung && !spoke) && !self.line().ended {
                told = true;
                tracing::warn!(path = %path.display(), "no process there that lives");
                P::absent().into_iter().for_each(&self.emit);
            }
            let rested = self.changed.wait_timeout_while(self.line(), pause, |line| !line.ended);
            if rested.unwrap_or_else(PoisonError::into_inner).0.ended {
                return;
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    fn reach(&self, path: &Path, config: &P::Config) -> io::Result<UnixStream> {
        let mut socket = UnixStream::connect(path)?;
        socket.set_write_timeout(Some(STUCK))?;
        socket.set_read_timeout(Some(self.patience.starting))?;
        pipe::write(&mut socket, config)?;
        let mut line = self.line();
        if line.ended {
            return Err(ErrorKind::Interrupted.into());
        }
        line.port.renew();
        line.socket = Some(socket.try_clone()?);
        Ok(socket)
    }

    /// Passes on what the process says, until it goes away or is given up.
    fn listen(&self, path: &Path, mut socket: UnixStream, frame: &dyn Fn(RgbaImage)) -> Past {
        let (began, mut past) = (Instant::now(), Past::default());
        let (mut heard, mut since) = (0, Instant::now());
        let why = loop {
            let said = pipe::read(&mut socket);
            if since.elapsed() >= MOST.1 {
                (heard, since) = (0, Instant::now());
            }
            heard += 1;
            if heard > MOST.0 {
                break "it babbles".to_owned();
            }
            if let Ok(Some(_)) = &said {
                if past.lived.is_zero()
                    && let Err(error) = socket.set_read_timeout(Some(self.patience.silent))
                {
                    break error.to_string();
                }
                past.lived = began.elapsed();
            }
            match said {
                // It has said nothing by that.
                Ok(Some(Frame::Alive)) => continue,
                Ok(Some(Frame::Picture(picture))) => frame(picture),
                Ok(Some(message)) => match message.message() {
                    Ok(event) => (self.emit)(event),
                    Err(error) => break error.to_string(),
                },
                Ok(None) => break "it hung up".to_owned(),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    past.hung = true;
                    break "it hangs".to_owned();
                }
                Err(error) => break error.to_string(),
            }
            past.spoke = true;
        };
        let mut line = self.line();
        line.socket = None;
        let unanswered = line.unanswered.take();
        // One that hangs ends by this, too (see `child`).
        drop(socket);
        if !line.ended {
            drop(line);
            tracing::warn!(why, path = %path.display(), "a port's process went away");
            past.spoke.then(P::gone).into_iter().chain(unanswered).for_each(&self.emit);
        }
        past
    }
}

/// Reads cards.
pub struct Cards;

impl Port for Cards {
    type Config = cards::Config;
    type Command = CardCommand;
    type Event = CardEvent;

    fn gone() -> CardEvent {
        CardEvent::NoReader
    }

    fn absent() -> Option<CardEvent> {
        Some(CardEvent::NoReader)
    }

    fn unanswered(command: &CardCommand) -> Option<CardEvent> {
        match command {
            CardCommand::Read { request, .. } => {
                Some(CardEvent::Refused { request: *request, why: CardRefusal::NoReader })
            }
            CardCommand::Look => Some(CardEvent::NoReader),
            CardCommand::Release => None,
        }
    }
}

/// Compares faces. Keeps the photo as long as somebody is compared with it, for a process that comes in the place of another.
#[derive(Default)]
pub struct Faces {
    photo: Option<Personal<Photo>>,
    /// The process that is there has it.
    told: bool,
}

impl Port for Faces {
    type Config = faces::Config;
    type Command = FaceCommand;
    type Event = FaceEvent;

    fn gone() -> FaceEvent {
        FaceEvent::NoCamera
    }

    fn unanswered(command: &FaceCommand) -> Option<FaceEvent> {
        (*command != FaceCommand::Stop).then_some(FaceEvent::NoCamera)
    }

    fn instead(&mut self, command: FaceCommand) -> FaceCommand {
        match &command {
            FaceCommand::Match { photo, .. } => (self.photo, self.told) = (Some(photo.clone()), true),
            FaceCommand::Again { request } => {
                if let Some(photo) = self.photo.as_ref().filter(|_| !self.told) {
                    self.told = true;
                    return FaceCommand::Match { request: *request, photo: photo.clone() };
                }
            }
            FaceCommand::Look | FaceCommand::Stop => self.photo = None,
        }
        command
    }

    fn renew(&mut self) {
        self.told = false;
    }
}

/// Hears, answers and speaks.
#[cfg(feature = "voice")]
pub struct Voice;

#[cfg(feature = "voice")]
impl Port for Voice {
    type Config = voice::port::Config;
    type Command = VoiceCommand;
    type Event = VoiceEvent;

    fn gone() -> VoiceEvent {
        VoiceEvent::Gone
    }

    fn unanswered(command: &VoiceCommand) -> Option<VoiceEvent> {
        match command {
            VoiceCommand::Answer { request, .. } => Some(VoiceEvent::Failed(*request)),
            VoiceCommand::Say { request, .. } => Some(VoiceEvent::Said(*request)),
            // Whoever listened is told by its being gone.
            VoiceCommand::Listen { .. }
            | VoiceCommand::Meter(_)
            | VoiceCommand::Enough
            | VoiceCommand::Stop
            | VoiceCommand::Forget => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::RequestId;
    use domain::face::Guidance;
    use std::io::Write;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc::{self, Receiver};
    use tempfile::TempDir;

    struct Scene {
        folder: TempDir,
        listener: UnixListener,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let listener = UnixListener::bind(folder.path().join("port")).unwrap();
            Self { folder, listener }
        }

        fn remote<P: Port>(&self, port: P, config: P::Config) -> (Remote<P>, Receiver<P::Event>) {
            self.remote_with(Patience::default(), port, config)
        }

        fn remote_with<P: Port>(
            &self,
            patience: Patience,
            port: P,
            config: P::Config,
        ) -> (Remote<P>, Receiver<P::Event>) {
            let (tell, told) = mpsc::channel();
            let emit = move |event| drop(tell.send(event));
            let path = self.folder.path().join("port");
            let remote = Remote::spawn(port, path, config, patience, emit, |_| {}).unwrap();
            (remote, told)
        }

        /// The process that was asked for, told its configuration.
        fn process(&self) -> UnixStream {
            let (mut process, _) = self.listener.accept().unwrap();
            assert!(matches!(pipe::read(&mut process).unwrap().unwrap(), Frame::Message(_)));
            process
        }
    }

    fn faces() -> faces::Config {
        faces::Config::new(faces::Camera::Device(0), "weights")
    }

    fn next<T>(told: &Receiver<T>) -> T {
        told.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn command<T: DeserializeOwned>(process: &mut UnixStream) -> T {
        pipe::read(process).unwrap().unwrap().message().unwrap()
    }

    fn photo() -> Personal<Photo> {
        Personal::new(Photo(vec![7; 20_000]))
    }

    fn read() -> CardCommand {
        let secret = domain::card::CardSecret::Pin(Personal::new(domain::card::Pin("1234".to_owned())));
        CardCommand::Read { request: RequestId(4), secret, photo: false, today: None }
    }

    #[test]
    fn a_process_that_dies_is_told_like_a_device_and_another_takes_its_place() {
        let scene = Scene::new();
        let (remote, told) = scene.remote(Faces::default(), faces());
        remote.send(FaceCommand::Look);
        assert_eq!(next(&told), FaceEvent::NoCamera, "not wanted yet");
        remote.connect();
        let mut process = scene.process();
        while remote.shared.line().socket.is_none() {
            std::thread::yield_now();
        }
        let wanted = FaceCommand::Match { request: RequestId(1), photo: photo() };
        remote.send(wanted.clone());
        assert_eq!(command::<FaceCommand>(&mut process), wanted);
        pipe::write(&mut process, &FaceEvent::Guide(Guidance::TooFar)).unwrap();
        assert_eq!(next(&told), FaceEvent::Guide(Guidance::TooFar));
        drop(process);
        assert_eq!([next(&told), next(&told)], [FaceEvent::NoCamera; 2], "gone, and nobody answers");

        let mut process = scene.process();
        while remote.shared.line().socket.is_none() {
            std::thread::yield_now();
        }
        remote.send(FaceCommand::Again { request: RequestId(2) });
        let again = FaceCommand::Match { request: RequestId(2), photo: photo() };
        assert_eq!(command::<FaceCommand>(&mut process), again, "it was never told the photo");
        remote.send(FaceCommand::Again { request: RequestId(3) });
        assert_eq!(command::<FaceCommand>(&mut process), FaceCommand::Again { request: RequestId(3) });
        remote.send(FaceCommand::Stop);
        assert_eq!(command::<FaceCommand>(&mut process), FaceCommand::Stop);
        assert!(remote.shared.line().port.photo.is_none());
        // Nobody waits for anything: a process that has not spoken goes unheard.
        drop(process);
        drop(scene.process());
        assert!(told.try_recv().is_err());
        drop(remote);
        assert!(told.recv().is_err(), "the thread has ended");
    }

    #[test]
    fn a_reading_under_way_is_refused_when_its_process_dies_or_babbles() {
        let scene = Scene::new();
        let (remote, told) = scene.remote(Cards, cards::Config::default());
        remote.connect();
        for babble in [&b""[..], b"\x01\x04\0\0\0null", b"\xff\xff\xff\xff\xff"] {
            let mut process = scene.process();
            pipe::write(&mut process, &CardEvent::ReaderReady).unwrap();
            assert_eq!(next(&told), CardEvent::ReaderReady);
            remote.send(read());
            assert_eq!(command::<CardCommand>(&mut process), read());
            process.write_all(babble).unwrap();
            // What it says after that is not heard.
            let _ = pipe::write(&mut process, &CardEvent::Removed);
            if babble.is_empty() {
                assert_eq!(next(&told), CardEvent::Removed);
                drop(process);
            }
            assert_eq!(next(&told), CardEvent::NoReader);
            assert_eq!(next(&told), CardEvent::Refused { request: RequestId(4), why: CardRefusal::NoReader });
        }
    }

    #[test]
    fn a_process_that_never_stops_talking_is_hung_up_on() {
        let scene = Scene::new();
        let (remote, told) = scene.remote(Cards, cards::Config::default());
        remote.connect();
        let mut process = scene.process();
        // It notices sooner or later that nobody listens any more.
        while pipe::write(&mut process, &CardEvent::ReaderReady).is_ok() {}
        let heard = std::iter::from_fn(|| told.recv_timeout(Duration::from_secs(10)).ok());
        let before = heard.take_while(|event| *event == CardEvent::ReaderReady).count();
        assert_eq!(before, 600, "and then its reader is gone");
    }

    #[test]
    fn a_port_that_does_not_come_is_absent_until_it_comes() {
        let scene = Scene::new();
        let path = scene.folder.path().join("port");
        std::fs::rename(&path, path.with_extension("away")).unwrap();
        let (remote, told) = scene.remote(Cards, cards::Config::default());
        remote.connect();
        assert_eq!(next(&told), CardEvent::NoReader);
        remote.send(CardCommand::Release);
        remote.send(read());
        assert!(matches!(next(&told), CardEvent::Refused { why: CardRefusal::NoReader, .. }));
        std::fs::rename(path.with_extension("away"), &path).unwrap();
        let mut process = scene.process();
        pipe::write(&mut process, &CardEvent::ReaderReady).unwrap();
        assert_eq!(next(&told), CardEvent::ReaderReady);
        assert!(told.try_recv().is_err(), "told once");
    }

    #[test]
    fn a_process_that_hangs_is_hung_up_on_and_another_takes_its_place() {
        let scene = Scene::new();
        let patience = Patience { starting: Duration::from_millis(200), silent: Duration::from_secs(2) };
        let (remote, told) = scene.remote_with(patience, Cards, cards::Config::default());
        remote.connect();
        // One that never begins, and one that begins and gets no further than that.
        for beats in 0..2 {
            let mut process = scene.process();
            (0..beats).for_each(|_| pipe::write_alive(&mut process).unwrap());
            if beats == 0 {
                assert_eq!(next(&told), CardEvent::NoReader, "nobody has said what there is");
            }
            assert!(pipe::read(&mut process).unwrap().is_none(), "it is not waited for");
        }
        let mut process = scene.process();
        pipe::write(&mut process, &CardEvent::ReaderReady).unwrap();
        assert_eq!(next(&told), CardEvent::ReaderReady);
        remote.send(read());
        assert_eq!(command::<CardCommand>(&mut process), read());
        // As long as it beats it may take its time.
        let until = Instant::now() + patience.silent * 3 / 2;
        while Instant::now() < until {
            pipe::write_alive(&mut process).unwrap();
            assert!(told.recv_timeout(patience.silent / 40).is_err());
        }
        // Half a message is none.
        process.write_all(b"\x01\x09\0").unwrap();
        assert_eq!(next(&told), CardEvent::NoReader);
        assert_eq!(next(&told), CardEvent::Refused { request: RequestId(4), why: CardRefusal::NoReader });
        assert!(pipe::read(&mut process).unwrap().is_none());
        let mut process = scene.process();
        pipe::write(&mut process, &CardEvent::ReaderReady).unwrap();
        assert_eq!(next(&told), CardEvent::ReaderReady);
    }

    #[test]
    fn a_unit_listens_where_each_port_is_asked_for() {
        let units =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../image-build/mkosi/mkosi.extra/usr/lib/systemd/system");
        let says = |unit: &str, what: &str| {
            let text = std::fs::read_to_string(units.join(unit)).unwrap();
            assert!(text.lines().any(|line| line.starts_with(what)), "{unit}: {what}");
        };
        says("kiosk.service", "ExecStart=/usr/bin/kiosk run --ports /run/madoguchi-ports /");
        for (socket, port) in [("cards", "cards"), ("faces", "faces"), ("voice", "voice"), ("voice-online", "voice")] {
            says(&format!("madoguchi-{socket}.socket"), &format!("ListenStream=/run/madoguchi-ports/{socket}"));
            says(&format!("madoguchi-{socket}@.service"), &format!("ExecStart=/usr/bin/kiosk port {port}"));
        }
    }
}
