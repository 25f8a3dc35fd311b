//! What holds for every screen, in every size, language and colour. Each test is a process of its own (nextest): a thread
//! has one set of screens.

mod support;

use domain::Personal;
use domain::face::{FaceCommand, Guidance};
use domain::paper::PrinterCommand;
use domain::staff::{StaffAction, StaffAnswer, StaffCommand, StaffOutcome, StaffPin};
use domain::voice::{VoiceCommand, VoiceEvent};
use i_slint_backend_testing::AccessibleRole;
use support::walk::{Seen, VARIANTS, ask, first_start, open_staff_mode, upkeep, walk};
use support::{PORTRAIT, Stage};
use visit::view::Body;
use visit::{Effect, Event, IdentifyBy, Intent, ServiceId, StaffTouch};

/// 20 mm on a panel of 24 inches and 1920 × 1080 pixels (0.2768 mm each).
const TARGET: f32 = 72.0;

fn every_screen(of: &str) {
    for variant in VARIANTS.iter().filter(|variant| variant.name == of) {
        let (width, height) = (variant.size.0 as f32, variant.size.1 as f32);
        let mut screens = 0;
        let mut judge = |stage: &mut Stage, name: &str| -> Seen {
            screens += 1;
            let controls = stage.controls();
            // While the machine takes its settings there is nothing to do but to set how that is shown.
            let least = if ["setup-applying", "setup-taken"].contains(&name) { 3 } else { 4 };
            assert!(controls.len() >= least, "{of} {name}: only {} controls", controls.len());
            for control in controls {
                let label = control.accessible_label().unwrap_or_default();
                let (at, size) = (control.absolute_position(), control.size());
                let what = format!("{of} {name}: \"{label}\" at {at:?}, {size:?}");
                assert!(!label.trim().is_empty(), "{what} says nothing");
                assert!(!label.contains('《'), "{what} says its furigana");
                assert!(size.width >= TARGET && size.height >= TARGET, "{what} is too small");
                let inside = at.x >= 0.0 && at.y >= -height && at.x + size.width <= width + 0.5 && at.y <= height;
                assert!(inside, "{what} lies outside");
            }
            for (pair, front, ground) in stage.screen.colour_pairs() {
                let ratio = contrast(front, ground);
                assert!(ratio >= 7.0, "{of}: {pair} has a contrast of {ratio:.2}");
            }
            Ok(())
        };
        walk(&mut Stage::new(variant.size), variant, &mut judge).unwrap();
        ask(&mut Stage::at("roadside", variant.size), variant, &mut judge).unwrap();
        upkeep(&mut Stage::new(variant.size), variant, &mut judge).unwrap();
        first_start(&mut Stage::new(variant.size), variant, &mut judge).unwrap();
        assert!(screens > 100, "{of}: {screens} screens");
    }
}

macro_rules! variants {
    ($($test:ident: $name:literal;)*) => {
        $(#[test]
        fn $test() {
            every_screen($name);
        })*

        #[test]
        fn no_variant_is_left_out() {
            assert_eq!(VARIANTS.map(|variant| variant.name), [$($name),*]);
        }
    };
}

variants! {
    portrait: "ja-portrait";
    landscape: "ja-landscape";
    furigana: "furigana-portrait";
    large_letters_and_furigana_in_landscape: "large-furigana-landscape";
    large_letters: "large-portrait";
    black_and_white: "contrast-portrait";
    english: "en-landscape";
    korean: "ko-portrait";
    chinese: "zh-portrait";
}

/// WCAG 2.2, "contrast ratio".
fn contrast(a: slint::Color, b: slint::Color) -> f32 {
    let light = |colour: slint::Color| {
        let part = |value: u8| {
            let value = f32::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(colour.red()) + 0.7152 * part(colour.green()) + 0.0722 * part(colour.blue())
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// As far as the confirmation of what was read from the card.
fn confirming() -> Stage {
    let mut stage = Stage::new(PORTRAIT);
    stage.want(Intent::Begin);
    stage.want(Intent::Toggle(ServiceId("inkan".into())));
    stage.want(Intent::Next);
    stage.want(Intent::Identify(IdentifyBy::CardAndPin));
    stage.insert_card();
    "1234".chars().for_each(|digit| stage.touch(&digit.to_string()));
    let ok = stage.view().captions.ok;
    stage.touch_and_rest(&ok);
    stage.card_read(false);
    assert!(matches!(stage.view().body, Body::Confirm { .. }));
    stage
}

/// A walk as far as the screen of this name.
fn walked_to(stop: &str) -> Stage {
    let variant = VARIANTS.iter().find(|variant| variant.name == "ja-portrait").unwrap();
    let mut stage = Stage::new(variant.size);
    let walked = walk(&mut stage, variant, &mut |_, name| if name == stop { Err(stop.into()) } else { Ok(()) });
    assert_eq!(walked.unwrap_err().to_string(), stop);
    stage
}

/// The middle of what says this.
fn middle(stage: &Stage, label: &str) -> slint::LogicalPosition {
    let control = stage.find(label).unwrap();
    let (at, size) = (control.absolute_position(), control.size());
    slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0)
}

#[test]
fn when_a_visit_ends_nothing_of_it_is_left_on_the_screen() {
    for stop in ["code-b", "face-good", "confirm", "edit-name", "edit-birth-date", "ask-kana", "sign", "preview"] {
        let mut stage = walked_to(stop);
        assert!(!stage.screen.personal().is_empty(), "{stop}: it was there");
        // While a fact is being changed, the button for it is away.
        let quit = stage.view().quit.unwrap().intent;
        stage.want(quit);
        nothing_of_hanako(&stage, stop);
        stage.remove_card();
        assert!(stage.visit.state().is_home(), "{stop}: {}", stage.visit.state().name());
        nothing_of_hanako(&stage, stop);
    }
}

fn nothing_of_hanako(stage: &Stage, stop: &str) {
    assert_eq!(stage.screen.personal(), [""; 0], "{stop}");
    for text in stage.texts() {
        for part in ["花子", "海辺町", "昭和55年"] {
            assert!(!text.contains(part), "{stop}: {text}");
        }
    }
}

#[test]
fn the_second_tap_of_a_double_tap_does_nothing() {
    let mut stage = Stage::new(PORTRAIT);
    let Body::Home { begin: Some(begin), .. } = stage.view().body else { panic!("not home") };
    let place = middle(&stage, &begin.label);
    stage.pass(500);
    stage.sent.clear();
    stage.tap(place);
    stage.pass(30);
    stage.tap(place);
    stage.pass(30);
    assert_eq!(stage.sent, [Intent::Begin]);
    assert!(matches!(stage.view().body, Body::Choose { .. }));
}

#[test]
fn what_somebody_said_is_gone_with_the_visit() {
    let mut stage = Stage::at("roadside", PORTRAIT);
    stage.give(Event::Voice(VoiceEvent::Ready));
    stage.want(Intent::Talk);
    let request = stage.asked();
    stage
        .give(Event::Voice(VoiceEvent::Partial { request, text: Personal::new("わたしは渚花子です".into()) }));
    assert!(stage.screen.personal().iter().any(|text| text.contains("花子")));
    stage.want(Intent::Back);
    assert!(stage.visit.state().is_home());
    assert_eq!(stage.screen.personal(), Vec::<String>::new());
    let [.., forgotten] = &stage.effects[..] else { panic!("nothing was done") };
    assert_eq!(*forgotten, Effect::Forget);
    assert!(stage.effects.contains(&Effect::Voice(VoiceCommand::Forget)));
}

#[test]
fn printing_happens_once() {
    let mut stage = walked_to("preview");
    let print = stage.view().next.unwrap().label;
    let place = middle(&stage, &print);
    stage.sent.clear();
    stage.effects.clear();
    (0..2).for_each(|_| {
        stage.tap(place);
        stage.pass(30);
    });
    assert_eq!(stage.sent, [Intent::Print]);
    let jobs = stage.effects.iter().filter(|effect| matches!(effect, Effect::Printer(PrinterCommand::Print(_))));
    assert_eq!(jobs.count(), 1);
}

#[test]
fn a_double_tap_chooses_once_and_a_later_tap_gives_back() {
    let mut stage = Stage::new(PORTRAIT);
    stage.want(Intent::Begin);
    let Body::Choose { tiles, .. } = stage.view().body else { panic!("not choosing") };
    let title = tiles[0].title.clone();
    let place = middle(&stage, &title);
    let chosen = |stage: &Stage| stage.find(&title).unwrap().accessible_checked();
    stage.sent.clear();
    stage.tap(place);
    stage.pass(60);
    stage.tap(place);
    stage.pass(60);
    assert_eq!((stage.sent.len(), chosen(&stage)), (1, Some(true)));
    stage.pass(500);
    stage.tap(place);
    stage.pass(60);
    assert_eq!((stage.sent.len(), chosen(&stage)), (2, Some(false)));
}

/// How often this is in the memory of this process, the block that it is read into left out. It is given the other way about,
/// so that it is not found itself.
#[cfg(target_os = "linux")]
fn in_memory(block: &mut [u8], inverted: &[u8]) -> usize {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let own = block.as_ptr() as u64..block.as_ptr() as u64 + block.len() as u64;
    let mut found = 0;
    for line in std::fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some("rw-p")) = (words.next(), words.next()) else { continue };
        let (from, to) = range.split_once('-').unwrap();
        let (mut at, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        while at < to {
            let size = usize::try_from(to - at).unwrap().min(block.len());
            let block = &mut block[..size];
            if memory.read_exact_at(block, at).is_ok() {
                // Pixels lie at multiples of four.
                for (window, place) in block.windows(inverted.len()).step_by(4).zip((at..).step_by(4)) {
                    let same = window.iter().zip(inverted).all(|(a, b)| *a == !*b);
                    found += usize::from(same && !own.contains(&place));
                }
            }
            at += size as u64;
        }
    }
    found
}

#[cfg(target_os = "linux")]
#[test]
fn a_face_is_nowhere_in_memory_once_its_visit_is_over() {
    let mut stage = walked_to("face-waiting");
    // Small enough to stay in the heap when it is let go, and with nothing that a drawn copy would repeat.
    let mut noise = 1_u32;
    let mut next = move || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    };
    let face = image::RgbaImage::from_fn(96, 72, |_, _| image::Rgba([next(), next(), next(), 255]));
    let inverted: Vec<u8> = face.as_raw()[8000..8048].iter().map(|byte| !byte).collect();
    let mut block = vec![0; 1 << 20];
    assert!(in_memory(&mut block, &inverted) > 0);
    stage.screen.set_camera_frame(face);
    stage.guide(Guidance::Good);
    stage.screen.window().take_snapshot().unwrap();
    assert!(in_memory(&mut block, &inverted) > 0, "it was there");
    let quit = stage.view().quit.unwrap().label;
    stage.touch_and_rest(&quit);
    (0..4).for_each(|_| {
        stage.screen.window().take_snapshot().unwrap();
        stage.pass(60);
    });
    assert_eq!(in_memory(&mut block, &inverted), 0);
}

#[test]
fn a_finger_at_work_is_a_sign_of_life_once_a_second() {
    let mut stage = confirming();
    stage.want(Intent::Next);
    stage.pass(2000);
    let alive = |stage: &mut Stage| {
        stage.alive = 0;
        ["ナ", "サ", "ハ"].into_iter().for_each(|key| stage.touch(key));
        stage.alive
    };
    assert_eq!(alive(&mut stage), 1, "three keys within a second");
    stage.pass(1100);
    assert_eq!(alive(&mut stage), 1);
}

#[test]
fn a_dot_is_no_signature_and_the_desk_is_another_way() {
    let mut stage = confirming();
    stage.want(Intent::Next);
    for _ in 0..40 {
        let Body::Ask { question, .. } = stage.view().body else { break };
        let value = domain::Personal::new("self".to_owned());
        stage.want(Intent::Answer(question, domain::form::Answer { value, fault: None, opens: vec![] }));
    }
    let Body::Sign { at_desk, .. } = stage.view().body else { panic!("{}", stage.visit.state().name()) };
    let title = domain::ruby::plain(&stage.view().title);
    let signed = stage.view().next.unwrap().label;
    stage.draw(&title, &[(0.5, 0.5), (0.51, 0.5)]);
    assert!(stage.find(&signed).is_none(), "a dot");
    stage.draw(&title, &[(0.2, 0.4), (0.6, 0.6)]);
    assert!(stage.find(&signed).is_some());
    stage.sent.clear();
    stage.touch_and_rest(&at_desk.label);
    assert_eq!(stage.sent, [Intent::SignAtDesk]);
    assert_eq!(stage.visit.state().name(), "preview");
}

#[test]
fn what_is_being_entered_outlives_a_change_of_language() {
    let mut stage = confirming();
    stage.want(Intent::Next);
    assert!(matches!(stage.view().body, Body::Ask { .. }));
    ["ナ", "サ", "ハ"].into_iter().for_each(|key| stage.touch(key));
    let entered = |stage: &Stage| stage.texts().iter().any(|text| text.contains("ナサハ"));
    assert!(entered(&stage));
    let title = stage.view().title;
    stage.want(Intent::Speak(domain::Language::Ko));
    assert_ne!(stage.view().title, title);
    assert!(entered(&stage));
}

#[test]
fn the_way_to_staff_is_held_for_five_seconds_and_no_digit_is_shown() {
    let mut stage = Stage::new(PORTRAIT);
    stage.hold("職員用", 5_100);
    assert!(stage.visit.state().is_home(), "there is no PIN here");
    stage.give(Event::StaffMode(StaffAnswer::Installed { out_of_service: false }));
    stage.hold("職員用", 4_900);
    assert!(stage.visit.state().is_home());
    stage.hold("職員用", 5_100);
    assert_eq!(stage.visit.state().name(), "staff-pin");
    "482915".chars().for_each(|digit| stage.touch(&digit.to_string()));
    let texts = stage.texts();
    assert!(texts.iter().any(|text| text.contains("6桁を入力")), "how many there are: {texts:?}");
    assert!(!texts.iter().any(|text| text.contains("4829")));
    let ok = stage.view().captions.ok;
    stage.touch_and_rest(&ok);
    let pin = Personal::new(StaffPin("482915".to_owned()));
    assert_eq!(stage.sent.last(), Some(&Intent::Staff(StaffTouch::Pin(pin))));
    assert!(stage.texts().iter().any(|text| text.contains("0桁を入力")), "it is gone from here");
}

#[test]
fn staff_find_their_way_by_labels_and_leave_no_picture_behind() {
    let mut stage = Stage::new(PORTRAIT);
    open_staff_mode(&mut stage);
    ["動作テスト", "カメラ"].into_iter().for_each(|label| stage.touch_and_rest(label));
    assert!(stage.effects.contains(&Effect::Face(FaceCommand::Look)));
    stage.screen.set_camera_frame(image::RgbaImage::new(64, 48));
    assert_eq!(stage.screen.personal(), ["frame"]);
    stage.touch_and_rest("戻る");
    assert_eq!(stage.screen.personal(), [""; 0]);
    stage.screen.set_camera_frame(image::RgbaImage::new(64, 48));
    assert_eq!(stage.screen.personal(), [""; 0], "one that was under way is shown to nobody");
    stage.touch_and_rest("終わる");
    assert!(stage.visit.state().is_home());
    let closed = StaffCommand::Audit(StaffAction::Close, StaffOutcome::Done);
    assert!(stage.effects.contains(&Effect::Staff(closed)));
}

#[test]
fn the_tree_says_what_can_be_touched_and_what_is_chosen() {
    let mut stage = Stage::new(PORTRAIT);
    stage.want(Intent::Begin);
    let Body::Choose { tiles, .. } = stage.view().body else { panic!("not choosing") };
    let title = tiles[0].title.clone();
    assert_eq!(stage.find(&title).unwrap().accessible_checked(), Some(false));
    stage.touch_and_rest(&title);
    let tile = stage.find(&title).unwrap();
    assert_eq!((tile.accessible_role(), tile.accessible_checked()), (Some(AccessibleRole::Button), Some(true)));
}
