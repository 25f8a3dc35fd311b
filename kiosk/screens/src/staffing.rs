//! Staff mode: the way in, the PIN, and its pages.

use crate::phrase::phrase;
use crate::shell::{model, press, with, with_arg};
use crate::ui::{self, Pad, Staff, StaffRow, StaffTile, Target};
use crate::{Core, identifying, terms};
use domain::{Language, ruby};
use slint::{ComponentHandle, ModelRc};
use std::rc::Rc;
use visit::view::{Body, Mark, Sight, View};
use visit::{Intent, StaffTouch};

pub(crate) fn wire(core: &Rc<Core>) {
    let staff = core.app.global::<Staff>();
    staff.on_door_held(with(core, |core| core.send(Intent::Staff(StaffTouch::Door))));
    staff.on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        if let Body::StaffPage { tiles, .. } = &view.body {
            press(core, usize::try_from(at).ok().and_then(|at| tiles.get(at)).map(|tile| &tile.button));
        }
    }));
    staff.on_hit(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        if let Body::StaffPage { sight: Sight::Targets(targets), .. } = &view.body {
            press(core, usize::try_from(at).ok().and_then(|at| targets.get(at)));
        }
    }));
}

/// Shows how many digits of the PIN were entered; which ones is nobody's business.
pub(crate) fn entered(core: &Core, count: usize, most: usize, language: Language) {
    let staff = core.app.global::<Staff>();
    staff.set_entered(i32::try_from(count).unwrap_or(0));
    let said = terms::entered(language).replace("{of}", &most.to_string());
    staff.set_entered_says(said.replace("{n}", &count.to_string()).into());
}

fn mark(mark: Mark) -> ui::Mark {
    match mark {
        Mark::None => ui::Mark::None,
        Mark::Good => ui::Mark::Good,
        Mark::Bad => ui::Mark::Bad,
        Mark::Open => ui::Mark::Open,
    }
}

pub(crate) fn show_door(core: &Core, language: Language) {
    core.app.global::<Staff>().set_door(terms::staff_door(language).into());
}

pub(crate) fn show(core: &Core, view: &View, moved: bool) {
    let say = |text: &str| phrase(text, view.settings.furigana);
    let staff = core.app.global::<Staff>();
    match &view.body {
        Body::StaffPin { least, most, note, .. } => {
            let pad = core.app.global::<Pad>();
            pad.set_clear(say(&view.captions.clear));
            pad.set_delete(say(&view.captions.delete));
            staff.set_least(i32::try_from(*least).unwrap_or(0));
            staff.set_most(i32::try_from(*most).unwrap_or(0));
            staff.set_note_shown(note.is_some());
            staff.set_note(say(note.as_deref().unwrap_or_default()));
            identifying::publish(core);
        }
        Body::StaffPage { sight, rows, tiles } => {
            show_sight(core, view, sight, moved);
            staff.set_rows(model(rows.iter().map(|row| StaffRow {
                mark: mark(row.mark),
                label: say(&row.label),
                detail: say(&row.detail),
            })));
            staff.set_tiles(model(tiles.iter().map(|tile| StaffTile {
                icon: tile.icon.into(),
                title: say(&tile.button.label),
                detail: say(&tile.detail),
                mark: mark(tile.mark),
                enabled: tile.button.enabled,
            })));
        }
        _ => {}
    }
}

fn show_sight(core: &Core, view: &View, sight: &Sight, moved: bool) {
    let staff = core.app.global::<Staff>();
    let (kind, says) = match sight {
        Sight::None => (ui::Sight::None, ""),
        Sight::Picture(name) => {
            staff.set_picture((*name).into());
            (ui::Sight::Picture, view.title.as_str())
        }
        Sight::Camera(says) => {
            if moved {
                core.app.global::<ui::Face>().set_frame_there(core.camera.borrow().is_some());
            }
            (ui::Sight::Camera, says.as_str())
        }
        Sight::Level(percent, says) => {
            staff.set_level(f32::from(*percent) / 100.0);
            (ui::Sight::Level, says.as_str())
        }
        Sight::Targets(targets) => {
            let target =
                |button: &visit::view::Button| Target { label: button.label.as_str().into(), hit: !button.enabled };
            staff.set_targets(model(targets.iter().map(target)));
            (ui::Sight::Targets, "")
        }
    };
    if kind != ui::Sight::Targets {
        staff.set_targets(ModelRc::default());
    }
    staff.set_sight(kind);
    staff.set_sight_says(ruby::plain(says).into());
}
