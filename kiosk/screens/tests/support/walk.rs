//! One walk through every screen, for whoever looks at them.

use super::{Citizen, HANAKO, LANDSCAPE, LONG, PORTRAIT, Stage};
use domain::Language;
use domain::Personal;
use domain::card::{CardEvent, CardRefusal};
use domain::face::Guidance;
use domain::form::{AnswerKind, FillRefusal, ValueId};
use domain::form::{FilledPdf, FormId};
use domain::paper::{Device, PrinterEvent, PrinterTrouble};
use domain::setup::{FoundPrinter, PrinterSays, SetupAnswer, Surroundings};
use domain::staff::{Condition, Counts, HostTried, Part, PinRefusal, StaffAnswer};
use domain::voice::{AnswerId, GuideAnswer, GuideChoice, PlaceShown, VoiceEvent};
use image::{Rgba, RgbaImage};
use visit::view::{Body, Sight};
use visit::{Event, IdentifyBy, Intent, ServiceId, SetupPage, SetupTouch, StaffEvent, StaffPage, StaffTouch, TextSize};

/// A way in which the screens are shown.
pub struct Variant {
    pub name: &'static str,
    pub size: (u32, u32),
    pub settings: &'static [Intent],
    pub citizen: Citizen,
}

/// Both orientations, every language, large letters, black and white, furigana, names of one and of sixty characters.
pub const VARIANTS: [Variant; 9] = [
    Variant { name: "ja-portrait", size: PORTRAIT, settings: &[], citizen: HANAKO },
    Variant { name: "ja-landscape", size: LANDSCAPE, settings: &[], citizen: HANAKO },
    Variant { name: "furigana-portrait", size: PORTRAIT, settings: &[Intent::Furigana(true)], citizen: HANAKO },
    Variant {
        name: "large-furigana-landscape",
        size: LANDSCAPE,
        settings: &[Intent::Furigana(true), Intent::Size(TextSize::Large)],
        citizen: LONG,
    },
    Variant { name: "large-portrait", size: PORTRAIT, settings: &[Intent::Size(TextSize::Large)], citizen: LONG },
    Variant { name: "contrast-portrait", size: PORTRAIT, settings: &[Intent::HighContrast(true)], citizen: HANAKO },
    Variant { name: "en-landscape", size: LANDSCAPE, settings: &[Intent::Speak(Language::En)], citizen: HANAKO },
    Variant { name: "ko-portrait", size: PORTRAIT, settings: &[Intent::Speak(Language::Ko)], citizen: HANAKO },
    Variant { name: "zh-portrait", size: PORTRAIT, settings: &[Intent::Speak(Language::ZhHans)], citizen: HANAKO },
];

/// A person before a wall, as plain as a drawing can be.
fn camera() -> RgbaImage {
    RgbaImage::from_fn(640, 480, |x, y| {
        let (dx, dy) = ((x as f32 - 320.0) / 92.0, (y as f32 - 225.0) / 122.0);
        let shoulders = ((x as f32 - 320.0) / 215.0).powi(2) + ((y as f32 - 505.0) / 135.0).powi(2) < 1.0;
        let hair =
            (dx / 1.16).powi(2) + ((dy + 0.16) / 1.12).powi(2) < 1.0 && (dy < -0.42 || dx.abs() > 0.84) && dy < 0.55;
        let face = dx * dx + dy * dy < 1.0;
        let eye = ((dx.abs() - 0.38) / 0.1).powi(2) + ((dy + 0.06) / 0.055).powi(2) < 1.0;
        let mouth = (dx / 0.3).powi(2) + ((dy - 0.52) / 0.05).powi(2) < 1.0;
        if eye || hair {
            Rgba([46, 38, 36, 255])
        } else if mouth {
            Rgba([176, 92, 88, 255])
        } else if face {
            Rgba([236, 200, 176, 255])
        } else if shoulders {
            Rgba([72, 96, 138, 255])
        } else {
            let light = (205 + x / 22 - y / 40) as u8;
            Rgba([light, light, light.saturating_sub(6), 255])
        }
    })
}

/// Answers the question on the screen soundly; says what kind it was.
fn answer(stage: &mut Stage) -> Option<&'static str> {
    let Body::Ask { editor, .. } = stage.view().body else { return None };
    let choices: Vec<String> = editor.choices.iter().map(|(_, label)| label.clone()).collect();
    Some(match editor.kind {
        AnswerKind::One { .. } => {
            stage.touch(&choices[0]);
            "one"
        }
        AnswerKind::Many { .. } => {
            choices.iter().take(2).for_each(|choice| stage.touch(choice));
            "many"
        }
        AnswerKind::Kana { .. } => {
            ["ナ", "キ", "゛", "サ", "ハ", "ナ", "コ"].iter().for_each(|key| match *key {
                "゛" => touch_mark(stage),
                key => stage.touch(key),
            });
            "kana"
        }
        AnswerKind::Text { .. } => "text",
        AnswerKind::Phone => {
            "09000001234".chars().for_each(|digit| stage.touch(&digit.to_string()));
            "phone"
        }
        AnswerKind::Postcode => {
            "9990001".chars().for_each(|digit| stage.touch(&digit.to_string()));
            "postcode"
        }
        AnswerKind::Digits { min, .. } => {
            (0..min.max(1)).for_each(|_| stage.touch("1"));
            "digits"
        }
        AnswerKind::Date { .. } => "date",
    })
}

/// The mark's key says its name in the visitor's language.
fn touch_mark(stage: &mut Stage) {
    let names = ["濁点", "Voiced mark", "浊音符", "탁점"];
    if let Some(name) = names.into_iter().find(|name| stage.find(name).is_some()) {
        stage.touch(name);
    }
}

/// What somebody asks, what is answered, and what is offered next, in each language.
struct Talk {
    question: &'static str,
    answer: &'static str,
    place: &'static str,
    away: &'static str,
    next: [&'static str; 3],
}

const TALKS: [(Language, Talk); 4] = [
    (
        Language::Ja,
        Talk {
            question: "お風呂は何時まで開いていますか",
            answer: "源平《げんぺい》の湯《ゆ》は、今日《きょう》は10時《じ》から16時《じ》までと、18時《じ》から20時半《じはん》までです。あと2時間《じかん》ほど開《あ》いています。",
            place: "源平《げんぺい》の湯《ゆ》",
            away: "歩《ある》いて約《やく》2分《ふん》",
            next: ["源平の湯：料金", "タオルは借りられますか", "源平の湯：場所・行き方"],
        },
    ),
    (
        Language::En,
        Talk {
            question: "Until what time can I still go into the bath this evening?",
            answer: "Genpei-no-Yu Bath is open today from 10:00 to 16:00 and from 18:00 to 20:30. It closes in about two hours. Please buy a bath ticket from the machine at the entrance, and bring your own towel or borrow one at the front desk.",
            place: "Genpei-no-Yu Bath",
            away: "about 2 minutes on foot",
            next: ["Genpei-no-Yu Bath：fees", "Can I borrow a towel for the bath?", "Genpei-no-Yu Bath：where it is"],
        },
    ),
    (
        Language::ZhHans,
        Talk {
            question: "浴室今天开到几点",
            answer: "源平之汤今天10点到16点、18点到20点半开放，还有大约两小时。",
            place: "源平之汤",
            away: "步行约2分钟",
            next: ["源平之汤：费用", "可以借毛巾吗", "源平之汤：位置和路线"],
        },
    ),
    (
        Language::Ko,
        Talk {
            question: "목욕탕은 오늘 몇 시까지 해요",
            answer: "겐페이노유 대욕장은 오늘 10시부터 16시까지, 18시부터 20시 반까지입니다. 두 시간쯤 남았습니다.",
            place: "겐페이노유 대욕장",
            away: "걸어서 약 2분",
            next: ["겐페이노유 대욕장: 요금", "수건을 빌릴 수 있나요", "겐페이노유 대욕장: 위치와 가는 길"],
        },
    ),
];

/// Asks the guide of a roadside station, with its troubles; `seen` is shown every screen.
pub fn ask(
    stage: &mut Stage,
    variant: &Variant,
    seen: &mut dyn FnMut(&mut Stage, &str) -> Seen,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut look = |stage: &mut Stage, name: &str| {
        stage.pass(500);
        seen(stage, name)
    };
    variant.settings.iter().for_each(|setting| stage.want(setting.clone()));
    look(stage, "ask-starting")?;
    stage.give(Event::Voice(VoiceEvent::Ready));
    look(stage, "ask-home")?;
    let language = stage.view().settings.language;
    let talk = &TALKS.iter().find(|(of, _)| *of == language).expect("a talk").1;
    let Body::Home { ask: Some(button), .. } = stage.view().body else { panic!("nothing can be asked") };
    stage.touch(&domain::ruby::plain(&button.label));
    look(stage, "ask-opens")?;
    let request = stage.asked();
    stage.give(Event::Voice(VoiceEvent::Listening(request)));
    look(stage, "ask-listens")?;
    stage.give(Event::Voice(VoiceEvent::Began(request)));
    let said = |length: usize| Personal::new(talk.question.chars().take(length).collect::<String>());
    stage.give(Event::Voice(VoiceEvent::Partial { request, text: said(8) }));
    look(stage, "ask-hears")?;
    stage.give(Event::Voice(VoiceEvent::Heard { request, language, text: said(999) }));
    look(stage, "ask-thinks")?;
    let choices = |many: usize| -> Vec<GuideChoice> {
        let labels = talk.next.iter().take(many);
        labels.map(|label| GuideChoice { id: AnswerId("toilets.where".into()), label: (*label).to_owned() }).collect()
    };
    let mut answer = GuideAnswer {
        id: Some(AnswerId("genpei-no-yu.hours".into())),
        text: talk.answer.to_owned(),
        place: Some(PlaceShown { name: talk.place.to_owned(), away: talk.away.to_owned(), metres: 134, bearing: 52 }),
        choices: Vec::new(),
        follow_ups: choices(3),
        staff: false,
    };
    let answered = |stage: &mut Stage, answer: &GuideAnswer| {
        let request = stage.asked();
        stage.give(Event::Voice(VoiceEvent::Answered { request, answer: Box::new(answer.clone()) }));
    };
    answered(stage, &answer);
    look(stage, "ask-speaks")?;
    let request = stage.asked();
    stage.give(Event::Voice(VoiceEvent::Said(request)));
    look(stage, "ask-answered")?;
    stage.touch_and_rest(talk.next[1]);
    (answer.id, answer.place) = (None, None);
    (answer.choices, answer.follow_ups) = (choices(3), Vec::new());
    answer.text = "？".to_owned();
    answered(stage, &answer);
    look(stage, "ask-asks-back")?;
    stage.want(Intent::Talk);
    let request = stage.asked();
    stage.give(Event::Voice(VoiceEvent::NothingHeard(request)));
    look(stage, "ask-nothing-heard")?;
    stage.want(Intent::Talk);
    let request = stage.asked();
    stage.give(Event::Voice(VoiceEvent::Heard { request, language, text: said(999) }));
    (answer.choices, answer.staff) = (Vec::new(), true);
    answered(stage, &answer);
    look(stage, "ask-unknown")?;
    stage.want(Intent::Talk);
    stage.give(Event::Voice(VoiceEvent::NoMicrophone));
    look(stage, "ask-no-microphone")
}

/// A kiosk as the port of staff mode sees it.
pub fn condition() -> Condition {
    Condition {
        version: "0.1.0".to_owned(),
        pack: "city-hall".to_owned(),
        installed: Part::ALL.to_vec(),
        free_mb: 21_340,
        disk_mb: 60_000,
        counts: Some(Counts { day: super::TODAY, visits: 48, completed: 43, printed: 97, troubles: 1 }),
        volume: Some(60),
        brightness: Some(80),
        stick: None,
    }
}

/// The way in.
pub const DOORS: [&str; 4] = ["職員用", "For staff", "职员专用", "직원용"];

/// Enters a PIN of staff mode.
pub fn enter_staff_pin(stage: &mut Stage) {
    "48291537".chars().for_each(|digit| stage.touch(&digit.to_string()));
    let ok = stage.view().captions.ok;
    stage.touch_and_rest(&ok);
}

/// As far as the menu of staff mode.
pub fn open_staff_mode(stage: &mut Stage) {
    stage.give(Event::StaffMode(StaffAnswer::Installed { out_of_service: false }));
    let door = DOORS.into_iter().find(|door| stage.find(door).is_some()).expect("a way in");
    stage.hold(door, 5_100);
    enter_staff_pin(stage);
    stage.staff_answers(StaffAnswer::Opened);
    stage.staff_answers(|request| StaffAnswer::Seen(request, Box::new(condition())));
}

/// What the tile of staff mode says that leads to this.
fn tile_to(stage: &Stage, wanted: &StaffTouch) -> String {
    let Body::StaffPage { tiles, .. } = stage.view().body else { panic!("{}", stage.visit.state().name()) };
    let tile = tiles.into_iter().find(|tile| tile.button.intent == Intent::Staff(wanted.clone()));
    tile.unwrap_or_else(|| panic!("no tile leads to {wanted:?}")).button.label
}

/// Touches the tile that leads there.
pub fn go(stage: &mut Stage, page: StaffPage) {
    let label = tile_to(stage, &StaffTouch::Go(page));
    stage.touch_and_rest(&label);
}

fn back(stage: &mut Stage) {
    let label = stage.view().back.expect("a way back").label;
    stage.touch_and_rest(&label);
}

fn next(stage: &mut Stage) {
    let label = stage.view().next.expect("a way on").label;
    stage.touch_and_rest(&label);
}

/// Walks through staff mode; `seen` is shown every screen.
pub fn upkeep(
    stage: &mut Stage,
    variant: &Variant,
    seen: &mut dyn FnMut(&mut Stage, &str) -> Seen,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut look = |stage: &mut Stage, name: &str| {
        stage.pass(500);
        seen(stage, name)
    };
    variant.settings.iter().for_each(|setting| stage.want(setting.clone()));
    stage.give(Event::StaffMode(StaffAnswer::Installed { out_of_service: false }));
    let door = DOORS.into_iter().find(|door| stage.find(door).is_some()).ok_or("no way in")?;
    stage.hold(door, 5_100);
    "482".chars().for_each(|digit| stage.touch(&digit.to_string()));
    look(stage, "staff-pin")?;
    let clear = stage.view().captions.clear;
    stage.touch(&clear);
    enter_staff_pin(stage);
    stage.staff_answers(|request| StaffAnswer::Refused { request, why: PinRefusal::Wrong, wait_ms: 30_000 });
    look(stage, "staff-pin-locked")?;
    stage.wait(31_000);
    enter_staff_pin(stage);
    stage.staff_answers(StaffAnswer::Opened);
    stage.staff_answers(|request| StaffAnswer::Seen(request, Box::new(condition())));
    stage.printer(vec![PrinterTrouble::PaperOut]);
    look(stage, "staff-menu")?;
    go(stage, StaffPage::States);
    stage.staff_answers(|request| StaffAnswer::Seen(request, Box::new(condition())));
    look(stage, "staff-states")?;
    back(stage);
    go(stage, StaffPage::Paper);
    look(stage, "staff-paper")?;
    for help in visit::PaperHelp::ALL {
        go(stage, StaffPage::PaperHelp(help));
        look(stage, &format!("staff-help-{}", help.name()))?;
        back(stage);
    }
    back(stage);
    go(stage, StaffPage::Tests);
    look(stage, "staff-tests")?;
    go(stage, StaffPage::Test(Part::Reader));
    look(stage, "staff-test-reader")?;
    stage.insert_card();
    look(stage, "staff-test-reader-good")?;
    stage.remove_card();
    next(stage);
    stage.screen.set_camera_frame(camera());
    look(stage, "staff-test-camera")?;
    stage.guide(Guidance::Good);
    look(stage, "staff-test-camera-good")?;
    next(stage);
    look(stage, "staff-test-page-paper-out")?;
    stage.printer(vec![]);
    let again = tile_to(stage, &StaffTouch::Go(StaffPage::Test(Part::PagePrinter)));
    stage.touch_and_rest(&again);
    stage.staff_answers(|request| StaffAnswer::Drawn(request, Personal::new(FilledPdf(b"%PDF".to_vec()))));
    look(stage, "staff-test-page")?;
    let visit = stage.printed_for_staff();
    stage.give(Event::Paper(PrinterEvent::Printed { visit, form: FormId("staff".to_owned()) }));
    next(stage);
    let visit = stage.printed_for_staff();
    stage.give(Event::Paper(PrinterEvent::State {
        device: Device::Slip,
        troubles: vec![PrinterTrouble::DoorOpen],
        low: false,
    }));
    stage.give(Event::Paper(PrinterEvent::Slip { visit, printed: false }));
    look(stage, "staff-test-slip-bad")?;
    next(stage);
    look(stage, "staff-test-no-speaker")?;
    stage.give(Event::Voice(VoiceEvent::Ready));
    let again = tile_to(stage, &StaffTouch::Go(StaffPage::Test(Part::Speaker)));
    stage.touch_and_rest(&again);
    look(stage, "staff-test-speaker")?;
    let heard = tile_to(stage, &StaffTouch::Works(true));
    stage.touch_and_rest(&heard);
    next(stage);
    let request = stage.asked();
    stage.give(Event::Voice(VoiceEvent::Level { request, percent: 22 }));
    look(stage, "staff-test-microphone")?;
    next(stage);
    let targets = match stage.view().body {
        Body::StaffPage { sight: Sight::Targets(targets), .. } => targets,
        other => panic!("no targets: {other:?}"),
    };
    targets.iter().take(4).for_each(|target| stage.touch_and_rest(&target.label));
    look(stage, "staff-test-touch")?;
    targets.iter().skip(4).for_each(|target| stage.touch_and_rest(&target.label));
    look(stage, "staff-test-touch-good")?;
    next(stage);
    let hosts = [("printer.nagisa.example:631", true), ("updates.nagisa.example:443", false)]
        .map(|(name, reached)| HostTried { name: name.to_owned(), reached });
    stage.staff_answers(|request| StaffAnswer::Reached(request, hosts.to_vec()));
    look(stage, "staff-test-network-bad")?;
    next(stage);
    look(stage, "staff-tested")?;
    next(stage);
    stage.staff_answers(|request| StaffAnswer::Drawn(request, Personal::new(FilledPdf(b"%PDF".to_vec()))));
    look(stage, "staff-report")?;
    let visit = stage.printed_for_staff();
    stage.give(Event::Paper(PrinterEvent::Printed { visit, form: FormId("staff".to_owned()) }));
    look(stage, "staff-report-done")?;
    back(stage);
    go(stage, StaffPage::Levels);
    stage.staff_answers(|request| StaffAnswer::Seen(request, Box::new(condition())));
    look(stage, "staff-levels")?;
    back(stage);
    go(stage, StaffPage::Diagnosis);
    let lines = [
        "端末: hall-1",
        "版: 0.1.0",
        "内容: city-hall",
        "空き容量: 20.8 GB（全体 58.6 GB）",
        "記録: 2026-11-24 09:12 開いた",
    ];
    let lines: Vec<String> = lines.iter().cycle().take(14).map(|line| (*line).to_owned()).collect();
    stage.staff_answers(|request| StaffAnswer::Diagnosed(request, lines));
    look(stage, "staff-diagnosis")?;
    next(stage);
    stage.staff_answers(StaffAnswer::NotAvailable);
    look(stage, "staff-export-not-here")?;
    back(stage);
    go(stage, StaffPage::Sure(domain::staff::MachineOrder::ShutDown));
    look(stage, "staff-sure")?;
    next(stage);
    stage.staff_answers(StaffAnswer::NotAvailable);
    look(stage, "staff-not-here")?;
    back(stage);
    let out = tile_to(stage, &StaffTouch::OutOfService(true));
    stage.touch_and_rest(&out);
    look(stage, "staff-menu-out")?;
    stage.wait(155_000);
    look(stage, "staff-idle")?;
    stage.wait(40_000);
    look(stage, "out-of-service")
}

/// What the machine finds around itself.
fn surroundings() -> Surroundings {
    Surroundings {
        link: true,
        addresses: vec!["192.0.2.77/24".to_owned()],
        authorities: false,
        readers: vec!["SONY FeliCa RC-S300/P 00 00".to_owned()],
        cameras: vec!["HD Webcam C270".to_owned()],
        slip: false,
        sound: vec!["PCH".to_owned()],
    }
}

/// Touches the tile of the first start that leads there.
fn set(stage: &mut Stage, wanted: SetupTouch) {
    let Body::StaffPage { tiles, .. } = stage.view().body else { panic!("{}", stage.visit.state().name()) };
    let tile = tiles.into_iter().find(|tile| tile.button.intent == Intent::Setup(wanted.clone()));
    stage.touch_and_rest(&tile.unwrap_or_else(|| panic!("no tile says {wanted:?}")).button.label);
}

/// Enters a text key by key.
fn type_in(stage: &mut Stage, text: &str) {
    text.chars().for_each(|key| stage.touch(&key.to_string()));
}

/// Walks through the first start, from the home screen to the readiness report; `seen` is shown every screen.
pub fn first_start(
    stage: &mut Stage,
    variant: &Variant,
    seen: &mut dyn FnMut(&mut Stage, &str) -> Seen,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut look = |stage: &mut Stage, name: &str| {
        stage.pass(500);
        seen(stage, name)
    };
    variant.settings.iter().for_each(|setting| stage.want(setting.clone()));
    stage.give(Event::Setup(SetupAnswer::Offered));
    look(stage, "setup-home")?;
    let Body::Home { setup: Some((_, begin)), .. } = stage.view().body else { panic!("nothing is offered") };
    stage.touch_and_rest(&begin.label);
    look(stage, "setup-language")?;
    next(stage);
    stage.setup_answers(|request| SetupAnswer::Seen(request, Box::default()));
    look(stage, "setup-network-nothing")?;
    set(stage, SetupTouch::Go(SetupPage::Network));
    stage.setup_answers(|request| SetupAnswer::Seen(request, Box::new(surroundings())));
    look(stage, "setup-network")?;
    set(stage, SetupTouch::Go(SetupPage::Address));
    type_in(stage, "192.0.2.5/24");
    let Body::SetupEntry { fields, .. } = stage.view().body else { panic!("nothing is entered") };
    stage.touch_and_rest(&fields[1].label);
    type_in(stage, "192.0.3.1");
    look(stage, "setup-address")?;
    next(stage);
    look(stage, "setup-notice-gateway")?;
    let mend = stage.view().notice.expect("a notice").other_ways[0].label.clone();
    stage.touch_and_rest(&mend);
    let delete = stage.view().captions.delete;
    for _ in 0..3 {
        stage.touch_and_rest(&delete);
    }
    type_in(stage, "2.1");
    next(stage);
    set(stage, SetupTouch::Go(SetupPage::Proxy));
    type_in(stage, "proxy.example.lg.jp:8080");
    look(stage, "setup-proxy")?;
    next(stage);
    look(stage, "setup-network-chosen")?;
    next(stage);
    look(stage, "setup-printer-searching")?;
    let printer = |name: &str, model: &str, host: u8| FoundPrinter {
        name: name.to_owned(),
        model: model.to_owned(),
        uri: format!("ipp://192.0.2.{host}/ipp/print"),
    };
    let printers =
        vec![printer("1階 総合窓口", "EPSON LP-S3590 Series", 10), printer("2階 税務課", "Brother HL-L5210DN", 11)];
    let request = stage.searched();
    stage.give(Event::Setup(SetupAnswer::Found { request, printers, over: true }));
    set(stage, SetupTouch::Printer("ipp://192.0.2.10/ipp/print".to_owned()));
    stage.setup_answers(|request| SetupAnswer::Tried(request, PrinterSays::Nothing));
    look(stage, "setup-notice-printer")?;
    let mend = stage.view().notice.expect("a notice").other_ways[0].label.clone();
    stage.touch_and_rest(&mend);
    set(stage, SetupTouch::Printer("ipp://192.0.2.10/ipp/print".to_owned()));
    stage.setup_answers(|request| SetupAnswer::Tried(request, PrinterSays::Good));
    look(stage, "setup-printer")?;
    set(stage, SetupTouch::Go(SetupPage::PrinterAddress));
    look(stage, "setup-printer-address")?;
    back(stage);
    next(stage);
    stage.setup_answers(|request| SetupAnswer::Seen(request, Box::new(surroundings())));
    look(stage, "setup-devices")?;
    next(stage);
    look(stage, "setup-pin")?;
    enter_staff_pin(stage);
    look(stage, "setup-pin-again")?;
    enter_staff_pin(stage);
    stage.setup_answers(SetupAnswer::PinsDiffer);
    look(stage, "setup-pins-differ")?;
    enter_staff_pin(stage);
    enter_staff_pin(stage);
    stage.setup_answers(SetupAnswer::PinKept);
    look(stage, "setup-summary")?;
    next(stage);
    stage.setup_answers(|request| SetupAnswer::Refused(request, "設定に誤りがあります（page-printer）。".to_owned()));
    look(stage, "setup-notice-refused")?;
    let again = stage.view().notice.expect("a notice").other_ways[1].label.clone();
    stage.touch_and_rest(&again);
    look(stage, "setup-applying")?;
    stage.setup_answers(SetupAnswer::Taken);
    look(stage, "setup-taken")?;
    // It begins anew.
    stage.wait(200_000);
    stage.give(Event::Setup(SetupAnswer::JustSet(stage.view().settings.language)));
    variant.settings.iter().for_each(|setting| stage.want(setting.clone()));
    look(stage, "setup-ready")?;
    next(stage);
    look(stage, "setup-home-again")
}

/// What came of looking at a screen.
pub type Seen = Result<(), Box<dyn std::error::Error>>;

/// Walks through a visit with its troubles; `seen` is shown every screen.
pub fn walk(
    stage: &mut Stage,
    variant: &Variant,
    seen: &mut dyn FnMut(&mut Stage, &str) -> Seen,
) -> Result<(), Box<dyn std::error::Error>> {
    let settings = variant.settings;
    stage.citizen = variant.citizen;
    let mut look = |stage: &mut Stage, name: &str| {
        stage.pass(500);
        seen(stage, name)
    };
    let service = |id: &str| Intent::Toggle(ServiceId(id.to_owned()));
    settings.iter().for_each(|setting| stage.want(setting.clone()));
    look(stage, "home")?;
    stage.want(Intent::Begin);
    look(stage, "choose")?;
    stage.want(service("juminhyo"));
    stage.want(service("moving"));
    look(stage, "choose-two")?;
    let captions = stage.view().captions;
    stage.touch_and_rest(&captions.all);
    look(stage, "choose-all")?;
    stage.touch_and_rest(&captions.search);
    if stage.find("い").is_some() {
        stage.touch("い");
        stage.touch("ん");
    } else {
        stage.touch("j");
        stage.touch("u");
    }
    look(stage, "search")?;
    stage.want(Intent::Next);
    look(stage, "consent")?;
    stage.want(Intent::Identify(IdentifyBy::CardAndFace));
    look(stage, "card")?;
    stage.insert_card();
    "550229203522".chars().for_each(|digit| stage.touch(&digit.to_string()));
    look(stage, "code-b")?;
    stage.touch("8");
    stage.touch("5");
    let ok = captions.ok.clone();
    stage.touch_and_rest(&ok);
    stage.card_progress(2, 5);
    look(stage, "reading")?;
    stage.card_read(true);
    look(stage, "face-waiting")?;
    stage.screen.set_camera_frame(camera());
    stage.guide(Guidance::TooFar);
    look(stage, "face-too-far")?;
    stage.guide(Guidance::Good);
    look(stage, "face-good")?;
    stage.want(Intent::Identify(IdentifyBy::CardAndPin));
    stage.insert_card();
    stage.touch("1");
    stage.touch("2");
    stage.touch("3");
    look(stage, "pin")?;
    stage.touch("4");
    stage.touch_and_rest(&ok);
    stage.refuse_card(CardRefusal::WrongSecret { left: 2 });
    look(stage, "notice-wrong-pin")?;
    stage.want(Intent::Next);
    "1234".chars().for_each(|digit| stage.touch(&digit.to_string()));
    stage.touch_and_rest(&ok);
    stage.card_read(false);
    look(stage, "confirm")?;

    let fact = |stage: &Stage, at: usize| match stage.view().body {
        Body::Confirm { rows, .. } => format!("{} {}", rows[at].label, captions.change),
        _ => String::new(),
    };
    let label = fact(stage, 0);
    stage.touch_and_rest(&label);
    if stage.find("し").is_some() {
        ["し", "ん", "せ", "い"].iter().for_each(|key| stage.touch(key));
    }
    look(stage, "edit-name")?;
    stage.touch_and_rest(&captions.cancel);
    let label = fact(stage, 2);
    stage.touch_and_rest(&label);
    look(stage, "edit-birth-date")?;
    stage.touch_and_rest(&captions.cancel);
    stage.want(Intent::Next);

    let mut kinds = Vec::new();
    for _ in 0..40 {
        let Body::Ask { editor, question, .. } = stage.view().body else { break };
        // A question left open first shows its fault.
        if kinds.is_empty() && !editor.optional {
            let next = stage.view().next.map(|next| next.label).unwrap_or_default();
            stage.touch_and_rest(&next);
            look(stage, "ask-fault")?;
        }
        let kind = answer(stage).unwrap_or("none");
        let several = editor.choices.len() > 5;
        if !kinds.contains(&(kind, several)) {
            kinds.push((kind, several));
            look(stage, &format!("ask-{kind}{}", if several { "-several" } else { "" }))?;
        }
        if matches!(editor.kind, AnswerKind::Text { .. } | AnswerKind::Date { .. }) {
            let value = match editor.kind {
                AnswerKind::Date { past: false, .. } => "2026-12-01",
                AnswerKind::Date { .. } => "2026-11-20",
                _ => "渚市港町三丁目４番５号",
            };
            let value = domain::Personal::new(value.to_owned());
            stage.want(Intent::Answer(question, domain::form::Answer { value, fault: None, opens: vec![] }));
        } else {
            let next = stage.view().next.map(|next| next.label).unwrap_or_default();
            stage.touch_and_rest(&next);
        }
    }
    look(stage, "sign-empty")?;
    let title = domain::ruby::plain(&stage.view().title);
    let strokes: [&[(f32, f32)]; 6] = [
        &[(0.12, 0.3), (0.15, 0.35)],
        &[(0.1, 0.48), (0.13, 0.52)],
        &[(0.1, 0.74), (0.13, 0.66), (0.16, 0.56)],
        &[(0.2, 0.28), (0.33, 0.27), (0.32, 0.5), (0.21, 0.52)],
        &[(0.26, 0.2), (0.26, 0.44), (0.22, 0.68), (0.18, 0.74)],
        &[(0.5, 0.3), (0.58, 0.22), (0.66, 0.3), (0.62, 0.44), (0.55, 0.52), (0.52, 0.66), (0.6, 0.74), (0.7, 0.66)],
    ];
    for stroke in strokes {
        stage.draw(&title, stroke);
    }
    look(stage, "sign")?;
    let signed = stage.view().next.map(|next| next.label).unwrap_or_default();
    stage.touch_and_rest(&signed);
    look(stage, "preview-filling")?;
    stage.refuse_fill(FillRefusal::DoesNotFit(ValueId("address".into())));
    look(stage, "notice-fill")?;
    stage.want(Intent::Next);
    for _ in 0..40 {
        match stage.view().body {
            Body::Preview { .. } => break,
            Body::Sign { .. } => {
                // What was signed is still there.
                look(stage, "sign-signed")?;
                stage.touch_and_rest(&signed);
            }
            _ => stage.want(Intent::Next),
        }
    }
    stage.fill();
    look(stage, "preview")?;
    stage.want(Intent::Print);
    stage.printed(1);
    look(stage, "printing")?;
    stage.printer(vec![PrinterTrouble::PaperOut]);
    look(stage, "notice-paper-out")?;
    stage.printer(vec![]);
    stage.printed(9);
    stage.printing_done();
    look(stage, "collect-card")?;
    stage.remove_card();
    look(stage, "collect")?;
    stage.want(Intent::Next);
    look(stage, "rate")?;
    stage.want(Intent::Next);
    stage.want(Intent::Begin);
    stage.want(Intent::CallStaff);
    look(stage, "staff")?;
    stage.give(Event::Staff(StaffEvent::NotReached));
    look(stage, "staff-not-reached")?;
    stage.want(Intent::Next);
    stage.insert_card();
    stage.want(Intent::Quit);
    look(stage, "leftover-card")?;
    stage.remove_card();
    stage.printer(vec![PrinterTrouble::Offline]);
    look(stage, "home-printer")?;
    stage.give(Event::Card(CardEvent::NoReader));
    look(stage, "closed")?;
    stage.give(Event::Card(CardEvent::ReaderReady));
    stage.printer(vec![]);
    stage.want(Intent::Begin);
    settings.iter().for_each(|setting| stage.want(setting.clone()));
    stage.wait(70_000);
    stage.wait(9_000);
    look(stage, "idle")?;
    stage.want(Intent::MoreTime);
    let language = stage.labels().into_iter().find(|label| label.contains("Language"));
    if let Some(language) = language {
        stage.touch_and_rest(&language);
        look(stage, "languages")?;
    }
    Ok(())
}
