//! Recordings of any length as text with times.

use domain::Language;
use hearing::{Activity, BEGAN, ENDED, FRAME, Heard, HearingError, Hints, RATE, Recogniser, Recording, Vad};
use std::path::Path;

/// What goes on longer without a pause is cut, in samples: a recogniser hears half a minute at once.
const LONGEST: usize = 28 * RATE as usize;

/// Where such a stretch may be cut at the earliest.
const EARLIEST: usize = 18 * RATE as usize;

/// Is cut where it is quietest for so long.
const QUIET: usize = RATE as usize / 5;

/// What is said in a recording, in its order. The sound is read, understood and dropped piece by piece: an hour takes no more
/// room than a minute.
///
/// # Errors
/// When the file is no WAV file or is damaged, or an engine fails.
pub fn transcribe(
    file: &Path,
    language: Option<Language>,
    recogniser: &mut dyn Recogniser,
    vad: &mut Vad,
    hints: &Hints,
) -> Result<Vec<Heard>, HearingError> {
    let mut all = Vec::new();
    let mut hear = |samples: &[f32], from: usize| -> Result<(), HearingError> {
        let ms = |samples: usize| samples as u64 * 1000 / u64::from(RATE);
        let (before, end) = (ms(from), ms(from + samples.len()));
        for mut heard in recogniser.hear(samples, language, hints)? {
            heard.from_ms = (heard.from_ms + before).min(end);
            heard.until_ms = (heard.until_ms + before).min(end);
            all.push(heard);
        }
        Ok(())
    };
    vad.reset();
    // The sound that is not yet understood, where it begins in the recording, and whether somebody speaks in it.
    let (mut sound, mut from, mut speaking) = (Vec::<f32>::new(), 0, false);
    let mut rest = Vec::new();
    for piece in Recording::open(file)? {
        rest.extend(piece?);
        let whole = rest.len() - rest.len() % FRAME;
        for frame in rest[..whole].chunks_exact(FRAME) {
            sound.extend_from_slice(frame);
            match vad.listen(frame)? {
                Activity::Silence => {
                    // Its beginning will be wanted.
                    let old = sound.len().saturating_sub(BEGAN);
                    sound.drain(..old);
                    from += old;
                }
                Activity::Began => speaking = true,
                Activity::Speaking if sound.len() >= LONGEST => {
                    let at = quietest(&sound);
                    hear(&sound[..at], from)?;
                    sound.drain(..at);
                    from += at;
                }
                Activity::Speaking => {}
                Activity::Ended => {
                    let until = sound.len().saturating_sub(ENDED);
                    hear(&sound[..until], from)?;
                    sound.drain(..until);
                    from += until;
                    speaking = false;
                }
            }
        }
        rest.drain(..whole);
    }
    if speaking {
        sound.extend(rest);
        hear(&sound, from)?;
    }
    Ok(all)
}

/// Where a long stretch is cut: in the middle of its quietest fifth of a second, not too early.
fn quietest(sound: &[f32]) -> usize {
    let loudness = |at: &usize| sound[*at..at + QUIET].iter().map(|sample| sample * sample).sum::<f32>();
    let places = (EARLIEST..sound.len().saturating_sub(QUIET)).step_by(QUIET / 4);
    places.min_by(|a, b| loudness(a).total_cmp(&loudness(b))).map_or(sound.len(), |at| at + QUIET / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stretch_is_cut_where_it_is_quiet() {
        let mut sound: Vec<f32> = (0..LONGEST).map(|n| (n as f32 * 0.2).sin()).collect();
        let at = 23 * RATE as usize;
        sound[at..at + 2 * QUIET].iter_mut().for_each(|sample| *sample *= 0.1);
        // A pause that comes too early.
        sound[5 * RATE as usize..6 * RATE as usize].fill(0.0);
        assert!((at..at + 2 * QUIET).contains(&quietest(&sound)), "{}", quietest(&sound));
    }
}
