//! Plain A4 pages for staff: no form, no values of anybody.

use crate::fill::draw_line;
use crate::fonts::{FontError, Stack, Style};
use domain::staff::SheetLine;
use krilla::Document;
use krilla::geom::PathBuilder;
use krilla::page::PageSettings;
use krilla::paint::Stroke;
use krilla::surface::Surface;
use unicode_segmentation::UnicodeSegmentation;

/// A4, in points.
const PAGE: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 56.0;
/// Where a row's text begins.
const COLUMN: f32 = 176.0;
const HEADING: f32 = 20.0;
const SIZE: f32 = 11.0;
/// From line to line.
const LEADING: f32 = 17.0;
/// Above and below each row.
const AIR: f32 = 5.0;

/// Why a page was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// A font is missing.
    #[error(transparent)]
    Font(#[from] FontError),
    /// A character that no font draws.
    #[error("a character that no font draws")]
    Undrawable,
    /// The PDF could not be made.
    #[error("the PDF could not be made")]
    Pdf,
}

/// Draws lines one below the other, on as many pages as they need.
///
/// # Errors
/// When a font is missing, or has no picture for a character.
pub fn sheet(lines: &[SheetLine]) -> Result<Vec<u8>, SheetError> {
    let stack = Style::Gothic.stack()?;
    let mut document = Document::new();
    let mut blocks =
        lines.iter().map(|line| Block::of(stack, line)).collect::<Result<Vec<_>, _>>()?.into_iter().peekable();
    while blocks.peek().is_some() {
        let mut page = document.start_page_with(PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(SheetError::Pdf)?);
        let mut surface = page.surface();
        let mut y = MARGIN;
        // One block at least, or a tall one would be waited for for ever.
        while let Some(block) = blocks.next_if(|block| y == MARGIN || y + block.height() <= PAGE.1 - MARGIN) {
            block.draw(&mut surface, stack, y);
            y += block.height();
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|_| SheetError::Pdf)
}

/// A line that was wrapped to its width.
struct Block {
    name: String,
    size: f32,
    left: f32,
    lines: Vec<String>,
    ruled: bool,
}

impl Block {
    fn of(stack: &Stack, line: &SheetLine) -> Result<Self, SheetError> {
        let (name, text, size, left, ruled) = match line {
            SheetLine::Heading(text) => ("", text, HEADING, MARGIN, false),
            SheetLine::Text(text) => ("", text, SIZE, MARGIN, false),
            SheetLine::Row(name, text) => (name.as_str(), text, SIZE, COLUMN, true),
        };
        stack.runs(name).ok_or(SheetError::Undrawable)?;
        let lines = wrap(stack, text, (PAGE.0 - MARGIN - left) / size)?;
        Ok(Self { name: name.to_owned(), size, left, lines, ruled })
    }

    fn leading(&self) -> f32 {
        LEADING * self.size / SIZE
    }

    fn height(&self) -> f32 {
        self.leading() * self.lines.len().max(1) as f32 + 2.0 * AIR
    }

    fn draw(&self, surface: &mut Surface, stack: &Stack, top: f32) {
        // Ideographs stand 0.88 of their size above the baseline.
        let first = top + AIR + (self.leading() - self.size) / 2.0 + self.size * 0.88;
        draw_line(surface, stack, MARGIN, first, self.size, &self.name);
        for (at, line) in self.lines.iter().enumerate() {
            draw_line(surface, stack, self.left, first + at as f32 * self.leading(), self.size, line);
        }
        if self.ruled {
            rule(surface, top + self.height());
        }
    }
}

/// Breaks a text so that no line is wider than `room` sizes.
fn wrap(stack: &Stack, text: &str, room: f32) -> Result<Vec<String>, SheetError> {
    let mut lines = Vec::new();
    let (mut line, mut width) = (String::new(), 0.0);
    for cluster in text.graphemes(true) {
        let wide = stack.width(cluster).ok_or(SheetError::Undrawable)?;
        if width + wide > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            width = 0.0;
        }
        line.push_str(cluster);
        width += wide;
    }
    lines.push(line);
    Ok(lines)
}

fn rule(surface: &mut Surface, y: f32) {
    let mut path = PathBuilder::new();
    path.move_to(MARGIN, y);
    path.line_to(PAGE.0 - MARGIN, y);
    if let Some(path) = path.finish() {
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke { width: 0.4, ..Stroke::default() }));
        surface.draw_path(&path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_to_the_page_and_go_on_on_the_next() {
        let long = "用紙の左右のガイドを紙に軽く当て、トレイを奥まで押し込みます。".repeat(4);
        let mut lines = vec![SheetLine::Heading("点検結果".to_owned())];
        lines.extend((0..40).map(|n| SheetLine::Row(format!("機器{n}"), long.clone())));
        let pdf = sheet(&lines).unwrap();
        let pages = (0..9).take_while(|page| crate::page_image(&pdf, *page, 200).is_ok()).count();
        assert!((2..=5).contains(&pages), "{pages} pages");
        let stack = Style::Gothic.stack().unwrap();
        let wrapped = wrap(stack, &long, 20.0).unwrap();
        assert_eq!(wrapped.concat(), long);
        assert!(wrapped.iter().all(|line| stack.width(line).unwrap() <= 20.01));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let lines = [SheetLine::Text("\u{10fffd}".to_owned())];
        assert!(matches!(sheet(&lines), Err(SheetError::Undrawable)));
    }
}
