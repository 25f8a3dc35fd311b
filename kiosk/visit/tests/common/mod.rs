//! A small invented town and a world of faulty devices and people around the core.

use domain::card::{BirthDate, CardEvent, CardKind, CardReading, CardRefusal, CodeB, Facts, Genuine, Photo, Pin, Sex};
use domain::face::{FaceEvent, Guidance};
use domain::form::{
    Answer, AnswerKind, Choice, Condition, FillRefusal, FilledForm, FilledPdf, FormEvent, FormId, InputFault, Question,
    Signature, ValueId,
};
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble};
use domain::{Date, IdentityTag, Language, Localized, Personal, RequestId, Timestamp, VisitId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use visit::{
    Catalogue, Category, Effect, Event, Fact, FormOutline, IdentifyBy, Intent, Policy, Service, ServiceId, State, Visit,
};

pub fn text(ja: &str) -> Localized {
    Localized { ja: ja.to_owned(), en: Some(ja.to_owned()), zh_hans: Some(ja.to_owned()), ko: Some(ja.to_owned()) }
}

pub fn question(id: &str, answer: AnswerKind, optional: bool, when: Option<(&str, &str)>) -> Question {
    Question {
        id: ValueId(id.to_owned()),
        label: text(id),
        help: None,
        answer,
        optional,
        when: when.map(|(question, is)| Condition { question: ValueId(question.to_owned()), is: vec![is.to_owned()] }),
    }
}

pub fn catalogue() -> Arc<Catalogue> {
    let choice = |id: &str| Choice { id: id.to_owned(), label: text(id) };
    let who = question("who", AnswerKind::One { choices: vec![choice("self"), choice("proxy")] }, false, None);
    let phone = question("phone", AnswerKind::Phone, true, None);
    let proxy = question("proxy_name", AnswerKind::Text { max: 30 }, false, Some(("who", "proxy")));
    let forms = [
        ("move", vec![who.clone(), proxy.clone(), phone.clone()], true),
        ("copy", vec![who, proxy, phone, question("copies", AnswerKind::Digits { min: 1, max: 2 }, false, None)], true),
        ("tax", vec![], false),
    ];
    let service = |id: &str, forms: &[&str]| Service {
        id: ServiceId(id.to_owned()),
        title: text(id),
        reading: "てつづき".to_owned(),
        keywords: vec!["コピー".to_owned()],
        category: "all".to_owned(),
        most_used: Some(1),
        minutes: 2,
        desk: text("1番 市民課"),
        what_to_bring: vec![],
        forms: forms.iter().map(|form| FormId((*form).to_owned())).collect(),
        fee: None,
    };
    Arc::new(Catalogue {
        site: text("渚市役所"),
        categories: vec![Category { id: "all".to_owned(), label: text("すべて"), icon: "house".to_owned() }],
        services: vec![
            service("moving", &["move", "copy"]),
            service("certificate", &["copy"]),
            service("taxes", &["tax"]),
        ],
        forms: forms
            .into_iter()
            .map(|(id, questions, signature)| {
                (FormId(id.to_owned()), FormOutline { title: text(id), questions, signature })
            })
            .collect(),
        queue_qr: Some("Q:{visit}:{forms}".to_owned()),
    })
}

/// The last day of every card here. It is known to the cards alone.
pub const LAST_DAY: Date = Date::constant(2030, 2, 28);

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
    pin_tries: u8,
    card_there: bool,
    last_inserted_tries: Option<u8>,
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
            card_there: false,
            last_inserted_tries: None,
            faults,
            printed: 0,
            completed: 0,
            log: None,
        };
        world.give(Event::Day(Date::constant(2026, 11, 23)));
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
        match &event {
            Event::Card(CardEvent::Inserted { pin_tries, .. }) => self.last_inserted_tries = *pin_tries,
            Event::Card(CardEvent::Removed | CardEvent::NoReader) => self.last_inserted_tries = None,
            _ => {}
        }
        let secret_entered = matches!(&event, Event::Touch(Intent::Pin(_) | Intent::CodeB(_)));
        let before = self.visit.session().visit;
        let effects = match self.log.take() {
            Some(mut log) => {
                let (effects, written) = log.handle(&mut self.visit, self.now, event);
                written.expect("a vector can be written");
                self.log = Some(log);
                effects
            }
            None => self.visit.handle(self.now, event),
        };
        if self.visit.state().is_home() {
            let session = self.visit.session();
            assert!(session.facts.is_empty() && session.answers.is_empty(), "promise 5: nothing outlives the visit");
            assert!(session.signature.is_none() && session.tag.is_none() && session.chosen.is_empty());
        }
        let mut reads = 0;
        for effect in &effects {
            match effect {
                Effect::Card(domain::card::CardCommand::Read { request, secret, .. }) => {
                    reads += 1;
                    assert!(secret_entered, "promise 2: a secret is sent only when it has just been entered");
                    if matches!(secret, domain::card::CardSecret::Pin(_)) {
                        assert!(
                            self.last_inserted_tries.is_none_or(|left| left > 1),
                            "promise 2: never with one try left"
                        );
                    }
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
                    assert!(self.visit.state().is_home());
                    let cancels = Effect::Printer(PrinterCommand::Cancel(before));
                    assert!(effects.contains(&cancels), "promise 1: what an ended visit ordered is cancelled");
                    assert!(effects.contains(&Effect::Card(domain::card::CardCommand::Release)));
                    assert!(effects.contains(&Effect::Face(domain::face::FaceCommand::Stop)));
                }
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
        for effect in effects {
            self.answer(effect);
        }
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
                let why = self.dice.pick(&[
                    CardRefusal::Removed,
                    CardRefusal::Unreadable,
                    CardRefusal::MalformedSecret,
                    CardRefusal::Blocked,
                    CardRefusal::LastTry,
                    CardRefusal::WrongSecret { left: 2 },
                    CardRefusal::Expired,
                    CardRefusal::NoReader,
                    CardRefusal::WrongCard(CardKind::Residence),
                ]);
                if faulty {
                    if matches!((why, &secret), (CardRefusal::WrongSecret { .. }, domain::card::CardSecret::Pin(_))) {
                        self.pin_tries = 2;
                    }
                    self.later(Event::Card(CardEvent::Refused { request, why }));
                } else if today.is_none_or(|today| LAST_DAY < today) {
                    self.later(Event::Card(CardEvent::Refused { request, why: CardRefusal::Expired }));
                } else {
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
            _ => {}
        }
    }

    fn insert(&mut self) {
        let kind = if self.dice.chance(self.faults) { CardKind::DriversLicence } else { CardKind::MyNumber };
        self.pin_tries = if self.dice.chance(self.faults) { self.dice.below(3) as u8 } else { 3 };
        self.card_there = true;
        let pin_tries = Some(self.pin_tries);
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
            "home" => {
                let intent = self.dice.pick(&[0u8, 1]);
                self.touch(if intent == 0 { Intent::Begin } else { Intent::Toggle(ServiceId("moving".into())) });
            }
            "choose" => {
                if self.visit.session().chosen.is_empty() {
                    let id = self.dice.pick(&["moving", "certificate", "taxes"]);
                    self.give(Event::Touch(Intent::Toggle(ServiceId(id.into()))));
                } else {
                    self.touch(Intent::Next);
                }
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
            "sign" => self.touch(Intent::Sign(Personal::new(Signature(vec![vec![(1, 2), (3, 4)]])))),
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
        match self.dice.below(12) {
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
            _ => self.touch(Intent::Toggle(ServiceId("taxes".into()))),
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
        }
        panic!("promise 6: a person who walked away is not forgotten in {:?}", self.visit.state().name());
    }
}
