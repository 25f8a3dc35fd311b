//! A world of faulty devices and people around the core.

use crate::town::catalogue;
use domain::card::{BirthDate, CardEvent, CardKind, CardReading, CardRefusal, CodeB, Facts, Genuine, Photo, Pin, Sex};
use domain::face::{FaceEvent, Guidance};
use domain::form::{Answer, FillRefusal, FilledForm, FilledPdf, FormEvent, FormId, InputFault, Signature, ValueId};
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble};
use domain::setup::{FoundPrinter, PrinterSays, SetupAnswer, SetupCommand, SetupField, Surroundings};
use domain::staff::{
    Condition, HostTried, MachineOrder, Part, PinRefusal, StaffAction, StaffAnswer, StaffCommand, StaffPin,
};
use domain::voice::{AnswerId, GuideAnswer, GuideChoice, VoiceCommand, VoiceEvent};
use domain::{Date, IdentityTag, Language, Personal, RequestId, Timestamp, VisitId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use visit::{
    Effect, Event, Fact, IdentifyBy, Intent, PaperHelp, Policy, ServiceId, SetupPage, SetupTouch, StaffEvent,
    StaffPage, StaffTouch, State, Visit,
};

/// The last day of every card here. It is known to the cards alone.
pub const LAST_DAY: Date = Date::constant(2030, 2, 28);

/// The PIN of staff mode. It is known to staff and to the port alone.
pub const STAFF_PIN: &str = "48291537";

/// A sequence of numbers that a seed determines (splitmix64).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// The devices: they answer late, twice, wrongly, or not at all.
pub struct World {
    pub visit: Visit,
    pub now: Timestamp,
    pub dice: Dice,
    queue: VecDeque<(Timestamp, Event)>,
    asked_by: BTreeMap<RequestId, VisitId>,
    /// The card's own counter, which a wrong PIN lowers the moment it arrives.
    pin_tries: u8,
    /// Whether the core was told that counter.
    pin_tries_told: bool,
    card_there: bool,
    /// The voice port hears.
    microphone: bool,
    /// The card that lies there came before this visit.
    lay_before: bool,
    /// The tries at the staff PIN that were right.
    right: BTreeSet<RequestId>,
    /// How often settings were proposed at the first start.
    pub set_up: u64,
    /// How often staff mode was opened.
    pub opened: u64,
    /// How many of a thousand answers are faulty.
    pub faults: u64,
    pub printed: u64,
    pub completed: u64,
    pub log: Option<visit::record::Recorder<Vec<u8>>>,
}

impl World {
    pub fn new(seed: u64, faults: u64) -> Self {
        let visit = Visit::new(catalogue(), Policy::default());
        let mut world = Self {
            visit,
            now: Timestamp(1000),
            dice: Dice(seed),
            queue: VecDeque::new(),
            asked_by: BTreeMap::new(),
            pin_tries: 3,
            pin_tries_told: false,
            card_there: false,
            microphone: false,
            lay_before: false,
            right: BTreeSet::new(),
            set_up: 0,
            opened: 0,
            faults,
            printed: 0,
            completed: 0,
            log: None,
        };
        world.give(Event::Day(Date::constant(2026, 11, 23)));
        if seed.is_multiple_of(2) {
            world.give(Event::Voice(VoiceEvent::Ready));
        }
        if seed % 5 == 1 {
            world.give(Event::Setup(SetupAnswer::Offered));
        }
        if seed.is_multiple_of(3) {
            world.give(Event::StaffMode(StaffAnswer::Installed { out_of_service: false }));
        }
        world
    }

    fn later(&mut self, event: Event) {
        let ms = if self.dice.chance(self.faults) { self.dice.below(60_000) } else { self.dice.below(400) };
        self.queue.push_back((self.now.plus(ms), event));
    }

    /// Lets time pass, devices answer, the clock tick.
    pub fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        let due: Vec<_> = {
            let now = self.now;
            let (due, rest) = self.queue.drain(..).partition(|(at, _)| *at <= now);
            self.queue = rest;
            let mut due: Vec<(Timestamp, Event)> = due.into();
            due.sort_by_key(|(at, _)| *at);
            due
        };
        for (_, event) in due {
            self.give(event);
        }
        self.give(Event::Tick);
    }

    /// Hands one event to the core and holds it to the promises.
    pub fn give(&mut self, event: Event) {
        // What an earlier card answered says nothing about this one.
        let known_card = match &event {
            Event::Card(CardEvent::Inserted { .. }) => true,
            Event::Card(CardEvent::Removed | CardEvent::NoReader) => false,
            _ => self.visit.devices().card.is_some(),
        };
        if matches!(event, Event::Card(CardEvent::Removed)) {
            self.lay_before = false;
        }
        if let Event::Voice(
            VoiceEvent::Heard { .. }
            | VoiceEvent::NothingHeard(_)
            | VoiceEvent::NoMicrophone
            | VoiceEvent::Gone
            | VoiceEvent::Failed(_),
        ) = &event
        {
            // The port closes the microphone by itself once a question is over.
            self.microphone = false;
        }
        let papers_before = self.visit.state().papers_out();
        let begun = self.visit.state().in_visit();
        let secret_entered = matches!(&event, Event::Touch(Intent::Pin(_) | Intent::CodeB(_)));
        let before = self.visit.session().visit;
        let (was_staffs, was_open) = (self.visit.state().is_staffs(), self.is_open());
        let right = matches!(&event, Event::StaffMode(StaffAnswer::Opened(request)) if self.right.contains(request));
        let effects = match self.log.take() {
            Some(mut log) => {
                let (effects, written) = log.handle(&mut self.visit, self.now, event);
                written.expect("a vector can be written");
                self.log = Some(log);
                effects
            }
            None => self.visit.handle(self.now, event),
        };
        if !begun && self.visit.state().in_visit() {
            self.lay_before = known_card;
        }
        if !self.visit.state().in_visit() {
            let session = self.visit.session();
            assert!(session.facts.is_empty() && session.answers.is_empty(), "promise 5: nothing outlives the visit");
            assert!(session.signature.is_none() && session.tag.is_none() && session.chosen.is_empty());
        }
        if self.is_open() && !was_open {
            assert!(right && was_staffs, "staff mode opens with a right PIN alone");
            self.opened += 1;
        }
        if effects.iter().any(|effect| matches!(effect, Effect::Setup(SetupCommand::Apply(..)))) {
            let last = matches!(self.visit.state(), State::SettingUp(setup) if setup.page == SetupPage::Applying);
            assert!(last && was_staffs, "settings are proposed on the last page alone");
            self.set_up += 1;
        }
        assert!(!(was_staffs && self.visit.state().in_visit()), "no visit begins inside staff mode");
        assert!(!(begun && self.visit.state().is_staffs()), "staff mode opens from the home screen alone");
        let mut reads = 0;
        for effect in &effects {
            match effect {
                Effect::Card(domain::card::CardCommand::Read { request, secret, .. }) => {
                    reads += 1;
                    assert!(secret_entered, "promise 2: a secret is sent only when it has just been entered");
                    if matches!(secret, domain::card::CardSecret::Pin(_)) {
                        assert!(!self.pin_tries_told || self.pin_tries > 1, "promise 2: never with one try left");
                    }
                    assert!(!self.lay_before, "a card that lay there before the visit is not used");
                    assert!(
                        self.asked_by.insert(*request, self.visit.session().visit).is_none(),
                        "requests are never reused"
                    );
                }
                Effect::Printer(PrinterCommand::Print(job)) => {
                    let session = self.visit.session();
                    assert_eq!(job.visit, session.visit, "promise 1: printed for the visit that ordered it");
                    assert_eq!(job.tag, session.tag);
                    if let Some(tag) = job.tag {
                        assert_eq!(
                            self.asked_by.get(&RequestId(tag.0)),
                            Some(&session.visit),
                            "promise 1: this visit's reading"
                        );
                    }
                    assert!(job.papers.iter().all(|paper| paper.visit == job.visit && paper.tag == job.tag));
                    assert_ne!(job.visit, VisitId(0), "nothing is printed while nobody is there");
                }
                Effect::Printer(PrinterCommand::Slip(slip)) => assert_eq!(slip.visit, self.visit.session().visit),
                Effect::Forget => {
                    match self.visit.state() {
                        State::Home(_) => assert!(!known_card && !papers_before, "nothing is left behind in silence"),
                        State::Leftover(left) => {
                            assert_eq!((left.card, left.papers), (known_card, papers_before));
                            assert!(left.card || left.papers);
                        }
                        other => panic!("forgotten, and at {}", other.name()),
                    }
                    let cancels = Effect::Printer(PrinterCommand::Cancel(before));
                    assert!(effects.contains(&cancels), "promise 1: what an ended visit ordered is cancelled");
                    assert!(effects.contains(&Effect::Card(domain::card::CardCommand::Release)));
                    assert!(effects.contains(&Effect::Face(domain::face::FaceCommand::Stop)));
                }
                Effect::Staff(StaffCommand::Audit(action, outcome)) => {
                    let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                    assert!(plain(&action.name()) && plain(outcome.name()), "an audit line is of closed lists");
                    assert!(was_staffs || *action == StaffAction::Open, "what is done is done by staff");
                }
                Effect::Staff(StaffCommand::Open { .. }) => assert!(was_staffs && !was_open),
                Effect::Staff(_) => assert!(was_open || right, "nothing is done without a right PIN"),
                Effect::Count(kpi) if was_staffs => {
                    assert_eq!(kpi.name, domain::kpi::KpiName::PrinterTrouble, "staff are no visitors")
                }
                Effect::Voice(VoiceCommand::Listen { .. } | VoiceCommand::Meter(_)) => self.microphone = true,
                Effect::Voice(VoiceCommand::Stop | VoiceCommand::Forget) => self.microphone = false,
                Effect::Count(kpi) => {
                    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c) || c == 'H';
                    assert!(kpi.label.chars().all(plain), "a label of the catalogue: {}", kpi.label);
                    if kpi.name == domain::kpi::KpiName::VisitCompleted {
                        self.completed += 1;
                    }
                }
                _ => {}
            }
        }
        assert!(reads <= 1, "promise 2: sent once");
        assert!(
            !self.microphone || matches!(self.visit.state(), State::Guide(_)) || self.tests(Part::Microphone),
            "the microphone is open for questions and its own test alone, not at {}",
            self.visit.state().name()
        );
        for effect in effects {
            self.answer(effect);
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.visit.state(), State::StaffMode(_))
    }

    fn tests(&self, part: Part) -> bool {
        matches!(self.visit.state(), State::StaffMode(mode) if mode.page == StaffPage::Test(part))
    }

    /// The port of staff mode answers.
    fn staff_port(&mut self, command: StaffCommand, faulty: bool) {
        let answer = match command {
            StaffCommand::Open { request, pin } => {
                if pin.reveal().0 == STAFF_PIN && !faulty {
                    self.right.insert(request);
                    StaffAnswer::Opened(request)
                } else {
                    let why = self.dice.pick(&[PinRefusal::Wrong, PinRefusal::Locked, PinRefusal::NoRecord]);
                    StaffAnswer::Refused { request, why, wait_ms: self.dice.below(60_000) }
                }
            }
            StaffCommand::Look(request) => StaffAnswer::Seen(request, Box::new(condition())),
            StaffCommand::Volume(request, _) | StaffCommand::Brightness(request, _) if !faulty => {
                StaffAnswer::Seen(request, Box::new(condition()))
            }
            StaffCommand::Reach(request) => {
                let host = HostTried { name: "printer:631".to_owned(), reached: !faulty };
                StaffAnswer::Reached(request, vec![host])
            }
            StaffCommand::Draw { request, .. } if !faulty => {
                StaffAnswer::Drawn(request, Personal::new(FilledPdf(b"%PDF".to_vec())))
            }
            StaffCommand::Diagnose(request, _) => StaffAnswer::Diagnosed(request, vec!["a: b".to_owned()]),
            StaffCommand::Export(request) | StaffCommand::Machine(request, _) if !faulty => StaffAnswer::Done(request),
            StaffCommand::Volume(request, _)
            | StaffCommand::Brightness(request, _)
            | StaffCommand::Draw { request, .. }
            | StaffCommand::Export(request)
            | StaffCommand::Machine(request, _) => match self.dice.below(2) {
                0 => StaffAnswer::Failed(request),
                _ => StaffAnswer::NotAvailable(request),
            },
            StaffCommand::OutOfService(_) | StaffCommand::Audit(..) => return,
        };
        self.later(Event::StaffMode(answer));
    }

    /// One thing that a member of staff does in staff mode.
    fn upkeep(&mut self) {
        if self.visit.devices().out_of_service && self.dice.chance(300) {
            return self.touch(Intent::Staff(StaffTouch::OutOfService(false)));
        }
        let part = self.dice.pick(&Part::ALL);
        let order = self.dice.pick(&MachineOrder::ALL);
        let percent = self.dice.below(256) as u8;
        let page = match self.dice.below(11) {
            0 => StaffPage::Menu,
            1 => StaffPage::States,
            2 => StaffPage::Paper,
            3 => StaffPage::PaperHelp(self.dice.pick(&PaperHelp::ALL)),
            4 => StaffPage::Tests,
            5 => StaffPage::Levels,
            6 => StaffPage::Report,
            7 => StaffPage::Diagnosis,
            8 => StaffPage::Sure(order),
            _ => StaffPage::Test(part),
        };
        match self.dice.below(16) {
            0..=4 => self.touch(Intent::Staff(StaffTouch::Go(page))),
            5 => self.touch(Intent::Staff(StaffTouch::Target(percent % 12))),
            6 => self.touch(Intent::Staff(StaffTouch::Works(percent.is_multiple_of(2)))),
            7 => self.touch(Intent::Staff(StaffTouch::Volume(percent))),
            8 => self.touch(Intent::Staff(StaffTouch::Brightness(percent))),
            9 => self.touch(Intent::Staff(StaffTouch::OutOfService(percent.is_multiple_of(5)))),
            10 => self.touch(Intent::Staff(StaffTouch::Export)),
            11 => self.touch(Intent::Staff(StaffTouch::Order(order))),
            12 if self.card_there => self.remove(),
            12 => self.insert(),
            13 => self.touch(Intent::Back),
            14 => self.touch(Intent::Quit),
            _ => self.stray(),
        }
    }

    /// One thing that an installer does at the first start.
    fn first_start(&mut self) {
        let State::SettingUp(setup) = self.visit.state() else { unreachable!() };
        let (page, again) = (setup.page, self.dice.below(10));
        let typed = |text: &str| Intent::Setup(SetupTouch::Typed(text.to_owned()));
        let field = |field| Intent::Setup(SetupTouch::Field(field));
        let go = |page| Intent::Setup(SetupTouch::Go(page));
        if setup.trouble.is_some() && again < 5 {
            let ways = [SetupTouch::Mend, SetupTouch::UseAnyway, SetupTouch::Dhcp, SetupTouch::NoProxy];
            let way = ways[self.dice.below(4) as usize].clone();
            return self.touch(Intent::Setup(way));
        }
        match (page, again) {
            (_, 0) => self.touch(Intent::Back),
            (_, 1) if self.dice.chance(100) => self.touch(Intent::Quit),
            (_, 1) if self.dice.chance(self.faults / 2) => self.stray(),
            (SetupPage::Network, 2) => self.touch(go(SetupPage::Address)),
            (SetupPage::Network, 3) => self.touch(go(SetupPage::Proxy)),
            (SetupPage::Address, 2..6) => {
                for (at, text) in [(SetupField::Address, "192.0.2.5/24"), (SetupField::Gateway, "192.0.2.1")] {
                    self.give(Event::Touch(field(at)));
                    let wrong = self.dice.chance(300);
                    self.give(Event::Touch(typed(if wrong { "192.0.2" } else { text })));
                }
            }
            (SetupPage::Proxy, 2..5) => {
                let text = self.dice.pick(&["", "proxy:8080", "proxy"]);
                self.touch(typed(text));
            }
            (SetupPage::Printer, 2) => self.touch(go(SetupPage::PrinterAddress)),
            (SetupPage::Printer, 3) => self.touch(Intent::Setup(SetupTouch::NoPrinter)),
            (SetupPage::Printer, 4) => self.touch(Intent::Setup(SetupTouch::Search)),
            (SetupPage::Printer, 5..8) => {
                self.touch(Intent::Setup(SetupTouch::Printer("ipp://192.0.2.10/ipp/print".to_owned())));
            }
            (SetupPage::PrinterAddress, 2..5) => {
                let text = self.dice.pick(&["192.0.2.11", "192.0.2", ""]);
                self.touch(typed(text));
            }
            (SetupPage::Pin | SetupPage::PinAgain, _) => {
                let pin = if self.dice.chance(900) { STAFF_PIN } else { "000000" };
                self.touch(Intent::Staff(StaffTouch::Pin(Personal::new(StaffPin(pin.to_owned())))));
            }
            (SetupPage::Summary, 2) => self.touch(go(SetupPage::Pin)),
            (SetupPage::Summary, _) => self.touch(Intent::Setup(SetupTouch::Finish)),
            (SetupPage::Ready, 2) => self.touch(Intent::Setup(SetupTouch::Print)),
            _ => self.touch(Intent::Next),
        }
    }

    fn setup_port(&mut self, command: SetupCommand, faulty: bool) {
        let answer = match command {
            SetupCommand::Look(request) => {
                let seen = Surroundings { link: !faulty, ..Surroundings::default() };
                SetupAnswer::Seen(request, Box::new(seen))
            }
            SetupCommand::Find(request) => {
                let uri = "ipp://192.0.2.10/ipp/print".to_owned();
                let printer = FoundPrinter { name: "1階".to_owned(), model: String::new(), uri };
                let printers = if faulty { Vec::new() } else { vec![printer] };
                SetupAnswer::Found { request, printers, over: self.dice.chance(500) }
            }
            SetupCommand::Try(request, _) if faulty => SetupAnswer::Failed(request),
            SetupCommand::Try(request, _) => {
                let says =
                    self.dice.pick(&[PrinterSays::Good, PrinterSays::Good, PrinterSays::NoPdf, PrinterSays::Nothing]);
                SetupAnswer::Tried(request, says)
            }
            SetupCommand::Pin { request, .. } if faulty => SetupAnswer::Failed(request),
            SetupCommand::Pin { request, pin, again } if pin == again => SetupAnswer::PinKept(request),
            SetupCommand::Pin { request, .. } => SetupAnswer::PinsDiffer(request),
            SetupCommand::Apply(request, _) => match (faulty, self.dice.below(4)) {
                (true, 0) => return,
                (true, 1) => SetupAnswer::Failed(request),
                // The machine is as before for whoever comes next, so that they have something to set up.
                (_, 2) => SetupAnswer::Taken(request),
                _ => SetupAnswer::Refused(request, "page-printer".to_owned()),
            },
            SetupCommand::Forget => return,
        };
        self.later(Event::Setup(answer));
    }

    fn reading(&mut self, request: RequestId, photo: bool) -> CardReading {
        CardReading {
            kind: CardKind::MyNumber,
            facts: Facts {
                name: Personal::new(format!("渚　花子{}", request.0)),
                address: Personal::new("渚市海辺町一丁目２番３号".to_owned()),
                birth_date: Personal::new(BirthDate(Date::constant(1980, 2, 29))),
                sex: Personal::new(Sex::Female),
            },
            photo: (photo && !self.dice.chance(self.faults / 10)).then(|| Personal::new(Photo(vec![1, 2, 3]))),
            genuine: if self.dice.chance(self.faults / 10) { Genuine::No } else { Genuine::Yes },
            // The test's tag is the request's number, so that promise 1 can be checked from outside.
            tag: IdentityTag(request.0),
        }
    }

    fn answer(&mut self, effect: Effect) {
        let faulty = self.dice.chance(self.faults);
        match effect {
            Effect::Card(domain::card::CardCommand::Read { request, photo, secret, today }) => {
                self.later(Event::Card(CardEvent::Progress { request, done: 1, of: 3 }));
                let mut why = self.dice.pick(&[
                    CardRefusal::Removed,
                    CardRefusal::Unreadable,
                    CardRefusal::MalformedSecret,
                    CardRefusal::Blocked,
                    CardRefusal::LastTry,
                    CardRefusal::WrongSecret { left: 2 },
                    CardRefusal::WrongSecret { left: 1 },
                    CardRefusal::Expired,
                    CardRefusal::NoReader,
                    CardRefusal::WrongCard(CardKind::Residence),
                ]);
                let pin = matches!(secret, domain::card::CardSecret::Pin(_));
                let refused = faulty || pin && self.pin_tries < 2;
                // The port looks at the counter before it sends anything, and a card counts for itself.
                match (pin, self.pin_tries) {
                    (true, 0) => why = CardRefusal::Blocked,
                    (true, 1) => why = CardRefusal::LastTry,
                    (true, left) if faulty => match why {
                        CardRefusal::WrongSecret { .. } | CardRefusal::LastTry | CardRefusal::Blocked => {
                            self.pin_tries = left - 1;
                            why = CardRefusal::WrongSecret { left: left - 1 };
                        }
                        _ => {}
                    },
                    _ => {}
                }
                if refused {
                    self.later(Event::Card(CardEvent::Refused { request, why }));
                } else if today.is_none_or(|today| LAST_DAY < today) {
                    self.later(Event::Card(CardEvent::Refused { request, why: CardRefusal::Expired }));
                } else {
                    if pin {
                        self.pin_tries = 3;
                    }
                    let reading = Box::new(self.reading(request, photo));
                    self.later(Event::Card(CardEvent::Read { request, reading }));
                }
            }
            Effect::Face(
                domain::face::FaceCommand::Match { request, .. } | domain::face::FaceCommand::Again { request },
            ) => {
                let guide = self.dice.pick(&Guidance::ALL);
                self.later(Event::Face(FaceEvent::Guide(guide)));
                let event = if faulty {
                    self.dice.pick(&[
                        FaceEvent::Different(request),
                        FaceEvent::PhotoUnusable(request),
                        FaceEvent::NoCamera,
                        FaceEvent::CameraReady,
                    ])
                } else {
                    FaceEvent::Same(request)
                };
                self.later(Event::Face(event));
            }
            Effect::Fill(job) => {
                let event = if faulty {
                    let why = match self.dice.below(4) {
                        0 => FillRefusal::Missing(vec![ValueId("phone".into()), ValueId("who".into())]),
                        1 => FillRefusal::Undrawable(ValueId("name".into())),
                        2 => FillRefusal::DoesNotFit(ValueId("address".into())),
                        _ => FillRefusal::BrokenForm,
                    };
                    FormEvent::Refused { request: job.request, form: job.forms[0].clone(), why }
                } else {
                    let forms = job.forms.iter().map(|form| FilledForm {
                        visit: job.visit,
                        tag: job.tag,
                        form: form.clone(),
                        pdf: Personal::new(FilledPdf(b"%PDF".to_vec())),
                        pages: 1,
                    });
                    for form in &job.forms {
                        let drawn = FormEvent::Drawn { request: job.request, form: form.clone() };
                        self.later(Event::Form(drawn));
                    }
                    FormEvent::Filled { request: job.request, forms: forms.collect() }
                };
                self.later(Event::Form(event));
            }
            Effect::Printer(PrinterCommand::Print(job)) => {
                if faulty {
                    let trouble =
                        self.dice.pick(&[PrinterTrouble::PaperOut, PrinterTrouble::Jam, PrinterTrouble::Offline]);
                    let state =
                        |troubles| Event::Paper(PrinterEvent::State { device: Device::Page, troubles, low: false });
                    self.give(state(vec![trouble]));
                    self.later(state(vec![]));
                }
                for paper in &job.papers {
                    self.printed += 1;
                    let event = if faulty && self.dice.chance(200) {
                        PrinterEvent::Failed { visit: job.visit, form: paper.form.clone() }
                    } else {
                        PrinterEvent::Printed { visit: job.visit, form: paper.form.clone() }
                    };
                    self.later(Event::Paper(event));
                }
                let done = Event::Paper(PrinterEvent::Done { visit: job.visit });
                self.queue.push_back((self.now.plus(if faulty { 70_000 } else { 500 }), done));
            }
            Effect::Printer(PrinterCommand::Slip(slip)) => {
                self.later(Event::Paper(PrinterEvent::Slip { visit: slip.visit, printed: !faulty }));
            }
            Effect::Voice(VoiceCommand::Listen { request, language, .. }) => {
                if faulty {
                    match self.dice.below(5) {
                        0 => self.later(Event::Voice(VoiceEvent::NothingHeard(request))),
                        1 => self.later(Event::Voice(VoiceEvent::NoMicrophone)),
                        2 => {
                            self.later(Event::Voice(VoiceEvent::Gone));
                            self.later(Event::Voice(VoiceEvent::Ready));
                        }
                        3 => self.later(Event::Voice(VoiceEvent::Failed(request))),
                        _ => self.later(Event::Voice(VoiceEvent::Began(request))),
                    }
                    return;
                }
                let text = || Personal::new("わたしの質問".to_owned());
                self.later(Event::Voice(VoiceEvent::Listening(request)));
                self.later(Event::Voice(VoiceEvent::Began(request)));
                self.later(Event::Voice(VoiceEvent::Partial { request, text: text() }));
                self.later(Event::Voice(VoiceEvent::Heard { request, language, text: text() }));
            }
            Effect::Voice(VoiceCommand::Answer { request, .. }) => {
                let id = AnswerId("toilet".to_owned());
                let choice = GuideChoice { id: id.clone(), label: "トイレ".to_owned() };
                let answer = Box::new(GuideAnswer {
                    id: (!faulty).then_some(id),
                    text: "右にあります。".to_owned(),
                    place: None,
                    choices: if self.dice.chance(500) { vec![choice.clone()] } else { vec![] },
                    follow_ups: vec![choice],
                    staff: faulty,
                });
                if !self.dice.chance(self.faults / 4) {
                    self.later(Event::Voice(VoiceEvent::Answered { request, answer }));
                }
            }
            Effect::Voice(VoiceCommand::Say { request, .. }) if !faulty => {
                self.later(Event::Voice(VoiceEvent::Said(request)));
            }
            Effect::Voice(VoiceCommand::Meter(request)) => {
                let percent = self.dice.below(101) as u8;
                self.later(Event::Voice(VoiceEvent::Level { request, percent }));
            }
            Effect::Face(domain::face::FaceCommand::Look) => {
                let guide = self.dice.pick(&Guidance::ALL);
                self.later(Event::Face(if faulty { FaceEvent::NoCamera } else { FaceEvent::Guide(guide) }));
            }
            Effect::Staff(command) => self.staff_port(command, faulty),
            Effect::Setup(command) => self.setup_port(command, faulty),
            Effect::CallStaff(_) => {
                self.later(Event::Staff(if faulty { StaffEvent::NotReached } else { StaffEvent::Reached }));
            }
            _ => {}
        }
    }

    fn insert(&mut self) {
        let kind = if self.dice.chance(self.faults) { CardKind::DriversLicence } else { CardKind::MyNumber };
        self.pin_tries = if self.dice.chance(self.faults) { self.dice.below(3) as u8 } else { 3 };
        self.pin_tries_told = !self.dice.chance(self.faults);
        self.card_there = true;
        let pin_tries = self.pin_tries_told.then_some(self.pin_tries);
        self.give(Event::Card(CardEvent::Inserted { kind, pin_tries }));
    }

    fn remove(&mut self) {
        self.card_there = false;
        self.give(Event::Card(CardEvent::Removed));
    }

    fn touch(&mut self, intent: Intent) {
        // Some people tap twice.
        let twice = self.dice.chance(30);
        self.give(Event::Touch(intent.clone()));
        if twice {
            self.give(Event::Touch(intent));
        }
    }

    /// One thing that a person does here: mostly what the screen asks for, sometimes something else.
    pub fn act(&mut self) {
        if self.dice.chance(self.faults / 4) {
            return self.stray();
        }
        let good = |value: &str| Answer { value: Personal::new(value.to_owned()), fault: None, opens: vec![] };
        match self.visit.state().name() {
            "home" if self.visit.devices().out_of_service || self.dice.chance(60) => {
                self.touch(Intent::Staff(StaffTouch::Door));
            }
            "staff-pin" => {
                let pin = if self.dice.chance(700) { STAFF_PIN } else { "000000" };
                let back = self.dice.chance(200);
                self.touch(match back {
                    true => Intent::Back,
                    false => Intent::Staff(StaffTouch::Pin(Personal::new(StaffPin(pin.to_owned())))),
                });
            }
            "staff-mode" => self.upkeep(),
            "setting-up" => self.first_start(),
            "home" if self.visit.devices().setup && self.dice.chance(300) => {
                self.touch(Intent::Setup(SetupTouch::Begin));
            }
            "home" => {
                let intent = match self.dice.below(6) {
                    0 | 1 => Intent::Begin,
                    2 | 3 => Intent::Toggle(ServiceId("moving".into())),
                    4 => Intent::Talk,
                    _ => Intent::Pick(AnswerId("toilet".into())),
                };
                self.touch(intent);
            }
            "choose" => {
                if self.visit.session().chosen.is_empty() {
                    let id = self.dice.pick(&["moving", "certificate", "taxes"]);
                    self.give(Event::Touch(Intent::Toggle(ServiceId(id.into()))));
                } else {
                    self.touch(Intent::Next);
                }
            }
            "guide" => {
                let intent = match self.dice.below(8) {
                    0 | 1 => Intent::Talk,
                    2 => Intent::Pick(AnswerId("bath.hours".into())),
                    3 => Intent::SayAgain,
                    4 => Intent::Hush,
                    _ => Intent::Back,
                };
                self.touch(intent);
            }
            "consent" => {
                let way = self.dice.pick(&[IdentifyBy::CardAndFace, IdentifyBy::CardAndPin, IdentifyBy::Typing]);
                self.touch(Intent::Identify(way));
            }
            "card" => {
                if self.card_there {
                    self.remove();
                    self.touch(Intent::Identify(IdentifyBy::Typing));
                } else {
                    self.insert();
                }
            }
            "pin" => {
                self.give(Event::Touch(Intent::Next));
                self.touch(Intent::Pin(Personal::new(Pin("pin-entered".into()))));
            }
            "code-b" => {
                self.give(Event::Touch(Intent::Next));
                self.touch(Intent::CodeB(Personal::new(CodeB("55022920301234".into()))));
            }
            "face" => {
                let other = self.dice.chance(100);
                self.touch(if other { Intent::Identify(IdentifyBy::CardAndPin) } else { Intent::FaceAgain });
            }
            "confirm" => match self.visit.session().missing_facts().first().copied() {
                Some(fact) => {
                    let value = match fact {
                        Fact::BirthDate => "1980-02-29",
                        Fact::Sex => "other",
                        _ => "手入力",
                    };
                    let fault = self.dice.chance(self.faults).then_some(InputFault::Missing);
                    let answer = Answer { fault, ..good(value) };
                    self.touch(Intent::Correct(fact, answer));
                }
                None => {
                    self.touch(Intent::Next);
                }
            },
            "ask" => {
                let State::Ask(ask) = self.visit.state() else { unreachable!() };
                let id = ask.question.clone();
                let fault = self.dice.chance(self.faults).then_some(InputFault::TooShort);
                let opens = if id.0 == "who" { vec![self.dice.pick(&["self", "proxy"]).to_owned()] } else { vec![] };
                let answer = Answer { opens, fault, ..good("1") };
                self.touch(Intent::Answer(id, answer));
            }
            "sign" => {
                let at_desk = self.dice.chance(100);
                let signature = Personal::new(Signature(vec![vec![(1, 2), (3, 4)]]));
                self.touch(if at_desk { Intent::SignAtDesk } else { Intent::Sign(signature) });
            }
            "leftover" => {
                if self.card_there {
                    self.remove();
                } else {
                    self.touch(Intent::Next);
                }
            }
            "preview" => {
                let intent = if self.dice.chance(500) { Intent::Print } else { Intent::Next };
                self.touch(intent);
            }
            "collect" => {
                if self.card_there {
                    self.remove();
                }
                self.touch(Intent::Next);
            }
            "rate" => {
                let level = 1 + self.dice.below(5) as u8;
                self.touch(Intent::Rate(level));
            }
            "staff" => self.touch(Intent::Next),
            _ => {}
        }
    }

    fn stray(&mut self) {
        match self.dice.below(16) {
            14 => self.touch(Intent::Staff(StaffTouch::Door)),
            15 => self.touch(Intent::Staff(StaffTouch::Order(MachineOrder::ShutDown))),
            0 => self.remove(),
            1 => self.insert(),
            2 => self.touch(Intent::Back),
            3 => self.touch(Intent::Quit),
            4 => self.touch(Intent::CallStaff),
            5 => self.touch(Intent::Speak(Language::Ko)),
            6 => self.touch(Intent::MoreTime),
            7 => self.touch(Intent::Print),
            8 => self.touch(Intent::Drop(FormId("copy".into()))),
            9 => self.give(Event::Card(CardEvent::NoReader)),
            10 => self.give(Event::Card(CardEvent::ReaderReady)),
            11 => self.touch(Intent::Alive),
            12 => self.touch(Intent::Talk),
            _ => self.touch(Intent::Toggle(ServiceId("taxes".into()))),
        }
    }

    /// Staff come for a card that was left, once they were called.
    fn clear_up(&mut self) {
        if matches!(self.visit.state(), State::Leftover(left) if left.told) && self.card_there {
            self.remove();
        }
    }

    /// One whole visit, from the home screen to the home screen.
    pub fn visit_once(&mut self) {
        let leaves_after = self.dice.chance(self.faults).then(|| self.dice.below(30));
        for turn in 0..400u64 {
            let gone = leaves_after.is_some_and(|after| turn > after);
            if !gone {
                self.act();
            }
            let pause = if gone { 5_000 } else { 100 + self.dice.below(900) };
            self.pass(pause);
            if gone {
                self.clear_up();
            }
            if turn > 0 && self.visit.state().is_home() {
                return;
            }
        }
        // Whoever is still here after that many taps walks away now.
        for _ in 0..1000 {
            self.pass(5_000);
            if self.visit.state().is_home() {
                return;
            }
            self.clear_up();
        }
        panic!("promise 6: a person who walked away is not forgotten in {:?}", self.visit.state().name());
    }
}

/// A machine as staff see it.
pub fn condition() -> Condition {
    Condition {
        version: "0.1.0".to_owned(),
        pack: "town".to_owned(),
        installed: Part::ALL.to_vec(),
        free_mb: 20_000,
        disk_mb: 60_000,
        counts: None,
        volume: Some(60),
        brightness: Some(80),
        stick: None,
    }
}
