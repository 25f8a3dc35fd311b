//! What the port's threads share.

use domain::VisitId;
use domain::paper::{Device, PrinterEvent, PrinterTrouble};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole at every instant, also when a holder has panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The visits of which nothing may come out any more. A number a visit, for as long as the kiosk runs.
#[derive(Debug, Default)]
pub(crate) struct Ended(Mutex<BTreeSet<VisitId>>);

impl Ended {
    /// Ends a visit.
    pub fn add(&self, visit: VisitId) {
        lock(&self.0).insert(visit);
    }

    /// Whether a visit has ended.
    pub fn has(&self, visit: VisitId) -> bool {
        lock(&self.0).contains(&visit)
    }
}

type Emit = dyn Fn(PrinterEvent) + Send;

/// Emits events, from any thread, one at a time.
#[derive(Clone)]
pub(crate) struct Voice(Arc<Mutex<Emit>>);

impl Voice {
    /// Wraps the owner's function.
    pub fn new(emit: impl Fn(PrinterEvent) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(emit)))
    }

    /// Says something.
    pub fn say(&self, event: PrinterEvent) {
        lock(&self.0)(event);
    }
}

/// Says how a printer is, but only when that has changed.
pub(crate) struct Mood {
    device: Device,
    said: Option<(Vec<PrinterTrouble>, bool)>,
    waking: Instant,
}

impl Mood {
    /// Nothing said yet; for so long from now on, a printer that was never found is not said to be away.
    pub fn new(device: Device, waking: Duration) -> Self {
        Self { device, said: None, waking: Instant::now() + waking }
    }

    /// Tells how the printer is.
    pub fn tell(&mut self, voice: &Voice, troubles: Vec<PrinterTrouble>, low: bool) {
        if !self.is_known() && troubles == [PrinterTrouble::Offline] && Instant::now() < self.waking {
            return;
        }
        let now = (troubles, low);
        if self.said.as_ref() != Some(&now) {
            tracing::info!(device = ?self.device, troubles = ?now.0, low, "printer");
            voice.say(PrinterEvent::State { device: self.device, troubles: now.0.clone(), low });
            self.said = Some(now);
        }
    }

    /// Whether anything was said yet.
    pub fn is_known(&self) -> bool {
        self.said.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn who_was_never_found_is_not_away_while_the_machine_wakes() {
        let told = |waking| {
            let (events, heard) = mpsc::channel();
            let voice = Voice::new(move |event| drop(events.send(event)));
            let mut mood = Mood::new(Device::Page, waking);
            mood.tell(&voice, vec![PrinterTrouble::Offline], false);
            let early = heard.try_iter().count();
            mood.tell(&voice, vec![], false);
            mood.tell(&voice, vec![PrinterTrouble::Offline], false);
            (early, heard.try_iter().count())
        };
        assert_eq!(told(Duration::ZERO), (1, 2), "a kiosk that runs long");
        assert_eq!(told(Duration::from_secs(600)), (0, 2), "once found, it is away at once");
    }
}
