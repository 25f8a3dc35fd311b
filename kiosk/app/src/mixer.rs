//! How loud the speaker is: the sound card's own control (ALSA). The appliance has one program that makes sound and needs no
//! sound server.

use alsa::card;
use alsa::mixer::{Mixer, Selem, SelemChannelId};
use std::io;

/// The control that makes everything louder, by the names that cards give it; else the first that a card has.
const NAMES: [&str; 4] = ["Master", "Speaker", "PCM", "Headphone"];

/// Looks for the speaker's control, on the default card first, and does something with it.
fn with_control<T>(what: impl Fn(&Selem<'_>) -> alsa::Result<T>) -> io::Result<T> {
    let cards = card::Iter::new().filter_map(Result::ok).map(|card| format!("hw:{}", card.get_index()));
    for name in std::iter::once("default".to_owned()).chain(cards) {
        let Ok(mixer) = Mixer::new(&name, false) else { continue };
        let controls: Vec<Selem<'_>> = mixer.iter().filter_map(Selem::new).filter(Selem::has_playback_volume).collect();
        let named =
            |name: &&str| controls.iter().find(|control| control.get_id().get_name().is_ok_and(|is| is == *name));
        if let Some(control) = NAMES.iter().find_map(named).or(controls.first()) {
            return what(control).map_err(|error| io::Error::from_raw_os_error(error.errno()));
        }
    }
    Err(io::ErrorKind::Unsupported.into())
}

/// In percent; `None` where there is nothing to turn.
pub fn volume() -> Option<u8> {
    with_control(|control| {
        let (least, most) = control.get_playback_volume_range();
        let now = control.get_playback_volume(SelemChannelId::mono())?;
        Ok(percent(now, least, most))
    })
    .ok()
}

/// Sets it, in percent.
///
/// # Errors
/// When there is nothing to turn, or the card refuses.
pub fn set_volume(percent: u8) -> io::Result<()> {
    with_control(|control| {
        let (least, most) = control.get_playback_volume_range();
        control.set_playback_volume_all(level(percent, least, most))
    })
}

fn percent(level: i64, least: i64, most: i64) -> u8 {
    let steps = (most - least).max(1);
    u8::try_from(((level - least) * 100 + steps / 2) / steps).unwrap_or(0).min(100)
}

fn level(percent: u8, least: i64, most: i64) -> i64 {
    least + ((most - least) * i64::from(percent.min(100)) + 50) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_set_is_what_is_read(wanted in 0u8..=100, least in -100i64..100, steps in 100i64..70_000) {
            let most = least + steps;
            prop_assert_eq!(percent(level(wanted, least, most), least, most), wanted);
        }

        #[test]
        fn no_card_makes_it_panic(now in -1000i64..1000, least in -1000i64..1000, most in -1000i64..1000) {
            prop_assert!(percent(now, least, most) <= 100);
        }
    }
}
