//! `form.toml` and its PDF.

use crate::fonts::Style;
use crate::original::{Original, PdfFault};
use domain::Localized;
use domain::form::{Question, ValueId};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The format's version that this program reads.
const SCHEMA: u32 = 1;

/// Why a form cannot be used. The text names file and, where it can, the line.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// A file is missing or cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// `form.toml` is not of the form that `FORMAT.md` gives.
    #[error("{path}: {what}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What and where.
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
    /// A field lies on a page that the PDF does not have.
    #[error("{path}: field {field} is on page {page} of {pages}")]
    NoSuchPage {
        /// Which file.
        path: PathBuf,
        /// The field, from 1.
        field: usize,
        /// Its page.
        page: usize,
        /// Pages that there are.
        pages: usize,
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
    pub era: String,
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
    #[serde(default = "min_size")]
    pub min_size: f32,
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
    #[serde(default)]
    pub eras: Vec<EraBox>,
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

fn min_size() -> f32 {
    6.0
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
        let malformed = |what: String| FormError::Malformed { path: path.to_owned(), what };
        let file: FormFile = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(malformed(format!("schema = {}, but this program reads {SCHEMA}", file.schema)));
        }
        let bytes = pdf(&file.form.pdf)?;
        let broken = |fault| FormError::Pdf { path: path.with_file_name(&file.form.pdf), fault };
        let mut original = Original::read(&bytes).map_err(broken)?;
        original.prepare();
        let pages = original.pages.len();
        for (at, field) in file.field.iter().enumerate() {
            if field.page == 0 || field.page > pages {
                let path = path.to_owned();
                return Err(FormError::NoSuchPage { path, field: at + 1, page: field.page, pages });
            }
            if field.value.is_some() == field.text.is_some() {
                return Err(malformed(format!("field {} needs either `value` or `text`", at + 1)));
            }
        }
        Ok(Self { meta: file.form, questions: file.question, fields: file.field, original })
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
