//! How soon the first sound of an answer is ready, spoken and recorded: `cargo run -p voice --example first_sound -- GUIDE`.

use domain::Language;
use guide::Guide;
use speech::{Recordings, Speaker, parts};
use std::path::PathBuf;
use std::time::Instant;
use voice::Place;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which guide?")?);
    let guide = Guide::load(&folder)?;
    let place = Place::prepared()?;
    let own: Vec<(String, String)> = guide.site.readings.clone().into_iter().collect();
    for language in Language::ALL {
        for recorded in [false, true] {
            let mut speaker = Speaker::new(place.models.clone(), place.reader(&own)?);
            if recorded {
                speaker = speaker.with(Recordings::in_folder(&folder.join("recordings")));
            }
            // Its networks are loaded once.
            speaker.say(language, "1", 0.99)?;
            let mut times = Vec::new();
            for answer in guide.answers.values() {
                let text = &answer.text(language).say;
                let sentences = parts(language, text, |sentence| speaker.has_recorded(language, sentence));
                let Some(first) = sentences.first() else { continue };
                if recorded && !speaker.has_recorded(language, first) {
                    continue;
                }
                let begun = Instant::now();
                speaker.say(language, first, 1.0)?;
                times.push(begun.elapsed().as_secs_f32() * 1000.0);
            }
            times.sort_by(f32::total_cmp);
            let Some(median) = times.get(times.len() / 2) else { continue };
            let slowest = times.last().unwrap_or(median);
            let how = if recorded { "recorded" } else { "spoken" };
            println!("{} {how}: median {median:.0} ms, slowest {slowest:.0} ms of {}", language.tag(), times.len());
        }
    }
    Ok(())
}
