//! The kiosk's screens: a pure function of [`visit::View`], drawn with Slint, and what a finger on them means.
//!
//! `.slint` files draw and say what was touched; the adapters here (one a feature) turn a view into properties and a touch
//! into an [`Intent`]. Nothing decides about the visit here: that is the core's. What belongs to the screen alone is what was
//! typed but not yet sent, the strokes of an unfinished signature, the page that is looked at, a search.
//!
//! Everything that says something about a person is overwritten by [`Screen::forget`].

mod asking;
mod choosing;
mod entry;
mod guiding;
mod identifying;
mod keys;
mod papers;
mod phrase;
mod setting_up;
mod shell;
mod signing;
mod staffing;
mod terms;
#[allow(clippy::todo, reason = "written by the Slint compiler")]
mod ui;
mod wipe;

pub use wipe::overwrite;

use domain::form::FormId;
use domain::{Date, RequestId};
use slint::{ComponentHandle, Model, PhysicalSize, PlatformError, Timer, TimerMode};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use visit::view::{Body, View};
use visit::{Catalogue, Fact, Intent};

/// For so long after a change of screen a touch does nothing, so that the second tap of a double tap is harmless.
pub const DOUBLE_TAP: Duration = Duration::from_millis(400);

/// From kana to what it may be written as, best first.
pub type Candidates = Rc<dyn Fn(&str) -> Vec<String>>;

/// How a screen is opened.
pub struct Options {
    /// Physical pixels; portrait where the height is the greater. Everything is laid out for 1080x1920 or 1920x1080 and
    /// scaled to this.
    pub size: (u32, u32),
    /// Without window decorations, over the whole display.
    pub fullscreen: bool,
    /// What may be chosen: searching is the screen's own business.
    pub catalogue: Arc<Catalogue>,
    /// The day against which dates are judged.
    pub today: Date,
    /// From kana to kanji, best first.
    pub candidates: Candidates,
}

/// What the adapters share. Callbacks hold it weakly.
pub(crate) struct Core {
    app: ui::App,
    emit: Box<dyn Fn(Intent)>,
    options: Options,
    view: RefCell<Option<Rc<View>>>,
    /// The fact whose editor is open.
    editing: Cell<Option<Fact>>,
    shell: shell::Shell,
    choosing: RefCell<choosing::Choosing>,
    digits: RefCell<identifying::Digits>,
    camera: RefCell<Option<wipe::Pixels>>,
    entry: RefCell<entry::Entry>,
    pen: RefCell<signing::Pen>,
    preview: RefCell<papers::Preview>,
    guard: Timer,
    bin: wipe::Bin,
    /// Runs for a second after each sign of life.
    alive: Timer,
}

impl Core {
    /// The view that is shown.
    fn view(&self) -> Option<Rc<View>> {
        self.view.borrow().clone()
    }

    /// Sends an intent. No state may be borrowed here: the receiver may show a new view at once.
    fn send(&self, intent: Intent) {
        (self.emit)(intent);
    }

    /// After a change of screen: touches do nothing for a moment.
    fn close_guard(&self) {
        self.app.global::<ui::Guard>().set_open(false);
        let app = self.app.as_weak();
        self.guard.start(TimerMode::SingleShot, DOUBLE_TAP, move || {
            if let Some(app) = app.upgrade() {
                app.global::<ui::Guard>().set_open(true);
            }
        });
    }
}

/// Shows, until the process ends, that this kiosk is out of order and that people are asked to the desk. Needs no site and
/// no device but the screen.
///
/// # Errors
/// When there is no display, or no backend to draw on.
pub fn show_out_of_order() -> Result<(), PlatformError> {
    let window = ui::OutOfOrderWindow::new()?;
    let size = window.window().size();
    let scale_factor = size.width.max(size.height).max(1) as f32 / 1920.0;
    if size.width > 0 {
        window.window().dispatch_event(slint::platform::WindowEvent::ScaleFactorChanged { scale_factor });
    }
    window.window().set_fullscreen(true);
    window.run()
}

/// The kiosk's screen. Lives on the UI thread.
pub struct Screen {
    core: Rc<Core>,
}

impl Screen {
    /// Opens the screen; nothing is shown until [`Screen::show`]. `on_intent` is called on the UI thread.
    ///
    /// # Errors
    /// When there is no display, or no backend to draw on.
    pub fn new(options: Options, on_intent: impl Fn(Intent) + 'static) -> Result<Self, PlatformError> {
        let app = ui::App::new()?;
        // Without a display server the window is the screen from the start; elsewhere its size is not known yet.
        let whole = app.window().size();
        let known = options.fullscreen && whole.width > 0 && whole.height > 0;
        let (width, height) = if known { (whole.width, whole.height) } else { options.size };
        let (width, height) = (width.max(1), height.max(1));
        let scale = width.max(height) as f32 / 1920.0;
        app.window().dispatch_event(slint::platform::WindowEvent::ScaleFactorChanged { scale_factor: scale });
        app.window().set_size(PhysicalSize::new(width, height));
        if options.fullscreen {
            app.window().set_fullscreen(true);
        }
        app.global::<ui::Tokens>().set_portrait(height > width);
        let core = Rc::new(Core {
            app,
            emit: Box::new(on_intent),
            options,
            view: RefCell::default(),
            editing: Cell::default(),
            shell: shell::Shell::default(),
            choosing: RefCell::default(),
            digits: RefCell::default(),
            camera: RefCell::default(),
            entry: RefCell::default(),
            pen: RefCell::default(),
            preview: RefCell::default(),
            guard: Timer::default(),
            bin: wipe::Bin::default(),
            alive: Timer::default(),
        });
        phrase::wire(&core.app);
        shell::wire(&core);
        choosing::wire(&core);
        guiding::wire(&core);
        identifying::wire(&core);
        entry::wire(&core);
        asking::wire(&core);
        signing::wire(&core);
        papers::wire(&core);
        staffing::wire(&core);
        setting_up::wire(&core);
        core.app.show()?;
        Ok(Self { core })
    }

    /// Shows a view. Showing the same screen again with new data (a tick, progress, a language) keeps what is being entered.
    pub fn show(&self, view: &View) {
        let core = &self.core;
        let last = core.view.replace(Some(Rc::new(view.clone())));
        let moved = last.as_ref().is_none_or(|last| !same_place(last, view));
        let relabelled = last.as_ref().is_none_or(|last| last.settings != view.settings);
        if moved {
            core.leave(last.as_deref(), view);
        }
        if moved || relabelled || last.as_ref().is_none_or(|last| last.body != view.body) {
            core.show_body(view, moved);
        }
        shell::show(core, view, last.as_deref());
        let covered = |view: &View| (view.notice.is_some(), view.idle.is_some());
        if last.is_some_and(|last| moved || covered(&last) != covered(view)) {
            core.close_guard();
        }
    }

    /// The pictures of a form's pages, for the preview of this filling.
    pub fn set_pages(&self, request: RequestId, form: &FormId, pages: Vec<image::RgbaImage>) {
        papers::set_pages(&self.core, request, form, pages);
    }

    /// A picture from the camera, as a mirror shows it. Overwritten, and not shown, where no face is asked for.
    pub fn set_camera_frame(&self, frame: image::RgbaImage) {
        identifying::set_camera_frame(&self.core, frame);
    }

    /// Overwrites everything that says something about a person: entries, facts, strokes; pages and frames as soon as the
    /// next draw has taken them off the glass.
    pub fn forget(&self) {
        self.core.forget();
    }

    /// What is on the screen, as a picture.
    pub fn snapshot(&self) -> Option<image::RgbaImage> {
        let pixels = self.core.app.window().take_snapshot().ok()?;
        image::RgbaImage::from_raw(pixels.width(), pixels.height(), pixels.as_bytes().to_vec())
    }

    /// The window.
    pub fn window(&self) -> &slint::Window {
        self.core.app.window()
    }

    /// The tree of elements, as a person without sight meets it.
    pub fn component(&self) -> &(impl ComponentHandle + use<>) {
        &self.core.app
    }

    /// Everything in the screens' properties that may say something about a person, whether an element shows it or not, for
    /// whoever checks [`Screen::forget`].
    pub fn personal(&self) -> Vec<String> {
        let app = &self.core.app;
        let (frame, confirm, entry) =
            (app.global::<ui::Frame>(), app.global::<ui::Confirm>(), app.global::<ui::Entry>());
        let (sign, preview, face) = (app.global::<ui::Sign>(), app.global::<ui::Preview>(), app.global::<ui::Face>());
        let guide = app.global::<ui::Guide>();
        let phrases = [
            guide.get_answer(),
            guide.get_place_name(),
            guide.get_place_way(),
            frame.get_notice_cause(),
            frame.get_notice_remedy(),
            confirm.get_provenance(),
            entry.get_help(),
            entry.get_fault(),
            preview.get_title(),
        ];
        let mut personal: Vec<String> = phrases.into_iter().map(|phrase| phrase.plain.into()).collect();
        let texts = [
            entry.get_before(),
            entry.get_after(),
            entry.get_label(),
            entry.get_date_text(),
            sign.get_ink(),
            guide.get_heard(),
            preview.get_says(),
        ];
        personal.extend(texts.into_iter().map(String::from));
        personal.extend(confirm.get_facts().iter().map(|fact| fact.value.into()));
        personal.extend(entry.get_candidates().iter().map(String::from));
        personal.extend(entry.get_choices().iter().map(|choice| choice.label.plain.into()));
        personal.extend(entry.get_date_parts().iter().map(|part| part.digits.into()));
        personal.extend(app.global::<ui::CodeB>().get_parts().iter().map(|part| part.entered.into()));
        personal.extend(app.global::<ui::Papers>().get_rows().iter().map(|paper| paper.title.plain.into()));
        for (name, picture) in [("page", preview.get_page()), ("frame", face.get_frame())] {
            if picture.size().width > 0 {
                personal.push(name.to_owned());
            }
        }
        personal.retain(|text| !text.is_empty());
        personal
    }

    /// Pairs of foreground and ground that occur, by name, for the contrast of the theme in force.
    pub fn colour_pairs(&self) -> Vec<(&'static str, slint::Color, slint::Color)> {
        shell::colour_pairs(&self.core.app.global::<ui::Tokens>())
    }
}

/// Whether two views are the same screen with other data.
fn same_place(a: &View, b: &View) -> bool {
    match (&a.body, &b.body) {
        (Body::Ask { question: a, .. }, Body::Ask { question: b, .. }) => a == b,
        (Body::StaffPage { .. }, Body::StaffPage { .. }) => a.title == b.title,
        // The same digits are never sent to another page.
        (Body::StaffPin { .. }, Body::StaffPin { .. }) => a.title == b.title,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

impl Core {
    /// Another screen comes: what belonged to the last one goes.
    fn leave(self: &Rc<Self>, last: Option<&View>, next: &View) {
        self.editing.set(None);
        self.digits.borrow_mut().clear();
        self.entry.borrow_mut().clear();
        // The preview may come back from a question; its pages are filled anew then.
        if !matches!(next.body, Body::Sign { .. }) {
            signing::clear(self);
        }
        if !matches!(next.body, Body::Preview { .. }) {
            papers::forget(self);
        }
        if last.is_some_and(identifying::shows_camera) {
            identifying::forget_camera(self);
        }
        self.choosing.borrow_mut().leave();
    }

    fn show_body(&self, view: &View, moved: bool) {
        match &view.body {
            Body::Home { .. } | Body::Choose { .. } => choosing::show(self, view),
            Body::Guide { .. } => guiding::show(self, view),
            Body::Consent { .. } | Body::Card { .. } | Body::Pin { .. } | Body::CodeB { .. } | Body::Face { .. } => {
                identifying::show(self, view, moved);
            }
            Body::Confirm { .. } | Body::Ask { .. } => asking::show(self, view, moved),
            Body::Sign { .. } => signing::show(self, view, moved),
            Body::Preview { .. }
            | Body::Printing { .. }
            | Body::Collect { .. }
            | Body::Rate { .. }
            | Body::Staff { .. }
            | Body::OutOfOrder { .. } => papers::show(self, view),
            Body::StaffPin { .. } | Body::StaffPage { .. } => staffing::show(self, view, moved),
            Body::SetupEntry { .. } => setting_up::show(self, view),
        }
    }

    fn forget(self: &Rc<Self>) {
        self.editing.set(None);
        self.digits.borrow_mut().clear();
        self.entry.borrow_mut().clear();
        *self.choosing.borrow_mut() = choosing::Choosing::default();
        identifying::forget_camera(self);
        identifying::publish(self);
        entry::publish(self);
        signing::clear(self);
        papers::forget(self);
        asking::forget(self);
        guiding::forget(self);
        setting_up::forget(self);
        shell::forget(self);
        self.view.replace(None);
    }
}
