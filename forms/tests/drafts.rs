//! First descriptions of PDFs with input fields as other makers name them.

mod common;

use common::{Paper, fields, pdf_of, small, stream, tables, text};
use std::fs;
use std::path::PathBuf;

/// A widget at a place in points from the lower left, with these entries.
fn widget(name: &str, rect: [u32; 4], more: &str) -> String {
    let [x0, y0, x1, y1] = rect;
    format!("<< /Type /Annot /Subtype /Widget /F 4 /T {} /Rect [{x0} {y0} {x1} {y1}] {more} >>", utf16(name))
}

/// UTF-16, as PDF writes Japanese.
fn utf16(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{units}>")
}

/// A page with these texts printed at these points, and these widgets.
fn paper(printed: &[(&str, u32, u32)], widgets: &[String]) -> Vec<u8> {
    let shown: String = printed
        .iter()
        .map(|(text, x, y)| {
            let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
            format!("BT /F 12 Tf {x} {y} Td <{units}> Tj ET\n")
        })
        .collect();
    let font =
        "<< /Type /Font /Subtype /Type0 /BaseFont /MS-Mincho /Encoding /UniJIS-UCS2-H /DescendantFonts [6 0 R] >>";
    let inner = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /MS-Mincho /DW 1000 \
                 /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>";
    let ids: String = (7..7 + widgets.len()).map(|id| format!("{id} 0 R ")).collect();
    let content = stream("", &shown);
    let mut objects = vec![content.as_str(), font, inner];
    objects.extend(widgets.iter().map(String::as_str));
    small(
        &format!("/AcroForm << /Fields [{ids}] >>"),
        &format!("/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> /Annots [{ids}]"),
        &objects,
    )
}

struct Draft {
    _place: tempfile::TempDir,
    folder: PathBuf,
}

fn draft(pdf: &[u8]) -> Draft {
    let place = tempfile::tempdir().unwrap();
    let (from, folder) = (place.path().join("a.pdf"), place.path().join("draft"));
    fs::write(&from, pdf).unwrap();
    forms::start(&from, &folder).unwrap();
    let draft = Draft { _place: place, folder };
    assert!(forms::check(&draft.folder).iter().all(|finding| !finding.error), "{}", draft.toml());
    draft
}

impl Draft {
    fn toml(&self) -> String {
        fs::read_to_string(self.folder.join("form.toml")).unwrap()
    }

    /// The value of the field at a place of the PDF (points from the lower left).
    fn value_at(&self, [x0, y0, x1, y1]: [u32; 4]) -> String {
        let (x, y) = (f64::from(x0 + x1) / 2.0 * 25.4 / 72.0, (841.89 - f64::from(y0 + y1) / 2.0) * 25.4 / 72.0);
        let holds =
            |rect: &[f64; 4]| (rect[0]..rect[0] + rect[2]).contains(&x) && (rect[1]..rect[1] + rect[3]).contains(&y);
        let found = fields(&self.folder.join("form.toml")).into_iter().find(|(.., rect)| holds(rect));
        found.map(|(value, ..)| value).unwrap_or_default()
    }

    fn label_of(&self, value: &str) -> String {
        let questions = tables(&self.folder.join("form.toml"), "question");
        let question = questions.iter().find(|question| text(question, "id") == value);
        question.map(|question| text(question["label"].as_table().unwrap(), "ja")).unwrap_or_default()
    }
}

#[test]
fn names_of_input_fields_are_understood() {
    for (name, value) in [
        ("氏名", "name"),
        ("申請者氏名", "name"),
        ("Applicant's Name", "name"),
        ("txtFullName", "name"),
        ("住所", "address"),
        ("Home_Address", "address"),
        ("Sex", "sex"),
        ("Gender", "sex"),
        ("Postal code", "postcode"),
        ("ZIP", "postcode"),
        ("Date of Birth", "birth_date"),
        ("生年月日", "birth_date"),
        ("電話番号", "phone"),
        ("Phone", "phone"),
        ("フリガナ", "name_kana"),
        ("世帯主氏名", "head_of_household"),
        ("E-mail address", ""),
        ("メールアドレス", ""),
        ("Company name", ""),
        ("会社名", ""),
        ("Last Name", ""),
        ("勤務先住所", ""),
        ("Place of birth", ""),
        ("世帯主との続柄", ""),
    ] {
        let place = [100, 700, 300, 720];
        let found = draft(&paper(&[], &[widget(name, place, "/FT /Tx")])).value_at(place);
        if value.is_empty() {
            assert!(found.starts_with("field_"), "{name}: {found}");
        } else {
            assert_eq!(found, value, "{name}");
        }
    }
}

#[test]
fn a_field_without_a_name_of_its_own_has_the_label_beside_it() {
    let places = [[150, 700, 300, 720], [150, 660, 300, 680], [150, 600, 300, 620], [150, 560, 300, 580]];
    let widgets: Vec<String> =
        places.iter().enumerate().map(|(n, place)| widget(&format!("Text{}", n + 1), *place, "/FT /Tx")).collect();
    // The third label stands above its field, the fourth names something that the kiosk does not know.
    let printed = [("氏名", 100, 704), ("住所", 100, 664), ("生年月日", 150, 626), ("本籍", 100, 564)];
    let draft = draft(&paper(&printed, &widgets));
    let found: Vec<String> = places.iter().map(|place| draft.value_at(*place)).collect();
    assert_eq!(found[..3], ["name", "address", "birth_date"], "{}", draft.toml());
    assert_eq!(draft.label_of(&found[3]), "本籍");
}

#[test]
fn the_plainest_name_has_the_value() {
    let (first, second) = ([100, 700, 300, 720], [100, 650, 300, 670]);
    let draft =
        draft(&paper(&[], &[widget("届出をする方の氏名", first, "/FT /Tx"), widget("氏名", second, "/FT /Tx")]));
    assert_eq!(draft.value_at(second), "name", "{}", draft.toml());
    assert!(draft.value_at(first).starts_with("field_"));
}

#[test]
fn one_input_field_does_not_silence_the_printed_labels() {
    let place = [150, 300, 300, 320];
    let draft = draft(&paper(&[("氏名", 100, 704), ("備考欄", 100, 304)], &[widget("memo", place, "/FT /Tx")]));
    assert!(draft.value_at(place).starts_with("field_"));
    assert!(fields(&draft.folder.join("form.toml")).iter().any(|(value, ..)| value == "name"), "{}", draft.toml());
}

#[test]
fn a_date_in_three_fields_is_one_date() {
    let places = [[100, 700, 140, 720], [150, 700, 180, 720], [190, 700, 220, 720]];
    for names in [
        ["生年月日_年", "生年月日_月", "生年月日_日"],
        ["birth_year", "birth_month", "birth_day"],
        ["DateOfBirthYear", "DateOfBirthMonth", "DateOfBirthDay"],
        ["生年月日.年", "生年月日.月", "生年月日.日"],
    ] {
        let widgets: Vec<String> =
            names.iter().zip(places).map(|(name, place)| widget(name, place, "/FT /Tx")).collect();
        let draft = draft(&paper(&[], &widgets));
        let dates = tables(&draft.folder.join("form.toml"), "field");
        assert_eq!(dates.len(), 1, "{}", draft.toml());
        assert_eq!((text(&dates[0], "value"), text(&dates[0], "fit")), ("birth_date".into(), "date".into()));
        let form = forms::Form::load(&draft.folder).unwrap();
        let filled = Paper::of(&form.fill(&common::values_of(&[("birth_date", "1980-02-29")])).unwrap());
        let read: Vec<String> =
            ["year", "month", "day"].map(|part| filled.within(1, common::rect(&dates[0][part]))).into();
        assert_eq!(read, ["1980", "2", "29"], "{names:?}");
    }
    // With the eras as buttons, the era's year.
    let eras = ["昭和", "平成", "令和"]
        .map(|era| format!("/{}", era.bytes().map(|b| format!("#{b:02X}")).collect::<String>()));
    let mut widgets: Vec<String> = ["年", "月", "日"]
        .iter()
        .zip(places)
        .map(|(part, place)| widget(&format!("生年月日_{part}"), place, "/FT /Tx"))
        .collect();
    for (n, era) in eras.iter().enumerate() {
        let x = 40 + 20 * n as u32;
        let look = format!("/FT /Btn /Ff 32768 /AP << /N << {era} 4 0 R /Off 4 0 R >> >>");
        widgets.push(widget("生年月日_元号", [x, 700, x + 12, 712], &look));
    }
    let draft = draft(&paper(&[], &widgets));
    let dates = tables(&draft.folder.join("form.toml"), "field");
    assert_eq!(dates.len(), 1, "{}", draft.toml());
    assert_eq!(dates[0]["eras"].as_array().unwrap().len(), 3);
}

#[test]
fn buttons_for_sex_are_the_sex() {
    let (male, female) = ([150, 700, 162, 712], [200, 700, 212, 712]);
    let button = |name: &str, place, on: &str| {
        widget(name, place, &format!("/FT /Btn /Ff 32768 /AP << /N << /{on} 4 0 R /Off 4 0 R >> >>"))
    };
    let kanji = |text: &str| text.bytes().map(|b| format!("#{b:02X}")).collect::<String>();
    for (what, widgets) in [
        ("on for 男 and 女", [button("性別", male, &kanji("男")), button("性別", female, &kanji("女"))]),
        ("on for words", [button("Group1", male, "male"), button("Group1", female, "female")]),
        ("numbered", [button("性別", male, "1"), button("性別", female, "2")]),
        ("a box each", [button("性別_男", male, "Yes"), button("性別_女", female, "Yes")]),
    ] {
        let draft = draft(&paper(&[("男", 165, 701), ("女", 215, 701)], &widgets));
        let fields = tables(&draft.folder.join("form.toml"), "field");
        let found: Vec<(String, String)> =
            fields.iter().map(|field| (text(field, "value"), text(field, "when"))).collect();
        assert_eq!(found, [("sex".into(), "male".into()), ("sex".into(), "female".into())], "{what}: {}", draft.toml());
    }
}

#[test]
fn boxes_without_a_look_of_their_own_are_kept() {
    let (alone, first, second) = ([150, 700, 162, 712], [150, 650, 162, 662], [250, 650, 262, 662]);
    let widgets = [
        widget("同意する", alone, "/FT /Btn"),
        widget("区分", first, "/FT /Btn /Ff 32768"),
        widget("区分", second, "/FT /Btn /Ff 32768"),
    ];
    let draft = draft(&paper(&[("新規", 165, 651), ("変更", 265, 651)], &widgets));
    let fields = tables(&draft.folder.join("form.toml"), "field");
    assert_eq!(fields.len(), 3, "{}", draft.toml());
    assert!(draft.toml().contains("新規") && draft.toml().contains("変更"), "{}", draft.toml());
    // Whoever gives the four facts only can fill the draft.
    assert!(forms::Form::load(&draft.folder).unwrap().fill(&common::values_of(&[("name", "渚")])).is_ok());
}

#[test]
fn a_scan_with_stray_characters_is_told_as_one() {
    // A grey picture over the whole sheet, and a few characters on it.
    let content = stream("", "595 0 0 842 0 0 cm /I Do");
    let stray = stream("", "BT /F 7 Tf 100 700 Td (abcdefghijklmnopqrstuvwxyz) Tj ET");
    let pdf = pdf_of(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents [4 0 R 5 0 R] \
         /Resources << /XObject << /I 6 0 R >> /Font << /F 7 0 R >> >> >>"
            .to_owned(),
        content,
        stray,
        stream(
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8",
            "\u{7f}",
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ]);
    let draft = draft(&pdf);
    assert!(draft.toml().contains("画像"), "{}", draft.toml());
    for value in ["name", "address", "birth_date", "sex"] {
        assert!(draft.toml().contains(&format!("# value = \"{value}\"")), "{value}");
    }
}
