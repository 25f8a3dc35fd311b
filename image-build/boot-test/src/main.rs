//! Starts the appliance's image in a virtual machine and does to it what people, power and attackers do.
//!
//! What is judged is judged from outside (the machine's screen, its disk, its restarts), but for what only a debug image's
//! shell can tell.

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
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

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
    /// Where pictures and figures go.
    #[arg(long)]
    out: PathBuf,
    /// Only these walks.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
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
    std::fs::create_dir_all(&args.out)?;
    let mut table = String::from("| walk | | s |\n|---|---|---:|\n");
    let mut failed = Vec::new();
    for (name, walk) in walks::WALKS {
        if !args.only.is_empty() && !args.only.iter().any(|only| only == name) {
            continue;
        }
        eprintln!("== {name}");
        let began = Instant::now();
        let line = match walk(args) {
            Ok(walks::Done::Held(what)) => format!("held: {what}"),
            Ok(walks::Done::Left(why)) => format!("left out: {why}"),
            Err(error) => {
                failed.push(*name);
                format!("FAILED: {error:#}")
            }
        };
        let row = format!("| {name} | {line} | {} |\n", began.elapsed().as_secs());
        eprint!("{row}");
        table += &row;
        std::fs::write(args.out.join("walks.md"), &table)?;
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}
