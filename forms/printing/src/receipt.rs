//! The thread that watches over the receipt printer and prints slips (ESC/POS).
//!
//! The few commands are written out here: what a slip needs is a picture, a cut and two questions.

use crate::Config;
use crate::line::{Line, SlipPrinter};
use crate::shared::{Ended, Mood, Voice};
use crate::slip::{self, Picture};
use domain::paper::{Device, PrinterEvent, PrinterTrouble, SlipJob};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// To the thread.
pub(crate) enum Message {
    /// Print a slip.
    Slip(SlipJob),
    /// The handle was dropped.
    Close,
}

/// `ESC @`: what another program may have set is forgotten.
const INITIALISE: [u8; 2] = [0x1b, b'@'];
/// `GS V 66 0`: feed to the cutter and cut, but for one point, so that the slip does not fall.
const CUT: [u8; 4] = [0x1d, b'V', 66, 0];
/// `GS r 1`: answered when all that was sent before it has been done.
const DONE_YET: [u8; 3] = [0x1d, b'r', 1];
/// `DLE DC4 8`: forget what has not been printed yet.
const FORGET: [u8; 10] = [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8];

/// `DLE EOT n`: a question that is answered at once, whatever waits in the printer's buffer.
fn ask(n: u8) -> [u8; 3] {
    [0x10, 0x04, n]
}

/// The cause of being offline.
const OFFLINE: u8 = 2;
/// The cause of an error.
const ERROR: u8 = 3;
/// The sensors of the paper roll.
const PAPER: u8 = 4;

/// Whether a byte answers `DLE EOT`: 0xx1xx10.
fn is_status(byte: u8) -> bool {
    byte & 0b1001_0011 == 0b0001_0010
}

/// Whether a byte answers `GS r`: 0xx0xxxx.
fn is_done(byte: u8) -> bool {
    byte & 0b1001_0000 == 0
}

/// `DLE EOT 4`: the roll has ended.
const PAPER_END: u8 = 0b0110_0000;
/// `DLE EOT 4`: the roll nears its end.
const PAPER_NEAR_END: u8 = 0b0000_1100;
/// `DLE EOT 2`: the cover is open.
const COVER_OPEN: u8 = 0b0000_0100;
/// `DLE EOT 2`: printing has stopped, as the paper has ended.
const STOPPED_BY_PAPER: u8 = 0b0010_0000;
/// `DLE EOT 2`: an error has occurred.
const IN_ERROR: u8 = 0b0100_0000;
/// `DLE EOT 3`: the cutter is blocked.
const CUTTER: u8 = 0b0000_1000;

/// What an answer says.
fn troubles_of(question: u8, answer: u8) -> BTreeSet<PrinterTrouble> {
    let signs: &[(u8, PrinterTrouble)] = match question {
        PAPER => &[(PAPER_END, PrinterTrouble::PaperOut)],
        OFFLINE => &[
            (STOPPED_BY_PAPER, PrinterTrouble::PaperOut),
            (COVER_OPEN, PrinterTrouble::DoorOpen),
            (IN_ERROR, PrinterTrouble::Broken),
        ],
        _ => &[],
    };
    signs.iter().filter(|(bits, _)| answer & bits != 0).map(|(_, trouble)| *trouble).collect()
}

/// Rows sent at a time: as many as the smallest buffers hold (18 KiB), and between two of them the printer can be asked.
const BAND: usize = 256;

/// How the printer says that it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Status {
    troubles: Vec<PrinterTrouble>,
    low: bool,
}

/// Why a slip is not out.
#[derive(Debug, thiserror::Error)]
enum NotPrinted {
    #[error("its visit has ended")]
    Ended,
    #[error("the printer is in trouble: {0:?}")]
    Trouble(Vec<PrinterTrouble>),
    #[error("the line to the printer broke")]
    Line(#[from] io::Error),
    #[error(transparent)]
    Drawing(#[from] slip::SlipError),
}

/// The thread's state.
pub(crate) struct Receipt {
    printer: SlipPrinter,
    idle: Duration,
    patience: Duration,
    ended: Arc<Ended>,
    voice: Voice,
    mood: Mood,
    line: Option<Line>,
    /// A piece of a slip hangs out of the printer, uncut.
    torn: bool,
}

/// Answers for a kiosk without a receipt printer.
pub(crate) fn run_without(voice: &Voice, messages: &Receiver<Message>) {
    while let Ok(Message::Slip(job)) = messages.recv() {
        voice.say(PrinterEvent::Slip { visit: job.visit, printed: false });
    }
}

impl Receipt {
    /// A printer that has not been asked yet.
    pub fn new(printer: SlipPrinter, config: &Config, ended: Arc<Ended>, voice: Voice) -> Self {
        let mood = Mood::new(Device::Slip, config.waking);
        Self {
            printer,
            idle: config.idle_interval,
            patience: config.patience,
            ended,
            voice,
            mood,
            line: None,
            torn: false,
        }
    }

    /// Runs until [`Message::Close`].
    pub fn run(mut self, messages: &Receiver<Message>) {
        let mut next = Instant::now();
        loop {
            match messages.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Message::Slip(job)) => {
                    let printed = match self.print(&job) {
                        Ok(()) => true,
                        Err(why) => {
                            tracing::warn!(visit = %job.visit, %why, "no slip");
                            false
                        }
                    };
                    self.voice.say(PrinterEvent::Slip { visit: job.visit, printed });
                    next = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.look();
                    next = Instant::now() + self.idle;
                }
            }
        }
    }

    /// Asks the printer how it is and tells it. A line that has gone stale is opened anew.
    fn look(&mut self) -> Result<Status, NotPrinted> {
        let status = match self.line.take().map(|line| self.status(line)) {
            Some(Ok(status)) => Ok(status),
            Some(Err(_)) | None => Line::open(&self.printer, self.patience).and_then(|line| self.status(line)),
        };
        match status {
            Ok((line, status)) => {
                self.line = Some(line);
                self.mood.tell(&self.voice, status.troubles.clone(), status.low);
                self.cut_off(&status);
                Ok(status)
            }
            Err(error) => {
                tracing::debug!(%error, "the receipt printer did not answer");
                self.mood.tell(&self.voice, vec![PrinterTrouble::Offline], false);
                Err(error.into())
            }
        }
    }

    /// Cuts off what was printed of a slip that did not come to its end, as soon as the printer can: it is not the next
    /// visit's. The end of a roll comes out by itself.
    fn cut_off(&mut self, status: &Status) {
        if status.troubles.contains(&PrinterTrouble::PaperOut) {
            self.torn = false;
        } else if self.torn && status.troubles.is_empty() {
            self.torn = self.write(&CUT).is_err();
        }
    }

    /// The line is given back only if it works.
    fn status(&self, mut line: Line) -> io::Result<(Line, Status)> {
        let mut question = |n: u8| {
            line.clear()?;
            line.write(&ask(n), self.patience)?;
            let until = Instant::now() + self.patience;
            loop {
                let byte = line.read(until)?;
                if is_status(byte) {
                    return Ok::<u8, io::Error>(byte);
                }
            }
        };
        let paper = question(PAPER)?;
        let offline = question(OFFLINE)?;
        let mut troubles = &troubles_of(PAPER, paper) | &troubles_of(OFFLINE, offline);
        if troubles.contains(&PrinterTrouble::Broken) && question(ERROR)? & CUTTER != 0 {
            troubles.remove(&PrinterTrouble::Broken);
            troubles.insert(PrinterTrouble::Jam);
        }
        Ok((line, Status { troubles: troubles.into_iter().collect(), low: paper & PAPER_NEAR_END != 0 }))
    }

    fn print(&mut self, job: &SlipJob) -> Result<(), NotPrinted> {
        let picture = slip::draw(job)?;
        let status = self.look()?;
        self.may_go_on(job, status)?;
        let sent = self.send(job, &picture);
        if sent.is_err() {
            // What the printer still holds must not come out when its paper is back: that is another visit's time.
            let line = self.line.take().map_or_else(|| Line::open(&self.printer, self.patience), Ok);
            self.line = line.and_then(|mut line| line.write(&FORGET, self.patience).map(|()| line)).ok();
        }
        // Either way, what is the matter now is told before the slip's end is.
        let _ = self.look();
        sent
    }

    fn may_go_on(&self, job: &SlipJob, status: Status) -> Result<(), NotPrinted> {
        if self.ended.has(job.visit) {
            return Err(NotPrinted::Ended);
        }
        if status.troubles.is_empty() { Ok(()) } else { Err(NotPrinted::Trouble(status.troubles)) }
    }

    /// Asks the printer over this very line: in the middle of a slip a new one would go on with half a slip.
    fn same_line_status(&mut self) -> io::Result<Status> {
        let line = self.line.take().ok_or(ErrorKind::NotConnected)?;
        let (line, status) = self.status(line)?;
        self.line = Some(line);
        Ok(status)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.line {
            Some(line) => line.write(bytes, self.patience),
            None => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn send(&mut self, job: &SlipJob, picture: &Picture) -> Result<(), NotPrinted> {
        self.write(&INITIALISE)?;
        for band in picture.dots().chunks(BAND * Picture::STRIDE) {
            let status = self.same_line_status()?;
            self.may_go_on(job, status)?;
            let rows = band.len() / Picture::STRIDE;
            // GS v 0: m = 0 (as it is), then bytes a row and rows, the low byte first.
            let size = [Picture::STRIDE as u8, 0, (rows & 0xff) as u8, (rows >> 8) as u8];
            self.torn = true;
            self.write(&[&[0x1d, b'v', b'0', 0], &size[..], band].concat())?;
        }
        self.write(&CUT)?;
        self.write(&DONE_YET)?;
        self.finished()?;
        self.torn = false;
        Ok(())
    }

    /// Waits until the printer has done all, asking meanwhile what keeps it.
    fn finished(&mut self) -> Result<(), NotPrinted> {
        let patience = self.patience;
        let Some(line) = &mut self.line else { return Err(NotPrinted::Line(ErrorKind::NotConnected.into())) };
        let deadline = Instant::now() + patience;
        // One question at a time: the answers do not say what they answer.
        let (mut question, mut answered) = (OFFLINE, true);
        loop {
            if answered {
                question = if question == PAPER { OFFLINE } else { PAPER };
                line.write(&ask(question), patience)?;
                answered = false;
            }
            let pause = (Instant::now() + Duration::from_millis(200)).min(deadline);
            loop {
                match line.read(pause) {
                    Ok(byte) if is_done(byte) => return Ok(()),
                    Ok(byte) if is_status(byte) && !answered => {
                        let troubles = troubles_of(question, byte);
                        if !troubles.is_empty() {
                            return Err(NotPrinted::Trouble(troubles.into_iter().collect()));
                        }
                        answered = true;
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::TimedOut => break,
                    Err(error) => return Err(error.into()),
                }
            }
            if Instant::now() >= deadline {
                // Not every printer knows GS r; one that has paper and answers has had time enough to print.
                return if answered { Ok(()) } else { Err(NotPrinted::Line(ErrorKind::TimedOut.into())) };
            }
        }
    }
}
