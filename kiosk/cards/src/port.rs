//! The card port: a thread that watches the readers and reads on command.

use crate::apdu::CardError;
use crate::authority::CaSet;
use crate::mynumber;
use crate::transport::TransportError;
use domain::card::{CardCommand, CardEvent, CardKind, CardRefusal, CardSecret, Genuine};
use domain::{Date, RequestId};
use pcsc::{Card, Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};
use serde::{Deserialize, Serialize};
use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the port needs to know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Config {
    /// Use only this reader; any one where `None`.
    pub reader: Option<String>,
    /// The authorities that are trusted.
    pub authorities: CaSet,
}

/// How often a missing reader is looked for.
const RETRY: Duration = Duration::from_millis(500);

/// How long one wait for the card lasts before commands are looked at: no command waits longer. pcscd tells of a change
/// at once in any case.
const PACE: Duration = Duration::from_millis(40);

/// How long a card that lies there may give no answer before it is taken for none of ours. pcscd needs up to 0.4 s to see
/// that a card is gone.
const STEADY: Duration = Duration::from_secs(1);

/// The commands of a reading, for the progress bar: facts alone, and with a photo of the size that cards have.
const STEPS: u16 = 21;
const STEPS_WITH_PHOTO: u16 = 42;

/// The port's handle. Dropping it ends the thread.
pub struct Handle {
    commands: Option<Sender<Order>>,
    released: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

/// A command, and how many releases there had been when it was given: one that has waited over a release is another
/// visit's.
struct Order {
    command: CardCommand,
    stamp: u64,
}

impl Handle {
    /// Orders something; the answer comes as an event.
    pub fn send(&self, command: CardCommand) {
        if matches!(command, CardCommand::Release) {
            // At once, not when the thread comes to it: what waits before it must not reach the card any more.
            self.released.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(commands) = &self.commands {
            // The thread lives as long as the handle.
            let _ = commands.send(Order { command, stamp: self.released.load(Ordering::SeqCst) });
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The names of the readers that are there; none where pcscd does not answer.
pub fn readers() -> Vec<String> {
    let names = Context::establish(Scope::User).and_then(|context| context.list_readers_owned());
    names.unwrap_or_default().iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Starts the port. `emit` is called on the port's thread.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(config: Config, emit: impl Fn(CardEvent) + Send + 'static) -> std::io::Result<Handle> {
    spawn_behind(config, emit, || true, || ())
}

/// Starts the port where its orders come over a pipe. `settled` is called before anything secret goes to a card, and returns
/// when the handle was given all that had been ordered by then: a [`CardCommand::Release`] on its way counts. False where nobody
/// orders any more. `alive` is called on the port's thread at every turn, twice a second where nothing happens, and not while a
/// reader or pcscd does not answer; of the commands of a reading each is an event.
///
/// # Errors
/// When no thread can be started.
pub fn spawn_behind(
    config: Config,
    emit: impl Fn(CardEvent) + Send + 'static,
    settled: impl Fn() -> bool + Send + 'static,
    alive: impl Fn() + Send + 'static,
) -> std::io::Result<Handle> {
    let (commands, receiver) = mpsc::channel();
    let released = Arc::new(AtomicU64::new(0));
    let port = Port { config, emit, settled, alive, released: Arc::clone(&released), said: None, mute_since: None };
    let thread = std::thread::Builder::new().name("cards".into()).spawn(move || {
        let _guard = AbortOnPanic;
        port.run(&receiver);
    })?;
    Ok(Handle { commands: Some(commands), released, thread: Some(thread) })
}

/// Ends the process when its thread panics: a kiosk that begins anew is better than one whose reader is deaf for good.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

/// What was said last about the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    NoReader,
    Empty,
    /// The card that came with this count of pcscd's: another count is another laying down.
    Card(u32),
}

/// The handle is gone.
struct Closed;

struct Port<F: Fn(CardEvent), S: Fn() -> bool, A: Fn()> {
    config: Config,
    emit: F,
    settled: S,
    alive: A,
    released: Arc<AtomicU64>,
    said: Option<Said>,
    /// Since when a card has lain there that gives no answer.
    mute_since: Option<Instant>,
}

impl<F: Fn(CardEvent), S: Fn() -> bool, A: Fn()> Port<F, S, A> {
    fn run(mut self, commands: &Receiver<Order>) {
        loop {
            (self.alive)();
            // Ends when the handle, the reader or pcscd goes.
            if let Ok(Closed) = self.watch(commands) {
                return;
            }
            if self.said.replace(Said::NoReader) != Some(Said::NoReader) {
                (self.emit)(CardEvent::NoReader);
            }
            match commands.recv_timeout(RETRY).map(|order| order.command) {
                Ok(CardCommand::Read { request, .. }) => {
                    (self.emit)(CardEvent::Refused { request, why: CardRefusal::NoReader });
                }
                Ok(CardCommand::Look) => (self.emit)(CardEvent::NoReader),
                Ok(CardCommand::Release) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn watch(&mut self, commands: &Receiver<Order>) -> Result<Closed, pcsc::Error> {
        let context = Context::establish(Scope::User)?;
        let reader = find_reader(&context, self.config.reader.as_deref())?;
        let mut states = [ReaderState::new(reader.clone(), State::UNAWARE)];
        let (mut state, mut count) = (State::UNAWARE, 0);
        loop {
            (self.alive)();
            match context.get_status_change(PACE, &mut states) {
                Ok(()) => {
                    (state, count) = (states[0].event_state(), states[0].event_count());
                    if state.intersects(State::UNKNOWN | State::UNAVAILABLE) {
                        return Err(pcsc::Error::ReaderUnavailable);
                    }
                    states[0].sync_current_state();
                    self.look(&context, &reader, state, count);
                }
                Err(pcsc::Error::Timeout | pcsc::Error::Cancelled) => {
                    if self.mute_since.is_some() {
                        self.look(&context, &reader, state, count);
                    }
                }
                Err(error) => return Err(error),
            }
            loop {
                let Order { command, stamp } = match commands.try_recv() {
                    Ok(order) => order,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(Closed),
                };
                match command {
                    CardCommand::Read { request, secret, photo, today } => {
                        let answer = match self.wanted_card(&context, &reader, stamp) {
                            Ok(card) => self.read(card, request, &secret, photo, today),
                            Err(why) => CardEvent::Refused { request, why },
                        };
                        (self.emit)(answer);
                    }
                    CardCommand::Look => {
                        self.said = Some(Said::Empty);
                        self.look(&context, &reader, state, count);
                        if self.said == Some(Said::Empty) {
                            (self.emit)(CardEvent::Removed);
                        }
                    }
                    // Every reading closes what it opened, so that nothing is left to be done.
                    CardCommand::Release => {}
                }
            }
        }
    }

    /// Says what lies there, if that was not said last.
    fn look(&mut self, context: &Context, reader: &CStr, state: State, count: u32) {
        if matches!(self.said, None | Some(Said::NoReader)) {
            self.said = Some(Said::Empty);
            (self.emit)(CardEvent::ReaderReady);
        }
        let card = state.contains(State::PRESENT).then_some(Said::Card(count));
        if card.is_some() && self.said == card {
            return;
        }
        if self.said.replace(Said::Empty) != Some(Said::Empty) {
            (self.emit)(CardEvent::Removed);
        }
        let Some(card) = card else {
            self.mute_since = None;
            return;
        };
        let (kind, pin_tries) = match detect(context, reader) {
            Ok(found) => found,
            // Gone again already, or not yet steady in the field: it is asked again at every pace.
            Err(_) if self.mute_since.get_or_insert_with(Instant::now).elapsed() < STEADY => return,
            Err(_) => (CardKind::Unknown, None),
        };
        self.mute_since = None;
        self.said = Some(card);
        (self.emit)(CardEvent::Inserted { kind, pin_tries });
    }

    /// The card that was announced, where whoever ordered the reading has not let go since: a secret must not reach the
    /// next person's card.
    fn wanted_card(&self, context: &Context, reader: &CStr, stamp: u64) -> Result<Card, CardRefusal> {
        let card = connect(context, reader)?;
        // Asked after connecting: if the card is changed from here on, the connection is of no use any more.
        let mut states = [ReaderState::new(reader.to_owned(), State::UNAWARE)];
        let count = context.get_status_change(Duration::ZERO, &mut states).map(|()| states[0].event_count());
        let announced = count.is_ok_and(|count| self.said == Some(Said::Card(count)));
        if announced && (self.settled)() && stamp == self.released.load(Ordering::SeqCst) {
            return Ok(card);
        }
        let _ = card.disconnect(Disposition::LeaveCard);
        Err(CardRefusal::Removed)
    }

    fn read(
        &self,
        mut card: Card,
        request: RequestId,
        secret: &CardSecret,
        photo: bool,
        today: Option<Date>,
    ) -> CardEvent {
        let of = if photo && matches!(secret, CardSecret::CodeB(_)) { STEPS_WITH_PHOTO } else { STEPS };
        let mut done = 0u16;
        let mut progress = || {
            done = (done + 1).min(of);
            (self.emit)(CardEvent::Progress { request, done, of });
        };
        let result = mynumber::read(&mut card, secret, photo, &self.config.authorities, &mut progress);
        close(card);
        match result {
            // Of a card that is not genuine, that is what is to be said.
            Ok(outcome) if outcome.reading.genuine != Genuine::No && outcome.expired(today) => {
                CardEvent::Refused { request, why: CardRefusal::Expired }
            }
            Ok(outcome) => {
                // Some cards need fewer commands than others.
                (self.emit)(CardEvent::Progress { request, done: of, of });
                CardEvent::Read { request, reading: Box::new(outcome.reading) }
            }
            Err(why) => CardEvent::Refused { request, why },
        }
    }
}

/// The reader of this name, or the first one.
pub(crate) fn find_reader(context: &Context, wanted: Option<&str>) -> Result<CString, pcsc::Error> {
    let readers = context.list_readers_owned()?;
    let is_wanted = |reader: &CString| wanted.is_none_or(|wanted| reader.to_bytes() == wanted.as_bytes());
    readers.into_iter().find(is_wanted).ok_or(pcsc::Error::UnknownReader)
}

/// A card that no other program reaches in the meantime.
pub(crate) fn connect(context: &Context, reader: &CStr) -> Result<Card, CardRefusal> {
    let card = context.connect(reader, ShareMode::Exclusive, Protocols::ANY);
    card.map_err(|error| CardError::from(TransportError::from(error)).refusal())
}

/// Ends a reading. Cards were found to keep what a PIN has opened over a reset, so the power is taken from them.
pub(crate) fn close(card: Card) {
    // A card that is gone has no power already.
    let _ = card.disconnect(Disposition::UnpowerCard);
}

fn detect(context: &Context, reader: &CStr) -> Result<(CardKind, Option<u8>), CardRefusal> {
    let mut card = connect(context, reader)?;
    let found = mynumber::detect(&mut card).map_err(CardError::refusal);
    // Nothing was opened, so that the reading that follows need not power the card up again.
    let _ = card.disconnect(Disposition::LeaveCard);
    found
}
