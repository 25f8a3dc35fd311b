//! What the tests of forms share: the library, values of an invented citizen, and independent readers of PDF.
#![allow(dead_code, reason = "each test takes its part")]

use forms::{Filling, Form};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const LIBRARY: [&str; 8] = [
    "juminido-todoke",
    "juminhyo-request",
    "inkan-certificate",
    "koseki-request",
    "tax-certificate",
    "mynumber-pin-reset",
    "kokuho-shikaku",
    "jido-teate",
];

pub fn folder(form: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/library")).join(form)
}

pub fn form(form: &str) -> Form {
    Form::load(&folder(form)).unwrap()
}

/// Values for every form of the library, and a signature.
pub fn filling() -> Filling {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/values.json")).unwrap();
    let values: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    let signature = serde_json::from_str("[[[0,0],[40,50],[10,90]],[[60,10],[60,80]]]").unwrap();
    Filling { values, signature, sign_at_desk: false }
}

/// With one value changed.
pub fn with(name: &str, value: &str) -> Filling {
    let mut filling = filling();
    filling.values.insert(name.into(), value.into());
    filling
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A PDF on disk, as other programs see it.
pub struct Paper {
    pub folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Paper {
    pub fn of(pdf: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paper.pdf");
        fs::write(&path, pdf).unwrap();
        Self { folder, path }
    }

    /// `qpdf --check` finds no fault, and every font is embedded, subset and can be read back.
    pub fn assert_sound(&self) {
        run(Command::new("qpdf").arg("--check").arg(&self.path));
        let fonts = run(Command::new("pdffonts").arg(&self.path));
        for line in fonts.lines().skip(2) {
            let columns: Vec<&str> = line.split_whitespace().rev().collect();
            assert_eq!(columns[2..5], ["yes"; 3], "not embedded, subset or mapped: {line}");
        }
    }

    /// All text, without spaces.
    pub fn text(&self) -> String {
        run(Command::new("pdftotext").arg(&self.path).arg("-")).split_whitespace().collect()
    }

    /// The text inside a box in millimetres from the page's upper left, without spaces.
    pub fn within(&self, page: usize, [x, y, w, h]: [f64; 4]) -> String {
        let points = |mm: f64| mm * 72.0 / 25.4;
        let mut command = Command::new("pdftotext");
        command.args(["-r", "72", "-f", &page.to_string(), "-l", &page.to_string()]);
        for (flag, at) in
            [("-x", points(x).floor()), ("-y", points(y).floor()), ("-W", points(w).ceil()), ("-H", points(h).ceil())]
        {
            command.arg(flag).arg(at.to_string());
        }
        run(command.arg(&self.path).arg("-")).split_whitespace().collect()
    }
}

/// The fields of a `form.toml`: value, page, box.
pub fn fields(toml: &Path) -> Vec<(String, usize, [f64; 4])> {
    let toml: toml::Table = toml::from_str(&fs::read_to_string(toml).unwrap()).unwrap();
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|n| n as f64)).unwrap();
    let fields = toml.get("field").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let field = |field: toml::Value| {
        let value = field.get("value")?.as_str()?.to_owned();
        let page = field.get("page").and_then(toml::Value::as_integer).unwrap_or(1);
        let rect = field["box"].as_array().unwrap();
        Some((value, usize::try_from(page).unwrap(), [0, 1, 2, 3].map(|side| number(&rect[side]))))
    };
    fields.into_iter().filter_map(field).collect()
}
