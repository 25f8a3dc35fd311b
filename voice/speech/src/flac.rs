//! FLAC (RFC 9639): lossless, and every player knows it. Written here with the format's fixed predictors alone, which need no
//! search; read by `claxon`.

use crate::Sound;

/// Samples that are packed together.
const BLOCK: usize = 4096;
/// Parts of a block that are coded by their own loudness.
const PARTS: usize = 32;
/// The lowest bits of 16 are not kept: a network's voice has nothing there but its own noise (74 dB below the loudest), and
/// FLAC gives the room back.
const DROPPED: u32 = 4;

/// Bits, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are free.
    free: u32,
}

impl Bits {
    fn put(&mut self, value: u64, count: u32) {
        for at in (0..count).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> at & 1) as u8) << self.free;
            }
        }
    }

    /// So many zeros and a one.
    fn unary(&mut self, zeros: u32) {
        for _ in 0..zeros / 32 {
            self.put(0, 32);
        }
        self.put(1, zeros % 32 + 1);
    }

    /// A number of this many bits, negative ones as their complement of two.
    fn signed(&mut self, value: i32, count: u32) {
        self.put(u64::from(value as u32), count);
    }

    fn fill_byte(&mut self) {
        self.free = 0;
    }
}

/// The remainder of a division in GF(2): `poly` without its highest bit.
fn remainder(bytes: &[u8], bits: u32, poly: u32) -> u64 {
    let mut rest = 0u32;
    for byte in bytes {
        rest ^= u32::from(*byte) << (bits - 8);
        for _ in 0..8 {
            let carry = rest >> (bits - 1) & 1 == 1;
            rest = rest << 1 & ((1 << bits) - 1);
            rest ^= if carry { poly } else { 0 };
        }
    }
    u64::from(rest)
}

/// A sound as a FLAC file.
pub(crate) fn write(sound: &Sound) -> Vec<u8> {
    let most = f32::from(i16::MAX >> DROPPED);
    let samples: Vec<i32> = sound.samples.iter().map(|s| (s.clamp(-1.0, 1.0) * most).round() as i32).collect();
    let mut out = Bits { bytes: b"fLaC".to_vec(), free: 0 };
    // The last block of metadata, and the only one: what the stream is like, without sizes of frames and without its sum.
    out.put(0x80, 8);
    out.put(34, 24);
    out.put(BLOCK as u64, 16);
    out.put(BLOCK as u64, 16);
    out.put(0, 48);
    out.put(u64::from(sound.rate), 20);
    out.put(0, 3);
    out.put(15, 5);
    out.put(samples.len() as u64, 36);
    out.put(0, 64);
    out.put(0, 64);
    for (number, block) in samples.chunks(BLOCK).enumerate() {
        let begin = out.bytes.len();
        frame(&mut out, number as u64, block);
        out.fill_byte();
        let sum = remainder(&out.bytes[begin..], 16, 0x8005);
        out.put(sum, 16);
    }
    out.bytes
}

fn frame(out: &mut Bits, number: u64, block: &[i32]) {
    let begin = out.bytes.len();
    // Sync, blocks of one size; their size stands at the end of the header, the rate with the stream; one channel, 16 bits.
    out.put(0xfff8, 16);
    out.put(0x70, 8);
    out.put(0x08, 8);
    // Numbers are written as UTF-8 writes characters.
    match number {
        0..0x80 => out.put(number, 8),
        0x80..0x800 => out.put(0xc080 | number >> 6 << 8 | number & 0x3f, 16),
        _ => out.put(0xe0_8080 | number >> 12 << 16 | (number >> 6 & 0x3f) << 8 | number & 0x3f, 24),
    }
    out.put(block.len() as u64 - 1, 16);
    let sum = remainder(&out.bytes[begin..], 8, 0x07);
    out.put(sum, 8);

    let (order, rest) = predicted(block);
    out.put(0, 1);
    out.put(0b00_1000 | order as u64, 6);
    out.put(1, 1);
    out.unary(DROPPED - 1);
    block[..order].iter().for_each(|sample| out.signed(*sample, 16 - DROPPED));
    out.put(0, 2);
    let parts = if block.len() == BLOCK { PARTS } else { 1 };
    out.put(u64::from(parts.ilog2()), 4);
    let mut from = order;
    for part in 1..=parts {
        let until = block.len() * part / parts;
        rice(out, &rest[from - order..until - order]);
        from = until;
    }
}

/// The fixed predictor (how often differences are taken) that leaves least, and what it leaves.
fn predicted(block: &[i32]) -> (usize, Vec<i32>) {
    let mut best = (0, block.to_vec());
    let mut now = block.to_vec();
    let weight = |rest: &[i32]| rest.iter().map(|value| u64::from(value.unsigned_abs())).sum::<u64>();
    for order in 1..=4.min(block.len().saturating_sub(1)) {
        now = now.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if weight(&now) < weight(&best.1) {
            best = (order, now.clone());
        }
    }
    best
}

/// Numbers around zero: the low bits as they are, what is above them as a count.
fn rice(out: &mut Bits, rest: &[i32]) {
    let folded: Vec<u32> = rest.iter().map(|value| ((value << 1) ^ (value >> 31)) as u32).collect();
    let cost = |low: u32| folded.iter().map(|value| u64::from(value >> low) + u64::from(low) + 1).sum::<u64>();
    let low = (0..15).min_by_key(|low| cost(*low)).unwrap_or_default();
    out.put(u64::from(low), 4);
    for value in folded {
        out.unary(value >> low);
        out.put(u64::from(value & ((1 << low) - 1)), low);
    }
}

/// A FLAC file as a sound; several channels are made one.
///
/// # Errors
/// When it is no such file or a damaged one.
pub(crate) fn read(bytes: &[u8]) -> Result<Sound, claxon::Error> {
    let mut reader = claxon::FlacReader::new(bytes)?;
    let about = reader.streaminfo();
    let channels = about.channels.max(1) as usize;
    let scale = 1.0 / (1i64 << (about.bits_per_sample - 1)) as f32;
    let samples: Vec<i32> = reader.samples().collect::<Result<_, _>>()?;
    let one = samples
        .chunks(channels)
        .map(|frame| frame.iter().map(|sample| *sample as f32 * scale).sum::<f32>() / channels as f32);
    Ok(Sound { rate: about.sample_rate, samples: one.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(samples: &[f32]) {
        let sound = Sound { rate: 24_000, samples: samples.to_vec() };
        let back = read(&write(&sound)).unwrap();
        assert_eq!((back.rate, back.samples.len()), (24_000, samples.len()));
        for (a, b) in samples.iter().zip(&back.samples) {
            assert!((a.clamp(-1.0, 1.0) - b).abs() < 1.0 / 1000.0, "{a} {b}");
        }
    }

    #[test]
    fn a_decoder_that_nobody_here_wrote_reads_what_is_written() {
        let tone = |hertz: f32| move |n: usize| 0.8 * (hertz * n as f32).sin();
        for length in [1, 2, 5, 4095, 4096, 4097, 20_000] {
            same(&(0..length).map(tone(0.05)).collect::<Vec<_>>());
            same(&vec![0.0; length]);
            // The loudest and the steepest.
            same(&(0..length).map(|n| if n % 2 == 0 { 1.0 } else { -1.0 }).collect::<Vec<_>>());
        }
        // More blocks than one byte counts, and than two.
        same(&vec![0.5; BLOCK * 3000]);
        let small = write(&Sound { rate: 24_000, samples: (0..48_000).map(tone(0.05)).collect() });
        assert!(small.len() < 48_000, "{} bytes", small.len());
        assert!(read(&write(&Sound { rate: 24_000, samples: Vec::new() })).unwrap().samples.is_empty());
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let whole = write(&Sound { rate: 24_000, samples: (0..9_000).map(|n| (n as f32 * 0.1).sin()).collect() });
        for cut in [0, 3, 20, 41, 60, whole.len() - 1] {
            let part = read(&whole[..cut]);
            assert!(part.is_err() || part.unwrap().samples.len() < 9_000, "{cut} bytes");
        }
        let mut wrong = whole.clone();
        wrong[whole.len() / 2] ^= 0x10;
        assert!(read(&wrong).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_sound_comes_back(samples in proptest::collection::vec(-1.2f32..1.2, 0..300)) {
            same(&samples);
        }
    }
}
