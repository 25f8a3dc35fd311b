//! The pure core of a visit: from a person's first touch to the home screen again.
//!
//! [`Visit::handle`] takes an [`Event`] and gives [`Effect`]s; [`Visit::view`] says what the screen shows. There is no I/O, no
//! clock, no randomness and no thread in here: the same events at the same times give the same effects and states, which is
//! what [`record`] relies on. The core decides by what *kind* of thing happened and never looks inside a personal value, so
//! a recording in which these are replaced by their names walks through the same states.
//!
//! A new step is one file in `states/`, one variant of [`State`], one variant of [`view::Body`].

mod event;
pub mod intent;
mod phrasebook;
mod policy;
pub mod record;
pub mod service;
mod session;
mod states;
pub mod view;
mod words;

pub use event::{Effect, Event, StaffEvent, StaffReason};
pub use intent::{Fact, IdentifyBy, Intent, PaperHelp, SetupPage, SetupTouch, StaffPage, StaffTouch, TextSize};
pub use phrasebook::Phrasebook;
pub use policy::Policy;
pub use service::{Catalogue, Category, FormOutline, OftenAsked, Service, ServiceId};
pub use session::{Camera, CardThere, Devices, Session, StaffCall, Voice};
pub use states::{PrinterChoice, SettingUp, SetupTrouble, State, Turns};
pub use view::View;
pub use words::sheet;

use domain::card::CardCommand;
use domain::face::FaceCommand;
use domain::kpi::{Kpi, KpiName};
use domain::paper::PrinterCommand;
use domain::setup::SetupCommand;
use domain::staff::{PinRefusal, StaffAction, StaffAnswer, StaffCommand, StaffOutcome};
use domain::voice::VoiceCommand;
use domain::{RequestId, Timestamp, VisitId};
use serde::Serialize;
use states::{Cx, Leftover, Turn};
use std::sync::Arc;

/// One kiosk's visits, one after the other.
#[derive(Debug, Serialize)]
pub struct Visit {
    #[serde(skip)]
    catalogue: Arc<Catalogue>,
    #[serde(skip)]
    policy: Policy,
    now: Timestamp,
    last_visit: VisitId,
    last_request: RequestId,
    devices: Devices,
    session: Session,
    state: State,
    entered: Timestamp,
    last_sign_of_life: Timestamp,
    warned: Option<Timestamp>,
}

impl Visit {
    /// A kiosk on its home screen, devices not heard of yet.
    pub fn new(catalogue: Arc<Catalogue>, policy: Policy) -> Self {
        Self {
            catalogue,
            policy,
            now: Timestamp::default(),
            last_visit: VisitId::default(),
            last_request: RequestId::default(),
            devices: Devices::default(),
            session: Session::default(),
            state: State::home(),
            entered: Timestamp::default(),
            last_sign_of_life: Timestamp::default(),
            warned: None,
        }
    }

    /// Counts visits on from this number: one that no earlier run of this kiosk has reached.
    #[must_use]
    pub fn after(mut self, last: VisitId) -> Self {
        self.last_visit = last;
        self
    }

    /// Where the visit stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What is known of the devices.
    pub fn devices(&self) -> &Devices {
        &self.devices
    }

    /// For how many milliseconds nobody has given a sign of life; `None` but on the home screen.
    pub fn idle_ms(&self) -> Option<u64> {
        self.state.is_home().then(|| self.now.since(self.last_sign_of_life))
    }

    /// What the visit holds; empty on the home screen.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Takes one event and says what is to be done. `at` never goes backwards; if it does, the later time counts.
    pub fn handle(&mut self, at: Timestamp, event: Event) -> Vec<Effect> {
        self.now = self.now.max(at);
        let mut effects = Vec::new();
        self.devices.learn(&event, &mut effects);
        if event == Event::Touch(Intent::Alive) {
            // Not an answer to the warning: that has its own button, which this very finger may be about to touch.
            if self.idle_seconds_left().is_none() {
                self.last_sign_of_life = self.now;
            }
            return effects;
        }
        let counts = match &event {
            Event::Touch(_) => true,
            // Of staff only touches count: a camera that sees somebody says nothing about who that is.
            _ if self.state.is_staffs() => false,
            // What nobody asked for must not keep a page open that shows a name.
            Event::Face(_) => matches!(self.state, State::Face(_)),
            Event::Voice(_) => matches!(self.state, State::Guide(_)),
            _ => true,
        };
        if counts && event.is_sign_of_life() {
            self.last_sign_of_life = self.now;
            self.warned = None;
        }
        match &event {
            Event::Touch(Intent::Quit) if self.state.in_visit() => self.end(&mut effects),
            Event::Touch(Intent::MoreTime) => self.session.more_time(),
            Event::Touch(Intent::Speak(language)) => {
                self.session.settings.language = *language;
                self.session.language_chosen = true;
                self.session.settings.furigana &= *language == domain::Language::Ja;
            }
            Event::Touch(Intent::Size(size)) => self.session.settings.size = *size,
            Event::Touch(Intent::HighContrast(on)) => self.session.settings.high_contrast = *on,
            Event::Touch(Intent::Furigana(on)) => self.session.settings.furigana = *on,
            Event::Tick if self.idle(&mut effects) => {}
            _ => self.step(&event, &mut effects),
        }
        if let Event::StaffMode(answer) = &event {
            self.audit_opening(answer, &mut effects);
        }
        if effects.iter().any(|effect| matches!(effect, Effect::CallStaff(_))) {
            self.devices.staff = StaffCall::Calling;
        }
        effects
    }

    /// Whether nothing can be done here. (A site without services has its guide.)
    pub(crate) fn closed(&self) -> bool {
        self.devices.out_of_service || self.devices.out_of_order() && !self.catalogue.services.is_empty()
    }

    /// Keeps what became of a PIN, whatever the screen shows by now.
    fn audit_opening(&self, answer: &StaffAnswer, effects: &mut Vec<Effect>) {
        let outcome = match answer {
            StaffAnswer::Opened(_) if matches!(self.state, State::StaffMode(_)) => StaffOutcome::Done,
            StaffAnswer::Opened(_) => StaffOutcome::TimedOut,
            StaffAnswer::Refused { why: PinRefusal::Wrong, .. } => StaffOutcome::Refused,
            StaffAnswer::Refused { why: PinRefusal::Locked, .. } => StaffOutcome::Locked,
            StaffAnswer::Refused { why: PinRefusal::NoRecord, .. } => StaffOutcome::Failed,
            _ => return,
        };
        effects.push(Effect::Staff(StaffCommand::Audit(StaffAction::Open, outcome)));
    }

    /// What the screen shows now.
    pub fn view(&self, words: &Phrasebook) -> View {
        words::view(self, words)
    }

    fn step(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        let begins = match event {
            Event::Touch(Intent::CallStaff) => true,
            _ if self.devices.out_of_service => false,
            Event::Touch(Intent::Begin | Intent::Toggle(_)) => {
                !self.devices.out_of_order() && !self.catalogue.services.is_empty()
            }
            Event::Touch(Intent::Talk | Intent::Pick(_)) => self.devices.voice != Voice::NotInstalled,
            _ => false,
        };
        if begins && self.state.is_home() {
            self.devices.card_lay_before = self.devices.card.is_some();
            self.last_visit = VisitId(self.last_visit.0 + 1);
            self.session.visit = self.last_visit;
            self.session.started = Some(self.now);
            effects.push(Effect::Count(Kpi {
                name: KpiName::VisitStarted,
                label: self.session.settings.language.tag().to_owned(),
                value: 1,
            }));
        }
        let mut cx = Cx {
            now: self.now,
            catalogue: &self.catalogue,
            policy: &self.policy,
            devices: &mut self.devices,
            session: &mut self.session,
            last_visit: &mut self.last_visit,
            last_request: &mut self.last_request,
            effects,
        };
        match self.state.on(&mut cx, event) {
            Turn::Stay => {}
            Turn::To(next) => {
                // Whoever reads what was left behind has set how it is shown; the next person has not.
                if next.is_home() {
                    self.session = Session::default();
                }
                self.enter(*next, effects);
            }
            Turn::End if self.state.is_staffs() => self.close_staff(StaffOutcome::Done, effects),
            Turn::End => self.end(effects),
        }
    }

    fn enter(&mut self, next: State, effects: &mut Vec<Effect>) {
        // The next question, another try: the same step goes on.
        if next.name() != self.state.name() {
            if self.state.in_visit() {
                effects.push(Effect::Count(Kpi {
                    name: KpiName::StepTime,
                    label: self.state.name().to_owned(),
                    value: self.now.since(self.entered),
                }));
            }
            self.entered = self.now;
        }
        self.state = next;
    }

    /// Warns a person who does nothing, then ends the visit. Says whether the tick is used up.
    fn idle(&mut self, effects: &mut Vec<Effect>) -> bool {
        if self.state.is_staffs() {
            let over = self.staff_seconds_left() == 0;
            if over {
                self.close_staff(StaffOutcome::TimedOut, effects);
            }
            return over;
        }
        let Some(patience) = self.state.patience_ms(&self.policy) else { return false };
        let patience = patience.saturating_mul(self.session.patience());
        if self.state.is_home() {
            // Nobody has begun: only the settings that somebody left behind are put back.
            if self.now.since(self.last_sign_of_life) >= patience {
                self.session = Session::default();
            }
            return false;
        }
        match self.warned {
            None if self.now.since(self.last_sign_of_life) >= patience => {
                self.warned = Some(self.now);
                false
            }
            Some(since) if self.now.since(since) >= self.policy.idle_warning_ms => {
                self.end(effects);
                true
            }
            _ => false,
        }
    }

    /// Seconds until staff mode closes by itself: some time after the last touch, and always some time after it was opened.
    fn staff_seconds_left(&self) -> u64 {
        let patience = match self.state {
            // A resident may have found the way here.
            State::StaffPin(_) => self.policy.idle_ms,
            _ => self.policy.staff_idle_ms,
        };
        let untouched = patience.saturating_sub(self.now.since(self.last_sign_of_life));
        let open = self.policy.staff_most_ms.saturating_sub(self.now.since(self.entered));
        untouched.min(open).div_ceil(1000)
    }

    /// Seconds left before the visit is ended, while the person is being warned.
    pub(crate) fn idle_seconds_left(&self) -> Option<u64> {
        if matches!(self.state, State::StaffMode(_) | State::SettingUp(_)) {
            return Some(self.staff_seconds_left()).filter(|left| *left * 1000 <= self.policy.idle_warning_ms);
        }
        self.warned.map(|since| self.policy.idle_warning_ms.saturating_sub(self.now.since(since)).div_ceil(1000))
    }

    /// Closes staff mode: ports let go, and a card that was tested must be taken before anybody begins.
    fn close_staff(&mut self, outcome: StaffOutcome, effects: &mut Vec<Effect>) {
        let opened = match self.state {
            State::StaffMode(_) => {
                effects.push(Effect::Staff(StaffCommand::Audit(StaffAction::Close, outcome)));
                true
            }
            State::SettingUp(_) => {
                effects.push(Effect::Setup(SetupCommand::Forget));
                true
            }
            _ => false,
        };
        if opened {
            self.let_go(effects);
            effects.push(Effect::Forget);
        }
        let left = Leftover::or_home(opened && self.devices.card.is_some(), false, self.now);
        self.enter(left, effects);
        self.session = Session::default();
        self.warned = None;
        self.last_sign_of_life = self.now;
    }

    /// Every port stops what it was asked to do, and forgets it.
    fn let_go(&self, effects: &mut Vec<Effect>) {
        effects.push(Effect::Card(CardCommand::Release));
        effects.push(Effect::Face(FaceCommand::Stop));
        effects.push(Effect::Printer(PrinterCommand::Cancel(self.session.visit)));
        if self.devices.voice != Voice::NotInstalled {
            effects.push(Effect::Voice(VoiceCommand::Forget));
        }
    }

    /// Ends the visit, whatever its state: ports let go, everything is forgotten.
    fn end(&mut self, effects: &mut Vec<Effect>) {
        let completed = self.session.completed;
        let left = Leftover::or_home(self.devices.card.is_some(), self.state.papers_out(), self.now);
        self.enter(left, effects);
        self.let_go(effects);
        let name = if completed { KpiName::VisitCompleted } else { KpiName::VisitAbandoned };
        effects.push(Effect::Count(Kpi {
            name,
            label: String::new(),
            value: self.session.started.map_or(0, |started| self.now.since(started)),
        }));
        effects.push(Effect::Forget);
        // Someone whose card still lies here reads on in their language and size; nothing else stays.
        let settings = self.session.settings;
        self.session = Session::default();
        if !self.state.is_home() {
            self.session.settings = settings;
        }
        self.warned = None;
        self.last_sign_of_life = self.now;
    }
}
