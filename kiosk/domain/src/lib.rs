//! The plain data that the core and its ports exchange: no I/O, no clock, no threads.
//!
//! Every value that says something about a person is a [`Personal`]; everything else may be logged.

pub mod card;
pub mod face;
pub mod form;
pub mod kpi;
pub mod language;
pub mod paper;
pub mod personal;
pub mod photo;
pub mod refusal;
pub mod ruby;
pub mod setup;
pub mod staff;
pub mod visit_id;
pub mod voice;
pub mod wareki;

pub use jiff::civil::Date;
pub use language::{Language, Localized};
pub use personal::{Personal, Private};
pub use refusal::Refusal;
pub use visit_id::{IdentityTag, RequestId, Timestamp, VisitId};
