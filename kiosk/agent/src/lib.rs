//! What looks after the appliance while nobody watches: updates, health, the network, what an installer brings.
//!
//! Each is a command that a unit of the image runs (`image-build/mkosi`); none stays in memory. Decisions are pure functions
//! here; the work is done by the system's own programs: `systemd-sysupdate` checks signatures and writes slots,
//! `systemd-boot` counts tries, `nft` filters.

mod authorities;
mod file;
pub mod health;
mod history;
pub mod network;
mod program;
pub mod reset;
pub mod screen;
pub mod setup;
mod slots;
pub mod stick;
pub mod update;
mod version;
mod window;

pub use program::ProgramError;
pub use version::Version;
pub use window::Window;

/// The exit code of a command: 0 done; 3 refused, with the reason as JSON on standard output.
fn exit_code(done: Result<(), domain::Refusal>) -> i32 {
    match done {
        Ok(()) => 0,
        Err(refusal) => {
            println!("{}", serde_json::json!({ "error": refusal }));
            3
        }
    }
}
