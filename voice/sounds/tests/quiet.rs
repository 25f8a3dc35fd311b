//! Noise under a tone, taken down.

use sounds::quieted;

const RATE: f32 = 16_000.0;

/// White noise, always the same (Marsaglia's xorshift).
fn white(count: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

/// Noise that is stronger the lower it is.
fn low(count: usize) -> Vec<f32> {
    let mut level = 0.0;
    white(count)
        .into_iter()
        .map(|sample| {
            level = 0.95 * level + 0.3 * sample;
            level
        })
        .collect()
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

#[test]
fn noise_goes_down_and_a_tone_stays() {
    let count = 48_000;
    // Half a second of a tone in every second.
    let tone = |at: usize| {
        if at % 16_000 < 8_000 { 0.2 * (at as f32 * 440.0 * std::f32::consts::TAU / RATE).sin() } else { 0.0 }
    };
    for noise in [white(count), low(count)] {
        let noise: Vec<f32> = noise.iter().map(|sample| sample * 0.1).collect();
        let sound: Vec<f32> = noise.iter().enumerate().map(|(at, noise)| noise + tone(at)).collect();
        let quiet = quieted(&sound);
        assert_eq!(quiet.len(), sound.len());
        // 0.7 of a tenth and 0.3 of the whole are 0.37, a seventh of the power.
        let pause = 26_000..31_000;
        assert!(power(&quiet[pause.clone()]) < 0.25 * power(&sound[pause]));
        let voice = 17_000..23_000;
        let wanted: Vec<f32> = voice.clone().map(tone).collect();
        let rest: Vec<f32> = quiet[voice.clone()].iter().zip(&wanted).map(|(quiet, tone)| quiet - tone).collect();
        assert!(power(&rest) < 0.5 * power(&noise[voice]), "{} {}", power(&rest), power(&noise));
    }
}

#[test]
fn silence_and_short_sounds_stay() {
    for count in [0, 1, 511, 512, 513, 700, 16_001] {
        assert_eq!(quieted(&vec![0.0; count]), vec![0.0; count]);
        let noise = quieted(&white(count));
        assert_eq!(noise.len(), count);
        assert!(noise.iter().all(|sample| sample.is_finite()));
    }
    let short = white(300);
    assert_eq!(quieted(&short), short);
}
