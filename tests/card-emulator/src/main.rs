//! Lays invented cards into a virtual reader, told by lines on standard input.

use anyhow::{Context, bail};
use card_emulator::{BitRate, Card, Citizen, Inserted, Taker, TestAuthority, from_dump, wait_until};
use clap::Parser;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A My Number card in software, for vsmartcard's virtual reader.
///
/// Reads `insert`, `remove` and `quit` from standard input and says each change as a JSON line. `tear N` has the card that
/// is inserted next torn away after N more commands.
#[derive(Parser)]
struct Args {
    /// The citizen, as TOML.
    #[arg(long, required_unless_present_any = ["dump", "ca_only"])]
    citizen: Option<PathBuf>,
    /// In place of an invented citizen: a folder of files read from a card, as the crate `myna-card` ships them.
    #[arg(long, conflicts_with = "citizen")]
    dump: Option<PathBuf>,
    /// The dump's PIN: none was ever among the files.
    #[arg(long, default_value = "1234")]
    pin: String,
    /// The dump's verification number B, 14 digits.
    #[arg(long, default_value = "")]
    code_b: String,
    /// The photo, as JPEG 2000.
    #[arg(long)]
    photo: Option<PathBuf>,
    /// Seed of the test authority's keys.
    #[arg(long, default_value_t = 1)]
    authority: u64,
    /// Write the authority's keys here, for `kiosk --ca`.
    #[arg(long)]
    ca_out: Option<PathBuf>,
    /// The virtual reader's port on 127.0.0.1.
    #[arg(long, default_value_t = 35963)]
    port: u16,
    /// As slow as the air at 106, 212 or 424 kbit/s.
    #[arg(long)]
    speed: Option<u32>,
    /// Torn away after so many commands.
    #[arg(long)]
    torn_after: Option<usize>,
    /// Only write the authority's keys.
    #[arg(long)]
    ca_only: bool,
}

fn issue(citizen: &Path, args: &Args) -> anyhow::Result<Card> {
    let text = std::fs::read_to_string(citizen).with_context(|| citizen.display().to_string())?;
    let mut citizen = Citizen::from_toml(&text)?;
    if let Some(photo) = &args.photo {
        citizen.photo = std::fs::read(photo).with_context(|| photo.display().to_string())?;
    }
    TestAuthority::from_seed(args.authority)?.issue(&citizen)
}

/// A hand that takes a card away does not lay it back sooner. pcscd looks every 0.4 s; a card that is away for less is gone
/// for the one who reads it, and never was for the one who waits for it.
const HAND: Duration = Duration::from_millis(500);

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(path) = &args.ca_out {
        let keys = TestAuthority::from_seed(args.authority)?.ca_toml();
        std::fs::write(path, keys).with_context(|| path.display().to_string())?;
    }
    if args.ca_only {
        return Ok(());
    }
    let card = match (&args.dump, &args.citizen) {
        (Some(folder), _) => from_dump(folder, &args.pin, &args.code_b)?,
        (None, Some(citizen)) => issue(citizen, &args)?,
        (None, None) => bail!("neither --citizen nor --dump"),
    };
    let speed = match args.speed {
        None => None,
        Some(106) => Some(BitRate::K106),
        Some(212) => Some(BitRate::K212),
        Some(424) => Some(BitRate::K424),
        Some(other) => bail!("no such bit rate: {other}"),
    };
    let card = Arc::new(Mutex::new(card));
    println!("{{\"state\":\"ready\"}}");
    let mut taker: Option<Taker> = None;
    let mut hand = Instant::now();
    let mut tear: Option<usize> = None;
    for line in std::io::stdin().lock().lines() {
        match line?.trim() {
            "insert" => {
                wait_until(hand);
                let inserted = Inserted::connect(args.port).context("no virtual reader listens")?;
                taker = Some(inserted.taker()?);
                let card = Arc::clone(&card);
                let tear = tear.take();
                std::thread::spawn(move || {
                    let Ok(mut card) = card.lock() else { return };
                    let torn_after = tear.map(|more| card.commands + more).or(args.torn_after);
                    if let Err(error) = inserted.serve(&mut card, speed, torn_after) {
                        eprintln!("reader: {error}");
                    }
                    println!("{{\"state\":\"removed\"}}");
                });
                println!("{{\"state\":\"inserted\"}}");
            }
            "remove" => {
                if let Some(taker) = taker.take() {
                    taker.take();
                    hand = Instant::now() + HAND;
                }
            }
            "quit" => break,
            other => tear = other.strip_prefix("tear ").and_then(|more| more.parse().ok()).or(tear),
        }
    }
    Ok(())
}
