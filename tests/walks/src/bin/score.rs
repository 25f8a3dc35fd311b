//! Writes down what a resident's hands do during a visit (or those of staff in staff mode), and how the screen looks before each
//! deed: what a machine elsewhere is walked through with.

use anyhow::Context;
use clap::Parser;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use walks::{Camera, Resident, Score, Site, SiteOptions, Walk, Way, look_round, set_up};

/// Writes `score.json`, its pictures, and what the card and the camera are made of.
#[derive(Parser)]
struct Args {
    /// Where they go.
    #[arg(long)]
    out: PathBuf,
    /// By card and PIN, without a camera.
    #[arg(long)]
    pin: bool,
    /// A member of staff in staff mode, to the order to update.
    #[arg(long, conflicts_with = "pin")]
    staff: bool,
    /// An installer at the first start, to the order that puts it in force.
    #[arg(long, conflicts_with_all = ["pin", "staff"])]
    setup: bool,
}

/// The appliance of a city hall has no voice: a cache without one.
fn silent() -> anyhow::Result<TempDir> {
    let cache = std::env::var_os("MADOGUCHI_CACHE").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/madoguchi"));
    let cache = cache.or_else(home).context("neither MADOGUCHI_CACHE nor HOME is set")?;
    let silent = tempfile::tempdir()?;
    for name in ["pictures", "weights"] {
        symlink(fs::canonicalize(&cache)?.join(name), silent.path().join(name))?;
    }
    Ok(silent)
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let silent = silent()?;
    // SAFETY: no other thread has been started.
    unsafe { std::env::set_var("MADOGUCHI_CACHE", silent.path()) };
    if args.out.exists() {
        fs::remove_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    }
    fs::create_dir_all(&args.out)?;
    let camera = if args.pin || args.staff || args.setup { Camera::None } else { Camera::SamePerson };
    let mut walk = Walk::open(Site::start(&SiteOptions { camera, first_start: args.setup, ..Default::default() })?)?;
    walk.site.copy_sources(&args.out)?;
    walk.score = Some(Score::new(&args.out));
    if args.setup {
        set_up(&mut walk)?;
        return finish(&walk, &args.out);
    }
    if args.staff {
        look_round(&mut walk)?;
        return finish(&walk, &args.out);
    }
    let mut resident = Resident::hanako();
    if args.pin {
        resident.way = Way::Pin("1234");
    }
    walk.go(&mut resident, None, |_| false)?;
    // To which all this leads.
    let score = walk.score.as_ref().context("no score")?;
    score.note(walk.kiosk.screen(), "the home screen again", None)?;
    finish(&walk, &args.out)
}

fn finish(walk: &Walk, out: &Path) -> anyhow::Result<()> {
    let score = walk.score.as_ref().context("no score")?;
    println!("{} steps are in {}", score.write()?, out.display());
    Ok(())
}
