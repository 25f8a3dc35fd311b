//! How fast Whisper hears here, beside whisper.cpp as it comes: the same weights, the same files, one thread.
//!
//! `cargo run --release -p hearing --example beside_whisper_cpp -- (ours|stock) LANG WAV...` prints one line: seconds of sound,
//! seconds of work, the real-time factor, the most memory that the process had. Run it once for each manner: memory is counted
//! for a whole process.

use domain::Language;
use hearing::{Hints, RATE, Recogniser, Whisper, read_wav};
use models::Models;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: beside_whisper_cpp (ours|stock) (ja|en|zh|ko) WAV...";
    let mut arguments = std::env::args().skip(1);
    let (manner, lang) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let sounds = files.iter().map(|file| read_wav(file)).collect::<Result<Vec<_>, _>>()?;
    let models = Models::open(&Models::default_folder().ok_or("no folder of models")?)?;
    let mut times = Vec::new();
    match manner.as_str() {
        "ours" => {
            let language = match lang.as_str() {
                "ja" => Language::Ja,
                "en" => Language::En,
                "zh" => Language::ZhHans,
                "ko" => Language::Ko,
                _ => return Err(usage.into()),
            };
            let mut whisper = Whisper::load(&models, 1)?;
            for sound in &sounds {
                let began = Instant::now();
                whisper.hear(sound, Some(language), &Hints::default())?;
                times.push(began.elapsed());
            }
        }
        "stock" => {
            whisper_rs::install_logging_hooks();
            let mut parameters = WhisperContextParameters::default();
            parameters.use_gpu(false);
            let context = WhisperContext::new_with_params(models.file("whisper-base.bin")?, parameters)?;
            let mut state = context.create_state()?;
            for sound in &sounds {
                // As whisper.cpp's own program sets them.
                let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 5 });
                parameters.set_n_threads(1);
                parameters.set_language(Some(&lang));
                parameters.set_print_progress(false);
                parameters.set_print_realtime(false);
                let began = Instant::now();
                state.full(parameters, sound)?;
                times.push(began.elapsed());
            }
        }
        _ => return Err(usage.into()),
    }
    let sound: f32 = sounds.iter().map(|sound| sound.len() as f32 / RATE as f32).sum();
    let work: Duration = times.iter().sum();
    times.sort();
    println!(
        "| {manner} | {lang} | {} files | {sound:.1} s of sound | {:.1} s of work | real-time factor {:.2} | median {} ms a file | {} MB |",
        files.len(),
        work.as_secs_f32(),
        work.as_secs_f32() / sound,
        times.get(times.len() / 2).map_or(0, Duration::as_millis),
        peak_memory()? / 1024
    );
    Ok(())
}

/// The most memory that this process had, in KB.
fn peak_memory() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
