//! The fonts that forms are filled with, and which of them draws which character.

use krilla::text::Font;
use rustybuzz::ttf_parser::Tag;
use rustybuzz::{Face, Feature, UnicodeBuffer};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

/// A style of type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// 明朝: what official forms are filled with.
    #[default]
    Mincho,
    /// ゴシック.
    Gothic,
}

/// Where Debian keeps the fonts, in the order in which they are asked for a character. IPAmj Mincho has the variants of
/// the resident register (Moji_Joho IVS); Noto covers Chinese and Korean names.
const MINCHO: [(&str, u32); 3] = [
    ("/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf", 0),
    ("/usr/share/fonts/truetype/ipamj/ipamjm.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 0),
];
const GOTHIC: [(&str, u32); 3] = [
    ("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 0),
    ("/usr/share/fonts/truetype/ipamj/ipamjm.ttf", 0),
];

/// A font that is missing or broken.
#[derive(Debug, Clone, thiserror::Error)]
#[error("フォント {0} がないか、壊れています")]
pub struct FontError(PathBuf);

struct Loaded {
    data: Arc<Vec<u8>>,
    index: u32,
    font: Font,
}

impl Loaded {
    fn face(&self) -> Option<Face<'_>> {
        Face::from_slice(&self.data, self.index)
    }
}

/// A stack of fonts.
pub struct Stack(Vec<Loaded>);

/// A part of a line that one font draws.
pub struct Run {
    pub font: Font,
    pub text: Zeroizing<String>,
    /// Its width at a size of one point, in points.
    pub width: f32,
}

impl Style {
    /// The fonts of this style, loaded once.
    pub fn stack(self) -> Result<&'static Stack, FontError> {
        static STACKS: [OnceLock<Result<Stack, FontError>>; 2] = [OnceLock::new(), OnceLock::new()];
        let (slot, files) = match self {
            Self::Mincho => (&STACKS[0], MINCHO),
            Self::Gothic => (&STACKS[1], GOTHIC),
        };
        slot.get_or_init(|| files.into_iter().map(load).collect::<Result<_, _>>().map(Stack))
            .as_ref()
            .map_err(Clone::clone)
    }
}

fn load((path, index): (&str, u32)) -> Result<Loaded, FontError> {
    let fail = || FontError(path.into());
    let data = Arc::new(std::fs::read(path).map_err(|_| fail())?);
    let font = Font::new(Arc::<Vec<u8>>::clone(&data).into(), index).ok_or_else(fail)?;
    Ok(Loaded { data, index, font })
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a font draws a grapheme cluster as it is written: every character, and the very variant that is asked for.
fn draws(face: &Face, cluster: &str) -> bool {
    let mut characters = cluster.chars().peekable();
    while let Some(c) = characters.next() {
        let selector = characters.next_if(|next| is_variation_selector(*next));
        let glyph = match selector {
            Some(selector) => face.glyph_variation_index(c, selector),
            None => face.glyph_index(c),
        };
        if glyph.is_none_or(|glyph| glyph.0 == 0) {
            return false;
        }
    }
    true
}

impl Stack {
    /// Splits a line into runs, each with the first font that draws it; `None` where a character has no font.
    pub fn runs(&self, line: &str) -> Option<Vec<Run>> {
        let faces: Vec<Option<Face>> = self.0.iter().map(Loaded::face).collect();
        let mut parts: Vec<(usize, String)> = Vec::new();
        for cluster in line.graphemes(true) {
            let font = faces.iter().position(|face| face.as_ref().is_some_and(|face| draws(face, cluster)))?;
            match parts.last_mut() {
                Some((last, text)) if *last == font => text.push_str(cluster),
                _ => parts.push((font, cluster.to_owned())),
            }
        }
        parts
            .into_iter()
            .map(|(at, text)| {
                let face = faces[at].as_ref()?;
                let mut buffer = UnicodeBuffer::new();
                buffer.push_str(&text);
                let glyphs = rustybuzz::shape(face, &[], buffer);
                let units: i32 = glyphs.glyph_positions().iter().map(|glyph| glyph.x_advance).sum();
                let width = units as f32 / face.units_per_em() as f32;
                Some(Run { font: self.0[at].font.clone(), text: Zeroizing::new(text), width })
            })
            .collect()
    }

    /// The glyph that stands for a cluster in vertical text, where its font has one of its own: 、 in the upper right, ー
    /// upright, 「 turned.
    pub fn vertical(&self, cluster: &str) -> Option<(Font, u32)> {
        let faces = self.0.iter().filter_map(|loaded| Some((loaded, loaded.face()?)));
        let (loaded, face) = faces.into_iter().find(|(_, face)| draws(face, cluster))?;
        let glyph = |features: &[Feature]| {
            let mut buffer = UnicodeBuffer::new();
            buffer.push_str(cluster);
            match rustybuzz::shape(&face, features, buffer).glyph_infos() {
                [one] => Some(one.glyph_id),
                _ => None,
            }
        };
        let upright = glyph(&[Feature::new(Tag::from_bytes(b"vert"), 1, ..)])?;
        (glyph(&[])? != upright).then(|| (loaded.font.clone(), upright))
    }

    /// The file and the index of the first font, for what else must draw Japanese.
    pub fn first(&self) -> Option<(Arc<Vec<u8>>, u32)> {
        self.0.first().map(|loaded| (Arc::clone(&loaded.data), loaded.index))
    }

    /// The width of a line at one point, in points; `None` where a character has no font.
    pub fn width(&self, line: &str) -> Option<f32> {
        Some(self.runs(line)?.iter().map(|run| run.width).sum())
    }
}
