//! The first start: the fields into which addresses and names are entered. Its other pages are those of staff mode.

use crate::phrase::phrase;
use crate::shell::{model, press, with, with_arg};
use crate::ui::{Home, Keyboard, Pad, Setup, SetupField};
use crate::{Core, choosing, keys};
use domain::ruby;
use slint::{ComponentHandle, ModelRc};
use std::rc::Rc;
use visit::view::{Body, View};
use visit::{Intent, SetupTouch};

/// A key of the field that is entered; says whether there is one.
pub(crate) fn key(core: &Core, code: &str) -> bool {
    let Some(view) = core.view() else { return false };
    let Body::SetupEntry { fields, .. } = &view.body else { return false };
    if let Some(field) = fields.iter().find(|field| field.active) {
        let mut text = field.value.clone();
        match code {
            "delete" => drop(text.pop()),
            "clear" => text.clear(),
            sign => text.push_str(sign),
        }
        core.send(Intent::Setup(SetupTouch::Typed(text)));
    }
    true
}

pub(crate) fn wire(core: &Rc<Core>) {
    core.app.global::<Home>().on_setup_pressed(with(core, |core| {
        let Some(view) = core.view() else { return };
        if let Body::Home { setup, .. } = &view.body {
            press(core, setup.as_ref().map(|(_, begin)| begin));
        }
    }));
    core.app.global::<Setup>().on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        if let Body::SetupEntry { fields, .. } = &view.body
            && let Some(field) = usize::try_from(at).ok().and_then(|at| fields.get(at))
        {
            core.send(Intent::Setup(SetupTouch::Field(field.field)));
        }
    }));
}

pub(crate) fn show(core: &Core, view: &View) {
    let Body::SetupEntry { fields, letters } = &view.body else { return };
    let say = |text: &str| phrase(text, view.settings.furigana);
    let setup = core.app.global::<Setup>();
    setup.set_letters(*letters);
    setup.set_fields(model(fields.iter().map(|field| SetupField {
        label: say(&field.label),
        says: ruby::plain(&field.label).into(),
        value: field.value.as_str().into(),
        example: ruby::plain(&field.example).into(),
        active: field.active,
    })));
    let captions = choosing::captions(view);
    if *letters {
        core.app.global::<Keyboard>().set_rows(keys::host_rows(&captions));
    } else {
        let pad = core.app.global::<Pad>();
        pad.set_clear(say(&view.captions.clear));
        pad.set_delete(say(&view.captions.delete));
    }
}

pub(crate) fn forget(core: &Core) {
    core.app.global::<Setup>().set_fields(ModelRc::default());
}
