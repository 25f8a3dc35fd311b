//! What the card port is asked and what it answers.

use crate::personal::overwrite;
use crate::{IdentityTag, Personal, Private, RequestId, private_newtype};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// The kinds of card that a person may put on the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardKind {
    /// 個人番号カード (My Number card).
    MyNumber,
    /// スマートフォンの電子証明書 (no text or visual application: facts cannot be read).
    Phone,
    /// 在留カード or 特別永住者証明書.
    Residence,
    /// 運転免許証.
    DriversLicence,
    /// A passport or another ICAO document.
    Passport,
    /// A card that answered but is none of these (a bank card, a transit card).
    Unknown,
}

/// Sex as the card's application codes it (JIS X 0303; unknown values are kept as [`Sex::Other`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    /// 男, code 1.
    Male,
    /// 女, code 2.
    Female,
    /// その他・不明, code 3, 9 or any other.
    Other,
}

impl Zeroize for Sex {
    fn zeroize(&mut self) {
        overwrite(self, Self::Other);
    }
}

impl Private for Sex {
    const NAME: &'static str = "Sex";
    fn stand_in() -> Self {
        Self::Other
    }
}

/// Declares a date that may be wrapped in [`Personal`].
macro_rules! private_date {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name(pub Date);

        impl Zeroize for $name {
            fn zeroize(&mut self) {
                overwrite(self, Self::stand_in());
            }
        }

        impl Private for $name {
            const NAME: &'static str = stringify!($name);
            fn stand_in() -> Self {
                Self(Date::constant(1900, 1, 1))
            }
        }
    };
}

private_date!(
    /// A date of birth.
    BirthDate
);
private_date!(
    /// A card's last day of validity: mostly a birthday, so that it says as much about the person.
    LastDay
);

private_newtype!(
    /// A photograph as it lies on the card (JPEG 2000) or as PNG.
    Photo(#[serde(with = "crate::personal::hex")] Vec<u8>)
);
private_newtype!(
    /// 券面事項入力補助用暗証番号: four digits.
    Pin(String)
);
private_newtype!(
    /// 照合番号B: birth date `YYMMDD` with the year of the Japanese era, expiry year `YYYY`, security code `NNNN`.
    CodeB(String)
);

/// The four facts (基本4情報) as the card has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// 氏名, an ideographic space between family and given name.
    pub name: Personal<String>,
    /// 住所.
    pub address: Personal<String>,
    /// 生年月日.
    pub birth_date: Personal<BirthDate>,
    /// 性別.
    pub sex: Personal<Sex>,
}

/// What opens the facts on the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardSecret {
    /// The four-digit PIN. Opens the facts, not the photo.
    Pin(Personal<Pin>),
    /// Verification number B, printed on the card's face. Opens facts and photo; is no secret.
    CodeB(Personal<CodeB>),
}

/// To the card port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardCommand {
    /// Read the card that lies there. One `Read` sends the secret at most once.
    Read {
        /// Carried back by every event about this reading.
        request: RequestId,
        /// What opens it.
        secret: CardSecret,
        /// Read the photo too (with code B only).
        photo: bool,
        /// A card whose last day is before this one is refused; the day itself does not leave the port.
        today: Option<Date>,
    },
    /// Say anew what lies on the reader: `Inserted`, `Removed` or `NoReader`.
    Look,
    /// Reset the card: what was opened is closed.
    Release,
}

/// What was found about the data being genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Genuine {
    /// Signatures, certificate chain and the card's own answer to a challenge hold.
    Yes,
    /// One of them does not hold: a copy, or altered.
    No,
    /// Could not be checked (no authority is configured).
    Unchecked,
}

/// What a card said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardReading {
    /// What kind of card it was.
    pub kind: CardKind,
    /// The four facts.
    pub facts: Facts,
    /// The photo, if it was asked for and there.
    pub photo: Option<Personal<Photo>>,
    /// Whether it is genuine.
    pub genuine: Genuine,
    /// Drawn anew for this reading.
    pub tag: IdentityTag,
}

/// Why a card could not be read. None of these holds a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardRefusal {
    /// Taken away while it was being read.
    Removed,
    /// A card of a kind that this step cannot use.
    WrongCard(CardKind),
    /// The PIN or code B is not this card's; `left` tries remain.
    WrongSecret {
        /// Tries that remain, never 0.
        left: u8,
    },
    /// One try is left: the secret was not sent, so that the kiosk never blocks a card.
    LastTry,
    /// The PIN or code is blocked.
    Blocked,
    /// The secret has the wrong shape (not four digits, not a date); nothing was sent.
    MalformedSecret,
    /// The card's data cannot be understood.
    Unreadable,
    /// The card's last day is over.
    Expired,
    /// The reader is gone.
    NoReader,
}

/// From the card port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardEvent {
    /// A reader is there again.
    ReaderReady,
    /// There is no reader.
    NoReader,
    /// A card lies on the reader.
    Inserted {
        /// Its kind.
        kind: CardKind,
        /// Tries left for the PIN, where the card tells.
        pin_tries: Option<u8>,
    },
    /// The card was taken away.
    Removed,
    /// Reading goes on; `done` of `of` steps.
    Progress {
        /// Which reading.
        request: RequestId,
        /// Steps done.
        done: u16,
        /// Steps in all.
        of: u16,
    },
    /// The card was read.
    Read {
        /// Which reading.
        request: RequestId,
        /// What the card said.
        reading: Box<CardReading>,
    },
    /// The card could not be read.
    Refused {
        /// Which reading.
        request: RequestId,
        /// Why.
        why: CardRefusal,
    },
}
