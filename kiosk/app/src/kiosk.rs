//! One kiosk on the screen's thread: takes what the ports and the screen say to the core, and does what the core says.

use crate::config::Config;
use crate::ports::{Inbound, Ports, Post, now};
use anyhow::Context;
use domain::form::FormId;
use domain::{Date, Timestamp, VisitId};
use kanji::Kanji;
use screens::Screen;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use visit::record::Recorder;
use visit::{Effect, Event, FormOutline, Phrasebook, View, Visit};

/// How often the core hears that time passes.
const TICK: Duration = Duration::from_millis(250);

/// The tick at which the screen is there: the first may come before the first picture is drawn; between two it is.
pub const DRAWN: u32 = 2;

/// A kiosk: core, ports and screen. Lives on the screen's thread.
pub struct Kiosk {
    visit: Visit,
    words: Phrasebook,
    ports: Ports,
    screen: Screen,
    inbox: Receiver<Inbound>,
    frame: Arc<Mutex<Option<image::RgbaImage>>>,
    recorder: Option<Recorder<BufWriter<File>>>,
    began: Instant,
    ticked: Instant,
    today: Option<Date>,
    shown: Option<View>,
    /// Dictionaries that are not read yet.
    kanji: Option<Arc<OnceLock<Kanji>>>,
    /// How often it was told that time passes since there is something to be drawn.
    ticks: u32,
}

impl Kiosk {
    /// Loads the site, starts the ports, opens the screen. `wake` is called, on any thread, when [`Kiosk::pump`] has work.
    ///
    /// # Errors
    /// When the site or a form in it is broken, or the screen cannot be opened. A missing device is no error.
    pub fn start(config: &Config, wake: impl Fn() + Send + Sync + 'static) -> anyhow::Result<Self> {
        let began = Instant::now();
        let (mut pack, forms) = load_site(&config.site)?;
        let outline = |(id, form): (&FormId, &forms::Form)| {
            let outline = FormOutline {
                title: form.title().clone(),
                questions: form.questions().to_vec(),
                signature: form.wants_signature(),
            };
            (id.clone(), outline)
        };
        pack.catalogue.forms = forms.iter().map(outline).collect();
        let catalogue = Arc::new(pack.catalogue);
        let visit = Visit::new(Arc::clone(&catalogue), pack.policy).after(last_visit());
        let recorder = match &config.recording {
            Some(folder) => Some(Recorder::new(BufWriter::new(new_recording(folder)?), &visit)?),
            None => None,
        };
        let (queue, inbox) = mpsc::channel();
        let frame = Arc::default();
        let post = Post { queue, frame: Arc::clone(&frame), wake: Arc::new(wake) };
        let kanji = Arc::new(OnceLock::<Kanji>::new());
        let dictionaries = Arc::clone(&kanji);
        let options = screens::Options {
            size: config.screen,
            fullscreen: config.fullscreen,
            catalogue: Arc::clone(&catalogue),
            today: today(),
            candidates: Rc::new(move |kana| {
                dictionaries.get().map_or_else(|| vec![kana.to_owned()], |kanji| kanji.candidates(kana))
            }),
        };
        let touches = post.clone();
        let screen = Screen::new(options, move |intent| touches.send(Inbound::Event(Event::Touch(intent))))?;
        let ports = Ports::start(config, pack.guide, forms, post)?;
        let mut kiosk = Self {
            visit,
            words: Phrasebook::shipped()?,
            ports,
            screen,
            inbox,
            frame,
            recorder,
            began,
            ticked: began,
            today: None,
            shown: None,
            kanji: Some(kanji),
            ticks: 0,
        };
        kiosk.pump();
        Ok(kiosk)
    }

    /// Where the visit stands.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The screen.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// For how long nobody has touched anything; `None` while somebody is served, or something was left behind.
    pub fn idle(&self) -> Option<Duration> {
        self.visit.idle_ms().map(Duration::from_millis)
    }

    /// What is shown.
    pub fn view(&self) -> Option<&View> {
        self.shown.as_ref()
    }

    /// Does everything that has come in, lets time pass, and shows what came of it. Never waits.
    pub fn pump(&mut self) {
        if self.today != Some(today()) {
            self.today = Some(today());
            self.give(Event::Day(today()));
        }
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                Inbound::Event(event) => self.give(event),
                Inbound::Pages { request, form, pages } if self.visit.state().previewed() == Some(request) => {
                    self.screen.set_pages(request, &form, pages);
                }
                // Of a filling that nobody looks at any more.
                Inbound::Pages { mut pages, .. } => pages.iter_mut().for_each(screens::overwrite),
            }
        }
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.give(Event::Tick);
            // Not before the first picture is there to be drawn: nobody writes yet, and a small processor has enough to do.
            if self.shown.is_some() {
                self.ticks = self.ticks.saturating_add(1);
                if let Some(kanji) = self.kanji.take() {
                    load_kanji(kanji);
                }
                if self.ticks == DRAWN {
                    self.ports.connect();
                }
            }
        }
        let view = self.visit.view(&self.words);
        if self.shown.as_ref() != Some(&view) {
            self.screen.show(&view);
            self.shown = Some(view);
        }
        let frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(frame) = frame {
            self.screen.set_camera_frame(frame);
        }
    }

    fn give(&mut self, event: Event) {
        let at: Timestamp = now(self.began);
        self.ports.preview(&event);
        let effects = match &mut self.recorder {
            Some(recorder) => {
                let (effects, written) = recorder.handle(&mut self.visit, at, event);
                if let Err(error) = written {
                    tracing::warn!(%error, "the recording ends here");
                    self.recorder = None;
                }
                effects
            }
            None => self.visit.handle(at, event),
        };
        for effect in effects {
            if effect == Effect::Forget {
                self.screen.forget();
                self.shown = None;
            }
            self.ports.perform(effect);
        }
    }
}

/// A site and its forms.
fn load_site(site: &Path) -> anyhow::Result<(packs::Pack, BTreeMap<FormId, forms::Form>)> {
    let pack = packs::Pack::load(site)?;
    let mut forms = BTreeMap::new();
    for id in pack.catalogue.services.iter().flat_map(|service| &service.forms) {
        if !forms.contains_key(id) {
            let form = forms::Form::load(&pack.forms.join(&id.0)).with_context(|| format!("form {}", id.0))?;
            forms.insert(id.clone(), form);
        }
    }
    Ok((pack, forms))
}

/// Whether a kiosk would start with the settings in this file: everything but the devices, which may be absent.
///
/// # Errors
/// When they are wrong, or their site is broken.
pub fn would_start(settings: &Path) -> anyhow::Result<()> {
    load_site(&Config::load(settings)?.site).map(drop)
}

/// Reads the dictionaries beside the first frame; until they are there, and where there are none, kana is what there is.
fn load_kanji(place: Arc<OnceLock<Kanji>>) {
    let thread = std::thread::Builder::new().name("kanji".into()).spawn(move || match Kanji::open() {
        Ok(kanji) => drop(place.set(kanji)),
        Err(error) => tracing::warn!(%error, "only kana can be entered"),
    });
    if let Err(error) = thread {
        tracing::warn!(%error, "only kana can be entered");
    }
}

/// Where this run's numbers begin: at the second in which it did. No run gives them out as fast as seconds pass, so the next
/// run begins above them, and a desk that is shown two of a day never sees the same.
fn last_visit() -> VisitId {
    const EPOCH: jiff::Timestamp = jiff::Timestamp::constant(1_767_225_600, 0); // 2026-01-01
    let seconds = jiff::Timestamp::now().as_second() - EPOCH.as_second();
    VisitId(u64::try_from(seconds).unwrap_or(0))
}

/// A recording of its own for each run: what an earlier one has written stays.
fn new_recording(folder: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(jiff::ZonedDateTime::now().strftime("%Y%m%dT%H%M%S%3f.jsonl").to_string());
    File::create_new(&path).with_context(|| path.display().to_string())
}

/// The kiosk's day, by its own clock and time zone.
fn today() -> Date {
    jiff::ZonedDateTime::now().date()
}
