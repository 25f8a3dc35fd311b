//! The real other ends, each in namespaces of its own: nothing listens outside them, many can run side by side, and what
//! was started ends with its handle. Needs root.

mod card;
mod pcscd;
mod printer;
mod process;
mod receipt;
mod sound;
mod wait;

pub use card::CardProcess;
pub use pcscd::Pcscd;
pub use printer::{IppPrinter, Secret, WireFault};
pub use receipt::{ReceiptPrinter, Slip};
pub use sound::{Recording, SoundServer};
pub use wait::wait_for;
