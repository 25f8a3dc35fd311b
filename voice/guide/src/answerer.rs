//! Finds what a question means, and says how sure that is.

use crate::calendar;
use crate::classifier::{Classifier, dot};
use crate::embed::{EmbedError, Embedder, Kind, WIDTH};
use crate::index::{Index, Signs, Sketch, WEIGHTS, pieces};
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
    /// What was seen of it, for calibration: six signs of an answer, four of something about a place or event.
    pub signs: Vec<f32>,
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
    /// The meaning of each answer itself.
    says: Vec<[f32; WIDTH]>,
    names: Vec<Name<Thing>>,
    /// Words that mean the same: each as it is written -> the first of its list.
    synonyms: Vec<(String, String)>,
}

/// What was computed before, kept in a file: embeddings by text, classifiers by what they were learnt from.
#[derive(Default)]
struct Memory {
    known: HashMap<[u8; 16], Vec<u8>>,
    fresh: bool,
}

/// How often the classifiers see every example.
const ROUNDS: usize = 30;

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
        let bytes = fs::read(path).unwrap_or_default();
        let mut rest = bytes.as_slice();
        let mut known = HashMap::new();
        while let Some((head, tail)) = rest.split_at_checked(20) {
            let (mut key, mut length) = ([0; 16], [0; 4]);
            key.copy_from_slice(&head[..16]);
            length.copy_from_slice(&head[16..]);
            let Some((value, tail)) = tail.split_at_checked(u32::from_le_bytes(length) as usize) else { break };
            known.insert(key, value.to_vec());
            rest = tail;
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
        let mut parts: Vec<Vec<u8>> = vec![classes.to_le_bytes().to_vec(), ROUNDS.to_le_bytes().to_vec()];
        for (example, class) in examples {
            parts.push(example.iter().flat_map(|value| value.to_le_bytes()).collect());
            parts.push(class.to_le_bytes().to_vec());
        }
        let key = Self::key(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        if let Some(known) = self.known.get(&key).and_then(|bytes| Classifier::from_bytes(bytes)) {
            return known;
        }
        let learnt = Classifier::learn(examples, classes, ROUNDS);
        self.known.insert(key, learnt.to_bytes());
        self.fresh = true;
        learnt
    }
}

/// Finds answers in one guide.
pub struct Answerer {
    guide: Guide,
    reader: Arc<Reader>,
    embedder: Mutex<Embedder>,
    ids: Vec<Id>,
    tongues: BTreeMap<Language, Tongue>,
    classifier: Classifier,
    attributes: Classifier,
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
        let ids: Vec<Id> = guide.answers.keys().cloned().collect();
        let mut tongues = BTreeMap::new();
        let (mut examples, mut about) = (Vec::new(), Vec::new());
        for language in Language::ALL {
            let names = names_of(&guide, &reader, language);
            let maker = Sketcher { reader: &reader, language, synonyms: synonyms(&guide, language) };
            let mut texts = Vec::new();
            for (at, answer) in guide.answers.values().enumerate() {
                texts.extend(answer.text(language).ask.iter().map(|ask| (at, maker.normal(ask))));
            }
            let says: Vec<String> =
                guide.answers.values().map(|answer| ruby::plain(&answer.text(language).say)).collect();
            let asks: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
            let asked = kept.embed(&mut embedder, Kind::Query, &asks)?;
            let centre = mean(&asked);
            let meanings: Vec<_> = asked.iter().map(|meaning| less(meaning, &centre)).collect();
            examples.extend(meanings.iter().zip(&texts).map(|(meaning, (at, _))| (*meaning, *at)));
            let said = kept.embed(&mut embedder, Kind::Passage, &says)?;
            let said_centre = mean(&said);
            let entries = texts
                .iter()
                .zip(&meanings)
                .map(|((at, text), meaning)| (*at, Sketch { meaning: *meaning, ..maker.sketch(text) }))
                .collect();
            // What is asked about a place; and what is asked that only mentions one.
            let mut wordings: Vec<(usize, String)> = Vec::new();
            for (attribute, asked) in lists.get(&language).into_iter().flatten() {
                wordings.extend(asked.iter().map(|ask| (*attribute as usize, maker.normal(ask))));
            }
            let known_names = names_key(language, &names);
            for (_, text) in &texts {
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
            let tongue = Tongue {
                centre,
                index: Index::new(entries),
                says: said.iter().map(|meaning| less(meaning, &said_centre)).collect(),
                names,
                synonyms: maker.synonyms,
            };
            tongues.insert(language, tongue);
        }
        let classifier = kept.classifier(&examples, ids.len());
        let attributes = kept.classifier(&about, Attribute::ALL.len() + 1);
        if let Some(path) = memory.filter(|_| kept.fresh)
            && let Err(error) = kept.save(&path)
        {
            tracing::warn!(%error, "what was learnt is not kept; it will be learnt again at the next start");
        }
        Ok(Self { guide, reader, embedder: Mutex::new(embedder), ids, tongues, classifier, attributes })
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
    pub fn find(&self, language: Language, text: &str, topic: Option<&Meaning>) -> Result<Vec<Found>, AnswererError> {
        let Some(tongue) = self.tongues.get(&language) else { return Ok(Vec::new()) };
        let maker = Sketcher { reader: &self.reader, language, synonyms: tongue.synonyms.clone() };
        let question = maker.normal(text);
        if question.is_empty() {
            return Ok(Vec::new());
        }
        let candidates = self.candidates(language, tongue, &maker, &question, topic)?;
        // "None of these" is a candidate too.
        let most = candidates.iter().map(|candidate| candidate.score).fold(WEIGHTS.none, f32::max);
        let sum: f32 = candidates.iter().map(|c| (c.score - most).exp()).sum::<f32>() + (WEIGHTS.none - most).exp();
        Ok(candidates
            .into_iter()
            .map(|candidate| Found {
                meaning: candidate.meaning,
                trust: (candidate.score - most).exp() / sum,
                signs: candidate.signs,
            })
            .collect())
    }

    fn candidates(
        &self,
        language: Language,
        tongue: &Tongue,
        maker: &Sketcher<'_>,
        question: &str,
        topic: Option<&Meaning>,
    ) -> Result<Vec<Candidate>, AnswererError> {
        let units: Vec<Unit> = names::units(&self.reader, language, question);
        let mut mentions: Vec<Mention<Thing>> = names::mentions(language, &units, &tongue.names);
        mentions.truncate(4);
        let letters = units.iter().map(|unit| unit.sound.len()).sum::<usize>().max(1) as f32;
        if mentions.is_empty()
            && let Some(topic) = topic.and_then(thing)
        {
            let space = if language == Language::En { " " } else { "" };
            mentions.push(Mention { of: topic, quality: 0.6, length: 0, rest: format!("x{space}{question}") });
        }
        let mut texts = vec![question.to_owned()];
        texts.extend(mentions.iter().map(|mention| mention.rest.clone()));
        let embedded = {
            let mut embedder = self.embedder.lock().unwrap_or_else(PoisonError::into_inner);
            embedder.embed(Kind::Query, &texts)?
        };
        let mut meanings = embedded.iter().map(|meaning| less(meaning, &tongue.centre));
        let Some(meaning) = meanings.next() else { return Ok(Vec::new()) };
        let mut sketch = Sketch { meaning, ..maker.sketch(question) };
        tongue.index.weigh(&mut sketch);
        let nearest = tongue.index.nearest(&sketch, self.ids.len());
        let classes = self.classifier.chances(&sketch.meaning);
        let mut all = vec![0.0f32; self.ids.len()];
        for other in self.tongues.values() {
            let near = other.index.nearest_meaning(&sketch.meaning, self.ids.len());
            all.iter_mut().zip(near).for_each(|(all, near)| *all += near / self.tongues.len() as f32);
        }
        let mut candidates: Vec<Candidate> = (0..self.ids.len())
            .map(|at| {
                let [near, words, sound] = nearest[at];
                let say = tongue.says.get(at).map_or(0.0, |say| dot(say, &sketch.meaning));
                let signs = Signs { class: classes[at].max(-12.0), near, all: all[at], say, words, sound };
                Candidate {
                    meaning: Meaning::Answer(self.ids[at].clone()),
                    score: signs.score(),
                    signs: signs.list().to_vec(),
                }
            })
            .collect();
        for (mention, rest) in mentions.iter().zip(meanings) {
            let bare = mention.rest.chars().filter(|c| c.is_alphanumeric()).count() <= 2;
            let mut chances = self.attributes.chances(&rest);
            if bare {
                // Nothing but a name: what is it?
                chances.fill(-6.0);
                chances[Attribute::About as usize] = -0.2;
            }
            for attribute in Attribute::ALL {
                let Some(meaning) = mention.of.asked(attribute) else { continue };
                let signs =
                    [chances[attribute as usize].max(-12.0), mention.quality, mention.length as f32 / letters, 1.0];
                let score = signs.iter().zip(WEIGHTS.attribute).map(|(sign, weight)| sign * weight).sum();
                match candidates.iter_mut().find(|other| other.meaning == meaning) {
                    Some(other) if other.score >= score => {}
                    Some(other) => *other = Candidate { meaning, score, signs: signs.to_vec() },
                    None => candidates.push(Candidate { meaning, score, signs: signs.to_vec() }),
                }
            }
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.meaning.cmp(&b.meaning)));
        candidates.truncate(16);
        Ok(candidates)
    }

    /// Answers, asks back, or does not know.
    ///
    /// # Errors
    /// When the embedding network fails.
    pub fn ask(
        &self,
        language: Language,
        text: &str,
        topic: Option<&Meaning>,
        now: DateTime,
    ) -> Result<Reply, AnswererError> {
        let found: Vec<Found> = self
            .find(language, text, topic)?
            .into_iter()
            .filter(|found| self.is_valid(&found.meaning, now.date()))
            .collect();
        let (sure, likely) = (SURE, LIKELY);
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
        self.guide
            .answers
            .get(id)
            .is_some_and(|answer| [answer.valid, answer.season].into_iter().flatten().all(|span| span.holds(date)))
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
                    (Attribute::When | Attribute::Hours | Attribute::Closed, _) => {
                        say::when(language, event, now.date())
                    }
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

/// What a finding of names depends on.
fn names_key(language: Language, names: &[Name<Thing>]) -> [u8; 16] {
    let mut parts = vec![language.tag().as_bytes().to_vec()];
    for name in names {
        parts.push(format!("{:?}", name.of).into_bytes());
        parts.push(name.sound.iter().collect::<String>().into_bytes());
        parts.push(name.text.clone().into_bytes());
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

/// Something that a question may mean.
struct Candidate {
    meaning: Meaning,
    score: f32,
    signs: Vec<f32>,
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

/// From this trust on it answers: at this point of `tests/voice/questions/dev` about three answers in a hundred are wrong.
const SURE: f32 = 0.72;

/// From this trust on it asks back.
const LIKELY: f32 = 0.2;
