//! PDFs as they come: turned, encrypted, broken, made for another program. A form is filled or refused; nothing panics.

mod common;

use common::{Paper, filling, folder, pdf_of, small, stream};
use forms::{Form, FormError, PdfFault, page_image};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::process::Command;

const FORM: &str = "inkan-certificate";

/// The form's folder with another PDF in it.
fn with_pdf(pdf: &[u8]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::write(copy.path().join("form.pdf"), pdf).unwrap();
    fs::copy(folder(FORM).join("form.toml"), copy.path().join("form.toml")).unwrap();
    copy
}

fn qpdf(arguments: &[&str]) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("out.pdf");
    let made = Command::new("qpdf").args(arguments).arg(folder(FORM).join("form.pdf")).arg(&path).status().unwrap();
    assert!(made.success());
    fs::read(path).unwrap()
}

fn fault(pdf: &[u8]) -> PdfFault {
    match Form::load(with_pdf(pdf).path()) {
        Err(FormError::Pdf { fault, .. }) => fault,
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn a_turned_page_is_filled_as_the_reader_sees_it() {
    // Lying down and turned back upright, by the page's own entry.
    let lying = qpdf(&["--rotate=+90", "--flatten-rotation"]);
    let out = Paper::of(&lying);
    let upright = out.folder.path().join("upright.pdf");
    assert!(Command::new("qpdf").arg("--rotate=+270").arg(&out.path).arg(&upright).status().unwrap().success());
    let copy = with_pdf(&fs::read(upright).unwrap());
    let paper = Paper::of(&Form::load(copy.path()).unwrap().fill(&filling()).unwrap());
    paper.assert_sound();
    let fields = common::fields(&copy.path().join("form.toml"));
    let (_, page, rect) = fields.iter().find(|(name, ..)| name == "name").unwrap();
    assert_eq!(paper.within(*page, *rect), "渚花子");
}

#[test]
fn other_makers_files_are_filled() {
    for arguments in [&["--object-streams=generate"][..], &["--qdf", "--object-streams=disable"], &["--linearize"]] {
        let paper = Paper::of(&Form::load(with_pdf(&qpdf(arguments)).path()).unwrap().fill(&filling()).unwrap());
        paper.assert_sound();
        assert!(paper.text().contains("渚花子"), "{arguments:?}");
    }
}

#[test]
fn an_encrypted_file_is_refused() {
    assert_eq!(fault(&qpdf(&["--encrypt", "secret", "owner", "256", "--"])), PdfFault::Encrypted);
    assert_eq!(fault(&qpdf(&["--encrypt", "", "owner", "256", "--"])), PdfFault::Encrypted);
}

#[test]
fn what_is_no_pdf_is_refused() {
    for bytes in [&b""[..], b"%PDF-1.7", b"<html></html>", &[0; 4096]] {
        assert_eq!(fault(bytes), PdfFault::Broken);
    }
}

#[test]
fn an_xfa_form_is_refused_and_an_acroform_becomes_a_form() {
    let xfa = small("/AcroForm << /XFA 4 0 R /Fields [] >>", "", &["<< /Length 7 >>\nstream\n<xdp/>\n\nendstream"]);
    assert_eq!(fault(&xfa), PdfFault::Xfa);
    // With ordinary fields beside it, it is one all the same.
    let packet = "<< /Length 7 >>\nstream\n<xdp/>\n\nendstream";
    let hybrid = small("/AcroForm << /XFA [(form) 4 0 R] /Fields [5 0 R] >>", "", &[packet, "<< /FT /Tx /T (a) >>"]);
    assert_eq!(fault(&hybrid), PdfFault::Xfa);

    let widget = |name: &str, rect: &str, more: &str| {
        // UTF-16, as PDF writes Japanese.
        let name: String = name.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
        format!("<< /Type /Annot /Subtype /Widget /F 4 /T <FEFF{name}> /Rect [{rect}] {more} >>")
    };
    let acro = small(
        "/AcroForm << /Fields [4 0 R 5 0 R 6 0 R] >>",
        "/Annots [4 0 R 5 0 R 6 0 R]",
        &[
            &widget("氏名", "100 700 300 720", "/FT /Tx"),
            &widget("会員番号", "100 650 300 670", "/FT /Tx /MaxLen 8 /Ff 16777216"),
            &widget("個人番号", "100 600 300 620", "/FT /Tx /MaxLen 12"),
        ],
    );
    let place = tempfile::tempdir().unwrap();
    let (pdf, form) = (place.path().join("a.pdf"), place.path().join("member"));
    fs::write(&pdf, acro).unwrap();
    forms::start(&pdf, &form).unwrap();
    let fields = common::fields(&form.join("form.toml"));
    let near = |wanted: [f64; 4]| {
        move |(_, _, rect): &&(String, usize, [f64; 4])| rect.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1.5)
    };
    // In millimetres from the upper left.
    let name = fields.iter().find(near([35.3, 43.0, 70.6, 7.1])).expect("a field over the input field");
    assert_eq!(name.0, "name");
    assert!(fields.iter().any(|(value, ..)| value != "name"), "the unknown input is asked for");
    assert_eq!(fields.len(), 2, "the individual number is nobody's field: {fields:?}");
    assert!(forms::check(&form).iter().all(|finding| !finding.error), "{:?}", forms::check(&form));
    let loaded = Form::load(&form).unwrap();
    Paper::of(&loaded.fill(&filling()).unwrap()).assert_sound();
    // A folder with something in it is never written over.
    assert!(matches!(forms::start(&pdf, &form), Err(forms::NewError::Exists(_))));
}

#[test]
fn bold_that_is_drawn_twice_is_read_once() {
    let text = "BT /F 24 Tf 1 0 0 1 100 700 Tm (Application) Tj 1 0 0 1 100.6 700 Tm (Application) Tj ET";
    let stream = format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len());
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
    let pdf = small("", "/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >>", &[&stream, font]);
    let place = tempfile::tempdir().unwrap();
    let (from, form) = (place.path().join("a.pdf"), place.path().join("form"));
    fs::write(&from, pdf).unwrap();
    forms::start(&from, &form).unwrap();
    let toml = fs::read_to_string(form.join("form.toml")).unwrap();
    assert!(toml.contains("title = { ja = \"Application\" }"), "{toml}");
}

#[test]
fn a_draft_finds_the_facts_of_the_shipped_forms() {
    let mut found = 0;
    let mut all = 0;
    for id in common::LIBRARY {
        let place = tempfile::tempdir().unwrap();
        let draft = place.path().join(id);
        forms::start(&folder(id).join("form.pdf"), &draft).unwrap();
        assert!(forms::check(&draft).iter().all(|finding| !finding.error), "{id}");
        let (drafted, drawn) =
            (common::fields(&draft.join("form.toml")), common::fields(&folder(id).join("form.toml")));
        for value in ["name", "address", "birth_date"] {
            let boxes = |fields: &[(String, usize, [f64; 4])]| -> Vec<[f64; 4]> {
                fields.iter().filter(|(name, page, _)| name == value && *page == 1).map(|(.., rect)| *rect).collect()
            };
            let overlap = |a: &[f64; 4], b: &[f64; 4]| {
                (a[0] + a[2]).min(b[0] + b[2]) > a[0].max(b[0]) && (a[1] + a[3]).min(b[1] + b[3]) > a[1].max(b[1])
            };
            let (here, there) = (boxes(&drafted), boxes(&drawn));
            all += 1;
            found += usize::from(here.iter().any(|a| there.iter().any(|b| overlap(a, b))));
        }
    }
    assert!(found * 10 >= all * 9, "{found} of {all} facts have their place in the draft");
}

/// A form XObject that is drawn by the page.
fn drawing(resources: &str, content: &str) -> String {
    stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 500 500] /Resources << {resources} >>"), content)
}

#[test]
fn what_draws_itself_or_a_million_others_is_refused_at_once() {
    let page = "/Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >>";
    let twice = "/X Do /X Do";
    let cycle = small("", page, &[&stream("", "/X Do"), &drawing("/XObject << /X 5 0 R >>", twice)]);
    // Thirty forms, each of which draws the next one twice.
    let mut bomb = vec![stream("", "/X Do")];
    bomb.extend((6..36).map(|next| drawing(&format!("/XObject << /X {next} 0 R >>"), twice)));
    bomb.push(drawing("", "0 0 10 10 re f"));
    let bomb = small("", page, &bomb.iter().map(String::as_str).collect::<Vec<_>>());
    // A pattern that is painted with itself, and a character that writes itself.
    let tiling = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 \
                  /Resources << /Pattern << /P 5 0 R >> >>";
    let paint = "/Pattern cs /P scn 0 0 9 9 re f /P scn 0 0 9 9 re f";
    let pattern = small(
        "",
        "/Contents 4 0 R /Resources << /Pattern << /P 5 0 R >> >>",
        &[&stream("", paint), &stream(tiling, paint)],
    );
    let write = "BT /F 9 Tf (aa) Tj ET";
    let font = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 97 /LastChar 97 \
                /Widths [9] /Encoding << /Differences [97 /a] >> /CharProcs << /a 6 0 R >> \
                /Resources << /Font << /F 5 0 R >> >> >>";
    let character = small(
        "",
        "/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >>",
        &[&stream("", write), font, &stream("", &format!("9 0 0 0 9 9 d1 {write}"))],
    );
    let began = std::time::Instant::now();
    for pdf in [cycle, bomb, pattern, character] {
        assert_eq!(fault(&pdf), PdfFault::Endless);
        assert!(page_image(&pdf, 0, 200).is_err());
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("a.pdf"), &pdf).unwrap();
        assert!(forms::start(&place.path().join("a.pdf"), &place.path().join("form")).is_err());
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    // One thing drawn many times is none of these.
    let many = small("", page, &[&stream("", &"/X Do ".repeat(500)), &drawing("", "0 0 1 1 re f")]);
    assert!(Form::load(with_pdf(&many).path()).is_ok());
}

#[test]
fn a_page_that_stands_twice_in_the_tree_is_refused() {
    let pdf = pdf_of(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
    ]);
    assert_eq!(fault(&pdf), PdfFault::SharedPage);
}

fn read(folder: &Path, pdf: &[u8]) {
    if let Ok(form) = Form::load(folder)
        && let Ok(filled) = form.fill(&filling())
    {
        let _ = page_image(&filled, 0, 200);
    }
    let _ = page_image(pdf, 0, 200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_damaged_file_is_filled_or_refused(at in 0.0f64..1.0, junk in prop::collection::vec(any::<u8>(), 1..40), cut: bool) {
        let mut pdf = fs::read(folder(FORM).join("form.pdf")).unwrap();
        let from = (pdf.len() as f64 * at) as usize;
        if cut {
            pdf.truncate(from);
        } else {
            let end = pdf.len().min(from + junk.len());
            pdf[from..end].copy_from_slice(&junk[..end - from]);
        }
        read(with_pdf(&pdf).path(), &pdf);
    }

    #[test]
    fn a_changed_description_is_read_or_refused(at in 0.0f64..1.0, junk in "[\\[\\]{}=\"0-9a-z.\\- \n]{1,20}") {
        let copy = with_pdf(&fs::read(folder(FORM).join("form.pdf")).unwrap());
        let path = copy.path().join("form.toml");
        let mut text: Vec<char> = fs::read_to_string(&path).unwrap().chars().collect();
        let from = (text.len() as f64 * at) as usize;
        text.splice(from..(from + 5).min(text.len()), junk.chars());
        fs::write(&path, text.into_iter().collect::<String>()).unwrap();
        let _ = forms::check(copy.path());
        read(copy.path(), b"");
    }
}
