//! Identity IC cards over PC/SC: the four facts, the photo, and the proof that they are genuine.
//!
//! The My Number card's specification is not public; every byte here follows the project's card facts (§2), which were
//! verified against independent readers. Two things are never done: file 0001 of the text application (the individual
//! number) is never selected, and verification number A (which *is* that number) is never used.

mod apdu;
mod authority;
mod mynumber;
mod photo;
mod port;
mod tlv;
pub mod tool;
mod transport;

pub use authority::{AuthorityError, CaSet};
pub use mynumber::{Evidence, Outcome, read};
pub use photo::{PhotoError, decode as decode_photo};
pub use port::{Config, Handle, readers, spawn, spawn_behind};
pub use transport::{Transport, TransportError};
