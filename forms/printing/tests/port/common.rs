//! What the tests share: the port with its events, and papers of invented visits.

use anyhow::{Context, bail};
use domain::form::{FilledForm, FilledPdf, FormId};
use domain::paper::{PrintJob, PrinterCommand, PrinterEvent};
use domain::{IdentityTag, Personal, VisitId};
use printing::{Config, Handle};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// The port and what it has said.
pub struct Port {
    pub handle: Handle,
    events: Receiver<PrinterEvent>,
    pub said: Vec<PrinterEvent>,
}

/// Long enough for two busy cores; a test that works does not wait it out.
const LIMIT: Duration = Duration::from_secs(30);

impl Port {
    pub fn start(config: Config) -> anyhow::Result<Self> {
        let (emit, events) = mpsc::channel();
        let handle = printing::spawn(config, move |event| {
            let _ = emit.send(event);
        })?;
        Ok(Self { handle, events, said: Vec::new() })
    }

    /// Waits for the first event, from now on, that `wanted` takes.
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&PrinterEvent) -> bool) -> anyhow::Result<PrinterEvent> {
        let until = Instant::now() + LIMIT;
        loop {
            let Ok(event) = self.events.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                bail!("waited in vain for {what}; said: {:#?}", self.said);
            };
            self.said.push(event.clone());
            if wanted(&event) {
                return Ok(event);
            }
        }
    }

    /// All that was said until nothing more is said for `quiet`.
    pub fn drain(&mut self, quiet: Duration) {
        while let Ok(event) = self.events.recv_timeout(quiet) {
            self.said.push(event);
        }
    }

    pub fn print(&self, visit: u64, papers: Vec<FilledForm>) {
        self.handle.send(PrinterCommand::Print(PrintJob {
            visit: VisitId(visit),
            tag: Some(IdentityTag(visit * 10)),
            papers,
        }));
    }
}

/// A paper of a visit; each is another PDF.
pub fn paper(visit: u64, form: &str) -> anyhow::Result<FilledForm> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../library/juminhyo-request/form.pdf");
    let mut pdf = std::fs::read(path).context(path)?;
    pdf.extend(format!("\n%{visit} {form}\n").bytes());
    Ok(FilledForm {
        visit: VisitId(visit),
        tag: Some(IdentityTag(visit * 10)),
        form: FormId(form.to_owned()),
        pdf: Personal::new(FilledPdf(pdf)),
        pages: 1,
    })
}

/// The port with short intervals.
pub fn config(page: impl Into<String>) -> Config {
    Config {
        idle_interval: Duration::from_millis(150),
        busy_interval: Duration::from_millis(50),
        stuck_after: Duration::from_millis(500),
        ..Config::new(page, "hall")
    }
}
