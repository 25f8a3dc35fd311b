//! Whether the port's threads go on. Each says how long its next step may take at most; one that takes longer hangs.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Reading a guide and loading networks. A guide that was never learnt takes a slow machine minutes, and one that is begun anew
/// would never get ready.
pub(super) const LOADING: Duration = Duration::from_secs(15 * 60);

/// Opening a device, looking up a question, speaking a sentence: none takes a tenth of it, but the machine may be slow and busy.
pub(super) const STEP: Duration = Duration::from_secs(60);

/// Recognising what was said, a minute of it at most. The ear gives it up long before that; it ends behind it, as slow as it is.
pub(super) const RECOGNITION: Duration = Duration::from_secs(180);

/// Between two beats.
const BEAT: Duration = Duration::from_secs(2);

/// Of a thread that waits for orders, or has ended.
const RESTS: u64 = u64::MAX;

/// The threads of a port.
#[derive(Clone)]
pub(super) struct Pulse(Arc<Threads>);

struct Threads {
    began: Instant,
    /// When each has to be done with its step, in milliseconds.
    due: Mutex<Vec<Arc<AtomicU64>>>,
}

impl Threads {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(RESTS)
    }

    fn goes_on(&self) -> bool {
        let (now, due) = (self.now(), self.due.lock().unwrap_or_else(PoisonError::into_inner));
        due.iter().all(|due| due.load(Ordering::Relaxed) >= now)
    }
}

impl Pulse {
    pub fn new() -> Self {
        Self(Arc::new(Threads { began: Instant::now(), due: Mutex::default() }))
    }

    /// Another thread, which rests.
    pub fn thread(&self) -> Steps {
        let due = Arc::new(AtomicU64::new(RESTS));
        self.0.due.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&due));
        Steps { threads: Arc::clone(&self.0), due }
    }

    /// Calls `alive` every few seconds while all threads go on, until none is left that has to do with them.
    pub fn watch(&self, alive: impl Fn() + Send + 'static) -> io::Result<()> {
        let threads = Arc::downgrade(&self.0);
        thread::Builder::new().name("voice-pulse".into()).spawn(move || {
            while let Some(goes_on) = threads.upgrade().map(|threads| threads.goes_on()) {
                if goes_on {
                    alive();
                }
                thread::sleep(BEAT);
            }
        })?;
        Ok(())
    }
}

/// What a thread says of itself.
pub(super) struct Steps {
    threads: Arc<Threads>,
    due: Arc<AtomicU64>,
}

impl Steps {
    /// What it does next takes no longer than this.
    pub fn takes(&self, at_most: Duration) {
        let at_most = u64::try_from(at_most.as_millis()).unwrap_or(RESTS);
        self.due.store(self.threads.now().saturating_add(at_most), Ordering::Relaxed);
    }

    /// It waits for orders, for as long as it likes.
    pub fn rests(&self) {
        self.due.store(RESTS, Ordering::Relaxed);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.rests();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{self, RecvTimeoutError};

    #[test]
    fn one_thread_that_takes_too_long_stops_it_and_one_that_rests_or_ends_does_not() {
        let pulse = Pulse::new();
        let [ear, mouth] = [pulse.thread(), pulse.thread()];
        let passes = |step: &Steps| {
            step.takes(Duration::ZERO);
            while pulse.0.goes_on() {
                thread::yield_now();
            }
        };
        assert!(pulse.0.goes_on());
        ear.takes(LOADING);
        assert!(pulse.0.goes_on());
        passes(&mouth);
        ear.rests();
        assert!(!pulse.0.goes_on());
        mouth.takes(STEP);
        assert!(pulse.0.goes_on());
        passes(&mouth);
        mouth.rests();
        assert!(pulse.0.goes_on());
        passes(&ear);
        drop(ear);
        assert!(pulse.0.goes_on());
    }

    #[test]
    fn it_ends_with_the_port() {
        let pulse = Pulse::new();
        let (beat, beats) = mpsc::channel();
        pulse.watch(move || beat.send(()).unwrap_or(())).unwrap();
        beats.recv_timeout(Duration::from_secs(10)).unwrap();
        drop(pulse);
        let end = loop {
            if let Err(end) = beats.recv_timeout(Duration::from_secs(10)) {
                break end;
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected);
    }
}
