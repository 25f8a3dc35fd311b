//! A second ear for Japanese: finds the guide's sentences in what a network of phonemes heard, without a dictionary and
//! without a network of words.
//!
//! The network (pydomino's `phoneme_transition_model.onnx`) gives [`Frames`] for a sound that was [`quieted`];
//! [`Sentences`] knows what can be asked here and searches them. All is plain data: nothing is loaded, and the same
//! input gives the same output.

mod chances;
mod fit;
mod frames;
mod phonemes;
mod quiet;
mod search;
mod sentences;
mod words;

pub use frames::Frames;
pub use quiet::quieted;
pub use search::Found;
pub use sentences::Sentences;
pub use words::{Part, Word};

/// Phoneme pairs of the network.
pub const PAIRS: usize = 557;

/// The score of what cannot be.
pub(crate) const NEVER: f32 = -1e30;
