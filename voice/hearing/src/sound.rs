//! Sound files, and sound at the rate that recognisers want.

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// The rate that recognisers want, in samples a second.
pub const RATE: u32 = 16_000;

/// The longest sound that is read at once: four hours.
const LONGEST: u64 = 4 * 3600;

/// A sound cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// A file is no WAV file, or cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A rate or length that makes no sense.
    #[error("a sound of {0}")]
    Unusual(String),
}

/// A WAV file as one channel of 16 kHz, piece by piece: an hour takes no more room than a minute.
pub struct Recording {
    path: PathBuf,
    reader: WavReader<BufReader<File>>,
}

/// The length of a piece in seconds.
const PIECE: usize = 30;

impl Recording {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is no WAV file, or longer than four hours.
    pub fn open(path: &Path) -> Result<Self, SoundError> {
        let reader = WavReader::open(path)
            .map_err(|error| SoundError::File { path: path.to_owned(), cause: error.to_string() })?;
        let WavSpec { channels, sample_rate, .. } = reader.spec();
        if channels == 0 || !(4_000..=384_000).contains(&sample_rate) {
            return Err(SoundError::Unusual(format!("{channels} channels at {sample_rate} Hz")));
        }
        if u64::from(reader.duration()) > LONGEST * u64::from(sample_rate) {
            return Err(SoundError::Unusual("more than four hours".to_owned()));
        }
        Ok(Self { path: path.to_owned(), reader })
    }

    /// The next piece.
    fn piece(&mut self) -> Result<Vec<f32>, SoundError> {
        let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = self.reader.spec();
        let count = usize::from(channels) * sample_rate as usize * PIECE;
        let samples: Result<Vec<f32>, hound::Error> = match sample_format {
            SampleFormat::Float => self.reader.samples::<f32>().take(count).collect(),
            SampleFormat::Int => {
                let scale = 1.0 / (1i64 << (bits_per_sample.clamp(1, 32) - 1)) as f32;
                let samples = self.reader.samples::<i32>().take(count);
                samples.map(|sample| sample.map(|sample| sample as f32 * scale)).collect()
            }
        };
        let samples =
            samples.map_err(|error| SoundError::File { path: self.path.clone(), cause: error.to_string() })?;
        let one: Vec<f32> = samples
            .chunks(usize::from(channels))
            .map(|frame| frame.iter().map(|s| if s.is_finite() { *s } else { 0.0 }).sum::<f32>() / f32::from(channels))
            .collect();
        // The rate divides a piece, so that no time is lost between two of them.
        resample(&one, sample_rate, RATE)
    }
}

impl Iterator for Recording {
    type Item = Result<Vec<f32>, SoundError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().map(|piece| Some(piece).filter(|piece| !piece.is_empty())).transpose()
    }
}

/// Reads a whole WAV file as one channel of 16 kHz.
///
/// # Errors
/// When it is no WAV file, is damaged, or longer than four hours.
pub fn read_wav(path: &Path) -> Result<Vec<f32>, SoundError> {
    let mut all = Vec::new();
    for piece in Recording::open(path)? {
        all.extend(piece?);
    }
    Ok(all)
}

/// Writes one channel as 16-bit WAV.
///
/// # Errors
/// When the file cannot be written.
pub fn write_wav(path: &Path, samples: &[f32], rate: u32) -> Result<(), SoundError> {
    let fault = |error: hound::Error| SoundError::File { path: path.to_owned(), cause: error.to_string() };
    let spec = WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec).map_err(fault)?;
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).map_err(fault)?;
    }
    writer.finalize().map_err(fault)
}

/// The same sound at another rate.
///
/// # Errors
/// When a rate is zero.
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, SoundError> {
    if from == to || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let unusual = |error: &dyn std::fmt::Display| SoundError::Unusual(error.to_string());
    let mut resampler =
        Fft::<f32>::new(from as usize, to as usize, 1024, 1, FixedSync::Both).map_err(|error| unusual(&error))?;
    let input = InterleavedSlice::new(samples, 1, samples.len()).map_err(|error| unusual(&error))?;
    let output = resampler.process_all(&input, samples.len(), None).map_err(|error| unusual(&error))?;
    Ok(output.take_data())
}

/// How loud a sound is: the root of the mean square, in decibels of full scale; −90 for silence.
pub fn loudness(samples: &[f32]) -> f32 {
    let mean = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32;
    (10.0 * mean.max(1e-9).log10()).max(-90.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f32, seconds: f32) -> Vec<f32> {
        (0..(rate as f32 * seconds) as usize)
            .map(|n| 0.5 * (std::f32::consts::TAU * hertz * n as f32 / rate as f32).sin())
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_loudness_and_length_at_another_rate() {
        for from in [8_000, 22_050, 24_000, 44_100, 48_000] {
            let same = resample(&tone(from, 440.0, 0.5), from, RATE).unwrap();
            assert!(same.len().abs_diff(8_000) <= 2, "{from}: {}", same.len());
            assert!((loudness(&same[1000..7000]) - loudness(&tone(RATE, 440.0, 0.5))).abs() < 0.5, "{from}");
        }
    }

    #[test]
    fn pieces_of_a_recording_are_as_long_as_the_whole() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("long.wav");
        for rate in [8_000, 16_000, 44_100] {
            write_wav(&path, &tone(rate, 300.0, 65.0), rate).unwrap();
            let pieces: Vec<Vec<f32>> = Recording::open(&path).unwrap().map(Result::unwrap).collect();
            let lengths: Vec<usize> = pieces.iter().map(Vec::len).collect();
            assert_eq!(lengths[..2], [480_000, 480_000], "{rate}");
            assert!(lengths[2].abs_diff(80_000) <= 2, "{rate}: {lengths:?}");
        }
    }

    #[test]
    fn files_are_read_back_and_damaged_ones_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.wav");
        write_wav(&path, &tone(RATE, 300.0, 0.3), RATE).unwrap();
        assert_eq!(read_wav(&path).unwrap().len(), 4_800);
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 3, 12, 30, 43] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(read_wav(&path).is_err(), "{cut} bytes");
        }
        std::fs::write(&path, b"RIFFnot a sound at all, but a long enough text to be looked into").unwrap();
        assert!(read_wav(&path).is_err());
    }
}
