//! Finds what a question means, and says how sure that is.

use crate::calendar;
use crate::classifier::{Classifier, dot};
use crate::embed::{EmbedError, Embedder, Kind, WIDTH};
use crate::index::{About, Cue, HEARD, Index, Named, Near, Signs, Sketch, WRITTEN, Weights, Whole, pieces};
use crate::names::{self, Mention, Name, Unit};
use crate::pack::{Append, Guide, Id, Topic};
use crate::speller::{Spelled, Speller};
use crate::{say, when};
use domain::{Date, Language, ruby};
use jiff::civil::DateTime;
use models::Models;
use reading::{Reader, normal, without_fillers};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What can be asked about a place or an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// What it is.
    About,
    /// Where it is and how to get there.
    Where,
    /// How far it is.
    Far,
    /// When it is open.
    Hours,
    /// When it is closed.
    Closed,
    /// What it costs.
    Fee,
    /// Its telephone.
    Phone,
    /// When it takes place.
    When,
}

impl Attribute {
    const ALL: [Self; 8] =
        [Self::About, Self::Where, Self::Far, Self::Hours, Self::Closed, Self::Fee, Self::Phone, Self::When];

    fn tag(self) -> &'static str {
        match self {
            Self::About => "about",
            Self::Where => "where",
            Self::Far => "far",
            Self::Hours => "hours",
            Self::Closed => "closed",
            Self::Fee => "fee",
            Self::Phone => "phone",
            Self::When => "when",
        }
    }

    fn label(self, language: Language) -> &'static str {
        use Language::{En, Ja, Ko, ZhHans};
        match (self, language) {
            (Self::About, Ja) => "どんなところ",
            (Self::About, En) => "what it is",
            (Self::About, ZhHans) => "介绍",
            (Self::About, Ko) => "소개",
            (Self::Where, Ja) => "場所・行き方",
            (Self::Where, En) => "where it is",
            (Self::Where, ZhHans) => "位置和路线",
            (Self::Where, Ko) => "위치와 가는 길",
            (Self::Far, Ja) => "かかる時間",
            (Self::Far, En) => "how far",
            (Self::Far, ZhHans) => "需要多久",
            (Self::Far, Ko) => "걸리는 시간",
            (Self::Hours, Ja) => "営業時間",
            (Self::Hours, En) => "opening hours",
            (Self::Hours, ZhHans) => "开放时间",
            (Self::Hours, Ko) => "이용 시간",
            (Self::Closed, Ja) => "お休みの日",
            (Self::Closed, En) => "closing days",
            (Self::Closed, ZhHans) => "休息日",
            (Self::Closed, Ko) => "휴일",
            (Self::Fee, Ja) => "料金",
            (Self::Fee, En) => "fees",
            (Self::Fee, ZhHans) => "费用",
            (Self::Fee, Ko) => "요금",
            (Self::Phone, Ja) => "電話番号",
            (Self::Phone, En) => "telephone",
            (Self::Phone, ZhHans) => "电话",
            (Self::Phone, Ko) => "전화번호",
            (Self::When, Ja) => "日程",
            (Self::When, En) => "dates",
            (Self::When, ZhHans) => "日期",
            (Self::When, Ko) => "날짜",
        }
    }
}

/// What a question means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// An answer of the guide.
    Answer(Id),
    /// Something about a place.
    Place(Id, Attribute),
    /// Something about an event.
    Event(Id, Attribute),
    /// Nothing that the guide knows.
    Nothing,
}

impl Meaning {
    /// How programs call it: `bath-towel`, `genpei-no-yu.hours`.
    pub fn id(&self) -> String {
        match self {
            Self::Answer(id) => id.clone(),
            Self::Place(id, attribute) | Self::Event(id, attribute) => format!("{id}.{}", attribute.tag()),
            Self::Nothing => "-".to_owned(),
        }
    }
}

/// A meaning and how sure it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The meaning.
    pub meaning: Meaning,
    /// 0 to 1: how often such a finding is right.
    pub trust: f32,
    /// What was seen of it, for calibration.
    pub signs: Vec<f32>,
}

/// A question, and how it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Somebody wrote it: the words are the right ones.
    Written(&'a str),
    /// A recogniser understood it: the sounds are about right, the words may be others that sound the same.
    Heard(&'a str),
    /// The same, and how another understood it.
    HeardTwice(&'a str, &'a str),
}

impl<'a> Asked<'a> {
    /// Its text.
    pub fn text(self) -> &'a str {
        match self {
            Self::Written(text) | Self::Heard(text) | Self::HeardTwice(text, _) => text,
        }
    }

    /// How it was understood by another ear.
    fn also(self) -> Option<&'a str> {
        match self {
            Self::HeardTwice(_, also) => Some(also),
            Self::Written(_) | Self::Heard(_) => None,
        }
    }

    fn is_heard(self) -> bool {
        !matches!(self, Self::Written(_))
    }
}

/// Something to choose from when it is not clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// See [`Meaning::id`].
    pub id: String,
    /// In the visitor's language.
    pub label: String,
    #[serde(skip)]
    pub(crate) meaning: Meaning,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// What was meant; `None` when it asks back or does not know.
    pub answer: Option<String>,
    /// What is shown and said; Japanese with readings.
    pub text: String,
    /// 0 to 1: how sure it is of the best meaning.
    pub score: f32,
    /// Where the answer comes from.
    pub source: Option<String>,
    /// The place to show.
    pub place: Option<Id>,
    /// What to choose from when it asks back.
    pub choices: Vec<Choice>,
    /// What is often asked next.
    pub follow_ups: Vec<Choice>,
    /// Whether staff should be offered.
    pub staff: bool,
}

impl Reply {
    /// Says what is listed; what is not is not known, though it is known what was meant.
    fn tell(&mut self, listed: Option<String>, missing: impl FnOnce() -> String) {
        if listed.is_none() {
            (self.answer, self.source, self.staff) = (None, None, true);
        }
        self.text = listed.unwrap_or_else(missing);
    }
}

/// The guide cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswererError {
    /// The embedding network.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The crate's own list of attributes.
    #[error("attributes.toml, cues.toml, none.toml: {0}")]
    Attributes(#[from] toml::de::Error),
}

/// Thing that has names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Thing {
    Place(Id),
    Event(Id),
}

impl Thing {
    /// All that can be asked about it.
    fn meanings(&self) -> Vec<Meaning> {
        let mut meanings: Vec<Meaning> =
            Attribute::ALL.into_iter().filter_map(|attribute| self.asked(attribute)).collect();
        meanings.sort();
        meanings.dedup();
        meanings
    }

    fn asked(&self, attribute: Attribute) -> Option<Meaning> {
        match (self, attribute) {
            (Self::Place(_), Attribute::When) => None,
            (Self::Place(id), _) => Some(Meaning::Place(id.clone(), attribute)),
            (Self::Event(id), Attribute::About | Attribute::Where | Attribute::When | Attribute::Fee) => {
                Some(Meaning::Event(id.clone(), attribute))
            }
            // "How late is the festival?" is about when it is.
            (Self::Event(id), Attribute::Hours | Attribute::Closed) => {
                Some(Meaning::Event(id.clone(), Attribute::When))
            }
            (Self::Event(id), Attribute::Far) => Some(Meaning::Event(id.clone(), Attribute::Where)),
            (Self::Event(_), Attribute::Phone) => None,
        }
    }
}

/// What is known of one language.
struct Tongue {
    /// What all its texts have in common.
    centre: [f32; WIDTH],
    index: Index,
    /// The embedding of what each meaning says.
    says: Vec<[f32; WIDTH]>,
    names: Vec<Name<Thing>>,
    /// Common ways of asking something of a place or event, with `x` for its name.
    ways: HashMap<String, Vec<Attribute>>,
    /// Words that mean the same: each as it is written -> the first of its list.
    synonyms: Vec<(String, String)>,
    /// The pieces of the words in which something is asked about a place or event, without its name.
    asked: HashSet<u64>,
    /// Every way of asking, and its sound.
    sounds: Vec<(String, Vec<char>)>,
    vocabulary: Vocabulary,
    /// Places of the world that the guide says nothing of.
    strangers: Vec<Name<()>>,
    /// All words of the guide.
    known_words: HashSet<String>,
    /// Its spelling, in Japanese and Chinese.
    speller: Speller,
}

/// The words that the ways of asking consist of.
#[derive(Default)]
struct Vocabulary {
    words: HashSet<String>,
    /// The commonest word of each sound.
    by_sound: HashMap<String, (String, usize)>,
}

impl Vocabulary {
    fn new(pieces: impl Iterator<Item = (String, String)>) -> Self {
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        pieces.for_each(|piece| *counts.entry(piece).or_default() += 1);
        let mut vocabulary = Self::default();
        for ((word, sound), count) in counts {
            let best = vocabulary.by_sound.entry(sound).or_default();
            if count > best.1 {
                *best = (word.clone(), count);
            }
            vocabulary.words.insert(word);
        }
        vocabulary
    }

    /// The question with every word that nobody asks here in the spelling of one that sounds the same; `None` where there is
    /// none.
    fn corrected(&self, reader: &Reader, language: Language, question: &str) -> Option<String> {
        let mut corrected = String::with_capacity(question.len());
        let mut changed = false;
        let mut known = |word: &str, sound: &str| {
            let other = self.by_sound.get(sound).filter(|_| !self.words.contains(word))?;
            changed |= other.0 != word;
            Some(other.0.clone())
        };
        match language {
            Language::Ja => {
                for word in reader.japanese().words(question) {
                    let other = known(&word.surface, &word.kana).filter(|_| word.content);
                    corrected.push_str(other.as_deref().unwrap_or(&word.surface));
                }
            }
            Language::ZhHans => {
                let all: Vec<char> = question.chars().collect();
                let mut at = 0;
                while at < all.len() {
                    let found = (2..=4).rev().filter(|length| at + length <= all.len()).find_map(|length| {
                        let word: String = all[at..at + length].iter().collect();
                        known(&word, &reader.sound(language, &word)).map(|other| (other, length))
                    });
                    let (text, length) = found.unwrap_or_else(|| (all[at].to_string(), 1));
                    corrected.push_str(&text);
                    at += length;
                }
            }
            Language::En | Language::Ko => return None,
        }
        changed.then_some(corrected)
    }
}

/// The words of a text with their sounds; in Chinese every run of two to four characters.
fn words_of(reader: &Reader, language: Language, text: &str) -> Vec<(String, String)> {
    match language {
        Language::Ja => {
            let words = reader.japanese().words(text).into_iter().filter(|word| word.content);
            words.map(|word| (word.surface, word.kana)).collect()
        }
        Language::ZhHans => {
            let all: Vec<char> = text.chars().collect();
            let runs = (2..=4).flat_map(|length| all.windows(length));
            runs.map(|run| run.iter().collect::<String>())
                .filter(|run| run.chars().all(char::is_alphanumeric))
                .map(|run| (run.clone(), reader.sound(language, &run)))
                .collect()
        }
        Language::En | Language::Ko => Vec::new(),
    }
}

/// Fewer letters of sound are too easily alike.
const LONG_ENOUGH: usize = 6;

/// So much of a sound may be misheard.
const MISHEARD: f32 = 0.15;

impl Tongue {
    /// The way of asking that sounds like this but is written otherwise; `None` where a question is written as one of them.
    fn sounds_like(&self, question: &str, sound: &[char]) -> Option<&str> {
        if sound.len() < LONG_ENOUGH {
            return None;
        }
        let mut most = (sound.len() as f32 * MISHEARD) as usize;
        let mut best = None;
        for (text, other) in &self.sounds {
            if text == question {
                return None;
            }
            let apart = names::distance(sound, other, most);
            if apart < most || apart == most && best.is_none() {
                (most, best) = (apart, Some(text.as_str()));
            }
        }
        best
    }

    /// Whether a question names a place that the guide does not know.
    fn is_elsewhere(&self, reader: &Reader, language: Language, question: Asked<'_>) -> bool {
        let text = normal(question.text());
        let units = names::units(reader, language, &text);
        if names::mentions(language, &units, &self.strangers).iter().any(|mention| mention.quality >= 1.0) {
            return true;
        }
        let is_new = |word: &str| !self.known_words.contains(word);
        match language {
            Language::Ja => reader.japanese().words(&text).iter().any(|word| {
                word.place && word.surface.chars().count() > 1 && is_new(&word.surface) && is_new(&word.kana)
            }),
            // A name is written large, if it does not begin a sentence; but a recogniser spells our names as it likes.
            Language::En if matches!(question, Asked::Written(_)) => {
                question.text().split_whitespace().collect::<Vec<_>>().windows(2).any(|pair| {
                    let begins = pair[0].ends_with(['.', '?', '!']);
                    // What is mine is no place; nor is USB.
                    let mine = matches!(normal(pair[0]).as_str(), "my" | "our" | "im" | "name");
                    let mut letters = pair[1].chars().filter(|c| c.is_alphabetic());
                    let large = pair[1].len() > 2
                        && letters.next().is_some_and(char::is_uppercase)
                        && letters.any(char::is_lowercase);
                    large
                        && !begins
                        && !mine
                        && normal(pair[1])
                            .split(' ')
                            .all(|word| !LARGE_WORDS.contains(&word) && is_new(word) && is_new(&stem(word)))
                })
            }
            Language::En | Language::ZhHans | Language::Ko => false,
        }
    }

    /// Whether a question consists of little more than what is asked: "how much is it?"
    fn leaves_out_its_subject(&self, question: &Sketch) -> bool {
        let whole: f32 = question.words.values().sum();
        let known: f32 =
            question.words.iter().filter(|(piece, _)| self.asked.contains(piece)).map(|(_, weight)| weight).sum();
        whole > 0.0 && known >= 0.7 * whole
    }
}

/// What was computed before, kept in a file: embeddings by text, classifiers by what they were learnt from.
#[derive(Default)]
struct Memory {
    known: HashMap<[u8; 16], Vec<u8>>,
    fresh: bool,
}

/// How often the classifiers see every example.
const ROUNDS: usize = 8;

impl Memory {
    fn key(parts: &[&[u8]]) -> [u8; 16] {
        let mut sum = Sha256::new();
        parts.iter().for_each(|part| sum.update(part));
        let mut key = [0; 16];
        key.copy_from_slice(&sum.finalize()[..16]);
        key
    }

    /// Records: a key, a length, so many bytes. A file that ends early gives what it holds.
    fn load(path: &Path) -> Self {
        let mut known = HashMap::new();
        if let Ok(file) = File::open(path) {
            let mut file = BufReader::new(file);
            let mut head = [0; 20];
            while file.read_exact(&mut head).is_ok() {
                let (mut key, mut length) = ([0; 16], [0; 4]);
                key.copy_from_slice(&head[..16]);
                length.copy_from_slice(&head[16..]);
                // A damaged length may be anything: only as much is set aside as there is.
                let mut value = Vec::new();
                let length = u64::from(u32::from_le_bytes(length));
                match file.by_ref().take(length).read_to_end(&mut value) {
                    Ok(read) if read as u64 == length => known.insert(key, value),
                    _ => break,
                };
            }
        }
        Self { known, fresh: false }
    }

    fn save(&self, path: &Path) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        for (key, value) in &self.known {
            bytes.extend(key);
            bytes.extend((value.len() as u32).to_le_bytes());
            bytes.extend(value);
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let part = path.with_extension("part");
        fs::write(&part, bytes)?;
        fs::rename(part, path)
    }

    fn embed(
        &mut self,
        embedder: &mut Embedder,
        kind: Kind,
        texts: &[String],
    ) -> Result<Vec<[f32; WIDTH]>, EmbedError> {
        let key = |text: &String| Self::key(&[kind.lead().as_bytes(), text.as_bytes()]);
        let unknown: Vec<&String> = texts.iter().filter(|text| !self.known.contains_key(&key(text))).collect();
        self.fresh |= !unknown.is_empty();
        for (text, value) in unknown.iter().zip(embedder.embed(kind, &unknown)?) {
            self.known.insert(key(text), value.iter().flat_map(|value| value.to_le_bytes()).collect());
        }
        let value = |text: &String| {
            let mut value = [0.0; WIDTH];
            let bytes = self.known.get(&key(text)).map_or(&[][..], Vec::as_slice);
            for (value, bytes) in value.iter_mut().zip(bytes.chunks_exact(4)) {
                *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            value
        };
        Ok(texts.iter().map(value).collect())
    }

    /// A text that was made from these parts.
    fn text(&mut self, of: &[&[u8]], make: impl FnOnce() -> String) -> String {
        let key = Self::key(of);
        if let Some(known) = self.known.get(&key) {
            return String::from_utf8_lossy(known).into_owned();
        }
        self.fresh = true;
        let made = make();
        self.known.insert(key, made.clone().into_bytes());
        made
    }

    fn classifier(&mut self, examples: &[([f32; WIDTH], usize)], classes: usize) -> Classifier {
        let mut sum = Sha256::new();
        sum.update(classes.to_le_bytes());
        sum.update(ROUNDS.to_le_bytes());
        for (example, class) in examples {
            example.iter().for_each(|value| sum.update(value.to_le_bytes()));
            sum.update(class.to_le_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&sum.finalize()[..16]);
        if let Some(known) = self.known.get(&key).and_then(|bytes| Classifier::from_bytes(bytes)) {
            return known;
        }
        let learnt = Classifier::learn(examples, classes, ROUNDS);
        self.known.insert(key, learnt.to_bytes());
        self.fresh = true;
        learnt
    }
}

/// Everything that people are likely to say to a guide in a language, with and without an answer.
pub fn wordings(guide: &Guide, language: Language) -> Vec<String> {
    let lists: BTreeMap<Language, BTreeMap<Attribute, Vec<String>>> =
        toml::from_str(include_str!("attributes.toml")).unwrap_or_default();
    let nothing: BTreeMap<Language, Nothing> = toml::from_str(include_str!("none.toml")).unwrap_or_default();
    let asks = meanings_of(guide).into_iter().flat_map(|meaning| asks_of(guide, &lists, language, &meaning));
    let mut all: Vec<String> = asks.collect();
    all.extend(nothing.get(&language).into_iter().flat_map(|nothing| nothing.asks(lists.get(&language))));
    all
}

/// What people are likely to say to a guide in Japanese, for an ear that goes by the sound.
#[derive(Debug, Default)]
pub struct Sayings {
    /// Sentences, and how much each counts; in some, [`Sayings::NAME`] stands for any of the names.
    pub sentences: Vec<(f32, String)>,
    /// Names as they are written and as they are read, and how likely each is beside the others.
    pub names: Vec<(String, String, f32)>,
}

impl Sayings {
    /// What stands for a name: a word that every dictionary knows.
    pub const NAME: &'static str = "京都";
    /// A way of asking goes with every name.
    const WAY: f32 = 4.0;
    /// Names of elsewhere are said less.
    const ELSEWHERE: f32 = 0.3;

    /// Of this guide.
    pub fn of(guide: &Guide) -> Self {
        let lists: BTreeMap<Language, BTreeMap<Attribute, Vec<String>>> =
            toml::from_str(include_str!("attributes.toml")).unwrap_or_default();
        let mut nothing: BTreeMap<Language, Nothing> = toml::from_str(include_str!("none.toml")).unwrap_or_default();
        let nothing = nothing.remove(&Language::Ja);
        let ways = lists.get(&Language::Ja).into_iter().flat_map(BTreeMap::values).flatten();
        let asks = guide.answers.values().flat_map(|answer| &answer.text(Language::Ja).ask);
        let idle = nothing.iter().flat_map(|nothing| &nothing.say);
        let mut sentences: Vec<(f32, String)> = ways.map(|way| (Self::WAY, way.replace('X', Self::NAME))).collect();
        sentences.extend(asks.chain(idle).map(|sentence| (1.0, sentence.clone())));
        let places = guide.places.values().map(|place| place.text(Language::Ja)).map(|text| (&text.name, &text.also));
        let events = guide.events.values().map(|event| event.text(Language::Ja)).map(|text| (&text.name, &text.also));
        let mut names = Vec::new();
        for (name, also) in places.chain(events) {
            names.push((ruby::plain(name), ruby::spoken(name), 1.0));
            names.extend(also.iter().map(|name| (name.clone(), name.clone(), 1.0)));
        }
        let elsewhere = nothing.iter().flat_map(|nothing| &nothing.elsewhere);
        names.extend(elsewhere.map(|name| (name.clone(), name.clone(), Self::ELSEWHERE)));
        Self { sentences, names }
    }
}

/// Finds answers in one guide.
pub struct Answerer {
    guide: Guide,
    reader: Arc<Reader>,
    embedder: Mutex<Embedder>,
    /// All that can be meant; what is next after the last stands for "nothing of these".
    meanings: Vec<Meaning>,
    tongues: BTreeMap<Language, Tongue>,
    classifier: Classifier,
    attributes: Classifier,
    cues: BTreeMap<Language, BTreeMap<Attribute, Vec<String>>>,
}

impl Answerer {
    /// Prepares a guide: embeds every way of asking and learns how far matches can be trusted. What was embedded before is
    /// taken from, and kept in, the file `memory`.
    ///
    /// # Errors
    /// When the network cannot be used.
    pub fn new(
        guide: Guide,
        reader: Arc<Reader>,
        models: &Models,
        memory: Option<PathBuf>,
    ) -> Result<Self, AnswererError> {
        let mut embedder = Embedder::load(models)?;
        let mut kept = memory.as_deref().map(Memory::load).unwrap_or_default();
        let lists: BTreeMap<Language, BTreeMap<Attribute, Vec<String>>> =
            toml::from_str(include_str!("attributes.toml"))?;
        let nothing: BTreeMap<Language, Nothing> = toml::from_str(include_str!("none.toml"))?;
        let cues = toml::from_str(include_str!("cues.toml"))?;
        let meanings = meanings_of(&guide);
        let none = meanings.len();
        let mut tongues = BTreeMap::new();
        let (mut examples, mut about) = (Vec::new(), Vec::new());
        for language in Language::ALL {
            let names = names_of(&guide, &reader, language);
            let maker = Sketcher { reader: &reader, language, synonyms: synonyms(&guide, language) };
            let mut texts = Vec::new();
            let mut says = Vec::new();
            for (at, meaning) in meanings.iter().enumerate() {
                texts.extend(asks_of(&guide, &lists, language, meaning).iter().map(|ask| (at, maker.normal(ask))));
                says.push(ruby::plain(said_of(&guide, language, meaning)));
            }
            let elsewhere = nothing.get(&language).map(|nothing| &nothing.places);
            let nothing = nothing.get(&language).map(|nothing| nothing.asks(lists.get(&language)));
            texts.extend(nothing.into_iter().flatten().map(|ask| (none, maker.normal(&ask))));
            let asks: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
            let asked = kept.embed(&mut embedder, Kind::Query, &asks)?;
            let centre = mean(&asked);
            let embedded: Vec<_> = asked.iter().map(|meaning| less(meaning, &centre)).collect();
            examples.extend(embedded.iter().zip(&texts).map(|(meaning, (at, _))| (*meaning, *at)));
            let said = kept.embed(&mut embedder, Kind::Passage, &says)?;
            let said_centre = mean(&said);
            let entries: Vec<_> = texts
                .iter()
                .zip(&embedded)
                .map(|((at, text), meaning)| (*at, Sketch { meaning: *meaning, ..maker.sketch(text) }))
                .collect();
            // What is asked about a place; and what is asked that only mentions one.
            let mut wordings: Vec<(usize, String)> = Vec::new();
            for (attribute, asked) in lists.get(&language).into_iter().flatten() {
                wordings.extend(asked.iter().map(|ask| (*attribute as usize, maker.normal(ask))));
            }
            let known_names = names_key(language, &names, &guide.site.readings);
            for (_, text) in texts.iter().filter(|(at, _)| matches!(meanings.get(*at), Some(Meaning::Answer(_)))) {
                let rest = kept.text(&[&known_names, text.as_bytes()], || {
                    let units = names::units(&reader, language, text);
                    let first = names::mentions(language, &units, &names).into_iter().next();
                    first.map(|mention| mention.rest).unwrap_or_default()
                });
                wordings.extend(Some((Attribute::ALL.len(), rest)).filter(|(_, rest)| !rest.is_empty()));
            }
            let asks: Vec<String> = wordings.iter().map(|(_, text)| text.clone()).collect();
            let asked = kept.embed(&mut embedder, Kind::Query, &asks)?;
            about.extend(asked.iter().zip(&wordings).map(|(meaning, (at, _))| (less(meaning, &centre), *at)));
            let ways = lists.get(&language).into_iter().flat_map(BTreeMap::values).flatten();
            let asked = ways.flat_map(|way| maker.sketch(&maker.normal(&way.replace('X', " "))).words.into_keys());
            let asked = asked.collect();
            let sounds = texts.iter().filter(|(at, _)| *at != none).map(|(_, text)| {
                let parts = [b"sound", known_names.as_slice(), text.as_bytes()];
                let sound = kept.text(&parts, || reader.sound(language, text));
                (text.clone(), sound.chars().collect())
            });
            let sounds = sounds.collect();
            let mut pieces = Vec::new();
            for (_, text) in texts.iter().filter(|(at, _)| *at != none) {
                let written = kept.text(&[b"words", &known_names, text.as_bytes()], || {
                    let words = words_of(&reader, language, text);
                    words.into_iter().map(|(word, sound)| format!("{word}\t{sound}\n")).collect()
                });
                let words = written.lines().filter_map(|line| line.split_once('\t'));
                pieces.extend(words.map(|(word, sound)| (word.to_owned(), sound.to_owned())));
            }
            let vocabulary = Vocabulary::new(pieces.into_iter());
            let told = says.iter().map(|say| (false, normal(say)));
            let listed = names.iter().map(|name| (false, name.text.clone()));
            let asked_here = texts.iter().filter(|(at, _)| *at != none).map(|(_, text)| (true, text.clone()));
            let (mut known_words, mut sentences) = (HashSet::new(), Vec::new());
            let mut everything = String::new();
            for (is_asked, text) in told.chain(listed).chain(asked_here) {
                let lines =
                    kept.text(&[b"spelled", &known_names, text.as_bytes()], || lines_of(&reader, language, &text));
                let words = lines.lines().filter_map(|line| line.split_once('\t'));
                let words: Vec<Spelled> = words.map(|(word, sound)| (word.to_owned(), sound.to_owned())).collect();
                known_words.extend(words.iter().flat_map(|(word, sound)| [word.clone(), sound.clone()]));
                if is_asked && matches!(language, Language::Ja | Language::ZhHans) {
                    sentences.push(words);
                }
                everything.push_str(&text);
                everything.push(' ');
            }
            let speller = Speller::new(sentences.into_iter());
            let far = elsewhere.into_iter().flatten().map(|name| (normal(name), name));
            let strangers = far.filter(|(text, _)| !everything.contains(text.as_str())).map(|(text, name)| Name {
                of: (),
                sound: reader.sound(language, name).chars().collect(),
                text,
            });
            let strangers = strangers.collect();
            let mut ways: HashMap<String, Vec<Attribute>> = HashMap::new();
            for (attribute, texts) in lists.get(&language).into_iter().flatten() {
                for text in texts {
                    let way = without_articles(language, &maker.normal(text));
                    ways.entry(way).or_default().push(*attribute);
                }
            }
            let tongue = Tongue {
                centre,
                asked,
                sounds,
                vocabulary,
                index: Index::new(&entries, none + 1),
                strangers,
                known_words,
                speller,
                says: said.iter().map(|meaning| less(meaning, &said_centre)).collect(),
                names,
                ways,
                synonyms: maker.synonyms,
            };
            tongues.insert(language, tongue);
        }
        let classifier = kept.classifier(&examples, none + 1);
        drop(examples);
        let attributes = kept.classifier(&about, Attribute::ALL.len() + 1);
        if let Some(path) = memory.filter(|_| kept.fresh)
            && let Err(error) = kept.save(&path)
        {
            tracing::warn!(%error, "what was learnt is not kept; it will be learnt again at the next start");
        }
        Ok(Self { guide, reader, embedder: Mutex::new(embedder), meanings, tongues, classifier, attributes, cues })
    }

    /// The guide.
    pub fn guide(&self) -> &Guide {
        &self.guide
    }

    /// How texts are read.
    pub fn reader(&self) -> &Arc<Reader> {
        &self.reader
    }

    /// What a question may mean, the best first. `topic` is the place or event that was talked about.
    ///
    /// # Errors
    /// When the embedding network fails.
    pub fn find(
        &self,
        language: Language,
        asked: Asked<'_>,
        topic: Option<&Meaning>,
    ) -> Result<Vec<Found>, AnswererError> {
        let Some(tongue) = self.tongues.get(&language) else { return Ok(Vec::new()) };
        let maker = Sketcher { reader: &self.reader, language, synonyms: tongue.synonyms.clone() };
        let question = maker.normal(asked.text());
        if question.is_empty() {
            return Ok(Vec::new());
        }
        let mut spellings = vec![question.clone()];
        if asked.is_heard() {
            spellings.extend(asked.also().map(|also| maker.normal(also)).filter(|also| !also.is_empty()));
            let sound: Vec<char> = self.reader.sound(language, &question).chars().collect();
            spellings.extend(tongue.sounds_like(&question, &sound).map(str::to_owned));
            spellings.extend(tongue.vocabulary.corrected(&self.reader, language, &question));
            spellings.extend(tongue.speller.respelled(&spelled(&self.reader, language, &question)));
            spellings.dedup();
        }
        let weights = match language {
            // Elsewhere what is heard is written nearly as it was said.
            Language::Ja if asked.is_heard() => &HEARD,
            _ => &WRITTEN,
        };
        let whole = Whole { elsewhere: tongue.is_elsewhere(&self.reader, language, asked), ..Whole::default() };
        let (mut found, named) = self.candidates(language, tongue, &maker, &spellings, whole, weights)?;
        // "And the price?" is asked of what was talked about.
        if let Some(topic) = topic.and_then(thing).filter(|_| !named)
            && let Some(name) = tongue.names.iter().find(|name| name.of == topic)
            && tongue.leaves_out_its_subject(&maker.sketch(&question))
        {
            let fuller = [format!("{} {question}", name.text)];
            let (fuller, _) = self.candidates(language, tongue, &maker, &fuller, whole, weights)?;
            for other in fuller {
                let same = found.iter_mut().find(|found| found.meaning == other.meaning);
                match same {
                    Some(found) if found.meaning == Meaning::Nothing => found.trust = found.trust.min(other.trust),
                    Some(found) if thing(&found.meaning).as_ref() == Some(&topic) => {
                        found.trust = found.trust.max(other.trust);
                    }
                    None if thing(&other.meaning).as_ref() == Some(&topic) => found.push(other),
                    _ => {}
                }
            }
            found.sort_by(|a, b| b.trust.total_cmp(&a.trust).then_with(|| a.meaning.cmp(&b.meaning)));
        }
        // The scores share one softmax.
        let most = found.iter().map(|found| found.trust).fold(f32::MIN, f32::max);
        let sum: f32 = found.iter().map(|found| (found.trust - most).exp()).sum();
        found.iter_mut().for_each(|found| found.trust = (found.trust - most).exp() / sum);
        Ok(found)
    }

    /// The best, each with its score for `trust`, among them "nothing of these"; and whether a name was found. Of several
    /// spellings of the question each meaning takes what speaks most for it.
    fn candidates(
        &self,
        language: Language,
        tongue: &Tongue,
        maker: &Sketcher<'_>,
        spellings: &[String],
        mut whole: Whole,
        weights: &Weights,
    ) -> Result<(Vec<Found>, bool), AnswererError> {
        let mut mentions: Vec<(Mention<Thing>, f32)> = Vec::new();
        for spelling in spellings {
            let units: Vec<Unit> = names::units(&self.reader, language, spelling);
            let letters = units.iter().map(|unit| unit.sound.len()).sum::<usize>().max(1) as f32;
            for mention in names::mentions(language, &units, &tongue.names).into_iter().take(4) {
                let share = mention.length as f32 / letters;
                match mentions.iter_mut().find(|(other, _)| other.of == mention.of) {
                    Some(other) if other.0.quality < mention.quality => *other = (mention, share),
                    Some(_) => {}
                    None => mentions.push((mention, share)),
                }
            }
        }
        let mut texts = spellings.to_vec();
        texts.extend(mentions.iter().map(|(mention, _)| mention.rest.clone()));
        let embedded = {
            let mut embedder = self.embedder.lock().unwrap_or_else(PoisonError::into_inner);
            embedder.embed(Kind::Query, &texts)?
        };
        let embedded: Vec<_> = embedded.iter().map(|meaning| less(meaning, &tongue.centre)).collect();
        let (none, count) = (self.meanings.len(), self.meanings.len() + 1);
        let mut near = vec![Near::default(); count];
        let (mut classes, mut likes) = (vec![LEAST; count], vec![0.0f32; count]);
        let mut asked = vec![LEAST; Attribute::ALL.len() + 1];
        (whole.strange_words, whole.strange_sound) = (1.0, 1.0);
        for (spelling, meaning) in spellings.iter().zip(&embedded) {
            let sketch = Sketch { meaning: *meaning, ..maker.sketch(spelling) };
            let (mut these, [words, sound]) = tongue.index.nearest(&sketch);
            whole.strange_words = whole.strange_words.min(words);
            whole.strange_sound = whole.strange_sound.min(sound);
            for other in self.tongues.values() {
                let all = other.index.nearest_meaning(meaning);
                these.iter_mut().zip(all).for_each(|(near, all)| near.all += all / self.tongues.len() as f32);
            }
            near.iter_mut().zip(these).for_each(|(near, these)| *near = near.or(these));
            let best = |best: &mut Vec<f32>, these: Vec<f32>| {
                best.iter_mut().zip(these).for_each(|(best, this)| *best = best.max(this));
            };
            best(&mut classes, self.classifier.chances(meaning));
            best(&mut asked, self.attributes.chances(meaning));
            best(&mut likes, tongue.says.iter().map(|say| dot(say, meaning)).collect());
        }
        let mut things: HashMap<Thing, f32> = HashMap::new();
        for (meaning, class) in self.meanings.iter().zip(&classes) {
            if let Some(thing) = thing(meaning) {
                *things.entry(thing).or_default() += class.exp();
            }
        }
        let named: Vec<(Mention<Thing>, f32, Vec<f32>)> = mentions
            .into_iter()
            .zip(&embedded[spellings.len()..])
            .map(|((mention, share), rest)| {
                let bare = mention.rest.chars().filter(|c| c.is_alphanumeric()).count() <= 2;
                let mut chances = self.attributes.chances(rest);
                if bare {
                    // Nothing but a name: what is it?
                    chances.fill(-6.0);
                    chances[Attribute::About as usize] = -0.2;
                }
                (mention, share, chances)
            })
            .collect();
        let said = Attribute::ALL.map(|attribute| {
            let cues = self.cues.get(&language).and_then(|cues| cues.get(&attribute)).into_iter().flatten();
            cues.into_iter().any(|cue| spellings.iter().any(|spelling| says(language, spelling, cue)))
        });
        let about = |meaning: &Meaning| {
            let thing = thing(meaning)?;
            // Several attributes may come to the same: "how late" is "when" of an event.
            let same = || Attribute::ALL.into_iter().filter(|asked| thing.asked(*asked).as_ref() == Some(meaning));
            let best = |chances: &[f32]| same().map(|asked| chances[asked as usize]).fold(LEAST, f32::max);
            let cue = match said.contains(&true) {
                true if same().any(|asked| said[asked as usize]) => Cue::This,
                true => Cue::Other,
                false if same().any(|asked| asked == Attribute::About) => Cue::NoneAndAbout,
                false => Cue::None,
            };
            let named = named.iter().find(|(mention, ..)| mention.of == thing).map(|(mention, share, chances)| {
                let ways = tongue.ways.get(&without_articles(language, &mention.rest));
                let outright =
                    mention.quality > 0.99 && ways.is_some_and(|asked| same().any(|one| asked.contains(&one)));
                Named { attribute: best(chances), quality: mention.quality, share: *share, outright }
            });
            let chance = things.get(&thing).map_or(LEAST, |chance| chance.ln().max(LEAST));
            Some(About { thing: chance, attribute: best(&asked), cue, named })
        };
        let mut found: Vec<Found> = (0..count)
            .map(|at| {
                let known = self.meanings.get(at);
                let signs = Signs {
                    class: classes[at].max(LEAST),
                    say: likes[at],
                    near: near[at],
                    about: known.and_then(about),
                };
                let certain = if signs.is_word_for_word() { CERTAIN } else { 0.0 };
                let signs = if at == none { signs.list_of_none(whole).to_vec() } else { signs.list().to_vec() };
                let meaning = known.cloned().unwrap_or(Meaning::Nothing);
                Found { meaning, trust: weights.score(&signs) + certain, signs }
            })
            .collect();
        found.sort_by(|a, b| b.trust.total_cmp(&a.trust).then_with(|| a.meaning.cmp(&b.meaning)));
        // "Nothing" counts among the best even when it is the least of all.
        let mut place = 0;
        found.retain(|found| {
            place += 1;
            place <= BEST || found.meaning == Meaning::Nothing
        });
        Ok((found, !named.is_empty()))
    }

    /// Answers, asks back, or does not know.
    ///
    /// # Errors
    /// When the embedding network fails.
    pub fn ask(
        &self,
        language: Language,
        asked: Asked<'_>,
        topic: Option<&Meaning>,
        now: DateTime,
    ) -> Result<Reply, AnswererError> {
        let found: Vec<Found> = self
            .find(language, asked, topic)?
            .into_iter()
            .filter(|found| self.is_valid(&found.meaning, now.date()))
            .collect();
        let (sure, likely) = match language {
            Language::Ja if asked.is_heard() => HEARD_JAPANESE,
            _ if asked.is_heard() => HEARD_ELSE,
            _ => SURE_AND_LIKELY,
        };
        let nothing = found.iter().any(|found| found.meaning == Meaning::Nothing && found.trust >= 0.5);
        let day = when::day(language, &normal(asked.text()), now.date());
        // Help first: an emergency that is nearly the best is the best.
        if let Some(emergency) = found
            .iter()
            .find(|found| self.is_emergency(&found.meaning) && found.trust >= likely)
            .filter(|emergency| found.first().is_some_and(|best| emergency.trust >= 0.6 * best.trust))
        {
            return Ok(self.say(language, &emergency.meaning, emergency.trust, day, now));
        }
        match found.iter().find(|found| found.meaning != Meaning::Nothing) {
            // What is not listed cannot be offered either.
            Some(best) if best.trust >= sure || best.trust >= likely && !self.is_listed(language, &best.meaning) => {
                Ok(self.say(language, &best.meaning, best.trust, day, now))
            }
            Some(best) if best.trust >= likely && !nothing => {
                let choices: Vec<_> =
                    found.iter().filter_map(|found| self.choice(language, &found.meaning)).take(3).collect();
                Ok(Reply {
                    answer: None,
                    text: say::which(language),
                    score: best.trust,
                    source: None,
                    place: None,
                    choices,
                    follow_ups: Vec::new(),
                    staff: false,
                })
            }
            best => Ok(Reply {
                answer: None,
                text: say::unknown(language, self.guide.site.phone.as_deref()),
                score: best.map_or(0.0, |best| best.trust),
                source: None,
                place: None,
                choices: Vec::new(),
                follow_ups: Vec::new(),
                staff: true,
            }),
        }
    }

    /// Whether a question is about places of this kind; where one of them is named, unless it is plainly about something else.
    pub(crate) fn is_of_places(
        &self,
        language: Language,
        asked: Asked<'_>,
        named: bool,
        is_kind: impl Fn(&Id) -> bool,
    ) -> Result<bool, AnswererError> {
        let found = self.find(language, asked, None)?;
        let Some(best) = found.first() else { return Ok(named) };
        let place = match &best.meaning {
            Meaning::Answer(id) => self.guide.answers.get(id).and_then(|answer| answer.place.as_ref()),
            Meaning::Place(id, _) => Some(id),
            Meaning::Event(..) | Meaning::Nothing => None,
        };
        Ok(place.is_some_and(is_kind) || named && best.trust < SURE_AND_LIKELY.0)
    }

    fn is_emergency(&self, meaning: &Meaning) -> bool {
        matches!(meaning, Meaning::Answer(id) if self.guide.answers.get(id).is_some_and(|answer| answer.topic == Topic::Safety))
    }

    fn is_valid(&self, meaning: &Meaning, date: Date) -> bool {
        let Meaning::Answer(id) = meaning else { return true };
        self.guide
            .answers
            .get(id)
            .is_some_and(|answer| [answer.valid, answer.season].into_iter().flatten().all(|span| span.holds(date)))
    }

    /// The choice that stands for a meaning.
    pub(crate) fn choice(&self, language: Language, meaning: &Meaning) -> Option<Choice> {
        if !self.is_listed(language, meaning) {
            return None;
        }
        let name = |name: &str, attribute: Attribute| format!("{name}：{}", attribute.label(language));
        let label = match meaning {
            Meaning::Answer(id) => self.guide.answers.get(id)?.text(language).ask.first()?.clone(),
            Meaning::Place(id, attribute) => name(&self.guide.places.get(id)?.text(language).name, *attribute),
            Meaning::Event(id, attribute) => name(&self.guide.events.get(id)?.text(language).name, *attribute),
            Meaning::Nothing => return None,
        };
        Some(Choice { id: meaning.id(), label, meaning: meaning.clone() })
    }

    /// Whether something is known of it: not every place has a fee.
    fn is_listed(&self, language: Language, meaning: &Meaning) -> bool {
        let fee = match meaning {
            Meaning::Place(id, Attribute::Phone) => {
                return self.guide.places.get(id).is_some_and(|place| place.phone.is_some());
            }
            Meaning::Place(id, Attribute::Fee) => {
                self.guide.places.get(id).and_then(|it| it.text(language).fee.as_ref())
            }
            Meaning::Event(id, Attribute::Fee) => {
                self.guide.events.get(id).and_then(|it| it.text(language).fee.as_ref())
            }
            _ => return true,
        };
        fee.is_some()
    }

    /// What is said to a meaning. `day` is the day that was asked about.
    pub(crate) fn say(
        &self,
        language: Language,
        meaning: &Meaning,
        score: f32,
        day: Option<Date>,
        now: DateTime,
    ) -> Reply {
        let date = day.unwrap_or_else(|| now.date());
        let mut reply = Reply {
            answer: Some(meaning.id()),
            text: String::new(),
            score,
            source: None,
            place: None,
            choices: Vec::new(),
            follow_ups: Vec::new(),
            staff: false,
        };
        match meaning {
            Meaning::Answer(id) => {
                let Some(answer) = self.guide.answers.get(id) else { return reply };
                let (text, place) =
                    (answer.text(language), answer.place.as_ref().and_then(|id| self.guide.places.get(id)));
                reply.text = match id.as_str() {
                    // What the clock says is not written anywhere.
                    "time-now" => say::time_now(language, now),
                    "date-today" => say::date_today(language, now),
                    _ => text.say.clone(),
                };
                if let Some(place) = place.filter(|_| answer.append.contains(&Append::Hours)) {
                    if matches!(language, Language::En | Language::Ko) {
                        reply.text.push(' ');
                    }
                    reply.text.push_str(&say::hours(language, place, date, now));
                }
                reply.source = Some(source(&answer.source));
                reply.place.clone_from(&answer.place);
                reply.follow_ups =
                    answer.follow_ups.iter().filter_map(|id| self.follow_up(language, id)).take(3).collect();
                reply.staff = matches!(answer.topic, Topic::Safety | Topic::Help);
            }
            Meaning::Place(id, attribute) => {
                let Some(place) = self.guide.places.get(id) else { return reply };
                let text = place.text(language);
                let listed = match attribute {
                    Attribute::About | Attribute::When => Some(text.about.clone()),
                    Attribute::Where => Some(say::way(language, place)),
                    Attribute::Far => Some(say::distance(language, place)),
                    Attribute::Hours => Some(say::hours(language, place, date, now)),
                    Attribute::Closed => Some(say::closed_days(language, place, now)),
                    Attribute::Fee => say::fee(language, &text.name, text.fee.as_deref()),
                    Attribute::Phone => say::phone(language, place),
                };
                reply.source = Some(source(&place.source));
                reply.tell(listed, || say::not_listed(language, &text.name, place.phone.as_deref()));
                reply.place = Some(id.clone());
                let next = [Attribute::Hours, Attribute::Where, Attribute::Fee, Attribute::About, Attribute::Far];
                reply.follow_ups = next
                    .into_iter()
                    .filter(|next| next != attribute)
                    .filter(|next| *next != Attribute::Hours || !place.hours.is_empty())
                    .filter_map(|next| self.choice(language, &Meaning::Place(id.clone(), next)))
                    .take(3)
                    .collect();
            }
            Meaning::Event(id, attribute) => {
                let Some(event) = self.guide.events.get(id) else { return reply };
                let text = event.text(language);
                let place = event.place.as_ref().and_then(|id| self.guide.places.get(id));
                let listed = match (attribute, place) {
                    (Attribute::Where | Attribute::Far, Some(place)) => Some(say::way(language, place)),
                    (Attribute::Fee, _) => say::fee(language, &text.name, text.fee.as_deref()),
                    (Attribute::When | Attribute::Hours | Attribute::Closed, _) => {
                        Some(say::when(language, event, now.date()))
                    }
                    _ => Some(text.about.clone()),
                };
                let phone = place.and_then(|place| place.phone.as_deref());
                reply.source = Some(source(&event.source));
                reply.tell(listed, || say::not_listed(language, &text.name, phone));
                reply.place.clone_from(&event.place);
                reply.follow_ups = [Attribute::When, Attribute::Where, Attribute::About, Attribute::Fee]
                    .into_iter()
                    .filter(|next| next != attribute)
                    .filter_map(|next| self.choice(language, &Meaning::Event(id.clone(), next)))
                    .take(3)
                    .collect();
            }
            Meaning::Nothing => {}
        }
        reply
    }

    fn follow_up(&self, language: Language, id: &Id) -> Option<Choice> {
        let meaning = if self.guide.answers.contains_key(id) {
            Meaning::Answer(id.clone())
        } else if self.guide.places.contains_key(id) {
            Meaning::Place(id.clone(), Attribute::About)
        } else {
            Meaning::Event(id.clone(), Attribute::When)
        };
        self.choice(language, &meaning)
    }

    /// The meaning of an identifier that [`Meaning::id`] gave.
    pub fn meaning_of(&self, id: &str) -> Option<Meaning> {
        if self.guide.answers.contains_key(id) {
            return Some(Meaning::Answer(id.to_owned()));
        }
        let (id, tag) = id.split_once('.').unwrap_or((id, "about"));
        let attribute = Attribute::ALL.into_iter().find(|attribute| attribute.tag() == tag)?;
        if self.guide.places.contains_key(id) {
            Some(Meaning::Place(id.to_owned(), attribute))
        } else if self.guide.events.contains_key(id) {
            Some(Meaning::Event(id.to_owned(), attribute))
        } else {
            None
        }
    }

    /// Whether a place is open on a day, for the screen.
    pub fn open_on(&self, place: &str, date: Date) -> Option<calendar::OpenDay> {
        self.guide.places.get(place).map(|place| calendar::on(place, date))
    }
}

fn source(source: &crate::pack::Source) -> String {
    use crate::pack::SourceKind;
    let kind = match source.kind {
        SourceKind::Public => "public",
        SourceKind::Site => "site",
        SourceKind::Example => "example",
    };
    match (&source.title, &source.seen) {
        (Some(title), Some(seen)) => format!("{kind}: {title} ({seen})"),
        (Some(title), None) => format!("{kind}: {title}"),
        _ => kind.to_owned(),
    }
}

fn thing(meaning: &Meaning) -> Option<Thing> {
    match meaning {
        Meaning::Answer(_) | Meaning::Nothing => None,
        Meaning::Place(id, _) => Some(Thing::Place(id.clone())),
        Meaning::Event(id, _) => Some(Thing::Event(id.clone())),
    }
}

/// What no guide answers, in one language.
#[derive(Deserialize)]
struct Nothing {
    /// Names of places and events that are not of here.
    elsewhere: Vec<String>,
    /// Places that everybody knows.
    places: Vec<String>,
    /// Sentences.
    say: Vec<String>,
}

impl Nothing {
    /// Its sentences, and a few questions about each place that is not of here.
    fn asks(&self, lists: Option<&BTreeMap<Attribute, Vec<String>>>) -> Vec<String> {
        let mut asks = self.say.clone();
        for (at, name) in self.elsewhere.iter().enumerate() {
            let ways = lists.into_iter().flat_map(BTreeMap::values).filter_map(|ways| ways.get(at % ways.len().max(1)));
            asks.extend(ways.skip(at % 2).step_by(2).map(|way| way.replace('X', name)));
        }
        asks
    }
}

/// All that a guide can answer.
fn meanings_of(guide: &Guide) -> Vec<Meaning> {
    let mut meanings: Vec<Meaning> = guide.answers.keys().cloned().map(Meaning::Answer).collect();
    meanings.extend(guide.places.keys().flat_map(|id| Thing::Place(id.clone()).meanings()));
    meanings.extend(guide.events.keys().flat_map(|id| Thing::Event(id.clone()).meanings()));
    meanings
}

/// Ways of asking for a meaning: an answer has its own; of a place or event, every way goes with one of its names.
fn asks_of(
    guide: &Guide,
    lists: &BTreeMap<Language, BTreeMap<Attribute, Vec<String>>>,
    language: Language,
    meaning: &Meaning,
) -> Vec<String> {
    let (main, also, attribute) = match meaning {
        Meaning::Answer(id) => return guide.answers.get(id).map_or(Vec::new(), |a| a.text(language).ask.clone()),
        Meaning::Place(id, attribute) => match guide.places.get(id).map(|place| place.text(language)) {
            Some(text) => (&text.name, &text.also, attribute),
            None => return Vec::new(),
        },
        Meaning::Event(id, attribute) => match guide.events.get(id).map(|event| event.text(language)) {
            Some(text) => (&text.name, &text.also, attribute),
            None => return Vec::new(),
        },
        Meaning::Nothing => return Vec::new(),
    };
    let names: Vec<String> = std::iter::once(ruby::plain(main)).chain(also.iter().cloned()).collect();
    let ways = lists.get(&language).and_then(|lists| lists.get(attribute)).map_or(&[][..], Vec::as_slice);
    // Each way once at most, each name at least once; other ways for other places, so that all are known.
    let count = WAYS.max(names.len()).min(ways.len().max(names.len()));
    let first = main.bytes().map(usize::from).sum::<usize>();
    (0..count)
        .filter_map(|at| Some(ways.get((first + at) % ways.len().max(1))?.replace('X', &names[at % names.len()])))
        .collect()
}

/// All words of a text, a line each: as it is written, and as it sounds (in English without its ending).
fn lines_of(reader: &Reader, language: Language, text: &str) -> String {
    match language {
        Language::En => text.split(' ').map(|word| format!("{word}\t{}\n", stem(word))).collect(),
        _ => spelled(reader, language, text).into_iter().map(|(word, sound)| format!("{word}\t{sound}\n")).collect(),
    }
}

/// The words of a text that may be written in many ways for one sound: in Japanese words, in Chinese characters.
fn spelled(reader: &Reader, language: Language, text: &str) -> Vec<Spelled> {
    match language {
        Language::Ja => reader.japanese().words(text).into_iter().map(|word| (word.surface, word.kana)).collect(),
        Language::ZhHans => {
            let characters = text.chars().filter(|c| c.is_alphanumeric()).map(String::from);
            characters.map(|c| (c.clone(), reader.sound(language, &c))).collect()
        }
        Language::En | Language::Ko => Vec::new(),
    }
}

/// What a meaning says, as far as it is written.
fn said_of<'a>(guide: &'a Guide, language: Language, meaning: &Meaning) -> &'a str {
    match meaning {
        Meaning::Answer(id) => guide.answers.get(id).map(|answer| answer.text(language).say.as_str()),
        Meaning::Place(id, _) => guide.places.get(id).map(|place| place.text(language).about.as_str()),
        Meaning::Event(id, _) => guide.events.get(id).map(|event| event.text(language).about.as_str()),
        Meaning::Nothing => None,
    }
    .unwrap_or_default()
}

fn synonyms(guide: &Guide, language: Language) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for list in guide.site.synonyms.get(language.tag()).into_iter().flatten() {
        let Some((first, others)) = list.split_first() else { continue };
        let first = normal(first);
        pairs.extend(others.iter().map(|other| (normal(other), first.clone())));
    }
    // The longest first, so that no shorter one breaks it.
    pairs.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
    pairs
}

/// What a finding of names, and every sound, depends on: the names, and how the guide has its words read.
fn names_key(language: Language, names: &[Name<Thing>], readings: &BTreeMap<String, String>) -> [u8; 16] {
    let mut parts = vec![language.tag().as_bytes().to_vec()];
    for name in names {
        parts.push(format!("{:?}", name.of).into_bytes());
        parts.push(name.sound.iter().collect::<String>().into_bytes());
        parts.push(name.text.clone().into_bytes());
    }
    for (word, reading) in readings.iter().filter(|_| language == Language::Ja) {
        parts.push(format!("{word}\t{reading}\n").into_bytes());
    }
    Memory::key(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn names_of(guide: &Guide, reader: &Reader, language: Language) -> Vec<Name<Thing>> {
    let mut names = Vec::new();
    let mut add = |of: Thing, main: &str, also: &[String]| {
        let spoken = ruby::spoken(main);
        for (written, said) in
            std::iter::once((ruby::plain(main), spoken)).chain(also.iter().map(|a| (a.clone(), a.clone())))
        {
            let sound = reader.sound(language, &said).chars().collect();
            names.push(Name { of: of.clone(), sound, text: normal(&written) });
        }
    };
    for (id, place) in &guide.places {
        let text = place.text(language);
        add(Thing::Place(id.clone()), &text.name, &text.also);
    }
    for (id, event) in &guide.events {
        let text = event.text(language);
        add(Thing::Event(id.clone()), &text.name, &text.also);
    }
    names
}

/// Makes sketches of texts in one language.
struct Sketcher<'a> {
    reader: &'a Reader,
    language: Language,
    synonyms: Vec<(String, String)>,
}

impl Sketcher<'_> {
    /// The text as it is compared.
    fn normal(&self, text: &str) -> String {
        without_fillers(self.language, &normal(text))
    }

    /// Words, sound (raw counts), and no meaning yet.
    fn sketch(&self, text: &str) -> Sketch {
        let mut same = text.to_owned();
        for (word, first) in &self.synonyms {
            if same.contains(word.as_str()) {
                same = same.replace(word, first);
            }
        }
        let words: Vec<String> = match self.language {
            Language::Ja => {
                let words = self.reader.japanese().words(&same);
                words.into_iter().filter(|word| word.content).map(|word| word.surface).collect()
            }
            Language::En => same.split_whitespace().filter(|word| !STOP_WORDS.contains(word)).map(stem).collect(),
            Language::ZhHans => same
                .chars()
                .filter(|c| c.is_alphanumeric() && !STOP_CHARACTERS.contains(*c))
                .map(String::from)
                .collect(),
            Language::Ko => {
                let bare: Vec<String> = same.split_whitespace().map(without_particle).collect();
                bare.join("").chars().map(String::from).collect()
            }
        };
        let sound: Vec<String> = match self.language {
            // By syllable.
            Language::ZhHans => {
                self.reader.sound(self.language, text).split_inclusive('\'').map(str::to_owned).collect()
            }
            _ => self.reader.sound(self.language, text).chars().map(String::from).collect(),
        };
        let (word_sizes, sound_sizes): (&[usize], &[usize]) = match self.language {
            Language::Ja | Language::En => (&[1, 2], &[2, 3, 4]),
            Language::ZhHans => (&[1, 2, 3], &[1, 2]),
            Language::Ko => (&[1, 2, 3], &[3, 4, 5]),
        };
        Sketch { words: pieces(&words, word_sizes), sound: pieces(&sound, sound_sizes), meaning: [0.0; WIDTH] }
    }
}

/// English words that a question consists of, whatever it asks.
const STOP_WORDS: [&str; 40] = [
    "a", "an", "the", "is", "are", "am", "do", "does", "did", "i", "you", "we", "my", "me", "it", "this", "that",
    "there", "of", "to", "in", "on", "at", "for", "with", "and", "or", "be", "can", "could", "would", "should", "will",
    "have", "has", "any", "some", "here", "from", "please",
];

/// In English the same without "the" and "a", which a name may or may not have before it.
fn without_articles(language: Language, text: &str) -> String {
    match language {
        Language::En => text.split(' ').filter(|word| !["a", "an", "the"].contains(word)).collect::<Vec<_>>().join(" "),
        Language::Ja | Language::ZhHans | Language::Ko => text.to_owned(),
    }
}

/// Whether a question holds these words; in English whole ones.
fn says(language: Language, question: &str, words: &str) -> bool {
    match language {
        Language::En => format!(" {question} ").contains(&format!(" {words} ")),
        Language::Ja | Language::ZhHans | Language::Ko => question.contains(words),
    }
}

/// English words that are written large and are no places.
const LARGE_WORDS: [&str; 48] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "christmas",
    "easter",
    "halloween",
    "english",
    "japanese",
    "chinese",
    "korean",
    "french",
    "german",
    "spanish",
    "italian",
    "russian",
    "portuguese",
    "thai",
    "vietnamese",
    "american",
    "british",
    "european",
    "western",
    "buddhist",
    "muslim",
    "jewish",
    "christian",
    "god",
    "internet",
    "im",
    "ive",
    "ill",
    "id",
];

/// Chinese characters that a question consists of, whatever it asks.
const STOP_CHARACTERS: &str = "吗呢吧啊的了是在我你们这那请问可以能有";

/// An English word without its commonest endings.
fn stem(word: &str) -> String {
    for ending in ["ings", "ing", "ies", "ed", "es", "s"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() >= 3) {
            return if ending == "ies" { format!("{stem}y") } else { stem.to_owned() };
        }
    }
    word.to_owned()
}

/// A Korean word without the commonest particles and polite endings.
fn without_particle(word: &str) -> String {
    const ENDINGS: [&str; 28] = [
        "인가요",
        "나요",
        "어요",
        "아요",
        "예요",
        "이에요",
        "습니까",
        "습니다",
        "니까",
        "세요",
        "까지",
        "부터",
        "에서",
        "으로",
        "에게",
        "한테",
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "에",
        "로",
        "와",
        "과",
        "도",
        "요",
    ];
    for ending in ENDINGS {
        if let Some(bare) = word.strip_suffix(ending).filter(|bare| !bare.is_empty()) {
            return bare.to_owned();
        }
    }
    word.to_owned()
}

fn mean(vectors: &[[f32; WIDTH]]) -> [f32; WIDTH] {
    let mut mean = [0.0; WIDTH];
    for vector in vectors {
        mean.iter_mut().zip(vector).for_each(|(mean, value)| *mean += value / vectors.len() as f32);
    }
    mean
}

/// A vector without what is common, of length 1.
fn less(vector: &[f32; WIDTH], common: &[f32; WIDTH]) -> [f32; WIDTH] {
    let mut own = *vector;
    own.iter_mut().zip(common).for_each(|(own, common)| *own -= common);
    let length = dot(&own, &own).sqrt().max(1e-6);
    own.iter_mut().for_each(|own| *own /= length);
    own
}

/// Ways of asking for one thing about a place or event, at least.
const WAYS: usize = 6;

/// So many meanings are looked at; a reply offers three.
const BEST: usize = 24;

/// The logarithm of a chance that is as good as none.
const LEAST: f32 = -12.0;

/// Added to the score of what somebody has written this very question for: it wins against what is alike.
const CERTAIN: f32 = 5.0;

/// From the first trust on it answers what is written, from the second on it asks back: at this point two answers in a hundred of
/// those that the weights were learnt from are wrong (each judged by weights that were learnt without it).
const SURE_AND_LIKELY: (f32, f32) = (0.5, 0.35);

/// The same of what was heard, of which some was misheard: asking back costs a visitor less than a wrong answer.
const HEARD_ELSE: (f32, f32) = (0.55, 0.2);

/// Japanese is misheard most; four in a hundred are wrong, of recordings of which half are noisy.
const HEARD_JAPANESE: (f32, f32) = (0.65, 0.2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_reading_is_learnt_anew() {
        let key =
            |reading: &str| names_key(Language::Ja, &[], &BTreeMap::from([("竹橋".to_owned(), reading.to_owned())]));
        assert_eq!(key("たけのはし"), key("たけのはし"));
        assert_ne!(key("たけのはし"), key("たけばし"));
    }

    #[test]
    fn what_was_learnt_survives_and_a_damaged_file_gives_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("learnt.bin");
        let mut memory = Memory::default();
        memory.text(&[b"a"], || "one".to_owned());
        memory.save(&path).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend([7; 16]);
        bytes.extend(u32::MAX.to_le_bytes());
        bytes.extend(b"cut");
        fs::write(&path, bytes).unwrap();
        let mut memory = Memory::load(&path);
        assert_eq!(memory.known.len(), 1);
        assert_eq!(memory.text(&[b"a"], || "two".to_owned()), "one");
        assert!(!memory.fresh);
        assert!(Memory::load(&folder.path().join("none")).known.is_empty());
    }
}
