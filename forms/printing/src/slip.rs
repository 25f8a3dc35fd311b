//! The slip as a picture: receipt printers have no font for all that a slip says, so everything on it is drawn here.

use domain::Language;
use domain::paper::{SlipJob, SlipLine};
use qrcode::{EcLevel, QrCode};
use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use rustybuzz::{Face, UnicodeBuffer};
use std::path::PathBuf;
use tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};
use unicode_linebreak::linebreaks;

/// The width in dots: 72 mm printable on 80 mm paper, 8 dots a millimetre (203 dpi).
pub const WIDTH: u32 = 576;

/// No slip is longer, in dots (1.5 m).
const LONGEST: f32 = 12_000.0;
/// White on the left and right, and above the first line.
const MARGIN: f32 = 12.0;
/// The column of what stands beside tick boxes.
const TICK_COLUMN: f32 = 56.0;
/// The side of a tick box.
const TICK: f32 = 32.0;
/// The distance of two lines of one paragraph, in type sizes.
const LEADING: f32 = 1.38;
/// The side of a QR's module: 0.75 to 1.25 mm, which any telephone reads.
const MODULES: std::ops::RangeInclusive<usize> = 6..=10;
/// The widest QR, its quiet zone included.
const WIDEST_QR: usize = 400;
/// The quiet zone, in modules (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// Why a slip cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlipError {
    /// A font is missing or broken.
    #[error("the font {0} is missing or broken")]
    Font(PathBuf),
    /// Longer than any slip.
    #[error("the slip is too long")]
    TooLong,
}

/// A picture in black and white, eight dots a byte, the leftmost in the highest bit; one is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    height: u32,
    dots: Vec<u8>,
}

impl Picture {
    /// Bytes a row.
    pub const STRIDE: usize = WIDTH as usize / 8;

    /// Its height in dots.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The rows from the top, [`Self::STRIDE`] bytes each.
    pub fn dots(&self) -> &[u8] {
        &self.dots
    }

    /// One byte a dot, 0 for black and 255 for white, as picture files have it.
    pub fn luma(&self) -> Vec<u8> {
        let bit = |byte: u8, at: u8| if byte & (0x80 >> at) == 0 { 255 } else { 0 };
        self.dots.iter().flat_map(|byte| (0..8).map(move |at| bit(*byte, at))).collect()
    }
}

/// Draws a slip.
///
/// # Errors
/// When a font is missing or the slip is too long.
pub fn draw(job: &SlipJob) -> Result<Picture, SlipError> {
    let fonts = Fonts::load()?;
    let mut sheet = Sheet { fonts: &fonts, language: job.language, y: MARGIN, marks: Vec::new() };
    for (at, line) in job.lines.iter().enumerate() {
        match line {
            SlipLine::Heading(text) if at == 0 => sheet.title(text)?,
            SlipLine::Heading(text) => sheet.heading(text)?,
            SlipLine::Text(text) => sheet.text(text, beside_ticks(&job.lines, at))?,
            SlipLine::Tick(text) => sheet.tick(text)?,
            // A rule above the QR or the end of the slip separates nothing.
            SlipLine::Rule if at + 1 < job.lines.len() => sheet.rule(),
            SlipLine::Rule => {}
        }
        if sheet.y > LONGEST {
            return Err(SlipError::TooLong);
        }
    }
    if let Some(text) = &job.qr {
        sheet.qr(text);
    }
    sheet.finish()
}

/// Whether a text stands among tick boxes, so that it begins where their texts do.
fn beside_ticks(lines: &[SlipLine], at: usize) -> bool {
    let ends = |line: &&SlipLine| matches!(line, SlipLine::Heading(_) | SlipLine::Rule);
    let (before, after) = lines.split_at(at);
    let mut section =
        before.iter().rev().take_while(|line| !ends(line)).chain(after.iter().take_while(|line| !ends(line)));
    section.any(|line| matches!(line, SlipLine::Tick(_)))
}

/// Noto Sans CJK in two weights; each file holds a face a language.
struct Fonts {
    regular: Vec<u8>,
    bold: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Regular,
    Bold,
}

impl Fonts {
    fn load() -> Result<Self, SlipError> {
        let read = |name: &str| {
            // Where Debian's fonts-noto-cjk has them.
            let path = PathBuf::from("/usr/share/fonts/opentype/noto").join(name);
            std::fs::read(&path).ok().filter(|data| Face::from_slice(data, 0).is_some()).ok_or(SlipError::Font(path))
        };
        Ok(Self { regular: read("NotoSansCJK-Regular.ttc")?, bold: read("NotoSansCJK-Bold.ttc")? })
    }

    /// The face for a text: Chinese, Japanese and Korean write some characters differently.
    fn face(&self, weight: Weight, text: &str, language: Language) -> Option<Face<'_>> {
        let kana = text.chars().any(|c| matches!(c, '\u{3041}'..='\u{30ff}'));
        let hangul = text.chars().any(|c| matches!(c, '\u{ac00}'..='\u{d7af}'));
        let index = match language {
            _ if kana => 0,
            _ if hangul => 1,
            Language::Ko => 1,
            Language::ZhHans => 2,
            Language::Ja | Language::En => 0,
        };
        let data = if weight == Weight::Bold { &self.bold } else { &self.regular };
        Face::from_slice(data, index)
    }
}

/// A line of text that fits, shaped.
struct Shaped {
    glyphs: Vec<(GlyphId, f32)>,
    width: f32,
}

fn shape(face: &Face, size: f32, text: &str) -> Shaped {
    let scale = size / face.units_per_em() as f32;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    let shaped = rustybuzz::shape(face, &[], buffer);
    let mut width = 0.0;
    let mut glyphs = Vec::new();
    for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        let id = u16::try_from(info.glyph_id).unwrap_or(0);
        glyphs.push((GlyphId(id), width + position.x_offset as f32 * scale));
        width += position.x_advance as f32 * scale;
    }
    Shaped { glyphs, width }
}

/// Breaks a text into lines that fit (UAX #14); a word that is too long for a line is broken anywhere.
fn wrap(face: &Face, size: f32, width: f32, text: &str) -> Vec<String> {
    let fits = |line: &str| shape(face, size, line.trim_end()).width <= width;
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut begin = 0;
        for (end, _) in linebreaks(paragraph) {
            let word = &paragraph[begin..end];
            begin = end;
            if !line.is_empty() && !fits(&format!("{line}{word}")) {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if !fits(&line) && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        lines.push(line);
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.0.close();
    }
}

/// Something to paint, once the height of the slip is known.
enum Mark {
    Fill { path: Path, transform: Transform, white: bool },
    Stroke { path: Path, width: f32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Centre,
}

/// How a paragraph is set.
#[derive(Clone, Copy)]
struct Setting {
    weight: Weight,
    size: f32,
    left: f32,
    right: f32,
    align: Align,
    white: bool,
}

struct Sheet<'a> {
    fonts: &'a Fonts,
    language: Language,
    /// The bottom of what is on the sheet.
    y: f32,
    marks: Vec<Mark>,
}

impl Sheet<'_> {
    /// Sets a paragraph from the sheet's bottom downwards.
    fn paragraph(&mut self, text: &str, setting: Setting) -> Result<(), SlipError> {
        let face = self
            .fonts
            .face(setting.weight, text, self.language)
            .ok_or_else(|| SlipError::Font(PathBuf::from("Noto Sans CJK")))?;
        let scale = setting.size / face.units_per_em() as f32;
        let room = setting.right - setting.left;
        for line in wrap(&face, setting.size, room, text) {
            let shaped = shape(&face, setting.size, &line);
            let x = match setting.align {
                Align::Left => setting.left,
                Align::Centre => setting.left + (room - shaped.width) / 2.0,
            };
            // The ideographic box stands in the middle of the line; its lower edge is 0.12 below the baseline.
            let baseline = self.y + setting.size * (LEADING / 2.0 + 0.5 - 0.12);
            for (glyph, at) in shaped.glyphs {
                let mut outline = Outline(PathBuilder::new());
                if face.outline_glyph(glyph, &mut outline).is_some()
                    && let Some(path) = outline.0.finish()
                {
                    // Whole dots, so that stems stay as sharp as the head can print them.
                    let transform = Transform::from_row(scale, 0.0, 0.0, -scale, (x + at).round(), baseline.round());
                    self.marks.push(Mark::Fill { path, transform, white: setting.white });
                }
            }
            self.y += (setting.size * LEADING).round();
            if self.y > LONGEST {
                return Err(SlipError::TooLong);
            }
        }
        Ok(())
    }

    /// Whose slip it is.
    fn title(&mut self, text: &str) -> Result<(), SlipError> {
        let (left, right) = (MARGIN, WIDTH as f32 - MARGIN);
        self.paragraph(
            text,
            Setting { weight: Weight::Bold, size: 38.0, left, right, align: Align::Centre, white: false },
        )?;
        self.y += 4.0;
        Ok(())
    }

    /// Where to go: white on black, to be seen at arm's length.
    fn heading(&mut self, text: &str) -> Result<(), SlipError> {
        self.y += 18.0;
        let (top, first) = (self.y, self.marks.len());
        self.y += 10.0;
        let (left, right) = (MARGIN + 18.0, WIDTH as f32 - MARGIN - 18.0);
        self.paragraph(
            text,
            Setting { weight: Weight::Bold, size: 44.0, left, right, align: Align::Left, white: true },
        )?;
        self.y += 10.0;
        if let Some(path) = rounded(MARGIN, top, WIDTH as f32 - MARGIN, self.y, 10.0) {
            self.marks.insert(first, Mark::Fill { path, transform: Transform::identity(), white: false });
        }
        self.y += 10.0;
        Ok(())
    }

    fn text(&mut self, text: &str, beside_ticks: bool) -> Result<(), SlipError> {
        let left = if beside_ticks { MARGIN + TICK_COLUMN } else { MARGIN };
        let right = WIDTH as f32 - MARGIN;
        self.paragraph(
            text,
            Setting { weight: Weight::Regular, size: 28.0, left, right, align: Align::Left, white: false },
        )?;
        self.y += 4.0;
        Ok(())
    }

    fn tick(&mut self, text: &str) -> Result<(), SlipError> {
        self.y += 10.0;
        let (top, size) = (self.y, 32.0);
        let (left, right) = (MARGIN + TICK_COLUMN, WIDTH as f32 - MARGIN);
        self.paragraph(text, Setting { weight: Weight::Regular, size, left, right, align: Align::Left, white: false })?;
        // Beside the first line.
        let (x, y) = (MARGIN + 6.0, (top + (size * LEADING - TICK) / 2.0).round());
        if let Some(path) = rounded(x + 1.5, y + 1.5, x + TICK - 1.5, y + TICK - 1.5, 4.0) {
            self.marks.push(Mark::Stroke { path, width: 3.0 });
        }
        Ok(())
    }

    fn rule(&mut self) {
        self.y += 14.0;
        if let Some(rect) = Rect::from_ltrb(MARGIN, self.y, WIDTH as f32 - MARGIN, self.y + 3.0) {
            let path = PathBuilder::from_rect(rect);
            self.marks.push(Mark::Fill { path, transform: Transform::identity(), white: false });
        }
        self.y += 3.0 + 8.0;
    }

    fn qr(&mut self, text: &str) {
        let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
            tracing::error!("the slip's QR was left out: its text is too long");
            return;
        };
        let (count, colours) = (code.width(), code.to_colors());
        let side = (WIDEST_QR / (count + 2 * QUIET)).clamp(*MODULES.start(), *MODULES.end());
        let whole = (count + 2 * QUIET) * side;
        if whole > WIDTH as usize {
            tracing::error!("the slip's QR was left out: it is wider than the slip");
            return;
        }
        let (left, top) = ((WIDTH as usize - count * side) / 2, self.y.round() as usize + QUIET * side);
        let mut path = PathBuilder::new();
        for (at, _) in colours.iter().enumerate().filter(|(_, colour)| **colour == qrcode::Color::Dark) {
            let (x, y) = (left + at % count * side, top + at / count * side);
            if let Some(rect) = Rect::from_xywh(x as f32, y as f32, side as f32, side as f32) {
                path.push_rect(rect);
            }
        }
        if let Some(path) = path.finish() {
            self.marks.push(Mark::Fill { path, transform: Transform::identity(), white: false });
        }
        self.y += whole as f32;
    }

    fn finish(self) -> Result<Picture, SlipError> {
        let height = (self.y + MARGIN).ceil() as u32;
        let mut pixels = Pixmap::new(WIDTH, height).ok_or(SlipError::TooLong)?;
        pixels.fill(tiny_skia::Color::WHITE);
        let paint = |white: bool| {
            let mut paint = Paint { anti_alias: true, ..Paint::default() };
            paint.set_color(if white { tiny_skia::Color::WHITE } else { tiny_skia::Color::BLACK });
            paint
        };
        for mark in &self.marks {
            match mark {
                Mark::Fill { path, transform, white } => {
                    pixels.fill_path(path, &paint(*white), FillRule::Winding, *transform, None);
                }
                Mark::Stroke { path, width } => {
                    let stroke = Stroke { width: *width, ..Stroke::default() };
                    pixels.stroke_path(path, &paint(false), &stroke, Transform::identity(), None);
                }
            }
        }
        // Grey, so one channel says all. A little above the middle: thin strokes must not break.
        let dark = |pixel: &tiny_skia::PremultipliedColorU8| pixel.red() < 150;
        let dots = pixels
            .pixels()
            .chunks_exact(8)
            .map(|eight| eight.iter().fold(0u8, |byte, pixel| byte << 1 | u8::from(dark(pixel))))
            .collect();
        Ok(Picture { height, dots })
    }
}

/// A rectangle with round corners.
fn rounded(left: f32, top: f32, right: f32, bottom: f32, radius: f32) -> Option<Path> {
    // The distance of a control point that makes a cubic a quarter of a circle.
    let k = radius * 0.447_715;
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - k, top, right, top + k, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - k, right - k, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + k, bottom, left, bottom - k, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + k, left + k, top, left + radius, top);
    path.close();
    path.finish()
}
