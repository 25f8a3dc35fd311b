//! Speaks: sentence by sentence, so that the first is heard while the next are made; what was recorded is played.

use super::Emit;
use super::pulse::{LOADING, STEP, Steps};
use domain::voice::VoiceEvent;
use domain::{Language, RequestId};
use rodio::buffer::SamplesBuffer;
use rodio::cpal::BufferSize;
use rodio::cpal::traits::{DeviceTrait, HostTrait};
use rodio::source::EmptyCallback;
use rodio::{DeviceSinkBuilder, MixerDeviceSink, Player};
use speech::{Sound, Speaker, parts};
use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// Frames that the speaker is given at once: what was handed over is heard even after a hush.
const BUFFER: u32 = 4096;

/// Silence after a sentence, and after a part of one, in seconds.
const PAUSES: (f32, f32) = (0.3, 0.05);

/// The volume in a quiet room, and the noise (dB of full scale) up to which it counts as one; the noise from which it is
/// spoken as loud as it goes. People raise their voices by about half of what the noise rises (Lombard effect).
const QUIET: (f32, f32) = (0.5, -55.0);
const LOUD: f32 = -43.0;

struct Say {
    turn: u64,
    request: RequestId,
    language: Language,
    text: String,
}

/// What the other threads hold of the mouth.
#[derive(Clone)]
pub(super) struct Mouth {
    orders: Sender<Say>,
    shared: Arc<Shared>,
}

struct Shared {
    /// Counts what is to be said; an earlier number is over.
    turn: AtomicU64,
    player: Mutex<Option<Player>>,
    /// How loud the room is, in tenths of dB of full scale.
    noise: AtomicI32,
    /// The speaker is gone, and has to be opened anew.
    lost: AtomicBool,
}

/// What the mouth's thread will need.
pub(super) struct Work {
    orders: Receiver<Say>,
    shared: Arc<Shared>,
    device: Option<String>,
    emit: Emit,
}

impl Mouth {
    pub fn new(device: Option<String>, emit: Emit) -> (Self, Work) {
        let (sender, orders) = mpsc::channel();
        let shared = Arc::new(Shared {
            turn: AtomicU64::new(0),
            player: Mutex::default(),
            noise: AtomicI32::new(-900),
            lost: AtomicBool::new(false),
        });
        (Self { orders: sender, shared: Arc::clone(&shared) }, Work { orders, shared, device, emit })
    }

    pub fn say(&self, request: RequestId, language: Language, text: String) {
        let turn = self.hush();
        let _ = self.orders.send(Say { turn, request, language, text });
    }

    /// Silence at once. Gives the number of what comes next.
    pub fn hush(&self) -> u64 {
        let turn = self.shared.turn.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(player) = self.shared.player().as_ref() {
            player.stop();
        }
        turn
    }

    /// The room is as loud as this (dB of full scale).
    pub fn noise(&self, level: f32) {
        self.shared.noise.store((level * 10.0) as i32, Ordering::Relaxed);
    }
}

impl Shared {
    fn player(&self) -> std::sync::MutexGuard<'_, Option<Player>> {
        self.player.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self, turn: u64) -> bool {
        self.turn.load(Ordering::SeqCst) != turn
    }

    fn volume(&self) -> f32 {
        volume(self.noise.load(Ordering::Relaxed) as f32 / 10.0)
    }
}

/// How loud it is spoken into so much noise.
fn volume(noise: f32) -> f32 {
    let (volume, quiet) = QUIET;
    let raised = (noise.clamp(quiet, LOUD) - quiet) / 2.0;
    (volume * 10f32.powf(raised / 20.0)).min(1.0)
}

impl Work {
    pub fn start(self, mut speaker: Speaker, steps: Steps) -> io::Result<()> {
        thread::Builder::new().name("voice-mouth".into()).spawn(move || {
            // The first sentence of a voice would wait for its network; who asks meanwhile goes first.
            let mut cold = Language::ALL.into_iter();
            let mut sink = None;
            loop {
                steps.rests();
                let order = match self.orders.try_recv() {
                    Err(TryRecvError::Empty) => match cold.next() {
                        Some(language) => {
                            steps.takes(LOADING);
                            if let Err(error) = speaker.say(language, warm_up(language), 1.0) {
                                tracing::error!(%error, language = language.tag(), "a voice is missing");
                            }
                            continue;
                        }
                        None => self.orders.recv().ok(),
                    },
                    order => order.ok(),
                };
                let Some(say) = order else { return };
                self.speak(&mut speaker, &mut sink, say, &steps);
            }
        })?;
        Ok(())
    }

    fn speak(&self, speaker: &mut Speaker, sink: &mut Option<MixerDeviceSink>, say: Say, steps: &Steps) {
        let Say { turn, request, language, text } = say;
        let said = || (self.emit)(VoiceEvent::Said(request));
        if self.shared.is_over(turn) {
            return;
        }
        steps.takes(STEP);
        if self.shared.lost.swap(false, Ordering::Relaxed) {
            *sink = None;
        }
        if sink.is_none() {
            match open(self.device.as_deref(), &self.shared) {
                Ok(opened) => *sink = Some(opened),
                // The answer stands on the screen; the next one tries again.
                Err(error) => {
                    tracing::warn!(%error, "nothing can be heard");
                    return said();
                }
            }
        }
        let Some(opened) = sink else { return };
        let player = Player::connect_new(opened.mixer());
        player.set_volume(self.shared.volume());
        *self.shared.player() = Some(player);
        let begun = Instant::now();
        for (at, sentence) in
            parts(language, &text, |sentence| speaker.has_recorded(language, sentence)).into_iter().enumerate()
        {
            steps.takes(STEP);
            let sound = match speaker.say(language, &sentence, 1.0) {
                Ok(sound) => sound,
                Err(error) => {
                    tracing::error!(%error, "a sentence cannot be spoken");
                    continue;
                }
            };
            if self.shared.is_over(turn) {
                return;
            }
            // The silence that a voice begins with would be waited for.
            let sound = if at == 0 { sound.from_its_beginning() } else { sound };
            let pause = if sentence.ends_with(['，', '、', ',']) { PAUSES.1 } else { PAUSES.0 };
            if let (Some(player), Some(buffer)) = (self.shared.player().as_ref(), buffer(sound, pause)) {
                player.append(buffer);
                if at == 0 {
                    tracing::debug!(took = ?begun.elapsed(), "the first part is spoken");
                }
            }
        }
        if let Some(player) = self.shared.player().as_ref() {
            let (emit, shared) = (Arc::clone(&self.emit), Arc::clone(&self.shared));
            player.append(EmptyCallback::new(Box::new(move || {
                if !shared.is_over(turn) {
                    emit(VoiceEvent::Said(request));
                }
            })));
        }
    }
}

fn warm_up(language: Language) -> &'static str {
    match language {
        Language::Ja => "はい。",
        Language::En => "Yes.",
        Language::ZhHans => "是。",
        Language::Ko => "네.",
    }
}

fn buffer(sound: Sound, pause: f32) -> Option<SamplesBuffer> {
    let Sound { rate, mut samples } = sound;
    samples.resize(samples.len() + (rate as f32 * pause) as usize, 0.0);
    Some(SamplesBuffer::new(NonZero::<u16>::MIN, NonZero::new(rate)?, samples))
}

fn open(name: Option<&str>, shared: &Arc<Shared>) -> Result<MixerDeviceSink, String> {
    let builder = match name {
        None => DeviceSinkBuilder::from_default_device(),
        Some(name) => {
            let host = rodio::cpal::default_host();
            let device = host.output_devices().map_err(|error| error.to_string())?.find(|device| {
                device.description().is_ok_and(|about| about.name().contains(name))
                    || device.id().is_ok_and(|id| id.to_string().contains(name))
            });
            DeviceSinkBuilder::from_device(device.ok_or_else(|| format!("no speaker is called {name}"))?)
        }
    };
    let shared = Arc::clone(shared);
    let failed = move |error: rodio::cpal::Error| {
        // A device that is gone says so a thousand times.
        if !shared.lost.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "the speaker is lost");
        }
    };
    let builder = builder
        .map_err(|error| error.to_string())?
        .with_error_callback(failed)
        .with_buffer_size(BufferSize::Fixed(BUFFER));
    let mut sink = builder.open_stream().map_err(|error| error.to_string())?;
    sink.log_on_drop(false);
    Ok(sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voice_follows_the_noise_within_limits() {
        assert_eq!(volume(-90.0), 0.5);
        assert_eq!(volume(-55.0), 0.5);
        assert!(volume(-50.0) > 0.6 && volume(-50.0) < 0.7);
        assert!(volume(-43.0) > 0.95);
        assert!(volume(0.0) <= 1.0);
    }
}
