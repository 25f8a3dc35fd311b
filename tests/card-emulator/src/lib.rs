//! A My Number card in software: the other end of the real `pcscd` or of QEMU's card reader, able to carry any invented citizen under a test
//! authority, to be as slow as the air, and to fail at any instant.

mod air;
mod card;
mod dump;
mod issue;
mod tlv;
mod vpcd;
mod vscard;

pub use air::BitRate;
pub use card::{Application, Card, Ief, Key};
pub use dump::from_dump;
pub use issue::{CaKey, Citizen, TestAuthority};
pub use vpcd::{Inserted, Taker, wait_until};
pub use vscard::{Hand, Reader};
