//! A guide: what may be answered, as the staff of a site write it (`voice/guides/FORMAT.md`). It is loaded whole or not at all;
//! every fault names its file and line.

use domain::{Date, Language, ruby};
use jiff::civil::{Time, Weekday};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file name of an answer, place or event, without its ending.
pub type Id = String;

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;

/// Something in a guide that is wrong, or that its authors should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, relative to the guide.
    pub file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, in Japanese: municipal staff read it.
    pub what: String,
    /// Whether the guide can be used all the same.
    pub warning: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.warning { "注意" } else { "まちがい" };
        write!(f, "{}:{}: {kind}: {}", self.file.display(), self.line, self.what)
    }
}

/// A guide that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct PackError(pub Vec<Fault>);

/// Where a statement comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    /// Public information, or made up for an example.
    pub kind: SourceKind,
    /// The title of what was read.
    pub title: Option<String>,
    /// When it was read (`2026-11`).
    pub seen: Option<String>,
}

/// See [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Anybody can look it up.
    Public,
    /// Given by the site itself.
    Site,
    /// Made up.
    Example,
}

/// A text in each language, under the language's tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Each<T> {
    /// Japanese.
    pub ja: T,
    /// English.
    pub en: T,
    /// Simplified Chinese.
    #[serde(rename = "zh-Hans")]
    pub zh_hans: T,
    /// Korean.
    pub ko: T,
}

impl<T> Each<T> {
    /// The one in this language.
    pub fn get(&self, language: Language) -> &T {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
            Language::ZhHans => &self.zh_hans,
            Language::Ko => &self.ko,
        }
    }
}

/// Gives a type its texts by language. (Its fields stand in the file beside the others, which serde's `flatten` cannot read
/// strictly.)
macro_rules! in_each_language {
    ($type:ty, $text:ty) => {
        impl $type {
            /// The texts in this language.
            pub fn text(&self, language: Language) -> &$text {
                match language {
                    Language::Ja => &self.ja,
                    Language::En => &self.en,
                    Language::ZhHans => &self.zh_hans,
                    Language::Ko => &self.ko,
                }
            }

            pub(crate) fn texts(&self) -> impl Iterator<Item = (Language, &$text)> {
                Language::ALL.into_iter().map(|language| (language, self.text(language)))
            }
        }
    };
}

/// What an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are those of the table in FORMAT.md")]
pub enum Topic {
    Station,
    Food,
    Shop,
    Bath,
    Stay,
    Booking,
    History,
    Sights,
    Nature,
    Event,
    Transport,
    Parking,
    Family,
    Access,
    Money,
    Town,
    Weather,
    Help,
    Safety,
    Smalltalk,
    Procedure,
}

/// A day of every year, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// Of every year: month and day.
    Yearly(i8, i8),
    /// Of one year.
    Once(Date),
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_day(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("「{text}」は日付ではありません（例：04-28、2027-04-28）")))
    }
}

fn parse_day(text: &str) -> Option<Day> {
    if let Ok(date) = text.parse::<Date>() {
        return Some(Day::Once(date));
    }
    // 2028 has a 29th of February.
    let date = format!("2028-{text}").parse::<Date>().ok()?;
    Some(Day::Yearly(date.month(), date.day()))
}

/// From a day to a day, both included; over the new year where the second comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
}

impl Span {
    /// Whether the day lies in it.
    pub fn holds(&self, date: Date) -> bool {
        match (self.from, self.until) {
            (Day::Once(from), Day::Once(until)) => (from..=until).contains(&date),
            (Day::Yearly(..), Day::Yearly(..)) => {
                let of = |day| match day {
                    Day::Yearly(month, day) => (month, day),
                    Day::Once(date) => (date.month(), date.day()),
                };
                let (from, until, day) = (of(self.from), of(self.until), (date.month(), date.day()));
                if from <= until { (from..=until).contains(&day) } else { day >= from || day <= until }
            }
            (Day::Once(from), Day::Yearly(..)) => date >= from,
            (Day::Yearly(..), Day::Once(until)) => date <= until,
        }
    }

    /// The first day of the next time it comes, on or after `date`; `None` when it is over for good.
    pub fn next(&self, date: Date) -> Option<Date> {
        match self.from {
            Day::Once(from) => (from >= date).then_some(from),
            Day::Yearly(month, day) => {
                (0..=4).find_map(|years| Date::new(date.year() + years, month, day).ok().filter(|next| *next >= date))
            }
        }
    }
}

/// What an answer says in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// Ways of asking.
    pub ask: Vec<String>,
    /// The answer; Japanese with readings in the notation of [`domain::ruby`].
    pub say: String,
}

/// One approved answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What it is about.
    pub topic: Topic,
    /// The place that the screen shows with it.
    pub place: Option<Id>,
    /// What is computed and said after it.
    #[serde(default)]
    pub append: Vec<Append>,
    /// Where it comes from.
    pub source: Source,
    /// The days on which it may be given.
    pub valid: Option<Span>,
    /// The time of every year in which it may be given.
    pub season: Option<Span>,
    /// What people ask next.
    #[serde(default)]
    pub follow_ups: Vec<Id>,
    /// A remark of its authors.
    pub note: Option<String>,
    ja: Wording,
    en: Wording,
    #[serde(rename = "zh-Hans")]
    zh_hans: Wording,
    ko: Wording,
}

in_each_language!(Answer, Wording);

/// See [`Answer::append`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Append {
    /// Today's hours of the answer's place.
    Hours,
}

/// What a place is. The names are those of the table in FORMAT.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are those of the table in FORMAT.md")]
pub enum PlaceKind {
    Desk,
    Facility,
    Food,
    Shop,
    Bath,
    Stay,
    Room,
    Museum,
    Temple,
    Shrine,
    Historic,
    Park,
    Nature,
    View,
    Sports,
    Rail,
    Bus,
    Parking,
    Fuel,
    Medical,
    Safety,
    Office,
    Money,
    Library,
}

/// How one gets there from the kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Away {
    /// On foot or by car.
    pub by: By,
    /// Minutes.
    pub minutes: u16,
}

/// See [`Away`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "their names say it")]
pub enum By {
    Walk,
    Car,
}

/// Days of the week, written `mon-fri`, `sat,sun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days(pub Vec<Weekday>);

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn weekday(text: &str) -> Option<usize> {
    WEEK.iter().position(|(name, _)| *name == text)
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("「{text}」は曜日ではありません（例：mon-fri、sat,sun）"));
        let mut days = Vec::new();
        for part in text.split(',') {
            let (from, until) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
            let (from, until) = (weekday(from).ok_or_else(wrong)?, weekday(until).ok_or_else(wrong)?);
            let count = (until + 7 - from) % 7;
            days.extend((0..=count).map(|n| WEEK[(from + n) % 7].1));
        }
        Ok(Self(days))
    }
}

/// A time of day, minutes after midnight, up to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(pub u16);

impl Clock {
    /// Of a civil time.
    pub fn of(time: Time) -> Self {
        Self(u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let clock = text.split_once(':').and_then(|(hour, minute)| {
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(Self(hour * 60 + minute))
        });
        clock.ok_or_else(|| serde::de::Error::custom(format!("「{text}」は時刻ではありません（例：09:00、24:00）")))
    }
}

/// Open on these days between these times.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days.
    pub days: Days,
    /// Opens.
    pub from: Clock,
    /// Closes.
    pub to: Clock,
}

/// A day or days on which a place is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// Every week.
    Weekly(Weekday),
    /// Every week, but where that day is a public holiday, on the next day that is none.
    WeeklyUnlessHoliday(Weekday),
    /// On public holidays.
    Holidays,
    /// On the day after a public holiday, where it is none itself.
    AfterHolidays,
    /// These days.
    Days(Span),
}

impl<'de> Deserialize<'de> for Closed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(day) = weekday(&text) {
            return Ok(Self::Weekly(WEEK[day].1));
        }
        if let Some(day) = text.strip_suffix("-unless-holiday").and_then(weekday) {
            return Ok(Self::WeeklyUnlessHoliday(WEEK[day].1));
        }
        match text.as_str() {
            "holiday" => return Ok(Self::Holidays),
            "after-holiday" => return Ok(Self::AfterHolidays),
            _ => {}
        }
        let (from, until) = text.split_once("..").unwrap_or((&text, &text));
        match (parse_day(from), parse_day(until)) {
            (Some(from), Some(until)) => Ok(Self::Days(Span { from, until })),
            _ => Err(serde::de::Error::custom(format!(
                "「{text}」は休みの日ではありません（例：tue、holiday、12-29..01-03）"
            ))),
        }
    }
}

/// What a place says in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceText {
    /// Its name.
    pub name: String,
    /// What else it is called.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it is.
    pub about: String,
    /// How to get there.
    pub way: String,
    /// What it costs.
    pub fee: Option<String>,
}

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What it is.
    pub kind: PlaceKind,
    /// Latitude and longitude in degrees (WGS 84).
    pub at: (f64, f64),
    /// How far it is from the kiosk.
    pub away: Away,
    /// When it is open; empty where there is no such thing.
    #[serde(default)]
    pub hours: Vec<Hours>,
    /// When it is closed all the same.
    #[serde(default)]
    pub closed: Vec<Closed>,
    /// Its telephone.
    pub phone: Option<String>,
    /// Where this comes from.
    pub source: Source,
    /// A remark of its authors.
    pub note: Option<String>,
    ja: PlaceText,
    en: PlaceText,
    #[serde(rename = "zh-Hans")]
    zh_hans: PlaceText,
    ko: PlaceText,
}

in_each_language!(Place, PlaceText);

/// What an event says in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventText {
    /// Its name.
    pub name: String,
    /// What else it is called.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it is.
    pub about: String,
    /// At what time of day, or when it is at its best.
    pub time: Option<String>,
    /// What it costs.
    pub fee: Option<String>,
}

/// Something that takes place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub when: Vec<Span>,
    /// Where.
    pub place: Option<Id>,
    /// Where this comes from.
    pub source: Source,
    /// A remark of its authors.
    pub note: Option<String>,
    ja: EventText,
    en: EventText,
    #[serde(rename = "zh-Hans")]
    zh_hans: EventText,
    ko: EventText,
}

in_each_language!(Event, EventText);

/// What holds for the guide as a whole: `guide.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The site's name.
    pub name: Each<String>,
    /// The place that is meant where nobody says which.
    pub here: Id,
    /// The desk's telephone, offered when the guide does not know.
    pub phone: Option<String>,
    /// Readings of words that a dictionary does not know: as written -> kana.
    #[serde(default)]
    pub readings: BTreeMap<String, String>,
    /// Words that mean the same, by language: each list is one meaning.
    #[serde(default)]
    pub synonyms: BTreeMap<String, Vec<Vec<String>>>,
    /// The days on which an event's slots or rooms can be asked for: place -> the most people.
    #[serde(default)]
    pub bookable: BTreeMap<Id, u16>,
}

/// A loaded guide.
#[derive(Debug, Clone)]
pub struct Guide {
    /// What holds for the whole.
    pub site: Site,
    /// The answers.
    pub answers: BTreeMap<Id, Answer>,
    /// The places.
    pub places: BTreeMap<Id, Place>,
    /// The events.
    pub events: BTreeMap<Id, Event>,
    /// What its authors should look at.
    pub warnings: Vec<Fault>,
}

impl Guide {
    /// Loads a guide and checks that its parts fit together.
    ///
    /// # Errors
    /// When a file is missing, malformed, there twice, or names something that is not there: all faults at once.
    pub fn load(folder: &Path) -> Result<Self, PackError> {
        let mut loader = Loader { folder, faults: Vec::new(), texts: BTreeMap::new() };
        let site: Option<Site> = loader.read(Path::new("guide.toml"));
        let answers: BTreeMap<Id, Answer> = loader.all("answers");
        let places: BTreeMap<Id, Place> = loader.all("places");
        let events: BTreeMap<Id, Event> = loader.all("events");
        loader.check(site.as_ref(), &answers, &places, &events);
        let (warnings, faults): (Vec<_>, Vec<_>) = loader.faults.into_iter().partition(|fault| fault.warning);
        match site {
            Some(site) if faults.is_empty() => Ok(Self { site, answers, places, events, warnings }),
            _ => Err(PackError(faults)),
        }
    }
}

struct Loader<'a> {
    folder: &'a Path,
    faults: Vec<Fault>,
    /// What was read, for finding lines.
    texts: BTreeMap<PathBuf, String>,
}

impl Loader<'_> {
    fn fault(&mut self, file: &Path, line: usize, what: impl Into<String>) {
        self.faults.push(Fault { file: file.to_owned(), line, what: what.into(), warning: false });
    }

    fn warn(&mut self, file: &Path, line: usize, what: impl Into<String>) {
        self.faults.push(Fault { file: file.to_owned(), line, what: what.into(), warning: true });
    }

    /// The line of `file` that holds `needle`.
    fn line(&self, file: &Path, needle: &str) -> usize {
        let text = self.texts.get(file).map_or("", String::as_str);
        text.lines().position(|line| line.contains(needle)).map_or(0, |at| at + 1)
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self, file: &Path) -> Option<T> {
        let path = self.folder.join(file);
        match fs::metadata(&path) {
            Ok(about) if about.len() > LARGEST_FILE => {
                self.fault(file, 0, format!("大きすぎます（{}バイトまで）", LARGEST_FILE));
                return None;
            }
            Ok(_) => {}
            Err(error) => {
                self.fault(file, 0, format!("読めません（{error}）"));
                return None;
            }
        }
        let text = match fs::read(&path)
            .map_err(|e| e.to_string())
            .and_then(|b| String::from_utf8(b).map_err(|e| e.to_string()))
        {
            Ok(text) => text,
            Err(error) => {
                self.fault(file, 0, format!("UTF-8の文字として読めません（{error}）"));
                return None;
            }
        };
        let parsed = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
            (line, missing_in_japanese(error.message()))
        });
        self.texts.insert(file.to_owned(), text);
        match parsed {
            Ok(value) => Some(value),
            Err((line, what)) => {
                self.fault(file, line, what);
                None
            }
        }
    }

    fn all<T: serde::de::DeserializeOwned>(&mut self, kind: &str) -> BTreeMap<Id, T> {
        let mut found = BTreeMap::new();
        // A guide needs answers; one without events, or without places, has no such folder.
        let entries = match fs::read_dir(self.folder.join(kind)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && kind != "answers" => return found,
            Err(error) => {
                self.fault(Path::new(kind), 0, format!("フォルダーを読めません（{error}）"));
                return found;
            }
        };
        let mut names: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        names.sort();
        for path in names {
            let Some(name) = path.file_name().map(PathBuf::from) else { continue };
            let file = Path::new(kind).join(&name);
            let id = name.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if name.extension().is_none_or(|ending| ending != "toml") {
                self.warn(&file, 0, "ファイル名が .toml で終わっていないので、読みません");
                continue;
            }
            if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
                self.fault(&file, 0, "ファイル名は、英小文字・数字・ハイフンで付けてください");
                continue;
            }
            if let Some(value) = self.read(&file) {
                found.insert(id, value);
            }
        }
        found
    }

    fn check(
        &mut self,
        site: Option<&Site>,
        answers: &BTreeMap<Id, Answer>,
        places: &BTreeMap<Id, Place>,
        events: &BTreeMap<Id, Event>,
    ) {
        let path = |kind: &str, id: &str| PathBuf::from(kind).join(format!("{id}.toml"));
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for (kind, names) in [
            ("answers", answers.keys().collect::<Vec<_>>()),
            ("places", places.keys().collect()),
            ("events", events.keys().collect()),
        ] {
            for id in names {
                if !ids.insert(id) {
                    self.fault(
                        &path(kind, id),
                        0,
                        format!("「{id}」という名前のファイルが、ほかのフォルダーにもあります"),
                    );
                }
            }
        }
        let known: BTreeSet<&str> =
            answers.keys().chain(places.keys()).chain(events.keys()).map(String::as_str).collect();
        if let Some(site) = site {
            let file = Path::new("guide.toml");
            for id in std::iter::once(&site.here).chain(site.bookable.keys()) {
                if !places.contains_key(id) {
                    self.fault(file, self.line(file, id), format!("場所「{id}」がありません"));
                }
            }
            for (word, reading) in &site.readings {
                if !reading.chars().all(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー')) || reading.is_empty() {
                    self.fault(file, self.line(file, word), format!("「{word}」の読みは、かなで書いてください"));
                }
            }
        }
        let mut wordings: BTreeMap<(Language, String), (PathBuf, usize)> = BTreeMap::new();
        for (id, answer) in answers {
            let file = path("answers", id);
            if let Some(place) = answer.place.as_ref().filter(|place| !places.contains_key(*place)) {
                self.fault(&file, self.line(&file, place), format!("場所「{place}」がありません"));
            }
            for next in answer.follow_ups.iter().filter(|next| !known.contains(next.as_str())) {
                self.fault(&file, self.line(&file, next), format!("「{next}」という答え・場所・行事がありません"));
            }
            if !answer.append.is_empty() && answer.place.is_none() {
                self.fault(&file, self.line(&file, "append"), "append には place がいります");
            }
            for (language, wording) in answer.texts() {
                if wording.ask.is_empty() {
                    self.fault(&file, self.line(&file, &format!("[{}]", language.tag())), "ask がひとつもありません");
                } else if wording.ask.len() < 4 {
                    let line = self.line(&file, &wording.ask[0]);
                    self.warn(
                        &file,
                        line,
                        format!("{}の言い方が{}つしかありません", language.endonym(), wording.ask.len()),
                    );
                }
                if wording.say.trim().is_empty() {
                    self.fault(&file, self.line(&file, &format!("[{}]", language.tag())), "say が空です");
                }
                for ask in &wording.ask {
                    let line = self.line(&file, ask);
                    if let Some((other, at)) =
                        wordings.insert((language, reading::normal(ask)), (file.clone(), line)).filter(|o| o.0 != file)
                    {
                        let what = format!("「{ask}」は {}:{at} にもあります", other.display());
                        self.warn(&file, line, what);
                    }
                }
            }
        }
        for (id, place) in places {
            let file = path("places", id);
            let (latitude, longitude) = place.at;
            if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
                self.fault(&file, self.line(&file, "at"), "at は [緯度, 経度] です");
            }
            if place.hours.iter().any(|hours| hours.from >= hours.to) {
                self.fault(&file, self.line(&file, "hours"), "閉まる時刻は、開く時刻よりあとにしてください");
            }
            for (language, text) in place.texts() {
                if ruby::plain(&text.name).trim().is_empty() {
                    self.fault(&file, self.line(&file, &format!("[{}]", language.tag())), "name が空です");
                }
            }
        }
        for (id, event) in events {
            let file = path("events", id);
            if event.when.is_empty() {
                self.fault(&file, self.line(&file, "when"), "when がひとつもありません");
            }
            if let Some(place) = event.place.as_ref().filter(|place| !places.contains_key(*place)) {
                self.fault(&file, self.line(&file, place), format!("場所「{place}」がありません"));
            }
            for (language, text) in event.texts() {
                if ruby::plain(&text.name).trim().is_empty() {
                    self.fault(&file, self.line(&file, &format!("[{}]", language.tag())), "name が空です");
                }
            }
        }
    }
}

/// The commonest messages of the parser, as staff understand them.
fn missing_in_japanese(message: &str) -> String {
    let quoted = || message.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("missing field") {
        format!("「{}」がありません", quoted())
    } else if message.starts_with("unknown field") {
        format!("「{}」という項目はありません", quoted())
    } else if message.starts_with("unknown variant") {
        format!("「{}」は選べません（書ける言葉は FORMAT.md の表にあります）", quoted())
    } else if message.starts_with("duplicate key") {
        "同じ項目が2つあります".to_owned()
    } else {
        format!("書き方がちがいます（{message}）")
    }
}
