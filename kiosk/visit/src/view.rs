//! What the screen shows: plain data, a function of the state. Slint adapters copy it into properties, the speech output
//! reads [`View::spoken`], golden tests keep it as text in four languages.
//!
//! Every text is in the visitor's language; Japanese texts carry furigana in the notation of [`domain::ruby`].

use crate::intent::{Fact, Intent, TextSize};
use crate::service::{Category, ServiceId};
use crate::states::Turns;
use domain::face::Guidance;
use domain::form::{AnswerKind, FormId, Signature, ValueId};
use domain::setup::SetupField;
use domain::voice::PlaceShown;
use domain::{Language, Personal, RequestId};
use serde::Serialize;

/// How things are shown; belongs to the visit and ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// The language.
    pub language: Language,
    /// The size of letters.
    pub size: TextSize,
    /// Black and white.
    pub high_contrast: bool,
    /// Furigana over kanji (Japanese only).
    pub furigana: bool,
}

/// Something to press: what it says and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it means.
    pub intent: Intent,
    /// Whether it can be pressed now.
    pub enabled: bool,
}

/// Where the visit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The step now, from 0.
    pub at: usize,
    /// The names of all steps, short.
    pub steps: Vec<String>,
}

/// Something went wrong, or wants attention: cause, remedy, other way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What happened.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Other ways on, as buttons (never empty for an error).
    pub other_ways: Vec<Button>,
    /// A pictogram's name: `card`, `pin`, `face`, `printer`, `paper`, `staff`, `form`, `info`.
    pub icon: &'static str,
}

/// The warning before an idle visit is ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdleWarning {
    /// The question: are you still there?
    pub title: String,
    /// What happens otherwise.
    pub text: String,
    /// Seconds until the visit is ended.
    pub seconds_left: u64,
    /// Still here.
    pub more_time: Button,
    /// End now.
    pub quit: Button,
}

/// A whole screen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// How things are shown.
    pub settings: Settings,
    /// The headline.
    pub title: String,
    /// A line under it: what to do now.
    pub lead: String,
    /// The steps; `None` on the home screen.
    pub progress: Option<Progress>,
    /// What fills the screen.
    pub body: Body,
    /// The main button, at the right below.
    pub next: Option<Button>,
    /// Back, at the left below.
    pub back: Option<Button>,
    /// End the visit.
    pub quit: Option<Button>,
    /// Call staff; on every screen but their own, where it is not enabled.
    pub staff: Button,
    /// Captions of the bar of settings: language, text size, contrast, furigana.
    pub captions: Captions,
    /// Something that wants attention, over the body.
    pub notice: Option<Notice>,
    /// The idle warning, over everything.
    pub idle: Option<IdleWarning>,
    /// What the voice reads out when this screen comes up.
    pub spoken: Vec<String>,
}

/// Captions that every screen shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Captions {
    /// "Language".
    pub language: String,
    /// "Larger letters".
    pub larger: String,
    /// "Black and white".
    pub contrast: String,
    /// "Furigana".
    pub furigana: String,
    /// "Delete one".
    pub delete: String,
    /// "Delete all".
    pub clear: String,
    /// "Space".
    pub space: String,
    /// "Convert" (kana to kanji).
    pub convert: String,
    /// "OK" / 確定.
    pub ok: String,
    /// "Search".
    pub search: String,
    /// "All".
    pub all: String,
    /// "Most used".
    pub most_used: String,
    /// "Nothing was found".
    pub nothing_found: String,
    /// "Year", "month", "day".
    pub year: String,
    /// See `year`.
    pub month: String,
    /// See `year`.
    pub day: String,
    /// "page {n} of {m}" with the two placeholders kept.
    pub page_of: String,
    /// "Change" (a fact).
    pub change: String,
    /// "Yes, still here"-like closing of an editor without a change.
    pub cancel: String,
    /// "optional".
    pub optional: String,
}

/// What a service tile says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceTile {
    /// Which service.
    pub id: ServiceId,
    /// Its title.
    pub title: String,
    /// "about 2 minutes · 300 yen".
    pub detail: String,
    /// Its category's id.
    pub category: String,
    /// Among the most used (sorted by rank where true).
    pub most_used: bool,
    /// Taken.
    pub chosen: bool,
}

/// A way of making known who one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WayTile {
    /// What it says and means.
    pub button: Button,
    /// What it takes.
    pub detail: String,
    /// Pictogram: `face`, `pin`, `keyboard`.
    pub icon: &'static str,
}

/// A row of the confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactRow {
    /// Which fact.
    pub fact: Fact,
    /// Its name.
    pub label: String,
    /// Its value as shown.
    pub shown: Personal<String>,
    /// Its value as edited (`YYYY-MM-DD`, `male`…).
    pub raw: Personal<String>,
    /// How it is edited.
    pub editor: Editor,
    /// Corrected by hand (the form says so too).
    pub corrected: bool,
    /// Still empty.
    pub missing: bool,
}

/// How a value is entered: the kind, and the choices' labels in the visitor's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Editor {
    /// The kind of answer.
    pub kind: AnswerKind,
    /// Choices: id and label (for `One` and `Many`).
    pub choices: Vec<(String, String)>,
    /// May stay empty.
    pub optional: bool,
    /// Faults in words, by [`domain::form::InputFault`]'s serde name.
    pub faults: Vec<(domain::form::InputFault, String)>,
}

/// How far a paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperState {
    /// Waits its turn.
    Waiting,
    /// In the printer.
    Printing,
    /// In the tray.
    Done,
    /// Will not come.
    Failed,
}

/// A paper in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaperRow {
    /// Which form.
    pub form: FormId,
    /// Its title.
    pub title: String,
    /// Its pages.
    pub pages: u16,
    /// How far it is.
    pub state: PaperState,
    /// The state in words.
    pub state_text: String,
    /// Which desk takes it.
    pub desk: String,
}

/// What fills the screen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "screen")]
pub enum Body {
    /// Nobody is there: the site's name, "touch to begin", most used services, languages.
    Home {
        /// The site's name.
        site: String,
        /// Begin; `None` where no service is offered.
        begin: Option<Button>,
        /// Ask the guide; `None` where there is none.
        ask: Option<Button>,
        /// What is often asked of the guide, each with a pictogram's name.
        often: Vec<(String, Button)>,
        /// The most used services; pressing one begins with it.
        tiles: Vec<ServiceTile>,
        /// Small facts that win trust: nothing is kept, about three minutes, staff come.
        promises: Vec<String>,
        /// The machine has no settings yet: what is said of that, and the way to them.
        #[serde(skip_serializing_if = "Option::is_none")]
        setup: Option<(String, Button)>,
    },
    /// Choose services. Search and category are the screen's own business ([`crate::Catalogue::search`]).
    Choose {
        /// Groups.
        categories: Vec<(Category, String)>,
        /// All services.
        tiles: Vec<ServiceTile>,
        /// "2 chosen", or what to do.
        chosen: String,
        /// Ask the guide.
        ask: Option<Button>,
    },
    /// Ask the guide: what was heard, what it answers, what may be asked next.
    Guide {
        /// What it is doing.
        turn: Turns,
        /// What was heard so far.
        heard: Option<Personal<String>>,
        /// Before what was heard: "You asked".
        heard_label: String,
        /// The answer.
        answer: Option<String>,
        /// Where it is.
        place: Option<PlaceShown>,
        /// Before what may be asked: "Did you mean", "You may also ask".
        next_label: String,
        /// What may be asked with one touch.
        next: Vec<Button>,
        /// Speak, or "that was all".
        talk: Button,
        /// The answer once more, or silence.
        voice: Option<Button>,
    },
    /// What is read, what is kept, and the ways to identify.
    Consent {
        /// What happens, in short sentences, each with a pictogram's name.
        points: Vec<(&'static str, String)>,
        /// The ways.
        ways: Vec<WayTile>,
    },
    /// Put the card on the reader / reading.
    Card {
        /// Reading, 0 to 1; `None` while waiting for a card.
        reading: Option<f32>,
        /// The card lies there.
        there: bool,
    },
    /// Enter the PIN (four digits, on the pad; never shown).
    Pin {
        /// Digits wanted.
        digits: usize,
        /// "3 tries left".
        tries: Option<String>,
    },
    /// Enter verification number B from the card's face, in three parts, with a picture of where each is printed.
    CodeB {
        /// "Birth date in the Japanese calendar, e.g. 昭和55年2月17日 → 55 02 17", label of part one (6 digits).
        birth: String,
        /// Label of part two (expiry year, 4 digits).
        expiry: String,
        /// Label of part three (security code, 4 digits).
        code: String,
    },
    /// Look into the camera; the picture comes from the face port directly.
    Face {
        /// What the person can do.
        guidance: Guidance,
        /// The same in words.
        text: String,
        /// "try 2 of 5".
        attempt: String,
    },
    /// The four facts. A finished edit sends [`Intent::Correct`]; `next` is [`Intent::Next`].
    Confirm {
        /// The facts.
        rows: Vec<FactRow>,
        /// "Checked on the card: genuine", or that it is typed by hand.
        provenance: String,
        /// All of it is as a card has it that was proved genuine.
        genuine: bool,
    },
    /// One question. Pressing `next` sends [`Intent::Answer`] with what was entered, and the core moves on by itself (an
    /// optional question left empty sends [`Intent::Next`]).
    Ask {
        /// Which value.
        question: ValueId,
        /// The question (the title repeats it).
        label: String,
        /// Help.
        help: Option<String>,
        /// How it is answered.
        editor: Editor,
        /// The answer so far.
        value: Option<Personal<String>>,
        /// "question 2 of 5".
        count: String,
        /// Whether the answer decides about other questions ([`domain::form::Answer::opens`] must be filled).
        decides: bool,
    },
    /// Sign with a finger. Pressing `next` sends [`Intent::Sign`], or [`Intent::Next`] where the signature is left as it is.
    Sign {
        /// What is signed.
        statement: String,
        /// The signature that is there already.
        signature: Option<Personal<Signature>>,
        /// Sign at the desk instead.
        at_desk: Button,
    },
    /// The real pages; pictures come from the form port directly, by filling, form and page.
    Preview {
        /// Which filling: pictures of another one are not shown.
        request: RequestId,
        /// The papers.
        papers: Vec<PaperRow>,
        /// `false` while they are being filled and drawn.
        ready: bool,
    },
    /// Printing.
    Printing {
        /// The papers.
        papers: Vec<PaperRow>,
        /// 0 to 1.
        done: f32,
    },
    /// Take your card and papers.
    Collect {
        /// The card still lies on the reader.
        card: bool,
        /// The papers and their desks.
        papers: Vec<PaperRow>,
        /// A slip was printed.
        slip: bool,
    },
    /// How was it?
    Rate {
        /// The five levels, 1 to 5, in words.
        levels: Vec<(u8, String)>,
    },
    /// Staff are coming, or have to be fetched.
    Staff {
        /// What to do meanwhile.
        text: String,
    },
    /// Out of order: please see the desk.
    OutOfOrder {
        /// Which desk.
        text: String,
    },
    /// Enter the PIN of staff mode (on the pad; never shown). Pressing `next` sends
    /// [`StaffTouch::Pin`](crate::StaffTouch::Pin).
    StaffPin {
        /// Digits wanted, at least.
        least: usize,
        /// Digits taken, at most.
        most: usize,
        /// What was the matter with the last one.
        note: Option<String>,
        /// Whether one may be sent now.
        open: bool,
    },
    /// A page of staff mode.
    StaffPage {
        /// What there is to look at, or to hit.
        sight: Sight,
        /// What is known, line by line.
        rows: Vec<StaffRow>,
        /// What can be done.
        tiles: Vec<StaffTile>,
    },
    /// Addresses and names are entered, key by key. Each key sends [`SetupTouch::Typed`](crate::SetupTouch::Typed).
    SetupEntry {
        /// What is entered.
        fields: Vec<EntryField>,
        /// With letters, or with the keys of an address alone.
        letters: bool,
    },
}

/// Something that an installer enters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryField {
    /// Which.
    pub field: SetupField,
    /// Its name.
    pub label: String,
    /// What was entered.
    pub value: String,
    /// What it may look like.
    pub example: String,
    /// Keys go here.
    pub active: bool,
}

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Nothing is said of that.
    #[default]
    None,
    /// It works.
    Good,
    /// It wants hands.
    Bad,
    /// Not known yet.
    Open,
}

/// A line of a page of staff mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffRow {
    /// How well it is.
    pub mark: Mark,
    /// What it is about.
    pub label: String,
    /// What there is to say of it.
    pub detail: String,
}

/// Something to be done in staff mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffTile {
    /// A pictogram's name.
    pub icon: &'static str,
    /// What it says and means.
    pub button: Button,
    /// What there is to say of it; may be empty.
    pub detail: String,
    /// How well it is.
    pub mark: Mark,
}

/// What there is to look at on a page of staff mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// Nothing.
    None,
    /// A drawing, by the name of a [`PaperHelp`](crate::PaperHelp).
    Picture(&'static str),
    /// The camera's picture, which comes from the face port directly; what it shows, in words.
    Camera(String),
    /// A bar, in per cent; what it shows, in words.
    Level(u8, String),
    /// Targets to be hit, in rows of three; those that were cannot be pressed any more.
    Targets(Vec<Button>),
}
