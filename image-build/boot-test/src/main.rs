//! Starts the appliance's image in a virtual machine and does to it what people, power and attackers do.
//!
//! What is judged is judged from outside (the machine's screen, its disk, its restarts), but for what only a debug image's
//! shell can tell.

mod ask;
mod audit;
mod bad_input;
mod disk;
mod pictures;
mod provision;
mod scan;
mod server;
mod visit;
mod vm;
mod walks;

use anyhow::{Result, bail};
use clap::Parser;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;
use walks::{Done, Turn, WALKS, Walk};

/// Walks through the appliance's life in QEMU (emulated: KVM is not needed, and not used).
#[derive(Parser)]
#[command(name = "boot-test")]
pub struct Args {
    /// The image as it is shipped.
    #[arg(long)]
    image: Option<PathBuf>,
    /// Debug images: this version, a newer one, and a still newer one that never becomes healthy.
    #[arg(long, num_args = 3, value_names = ["V1", "V2", "BROKEN"])]
    debug: Vec<PathBuf>,
    /// The folders in which the first two were published, and all three.
    #[arg(long, num_args = 2, value_names = ["NEWER", "BROKEN"])]
    published: Vec<PathBuf>,
    /// An image to compare the times with (`image-build/peer`).
    #[arg(long)]
    peer: Option<PathBuf>,
    /// A tree of Debian 13 with QEMU, swtpm and OVMF.
    #[arg(long)]
    tools: PathBuf,
    /// How the home screen looks, as the kiosk itself draws it: before the machine was set up, and after.
    #[arg(long, num_args = 2, value_names = ["FIRST", "SET-UP"])]
    home: Vec<PathBuf>,
    /// What hands do in a `visit`, as `staff` and in a `setup`, and how the screen looks before each deed: what `score` of `tests/walks` writes.
    #[arg(long, value_name = "DIR", requires = "card_emulator")]
    score: Option<PathBuf>,
    /// The program `card-emulator`.
    #[arg(long, value_name = "PROGRAM")]
    card_emulator: Option<PathBuf>,
    /// The program `kiosk`, on this machine: its voice asks a roadside station's guide, and its ear hears the answer.
    #[arg(long, value_name = "PROGRAM")]
    kiosk: Option<PathBuf>,
    /// Where pictures and figures go.
    #[arg(long)]
    out: PathBuf,
    /// Only these walks.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// So many machines at once, of 3 GB each; what is timed is alone in any case.
    #[arg(long, value_name = "N", default_value_t = 2)]
    at_once: usize,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    fs::create_dir_all(&args.out)?;
    let chosen = WALKS.iter().filter(|(name, ..)| args.only.is_empty() || args.only.iter().any(|only| only == name));
    let (alone, beside): (Vec<_>, Vec<_>) = chosen.partition(|(_, turn, _)| *turn == Turn::Alone);
    let report = Report::default();
    for walk in alone {
        report.walk(args, walk)?;
    }
    let queue = Mutex::new(beside.chunk_by(|_, (_, turn, _)| *turn == Turn::Next));
    let lane = || -> Result<()> {
        loop {
            // The lock is for the choice alone.
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(walks) = next else { return Ok(()) };
            walks.iter().try_for_each(|walk| report.walk(args, walk))?;
        }
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..args.at_once).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|_| bail!("a walk has panicked")))
    })?;
    let failed = report.failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// What was walked so far; `walks.md` among the figures.
#[derive(Default)]
struct Report {
    /// A line of the table each, in the order of [`WALKS`].
    rows: Mutex<BTreeMap<usize, String>>,
    failed: Mutex<Vec<&'static str>>,
}

impl Report {
    fn walk(&self, args: &Args, walk: &(&'static str, Turn, Walk)) -> Result<()> {
        let (name, _, walk) = walk;
        eprintln!("== {name}");
        let began = Instant::now();
        let line = match walk(args) {
            Ok(Done::Held(what)) => format!("held: {what}"),
            Ok(Done::Left(why)) => format!("left out: {why}"),
            Err(error) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                format!("FAILED: {error:#}")
            }
        };
        let row = format!("| {name} | {line} | {} |\n", began.elapsed().as_secs());
        eprint!("{row}");
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.insert(WALKS.iter().position(|(other, ..)| other == name).unwrap_or_default(), row);
        let table: String = rows.values().map(String::as_str).collect();
        Ok(fs::write(args.out.join("walks.md"), format!("| walk | | s |\n|---|---|---:|\n{table}"))?)
    }
}
