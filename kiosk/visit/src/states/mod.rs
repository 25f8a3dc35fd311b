//! The states of a visit, one file each: its data, its time-outs, its other ways.

mod asking;
mod choosing;
mod collecting;
mod confirming;
mod consent;
mod guiding;
mod home;
mod identify;
mod leftover;
mod needs_staff;
mod previewing;
mod printing;
mod rating;
mod setting_up;
mod signing;
mod staff_mode;
mod staff_pin;

pub use asking::Asking;
pub use choosing::Choosing;
pub use collecting::Collecting;
pub use confirming::Confirming;
pub use consent::Consent;
pub use guiding::{GuideTrouble, Guiding, Turns};
pub use home::Home;
pub use identify::{AwaitingCard, CardTrouble, EnteringCode, EnteringPin, FaceTrouble, Matching, Reading};
pub use leftover::Leftover;
pub use needs_staff::NeedsStaff;
pub use previewing::Previewing;
pub use printing::Printing;
pub use rating::Rating;
pub use setting_up::{PrinterChoice, SettingUp, SetupTrouble};
pub use signing::Signing;
pub(crate) use staff_mode::TARGETS;
pub use staff_mode::{Printout, StaffMode};
pub use staff_pin::{EnteringStaffPin, StaffPinTrouble};

use crate::view::PaperState;
use crate::{Catalogue, Devices, Effect, Event, Intent, Policy, Session};
use domain::kpi::{Kpi, KpiName};
use domain::{RequestId, Timestamp, VisitId};
use serde::Serialize;

/// What a state may look at and change while it takes an event.
pub(crate) struct Cx<'a> {
    pub now: Timestamp,
    pub catalogue: &'a Catalogue,
    pub policy: &'a Policy,
    pub devices: &'a mut Devices,
    pub session: &'a mut Session,
    pub last_visit: &'a mut VisitId,
    pub last_request: &'a mut RequestId,
    pub effects: &'a mut Vec<Effect>,
}

impl Cx<'_> {
    fn out(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn count(&mut self, name: KpiName, label: impl Into<String>, value: u64) {
        self.out(Effect::Count(Kpi { name, label: label.into(), value }));
    }

    /// A number for something to be printed: none that was ever cancelled.
    fn job(&mut self) -> VisitId {
        *self.last_visit = VisitId(self.last_visit.0 + 1);
        self.session.visit = *self.last_visit;
        *self.last_visit
    }

    fn request(&mut self) -> RequestId {
        *self.last_request = RequestId(self.last_request.0 + 1);
        *self.last_request
    }
}

/// What an event leads to.
pub(crate) enum Turn {
    Stay,
    To(Box<State>),
    End,
}

impl Turn {
    fn to(state: impl Into<State>) -> Self {
        Self::To(Box::new(state.into()))
    }
}

/// Where a visit stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Nobody is there.
    Home(Home),
    /// Choosing services.
    Choosing(Choosing),
    /// Asking the guide.
    Guide(Guiding),
    /// What is read, and by which way.
    Consent(Consent),
    /// Waiting for a card.
    Card(AwaitingCard),
    /// Entering the PIN.
    Pin(EnteringPin),
    /// Entering verification number B.
    CodeB(EnteringCode),
    /// The card is being read.
    Reading(Reading),
    /// The face is being compared.
    Face(Matching),
    /// Checking the four facts.
    Confirm(Confirming),
    /// Answering what the forms still need.
    Ask(Asking),
    /// Signing.
    Sign(Signing),
    /// Looking at the filled pages.
    Preview(Previewing),
    /// Papers come out.
    Paper(Printing),
    /// Taking card and papers.
    Collect(Collecting),
    /// How it was.
    Rate(Rating),
    /// Staff were called.
    Help(NeedsStaff),
    /// The visit is over, and something of it was left here.
    Leftover(Leftover),
    /// Entering the PIN of staff mode.
    StaffPin(EnteringStaffPin),
    /// Staff are at work.
    StaffMode(StaffMode),
    /// The first start.
    SettingUp(Box<SettingUp>),
}

/// Dispatches to the state at hand; the compiler finds what a new state lacks.
macro_rules! each {
    ($self:expr, $state:ident => $body:expr) => {
        match $self {
            State::Home($state) => $body,
            State::Choosing($state) => $body,
            State::Guide($state) => $body,
            State::Consent($state) => $body,
            State::Card($state) => $body,
            State::Pin($state) => $body,
            State::CodeB($state) => $body,
            State::Reading($state) => $body,
            State::Face($state) => $body,
            State::Confirm($state) => $body,
            State::Ask($state) => $body,
            State::Sign($state) => $body,
            State::Preview($state) => $body,
            State::Paper($state) => $body,
            State::Collect($state) => $body,
            State::Rate($state) => $body,
            State::Help($state) => $body,
            State::Leftover($state) => $body,
            State::StaffPin($state) => $body,
            State::StaffMode($state) => $body,
            State::SettingUp($state) => $body,
        }
    };
}

macro_rules! into_state {
    ($($variant:ident($state:ty)),* $(,)?) => {
        $(impl From<$state> for State {
            fn from(state: $state) -> Self {
                Self::$variant(state)
            }
        })*
    };
}

into_state!(
    Home(Home),
    Choosing(Choosing),
    Guide(Guiding),
    Consent(Consent),
    Card(AwaitingCard),
    Pin(EnteringPin),
    CodeB(EnteringCode),
    Reading(Reading),
    Face(Matching),
    Confirm(Confirming),
    Ask(Asking),
    Sign(Signing),
    Preview(Previewing),
    Paper(Printing),
    Collect(Collecting),
    Rate(Rating),
    Help(NeedsStaff),
    Leftover(Leftover),
    StaffPin(EnteringStaffPin),
    StaffMode(StaffMode),
);

impl From<SettingUp> for State {
    fn from(state: SettingUp) -> Self {
        Self::SettingUp(Box::new(state))
    }
}

/// What each state does.
trait Step {
    /// Its name in counts and pictures.
    const NAME: &'static str;
    /// How long it waits for a sign of life; `None` where the person waits for the machine.
    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_ms)
    }
    /// Takes an event that is not every state's business.
    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn;
}

impl<S: Step> Step for Box<S> {
    const NAME: &'static str = S::NAME;

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        (**self).patience_ms(policy)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        (**self).on(cx, event)
    }
}

impl State {
    pub(crate) fn home() -> Self {
        Self::Home(Home)
    }

    /// Whether nobody is there.
    pub fn is_home(&self) -> bool {
        matches!(self, Self::Home(_))
    }

    /// Whether it belongs to a visit, which can be ended.
    pub fn in_visit(&self) -> bool {
        !matches!(self, Self::Home(_) | Self::Leftover(_)) && !self.is_staffs()
    }

    /// Whether it belongs to staff: no resident is there, and nothing of one.
    pub fn is_staffs(&self) -> bool {
        matches!(self, Self::StaffPin(_) | Self::StaffMode(_) | Self::SettingUp(_))
    }

    /// Whether papers of the visit lie in the tray, or may be on their way there.
    pub fn papers_out(&self) -> bool {
        let out = |papers: &[(_, _, PaperState)]| {
            papers.iter().any(|row| matches!(row.2, PaperState::Done | PaperState::Printing))
        };
        match self {
            Self::Paper(printing) => out(&printing.papers),
            Self::Collect(collecting) => out(&collecting.papers),
            Self::Help(help) => help.back.papers_out(),
            _ => false,
        }
    }

    /// The filling whose pages are looked at, or will be when staff are gone again.
    pub fn previewed(&self) -> Option<RequestId> {
        match self {
            Self::Preview(preview) => Some(preview.request),
            Self::Help(help) => help.back.previewed(),
            _ => None,
        }
    }

    /// Its name in counts, pictures and recordings.
    pub fn name(&self) -> &'static str {
        fn name<S: Step>(_: &S) -> &'static str {
            S::NAME
        }
        each!(self, state => name(state))
    }

    pub(crate) fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        each!(self, state => state.patience_ms(policy))
    }

    pub(crate) fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        let elsewhere = matches!(self, Self::Help(_) | Self::Home(_) | Self::Leftover(_)) || self.is_staffs();
        if let (Event::Touch(Intent::CallStaff), false) = (event, elsewhere) {
            // What the ports were doing goes on; where it cannot wait, the state says what to come back to.
            let back = self.rest(cx);
            return Turn::to(NeedsStaff::called(cx, self.name(), back));
        }
        each!(self, state => state.on(cx, event))
    }

    /// The state to come back to after staff were there: one in which no port is at work.
    fn rest(&self, cx: &mut Cx) -> State {
        match self {
            Self::Reading(_) | Self::Face(_) => {
                identify::let_go(cx);
                Consent::default().into()
            }
            Self::Preview(_) => Previewing::begin(cx),
            Self::Guide(guiding) => guiding.rest(cx).into(),
            other => other.clone(),
        }
    }
}
