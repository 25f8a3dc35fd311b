//! The thread that watches over the page printer, and the papers on their way to it.
//!
//! A paper is carried by a thread of its own (an *attempt*), because a printer may take minutes to take it; meanwhile
//! this thread keeps asking how the printer and the job are, and hears cancellations. A job is known by the id that the
//! printer has given it, for as long as the printer is not switched off. Each attempt has its own job name too, so that the
//! printer can be asked about it after a broken connection; but printers may leave names out, shorten or mask them, and
//! may forget a job as soon as it is over. Of such a one a paper that is lost from sight is told to have failed.

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
/// A paper of which the printer has printed nothing, because the connection broke or it was switched off, is sent again so
/// often.
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
    /// The job's id, once the printer has told it.
    id: Option<i32>,
    /// In which of the printer's lives it was sent, or found.
    life: u64,
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
        self.thread.is_finished() && !self.is_delivered()
    }

    fn is_delivered(&self) -> bool {
        self.signals.delivered.load(Ordering::Acquire)
    }

    /// Its job, over or not.
    fn job(&self, printer: &IppPrinter, life: u64) -> Result<Option<Job>, IppError> {
        if let Some(id) = self.id
            && let Some(job) = printer.job(id)?
            // A printer that was switched off may have numbered its jobs anew.
            && (self.life == life || job.name == self.name)
        {
            return Ok(Some(job));
        }
        printer.find(&self.name)
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
    /// Once the printer has all of it there is nothing left to stop, and its answer holds the id to cancel the job by: that
    /// is waited for.
    fn is_stopped(&self) -> bool {
        let stopped = self.signals.stop.load(Ordering::Acquire) || self.ended.has(self.visit);
        let answer_wanted =
            self.signals.delivered.load(Ordering::Acquire) && !self.signals.hang_up.load(Ordering::Acquire);
        stopped && !answer_wanted
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
    Taken { attempt: Attempt, since: Instant, answered: bool },
}

/// The paper that is on its way.
struct Current {
    paper: Arc<FilledForm>,
    media: Media,
    stage: Stage,
    /// How often it was sent again.
    tries: u32,
    /// The printer has said that something of it came out.
    begun: bool,
}

/// An attempt of which nothing may come out any more: watched until the printer surely does not have it.
struct Grave {
    attempt: Attempt,
    since: Instant,
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
    /// The printer's up-time, and when it told it.
    up: Option<(i32, Instant)>,
    /// Counts the printer's lives: it begins one when it is switched on.
    life: u64,
    /// It does not give jobs the names that they were sent with.
    hides_names: bool,
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
            mood: Mood::new(Device::Page, config.waking),
            failures: 0,
            swept: false,
            orders: VecDeque::new(),
            current: None,
            graves: Vec::new(),
            attempts: 0,
            up: None,
            life: 0,
            hides_names: false,
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
        let asked = Instant::now();
        let condition = match self.printer.condition(stuck, &wanted) {
            Ok(condition) => condition,
            Err(error) => return self.away(&error),
        };
        self.note_life(asked, condition.up_time);
        self.failures = 0;
        // It is not told to be ready before what a former run left in it was cancelled.
        let swept = self.sweep();
        self.mood.tell(&self.voice, condition.troubles.clone(), condition.low);
        // A printer that fails here is found to be away by the next look.
        if let Err(error) = swept.and_then(|()| self.bury()).and_then(|()| self.go_on(&condition)) {
            tracing::debug!(%error, "the page printer did not answer");
        }
    }

    /// Whether the printer has been switched off since it was last heard: then it is up for less time than has passed. One
    /// that does not tell its up-time may have been whenever it was away.
    fn note_life(&mut self, asked: Instant, up_time: Option<i32>) {
        let begun_anew = match (up_time, self.up) {
            (None, _) => self.failures >= AWAY_AFTER,
            (Some(_), None) => false,
            // Whole seconds: one may be missing.
            (Some(now), Some((before, at))) => {
                f64::from(now) + 1.0 < f64::from(before) + asked.saturating_duration_since(at).as_secs_f64()
            }
        };
        self.life += u64::from(begun_anew);
        self.up = up_time.map(|up_time| (up_time, Instant::now()));
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
        for Grave { attempt, since, misses } in &mut self.graves {
            let job = open.iter().find(|job| match attempt.id.filter(|_| attempt.life == self.life) {
                Some(id) => job.id == id,
                None => job.name == attempt.name,
            });
            if let Some(job) = job {
                self.printer.cancel(job.id)?;
                *misses = 0;
                attempt.hang_up();
            } else if attempt.thread.is_finished() {
                *misses += 1;
            } else if !attempt.is_delivered() || since.elapsed() >= self.patience {
                // It may yet appear; but its answer, if it is one to be waited for, does not come.
                attempt.hang_up();
            }
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
            Stage::Lost { attempt, misses } => match attempt.job(&self.printer, self.life)? {
                Some(job) => self.judge(&job)?,
                None => {
                    *misses += 1;
                    if *misses >= MISSING_AFTER {
                        self.give_up_attempt()?;
                    }
                }
            },
            Stage::Taken { attempt, .. } => match attempt.job(&self.printer, self.life)? {
                Some(job) => {
                    self.hides_names |= job.name != attempt.name;
                    self.judge(&job)?;
                }
                None => self.lose(),
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
        let (media, life) = (current.media, self.life);
        let sending = Sending { visit, ended, signals: Arc::clone(&signals), patience };
        let thread = std::thread::Builder::new().name("paper".into()).spawn(move || {
            let result = printer.print(&job, media, &paper.pdf.reveal().0, &sending);
            // The paper is overwritten as soon as nobody needs it; not first when this message is read.
            drop(paper);
            let _ = messages.send(Message::Carried(number, result));
        });
        match thread {
            Ok(thread) => {
                let attempt = Attempt { number, name, signals, thread, id: None, life };
                current.stage = Stage::Sending { attempt, since: Instant::now(), away: false };
            }
            Err(_) => current.stage = Stage::Waiting { from: Instant::now() + self.idle },
        }
    }

    /// An attempt's thread is done.
    fn carried(&mut self, number: u64, result: Result<i32, IppError>) {
        if let Some(grave) = self.graves.iter_mut().find(|grave| grave.attempt.number == number) {
            // Now it can be cancelled by its id.
            grave.attempt.id = grave.attempt.id.or(result.ok());
            return;
        }
        let Some(mut current) = self.current.take() else { return };
        current.stage = match (current.stage, result) {
            (Stage::Sending { mut attempt, .. }, result) if attempt.number == number => match result {
                Ok(id) => {
                    attempt.id = Some(id);
                    Stage::Taken { attempt, since: Instant::now(), answered: true }
                }
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
            (Stage::Taken { attempt, since, answered }, result) if attempt.number == number => {
                Stage::Taken { attempt, since, answered: answered || result.is_ok() }
            }
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
        let (mut attempt, since, answered) = match current.stage {
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
                (attempt.id, attempt.life) = (Some(job.id), self.life);
                current.stage = Stage::Taken { attempt, since, answered };
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

    /// The printer does not know the attempt. The paper is sent again only if nothing of it can have come out.
    fn give_up_attempt(&mut self) -> Result<(), IppError> {
        let Some(Current { stage: Stage::Lost { attempt, .. }, begun, tries, .. }) = &self.current else {
            return Ok(());
        };
        let gone = if attempt.life == self.life {
            // It had it, or may have had it, and forgets what is over.
            attempt.id.is_none() && !attempt.is_delivered() && !self.hides_names
        } else {
            // It was switched off meanwhile. If it has a job of this id and hides names, that may be this one.
            let theirs = attempt.id.filter(|_| self.hides_names).map(|id| self.printer.job(id)).transpose()?;
            theirs.flatten().is_none()
        };
        let again = gone && !begun && *tries < MOST_TRIES;
        let Some(mut current) = self.current.take() else { return Ok(()) };
        if let Stage::Lost { attempt, .. } = current.stage {
            // Should it turn up after all, it is cancelled.
            self.grave(attempt);
        }
        if again {
            current.tries += 1;
            current.stage = Stage::Waiting { from: Instant::now() };
            self.current = Some(current);
        } else {
            tracing::error!("a paper was lost in the page printer, and may have come out");
            self.fail(&current.paper);
        }
        Ok(())
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
        self.graves.push(Grave { attempt, since: Instant::now(), misses: 0 });
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
