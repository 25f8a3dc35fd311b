//! Lays invented cards into a virtual reader, told by lines on standard input.

use anyhow::{Context, bail};
use card_emulator::{BitRate, Card, Citizen, Hand, Inserted, Reader, Taker, TestAuthority, from_dump, wait_until};
use clap::Parser;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A My Number card in software, for vsmartcard's virtual reader or that of a virtual machine.
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
    /// In place of the virtual reader: the socket of QEMU's `ccid-card-passthru`.
    #[arg(long, value_name = "SOCKET", conflicts_with = "port")]
    vscard: Option<PathBuf>,
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
    let mut slot = match &args.vscard {
        None => Slot::Vpcd { port: args.port, taker: None },
        Some(socket) => {
            let reader = Reader::connect(socket, Arc::clone(&card)).with_context(|| socket.display().to_string())?;
            let hand = reader.hand();
            std::thread::spawn(move || {
                if let Err(error) = reader.serve(speed, || println!("{REMOVED}")) {
                    eprintln!("reader: {error}");
                }
            });
            Slot::Machine(hand)
        }
    };
    println!("{{\"state\":\"ready\"}}");
    let mut rests = Instant::now();
    let mut tear: Option<usize> = None;
    for line in std::io::stdin().lock().lines() {
        match line?.trim() {
            "insert" => {
                wait_until(rests);
                slot.insert(&card, speed, tear.take(), args.torn_after)?;
                println!("{{\"state\":\"inserted\"}}");
            }
            "remove" => {
                if slot.remove()? {
                    rests = Instant::now() + HAND;
                }
            }
            "quit" => break,
            other => tear = other.strip_prefix("tear ").and_then(|more| more.parse().ok()).or(tear),
        }
    }
    Ok(())
}

const REMOVED: &str = "{\"state\":\"removed\"}";

/// What the card is laid into.
enum Slot {
    /// Each card is a connection of its own.
    Vpcd {
        port: u16,
        taker: Option<Taker>,
    },
    Machine(Hand),
}

impl Slot {
    fn insert(
        &mut self,
        card: &Arc<Mutex<Card>>,
        speed: Option<BitRate>,
        tear: Option<usize>,
        torn_after: Option<usize>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Vpcd { port, taker } => {
                let inserted = Inserted::connect(*port).context("no virtual reader listens")?;
                *taker = Some(inserted.taker()?);
                let card = Arc::clone(card);
                std::thread::spawn(move || {
                    let Ok(mut card) = card.lock() else { return };
                    let torn_after = tear.map(|more| card.commands + more).or(torn_after);
                    if let Err(error) = inserted.serve(&mut card, speed, torn_after) {
                        eprintln!("reader: {error}");
                    }
                    println!("{REMOVED}");
                });
            }
            Self::Machine(hand) => {
                let commands = card.lock().map_or(0, |card| card.commands);
                hand.insert(tear.map(|more| commands + more).or(torn_after))?;
            }
        }
        Ok(())
    }

    /// Whether there was one to take away.
    fn remove(&mut self) -> anyhow::Result<bool> {
        match self {
            Self::Vpcd { taker, .. } => Ok(taker.take().map(|taker| taker.take()).is_some()),
            Self::Machine(hand) => {
                let was = hand.remove()?;
                if was {
                    println!("{REMOVED}");
                }
                Ok(was)
            }
        }
    }
}
