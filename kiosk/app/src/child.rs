//! `kiosk port`: one port as a process of its own, for the service manager of the appliance, which gives it one device and little
//! else. It ends with its connection, and says now and then that its worker goes on: so one that hangs is replaced.

use crate::pipe;
use domain::face::{FaceCommand, FaceEvent};
use image::RgbaImage;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Which port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// Reads cards.
    Cards,
    /// Compares faces.
    Faces,
    /// Hears, answers and speaks.
    #[cfg(feature = "voice")]
    Voice,
}

/// Between two beats, where nothing else is said.
const BEAT: Duration = Duration::from_secs(3);

/// How long this process may take to end by itself when the kiosk has hung up.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves the kiosk at the other end of this socket until it hangs up.
///
/// # Errors
/// When this is no such socket, or the port cannot be started.
pub fn serve(which: Which, socket: UnixStream) -> io::Result<()> {
    // Of anything but a UNIX socket it says so.
    socket.local_addr()?;
    // Whoever accepted it may have wanted it otherwise.
    socket.set_nonblocking(false)?;
    crate::panic_quietly("kiosk port", || std::process::abort());
    // Says nothing: another thread may hang while it holds standard error.
    end_behind(socket.try_clone()?, FAREWELL, || std::process::abort())?;
    let said = Said(Arc::new(Mutex::new(Line { socket: socket.try_clone()?, last: None })));
    let orders = Arc::new(Orders { socket, over: Mutex::new(false) });
    match which {
        Which::Cards => cards(&orders, said),
        Which::Faces => faces(&orders, said),
        #[cfg(feature = "voice")]
        Which::Voice => voice(&orders, said),
    }
}

/// Calls `end` when the kiosk has hung up and this process is still there so much later: a thread of it hangs, and what it holds
/// may be what somebody entered.
fn end_behind(socket: UnixStream, patience: Duration, end: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("farewell".into()).spawn(move || {
        // Asked for nothing, it tells of a hang-up alone.
        let mut line = [PollFd::new(socket.as_fd(), PollFlags::empty())];
        while !poll(&mut line, PollTimeout::NONE).is_ok_and(|ready| ready > 0) {}
        std::thread::sleep(patience);
        end();
    })?;
    Ok(())
}

fn cards(orders: &Arc<Orders>, said: Said) -> io::Result<()> {
    let Some(config) = orders.next() else { return Ok(()) };
    let (on_their_way, alive) = (Arc::clone(orders), said.clone());
    let settled = move || on_their_way.settled();
    let cards = cards::spawn_behind(config, move |event| said.say(&event), settled, move || alive.beat())?;
    orders.give(|command| cards.send(command));
    Ok(())
}

fn faces(orders: &Orders, said: Said) -> io::Result<()> {
    let Some(config) = orders.next() else { return Ok(()) };
    let (seen, events, alive) = (said.clone(), said.clone(), said.clone());
    let first = Cell::new(true);
    let frame = move |picture| {
        // The kiosk may know the camera as lost since the process before this one.
        if first.replace(false) {
            seen.say(&FaceEvent::CameraReady);
        }
        seen.show(picture);
    };
    match faces::spawn_behind(config, move |event| events.say(&event), frame, move || alive.beat()) {
        Ok(faces) => orders.give(|command| faces.send(command)),
        Err(error) => {
            tracing::error!(%error, "no faces can be compared");
            said.say(&FaceEvent::NotInstalled);
            // It is no use to begin anew, and nothing that could hang.
            let alive = said.clone();
            std::thread::Builder::new().name("beats".into()).spawn(move || {
                loop {
                    alive.beat();
                    std::thread::sleep(BEAT);
                }
            })?;
            orders.give(|command: FaceCommand| {
                if command != FaceCommand::Stop {
                    said.say(&FaceEvent::NotInstalled);
                }
            });
        }
    }
    Ok(())
}

#[cfg(feature = "voice")]
fn voice(orders: &Orders, said: Said) -> io::Result<()> {
    let Some(config) = orders.next() else { return Ok(()) };
    let alive = said.clone();
    let voice = voice::port::spawn_behind(config, move |event| said.say(&event), |_| {}, move || alive.beat())?;
    orders.give(|command| voice.send(command));
    Ok(())
}

/// What the kiosk sends.
struct Orders {
    socket: UnixStream,
    /// No more will come. Held while one is read and given.
    over: Mutex<bool>,
}

impl Orders {
    /// The next; `None` where the kiosk has hung up, or what it sent cannot be understood.
    fn next<T: DeserializeOwned>(&self) -> Option<T> {
        let frame =
            pipe::read(&mut &self.socket).inspect_err(|error| tracing::warn!(%error, "the pipe broke")).ok()??;
        frame.message().inspect_err(|error| tracing::warn!(%error, "the kiosk is not understood")).ok()
    }

    /// Gives one after the other, until the last.
    fn give<T: DeserializeOwned>(&self, to: impl Fn(T)) {
        loop {
            if !self.waits(PollTimeout::NONE) {
                continue;
            }
            let mut over = self.over();
            match self.next() {
                Some(order) => to(order),
                None => break *over = true,
            }
        }
    }

    /// Waits until all that was sent by now has been given; false when no more will come.
    fn settled(&self) -> bool {
        const MOMENT: Duration = Duration::from_millis(1);
        loop {
            let over = self.over();
            if *over || !self.waits(PollTimeout::ZERO) {
                return !*over;
            }
            drop(over);
            std::thread::sleep(MOMENT);
        }
    }

    /// Whether an order, or the end, waits to be read.
    fn waits(&self, patience: PollTimeout) -> bool {
        // An interrupted wait is tried again by whoever waits.
        poll(&mut [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)], patience).is_ok_and(|ready| ready > 0)
    }

    fn over(&self) -> MutexGuard<'_, bool> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the kiosk is told.
#[derive(Clone)]
struct Said(Arc<Mutex<Line>>);

struct Line {
    socket: UnixStream,
    /// When anything was told last.
    last: Option<Instant>,
}

impl Said {
    /// That the worker goes on, unless something was told a moment ago. For the worker alone: whoever only takes orders goes on
    /// when it hangs.
    fn beat(&self) {
        if self.line().last.is_none_or(|last| last.elapsed() >= BEAT) {
            self.write(pipe::write_alive);
        }
    }

    fn say(&self, event: &impl Serialize) {
        self.write(|socket| pipe::write(socket, event));
    }

    fn show(&self, mut picture: RgbaImage) {
        self.write(|socket| pipe::write_picture(socket, &picture));
        screens::overwrite(&mut picture);
    }

    /// Half a frame cannot be taken back: then the connection is over, and this process with it.
    fn write(&self, what: impl FnOnce(&mut UnixStream) -> io::Result<()>) {
        let mut line = self.line();
        if what(&mut line.socket).is_err() {
            let _ = line.socket.shutdown(Shutdown::Both);
        }
        line.last = Some(Instant::now());
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::card::CardCommand;
    use std::io::Write;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn orders() -> (UnixStream, Arc<Orders>) {
        let (kiosk, socket) = UnixStream::pair().unwrap();
        (kiosk, Arc::new(Orders { socket, over: Mutex::new(false) }))
    }

    #[test]
    fn what_was_sent_before_is_given_before_anything_secret_is_done() {
        let (mut kiosk, orders) = orders();
        let given = Arc::new(AtomicUsize::new(0));
        let (theirs, count) = (Arc::clone(&orders), Arc::clone(&given));
        let taker = std::thread::spawn(move || {
            theirs.give(|_: CardCommand| {
                // A machine that has other things to do.
                std::thread::sleep(Duration::from_millis(30));
                count.fetch_add(1, Ordering::SeqCst);
            });
        });
        for sent in 1..=5 {
            pipe::write(&mut kiosk, &CardCommand::Look).unwrap();
            pipe::write(&mut kiosk, &CardCommand::Release).unwrap();
            assert!(orders.settled());
            assert_eq!(given.load(Ordering::SeqCst), 2 * sent);
        }
        drop(kiosk);
        taker.join().unwrap();
        assert!(!orders.settled(), "nobody orders any more");
    }

    #[test]
    fn a_worker_beats_where_it_says_nothing_else() {
        let (mut kiosk, socket) = UnixStream::pair().unwrap();
        let said = Said(Arc::new(Mutex::new(Line { socket, last: None })));
        let a_while_passes = || said.line().last = Instant::now().checked_sub(BEAT);
        said.beat();
        said.beat();
        said.say(&CardCommand::Look);
        said.beat();
        a_while_passes();
        said.beat();
        said.beat();
        a_while_passes();
        said.say(&CardCommand::Look);
        said.beat();
        drop(said);
        let told: Vec<bool> = std::iter::from_fn(|| pipe::read(&mut kiosk).unwrap())
            .map(|frame| frame.message::<CardCommand>().is_ok())
            .collect();
        assert_eq!(told, [false, true, false, true]);
    }

    #[test]
    fn nothing_outlives_the_kiosk_for_long() {
        type HangUp = fn(UnixStream);
        let ways: [HangUp; 2] = [drop, |mut kiosk| {
            // Nobody reads what came before the end, for whoever would hangs.
            pipe::write(&mut kiosk, &CardCommand::Release).unwrap();
        }];
        for hang_up in ways {
            let (kiosk, socket) = UnixStream::pair().unwrap();
            let (end, ended) = std::sync::mpsc::channel();
            end_behind(socket.try_clone().unwrap(), Duration::from_millis(1), move || end.send(()).unwrap()).unwrap();
            pipe::write(&mut &kiosk, &CardCommand::Look).unwrap();
            pipe::write_alive(&mut &socket).unwrap();
            assert!(ended.recv_timeout(Duration::from_millis(50)).is_err(), "the kiosk is there");
            hang_up(kiosk);
            ended.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_understood_ends_it() {
        for wrong in [&b"\x01\x02\0\0\0{}"[..], b"\x01\x09\0\0\0\"Look\"", b"GET / HTTP/1.1\r\n"] {
            let (mut kiosk, orders) = orders();
            pipe::write(&mut kiosk, &CardCommand::Look).unwrap();
            kiosk.write_all(wrong).unwrap();
            pipe::write(&mut kiosk, &CardCommand::Look).unwrap();
            kiosk.shutdown(Shutdown::Write).unwrap();
            let given = Cell::new(0);
            orders.give(|_: CardCommand| given.set(given.get() + 1));
            assert_eq!(given.get(), 1);
        }
    }
}
