//! From the card to a filled form, at the air's speed, against the floor that the air itself sets.

use crate::{median, root};
use card_emulator::{BitRate, Card, Citizen, TestAuthority};
use cards::CaSet;
use domain::Personal;
use domain::card::{CardReading, CardRefusal, CardSecret, CodeB, Pin};
use domain::form::{Provenance, Values};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const ROUNDS: usize = 11;

pub fn run() -> anyhow::Result<()> {
    let authority = TestAuthority::from_seed(1)?;
    let authorities = CaSet::from_toml(&authority.ca_toml())?;
    let text = std::fs::read_to_string(root().join("tests/card-emulator/citizens/hanako.toml"))?;
    let mut citizen = Citizen::from_toml(&text)?;
    // As large as the photos that were measured on real cards (facts, §4).
    citizen.photo = vec![0x5a; 1854];
    let form = forms::Form::load(&root().join("forms/library/inkan-certificate"))?;
    let secrets = [
        ("four facts by PIN", CardSecret::Pin(Personal::new(Pin(citizen.pin.clone())))),
        ("four facts and photo by code B", CardSecret::CodeB(Personal::new(CodeB(citizen.code_b())))),
    ];
    println!("\n## Card to form (proof of genuineness included), ms\n");
    println!("| reading | rate | floor: air | air + card | measured to facts | measured to form | over air + card |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (what, secret) in &secrets {
        for (name, rate) in [("106", BitRate::K106), ("212", BitRate::K212), ("424", BitRate::K424)] {
            let (mut read, mut filled) = (Vec::new(), Vec::new());
            let (mut floor, mut typical) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..ROUNDS {
                let mut card = authority.issue(&citizen)?;
                (floor, typical) = (Duration::ZERO, Duration::ZERO);
                let began = Instant::now();
                let reading = at_air_speed(&mut card, rate, secret, &authorities, &mut floor, &mut typical)
                    .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
                read.push(began.elapsed());
                let values = Values {
                    facts: Some(reading.facts),
                    provenance: Provenance::Card,
                    answers: BTreeMap::new(),
                    signature: None,
                    sign_at_desk: false,
                    today: domain::Date::constant(2026, 11, 24),
                };
                // The questions' answers are not the card's; what is missing then is refused, after all else was drawn.
                let _ = form.fill(&forms::Filling::of(&values));
                filled.push(began.elapsed());
            }
            let (floor, typical) = (floor.as_secs_f64() * 1e3, typical.as_secs_f64() * 1e3);
            let (read, filled) = (median(read), median(filled));
            println!(
                "| {what} | {name} | {floor:.0} | {typical:.0} | {read:.0} | {filled:.0} | {:.2}× |",
                filled / typical
            );
        }
    }
    Ok(())
}

/// One reading that takes as long as over the air.
fn at_air_speed(
    card: &mut Card,
    rate: BitRate,
    secret: &CardSecret,
    authorities: &CaSet,
    floor: &mut Duration,
    typical: &mut Duration,
) -> Result<CardReading, CardRefusal> {
    let mut transport = |command: &[u8]| {
        let began = Instant::now();
        let response = card.transmit(command);
        *floor += rate.floor(command, &response);
        let time = rate.typical(command, &response);
        *typical += time;
        while let Some(left) = (began + time).checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        Ok(response)
    };
    let photo = matches!(secret, CardSecret::CodeB(_));
    cards::read(&mut transport, secret, photo, authorities, &mut || {}).map(|outcome| outcome.reading)
}
