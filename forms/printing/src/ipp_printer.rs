//! The operations of an IPP printer that the port uses, each one request and one answer.

use crate::http::{self, Address, HttpError, Limits};
use crate::media::Media;
use crate::message::{self, Answer, Group, NotIpp, Request};
use crate::reasons::{Condition, condition};
use std::time::Duration;

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IppError {
    /// Nothing was sent.
    #[error("not sent")]
    NotSent(#[source] Option<HttpError>),
    /// It may have been sent; whether the printer has done it is not known.
    #[error("no answer")]
    Unknown(#[source] HttpError),
    /// The answer is not IPP.
    #[error("not an answer of a printer")]
    Garbage,
    /// The printer refuses (`status-code`).
    #[error("refused with {0:#06x}")]
    Refused(u16),
}

impl From<HttpError> for IppError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::NotConnected => Self::NotSent(Some(error)),
            error => Self::Unknown(error),
        }
    }
}

impl From<NotIpp> for IppError {
    fn from(_: NotIpp) -> Self {
        Self::Garbage
    }
}

/// A job as the printer tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// `job-id`.
    pub id: i32,
    /// `job-name`, as far as the printer tells it: some leave it out, shorten or mask it.
    pub name: String,
    /// `job-state`.
    pub state: JobState,
    /// Whether the printer says that something of it has come out.
    pub begun: bool,
}

/// Where a job stands (RFC 8011 §5.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    /// pending, pending-held, processing, processing-stopped.
    Open,
    /// completed.
    Completed,
    /// canceled or aborted.
    GivenUp,
}

fn job(group: &Group) -> Option<Job> {
    let sheets = ["job-media-sheets-completed", "job-impressions-completed"];
    Some(Job {
        id: group.number("job-id")?,
        name: group.texts("job-name").next().unwrap_or_default().to_owned(),
        state: match group.number("job-state")? {
            9 => JobState::Completed,
            7 | 8 => JobState::GivenUp,
            _ => JobState::Open,
        },
        begun: sheets.iter().any(|name| group.number(name).is_some_and(|count| count > 0)),
    })
}

/// Who sends a paper.
pub(crate) trait Carrier {
    /// Whether no more of it may be sent.
    fn is_stopped(&self) -> bool;
    /// The printer has received all of it.
    fn delivered(&self);
    /// It was stopped; the connection closes when this returns.
    fn before_hanging_up(&self);
}

/// A printer.
#[derive(Debug, Clone)]
pub(crate) struct IppPrinter {
    address: Address,
    patience: Duration,
}

impl IppPrinter {
    /// A printer that answers within `patience`, but for the taking of a paper.
    pub fn new(address: Address, patience: Duration) -> Self {
        Self { address, patience }
    }

    fn ask(&self, request: Request) -> Result<Answer, IppError> {
        let nothing = &|| {};
        let limits = Limits {
            connect: self.patience,
            whole: Some(self.patience),
            stop: &|| false,
            delivered: nothing,
            hang_up: nothing,
        };
        self.exchange(request, &[], &limits)
    }

    fn exchange(&self, request: Request, document: &[u8], limits: &Limits) -> Result<Answer, IppError> {
        let bytes = message::encode(&self.address, request).map_err(|_| IppError::NotSent(None))?;
        let answer = message::decode(&http::post(&self.address, &bytes, document, limits)?)?;
        if answer.successful() { Ok(answer) } else { Err(IppError::Refused(answer.status)) }
    }

    /// Get-Printer-Attributes; see [`condition`].
    pub fn condition(&self, stuck: bool, wanted: &[Media]) -> Result<Condition, IppError> {
        let answer = self.ask(Request::Printer)?;
        let printer = answer.printer().ok_or(IppError::Garbage)?;
        // What answers without the one attribute that every printer has is no printer.
        printer.number("printer-state").ok_or(IppError::Garbage)?;
        Ok(condition(printer, stuck, wanted))
    }

    /// Print-Job; the job's id. Takes as long as the printer takes, or until it is stopped.
    pub fn print(&self, name: &str, media: Media, pdf: &[u8], carrier: &impl Carrier) -> Result<i32, IppError> {
        let limits = Limits {
            connect: self.patience,
            whole: None,
            stop: &|| carrier.is_stopped(),
            delivered: &|| carrier.delivered(),
            hang_up: &|| carrier.before_hanging_up(),
        };
        let limits = &limits;
        let answer = self.exchange(Request::Print { name, media }, pdf, limits)?;
        answer.jobs().find_map(|job| job.number("job-id")).ok_or(IppError::Garbage)
    }

    /// Get-Job-Attributes; `None` where there is no such job (any more).
    pub fn job(&self, id: i32) -> Result<Option<Job>, IppError> {
        match self.ask(Request::Job(id)) {
            Ok(answer) => Ok(answer.jobs().find_map(job)),
            Err(IppError::Refused(NOT_FOUND | GONE)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Get-Jobs: those that are not over.
    pub fn open_jobs(&self) -> Result<Vec<Job>, IppError> {
        self.jobs(false)
    }

    /// The job of this name, over or not.
    pub fn find(&self, name: &str) -> Result<Option<Job>, IppError> {
        // In this order, so that a job that ends between the two questions is not missed.
        for over in [false, true] {
            if let Some(job) = self.jobs(over)?.into_iter().find(|job| job.name == name) {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    fn jobs(&self, over: bool) -> Result<Vec<Job>, IppError> {
        match self.ask(Request::Jobs { over }) {
            Ok(answer) => Ok(answer.jobs().filter_map(job).collect()),
            // Some printers say so when there is none.
            Err(IppError::Refused(NOT_FOUND)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Cancel-Job. A job that is already over counts as cancelled.
    pub fn cancel(&self, id: i32) -> Result<(), IppError> {
        match self.ask(Request::Cancel(id)) {
            Ok(_) | Err(IppError::Refused(NOT_FOUND | GONE | NOT_POSSIBLE)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// `client-error-not-possible`.
const NOT_POSSIBLE: u16 = 0x0404;
/// `client-error-not-found`.
const NOT_FOUND: u16 = 0x0406;
/// `client-error-gone`.
const GONE: u16 = 0x0407;
