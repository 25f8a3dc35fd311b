//! Staff mode: what staff ask of the machine, and what it answers. No value in here says anything about a resident.

use crate::form::FilledPdf;
use crate::paper::PrinterTrouble;
use crate::{Date, Personal, RequestId, private_newtype};
use serde::{Deserialize, Serialize};

private_newtype! {
    /// The digits that open staff mode.
    StaffPin(String)
}

impl StaffPin {
    /// How many digits it has, at least and at most.
    pub const DIGITS: std::ops::RangeInclusive<usize> = 6..=12;

    /// Whether it is digits, and as many as wanted.
    pub fn is_well_formed(&self) -> bool {
        Self::DIGITS.contains(&self.0.len()) && self.0.bytes().all(|c| c.is_ascii_digit())
    }
}

/// A part of the kiosk that can be tested by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The card reader.
    Reader,
    /// The camera.
    Camera,
    /// The page printer.
    PagePrinter,
    /// The receipt printer.
    SlipPrinter,
    /// The speaker.
    Speaker,
    /// The microphone.
    Microphone,
    /// The touch panel.
    Touch,
    /// The network.
    Network,
}

impl Part {
    /// All of them, in the order of testing.
    pub const ALL: [Self; 8] = [
        Self::Reader,
        Self::Camera,
        Self::PagePrinter,
        Self::SlipPrinter,
        Self::Speaker,
        Self::Microphone,
        Self::Touch,
        Self::Network,
    ];

    /// Its name in the audit and in phrases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Camera => "camera",
            Self::PagePrinter => "page-printer",
            Self::SlipPrinter => "slip-printer",
            Self::Speaker => "speaker",
            Self::Microphone => "microphone",
            Self::Touch => "touch",
            Self::Network => "network",
        }
    }
}

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It works.
    Good,
    /// This kiosk has none.
    NotInstalled,
    /// It should be there and is not.
    Absent,
    /// It is there, but nothing came of it in time.
    NoAnswer,
    /// Whoever tested it says that it does not work.
    SaidNo,
    /// A printer says what it lacks.
    Trouble(PrinterTrouble),
}

/// What staff may order of the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineOrder {
    /// Look for an update, and take it when nobody is there.
    Update,
    /// Read the installer's stick that is plugged in: settings, certificate authorities, a newer system.
    Stick,
    /// Begin the kiosk's program anew.
    Restart,
    /// Switch off.
    ShutDown,
    /// Forget everything and be as on the first day.
    FactoryReset,
}

impl MachineOrder {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Update, Self::Stick, Self::Restart, Self::ShutDown, Self::FactoryReset];

    /// Its name in the audit and in phrases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Stick => "stick",
            Self::Restart => "restart",
            Self::ShutDown => "shut-down",
            Self::FactoryReset => "factory-reset",
        }
    }
}

/// What became of one thing that a stick may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StickOutcome {
    /// It was not on it, or nobody asked for it.
    #[default]
    Absent,
    /// It is being taken.
    UnderWay,
    /// It was taken.
    Taken,
    /// The kiosk has it already, or something newer.
    Same,
    /// It was refused; nothing has changed.
    Refused,
}

/// What became of the stick that was read last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StickReport {
    /// When, by the kiosk's clock, to the minute.
    pub at: String,
    /// Whether there was one.
    pub found: bool,
    /// The kiosk's settings.
    pub settings: StickOutcome,
    /// The town's own certificate authorities.
    pub authorities: StickOutcome,
    /// A newer system.
    pub update: StickOutcome,
    /// Why something was refused. No setting's value is in it that only staff may know.
    pub why: Option<String>,
}

/// A page that the port draws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sheet {
    /// A page by which the print is judged.
    Test,
    /// What every test found, `None` where it was not made.
    Report(Vec<(Part, Option<Finding>)>),
}

/// A line of a page that is printed for staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetLine {
    /// The heading.
    Heading(String),
    /// A plain line.
    Text(String),
    /// A name, and what there is to say of it.
    Row(String, String),
}

/// What was done in staff mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffAction {
    /// The PIN was entered.
    Open,
    /// Staff mode was closed.
    Close,
    /// A part was tested.
    Test(Part),
    /// The report was printed.
    Report,
    /// The kiosk was taken out of service.
    OutOfService,
    /// It was put back into service.
    InService,
    /// The volume was set.
    Volume,
    /// The brightness was set.
    Brightness,
    /// The diagnosis was written to a medium.
    Export,
    /// The machine was given an order.
    Machine(MachineOrder),
}

impl StaffAction {
    /// Its name in the audit.
    pub fn name(self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Close => "close".to_owned(),
            Self::Test(part) => format!("test-{}", part.name()),
            Self::Report => "report".to_owned(),
            Self::OutOfService => "out-of-service".to_owned(),
            Self::InService => "in-service".to_owned(),
            Self::Volume => "volume".to_owned(),
            Self::Brightness => "brightness".to_owned(),
            Self::Export => "export".to_owned(),
            Self::Machine(order) => order.name().to_owned(),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffOutcome {
    /// It was done, or the part works.
    Done,
    /// The part does not work, or it was tried in vain.
    Failed,
    /// It does not exist here.
    NotAvailable,
    /// The PIN was wrong.
    Refused,
    /// Entering was locked.
    Locked,
    /// Nobody touched the screen any more, or the longest time was over.
    TimedOut,
}

impl StaffOutcome {
    /// Its name in the audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotAvailable => "not-available",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::TimedOut => "timed-out",
        }
    }
}

/// To the staff port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffCommand {
    /// Is this the PIN?
    Open {
        /// Carried back by the answer.
        request: RequestId,
        /// What was entered.
        pin: Personal<StaffPin>,
    },
    /// How is the machine?
    Look(RequestId),
    /// Can every host be reached that this kiosk needs?
    Reach(RequestId),
    /// Draw this page.
    Draw {
        /// Carried back by the answer.
        request: RequestId,
        /// Which page.
        sheet: Sheet,
    },
    /// Remember that the kiosk is out of service, or no longer.
    OutOfService(bool),
    /// Set the volume, in per cent. Answered like [`Self::Look`].
    Volume(RequestId, u8),
    /// Set the brightness, in per cent. Answered like [`Self::Look`].
    Brightness(RequestId, u8),
    /// Put together what a maintainer needs to know.
    Diagnose(RequestId, Vec<(Part, Option<Finding>)>),
    /// Write what was put together last to the medium.
    Export(RequestId),
    /// Order this of the machine.
    Machine(RequestId, MachineOrder),
    /// Keep this.
    Audit(StaffAction, StaffOutcome),
}

/// Why the PIN was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinRefusal {
    /// It is another one.
    Wrong,
    /// It was not looked at: too many were wrong before.
    Locked,
    /// Tries cannot be counted, so none is taken.
    NoRecord,
}

/// A host that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostTried {
    /// `host:port`.
    pub name: String,
    /// Whether it took a connection.
    pub reached: bool,
}

/// How the machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The program's version.
    pub version: String,
    /// The site pack's folder name.
    pub pack: String,
    /// The parts that are configured here.
    pub installed: Vec<Part>,
    /// Room left on the disk, in MB.
    pub free_mb: u64,
    /// The whole disk, in MB.
    pub disk_mb: u64,
    /// Today by the kiosk's clock; what follows is of this day. `None` where nothing is counted.
    pub counts: Option<Counts>,
    /// The volume in per cent, where it can be set.
    pub volume: Option<u8>,
    /// The brightness in per cent, where it can be set.
    pub brightness: Option<u8>,
    /// What became of the stick that was read last; `None` where none was since the machine started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stick: Option<StickReport>,
}

/// What was counted today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The day.
    pub day: Date,
    /// Visits begun.
    pub visits: u64,
    /// Visits that ended with their papers.
    pub completed: u64,
    /// Papers printed.
    pub printed: u64,
    /// Troubles of printers.
    pub troubles: u64,
}

/// From the staff port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffAnswer {
    /// Staff mode can be opened here. Said once, at the start.
    Installed {
        /// The kiosk was taken out of service by an earlier run.
        out_of_service: bool,
    },
    /// The PIN was right.
    Opened(RequestId),
    /// The PIN was not accepted.
    Refused {
        /// Which try.
        request: RequestId,
        /// Why.
        why: PinRefusal,
        /// How long no other is taken, in milliseconds.
        wait_ms: u64,
    },
    /// How the machine is.
    Seen(RequestId, Box<Condition>),
    /// Which hosts were reached.
    Reached(RequestId, Vec<HostTried>),
    /// A page was drawn.
    Drawn(RequestId, Personal<FilledPdf>),
    /// What a maintainer needs to know, line by line; no address and no name of a host is in it.
    Diagnosed(RequestId, Vec<String>),
    /// It was done.
    Done(RequestId),
    /// It does not exist on this machine.
    NotAvailable(RequestId),
    /// It was tried in vain.
    Failed(RequestId),
}
