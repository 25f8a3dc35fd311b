//! Two forms that cities really use, described by hand. Their PDFs are not ours to publish: `MADOGUCHI_SAMPLES` names
//! the folder that has them, or they lie beside the repository. Without them there is nothing to test.

mod common;

use common::{Ink, Made, Paper, filling, made};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Excel's, with all its fonts; A4, scaled by its maker to an odd size.
const RESIDENT_TAX: (&str, &str) = (
    "application_for_resident_tax_certificates.pdf",
    r#"
[[question]]
id = "name_kana"
label = { ja = "フリガナ" }
answer = { kind = "kana", max = 30 }

[[question]]
id = "phone"
label = { ja = "電話番号" }
answer = { kind = "phone" }
optional = true

[[field]]
value = "today"
fit = "date"
gregorian = true
box = [172.5, 39.8, 31.0, 5.0]
year = [172.5, 39.8, 8.0, 5.0]
month = [184.8, 39.8, 7.3, 5.0]
day = [196.4, 39.8, 7.3, 5.0]

[[field]]
value = "address"
lines = 2
required = true
box = [40.5, 58.0, 160.0, 13.0]

[[field]]
value = "address"
lines = 2
size = 9
box = [40.5, 78.0, 91.0, 10.5]

[[field]]
value = "phone"
part = 1
size = 10
align = "right"
box = [154.0, 74.2, 17.0, 5.5]

[[field]]
value = "phone"
part = 2
size = 10
align = "center"
box = [173.8, 74.2, 9.4, 5.5]

[[field]]
value = "phone"
part = 3
size = 10
box = [186.0, 74.2, 15.0, 5.5]

[[field]]
value = "name_kana"
size = 7
box = [40.5, 90.8, 74.0, 3.2]

[[field]]
value = "name"
size = 13
required = true
box = [40.5, 94.5, 74.0, 10.0]

[[field]]
value = "birth_date"
fit = "date"
required = true
size = 9.5
box = [134.2, 89.4, 59.5, 10.0]
year = [152.2, 91.9, 7.0, 5.0]
month = [164.0, 91.9, 11.5, 5.0]
day = [181.0, 91.9, 12.7, 5.0]
eras = [
  { era = "meiji", box = [134.2, 89.6, 5.6, 5.4] },
  { era = "taisho", box = [140.1, 89.6, 5.6, 5.4] },
  { era = "showa", box = [134.2, 94.0, 5.6, 5.4] },
  { era = "heisei", box = [140.1, 94.0, 5.6, 5.4] },
  { era = "reiwa", box = [145.9, 94.0, 5.6, 5.4] },
]
"#,
);

/// A scan with a few characters laid over it, in a font that the file does not hold.
const INCOME_TAX: (&str, &str) = (
    "application_for_income_tax_certificates.pdf",
    r#"
[[question]]
id = "name_kana"
label = { ja = "フリガナ" }
answer = { kind = "kana", max = 30 }

[[field]]
value = "today"
fit = "date"
gregorian = true
box = [138.0, 29.6, 41.0, 5.0]
year = [138.0, 29.6, 10.0, 5.0]
month = [154.0, 29.6, 9.0, 5.0]
day = [169.0, 29.6, 9.0, 5.0]

[[field]]
value = "address"
lines = 2
required = true
box = [104.5, 35.5, 86.0, 8.0]

[[field]]
value = "name_kana"
size = 8
box = [104.5, 45.0, 78.0, 3.6]

[[field]]
value = "name"
size = 14
required = true
box = [104.5, 50.0, 76.0, 12.0]
"#,
);

fn sample(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/forms");
    let folder = std::env::var_os("MADOGUCHI_SAMPLES").map_or(beside, PathBuf::from);
    let found = Some(folder.join(name)).filter(|path| path.is_file());
    if found.is_none() {
        eprintln!("{name} is not here");
    }
    found
}

/// The form, the paper, and where ink came to it.
fn filled((name, tables): (&str, &str)) -> Option<(Made, Paper, Ink)> {
    let form = made(&fs::read(sample(name)?).unwrap(), tables);
    assert!(form.findings(true).is_empty(), "{name}: {:?}", form.findings(true));
    let pdf = forms::Form::load(&form.folder).unwrap().fill(&filling()).unwrap();
    let (paper, ink) = (Paper::of(&pdf), form.ink(&pdf));
    assert!(Command::new("qpdf").arg("--check").arg(&paper.path).output().unwrap().status.success());
    if let Some(folder) = std::env::var_os("MADOGUCHI_PICTURES") {
        let picture = forms::page_image(&pdf, 0, 1240).unwrap();
        picture.save(Path::new(&folder).join(name).with_extension("png")).unwrap();
    }
    Some((form, paper, ink))
}

#[test]
fn the_residents_tax_certificate_is_filled() {
    let Some((_, paper, ink)) = filled(RESIDENT_TAX) else { return };
    let address = "渚市海辺町一丁目２番３号シーサイド渚１０１";
    for (text, place) in [
        (address, [40.5, 58.0, 160.0, 13.0]),
        (address, [40.5, 78.0, 91.0, 10.5]),
        ("渚花子", [40.5, 94.5, 74.0, 10.0]),
        ("ナギサハナコ", [40.5, 90.8, 74.0, 3.2]),
        ("090", [154.0, 74.2, 17.0, 5.5]),
        ("0000", [173.8, 74.2, 9.4, 5.5]),
        ("1234", [186.0, 74.2, 15.0, 5.5]),
        ("55", [152.2, 91.9, 6.8, 5.0]),
        ("2", [164.0, 91.9, 11.5, 5.0]),
        ("29", [181.0, 91.9, 12.5, 5.0]),
    ] {
        assert!(paper.within(1, place).contains(text), "{text}: {}", paper.within(1, place));
    }
    let [showa, heisei] = [[134.2, 94.0, 5.6, 5.4], [140.1, 94.0, 5.6, 5.4]];
    assert!(ink.within(showa) > 150 && ink.within(heisei) < 60, "{} {}", ink.within(showa), ink.within(heisei));
}

#[test]
fn the_income_tax_certificate_is_filled_and_its_missing_font_is_told() {
    let Some((form, paper, ink)) = filled(INCOME_TAX) else { return };
    for (text, place) in [
        ("渚市海辺町一丁目２番３号シーサイド渚１０１", [104.5, 35.5, 86.0, 8.0]),
        ("渚花子", [104.5, 50.0, 76.0, 12.0]),
        ("ナギサハナコ", [104.5, 45.0, 78.0, 3.6]),
    ] {
        assert!(paper.within(1, place).contains(text), "{text}: {}", paper.within(1, place));
        assert!(ink.within(place) > 200, "{text}");
    }
    // The boxes of the individual number stay empty.
    assert_eq!(ink.within([104.0, 66.0, 86.0, 7.0]), 0);
    assert!(
        form.findings(false).iter().any(|what| what.contains("入っていないフォント")),
        "{:?}",
        form.findings(false)
    );
}

#[test]
fn both_make_drafts_that_help() {
    for (name, ..) in [RESIDENT_TAX, INCOME_TAX] {
        let Some(path) = sample(name) else { return };
        let place = tempfile::tempdir().unwrap();
        let draft = place.path().join("draft");
        let drafted = forms::start(&path, &draft).unwrap();
        assert!(forms::check(&draft).iter().all(|finding| !finding.error), "{name}: {:?}", forms::check(&draft));
        let text = fs::read_to_string(draft.join("form.toml")).unwrap();
        if let Some(folder) = std::env::var_os("MADOGUCHI_PICTURES") {
            fs::copy(draft.join("form.toml"), Path::new(&folder).join(name).with_extension("toml")).unwrap();
            let pdf = forms::Form::load(&draft).unwrap().fill(&filling()).unwrap();
            let picture = forms::page_image(&pdf, 0, 1240).unwrap();
            picture.save(Path::new(&folder).join(name).with_extension("draft.png")).unwrap();
        }
        if name == INCOME_TAX.0 {
            assert_eq!((drafted.fields, drafted.pictures), (0, 1), "the stray characters are no labels");
            assert!(text.contains("画像") && drafted.hints > 10, "{text}");
            for value in ["name", "address", "birth_date", "sex"] {
                assert!(text.contains(&format!("# value = \"{value}\"")), "{value}");
            }
        } else {
            let fields = common::fields(&draft.join("form.toml"));
            let overlap = |a: [f64; 4], b: [f64; 4]| {
                (a[0] + a[2]).min(b[0] + b[2]) > a[0].max(b[0]) && (a[1] + a[3]).min(b[1] + b[3]) > a[1].max(b[1])
            };
            for (value, place) in [
                ("address", [40.5, 58.0, 160.0, 30.0]),
                ("name", [40.5, 94.5, 74.0, 10.0]),
                ("birth_date", [152.2, 91.9, 41.0, 5.0]),
                ("today", [172.5, 39.8, 31.0, 5.0]),
            ] {
                assert!(fields.iter().any(|(name, _, rect)| name == value && overlap(*rect, place)), "{value}: {text}");
            }
        }
    }
}
