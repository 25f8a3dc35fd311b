//! Each way to fill a place, on papers made for it: what is drawn stands in its box, and nothing else is drawn.

mod common;

use common::{Ink, Made, Paper, around, made, pdf_of, small, stream, values_of};
use forms::{FillError, Form};

/// An empty page.
fn blank(page: &str) -> Vec<u8> {
    small("", page, &[])
}

fn refusal(made: &Made, values: &[(&str, &str)]) -> FillError {
    made.fill(values).map(|_| ()).unwrap_err()
}

const TICK: &str = "[[field]]\nvalue = \"sex\"\nfit = \"tick\"\nwhen = \"male\"\nbox = [20, 30, 12, 6]\n";
const TICK_BOX: [f64; 4] = [20.0, 30.0, 12.0, 6.0];

#[test]
fn places_are_measured_on_the_page_as_it_is_seen() {
    for (what, page) in [
        ("plain", ""),
        ("cropped", "/MediaBox [-50 -60 800 900] /CropBox [100 40 600 740]"),
        ("with a unit", "/MediaBox [0 0 300 400] /UserUnit 2"),
        ("turned by 90", "/MediaBox [0 0 500 700] /Rotate 90"),
        ("turned by 180", "/MediaBox [10 20 510 720] /Rotate 180"),
        ("turned by 270", "/MediaBox [0 0 500 700] /CropBox [50 60 450 640] /Rotate 270"),
        ("turned back", "/MediaBox [0 0 500 700] /Rotate -90"),
        ("turned, cropped, with a unit", "/MediaBox [0 0 400 500] /CropBox [20 30 380 480] /UserUnit 1.5 /Rotate 90"),
    ] {
        let form = made(&blank(page), TICK);
        let ink = form.ink(&form.fill(&[("sex", "male")]).unwrap());
        assert!(ink.all() > 200, "{what}: nothing is drawn");
        assert_eq!(ink.within(around(TICK_BOX, 0.5)), ink.all(), "{what}");
        // Not the other way round in its own box either: a tick ends at the upper right.
        let [x, y, w, h] = TICK_BOX;
        assert!(ink.within([x + 0.7 * w, y, 0.3 * w, h / 2.0]) > 20, "{what}");
        assert_eq!(ink.within([x, y, 0.3 * w, 0.3 * h]), 0, "{what}");
    }
}

#[test]
fn poppler_sees_turned_and_cropped_pages_the_same() {
    for page in [
        "/MediaBox [0 0 500 700] /Rotate 90",
        "/MediaBox [0 0 500 700] /Rotate 270",
        "/MediaBox [10 20 510 720] /Rotate 180",
    ] {
        let form = made(&blank(page), "[[field]]\nvalue = \"name\"\nbox = [30, 40, 60, 8]\n");
        let paper = form.paper(&[("name", "渚花子")]);
        paper.assert_sound();
        assert_eq!(paper.within(1, [30.0, 40.0, 60.0, 8.0]), "渚花子", "{page}");
    }
}

#[test]
fn a_field_of_the_second_page_is_on_the_second_page() {
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>";
    let pdf = pdf_of(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".to_owned(),
        page.to_owned(),
        page.to_owned(),
    ]);
    let form = made(&pdf, "[[field]]\nvalue = \"name\"\npage = 2\nbox = [30, 40, 60, 8]\n");
    let paper = form.paper(&[("name", "渚花子")]);
    assert_eq!(paper.within(1, [0.0, 0.0, 210.0, 297.0]), "");
    assert_eq!(paper.within(2, [30.0, 40.0, 60.0, 8.0]), "渚花子");
}

#[test]
fn cells_hold_a_character_each() {
    let question =
        "[[question]]\nid = \"number\"\nlabel = { ja = \"番号\" }\nanswer = { kind = \"digits\", min = 1, max = 6 }\n";
    let cell = |n: usize| [20.0 + 8.0 * n as f64 + 0.5, 30.0, 7.0, 8.0];
    for (align, shift) in [("left", 0), ("right", 2)] {
        let field = format!(
            "[[field]]\nvalue = \"number\"\nfit = \"cells\"\ncount = 6\nalign = \"{align}\"\nbox = [20, 30, 48, 8]\n"
        );
        let form = made(&blank(""), &format!("{question}{field}"));
        let paper = form.paper(&[("number", "1234")]);
        let found: Vec<String> = (0..6).map(|n| paper.within(1, cell(n))).collect();
        let mut wanted = vec![String::new(); 6];
        (0..4).for_each(|n| wanted[n + shift] = (n + 1).to_string());
        assert_eq!(found, wanted, "{align}");
        assert!(matches!(refusal(&form, &[("number", "1234567")]), FillError::DoesNotFit(_)));
    }
}

#[test]
fn dates_in_parts() {
    let parts = "[[field]]\nvalue = \"birth_date\"\nfit = \"date\"\nbox = [20, 30, 60, 8]\nyear = [20, 30, 20, 8]\n\
                 month = [50, 30, 10, 8]\nday = [70, 30, 10, 8]\n";
    let [year, month, day] = [[20.0, 30.0, 20.0, 8.0], [50.0, 30.0, 10.0, 8.0], [70.0, 30.0, 10.0, 8.0]];
    let read = |form: &Made, date: &str| {
        let paper = form.paper(&[("birth_date", date)]);
        [year, month, day].map(|part| paper.within(1, part))
    };
    // One printed era takes its own dates and no others.
    let showa = made(&blank(""), &format!("{parts}era = \"showa\"\n"));
    assert_eq!(read(&showa, "1980-02-29"), ["55", "2", "29"]);
    assert_eq!(read(&showa, "1926-12-25"), ["元", "12", "25"]);
    assert!(matches!(refusal(&showa, &[("birth_date", "1989-01-08")]), FillError::WrongEra(_)));
    assert!(matches!(refusal(&showa, &[("birth_date", "2023-02-29")]), FillError::NotADate(_)));
    assert!(matches!(refusal(&showa, &[("birth_date", "昭和55年2月29日")]), FillError::NotADate(_)));
    // Before the eras of the register there is only the Christian one.
    let plain = made(&blank(""), parts);
    assert!(matches!(refusal(&plain, &[("birth_date", "1867-12-31")]), FillError::WrongEra(_)));
    let gregorian = made(&blank(""), &format!("{parts}gregorian = true\n"));
    assert_eq!(read(&gregorian, "1867-12-31"), ["1867", "12", "31"]);
    // □□年: digits in cells, from the right.
    let cells = made(&blank(""), &format!("{parts}cells = 2\n"));
    let paper = cells.paper(&[("birth_date", "2023-04-05")]);
    let half = |[x, y, w, h]: [f64; 4], n: f64| [x + n * w / 2.0 + 0.3, y, w / 2.0 - 0.6, h];
    for (part, wanted) in [(year, "5"), (month, "4"), (day, "5")] {
        assert_eq!([paper.within(1, half(part, 0.0)), paper.within(1, half(part, 1.0))], ["", wanted]);
    }
    // 元年 is a digit there.
    assert_eq!(read(&cells, "2019-05-01"), ["1", "5", "1"]);
    let wide = made(&blank(""), &format!("{parts}cells = 2\ngregorian = true\n"));
    assert_eq!(read(&wide, "1980-12-29"), ["1980", "12", "29"]);
    // As text.
    let text = made(&blank(""), "[[field]]\nvalue = \"birth_date\"\nfit = \"date\"\nbox = [20, 30, 60, 8]\n");
    assert_eq!(text.paper(&[("birth_date", "1980-02-29")]).within(1, [20.0, 30.0, 60.0, 8.0]), "昭和55年2月29日");
}

#[test]
fn parts_of_numbers() {
    let tables = "[[question]]\nid = \"phone\"\nlabel = { ja = \"電話\" }\nanswer = { kind = \"phone\" }\noptional = true\n\
                  [[question]]\nid = \"postcode\"\nlabel = { ja = \"郵便\" }\nanswer = { kind = \"postcode\" }\noptional = true\n";
    let field = |value: &str, part: usize, y: usize| {
        format!("[[field]]\nvalue = \"{value}\"\npart = {part}\nbox = [{}, {y}, 15, 8]\n", 20 * part)
    };
    let fields: String =
        (1..=3).map(|part| field("phone", part, 30)).chain((1..=2).map(|part| field("postcode", part, 50))).collect();
    let form = made(&blank(""), &format!("{tables}{fields}"));
    let read = |value: &str, number: &str, y: f64, parts: usize| {
        let paper = form.paper(&[(value, number)]);
        (1..=parts).map(|part| paper.within(1, [20.0 * part as f64, y, 15.0, 8.0])).collect::<Vec<_>>()
    };
    assert_eq!(read("phone", "0767-22-1111", 30.0, 3), ["0767", "22", "1111"]);
    assert_eq!(read("phone", "09012345678", 30.0, 3), ["090", "1234", "5678"]);
    assert_eq!(read("phone", "0312345678", 30.0, 3), ["03", "1234", "5678"]);
    assert_eq!(read("postcode", "925-8501", 50.0, 2), ["925", "8501"]);
    assert_eq!(read("postcode", "9258501", 50.0, 2), ["925", "8501"]);
    // Where the area code ends cannot be known.
    assert!(matches!(refusal(&form, &[("phone", "0767221111")]), FillError::Invalid(_)));
}

#[test]
fn vertical_text_has_vertical_forms() {
    let text = "渚、ー『っ";
    let form =
        made(&blank(""), "[[field]]\nvalue = \"name\"\nfit = \"vertical\"\nsize = 28.35\nbox = [30, 40, 10, 50]\n");
    let filled = form.fill(&[("name", text)]).unwrap();
    let (ink, paper) = (form.ink(&filled), Paper::of(&filled));
    for (n, c) in text.chars().enumerate() {
        assert!(paper.within(1, [30.0, 40.0 + 10.0 * n as f64, 10.0, 10.0]).contains(c), "{c}");
    }
    let quarter = |n: usize, x: f64, y: f64| ink.within([30.0 + x, 40.0 + 10.0 * n as f64 + y, 5.0, 5.0]);
    // 、 stands in the upper right of its square.
    assert!(quarter(1, 5.0, 0.0) > 10 && quarter(1, 0.0, 5.0) == 0, "、");
    // ー stands upright: ink in the middle column over most of the height, none at the left.
    assert!(ink.within([34.0, 61.0, 2.0, 8.0]) > 50 && ink.within([30.0, 60.0, 2.5, 10.0]) == 0, "ー");
    // 『 opens downwards, at the foot of its square.
    let upper = ink.within([30.0, 70.0, 10.0, 4.0]);
    assert!(ink.within([30.0, 75.0, 10.0, 5.0]) > 50 && upper == 0, "『");
    // A small っ moves to the upper right.
    let (right, left) = (ink.within([35.0, 80.0, 5.0, 10.0]), ink.within([30.0, 80.0, 2.0, 10.0]));
    assert!(right > 20 && left == 0, "っ: {right} {left}");
    assert!(matches!(refusal(&form, &[("name", &"渚".repeat(30))]), FillError::DoesNotFit(_)));
}

#[test]
fn a_code_keeps_its_quiet_zone_and_can_be_read() {
    let form = made(
        &blank(""),
        "[[field]]\ntext = \"https://example.jp/kiosk?id=42\"\nfit = \"qr\"\nbox = [30, 40, 20, 20]\n",
    );
    let filled = form.fill(&[]).unwrap();
    let ink = form.ink(&filled);
    // A code of version 3 has 29 modules and 4 white ones on each side.
    let module = 20.0 / 37.0;
    assert_eq!(ink.within(around([30.0, 40.0, 20.0, 20.0], -4.0 * module + 0.07)), ink.all());
    assert!(ink.all() > 1000);
    let luma = image::DynamicImage::ImageRgba8(forms::page_image(&filled, 0, 1680).unwrap()).to_luma8();
    let mut read =
        rqrr::PreparedImage::prepare_from_greyscale(luma.width() as usize, luma.height() as usize, |x, y| {
            luma.get_pixel(x as u32, y as u32).0[0]
        });
    assert_eq!(read.detect_grids()[0].decode().unwrap().1, "https://example.jp/kiosk?id=42");
}

#[test]
fn a_line_shrinks_to_the_height_of_its_box() {
    let form = made(&blank(""), "[[field]]\nvalue = \"name\"\nsize = 40\nbox = [30, 40, 100, 5]\n");
    let ink = form.ink(&form.fill(&[("name", "渚花子")]).unwrap());
    assert_eq!(ink.within([30.0, 39.7, 100.0, 5.6]), ink.all());
    let low = made(&blank(""), "[[field]]\nvalue = \"name\"\nbox = [30, 40, 100, 1.5]\n");
    assert!(matches!(refusal(&low, &[("name", "渚花子")]), FillError::DoesNotFit(_)));
}

const ASKED: &str = "
[[question]]
id = \"who\"
label = { ja = \"どなたですか\" }
answer = { kind = \"one\", choices = [{ id = \"self\", label = { ja = \"本人《ほんにん》\" } }, { id = \"proxy\", label = { ja = \"代理人\" } }] }
[[question]]
id = \"proxy_name\"
label = { ja = \"代理人の名前\" }
answer = { kind = \"text\", max = 20 }
when = { question = \"who\", is = [\"proxy\"] }
[[question]]
id = \"kana\"
label = { ja = \"フリガナ\" }
answer = { kind = \"kana\", max = 20 }
optional = true
[[field]]
value = \"who\"
box = [30, 40, 60, 8]
[[field]]
value = \"proxy_name\"
required = true
box = [30, 60, 60, 8]
[[field]]
value = \"kana\"
box = [30, 80, 60, 8]
[[field]]
value = \"sex\"
box = [30, 100, 60, 8]
";

#[test]
fn what_is_asked_must_be_answered_and_answers_must_be_offered() {
    let form = made(&blank(""), ASKED);
    let missing = |values: &[(&str, &str)]| match refusal(&form, values) {
        FillError::Missing(ids) => ids.into_iter().map(|id| id.0).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    assert_eq!(missing(&[]), ["who"]);
    assert_eq!(missing(&[("who", "proxy")]), ["proxy_name"]);
    assert_eq!(missing(&[("who", "proxy"), ("proxy_name", "　")]), ["proxy_name"]);
    let paper = form.paper(&[("who", "self")]);
    assert_eq!(paper.within(1, [30.0, 40.0, 60.0, 8.0]), "本人");
    for (name, value) in [("who", "slef"), ("kana", "漢字"), ("sex", "女性")] {
        let values = [("who", "self"), (name, value)];
        match refusal(&form, if name == "who" { &values[1..] } else { &values }) {
            FillError::Invalid(id) => assert_eq!(id.0, name),
            other => panic!("{name}: {other}"),
        }
    }
    assert_eq!(form.paper(&[("who", "self"), ("sex", "female")]).within(1, [30.0, 100.0, 60.0, 8.0]), "女");
}

#[test]
fn an_individual_number_is_neither_asked_for_nor_written() {
    for tables in [
        "[[field]]\nvalue = \"my_number\"\nbox = [30, 40, 60, 8]\n",
        "[[field]]\ntext = \"1234 5678 9018\"\nbox = [30, 40, 60, 8]\n",
        "[[question]]\nid = \"number\"\nlabel = { ja = \"個人《こじん》番号《ばんごう》を入力してください\" }\nanswer = { kind = \"digits\", min = 12, max = 12 }\n",
    ] {
        let form = made(&blank(""), tables);
        assert!(Form::load(&form.folder).is_err());
        assert!(form.findings(true)[0].contains("個人番号"), "{:?}", form.findings(true));
    }
    let form = made(&blank(""), "[[field]]\nvalue = \"address\"\nbox = [30, 40, 160, 8]\n");
    let error = refusal(&form, &[("address", "渚市１２３４－５６７８－９０１８")]);
    assert!(matches!(error, FillError::IndividualNumber(_)) && !error.to_string().contains("１２"), "{error}");
    assert!(form.fill(&[("address", "渚市１２３４－５６７８－９０１７")]).is_ok());
}

#[test]
fn numbers_that_no_paper_has_are_refused_when_the_form_is_read() {
    for line in [
        "size = nan",
        "size = inf",
        "size = 1e8",
        "size = 0",
        "min_size = 20",
        "min_size = -1",
        "lines = 0",
        "lines = 1000",
        "count = 0",
        "count = 100000",
        "cells = 9",
        "part = 0",
        "era = \"edo\"",
        "page = 2",
        "page = 0",
        "year = [nan, 0, 1, 1]",
        "eras = [{ era = \"keio\", box = [1, 1, 1, 1] }]",
    ] {
        let form = made(&blank(""), &format!("[[field]]\nvalue = \"name\"\nbox = [30, 40, 60, 8]\n{line}\n"));
        assert!(Form::load(&form.folder).is_err(), "{line}");
        let findings = forms::check(&form.folder);
        assert!(findings[0].error && findings[0].line.is_some(), "{line}: {findings:?}");
    }
    let form = made(&blank(""), "[[field]]\nvalue = \"name\"\nbox = [30, inf, 60, 8]\n");
    assert!(Form::load(&form.folder).is_err());
    // A small size of one's own needs no smaller one beside it.
    let form = made(&blank(""), "[[field]]\nvalue = \"name\"\nsize = 5\nbox = [30, 40, 60, 8]\n");
    assert_eq!(form.paper(&[("name", "渚")]).within(1, [30.0, 40.0, 60.0, 8.0]), "渚");
}

#[test]
fn check_names_what_would_go_wrong() {
    let one = "[[question]]\nid = \"q\"\nlabel = { ja = \"問\", en = \"Q\", \"zh-Hans\" = \"问\", ko = \"문\" }\n\
               answer = { kind = \"one\", choices = [{ id = \"a\", label = { ja = \"甲\" } }, { id = \"b\", label = { ja = \"乙\" } }] }\n";
    let mark = |more: &str| format!("{one}[[field]]\nvalue = \"q\"\nbox = [30, 40, 6, 6]\n{more}\n");
    let text = |answer: &str, more: &str| {
        format!(
            "[[question]]\nid = \"q\"\nlabel = {{ ja = \"問\" }}\nanswer = {{ {answer} }}\n[[field]]\nvalue = \"q\"\n{more}\n"
        )
    };
    let given = |more: &str| format!("[[field]]\nbox = [30, 40, 60, 8]\n{more}\n");
    let when = "when = { question = \"q\", is = [\"c\"] }\n";
    let other =
        format!("[[question]]\nid = \"r\"\nlabel = {{ ja = \"他\" }}\nanswer = {{ kind = \"text\", max = 5 }}\n{when}");
    for (error, word, tables) in [
        (true, "「c」という答え", mark("fit = \"tick\"\nwhen = \"c\"")),
        (true, "when（", mark("fit = \"circle\"")),
        (true, "条件の「c」", format!("{}{other}", mark("fit = \"tick\"\nwhen = \"a\""))),
        (false, "id が印字", mark("fit = \"cells\"")),
        (false, "fit = \"date\" にしない", given("value = \"birth_date\"")),
        (true, "日付ではない", given("value = \"name\"\nfit = \"date\"")),
        (true, "signature", given("value = \"signature\"")),
        (true, "signature", given("value = \"name\"\nfit = \"signature\"")),
        (true, "という答えはありません", given("value = \"sex\"\nfit = \"circle\"\nwhen = \"man\"")),
        (
            false,
            "重なって",
            format!("{}{}", given("value = \"name\""), given("value = \"birth_date\"\nfit = \"date\"")),
        ),
        (
            false,
            "4文字しか",
            text("kind = \"digits\", min = 1, max = 8", "fit = \"cells\"\ncount = 4\nbox = [30, 40, 60, 8]"),
        ),
        (false, "文字しか", text("kind = \"text\", max = 40", "box = [30, 40, 20, 5]")),
        (true, "二つ", format!("{one}{}", mark("fit = \"tick\"\nwhen = \"a\""))),
        (true, "尋ねる質問", given("value = \"nobody\"")),
        (true, "ページの外", given("value = \"name\"\n").replace("[30, 40", "[190, 40")),
    ] {
        let form = made(&blank(""), &tables);
        let findings = form.findings(error);
        assert!(findings.iter().any(|what| what.contains(word)), "{word}: {findings:?}\n{tables}");
    }
    let fine = made(&blank(""), &given("value = \"name\""));
    assert!(fine.findings(false).is_empty(), "{:?}", fine.findings(false));
    let odd = made(&blank("/MediaBox [0 0 500 500]"), &given("value = \"name\""));
    assert!(odd.findings(false)[0].contains("大きさ"));
    let font = "<< /Type /Font /Subtype /TrueType /BaseFont /MS-Mincho >>";
    let page = "/Resources << /Font << /F 4 0 R >> >>";
    let unheld = made(&small("", page, &[font]), &given("value = \"name\""));
    assert!(unheld.findings(false)[0].contains("MS-Mincho"), "{:?}", unheld.findings(false));
}

/// Japanese that is not embedded looks in the preview as it does on paper: drawn, by a font of ours.
#[test]
fn a_font_that_is_not_in_the_file_is_stood_in_for() {
    let font =
        "<< /Type /Font /Subtype /Type0 /BaseFont /MS-Mincho /Encoding /UniJIS-UCS2-H /DescendantFonts [6 0 R] >>";
    let inner = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /MS-Mincho /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>";
    let page = "/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >>";
    let text = stream("", "BT /F 20 Tf 100 700 Td <6C0F540D> Tj ET");
    let without = blank("");
    let with = small("", page, &[&text, font, inner]);
    // 氏名, 20 points high.
    assert!(Ink::between(&without, &with, 1).within([35.0, 43.0, 15.0, 9.0]) > 300);
}

#[test]
fn the_tool_takes_what_people_write() {
    let place = tempfile::tempdir().unwrap();
    let agree = "[[question]]\nid = \"agree\"\nlabel = { ja = \"同意\" }\nanswer = { kind = \"many\", min = 0, choices = [{ id = \"on\", label = { ja = \"同意\" } }] }\n\
                 [[field]]\nvalue = \"agree\"\nfit = \"tick\"\nwhen = \"on\"\nbox = [20, 30, 12, 6]\n\
                 [[field]]\nvalue = \"today\"\nfit = \"date\"\nrequired = true\nbox = [30, 40, 60, 8]\n";
    let form = made(&blank(""), agree);
    let out = place.path().join("out.pdf");
    let fill = |json: &[u8]| {
        let values = place.path().join("values.json");
        std::fs::write(&values, json).unwrap();
        forms::tool::run(&forms::tool::Command::Fill { form: form.folder.clone(), values, out: out.clone() })
    };
    assert_eq!(fill("\u{feff}{ \"agree\": true }".as_bytes()), 0);
    let filled = std::fs::read(&out).unwrap();
    assert!(form.ink(&filled).within(TICK_BOX) > 200);
    assert!(Paper::of(&filled).within(1, [30.0, 40.0, 60.0, 8.0]).starts_with("令和"));
    assert_eq!(fill(b"{ \"agree\": false }"), 0);
    assert_eq!(form.ink(&std::fs::read(&out).unwrap()).within(TICK_BOX), 0);
    for wrong in [&b"{ \"agree\": \"of\" }"[..], b"[]", b"{", b"{ \"today\": {} }", b"{ \"today\": true }", b"\xff"] {
        assert_eq!(fill(wrong), 3, "{}", String::from_utf8_lossy(wrong));
    }
    assert!(Form::load(&form.folder).unwrap().fill(&values_of(&[("today", "2023-02-29")])).is_err());
}
