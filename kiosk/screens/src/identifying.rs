//! Consent, card, PIN, verification number B, face.

use crate::phrase::phrase;
use crate::shell::{self, model, with_arg};
use crate::ui::{Card, CodeB, CodePart, Consent, Face, IconPhrase, Pad, Pin, WayTile};
use crate::{Core, entry, setting_up, staffing, terms, wipe};
use domain::Personal;
use domain::card;
use domain::face::Guidance;
use domain::staff::StaffPin;
use slint::{ComponentHandle, Image, SharedString};
use std::rc::Rc;
use visit::view::{Body, Sight, View};
use visit::{Intent, StaffTouch};
use zeroize::{Zeroize, Zeroizing};

/// Lengths of the three parts of verification number B: birth date, year of expiry, security code.
const PARTS: [usize; 3] = [6, 4, 4];

/// Digits that were entered and not yet sent.
pub(crate) struct Digits {
    pin: Zeroizing<String>,
    parts: [Zeroizing<String>; 3],
    active: usize,
}

impl Default for Digits {
    fn default() -> Self {
        // Room from the start: a string that grows leaves copies behind.
        let room = || Zeroizing::new(String::with_capacity(16));
        Self { pin: room(), parts: [room(), room(), room()], active: 0 }
    }
}

impl Digits {
    pub(crate) fn clear(&mut self) {
        let Self { pin, parts, active } = self;
        pin.zeroize();
        parts.iter_mut().for_each(|part| part.zeroize());
        *active = 0;
    }

    fn pin_key(&mut self, code: &str, wanted: usize) {
        match code {
            "delete" => drop(self.pin.pop()),
            "clear" => self.pin.zeroize(),
            digit if self.pin.len() < wanted => self.pin.push_str(digit),
            _ => {}
        }
    }

    fn code_key(&mut self, code: &str) {
        let at = self.active;
        match code {
            "delete" if self.parts[at].is_empty() => {
                self.active = at.saturating_sub(1);
                self.parts[self.active].pop();
            }
            "delete" => drop(self.parts[at].pop()),
            "clear" => self.parts[at].zeroize(),
            digit => {
                if self.parts[at].len() < PARTS[at] {
                    self.parts[at].push_str(digit);
                }
                if self.parts[at].len() == PARTS[at] && at < 2 {
                    self.active += 1;
                }
            }
        }
    }
}

pub(crate) fn wire(core: &Rc<Core>) {
    core.app.global::<Consent>().on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        if let Body::Consent { ways, .. } = &view.body
            && let Some(way) = usize::try_from(at).ok().and_then(|at| ways.get(at)).filter(|way| way.button.enabled)
        {
            core.send(way.button.intent.clone());
        }
    }));
    core.app.global::<CodeB>().on_picked(with_arg(core, |core, at: i32| {
        core.digits.borrow_mut().active = usize::try_from(at).unwrap_or(0).min(2);
        publish(core);
    }));
    core.app.global::<Pad>().on_pressed(with_arg(core, |core, code: SharedString| {
        let Some(view) = core.view() else { return };
        match &view.body {
            Body::Pin { digits, .. } => core.digits.borrow_mut().pin_key(&code, *digits),
            Body::StaffPin { most, .. } => core.digits.borrow_mut().pin_key(&code, *most),
            Body::CodeB { .. } => core.digits.borrow_mut().code_key(&code),
            Body::SetupEntry { .. } => {
                setting_up::key(core, &code);
                return;
            }
            _ => return entry::pad(core, &code),
        }
        publish(core);
        shell::refresh(core);
    }));
}

/// Whether the digits that this screen wants are all there.
pub(crate) fn complete(core: &Core, view: &View) -> bool {
    let entered = core.digits.borrow();
    match &view.body {
        Body::Pin { digits, .. } => entered.pin.len() == *digits,
        Body::StaffPin { least, open, .. } => *open && entered.pin.len() >= *least,
        Body::CodeB { .. } => entered.parts.iter().zip(PARTS).all(|(part, wanted)| part.len() == wanted),
        _ => false,
    }
}

/// Sends the digits, once: they are gone from here before the core sees them.
pub(crate) fn send(core: &Core, view: &View) {
    if !complete(core, view) {
        return;
    }
    let intent = {
        let mut entered = core.digits.borrow_mut();
        let intent = match &view.body {
            Body::Pin { .. } => Intent::Pin(Personal::new(card::Pin(entered.pin.to_string()))),
            Body::StaffPin { .. } => Intent::Staff(StaffTouch::Pin(Personal::new(StaffPin(entered.pin.to_string())))),
            _ => {
                let mut code = String::with_capacity(16);
                entered.parts.iter().for_each(|part| code.push_str(part));
                Intent::CodeB(Personal::new(card::CodeB(code)))
            }
        };
        entered.clear();
        intent
    };
    publish(core);
    shell::refresh(core);
    core.send(intent);
}

/// Shows how much was entered.
pub(crate) fn publish(core: &Core) {
    let entered = core.digits.borrow();
    let view = core.view();
    let language = view.as_ref().map(|view| view.settings.language).unwrap_or_default();
    let furigana = view.as_ref().is_some_and(|view| view.settings.furigana);
    let pin = core.app.global::<Pin>();
    let count = i32::try_from(entered.pin.len()).unwrap_or(0);
    pin.set_entered(count);
    let said = terms::entered(language).replace("{of}", &pin.get_wanted().to_string());
    pin.set_says(said.replace("{n}", &count.to_string()).into());

    if let Some(Body::StaffPin { most, .. }) = view.as_ref().map(|view| &view.body) {
        staffing::entered(core, entered.pin.len(), *most, language);
    }

    let labels = match view.as_ref().map(|view| &view.body) {
        Some(Body::CodeB { birth, expiry, code }) => [birth.as_str(), expiry, code],
        _ => [""; 3],
    };
    let code = core.app.global::<CodeB>();
    code.set_active(i32::try_from(entered.active).unwrap_or(0));
    code.set_parts(model(labels.into_iter().enumerate().map(|(i, label)| CodePart {
        label: phrase(label, furigana),
        entered: entered.parts[i].as_str().into(),
        digits: model((0..PARTS[i]).map(|at| SharedString::from(entered.parts[i].get(at..=at).unwrap_or_default()))),
        active: i == entered.active,
    })));
}

fn guidance_icon(guidance: Guidance) -> &'static str {
    match guidance {
        Guidance::NoFace => "face",
        Guidance::Several => "guide-several",
        Guidance::TooFar => "guide-nearer",
        Guidance::TooNear => "guide-farther",
        Guidance::OffCentre => "guide-centre",
        Guidance::TooDark | Guidance::Backlit => "guide-light",
        Guidance::LookingAway => "face",
        Guidance::HoldStill => "guide-still",
        Guidance::Good => "check-circle",
    }
}

pub(crate) fn show(core: &Core, view: &View, moved: bool) {
    let say = |text: &str| phrase(text, view.settings.furigana);
    let pad = core.app.global::<Pad>();
    pad.set_clear(say(&view.captions.clear));
    pad.set_delete(say(&view.captions.delete));
    match &view.body {
        Body::Consent { points, ways } => {
            let consent = core.app.global::<Consent>();
            consent.set_points(model(
                points.iter().map(|(icon, text)| IconPhrase { icon: (*icon).into(), phrase: say(text) }),
            ));
            consent.set_ways(model(ways.iter().map(|way| WayTile {
                title: say(&way.button.label),
                detail: say(&way.detail),
                icon: way.icon.into(),
                enabled: way.button.enabled,
            })));
        }
        Body::Card { reading, there } => {
            let card = core.app.global::<Card>();
            card.set_reading(reading.is_some());
            card.set_progress(reading.unwrap_or(0.0));
            card.set_there(*there);
        }
        Body::Pin { digits, tries } => {
            let pin = core.app.global::<Pin>();
            pin.set_wanted(i32::try_from(*digits).unwrap_or(4));
            pin.set_tries_shown(tries.is_some());
            pin.set_tries(say(tries.as_deref().unwrap_or_default()));
            publish(core);
        }
        Body::CodeB { .. } => publish(core),
        Body::Face { guidance, text, attempt } => {
            let face = core.app.global::<Face>();
            face.set_icon(guidance_icon(*guidance).into());
            face.set_good(*guidance == Guidance::Good);
            face.set_text(say(text));
            face.set_attempt(say(attempt));
            if moved {
                face.set_frame_there(core.camera.borrow().is_some());
            }
        }
        _ => {}
    }
}

/// Whether the camera's picture is on this screen.
pub(crate) fn shows_camera(view: &View) -> bool {
    matches!(view.body, Body::Face { .. } | Body::StaffPage { sight: Sight::Camera(_), .. })
}

pub(crate) fn set_camera_frame(core: &Rc<Core>, mut frame: image::RgbaImage) {
    // A picture that was under way when the face screen closed is shown to nobody.
    if !core.view().is_some_and(|view| shows_camera(&view)) {
        return wipe::overwrite(&mut frame);
    }
    let pixels = wipe::taken(frame);
    let face = core.app.global::<Face>();
    face.set_frame(Image::from_rgba8(pixels.clone()));
    face.set_frame_there(true);
    let last = core.camera.borrow_mut().replace(pixels);
    wipe::discard(core, last);
}

pub(crate) fn forget_camera(core: &Rc<Core>) {
    let face = core.app.global::<Face>();
    face.set_frame(Image::default());
    face.set_frame_there(false);
    let last = core.camera.borrow_mut().take();
    wipe::discard(core, last);
}
