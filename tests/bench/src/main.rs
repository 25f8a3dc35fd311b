//! The figures of the README, each beside its floor or a peer in the same run: `cargo xtask bench`.
//!
//! Medians on a shared two-core machine: read the ratios.

mod cards;
mod forms;
mod screen;

use clap::Parser;
use std::time::Duration;

/// Measures the kiosk beside its peers.
#[derive(Parser)]
struct Args {
    /// Only these: cards, forms, screen. The face's figures come from `cargo run -p faces --example bench_faces`.
    only: Vec<String>,
    /// The Python that has tests/bench/peers/requirements.txt; without it reportlab is left out.
    #[arg(long)]
    python: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    if wanted("cards") {
        cards::run()?;
    }
    if wanted("forms") {
        forms::run(args.python.as_deref())?;
    }
    if wanted("screen") {
        screen::run()?;
    }
    Ok(())
}

/// The median, in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// The root of the checkout.
fn root() -> std::path::PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../..").into()
}
