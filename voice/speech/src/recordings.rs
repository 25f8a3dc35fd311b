//! Sentences that were spoken beforehand: one a file, in a folder of the guide.
//!
//! The name of a file tells the language, the voice and the text, so that a sentence which was changed since is never said
//! with its old recording. What a person recorded has the same name and ends with `.wav`; it is taken before the voice's own.

use crate::{Sound, SpeechError, fault, flac};
use domain::Language;
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A longer sentence is none, in bytes of its file.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// What speaks a language. Whoever changes how one of them speaks changes its name: what it recorded is then made anew.
fn voice(language: Language) -> &'static str {
    match language {
        Language::Ja => "mei",
        Language::En => "hibari",
        Language::ZhHans => "zf_xiaoxiao",
        Language::Ko => "jf_nezumi",
    }
}

/// A folder of recordings, which need not be there.
#[derive(Debug, Clone)]
pub struct Recordings(PathBuf);

impl Recordings {
    /// In this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The name of a sentence's file, without its ending: `ko-4f1c0a9d52b7e386`.
    pub fn name(language: Language, sentence: &str) -> String {
        let mut sum = Sha256::new();
        for part in [language.tag(), voice(language), sentence] {
            sum.update(part);
            sum.update([0]);
        }
        let hash: String = sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{hash}", language.tag())
    }

    /// The file that a sentence is played from: a person's before the voice's.
    pub fn find(&self, language: Language, sentence: &str) -> Option<PathBuf> {
        let name = Self::name(language, sentence);
        ["wav", "flac"].into_iter().map(|ending| self.0.join(format!("{name}.{ending}"))).find(|path| path.is_file())
    }

    /// Every file that is called like one of a sentence, whether or not it is still said.
    ///
    /// # Errors
    /// When the folder cannot be read; one that is not there holds nothing.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        files.retain(|path| {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let hash = name.rsplit_once('-').filter(|(tag, _)| Language::ALL.iter().any(|l| l.tag() == *tag));
            hash.is_some_and(|(_, hash)| hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()))
                && path.extension().is_some_and(|ending| ending == "wav" || ending == "flac")
        });
        files.sort();
        Ok(files)
    }

    /// Keeps a sentence, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep(&self, language: Language, sentence: &str, sound: &Sound) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let path = self.0.join(format!("{}.flac", Self::name(language, sentence)));
        let part = path.with_extension("part");
        fs::write(&part, flac::write(sound))?;
        fs::rename(part, path)
    }

    /// What a file holds: FLAC, or WAV of any usual kind; several channels are made one.
    ///
    /// # Errors
    /// When it is too large, damaged, or no such file.
    pub fn read(path: &Path) -> Result<Sound, SpeechError> {
        let broken = |cause: &dyn std::fmt::Display| fault("recorded")(format!("{}: {cause}", path.display()));
        let length = fs::metadata(path).map_err(|error| broken(&error))?.len();
        if length > LARGEST_FILE {
            return Err(broken(&format!("{length} bytes are no sentence")));
        }
        let bytes = fs::read(path).map_err(|error| broken(&error))?;
        let sound = if path.extension().is_some_and(|ending| ending == "wav") {
            wav(&bytes).map_err(|error| broken(&error))?
        } else {
            flac::read(&bytes).map_err(|error| broken(&error))?
        };
        if sound.rate < 8_000 || sound.samples.is_empty() {
            return Err(broken(&"there is no sound in it"));
        }
        Ok(sound)
    }
}

fn wav(bytes: &[u8]) -> Result<Sound, hound::Error> {
    let mut reader = hound::WavReader::new(bytes)?;
    let about = reader.spec();
    let samples: Vec<f32> = match about.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1i64 << about.bits_per_sample.saturating_sub(1)) as f32;
            reader.samples::<i32>().map(|sample| sample.map(|s| s as f32 * scale)).collect::<Result<_, _>>()?
        }
    };
    let channels = usize::from(about.channels.max(1));
    let finite = |sample: &f32| if sample.is_finite() { *sample } else { 0.0 };
    let one = samples.chunks(channels).map(|frame| frame.iter().map(finite).sum::<f32>() / channels as f32);
    Ok(Sound { rate: about.sample_rate, samples: one.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32) -> Sound {
        let samples = (0..12_000).map(|n| 0.5 * (std::f32::consts::TAU * hertz * n as f32 / 24_000.0).sin());
        Sound { rate: 24_000, samples: samples.collect() }
    }

    #[test]
    fn a_changed_sentence_has_no_recording_and_a_persons_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::in_folder(&folder.path().join("recordings"));
        assert_eq!(recordings.files().unwrap(), Vec::<PathBuf>::new());
        let (language, text) = (Language::Ko, "작은 수건은 200엔입니다.");
        assert_eq!(recordings.find(language, text), None);
        recordings.keep(language, text, &tone(440.0)).unwrap();
        let own = recordings.find(language, text).unwrap();
        assert_eq!(Recordings::read(&own).unwrap().samples.len(), 12_000);
        for (other_language, other) in [(language, "작은 수건은 300엔입니다."), (Language::ZhHans, text)] {
            assert_eq!(recordings.find(other_language, other), None, "{other}");
        }
        // Stereo at another rate, as a recorder gives it.
        let person = own.with_extension("wav");
        let kind = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 24,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&person, kind).unwrap();
        (0..8_820).for_each(|n| writer.write_sample(n % 100 * 1_000).unwrap());
        writer.finalize().unwrap();
        assert_eq!(recordings.find(language, text), Some(person.clone()));
        let sound = Recordings::read(&person).unwrap();
        assert_eq!((sound.rate, sound.samples.len()), (44_100, 4_410));
        // Other files of the folder are nobody's business.
        fs::write(own.with_file_name("README.txt"), "who spoke").unwrap();
        fs::write(own.with_file_name("ko-intro.wav"), "").unwrap();
        assert_eq!(recordings.files().unwrap(), [own.clone(), person.clone()]);
        fs::write(&person, b"RIFF").unwrap();
        assert!(Recordings::read(&person).is_err());
        assert!(Recordings::read(Path::new("/nowhere.flac")).is_err());
    }
}
