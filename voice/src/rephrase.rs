//! The optional connected model: an endpoint (OpenAI's chat completions) that may say an approved answer in other words.
//!
//! It is given the approved text and nothing else: no question, no visitor, no kiosk. What it gives back is said only if it is
//! the same statement: the same words that mean something, in the same order, none lost, none added; only what stands between
//! them may differ. So a number, a time, a price, a name, "left" or "not" cannot change, nor two prices change places. Whatever
//! else comes, or nothing in time, the approved text is said.

use domain::{Language, ruby};
use reading::{Reader, normal};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use ureq::Agent;

/// How long a visitor waits for other words.
const PATIENCE: Duration = Duration::from_millis(1500);

/// An endpoint that failed is left alone for so long, or every visitor would wait for it.
const REST: Duration = Duration::from_secs(60);

/// A longer reply is none, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its address, `http://…/v1/chat/completions`, inside the municipality's own network.
    pub url: String,
    /// The model's name there.
    pub model: String,
}

/// Says approved answers in other words.
pub struct Rephraser {
    endpoint: Endpoint,
    agent: Agent,
    resting: Option<Instant>,
}

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    temperature: f32,
    max_tokens: u32,
    stream: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Told {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

impl Rephraser {
    /// With this endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        // Inside the town hall: no proxy of the environment stands between, and nobody sends the text elsewhere.
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).max_redirects(0);
        Self { endpoint, agent: config.build().into(), resting: None }
    }

    /// The text in other words, or the text itself.
    pub fn rephrase(&mut self, reader: &Reader, language: Language, approved: &str) -> String {
        if self.resting.is_some_and(|since| since.elapsed() < REST) {
            return approved.to_owned();
        }
        self.resting = None;
        let offered = match self.ask(language, &ruby::plain(approved)) {
            Ok(offered) => offered,
            Err(error) => {
                tracing::warn!(%error, "the connected model gives nothing; it is left alone for a minute");
                self.resting = Some(Instant::now());
                return approved.to_owned();
            }
        };
        if is_same_statement(reader, language, approved, &offered) {
            with_readings(approved, offered.trim())
        } else {
            tracing::info!("the connected model said something else; the approved text is said");
            approved.to_owned()
        }
    }

    fn ask(&self, language: Language, text: &str) -> Result<String, String> {
        let task = format!(
            "Rephrase the answer of an information desk in friendly spoken language ({}). Keep every name, number, time, price \
             and condition, and their order. Add nothing, leave nothing out. Give the sentence alone.",
            language.endonym()
        );
        let system = Message { role: "system", content: &task };
        let messages = [system, Message { role: "user", content: text }];
        let ask = Ask { model: &self.endpoint.model, messages, temperature: 0.2, max_tokens: 400, stream: false };
        let body = serde_json::to_vec(&ask).map_err(|error| error.to_string())?;
        let request = self.agent.post(&self.endpoint.url).header("content-type", "application/json");
        let mut response = request.send(&body).map_err(|error| error.to_string())?;
        let bytes =
            response.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|error| error.to_string())?;
        let told: Told = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        told.choices.into_iter().next().map(|choice| choice.message.content).ok_or_else(|| "no choices".to_owned())
    }
}

/// Whether two texts have the same words that mean something, in the same order.
fn is_same_statement(reader: &Reader, language: Language, approved: &str, offered: &str) -> bool {
    // Readings are ours to give, and one that is not on the screen would be said all the same.
    if offered.contains(['《', '》', '｜']) || offered.chars().any(|c| c.is_control() && c != '\n') {
        return false;
    }
    if offered.chars().count() > 2 * ruby::plain(approved).chars().count() + 20 {
        return false;
    }
    let facts = facts(reader, language, &ruby::plain(approved));
    !facts.is_empty() && facts == self::facts(reader, language, offered)
}

/// The words of a text that mean something.
fn facts(reader: &Reader, language: Language, text: &str) -> Vec<String> {
    let text = joined_numbers(text);
    match language {
        Language::Ja => {
            // Which of two times is which, how much it is at most, and whether it is sure.
            const KEPT: [&str; 11] =
                ["から", "まで", "より", "だけ", "しか", "のみ", "ず", "ぬ", "でしょ", "だろ", "かも"];
            let words = reader.japanese().words(&text).into_iter();
            let words =
                words.filter(|word| word.content || KEPT.contains(&word.surface.as_str()) || is_no(&word.surface));
            let bare = words.map(|word| {
                let kanji: String =
                    word.surface.chars().filter(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '々')).collect();
                // A verb is what its characters say, whatever its ending.
                if is_no(&word.surface) {
                    "ない".to_owned()
                } else if kanji.is_empty() {
                    word.surface
                } else {
                    kanji
                }
            });
            bare.filter(|word| !JAPANESE.contains(&word.as_str())).collect()
        }
        Language::En => {
            let text = normal(&text.replace("n't", " not").replace("n’t", " not"));
            text.split_whitespace().filter(|word| !ENGLISH.contains(word)).map(str::to_owned).collect()
        }
        Language::ZhHans => {
            let mut text = normal(&text.replace("是的", "对").replace("是，", "对，"));
            CHINESE.iter().for_each(|word| text = text.replace(word, " "));
            let mut facts: Vec<String> = Vec::new();
            let mut digits = false;
            for c in text.chars() {
                match facts.last_mut() {
                    Some(last) if digits && c.is_ascii_digit() => last.push(c),
                    _ if c.is_alphanumeric() => facts.push(c.to_string()),
                    _ => {}
                }
                digits = c.is_ascii_digit();
            }
            facts
        }
        Language::Ko => {
            let text = normal(&text);
            let bare = |word: &str| {
                let ending = KOREAN_ENDINGS.iter().find(|ending| word.ends_with(**ending));
                ending.map_or(word, |ending| &word[..word.len() - ending.len()]).to_owned()
            };
            let words = text.split_whitespace().filter(|word| !KOREAN.contains(word)).map(bare);
            words.filter(|word| !word.is_empty()).collect()
        }
    }
}

/// `1,000` is one number, and so is `3.5`; what joins them would be dropped with the other marks.
fn joined_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().enumerate() {
        match c {
            ',' if digit(at.checked_sub(1)) && digit(Some(at + 1)) => {}
            '.' | ':' if digit(at.checked_sub(1)) && digit(Some(at + 1)) => out.push('点'),
            _ => out.push(*c),
        }
    }
    out
}

fn is_no(word: &str) -> bool {
    matches!(word, "ん" | "ない" | "なく" | "なかっ" | "なけれ")
}

/// Courtesy, and what sentences are built with. "Yes" is not among them: the model does not know what was asked.
const JAPANESE: [&str; 23] = [
    "ご",
    "お",
    "ござい",
    "ください",
    "下",
    "いただけ",
    "いただき",
    "いただく",
    "おり",
    "い",
    "いる",
    "あり",
    "ある",
    "なり",
    "なっ",
    "なる",
    "こと",
    "もの",
    "の",
    "どうぞ",
    "ぜひ",
    "いたし",
    "ござる",
];

/// As [`JAPANESE`]. Words of place, time, denial and chance are not among them.
const ENGLISH: [&str; 39] = [
    "a", "an", "the", "is", "are", "was", "were", "be", "been", "it", "its", "this", "that", "these", "those", "there",
    "you", "your", "we", "our", "us", "they", "their", "i", "me", "my", "of", "and", "please", "will", "have", "has",
    "do", "does", "so", "well", "welcome", "kindly", "also",
];

/// As [`JAPANESE`].
const CHINESE: [&str; 13] = ["您好", "的话", "请您", "请", "您", "的", "了", "呢", "哦", "吧", "啊", "就", "是"];

/// As [`JAPANESE`].
const KOREAN: [&str; 5] = ["안녕하세요", "감사합니다", "부디", "그럼", "아"];

/// Endings and particles that do not change what is said, the longest first. "부터" and "까지" stay.
const KOREAN_ENDINGS: [&str; 25] = [
    "이십니다",
    "하십시오",
    "습니다",
    "입니다",
    "합니다",
    "하세요",
    "이에요",
    "십시오",
    "세요",
    "예요",
    "네요",
    "어요",
    "아요",
    "해요",
    "니다",
    "에서",
    "으로",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "요",
    "로",
];

/// The readings of the approved text, put over the same words again. A reading of one character holds only before what it
/// stood before: 入《はい》れます is not 入れます of something else.
fn with_readings(approved: &str, offered: &str) -> String {
    let spans = ruby::parse(approved);
    let mut out = String::with_capacity(offered.len());
    let mut rest = offered;
    for (at, span) in spans.iter().enumerate().filter(|(_, span)| !span.ruby.is_empty()) {
        let next = spans.get(at + 1).filter(|next| next.ruby.is_empty()).and_then(|next| next.base.chars().next());
        let short = span.base.chars().count() == 1;
        let found = rest
            .match_indices(span.base.as_str())
            .find(|(from, _)| !short || rest[from + span.base.len()..].chars().next() == next);
        if let Some((from, _)) = found {
            out.push_str(&rest[..from]);
            out.push_str(&format!("｜{}《{}》", span.base, span.ruby));
            rest = &rest[from + span.base.len()..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{self, Receiver};

    const BATH: &str = "大人《おとな》500円、小学生200円です。受付でお支払いください。";

    /// A model that answers each request with the next of these, and what it was sent.
    fn model(answers: Vec<Option<String>>) -> (Rephraser, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
        let (sent, asked) = mpsc::channel();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                sent.send(String::from_utf8(body).unwrap()).unwrap();
                let mut stream = reader.into_inner();
                if let Some(answer) = answer {
                    let head =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
                    // It may be gone already.
                    let _ = write!(stream, "{head}{answer}");
                }
                open.push(stream);
            }
        });
        (Rephraser::new(Endpoint { url, model: "small".into() }), asked)
    }

    fn says(text: &str) -> Option<String> {
        Some(serde_json::json!({ "choices": [{ "message": { "role": "assistant", "content": text } }] }).to_string())
    }

    fn reader() -> std::sync::Arc<Reader> {
        Place::prepared().unwrap().reader(&[]).unwrap()
    }

    #[test]
    fn a_good_model_is_said_with_the_readings_and_sees_nothing_but_the_answer() {
        let good = "大人は500円、小学生は200円でございます。受付にてお支払いくださいませ。";
        let (mut rephraser, asked) = model(vec![says(good)]);
        let said = rephraser.rephrase(&reader(), Language::Ja, BATH);
        assert_eq!(said, good.replace("大人", "｜大人《おとな》"));
        assert_eq!(ruby::plain(&said), good);
        let sent: serde_json::Value = serde_json::from_str(&asked.recv().unwrap()).unwrap();
        assert_eq!(sent["model"], "small");
        let messages = sent["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1]["content"], ruby::plain(BATH));
        assert!(!messages[0]["content"].as_str().unwrap().contains("500"));
    }

    #[test]
    fn a_lying_model_is_not_said() {
        let reader = reader();
        let lies = [
            // A price, a swap, a loss, an addition, a denial, another word, a reading of its own.
            "大人は600円、小学生は200円です。受付でお支払いください。",
            "大人は200円、小学生は500円です。受付でお支払いください。",
            "小学生200円、大人500円です。受付でお支払いください。",
            "大人は500円です。受付でお支払いください。",
            "大人500円、小学生200円、幼児は無料です。受付でお支払いください。",
            "大人500円、小学生200円ではありません。受付でお支払いください。",
            "大人500円、小学生200円です。玄関でお支払いください。",
            "大人《こども》500円、小学生200円です。受付でお支払いください。",
            "はい、大人500円、小学生200円です。受付でお支払いください。",
            "",
        ];
        for lie in lies {
            assert!(!is_same_statement(&reader, Language::Ja, BATH, lie), "{lie}");
        }
        let (mut rephraser, asked) = model(vec![says(lies[1])]);
        assert_eq!(rephraser.rephrase(&reader, Language::Ja, BATH), BATH);
        assert!(asked.recv().is_ok());
        for (language, approved, same, lies) in [
            (
                Language::Ja,
                "右へ進み、10時から16時まで開《あ》いています。",
                "右へ進みまして、10時から16時まで開いております。",
                [
                    "左へ進み、10時から16時まで開いています。",
                    "右へ進み、16時から10時まで開いています。",
                    "右へ進み、10時から16時まで閉まっています。",
                ],
            ),
            (
                Language::En,
                "The bath is open until 8:30 p.m. It costs 1,000 yen.",
                "Our bath is open until 8:30 p.m. and it costs 1000 yen.",
                [
                    "The bath is open until 9:30 p.m. It costs 1,000 yen.",
                    "The bath is not open until 8:30 p.m. It costs 1,000 yen.",
                    "The bath is open after 8:30 p.m. It costs 1,000 yen.",
                ],
            ),
            (
                Language::ZhHans,
                "小毛巾200日元，浴巾300日元，可以租用。请到前台办理。",
                "小毛巾是200日元，浴巾是300日元，可以租用哦。请您到前台办理。",
                [
                    "小毛巾300日元，浴巾200日元，可以租用。请到前台办理。",
                    "小毛巾200日元，浴巾300日元，不可以租用。请到前台办理。",
                    "小毛巾200日元，可以租用。请到前台办理。",
                ],
            ),
            (
                Language::Ko,
                "작은 수건은 200엔, 목욕 수건은 300엔에 빌려 드립니다.",
                "작은 수건은 200엔, 목욕 수건은 300엔에 빌려 드립니다. 감사합니다.",
                [
                    "작은 수건은 300엔, 목욕 수건은 200엔에 빌려 드립니다.",
                    "작은 수건은 200엔에 빌려 드립니다.",
                    "작은 수건은 200엔, 목욕 수건은 300엔에 안 빌려 드립니다.",
                ],
            ),
        ] {
            assert!(
                is_same_statement(&reader, language, approved, same),
                "{same}: {:?} {:?}",
                facts(&reader, language, &ruby::plain(approved)),
                facts(&reader, language, same)
            );
            for lie in lies {
                assert!(!is_same_statement(&reader, language, approved, lie), "{lie}");
            }
        }
    }

    #[test]
    fn a_slow_or_broken_model_costs_a_moment_once() {
        let reader = reader();
        let (mut rephraser, asked) = model(vec![None, says(BATH)]);
        let begun = Instant::now();
        assert_eq!(rephraser.rephrase(&reader, Language::Ja, BATH), BATH);
        assert!((PATIENCE..2 * PATIENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        assert!(asked.recv().is_ok());
        // It is left alone.
        assert_eq!(rephraser.rephrase(&reader, Language::Ja, BATH), BATH);
        assert!(asked.try_recv().is_err());
        let broken = [
            "",
            "not json",
            "{\"choices\":[]}",
            "{\"error\":\"busy\"}",
            "{\"choices\":[{\"message\":{\"content\":null}}]}",
        ];
        for body in broken.into_iter().map(str::to_owned).chain(["x".repeat(2 * LARGEST as usize)]) {
            let (mut rephraser, _asked) = model(vec![Some(body.clone())]);
            assert_eq!(rephraser.rephrase(&reader, Language::Ja, BATH), BATH, "{}", &body[..body.len().min(40)]);
            assert!(rephraser.resting.is_some());
        }
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut rephraser = Rephraser::new(Endpoint { url: format!("http://{gone}/"), model: "small".into() });
        assert_eq!(rephraser.rephrase(&reader, Language::Ja, BATH), BATH);
    }
}
