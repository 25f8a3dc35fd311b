//! The sizes of paper that forms have, and which one a PDF wants.

use domain::form::FilledForm;
use hayro_syntax::Pdf;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A size of paper, the smallest first. B is that of JIS: in Japan there is no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Media {
    A5,
    B5,
    A4,
    B4,
    A3,
}

/// In hundredths of a millimetre: what cutters and drawing programs are off by.
const TOLERANCE: i32 = 200;
/// Hundredths of a millimetre in a point.
const POINT: f32 = 2540.0 / 72.0;

impl Media {
    /// All.
    pub const ALL: [Self; 5] = [Self::A5, Self::B5, Self::A4, Self::B4, Self::A3];

    /// The self-describing name (PWG 5101.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::A5 => "iso_a5_148x210mm",
            Self::B5 => "jis_b5_182x257mm",
            Self::A4 => "iso_a4_210x297mm",
            Self::B4 => "jis_b4_257x364mm",
            Self::A3 => "iso_a3_297x420mm",
        }
    }

    /// Whether a name ends in its size: `iso_a4_210x297mm`, `custom_tray-2_210x297mm`.
    pub fn is_named(self, name: &str) -> bool {
        name.rsplit('_').next() == self.name().rsplit('_').next()
    }

    /// Whether a sheet, in hundredths of a millimetre and either way round, has its size.
    pub fn is_sized(self, one: i32, other: i32) -> bool {
        let (short, long) = match self {
            Self::A5 => (14_800, 21_000),
            Self::B5 => (18_200, 25_700),
            Self::A4 => (21_000, 29_700),
            Self::B4 => (25_700, 36_400),
            Self::A3 => (29_700, 42_000),
        };
        let near = |side: i32, wanted: i32| side.abs_diff(wanted) <= TOLERANCE.unsigned_abs();
        near(one.min(other), short) && near(one.max(other), long)
    }

    /// The size of a page in points.
    fn of_points(width: f32, height: f32) -> Option<Self> {
        // A float too large saturates, and is no paper.
        let (width, height) = ((width * POINT) as i32, (height * POINT) as i32);
        Self::ALL.into_iter().find(|media| media.is_sized(width, height))
    }

    /// The paper that a form wants: that of its largest page, so that nothing is cut off. A page of no known size is
    /// printed on A4.
    pub fn of(paper: &Arc<FilledForm>) -> Self {
        let pages = catch_unwind(AssertUnwindSafe(|| {
            let pdf = Pdf::new(Arc::new(Bytes(Arc::clone(paper)))).ok()?;
            pdf.pages()
                .iter()
                .filter_map(|page| {
                    let (width, height) = page.render_dimensions();
                    Self::of_points(width, height)
                })
                .max()
        }));
        pages.ok().flatten().unwrap_or_else(|| {
            tracing::warn!(form = paper.form.0, "a paper of no known size is printed on A4");
            Self::A4
        })
    }
}

/// The PDF where it is: no copy of it is left behind.
struct Bytes(Arc<FilledForm>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0.pdf.reveal().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::form::{FilledPdf, FormId};
    use domain::{Personal, VisitId};

    /// A PDF of empty pages of these sizes in points.
    fn pdf(pages: &[(f32, f32)]) -> Arc<FilledForm> {
        let kids: String = (0..pages.len()).map(|n| format!("{} 0 R ", n + 3)).collect();
        let mut text = format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[{kids}]/Count {}>>endobj\n",
            pages.len()
        );
        for (n, (width, height)) in pages.iter().enumerate() {
            let page = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]>>");
            text.push_str(&format!("{} 0 obj{page}endobj\n", n + 3));
        }
        // Without a table of objects, as a damaged file: readers then look for them.
        text.push_str("trailer<</Root 1 0 R>>\n%%EOF\n");
        form(text.into_bytes())
    }

    fn form(bytes: Vec<u8>) -> Arc<FilledForm> {
        Arc::new(FilledForm {
            visit: VisitId(1),
            tag: None,
            form: FormId("form".into()),
            pdf: Personal::new(FilledPdf(bytes)),
            pages: 1,
        })
    }

    #[test]
    fn a_paper_is_of_its_pages_size() {
        for (size, media) in [
            ((595.28, 841.89), Media::A4),
            ((841.0, 595.0), Media::A4),
            ((841.89, 1190.55), Media::A3),
            ((419.53, 595.28), Media::A5),
            ((728.5, 1031.8), Media::B4),
            ((515.9, 728.5), Media::B5),
            // Letter is no paper of ours.
            ((612.0, 792.0), Media::A4),
        ] {
            assert_eq!(Media::of(&pdf(&[size])), media, "{size:?}");
        }
        assert_eq!(Media::of(&pdf(&[(595.0, 842.0), (842.0, 1191.0), (595.0, 842.0)])), Media::A3);
        assert_eq!(Media::of(&form(b"no PDF".to_vec())), Media::A4);
    }

    #[test]
    fn names_and_sizes() {
        for media in Media::ALL {
            assert!(media.is_named(media.name()));
            let others = Media::ALL.into_iter().filter(|other| other.is_named(media.name())).count();
            assert_eq!(others, 1);
        }
        assert!(Media::A4.is_named("custom_tray-2_210x297mm"));
        assert!(!Media::A4.is_named("na_letter_8.5x11in"));
        assert!(Media::A4.is_sized(29_700, 21_000) && !Media::A4.is_sized(21_590, 27_940));
    }
}
