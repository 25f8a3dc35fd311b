//! What stands on a page before it is filled: its characters, its ruled lines, its ink.
//!
//! Lines and ink are looked for in a picture of the page, so that a scan, a spreadsheet's hairlines and a filled
//! rectangle one tenth of a millimetre high all count for what people see.

use crate::form::{Box4, MM};
use crate::original::{Original, guarded};
use crate::preview::{interpreter, picture};
use hayro::hayro_interpret::font::{Glyph as PdfGlyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache, SoftMask,
    TransformExt, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect, Shape};

/// Pixels in a millimetre, about 150 dpi.
const PX: f32 = 6.0;
/// Pixels darker than this are ink; a hairline between two pixels still is.
const INK: u32 = 190;
/// The shortest ruled lines, in pixels; strokes of characters are shorter.
const ACROSS: usize = 30;
const DOWN: usize = 24;
/// Side of the squares in which emptiness is judged, in pixels.
const SQUARE: usize = 3;
/// The most pages that are looked at.
const PAGES: usize = 20;
/// The most characters of a page.
const CHARACTERS: usize = 20_000;

/// The share of a page that its characters cover: less than this is no text, and on a page that is half pictures less
/// than the second is stray text on a scan.
const NO_TEXT: f32 = 0.0005;
const LITTLE_TEXT: f32 = 0.02;

/// Two drawings of one character are at most this far from each other, in millimetres.
const HAIR: f32 = 0.5;
/// The most characters between the two.
const LINE: usize = 200;

/// A printed character and where its ink is, in millimetres.
#[derive(Debug, Clone)]
pub(crate) struct Glyph {
    pub text: String,
    pub rect: Box4,
}

/// A page as it is printed.
pub(crate) struct Printed {
    width: usize,
    height: usize,
    ink: Sums,
    across: Sums,
    down: Sums,
    pub glyphs: Vec<Glyph>,
    /// The page is a picture: its text, but for stray characters, cannot be read.
    pub picture: bool,
}

/// Looks at the pages of a PDF; `None` for a page that cannot be drawn.
pub(crate) fn look(bytes: &[u8], original: &Original) -> Vec<Option<Printed>> {
    guarded(|| {
        let pdf = Pdf::new(bytes.to_vec()).ok()?;
        let pages = original.pages.iter().zip(pdf.pages().iter()).take(PAGES);
        Some(pages.map(|(ours, page)| guarded(|| Printed::of(page, ours.size))).collect())
    })
    .unwrap_or_default()
}

/// Counts within any rectangle of pixels.
struct Sums {
    stride: usize,
    table: Vec<u32>,
}

impl Sums {
    fn new(width: usize, height: usize, marked: &[bool]) -> Self {
        let stride = width + 1;
        let mut table = vec![0u32; stride * (height + 1)];
        for y in 0..height {
            let mut row = 0;
            for x in 0..width {
                row += u32::from(marked[y * width + x]);
                table[(y + 1) * stride + x + 1] = table[y * stride + x + 1] + row;
            }
        }
        Self { stride, table }
    }

    fn count(&self, [x0, y0, x1, y1]: [usize; 4]) -> usize {
        let at = |x, y| self.table[y * self.stride + x];
        (at(x1, y1) + at(x0, y0) - at(x0, y1) - at(x1, y0)) as usize
    }
}

/// Marks the runs of ink that are at least so long along a line of pixels.
fn mark_runs(ink: &[bool], marked: &mut [bool], least: usize, line: impl Iterator<Item = usize>) {
    let mut run: Vec<usize> = Vec::new();
    for at in line {
        if ink[at] {
            run.push(at);
            continue;
        }
        if run.len() >= least {
            run.iter().for_each(|at| marked[*at] = true);
        }
        run.clear();
    }
    if run.len() >= least {
        run.iter().for_each(|at| marked[*at] = true);
    }
}

impl Printed {
    fn of(page: &Page, size: (f32, f32)) -> Option<Self> {
        // A page with a unit of its own is larger than it says.
        let scale = size.0 / page.render_dimensions().0;
        let image = picture(page, scale * MM * PX)?;
        let (width, height) = (image.width() as usize, image.height() as usize);
        let ink: Vec<bool> =
            image.pixels().map(|pixel| pixel.0[..3].iter().map(|c| u32::from(*c)).sum::<u32>() < 3 * INK).collect();
        let mut across = vec![false; ink.len()];
        let mut down = vec![false; ink.len()];
        (0..height).for_each(|y| mark_runs(&ink, &mut across, ACROSS, y * width..(y + 1) * width));
        (0..width).for_each(|x| mark_runs(&ink, &mut down, DOWN, (x..ink.len()).step_by(width)));
        let sums = |marked: &[bool]| Sums::new(width, height, marked);
        let (ink, across, down) = (sums(&ink), sums(&across), sums(&down));
        let (glyphs, pictured) = contents(page, scale);
        let area = |rect: &Box4| rect[2] * rect[3];
        let sheet = size.0 * size.1 * MM * MM;
        let text = glyphs.iter().map(|glyph| area(&glyph.rect)).sum::<f32>() / sheet;
        let picture = text < NO_TEXT || pictured / sheet > 0.5 && text < LITTLE_TEXT;
        Some(Self { width, height, ink, across, down, glyphs, picture })
    }

    /// Left, top, right, bottom in pixels, within the page.
    fn pixels(&self, rect: Box4) -> [usize; 4] {
        let clamp = |value: f32, most: usize| ((value * PX).round().max(0.0) as usize).min(most);
        let (left, top) = (clamp(rect[0], self.width), clamp(rect[1], self.height));
        let (right, bottom) = (clamp(rect[0] + rect[2], self.width), clamp(rect[1] + rect[3], self.height));
        [left, top, right.max(left), bottom.max(top)]
    }

    /// The share of a rectangle's squares of half a millimetre that have ink, from 0 to 1.
    pub fn ink(&self, rect: Box4) -> f32 {
        let [left, top, right, bottom] = self.pixels(rect);
        let (mut inked, mut all) = (0u32, 0u32);
        for y in (top..bottom.saturating_sub(SQUARE - 1)).step_by(SQUARE) {
            for x in (left..right.saturating_sub(SQUARE - 1)).step_by(SQUARE) {
                all += 1;
                inked += u32::from(self.ink.count([x, y, x + SQUARE, y + SQUARE]) > 0);
            }
        }
        if all == 0 { 0.0 } else { inked as f32 / all as f32 }
    }

    /// The ruled box round a rectangle, if lines close it on all four sides.
    pub fn cell(&self, rect: Box4) -> Option<Box4> {
        let [mut left, mut top, mut right, mut bottom] = self.pixels(rect);
        if left >= right || top >= bottom {
            return None;
        }
        let ruled = |count: usize, of: usize| count * 10 >= of * 7;
        while !ruled(self.down.count([left.checked_sub(1)?, top, left, bottom]), bottom - top) {
            left -= 1;
        }
        while right < self.width && !ruled(self.down.count([right, top, right + 1, bottom]), bottom - top) {
            right += 1;
        }
        while !ruled(self.across.count([left, top.checked_sub(1)?, right, top]), right - left) {
            top -= 1;
        }
        while bottom < self.height && !ruled(self.across.count([left, bottom, right, bottom + 1]), right - left) {
            bottom += 1;
        }
        (right < self.width && bottom < self.height).then(|| millimetres([left, top, right, bottom]))
    }

    /// The ruled box right of another one, or below it.
    pub fn neighbour(&self, cell: Box4, right: bool) -> Option<Box4> {
        let [left, top, edge, bottom] = self.pixels(cell);
        let seed = if right {
            let mut x = edge;
            while x < self.width && self.down.count([x, top, x + 1, bottom]) * 10 >= (bottom - top) * 7 {
                x += 1;
            }
            [x, top, x + SQUARE, bottom]
        } else {
            let mut y = bottom;
            while y < self.height && self.across.count([left, y, edge, y + 1]) * 10 >= (edge - left) * 7 {
                y += 1;
            }
            [left, y, edge, y + SQUARE]
        };
        // A rule three millimetres thick is no rule.
        let near = if right { seed[0] - edge } else { seed[1] - bottom } < 3 * PX as usize;
        if near && seed[2] < self.width && seed[3] < self.height { self.cell(millimetres(seed)) } else { None }
    }

    /// The roomiest rectangle without ink, at least so wide and high; what is higher than two lines does not count.
    pub fn room(&self, within: Box4, least: (f32, f32)) -> Option<Box4> {
        const TWO_LINES: usize = 28;
        let [left, top, right, bottom] = self.pixels(within);
        let (columns, rows) = ((right - left) / SQUARE, (bottom - top) / SQUARE);
        let squares = |mm: f32| (mm * PX) as usize / SQUARE;
        let (narrow, low) = (squares(least.0), squares(least.1));
        let mut free = vec![0usize; columns];
        let mut best: Option<(usize, [usize; 4])> = None;
        for row in 0..rows {
            let y = top + row * SQUARE;
            for (column, free) in free.iter_mut().enumerate() {
                let x = left + column * SQUARE;
                let inked = self.ink.count([x, y, x + SQUARE, y + SQUARE]) > 0;
                *free = if inked { 0 } else { *free + 1 };
            }
            for first in 0..columns {
                let mut high = usize::MAX;
                for (last, rows) in free.iter().enumerate().skip(first) {
                    high = high.min(*rows);
                    let wide = last + 1 - first;
                    if high < low {
                        break;
                    }
                    let score = wide * high.min(TWO_LINES);
                    if wide >= narrow && best.is_none_or(|(known, _)| score > known) {
                        best = Some((score, [first, row + 1 - high, last + 1, row + 1]));
                    }
                }
            }
        }
        let [x0, y0, x1, y1] = best?.1;
        Some(millimetres([left + x0 * SQUARE, top + y0 * SQUARE, left + x1 * SQUARE, top + y1 * SQUARE]))
    }

    /// The room in each ruled box, at least so wide and high, from the top.
    pub fn rooms(&self, least: (f32, f32)) -> Vec<Box4> {
        /// A box larger than this is a frame round others.
        const FRAME: (f32, f32) = (150.0, 60.0);
        let step = 4.0;
        let mut cells: Vec<Box4> = Vec::new();
        let mut rooms = Vec::new();
        let mut y = step;
        while y < self.height as f32 / PX {
            let mut x = step;
            while x < self.width as f32 / PX {
                let seed = [x, y, 2.0, 2.0];
                if !cells.iter().any(|cell| holds(*cell, seed))
                    && self.ink(seed) == 0.0
                    && let Some(cell) = self.cell(seed)
                {
                    cells.push(cell);
                    if cell[2] < FRAME.0 && cell[3] < FRAME.1 {
                        rooms.extend(self.room(inset(cell, 0.5), least));
                    }
                }
                x += step;
            }
            y += step;
        }
        rooms
    }
}

fn millimetres([left, top, right, bottom]: [usize; 4]) -> Box4 {
    [left as f32 / PX, top as f32 / PX, (right - left) as f32 / PX, (bottom - top) as f32 / PX]
}

/// Whether the middle of `b` lies in `a`.
pub(crate) fn holds(a: Box4, b: Box4) -> bool {
    let (x, y) = (b[0] + b[2] / 2.0, b[1] + b[3] / 2.0);
    a[0] <= x && x <= a[0] + a[2] && a[1] <= y && y <= a[1] + a[3]
}

/// A rectangle made smaller (or, below zero, larger) on every side.
pub(crate) fn inset(rect: Box4, by: f32) -> Box4 {
    [rect[0] + by, rect[1] + by, (rect[2] - 2.0 * by).max(0.0), (rect[3] - 2.0 * by).max(0.0)]
}

/// Collects characters, and how much of the page pictures cover, in square millimetres.
struct Collector {
    glyphs: Vec<Glyph>,
    pictured: f64,
}

impl<'a> Device<'a> for Collector {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let area = props.transform.determinant().abs() * f64::from(image.width()) * f64::from(image.height());
        self.pictured += if area.is_finite() { area } else { 0.0 };
    }
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            if text.trim().is_empty() || self.glyphs.len() >= CHARACTERS {
                continue;
            }
            let outline = match &**glyph {
                PdfGlyph::Outline(outline) => outline.outline().bounding_box(),
                PdfGlyph::Type3(_) => Rect::ZERO,
            };
            // What has no outline is taken for as wide as characters of its kind are.
            let wide = if text.is_ascii() { 500.0 } else { 1000.0 };
            let outline = if outline.area() > 0.0 { outline } else { Rect::new(0.0, -120.0, wide, 880.0) };
            let rect = (props.transform * glyph.transform()).transform_rect_bbox(outline);
            if rect.is_finite() {
                let rect = [rect.x0, rect.y0, rect.width(), rect.height()].map(|mm| mm as f32);
                // Bold that a font lacks is drawn as the same character again, a hair beside it.
                let again =
                    self.glyphs.iter().rev().take(LINE).any(|other| {
                        other.text == text && rect.iter().zip(other.rect).all(|(a, b)| (a - b).abs() < HAIR)
                    });
                if !again {
                    self.glyphs.push(Glyph { text, rect });
                }
            }
        }
    }
}

/// The characters, and how much pictures cover.
fn contents(page: &Page, scale: f32) -> (Vec<Glyph>, f32) {
    let transform = Affine::scale(f64::from(scale * MM)) * page.initial_transform(true).to_kurbo();
    let (width, height) = page.render_dimensions();
    let sheet = Rect::new(0.0, 0.0, f64::from(width * scale * MM), f64::from(height * scale * MM));
    let cache = InterpreterCache::new();
    let mut context = Context::new(transform, sheet, &cache, page.xref(), interpreter());
    let mut collector = Collector { glyphs: Vec::new(), pictured: 0.0 };
    interpret_page(page, &mut context, &mut collector);
    let mut glyphs = collector.glyphs;
    let sheet = [0.0, 0.0, sheet.x1 as f32, sheet.y1 as f32];
    glyphs.retain(|glyph| holds(sheet, glyph.rect));
    (glyphs, collector.pictured as f32)
}
