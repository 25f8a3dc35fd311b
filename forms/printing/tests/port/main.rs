//! The printer port with real other ends: CUPS's IPP Everywhere printer, a receipt printer that decodes what it is sent,
//! and one that answers nonsense.

mod common;
mod garbage;
mod page;
mod slip;
