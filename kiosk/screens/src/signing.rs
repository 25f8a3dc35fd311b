//! Signing with a finger.

use crate::phrase::phrase;
use crate::shell::{self, with};
use crate::ui::Sign;
use crate::{Core, terms};
use domain::form::{Signature, Stroke};
use domain::{Personal, ruby};
use slint::{ComponentHandle, SharedString};
use std::fmt::Write;
use std::rc::Rc;
use visit::Intent;
use visit::view::{Body, View};
use zeroize::Zeroize;

/// The strokes so far, in thousandths of the field's width.
#[derive(Default)]
pub(crate) struct Pen {
    strokes: Vec<Stroke>,
    down: bool,
    /// What the screen knows: nothing is written; enough is.
    shown: (bool, bool),
}

/// More points than any name has; a field that is rubbed for minutes stops here.
const POINTS_MAX: usize = 20_000;

/// Less ink than this, in thousandths of the field's width, is a finger that rested on the glass and no name.
const INK_MIN: f32 = 100.0;

impl Pen {
    fn point(x: f32, y: f32, width: f32) -> Option<(u16, u16)> {
        let thousandth = |pixels: f32| (pixels / width * 1000.0).round().clamp(0.0, 4000.0) as u16;
        (width > 0.0 && x.is_finite() && y.is_finite()).then(|| (thousandth(x).min(1000), thousandth(y)))
    }

    fn press(&mut self, x: f32, y: f32, width: f32) {
        if let Some(point) = Self::point(x, y, width) {
            let mut stroke = Vec::with_capacity(512);
            stroke.push(point);
            self.strokes.push(stroke);
            self.down = true;
        }
    }

    fn drag(&mut self, x: f32, y: f32, width: f32) {
        let full = self.strokes.iter().map(Vec::len).sum::<usize>() >= POINTS_MAX;
        if let (true, false, Some(point), Some(stroke)) =
            (self.down, full, Self::point(x, y, width), self.strokes.last_mut())
            && stroke.last() != Some(&point)
        {
            stroke.push(point);
        }
    }

    fn enough(&self) -> bool {
        let step = |pair: &[(u16, u16)]| {
            let way = |a: u16, b: u16| f32::from(a) - f32::from(b);
            way(pair[1].0, pair[0].0).hypot(way(pair[1].1, pair[0].1))
        };
        self.strokes.iter().flat_map(|stroke| stroke.windows(2)).map(step).sum::<f32>() >= INK_MIN
    }

    /// As path commands.
    fn ink(&self) -> String {
        let mut ink = String::new();
        for stroke in &self.strokes {
            for (i, (x, y)) in stroke.iter().enumerate() {
                // Writing to a string does not fail.
                let _ = write!(ink, "{}{x} {y} ", if i == 0 { 'M' } else { 'L' });
            }
            if let [(x, y)] = stroke[..] {
                let _ = write!(ink, "L{x}.5 {y} ");
            }
        }
        ink
    }
}

pub(crate) fn wire(core: &Rc<Core>) {
    let sign = core.app.global::<Sign>();
    let weak = Rc::downgrade(core);
    sign.on_down(move |x, y, width| {
        if let Some(core) = weak.upgrade() {
            core.pen.borrow_mut().press(x, y, width);
            publish(&core);
        }
    });
    let weak = Rc::downgrade(core);
    sign.on_moved(move |x, y, width| {
        if let Some(core) = weak.upgrade() {
            core.pen.borrow_mut().drag(x, y, width);
            publish(&core);
        }
    });
    sign.on_up(with(core, |core| core.pen.borrow_mut().down = false));
    sign.on_undo_pressed(with(core, |core| {
        if let Some(mut stroke) = core.pen.borrow_mut().strokes.pop() {
            stroke.zeroize();
        }
        publish(core);
    }));
    sign.on_clear_pressed(with(core, |core| clear(core)));
    sign.on_at_desk_pressed(with(core, |core| {
        if let Some(view) = core.view()
            && let Body::Sign { at_desk, .. } = &view.body
        {
            shell::press(core, Some(at_desk));
        }
    }));
}

fn publish(core: &Core) {
    let sign = core.app.global::<Sign>();
    let mut pen = core.pen.borrow_mut();
    sign.set_ink(pen.ink().into());
    let now = (pen.strokes.is_empty(), pen.enough());
    let last = std::mem::replace(&mut pen.shown, now);
    drop(pen);
    sign.set_empty(now.0);
    if last != now {
        shell::refresh(core);
    }
}

/// Whether enough is written to be a name.
pub(crate) fn enough(core: &Core) -> bool {
    core.pen.borrow().enough()
}

pub(crate) fn show(core: &Core, view: &View, moved: bool) {
    let Body::Sign { statement, signature, at_desk } = &view.body else { return };
    if moved {
        // Whoever comes back finds what they have signed.
        let strokes = signature.as_ref().map(|signature| signature.reveal().0.clone()).unwrap_or_default();
        core.pen.borrow_mut().strokes = strokes;
        publish(core);
    }
    let language = view.settings.language;
    let say = |text: &str| phrase(text, view.settings.furigana);
    let sign = core.app.global::<Sign>();
    sign.set_statement(say(statement));
    sign.set_undo(say(terms::undo(language)));
    sign.set_clear(say(&view.captions.clear));
    sign.set_at_desk(say(&at_desk.label));
    sign.set_says(SharedString::from(ruby::plain(&view.title)));
}

/// Sends the signature, if there is one; one that is there already stands.
pub(crate) fn send(core: &Core, view: &View) {
    let Body::Sign { signature: known, .. } = &view.body else { return };
    if enough(core) {
        let signature = Personal::new(Signature(core.pen.borrow().strokes.clone()));
        core.send(if known.as_ref() == Some(&signature) { Intent::Next } else { Intent::Sign(signature) });
    }
}

/// Overwrites the strokes.
pub(crate) fn clear(core: &Core) {
    {
        let mut pen = core.pen.borrow_mut();
        pen.strokes.zeroize();
        pen.down = false;
    }
    publish(core);
}
