//! The ways of making known who one is: card, PIN or code, reading, face.

use super::{Confirming, Consent, Cx, Step, Turn};
use crate::session::{Camera, CardThere};
use crate::{Effect, Event, IdentifyBy, Intent, Policy, StaffReason};
use domain::card::{CardCommand, CardEvent, CardKind, CardReading, CardRefusal, CardSecret, Genuine};
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::kpi::KpiName;
use domain::{RequestId, Timestamp};
use serde::Serialize;

/// What keeps the card from being used, as told to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardTrouble {
    /// There is no reader.
    NoReader,
    /// Another kind of card.
    WrongCard(CardKind),
    /// The card lay there before the person came: it may be somebody else's.
    LayBefore,
    /// The card was taken away too early.
    Removed,
    /// The PIN was wrong.
    WrongPin {
        /// Tries left.
        left: u8,
    },
    /// The code was wrong.
    WrongCode {
        /// Tries left.
        left: u8,
    },
    /// One try is left for the PIN: nothing was sent.
    LastTry,
    /// The PIN is blocked.
    Blocked,
    /// One try is left for the code: nothing was sent.
    CodeLastTry,
    /// The code is blocked.
    CodeBlocked,
    /// What was entered has the wrong shape.
    Malformed,
    /// Could not be read.
    Unreadable,
    /// The signatures do not hold.
    NotGenuine,
    /// The card's last day is over.
    Expired,
    /// The card has no photo that can be compared.
    NoPhoto,
    /// All face tries of this visit are used up.
    FaceTriesUsedUp,
}

impl CardTrouble {
    fn of(refusal: CardRefusal, way: IdentifyBy) -> Self {
        match refusal {
            CardRefusal::Removed => Self::Removed,
            CardRefusal::WrongCard(kind) => Self::WrongCard(kind),
            CardRefusal::WrongSecret { left } if way == IdentifyBy::CardAndPin => Self::WrongPin { left },
            CardRefusal::WrongSecret { left } => Self::WrongCode { left },
            CardRefusal::LastTry if way == IdentifyBy::CardAndPin => Self::LastTry,
            CardRefusal::LastTry => Self::CodeLastTry,
            CardRefusal::Blocked if way == IdentifyBy::CardAndPin => Self::Blocked,
            CardRefusal::Blocked => Self::CodeBlocked,
            CardRefusal::MalformedSecret => Self::Malformed,
            CardRefusal::Unreadable => Self::Unreadable,
            CardRefusal::Expired => Self::Expired,
            CardRefusal::NoReader => Self::NoReader,
        }
    }

    /// Its name in counts.
    pub fn label(self) -> &'static str {
        match self {
            Self::NoReader => "no-reader",
            Self::WrongCard(_) => "wrong-card",
            Self::Removed => "removed",
            Self::WrongPin { .. } => "wrong-pin",
            Self::WrongCode { .. } => "wrong-code",
            Self::LastTry => "last-try",
            Self::Blocked => "blocked",
            Self::CodeLastTry => "code-last-try",
            Self::CodeBlocked => "code-blocked",
            Self::LayBefore => "lay-before",
            Self::Malformed => "malformed",
            Self::Unreadable => "unreadable",
            Self::NotGenuine => "not-genuine",
            Self::Expired => "expired",
            Self::NoPhoto => "no-photo",
            Self::FaceTriesUsedUp => "face-tries-used-up",
        }
    }
}

/// Everything that a way has opened is closed: card reset, camera off, the person unknown again.
pub(super) fn let_go(cx: &mut Cx) {
    cx.out(Effect::Card(CardCommand::Release));
    cx.out(Effect::Face(FaceCommand::Stop));
    cx.session.unidentify();
}

/// Begins a way anew.
pub(super) fn begin(cx: &mut Cx, way: IdentifyBy) -> Turn {
    let_go(cx);
    if way == IdentifyBy::CardAndFace && cx.devices.camera == Camera::NotInstalled {
        // Not offered; nothing is begun that cannot be finished.
        return Turn::to(Consent::default());
    }
    if way == IdentifyBy::CardAndFace && cx.session.face_tries >= cx.policy.face_tries {
        return Turn::to(Consent { trouble: Some(CardTrouble::FaceTriesUsedUp) });
    }
    cx.session.way = Some(way);
    if way == IdentifyBy::Typing {
        return Turn::to(Confirming::default());
    }
    if cx.devices.no_reader {
        return Turn::to(Consent { trouble: Some(CardTrouble::NoReader) });
    }
    await_card(cx, way, None)
}

/// Goes on with the card that lies there, or waits for one.
fn await_card(cx: &Cx, way: IdentifyBy, trouble: Option<CardTrouble>) -> Turn {
    let wait = |trouble| Turn::to(AwaitingCard { way, trouble });
    match cx.devices.card {
        Some(_) if cx.devices.card_lay_before => wait(Some(CardTrouble::LayBefore)),
        Some(CardThere { kind: CardKind::MyNumber, pin_tries }) => match (way, pin_tries) {
            (IdentifyBy::CardAndPin, Some(0)) => wait(Some(CardTrouble::Blocked)),
            (IdentifyBy::CardAndPin, Some(1)) => wait(Some(CardTrouble::LastTry)),
            (IdentifyBy::CardAndPin, _) => Turn::to(EnteringPin { trouble }),
            _ => Turn::to(EnteringCode { trouble }),
        },
        Some(CardThere { kind, .. }) => wait(Some(CardTrouble::WrongCard(kind))),
        None => wait(trouble),
    }
}

/// The touches that every step of identifying understands.
fn common(cx: &mut Cx, event: &Event) -> Option<Turn> {
    match event {
        Event::Touch(Intent::Identify(way)) => Some(begin(cx, *way)),
        Event::Touch(Intent::Back) => {
            let_go(cx);
            Some(Turn::to(Consent::default()))
        }
        Event::Card(CardEvent::NoReader) => {
            let_go(cx);
            Some(Turn::to(Consent { trouble: Some(CardTrouble::NoReader) }))
        }
        _ => None,
    }
}

/// Waiting for a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AwaitingCard {
    /// The way being walked.
    pub way: IdentifyBy,
    /// What was the matter with the last card.
    pub trouble: Option<CardTrouble>,
}

impl Step for AwaitingCard {
    const NAME: &'static str = "card";

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Card(CardEvent::Inserted { .. }) => await_card(cx, self.way, None),
            Event::Touch(Intent::Next) if self.trouble.is_some() => {
                self.trouble = None;
                // The card may have been changed while the notice was read.
                match cx.devices.card {
                    Some(_) => await_card(cx, self.way, None),
                    None => Turn::Stay,
                }
            }
            // Just what was asked for.
            Event::Card(CardEvent::Removed) if self.trouble == Some(CardTrouble::LayBefore) => {
                self.trouble = None;
                Turn::Stay
            }
            // What was said about a card that is gone stays until it is read or another card comes.
            _ => common(cx, event).unwrap_or(Turn::Stay),
        }
    }
}

/// Entering the PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnteringPin {
    /// What was the matter.
    pub trouble: Option<CardTrouble>,
}

impl Step for EnteringPin {
    const NAME: &'static str = "pin";

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Next) => {
                self.trouble = None;
                Turn::Stay
            }
            Event::Touch(Intent::Pin(pin))
                if self.trouble.is_none() && cx.devices.pin_tries().is_none_or(|left| left > 1) =>
            {
                Turn::to(Reading::begin(cx, IdentifyBy::CardAndPin, CardSecret::Pin(pin.clone())))
            }
            Event::Card(CardEvent::Removed) => {
                Turn::to(AwaitingCard { way: IdentifyBy::CardAndPin, trouble: Some(CardTrouble::Removed) })
            }
            Event::Card(CardEvent::Inserted { .. }) => await_card(cx, IdentifyBy::CardAndPin, None),
            _ => common(cx, event).unwrap_or(Turn::Stay),
        }
    }
}

/// Entering verification number B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnteringCode {
    /// What was the matter.
    pub trouble: Option<CardTrouble>,
}

impl Step for EnteringCode {
    const NAME: &'static str = "code-b";

    fn patience_ms(&self, policy: &Policy) -> Option<u64> {
        Some(policy.idle_long_ms)
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Next) => {
                self.trouble = None;
                Turn::Stay
            }
            Event::Touch(Intent::CodeB(code)) if self.trouble.is_none() => {
                Turn::to(Reading::begin(cx, IdentifyBy::CardAndFace, CardSecret::CodeB(code.clone())))
            }
            Event::Card(CardEvent::Removed) => {
                Turn::to(AwaitingCard { way: IdentifyBy::CardAndFace, trouble: Some(CardTrouble::Removed) })
            }
            Event::Card(CardEvent::Inserted { .. }) => await_card(cx, IdentifyBy::CardAndFace, None),
            _ => common(cx, event).unwrap_or(Turn::Stay),
        }
    }
}

/// The card is being read. The secret has left the core; there is none to send twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The way being walked.
    pub way: IdentifyBy,
    /// Which reading.
    pub request: RequestId,
    /// Since when.
    pub since: Timestamp,
    /// Steps done, and in all.
    pub done: (u16, u16),
}

impl Reading {
    fn begin(cx: &mut Cx, way: IdentifyBy, secret: CardSecret) -> Self {
        let request = cx.request();
        let photo = way == IdentifyBy::CardAndFace;
        if matches!(secret, CardSecret::Pin(_)) {
            cx.devices.pin_leaves(request);
        }
        cx.out(Effect::Card(CardCommand::Read { request, secret, photo, today: cx.devices.today }));
        Self { way, request, since: cx.now, done: (0, 1) }
    }

    fn refuse(&self, cx: &mut Cx, trouble: CardTrouble) -> Turn {
        cx.count(KpiName::CardRefused, trouble.label(), 1);
        let_go(cx);
        match trouble {
            CardTrouble::WrongPin { left } if left > 1 => Turn::to(EnteringPin { trouble: Some(trouble) }),
            CardTrouble::WrongPin { .. } => {
                Turn::to(AwaitingCard { way: self.way, trouble: Some(CardTrouble::LastTry) })
            }
            CardTrouble::WrongCode { .. } | CardTrouble::Malformed if self.way == IdentifyBy::CardAndFace => {
                Turn::to(EnteringCode { trouble: Some(trouble) })
            }
            CardTrouble::NoReader => Turn::to(Consent { trouble: Some(trouble) }),
            _ => Turn::to(AwaitingCard { way: self.way, trouble: Some(trouble) }),
        }
    }

    fn read(&self, cx: &mut Cx, reading: &CardReading) -> Turn {
        let genuine = match reading.genuine {
            Genuine::Yes => true,
            Genuine::Unchecked => !cx.policy.require_genuine,
            Genuine::No => false,
        };
        if !genuine {
            cx.out(Effect::CallStaff(StaffReason::NotGenuine));
            return self.refuse(cx, CardTrouble::NotGenuine);
        }
        if self.way == IdentifyBy::CardAndPin {
            cx.session.take(reading);
            cx.count(KpiName::CardRead, "pin", 1);
            return Turn::to(Confirming::default());
        }
        let Some(photo) = &reading.photo else { return self.refuse(cx, CardTrouble::NoPhoto) };
        let request = cx.request();
        cx.out(Effect::Face(FaceCommand::Match { request, photo: photo.clone() }));
        let mut reading = reading.clone();
        // The face port has it now; the core needs no second copy.
        reading.photo = None;
        Turn::to(Matching::begin(request, cx.now, reading))
    }
}

impl Step for Reading {
    const NAME: &'static str = "reading";

    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Card(CardEvent::Progress { request, done, of }) if *request == self.request => {
                self.done = (*done, (*of).max(1));
                Turn::Stay
            }
            Event::Card(CardEvent::Read { request, reading }) if *request == self.request => self.read(cx, reading),
            Event::Card(CardEvent::Refused { request, why }) if *request == self.request => {
                let trouble = CardTrouble::of(*why, self.way);
                self.refuse(cx, trouble)
            }
            Event::Card(CardEvent::Removed) => self.refuse(cx, CardTrouble::Removed),
            Event::Tick if cx.now.since(self.since) > cx.policy.card_read_ms => {
                self.refuse(cx, CardTrouble::Unreadable)
            }
            _ => common(cx, event).unwrap_or(Turn::Stay),
        }
    }
}

/// What keeps the face from being compared, as told to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceTrouble {
    /// Not recognised in this try.
    Different,
    /// Nothing could be compared in time.
    TimedOut,
    /// All tries are used up.
    TriesUsedUp,
    /// No picture comes.
    NoCamera,
    /// The card's photo cannot be compared.
    PhotoUnusable,
}

impl FaceTrouble {
    /// Whether another try may help.
    pub fn may_try_again(self) -> bool {
        matches!(self, Self::Different | Self::TimedOut | Self::NoCamera)
    }
}

/// The face is being compared. The card's facts wait here until it is known whose they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matching {
    /// Which comparison.
    pub request: RequestId,
    /// When this try began.
    pub since: Timestamp,
    /// What the person can do.
    pub guidance: Guidance,
    /// What was the matter; the try is over while it stands.
    pub trouble: Option<FaceTrouble>,
    reading: CardReading,
}

impl Matching {
    fn begin(request: RequestId, now: Timestamp, reading: CardReading) -> Self {
        Self { request, since: now, guidance: Guidance::NoFace, trouble: None, reading }
    }

    fn fail(&mut self, cx: &mut Cx, trouble: FaceTrouble) -> Turn {
        cx.session.face_tries = cx.session.face_tries.saturating_add(1);
        let used_up = cx.session.face_tries >= cx.policy.face_tries;
        let label = if trouble == FaceTrouble::TimedOut { "timed-out" } else { "different" };
        cx.count(KpiName::FaceCompared, label, 1);
        self.trouble = Some(if used_up && trouble.may_try_again() { FaceTrouble::TriesUsedUp } else { trouble });
        if self.trouble.is_some_and(|trouble| !trouble.may_try_again()) {
            cx.out(Effect::Face(FaceCommand::Stop));
        }
        Turn::Stay
    }
}

impl Step for Matching {
    const NAME: &'static str = "face";

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Face(FaceEvent::Guide(guidance)) => {
                self.guidance = *guidance;
                Turn::Stay
            }
            Event::Face(FaceEvent::Same(request)) if *request == self.request && self.trouble.is_none() => {
                cx.out(Effect::Face(FaceCommand::Stop));
                cx.session.take(&self.reading);
                cx.count(KpiName::FaceCompared, "same", 1);
                cx.count(KpiName::CardRead, "face", 1);
                Turn::to(Confirming::default())
            }
            Event::Face(FaceEvent::Different(request)) if *request == self.request && self.trouble.is_none() => {
                self.fail(cx, FaceTrouble::Different)
            }
            Event::Face(FaceEvent::PhotoUnusable(request)) if *request == self.request => {
                self.trouble = Some(FaceTrouble::PhotoUnusable);
                cx.out(Effect::Face(FaceCommand::Stop));
                Turn::Stay
            }
            Event::Face(FaceEvent::NoCamera | FaceEvent::NotInstalled) if self.trouble.is_none() => {
                self.trouble = Some(FaceTrouble::NoCamera);
                Turn::Stay
            }
            Event::Touch(Intent::FaceAgain | Intent::Next) if self.trouble.is_some_and(FaceTrouble::may_try_again) => {
                self.request = cx.request();
                self.since = cx.now;
                self.trouble = None;
                cx.out(Effect::Face(FaceCommand::Again { request: self.request }));
                Turn::Stay
            }
            Event::Tick if self.trouble.is_none() && cx.now.since(self.since) > cx.policy.face_try_ms => {
                self.fail(cx, FaceTrouble::TimedOut)
            }
            _ => common(cx, event).unwrap_or(Turn::Stay),
        }
    }
}
