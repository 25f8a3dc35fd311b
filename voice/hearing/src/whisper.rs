//! Whisper by whisper.cpp: many languages in one model.

use crate::{Heard, HearingError, Hints, Likely, RATE, Recogniser, Wanted};
use domain::Language;
use models::Models;
use std::ffi::{c_int, c_void};
use std::sync::{Arc, Once};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

/// The longest piece of sound that goes through at once, in seconds; the network hears 30.
const LONGEST: usize = 28;

/// Whisper.
pub struct Whisper {
    context: Arc<WhisperContext>,
    state: WhisperState,
    threads: i32,
    wanted: Wanted,
}

fn fault<E: std::fmt::Display>(error: E) -> HearingError {
    HearingError::Engine { engine: "whisper", cause: error.to_string() }
}

impl Whisper {
    /// Loads the model, to run on so many threads. On a busy machine with two cores one is faster than two: the threads wait
    /// for each other by spinning.
    ///
    /// # Errors
    /// When its file is missing or damaged.
    pub fn load(models: &Models, threads: usize) -> Result<Self, HearingError> {
        static QUIET: Once = Once::new();
        // The library logs to standard error unless told otherwise; its lines could hold what was said.
        QUIET.call_once(whisper_rs::install_logging_hooks);
        let path = models.file("whisper-base.bin")?;
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = Arc::new(WhisperContext::new_with_params(&path, parameters).map_err(fault)?);
        let state = context.create_state().map_err(fault)?;
        Ok(Self { context, state, threads: i32::try_from(threads.max(1)).unwrap_or(1), wanted: Wanted::default() })
    }

    /// Another one beside it, with the same weights and threads of its own.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn another(&self, threads: usize) -> Result<Self, HearingError> {
        let state = self.context.create_state().map_err(fault)?;
        let (context, threads) = (Arc::clone(&self.context), i32::try_from(threads.max(1)).unwrap_or(1));
        Ok(Self { context, state, threads, wanted: Wanted::default() })
    }

    /// The most likely of our languages, by the first seconds.
    fn detect(&mut self, samples: &[f32]) -> Result<Language, HearingError> {
        let threads = self.threads.unsigned_abs() as usize;
        self.state.pcm_to_mel(samples, threads).map_err(fault)?;
        let (_, chances) = self.state.lang_detect(0, threads).map_err(fault)?;
        let chance = |language: &Language| {
            let id = whisper_rs::get_lang_id(code(*language)).and_then(|id| usize::try_from(id).ok());
            id.and_then(|id| chances.get(id).copied()).unwrap_or(0.0)
        };
        Ok(Language::ALL.into_iter().max_by(|a, b| chance(a).total_cmp(&chance(b))).unwrap_or_default())
    }
    /// Recognises a piece of sound; what was understood is then in the state.
    fn run(
        &mut self,
        piece: &[f32],
        language: Language,
        hints: &Hints,
        likely: Option<&Likely>,
    ) -> Result<(), HearingError> {
        let seconds = piece.len() / RATE as usize + 1;
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_n_threads(self.threads);
        parameters.set_language(Some(code(language)));
        let prompt = prompt(language, hints);
        parameters.set_initial_prompt(&prompt);
        parameters.set_no_context(true);
        parameters.set_print_progress(false);
        parameters.set_print_special(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        parameters.set_suppress_blank(true);
        parameters.set_suppress_nst(true);
        parameters.set_temperature_inc(0.0);
        // Half the encoder's context does for a short question; the network was made for 1500 = 30 s.
        parameters.set_audio_ctx(if seconds <= 9 {
            500
        } else if seconds <= 18 {
            1000
        } else {
            1500
        });
        // Nobody says more than ten tokens a second: what goes on longer is a loop.
        parameters.set_max_tokens(i32::try_from(seconds * 12 + 8).unwrap_or(200).min(220));
        let context = Arc::clone(&self.context);
        let mut bent = likely.filter(|likely| !likely.is_empty()).map(|likely| Bent {
            context: &context,
            likely,
            first_mark: usize::try_from(context.token_beg()).unwrap_or(usize::MAX),
        });
        if let Some(bent) = &mut bent {
            // SAFETY: the callback is given what it expects, which lives until the recognition is over.
            unsafe {
                parameters.set_filter_logits_callback(Some(bend));
                parameters.set_filter_logits_callback_user_data(std::ptr::from_mut(bent).cast());
            }
        }
        let mut wanted = self.wanted.clone();
        // SAFETY: the callback is given what it expects, which lives until the recognition is over.
        unsafe {
            parameters.set_abort_callback(Some(give_up));
            parameters.set_abort_callback_user_data(std::ptr::from_mut(&mut wanted).cast());
        }
        self.state.full(parameters, piece).map_err(fault)
    }

    /// Whether what was understood goes round in circles.
    fn is_loop(&self) -> bool {
        let texts =
            self.state.as_iter().filter_map(|segment| segment.to_str_lossy().ok().map(|text| text.into_owned()));
        goes_round(&texts.collect::<String>())
    }
}

fn code(language: Language) -> &'static str {
    match language {
        Language::Ja => "ja",
        Language::En => "en",
        Language::ZhHans => "zh",
        Language::Ko => "ko",
    }
}

/// What is said before, as the network sees it: it sets the manner of writing and names what is likely.
fn prompt(language: Language, hints: &Hints) -> String {
    let lead = match language {
        Language::Ja => "道の駅の案内です。",
        Language::En => "This is a roadside station guide.",
        Language::ZhHans => "以下是普通话的句子，使用简体中文。",
        Language::Ko => "도로 휴게소 안내입니다.",
    };
    let words = hints.words.join(if language == Language::En || language == Language::Ko { ", " } else { "、" });
    // Little is better: a long prompt costs time and is repeated when nothing is said.
    format!("{lead}{}", words.chars().take(80).collect::<String>())
}

/// What the network's choice of the next word is bent by.
struct Bent<'a> {
    context: &'a WhisperContext,
    likely: &'a Likely,
    first_mark: usize,
}

/// How much what is likely counts beside what is heard: twice as much led in circles, half as much helped less.
const STRENGTH: f32 = 0.3;

/// What is further behind the best is not looked at.
const BEHIND: f32 = 12.0;

impl Bent<'_> {
    fn bend(&self, said: impl Iterator<Item = i32>, scores: &mut [f32]) {
        let bytes = |token: usize| {
            let token = i32::try_from(token).unwrap_or(0);
            self.context.token_to_bytes(token).unwrap_or_default()
        };
        let words = self.first_mark.min(scores.len());
        let end = self.context.token_eot() as usize;
        let said: Vec<u8> = said
            .filter_map(|token| usize::try_from(token).ok())
            .filter(|token| *token < end)
            .flat_map(|token| bytes(token).iter().copied())
            .collect();
        let Some(after) = self.likely.after(&said) else { return };
        let best = scores[..words].iter().copied().fold(f32::MIN, f32::max);
        for (token, score) in scores.iter_mut().enumerate().take(end.min(words)) {
            if *score >= best - BEHIND {
                let next = bytes(token);
                let is_mark = matches!(std::str::from_utf8(next), Ok("。" | "？" | "！" | "?" | "!" | "."));
                let bonus = if is_mark { after.end() } else { after.word(next) };
                *score += STRENGTH * bonus;
            }
        }
        let over = STRENGTH * after.end();
        scores[end] += over;
        scores[words..].iter_mut().for_each(|score| *score += over);
    }
}

/// Called by the library between two passes through the network.
unsafe extern "C" fn give_up(wanted: *mut c_void) -> bool {
    // SAFETY: `wanted` is what `run` gave, which outlives the recognition.
    unsafe { &*wanted.cast::<Wanted>() }.is_over()
}

/// Called by the library before it chooses a word.
unsafe extern "C" fn bend<Context, State>(
    _: *mut Context,
    _: *mut State,
    tokens: *const whisper_rs::WhisperTokenData,
    count: c_int,
    scores: *mut f32,
    bent: *mut c_void,
) {
    // SAFETY: `bent` is what `hear` gave, which outlives the recognition; the library's arrays are as long as it says.
    let (bent, said, scores) = unsafe {
        let bent = &*bent.cast::<Bent<'_>>();
        let count = usize::try_from(count).unwrap_or(0);
        let said = if count == 0 { &[] } else { std::slice::from_raw_parts(tokens, count) };
        let all = usize::try_from(bent.context.n_vocab()).unwrap_or(0);
        (bent, said, std::slice::from_raw_parts_mut(scores, all))
    };
    // First comes a mark of time.
    if !said.is_empty() {
        bent.bend(said.iter().map(|token| token.id), scores);
    }
}

/// Whether a sentence is too long to be said twice on purpose.
fn is_long(sentence: &str) -> bool {
    sentence.chars().count() >= 8
}

/// Whether some characters are said five times and more in a row.
fn goes_round(text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    (1..=12).any(|length| {
        let mut same = 0;
        (length..text.len()).any(|at| {
            same = if text[at] == text[at - length] { same + 1 } else { 0 };
            same >= 4 * length.max(2)
        })
    })
}

/// The network likes to say a sentence again when the sound is over: what stands there twice in a row was said once.
fn said_once(text: &str) -> String {
    let ends = |c: char| matches!(c, '。' | '！' | '？' | '.' | '!' | '?');
    let mut kept: Vec<&str> = Vec::new();
    for sentence in text.split_inclusive(ends) {
        let same = |last: &&str| last.trim() == sentence.trim();
        if !(is_long(sentence.trim()) && kept.last().is_some_and(same)) {
            kept.push(sentence);
        }
    }
    kept.concat()
}

impl Recogniser for Whisper {
    fn only_while(&mut self, wanted: Wanted) {
        self.wanted = wanted;
    }

    fn hear(&mut self, samples: &[f32], language: Option<Language>, hints: &Hints) -> Result<Vec<Heard>, HearingError> {
        let mut heard = Vec::new();
        // Less than a fifth of a second is no word.
        if samples.len() < RATE as usize / 5 {
            return Ok(heard);
        }
        for (at, piece) in samples.chunks(LONGEST * RATE as usize).enumerate() {
            // The network wants at least a second.
            let mut piece = piece.to_vec();
            piece.resize(piece.len().max(RATE as usize * 11 / 10), 0.0);
            let language = match language {
                Some(language) => language,
                None => self.detect(&piece)?,
            };
            self.run(&piece, language, hints, hints.likely.as_deref())?;
            if hints.likely.is_some() && self.is_loop() {
                // Where nothing fits, what is likely leads in circles.
                self.run(&piece, language, hints, None)?;
            }
            let base = at as u64 * LONGEST as u64 * 1000;
            for segment in self.state.as_iter() {
                let text = said_once(segment.to_str_lossy().map_err(fault)?.trim());
                let (mut sum, mut count) = (0.0f32, 0u16);
                for token in (0..segment.n_tokens()).filter_map(|token| segment.get_token(token)) {
                    let word = token.to_str_lossy().map_err(fault)?;
                    // Marks of time and end are no words.
                    if !word.starts_with("[_") && !word.starts_with("<|") {
                        sum += token.token_probability();
                        count += 1;
                    }
                }
                let again = heard.last().is_some_and(|last: &Heard| is_long(&text) && last.text == text);
                if !text.is_empty() && !again && text.chars().any(char::is_alphanumeric) {
                    heard.push(Heard {
                        language,
                        text,
                        also: None,
                        confidence: if count == 0 { 0.0 } else { sum / f32::from(count) },
                        from_ms: base + u64::try_from(segment.start_timestamp().max(0)).unwrap_or(0) * 10,
                        until_ms: base + u64::try_from(segment.end_timestamp().max(0)).unwrap_or(0) * 10,
                    });
                }
            }
        }
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::{goes_round, said_once};

    #[test]
    fn circles() {
        for text in
            ["JRの駅の駅の駅の駅の駅の駅", "1.1.1.1.1.1.1", "啦啦啦啦啦啦啦啦啦啦", "I do I do I do I do I do I do"]
        {
            assert!(goes_round(text), "{text}");
        }
        for text in ["", "はいはいはい", "バスはどこですか。バスはどこですか。", "10000000円", "no no no no"]
        {
            assert!(!goes_round(text), "{text}");
        }
    }

    #[test]
    fn what_stands_there_twice_was_said_once() {
        let text = "It is near. It is about a minute from here. It is about a minute from here.";
        assert_eq!(said_once(text), "It is near. It is about a minute from here.");
        assert_eq!(said_once("トイレはどこですか。トイレはどこですか。"), "トイレはどこですか。");
        for same in ["はい。はい。", "3.5", "", "No end", "あ。い。あ。"] {
            assert_eq!(said_once(same), same);
        }
    }
}
