//! From a state to what the screen says. Every text comes from the phrasebook or the site pack.

mod setup;
mod staff;

pub use staff::sheet;

use crate::intent::{Fact, IdentifyBy, Intent, SetupPage, SetupTouch, StaffPage};
use crate::service::{OftenAsked, Service};
use crate::session::{Camera, FactDraft, Session, StaffCall, Voice};
use crate::states::{CardTrouble, FaceTrouble, GuideTrouble, Guiding, State, Turns};
use crate::view::{
    Body, Button, Captions, Editor, FactRow, IdleWarning, Notice, PaperRow, PaperState, Progress, ServiceTile, View,
    WayTile,
};
use crate::{Catalogue, Phrasebook, Visit};
use domain::card::CardKind;
use domain::face::Guidance;
use domain::form::{AnswerKind, Choice, FillRefusal, FormId, InputFault, Provenance, Question};
use domain::paper::{PrinterTrouble, SlipJob, SlipLine};
use domain::voice::GuideChoice;
use domain::wareki::Wareki;
use domain::{Date, Language, Localized, Personal, ruby};

struct Words<'a> {
    book: &'a Phrasebook,
    language: Language,
}

impl Words<'_> {
    fn say(&self, key: &str) -> String {
        self.book.say(self.language, key, &[])
    }

    fn with(&self, key: &str, args: &[(&str, String)]) -> String {
        self.book.say(self.language, key, args)
    }

    fn of(&self, text: &Localized) -> String {
        text.get(self.language).to_owned()
    }

    fn button(&self, key: &str, intent: Intent) -> Button {
        Button { label: self.say(key), intent, enabled: true }
    }

    /// Things said one after the other.
    fn list(&self, items: impl Iterator<Item = String>) -> String {
        let both = |first, next| self.with("list", &[("first", first), ("next", next)]);
        items.reduce(both).unwrap_or_default()
    }

    /// A thing and what there is to say of it, for the voice.
    fn spoken(&self, first: &str, next: &str) -> String {
        self.with("spoken-pair", &[("first", first.to_owned()), ("next", next.to_owned())])
    }

    fn captions(&self) -> Captions {
        Captions {
            language: self.say("caption-language"),
            larger: self.say("caption-larger"),
            contrast: self.say("caption-contrast"),
            furigana: self.say("caption-furigana"),
            delete: self.say("caption-delete"),
            clear: self.say("caption-clear"),
            space: self.say("caption-space"),
            convert: self.say("caption-convert"),
            ok: self.say("caption-ok"),
            search: self.say("caption-search"),
            all: self.say("caption-all"),
            most_used: self.say("caption-most-used"),
            nothing_found: self.say("caption-nothing-found"),
            year: self.say("caption-year"),
            month: self.say("caption-month"),
            day: self.say("caption-day"),
            page_of: self.with("caption-page-of", &[("n", "{n}".into()), ("m", "{m}".into())]),
            change: self.say("caption-change"),
            cancel: self.say("caption-cancel"),
            optional: self.say("caption-optional"),
        }
    }

    fn fault(&self, fault: InputFault) -> String {
        self.say(match fault {
            InputFault::Missing => "fault-missing",
            InputFault::TooLong => "fault-too-long",
            InputFault::TooShort => "fault-too-short",
            InputFault::WrongCharacters => "fault-wrong-characters",
            InputFault::NoSuchDate => "fault-no-such-date",
            InputFault::NotAChoice => "fault-not-a-choice",
            InputFault::LooksLikeIndividualNumber => "fault-individual-number",
        })
    }

    fn editor(&self, kind: &AnswerKind, optional: bool) -> Editor {
        let faults = [
            InputFault::Missing,
            InputFault::TooLong,
            InputFault::TooShort,
            InputFault::WrongCharacters,
            InputFault::NoSuchDate,
            InputFault::NotAChoice,
            InputFault::LooksLikeIndividualNumber,
        ];
        let choices: &[Choice] = match kind {
            AnswerKind::One { choices } | AnswerKind::Many { choices, .. } => choices,
            _ => &[],
        };
        Editor {
            kind: kind.clone(),
            choices: choices.iter().map(|choice| (choice.id.clone(), self.of(&choice.label))).collect(),
            optional,
            faults: faults.into_iter().map(|fault| (fault, self.fault(fault))).collect(),
        }
    }

    fn tile(&self, service: &Service, session: &Session) -> ServiceTile {
        let minutes = self.with("service-minutes", &[("minutes", service.minutes.to_string())]);
        let detail = match &service.fee {
            Some(fee) => self.with("service-detail", &[("minutes", minutes), ("fee", self.of(fee))]),
            None => minutes,
        };
        ServiceTile {
            id: service.id.clone(),
            title: self.of(&service.title),
            detail,
            category: service.category.clone(),
            most_used: service.most_used.is_some(),
            chosen: session.chosen.contains(&service.id),
        }
    }

    /// A date as people of this language write it; in Japanese by era, with the Gregorian year.
    fn date(&self, date: Date) -> String {
        match (self.language, Wareki::from_date(date)) {
            (Language::Ja, Some(wareki)) => {
                format!("{}（{}年）", wareki.text(), date.year())
            }
            (Language::En, _) => date.strftime("%-d %B %Y").to_string(),
            (Language::Ko, _) => format!("{}년 {}월 {}일", date.year(), date.month(), date.day()),
            _ => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        }
    }

    fn fact_key(fact: Fact) -> &'static str {
        match fact {
            Fact::Name => "fact-name",
            Fact::Address => "fact-address",
            Fact::BirthDate => "fact-birth-date",
            Fact::Sex => "fact-sex",
        }
    }

    fn fact_row(&self, fact: Fact, draft: Option<&FactDraft>) -> FactRow {
        let empty = || Personal::new(String::new());
        let choice = |id: &str, key: &str| Choice {
            id: id.to_owned(),
            label: Localized { ja: self.say(key), ..Localized::default() },
        };
        let kind = match fact {
            Fact::Name => AnswerKind::Text { max: 60 },
            Fact::Address => AnswerKind::Text { max: 120 },
            Fact::BirthDate => AnswerKind::Date { past: true, future: false },
            Fact::Sex => AnswerKind::One {
                choices: vec![choice("male", "sex-male"), choice("female", "sex-female"), choice("other", "sex-other")],
            },
        };
        let raw = draft.map_or_else(empty, |draft| draft.raw.clone());
        let shown = match fact {
            Fact::BirthDate => match raw.reveal().parse() {
                Ok(date) => Personal::new(self.date(date)),
                Err(_) => raw.clone(),
            },
            Fact::Sex => match raw.reveal().as_str() {
                "male" => Personal::new(self.say("sex-male")),
                "female" => Personal::new(self.say("sex-female")),
                "" => empty(),
                _ => Personal::new(self.say("sex-other")),
            },
            _ => raw.clone(),
        };
        FactRow {
            fact,
            label: self.say(Self::fact_key(fact)),
            shown,
            raw,
            editor: self.editor(&kind, false),
            corrected: draft.is_some_and(|draft| draft.typed),
            missing: draft.is_none(),
        }
    }

    fn paper(&self, catalogue: &Catalogue, form: &FormId, pages: u16, state: PaperState) -> PaperRow {
        let desk = catalogue
            .services
            .iter()
            .find(|service| service.forms.contains(form))
            .map(|service| self.of(&service.desk));
        PaperRow {
            form: form.clone(),
            title: catalogue.forms.get(form).map_or_else(|| form.0.clone(), |outline| self.of(&outline.title)),
            pages,
            state,
            state_text: self.say(match state {
                PaperState::Waiting => "paper-waiting",
                PaperState::Printing => "paper-printing",
                PaperState::Done => "paper-done",
                PaperState::Failed => "paper-failed",
            }),
            desk: desk.unwrap_or_default(),
        }
    }

    fn card_notice(&self, trouble: CardTrouble, face_left: bool) -> Notice {
        let left = match trouble {
            CardTrouble::WrongPin { left } | CardTrouble::WrongCode { left } => sendable(left).to_string(),
            _ => String::new(),
        };
        let args = [("left", left)];
        let key = match trouble {
            CardTrouble::WrongCard(CardKind::Phone) => "card-phone",
            CardTrouble::WrongCard(CardKind::DriversLicence) => "card-licence",
            CardTrouble::WrongCard(CardKind::Residence) => "card-residence",
            CardTrouble::WrongCard(_) => "card-wrong",
            CardTrouble::NoReader => "card-no-reader",
            CardTrouble::Removed => "card-removed",
            CardTrouble::WrongPin { .. } => "card-wrong-pin",
            CardTrouble::WrongCode { .. } => "card-wrong-code",
            CardTrouble::LastTry => "card-last-try",
            CardTrouble::Blocked => "card-blocked",
            CardTrouble::CodeLastTry => "card-code-last-try",
            CardTrouble::CodeBlocked => "card-code-blocked",
            CardTrouble::LayBefore => "card-lay-before",
            CardTrouble::Malformed => "card-malformed",
            CardTrouble::Unreadable => "card-unreadable",
            CardTrouble::NotGenuine => "card-not-genuine",
            CardTrouble::Expired => "card-expired",
            CardTrouble::NoPhoto => "card-no-photo",
            CardTrouble::FaceTriesUsedUp => "face-tries-used-up",
        };
        let again = self.button("button-again", Intent::Next);
        let face = face_left.then(|| self.button("way-face", Intent::Identify(IdentifyBy::CardAndFace)));
        let pin = self.button("way-pin", Intent::Identify(IdentifyBy::CardAndPin));
        let typing = self.button("way-typing", Intent::Identify(IdentifyBy::Typing));
        let other_ways = match trouble {
            CardTrouble::NoReader => vec![Some(again), Some(typing)],
            CardTrouble::NotGenuine => vec![Some(self.button("button-staff", Intent::CallStaff)), Some(again)],
            CardTrouble::WrongPin { .. } => vec![Some(again), face, Some(typing)],
            CardTrouble::LastTry | CardTrouble::Blocked => vec![face, Some(typing)],
            CardTrouble::WrongCode { .. } | CardTrouble::Malformed => vec![Some(again), Some(pin), Some(typing)],
            CardTrouble::CodeLastTry
            | CardTrouble::CodeBlocked
            | CardTrouble::NoPhoto
            | CardTrouble::FaceTriesUsedUp => vec![Some(pin), Some(typing)],
            CardTrouble::LayBefore => {
                vec![Some(again), Some(typing), Some(self.button("button-staff", Intent::CallStaff))]
            }
            _ => vec![Some(again), Some(typing)],
        };
        let icon = match trouble {
            CardTrouble::WrongPin { .. } | CardTrouble::LastTry | CardTrouble::Blocked => "pin",
            CardTrouble::NoPhoto | CardTrouble::FaceTriesUsedUp => "face",
            CardTrouble::NotGenuine => "staff",
            _ => "card",
        };
        Notice {
            cause: self.with(&format!("{key}-cause"), &args),
            remedy: self.with(&format!("{key}-remedy"), &args),
            other_ways: other_ways.into_iter().flatten().collect(),
            icon,
        }
    }

    fn face_notice(&self, trouble: FaceTrouble) -> Notice {
        let key = match trouble {
            FaceTrouble::Different => "face-different",
            FaceTrouble::TimedOut => "face-timed-out",
            FaceTrouble::TriesUsedUp => "face-tries-used-up",
            FaceTrouble::NoCamera => "face-no-camera",
            FaceTrouble::PhotoUnusable => "card-no-photo",
        };
        let again = trouble.may_try_again().then(|| self.button("button-again", Intent::FaceAgain));
        let pin = self.button("way-pin", Intent::Identify(IdentifyBy::CardAndPin));
        let typing = self.button("way-typing", Intent::Identify(IdentifyBy::Typing));
        Notice {
            cause: self.say(&format!("{key}-cause")),
            remedy: self.say(&format!("{key}-remedy")),
            other_ways: again.into_iter().chain([pin, typing]).collect(),
            icon: "face",
        }
    }

    fn printer_notice(&self, trouble: PrinterTrouble) -> Notice {
        let key = match trouble {
            PrinterTrouble::PaperOut => "printer-paper-out",
            PrinterTrouble::Jam => "printer-jam",
            PrinterTrouble::DoorOpen => "printer-door",
            PrinterTrouble::TonerOut => "printer-toner",
            PrinterTrouble::OutputFull => "printer-output-full",
            PrinterTrouble::WrongMedia => "printer-wrong-media",
            PrinterTrouble::Paused => "printer-paused",
            PrinterTrouble::Offline => "printer-offline",
            PrinterTrouble::NoPdf | PrinterTrouble::Broken => "printer-broken",
        };
        Notice {
            cause: self.say(&format!("{key}-cause")),
            remedy: self.say(&format!("{key}-remedy")),
            other_ways: vec![
                self.button("button-staff", Intent::CallStaff),
                self.button("button-stop-printing", Intent::Quit),
            ],
            icon: "printer",
        }
    }

    fn fill_notice(&self, catalogue: &Catalogue, form: &FormId, why: &FillRefusal, session: &Session) -> Notice {
        let title =
            catalogue.forms.get(form).map_or_else(|| form.0.clone(), |outline| ruby::plain(&self.of(&outline.title)));
        let name_of = |id: &domain::form::ValueId| {
            let question =
                catalogue.questions_of(&session.forms(catalogue)).into_iter().find(|question| question.id == *id);
            match (question, id.0.as_str()) {
                (Some(question), _) => self.of(&question.label),
                (None, "name") => self.say("fact-name"),
                (None, "address") => self.say("fact-address"),
                (None, "birth_date") => self.say("fact-birth-date"),
                (None, "sex") => self.say("fact-sex"),
                (None, "signature") => self.say("fact-signature"),
                (None, other) => other.to_owned(),
            }
        };
        let (key, what) = match why {
            FillRefusal::Missing(ids) => {
                ("fill-missing", self.list(ids.iter().map(name_of).map(|name| ruby::plain(&name))))
            }
            FillRefusal::Undrawable(id) => ("fill-undrawable", ruby::plain(&name_of(id))),
            FillRefusal::DoesNotFit(id) => ("fill-does-not-fit", ruby::plain(&name_of(id))),
            FillRefusal::BrokenForm => ("fill-broken", String::new()),
        };
        let args = [("form", title), ("what", what)];
        let fix = match why {
            FillRefusal::BrokenForm => self.button("button-again", Intent::Next),
            _ => self.button("button-fix", Intent::Next),
        };
        Notice {
            cause: self.with(&format!("{key}-cause"), &args),
            remedy: self.with(&format!("{key}-remedy"), &args),
            other_ways: vec![
                fix,
                self.button("button-drop-form", Intent::Drop(form.clone())),
                self.button("button-staff", Intent::CallStaff),
            ],
            icon: "form",
        }
    }

    fn fault_notice(&self, what: &str, fault: InputFault) -> Notice {
        Notice {
            cause: ruby::plain(what),
            remedy: self.fault(fault),
            other_ways: vec![self.button("button-fix", Intent::Next), self.button("button-staff", Intent::CallStaff)],
            icon: "info",
        }
    }

    /// The button with which the guide is asked; where there is no other, it is shown before the guide is there.
    fn talk(&self, voice: Voice, always: bool) -> Option<Button> {
        let there = voice != Voice::NotInstalled;
        (there || always).then(|| Button { enabled: there, ..self.button("button-ask", Intent::Talk) })
    }

    fn often(&self, catalogue: &Catalogue, voice: Voice) -> Vec<(String, Button)> {
        let enabled = voice != Voice::NotInstalled;
        let button = |asked: &OftenAsked| Button {
            label: self.of(&asked.label),
            intent: Intent::Pick(asked.id.clone()),
            enabled,
        };
        catalogue.often_asked.iter().map(|asked| (asked.icon.clone(), button(asked))).collect()
    }

    /// The phrases over the guide's screen.
    fn guide_key(guiding: &Guiding) -> &'static str {
        match (guiding.turn, guiding.trouble, &guiding.answer) {
            (Turns::Opens, ..) => "guide-opens",
            (Turns::Listens, ..) => "guide-listens",
            (Turns::Hears, ..) => "guide-hears",
            (Turns::Thinks, ..) => "guide-thinks",
            (Turns::Waits, Some(GuideTrouble::NothingHeard), _) => "guide-nothing-heard",
            (Turns::Waits, Some(GuideTrouble::NoMicrophone), _) => "guide-no-microphone",
            (Turns::Waits, Some(GuideTrouble::Failed), _) => "guide-failed",
            (_, _, Some(answer)) if answer.id.is_none() && answer.choices.is_empty() => "guide-unknown",
            (_, _, Some(answer)) if answer.id.is_none() => "guide-asks-back",
            (_, _, Some(_)) => "guide-answers",
            _ => "guide-waits",
        }
    }

    fn guide(&self, catalogue: &Catalogue, voice: Voice, guiding: &Guiding) -> Body {
        // While a question is heard or looked for, the last answer is out of the way.
        let answer = guiding.answer.as_ref().filter(|_| matches!(guiding.turn, Turns::Waits | Turns::Speaks));
        let answer = answer.filter(|_| guiding.trouble.is_none());
        let offered = |choices: &[GuideChoice]| -> Vec<Button> {
            let button = |choice: &GuideChoice| Button {
                label: choice.label.clone(),
                intent: Intent::Pick(choice.id.clone()),
                enabled: true,
            };
            choices.iter().map(button).collect()
        };
        let (next_label, mut next) = match answer {
            Some(answer) if answer.id.is_none() && !answer.choices.is_empty() => {
                ("guide-did-you-mean", offered(&answer.choices))
            }
            Some(answer) if !answer.follow_ups.is_empty() => ("guide-may-ask", offered(&answer.follow_ups)),
            _ => ("guide-often", self.often(catalogue, voice).into_iter().map(|(_, button)| button).take(4).collect()),
        };
        if guiding.offers_staff() && matches!(guiding.turn, Turns::Waits | Turns::Speaks) {
            next.insert(0, self.button("button-staff", Intent::CallStaff));
        }
        let talk = match guiding.turn {
            Turns::Opens | Turns::Listens | Turns::Hears => "button-that-was-all",
            _ => "button-talk",
        };
        let enabled = voice != Voice::NotInstalled && guiding.turn != Turns::Thinks;
        let voice = match guiding.turn {
            Turns::Speaks => Some(self.button("button-hush", Intent::Hush)),
            Turns::Waits if answer.is_some() => Some(self.button("button-say-again", Intent::SayAgain)),
            _ => None,
        };
        Body::Guide {
            turn: guiding.turn,
            heard: guiding.heard.clone(),
            heard_label: self.say("guide-heard"),
            answer: answer.map(|answer| answer.text.clone()),
            place: answer.and_then(|answer| answer.place.clone()),
            next_label: if next.is_empty() { String::new() } else { self.say(next_label) },
            next,
            talk: Button { enabled, ..self.button(talk, Intent::Talk) },
            voice,
        }
    }

    fn guidance(&self, guidance: Guidance) -> String {
        self.say(match guidance {
            Guidance::NoFace => "guide-no-face",
            Guidance::Several => "guide-several",
            Guidance::TooFar => "guide-too-far",
            Guidance::TooNear => "guide-too-near",
            Guidance::OffCentre => "guide-off-centre",
            Guidance::TooDark => "guide-too-dark",
            Guidance::Backlit => "guide-backlit",
            Guidance::LookingAway => "guide-looking-away",
            Guidance::HoldStill => "guide-hold-still",
            Guidance::Good => "guide-good",
        })
    }
}

/// The slip in the visitor's language, the papers' Japanese titles beside it for the desk.
///
/// It is made without a phrasebook, from the site pack's own texts, so that the core stays free of words.
pub(crate) fn slip(catalogue: &Catalogue, session: &Session, papers: &[(FormId, u16, PaperState)]) -> SlipJob {
    let language = session.settings.language;
    let text = |localized: &Localized| ruby::plain(localized.get(language));
    let mut lines = vec![SlipLine::Heading(text(&catalogue.site)), SlipLine::Rule];
    for service in session.chosen.iter().filter_map(|id| catalogue.service(id)) {
        lines.push(SlipLine::Heading(text(&service.desk)));
        for (form, ..) in papers.iter().filter(|row| service.forms.contains(&row.0) && row.2 == PaperState::Done) {
            if let Some(outline) = catalogue.forms.get(form) {
                lines.push(SlipLine::Tick(ruby::plain(&outline.title.ja)));
                if language != Language::Ja {
                    lines.push(SlipLine::Text(text(&outline.title)));
                }
            }
        }
        lines.extend(service.what_to_bring.iter().map(|thing| SlipLine::Tick(text(thing))));
        lines.extend(service.fee.iter().map(|fee| SlipLine::Text(text(fee))));
        lines.push(SlipLine::Rule);
    }
    let forms: Vec<_> = papers.iter().filter(|row| row.2 == PaperState::Done).map(|row| row.0.0.as_str()).collect();
    let qr = catalogue
        .queue_qr
        .as_ref()
        .map(|template| template.replace("{visit}", &session.visit.to_string()).replace("{forms}", &forms.join(",")));
    SlipJob { visit: session.visit, language, lines, qr }
}

/// Of the tries that a card has left, those in which something is sent: the last one never is.
fn sendable(left: u8) -> u8 {
    left.saturating_sub(1)
}

fn progress(words: &Words, state: &State) -> Option<Progress> {
    let at = match state {
        State::Home(_) | State::Guide(_) | State::Rate(_) | State::Leftover(_) => return None,
        State::StaffPin(_) | State::StaffMode(_) => return None,
        State::SettingUp(setup) => return words.setup_progress(setup),
        State::Choosing(_) => 0,
        State::Consent(_) | State::Card(_) | State::Pin(_) | State::CodeB(_) | State::Reading(_) | State::Face(_) => 1,
        State::Confirm(_) => 2,
        State::Ask(_) => 3,
        State::Sign(_) | State::Preview(_) => 4,
        State::Paper(_) | State::Collect(_) => 5,
        // What waits behind it says where the visit stands.
        State::Help(_) => return None,
    };
    let steps = ["step-choose", "step-identify", "step-confirm", "step-ask", "step-check", "step-print"];
    Some(Progress { at, steps: steps.into_iter().map(|key| words.say(key)).collect() })
}

/// The phrases of what became of a call for staff: only what is true is said.
fn staff_key(call: StaffCall) -> &'static str {
    match call {
        StaffCall::Calling => "staff",
        StaffCall::Reached => "staff-reached",
        StaffCall::NotReached => "staff-not-reached",
    }
}

pub(crate) fn view(visit: &Visit, book: &Phrasebook) -> View {
    let session = &visit.session;
    let catalogue = &*visit.catalogue;
    let words = Words { book, language: session.settings.language };
    let state = &visit.state;
    let face_left = session.face_tries < visit.policy.face_tries;
    // In a notice only what is likely to work is offered; a camera that was lost may be tried again from the consent.
    let face_now = face_left && visit.devices.camera == Camera::There;
    let printer_waits = visit.devices.page_troubles.first().map(|trouble| {
        let cause = words.printer_notice(*trouble).cause;
        words.with("printer-now", &[("cause", cause)])
    });

    let mut next = None;
    let mut back = Some(words.button("button-back", Intent::Back));
    let mut quit = Some(words.button("button-quit", Intent::Quit));
    let mut notice = None;
    let mut title_args: Vec<(&str, String)> = Vec::new();
    let mut key = state.name();
    let mut title_text = None;
    let mut lead_text = None;

    let papers = |rows: &[(FormId, u16, PaperState)]| -> Vec<PaperRow> {
        rows.iter().map(|(form, pages, state)| words.paper(catalogue, form, *pages, *state)).collect()
    };

    let body = match state {
        State::Home(_) if visit.closed() => {
            (back, quit) = (None, None);
            key = if visit.devices.out_of_service { "out-of-service" } else { "closed" };
            Body::OutOfOrder { text: words.say(&format!("{key}-text")) }
        }
        State::Home(_) => {
            (back, quit) = (None, None);
            lead_text = printer_waits;
            title_args.push(("site", words.of(&catalogue.site)));
            let serves = !catalogue.services.is_empty();
            if !serves {
                key = if visit.devices.voice == Voice::NotInstalled { "home-guide-starting" } else { "home-guide" };
                lead_text = None;
            }
            let promises: &[&str] = match serves {
                true => &["home-promise-writing", "home-promise-nothing-kept", "home-promise-staff"],
                false => &["home-guide-promise-languages", "home-guide-promise-nothing-kept"],
            };
            let mut most: Vec<&Service> =
                catalogue.services.iter().filter(|service| service.most_used.is_some()).collect();
            most.sort_by_key(|service| service.most_used);
            Body::Home {
                site: words.of(&catalogue.site),
                begin: serves.then(|| words.button("button-begin", Intent::Begin)),
                ask: words.talk(visit.devices.voice, !serves),
                often: if serves { Vec::new() } else { words.often(catalogue, visit.devices.voice) },
                tiles: most.into_iter().map(|service| words.tile(service, session)).collect(),
                promises: promises.iter().map(|key| words.say(key)).collect(),
                setup: visit.devices.setup.then(|| {
                    let begin = words.button("setup-begin", Intent::Setup(SetupTouch::Begin));
                    (words.say("setup-notice"), begin)
                }),
            }
        }
        State::Choosing(_) => {
            back = None;
            lead_text = printer_waits;
            let count = session.chosen.len();
            next = Some(Button { enabled: count > 0, ..words.button("button-next", Intent::Next) });
            let mut services: Vec<&Service> = catalogue.services.iter().collect();
            services.sort_by_key(|service| service.most_used.unwrap_or(u32::MAX));
            Body::Choose {
                categories: catalogue.categories.iter().map(|group| (group.clone(), words.of(&group.label))).collect(),
                tiles: services.into_iter().map(|service| words.tile(service, session)).collect(),
                chosen: match count {
                    0 => words.say("choose-none"),
                    _ => words.with("choose-some", &[("count", count.to_string())]),
                },
                ask: words.talk(visit.devices.voice, false),
            }
        }
        State::Guide(guiding) => {
            key = Words::guide_key(guiding);
            quit = quit.filter(|_| !catalogue.services.is_empty());
            if catalogue.services.is_empty() {
                back = Some(words.button("button-guide-done", Intent::Back));
            }
            words.guide(catalogue, visit.devices.voice, guiding)
        }
        State::Consent(consent) => {
            notice = consent.trouble.map(|trouble| words.card_notice(trouble, face_now));
            let way = |key: &str, way, icon, enabled| WayTile {
                button: Button { enabled, ..words.button(key, Intent::Identify(way)) },
                detail: words.say(&format!("{key}-detail")),
                icon,
            };
            let reader = !visit.devices.no_reader;
            let camera = visit.devices.camera != Camera::NotInstalled;
            Body::Consent {
                points: [
                    ("card", "consent-read"),
                    ("face", "consent-face"),
                    ("lock", "consent-kept"),
                    ("staff", "consent-choice"),
                ]
                .into_iter()
                .filter(|(icon, _)| camera || *icon != "face")
                .map(|(icon, key)| (icon, words.say(key)))
                .collect(),
                ways: camera
                    .then(|| way("way-face", IdentifyBy::CardAndFace, "face", reader && face_left))
                    .into_iter()
                    .chain([
                        way("way-pin", IdentifyBy::CardAndPin, "pin", reader),
                        way("way-typing", IdentifyBy::Typing, "keyboard", true),
                    ])
                    .collect(),
            }
        }
        State::Card(waiting) => {
            notice = waiting.trouble.map(|trouble| words.card_notice(trouble, face_now));
            Body::Card { reading: None, there: visit.devices.card.is_some() }
        }
        State::Pin(pin) => {
            notice = pin.trouble.map(|trouble| words.card_notice(trouble, face_now));
            let tries = visit.devices.pin_tries().map(sendable);
            Body::Pin { digits: 4, tries: tries.map(|left| words.with("pin-tries", &[("left", left.to_string())])) }
        }
        State::CodeB(code) => {
            notice = code.trouble.map(|trouble| words.card_notice(trouble, face_now));
            Body::CodeB {
                birth: words.say("code-birth"),
                expiry: words.say("code-expiry"),
                code: words.say("code-security"),
            }
        }
        State::Reading(reading) => {
            let (done, of) = reading.done;
            Body::Card { reading: Some(f32::from(done.min(of)) / f32::from(of.max(1))), there: true }
        }
        State::Face(face) => {
            notice = face.trouble.map(|trouble| words.face_notice(trouble));
            let attempt = (session.face_tries + 1).min(visit.policy.face_tries);
            Body::Face {
                guidance: face.guidance,
                text: words.guidance(face.guidance),
                attempt: words
                    .with("face-attempt", &[("n", attempt.to_string()), ("of", visit.policy.face_tries.to_string())]),
            }
        }
        State::Confirm(confirm) => {
            let complete = session.missing_facts().is_empty();
            if session.tag.is_none() && !complete {
                key = "confirm-typing";
            }
            notice = confirm.fault.map(|(fact, fault)| words.fault_notice(&words.say(Words::fact_key(fact)), fault));
            next = Some(Button { enabled: complete, ..words.button("button-correct", Intent::Next) });
            Body::Confirm {
                rows: Fact::ALL.into_iter().map(|fact| words.fact_row(fact, session.facts.get(&fact))).collect(),
                provenance: words.say(match session.provenance() {
                    Provenance::Card => "confirm-genuine",
                    Provenance::CardUnchecked => "confirm-unchecked",
                    Provenance::CardChanged => "confirm-changed",
                    Provenance::Typed => "confirm-typed",
                }),
                genuine: session.provenance() == Provenance::Card,
            }
        }
        State::Ask(ask) => {
            let questions = session.questions(catalogue);
            let at = questions.iter().position(|question| question.id == ask.question).unwrap_or(0);
            let unknown;
            let question: &Question = match questions.get(at) {
                Some(question) => question,
                None => {
                    unknown = Question {
                        id: ask.question.clone(),
                        label: Localized::default(),
                        help: None,
                        answer: AnswerKind::Text { max: 1 },
                        optional: true,
                        when: None,
                    };
                    &unknown
                }
            };
            let label = words.of(&question.label);
            notice = ask.fault.map(|fault| words.fault_notice(&label, fault));
            title_text = Some(label.clone());
            next = Some(words.button("button-next", Intent::Next));
            Body::Ask {
                question: question.id.clone(),
                label,
                help: question.help.as_ref().map(|help| words.of(help)),
                editor: words.editor(&question.answer, question.optional),
                value: session.answers.get(&question.id).map(|answer| answer.value.clone()),
                count: words.with("ask-count", &[("n", (at + 1).to_string()), ("of", questions.len().to_string())]),
                decides: catalogue.decides(question),
            }
        }
        State::Sign(_) => {
            next = Some(words.button("button-signed", Intent::Next));
            lead_text = session.signature.is_some().then(|| words.say("sign-done-lead"));
            Body::Sign {
                statement: words.say("sign-statement"),
                signature: session.signature.clone(),
                at_desk: words.button("button-sign-at-desk", Intent::SignAtDesk),
            }
        }
        State::Preview(preview) => {
            notice = preview
                .trouble
                .as_ref()
                .map(|trouble| words.fill_notice(catalogue, &trouble.form, &trouble.why, session));
            let ready = preview.ready();
            next = Some(Button { enabled: ready, ..words.button("button-print", Intent::Print) });
            let rows: Vec<_> = match &preview.papers {
                Some(forms) => forms.iter().map(|form| (form.form.clone(), form.pages, PaperState::Waiting)).collect(),
                None => session.forms(catalogue).into_iter().map(|form| (form, 1, PaperState::Waiting)).collect(),
            };
            Body::Preview { request: preview.request, papers: papers(&rows), ready }
        }
        State::Paper(printing) => {
            back = None;
            notice = visit.devices.page_troubles.first().map(|trouble| words.printer_notice(*trouble));
            let done =
                printing.papers.iter().filter(|row| matches!(row.2, PaperState::Done | PaperState::Failed)).count();
            let all = printing.papers.len().max(1);
            Body::Printing { papers: papers(&printing.papers), done: done as f32 / all as f32 }
        }
        State::Collect(collect) => {
            (back, quit) = (None, None);
            let card = visit.devices.card.is_some();
            if card {
                key = "collect-card";
            } else if collect.papers.iter().any(|row| row.2 == PaperState::Failed) {
                key = "collect-failed";
            }
            next = Some(Button { enabled: !card, ..words.button("button-taken", Intent::Next) });
            Body::Collect { card, papers: papers(&collect.papers), slip: collect.slip == Some(true) }
        }
        State::Rate(_) => {
            (back, quit) = (None, None);
            next = Some(words.button("button-skip", Intent::Next));
            Body::Rate { levels: (1..=5).map(|level| (level, words.say(&format!("rate-{level}")))).collect() }
        }
        State::Help(help) => {
            back = None;
            key = staff_key(visit.devices.staff);
            let (resume, text) = match help.waits_for_nothing() {
                true => (words.button("button-guide-done", Intent::Next), words.say("out-of-service-text")),
                false => (words.button("button-resume", Intent::Next), words.say(&format!("{key}-text"))),
            };
            next = Some(resume);
            Body::Staff { text }
        }
        State::Leftover(left) => {
            (back, quit) = (None, None);
            key = match (left.card, left.papers) {
                (true, true) => "leftover-both",
                (true, false) => "leftover-card",
                _ => "leftover-papers",
            };
            next = left.papers.then(|| words.button("button-took", Intent::Next));
            if left.told && visit.devices.staff != StaffCall::Calling {
                lead_text = Some(words.say(&format!("{}-title", staff_key(visit.devices.staff))));
            }
            match left.card {
                true => Body::Collect { card: true, papers: Vec::new(), slip: false },
                false => Body::Staff { text: words.say("leftover-papers-text") },
            }
        }
        State::StaffPin(pin) => {
            quit = None;
            key = "upkeep-pin";
            words.staff_pin(pin, visit.now)
        }
        State::StaffMode(mode) => {
            let page = words.staff_page(visit, mode);
            quit = Some(words.button("upkeep-quit", Intent::Quit));
            back = back.filter(|_| mode.page != StaffPage::Menu);
            (next, title_text, lead_text) = (page.next, Some(page.title), Some(page.lead));
            page.body
        }
        State::SettingUp(setup) => {
            let page = words.setup_page(visit, setup);
            quit = Some(words.button("setup-quit", Intent::Quit));
            notice = words.setup_notice(setup);
            match setup.page {
                SetupPage::Language => back = None,
                SetupPage::Applying | SetupPage::Ready => (back, quit) = (None, None),
                _ => {}
            }
            (next, title_text, lead_text) = (page.next, Some(page.title), Some(page.lead));
            page.body
        }
    };

    let title = title_text.unwrap_or_else(|| words.with(&format!("{key}-title"), &title_args));
    let lead = match &body {
        Body::Ask { count, .. } => count.clone(),
        _ => lead_text.unwrap_or_else(|| words.say(&format!("{key}-lead"))),
    };
    let idle_key = match state {
        State::SettingUp(_) => "setup-idle",
        State::Guide(_) => "guide-idle",
        _ if state.is_staffs() => "upkeep-idle",
        _ => "idle",
    };
    let idle = visit.idle_seconds_left().map(|seconds| IdleWarning {
        title: words.say(&format!("{idle_key}-title")),
        text: words.with(&format!("{idle_key}-text"), &[("seconds", seconds.to_string())]),
        seconds_left: seconds,
        more_time: words.button("button-more-time", Intent::MoreTime),
        quit: words.button("button-quit-now", Intent::Quit),
    });
    let spoken = spoken(&words, &title, &lead, &body, notice.as_ref(), idle.as_ref());
    View {
        settings: session.settings,
        progress: progress(&words, state),
        title,
        lead,
        body,
        next,
        back,
        quit,
        // They are here.
        staff: Button { enabled: !state.is_staffs(), ..words.button("button-staff", Intent::CallStaff) },
        captions: words.captions(),
        notice,
        idle,
        spoken,
    }
}

/// What is read out when the screen comes up. Personal values are never read out: others stand near.
fn spoken(
    words: &Words,
    title: &str,
    lead: &str,
    body: &Body,
    notice: Option<&Notice>,
    idle: Option<&IdleWarning>,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(idle) = idle {
        lines.extend([idle.title.clone(), idle.text.clone()]);
    } else if let Some(notice) = notice {
        lines.extend([notice.cause.clone(), notice.remedy.clone()]);
        lines.extend(notice.other_ways.iter().map(|button| button.label.clone()));
    } else if matches!(body, Body::Guide { .. }) {
        // The guide speaks for itself.
    } else {
        lines.extend([title.to_owned(), lead.to_owned()]);
        match body {
            Body::Face { text, .. } => lines.push(text.clone()),
            Body::Consent { points, ways } => {
                lines.extend(points.iter().map(|(_, text)| text.clone()));
                lines.extend(ways.iter().map(|way| words.spoken(&way.button.label, &way.detail)));
            }
            Body::Ask { help: Some(help), .. } => lines.push(help.clone()),
            Body::Sign { statement, at_desk, .. } => lines.extend([statement.clone(), at_desk.label.clone()]),
            Body::Staff { text } | Body::OutOfOrder { text } => lines.push(text.clone()),
            Body::StaffPin { note: Some(note), .. } => lines.push(note.clone()),
            Body::Home { setup: Some((text, begin)), .. } => lines.push(words.spoken(text, &begin.label)),
            Body::StaffPage { rows, .. } => {
                lines.extend(rows.iter().map(|row| words.spoken(&row.label, &row.detail)));
            }
            Body::Collect { papers, .. } => {
                lines.extend(papers.iter().map(|paper| words.spoken(&paper.title, &paper.desk)))
            }
            _ => {}
        }
    }
    lines.into_iter().map(|line| ruby::spoken(&line)).filter(|line| !line.is_empty()).collect()
}
