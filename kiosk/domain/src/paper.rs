//! What the printers are asked and what they answer.

use crate::form::{FilledForm, FormId};
use crate::{IdentityTag, Language, VisitId};
use serde::{Deserialize, Serialize};

/// Print all papers of a visit, in order, as one whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintJob {
    /// The visit that ordered it.
    pub visit: VisitId,
    /// Whose facts the papers must hold; compared again with each paper before it is sent.
    pub tag: Option<IdentityTag>,
    /// The papers.
    pub papers: Vec<FilledForm>,
}

/// The guidance slip: what was printed and where to go. It holds nothing about the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipJob {
    /// The visit.
    pub visit: VisitId,
    /// The language of the slip; Japanese stands beside it for the staff.
    pub language: Language,
    /// Lines, largest first.
    pub lines: Vec<SlipLine>,
    /// The text of the queue QR.
    pub qr: Option<String>,
}

/// A line of a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlipLine {
    /// A heading.
    Heading(String),
    /// Plain text, wrapped to the width.
    Text(String),
    /// A tick box and its text.
    Tick(String),
    /// A rule across the slip.
    Rule,
}

/// To the printer port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrinterCommand {
    /// Print papers.
    Print(PrintJob),
    /// Print a slip.
    Slip(SlipJob),
    /// The visit has ended: nothing more of it comes out; cancels jobs in the printer.
    Cancel(VisitId),
}

/// Which printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The page printer for forms.
    Page,
    /// The receipt printer for slips.
    Slip,
}

/// What is the matter with a printer (from `printer-state-reasons`, RFC 8011 §5.4.12; from `DLE EOT`, ESC/POS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterTrouble {
    /// `media-empty`, `media-needed`.
    PaperOut,
    /// `media-jam`.
    Jam,
    /// `door-open`, `cover-open`, `interlock-open`.
    DoorOpen,
    /// `toner-empty`, `marker-supply-empty`.
    TonerOut,
    /// `output-area-full`.
    OutputFull,
    /// The wrong paper is loaded.
    WrongMedia,
    /// `paused`, `shutdown`, `stopped-partly`.
    Paused,
    /// No answer.
    Offline,
    /// It takes no PDF (`document-format-supported`): the kiosk cannot use it. Staff only.
    NoPdf,
    /// Anything else that stops it (`other`, `fuser-over-temp`, …): staff only.
    Broken,
}

/// From the printer port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrinterEvent {
    /// A printer's troubles changed; an empty list says that it is ready.
    State {
        /// Which printer.
        device: Device,
        /// What keeps it from printing.
        troubles: Vec<PrinterTrouble>,
        /// Paper is getting low (`media-low`).
        low: bool,
    },
    /// A paper lies in the tray.
    Printed {
        /// The visit.
        visit: VisitId,
        /// Which form.
        form: FormId,
    },
    /// All papers of the visit lie in the tray.
    Done {
        /// The visit.
        visit: VisitId,
    },
    /// A paper will not come: the printer gave the job up, or identity and paper did not match.
    Failed {
        /// The visit.
        visit: VisitId,
        /// Which form.
        form: FormId,
    },
    /// The slip is out, or will not come.
    Slip {
        /// The visit.
        visit: VisitId,
        /// Whether it is out.
        printed: bool,
    },
}
