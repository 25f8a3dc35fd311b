//! What every screen shares: headline, steps, the buttons below, the bar of settings, the notice, the idle warning.

use crate::phrase::phrase;
use crate::ui::{self, Frame, Guard, Phrase, Place, Step, Tokens, Way};
use crate::{Core, asking, identifying, signing, staffing, terms};
use domain::{Language, ruby};
use slint::{ComponentHandle, ModelRc, SharedString, Timer, TimerMode, VecModel};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use visit::view::{Body, Button, View};
use visit::{Intent, SetupTouch, TextSize};

/// For so long a sign of life lasts.
const A_SECOND: Duration = Duration::from_secs(1);

/// What the frame remembers between two views.
#[derive(Default)]
pub(crate) struct Shell {
    /// The most seconds that this idle warning has shown: the whole ring.
    idle_seconds: Cell<u64>,
    /// The control that was touched last, until the second tap of a double tap would be over.
    touched: RefCell<SharedString>,
    resting: Timer,
}

pub(crate) fn model<T: Clone + 'static>(items: impl IntoIterator<Item = T>) -> ModelRc<T> {
    ModelRc::new(VecModel::from(items.into_iter().collect::<Vec<_>>()))
}

/// Runs `act` with the core while there is one.
pub(crate) fn with(core: &Rc<Core>, act: impl Fn(&Rc<Core>) + 'static) -> impl Fn() + 'static {
    let core = Rc::downgrade(core);
    move || {
        if let Some(core) = core.upgrade() {
            act(&core);
        }
    }
}

/// The same, with an argument.
pub(crate) fn with_arg<A>(core: &Rc<Core>, act: impl Fn(&Rc<Core>, A) + 'static) -> impl Fn(A) + 'static {
    let core = Rc::downgrade(core);
    move |arg| {
        if let Some(core) = core.upgrade() {
            act(&core, arg);
        }
    }
}

pub(crate) fn press(core: &Core, button: Option<&Button>) {
    if let Some(button) = button.filter(|button| button.enabled) {
        core.send(button.intent.clone());
    }
}

fn main_pressed(core: &Core) {
    let Some(view) = core.view() else { return };
    match &view.body {
        Body::Ask { .. } => asking::answer(core, &view),
        Body::Confirm { .. } if core.editing.get().is_some() => asking::correct(core, &view),
        Body::Pin { .. } | Body::CodeB { .. } | Body::StaffPin { .. } => identifying::send(core, &view),
        Body::Sign { .. } => signing::send(core, &view),
        _ => press(core, view.next.as_ref()),
    }
}

fn back_pressed(core: &Core) {
    if core.editing.get().is_some() {
        asking::close(core);
    } else if let Some(view) = core.view() {
        press(core, view.back.as_ref());
    }
}

pub(crate) fn wire(core: &Rc<Core>) {
    let frame = core.app.global::<Frame>();
    frame.set_languages(model(Language::ALL.map(|language| SharedString::from(language.endonym()))));
    frame.set_language_families(model(Language::ALL.map(|language| SharedString::from(terms::family(language)))));
    frame.on_main_pressed(with(core, |core| main_pressed(core)));
    frame.on_back_pressed(with(core, |core| back_pressed(core)));
    frame.on_quit_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            press(core, view.quit.as_ref());
        }
    }));
    frame.on_staff_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            press(core, Some(&view.staff));
        }
    }));
    frame.on_language_pressed(with(core, |core| {
        core.app.global::<Frame>().set_languages_open(true);
        core.close_guard();
    }));
    frame.on_language_picked(with_arg(core, |core, at: i32| {
        core.app.global::<Frame>().set_languages_open(false);
        if let Some(language) = usize::try_from(at).ok().and_then(|at| Language::ALL.get(at)) {
            core.send(Intent::Speak(*language));
        }
    }));
    frame.on_larger_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            core.send(Intent::Size(match view.settings.size {
                TextSize::Standard => TextSize::Large,
                TextSize::Large => TextSize::Standard,
            }));
        }
    }));
    frame.on_contrast_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            core.send(Intent::HighContrast(!view.settings.high_contrast));
        }
    }));
    frame.on_furigana_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            core.send(Intent::Furigana(!view.settings.furigana));
        }
    }));
    frame.on_notice_picked(with_arg(core, |core, at: i32| {
        if let Some(view) = core.view() {
            let ways = view.notice.as_ref().map_or(&[][..], |notice| &notice.other_ways);
            press(core, usize::try_from(at).ok().and_then(|at| ways.get(at)));
        }
    }));
    frame.on_idle_more_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            press(core, view.idle.as_ref().map(|idle| &idle.more_time));
        }
    }));
    frame.on_idle_quit_pressed(with(core, |core| {
        if let Some(view) = core.view() {
            press(core, view.idle.as_ref().map(|idle| &idle.quit));
        }
    }));
    let guard = core.app.global::<Guard>();
    guard.set_open(true);
    guard.on_touched(with(core, |core| {
        // The core counts in seconds: one sign of life in each is enough.
        if !core.alive.running() {
            core.alive.start(TimerMode::SingleShot, A_SECOND, || {});
            core.send(Intent::Alive);
        }
    }));
    let weak = Rc::downgrade(core);
    guard.on_again(move |name| weak.upgrade().is_some_and(|core| again(&core, name)));
}

/// Whether this control was touched a moment ago. From the first of several taps on, so that whoever goes on tapping is heard.
fn again(core: &Rc<Core>, name: SharedString) -> bool {
    if *core.shell.touched.borrow() == name {
        return true;
    }
    core.shell.touched.replace(name);
    let weak = Rc::downgrade(core);
    core.shell.resting.start(TimerMode::SingleShot, crate::DOUBLE_TAP, move || {
        if let Some(core) = weak.upgrade() {
            core.shell.touched.take();
        }
    });
    false
}

/// The place on the screen that a body takes, and the pictogram beside its title.
fn place(core: &Core, view: &View) -> (Place, &'static str) {
    match &view.body {
        Body::Home { begin: None, .. } => (Place::Home, "speech"),
        Body::Home { .. } => (Place::Home, "paper"),
        Body::Choose { .. } => (Place::Choose, "list"),
        Body::Guide { .. } => (Place::Guide, "microphone"),
        Body::Consent { .. } => (Place::Consent, "lock"),
        Body::Card { .. } => (Place::Card, "card"),
        Body::Pin { .. } => (Place::Pin, "pin"),
        Body::CodeB { .. } => (Place::Code, "card"),
        Body::Face { .. } => (Place::Face, "face"),
        Body::Confirm { .. } if core.editing.get().is_some() => (Place::Edit, "pen"),
        Body::Confirm { .. } => (Place::Confirm, "check"),
        Body::Ask { .. } => (Place::Edit, "question"),
        Body::Sign { .. } => (Place::Sign, "pen"),
        Body::Preview { .. } => (Place::Preview, "eye"),
        Body::Printing { .. } => (Place::Printing, "printer"),
        Body::Collect { card: true, .. } => (Place::Collect, "card"),
        Body::Collect { .. } => (Place::Collect, "hand"),
        Body::Rate { .. } => (Place::Rate, "rate-4"),
        Body::Staff { .. } => (Place::Staff, "staff"),
        Body::OutOfOrder { .. } => (Place::Closed, "info"),
        Body::StaffPin { .. } => (Place::StaffPin, "lock"),
        Body::StaffPage { .. } => (Place::StaffPage, "staff"),
        Body::SetupEntry { .. } => (Place::SetupEntry, "keyboard"),
    }
}

fn way_icon(intent: &Intent) -> &'static str {
    match intent {
        Intent::Identify(visit::IdentifyBy::CardAndFace) | Intent::FaceAgain => "face",
        Intent::Identify(visit::IdentifyBy::CardAndPin) => "pin",
        Intent::Identify(visit::IdentifyBy::Typing) => "keyboard",
        Intent::CallStaff => "staff",
        Intent::Quit => "quit",
        Intent::Drop(_) => "cross",
        Intent::Setup(SetupTouch::Mend) => "pen",
        Intent::Setup(SetupTouch::Dhcp) => "network",
        Intent::Setup(SetupTouch::UseAnyway | SetupTouch::Go(_)) => "printer",
        _ => "",
    }
}

/// The frame's own state after the editor of a fact was opened or closed, or an entry has changed.
pub(crate) fn refresh(core: &Core) {
    if let Some(view) = core.view() {
        show(core, &view, Some(&view));
    }
}

pub(crate) fn show(core: &Core, view: &View, last: Option<&View>) {
    let settings = view.settings;
    let say = |text: &str| phrase(text, settings.furigana);
    let tokens = core.app.global::<Tokens>();
    tokens.set_family(terms::family(settings.language).into());
    tokens.set_high_contrast(settings.high_contrast);
    tokens.set_large(settings.size == TextSize::Large);

    let frame = core.app.global::<Frame>();
    frame.set_site(ruby::plain(core.options.catalogue.site.get(settings.language)).into());
    let (place, icon) = place(core, view);
    frame.set_place(place);
    frame.set_icon(icon.into());
    let edited = asking::edited(core, view);
    let title = edited.as_ref().map_or(view.title.as_str(), |row| row.label.as_str());
    frame.set_title(say(title));
    frame.set_lead(if edited.is_some() { Phrase::default() } else { say(&view.lead) });

    let same_progress = last
        .is_some_and(|last| last.progress == view.progress && last.settings == settings && !std::ptr::eq(last, view));
    if !same_progress {
        let steps = view.progress.iter().flat_map(|progress| {
            progress.steps.iter().enumerate().map(|(i, label)| Step {
                label: ruby::plain(label).into(),
                done: i < progress.at,
                now: i == progress.at,
            })
        });
        frame.set_steps(model(steps));
        let text = view.progress.as_ref().and_then(|progress| {
            let step = ruby::plain(progress.steps.get(progress.at)?);
            let said = terms::step(settings.language)
                .replace("{n}", &(progress.at + 1).to_string())
                .replace("{of}", &progress.steps.len().to_string());
            Some(said.replace("{step}", &step))
        });
        frame.set_step_text(text.unwrap_or_default().into());
    }

    // The main button: the core's, but for the entries that the screen holds until they are whole.
    let ok = || Some((view.captions.ok.clone(), identifying::complete(core, view)));
    let main = match &view.body {
        Body::Pin { .. } | Body::CodeB { .. } | Body::StaffPin { .. } => ok(),
        Body::Confirm { .. } if edited.is_some() => Some((view.captions.ok.clone(), true)),
        Body::Sign { .. } => view.next.as_ref().map(|next| (next.label.clone(), next.enabled && signing::enough(core))),
        _ => view.next.as_ref().map(|next| (next.label.clone(), next.enabled)),
    };
    frame.set_main_shown(main.is_some());
    if let Some((label, enabled)) = main {
        frame.set_main(say(&label));
        frame.set_main_enabled(enabled);
    }
    let back = match &edited {
        Some(_) => Some(view.captions.cancel.clone()),
        None => view.back.as_ref().map(|back| back.label.clone()),
    };
    frame.set_back_shown(back.is_some());
    frame.set_back_icon(if edited.is_some() { "cross" } else { "left" }.into());
    frame.set_back(say(&back.unwrap_or_default()));
    let quit = view.quit.as_ref().filter(|_| edited.is_none());
    frame.set_quit_shown(quit.is_some());
    frame.set_quit(say(quit.map_or("", |quit| &quit.label)));
    frame.set_staff(say(&view.staff.label));
    frame.set_staff_shown(view.staff.enabled);
    staffing::show_door(core, settings.language);

    let caption = |text: &str| SharedString::from(ruby::plain(text));
    let language = caption(&view.captions.language);
    // Whoever cannot read the language that is on must find the way out of it.
    frame.set_language(if settings.language == Language::En {
        language
    } else {
        format!("{language} Language").into()
    });
    frame.set_larger(caption(&view.captions.larger));
    frame.set_contrast(caption(&view.captions.contrast));
    frame.set_furigana(caption(&view.captions.furigana));
    frame.set_furigana_on(settings.furigana);
    frame.set_furigana_offered(settings.language == Language::Ja);
    let now = Language::ALL.iter().position(|language| *language == settings.language).unwrap_or(0);
    frame.set_language_now(i32::try_from(now).unwrap_or(0));
    frame.set_up(say(terms::up(settings.language)));
    frame.set_down(say(terms::down(settings.language)));
    frame.set_close(caption(terms::close(settings.language)));
    if last.is_some_and(|last| !crate::same_place(last, view)) {
        frame.set_languages_open(false);
    }

    frame.set_notice_shown(view.notice.is_some());
    if let Some(notice) = &view.notice {
        frame.set_notice_icon(notice.icon.into());
        frame.set_notice_cause(say(&notice.cause));
        frame.set_notice_remedy(say(&notice.remedy));
        frame.set_notice_ways(model(notice.other_ways.iter().map(|way| Way {
            phrase: say(&way.label),
            icon: way_icon(&way.intent).into(),
            enabled: way.enabled,
        })));
    }

    frame.set_idle_shown(view.idle.is_some());
    match &view.idle {
        Some(idle) => {
            core.shell.idle_seconds.set(core.shell.idle_seconds.get().max(idle.seconds_left).max(1));
            frame.set_idle_title(say(&idle.title));
            frame.set_idle_text(say(&idle.text));
            frame.set_idle_seconds(i32::try_from(idle.seconds_left).unwrap_or(i32::MAX));
            frame.set_idle_left(idle.seconds_left as f32 / core.shell.idle_seconds.get() as f32);
            frame.set_idle_more(say(&idle.more_time.label));
            frame.set_idle_quit(say(&idle.quit.label));
        }
        None => core.shell.idle_seconds.set(0),
    }
}

/// A notice may name what a person has entered.
pub(crate) fn forget(core: &Core) {
    let frame = core.app.global::<Frame>();
    frame.set_notice_shown(false);
    frame.set_notice_cause(Phrase::default());
    frame.set_notice_remedy(Phrase::default());
    frame.set_notice_ways(ModelRc::default());
    frame.set_title(Phrase::default());
    frame.set_lead(Phrase::default());
    frame.set_languages_open(false);
    frame.set_idle_shown(false);
    core.shell.touched.take();
    core.shell.idle_seconds.set(0);
}

/// Every pair of foreground and ground in the screens.
pub(crate) fn colour_pairs(t: &ui::Tokens<'_>) -> Vec<(&'static str, slint::Color, slint::Color)> {
    vec![
        ("ink on ground", t.get_ink(), t.get_ground()),
        ("ink on panel", t.get_ink(), t.get_panel()),
        ("ink on pressed", t.get_ink(), t.get_pressed()),
        ("soft ink on ground", t.get_ink_soft(), t.get_ground()),
        ("soft ink on panel", t.get_ink_soft(), t.get_panel()),
        ("primary on ground", t.get_primary(), t.get_ground()),
        ("primary on panel", t.get_primary(), t.get_panel()),
        ("primary on pressed", t.get_primary(), t.get_pressed()),
        ("on primary", t.get_on_primary(), t.get_primary()),
        ("on primary, pressed", t.get_on_primary(), t.get_primary_pressed()),
        ("on chosen", t.get_on_chosen(), t.get_chosen()),
        ("on idle", t.get_on_idle(), t.get_idle_ground()),
        ("good on ground", t.get_good(), t.get_ground()),
        ("good on its ground", t.get_good(), t.get_good_ground()),
        ("bad on ground", t.get_bad(), t.get_ground()),
        ("bad on its ground", t.get_bad(), t.get_bad_ground()),
        ("note on its ground", t.get_note(), t.get_note_ground()),
        ("ink on note", t.get_ink(), t.get_note_ground()),
    ]
}
