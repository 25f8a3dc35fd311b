//! An invented resident: what they want, what they know, and what they do on each screen.

use crate::hands::Hands;
use crate::score::Deed;
use crate::site::Site;
use anyhow::{Context, bail};
use domain::form::AnswerKind;
use domain::ruby;
use std::collections::BTreeMap;
use std::time::Duration;
use unicode_normalization::UnicodeNormalization;
use visit::view::{Body, Editor};
use visit::{IdentifyBy, Intent, View};

/// How they make themselves known.
#[derive(Debug, Clone)]
pub enum Way {
    /// By card and face; verification number B is read off the card: birth date, expiry year, security code.
    Face {
        /// `YYMMDD`, the year of the era.
        birth: &'static str,
        /// `YYYY`.
        expiry: &'static str,
        /// `NNNN`.
        code: &'static str,
    },
    /// By card and PIN.
    Pin(&'static str),
}

/// A resident.
#[derive(Debug, Clone)]
pub struct Resident {
    /// The services that they want, by id.
    pub services: Vec<&'static str>,
    /// How they make themselves known.
    pub way: Way,
    /// What they answer, by question: a choice's id (several joined by `,`), digits, a date in days from
    /// today (`-4`), katakana, or text in words
    /// that are joined by `/`: kana that is converted (`かな=漢字`), kana, or digits with the words of addresses.
    pub answers: BTreeMap<&'static str, &'static str>,
    /// The level of satisfaction that they give.
    pub rating: u8,
    /// Left until the card lies on the reader.
    pub card_in_hand: bool,
    /// What is on the screen is filled in; the main button comes next.
    pub filled: bool,
}

/// Whether the resident did something or waits for the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Touched, drew, laid or took a card.
    Something,
    /// Filled in what the screen asks for, and looks at it before going on.
    Filled,
    /// Waits.
    Nothing,
}

/// A signature as a finger makes it: fractions of the field.
const SIGNATURE: &[&[(f32, f32)]] = &[
    &[(0.12, 0.35), (0.15, 0.30), (0.18, 0.42)],
    &[(0.10, 0.70), (0.14, 0.62), (0.20, 0.52), (0.19, 0.70)],
    &[(0.26, 0.25), (0.25, 0.50), (0.22, 0.75)],
    &[(0.27, 0.28), (0.36, 0.26), (0.36, 0.50), (0.27, 0.52)],
    &[(0.30, 0.60), (0.38, 0.58), (0.34, 0.72), (0.28, 0.74)],
    &[(0.52, 0.30), (0.68, 0.28)],
    &[(0.57, 0.20), (0.56, 0.40)],
    &[(0.63, 0.20), (0.63, 0.40)],
    &[(0.55, 0.48), (0.50, 0.62), (0.56, 0.76)],
    &[(0.66, 0.46), (0.60, 0.60), (0.70, 0.72), (0.72, 0.62)],
    &[(0.78, 0.35), (0.90, 0.33), (0.80, 0.55), (0.82, 0.75), (0.77, 0.70)],
    &[(0.74, 0.55), (0.94, 0.53)],
];

impl Resident {
    /// 渚 花子 has moved within the city: three papers from one reading of her card.
    pub fn hanako() -> Self {
        Self {
            services: vec!["moving", "kokuho", "inkan"],
            way: Way::Face { birth: "550229", expiry: "2035", code: "2285" },
            answers: BTreeMap::from([
                ("move_kind", "within"),
                ("move_date", "-4"),
                ("new_address", "なぎさ=渚/し=市/みなとまち=港町/3丁目5番2号"),
                ("name_kana", "ナギサ　ハナコ"),
                ("phone", "09000001234"),
                ("who", "self"),
                ("head_of_household", "なぎさ=渚/いちろう=一郎"),
                ("kokuho_kind", "acquire"),
                ("kokuho_acquire", "left"),
                ("kokuho_date", "-23"),
                ("mynaho", "yes"),
                ("seal_number", "123456"),
                ("copies", "2"),
                ("seal_applicant", "self"),
                ("seal_purpose", "car"),
            ]),
            rating: 5,
            card_in_hand: true,
            filled: false,
        }
    }

    /// Does on this screen what this resident would do now.
    ///
    /// # Errors
    /// When the screen asks something that they do not expect, or does not offer what they look for.
    pub fn act(&mut self, view: &View, hands: &Hands<'_>, site: &mut Site) -> anyhow::Result<Did> {
        if let Some(notice) = &view.notice {
            bail!("not expected: {} {}", notice.cause, notice.remedy);
        }
        let next = || -> anyhow::Result<Did> {
            match view.next.as_ref().filter(|next| next.enabled) {
                Some(next) => touch(hands, &next.label),
                None => Ok(Did::Nothing),
            }
        };
        match &view.body {
            Body::Home { begin: Some(begin), .. } => touch(hands, &begin.label),
            Body::Choose { tiles, .. } => {
                let wanted = tiles.iter().find(|tile| self.services.contains(&tile.id.0.as_str()) && !tile.chosen);
                match wanted {
                    Some(tile) => touch(hands, &tile.title),
                    None => next(),
                }
            }
            Body::Consent { ways, .. } => {
                let wanted = match self.way {
                    Way::Face { .. } => IdentifyBy::CardAndFace,
                    Way::Pin(_) => IdentifyBy::CardAndPin,
                };
                let way = ways.iter().find(|way| way.button.intent == Intent::Identify(wanted));
                touch(hands, &way.with_context(|| format!("{wanted:?} is not offered"))?.button.label)
            }
            Body::Card { .. } if self.card_in_hand => {
                hands.note("the card", Deed::Insert)?;
                site.card.insert()?;
                self.card_in_hand = false;
                Ok(Did::Something)
            }
            Body::Pin { .. } | Body::CodeB { .. } if self.filled => {
                self.filled = false;
                touch(hands, &view.captions.ok)
            }
            Body::Ask { .. } | Body::Sign { .. } if self.filled => {
                self.filled = false;
                next()
            }
            Body::Pin { .. } => match self.way {
                Way::Pin(pin) => self.fill(keys(hands, view, pin)),
                Way::Face { .. } => bail!("asked for a PIN"),
            },
            Body::CodeB { .. } => match self.way {
                Way::Face { birth, expiry, code } => {
                    self.fill([birth, expiry, code].into_iter().try_for_each(|part| keys(hands, view, part)))
                }
                Way::Pin(_) => bail!("asked for verification number B"),
            },
            Body::Ask { question, editor, count, .. } => match self.answers.get(question.0.as_str()).copied() {
                Some(answer) => self.fill(answer_on(answer, editor, hands, view)),
                None if editor.optional => self.fill(Ok(())),
                None => bail!("{count}: does not know what to answer to \"{}\"", question.0),
            },
            Body::Sign { .. } => self.fill(hands.draw(&ruby::plain(&view.title), SIGNATURE)),
            // Looks at the paper first.
            Body::Preview { .. } if !self.sees_all(view, hands) => Ok(Did::Nothing),
            Body::Preview { ready: false, .. } | Body::Card { .. } | Body::Face { .. } | Body::Printing { .. } => {
                Ok(Did::Nothing)
            }
            Body::Collect { card: true, .. } if !self.card_in_hand => {
                hands.note("the card", Deed::Remove)?;
                site.card.remove()?;
                self.card_in_hand = true;
                Ok(Did::Something)
            }
            Body::Rate { levels } => {
                let level = levels.iter().find(|(level, _)| *level == self.rating);
                touch(hands, &level.context("no such level")?.1)
            }
            Body::Confirm { .. } | Body::Preview { .. } | Body::Collect { .. } => next(),
            Body::Staff { text } | Body::OutOfOrder { text } => bail!("not expected: {text}"),
            Body::Home { begin: None, .. } | Body::Guide { .. } => bail!("there are no services here"),
            Body::StaffPin { .. } | Body::StaffPage { .. } | Body::SetupEntry { .. } => {
                bail!("staff mode is no resident's")
            }
        }
    }

    /// Whether the screen has what it will show: a preview has its page.
    pub fn sees_all(&self, view: &View, hands: &Hands<'_>) -> bool {
        !matches!(view.body, Body::Preview { .. }) || hands.sees(ENLARGE)
    }

    fn fill(&mut self, filled: anyhow::Result<()>) -> anyhow::Result<Did> {
        filled?;
        self.filled = true;
        Ok(Did::Filled)
    }
}

fn answer_on(answer: &str, editor: &Editor, hands: &Hands<'_>, view: &View) -> anyhow::Result<()> {
    match &editor.kind {
        AnswerKind::One { .. } | AnswerKind::Many { .. } => {
            for id in answer.split(',').filter(|id| !id.is_empty()) {
                let choice = editor.choices.iter().find(|(known, _)| known == id);
                touch(hands, &choice.with_context(|| format!("no choice \"{id}\""))?.1)?;
            }
        }
        AnswerKind::Date { .. } => {
            // The western calendar is offered beside the eras.
            let days: i32 = answer.parse().context("the resident's days")?;
            let date = jiff::ZonedDateTime::now().date().checked_add(jiff::Span::new().days(days))?;
            hands.touch(WESTERN)?;
            keys(hands, view, &format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()))?;
        }
        AnswerKind::Phone | AnswerKind::Postcode | AnswerKind::Digits { .. } | AnswerKind::Kana { .. } => {
            keys(hands, view, answer)?
        }
        AnswerKind::Text { .. } => {
            for word in answer.split('/') {
                if word.starts_with(|c: char| c.is_ascii_digit()) {
                    hands.touch(NUMBERS)?;
                    numbers(hands, word)?;
                    continue;
                }
                hands.touch(KANA)?;
                let (kana, kanji) = word.split_once('=').unwrap_or((word, word));
                keys(hands, view, kana)?;
                if kana == kanji {
                    touch(hands, &view.captions.ok)?;
                } else {
                    touch(hands, &view.captions.convert)?;
                    touch(hands, kanji)?;
                }
            }
        }
    }
    Ok(())
}

/// The label of the calendar without eras.
const WESTERN: &str = "西暦";
/// The label of what shows a page of the preview larger, once there is a page.
const ENLARGE: &str = "大きく見る";
/// The labels of the keyboards.
const NUMBERS: &str = "数字";
const KANA: &str = "かな";

/// Touches digits, and between them the words of addresses, each of which has a key.
fn numbers(hands: &Hands<'_>, text: &str) -> anyhow::Result<()> {
    hands.pass(Duration::from_millis(500));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end =
            if first.is_ascii_digit() { 1 } else { rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()) };
        let (key, after) = rest.split_at(end);
        hands.touch(key)?;
        rest = after;
    }
    Ok(())
}

/// Small kana, and in the same places what they are the small ones of.
const SMALL: &str = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ";
const LARGE: &str = "あいうえおつやゆよわアイウエオツヤユヨワ";

fn touch(hands: &Hands<'_>, label: &str) -> anyhow::Result<Did> {
    // Labels are spoken without readings; a person sees the screen a moment before touching it.
    hands.pass(Duration::from_millis(500));
    hands.touch(&ruby::plain(label))?;
    Ok(Did::Something)
}

/// Touches one key after the other: a kana with a mark is its plain kana and the mark.
fn keys(hands: &Hands<'_>, view: &View, text: &str) -> anyhow::Result<()> {
    hands.pass(Duration::from_millis(500));
    for key in text.nfd() {
        match key {
            '\u{3099}' => hands.touch("濁点")?,
            '\u{309a}' => hands.touch("半濁点")?,
            ' ' | '\u{3000}' => hands.touch(&ruby::plain(&view.captions.space))?,
            key => match SMALL.chars().position(|small| small == key) {
                Some(at) => {
                    hands.touch(&LARGE.chars().skip(at).take(1).collect::<String>())?;
                    hands.touch("小さい文字")?;
                }
                None => hands.touch(&key.to_string())?,
            },
        }
    }
    Ok(())
}
