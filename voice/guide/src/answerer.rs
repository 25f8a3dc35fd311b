//! Finds what a question means, and says how sure that is.

use crate::calendar;
use crate::embed::{EmbedError, Embedder, WIDTH};
use crate::index::{Index, Match, Sketch, Target, Trust, pieces};
use crate::names::{self, Mention, Name, Unit};
use crate::pack::{Append, Guide, Id, Topic};
use crate::{say, when};
use domain::{Date, Language, ruby};
use jiff::civil::DateTime;
use models::Models;
use reading::{Reader, normal, without_fillers};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs;
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
}

impl Meaning {
    /// How programs call it: `bath-towel`, `genpei-no-yu.hours`.
    pub fn id(&self) -> String {
        match self {
            Self::Answer(id) => id.clone(),
            Self::Place(id, attribute) | Self::Event(id, attribute) => format!("{id}.{}", attribute.tag()),
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

/// The guide cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswererError {
    /// The embedding network.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The crate's own list of attributes.
    #[error("attributes.toml: {0}")]
    Attributes(#[from] toml::de::Error),
}

/// Thing that has names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Thing {
    Place(Id),
    Event(Id),
}

impl Thing {
    fn asked(&self, attribute: Attribute) -> Option<Meaning> {
        match (self, attribute) {
            (Self::Place(_), Attribute::When) => None,
            (Self::Place(id), _) => Some(Meaning::Place(id.clone(), attribute)),
            (Self::Event(id), Attribute::About | Attribute::Where | Attribute::When | Attribute::Fee) => {
                Some(Meaning::Event(id.clone(), attribute))
            }
            // "How late is the festival?" is about when it is.
            (Self::Event(id), Attribute::Hours | Attribute::Closed) => Some(Meaning::Event(id.clone(), Attribute::When)),
            (Self::Event(id), Attribute::Far) => Some(Meaning::Event(id.clone(), Attribute::Where)),
            (Self::Event(_), Attribute::Phone) => None,
        }
    }
}

/// What is known of one language.
struct Tongue {
    index: Index,
    attributes: Index,
    names: Vec<Name<Thing>>,
    /// Words that mean the same: each as it is written -> the first of its list.
    synonyms: Vec<(String, String)>,
    trust: Trust,
    /// From this trust on it answers.
    sure: f32,
    /// From this trust on it asks back.
    likely: f32,
}

/// Embeddings that were computed before, kept in a file.
#[derive(Default)]
struct Memory {
    known: HashMap<[u8; 16], [f32; WIDTH]>,
    fresh: bool,
}

impl Memory {
    fn key(text: &str) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
        key
    }

    fn load(path: &Path) -> Self {
        let mut known = HashMap::new();
        for record in fs::read(path).unwrap_or_default().chunks_exact(16 + WIDTH * 4) {
            let (mut key, mut value) = ([0; 16], [0.0; WIDTH]);
            key.copy_from_slice(&record[..16]);
            for (value, bytes) in value.iter_mut().zip(record[16..].chunks_exact(4)) {
                *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            known.insert(key, value);
        }
        Self { known, fresh: false }
    }

    fn save(&self, path: &Path) -> std::io::Result<()> {
        let mut bytes = Vec::with_capacity(self.known.len() * (16 + WIDTH * 4));
        for (key, value) in &self.known {
            bytes.extend(key);
            bytes.extend(value.iter().flat_map(|value| value.to_le_bytes()));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let part = path.with_extension("part");
        fs::write(&part, bytes)?;
        fs::rename(part, path)
    }

    fn embed(&mut self, embedder: &mut Embedder, texts: &[String]) -> Result<Vec<[f32; WIDTH]>, EmbedError> {
        let unknown: Vec<&String> = texts.iter().filter(|text| !self.known.contains_key(&Self::key(text))).collect();
        let embedded = embedder.embed(&unknown)?;
        self.fresh |= !unknown.is_empty();
        for (text, value) in unknown.iter().zip(embedded) {
            self.known.insert(Self::key(text), value);
        }
        Ok(texts.iter().map(|text| self.known.get(&Self::key(text)).copied().unwrap_or([0.0; WIDTH])).collect())
    }
}

/// Finds answers in one guide.
pub struct Answerer {
    guide: Guide,
    reader: Arc<Reader>,
    embedder: Mutex<Embedder>,
    ids: Vec<Id>,
    tongues: BTreeMap<Language, Tongue>,
}

impl Answerer {
    /// Prepares a guide: embeds every way of asking and learns how far matches can be trusted. What was embedded before is
    /// taken from, and kept in, the file `memory`.
    ///
    /// # Errors
    /// When the network cannot be used.
    pub fn new(guide: Guide, reader: Arc<Reader>, models: &Models, memory: Option<PathBuf>) -> Result<Self, AnswererError> {
        let mut embedder = Embedder::load(models)?;
        let mut remembered = memory.as_deref().map(Memory::load).unwrap_or_default();
        let lists: BTreeMap<Language, BTreeMap<Attribute, Vec<String>>> = toml::from_str(include_str!("attributes.toml"))?;
        let ids: Vec<Id> = guide.answers.keys().cloned().collect();
        let mut tongues = BTreeMap::new();
        for language in Language::ALL {
            let maker = Sketcher { reader: &reader, language, synonyms: synonyms(&guide, language) };
            let mut texts = Vec::new();
            for (at, answer) in guide.answers.values().enumerate() {
                for ask in &answer.text(language).ask {
                    texts.push((Target::try_from(at).unwrap_or(Target::MAX), maker.normal(ask)));
                }
            }
            let index = Index::new(maker.sketches(&texts, &mut embedder, &mut remembered)?);
            let mut wordings = Vec::new();
            for (attribute, asked) in lists.get(&language).into_iter().flatten() {
                for ask in asked {
                    wordings.push((*attribute as Target, maker.normal(ask)));
                }
            }
            let attributes = Index::new(maker.sketches(&wordings, &mut embedder, &mut remembered)?);
            let names = names_of(&guide, &reader, language);
            let mut tongue = Tongue {
                index,
                attributes,
                names,
                synonyms: maker.synonyms,
                trust: Trust::learn(&[]),
                sure: 0.5,
                likely: 0.2,
            };
            tongue.learn(&texts, &reader, language, &mut embedder, &mut remembered)?;
            tongues.insert(language, tongue);
        }
        if let Some(path) = memory.filter(|_| remembered.fresh)
            && let Err(error) = remembered.save(&path)
        {
            tracing::warn!(%error, "the embeddings are not kept; they will be computed again at the next start");
        }
        Ok(Self { guide, reader, embedder: Mutex::new(embedder), ids, tongues })
    }

    /// The guide.
    pub fn guide(&self) -> &Guide {
        &self.guide
    }

    /// How texts are read.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What a question may mean, the best first. `topic` is the place or event that was talked about.
    ///
    /// # Errors
    /// When the embedding network fails.
    pub fn find(&self, language: Language, text: &str, topic: Option<&Meaning>) -> Result<Vec<Found>, AnswererError> {
        let Some(tongue) = self.tongues.get(&language) else { return Ok(Vec::new()) };
        let maker = Sketcher { reader: &self.reader, language, synonyms: tongue.synonyms.clone() };
        let question = maker.normal(text);
        if question.is_empty() {
            return Ok(Vec::new());
        }
        let mut embedder = self.embedder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = Memory::default();
        let asked = tongue.asked(&maker, &question, topic.and_then(thing), &mut embedder, &mut memory)?;
        let matches = tongue.rank(&asked, |_, _| false);
        let trust = tongue.trust.of(&matches.iter().map(|(_, found)| *found).collect::<Vec<_>>());
        let best = matches.first().map_or(1.0, |(_, found)| found.score.max(1e-3));
        Ok(matches
            .into_iter()
            .take(8)
            .filter_map(|(meaning, found)| {
                // What comes after the best is less sure in the measure in which it fits less.
                let trust = trust * (found.score / best).powi(4);
                Some(Found { meaning: self.meaning(meaning)?, trust })
            })
            .collect())
    }

    fn meaning(&self, candidate: Candidate) -> Option<Meaning> {
        match candidate {
            Candidate::Answer(target) => self.ids.get(target as usize).cloned().map(Meaning::Answer),
            Candidate::Of(thing, attribute) => thing.asked(attribute),
        }
    }

    /// Answers, asks back, or does not know.
    ///
    /// # Errors
    /// When the embedding network fails.
    pub fn ask(&self, language: Language, text: &str, topic: Option<&Meaning>, now: DateTime) -> Result<Reply, AnswererError> {
        let found: Vec<Found> =
            self.find(language, text, topic)?.into_iter().filter(|found| self.is_valid(&found.meaning, now.date())).collect();
        let (sure, likely) = self.tongues.get(&language).map_or((1.0, 1.0), |tongue| (tongue.sure, tongue.likely));
        let day = when::day(language, &normal(text), now.date());
        // Help first: an emergency that is nearly the best is the best.
        if let Some(emergency) = found
            .iter()
            .find(|found| self.is_emergency(&found.meaning) && found.trust >= likely)
            .filter(|emergency| found.first().is_some_and(|best| emergency.trust >= 0.6 * best.trust))
        {
            return Ok(self.say(language, &emergency.meaning, emergency.trust, day, now));
        }
        match found.first() {
            Some(best) if best.trust >= sure => Ok(self.say(language, &best.meaning, best.trust, day, now)),
            Some(best) if best.trust >= likely => {
                let choices: Vec<_> =
                    found.iter().take(3).filter_map(|found| self.choice(language, &found.meaning)).collect();
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

    fn is_emergency(&self, meaning: &Meaning) -> bool {
        matches!(meaning, Meaning::Answer(id) if self.guide.answers.get(id).is_some_and(|answer| answer.topic == Topic::Safety))
    }

    fn is_valid(&self, meaning: &Meaning, date: Date) -> bool {
        let Meaning::Answer(id) = meaning else { return true };
        self.guide.answers.get(id).is_some_and(|answer| {
            [answer.valid, answer.season].into_iter().flatten().all(|span| span.holds(date))
        })
    }

    /// The choice that stands for a meaning.
    pub(crate) fn choice(&self, language: Language, meaning: &Meaning) -> Option<Choice> {
        let name = |name: &str, attribute: Attribute| format!("{name}：{}", attribute.label(language));
        let label = match meaning {
            Meaning::Answer(id) => self.guide.answers.get(id)?.text(language).ask.first()?.clone(),
            Meaning::Place(id, attribute) => name(&self.guide.places.get(id)?.text(language).name, *attribute),
            Meaning::Event(id, attribute) => name(&self.guide.events.get(id)?.text(language).name, *attribute),
        };
        Some(Choice { id: meaning.id(), label, meaning: meaning.clone() })
    }

    /// What is said to a meaning. `day` is the day that was asked about.
    pub(crate) fn say(&self, language: Language, meaning: &Meaning, score: f32, day: Option<Date>, now: DateTime) -> Reply {
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
                let (text, place) = (answer.text(language), answer.place.as_ref().and_then(|id| self.guide.places.get(id)));
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
                reply.follow_ups = answer.follow_ups.iter().filter_map(|id| self.follow_up(language, id)).take(3).collect();
                reply.staff = matches!(answer.topic, Topic::Safety | Topic::Help);
            }
            Meaning::Place(id, attribute) => {
                let Some(place) = self.guide.places.get(id) else { return reply };
                let text = place.text(language);
                let missing = || say::not_listed(language, &text.name, place.phone.as_deref());
                reply.text = match attribute {
                    Attribute::About | Attribute::When => text.about.clone(),
                    Attribute::Where => say::way(language, place),
                    Attribute::Far => say::distance(language, place),
                    Attribute::Hours => say::hours(language, place, date, now),
                    Attribute::Closed => say::closed_days(language, place, now),
                    Attribute::Fee => say::fee(language, &text.name, text.fee.as_deref()).unwrap_or_else(missing),
                    Attribute::Phone => say::phone(language, place).unwrap_or_else(missing),
                };
                reply.source = Some(source(&place.source));
                reply.place = Some(id.clone());
                let next = [Attribute::Hours, Attribute::Where, Attribute::Fee, Attribute::About, Attribute::Far];
                reply.follow_ups = next
                    .into_iter()
                    .filter(|next| next != attribute)
                    .filter(|next| *next != Attribute::Hours || !place.hours.is_empty())
                    .filter(|next| *next != Attribute::Fee || text.fee.is_some())
                    .filter_map(|next| self.choice(language, &Meaning::Place(id.clone(), next)))
                    .take(3)
                    .collect();
            }
            Meaning::Event(id, attribute) => {
                let Some(event) = self.guide.events.get(id) else { return reply };
                let text = event.text(language);
                let place = event.place.as_ref().and_then(|id| self.guide.places.get(id));
                let missing = || say::not_listed(language, &text.name, place.and_then(|place| place.phone.as_deref()));
                reply.text = match (attribute, place) {
                    (Attribute::Where | Attribute::Far, Some(place)) => say::way(language, place),
                    (Attribute::Fee, _) => say::fee(language, &text.name, text.fee.as_deref()).unwrap_or_else(missing),
                    (Attribute::When | Attribute::Hours | Attribute::Closed, _) => say::when(language, event, now.date()),
                    _ => text.about.clone(),
                };
                reply.source = Some(source(&event.source));
                reply.place.clone_from(&event.place);
                reply.follow_ups = [Attribute::When, Attribute::Where, Attribute::About, Attribute::Fee]
                    .into_iter()
                    .filter(|next| next != attribute)
                    .filter_map(|next| self.choice(language, &Meaning::Event(id.clone(), next)))
                    .take(3)
                    .collect();
            }
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

    /// The trust from which it answers, and from which it asks back.
    pub fn thresholds(&self, language: Language) -> (f32, f32) {
        self.tongues.get(&language).map_or((1.0, 1.0), |tongue| (tongue.sure, tongue.likely))
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
        Meaning::Answer(_) => None,
        Meaning::Place(id, _) => Some(Thing::Place(id.clone())),
        Meaning::Event(id, _) => Some(Thing::Event(id.clone())),
    }
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

fn names_of(guide: &Guide, reader: &Reader, language: Language) -> Vec<Name<Thing>> {
    let mut names = Vec::new();
    let mut add = |of: Thing, main: &str, also: &[String]| {
        let spoken = ruby::spoken(main);
        for (written, said) in std::iter::once((ruby::plain(main), spoken)).chain(also.iter().map(|a| (a.clone(), a.clone()))) {
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
            Language::ZhHans => {
                same.chars().filter(|c| c.is_alphanumeric() && !STOP_CHARACTERS.contains(*c)).map(String::from).collect()
            }
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

    fn sketches(
        &self,
        texts: &[(Target, String)],
        embedder: &mut Embedder,
        memory: &mut Memory,
    ) -> Result<Vec<(Target, Sketch)>, EmbedError> {
        let plain: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
        let meanings = memory.embed(embedder, &plain)?;
        Ok(texts
            .iter()
            .zip(meanings)
            .map(|((target, text), meaning)| (*target, Sketch { meaning, ..self.sketch(text) }))
            .collect())
    }
}

/// English words that a question consists of, whatever it asks.
const STOP_WORDS: [&str; 40] = [
    "a", "an", "the", "is", "are", "am", "do", "does", "did", "i", "you", "we", "my", "me", "it", "this", "that", "there",
    "of", "to", "in", "on", "at", "for", "with", "and", "or", "be", "can", "could", "would", "should", "will", "have", "has",
    "any", "some", "here", "from", "please",
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
        "인가요", "나요", "어요", "아요", "예요", "이에요", "습니까", "습니다", "니까", "세요", "까지", "부터", "에서", "으로", "에게",
        "한테", "은", "는", "이", "가", "을", "를", "에", "로", "와", "과", "도", "요",
    ];
    for ending in ENDINGS {
        if let Some(bare) = word.strip_suffix(ending).filter(|bare| !bare.is_empty()) {
            return bare.to_owned();
        }
    }
    word.to_owned()
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Candidate {
    Answer(Target),
    Of(Thing, Attribute),
}

/// A question, ready to be compared.
struct Asked {
    sketch: Sketch,
    /// What it names, how well, and the matches of what is asked about it.
    things: Vec<(Thing, f32, Vec<Match>)>,
}

impl Tongue {
    fn asked(
        &self,
        maker: &Sketcher<'_>,
        question: &str,
        topic: Option<Thing>,
        embedder: &mut Embedder,
        memory: &mut Memory,
    ) -> Result<Asked, EmbedError> {
        let units: Vec<Unit> = names::units(maker.reader, maker.language, question);
        let mut mentions: Vec<Mention<Thing>> = names::mentions(maker.language, &units, &self.names);
        mentions.truncate(4);
        if mentions.is_empty()
            && let Some(topic) = topic
        {
            let space = if maker.language == Language::En { " " } else { "" };
            mentions.push(Mention { of: topic, quality: 0.85, length: 0, rest: format!("x{space}{question}") });
        }
        let mut texts = vec![question.to_owned()];
        texts.extend(mentions.iter().map(|mention| mention.rest.clone()));
        let meanings = memory.embed(embedder, &texts)?;
        let mut sketches = texts.iter().zip(meanings).map(|(text, meaning)| Sketch { meaning, ..maker.sketch(text) });
        let Some(mut sketch) = sketches.next() else { return Ok(Asked { sketch: maker.sketch(""), things: Vec::new() }) };
        self.index.weigh(&mut sketch);
        let longest = mentions.first().map_or(1, |mention| mention.length.max(1)) as f32;
        let things = mentions
            .iter()
            .zip(sketches)
            .map(|(mention, mut rest)| {
                self.attributes.weigh(&mut rest);
                let bare = mention.rest.chars().filter(|c| c.is_alphanumeric()).count() <= 2;
                let found = if bare {
                    // Nothing but a name: what is it?
                    vec![Match { target: Attribute::About as Target, score: 0.7, parts: [0.6; 3] }]
                } else {
                    self.attributes.find(&rest, |_, _| false)
                };
                // A shorter name within a longer one is less likely meant.
                let weight = if mention.length == 0 { 1.0 } else { 0.7 + 0.3 * mention.length as f32 / longest };
                (mention.of.clone(), mention.quality * weight, found)
            })
            .collect();
        Ok(Asked { sketch, things })
    }

    /// All that a question may mean, best first.
    fn rank(&self, asked: &Asked, skip: impl Fn(usize, Target) -> bool) -> Vec<(Candidate, Match)> {
        let mut all: Vec<(Candidate, Match)> =
            self.index.find(&asked.sketch, skip).into_iter().take(12).map(|m| (Candidate::Answer(m.target), m)).collect();
        for (thing, quality, found) in &asked.things {
            let mut taken = Vec::new();
            for m in found.iter().take(3) {
                let Some(attribute) = Attribute::ALL.get(m.target as usize) else { continue };
                let Some(meaning) = thing.asked(*attribute) else { continue };
                if taken.contains(&meaning) {
                    continue;
                }
                taken.push(meaning);
                // The name is half of what was said.
                let with = |part: f32| quality * (0.35 + 0.65 * part);
                let parts = m.parts.map(with);
                all.push((Candidate::Of(thing.clone(), *attribute), Match { target: Target::MAX, score: with(m.score), parts }));
            }
        }
        all.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
        all
    }

    /// Learns how far matches can be trusted, from the guide itself: each way of asking is left out in turn (the best match
    /// should then be its own answer), and with all others of its answer (then nothing should be found).
    fn learn(
        &mut self,
        texts: &[(Target, String)],
        reader: &Reader,
        language: Language,
        embedder: &mut Embedder,
        memory: &mut Memory,
    ) -> Result<(), EmbedError> {
        let maker = Sketcher { reader, language, synonyms: self.synonyms.clone() };
        let mut examples = Vec::new();
        for (at, (target, text)) in texts.iter().enumerate() {
            let asked = self.asked(&maker, text, None, embedder, memory)?;
            let ranked = self.rank(&asked, |other, _| other == at);
            let right = matches!(ranked.first(), Some((Candidate::Answer(found), _)) if found == target);
            examples.push((ranked.into_iter().map(|(_, m)| m).collect::<Vec<_>>(), right));
            // One in three without its answer: most questions can be answered.
            if at % 3 == 0 {
                let ranked = self.rank(&asked, |_, other| other == *target);
                examples.push((ranked.into_iter().map(|(_, m)| m).collect(), false));
            }
        }
        self.trust = Trust::learn(&examples);
        let mut outcomes: Vec<(f32, bool)> =
            examples.iter().map(|(matches, right)| (self.trust.of(matches), *right)).collect();
        outcomes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut wrong, mut sure) = (0usize, 0.5f32);
        for (trust, right) in &outcomes {
            wrong += usize::from(!right);
            if wrong as f32 > MOST_WRONG * outcomes.len() as f32 {
                break;
            }
            sure = *trust;
        }
        self.sure = sure.clamp(0.35, 0.9);
        self.likely = (self.sure * 0.45).min(0.3);
        let answered = outcomes.iter().filter(|(trust, _)| *trust >= self.sure).count();
        tracing::debug!(language = language.tag(), sure, answered, of = outcomes.len(), "learnt from {} ways of asking", self.index.len());
        Ok(())
    }
}

/// The share of wrong answers among all questions that a guide may give of itself.
const MOST_WRONG: f32 = 0.02;
