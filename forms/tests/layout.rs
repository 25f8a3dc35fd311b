//! The places of the library's values on its own paper: every box lies in empty space, and holds the longest answer that
//! its question takes.

mod common;

use common::{LIBRARY, Paper, folder, form, with};
use domain::form::{AnswerKind, Question};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

type Rect = [f64; 4];

/// A page as the printer gets it.
struct Page {
    width: usize,
    luma: Vec<u8>,
}

const DOTS: usize = 200;

impl Page {
    fn of(pdf: &Path, page: usize) -> Self {
        let (page, dots) = (page.to_string(), DOTS.to_string());
        let run = Command::new("pdftoppm").args(["-gray", "-r", &dots, "-f", &page, "-l", &page]).arg(pdf).output();
        let pgm = run.unwrap().stdout;
        // P5, width and height, 255, each line ended by a line feed; then the dots.
        let header: Vec<&[u8]> = pgm.splitn(4, |byte| *byte == b'\n').collect();
        assert_eq!(header[0], b"P5");
        let width = std::str::from_utf8(header[1]).unwrap().split(' ').next().unwrap().parse().unwrap();
        Self { width, luma: header[3].to_vec() }
    }

    /// Whether there is ink; the grey of a head is none.
    fn ink(&self, x: f64, y: f64) -> bool {
        let dot = |mm: f64| (mm / 25.4 * DOTS as f64).round() as usize;
        assert!(x >= 0.0 && dot(x) < self.width, "{x} mm is not on the page");
        *self.luma.get(dot(y) * self.width + dot(x)).expect("on the page") < 160
    }

    /// Ink inside a box, `margin` millimetres from its sides.
    fn inked(&self, [x, y, w, h]: Rect, margin: f64) -> bool {
        let steps =
            |length: f64| (0..).map(|at| margin + f64::from(at) * 0.15).take_while(move |at| *at < length - margin);
        steps(h).any(|down| steps(w).any(|right| self.ink(x + right, y + down)))
    }

    /// Ink under the circle that a box is drawn round with.
    fn crossed(&self, [x, y, w, h]: Rect) -> bool {
        (0..360)
            .map(|degree| f64::from(degree).to_radians())
            .any(|angle| self.ink(x + w / 2.0 * (1.0 + angle.cos()), y + h / 2.0 * (1.0 + angle.sin())))
    }
}

fn table(id: &str) -> toml::Table {
    toml::from_str(&fs::read_to_string(folder(id).join("form.toml")).unwrap()).unwrap()
}

fn rect(value: &toml::Value) -> Rect {
    let sides = value.as_array().unwrap();
    [0, 1, 2, 3].map(|side: usize| sides[side].as_float().unwrap())
}

#[test]
fn nothing_printed_stands_where_a_value_will() {
    for id in LIBRARY {
        let mut pages: BTreeMap<i64, Page> = BTreeMap::new();
        for field in table(id)["field"].as_array().unwrap() {
            let number = field["page"].as_integer().unwrap();
            let page = pages
                .entry(number)
                .or_insert_with(|| Page::of(&folder(id).join("form.pdf"), usize::try_from(number).unwrap()));
            let whole = rect(&field["box"]);
            let [x, y, w, h] = whole;
            match field.get("fit").and_then(toml::Value::as_str) {
                Some("circle") => assert!(!page.crossed(whole), "{id}: {field}"),
                Some("date") => {
                    for part in ["year", "month", "day"] {
                        assert!(!page.inked(rect(&field[part]), 0.1), "{id}: {part}: {field}");
                    }
                    for era in field.get("eras").and_then(toml::Value::as_array).into_iter().flatten() {
                        assert!(!page.crossed(rect(&era["box"])), "{id}: {era}: {field}");
                    }
                }
                Some("cells") => {
                    let count = field["count"].as_integer().unwrap();
                    for at in 0..count {
                        let cell = w / count as f64;
                        assert!(!page.inked([x + cell * at as f64, y, cell, h], 0.4), "{id}: cell {at}: {field}");
                    }
                }
                Some("tick") => assert!(!page.inked(whole, 0.4), "{id}: {field}"),
                _ => assert!(!page.inked(whole, 0.1), "{id}: {field}"),
            }
        }
    }
}

#[test]
fn every_form_is_built_from_its_sources_as_they_are() {
    for id in LIBRARY {
        let library = folder(id).parent().unwrap().to_owned();
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        for source in ["common.typ", "index.toml", "questions.toml", &format!("{id}/form.typ")] {
            for byte in fs::read(library.join(source)).unwrap() {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        let built = fs::read_to_string(folder(id).join("form.toml")).unwrap();
        let line = built.lines().find(|line| line.starts_with("# 元の版 ")).unwrap();
        assert_eq!(line, format!("# 元の版 {state:016x}"), "{id}: run forms/library/build.py");
    }
}

#[test]
fn every_word_of_a_source_is_on_its_paper() {
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    for id in LIBRARY {
        let pdf = folder(id).join("form.pdf");
        let paper = squeezed(
            &String::from_utf8(Command::new("pdftotext").arg("-raw").arg(&pdf).arg("-").output().unwrap().stdout)
                .unwrap(),
        );
        let source = fs::read_to_string(folder(id).join("form.typ")).unwrap();
        // What stands in a head is never broken but where the source says so.
        for head in source.split("head[").skip(1).filter_map(|rest| rest.split([']', '#']).next()) {
            for label in head.split("\\ ").map(squeezed).filter(|label| !label.is_empty()) {
                assert!(paper.contains(&label), "{id}: {label}");
            }
        }
    }
}

/// The longest answer that a question takes.
fn longest(question: &Question) -> String {
    match &question.answer {
        AnswerKind::Text { max } => "髙".repeat(*max),
        AnswerKind::Kana { max } => "ギ".repeat(*max),
        AnswerKind::Phone => "090-0000-1234".into(),
        AnswerKind::Postcode => "100-0001".into(),
        AnswerKind::Digits { max, .. } => "8".repeat(*max),
        AnswerKind::Date { .. } => "2020-02-29".into(),
        AnswerKind::One { choices } => choices[0].id.clone(),
        AnswerKind::Many { choices, .. } => {
            choices.iter().map(|choice| choice.id.as_str()).collect::<Vec<_>>().join(",")
        }
    }
}

/// Answers on a way through the form that comes to this question.
fn way_to(questions: &[Question], goal: &Question) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    let mut open = Some(goal);
    while let Some(when) = open.and_then(|question| question.when.as_ref()) {
        answers.insert(when.question.0.clone(), when.is[0].clone());
        open = questions.iter().find(|question| question.id == when.question);
    }
    for question in questions {
        let opened = question.when.as_ref().is_none_or(|when| {
            answers
                .get(&when.question.0)
                .is_some_and(|answer| answer.split(',').any(|choice| when.is.iter().any(|is| is == choice)))
        });
        if opened {
            answers.entry(question.id.0.clone()).or_insert_with(|| longest(question));
        }
    }
    answers
}

#[test]
fn the_longest_answers_fit_on_every_way_through_a_form() {
    for id in LIBRARY {
        let form = form(id);
        let ways: BTreeSet<_> = form.questions().iter().map(|goal| way_to(form.questions(), goal)).collect();
        for answers in ways {
            let mut filling = with("name", &"邊".repeat(60));
            filling.values.retain(|value, _| form.questions().iter().all(|question| question.id.0 != *value));
            filling.values.insert("address".into(), "渚市海辺町一丁目".repeat(10));
            filling.values.extend(answers.clone());
            form.fill(&filling).unwrap_or_else(|error| panic!("{id}: {error}: {answers:?}"));
        }
    }
}

/// What is about another person than the visitor, and the answer that says so.
const OTHERS: [(&str, &str, &str, &str); 6] = [
    ("kokuho-shikaku", "kokuho_kind", "birth", "kokuho"),
    ("kokuho-shikaku", "kokuho_kind", "death", "kokuho"),
    ("inkan-certificate", "seal_applicant", "proxy", "seal_holder"),
    ("mynumber-pin-reset", "pin_applicant", "legal", "pin_holder"),
    ("juminido-todoke", "who", "proxy", "mover"),
    ("juminido-todoke", "who", "head", "mover"),
];

#[test]
fn a_form_about_somebody_else_names_them_and_the_visitor_each_in_their_place() {
    for (id, decider, choice, person) in OTHERS {
        let form = form(id);
        let mut filling = with(decider, choice);
        let mut answers =
            way_to(form.questions(), form.questions().iter().find(|q| q.id.0 == format!("{person}_name")).unwrap());
        answers.insert(decider.into(), choice.into());
        filling.values.extend(answers);
        for (part, value) in [("name", "渚　みなと"), ("kana", "ナギサ　ミナト"), ("birth", "2026-11-10")] {
            filling.values.insert(format!("{person}_{part}"), value.into());
        }
        // Where that person's address is asked too.
        if form.questions().iter().any(|question| question.id.0 == format!("{person}_address")) {
            filling.values.insert(format!("{person}_address"), "渚市港町3-5-2".into());
        }
        filling.values.insert("name".into(), "渚　花子".into());
        let paper = Paper::of(&form.fill(&filling).unwrap());
        let fields = common::fields(&folder(id).join("form.toml"));
        let within = |wanted: &str| -> String {
            let own = fields.iter().filter(|(value, ..)| value == wanted);
            own.map(|(_, page, rect)| paper.within(*page, *rect)).collect()
        };
        assert!(within("name").contains("渚花子") && !within("name").contains("みなと"), "{id}");
        assert!(within(&format!("{person}_name")).contains("渚みなと"), "{id}");
        assert!(within(&format!("{person}_kana")).contains("ナギサミナト"), "{id}");
        let birth = within(&format!("{person}_birth"));
        assert!(birth.contains("11") && birth.contains("10"), "{id}: {birth}");
    }
}
