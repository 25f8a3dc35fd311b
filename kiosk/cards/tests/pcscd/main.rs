//! Over the real `pcscd`: the port, the tool, and programs that nobody here wrote reading the same cards.

mod common;
mod oracle;
mod port;
mod tool;
