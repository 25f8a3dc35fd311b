//! What a touch means: the only thing that screens may send into the core.

use crate::service::ServiceId;
use domain::card::{CodeB, Pin};
use domain::form::{Answer, FormId, Signature, ValueId};
use domain::paper::{Device, PrinterTrouble};
use domain::setup::SetupField;
use domain::staff::{MachineOrder, Part, StaffPin};
use domain::voice::AnswerId;
use domain::{Language, Personal};
use serde::{Deserialize, Serialize};

/// How large the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextSize {
    /// As designed.
    #[default]
    Standard,
    /// About a third larger.
    Large,
}

/// How the person makes known who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifyBy {
    /// My Number card and face (verification number B opens the card, no PIN).
    CardAndFace,
    /// My Number card and its four-digit PIN.
    CardAndPin,
    /// No card: the person types the facts.
    Typing,
}

/// One of the four facts, for correcting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// 氏名.
    Name,
    /// 住所.
    Address,
    /// 生年月日.
    BirthDate,
    /// 性別.
    Sex,
}

impl Fact {
    /// The four, in the order of the forms.
    pub const ALL: [Self; 4] = [Self::Name, Self::Address, Self::BirthDate, Self::Sex];
}

/// A picture with steps for whoever helps a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperHelp {
    /// Fill in paper.
    Paper,
    /// Take out paper that is jammed.
    Jam,
    /// Close what is open.
    Door,
    /// Change the toner.
    Toner,
    /// Empty the tray.
    Output,
    /// Put in the right paper.
    Media,
    /// Switch it on and connect it.
    Offline,
    /// It wants a technician.
    Broken,
    /// Put in a roll.
    Roll,
    /// Close the cover of the receipt printer.
    Cover,
}

impl PaperHelp {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 10] = [
        Self::Paper,
        Self::Jam,
        Self::Toner,
        Self::Door,
        Self::Output,
        Self::Media,
        Self::Roll,
        Self::Cover,
        Self::Offline,
        Self::Broken,
    ];

    /// Its name in phrases and pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Jam => "jam",
            Self::Door => "door",
            Self::Toner => "toner",
            Self::Output => "output",
            Self::Media => "media",
            Self::Offline => "offline",
            Self::Broken => "broken",
            Self::Roll => "roll",
            Self::Cover => "cover",
        }
    }

    /// What helps a printer in this trouble.
    pub fn with(device: Device, trouble: PrinterTrouble) -> Self {
        match (device, trouble) {
            (Device::Slip, PrinterTrouble::PaperOut | PrinterTrouble::WrongMedia) => Self::Roll,
            (Device::Slip, PrinterTrouble::DoorOpen) => Self::Cover,
            (_, PrinterTrouble::PaperOut) => Self::Paper,
            (_, PrinterTrouble::Jam) => Self::Jam,
            (_, PrinterTrouble::DoorOpen) => Self::Door,
            (_, PrinterTrouble::TonerOut) => Self::Toner,
            (_, PrinterTrouble::OutputFull) => Self::Output,
            (_, PrinterTrouble::WrongMedia) => Self::Media,
            (_, PrinterTrouble::Offline | PrinterTrouble::Paused) => Self::Offline,
            (_, PrinterTrouble::NoPdf | PrinterTrouble::Broken) => Self::Broken,
        }
    }
}

/// A page of staff mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffPage {
    /// What can be done.
    Menu,
    /// How everything is.
    States,
    /// What the printers lack, and what may be looked up.
    Paper,
    /// One of these.
    PaperHelp(PaperHelp),
    /// The tests and what they found.
    Tests,
    /// One of them; going there begins it.
    Test(Part),
    /// Volume and brightness.
    Levels,
    /// The report on paper; going there prints it.
    Report,
    /// What a maintainer needs to know.
    Diagnosis,
    /// Is this really to be done?
    Sure(MachineOrder),
}

/// What a member of staff wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffTouch {
    /// The corner of the home screen was held.
    Door,
    /// The PIN was entered.
    Pin(Personal<StaffPin>),
    /// To this page.
    Go(StaffPage),
    /// This target of the touch panel's test was hit.
    Target(u8),
    /// The part works (or does not): the answer of whoever tests it.
    Works(bool),
    /// This volume, in per cent.
    Volume(u8),
    /// This brightness, in per cent.
    Brightness(u8),
    /// Out of service, or in.
    OutOfService(bool),
    /// Write the diagnosis to the medium.
    Export,
    /// Order this of the machine: it was asked about on [`StaffPage::Sure`].
    Order(MachineOrder),
}

/// A page of the first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupPage {
    /// In which language it is read.
    Language,
    /// The address, the proxy, the certificate authorities.
    Network,
    /// A fixed address is entered.
    Address,
    /// A proxy is entered.
    Proxy,
    /// The printers that were found.
    Printer,
    /// A printer's address is entered.
    PrinterAddress,
    /// Reader, camera, and what else there is.
    Devices,
    /// The staff PIN.
    Pin,
    /// And again.
    PinAgain,
    /// All of it, before it is in force.
    Summary,
    /// The machine takes it.
    Applying,
    /// It was set up: whether everything is ready.
    Ready,
}

impl SetupPage {
    /// Whether a touch on this page leads to that one.
    pub(crate) fn leads_to(self, page: Self) -> bool {
        match self {
            Self::Network => matches!(page, Self::Address | Self::Proxy | Self::Network),
            Self::Printer => page == Self::PrinterAddress,
            Self::PrinterAddress => page == Self::Printer,
            Self::Devices => page == Self::Devices,
            Self::Summary => matches!(page, Self::Network | Self::Printer | Self::Pin),
            _ => false,
        }
    }
}

/// What an installer wants at the first start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupTouch {
    /// The notice on the home screen.
    Begin,
    /// To this page.
    Go(SetupPage),
    /// By DHCP.
    Dhcp,
    /// Without a proxy.
    NoProxy,
    /// Keys go here.
    Field(SetupField),
    /// This is what the field now says.
    Typed(String),
    /// Look for printers again.
    Search,
    /// This printer, of those that were found.
    Printer(String),
    /// No printer, or one that is named later.
    NoPrinter,
    /// To what is wrong.
    Mend,
    /// This printer, though it does not answer now.
    UseAnyway,
    /// Everything is right: begin to serve.
    Finish,
    /// The report on paper.
    Print,
}

/// What the person wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Begin: the home screen was touched.
    Begin,
    /// Begin with this service, or take it in or out of the choice.
    Toggle(ServiceId),
    /// Show everything in this language.
    Speak(Language),
    /// Letters of this size.
    Size(TextSize),
    /// Black and white, or the usual colours.
    HighContrast(bool),
    /// Furigana over kanji, or not.
    Furigana(bool),
    /// Ask the guide: begins to listen. While it listens: that was all.
    Talk,
    /// Ask the guide this.
    Pick(AnswerId),
    /// Say the answer again.
    SayAgain,
    /// Say nothing more.
    Hush,
    /// On to the next step.
    Next,
    /// One step back; nothing that was entered is lost.
    Back,
    /// End the visit and forget everything.
    Quit,
    /// Call staff.
    CallStaff,
    /// Agreed to the reading of the card, and of the face where that is the way.
    Identify(IdentifyBy),
    /// The PIN was entered.
    Pin(Personal<Pin>),
    /// Verification number B was entered.
    CodeB(Personal<CodeB>),
    /// Try the face again.
    FaceAgain,
    /// A fact was corrected or typed. Birth dates are `YYYY-MM-DD`, sex is `male`, `female` or `other`.
    Correct(Fact, Answer),
    /// The question on the screen was answered.
    Answer(ValueId, Answer),
    /// Signed.
    Sign(Personal<Signature>),
    /// Signs the papers at the desk: their field stays blank.
    SignAtDesk,
    /// The pages are right: print them.
    Print,
    /// Take this form out of the papers.
    Drop(FormId),
    /// How it was, 1 (bad) to 5 (good).
    Rate(u8),
    /// Of staff mode.
    Staff(StaffTouch),
    /// Of the first start.
    Setup(SetupTouch),
    /// Still here: needs more time.
    MoreTime,
    /// A finger is at work on this screen (keys, strokes, pages); at most once a second, and it means nothing else.
    Alive,
}
