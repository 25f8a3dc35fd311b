//! What a visit holds while it lasts, and what is known of the devices.

use crate::intent::{Fact, IdentifyBy};
use crate::service::{Catalogue, ServiceId};
use crate::view::Settings;
use crate::{Effect, Event, StaffEvent, StaffReason};
use domain::card::{BirthDate, CardEvent, CardKind, CardReading, CardRefusal, Facts, Genuine, Sex};
use domain::face::FaceEvent;
use domain::form::{Answer, FormId, Provenance, Question, Signature, ValueId, Values};
use domain::kpi::{Kpi, KpiName};
use domain::paper::{Device, PrinterEvent, PrinterTrouble};
use domain::setup::SetupAnswer;
use domain::staff::StaffAnswer;
use domain::voice::VoiceEvent;
use domain::{Date, IdentityTag, Personal, Private, RequestId, Timestamp, VisitId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One of the four facts as it will stand on the forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactDraft {
    /// As edited: text; `YYYY-MM-DD`; `male`, `female`, `other`.
    pub raw: Personal<String>,
    /// By hand, not from a card.
    pub typed: bool,
}

/// Everything a visit holds. Dropping it overwrites every personal value.
#[derive(Debug, PartialEq, Eq, Default, Serialize)]
pub struct Session {
    /// Its number.
    pub visit: VisitId,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How things are shown.
    pub settings: Settings,
    /// Chosen services, in the order of choosing.
    pub chosen: Vec<ServiceId>,
    /// Forms taken out again.
    pub dropped: BTreeSet<FormId>,
    /// How the person made themselves known.
    pub way: Option<IdentifyBy>,
    /// Whose facts these are: that of the card reading.
    pub tag: Option<IdentityTag>,
    /// What was found about the card; `None` when the facts were typed.
    pub genuine: Option<Genuine>,
    /// The facts so far.
    pub facts: BTreeMap<Fact, FactDraft>,
    /// Answers so far.
    pub answers: BTreeMap<ValueId, Answer>,
    /// The signature.
    pub signature: Option<Personal<Signature>>,
    /// Signs the papers at the desk instead.
    pub sign_at_desk: bool,
    /// Face tries used.
    pub face_tries: u8,
    /// The person chose the language.
    pub language_chosen: bool,
    /// All papers came out, or a question was answered.
    pub completed: bool,
    /// How often the person asked for more time.
    asked_for_time: u8,
}

impl Session {
    /// A person who needs more time gets it: each request lengthens every later time-out.
    pub(crate) fn more_time(&mut self) {
        self.asked_for_time = self.asked_for_time.saturating_add(1);
    }

    /// The factor on every idle time-out, up to ten (WCAG 2.2.1: extended at least ten times).
    pub(crate) fn patience(&self) -> u64 {
        1 + u64::from(self.asked_for_time.min(9))
    }

    /// The forms to be filled, in order.
    pub fn forms(&self, catalogue: &Catalogue) -> Vec<FormId> {
        let mut forms = catalogue.forms_of(&self.chosen);
        forms.retain(|form| !self.dropped.contains(form));
        forms
    }

    /// The questions that are open to this person, in order, given the answers so far.
    pub fn questions<'c>(&self, catalogue: &'c Catalogue) -> Vec<&'c Question> {
        let all = catalogue.questions_of(&self.forms(catalogue));
        // Each opens only what an open question was answered to: an answer that was given before something else was chosen
        // instead decides nothing any more. No chain is longer than there are questions.
        let open = |mut question: &'c Question| {
            for _ in 0..=all.len() {
                let Some(when) = &question.when else { return true };
                let opened = self.answers.get(&when.question).map_or(&[][..], |answer| &answer.opens);
                if !opened.iter().any(|choice| when.is.contains(choice)) {
                    return false;
                }
                let Some(decider) = all.iter().find(|other| other.id == when.question) else { return true };
                question = decider;
            }
            false
        };
        all.iter().copied().filter(|question| open(question)).collect()
    }

    /// Whether one of the forms wants a signature.
    pub fn needs_signature(&self, catalogue: &Catalogue) -> bool {
        self.forms(catalogue).iter().filter_map(|form| catalogue.forms.get(form)).any(|form| form.signature)
    }

    /// Takes the facts of a card. What was typed or signed before is replaced: a new reading is a new person.
    pub(crate) fn take(&mut self, reading: &CardReading) {
        self.signature = None;
        let facts = &reading.facts;
        let sex = match facts.sex.reveal() {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Other => "other",
        };
        let drafts = [
            (Fact::Name, facts.name.clone()),
            (Fact::Address, facts.address.clone()),
            (Fact::BirthDate, Personal::new(facts.birth_date.reveal().0.to_string())),
            (Fact::Sex, Personal::new(sex.to_owned())),
        ];
        self.facts = drafts.into_iter().map(|(fact, raw)| (fact, FactDraft { raw, typed: false })).collect();
        self.tag = Some(reading.tag);
        self.genuine = Some(reading.genuine);
    }

    /// Forgets what came from a card. What the person chose, answered and typed stays: going back loses nothing.
    pub(crate) fn unidentify(&mut self) {
        if self.tag.is_some() {
            self.facts.clear();
            self.tag = None;
            self.genuine = None;
            self.signature = None;
        }
    }

    /// Where the facts come from.
    pub fn provenance(&self) -> Provenance {
        match self.genuine {
            None => Provenance::Typed,
            Some(_) if self.facts.values().any(|draft| draft.typed) => Provenance::CardChanged,
            Some(Genuine::Yes) => Provenance::Card,
            Some(_) => Provenance::CardUnchecked,
        }
    }

    /// Facts that are still missing.
    pub fn missing_facts(&self) -> Vec<Fact> {
        Fact::ALL.into_iter().filter(|fact| !self.facts.contains_key(fact)).collect()
    }

    /// What the forms are filled with. Answers to questions that are not open (any more) are left out.
    pub(crate) fn values(&self, catalogue: &Catalogue, today: Date) -> Values {
        let open: BTreeSet<&ValueId> = self.questions(catalogue).into_iter().map(|question| &question.id).collect();
        let raw = |fact| self.facts.get(&fact).map(|draft| draft.raw.clone());
        let facts = match (raw(Fact::Name), raw(Fact::Address), raw(Fact::BirthDate), raw(Fact::Sex)) {
            (Some(name), Some(address), Some(birth), Some(sex)) => Some(Facts {
                name,
                address,
                // Judged before it came here; a replayed stand-in stays a stand-in.
                birth_date: Personal::new(birth.reveal().parse().map_or_else(|_| BirthDate::stand_in(), BirthDate)),
                sex: Personal::new(match sex.reveal().as_str() {
                    "male" => Sex::Male,
                    "female" => Sex::Female,
                    _ => Sex::Other,
                }),
            }),
            _ => None,
        };
        let answers = self.answers.iter().filter(|(id, _)| open.contains(id));
        Values {
            facts,
            provenance: self.provenance(),
            answers: answers.map(|(id, answer)| (id.clone(), answer.value.clone())).collect(),
            signature: self.signature.clone(),
            sign_at_desk: self.sign_at_desk,
            today,
        }
    }
}

/// The card that lies on the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CardThere {
    /// Its kind.
    pub kind: CardKind,
    /// Tries left for its PIN, where the card has told. While a PIN is on its way it counts as wrong.
    pub pin_tries: Option<u8>,
}

/// Whether there is a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Camera {
    /// As far as is known: it stays closed until somebody is to be compared.
    #[default]
    There,
    /// It gave no picture when it was last asked for one. It may the next time.
    Lost,
    /// This kiosk has none.
    NotInstalled,
}

/// Whether the guide can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Voice {
    /// There is none, or it is not ready yet.
    #[default]
    NotInstalled,
    /// It hears and answers.
    There,
    /// It answers what is touched, but no microphone gave a sound when it was last asked for one.
    Deaf,
}

/// What became of the last call for staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffCall {
    /// Nobody was called, or the answer is awaited.
    #[default]
    Calling,
    /// It reached them.
    Reached,
    /// It reached nobody.
    NotReached,
}

/// What is known of the devices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Devices {
    /// There is no reader.
    pub no_reader: bool,
    /// The card that lies on the reader.
    pub card: Option<CardThere>,
    /// That card lay there before this visit began: it may be somebody else's, and is not used until it was taken away.
    pub card_lay_before: bool,
    /// The camera.
    pub camera: Camera,
    /// What keeps the page printer from printing.
    pub page_troubles: Vec<PrinterTrouble>,
    /// What keeps the slip printer from printing.
    pub slip_troubles: Vec<PrinterTrouble>,
    /// Printers whose paper is getting low.
    pub low: Vec<Device>,
    /// The voice guide.
    pub voice: Voice,
    /// The last call for staff.
    pub staff: StaffCall,
    /// Staff mode can be opened here.
    pub staff_mode: bool,
    /// This machine has no settings of its own yet: the first start is offered.
    pub setup: bool,
    /// Staff have taken the kiosk out of service.
    pub out_of_service: bool,
    /// Today.
    pub today: Option<Date>,
    /// The reading that took the last PIN along, and the tries that were left before it.
    pin_sent: Option<(RequestId, Option<u8>)>,
}

impl Devices {
    /// The tries left for the PIN of the card that lies there, where they are known.
    pub fn pin_tries(&self) -> Option<u8> {
        self.card.and_then(|card| card.pin_tries)
    }

    /// Whether nothing could be done here: no card can be read and no paper printed. Before the first settings nothing is said
    /// of that: the printer is none yet, and the way to them is on the home screen.
    pub fn out_of_order(&self) -> bool {
        self.no_reader && !self.page_troubles.is_empty() && !self.setup
    }

    /// A PIN leaves with this reading: until the card has answered, one try less is left (promise 2 must hold for a person
    /// who goes back and enters another one meanwhile).
    pub(crate) fn pin_leaves(&mut self, request: RequestId) {
        let before = self.pin_tries();
        self.pin_sent = Some((request, before));
        self.tries_are(before.map(|left| left.saturating_sub(1)));
    }

    fn tries_are(&mut self, left: Option<u8>) {
        if let Some(card) = &mut self.card {
            card.pin_tries = left;
        }
    }

    /// What the card answered to the last PIN, whether or not the visit still waits for it.
    fn pin_answered(&mut self, request: RequestId, refused: Option<CardRefusal>) {
        let Some((_, before)) = self.pin_sent.take_if(|(sent, _)| *sent == request) else { return };
        match refused {
            None | Some(CardRefusal::MalformedSecret) => self.tries_are(before),
            Some(CardRefusal::WrongSecret { left }) => self.tries_are(Some(left)),
            Some(CardRefusal::LastTry) => self.tries_are(Some(1)),
            Some(CardRefusal::Blocked) => self.tries_are(Some(0)),
            // Whether the PIN arrived is not known: it stays counted.
            Some(_) => {}
        }
    }

    /// Learns from an event; tells staff of a printer that has just begun to need them.
    pub(crate) fn learn(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Card(CardEvent::NoReader) => (self.no_reader, self.card, self.pin_sent) = (true, None, None),
            Event::Card(CardEvent::ReaderReady) => self.no_reader = false,
            Event::Card(CardEvent::Inserted { kind, pin_tries }) => {
                self.no_reader = false;
                self.card = Some(CardThere { kind: *kind, pin_tries: *pin_tries });
                self.pin_sent = None;
            }
            Event::Card(CardEvent::Removed) => (self.card, self.card_lay_before, self.pin_sent) = (None, false, None),
            Event::Card(CardEvent::Read { request, .. }) => self.pin_answered(*request, None),
            Event::Card(CardEvent::Refused { request, why }) => self.pin_answered(*request, Some(*why)),
            Event::Face(FaceEvent::NoCamera) if self.camera == Camera::There => self.camera = Camera::Lost,
            Event::Face(FaceEvent::CameraReady) => self.camera = Camera::There,
            Event::Face(FaceEvent::NotInstalled) => self.camera = Camera::NotInstalled,
            Event::Paper(PrinterEvent::State { device, troubles, low }) => {
                self.printer(*device, troubles, *low, effects)
            }
            Event::Voice(VoiceEvent::NoMicrophone) => self.voice = Voice::Deaf,
            Event::Voice(VoiceEvent::Gone) => self.voice = Voice::NotInstalled,
            Event::Voice(VoiceEvent::Ready | VoiceEvent::Began(_) | VoiceEvent::Level { .. }) => {
                self.voice = Voice::There
            }
            Event::Staff(StaffEvent::Reached) => self.staff = StaffCall::Reached,
            Event::Staff(StaffEvent::NotReached) => self.staff = StaffCall::NotReached,
            Event::StaffMode(StaffAnswer::Installed { out_of_service }) => {
                (self.staff_mode, self.out_of_service) = (true, *out_of_service);
            }
            Event::Setup(SetupAnswer::Offered) => self.setup = true,
            Event::Setup(SetupAnswer::Taken(_)) => self.setup = false,
            Event::Day(date) => self.today = Some(*date),
            _ => {}
        }
    }

    fn printer(&mut self, device: Device, troubles: &[PrinterTrouble], low: bool, effects: &mut Vec<Effect>) {
        let known = match device {
            Device::Page => &mut self.page_troubles,
            Device::Slip => &mut self.slip_troubles,
        };
        let new: Vec<_> = troubles.iter().filter(|trouble| !known.contains(trouble)).copied().collect();
        *known = troubles.to_vec();
        for trouble in &new {
            let label = serde_json::to_value(trouble).ok().and_then(|name| name.as_str().map(str::to_owned));
            effects.push(Effect::Count(Kpi {
                name: KpiName::PrinterTrouble,
                label: label.unwrap_or_default(),
                value: 1,
            }));
        }
        if !new.is_empty() {
            effects.push(Effect::CallStaff(StaffReason::Printer));
        }
        let known_low = self.low.contains(&device);
        if low && !known_low {
            self.low.push(device);
            effects.push(Effect::CallStaff(StaffReason::PaperLow));
        } else if !low && known_low {
            self.low.retain(|known| *known != device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{Category, FormOutline, Service};
    use domain::Localized;
    use domain::form::{AnswerKind, Condition};

    fn question(id: &str, when: Option<(&str, &str)>) -> Question {
        Question {
            id: ValueId(id.to_owned()),
            label: Localized::default(),
            help: None,
            answer: AnswerKind::Text { max: 10 },
            optional: false,
            when: when.map(|(id, is)| Condition { question: ValueId(id.to_owned()), is: vec![is.to_owned()] }),
        }
    }

    #[test]
    fn an_answer_that_is_no_longer_asked_opens_nothing() {
        let form = FormId("f".to_owned());
        let questions = vec![
            question("kind", None),
            question("reason", Some(("kind", "join"))),
            question("other", Some(("reason", "other"))),
            question("loop", Some(("loop", "x"))),
        ];
        let catalogue = Catalogue {
            site: Localized::default(),
            categories: Vec::<Category>::new(),
            services: vec![Service {
                id: ServiceId("s".to_owned()),
                title: Localized::default(),
                reading: String::new(),
                keywords: vec![],
                category: String::new(),
                most_used: None,
                minutes: 1,
                desk: Localized::default(),
                what_to_bring: vec![],
                forms: vec![form.clone()],
                fee: None,
            }],
            forms: [(form, FormOutline { title: Localized::default(), questions, signature: false })].into(),
            queue_qr: None,
            often_asked: Vec::new(),
        };
        let mut session = Session { chosen: vec![ServiceId("s".to_owned())], ..Default::default() };
        let answer = |session: &mut Session, id: &str, opens: &str| {
            let answer = Answer { value: Personal::new(String::new()), fault: None, opens: vec![opens.to_owned()] };
            session.answers.insert(ValueId(id.to_owned()), answer);
        };
        let asked = |session: &Session| -> Vec<String> {
            session.questions(&catalogue).into_iter().map(|question| question.id.0.clone()).collect()
        };
        answer(&mut session, "kind", "join");
        answer(&mut session, "reason", "other");
        answer(&mut session, "loop", "x");
        assert_eq!(asked(&session), ["kind", "reason", "other"]);
        answer(&mut session, "kind", "leave");
        assert_eq!(asked(&session), ["kind"]);
    }
}
