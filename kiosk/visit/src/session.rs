//! What a visit holds while it lasts, and what is known of the devices.

use crate::intent::{Fact, IdentifyBy};
use crate::service::{Catalogue, ServiceId};
use crate::view::Settings;
use crate::{Effect, Event, StaffReason};
use domain::card::{BirthDate, CardEvent, CardKind, CardReading, Facts, Genuine, Sex};
use domain::face::FaceEvent;
use domain::form::{Answer, FormId, Question, Signature, ValueId, Values};
use domain::kpi::{Kpi, KpiName};
use domain::paper::{Device, PrinterEvent, PrinterTrouble};
use domain::{Date, IdentityTag, Personal, Private, Timestamp, VisitId};
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
    /// Face tries used.
    pub face_tries: u8,
    /// All papers came out.
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
        let mut questions = catalogue.questions_of(&self.forms(catalogue));
        questions.retain(|question| {
            question.when.as_ref().is_none_or(|when| {
                self.answers
                    .get(&when.question)
                    .is_some_and(|answer| answer.opens.iter().any(|choice| when.is.contains(choice)))
            })
        });
        questions
    }

    /// Whether one of the forms wants a signature.
    pub fn needs_signature(&self, catalogue: &Catalogue) -> bool {
        self.forms(catalogue).iter().filter_map(|form| catalogue.forms.get(form)).any(|form| form.signature)
    }

    /// Takes the facts of a card. What was corrected by hand before is replaced: a new reading is a new person.
    pub(crate) fn take(&mut self, reading: &CardReading) {
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

    /// Forgets who the person is, keeps what they chose and answered.
    pub(crate) fn unidentify(&mut self) {
        self.facts.clear();
        self.tag = None;
        self.genuine = None;
        self.signature = None;
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
            answers: answers.map(|(id, answer)| (id.clone(), answer.value.clone())).collect(),
            signature: self.signature.clone(),
            today,
        }
    }
}

/// What is known of the devices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Devices {
    /// There is no reader.
    pub no_reader: bool,
    /// The card that lies on the reader, and the tries left for its PIN.
    pub card: Option<(CardKind, Option<u8>)>,
    /// There is no picture.
    pub no_camera: bool,
    /// What keeps the page printer from printing.
    pub page_troubles: Vec<PrinterTrouble>,
    /// What keeps the slip printer from printing.
    pub slip_troubles: Vec<PrinterTrouble>,
    /// Today.
    pub today: Option<Date>,
}

impl Devices {
    /// Learns from an event; tells staff of a printer that has just begun to need them.
    pub(crate) fn learn(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Card(CardEvent::NoReader) => (self.no_reader, self.card) = (true, None),
            Event::Card(CardEvent::ReaderReady) => self.no_reader = false,
            Event::Card(CardEvent::Inserted { kind, pin_tries }) => {
                (self.no_reader, self.card) = (false, Some((*kind, *pin_tries)));
            }
            Event::Card(CardEvent::Removed) => self.card = None,
            Event::Face(FaceEvent::NoCamera) => self.no_camera = true,
            Event::Face(FaceEvent::CameraReady) => self.no_camera = false,
            Event::Paper(PrinterEvent::State { device, troubles, .. }) => {
                let known = match device {
                    Device::Page => &mut self.page_troubles,
                    Device::Slip => &mut self.slip_troubles,
                };
                let new: Vec<_> = troubles.iter().filter(|trouble| !known.contains(trouble)).copied().collect();
                known.clone_from(troubles);
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
            }
            Event::Day(date) => self.today = Some(*date),
            _ => {}
        }
    }
}
