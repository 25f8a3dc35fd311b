//! The printer port: papers to an IPP Everywhere printer, slips to an ESC/POS receipt printer.
//!
//! What it promises about a paper:
//! * It is sent only if its visit and its person are those of the job that it came in.
//! * It comes out at most once. When a connection breaks, the printer is asked whether it has the paper before it is
//!   sent again. A paper that a printer had taken is sent again only if the printer has been switched off since.
//! * Once its visit is cancelled, nothing of it is sent any more, and what the printer holds is cancelled there; if the
//!   printer is away, as soon as it is back. Jobs that a former run of the kiosk has left behind are cancelled too.
//! * A printer in trouble fails no job; the job waits. How long a person waits is the core's business.

mod discovery;
mod http;
mod ipp_printer;
mod line;
mod media;
mod message;
mod page;
mod reasons;
mod receipt;
mod shared;
pub mod slip;

pub use discovery::{DiscoveryError, ask, discover};
pub use line::SlipPrinter;

use domain::paper::{PrinterCommand, PrinterEvent};
use page::Page;
use receipt::Receipt;
use shared::{Ended, Voice};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the port needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The page printer: `ipp://host[:port]/path`, plain TCP.
    pub page: String,
    /// The receipt printer; without one every slip is answered as not printed.
    pub slip: Option<SlipPrinter>,
    /// This kiosk's name in the names of its jobs, of at most [`LONGEST_NAME`] bytes. Kiosks that share a printer must have
    /// different ones: each cancels what a former run of its own has left in the printer.
    pub kiosk: String,
    /// How often the printers are asked how they are while nothing is to be printed.
    pub idle_interval: Duration,
    /// How often while something is.
    pub busy_interval: Duration,
    /// How long an answer may take before the printer counts as away.
    pub patience: Duration,
    /// How long a paper may be in the printer before what the printer only warns of counts as the reason.
    pub stuck_after: Duration,
    /// How long a printer that has not been found yet does not count as away: a machine that has just started has no network.
    pub waking: Duration,
}

impl Config {
    /// A page printer alone, with the usual intervals.
    pub fn new(page: impl Into<String>, kiosk: impl Into<String>) -> Self {
        Self {
            page: page.into(),
            slip: None,
            kiosk: kiosk.into(),
            idle_interval: Duration::from_secs(1),
            busy_interval: Duration::from_millis(250),
            patience: Duration::from_secs(5),
            stuck_after: Duration::from_secs(8),
            waking: Duration::ZERO,
        }
    }
}

/// A job's name has at most 255 bytes (RFC 8011 §5.1.3), and more than the kiosk's stands in it.
pub const LONGEST_NAME: usize = 64;

/// Why the port did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The page printer's address.
    #[error("the page printer's address is not like ipp://host/ipp/print")]
    Address,
    /// The kiosk's name.
    #[error("the kiosk's name is empty, longer than {LONGEST_NAME} bytes, or holds a control character")]
    Name,
    /// No thread.
    #[error("no thread could be started")]
    Thread(#[from] std::io::Error),
}

/// The port's handle. Dropping it cancels what is being printed and ends the threads.
pub struct Handle {
    ended: Arc<Ended>,
    page: Sender<page::Message>,
    slip: Sender<receipt::Message>,
    threads: Vec<JoinHandle<()>>,
}

impl Handle {
    /// Orders something; answers come as events.
    pub fn send(&self, command: PrinterCommand) {
        match command {
            PrinterCommand::Print(job) => {
                let _ = self.page.send(page::Message::Print(job));
            }
            PrinterCommand::Slip(job) => {
                let _ = self.slip.send(receipt::Message::Slip(job));
            }
            PrinterCommand::Cancel(visit) => {
                // Known to all threads before this returns, also to one that is in the middle of sending.
                self.ended.add(visit);
                let _ = self.page.send(page::Message::Cancel(visit));
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.page.send(page::Message::Close);
        let _ = self.slip.send(receipt::Message::Close);
        for thread in self.threads.drain(..) {
            // A thread that has panicked has nothing left to say.
            let _ = thread.join();
        }
    }
}

/// Starts the port. `emit` is called on the port's threads, by one at a time.
///
/// # Errors
/// When the address or the name cannot be used or no thread can be started.
pub fn spawn(config: Config, emit: impl Fn(PrinterEvent) + Send + 'static) -> Result<Handle, SpawnError> {
    let address = config.page.parse().map_err(|_| SpawnError::Address)?;
    if config.kiosk.is_empty() || config.kiosk.len() > LONGEST_NAME || config.kiosk.contains(char::is_control) {
        return Err(SpawnError::Name);
    }
    let ended = Arc::new(Ended::default());
    let voice = Voice::new(emit);
    let (page, page_messages) = mpsc::channel();
    let (slip, slip_messages) = mpsc::channel();
    let mut handle = Handle { ended: Arc::clone(&ended), page: page.clone(), slip, threads: Vec::new() };
    let printer = Page::new(&config, address, Arc::clone(&ended), voice.clone(), page);
    handle.threads.push(thread("page-printer", move || printer.run(&page_messages))?);
    let receipt = config.slip.clone().map(|printer| Receipt::new(printer, &config, ended, voice.clone()));
    handle.threads.push(thread("slip-printer", move || match receipt {
        Some(receipt) => receipt.run(&slip_messages),
        None => receipt::run_without(&voice, &slip_messages),
    })?);
    Ok(handle)
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}
