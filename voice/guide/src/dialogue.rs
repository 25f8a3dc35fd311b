//! What was talked about: "and tomorrow?", "how far is it?", "the second one", "say it again", and what a booking still needs.

use crate::answerer::{Answerer, AnswererError, Asked, Attribute, Choice, Meaning, Reply};
use crate::pack::Id;
use crate::{say, when};
use domain::{Date, Language};
use jiff::civil::DateTime;
use reading::{normal, without_fillers};

/// A question that had no answer, for those who write the guide. Personal patterns are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// The language.
    pub language: Language,
    /// The text, with digits and addresses of people masked.
    pub text: String,
}

/// One visitor's talk. Dropped with the visit.
#[derive(Debug, Default)]
pub struct Dialogue {
    topic: Option<Meaning>,
    said: Option<Reply>,
    choices: Vec<Choice>,
    booking: Option<Booking>,
    unanswered: Vec<Unanswered>,
}

/// What is known of a wish to book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Booking {
    place: Option<Id>,
    day: Option<Date>,
    people: Option<u16>,
}

impl Dialogue {
    /// Questions that had no answer so far; taking them empties the list.
    pub fn take_unanswered(&mut self) -> Vec<Unanswered> {
        std::mem::take(&mut self.unanswered)
    }

    /// The visitor touched a choice or a follow-up.
    pub fn choose(&mut self, answerer: &Answerer, language: Language, id: &str, now: DateTime) -> Option<Reply> {
        let meaning = answerer.meaning_of(id)?;
        let reply = answerer.say(language, &meaning, 1.0, None, now);
        self.booking = None;
        Some(self.remember(Some(meaning), reply))
    }

    /// The visitor said something.
    ///
    /// # Errors
    /// When the embedding network fails.
    pub fn ask(
        &mut self,
        answerer: &Answerer,
        language: Language,
        asked: Asked<'_>,
        now: DateTime,
    ) -> Result<Reply, AnswererError> {
        let plain = without_fillers(language, &normal(asked.text()));
        if is_again(language, &plain)
            && let Some(said) = &self.said
        {
            return Ok(said.clone());
        }
        if let Some(choice) = self.chosen(language, &plain) {
            let meaning = choice.meaning.clone();
            let reply = answerer.say(language, &meaning, 1.0, None, now);
            return Ok(self.remember(Some(meaning), reply));
        }
        if let Some(reply) = self.book(answerer, language, asked, &plain, now)? {
            return Ok(reply);
        }
        // "And tomorrow?": the same question for another day.
        if let Some(day) = when::day(language, &plain, now.date())
            && plain.chars().count() <= most_of_a_day(language)
            && let Some(Meaning::Place(id, attribute)) = &self.topic
        {
            let attribute = if *attribute == Attribute::Closed { Attribute::Closed } else { Attribute::Hours };
            let meaning = Meaning::Place(id.clone(), attribute);
            let reply = answerer.say(language, &meaning, 1.0, Some(day), now);
            return Ok(self.remember(Some(meaning), reply));
        }
        let here = Meaning::Place(answerer.guide().site.here.clone(), Attribute::About);
        let reply = answerer.ask(language, asked, self.topic.as_ref().or(Some(&here)), now)?;
        if reply.answer.is_none() && reply.choices.is_empty() {
            self.unanswered.push(Unanswered { language, text: masked(asked.text()) });
        }
        let meaning = reply.answer.as_deref().and_then(|id| answerer.meaning_of(id));
        Ok(self.remember(meaning, reply))
    }

    fn remember(&mut self, meaning: Option<Meaning>, reply: Reply) -> Reply {
        self.choices = if reply.choices.is_empty() { reply.follow_ups.clone() } else { reply.choices.clone() };
        match meaning {
            // An answer about a place leaves the place as the topic.
            Some(Meaning::Answer(_)) => {
                if let Some(place) = &reply.place {
                    self.topic = Some(Meaning::Place(place.clone(), Attribute::About));
                }
            }
            Some(meaning) => self.topic = Some(meaning),
            // That something is not known of a place leaves it as the topic, too.
            None => {
                if let Some(place) = &reply.place {
                    self.topic = Some(Meaning::Place(place.clone(), Attribute::About));
                }
            }
        }
        self.said = Some(reply.clone());
        reply
    }

    /// "The second one", or the very words of a choice.
    fn chosen(&self, language: Language, plain: &str) -> Option<&Choice> {
        if self.choices.is_empty() {
            return None;
        }
        if let Some(choice) = self.choices.iter().find(|choice| normal(&choice.label) == *plain) {
            return Some(choice);
        }
        let numbers: [&[&str]; 3] = match language {
            Language::Ja => [
                &["1番", "一番", "1つ目", "一つ目", "ひとつめ", "最初", "いちばん", "上の"],
                &["2番", "二番", "2つ目", "二つ目", "ふたつめ", "真ん中", "にばん"],
                &["3番", "三番", "3つ目", "三つ目", "みっつめ", "最後", "さんばん"],
            ],
            Language::En => [
                &["first", "number one", "number 1", "the top one"],
                &["second", "number two", "number 2", "the middle one"],
                &["third", "number three", "number 3", "the last one"],
            ],
            Language::ZhHans => [
                &["第一个", "一号", "1号", "上面的"],
                &["第二个", "二号", "2号", "中间的"],
                &["第三个", "三号", "3号", "最后一个"],
            ],
            Language::Ko => [
                &["첫 번째", "첫번째", "1번", "일번"],
                &["두 번째", "두번째", "2번", "이번"],
                &["세 번째", "세번째", "3번", "삼번"],
            ],
        };
        if plain.chars().count() > 16 {
            return None;
        }
        let at = numbers
            .iter()
            .position(|words| words.iter().any(|word| plain.starts_with(word) || plain == format!("the {word} one")))?;
        self.choices.get(at)
    }

    /// What a wish to book still needs, or what to do once it is complete.
    fn book(
        &mut self,
        answerer: &Answerer,
        language: Language,
        asked: Asked<'_>,
        plain: &str,
        now: DateTime,
    ) -> Result<Option<Reply>, AnswererError> {
        let guide = answerer.guide();
        let bookable = &guide.site.bookable;
        if bookable.is_empty() {
            return Ok(None);
        }
        let started = self.booking.is_some();
        if !started && !wants_to_book(language, plain) {
            return Ok(None);
        }
        if started && is_never_mind(language, plain) {
            self.booking = None;
            return Ok(None);
        }
        let named = bookable.keys().find(|id| {
            guide.places.get(*id).is_some_and(|place| {
                let text = place.text(language);
                std::iter::once(&text.name)
                    .chain(&text.also)
                    .any(|name| plain.contains(&normal(&domain::ruby::plain(name))))
            })
        });
        if !started && !answerer.is_of_places(language, asked, named.is_some(), |id| bookable.contains_key(id))? {
            // A taxi, a bicycle, a hotel elsewhere.
            return Ok(None);
        }
        let talked_of = match &self.topic {
            Some(Meaning::Place(id, _)) if bookable.contains_key(id) => Some(id),
            _ => None,
        };
        let (day, people) = (when::day(language, plain, now.date()), when::count(language, plain));
        if started && named.is_none() && day.is_none() && people.is_none() {
            // Something else was asked: answer that, keep the wish.
            return Ok(None);
        }
        let mut booking = self.booking.take().unwrap_or_default();
        // A later word corrects an earlier one.
        booking.place = named.or(talked_of.filter(|_| booking.place.is_none())).cloned().or(booking.place);
        booking.day = day.or(booking.day);
        booking.people = people.or(booking.people);
        let mut reply = Reply {
            answer: None,
            text: String::new(),
            score: 1.0,
            source: None,
            place: booking.place.clone(),
            choices: Vec::new(),
            follow_ups: Vec::new(),
            staff: false,
        };
        let place = booking.place.as_ref().and_then(|id| guide.places.get(id).map(|place| (id, place)));
        reply.text = match (place, booking.day, booking.people) {
            (None, _, _) => {
                reply.choices = bookable
                    .keys()
                    .filter_map(|id| answerer.choice(language, &Meaning::Place(id.clone(), Attribute::About)))
                    .take(3)
                    .collect();
                words::which_place(language)
            }
            (Some(_), None, _) => words::which_day(language),
            (Some(_), Some(_), None) => words::how_many(language),
            (Some((id, place)), Some(day), Some(people)) => {
                let name = &place.text(language).name;
                reply.answer = Some(format!("{id}.book"));
                reply.staff = true;
                let most = bookable.get(id).copied().unwrap_or(u16::MAX);
                if people > most {
                    booking.people = None;
                    words::too_many(language, name, most)
                } else if crate::calendar::on(place, day) == crate::calendar::OpenDay::Closed {
                    booking.day = None;
                    format!("{}{}", say::hours(language, place, day, now), words::another_day(language))
                } else {
                    words::complete(language, name, day, people, place.phone.as_deref())
                }
            }
        };
        self.topic = booking.place.clone().map(|id| Meaning::Place(id, Attribute::About)).or(self.topic.take());
        let complete = booking.place.is_some() && booking.day.is_some() && booking.people.is_some();
        self.booking = (!complete).then_some(booking);
        self.choices.clone_from(&reply.choices);
        self.said = Some(reply.clone());
        Ok(Some(reply))
    }
}

/// A text that names little more than a day.
fn most_of_a_day(language: Language) -> usize {
    match language {
        Language::Ja | Language::ZhHans => 9,
        Language::Ko => 10,
        Language::En => 28,
    }
}

fn is_again(language: Language, plain: &str) -> bool {
    let words: &[&str] = match language {
        Language::Ja => &[
            "もう一度",
            "もう1度",
            "もう一回",
            "もう1回",
            "もういちど",
            "もういっかい",
            "聞こえなかった",
            "聞こえません",
            "繰り返して",
            "なんて言った",
        ],
        Language::En => &[
            "say it again",
            "say that again",
            "repeat",
            "once more",
            "pardon",
            "one more time",
            "i didnt hear",
            "i did not hear",
            "what did you say",
        ],
        Language::ZhHans => &["再说一遍", "再说一次", "没听清", "没听见", "重复一遍"],
        Language::Ko => &["다시 말해", "다시 한번", "다시 한 번", "못 들었", "뭐라고"],
    };
    words.iter().any(|word| plain.contains(word)) && plain.chars().count() <= 24
}

fn wants_to_book(language: Language, plain: &str) -> bool {
    let words: &[&str] = match language {
        Language::Ja => {
            &["予約したい", "予約をしたい", "予約お願い", "予約できますか", "借りたいです", "泊まりたい", "押さえたい"]
        }
        Language::En => &[
            "i want to book",
            "id like to book",
            "can i book",
            "like to reserve",
            "want to reserve",
            "make a reservation",
            "book a room",
            "book the",
        ],
        Language::ZhHans => &["我想预订", "我要预订", "想预约", "我要订", "能预订", "可以预订", "想订"],
        Language::Ko => &["예약하고 싶", "예약할게", "예약해 주", "예약할 수 있", "예약 가능"],
    };
    words.iter().any(|word| plain.contains(word))
}

fn is_never_mind(language: Language, plain: &str) -> bool {
    let words: &[&str] = match language {
        Language::Ja => &["やめます", "やめる", "もういいです", "キャンセル", "けっこうです", "結構です"],
        Language::En => &["never mind", "cancel", "forget it", "no thank"],
        Language::ZhHans => &["算了", "不用了", "取消"],
        Language::Ko => &["됐어요", "괜찮아요", "취소", "그만"],
    };
    words.iter().any(|word| plain.contains(word))
}

/// A text without what may tell who somebody is: runs of digits, mail addresses, and what follows "my name is".
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_numeric() {
            if !out.ends_with('#') {
                out.push('#');
            }
        } else {
            out.push(c);
        }
    }
    let out: String =
        out.split(' ').map(|word| if word.contains('@') { "<mail>" } else { word }).collect::<Vec<_>>().join(" ");
    for lead in [
        "私の名前は",
        "名前は",
        "わたしは",
        "my name is ",
        "My name is ",
        "I am ",
        "I'm ",
        "我叫",
        "我是",
        "제 이름은 ",
        "저는 ",
    ] {
        if let Some(at) = out.find(lead) {
            return format!("{}{lead}<name>", &out[..at]);
        }
    }
    out.chars().take(200).collect()
}

/// The sentences of a booking.
mod words {
    use crate::say;
    use domain::{Date, Language};

    pub fn which_place(language: Language) -> String {
        match language {
            Language::Ja => "どちらのご予約ですか。",
            Language::En => "What would you like to book?",
            Language::ZhHans => "您想预订哪一项？",
            Language::Ko => "무엇을 예약하시겠습니까?",
        }
        .to_owned()
    }

    pub fn which_day(language: Language) -> String {
        match language {
            Language::Ja => "何月何日をご希望ですか。",
            Language::En => "For which day?",
            Language::ZhHans => "您想订哪一天？",
            Language::Ko => "며칠을 원하십니까?",
        }
        .to_owned()
    }

    pub fn how_many(language: Language) -> String {
        match language {
            Language::Ja => "何人でご利用ですか。",
            Language::En => "For how many people?",
            Language::ZhHans => "一共几位？",
            Language::Ko => "몇 분이십니까?",
        }
        .to_owned()
    }

    pub fn too_many(language: Language, name: &str, most: u16) -> String {
        match language {
            Language::Ja => format!("{name}は、{most}人までです。何人でご利用ですか。"),
            Language::En => format!("{name} is for up to {most} people. How many will you be?"),
            Language::ZhHans => format!("{name}最多{most}人。一共几位？"),
            Language::Ko => format!("{name}은 {most}명까지입니다. 몇 분이십니까?"),
        }
    }

    pub fn another_day(language: Language) -> String {
        match language {
            Language::Ja => "別の日をおっしゃってください。",
            Language::En => " Please tell me another day.",
            Language::ZhHans => "请告诉我另一天。",
            Language::Ko => " 다른 날짜를 말씀해 주세요.",
        }
        .to_owned()
    }

    /// The wish, repeated; nothing is booked here, and nothing else is said.
    pub fn complete(language: Language, name: &str, day: Date, people: u16, phone: Option<&str>) -> String {
        let day = say::day(language, day);
        let call = match (language, phone) {
            (Language::Ja, Some(phone)) => format!("受付か、お電話{phone}でお申し込みください。"),
            (Language::Ja, None) => "受付でお申し込みください。".to_owned(),
            (Language::En, Some(phone)) => format!("Please book at the reception or by telephone: {phone}."),
            (Language::En, None) => "Please book at the reception.".to_owned(),
            (Language::ZhHans, Some(phone)) => format!("请到前台或拨打{phone}办理预订。"),
            (Language::ZhHans, None) => "请到前台办理预订。".to_owned(),
            (Language::Ko, Some(phone)) => format!("접수처나 전화 {phone}로 예약해 주세요."),
            (Language::Ko, None) => "접수처에서 예약해 주세요.".to_owned(),
        };
        match language {
            Language::Ja => format!("{name}を、{day}、{people}人でご希望ですね。まだ予約はできていません。{call}"),
            Language::En => format!("You would like {name} on {day} for {people}. It is not booked yet. {call}"),
            Language::ZhHans => format!("您希望预订{name}，{day}，{people}人。目前还没有预订成功。{call}"),
            Language::Ko => format!("{name}, {day}, {people}명을 원하시는군요. 아직 예약되지 않았습니다. {call}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_note_holds_nothing_of_a_person() {
        assert_eq!(masked("電話は090-1234-5678です"), "電話は#-#-#です");
        assert_eq!(masked("write to taro@example.jp please"), "write to <mail> please");
        assert_eq!(masked("私の名前は渚花子です"), "私の名前は<name>");
        assert_eq!(masked("犬と泊まれますか"), "犬と泊まれますか");
    }
}
