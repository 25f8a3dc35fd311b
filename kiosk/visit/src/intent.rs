//! What a touch means: the only thing that screens may send into the core.

use crate::service::ServiceId;
use domain::card::{CodeB, Pin};
use domain::form::{Answer, FormId, Signature, ValueId};
use domain::voice::AnswerId;
use domain::{Language, Personal};
use serde::{Deserialize, Serialize};

/// How large the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextSize {
    /// As designed.
    #[default]
    Standard,
    /// About a third larger.
    Large,
}

/// How the person makes known who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifyBy {
    /// My Number card and face (verification number B opens the card, no PIN).
    CardAndFace,
    /// My Number card and its four-digit PIN.
    CardAndPin,
    /// No card: the person types the facts.
    Typing,
}

/// One of the four facts, for correcting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// 氏名.
    Name,
    /// 住所.
    Address,
    /// 生年月日.
    BirthDate,
    /// 性別.
    Sex,
}

impl Fact {
    /// The four, in the order of the forms.
    pub const ALL: [Self; 4] = [Self::Name, Self::Address, Self::BirthDate, Self::Sex];
}

/// What the person wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Begin: the home screen was touched.
    Begin,
    /// Begin with this service, or take it in or out of the choice.
    Toggle(ServiceId),
    /// Show everything in this language.
    Speak(Language),
    /// Letters of this size.
    Size(TextSize),
    /// Black and white, or the usual colours.
    HighContrast(bool),
    /// Furigana over kanji, or not.
    Furigana(bool),
    /// Ask the guide: begins to listen. While it listens: that was all.
    Talk,
    /// Ask the guide this.
    Pick(AnswerId),
    /// Say the answer again.
    SayAgain,
    /// Say nothing more.
    Hush,
    /// On to the next step.
    Next,
    /// One step back; nothing that was entered is lost.
    Back,
    /// End the visit and forget everything.
    Quit,
    /// Call staff.
    CallStaff,
    /// Agreed to the reading of the card, and of the face where that is the way.
    Identify(IdentifyBy),
    /// The PIN was entered.
    Pin(Personal<Pin>),
    /// Verification number B was entered.
    CodeB(Personal<CodeB>),
    /// Try the face again.
    FaceAgain,
    /// A fact was corrected or typed. Birth dates are `YYYY-MM-DD`, sex is `male`, `female` or `other`.
    Correct(Fact, Answer),
    /// The question on the screen was answered.
    Answer(ValueId, Answer),
    /// Signed.
    Sign(Personal<Signature>),
    /// Signs the papers at the desk: their field stays blank.
    SignAtDesk,
    /// The pages are right: print them.
    Print,
    /// Take this form out of the papers.
    Drop(FormId),
    /// How it was, 1 (bad) to 5 (good).
    Rate(u8),
    /// Still here: needs more time.
    MoreTime,
    /// A finger is at work on this screen (keys, strokes, pages); at most once a second, and it means nothing else.
    Alive,
}
