//! Writes a picture of every screen into a folder: both orientations, every language, large letters, black and white,
//! furigana, a name of sixty characters. `cargo run -p screens --example gallery -- FOLDER [WORD…]`; with words, only
//! the variants whose names contain one of them.

#[path = "../tests/support/mod.rs"]
mod support;

use domain::Language;
use domain::card::CardRefusal;
use domain::face::Guidance;
use domain::form::{AnswerKind, FillRefusal, ValueId};
use domain::paper::PrinterTrouble;
use image::{Rgba, RgbaImage};
use std::path::{Path, PathBuf};
use support::{Citizen, HANAKO, LANDSCAPE, LONG, PORTRAIT, Stage};
use visit::view::Body;
use visit::{IdentifyBy, Intent, ServiceId, TextSize};

struct Variant {
    name: &'static str,
    size: (u32, u32),
    settings: &'static [Intent],
    citizen: Citizen,
}

struct Gallery {
    stage: Stage,
    folder: PathBuf,
    variant: &'static str,
    count: usize,
}

impl Gallery {
    fn picture(&mut self, name: &str) -> Result<(), Box<dyn std::error::Error>> {
        self.stage.pass(500);
        self.count += 1;
        let path = self.folder.join(format!("{}-{:02}-{name}.png", self.variant, self.count));
        let pixels = self.stage.screen.snapshot().ok_or("nothing was drawn")?;
        pixels.save(path)?;
        Ok(())
    }
}

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

fn walk(gallery: &mut Gallery, settings: &[Intent]) -> Result<(), Box<dyn std::error::Error>> {
    let service = |id: &str| Intent::Toggle(ServiceId(id.to_owned()));
    settings.iter().for_each(|setting| gallery.stage.want(setting.clone()));
    gallery.picture("home")?;
    gallery.stage.want(Intent::Begin);
    gallery.picture("choose")?;
    gallery.stage.want(service("juminhyo"));
    gallery.stage.want(service("moving"));
    gallery.picture("choose-two")?;
    let captions = gallery.stage.view().captions;
    gallery.stage.touch_and_rest(&captions.all);
    gallery.picture("choose-all")?;
    gallery.stage.touch_and_rest(&captions.search);
    if gallery.stage.find("い").is_some() {
        gallery.stage.touch("い");
        gallery.stage.touch("ん");
    } else {
        gallery.stage.touch("j");
        gallery.stage.touch("u");
    }
    gallery.picture("search")?;
    gallery.stage.want(Intent::Next);
    gallery.picture("consent")?;
    gallery.stage.want(Intent::Identify(IdentifyBy::CardAndFace));
    gallery.picture("card")?;
    gallery.stage.insert_card();
    "550229203522".chars().for_each(|digit| gallery.stage.touch(&digit.to_string()));
    gallery.picture("code-b")?;
    gallery.stage.touch("8");
    gallery.stage.touch("5");
    let ok = captions.ok.clone();
    gallery.stage.touch_and_rest(&ok);
    gallery.stage.card_progress(2, 5);
    gallery.picture("reading")?;
    gallery.stage.card_read(true);
    gallery.picture("face-waiting")?;
    gallery.stage.screen.set_camera_frame(&camera());
    gallery.stage.guide(Guidance::TooFar);
    gallery.picture("face-too-far")?;
    gallery.stage.guide(Guidance::Good);
    gallery.picture("face-good")?;
    gallery.stage.want(Intent::Identify(IdentifyBy::CardAndPin));
    gallery.stage.insert_card();
    gallery.stage.touch("1");
    gallery.stage.touch("2");
    gallery.stage.touch("3");
    gallery.picture("pin")?;
    gallery.stage.touch("4");
    gallery.stage.touch_and_rest(&ok);
    gallery.stage.refuse_card(CardRefusal::WrongSecret { left: 2 });
    gallery.picture("notice-wrong-pin")?;
    gallery.stage.want(Intent::Next);
    "1234".chars().for_each(|digit| gallery.stage.touch(&digit.to_string()));
    gallery.stage.touch_and_rest(&ok);
    gallery.stage.card_read(false);
    gallery.picture("confirm")?;

    let fact = |stage: &Stage, at: usize| match stage.view().body {
        Body::Confirm { rows, .. } => format!("{} {}", rows[at].label, captions.change),
        _ => String::new(),
    };
    let label = fact(&gallery.stage, 0);
    gallery.stage.touch_and_rest(&label);
    if gallery.stage.find("し").is_some() {
        ["し", "ん", "せ", "い"].iter().for_each(|key| gallery.stage.touch(key));
    }
    gallery.picture("edit-name")?;
    gallery.stage.touch_and_rest(&captions.cancel);
    let label = fact(&gallery.stage, 2);
    gallery.stage.touch_and_rest(&label);
    gallery.picture("edit-birth-date")?;
    gallery.stage.touch_and_rest(&captions.cancel);
    gallery.stage.want(Intent::Next);

    let mut seen = Vec::new();
    for _ in 0..40 {
        let Body::Ask { editor, question, .. } = gallery.stage.view().body else { break };
        // A question left open first shows its fault.
        if seen.is_empty() && !editor.optional {
            let next = gallery.stage.view().next.map(|next| next.label).unwrap_or_default();
            gallery.stage.touch_and_rest(&next);
            gallery.picture("ask-fault")?;
        }
        let kind = answer(&mut gallery.stage).unwrap_or("none");
        let several = editor.choices.len() > 5;
        if !seen.contains(&(kind, several)) {
            seen.push((kind, several));
            gallery.picture(&format!("ask-{kind}{}", if several { "-several" } else { "" }))?;
        }
        if matches!(editor.kind, AnswerKind::Text { .. } | AnswerKind::Date { .. }) {
            let value = match editor.kind {
                AnswerKind::Date { past: false, .. } => "2026-12-01",
                AnswerKind::Date { .. } => "2026-11-20",
                _ => "渚市港町三丁目４番５号",
            };
            let value = domain::Personal::new(value.to_owned());
            gallery.stage.want(Intent::Answer(question, domain::form::Answer { value, fault: None, opens: vec![] }));
        } else {
            let next = gallery.stage.view().next.map(|next| next.label).unwrap_or_default();
            gallery.stage.touch_and_rest(&next);
        }
    }
    gallery.picture("sign-empty")?;
    let title = domain::ruby::plain(&gallery.stage.view().title);
    let strokes: [&[(f32, f32)]; 6] = [
        &[(0.12, 0.3), (0.15, 0.35)],
        &[(0.1, 0.48), (0.13, 0.52)],
        &[(0.1, 0.74), (0.13, 0.66), (0.16, 0.56)],
        &[(0.2, 0.28), (0.33, 0.27), (0.32, 0.5), (0.21, 0.52)],
        &[(0.26, 0.2), (0.26, 0.44), (0.22, 0.68), (0.18, 0.74)],
        &[(0.5, 0.3), (0.58, 0.22), (0.66, 0.3), (0.62, 0.44), (0.55, 0.52), (0.52, 0.66), (0.6, 0.74), (0.7, 0.66)],
    ];
    for stroke in strokes {
        gallery.stage.draw(&title, stroke);
    }
    gallery.picture("sign")?;
    let signed = gallery.stage.view().next.map(|next| next.label).unwrap_or_default();
    gallery.stage.touch_and_rest(&signed);
    gallery.picture("preview-filling")?;
    gallery.stage.refuse_fill(FillRefusal::DoesNotFit(ValueId("address".into())));
    gallery.picture("notice-fill")?;
    gallery.stage.want(Intent::Next);
    for _ in 0..40 {
        match gallery.stage.view().body {
            Body::Preview { .. } => break,
            Body::Sign { .. } => {
                gallery.stage.draw(&title, strokes[5]);
                gallery.stage.touch_and_rest(&signed);
            }
            _ => gallery.stage.want(Intent::Next),
        }
    }
    gallery.stage.fill();
    gallery.picture("preview")?;
    gallery.stage.want(Intent::Print);
    gallery.stage.printed(1);
    gallery.picture("printing")?;
    gallery.stage.printer(vec![PrinterTrouble::PaperOut]);
    gallery.picture("notice-paper-out")?;
    gallery.stage.printer(vec![]);
    gallery.stage.printed(9);
    gallery.stage.printing_done();
    gallery.picture("collect-card")?;
    gallery.stage.remove_card();
    gallery.picture("collect")?;
    gallery.stage.want(Intent::Next);
    gallery.picture("rate")?;
    gallery.stage.want(Intent::Next);
    gallery.stage.want(Intent::Begin);
    gallery.stage.want(Intent::CallStaff);
    gallery.picture("staff")?;
    gallery.stage.want(Intent::Next);
    settings.iter().for_each(|setting| gallery.stage.want(setting.clone()));
    gallery.stage.wait(70_000);
    gallery.stage.wait(9_000);
    gallery.picture("idle")?;
    gallery.stage.want(Intent::MoreTime);
    let language = gallery.stage.labels().into_iter().find(|label| label.contains("Language"));
    if let Some(language) = language {
        gallery.stage.touch_and_rest(&language);
        gallery.picture("languages")?;
    }
    Ok(())
}

const VARIANTS: [Variant; 9] = [
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: gallery FOLDER [WORD…]")?;
    let words: Vec<String> = arguments.collect();
    std::fs::create_dir_all(&folder)?;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    for variant in VARIANTS.into_iter().filter(|variant| wanted(variant.name)) {
        let mut stage = Stage::new(variant.size);
        stage.citizen = variant.citizen;
        let mut gallery = Gallery { stage, folder: Path::new(&folder).into(), variant: variant.name, count: 0 };
        walk(&mut gallery, variant.settings)?;
        println!("{}: {} pictures", variant.name, gallery.count);
    }
    Ok(())
}
