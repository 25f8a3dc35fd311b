//! The kiosk: wires the core to its ports. The binary `kiosk` is a thin shell around this crate; the walks drive the same
//! [`Kiosk`] with hands of their own.

pub mod child;
mod config;
mod kiosk;
mod mixer;
mod monitor;
mod pipe;
mod ports;
mod remote;
mod setup;
mod staff;
mod staff_mode;

pub use config::{Camera, Config, ConfigError, SlipPrinter, StaffCall, StaffMode, compose, compose_proposed};
pub use kiosk::{DRAWN, Kiosk, would_start};
pub use monitor::Monitor;
pub use remote::Patience;
pub use staff_mode::hash as hash_staff_pin;

/// From now on a panic of this process says where, and not what: that may hold what somebody entered. Then `end` is called.
pub fn panic_quietly(program: &'static str, end: fn()) {
    std::panic::set_hook(Box::new(move |panic| {
        eprintln!("{program}: panicked at {}", panic.location().map_or_else(String::new, ToString::to_string));
        end();
    }));
}
