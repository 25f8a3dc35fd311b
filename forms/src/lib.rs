//! A form is a folder: the municipality's own PDF as it is, and `form.toml`, which says what goes where (`FORMAT.md`).
//!
//! The PDF is imported as a page and drawn over; nothing of it is changed. Text is shaped and subset-embedded, keeps its
//! ideographic variation selectors and can be extracted again. What cannot be drawn right is refused, never guessed.

mod check;
mod draft;
mod fill;
mod fonts;
mod form;
mod number;
mod original;
mod port;
mod preview;
mod printed;
mod sheet;
pub mod tool;
mod weight;

pub use check::{Finding, check};
pub use draft::{Drafted, NewError, start};
pub use fill::{FillError, Filling};
pub use form::{Form, FormError};
pub use original::PdfFault;
pub use port::{Handle, spawn};
pub use preview::{PreviewError, page_image};
pub use sheet::{SheetError, sheet};
