//! The face port: is the person before the camera the person on the card's photo?
//!
//! [`spawn`] starts it; [`domain::face`] says what it is asked and what it answers. On [`FaceCommand::Match`] the camera opens, the
//! person is guided until the picture is good, and good pictures are compared until there is a decision; on
//! [`FaceCommand::Stop`] the camera closes and everything about the person is overwritten.
//!
//! # How it decides
//!
//! Faces are found by YuNet (2023mar) and compared by SFace (2021dec), both from the OpenCV Zoo, run by Debian's OpenCV. Two faces count
//! as one person from a cosine of [`THRESHOLD`]. Three good pictures in a row decide by the middle one of their scores. After ten
//! or more good pictures over two seconds without that, the answer is "different". Pictures in which the face was lost from sight, or
//! in which a second face of like size appears, begin the count anew.
//!
//! | threshold | strangers taken for the person | the person not recognised, good photo | the person not recognised, photo as on a card |
//! |-----------|--------------------------------|---------------------------------------|----------------------------------------------|
//! | 0.364     | 1 in 1,000                     | 1.23 %                                | 2.1 %                                        |
//! | **0.420** | **1 in 10,000**                | **2.27 %**                            | **4.3 %**                                    |
//!
//! Measured with single comparisons on LFW (6,000 pairs; 18.3 million pairs of strangers); "as on a card" means JPEG 2000, grey, about
//! 2 kB. A try looks at many pictures and a visit has up to five tries, so that both errors of a whole visit differ from these: a
//! person gets more chances, and so does a stranger with the card in hand. LFW's people are not the kiosk's: a site measures for
//! itself with `kiosk face compare --pairs`.
//!
//! # What it does not do
//!
//! It does **not** detect attacks by presentation: a good print or a screen held before the camera is compared like a face. Nothing
//! that could be had under a free licence detected them usefully. The face therefore never stands alone: it is compared
//! against the photo of a card that is on the reader, whose code B was entered, under the eyes of staff. The other ways are the
//! card's PIN, and staff.
//!
//! # What stays
//!
//! Nothing. Pictures, templates and scores live in this process's memory and are overwritten on `Stop` and on drop; the networks'
//! buffers are overwritten by running them on a grey picture. What the decoders of the camera's film format and of the photo's
//! format keep for themselves is freed, but not overwritten: on the appliance the port is a process of its own without swap.
//!
//! [`FaceCommand::Match`]: domain::face::FaceCommand::Match
//! [`FaceCommand::Stop`]: domain::face::FaceCommand::Stop

mod camera;
mod compare;
mod detect;
mod engine;
mod look;
mod port;
mod still;
pub mod tool;
mod trial;
mod wiped;

pub use camera::Camera;
pub use engine::FaceError;
pub use port::{Config, Handle, spawn, spawn_behind};

use std::path::PathBuf;

/// The cosine from which two faces count as one person: one in 10,000 pairs of strangers reaches it. See the crate's text.
pub const THRESHOLD: f32 = 0.420;

/// The folder with the weights that `cargo xtask setup` prepares: `weights` in `$MADOGUCHI_CACHE` or `~/.cache/madoguchi`.
pub fn default_weights() -> Option<PathBuf> {
    cache().map(|cache| cache.join("weights"))
}

/// The folder with the pictures and films that `cargo xtask setup` prepares for tests and for the demo.
pub fn default_pictures() -> Option<PathBuf> {
    cache().map(|cache| cache.join("pictures"))
}

fn cache() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/madoguchi"));
    std::env::var_os("MADOGUCHI_CACHE").map(PathBuf::from).or_else(home)
}
