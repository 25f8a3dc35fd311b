//! The guide: what may be answered, and how a question finds its answer.
//!
//! [`pack::Guide`] is what the staff of a site wrote. [`Answerer`] finds in it what a question means, by three independent
//! manners (words, sound, meaning), and is sure of it, asks back, or says that it does not know. [`Dialogue`] remembers what
//! was talked about. Nothing is ever said that is not in the guide or computed from it.

mod answerer;
pub mod calendar;
mod classifier;
mod dialogue;
mod embed;
mod fixed;
pub mod holidays;
mod index;
mod names;
pub mod pack;
mod say;
mod speller;
mod tokens;
mod when;

pub use answerer::{Answerer, AnswererError, Asked, Choice, Found, Meaning, Reply, Sayings, wordings};
pub use dialogue::{Dialogue, Unanswered};
pub use embed::{EmbedError, Embedder, Kind};
pub use fixed::fixed_texts;
pub use pack::{Fault, Guide, PackError};
pub use say::away;
