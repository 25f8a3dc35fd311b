use super::{Asking, Cx, Previewing, Step, Turn};
use crate::{Event, Intent};
use serde::Serialize;

/// Signing with a finger, or leaving it for the desk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Signing;

impl Signing {
    /// Signing, or the preview where no form wants a signature.
    pub(super) fn or_preview(cx: &mut Cx) -> Turn {
        if cx.session.needs_signature(cx.catalogue) { Turn::to(Self) } else { Turn::to(Previewing::begin(cx)) }
    }
}

impl Step for Signing {
    const NAME: &'static str = "sign";

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Sign(signature)) => {
                cx.session.signature = Some(signature.clone());
                cx.session.sign_at_desk = false;
                Turn::to(Previewing::begin(cx))
            }
            // The signature that is there already stands.
            Event::Touch(Intent::Next) if cx.session.signature.is_some() => Turn::to(Previewing::begin(cx)),
            Event::Touch(Intent::SignAtDesk) => {
                cx.session.signature = None;
                cx.session.sign_at_desk = true;
                Turn::to(Previewing::begin(cx))
            }
            Event::Touch(Intent::Back) => Asking::last(cx),
            _ => Turn::Stay,
        }
    }
}
