//! What comes into the core and what goes out.

use crate::Intent;
use domain::Date;
use domain::card::{CardCommand, CardEvent};
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::form::{FillJob, FormEvent};
use domain::kpi::Kpi;
use domain::paper::{PrinterCommand, PrinterEvent};
use domain::setup::{SetupAnswer, SetupCommand};
use domain::staff::{StaffAnswer, StaffCommand};
use domain::voice::{VoiceCommand, VoiceEvent};
use serde::{Deserialize, Serialize};

/// Something that happened; the only way into the core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Somebody touched something.
    Touch(Intent),
    /// From the card reader.
    Card(CardEvent),
    /// From the camera.
    Face(FaceEvent),
    /// From the form filler.
    Form(FormEvent),
    /// From the printers.
    Paper(PrinterEvent),
    /// From the voice guide.
    Voice(VoiceEvent),
    /// What became of a call for staff.
    Staff(StaffEvent),
    /// From the port of staff mode.
    StaffMode(StaffAnswer),
    /// From the port of the first start.
    Setup(SetupAnswer),
    /// Today's date, at the start and at each midnight.
    Day(Date),
    /// Time passed (a few times a second).
    Tick,
}

impl Event {
    /// Whether it shows that somebody is there and has seen the screen, or ends what somebody listened to. [`Intent::Alive`] shows less: a finger that types on
    /// must not take away the warning that it lies under.
    pub(crate) fn is_sign_of_life(&self) -> bool {
        matches!(
            self,
            Self::Touch(_)
                | Self::Card(CardEvent::Inserted { .. } | CardEvent::Removed)
                | Self::Face(FaceEvent::Guide(Guidance::Good))
                | Self::Voice(VoiceEvent::Began(_) | VoiceEvent::Heard { .. } | VoiceEvent::Said(_))
                | Self::Paper(PrinterEvent::Printed { .. } | PrinterEvent::Done { .. })
        )
    }
}

/// Why staff are called. No personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffReason {
    /// The person asked.
    Asked,
    /// A printer wants paper, toner, hands.
    Printer,
    /// A printer's paper is getting low.
    PaperLow,
    /// A card was left on the reader.
    CardLeft,
    /// Papers were left in the tray.
    PapersLeft,
    /// A card's data are not genuine.
    NotGenuine,
}

/// What became of a call for staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffEvent {
    /// Their line took it.
    Reached,
    /// It reached nobody, or there is no line.
    NotReached,
}

/// Something to be done; the only way out of the core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// To the card reader.
    Card(CardCommand),
    /// To the camera.
    Face(FaceCommand),
    /// Fill these forms.
    Fill(FillJob),
    /// To the printers.
    Printer(PrinterCommand),
    /// To the voice guide.
    Voice(VoiceCommand),
    /// Call staff.
    CallStaff(StaffReason),
    /// To the port of staff mode.
    Staff(StaffCommand),
    /// To the port of the first start.
    Setup(SetupCommand),
    /// Count this.
    Count(Kpi),
    /// The visit is over: overwrite pictures, pages and entries wherever they are.
    Forget,
}
