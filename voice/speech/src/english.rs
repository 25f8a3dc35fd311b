//! English: a lexicon gives phonemes, a small network a spectrum, arithmetic the sound.
//!
//! The network says for each frame of 12.5 ms how strong the harmonics of the voice's pitch, the noise and a free part are,
//! and at which phase; the sound is their sum, taken back into time by overlapping windows.

use crate::{Sound, SpeechError, fault, numbers};
use flate2::read::GzDecoder;
use models::{Effort, Models};
use ort::session::Session;
use ort::value::Tensor;
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::collections::HashMap;
use std::f32::consts::{PI, TAU};
use std::fs::File;
use std::sync::Arc;

const RATE: u32 = 24_000;
const WINDOW: usize = 1200;
const HOP: usize = 300;
const BINS: usize = WINDOW / 2 + 1;

/// Below this pitch, in hertz, there is no voice.
const LEAST_PITCH: f32 = 40.0;
/// The highest harmonic, in hertz.
const HIGHEST: f32 = 11_000.0;

pub(crate) struct Voice {
    session: Session,
    unknown: Session,
    vocabulary: HashMap<char, i64>,
    lexicon: HashMap<String, String>,
    letters_in: HashMap<char, i64>,
    letters_out: Vec<String>,
    fft: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    noise: u64,
}

impl Voice {
    pub fn load(models: &Models) -> Result<Self, SpeechError> {
        let json = |name: &str| -> Result<serde_json::Value, SpeechError> {
            let file = File::open(models.file(name)?).map_err(fault("English"))?;
            if name.ends_with(".gz") {
                serde_json::from_reader(std::io::BufReader::new(GzDecoder::new(file))).map_err(fault("English"))
            } else {
                serde_json::from_reader(std::io::BufReader::new(file)).map_err(fault("English"))
            }
        };
        let mut lexicon = HashMap::new();
        // The second list is the better one and wins.
        for name in ["english-silver.json.gz", "english-gold.json.gz"] {
            for (word, sound) in json(name)?.as_object().into_iter().flatten() {
                let sound = sound.as_str().or_else(|| sound.get("DEFAULT").and_then(serde_json::Value::as_str));
                if let Some(sound) = sound {
                    lexicon.insert(word.clone(), sound.to_owned());
                }
            }
        }
        let letters = json("english-unknown.json")?;
        let list = |name: &str| -> Vec<String> {
            letters[name].as_array().into_iter().flatten().filter_map(|l| l.as_str().map(str::to_owned)).collect()
        };
        let letters_in =
            list("in").iter().enumerate().filter_map(|(at, l)| Some((l.chars().next()?, at as i64 + 1))).collect();
        let mut planner = FftPlanner::new();
        Ok(Self {
            session: models.network("english.onnx", Effort::Full, 1)?,
            unknown: models.network("english-unknown.onnx", Effort::Full, 1)?,
            vocabulary: crate::kokoro::vocabulary(&json("english-vocabulary.json")?),
            lexicon,
            letters_in,
            letters_out: list("out"),
            fft: planner.plan_fft_forward(WINDOW),
            inverse: planner.plan_fft_inverse(WINDOW),
            noise: 0x2545_f491_4f6c_dd1d,
        })
    }

    pub fn say(&mut self, sentence: &str, speed: f32) -> Result<Sound, SpeechError> {
        let phonemes = self.phonemes(sentence)?;
        let mut ids: Vec<i64> = phonemes.chars().filter_map(|c| self.vocabulary.get(&c).copied()).take(400).collect();
        if ids.is_empty() {
            return Ok(Sound { rate: RATE, samples: Vec::new() });
        }
        ids.insert(0, 0);
        ids.push(0);
        let inputs = ort::inputs![
            "ids" => Tensor::from_array(([1, ids.len()], ids)).map_err(fault("English"))?,
            "speed" => Tensor::from_array(([1], vec![speed])).map_err(fault("English"))?,
        ];
        let outputs = self.session.run(inputs).map_err(fault("English"))?;
        let mut parts = Vec::new();
        for at in 0..6 {
            let (_, values) = outputs[at].try_extract_tensor::<f32>().map_err(fault("English"))?;
            parts.push(values.to_vec());
        }
        drop(outputs);
        let frames = parts[5].len();
        if parts[..5].iter().any(|part| part.len() != BINS * frames) {
            return Err(SpeechError::Voice { voice: "English", cause: "a spectrum of another size".to_owned() });
        }
        let samples = self.sound(&parts, frames);
        Ok(Sound { rate: RATE, samples })
    }

    /// The spectrum becomes sound.
    fn sound(&mut self, parts: &[Vec<f32>], frames: usize) -> Vec<f32> {
        let [harmonic, turn, noise, free, phase, pitch] = parts else { return Vec::new() };
        let hann: Vec<f32> = (0..WINDOW).map(|n| 0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos()).collect();
        let pulses = pulses(pitch);
        let mut out = vec![0.0f32; frames * HOP + WINDOW];
        let mut weight = vec![0.0f32; out.len()];
        let strength = |log: f32| log.min(7.0).exp();
        for frame in 0..frames {
            // The pulses around this frame, mirrored at the ends.
            let mut spectrum: Vec<Complex32> = (0..WINDOW)
                .map(|n| {
                    let at = (frame * HOP + n) as isize - (WINDOW / 2) as isize;
                    let last = pulses.len() as isize - 1;
                    let at = if at < 0 {
                        -at
                    } else if at > last {
                        2 * last - at
                    } else {
                        at
                    };
                    let sample = pulses.get(at.clamp(0, last.max(0)) as usize).copied().unwrap_or(0.0);
                    Complex32::new(sample * hann[n] / (WINDOW as f32 / 4.0), 0.0)
                })
                .collect();
            self.fft.process(&mut spectrum);
            let mut whole = vec![Complex32::default(); WINDOW];
            for bin in 0..BINS {
                let at = bin * frames + frame;
                let voiced = spectrum[bin] * Complex32::from_polar(strength(harmonic[at]), PI * turn[at].tanh());
                let hiss = Complex32::new(self.gauss(), self.gauss()) * strength(noise[at]);
                let rest = Complex32::from_polar(strength(free[at]), phase[at]);
                let value = voiced + hiss + rest;
                whole[bin] = value;
                if bin > 0 && bin < BINS - 1 {
                    whole[WINDOW - bin] = value.conj();
                }
            }
            // The first and the middle bin of a real signal are real.
            whole[0].im = 0.0;
            whole[BINS - 1].im = 0.0;
            self.inverse.process(&mut whole);
            for (n, value) in whole.iter().enumerate() {
                out[frame * HOP + n] += value.re / WINDOW as f32 * hann[n];
                weight[frame * HOP + n] += hann[n] * hann[n];
            }
        }
        let half = WINDOW / 2;
        (half..half + frames * HOP).map(|n| out[n] / weight[n].max(1e-8)).collect()
    }

    /// A normally distributed number; always the same sequence.
    fn gauss(&mut self) -> f32 {
        let mut uniform = || {
            self.noise ^= self.noise << 13;
            self.noise ^= self.noise >> 7;
            self.noise ^= self.noise << 17;
            ((self.noise >> 40) as f32 + 0.5) / (1u64 << 24) as f32
        };
        (-2.0 * uniform().ln()).sqrt() * (TAU * uniform()).cos()
    }

    /// The phonemes of a sentence.
    pub fn phonemes(&mut self, sentence: &str) -> Result<String, SpeechError> {
        let mut words: Vec<String> = Vec::new();
        for token in tokens(sentence) {
            if token.chars().any(char::is_alphanumeric) {
                let sound = self.word(&token)?;
                words.push(format!(" {sound}"));
            } else {
                words.push(token);
            }
        }
        // "the" before a vowel.
        for at in 0..words.len().saturating_sub(1) {
            let vowel =
                words[at + 1].chars().find(|c| c.is_alphabetic()).is_some_and(|c| "AIOWYaiuæɑɔəɛɪʊʌᵻ".contains(c));
            if words[at] == " ðə" && vowel {
                words[at] = " ði".to_owned();
            }
        }
        Ok(words.concat().trim().to_owned())
    }

    fn word(&mut self, word: &str) -> Result<String, SpeechError> {
        let lower = word.to_lowercase();
        match lower.as_str() {
            "the" => return Ok("ðə".to_owned()),
            "a" => return Ok("ɐ".to_owned()),
            "an" => return Ok("ɐn".to_owned()),
            "to" => return Ok("tə".to_owned()),
            _ => {}
        }
        let known = [word, lower.as_str()].iter().find_map(|form| self.lexicon.get(*form).cloned());
        // Letters that are read one by one.
        if known.is_none() && word.len() <= 5 && word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()) {
            let letters: Vec<String> = word.chars().filter_map(|c| self.lexicon.get(&c.to_string()).cloned()).collect();
            return Ok(letters.join(" "));
        }
        if let Some(sound) = known.or_else(|| self.with_ending(&lower)) {
            return Ok(sound);
        }
        self.spell(word)
    }

    /// A known word with -s, -ed or -ing.
    fn with_ending(&self, word: &str) -> Option<String> {
        let stem = |stem: &str| self.lexicon.get(stem).filter(|sound| !sound.is_empty());
        for ending in ["'s", "es", "s"] {
            let Some(base) = word.strip_suffix(ending).and_then(stem) else { continue };
            return Some(match base.chars().last()? {
                'p' | 't' | 'k' | 'f' | 'θ' => format!("{base}s"),
                's' | 'z' | 'ʃ' | 'ʒ' | 'ʧ' | 'ʤ' => format!("{base}ᵻz"),
                _ => format!("{base}z"),
            });
        }
        if let Some(base) = word.strip_suffix("ies").and_then(|head| self.lexicon.get(&format!("{head}y"))) {
            return Some(format!("{base}z"));
        }
        for (ending, more) in [("ed", ""), ("d", ""), ("ing", ""), ("ing", "e")] {
            let Some(head) = word.strip_suffix(ending) else { continue };
            let Some(base) = stem(&format!("{head}{more}")) else { continue };
            if ending == "ing" {
                return Some(format!("{base}ɪŋ"));
            }
            return Some(match base.chars().last()? {
                't' | 'd' => format!("{base}ᵻd"),
                'p' | 'k' | 'f' | 'θ' | 'ʃ' | 's' | 'ʧ' => format!("{base}t"),
                _ => format!("{base}d"),
            });
        }
        None
    }

    /// A word that no list has: a network reads its letters.
    fn spell(&mut self, word: &str) -> Result<String, SpeechError> {
        let ids: Vec<i64> = word.chars().filter_map(|c| self.letters_in.get(&c).copied()).take(40).collect();
        if ids.is_empty() {
            return Ok(String::new());
        }
        let input = Tensor::from_array(([1, ids.len()], ids)).map_err(fault("English"))?;
        let outputs = self.unknown.run(ort::inputs!["chars" => input]).map_err(fault("English"))?;
        let (_, best) = outputs[0].try_extract_tensor::<i64>().map_err(fault("English"))?;
        let mut sound = String::new();
        let mut before = 0;
        for at in best {
            if *at != before && *at > 0 {
                sound.push_str(self.letters_out.get(*at as usize - 1).map_or("", String::as_str));
            }
            before = *at;
        }
        Ok(sound)
    }
}

/// Words, numbers in words, and marks.
pub(crate) fn tokens(sentence: &str) -> Vec<String> {
    let sentence = sentence
        .replace("a.m.", "A M")
        .replace("p.m.", "P M")
        .replace("Mt.", "Mount")
        .replace("St.", "Saint")
        .replace('&', " and ")
        .replace('%', " percent")
        .replace('’', "'");
    let mut found = Vec::new();
    let chars: Vec<char> = sentence.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let from = at;
        let c = chars[at];
        if c.is_ascii_digit() || (c == '#' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            while at < chars.len()
                && (chars[at].is_ascii_digit()
                    || chars[at] == '#'
                    || ([',', '.', ':', '-'].contains(&chars[at])
                        && chars.get(at + 1).is_some_and(char::is_ascii_digit)))
            {
                at += 1;
            }
            let number: String = chars[from..at].iter().collect();
            let suffix: String = chars[at..].iter().take_while(|c| c.is_alphabetic()).collect();
            if ["st", "nd", "rd", "th"].contains(&suffix.as_str()) {
                at += 2;
                found.extend(
                    number
                        .parse()
                        .map_or_else(|_| number.clone(), numbers::english_ordinal)
                        .split(' ')
                        .map(str::to_owned),
                );
            } else {
                found.extend(number_words(&number));
            }
        } else if c.is_alphabetic() {
            while at < chars.len()
                && (chars[at].is_alphabetic()
                    || (chars[at] == '\'' && chars.get(at + 1).is_some_and(|c| c.is_alphabetic())))
            {
                at += 1;
            }
            found.push(chars[from..at].iter().collect());
        } else {
            at += 1;
            if ['.', ',', '!', '?', ';', ':', '—'].contains(&c) {
                found.push(c.to_string());
            }
        }
    }
    found
}

fn number_words(number: &str) -> Vec<String> {
    let digits = |text: &str| -> Vec<String> {
        let digit = |c: char| match c {
            '#' => "hash".to_owned(),
            '-' => ",".to_owned(),
            _ => numbers::english(u64::from(c.to_digit(10).unwrap_or(0))),
        };
        text.chars().map(digit).collect()
    };
    let words = |number: u64| numbers::english(number).split(' ').map(str::to_owned).collect::<Vec<_>>();
    if number.contains('-')
        || number.starts_with('#')
        || (number.len() > 1 && number.starts_with('0'))
        || matches!(number, "110" | "119")
    {
        return digits(number);
    }
    if let Some((hour, minute)) = number.split_once(':') {
        let mut out = hour.parse().map_or_else(|_| digits(hour), words);
        if minute != "00" {
            if minute.starts_with('0') {
                out.push("oh".to_owned());
            }
            out.extend(minute.parse().map_or_else(|_| digits(minute), words));
        }
        return out;
    }
    let plain = number.replace(',', "");
    if let Some((whole, part)) = plain.split_once('.') {
        let mut out = whole.parse().map_or_else(|_| digits(whole), words);
        out.push("point".to_owned());
        out.extend(digits(part));
        return out;
    }
    match plain.parse::<u64>() {
        // Years are read in two halves.
        Ok(year) if plain.len() == 4 && !number.contains(',') && (1100..2000).contains(&year) && year % 100 >= 10 => {
            let mut out = words(year / 100);
            out.extend(words(year % 100));
            out
        }
        Ok(number) => words(number),
        Err(_) => digits(&plain),
    }
}

/// A train of pulses with every harmonic of the pitch, at 80 values of pitch a second.
fn pulses(pitch: &[f32]) -> Vec<f32> {
    let mut out = Vec::with_capacity(pitch.len() * HOP);
    let mut turn = 0.0f64;
    for frame in 0..pitch.len() {
        for n in 0..HOP {
            // Between the middles of frames, linearly.
            let place = frame as f32 + (n as f32 + 0.5) / HOP as f32 - 0.5;
            let low = place.floor();
            let part = place - low;
            let value = |at: f32| pitch[(at.max(0.0) as usize).min(pitch.len() - 1)];
            let hertz = if place < 0.0 { pitch[0] } else { value(low) * (1.0 - part) + value(low + 1.0) * part };
            let voiced = hertz > LEAST_PITCH;
            let hertz = hertz.max(LEAST_PITCH);
            turn = (turn + f64::from(hertz) / f64::from(RATE)).fract();
            if !voiced {
                out.push(0.0);
                continue;
            }
            let angle = (turn * std::f64::consts::TAU) as f32;
            let count = (HIGHEST / hertz).floor() + 0.5;
            let below = 2.0 * (angle * 0.5).sin();
            out.push(if below.abs() <= 2e-3 { count } else { (count * angle).sin() / below } - 0.5);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_marks_are_told_apart() {
        let said = |text: &str| tokens(text).join(" ");
        assert_eq!(said("It opens at 10:30 a.m."), "It opens at ten thirty A M");
        assert_eq!(said("Call 076-288-8668."), "Call zero seven six , two eight eight , eight six six eight .");
        assert_eq!(said("In 1183, 1,500 yen"), "In eleven eighty three , one thousand five hundred yen");
        assert_eq!(said("the 3rd floor"), "the third floor");
    }
}
