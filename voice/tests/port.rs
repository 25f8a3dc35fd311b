//! The whole port on a real sound server: questions are played before its microphone, what it says is recorded and understood
//! by a recogniser that nobody here wrote.

use domain::voice::{AskedOf, VoiceCommand, VoiceEvent};
use domain::{Language, Personal, RequestId, ruby};
use hearing::{Hints, RATE, Recogniser, Vad, Whisper, loudness, write_wav};
use jiff::civil::datetime;
use speech::Speaker;
use stage::SoundServer;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use voice::{Place, port};

const LONG: Duration = Duration::from_secs(60);

/// A port in a room with a sound server.
struct Room {
    // What is left first goes first: the port, its threads, the server that they speak with.
    port: port::Handle,
    events: Events,
    server: SoundServer,
    place: Place,
    folder: TempDir,
    last: u64,
}

/// What the port says. It ends when the port's threads have ended: one that still plays while the process ends would crash it.
struct Events(Receiver<(Instant, VoiceEvent)>);

impl Drop for Events {
    fn drop(&mut self) {
        while self.0.recv_timeout(LONG / 4).is_ok() {}
    }
}

impl Room {
    /// Call it before the process has other threads.
    fn enter(barge_in: bool) -> Self {
        let server = SoundServer::start().unwrap();
        // SAFETY: no other thread reads the environment yet; each test is a process of its own under nextest.
        unsafe { std::env::set_var("PULSE_SERVER", server.address()) };
        let (sender, events) = mpsc::channel();
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("guides/kurikara");
        // A Monday evening on which the bath is open: what is answered depends on the hour.
        let at = Some(datetime(2026, 11, 23, 18, 30, 0, 0));
        let config = port::Config { guide, barge_in, at, ..port::Config::default() };
        let emit = move |event| drop(sender.send((Instant::now(), event)));
        let port = port::spawn(config, emit, |_| {}).unwrap();
        let place = Place::prepared().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let room = Self { port, events: Events(events), server, place, folder, last: 0 };
        // It may have to learn its guide first.
        room.wait(10 * LONG, |event| matches!(event, VoiceEvent::Ready));
        room
    }

    fn wait(&self, patience: Duration, wanted: impl Fn(&VoiceEvent) -> bool) -> (Instant, VoiceEvent) {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let (at, event) = self.events.0.recv_timeout(left).expect("the event comes");
            if wanted(&event) {
                return (at, event);
            }
        }
    }

    fn request(&mut self) -> RequestId {
        self.last += 1;
        RequestId(self.last)
    }

    fn listen(&mut self, language: Language) -> RequestId {
        let request = self.request();
        self.port.send(VoiceCommand::Listen { request, language, detect: false });
        self.wait(LONG, |event| *event == VoiceEvent::Listening(request));
        request
    }

    /// A question as a visitor says it.
    fn question(&self, language: Language, voice: &str, text: &str) -> PathBuf {
        let mut speaker = Speaker::new(self.place.models.clone(), self.place.reader(&[]).unwrap());
        let sound = speaker.say_as(language, voice, text, 1.0).unwrap();
        let mut samples = vec![0.0; sound.rate as usize / 4];
        // As loud as somebody an arm's length away.
        samples.extend(sound.samples.iter().map(|sample| sample * 0.4));
        let path = self.folder.path().join("question.wav");
        write_wav(&path, &samples, sound.rate).unwrap();
        path
    }
}

/// Edits a hundred sounds.
fn error(heard: &str, said: &str) -> f32 {
    100.0 * voice::edits(heard, said) as f32 / said.chars().count().max(1) as f32
}

#[test]
fn questions_are_heard_answered_and_said() {
    let mut room = Room::enter(false);
    let reader = room.place.reader(&[("倶利伽羅塾".into(), "くりからじゅく".into())]).unwrap();
    let mut whisper = Whisper::load(&room.place.models, 1).unwrap();
    let mut vad = Vad::load(&room.place.models).unwrap();
    for (language, voice, text, wanted, most) in [
        (Language::Ja, "jm_kumo", "お風呂は何時まで開いていますか", "genpei-no-yu.hours", 14.0),
        (Language::En, "af_heart", "Where is the toilet?", "toilet", 10.0),
        (Language::ZhHans, "zm_yunjian", "有什么特产可以买", "shop-souvenirs", 10.0),
    ] {
        let file = room.question(language, voice, text);
        let request = room.listen(language);
        room.server.play(&file).unwrap();
        let over = Instant::now();
        let (heard_at, event) = room.wait(LONG, |event| {
            matches!(event, VoiceEvent::Heard { .. } | VoiceEvent::NothingHeard(_) | VoiceEvent::NoMicrophone)
        });
        let VoiceEvent::Heard { request: of, text: heard, .. } = event else { panic!("{text}: {event:?}") };
        assert_eq!(of, request);
        let (a, b) = (reader.sound(language, heard.reveal()), reader.sound(language, text));
        assert!(error(&a, &b) <= 20.0, "{text}: heard {}", heard.reveal());

        let request = room.request();
        room.port.send(VoiceCommand::Answer { request, language, question: AskedOf::Said(heard) });
        let (_, event) = room.wait(LONG, |event| !matches!(event, VoiceEvent::Partial { .. }));
        let VoiceEvent::Answered { answer, .. } = event else { panic!("{text}: {event:?}") };
        let id = answer.id.as_ref().map(|id| id.0.as_str());
        assert!(id.is_some_and(|id| id.starts_with(wanted)), "{text}: {id:?} {}", answer.text);
        if wanted.contains('.') {
            let place = answer.place.as_ref().expect("a place to show");
            assert!(place.metres < 1_000 && place.bearing < 360);
        }

        let recording = room.server.record().unwrap();
        let request = room.request();
        room.port.send(VoiceCommand::Say { request, language, text: answer.text.clone() });
        room.wait(LONG, |event| *event == VoiceEvent::Said(request));
        let samples = recording.until_silence(LONG).unwrap();
        let mut said = String::new();
        for span in vad.spans(&samples).unwrap() {
            let heard = whisper.hear(&samples[span.from..span.until], Some(language), &Hints::default()).unwrap();
            said.extend(heard.into_iter().map(|heard| heard.text));
        }
        let (wrong, of) = voice::misheard(&reader, language, &said, &ruby::spoken(&answer.text));
        let wrong = 100.0 * wrong as f32 / of.max(1) as f32;
        println!(
            "{text}: heard {} ms after its end; said with {:.0} % of sounds wrong: {said}",
            heard_at.saturating_duration_since(over).as_millis(),
            wrong
        );
        assert!(wrong <= most, "{}: understood as {said} ({wrong:.0} %)", answer.text);
    }
}

#[test]
fn a_touched_question_is_answered_and_a_wrong_one_refused() {
    let mut room = Room::enter(false);
    let request = room.request();
    let question = AskedOf::Chosen(domain::voice::AnswerId("genpei-no-yu.fee".into()));
    room.port.send(VoiceCommand::Answer { request, language: Language::En, question });
    let (_, event) = room.wait(LONG, |_| true);
    assert!(matches!(&event, VoiceEvent::Answered { answer, .. } if answer.text.contains("500 yen")), "{event:?}");
    let request = room.request();
    let question = AskedOf::Chosen(domain::voice::AnswerId("../../etc/passwd".into()));
    room.port.send(VoiceCommand::Answer { request, language: Language::En, question });
    assert_eq!(room.wait(LONG, |_| true).1, VoiceEvent::Failed(request));
    // What is said by nobody that a recogniser understands is an answer too.
    let request = room.request();
    let question = AskedOf::Said(Personal::new("\u{0}🗾 …".into()));
    room.port.send(VoiceCommand::Answer { request, language: Language::Ja, question });
    let (_, event) = room.wait(LONG, |_| true);
    assert!(matches!(&event, VoiceEvent::Answered { answer, .. } if answer.id.is_none()), "{event:?}");
}

#[test]
fn nobody_speaks_and_the_sound_card_is_unplugged() {
    let mut room = Room::enter(false);
    let request = room.listen(Language::Ja);
    assert_eq!(room.wait(LONG, |_| true).1, VoiceEvent::NothingHeard(request));
    let file = room.question(
        Language::Ja,
        "jf_alpha",
        "すみません、ちょっとお聞きしたいのですが、駅まではどう行けばいいですか",
    );
    let request = room.listen(Language::Ja);
    std::thread::scope(|scope| {
        // It goes away while it plays.
        scope.spawn(|| drop(room.server.play(&file)));
        room.wait(LONG, |event| *event == VoiceEvent::Began(request));
        room.server.unplug().unwrap();
        room.wait(LONG, |event| *event == VoiceEvent::NoMicrophone);
    });
}

#[test]
fn whoever_begins_to_speak_silences_the_voice() {
    let mut room = Room::enter(true);
    let file = room.question(Language::Ja, "jm_kumo", "トイレはどこですか");
    let recording = room.server.record().unwrap();
    let request = room.request();
    let text = "この建物を出て右へ、芝生広場の向こうの建物です。".repeat(8);
    room.port.send(VoiceCommand::Say { request, language: Language::Ja, text });
    // It is heard to speak.
    stage::wait_for("a voice", LONG, || {
        let sound = recording.samples()?;
        Ok((sound.len() > RATE as usize && loudness(&sound[sound.len() - 8_000..]) > -40.0).then_some(()))
    })
    .unwrap();
    // And the microphone is open: what is said before is not heard.
    room.wait(LONG, |event| matches!(event, VoiceEvent::Listening(_)));
    room.server.play(&file).unwrap();
    let (_, event) = room.wait(LONG, |event| {
        !matches!(event, VoiceEvent::Listening(_) | VoiceEvent::Began(_) | VoiceEvent::Partial { .. })
    });
    let VoiceEvent::Heard { request: of, text, .. } = event else { panic!("{event:?}") };
    assert_eq!(of, request, "it is heard in place of what was being said");
    let reader = room.place.reader(&[]).unwrap();
    let (a, b) = (reader.sound(Language::Ja, text.reveal()), reader.sound(Language::Ja, "トイレはどこですか"));
    assert!(error(&a, &b) <= 25.0, "{}", text.reveal());
    // Long before its text is over.
    recording.until_silence(Duration::from_secs(5)).unwrap();
}
