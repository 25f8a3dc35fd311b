//! The forms that are shipped, filled and read by programs that nobody here wrote (poppler, qpdf).

mod common;

use common::{Ink, LIBRARY, Paper, around, fields, filling, folder, form, page, rect, tables, text, with};
use domain::form::ValueId;
use domain::wareki::Wareki;
use forms::{FillError, check};

/// What stands in the boxes of the birth date's year, month and day.
fn date_parts(id: &str, paper: &Paper) -> [String; 3] {
    let tables = tables(&folder(id).join("form.toml"), "field");
    let date = tables.iter().find(|field| text(field, "value") == "birth_date" && field.contains_key("year")).unwrap();
    // The printed 年, 月 and 日 touch the boxes.
    ["year", "month", "day"].map(|part| paper.within(page(date), rect(&date[part])).replace(['年', '月', '日'], ""))
}

/// What is drawn for a choice, and what must not be.
#[test]
fn circles_ticks_and_eras_stand_where_they_are_chosen_and_nowhere_else() {
    let filling = filling();
    for id in LIBRARY {
        let original = std::fs::read(folder(id).join("form.pdf")).unwrap();
        let filled = form(id).fill(&filling).unwrap();
        let inks: Vec<Ink> = (1..=form(id).page_count()).map(|page| Ink::between(&original, &filled, page)).collect();
        let mut marks = Vec::new();
        for field in tables(&folder(id).join("form.toml"), "field") {
            let value = text(&field, "value");
            if let (fit @ ("circle" | "tick"), when) = (text(&field, "fit").as_str(), text(&field, "when")) {
                let chosen =
                    filling.values.get(&value).is_some_and(|answer| answer.split(',').any(|choice| choice == when));
                marks.push((format!("{value} = {when}"), page(&field), rect(&field["box"]), fit == "circle", chosen));
            }
            for era in field.get("eras").and_then(toml::Value::as_array).into_iter().flatten() {
                let era = era.as_table().unwrap();
                let date = filling.values.get(&value).and_then(|date| Wareki::from_date(date.parse().ok()?));
                let chosen = date.is_some_and(|date| format!("{:?}", date.era).to_lowercase() == text(era, "era"));
                marks.push((format!("{value}: {}", text(era, "era")), page(&field), rect(&era["box"]), true, chosen));
            }
        }
        for (what, page, rect, circle, _) in &marks {
            // Two choices may have one place.
            let chosen = marks.iter().any(|other| (other.1, other.2) == (*page, *rect) && other.4);
            let ink = inks[page - 1].within(around(*rect, 0.3));
            // A pen of 0.4 mm round an ellipse, or along the two strokes of a tick; print below hides some of it.
            let length = if *circle { 1.57 * (rect[2] + rect[3]) } else { 0.5 * rect[2] + 1.0 * rect[3] };
            let full = length * 0.4 * Ink::PIXELS_PER_MM.powi(2);
            if chosen {
                assert!(ink as f64 > 0.5 * full, "{id}: {what}: {ink} of {full:.0} pixels");
            } else {
                assert!((ink as f64) < 0.25 * full, "{id}: {what} is not chosen: {ink} of {full:.0} pixels");
            }
        }
    }
}

#[test]
fn the_codes_of_the_shipped_forms_can_be_read_from_the_page() {
    for id in LIBRARY {
        let filled = form(id).fill(&filling()).unwrap();
        for field in tables(&folder(id).join("form.toml"), "field").iter().filter(|field| text(field, "fit") == "qr") {
            let picture = forms::page_image(&filled, page(field) - 1, 1680).unwrap();
            let luma = image::DynamicImage::ImageRgba8(picture).to_luma8();
            let (width, height) = (luma.width() as usize, luma.height() as usize);
            let mut read = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
                luma.get_pixel(x as u32, y as u32).0[0]
            });
            let texts: Vec<String> =
                read.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect();
            assert!(texts.contains(&text(field, "text")), "{id}: {texts:?}");
        }
    }
}

#[test]
fn a_signature_is_ink_in_its_field_with_its_dots_and_nowhere_else() {
    for id in LIBRARY {
        let original = form(id);
        let mut filling = filling();
        let with = original.fill(&filling).unwrap();
        // One stroke instead of two, and a tap at the far corner.
        filling.signature = vec![vec![(0, 0), (40, 50), (10, 90)], vec![(60, 80)]];
        let dotted = original.fill(&filling).unwrap();
        let field = tables(&folder(id).join("form.toml"), "field");
        let field = field.iter().find(|field| text(field, "fit") == "signature").unwrap();
        let (page, rect) = (page(field), rect(&field["box"]));
        filling.signature = vec![vec![(0, 0), (1, 1)]];
        let blank = original.fill(&filling).unwrap();
        let ink = Ink::between(&blank, &with, page);
        assert!(ink.within(around(rect, 0.5)) > 500, "{id}");
        assert_eq!(ink.within(around(rect, 0.5)), ink.all(), "{id}");
        // Scaled to the field's height, the tap is 60/90 of it right of the left edge of the strokes, and 80/90 down.
        let scale = (rect[2] / 60.0).min(rect[3] / 90.0);
        let left = rect[0] + (rect[2] - 60.0 * scale) / 2.0;
        let dot = [left + 60.0 * scale - 0.4, rect[1] + (rect[3] - 90.0 * scale) / 2.0 + 80.0 * scale - 0.4, 0.8, 0.8];
        assert!(Ink::between(&blank, &dotted, page).within(dot) > 5, "{id}: a tap leaves a dot");
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn every_form_may_be_offered() {
    for id in LIBRARY {
        let errors: Vec<_> = check(&folder(id)).into_iter().filter(|finding| finding.error).collect();
        assert!(errors.is_empty(), "{id}: {errors:?}");
        let form = form(id);
        assert_eq!(form.id(), id);
        assert!(form.wants_signature());
    }
}

#[test]
fn filled_forms_are_sound_and_every_text_stands_in_its_field() {
    let filling = filling();
    for id in LIBRARY {
        let paper = Paper::of(&form(id).fill(&filling).unwrap());
        paper.assert_sound();
        let fields = fields(&folder(id).join("form.toml"));
        for value in ["name", "address", "name_kana"] {
            let wanted = squeezed(&filling.values[value]);
            let found: Vec<String> = fields
                .iter()
                .filter(|(name, ..)| name == value)
                .map(|(_, page, rect)| paper.within(*page, *rect))
                .collect();
            assert!(found.iter().any(|text| text.contains(&wanted)), "{id}: {value}: {found:?}");
        }
        assert_eq!(date_parts(id, &paper), ["55", "2", "29"], "{id}: birth date");
    }
}

#[test]
fn nothing_is_printed_while_a_required_value_is_missing() {
    for id in LIBRARY {
        let mut filling = filling();
        filling.values.remove("address");
        filling.values.insert("name".into(), "　".into());
        let missing = match form(id).fill(&filling) {
            Err(FillError::Missing(missing)) => missing,
            other => panic!("{id}: {:?}", other.err()),
        };
        for value in ["address", "name"] {
            assert!(missing.contains(&ValueId(value.into())), "{id}: {missing:?}");
        }
    }
}

#[test]
fn a_signature_that_is_left_for_the_desk_is_not_missing() {
    for id in LIBRARY {
        let form = form(id);
        let mut filling = filling();
        filling.signature.clear();
        let missing = match form.fill(&filling) {
            Err(FillError::Missing(missing)) => missing.into_iter().any(|id| id.0 == "signature"),
            _ => false,
        };
        filling.sign_at_desk = true;
        assert!(form.fill(&filling).is_ok(), "{id}");
        assert_eq!(missing, form.wants_signature(), "{id}");
    }
}

#[test]
fn hard_names_are_drawn_as_they_are_or_refused() {
    let sixty = "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処藪ら柑子の藪柑子パイポパイポのシューリンガンの";
    assert_eq!(sixty.chars().count(), 60);
    for id in LIBRARY {
        for name in [
            "葛\u{e0100}城　榊",
            "葛\u{e0102}城　榊",
            "𠮷野　髙﨑",
            "邊\u{e0101}見　齋藤",
            "ﾅｷﾞｻ ﾊﾅｺ",
            "ＭＡＲＩＡ　ＦＥＲＮＡＮＤＡ　ＤＥ　ＯＬＩＶＥＩＲＡ　ＡＮＤＥＲＳＳＯＮ",
            "Nguyễn Thị Ánh Nguyệt",
            sixty,
        ] {
            let paper =
                Paper::of(&form(id).fill(&with("name", name)).unwrap_or_else(|error| panic!("{id}: {name}: {error}")));
            paper.assert_sound();
            let fields = fields(&folder(id).join("form.toml"));
            let found: Vec<String> = fields
                .iter()
                .filter(|(value, ..)| value == "name")
                .map(|(_, page, rect)| paper.within(*page, *rect))
                .collect();
            assert!(found.iter().any(|text| text.contains(&squeezed(name))), "{id}: {name}: {found:?}");
        }
    }
}

#[test]
fn what_no_font_draws_is_refused_by_name_of_the_value_only() {
    // A private-use code (外字), an emoji, an unassigned one.
    for name in ["渚　\u{e000}子", "渚　花子😀", "渚　\u{0378}"] {
        match form("inkan-certificate").fill(&with("name", name)) {
            Err(error @ FillError::Undrawable(_)) => assert!(!error.to_string().contains('渚'), "{error}"),
            other => panic!("{name:?}: {:?}", other.err()),
        }
    }
    match form("inkan-certificate").fill(&with("name", &"寿限無".repeat(70))) {
        Err(FillError::DoesNotFit(value)) => assert_eq!(value.0, "name"),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn dates_are_drawn_in_their_era() {
    for (date, parts) in [
        ("1926-12-24", ["15", "12", "24"]),
        ("1926-12-25", ["元", "12", "25"]),
        ("1989-01-07", ["64", "1", "7"]),
        ("1989-01-08", ["元", "1", "8"]),
        ("2019-04-30", ["31", "4", "30"]),
        ("2019-05-01", ["元", "5", "1"]),
        ("2024-02-29", ["6", "2", "29"]),
    ] {
        let paper = Paper::of(&form("inkan-certificate").fill(&with("birth_date", date)).unwrap());
        assert_eq!(date_parts("inkan-certificate", &paper), parts, "{date}");
    }
}
