//! The thread that watches over the page printer, and the papers on their way to it.
//!
//! A paper is carried by a thread of its own (an *attempt*), because a printer may take minutes to take it; meanwhile
//! this thread keeps asking how the printer and the job are, and hears cancellations. Each attempt has its own job name, so
//! that the printer can be asked about it after a broken connection, whatever else it has forgotten.

use crate::Config;
use crate::http::Address;
use crate::ipp_printer::{Carrier, IppError, IppPrinter, Job, JobState};
use crate::media::Media;
use crate::reasons::Condition;
use crate::shared::{Ended, Mood, Voice};
use domain::form::FilledForm;
use domain::paper::{Device, PrintJob, PrinterEvent, PrinterTrouble};
use domain::{IdentityTag, VisitId};
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// To the thread.
pub(crate) enum Message {
    /// Print papers.
    Print(PrintJob),
    /// A visit has ended.
    Cancel(VisitId),
    /// An attempt's thread is done: the job's id, or why there is none.
    Carried(u64, Result<i32, IppError>),
    /// The handle was dropped.
    Close,
}

/// So many failed contacts in a row make a printer that was there count as away: one may be a printer that is busy.
const AWAY_AFTER: u32 = 2;
/// So many answers in a row that do not know a job make it count as not there: one may come before the printer has listed
/// what it has just taken.
const MISSING_AFTER: u32 = 3;
/// A paper that the printer has given up, without having printed of it, after the connection broke is sent again so often.
const MOST_TRIES: u32 = 3;
/// A transfer that lasts longer may be one whose answer will never come: the printer is asked about it.
const LONG: Duration = Duration::from_secs(2);

/// The papers of one job that have not been sent yet.
struct Order {
    visit: VisitId,
    tag: Option<IdentityTag>,
    papers: VecDeque<FilledForm>,
}

/// One sending of one paper.
struct Attempt {
    number: u64,
    name: String,
    signals: Arc<Signals>,
    thread: JoinHandle<()>,
}

/// Between this thread and an attempt's.
#[derive(Default)]
struct Signals {
    /// No more of the paper may be sent.
    stop: AtomicBool,
    /// The connection may be closed.
    hang_up: AtomicBool,
    /// The printer has acknowledged every byte of the paper.
    delivered: AtomicBool,
}

impl Attempt {
    /// Nobody waits for its answer any more.
    fn stop(&self) {
        self.signals.stop.store(true, Ordering::Release);
        self.hang_up();
    }

    fn hang_up(&self) {
        self.signals.hang_up.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// The printer may have only a part of the paper. Some print what they have got as if it were all.
    fn is_torn(&self) -> bool {
        self.thread.is_finished() && !self.signals.delivered.load(Ordering::Acquire)
    }
}

/// An attempt as its own thread sees it.
struct Sending {
    visit: VisitId,
    ended: Arc<Ended>,
    signals: Arc<Signals>,
    patience: Duration,
}

impl Carrier for Sending {
    fn is_stopped(&self) -> bool {
        self.signals.stop.load(Ordering::Acquire) || self.ended.has(self.visit)
    }

    fn delivered(&self) {
        self.signals.delivered.store(true, Ordering::Release);
    }

    /// Hanging up may make the printer print the part that it has: the job is cancelled first, if that can be done in time.
    fn before_hanging_up(&self) {
        let until = Instant::now() + self.patience;
        while !self.signals.hang_up.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }
}

/// Where a paper stands.
enum Stage {
    /// It is sent as soon as the printer is ready.
    Waiting { from: Instant },
    /// It is being carried. `away`: contact was lost meanwhile.
    Sending { attempt: Attempt, since: Instant, away: bool },
    /// Carried, but whether the printer has it is not known.
    Lost { attempt: Attempt, misses: u32 },
    /// The printer has it. `answered`: it has said so itself.
    Taken { attempt: Attempt, id: i32, since: Instant, answered: bool },
}

/// The paper that is on its way.
struct Current {
    paper: Arc<FilledForm>,
    media: Media,
    stage: Stage,
    /// How often it was sent again after the printer had given it up.
    tries: u32,
    /// The printer has said that something of it came out.
    begun: bool,
}

/// An attempt of which nothing may come out any more: watched until the printer surely does not have it.
struct Grave {
    attempt: Attempt,
    misses: u32,
}

/// The thread's state.
pub(crate) struct Page {
    printer: IppPrinter,
    kiosk: String,
    run: u32,
    idle: Duration,
    busy: Duration,
    patience: Duration,
    stuck_after: Duration,
    ended: Arc<Ended>,
    voice: Voice,
    messages: Sender<Message>,
    mood: Mood,
    failures: u32,
    swept: bool,
    orders: VecDeque<Order>,
    current: Option<Current>,
    graves: Vec<Grave>,
    attempts: u64,
}

impl Page {
    /// A printer that has not been asked yet.
    pub fn new(config: &Config, address: Address, ended: Arc<Ended>, voice: Voice, messages: Sender<Message>) -> Self {
        Self {
            printer: IppPrinter::new(address, config.patience),
            kiosk: config.kiosk.clone(),
            // Tells the jobs of this run from those of a former one; visits are numbered anew in each.
            run: RandomState::new().build_hasher().finish() as u32,
            idle: config.idle_interval,
            busy: config.busy_interval,
            patience: config.patience,
            stuck_after: config.stuck_after,
            ended,
            voice,
            messages,
            mood: Mood::new(Device::Page),
            failures: 0,
            swept: false,
            orders: VecDeque::new(),
            current: None,
            graves: Vec::new(),
            attempts: 0,
        }
    }

    /// Runs until [`Message::Close`].
    pub fn run(mut self, messages: &Receiver<Message>) {
        let mut next = Instant::now();
        loop {
            match messages.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return self.close(),
                Ok(Message::Carried(number, result)) => self.carried(number, result),
                Ok(Message::Print(job)) => {
                    self.orders.push_back(Order { visit: job.visit, tag: job.tag, papers: job.papers.into() });
                    next = Instant::now();
                }
                Ok(Message::Cancel(visit)) => {
                    self.cancel(visit);
                    next = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    let busy = self.current.is_some() || !self.orders.is_empty() || !self.graves.is_empty();
                    next = Instant::now() + if busy { self.busy } else { self.idle };
                }
            }
        }
    }

    /// Asks the printer how it is, then does what waits for it.
    fn look(&mut self) {
        let stuck = matches!(&self.current, Some(Current { stage: Stage::Taken { since, .. }, .. }) if since.elapsed() >= self.stuck_after);
        let wanted = self.current.as_ref().map_or(Media::ALL.to_vec(), |current| vec![current.media]);
        let condition = match self.printer.condition(stuck, &wanted) {
            Ok(condition) => condition,
            Err(error) => return self.away(&error),
        };
        self.failures = 0;
        self.mood.tell(&self.voice, condition.troubles.clone(), condition.low);
        // A printer that fails here is found to be away by the next look.
        if let Err(error) = self.sweep().and_then(|()| self.bury()).and_then(|()| self.go_on(&condition)) {
            tracing::debug!(%error, "the page printer did not answer");
        }
    }

    fn away(&mut self, error: &IppError) {
        tracing::debug!(%error, "the page printer did not answer");
        self.failures = self.failures.saturating_add(1);
        if self.failures >= AWAY_AFTER || !self.mood.is_known() {
            self.mood.tell(&self.voice, vec![PrinterTrouble::Offline], false);
            if let Some(Current { stage: Stage::Sending { away, .. }, .. }) = &mut self.current {
                *away = true;
            }
        }
    }

    /// Cancels, once, what a former run of this kiosk has left in the printer: its visits have ended with it.
    fn sweep(&mut self) -> Result<(), IppError> {
        if !self.swept {
            for job in self.printer.open_jobs()? {
                if is_of_another_run(&job.name, &self.kiosk, self.run) {
                    tracing::warn!(job = job.id, "cancelling a job of a former run");
                    self.printer.cancel(job.id)?;
                }
            }
            self.swept = true;
        }
        Ok(())
    }

    /// Cancels in the printer whatever has appeared there of attempts that were given up.
    fn bury(&mut self) -> Result<(), IppError> {
        if self.graves.is_empty() {
            return Ok(());
        }
        let open = self.printer.open_jobs()?;
        for grave in &mut self.graves {
            match open.iter().find(|job| job.name == grave.attempt.name) {
                Some(job) => {
                    self.printer.cancel(job.id)?;
                    grave.misses = 0;
                }
                // While it is still being carried it may yet appear.
                None if !grave.attempt.thread.is_finished() => {}
                None => grave.misses += 1,
            }
            grave.attempt.hang_up();
        }
        self.graves.retain(|grave| grave.misses < MISSING_AFTER);
        Ok(())
    }

    /// The next step of the paper that is on its way, or the next paper.
    fn go_on(&mut self, condition: &Condition) -> Result<(), IppError> {
        if self.current.is_none() {
            self.next_paper();
        }
        let Some(current) = &mut self.current else { return Ok(()) };
        match &mut current.stage {
            Stage::Waiting { from } => {
                if !condition.stopped && Instant::now() >= *from {
                    self.carry();
                }
            }
            Stage::Sending { attempt, since, away } => {
                if since.elapsed() < LONG && !*away {
                    return Ok(());
                }
                match self.printer.find(&attempt.name)? {
                    Some(job) => self.judge(&job)?,
                    // The printer was away, is back and does not know it: no answer will come.
                    None if *away => attempt.stop(),
                    None => {}
                }
            }
            Stage::Lost { attempt, misses } => match self.printer.find(&attempt.name)? {
                Some(job) => self.judge(&job)?,
                None => {
                    *misses += 1;
                    if *misses >= MISSING_AFTER {
                        self.give_up_attempt();
                    }
                }
            },
            Stage::Taken { attempt, id, .. } => match self.printer.job(*id)? {
                // A printer that was switched off numbers its jobs anew.
                Some(job) if job.name == attempt.name => self.judge(&job)?,
                _ => self.lose(),
            },
        }
        Ok(())
    }

    fn next_paper(&mut self) {
        while let Some(order) = self.orders.front_mut() {
            let Some(paper) = order.papers.pop_front() else {
                let visit = order.visit;
                self.orders.pop_front();
                self.voice.say(PrinterEvent::Done { visit });
                continue;
            };
            if paper.visit != order.visit || paper.tag != order.tag || self.ended.has(order.visit) {
                tracing::error!(visit = %order.visit, "a paper that is not the visit's own was not printed");
                self.voice.say(PrinterEvent::Failed { visit: order.visit, form: paper.form.clone() });
                continue;
            }
            let stage = Stage::Waiting { from: Instant::now() };
            let paper = Arc::new(paper);
            self.current = Some(Current { media: Media::of(&paper), paper, stage, tries: 0, begun: false });
            return;
        }
    }

    /// Starts an attempt.
    fn carry(&mut self) {
        let Some(current) = &mut self.current else { return };
        self.attempts += 1;
        let (number, paper) = (self.attempts, Arc::clone(&current.paper));
        let name = job_name(&self.kiosk, self.run, number, &paper);
        let signals = Arc::new(Signals::default());
        let (printer, job, messages) = (self.printer.clone(), name.clone(), self.messages.clone());
        let (ended, visit, patience) = (Arc::clone(&self.ended), paper.visit, self.patience);
        let media = current.media;
        let sending = Sending { visit, ended, signals: Arc::clone(&signals), patience };
        let thread = std::thread::Builder::new().name("paper".into()).spawn(move || {
            let result = printer.print(&job, media, &paper.pdf.reveal().0, &sending);
            // The paper is overwritten as soon as nobody needs it; not first when this message is read.
            drop(paper);
            let _ = messages.send(Message::Carried(number, result));
        });
        match thread {
            Ok(thread) => {
                let attempt = Attempt { number, name, signals, thread };
                current.stage = Stage::Sending { attempt, since: Instant::now(), away: false };
            }
            Err(_) => current.stage = Stage::Waiting { from: Instant::now() + self.idle },
        }
    }

    /// An attempt's thread is done.
    fn carried(&mut self, number: u64, result: Result<i32, IppError>) {
        let Some(mut current) = self.current.take() else { return };
        current.stage = match (current.stage, result) {
            (Stage::Sending { attempt, .. }, result) if attempt.number == number => match result {
                Ok(id) => Stage::Taken { attempt, id, since: Instant::now(), answered: true },
                Err(IppError::NotSent(_)) => Stage::Waiting { from: Instant::now() + self.busy },
                Err(IppError::Refused(status)) if is_for_now(status) => {
                    Stage::Waiting { from: Instant::now() + self.idle }
                }
                Err(IppError::Refused(status)) => {
                    tracing::error!(status = format_args!("{status:#06x}"), "the page printer refuses a paper");
                    return self.fail(&current.paper);
                }
                Err(error @ (IppError::Unknown(_) | IppError::Garbage)) => {
                    tracing::warn!(%error, "asking the page printer whether it has the paper");
                    Stage::Lost { attempt, misses: 0 }
                }
            },
            // Found by its name before it was answered.
            (Stage::Taken { attempt, id, since, answered }, result) if attempt.number == number => {
                Stage::Taken { attempt, id, since, answered: answered || result.is_ok() }
            }
            // That of a grave, which is being watched.
            (stage, _) => stage,
        };
        self.current = Some(current);
    }

    fn fail(&self, paper: &FilledForm) {
        self.voice.say(PrinterEvent::Failed { visit: paper.visit, form: paper.form.clone() });
    }

    /// Goes by what the printer says about the paper's job.
    fn judge(&mut self, job: &Job) -> Result<(), IppError> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        current.begun |= job.begun;
        let (attempt, since, answered) = match current.stage {
            Stage::Waiting { .. } => {
                self.current = Some(current);
                return Ok(());
            }
            Stage::Sending { attempt, .. } | Stage::Lost { attempt, .. } => (attempt, Instant::now(), false),
            Stage::Taken { attempt, since, answered, .. } => (attempt, since, answered),
        };
        let torn = !answered && attempt.is_torn();
        match job.state {
            JobState::Open => {
                current.stage = Stage::Taken { attempt, id: job.id, since, answered };
                self.current = Some(current);
                if torn {
                    self.printer.cancel(job.id)?;
                }
            }
            JobState::Completed if torn => {
                tracing::error!(
                    job = job.id,
                    "the page printer has printed a paper of which it may have had only a part"
                );
                self.fail(&current.paper);
            }
            JobState::Completed => {
                attempt.stop();
                self.voice.say(PrinterEvent::Printed { visit: current.paper.visit, form: current.paper.form.clone() });
                self.next_paper();
            }
            // Nothing of it was printed.
            JobState::GivenUp if !answered && !current.begun && current.tries < MOST_TRIES => {
                current.tries += 1;
                current.stage = Stage::Waiting { from: Instant::now() };
                self.current = Some(current);
            }
            JobState::GivenUp => {
                attempt.stop();
                tracing::error!(job = job.id, "the page printer has given a paper up");
                self.fail(&current.paper);
            }
        }
        Ok(())
    }

    /// The printer no longer knows a job that it had taken.
    fn lose(&mut self) {
        if let Some(mut current) = self.current.take() {
            if let Stage::Taken { attempt, .. } = current.stage {
                current.stage = Stage::Lost { attempt, misses: 0 };
            }
            self.current = Some(current);
        }
    }

    /// The printer does not have the attempt: it is sent again, but for a paper of which something came out.
    fn give_up_attempt(&mut self) {
        let Some(mut current) = self.current.take() else { return };
        if let Stage::Lost { attempt, .. } = current.stage {
            // Should it turn up after all, it is cancelled.
            self.grave(attempt);
        }
        if current.begun {
            tracing::error!("a paper was lost in the page printer after it had begun to come out");
            return self.fail(&current.paper);
        }
        current.stage = Stage::Waiting { from: Instant::now() };
        self.current = Some(current);
    }

    fn cancel(&mut self, visit: VisitId) {
        self.orders.retain(|order| order.visit != visit);
        if let Some(current) = self.current.take_if(|current| current.paper.visit == visit) {
            self.drop_paper(current);
        }
    }

    fn drop_paper(&mut self, current: Current) {
        match current.stage {
            Stage::Waiting { .. } => {}
            Stage::Sending { attempt, .. } | Stage::Lost { attempt, .. } | Stage::Taken { attempt, .. } => {
                self.grave(attempt)
            }
        }
    }

    fn grave(&mut self, attempt: Attempt) {
        attempt.signals.stop.store(true, Ordering::Release);
        self.graves.push(Grave { attempt, misses: 0 });
    }

    /// The kiosk ends: its visits end with it. What the printer does not confirm in time the next run sweeps up.
    fn close(mut self) {
        self.orders.clear();
        if let Some(current) = self.current.take() {
            self.drop_paper(current);
        }
        let deadline = Instant::now() + self.patience;
        while !self.graves.is_empty() && Instant::now() < deadline && self.bury().is_ok() {
            std::thread::park_timeout(self.busy.min(Duration::from_millis(100)));
        }
        for grave in self.graves {
            grave.attempt.hang_up();
            // A thread that has panicked has nothing left to say.
            let _ = grave.attempt.thread.join();
        }
    }
}

/// The name of an attempt's job. It says nothing about the person.
fn job_name(kiosk: &str, run: u32, number: u64, paper: &FilledForm) -> String {
    let form: String = paper.form.0.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("{kiosk} {run:08x} {} {form} {number}", paper.visit)
}

/// Whether a job's name was given by this kiosk, but by a process that has ended.
fn is_of_another_run(name: &str, kiosk: &str, run: u32) -> bool {
    let rest = name.strip_prefix(kiosk).and_then(|rest| rest.strip_prefix(' '));
    let Some((theirs, _)) = rest.and_then(|rest| rest.split_once(' ')) else { return false };
    theirs.len() == 8 && u32::from_str_radix(theirs, 16).is_ok_and(|theirs| theirs != run)
}

/// Whether a refusal is about now and not about this paper: `service-unavailable`, `device-error`, `temporary-error`,
/// `not-accepting-jobs`, `busy` (RFC 8011 §B.1.5).
fn is_for_now(status: u16) -> bool {
    matches!(status, 0x0502 | 0x0504..=0x0507)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Personal;
    use domain::form::{FilledPdf, FormId};

    #[test]
    fn jobs_are_known_by_their_names() {
        let paper = FilledForm {
            visit: VisitId(7),
            tag: Some(IdentityTag(1)),
            form: FormId("juminhyo-request".into()),
            pdf: Personal::new(FilledPdf(Vec::new())),
            pages: 1,
        };
        let name = job_name("hall", 0xabc, 3, &paper);
        assert_eq!(name, "hall 00000abc V000007 juminhyo-request 3");
        assert!(!is_of_another_run(&name, "hall", 0xabc));
        assert!(is_of_another_run(&name, "hall", 0xabd));
        assert!(!is_of_another_run(&name, "hal", 0xabd));
        assert!(!is_of_another_run("hall 2 00000abc V000007 x 3", "hall", 0xabd));
        assert!(!is_of_another_run("holiday photos", "hall", 0xabd));
        assert!(!is_of_another_run("", "hall", 0xabd));
    }
}
