//! Draws the home screen of a kiosk as it is configured, with the devices that it finds here: what a screen elsewhere is
//! compared with.

use anyhow::{Context, ensure};
use clap::Parser;
use std::path::{Path, PathBuf};
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
    // Until each device has said that it is absent, and the home screen has said so.
    let (mut last, mut since) = (None, std::time::Instant::now());
    walk.until("the home screen to stay as it is", |walk| {
        let view = walk.kiosk.view().cloned();
        if view != last {
            (last, since) = (view, std::time::Instant::now());
        }
        Ok(last.is_some() && since.elapsed() > std::time::Duration::from_secs(15))
    })?;
    ensure!(walk.state() == "home", "the kiosk is at {}", walk.state());
    walk.picture(&args.out).context("the picture")
}
