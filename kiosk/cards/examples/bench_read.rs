//! How long a reading takes over the real `pcscd`, beside what the air alone takes for the same commands.
//!
//! Run as root: `cargo run -p cards --example bench_read` after `cargo build -p card-emulator`. The card waits as long as
//! the air at each bit rate plus what a card is assumed to need (2 ms a command, 8 ms a VERIFY, 250 ms a signature);
//! "air" is the air alone, "card" the air and those assumptions, "read" the median of what was measured with everything
//! else (reader, daemon, checks): `read - card` is what our own software adds.

use anyhow::Context;
use card_emulator::{BitRate, Citizen, TestAuthority};
use cards::CaSet;
use domain::Personal;
use domain::card::{CardSecret, CodeB, Pin};
use stage::{CardProcess, Pcscd};
use std::path::Path;
use std::time::{Duration, Instant};

const CITIZEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/card-emulator/citizens/hanako.toml");
const ROUNDS: usize = 7;
/// As large as the test card's photo.
const PHOTO_SIZE: usize = 1854;

struct Flow {
    name: &'static str,
    secret: CardSecret,
}

/// The model's time for a whole reading: the air alone, and with the card's own work.
fn modelled(
    flow: &Flow,
    card: &mut card_emulator::Card,
    rate: BitRate,
    authorities: &CaSet,
) -> anyhow::Result<(Duration, Duration, usize)> {
    let (mut air, mut typical, mut commands) = (Duration::ZERO, Duration::ZERO, 0);
    let mut transport = |command: &[u8]| {
        let response = card.transmit(command);
        air += rate.floor(command, &response);
        typical += rate.typical(command, &response);
        commands += 1;
        Ok(response)
    };
    cards::read(&mut transport, &flow.secret, true, authorities, &mut || {})
        .map_err(|why| anyhow::anyhow!("{why:?}"))?;
    Ok((air, typical, commands))
}

/// The median of what the same reading takes from connecting to the last check.
fn measured(flow: &Flow, authorities: &CaSet) -> anyhow::Result<Duration> {
    let context = pcsc::Context::establish(pcsc::Scope::User)?;
    let reader = context.list_readers_owned()?.into_iter().next().context("no reader")?;
    let mut times = vec![];
    while times.len() < ROUNDS {
        let began = Instant::now();
        let mut card = context.connect(&reader, pcsc::ShareMode::Exclusive, pcsc::Protocols::ANY)?;
        cards::read(&mut card, &flow.secret, true, authorities, &mut || {})
            .map_err(|why| anyhow::anyhow!("{why:?}"))?;
        times.push(began.elapsed());
        card.disconnect(pcsc::Disposition::UnpowerCard).map_err(|(_, error)| error)?;
    }
    times.sort();
    Ok(times[ROUNDS / 2])
}

fn main() -> anyhow::Result<()> {
    let me = std::env::current_exe()?;
    let emulator = me.parent().and_then(Path::parent).context("no build folder")?.join("card-emulator");
    let folder = tempfile::tempdir()?;
    let photo = folder.path().join("photo.jp2");
    std::fs::write(&photo, vec![0x5a; PHOTO_SIZE])?;
    let photo = photo.to_str().context("an odd path")?;

    let mut citizen = Citizen::from_toml(&std::fs::read_to_string(CITIZEN)?)?;
    citizen.photo = vec![0x5a; PHOTO_SIZE];
    let authority = TestAuthority::from_seed(1)?;
    let authorities = CaSet::from_toml(&authority.ca_toml())?;
    let flows = [
        Flow { name: "facts by PIN", secret: CardSecret::Pin(Personal::new(Pin(citizen.pin.clone()))) },
        Flow { name: "facts + photo by code B", secret: CardSecret::CodeB(Personal::new(CodeB(citizen.code_b()))) },
    ];

    println!(
        "{:24} {:>6} {:>5} {:>8} {:>8} {:>8} {:>9}",
        "", "kbit/s", "APDUs", "air ms", "card ms", "read ms", "read-card"
    );
    let pcscd = Pcscd::start()?;
    // SAFETY: this program has one thread.
    unsafe { std::env::set_var("PCSCLITE_CSOCK_NAME", pcscd.socket()) };
    for (kbit, rate) in [(106, BitRate::K106), (212, BitRate::K212), (424, BitRate::K424)] {
        let arguments = ["--citizen", CITIZEN, "--photo", photo, "--speed", &kbit.to_string()];
        let mut card = CardProcess::start(&pcscd, &emulator, &arguments)?;
        card.insert()?;
        for flow in &flows {
            let (air, typical, commands) = modelled(flow, &mut authority.issue(&citizen)?, rate, &authorities)?;
            // The first readings wait until the daemon has seen the card.
            let read = stage::wait_for("a reading", Duration::from_secs(60), || Ok(measured(flow, &authorities).ok()))?;
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            println!(
                "{:24} {kbit:>6} {commands:>5} {:>8.1} {:>8.1} {:>8.1} {:>9.1}",
                flow.name,
                ms(air),
                ms(typical),
                ms(read),
                ms(read) - ms(typical)
            );
        }
    }
    Ok(())
}
