//! A stage for the screens: the example city hall, an invented resident, a core that is driven by events, and a finger.
#![allow(dead_code, reason = "each test uses its own part")]

pub mod walk;

use domain::card::{BirthDate, CardCommand, CardEvent, CardKind, CardReading, CardRefusal, Facts, Genuine, Photo, Sex};
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::form::{FillRefusal, FilledForm, FilledPdf, FormEvent, FormId};
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble};
use domain::setup::{SetupAnswer, SetupCommand};
use domain::staff::{StaffAnswer, StaffCommand};
use domain::voice::VoiceCommand;
use domain::{Date, IdentityTag, Personal, RequestId, Timestamp, VisitId, ruby};
use forms::{Filling, Form};
use i_slint_backend_testing::{
    AccessibleRole, ElementHandle, ElementQuery, ElementRoot, TestingBackend, TestingBackendOptions, mock_elapsed_time,
};
use screens::{Options, Screen};
use slint::LogicalPosition;
use slint::platform::{PointerEventButton, WindowEvent};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use visit::view::View;
use visit::{Catalogue, Effect, Event, FormOutline, Intent, Phrasebook, Policy, Visit};

pub const PORTRAIT: (u32, u32) = (1080, 1920);
pub const LANDSCAPE: (u32, u32) = (1920, 1080);
pub const TODAY: Date = Date::constant(2026, 11, 24);

/// An invented citizen.
#[derive(Clone, Copy)]
pub struct Citizen {
    pub name: &'static str,
    pub address: &'static str,
}

pub const HANAKO: Citizen =
    Citizen { name: "渚　花子", address: "渚市海辺町一丁目２番３号　シーサイド渚１０１" };
/// Sixty characters, an ideographic variant, kanji outside the basic plane.
pub const LONG: Citizen = Citizen {
    name: "葛\u{e0102}飾　𠮷之助左衛門尉兼定ＡＮＤＥＲＳＳＯＮ－ＯＬＩＶＥＩＲＡ　ＭＡＲＩＡ　ＦＥＲＮＡＮＤＡ　ＡＬＥＸＡＮＤＲＩＮＡ",
    address: "渚市大字𣘺本字浜ノ宮一千二百三十四番地五十六　コーポラスはまなす渚ヶ丘弐番館１２０３号　渚左衛門方",
};

/// The stage.
pub struct Stage {
    pub visit: Visit,
    pub words: Phrasebook,
    pub screen: Screen,
    pub citizen: Citizen,
    pub forms: BTreeMap<FormId, Form>,
    /// Every intent that the screen has sent, but for signs of life.
    pub sent: Vec<Intent>,
    /// How many signs of life it has sent.
    pub alive: usize,
    pub effects: Vec<Effect>,
    inbox: Rc<RefCell<Vec<Intent>>>,
    now: Timestamp,
}

/// Screens of this thread appear in memory.
pub fn backend() {
    let options = TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) };
    // A second test on the same thread finds it there.
    let _ = slint::platform::set_platform(Box::new(TestingBackend::new(options)));
}

fn site(name: &str) -> (Catalogue, BTreeMap<FormId, Form>) {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sites").join(name);
    let mut pack = packs::Pack::load(&site).expect("the example site");
    let ids: Vec<FormId> = pack.catalogue.services.iter().flat_map(|service| service.forms.clone()).collect();
    let forms: BTreeMap<FormId, Form> = ids
        .into_iter()
        .map(|id| (id.clone(), Form::load(&pack.forms.join(&id.0)).expect("the example's form")))
        .collect();
    let outline = |form: &Form| FormOutline {
        title: form.title().clone(),
        questions: form.questions().to_vec(),
        signature: form.wants_signature(),
    };
    pack.catalogue.forms = forms.iter().map(|(id, form)| (id.clone(), outline(form))).collect();
    (pack.catalogue, forms)
}

impl Stage {
    pub fn new(size: (u32, u32)) -> Self {
        Self::at("city-hall", size)
    }

    /// At another of the example sites.
    pub fn at(name: &str, size: (u32, u32)) -> Self {
        backend();
        let (catalogue, forms) = site(name);
        let catalogue = Arc::new(catalogue);
        let inbox = Rc::new(RefCell::new(Vec::new()));
        let post = Rc::clone(&inbox);
        let candidates = |kana: &str| -> Vec<String> {
            let known: &[&str] = match kana {
                "なぎさ" => &["渚", "汀", "なぎさ"],
                "はなこ" => &["花子", "華子", "はな子"],
                "うみべちょう" => &["海辺町", "海部町"],
                "しんせい" => &["申請", "新生", "真正", "神聖", "新星", "心性", "申請書"],
                _ => &[],
            };
            known.iter().map(|word| (*word).to_owned()).collect()
        };
        let options = Options {
            size,
            fullscreen: false,
            catalogue: Arc::clone(&catalogue),
            today: TODAY,
            candidates: Rc::new(candidates),
        };
        let screen = Screen::new(options, move |intent| post.borrow_mut().push(intent)).expect("a screen in memory");
        let mut stage = Self {
            visit: Visit::new(catalogue, Policy::default()),
            words: Phrasebook::shipped().expect("the shipped phrases"),
            screen,
            citizen: HANAKO,
            forms,
            sent: Vec::new(),
            alive: 0,
            effects: Vec::new(),
            inbox,
            now: Timestamp(1000),
        };
        stage.give(Event::Day(TODAY));
        stage
    }

    pub fn view(&self) -> View {
        self.visit.view(&self.words)
    }

    /// Hands an event to the core and shows what comes of it.
    pub fn give(&mut self, event: Event) {
        self.now = self.now.plus(10);
        let effects = self.visit.handle(self.now, event);
        if effects.contains(&Effect::Forget) {
            self.screen.forget();
        }
        self.effects.extend(effects);
        self.screen.show(&self.view());
    }

    pub fn want(&mut self, intent: Intent) {
        self.give(Event::Touch(intent));
        self.pass(500);
    }

    /// Lets the core's time pass.
    pub fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.give(Event::Tick);
    }

    /// Lets the screen's time pass, then hands over what was touched.
    pub fn pass(&mut self, ms: u64) {
        mock_elapsed_time(Duration::from_millis(ms));
        let intents: Vec<Intent> = self.inbox.borrow_mut().drain(..).collect();
        for intent in intents {
            match intent {
                Intent::Alive => self.alive += 1,
                _ => self.sent.push(intent.clone()),
            }
            self.give(Event::Touch(intent));
        }
    }

    fn request(&self) -> RequestId {
        let request = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Card(CardCommand::Read { request, .. }) => Some(*request),
            Effect::Face(FaceCommand::Match { request, .. } | FaceCommand::Again { request }) => Some(*request),
            Effect::Fill(job) => Some(job.request),
            _ => None,
        });
        request.expect("something was asked of a device")
    }

    /// The last request that went to the voice port.
    pub fn asked(&self) -> RequestId {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Voice(
                VoiceCommand::Listen { request, .. }
                | VoiceCommand::Answer { request, .. }
                | VoiceCommand::Say { request, .. }
                | VoiceCommand::Meter(request),
            ) => Some(*request),
            _ => None,
        });
        asked.expect("the voice port was asked")
    }

    /// The last question that went to the port of staff mode.
    pub fn staff_asked(&self) -> RequestId {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Staff(StaffCommand::OutOfService(_) | StaffCommand::Audit(..)) => None,
            Effect::Staff(
                StaffCommand::Open { request, .. }
                | StaffCommand::Draw { request, .. }
                | StaffCommand::Look(request)
                | StaffCommand::Reach(request)
                | StaffCommand::Volume(request, _)
                | StaffCommand::Brightness(request, _)
                | StaffCommand::Diagnose(request, _)
                | StaffCommand::Export(request)
                | StaffCommand::Machine(request, _),
            ) => Some(*request),
            _ => None,
        });
        asked.expect("the port of staff mode was asked")
    }

    /// The port of staff mode answers its last question.
    pub fn staff_answers(&mut self, answer: impl FnOnce(RequestId) -> StaffAnswer) {
        let answer = answer(self.staff_asked());
        self.give(Event::StaffMode(answer));
        self.pass(500);
    }

    /// The last search for printers.
    pub fn searched(&self) -> RequestId {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Setup(SetupCommand::Find(request)) => Some(*request),
            _ => None,
        });
        asked.expect("printers were looked for")
    }

    /// The port of the first start answers its last question.
    pub fn setup_answers(&mut self, answer: impl FnOnce(RequestId) -> SetupAnswer) {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Setup(
                SetupCommand::Look(request)
                | SetupCommand::Find(request)
                | SetupCommand::Try(request, _)
                | SetupCommand::Pin { request, .. }
                | SetupCommand::Apply(request, _),
            ) => Some(*request),
            _ => None,
        });
        let answer = answer(asked.expect("the port of the first start was asked"));
        self.give(Event::Setup(answer));
        self.pass(500);
    }

    /// The test page or slip that was printed last.
    pub fn printed_for_staff(&self) -> VisitId {
        let job = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Printer(PrinterCommand::Print(job)) => Some(job.visit),
            Effect::Printer(PrinterCommand::Slip(job)) => Some(job.visit),
            _ => None,
        });
        job.expect("something was printed")
    }

    pub fn insert_card(&mut self) {
        self.give(Event::Card(CardEvent::Inserted { kind: CardKind::MyNumber, pin_tries: Some(3) }));
        self.pass(500);
    }

    pub fn remove_card(&mut self) {
        self.give(Event::Card(CardEvent::Removed));
        self.pass(500);
    }

    pub fn card_progress(&mut self, done: u16, of: u16) {
        let request = self.request();
        self.give(Event::Card(CardEvent::Progress { request, done, of }));
    }

    pub fn refuse_card(&mut self, why: CardRefusal) {
        let request = self.request();
        self.give(Event::Card(CardEvent::Refused { request, why }));
        self.pass(500);
    }

    pub fn card_read(&mut self, photo: bool) {
        let request = self.request();
        let reading = CardReading {
            kind: CardKind::MyNumber,
            facts: Facts {
                name: Personal::new(self.citizen.name.to_owned()),
                address: Personal::new(self.citizen.address.to_owned()),
                birth_date: Personal::new(BirthDate(Date::constant(1980, 2, 29))),
                sex: Personal::new(Sex::Female),
            },
            photo: photo.then(|| Personal::new(Photo(vec![1]))),
            genuine: Genuine::Yes,
            tag: IdentityTag(7),
        };
        self.give(Event::Card(CardEvent::Read { request, reading: Box::new(reading) }));
        self.pass(500);
    }

    pub fn guide(&mut self, guidance: Guidance) {
        self.give(Event::Face(FaceEvent::Guide(guidance)));
    }

    pub fn same_face(&mut self) {
        let request = self.request();
        self.give(Event::Face(FaceEvent::Same(request)));
        self.pass(500);
    }

    /// Fills the forms as the form port does, pictures included.
    pub fn fill(&mut self) {
        let job = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fill(job) => Some(job.clone()),
            _ => None,
        });
        let job = job.expect("the core wants forms filled");
        let filling = Filling::of(&job.values);
        let mut filled = Vec::new();
        for id in &job.forms {
            let form = &self.forms[id];
            let pdf = form.fill(&filling).expect("the form is complete");
            let pages: Vec<_> =
                (0..form.page_count()).map(|page| forms::page_image(&pdf, page, 1240).expect("a page")).collect();
            filled.push(FilledForm {
                visit: job.visit,
                tag: job.tag,
                form: id.clone(),
                pages: pages.len() as u16,
                pdf: Personal::new(FilledPdf(pdf)),
            });
            self.screen.set_pages(job.request, id, pages);
        }
        self.give(Event::Form(FormEvent::Filled { request: job.request, forms: filled }));
        for form in job.forms {
            self.give(Event::Form(FormEvent::Drawn { request: job.request, form }));
        }
        self.pass(500);
    }

    pub fn refuse_fill(&mut self, why: FillRefusal) {
        let job = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fill(job) => Some((job.request, job.forms[0].clone())),
            _ => None,
        });
        let (request, form) = job.expect("the core wants forms filled");
        self.give(Event::Form(FormEvent::Refused { request, form, why }));
        self.pass(500);
    }

    fn job(&self) -> (VisitId, Vec<FormId>) {
        let job = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Printer(PrinterCommand::Print(job)) => {
                Some((job.visit, job.papers.iter().map(|paper| paper.form.clone()).collect()))
            }
            _ => None,
        });
        job.expect("the core wants papers printed")
    }

    pub fn printed(&mut self, count: usize) {
        let (visit, forms) = self.job();
        for form in forms.into_iter().take(count) {
            self.give(Event::Paper(PrinterEvent::Printed { visit, form }));
        }
    }

    pub fn printing_done(&mut self) {
        let (visit, _) = self.job();
        self.give(Event::Paper(PrinterEvent::Done { visit }));
        self.give(Event::Paper(PrinterEvent::Slip { visit, printed: true }));
        self.pass(500);
    }

    pub fn printer(&mut self, troubles: Vec<PrinterTrouble>) {
        self.give(Event::Paper(PrinterEvent::State { device: Device::Page, troubles, low: false }));
        self.pass(500);
    }

    // The finger.

    /// Everything that can be touched.
    pub fn controls(&self) -> Vec<ElementHandle> {
        let roles =
            [AccessibleRole::Button, AccessibleRole::Checkbox, AccessibleRole::RadioButton, AccessibleRole::Tab];
        let query = |role| ElementQuery::from_root(self.screen.component()).match_accessible_role(role).find_all();
        roles.into_iter().flat_map(query).collect()
    }

    pub fn labels(&self) -> Vec<String> {
        self.controls().iter().filter_map(|control| control.accessible_label()).map(|label| label.to_string()).collect()
    }

    pub fn find(&self, label: &str) -> Option<ElementHandle> {
        let label = ruby::plain(label);
        self.controls().into_iter().find(|control| {
            control.accessible_label().is_some_and(|known| known.as_str() == label)
                && control.accessible_enabled() != Some(false)
        })
    }

    /// The middle of a control.
    fn middle(control: &ElementHandle) -> LogicalPosition {
        let (at, size) = (control.absolute_position(), control.size());
        LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0)
    }

    /// Touches what says this, where it is.
    pub fn touch(&mut self, label: &str) {
        loop {
            let control = self.find(label);
            let down = ["下へ", "Down", "向下", "아래로"].into_iter().find_map(|down| self.find(down));
            // A list goes on below its end, at which its last line may lie half under the buttons that move it.
            let hidden = |control: &ElementHandle, down: &ElementHandle| {
                let (y, bar) = (Self::middle(control).y, down.absolute_position().y);
                control.accessible_label() != down.accessible_label() && y > bar - 16.0 && y < bar + down.size().height
            };
            let position = match (&control, &down) {
                (Some(control), Some(down)) if hidden(control, down) => Self::middle(down),
                (Some(control), _) => {
                    self.tap(Self::middle(control));
                    return self.pass(30);
                }
                (None, Some(down)) => Self::middle(down),
                (None, None) => panic!("nothing says \"{label}\": {:?}", self.labels()),
            };
            self.tap(position);
            self.pass(30);
        }
    }

    /// Holds what says this for so long.
    pub fn hold(&mut self, label: &str, ms: u64) {
        let position = Self::middle(&self.find(label).expect("something to hold"));
        let (window, button) = (self.screen.window(), PointerEventButton::Left);
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        mock_elapsed_time(Duration::from_millis(ms));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        window.dispatch_event(WindowEvent::PointerExited);
        // What it led to is shown, and then the screen's own guard opens.
        (0..2).for_each(|_| self.pass(500));
    }

    /// A touch after which the screen's own guard has opened again.
    pub fn touch_and_rest(&mut self, label: &str) {
        self.touch(label);
        self.pass(500);
    }

    pub fn tap(&self, position: LogicalPosition) {
        let (window, button) = (self.screen.window(), PointerEventButton::Left);
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        mock_elapsed_time(Duration::from_millis(30));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        window.dispatch_event(WindowEvent::PointerExited);
    }

    /// Draws a stroke on the element that says this; fractions of its size.
    pub fn draw(&mut self, label: &str, points: &[(f32, f32)]) {
        let fields = ElementHandle::find_by_accessible_label(self.screen.component(), label);
        let area = |field: &ElementHandle| field.size().width * field.size().height;
        let field = fields.max_by(|a, b| area(a).total_cmp(&area(b))).expect("a field to draw on");
        let (at, size, window, button) =
            (field.absolute_position(), field.size(), self.screen.window(), PointerEventButton::Left);
        let place = |(x, y): (f32, f32)| LogicalPosition::new(at.x + x * size.width, at.y + y * size.height);
        let position = place(points[0]);
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        for point in &points[1..] {
            window.dispatch_event(WindowEvent::PointerMoved { position: place(*point) });
        }
        let position = place(points[points.len() - 1]);
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        window.dispatch_event(WindowEvent::PointerExited);
        self.pass(30);
    }

    /// Every text, label and value in the tree.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        let root = self.screen.component().root_element();
        root.visit_descendants(|element| {
            let found = [element.accessible_label(), element.accessible_value(), element.accessible_description()];
            texts.extend(found.into_iter().flatten().map(|text| text.to_string()));
            std::ops::ControlFlow::<()>::Continue(())
        });
        texts
    }
}
