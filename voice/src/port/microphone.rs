//! The microphone: opened for a question, closed after it.

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, Device, FromSample, SampleFormat, Stream, StreamConfig};
use hearing::RATE;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// Pieces of sound that may wait for the ear: more than a second at any size that devices use.
const WAITING: usize = 256;

/// Samples that are resampled together: 20 ms at 48 kHz.
const PIECE: usize = 960;

/// An open microphone. Dropping it closes it.
pub(super) struct Microphone {
    /// Keeps the device running.
    _stream: Stream,
    pieces: Receiver<Piece>,
    rate: Rate,
}

enum Piece {
    Sound(Vec<f32>),
    Lost(String),
}

/// What came of waiting for sound.
pub(super) enum Sound {
    /// At 16 kHz, one channel.
    Samples(Vec<f32>),
    /// Nothing yet.
    Nothing,
    /// The device is gone.
    Lost(String),
}

impl Microphone {
    /// Opens the one whose name holds `name`, or the system's own choice.
    pub fn open(name: Option<&str>) -> Result<Self, String> {
        let host = cpal::default_host();
        let device = match name {
            None => host.default_input_device().ok_or("there is no microphone")?,
            Some(name) => host
                .input_devices()
                .map_err(text)?
                .find(|device| is_called(device, name))
                .ok_or_else(|| format!("no microphone is called {name}"))?,
        };
        let (config, format) = configuration(&device)?;
        let (queue, pieces) = mpsc::sync_channel(WAITING);
        let stream = match format {
            SampleFormat::I16 => stream::<i16>(&device, config, queue),
            SampleFormat::I32 => stream::<i32>(&device, config, queue),
            SampleFormat::U8 => stream::<u8>(&device, config, queue),
            SampleFormat::F32 => stream::<f32>(&device, config, queue),
            other => return Err(format!("its samples are {other}")),
        }?;
        stream.play().map_err(text)?;
        Ok(Self { _stream: stream, pieces, rate: Rate::new(config.sample_rate)? })
    }

    /// What was heard since the last time; waits a little where that is nothing.
    pub fn hear(&mut self, patience: Duration) -> Sound {
        match self.pieces.recv_timeout(patience) {
            Ok(Piece::Sound(samples)) => match self.rate.convert(&samples) {
                Ok(samples) => Sound::Samples(samples),
                Err(error) => Sound::Lost(error),
            },
            Ok(Piece::Lost(why)) => Sound::Lost(why),
            Err(RecvTimeoutError::Timeout) => Sound::Nothing,
            Err(RecvTimeoutError::Disconnected) => Sound::Lost("its stream ended".to_owned()),
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn is_called(device: &Device, name: &str) -> bool {
    device.description().is_ok_and(|about| about.name().contains(name))
        || device.id().is_ok_and(|id| id.to_string().contains(name))
}

/// 16 kHz in one channel where the device gives it, its own choice otherwise.
fn configuration(device: &Device) -> Result<(StreamConfig, SampleFormat), String> {
    let usable = [SampleFormat::F32, SampleFormat::I16, SampleFormat::I32, SampleFormat::U8];
    let offered: Vec<_> = device.supported_input_configs().map_err(text)?.collect();
    let fitting = usable.into_iter().find_map(|format| {
        offered
            .iter()
            .filter(|range| range.sample_format() == format && range.channels() <= 2)
            .filter(|range| (range.min_sample_rate()..=range.max_sample_rate()).contains(&RATE))
            .min_by_key(|range| range.channels())
    });
    let config = match fitting {
        Some(range) => range.with_sample_rate(RATE),
        None => device.default_input_config().map_err(text)?,
    };
    let stream = StreamConfig {
        channels: config.channels(),
        sample_rate: config.sample_rate(),
        buffer_size: BufferSize::Default,
    };
    Ok((stream, config.sample_format()))
}

fn stream<T>(device: &Device, config: StreamConfig, queue: SyncSender<Piece>) -> Result<Stream, String>
where
    T: cpal::SizedSample + Copy,
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels.max(1));
    let lost = queue.clone();
    let taken = move |data: &[T], _: &cpal::InputCallbackInfo| {
        let one = data
            .chunks(channels)
            .map(|frame| frame.iter().map(|sample| f32::from_sample_(*sample)).sum::<f32>() / channels as f32);
        // An ear that does not keep up loses sound; the device must not wait for it.
        let _ = queue.try_send(Piece::Sound(one.collect()));
    };
    let failed = move |error: cpal::Error| match error.kind() {
        cpal::ErrorKind::DeviceChanged | cpal::ErrorKind::Xrun | cpal::ErrorKind::RealtimeDenied => {}
        _ => {
            let _ = lost.try_send(Piece::Lost(error.to_string()));
        }
    };
    device.build_input_stream(config, taken, failed, None).map_err(text)
}

/// Brings what the device gives to 16 kHz.
struct Rate {
    resampler: Option<Fft<f32>>,
    waiting: Vec<f32>,
}

impl Rate {
    fn new(from: u32) -> Result<Self, String> {
        let resampler = match from {
            RATE => None,
            from => Some(Fft::new(from as usize, RATE as usize, PIECE, 1, FixedSync::Input).map_err(text)?),
        };
        Ok(Self { resampler, waiting: Vec::new() })
    }

    fn convert(&mut self, samples: &[f32]) -> Result<Vec<f32>, String> {
        let Some(resampler) = &mut self.resampler else { return Ok(samples.to_vec()) };
        self.waiting.extend(samples);
        let mut out = Vec::new();
        loop {
            let wanted = resampler.input_frames_next();
            if self.waiting.len() < wanted {
                return Ok(out);
            }
            let piece: Vec<f32> = self.waiting.drain(..wanted).collect();
            let input = InterleavedSlice::new(&piece, 1, wanted).map_err(text)?;
            out.extend(resampler.process(&input, None).map_err(text)?.take_data());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_in_pieces_is_the_same_sound() {
        let tone = |rate: u32| -> Vec<f32> {
            (0..rate).map(|n| 0.5 * (std::f32::consts::TAU * 440.0 * n as f32 / rate as f32).sin()).collect()
        };
        for from in [16_000, 44_100, 48_000] {
            let mut rate = Rate::new(from).unwrap();
            let mut out = Vec::new();
            for piece in tone(from).chunks(441) {
                out.extend(rate.convert(piece).unwrap());
            }
            assert!(out.len().abs_diff(16_000) < 1_500, "{from}: {}", out.len());
            let level = hearing::loudness(&out[3_000..14_000]);
            assert!((level - hearing::loudness(&tone(16_000))).abs() < 0.3, "{from}: {level}");
        }
    }
}
