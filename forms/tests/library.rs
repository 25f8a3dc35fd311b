//! The forms that are shipped, filled and read by programs that nobody here wrote (poppler, qpdf).

mod common;

use common::{LIBRARY, Paper, fields, filling, folder, form, with};
use domain::form::ValueId;
use forms::{FillError, check};

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
        let (_, page, rect) = fields.iter().find(|(name, ..)| name == "birth_date").unwrap();
        let date = paper.within(*page, *rect);
        assert!(["55", "2", "29"].iter().all(|part| date.contains(part)), "{id}: birth date: {date}");
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
fn hard_names_are_drawn_as_they_are_or_refused() {
    let sixty = "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処藪ら柑子の藪柑子パイポ";
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
    let field = fields(&folder("inkan-certificate").join("form.toml"));
    let (_, page, rect) = field.iter().find(|(name, ..)| name == "birth_date").unwrap();
    for (date, parts) in [
        ("1926-12-24", ["15", "12", "24"]),
        ("1926-12-25", ["元", "12", "25"]),
        ("1989-01-07", ["64", "1", "7"]),
        ("1989-01-08", ["元", "1", "8"]),
        ("2019-04-30", ["31", "4", "30"]),
        ("2019-05-01", ["元", "5", "1"]),
        ("2024-02-29", ["6", "2", "29"]),
    ] {
        let text = Paper::of(&form("inkan-certificate").fill(&with("birth_date", date)).unwrap()).within(*page, *rect);
        assert!(parts.iter().all(|part| text.contains(part)), "{date}: {text}");
    }
}
