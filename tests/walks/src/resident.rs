//! An invented resident: what they want, what they know, and what they do on each screen.

use crate::hands::Hands;
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
    /// What they answer, by question: a choice's id (several joined by `,`), digits, `YYYY-MM-DD`, katakana, or text that
    /// is typed as kana and converted (`かな=漢字`).
    pub answers: BTreeMap<&'static str, &'static str>,
    /// The level of satisfaction that they give.
    pub rating: u8,
    /// Left until the card lies on the reader.
    pub card_in_hand: bool,
}

/// Whether the resident did something or waits for the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Touched, drew, laid or took a card.
    Something,
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
            Body::Home { begin, .. } => touch(hands, &begin.label),
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
                site.card.insert()?;
                self.card_in_hand = false;
                Ok(Did::Something)
            }
            Body::Pin { .. } => match self.way {
                Way::Pin(pin) => {
                    keys(hands, view, pin)?;
                    touch(hands, &view.captions.ok)
                }
                Way::Face { .. } => bail!("asked for a PIN"),
            },
            Body::CodeB { .. } => match self.way {
                Way::Face { birth, expiry, code } => {
                    for part in [birth, expiry, code] {
                        keys(hands, view, part)?;
                    }
                    touch(hands, &view.captions.ok)
                }
                Way::Pin(_) => bail!("asked for verification number B"),
            },
            Body::Ask { question, editor, count, .. } => {
                let answer = self.answers.get(question.0.as_str()).copied();
                match answer {
                    Some(answer) => self.answer(answer, editor, hands, view)?,
                    None if editor.optional => {}
                    None => bail!("{count}: does not know what to answer to \"{}\"", question.0),
                }
                enter(view, hands)
            }
            Body::Sign { .. } => {
                hands.draw(&ruby::plain(&view.title), SIGNATURE)?;
                enter(view, hands)
            }
            Body::Preview { ready: false, .. } | Body::Card { .. } | Body::Face { .. } | Body::Printing { .. } => {
                Ok(Did::Nothing)
            }
            Body::Collect { card: true, .. } if !self.card_in_hand => {
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
        }
    }

    fn answer(&self, answer: &str, editor: &Editor, hands: &Hands<'_>, view: &View) -> anyhow::Result<()> {
        match &editor.kind {
            AnswerKind::One { .. } | AnswerKind::Many { .. } => {
                for id in answer.split(',').filter(|id| !id.is_empty()) {
                    let choice = editor.choices.iter().find(|(known, _)| known == id);
                    touch(hands, &choice.with_context(|| format!("no choice \"{id}\""))?.1)?;
                }
            }
            AnswerKind::Date { .. } => {
                // The western calendar is offered beside the eras.
                let date: domain::Date = answer.parse().context("the resident's date")?;
                hands.touch(WESTERN)?;
                keys(hands, view, &format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()))?;
            }
            AnswerKind::Phone | AnswerKind::Postcode | AnswerKind::Digits { .. } | AnswerKind::Kana { .. } => {
                keys(hands, view, answer)?
            }
            AnswerKind::Text { .. } => {
                for word in answer.split('/') {
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
}

/// The label of the calendar without eras.
const WESTERN: &str = "西暦";

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

/// Touches the main button, where the screen did not go on by itself.
fn enter(view: &View, hands: &Hands<'_>) -> anyhow::Result<Did> {
    match &view.next {
        Some(next) if hands.sees(&ruby::plain(&next.label)) => touch(hands, &next.label),
        _ => Ok(Did::Something),
    }
}
