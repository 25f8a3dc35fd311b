//! Draws the home screen of a kiosk as it is configured, before any device has said that it is absent: what a screen elsewhere
//! is compared with. Where the configuration says that the first start is asked for, so does the picture.

use anyhow::Context;
use clap::Parser;
use std::path::{Path, PathBuf};
use visit::Voice;
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
    /// When the voice guide can be asked, which a roadside station is for.
    #[arg(long)]
    guide: bool,
}

struct Given(PathBuf);

impl Scene for Given {
    fn config(&self) -> &Path {
        &self.0
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let first_start = kiosk::Config::load(&args.config)?.first_start();
    let mut walk = Walk::open(Given(args.config))?;
    walk.until("the home screen", |walk| {
        let asks = |body: &Body| matches!(body, Body::Home { setup, .. } if setup.is_some() == first_start);
        let prepared = !args.guide || walk.kiosk.visit().devices().voice == Voice::There;
        Ok(prepared && walk.kiosk.view().is_some_and(|view| asks(&view.body)))
    })?;
    walk.picture(&args.out).context("the picture")
}
