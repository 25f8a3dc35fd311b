//! Every text of every view, kept as text, a file a language: what a change of words changes is seen where it is read.
//!
//! `MADOGUCHI_GOLDEN=write cargo nextest run -p visit golden` writes them anew.

mod town;

use domain::card::{BirthDate, CardCommand, CardEvent, CardKind, CardReading, CardRefusal, CodeB, Facts, Genuine};
use domain::card::{Photo, Pin, Sex};
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::form::{Answer, FillJob, FillRefusal, FilledForm, FilledPdf, FormEvent, InputFault, Signature, ValueId};
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble};
use domain::setup::{FoundPrinter, PrinterSays, SetupAnswer, SetupCommand, SetupField, Surroundings};
use domain::staff::{
    Condition, Counts, Finding, HostTried, MachineOrder, Part, PinRefusal, Sheet, SheetLine, StaffAnswer, StaffCommand,
    StaffPin, StickOutcome, StickReport,
};
use domain::voice::{AnswerId, GuideAnswer, GuideChoice, PlaceShown, VoiceCommand, VoiceEvent};
use domain::{Date, IdentityTag, Language, Personal, RequestId, Timestamp, VisitId};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use town::catalogue;
use visit::{
    Effect, Event, Fact, IdentifyBy, Intent, PaperHelp, Phrasebook, Policy, ServiceId, SetupPage, SetupTouch,
    StaffEvent, StaffPage, StaffTouch, State, View, Visit,
};

fn surroundings() -> Surroundings {
    Surroundings {
        link: true,
        addresses: vec!["192.0.2.77/24".to_owned()],
        authorities: true,
        readers: vec!["Example Reader 00 00".to_owned()],
        cameras: vec!["Example Camera".to_owned()],
        slip: true,
        sound: vec!["PCH".to_owned()],
    }
}

/// A visit on its way, and everything that was seen on it.
struct Walk {
    visit: Visit,
    words: Phrasebook,
    language: Language,
    now: Timestamp,
    effects: Vec<Effect>,
    seen: String,
}

fn answer(value: &str, fault: Option<InputFault>, opens: &[&str]) -> Answer {
    let opens = opens.iter().map(|choice| (*choice).to_owned()).collect();
    Answer { value: Personal::new(value.to_owned()), fault, opens }
}

impl Walk {
    fn new(language: Language) -> Self {
        let mut walk = Self {
            visit: Visit::new(catalogue(), Policy::default()),
            words: Phrasebook::shipped().unwrap(),
            language,
            now: Timestamp(1000),
            effects: Vec::new(),
            seen: String::new(),
        };
        walk.give(Event::Day(Date::constant(2026, 11, 24)));
        walk.begin_anew();
        walk
    }

    fn begin_anew(&mut self) {
        self.give(Event::Card(CardEvent::Removed));
        self.touch(Intent::Next);
        self.touch(Intent::Quit);
        self.give(Event::Card(CardEvent::Removed));
        self.touch(Intent::Next);
        assert!(self.visit.state().is_home(), "{}", self.visit.state().name());
        self.touch(Intent::Speak(self.language));
    }

    fn give(&mut self, event: Event) {
        self.now = self.now.plus(10);
        self.effects.extend(self.visit.handle(self.now, event));
    }

    fn touch(&mut self, intent: Intent) {
        self.give(Event::Touch(intent));
    }

    fn view(&self) -> View {
        self.visit.view(&self.words)
    }

    /// Keeps the whole view.
    fn look(&mut self, scene: &str) {
        let view = serde_json::to_value(self.view()).unwrap();
        self.keep(scene, &view, &["captions", "faults", "progress"]);
    }

    /// Keeps what stands over the view.
    fn look_over(&mut self, scene: &str) {
        let view = self.view();
        let over = serde_json::json!({ "notice": view.notice, "idle": view.idle });
        self.keep(scene, &over, &[]);
    }

    fn keep(&mut self, scene: &str, value: &Value, without: &[&str]) {
        writeln!(self.seen, "\n## {scene}").unwrap();
        texts("", value, without, &mut self.seen);
    }

    fn request(&self) -> RequestId {
        let request = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Card(CardCommand::Read { request, .. }) => Some(*request),
            Effect::Face(FaceCommand::Match { request, .. } | FaceCommand::Again { request }) => Some(*request),
            _ => None,
        });
        request.unwrap()
    }

    fn job(&self) -> FillJob {
        let job = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fill(job) => Some(job.clone()),
            _ => None,
        });
        job.unwrap()
    }

    /// As far as the ways of making oneself known.
    fn ways(&mut self, service: &str) {
        self.begin_anew();
        for intent in [Intent::Begin, Intent::Toggle(ServiceId(service.into())), Intent::Next] {
            self.touch(intent);
        }
    }

    fn insert(&mut self, kind: CardKind, pin_tries: u8) {
        self.give(Event::Card(CardEvent::Inserted { kind, pin_tries: Some(pin_tries) }));
    }

    fn send(&mut self, way: IdentifyBy) {
        self.touch(Intent::Identify(way));
        self.touch(match way {
            IdentifyBy::CardAndPin => Intent::Pin(Personal::new(Pin("1234".into()))),
            _ => Intent::CodeB(Personal::new(CodeB("55022920301234".into()))),
        });
    }

    fn read(&mut self, genuine: Genuine, photo: bool) {
        let request = self.request();
        let reading = CardReading {
            kind: CardKind::MyNumber,
            facts: Facts {
                name: Personal::new("渚　花子".to_owned()),
                address: Personal::new("渚市海辺町一丁目２番３号".to_owned()),
                birth_date: Personal::new(BirthDate(Date::constant(1980, 2, 29))),
                sex: Personal::new(Sex::Female),
            },
            photo: photo.then(|| Personal::new(Photo(vec![1]))),
            genuine,
            tag: IdentityTag(7),
        };
        self.give(Event::Card(CardEvent::Read { request, reading: Box::new(reading) }));
    }

    fn confirmed_by_card(&mut self, service: &str) {
        self.ways(service);
        self.insert(CardKind::MyNumber, 3);
        self.send(IdentifyBy::CardAndPin);
        self.read(Genuine::Yes, false);
    }

    fn answer_all(&mut self) {
        while let State::Ask(ask) = self.visit.state() {
            let id = ask.question.clone();
            let opens: &[&str] = if id.0 == "who" { &["self"] } else { &[] };
            self.touch(Intent::Answer(id, answer("1", None, opens)));
        }
    }

    fn fill(&mut self) {
        let job = self.job();
        let forms = job.forms.iter().map(|form| FilledForm {
            visit: job.visit,
            tag: job.tag,
            form: form.clone(),
            pdf: Personal::new(FilledPdf(b"%PDF".to_vec())),
            pages: 1,
        });
        let filled = FormEvent::Filled { request: job.request, forms: forms.collect() };
        self.give(Event::Form(filled));
        for form in job.forms {
            self.give(Event::Form(FormEvent::Drawn { request: job.request, form }));
        }
    }

    fn printer(&mut self, troubles: Vec<PrinterTrouble>) {
        self.give(Event::Paper(PrinterEvent::State { device: Device::Page, troubles, low: false }));
    }

    fn printing(&self) -> VisitId {
        let visit = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Printer(PrinterCommand::Print(job)) => Some(job.visit),
            _ => None,
        });
        visit.unwrap()
    }

    fn all(&mut self) {
        let captions = serde_json::to_value(self.view().captions).unwrap();
        self.keep("captions", &captions, &[]);
        self.look("home");
        self.printer(vec![PrinterTrouble::PaperOut]);
        self.look("home: the printer waits");
        self.give(Event::Card(CardEvent::NoReader));
        self.look("home: out of order");
        self.printer(vec![]);
        self.give(Event::Card(CardEvent::ReaderReady));
        self.touch(Intent::Begin);
        let progress = serde_json::to_value(self.view().progress).unwrap();
        self.keep("steps", &progress, &[]);
        self.look("choose");
        self.touch(Intent::Toggle(ServiceId("moving".into())));
        self.look("choose: one");
        self.touch(Intent::Next);
        self.look("consent");
        self.identify();
        self.confirm_and_ask();
        self.papers();
        self.ends();
        self.guide();
        self.first_start();
        self.upkeep();
    }

    fn set(&mut self, touch: SetupTouch) {
        self.touch(Intent::Setup(touch));
    }

    /// Answers what the port of the first start was asked last.
    fn setup_answers(&mut self, answer: impl FnOnce(RequestId) -> SetupAnswer) {
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
        self.give(Event::Setup(answer(asked.unwrap())));
    }

    fn typed(&mut self, field: SetupField, text: &str) {
        self.set(SetupTouch::Field(field));
        self.set(SetupTouch::Typed(text.to_owned()));
    }

    fn first_start(&mut self) {
        self.begin_anew();
        self.give(Event::Setup(SetupAnswer::Offered));
        self.look("first start: home");
        self.set(SetupTouch::Begin);
        self.touch(Intent::Speak(self.language));
        let progress = serde_json::to_value(self.view().progress).unwrap();
        self.keep("first start: steps", &progress, &[]);
        self.look("first start: language");
        self.touch(Intent::Next);
        self.look("first start: network, not seen yet");
        self.setup_answers(|request| SetupAnswer::Seen(request, Box::default()));
        self.look("first start: network, nothing there");
        self.set(SetupTouch::Go(SetupPage::Network));
        self.setup_answers(|request| SetupAnswer::Seen(request, Box::new(surroundings())));
        self.look("first start: network");
        self.set(SetupTouch::Go(SetupPage::Address));
        self.look("first start: address");
        for (address, gateway) in [
            ("", ""),
            ("192.0.2", ""),
            ("192.0.2.5", ""),
            ("192.0.2.0/24", ""),
            ("192.0.2.5/24", "192.0.3.1"),
            ("192.0.2.5/24", "192.0.2.5"),
        ] {
            self.typed(SetupField::Address, address);
            self.typed(SetupField::Gateway, gateway);
            self.touch(Intent::Next);
            self.look_over(&format!("first start: address {address:?} {gateway:?}"));
            self.set(SetupTouch::Mend);
        }
        self.typed(SetupField::Gateway, "192.0.2.1");
        self.typed(SetupField::Dns, "192.0.2.2");
        self.touch(Intent::Next);
        self.set(SetupTouch::Go(SetupPage::Proxy));
        self.look("first start: proxy");
        self.typed(SetupField::Proxy, "proxy");
        self.touch(Intent::Next);
        self.look_over("first start: no proxy");
        self.set(SetupTouch::Mend);
        self.typed(SetupField::Proxy, "proxy.example.lg.jp:8080");
        self.touch(Intent::Next);
        self.look("first start: network, chosen");
        self.printers_and_devices();
        self.first_pin();
        self.look("first start: summary");
        self.set(SetupTouch::Finish);
        self.look("first start: applying");
        self.setup_answers(|request| SetupAnswer::Refused(request, "page-printer".to_owned()));
        self.look_over("first start: refused");
        self.set(SetupTouch::Finish);
        self.setup_answers(SetupAnswer::Failed);
        self.look_over("first start: no answer");
        self.set(SetupTouch::Finish);
        self.setup_answers(SetupAnswer::Taken);
        self.look("first start: taken");
        self.now = self.now.plus(160_000);
        self.look_over("first start: idle");
        self.now = self.now.plus(160_000);
        self.give(Event::Tick);
        self.give(Event::Setup(SetupAnswer::JustSet(self.language)));
        self.look("first start: ready");
        self.set(SetupTouch::Print);
        self.look("first start: ready, printing");
        self.staff_answers(StaffAnswer::Failed);
        self.look("first start: ready, not printed");
        self.touch(Intent::Next);
        assert!(self.visit.state().is_home());
    }

    fn printers_and_devices(&mut self) {
        let uri = || "ipp://192.0.2.10/ipp/print".to_owned();
        self.touch(Intent::Next);
        self.look("first start: printers, searching");
        self.set(SetupTouch::Search);
        self.setup_answers(|request| SetupAnswer::Found { request, printers: Vec::new(), over: true });
        self.look("first start: no printer");
        self.set(SetupTouch::Search);
        let printers = vec![
            FoundPrinter { name: "Hall 1".to_owned(), model: "Example 3000".to_owned(), uri: uri() },
            FoundPrinter { name: "Hall 2".to_owned(), model: String::new(), uri: "ipp://192.0.2.11/ipp".to_owned() },
        ];
        self.setup_answers(|request| SetupAnswer::Found { request, printers, over: true });
        self.look("first start: printers");
        for says in [PrinterSays::Nothing, PrinterSays::NoPdf, PrinterSays::Good] {
            self.set(SetupTouch::Printer(uri()));
            if says == PrinterSays::Good {
                self.look("first start: a printer is asked");
            }
            self.setup_answers(|request| SetupAnswer::Tried(request, says));
            self.look_over(&format!("first start: a printer, {says:?}"));
            self.set(SetupTouch::Mend);
        }
        self.look("first start: a printer");
        self.set(SetupTouch::Go(SetupPage::PrinterAddress));
        self.look("first start: printer's address");
        self.typed(SetupField::Printer, "192.0.2");
        self.touch(Intent::Next);
        self.look_over("first start: no printer's address");
        self.set(SetupTouch::Go(SetupPage::Printer));
        self.set(SetupTouch::NoPrinter);
        self.look("first start: without a printer");
        self.touch(Intent::Next);
        self.setup_answers(|request| SetupAnswer::Seen(request, Box::default()));
        self.look("first start: no devices");
        self.set(SetupTouch::Go(SetupPage::Devices));
        self.setup_answers(|request| SetupAnswer::Seen(request, Box::new(surroundings())));
        self.look("first start: devices");
        self.touch(Intent::Next);
    }

    fn first_pin(&mut self) {
        let pin = || Intent::Staff(StaffTouch::Pin(Personal::new(StaffPin("482915".to_owned()))));
        self.look("first start: PIN");
        self.touch(pin());
        self.look("first start: PIN again");
        self.touch(pin());
        self.look("first start: PIN sent");
        self.setup_answers(SetupAnswer::PinsDiffer);
        self.look("first start: PINs differ");
        for answer in [SetupAnswer::Failed as fn(_) -> _, SetupAnswer::PinKept] {
            self.touch(pin());
            self.touch(pin());
            self.setup_answers(answer);
            self.look("first start: PIN judged");
        }
    }

    /// The last question that went to the port of staff mode.
    fn staff_asked(&self) -> RequestId {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Staff(StaffCommand::Open { request, .. } | StaffCommand::Draw { request, .. }) => Some(*request),
            Effect::Staff(
                StaffCommand::Look(request)
                | StaffCommand::Reach(request)
                | StaffCommand::Diagnose(request, _)
                | StaffCommand::Export(request)
                | StaffCommand::Machine(request, _),
            ) => Some(*request),
            _ => None,
        });
        asked.unwrap()
    }

    fn staff(&mut self, touch: StaffTouch) {
        self.touch(Intent::Staff(touch));
    }

    /// Through the door; whoever leaves leaves the language behind.
    fn door(&mut self) {
        self.staff(StaffTouch::Door);
        self.touch(Intent::Speak(self.language));
    }

    fn staff_answers(&mut self, answer: impl FnOnce(RequestId) -> StaffAnswer) {
        let answer = answer(self.staff_asked());
        self.give(Event::StaffMode(answer));
    }

    /// To a page of staff mode, with what is said of the machine.
    fn go(&mut self, page: StaffPage) {
        self.staff(StaffTouch::Go(page));
        if matches!(page, StaffPage::States | StaffPage::Levels) {
            self.staff_answers(|request| StaffAnswer::Seen(request, Box::new(condition())));
        }
    }

    fn upkeep(&mut self) {
        self.begin_anew();
        self.give(Event::Face(FaceEvent::CameraReady));
        self.give(Event::StaffMode(StaffAnswer::Installed { out_of_service: false }));
        self.door();
        self.look("staff: PIN");
        let pin = || StaffTouch::Pin(Personal::new(StaffPin("482915".to_owned())));
        for (why, wait_ms) in [
            (PinRefusal::Wrong, 0),
            (PinRefusal::Locked, 30_000),
            (PinRefusal::Locked, 3_600_000),
            (PinRefusal::NoRecord, 0),
        ] {
            self.now = self.now.plus(31_000);
            self.staff(pin());
            self.staff_answers(|request| StaffAnswer::Refused { request, why, wait_ms });
            let body = serde_json::to_value(self.view().body).unwrap();
            self.keep(&format!("staff: PIN, {why:?}, {wait_ms}"), &body, &[]);
            self.touch(Intent::Back);
            self.door();
        }
        self.staff(pin());
        self.staff_answers(StaffAnswer::Opened);
        self.look("staff: menu");
        self.go(StaffPage::States);
        self.look("staff: states");
        self.go(StaffPage::Paper);
        self.look("staff: paper");
        for help in PaperHelp::ALL {
            self.go(StaffPage::PaperHelp(help));
            self.look(&format!("staff: help, {help:?}"));
        }
        self.staff_tests();
        self.go(StaffPage::Levels);
        self.look("staff: levels");
        self.go(StaffPage::Report);
        self.look("staff: report");
        self.staff_answers(StaffAnswer::Failed);
        self.look("staff: report failed");
        self.go(StaffPage::Diagnosis);
        self.look("staff: diagnosis under way");
        self.staff_answers(|request| StaffAnswer::Diagnosed(request, vec!["a: b".to_owned()]));
        self.look("staff: diagnosis");
        self.staff(StaffTouch::Export);
        self.staff_answers(StaffAnswer::NotAvailable);
        self.look("staff: no stick");
        for order in MachineOrder::ALL {
            self.go(StaffPage::Sure(order));
            self.look(&format!("staff: sure, {order:?}"));
            self.staff(StaffTouch::Order(order));
            self.staff_answers(StaffAnswer::NotAvailable);
        }
        self.look("staff: not here");
        self.sticks();
        self.go(StaffPage::Menu);
        self.staff(StaffTouch::OutOfService(true));
        self.look("staff: menu, out of service");
        self.now = self.now.plus(160_000);
        self.look_over("staff: idle");
        self.touch(Intent::Quit);
        self.touch(Intent::Speak(self.language));
        self.look("home: out of service");
        self.touch(Intent::CallStaff);
        self.look("staff: called, out of service");
    }

    /// What may be said of a stick.
    fn sticks(&mut self) {
        let read = |of: StickReport| StickReport { at: "2026-11-24 09:12".to_owned(), ..of };
        let all = |outcome| StickReport {
            found: true,
            settings: outcome,
            authorities: outcome,
            update: outcome,
            ..StickReport::default()
        };
        let why = Some("name".to_owned());
        for (name, report) in [
            ("none", StickReport::default()),
            ("empty", all(StickOutcome::Absent)),
            ("under way", all(StickOutcome::UnderWay)),
            ("taken", all(StickOutcome::Taken)),
            ("same", all(StickOutcome::Same)),
            ("refused", StickReport { why, ..all(StickOutcome::Refused) }),
        ] {
            self.go(StaffPage::Sure(MachineOrder::Stick));
            self.staff(StaffTouch::Order(MachineOrder::Stick));
            self.staff_answers(StaffAnswer::Failed);
            let condition = Condition { stick: Some(read(report)), ..condition() };
            self.staff_answers(|request| StaffAnswer::Seen(request, Box::new(condition)));
            self.look(&format!("staff: stick, {name}"));
        }
    }

    fn staff_tests(&mut self) {
        self.go(StaffPage::Tests);
        self.look("staff: tests");
        for part in Part::ALL {
            self.go(StaffPage::Test(part));
            self.look(&format!("staff: test, {part:?}"));
            if part == Part::Network {
                let host = HostTried { name: "printer:631".to_owned(), reached: false };
                self.staff_answers(|request| StaffAnswer::Reached(request, vec![host]));
            }
            self.staff(StaffTouch::Works(false));
            self.now = self.now.plus(91_000);
            // What is no touch does not keep it open.
            self.touch(Intent::MoreTime);
            self.give(Event::Tick);
            self.look(&format!("staff: test failed, {part:?}"));
        }
        self.printer(vec![PrinterTrouble::Jam]);
        self.go(StaffPage::Test(Part::PagePrinter));
        self.look("staff: test, a printer in trouble");
        self.go(StaffPage::Paper);
        self.look("staff: paper, a printer in trouble");
        self.give(Event::Paper(PrinterEvent::State { device: Device::Page, troubles: vec![], low: true }));
        self.look("staff: paper, getting low");
        self.printer(vec![]);
        self.go(StaffPage::Tests);
        self.look("staff: tests made");
    }

    /// The last request that went to the voice port.
    fn asked(&self) -> RequestId {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Voice(
                VoiceCommand::Listen { request, .. }
                | VoiceCommand::Answer { request, .. }
                | VoiceCommand::Say { request, .. },
            ) => Some(*request),
            _ => None,
        });
        asked.unwrap()
    }

    fn answered(&mut self, id: Option<&str>, choices: &[&str]) {
        let offered = |ids: &[&str]| -> Vec<GuideChoice> {
            ids.iter().map(|id| GuideChoice { id: AnswerId((*id).to_owned()), label: (*id).to_owned() }).collect()
        };
        let answer = Box::new(GuideAnswer {
            id: id.map(|id| AnswerId(id.to_owned())),
            text: "answer".to_owned(),
            place: id.map(|_| PlaceShown { name: "bath".to_owned(), away: "2".to_owned(), metres: 90, bearing: 45 }),
            follow_ups: if id.is_some() { offered(&["toilet"]) } else { Vec::new() },
            choices: offered(choices),
            staff: false,
        });
        let request = self.asked();
        self.give(Event::Voice(VoiceEvent::Answered { request, answer }));
    }

    fn guide(&mut self) {
        self.begin_anew();
        self.give(Event::Voice(VoiceEvent::Ready));
        self.look("home: with a guide");
        self.touch(Intent::Talk);
        self.look("guide: opens");
        let request = self.asked();
        self.give(Event::Voice(VoiceEvent::Listening(request)));
        self.look("guide: listens");
        self.give(Event::Voice(VoiceEvent::Began(request)));
        self.look("guide: hears");
        let (text, language) = (Personal::new("question".to_owned()), self.language);
        self.give(Event::Voice(VoiceEvent::Heard { request, language, text }));
        self.look("guide: thinks");
        self.answered(Some("bath.hours"), &[]);
        self.look("guide: speaks");
        let request = self.asked();
        self.give(Event::Voice(VoiceEvent::Said(request)));
        self.look("guide: waits");
        self.touch(Intent::Pick(AnswerId("toilet".to_owned())));
        self.answered(None, &["toilet", "bath.hours"]);
        self.look("guide: asks back");
        for scene in ["guide: does not know", "guide: does not know again"] {
            self.touch(Intent::Talk);
            let (request, text) = (self.asked(), Personal::new("question".to_owned()));
            self.give(Event::Voice(VoiceEvent::Heard { request, language, text }));
            self.answered(None, &[]);
            self.look(scene);
        }
        self.touch(Intent::Talk);
        let request = self.asked();
        self.give(Event::Voice(VoiceEvent::NothingHeard(request)));
        self.look("guide: nothing heard");
        self.touch(Intent::Talk);
        self.give(Event::Voice(VoiceEvent::NoMicrophone));
        self.look("guide: no microphone");
        self.touch(Intent::Talk);
        self.now = self.now.plus(20_000);
        self.give(Event::Tick);
        self.look("guide: failed");
    }

    fn identify(&mut self) {
        self.touch(Intent::Identify(IdentifyBy::CardAndPin));
        self.look("card");
        for kind in [CardKind::Phone, CardKind::Residence, CardKind::DriversLicence, CardKind::Unknown] {
            self.insert(kind, 3);
            self.look_over(&format!("card: {kind:?}"));
        }
        for (tries, scene) in [(1, "card: last try"), (0, "card: blocked")] {
            self.insert(CardKind::MyNumber, tries);
            self.touch(Intent::Identify(IdentifyBy::CardAndPin));
            self.look_over(scene);
        }
        self.insert(CardKind::MyNumber, 3);
        self.look("pin");
        self.touch(Intent::Identify(IdentifyBy::CardAndFace));
        self.look("code-b");
        let refusals = [
            CardRefusal::Removed,
            CardRefusal::WrongSecret { left: 3 },
            CardRefusal::WrongSecret { left: 2 },
            CardRefusal::LastTry,
            CardRefusal::Blocked,
            CardRefusal::MalformedSecret,
            CardRefusal::Unreadable,
            CardRefusal::NoReader,
        ];
        for way in [IdentifyBy::CardAndPin, IdentifyBy::CardAndFace] {
            for why in refusals {
                self.ways("moving");
                self.insert(CardKind::MyNumber, 3);
                self.send(way);
                let request = self.request();
                self.give(Event::Card(CardEvent::Refused { request, why }));
                self.look_over(&format!("refused: {way:?}, {why:?}"));
            }
        }
        self.ways("moving");
        self.insert(CardKind::MyNumber, 3);
        self.send(IdentifyBy::CardAndPin);
        self.look("reading");
        self.read(Genuine::No, false);
        self.look_over("refused: not genuine");
        self.ways("moving");
        self.insert(CardKind::MyNumber, 3);
        self.send(IdentifyBy::CardAndFace);
        self.read(Genuine::Yes, false);
        self.look_over("refused: no photo");
        // A card that lay there before anybody came.
        self.begin_anew();
        self.insert(CardKind::MyNumber, 3);
        for intent in [Intent::Begin, Intent::Toggle(ServiceId("moving".into())), Intent::Next] {
            self.touch(intent);
        }
        self.touch(Intent::Identify(IdentifyBy::CardAndPin));
        self.look_over("refused: lay there before");
        self.faces();
    }

    fn faces(&mut self) {
        self.ways("moving");
        self.insert(CardKind::MyNumber, 3);
        self.send(IdentifyBy::CardAndFace);
        self.read(Genuine::Yes, true);
        self.look("face");
        for guidance in Guidance::ALL {
            self.give(Event::Face(FaceEvent::Guide(guidance)));
            let body = serde_json::to_value(self.view().body).unwrap();
            self.keep(&format!("face: {guidance:?}"), &body, &[]);
        }
        self.give(Event::Face(FaceEvent::NoCamera));
        self.look_over("face: no camera");
        self.touch(Intent::FaceAgain);
        for attempt in 1..=5 {
            let request = self.request();
            self.give(Event::Face(FaceEvent::Different(request)));
            if attempt == 1 || attempt == 5 {
                self.look_over(&format!("face: different {attempt}"));
            }
            self.touch(Intent::FaceAgain);
        }
        self.touch(Intent::Identify(IdentifyBy::CardAndFace));
        self.look_over("consent: face tries used up");
        self.ways("moving");
        self.insert(CardKind::MyNumber, 3);
        self.send(IdentifyBy::CardAndFace);
        self.read(Genuine::Yes, true);
        self.now = self.now.plus(30_000);
        self.give(Event::Tick);
        self.look_over("face: timed out");
        let request = self.request();
        self.give(Event::Face(FaceEvent::PhotoUnusable(request)));
        self.look_over("face: photo unusable");
    }

    fn confirm_and_ask(&mut self) {
        self.ways("moving");
        self.touch(Intent::Identify(IdentifyBy::Typing));
        self.look("confirm: typing");
        for (fact, value) in
            [(Fact::Name, "名"), (Fact::Address, "所"), (Fact::BirthDate, "1980-02-29"), (Fact::Sex, "female")]
        {
            self.touch(Intent::Correct(fact, answer(value, None, &[])));
        }
        self.look("confirm: typed");
        self.confirmed_by_card("moving");
        self.look("confirm: genuine");
        self.touch(Intent::Correct(Fact::Name, answer("名", None, &[])));
        self.look("confirm: changed");
        let faults = [
            InputFault::Missing,
            InputFault::TooLong,
            InputFault::TooShort,
            InputFault::WrongCharacters,
            InputFault::NoSuchDate,
            InputFault::NotAChoice,
            InputFault::LooksLikeIndividualNumber,
        ];
        for fault in faults {
            self.touch(Intent::Correct(Fact::Name, answer("名", Some(fault), &[])));
            self.look_over(&format!("fault: {fault:?}"));
        }
        self.touch(Intent::Correct(Fact::Name, answer("名", None, &[])));
        self.touch(Intent::Next);
        self.look("ask");
        self.answer_all();
        self.look("sign");
        self.touch(Intent::Sign(Personal::new(Signature(vec![vec![(1, 2), (300, 4)]]))));
        self.look("preview: filling");
        self.touch(Intent::Back);
        self.look("sign: signed");
        self.touch(Intent::Next);
    }

    fn papers(&mut self) {
        let refusals = [
            FillRefusal::Missing(vec![ValueId("phone".into()), ValueId("who".into()), ValueId("signature".into())]),
            FillRefusal::Undrawable(ValueId("name".into())),
            FillRefusal::DoesNotFit(ValueId("address".into())),
            FillRefusal::BrokenForm,
        ];
        for why in refusals {
            let job = self.job();
            let scene = format!("fill: {why:?}");
            self.give(Event::Form(FormEvent::Refused { request: job.request, form: job.forms[0].clone(), why }));
            self.look_over(&scene);
        }
        self.fill();
        self.look("preview");
        self.touch(Intent::Print);
        self.look("printing");
        let troubles = [
            PrinterTrouble::PaperOut,
            PrinterTrouble::Jam,
            PrinterTrouble::DoorOpen,
            PrinterTrouble::TonerOut,
            PrinterTrouble::OutputFull,
            PrinterTrouble::WrongMedia,
            PrinterTrouble::Paused,
            PrinterTrouble::Offline,
            PrinterTrouble::Broken,
        ];
        for trouble in troubles {
            self.printer(vec![trouble]);
            self.look_over(&format!("printer: {trouble:?}"));
        }
        self.printer(vec![]);
        let (visit, forms) = (self.printing(), self.job().forms);
        self.give(Event::Paper(PrinterEvent::Printed { visit, form: forms[0].clone() }));
        self.give(Event::Paper(PrinterEvent::Failed { visit, form: forms[1].clone() }));
        self.give(Event::Paper(PrinterEvent::Done { visit }));
        self.look("collect: the card lies here");
        self.give(Event::Card(CardEvent::Removed));
        self.look("collect: one failed");
    }

    fn ends(&mut self) {
        let to_print = |walk: &mut Self| {
            walk.confirmed_by_card("taxes");
            walk.touch(Intent::Next);
            walk.fill();
            walk.touch(Intent::Print);
            let (visit, form) = (walk.printing(), walk.job().forms[0].clone());
            walk.give(Event::Paper(PrinterEvent::Printed { visit, form }));
        };
        let done = |walk: &mut Self| {
            let visit = walk.printing();
            walk.give(Event::Paper(PrinterEvent::Done { visit }));
            walk.give(Event::Card(CardEvent::Removed));
        };
        to_print(self);
        done(self);
        self.look("collect");
        self.touch(Intent::Next);
        self.look("rate");
        self.touch(Intent::CallStaff);
        self.look("staff: calling");
        self.give(Event::Staff(StaffEvent::Reached));
        self.look("staff: reached");
        self.give(Event::Staff(StaffEvent::NotReached));
        self.look("staff: not reached");
        to_print(self);
        self.touch(Intent::Quit);
        self.look("leftover: both");
        self.touch(Intent::Next);
        self.look("leftover: card");
        self.give(Event::Card(CardEvent::Removed));
        to_print(self);
        done(self);
        self.touch(Intent::Quit);
        self.look("leftover: papers");
        self.touch(Intent::Next);
        self.ways("moving");
        self.now = self.now.plus(150_000);
        self.give(Event::Tick);
        self.look_over("idle");
        self.now = self.now.plus(29_000);
        self.look_over("idle: the last second");
        self.give(Event::Face(FaceEvent::NotInstalled));
        self.touch(Intent::MoreTime);
        self.look("consent: no camera");
    }
}

/// A machine as staff see it.
fn condition() -> Condition {
    let day = Date::constant(2026, 11, 24);
    Condition {
        version: "0.1.0".to_owned(),
        pack: "town".to_owned(),
        installed: Part::ALL.to_vec(),
        free_mb: 20_480,
        disk_mb: 61_440,
        counts: Some(Counts { day, visits: 48, completed: 43, printed: 97, troubles: 1 }),
        volume: Some(60),
        brightness: Some(80),
        stick: None,
    }
}

/// One line a text, by where it stands. What is no text for a person is left out.
fn texts(path: &str, value: &Value, without: &[&str], out: &mut String) {
    const NO_TEXTS: [&str; 16] = [
        "settings",
        "intent",
        "icon",
        "kind",
        "category",
        "categories",
        "id",
        "screen",
        "state",
        "fact",
        "question",
        "form",
        "personal",
        "guidance",
        "turn",
        "mark",
    ];
    match value {
        Value::String(text) => writeln!(out, "{path}: {text}").unwrap(),
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                texts(&format!("{path}.{at}"), value, without, out);
            }
        }
        Value::Object(values) => {
            for (key, value) in values.iter().filter(|(key, _)| !NO_TEXTS.contains(&key.as_str())) {
                if !without.contains(&key.as_str()) {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    texts(&path, value, without, out);
                }
            }
        }
        _ => {}
    }
}

fn golden(language: Language) {
    let mut walk = Walk::new(language);
    walk.all();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{}.txt", language.tag()));
    let seen = walk.seen.trim_start();
    if std::env::var_os("MADOGUCHI_GOLDEN").is_some_and(|how| how == "write") {
        return std::fs::write(path, seen).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (at, (known, seen)) in known.lines().zip(seen.lines()).enumerate() {
        assert_eq!(known, seen, "{}, line {}", path.display(), at + 1);
    }
    assert_eq!(known.lines().count(), seen.lines().count(), "{}", path.display());
}

#[test]
fn the_report_says_what_every_test_found_and_what_to_do() {
    let words = Phrasebook::shipped().unwrap();
    let findings =
        vec![(Part::Reader, Some(Finding::Good)), (Part::Camera, Some(Finding::Absent)), (Part::Touch, None)];
    let lines = visit::sheet(&words, &Sheet::Report(findings), "hall-1", "2026-11-24 09:00", &condition());
    let rows: Vec<_> = lines
        .iter()
        .map(|line| match line {
            SheetLine::Heading(text) | SheetLine::Text(text) => text.clone(),
            SheetLine::Row(name, text) => format!("{name}|{text}"),
        })
        .collect();
    assert_eq!(rows[..4], ["窓口端末 点検結果", "端末|hall-1", "日時|2026-11-24 09:00", "カード読取機|正常です"]);
    assert_eq!(rows[4], "カメラ|つながっていません");
    assert!(rows[5].starts_with("|レンズ"), "{}", rows[5]);
    assert_eq!(rows[6], "タッチ画面|まだ確かめていません");
    assert!(rows.iter().any(|row| row.starts_with("今日の利用|利用48件")), "{rows:?}");
}

#[test]
fn japanese() {
    golden(Language::Ja);
}

#[test]
fn english() {
    golden(Language::En);
}

#[test]
fn chinese() {
    golden(Language::ZhHans);
}

#[test]
fn korean() {
    golden(Language::Ko);
}
