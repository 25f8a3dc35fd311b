use super::{Cx, StaffMode, State, Step, Turn};
use crate::intent::StaffTouch;
use crate::{Effect, Event, Intent, Policy};
use domain::staff::{PinRefusal, StaffAnswer, StaffCommand};
use domain::{RequestId, Timestamp};
use serde::Serialize;

/// Why staff mode did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffPinTrouble {
    /// The PIN was not accepted.
    Refused(PinRefusal),
    /// The port did not answer.
    NoAnswer,
}

/// Entering the PIN of staff mode. What is right is the port's to say: it counts the tries, over any restart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EnteringStaffPin {
    /// What was the matter with the last try.
    pub trouble: Option<StaffPinTrouble>,
    /// No other is sent before.
    pub locked_until: Timestamp,
    /// The try whose answer is awaited, and since when.
    sent: Option<(RequestId, Timestamp)>,
}

/// No PIN takes longer to be judged.
const ANSWER_MS: u64 = 10_000;

impl EnteringStaffPin {
    /// Whether an answer is awaited.
    pub fn checking(&self) -> bool {
        self.sent.is_some()
    }

    fn is_about(&self, request: RequestId) -> bool {
        self.sent.is_some_and(|(sent, _)| sent == request)
    }
}

impl Step for EnteringStaffPin {
    const NAME: &'static str = "staff-pin";

    /// Its end is every staff screen's: see [`crate::Visit`].
    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Staff(StaffTouch::Pin(pin))) if self.sent.is_none() && cx.now >= self.locked_until => {
                let request = cx.request();
                (self.sent, self.trouble) = (Some((request, cx.now)), None);
                cx.out(Effect::Staff(StaffCommand::Open { request, pin: pin.clone() }));
                Turn::Stay
            }
            Event::StaffMode(StaffAnswer::Opened(request)) if self.is_about(*request) => {
                Turn::to(StaffMode::opened(cx))
            }
            Event::StaffMode(StaffAnswer::Refused { request, why, wait_ms }) if self.is_about(*request) => {
                (self.sent, self.trouble) = (None, Some(StaffPinTrouble::Refused(*why)));
                self.locked_until = cx.now.plus(*wait_ms);
                Turn::Stay
            }
            Event::Tick if self.sent.is_some_and(|(_, since)| cx.now.since(since) > ANSWER_MS) => {
                (self.sent, self.trouble) = (None, Some(StaffPinTrouble::NoAnswer));
                Turn::Stay
            }
            Event::Touch(Intent::Back | Intent::Quit) => Turn::To(Box::new(State::home())),
            _ => Turn::Stay,
        }
    }
}
