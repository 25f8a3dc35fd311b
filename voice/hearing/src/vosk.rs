//! Vosk: small models for one language each, which give their text while somebody still speaks, and can be held to a list of
//! words. Its library is loaded when it is wanted, so that everything else builds and starts without it.

use crate::{Heard, HearingError, Hints, RATE, Recogniser};
use domain::Language;
use libloading::{Library, Symbol};
use models::Models;
use serde::Deserialize;
use std::ffi::{CStr, CString, c_char, c_float, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

/// Samples that go through at once: a quarter of a second.
const PIECE: usize = RATE as usize / 4;

/// What stands for every word that is not in the list; which of them depends on the model. The library drops from a list
/// what the model does not know, without a word: every other word would then be taken for one of the list.
const UNKNOWN: [&str; 3] = ["[unk]", "<UNK>", "<unk>"];

/// Whether this is no word: one of [`UNKNOWN`], or what models put for noises (`[2]`, `<spoken_noise>`).
fn is_mark(word: &str) -> bool {
    word.starts_with(['[', '<'])
}

/// Below every severity that the library has, errors included: its lines could hold what was said.
const SILENT: c_int = -10;

type Decoder = NonNull<c_void>;

fn fault<E: std::fmt::Display>(error: E) -> HearingError {
    HearingError::Engine { engine: "vosk", cause: error.to_string() }
}

/// The functions of `vosk_api.h` that are used here.
struct Api {
    set_log_level: unsafe extern "C" fn(c_int),
    model_new: unsafe extern "C" fn(*const c_char) -> *mut c_void,
    model_free: unsafe extern "C" fn(*mut c_void),
    model_find_word: unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int,
    recognizer_new: unsafe extern "C" fn(*mut c_void, c_float) -> *mut c_void,
    recognizer_new_grm: unsafe extern "C" fn(*mut c_void, c_float, *const c_char) -> *mut c_void,
    recognizer_set_words: unsafe extern "C" fn(*mut c_void, c_int),
    recognizer_accept: unsafe extern "C" fn(*mut c_void, *const c_float, c_int) -> c_int,
    recognizer_result: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    recognizer_partial_result: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    recognizer_final_result: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    recognizer_free: unsafe extern "C" fn(*mut c_void),
}

impl Api {
    /// The library at this path, loaded once a process and never unloaded: it keeps threads and thread-local values of its
    /// own, and whatever came out of it must not outlive it.
    fn at(path: PathBuf) -> Result<&'static Self, HearingError> {
        static LOADED: Mutex<Vec<(PathBuf, &'static Api)>> = Mutex::new(Vec::new());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, api)) = loaded.iter().find(|(known, _)| *known == path) {
            return Ok(api);
        }
        let broken =
            |error: libloading::Error| fault(format!("the library {} cannot be used: {error}", path.display()));
        // SAFETY: the file is Vosk's own library, by its sum or by the operator's word; what it does when it is loaded is to fill its tables.
        let library: &'static Library = Box::leak(Box::new(unsafe { Library::new(&path) }.map_err(broken)?));
        macro_rules! function {
            ($name:literal) => {{
                // SAFETY: the type that the field gives it is the one in vosk_api.h of the version whose sum was checked.
                let function: Symbol<'static, _> = unsafe { library.get($name.as_bytes()) }.map_err(broken)?;
                *function
            }};
        }
        let api: &'static Self = Box::leak(Box::new(Self {
            set_log_level: function!("vosk_set_log_level"),
            model_new: function!("vosk_model_new"),
            model_free: function!("vosk_model_free"),
            model_find_word: function!("vosk_model_find_word"),
            recognizer_new: function!("vosk_recognizer_new"),
            recognizer_new_grm: function!("vosk_recognizer_new_grm"),
            recognizer_set_words: function!("vosk_recognizer_set_words"),
            recognizer_accept: function!("vosk_recognizer_accept_waveform_f"),
            recognizer_result: function!("vosk_recognizer_result"),
            recognizer_partial_result: function!("vosk_recognizer_partial_result"),
            recognizer_final_result: function!("vosk_recognizer_final_result"),
            recognizer_free: function!("vosk_recognizer_free"),
        }));
        // SAFETY: takes a number and keeps it; nothing else of the library runs yet.
        unsafe { (api.set_log_level)(SILENT) };
        loaded.push((path, api));
        Ok(api)
    }
}

/// What the library tells about a stretch of speech.
#[derive(Deserialize, Default)]
struct Told {
    #[serde(default)]
    result: Vec<Word>,
    #[serde(default)]
    partial: String,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    conf: f32,
    start: f64,
    end: f64,
}

/// A loaded model. Recognisers share it: the library only reads it once it is loaded.
struct Model {
    api: &'static Api,
    handle: NonNull<c_void>,
}

// SAFETY: the library's own documentation lets several threads recognise with one model at the same time.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: it was made by this library and is freed once; every decoder of it is gone, for its owner held this.
        unsafe { (self.api.model_free)(self.handle.as_ptr()) };
    }
}

/// Vosk, with the model of one language.
pub struct Vosk {
    api: &'static Api,
    model: Arc<Model>,
    language: Language,
    /// Whether only the words of the hints are expected.
    only_hints: bool,
    /// Listens now.
    decoder: Option<Decoder>,
    /// What was understood since it began to listen, and is settled.
    heard: Vec<Heard>,
    /// What was last said to be heard so far.
    partial: String,
}

// SAFETY: the decoder belongs to this value alone and is used through `&mut self` only; the library does not bind it to the
// thread that made it.
unsafe impl Send for Vosk {}

impl Vosk {
    /// Loads a folder with a Vosk model, which is one of this language. A folder among the models is to be asked for with
    /// [`Models::folder`], which checks its files: the library notices some damage only when it begins to listen.
    ///
    /// # Errors
    /// When the library or the model is missing, or the library refuses it.
    pub fn load(models: &Models, folder: &Path, language: Language) -> Result<Self, HearingError> {
        let library = models.file("libvosk.so");
        let library =
            library.map_err(|error| fault(format!("the library libvosk.so is missing or damaged: {error}")))?;
        Self::with_library(library, folder, language)
    }

    /// As [`Vosk::load`], with a library of the operator's own choice.
    ///
    /// # Errors
    /// As [`Vosk::load`].
    pub fn with_library(library: PathBuf, folder: &Path, language: Language) -> Result<Self, HearingError> {
        // Both layouts that the library knows.
        if !["am/final.mdl", "final.mdl"].iter().any(|file| folder.join(file).is_file()) {
            return Err(fault(format!("{} holds no Vosk model", folder.display())));
        }
        let api = Api::at(library)?;
        let path = CString::new(folder.as_os_str().as_bytes()).map_err(fault)?;
        // SAFETY: the path ends with a zero and lives until the call is over.
        let handle = NonNull::new(unsafe { (api.model_new)(path.as_ptr()) });
        let handle = handle.ok_or_else(|| fault(format!("the model {} is refused", folder.display())))?;
        Ok(Self::of(Arc::new(Model { api, handle }), language))
    }

    fn of(model: Arc<Model>, language: Language) -> Self {
        let (decoder, heard, partial) = (None, Vec::new(), String::new());
        Self { api: model.api, model, language, only_hints: false, decoder, heard, partial }
    }

    /// Another one beside it, with the same model.
    pub fn another(&self) -> Self {
        Self::of(Arc::clone(&self.model), self.language)
    }

    /// The language of the model.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether nothing but the words of the hints is expected, where there are any that the model knows. For a choice of a
    /// few words, not for questions, and behind voice activity: how well everything else is left out depends on the model.
    /// The small Korean one hears other speech, and some noise, as words of the list, and its confidence does not tell.
    pub fn expect_only_hints(&mut self, only: bool) {
        self.only_hints = only;
    }

    /// Begins to listen. Nothing is kept of what was heard before, not even how its speaker sounds.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn begin(&mut self, hints: &Hints) -> Result<(), HearingError> {
        self.stop();
        let rate = RATE as c_float;
        let grammar = if self.only_hints { self.grammar(hints)? } else { None };
        let decoder = match &grammar {
            // SAFETY: the model lives as long as `self`; the list ends with a zero and lives until the call is over.
            Some(list) => unsafe { (self.api.recognizer_new_grm)(self.model.handle.as_ptr(), rate, list.as_ptr()) },
            // SAFETY: the model lives as long as `self`.
            None => unsafe { (self.api.recognizer_new)(self.model.handle.as_ptr(), rate) },
        };
        let decoder = NonNull::new(decoder).ok_or_else(|| fault("no recogniser for this model"))?;
        // SAFETY: the decoder was just made.
        unsafe { (self.api.recognizer_set_words)(decoder.as_ptr(), 1) };
        self.decoder = Some(decoder);
        Ok(())
    }

    /// Hears more (16 kHz, one channel). Gives what was understood since [`Vosk::begin`] when that is not what it was.
    ///
    /// # Errors
    /// When it was not begun, or the library fails.
    pub fn push(&mut self, samples: &[f32]) -> Result<Option<String>, HearingError> {
        let decoder = self.decoder.ok_or_else(|| fault("it does not listen"))?;
        self.accept(decoder, samples)?;
        // SAFETY: the decoder is one of this library and not freed.
        let told = unsafe { self.told(self.api.recognizer_partial_result, decoder) }?;
        let words = told.partial.split_whitespace().filter(|word| !is_mark(word));
        let running = self.joined(words);
        let settled = self.heard.iter().map(|heard| heard.text.as_str());
        let text = self.joined(settled.chain(Some(running.as_str()).filter(|text| !text.is_empty())));
        if text.is_empty() || text == self.partial {
            return Ok(None);
        }
        self.partial.clone_from(&text);
        Ok(Some(text))
    }

    /// Listens no more, and gives all that was understood; its text is empty where that is nothing.
    ///
    /// # Errors
    /// When it was not begun, or the library fails.
    pub fn end(&mut self) -> Result<Heard, HearingError> {
        let heard = self.finish()?;
        let (from_ms, until_ms) = heard.first().zip(heard.last()).map_or((0, 0), |(a, z)| (a.from_ms, z.until_ms));
        // Each stretch counts as long as it is.
        let letters = |heard: &Heard| heard.text.chars().count() as f32;
        let all = heard.iter().map(letters).sum::<f32>().max(1.0);
        let confidence = heard.iter().map(|heard| heard.confidence * letters(heard)).sum::<f32>() / all;
        let text = self.joined(heard.iter().map(|heard| heard.text.as_str()));
        Ok(Heard { language: self.language, text, also: None, confidence, from_ms, until_ms })
    }

    /// Takes in samples, and settles what lies before a pause.
    fn accept(&mut self, decoder: Decoder, samples: &[f32]) -> Result<(), HearingError> {
        for piece in samples.chunks(PIECE) {
            // The library wants the range of 16-bit samples.
            let loud = |sample: &f32| if sample.is_finite() { sample.clamp(-1.0, 1.0) * 32_767.0 } else { 0.0 };
            let piece: Vec<f32> = piece.iter().map(loud).collect();
            let length = c_int::try_from(piece.len()).map_err(fault)?;
            // SAFETY: the decoder is one of this library and not freed; it reads `length` samples and keeps none of them.
            match unsafe { (self.api.recognizer_accept)(decoder.as_ptr(), piece.as_ptr(), length) } {
                0 => {}
                1 => {
                    // SAFETY: the decoder is one of this library and not freed.
                    let told = unsafe { self.told(self.api.recognizer_result, decoder) }?;
                    self.heard.extend(self.settled(&told.result));
                }
                _ => return Err(fault("it failed on this sound")),
            }
        }
        Ok(())
    }

    /// The last stretch, and all before it.
    fn finish(&mut self) -> Result<Vec<Heard>, HearingError> {
        let decoder = self.decoder.ok_or_else(|| fault("it does not listen"))?;
        // SAFETY: the decoder is one of this library and not freed.
        let told = unsafe { self.told(self.api.recognizer_final_result, decoder) }?;
        let last = self.settled(&told.result);
        let mut heard = std::mem::take(&mut self.heard);
        heard.extend(last);
        self.stop();
        Ok(heard)
    }

    fn stop(&mut self) {
        if let Some(decoder) = self.decoder.take() {
            // SAFETY: it was made by this library, is freed once, and nobody else has it.
            unsafe { (self.api.recognizer_free)(decoder.as_ptr()) };
        }
        self.heard.clear();
        self.partial.clear();
    }

    /// What one of the library's three functions for results tells.
    ///
    /// # Safety
    /// The function is one of those; the decoder is one of the same library and not freed.
    unsafe fn told(
        &self,
        function: unsafe extern "C" fn(*mut c_void) -> *const c_char,
        decoder: Decoder,
    ) -> Result<Told, HearingError> {
        // SAFETY: by what the caller promises.
        let text = unsafe { function(decoder.as_ptr()) };
        if text.is_null() {
            return Ok(Told::default());
        }
        // SAFETY: it ends with a zero and belongs to the decoder until its next call, which comes after this copy.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
        // What it said is no part of the message: it is what somebody said.
        serde_json::from_str(&text).map_err(|_| fault("its result is malformed"))
    }

    fn settled(&self, words: &[Word]) -> Option<Heard> {
        let words: Vec<&Word> = words.iter().filter(|word| !is_mark(&word.word)).collect();
        let (first, last) = words.first().zip(words.last())?;
        let ms = |seconds: f64| (seconds.max(0.0) * 1000.0).round() as u64;
        Some(Heard {
            language: self.language,
            text: self.joined(words.iter().map(|word| word.word.as_str())),
            also: None,
            confidence: words.iter().map(|word| word.conf.clamp(0.0, 1.0)).sum::<f32>() / words.len() as f32,
            from_ms: ms(first.start),
            until_ms: ms(last.end),
        })
    }

    /// Words as they are written in this language.
    fn joined<'a>(&self, words: impl Iterator<Item = &'a str>) -> String {
        let between = if matches!(self.language, Language::En | Language::Ko) { " " } else { "" };
        words.collect::<Vec<&str>>().join(between)
    }

    /// The hints as the library wants them, without those that hold a word that the model does not know; `None` where
    /// nothing is left.
    fn grammar(&self, hints: &Hints) -> Result<Option<CString>, HearingError> {
        let mut list = Vec::new();
        for hint in &hints.words {
            let plain = hint.to_lowercase().replace(|c: char| !c.is_alphanumeric() && c != '\'', " ");
            let words: Vec<&str> = plain.split_whitespace().collect();
            if !words.is_empty() && words.iter().all(|word| self.knows(word)) {
                list.push(words.join(" "));
            }
        }
        if list.is_empty() {
            return Ok(None);
        }
        list.extend(UNKNOWN.into_iter().find(|word| self.knows(word)).map(str::to_owned));
        CString::new(serde_json::to_string(&list).map_err(fault)?).map(Some).map_err(fault)
    }

    fn knows(&self, word: &str) -> bool {
        // SAFETY: the model lives as long as `self`; the word ends with a zero and lives until the call is over.
        CString::new(word)
            .is_ok_and(|word| unsafe { (self.api.model_find_word)(self.model.handle.as_ptr(), word.as_ptr()) } >= 0)
    }
}

impl Drop for Vosk {
    fn drop(&mut self) {
        // The decoder goes before its model.
        self.stop();
    }
}

impl Recogniser for Vosk {
    fn hear(&mut self, samples: &[f32], language: Option<Language>, hints: &Hints) -> Result<Vec<Heard>, HearingError> {
        if let Some(other) = language.filter(|language| *language != self.language) {
            return Err(fault(format!("its model is for {:?}, not for {other:?}", self.language)));
        }
        // Less than a fifth of a second is no word.
        if samples.len() < RATE as usize / 5 {
            return Ok(Vec::new());
        }
        self.begin(hints)?;
        let decoder = self.decoder.ok_or_else(|| fault("it does not listen"))?;
        let heard = self.accept(decoder, samples).and_then(|()| self.finish());
        self.stop();
        heard
    }
}
