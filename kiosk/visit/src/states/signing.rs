use super::{Asking, Cx, Previewing, Step, Turn};
use crate::{Event, Intent};
use serde::Serialize;

/// Signing with a finger.
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
                Turn::to(Previewing::begin(cx))
            }
            Event::Touch(Intent::Back) => Asking::last(cx),
            _ => Turn::Stay,
        }
    }
}
