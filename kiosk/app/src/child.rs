//! `kiosk port`: one port as a process of its own, for the service manager of the appliance, which gives it one device and little
//! else. It ends with its connection.

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
use std::time::Duration;

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
    let said = Said(Arc::new(Mutex::new(socket.try_clone()?)));
    let orders = Arc::new(Orders { socket, over: Mutex::new(false) });
    match which {
        Which::Cards => cards(&orders, said),
        Which::Faces => faces(&orders, said),
        #[cfg(feature = "voice")]
        Which::Voice => voice(&orders, said),
    }
}

fn cards(orders: &Arc<Orders>, said: Said) -> io::Result<()> {
    let Some(config) = orders.next() else { return Ok(()) };
    let on_their_way = Arc::clone(orders);
    let cards = cards::spawn_behind(config, move |event| said.say(&event), move || on_their_way.settled())?;
    orders.give(|command| cards.send(command));
    Ok(())
}

fn faces(orders: &Orders, said: Said) -> io::Result<()> {
    let Some(config) = orders.next() else { return Ok(()) };
    let (seen, events) = (said.clone(), said.clone());
    let first = Cell::new(true);
    let frame = move |picture| {
        // The kiosk may know the camera as lost since the process before this one.
        if first.replace(false) {
            seen.say(&FaceEvent::CameraReady);
        }
        seen.show(picture);
    };
    match faces::spawn(config, move |event| events.say(&event), frame) {
        Ok(faces) => orders.give(|command| faces.send(command)),
        Err(error) => {
            tracing::error!(%error, "no faces can be compared");
            said.say(&FaceEvent::NotInstalled);
            // It is no use to begin anew.
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
    let voice = voice::port::spawn(config, move |event| said.say(&event), |_| {})?;
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
struct Said(Arc<Mutex<UnixStream>>);

impl Said {
    fn say(&self, event: &impl Serialize) {
        self.write(|socket| pipe::write(socket, event));
    }

    fn show(&self, mut picture: RgbaImage) {
        self.write(|socket| pipe::write_picture(socket, &picture));
        screens::overwrite(&mut picture);
    }

    /// Half a frame cannot be taken back: then the connection is over, and this process with it.
    fn write(&self, what: impl FnOnce(&mut UnixStream) -> io::Result<()>) {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if what(&mut socket).is_err() {
            let _ = socket.shutdown(Shutdown::Both);
        }
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
