//! Draws the home screen of a kiosk as it is configured, before any device has said that it is absent: what a screen elsewhere
//! is compared with.

use anyhow::Context;
use clap::Parser;
use std::path::{Path, PathBuf};
use visit::view::Body;
use walks::{Scene, Walk};

/// Draws a kiosk's home screen into a PNG file.
#[derive(Parser)]
struct Args {
    /// The kiosk's configuration.
    config: PathBuf,
    /// The picture.
    #[arg(long)]
    out: PathBuf,
}

struct Given(PathBuf);

impl Scene for Given {
    fn config(&self) -> &Path {
        &self.0
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut walk = Walk::open(Given(args.config))?;
    walk.until("the home screen", |walk| {
        Ok(walk.kiosk.view().is_some_and(|view| matches!(view.body, Body::Home { .. })))
    })?;
    walk.picture(&args.out).context("the picture")
}
