//! Overwriting pictures. What was handed to Slint is shared with it: the property lets go when it is set, the element on the
//! glass at the next draw. Overwritten before that, only a copy would be; so pictures wait here for a draw.

use crate::Core;
use image::RgbaImage;
use slint::{ComponentHandle, Rgba8Pixel, SharedPixelBuffer, Timer, TimerMode};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use zeroize::Zeroize;

pub(crate) type Pixels = SharedPixelBuffer<Rgba8Pixel>;

/// Between two turns of the event loop at which is looked here.
const TURN: Duration = Duration::from_millis(50);

/// After so many turns a draw that was asked for at the first one is over, however busy the thread is: a turn of the event
/// loop runs a timer once and draws once.
const TURNS: u8 = 3;

/// Pictures that Slint was told to let go, each with the turns that it still waits.
#[derive(Default)]
pub(crate) struct Bin {
    waiting: RefCell<Vec<(u8, Pixels)>>,
    timer: Timer,
}

/// Takes pictures that no property shows any more, to be overwritten after the next draw.
pub(crate) fn discard(core: &Rc<Core>, pictures: impl IntoIterator<Item = Pixels>) {
    core.bin.waiting.borrow_mut().extend(pictures.into_iter().map(|picture| (TURNS, picture)));
    if core.bin.waiting.borrow().is_empty() || core.bin.timer.running() {
        return;
    }
    let weak = Rc::downgrade(core);
    core.bin.timer.start(TimerMode::Repeated, TURN, move || {
        if let Some(core) = weak.upgrade() {
            turn(&core);
        }
    });
}

fn turn(core: &Core) {
    let mut waiting = core.bin.waiting.borrow_mut();
    waiting.retain_mut(|(turns, picture)| {
        *turns = turns.saturating_sub(1);
        if *turns == 0 {
            picture.make_mut_bytes().zeroize();
        }
        *turns > 0
    });
    if waiting.is_empty() {
        core.bin.timer.stop();
    } else {
        core.app.window().request_redraw();
    }
}

/// Takes over a picture for Slint; the original is overwritten.
pub(crate) fn taken(mut picture: RgbaImage) -> Pixels {
    let pixels = Pixels::clone_from_slice(picture.as_raw(), picture.width(), picture.height());
    overwrite(&mut picture);
    pixels
}

/// Overwrites a picture of a person or a paper that nobody will look at.
pub fn overwrite(picture: &mut RgbaImage) {
    picture.as_mut().zeroize();
}
