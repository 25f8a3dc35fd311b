//! The face port: is the person before the camera the person on the card's photo?

mod compare;
mod detect;
mod engine;
mod still;
pub mod tool;
mod wiped;

pub use engine::FaceError;
use std::path::PathBuf;

/// The cosine from which two faces count as one person.
pub const THRESHOLD: f32 = 0.420;

/// Where `cargo xtask setup` puts the weights.
pub fn default_weights() -> Option<PathBuf> {
    let cache = std::env::var_os("MADOGUCHI_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/madoguchi")));
    cache.map(|cache| cache.join("weights"))
}
