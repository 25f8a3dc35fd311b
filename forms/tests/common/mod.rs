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

    /// The width of a page (from 1) as it is seen, in millimetres.
    pub fn width_mm(&self, page: usize) -> f64 {
        let page = page.to_string();
        let info = run(Command::new("pdfinfo").args(["-f", &page, "-l", &page, "-box"]).arg(&self.path));
        let line = |key: &str| info.lines().find(|line| line.contains(key)).unwrap().to_owned();
        let numbers =
            |line: &str| -> Vec<f64> { line.split_whitespace().filter_map(|word| word.parse().ok()).collect() };
        let crop = numbers(line("CropBox:").split_once(':').unwrap().1);
        let turned = numbers(line("rot:").split_once(':').unwrap().1)[0] % 180.0 != 0.0;
        // Poppler knows nothing of a page's own unit.
        let bytes = fs::read(&self.path).unwrap();
        let unit = bytes.windows(10).position(|word| word == b"/UserUnit ");
        let unit =
            unit.map_or(1.0, |at| numbers(&String::from_utf8_lossy(&bytes[at + 10..at + 30]).replace('/', " "))[0]);
        (if turned { crop[3] - crop[1] } else { crop[2] - crop[0] }) * unit * 25.4 / 72.0
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

/// The tables of one kind in a `form.toml`.
pub fn tables(toml: &Path, kind: &str) -> Vec<toml::Table> {
    let file: toml::Table = toml::from_str(&fs::read_to_string(toml).unwrap()).unwrap();
    let tables = file.get(kind).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    tables.into_iter().map(|table| table.as_table().unwrap().clone()).collect()
}

/// A text of a table, or nothing.
pub fn text(table: &toml::Table, key: &str) -> String {
    table.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
}

/// The page that a field is on.
pub fn page(field: &toml::Table) -> usize {
    field.get("page").and_then(toml::Value::as_integer).map_or(1, |page| usize::try_from(page).unwrap())
}

/// A box.
pub fn rect(value: &toml::Value) -> [f64; 4] {
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|n| n as f64)).unwrap();
    [0, 1, 2, 3].map(|side| number(&value[side]))
}

/// The fields of a `form.toml`: value, page, box.
pub fn fields(toml: &Path) -> Vec<(String, usize, [f64; 4])> {
    let fields = tables(toml, "field").into_iter().filter(|field| field.contains_key("value"));
    fields.map(|field| (text(&field, "value"), page(&field), rect(&field["box"]))).collect()
}

/// A PDF of these objects, numbered from 1; the first is the catalogue.
pub fn pdf_of(objects: &[String]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).into_bytes());
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).into_bytes());
    places.iter().for_each(|place| out.extend(format!("{place:010} 00000 n \n").into_bytes()));
    out.extend(
        format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", places.len() + 1).into_bytes(),
    );
    out
}

/// A PDF as small as the format allows: one page, A4 unless it says otherwise, with these entries in its catalogue and
/// page, and these objects from 4.
pub fn small(catalogue: &str, page: &str, objects: &[&str]) -> Vec<u8> {
    let sheet = if page.contains("/MediaBox") { "" } else { "/MediaBox [0 0 595.276 841.89]" };
    let mut all = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalogue} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R {sheet} {page} >>"),
    ];
    all.extend(objects.iter().map(|object| (*object).to_owned()));
    pdf_of(&all)
}

pub fn stream(dictionary: &str, content: &str) -> String {
    format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A form's folder of this PDF and these tables of `form.toml`.
pub struct Made {
    pub place: tempfile::TempDir,
    pub folder: PathBuf,
    pdf: Vec<u8>,
}

pub fn made(pdf: &[u8], tables: &str) -> Made {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("form");
    fs::create_dir(&folder).unwrap();
    let head = "schema = 1\n[form]\nid = \"form\"\ntitle = { ja = \"様式\" }\npdf = \"form.pdf\"\nsource = \"試験\"\n";
    fs::write(folder.join("form.toml"), format!("{head}{tables}")).unwrap();
    fs::write(folder.join("form.pdf"), pdf).unwrap();
    Made { place, folder, pdf: pdf.to_vec() }
}

impl Made {
    pub fn fill(&self, values: &[(&str, &str)]) -> Result<Vec<u8>, forms::FillError> {
        Form::load(&self.folder).unwrap().fill(&values_of(values))
    }

    pub fn ink(&self, filled: &[u8]) -> Ink {
        Ink::between(&self.pdf, filled, 1)
    }

    pub fn paper(&self, values: &[(&str, &str)]) -> Paper {
        Paper::of(&self.fill(values).unwrap_or_else(|error| panic!("{error}")))
    }

    /// What `check` has against it: errors only, or all.
    pub fn findings(&self, errors: bool) -> Vec<String> {
        let findings = forms::check(&self.folder).into_iter().filter(|finding| finding.error || !errors);
        findings.map(|finding| finding.what).collect()
    }
}

pub fn values_of(values: &[(&str, &str)]) -> Filling {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Filling { values, signature: Vec::new(), sign_at_desk: false }
}

/// Where ink came to a page, in pixels.
pub struct Ink {
    width: usize,
    height: usize,
    scale: f64,
    fresh: Vec<bool>,
}

impl Ink {
    pub const PIXELS_PER_MM: f64 = 8.0;

    /// What `after` has on a page (from 1) that `before` has not.
    pub fn between(before: &[u8], after: &[u8], page: usize) -> Self {
        let out = Paper::of(after);
        let width = (out.width_mm(page) * Self::PIXELS_PER_MM).round() as u32;
        let draw = |pdf: &[u8]| forms::page_image(pdf, page - 1, width).unwrap();
        let (before, after) = (draw(before), draw(after));
        let dark = |pixel: &image::Rgba<u8>| pixel.0[..3].iter().map(|c| u32::from(*c)).sum::<u32>() < 3 * 150;
        let fresh = before.pixels().zip(after.pixels()).map(|(was, is)| dark(is) && !dark(was)).collect();
        Self { width: after.width() as usize, height: after.height() as usize, scale: Self::PIXELS_PER_MM, fresh }
    }

    /// Pixels of new ink within a box in millimetres, and a little round it.
    pub fn within(&self, [x, y, w, h]: [f64; 4]) -> usize {
        let at = |mm: f64, most: usize| ((mm * self.scale).round().max(0.0) as usize).min(most);
        let (left, right) = (at(x, self.width), at(x + w, self.width));
        let (top, bottom) = (at(y, self.height), at(y + h, self.height));
        (top..bottom)
            .map(|y| self.fresh[y * self.width + left..y * self.width + right].iter().filter(|on| **on).count())
            .sum()
    }

    pub fn all(&self) -> usize {
        self.fresh.iter().filter(|on| **on).count()
    }
}

/// A box a little larger on every side.
pub fn around([x, y, w, h]: [f64; 4], by: f64) -> [f64; 4] {
    [x - by, y - by, w + 2.0 * by, h + 2.0 * by]
}
