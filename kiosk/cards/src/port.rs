//! The card port: a thread that watches the readers and reads on command.

use crate::authority::CaSet;
use crate::mynumber;
use crate::transport::TransportError;
use domain::card::{CardCommand, CardEvent, CardKind, CardRefusal};
use pcsc::{Card, Context, Disposition, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State};
use std::ffi::CString;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the port needs to know.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Use only this reader; any one where `None`.
    pub reader: Option<String>,
    /// The authorities that are trusted.
    pub authorities: CaSet,
}

/// How long a wait for a change of the readers lasts before commands are looked at. A command cancels the wait, so this
/// is only the pace at which a missing pcscd is asked again.
const WAIT: Duration = Duration::from_millis(500);

/// The steps of a whole reading with photo, for the progress bar.
const STEPS: u16 = 52;

/// The port's handle. Dropping it ends the thread.
pub struct Handle {
    commands: Option<Sender<CardCommand>>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// Orders something; the answer comes as an event.
    pub fn send(&self, command: CardCommand) {
        if let Some(commands) = &self.commands {
            // The thread lives as long as the handle.
            let _ = commands.send(command);
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

/// Starts the port. `emit` is called on the port's thread.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(config: Config, emit: impl Fn(CardEvent) + Send + 'static) -> std::io::Result<Handle> {
    let (commands, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().name("cards".into()).spawn(move || Port { config, emit, said: None, card: None }.run(&receiver))?;
    Ok(Handle { commands: Some(commands), thread: Some(thread) })
}

/// What was said last about the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    NoReader,
    Empty,
    Card,
}

struct Port<F: Fn(CardEvent)> {
    config: Config,
    emit: F,
    said: Option<Said>,
    card: Option<Card>,
}

/// Whether the commands' sender still lives.
enum Commands {
    Open,
    Closed,
}

impl<F: Fn(CardEvent)> Port<F> {
    fn run(mut self, commands: &Receiver<CardCommand>) {
        loop {
            let Ok(context) = Context::establish(Scope::User) else {
                self.say(Said::NoReader, None);
                match commands.recv_timeout(WAIT) {
                    Ok(command) => self.refuse_without_reader(&command),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                }
                continue;
            };
            if let Commands::Closed = self.watch(&context, commands) {
                return;
            }
        }
    }

    /// Watches until the context breaks (pcscd restarted) or the handle is dropped.
    fn watch(&mut self, context: &Context, commands: &Receiver<CardCommand>) -> Commands {
        loop {
            let reader = match self.reader(context) {
                Ok(reader) => reader,
                Err(_) => return Commands::Open,
            };
            let Some(reader) = reader else {
                self.leave_card();
                self.say(Said::NoReader, None);
                match self.serve(commands, None, context) {
                    Some(Commands::Closed) => return Commands::Closed,
                    Some(Commands::Open) => return Commands::Open,
                    None => {}
                }
                let mut states = [ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
                match context.get_status_change(WAIT, &mut states) {
                    Ok(()) | Err(pcsc::Error::Timeout | pcsc::Error::Cancelled) => continue,
                    Err(_) => return Commands::Open,
                }
            };
            if self.said.is_none() || self.said == Some(Said::NoReader) {
                (self.emit)(CardEvent::ReaderReady);
            }
            let mut known = State::UNAWARE;
            loop {
                let mut states = [ReaderState::new(reader.clone(), known)];
                // Short, so that a command never waits for long: pcscd answers a change at once in any case.
                let wait = if known == State::UNAWARE { Duration::ZERO } else { Duration::from_millis(40) };
                match context.get_status_change(wait, &mut states) {
                    Ok(()) => {
                        let state = states[0].event_state();
                        if state.intersects(State::UNKNOWN | State::UNAVAILABLE) {
                            break;
                        }
                        known = state;
                        self.change(context, &reader, state.contains(State::PRESENT));
                    }
                    Err(pcsc::Error::Timeout | pcsc::Error::Cancelled) => {}
                    Err(_) => return Commands::Open,
                }
                match self.serve(commands, Some(&reader), context) {
                    Some(done) => return done,
                    None => {}
                }
            }
        }
    }

    fn reader(&self, context: &Context) -> Result<Option<CString>, pcsc::Error> {
        let readers = match context.list_readers_owned() {
            Ok(readers) => readers,
            Err(pcsc::Error::NoReadersAvailable) => vec![],
            Err(error) => return Err(error),
        };
        let wanted = self.config.reader.as_deref();
        Ok(readers.into_iter().find(|reader| wanted.is_none_or(|wanted| reader.to_bytes() == wanted.as_bytes())))
    }

    fn say(&mut self, said: Said, event: Option<CardEvent>) {
        if self.said != Some(said) {
            let before = self.said.replace(said);
            match said {
                Said::NoReader => (self.emit)(CardEvent::NoReader),
                Said::Empty if before == Some(Said::Card) => (self.emit)(CardEvent::Removed),
                _ => {}
            }
        }
        if let Some(event) = event {
            (self.emit)(event);
        }
    }

    fn leave_card(&mut self) {
        if let Some(card) = self.card.take() {
            // Resetting closes what a PIN has opened, also when another program looks next.
            let _ = card.disconnect(Disposition::ResetCard);
        }
    }

    fn change(&mut self, context: &Context, reader: &CString, present: bool) {
        if !present {
            self.leave_card();
            self.say(Said::Empty, None);
            return;
        }
        if self.said == Some(Said::Card) {
            return;
        }
        let found = self.connect(context, reader).and_then(|card| mynumber::detect(card).map_err(|error| error.refusal()));
        let (kind, pin_tries) = match found {
            Ok(found) => found,
            // Gone again already: the next change says so.
            Err(CardRefusal::Removed | CardRefusal::NoReader) => return self.leave_card(),
            Err(_) => (CardKind::Unknown, None),
        };
        self.leave_card();
        self.say(Said::Card, Some(CardEvent::Inserted { kind, pin_tries }));
    }

    fn connect(&mut self, context: &Context, reader: &CString) -> Result<&mut Card, CardRefusal> {
        if self.card.is_none() {
            let card = context
                .connect(reader, ShareMode::Exclusive, Protocols::ANY)
                .map_err(|error| crate::apdu::CardError::Transport(TransportError::from(error)).refusal())?;
            self.card = Some(card);
        }
        self.card.as_mut().ok_or(CardRefusal::NoReader)
    }

    fn refuse_without_reader(&self, command: &CardCommand) {
        if let CardCommand::Read { request, .. } = command {
            (self.emit)(CardEvent::Refused { request: *request, why: CardRefusal::NoReader });
        }
    }

    /// Takes all waiting commands. `Some` ends the watch.
    fn serve(&mut self, commands: &Receiver<CardCommand>, reader: Option<&CString>, context: &Context) -> Option<Commands> {
        loop {
            let command = match commands.try_recv() {
                Ok(command) => command,
                Err(mpsc::TryRecvError::Empty) => return None,
                Err(mpsc::TryRecvError::Disconnected) => {
                    self.leave_card();
                    return Some(Commands::Closed);
                }
            };
            match command {
                CardCommand::Release => self.leave_card(),
                CardCommand::Look => {
                    self.said = None;
                    return Some(Commands::Open);
                }
                CardCommand::Read { request, secret, photo } => {
                    let Some(reader) = reader else {
                        (self.emit)(CardEvent::Refused { request, why: CardRefusal::NoReader });
                        continue;
                    };
                    self.leave_card();
                    let authorities = self.config.authorities.clone();
                    let result = match self.connect(context, reader) {
                        Err(refusal) => Err(refusal),
                        Ok(_) => {
                            let (card, emit) = (&mut self.card, &self.emit);
                            let mut done = 0u16;
                            let mut progress = || {
                                done = (done + 1).min(STEPS);
                                emit(CardEvent::Progress { request, done, of: STEPS });
                            };
                            match card {
                                Some(card) => mynumber::read(card, &secret, photo, &authorities, &mut progress),
                                None => Err(CardRefusal::NoReader),
                            }
                        }
                    };
                    drop(secret);
                    self.leave_card();
                    match result {
                        Ok((reading, _)) => (self.emit)(CardEvent::Read { request, reading: Box::new(reading) }),
                        Err(why) => (self.emit)(CardEvent::Refused { request, why }),
                    }
                }
            }
        }
    }
}
