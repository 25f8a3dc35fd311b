//! The outside world: every port, and who does what an effect says.

use crate::config::{Camera, Config, SlipPrinter};
use crate::remote::{self, Remote};
use crate::{setup, staff, staff_mode};
use anyhow::Context;
use domain::card::CardCommand;
use domain::face::{FaceCommand, FaceEvent};
use domain::form::{FillRefusal, FilledForm, FormEvent, FormId};
use domain::staff::Part;
#[cfg(feature = "voice")]
use domain::voice::VoiceCommand;
use domain::{RequestId, Timestamp};
use image::RgbaImage;
use nix::time::{ClockId, clock_gettime};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use visit::{Effect, Event};

/// What reaches the kiosk's thread.
pub enum Inbound {
    /// Something for the core.
    Event(Event),
    /// The pages of a filled form, drawn; those of another filling hold other values.
    Pages { request: RequestId, form: FormId, pages: Vec<RgbaImage> },
}

/// Hands things to the kiosk's thread and wakes it.
#[derive(Clone)]
pub struct Post {
    pub queue: Sender<Inbound>,
    /// The live picture that was not shown yet: one, however fast they come and however slow the screen is.
    pub frame: Arc<Mutex<Option<RgbaImage>>>,
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

impl Post {
    pub fn send(&self, message: Inbound) {
        // A kiosk that is going down no longer listens.
        if self.queue.send(message).is_ok() {
            (self.wake)();
        }
    }

    fn frame(&self, picture: RgbaImage) {
        let before = self.frame.lock().unwrap_or_else(PoisonError::into_inner).replace(picture);
        match before {
            Some(mut before) => screens::overwrite(&mut before),
            // Else it was woken for that one.
            None => (self.wake)(),
        }
    }

    fn event<T>(&self, into: impl Fn(T) -> Event + Send + Sync + 'static) -> impl Fn(T) + Send + Sync + 'static {
        let post = self.clone();
        move |event| post.send(Inbound::Event(into(event)))
    }
}

/// The width of preview pages, in pixels: an A4 page at about 100 dpi, legible when enlarged.
const PREVIEW_WIDTH: u32 = 1000;

/// The handle of a port, which is a thread of the kiosk or a process of its own. Dropping it ends that.
type Orders<C> = Box<dyn Fn(C)>;

/// All ports. Dropping it ends their threads.
pub struct Ports {
    post: Post,
    cards: Orders<CardCommand>,
    faces: Option<Orders<FaceCommand>>,
    forms: forms::Handle,
    /// `None` where no page printer is named: a site without services prints nothing.
    printing: Option<printing::Handle>,
    /// `None` where the database cannot be opened: a kiosk that counts nothing still serves.
    store: Option<store::Handle>,
    staff: staff::Handle,
    /// `None` where no PIN is configured.
    staff_mode: Option<staff_mode::Handle>,
    /// `None` where an installer is asked nothing here.
    setup: Option<setup::Handle>,
    #[cfg(feature = "voice")]
    voice: Option<Orders<VoiceCommand>>,
    /// Processes that are not connected yet.
    processes: Processes,
    previews: Sender<(RequestId, Vec<FilledForm>)>,
}

impl Ports {
    /// Starts every port that the configuration names.
    ///
    /// # Errors
    /// When a thread or the configuration of a port fails. A device that is absent is no error: the port says so.
    pub fn start(
        config: &Config,
        guide: Option<PathBuf>,
        forms: BTreeMap<FormId, forms::Form>,
        post: Post,
    ) -> anyhow::Result<Self> {
        let authorities = match &config.authorities {
            Some(path) => cards::CaSet::load(path).with_context(|| path.display().to_string())?,
            None => cards::CaSet::default(),
        };
        let cards = cards::Config { reader: config.reader.clone(), authorities };
        let (folder, patience) = (config.ports.clone(), config.patience);
        let mut processes = Processes { folder, patience, waiting: Vec::new() };
        let cards: Orders<CardCommand> = match processes.socket("cards") {
            Some(path) => processes.spawn(remote::Cards, path, cards, post.event(Event::Card), drop)?,
            None => {
                let cards = cards::spawn(cards, post.event(Event::Card))?;
                Box::new(move |command| cards.send(command))
            }
        };
        let faces = match (&config.camera, &config.weights) {
            (Some(camera), Some(weights)) => {
                let camera = match camera {
                    Camera::Device(number) => faces::Camera::Device(*number),
                    Camera::File(path) => faces::Camera::File(path.clone()),
                    Camera::Url(url) => faces::Camera::Url(url.clone()),
                };
                let frames = post.clone();
                let frame = move |picture| frames.frame(picture);
                let (faces, event) = (faces::Config::new(camera, weights.clone()), post.event(Event::Face));
                match processes.socket("faces") {
                    Some(path) => Some(processes.spawn(remote::Faces::default(), path, faces, event, frame)?),
                    None => faces::spawn(faces, event, frame)
                        .inspect_err(|error| tracing::error!(%error, "running without faces"))
                        .ok()
                        .map(|faces| -> Orders<FaceCommand> { Box::new(move |command| faces.send(command)) }),
                }
            }
            _ => None,
        };
        if faces.is_none() {
            post.send(Inbound::Event(Event::Face(FaceEvent::NotInstalled)));
        }
        let slip = config.slip_printer.as_ref().map(|slip| match slip {
            SlipPrinter::Device(path) => printing::SlipPrinter::Device(path.clone()),
            SlipPrinter::Tcp(address) => printing::SlipPrinter::Tcp(address.clone()),
        });
        let printing = match &config.page_printer {
            Some(printer) => {
                let new = printing::Config::new(printer.clone(), config.name.clone());
                let printing = printing::Config { slip, waking: waking(), ..new };
                Some(printing::spawn(printing, post.event(Event::Paper))?)
            }
            None => {
                anyhow::ensure!(forms.is_empty(), "services are offered, but there is no page-printer");
                None
            }
        };
        let forms = forms::spawn(forms, {
            let post = post.clone();
            move |event| post.send(Inbound::Event(Event::Form(event)))
        })?;
        let store =
            store::spawn(&config.store).inspect_err(|error| tracing::error!(%error, "running without counting")).ok();
        let staff = staff::spawn(config.name.clone(), config.staff_call.clone(), post.event(Event::Staff))?;
        let voice_there = cfg!(feature = "voice") && guide.is_some();
        let staff_mode = match staff_mode_config(config, faces.is_some(), voice_there) {
            Some(config) => Some(staff_mode::spawn(config, post.event(Event::StaffMode))?),
            None => None,
        };
        let setup = match config.setup {
            true => Some(setup::spawn(setup::Places::of(config), post.event(Event::Setup))?),
            false => None,
        };
        #[cfg(feature = "voice")]
        let voice = guide.map(|guide| voice_guide(config, guide, &post, &mut processes)).transpose()?;
        #[cfg(not(feature = "voice"))]
        drop(guide);
        let previews = preview_thread(post.clone())?;
        Ok(Self {
            post,
            cards,
            faces,
            forms,
            printing,
            store,
            staff,
            staff_mode,
            setup,
            #[cfg(feature = "voice")]
            voice,
            processes,
            previews,
        })
    }

    /// Connects the ports that are processes of their own. Not before the first picture: their start costs as much as the kiosk's.
    pub fn connect(&mut self) {
        self.processes.waiting.drain(..).for_each(|connect| connect());
    }

    /// Does what the core says, but for [`Effect::Forget`], which is the screen's.
    pub fn perform(&self, effect: Effect) {
        match effect {
            Effect::Card(command) => (self.cards)(command),
            Effect::Face(command) => match (&self.faces, command) {
                (Some(faces), command) => faces(command),
                (None, FaceCommand::Stop) => {}
                (None, _) => self.post.send(Inbound::Event(Event::Face(FaceEvent::NotInstalled))),
            },
            Effect::Fill(job) => self.forms.send(job),
            Effect::Printer(command) => {
                if let Some(printing) = &self.printing {
                    printing.send(command);
                }
            }
            #[cfg(feature = "voice")]
            Effect::Voice(command) => {
                if let Some(voice) = &self.voice {
                    voice(command);
                }
            }
            #[cfg(not(feature = "voice"))]
            Effect::Voice(_) => {}
            Effect::Count(kpi) => {
                if let Some(store) = &self.store {
                    store.send(kpi);
                }
            }
            Effect::CallStaff(reason) => self.staff.send(reason),
            Effect::Staff(command) => {
                if let Some(staff_mode) = &self.staff_mode {
                    staff_mode.send(command);
                }
            }
            Effect::Setup(command) => {
                if let Some(setup) = &self.setup {
                    setup.send(command);
                }
            }
            Effect::Forget => {}
        }
    }

    /// Draws the pages of what was filled, beside the core's own way.
    pub fn preview(&self, event: &Event) {
        if let Event::Form(FormEvent::Filled { request, forms }) = event {
            // The thread lives as long as the ports.
            let _ = self.previews.send((*request, forms.clone()));
        }
    }
}

/// Ports that are processes of their own.
struct Processes {
    /// Where their sockets are; `None` where ports are threads.
    folder: Option<PathBuf>,
    patience: remote::Patience,
    waiting: Vec<Box<dyn Fn()>>,
}

impl Processes {
    fn socket(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    fn spawn<P: remote::Port>(
        &mut self,
        port: P,
        socket: PathBuf,
        config: P::Config,
        emit: impl Fn(P::Event) + Send + Sync + 'static,
        frame: impl Fn(RgbaImage) + Send + 'static,
    ) -> std::io::Result<Orders<P::Command>> {
        let remote = Rc::new(Remote::spawn(port, socket, config, self.patience, emit, frame)?);
        let waits = Rc::clone(&remote);
        self.waiting.push(Box::new(move || waits.connect()));
        Ok(Box::new(move |command| remote.send(command)))
    }
}

/// What is left of the time in which a machine that was just switched on may still be without its network.
fn waking() -> Duration {
    const AWAKE: Duration = Duration::from_secs(60);
    let up = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(AWAKE, Duration::from);
    AWAKE.saturating_sub(up)
}

/// What staff mode must know of the rest.
fn staff_mode_config(config: &Config, camera: bool, voice: bool) -> Option<staff_mode::Config> {
    let staff = config.staff.clone()?;
    let parts = [
        (Part::Reader, true),
        (Part::Camera, camera),
        (Part::PagePrinter, config.page_printer.is_some()),
        (Part::SlipPrinter, config.slip_printer.is_some()),
        (Part::Speaker, voice),
        (Part::Microphone, voice),
        (Part::Touch, true),
        (Part::Network, true),
    ];
    Some(staff_mode::Config {
        kiosk: config.name.clone(),
        site: config.site.clone(),
        store: config.store.clone(),
        installed: parts.into_iter().filter(|(_, there)| *there).map(|(part, _)| part).collect(),
        hosts: config.hosts().unwrap_or_default().iter().map(ToString::to_string).collect(),
        staff,
    })
}

#[cfg(feature = "voice")]
fn voice_guide(
    config: &Config,
    guide: PathBuf,
    post: &Post,
    processes: &mut Processes,
) -> std::io::Result<Orders<VoiceCommand>> {
    let devices = &config.voice;
    let voice = voice::port::Config {
        guide,
        microphone: devices.microphone.clone(),
        speaker: devices.speaker.clone(),
        barge_in: devices.barge_in,
        vosk: match &devices.recogniser {
            crate::config::Recogniser::Whisper => voice::VoskModels::default(),
            crate::config::Recogniser::Vosk(vosk) => {
                voice::VoskModels { library: vosk.library.clone(), models: vosk.models.clone() }
            }
        },
        rephrase: devices
            .rephrase
            .as_ref()
            .map(|model| voice::Endpoint { url: model.url.clone(), model: model.model.clone() }),
        at: devices.at,
    };
    // The process that may call the model is another.
    let name = if voice.rephrase.is_some() { "voice-online" } else { "voice" };
    if let Some(path) = processes.socket(name) {
        return processes.spawn(remote::Voice, path, voice, post.event(Event::Voice), drop);
    }
    let voice = voice::port::spawn(voice, post.event(Event::Voice), |_| {})?;
    Ok(Box::new(move |command| voice.send(command)))
}

fn preview_thread(post: Post) -> std::io::Result<Sender<(RequestId, Vec<FilledForm>)>> {
    let (queue, orders) = mpsc::channel::<(RequestId, Vec<FilledForm>)>();
    std::thread::Builder::new().name("previews".into()).spawn(move || {
        for (request, filled) in orders {
            for paper in filled {
                let form = paper.form.clone();
                let page = |page| forms::page_image(&paper.pdf.reveal().0, usize::from(page), PREVIEW_WIDTH).ok();
                let pages: Vec<_> = (0..paper.pages).map_while(page).collect();
                // What nobody can look at is not printed.
                let event = if pages.is_empty() {
                    FormEvent::Refused { request, form: form.clone(), why: FillRefusal::BrokenForm }
                } else {
                    FormEvent::Drawn { request, form: form.clone() }
                };
                post.send(Inbound::Pages { request, form, pages });
                post.send(Inbound::Event(Event::Form(event)));
            }
        }
    })?;
    Ok(queue)
}

/// Milliseconds since the kiosk began.
pub fn now(began: std::time::Instant) -> Timestamp {
    Timestamp(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
}
