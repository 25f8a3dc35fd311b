//! `form.toml` and its PDF.

use crate::fonts::Style;
use crate::number::{asks_for_number, looks_like_number, names_number};
use crate::original::{Original, PdfFault, guarded};
use domain::Localized;
use domain::form::{Question, ValueId};
use domain::wareki::Era;
use serde::{Deserialize, Deserializer};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The format's version that this program reads.
const SCHEMA: u32 = 1;
/// Millimetres in a point.
pub(crate) const MM: f32 = 25.4 / 72.0;
/// The sizes that type may have, in points.
const SIZES: RangeInclusive<f32> = 1.0..=200.0;
/// How many lines or cells a box may have.
const COUNTS: RangeInclusive<usize> = 1..=200;
/// How many parts a number between hyphens may have.
const PARTS: RangeInclusive<usize> = 1..=9;
/// How many cells one part of a date may have.
const DATE_CELLS: RangeInclusive<usize> = 1..=2;
/// The smallest type that can still be read, in points.
const SMALLEST: f32 = 6.0;

/// Why a form cannot be used, in the words of its staff.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// A file is missing or cannot be read.
    #[error("{path} を読めません")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// `form.toml` is not of the form that `FORMAT.md` gives.
    #[error("{path}: {}{what}", .line.map_or_else(String::new, |line| format!("{line}行目: ")))]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// What is the matter.
        what: String,
    },
    /// The PDF cannot be a form.
    #[error("{path}: {fault}")]
    Pdf {
        /// Which file.
        path: PathBuf,
        /// What is the matter with it.
        fault: PdfFault,
    },
}

/// Left, top, width, height in millimetres from the page's upper left corner.
pub(crate) type Box4 = [f32; 4];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meta {
    pub id: String,
    pub title: Localized,
    pub pdf: PathBuf,
    /// Where the PDF is from; for people.
    #[expect(dead_code, reason = "read by people and by the checker's schema, not by the filler")]
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Align {
    #[default]
    Left,
    Center,
    Right,
}

/// How a value takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fit {
    /// Text that shrinks to its box.
    #[default]
    Text,
    /// One character a cell.
    Cells,
    /// A date in parts: a circle round the era, digits in boxes; or, without parts, as text.
    Date,
    /// A circle round a choice.
    Circle,
    /// A tick in a box.
    Tick,
    /// Text from top to bottom.
    Vertical,
    /// The signature's strokes.
    Signature,
    /// A QR code.
    Qr,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraBox {
    #[serde(deserialize_with = "era")]
    pub era: Era,
    #[serde(rename = "box")]
    pub rect: Box4,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    /// The value's name.
    pub value: Option<String>,
    /// Or a fixed text.
    pub text: Option<String>,
    /// From 1.
    #[serde(default = "one")]
    pub page: usize,
    #[serde(rename = "box")]
    pub rect: Box4,
    #[serde(default)]
    pub fit: Fit,
    /// The largest size, in points.
    #[serde(default = "size")]
    pub size: f32,
    /// The smallest size that can still be read, in points.
    min_size: Option<f32>,
    #[serde(default)]
    pub align: Align,
    /// The most lines.
    #[serde(default = "one")]
    pub lines: usize,
    #[serde(default)]
    pub font: Style,
    /// Cells in the box.
    #[serde(default = "one")]
    pub count: usize,
    /// Drawn only for this choice.
    pub when: Option<String>,
    /// Only this piece of a number with hyphens, from 1.
    pub part: Option<usize>,
    #[serde(default)]
    pub eras: Vec<EraBox>,
    /// The one era that is printed before the year: no other fits.
    #[serde(default, deserialize_with = "some_era")]
    pub era: Option<Era>,
    /// Cells in each part of a date.
    #[serde(default = "one")]
    pub cells: usize,
    /// `true`: the year of the Christian era in the parts and in the text.
    #[serde(default)]
    pub gregorian: bool,
    pub year: Option<Box4>,
    pub month: Option<Box4>,
    pub day: Option<Box4>,
    /// Refused before anything is printed when the value is missing.
    #[serde(default)]
    pub required: bool,
}

fn one<T: From<u8>>() -> T {
    1.into()
}

fn size() -> f32 {
    10.5
}

fn era<'de, D: Deserializer<'de>>(from: D) -> Result<Era, D::Error> {
    let name = String::deserialize(from)?;
    Era::ALL.into_iter().find(|era| era_id(*era) == name).ok_or_else(|| {
        serde::de::Error::custom(format_args!("元号「{name}」はありません（meiji・taisho・showa・heisei・reiwa）"))
    })
}

fn some_era<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Era>, D::Error> {
    era(from).map(Some)
}

/// An era's name in `form.toml`.
pub(crate) fn era_id(era: Era) -> &'static str {
    match era {
        Era::Meiji => "meiji",
        Era::Taisho => "taisho",
        Era::Showa => "showa",
        Era::Heisei => "heisei",
        Era::Reiwa => "reiwa",
    }
}

impl Field {
    /// The smallest size that can still be read, in points.
    pub fn min_size(&self) -> f32 {
        self.min_size.unwrap_or(SMALLEST.min(self.size))
    }

    /// Whether a date has places for its parts.
    pub fn in_parts(&self) -> bool {
        self.year.is_some() || self.month.is_some() || self.day.is_some()
    }

    /// The boxes that something is drawn into.
    pub fn drawn(&self) -> Vec<Box4> {
        let parts = [self.year, self.month, self.day].into_iter().flatten().chain(self.eras.iter().map(|era| era.rect));
        let parts: Vec<Box4> = if self.fit == Fit::Date { parts.collect() } else { Vec::new() };
        if parts.is_empty() { vec![self.rect] } else { parts }
    }

    /// What makes it impossible to fill, whatever the value.
    fn fault(&self, pages: usize) -> Option<String> {
        let boxes = [Some(self.rect), self.year, self.month, self.day];
        let mut boxes = boxes.into_iter().flatten().chain(self.eras.iter().map(|era| era.rect));
        let wrong = |what: &str| Some(what.to_owned());
        if self.page == 0 || self.page > pages {
            return Some(format!("page = {} ですが、PDFは{pages}ページです。", self.page));
        }
        if self.value.is_some() == self.text.is_some() {
            return wrong("value か text のどちらか一つを書いてください。");
        }
        if !boxes.all(|rect| rect.iter().all(|side| side.is_finite())) {
            return wrong("box は数でなければなりません。");
        }
        if !SIZES.contains(&self.size) || !SIZES.contains(&self.min_size()) || self.min_size() > self.size {
            return wrong("文字の大きさは 1 ≦ min_size ≦ size ≦ 200 にしてください。");
        }
        if !COUNTS.contains(&self.lines) || !COUNTS.contains(&self.count) {
            return wrong("lines と count は1から200までです。");
        }
        if !DATE_CELLS.contains(&self.cells) {
            return wrong("cells は1か2です。");
        }
        if self.part.is_some_and(|part| !PARTS.contains(&part)) {
            return wrong("part は1から9までです。");
        }
        let number =
            self.value.as_deref().is_some_and(names_number) || self.text.as_deref().is_some_and(looks_like_number);
        if number {
            return wrong(NO_NUMBER);
        }
        None
    }
}

/// The kiosk neither reads nor writes it (番号法).
const NO_NUMBER: &str = "個人番号（マイナンバー）の枠や質問は作れません。手で書いてもらいます。";

/// The line of the n-th table (from 0) of a kind, from 1.
pub(crate) fn table_line(text: &str, table: &str, n: usize) -> Option<usize> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with(table));
    lines.nth(n).map(|(at, _)| at + 1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormFile {
    schema: u32,
    form: Meta,
    #[serde(default)]
    question: Vec<Question>,
    #[serde(default)]
    field: Vec<Field>,
}

/// A form, ready to be filled again and again.
pub struct Form {
    pub(crate) meta: Meta,
    pub(crate) questions: Vec<Question>,
    pub(crate) fields: Vec<Field>,
    pub(crate) original: Original,
}

impl Form {
    /// Loads a form's folder.
    ///
    /// # Errors
    /// When a file is missing or malformed, or the PDF cannot be imported.
    pub fn load(folder: &Path) -> Result<Self, FormError> {
        let path = folder.join("form.toml");
        let text = std::fs::read_to_string(&path).map_err(|source| FormError::Read { path: path.clone(), source })?;
        let pdf = |name: &Path| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| FormError::Read { path, source })
        };
        Self::parse(&path, &text, pdf)
    }

    /// Makes a form of its text and whatever gives the PDF's bytes.
    ///
    /// # Errors
    /// As [`Form::load`].
    pub(crate) fn parse(
        path: &Path,
        text: &str,
        pdf: impl FnOnce(&Path) -> Result<Vec<u8>, FormError>,
    ) -> Result<Self, FormError> {
        let malformed = |line, what| FormError::Malformed { path: path.to_owned(), line, what };
        let file: FormFile = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            malformed(line, format!("書き方が違います（{}）。", error.message()))
        })?;
        if file.schema != SCHEMA {
            let line = table_line(text, "schema", 0);
            return Err(malformed(
                line,
                format!("schema = {} です。このプログラムは {SCHEMA} を読みます。", file.schema),
            ));
        }
        if let Some(at) = file.question.iter().position(asks_for_number) {
            return Err(malformed(table_line(text, "[[question]]", at), NO_NUMBER.into()));
        }
        let bytes = pdf(&file.form.pdf)?;
        let broken = |fault| FormError::Pdf { path: path.with_file_name(&file.form.pdf), fault };
        let mut original = Original::read(&bytes).map_err(broken)?;
        let prepare = || {
            original.prepare();
            Some(())
        };
        guarded(prepare).ok_or_else(|| broken(PdfFault::Broken))?;
        for (at, field) in file.field.iter().enumerate() {
            if let Some(what) = field.fault(original.pages.len()) {
                return Err(malformed(table_line(text, "[[field]]", at), what));
            }
        }
        Ok(Self { meta: file.form, questions: file.question, fields: file.field, original })
    }

    pub(crate) fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id.0 == id)
    }

    /// Its id: the folder's name.
    pub fn id(&self) -> &str {
        &self.meta.id
    }

    /// Its title.
    pub fn title(&self) -> &Localized {
        &self.meta.title
    }

    /// What it asks, in order.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Whether it has a place for a signature.
    pub fn wants_signature(&self) -> bool {
        self.fields.iter().any(|field| field.fit == Fit::Signature)
    }

    /// Its pages.
    pub fn page_count(&self) -> usize {
        self.original.pages.len()
    }

    /// The values that it puts to paper, each once.
    pub fn values(&self) -> Vec<ValueId> {
        let mut values: Vec<ValueId> = Vec::new();
        for name in self.fields.iter().filter_map(|field| field.value.as_ref()) {
            if !values.iter().any(|known| known.0 == *name) {
                values.push(ValueId(name.clone()));
            }
        }
        values
    }
}
