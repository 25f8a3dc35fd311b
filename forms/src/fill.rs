//! Putting values into their places.

use crate::fonts::{FontError, Stack};
use crate::form::{Align, Box4, Field, Fit, Form};
use domain::Date;
use domain::card::Sex;
use domain::form::{Signature, Stroke, ValueId, Values};
use domain::wareki::{Era, Wareki};
use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineCap, LineJoin, Stroke as Pen};
use krilla::surface::Surface;
use krilla::text::TextDirection;
use std::collections::BTreeMap;
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;

/// Why a form was not filled. None of these holds a value.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// Required values that are missing.
    #[error("required values are missing: {}", .0.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", "))]
    Missing(Vec<ValueId>),
    /// A character that no font draws: it must not be printed wrong.
    #[error("{} has a character that cannot be drawn", .0.0)]
    Undrawable(ValueId),
    /// Does not fit at the smallest size.
    #[error("{} does not fit its field", .0.0)]
    DoesNotFit(ValueId),
    /// A font is missing.
    #[error(transparent)]
    Font(#[from] FontError),
    /// The PDF could not be written.
    #[error("the form's PDF cannot be imported")]
    Pdf,
}

/// The values of one form, by name, as text: dates `YYYY-MM-DD`, sex `male`, `female` or `other`, several choices
/// joined by `,`.
#[derive(Default)]
pub struct Filling {
    /// Values by name.
    pub values: BTreeMap<String, String>,
    /// The signature's strokes.
    pub signature: Vec<Stroke>,
    /// The person signs at the desk: a blank place for a signature is not missing.
    pub sign_at_desk: bool,
}

impl Filling {
    /// The values of a visit.
    pub fn of(values: &Values) -> Self {
        let mut map: BTreeMap<String, String> =
            values.answers.iter().map(|(id, value)| (id.0.clone(), value.reveal().clone())).collect();
        map.insert("today".into(), values.today.to_string());
        if let Some(facts) = &values.facts {
            map.insert("name".into(), facts.name.reveal().clone());
            map.insert("address".into(), facts.address.reveal().clone());
            map.insert("birth_date".into(), facts.birth_date.reveal().0.to_string());
            let sex = match facts.sex.reveal() {
                Sex::Male => "male",
                Sex::Female => "female",
                Sex::Other => "other",
            };
            map.insert("sex".into(), sex.into());
            map.insert("provenance".into(), values.provenance.name().into());
        }
        let signature = values.signature.as_ref().map(|signature| signature.reveal());
        Self {
            values: map,
            signature: signature.map_or_else(Vec::new, |Signature(strokes)| strokes.clone()),
            sign_at_desk: values.sign_at_desk,
        }
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.values.values_mut().for_each(Zeroize::zeroize);
        self.signature.zeroize();
    }
}

fn rect_pt(rect: Box4) -> (f32, f32, f32, f32) {
    (rect[0] * MM, rect[1] * MM, rect[2] * MM, rect[3] * MM)
}

fn pen(width: f32) -> Pen {
    Pen { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Pen::default() }
}

impl Form {
    /// Fills the form: its own pages with the values drawn over them.
    ///
    /// # Errors
    /// When a required value is missing, a value cannot be drawn or does not fit; nothing is made then.
    pub fn fill(&self, filling: &Filling) -> Result<Vec<u8>, FillError> {
        self.require(filling)?;
        let mut overlay = Document::new();
        for (at, page) in self.original.pages.iter().enumerate() {
            let settings = PageSettings::from_wh(page.size.0, page.size.1).ok_or(FillError::Pdf)?;
            let mut layer = overlay.start_page_with(settings);
            let mut surface = layer.surface();
            for field in self.fields.iter().filter(|field| field.page == at + 1) {
                draw(&mut surface, field, filling)?;
            }
            surface.finish();
            layer.finish();
        }
        let overlay = Zeroizing::new(overlay.finish().map_err(|_| FillError::Pdf)?);
        let wanted = |at: usize| self.fields.iter().any(|field| field.page == at + 1);
        self.original.stamp(&overlay, wanted).ok_or(FillError::Pdf)
    }

    fn require(&self, filling: &Filling) -> Result<(), FillError> {
        let mut missing: Vec<ValueId> = Vec::new();
        for field in self.fields.iter().filter(|field| field.required) {
            let Some(name) = &field.value else { continue };
            let there = match field.fit {
                Fit::Signature => filling.sign_at_desk || filling.signature.iter().any(|stroke| stroke.len() > 1),
                _ => filling.values.get(name).is_some_and(|value| !value.trim().is_empty()),
            };
            if !there && !missing.iter().any(|known| known.0 == *name) {
                missing.push(ValueId(name.clone()));
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(FillError::Missing(missing)) }
    }
}

/// One field's value and its name for errors.
fn draw(surface: &mut Surface, field: &Field, filling: &Filling) -> Result<(), FillError> {
    let name = ValueId(field.value.clone().unwrap_or_else(|| "text".into()));
    if field.fit == Fit::Signature {
        draw_signature(surface, field.rect, &filling.signature);
        return Ok(());
    }
    let value = match (&field.text, &field.value) {
        (Some(text), _) => Some(text.as_str()),
        (None, Some(value)) => filling.values.get(value).map(String::as_str),
        (None, None) => None,
    };
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { return Ok(()) };
    let chosen = || field.when.as_deref().is_none_or(|when| value.split(',').any(|choice| choice.trim() == when));
    match field.fit {
        Fit::Text => {
            if field.when.is_some() && !chosen() {
                return Ok(());
            }
            draw_text(surface, field, field.rect, &readable(value), &name)
        }
        Fit::Cells => draw_cells(surface, field, value, &name),
        Fit::Date => draw_date(surface, field, value, &name),
        Fit::Vertical => draw_vertical(surface, field, value, &name),
        Fit::Circle if chosen() => {
            draw_circle(surface, field.rect);
            Ok(())
        }
        Fit::Tick if chosen() => {
            draw_tick(surface, field.rect);
            Ok(())
        }
        Fit::Qr => draw_qr(surface, field.rect, value, &name),
        Fit::Circle | Fit::Tick | Fit::Signature => Ok(()),
    }
}

/// Sex and the like as people read them, where a plain text field is given the code.
fn readable(value: &str) -> String {
    match value {
        "male" => "男".into(),
        "female" => "女".into(),
        _ => value.into(),
    }
}

/// Breaks a text into lines of at most `width` (in points at one point of size): between ideographs anywhere, between
/// Latin letters at spaces where there are any.
fn wrap(stack: &Stack, text: &str, width: f32) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (mut line, mut used) = (String::new(), 0.0f32);
        for piece in pieces(paragraph) {
            let piece_width = stack.width(&piece)?;
            if !line.is_empty() && used + piece_width > width {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0.0;
                if piece.trim().is_empty() {
                    continue;
                }
            }
            line.push_str(&piece);
            used += piece_width;
        }
        lines.push(line.trim_end().to_owned());
    }
    Some(lines)
}

fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let latin = |cluster: &str| cluster.chars().all(|c| c.is_ascii_graphic());
    for cluster in text.graphemes(true) {
        match pieces.last_mut() {
            Some(last) if latin(cluster) && latin(last) => last.push_str(cluster),
            _ => pieces.push(cluster.to_owned()),
        }
    }
    pieces
}

fn draw_text(surface: &mut Surface, field: &Field, rect: Box4, text: &str, name: &ValueId) -> Result<(), FillError> {
    let stack = field.font.stack()?;
    let (x, y, width, height) = rect_pt(rect);
    let mut size = field.size;
    let lines = loop {
        let lines = wrap(stack, text, width / size).ok_or_else(|| FillError::Undrawable(name.clone()))?;
        let widest = lines.iter().map(|line| stack.width(line).unwrap_or(f32::MAX)).fold(0.0f32, f32::max);
        let fits = lines.len() <= field.lines.max(1)
            && widest * size <= width + 0.01
            && lines.len() as f32 * size * 1.15 <= height.max(size * 1.15) + 0.01;
        if fits {
            break lines;
        }
        size -= 0.25;
        if size < field.min_size {
            return Err(FillError::DoesNotFit(name.clone()));
        }
    };
    let leading = size * 1.15;
    let top = y + (height - leading * lines.len() as f32) / 2.0;
    for (at, line) in lines.iter().enumerate() {
        let line_width = stack.width(line).unwrap_or_default() * size;
        let left = match field.align {
            Align::Left => x,
            Align::Center => x + (width - line_width) / 2.0,
            Align::Right => x + width - line_width,
        };
        // Ideographs stand 0.88 of their size above the baseline.
        let baseline = top + leading * at as f32 + (leading - size) / 2.0 + size * 0.88;
        draw_line(surface, stack, left, baseline, size, line);
    }
    Ok(())
}

fn draw_line(surface: &mut Surface, stack: &Stack, mut x: f32, baseline: f32, size: f32, line: &str) {
    surface.set_stroke(None);
    surface.set_fill(Some(Fill::default()));
    for run in stack.runs(line).unwrap_or_default() {
        surface.draw_text(Point::from_xy(x, baseline), run.font, size, &run.text, false, TextDirection::LeftToRight);
        x += run.width * size;
    }
}

/// One cluster in the middle of a box.
fn draw_centred(
    surface: &mut Surface,
    stack: &Stack,
    rect: (f32, f32, f32, f32),
    size: f32,
    text: &str,
    name: &ValueId,
) -> Result<(), FillError> {
    let (x, y, width, height) = rect;
    let text_width = stack.width(text).ok_or_else(|| FillError::Undrawable(name.clone()))?;
    let size = size.min(height * 0.95).min(width / text_width.max(0.01));
    let left = x + (width - text_width * size) / 2.0;
    draw_line(surface, stack, left, y + (height - size) / 2.0 + size * 0.88, size, text);
    Ok(())
}

fn draw_cells(surface: &mut Surface, field: &Field, value: &str, name: &ValueId) -> Result<(), FillError> {
    let stack = field.font.stack()?;
    let (x, y, width, height) = rect_pt(field.rect);
    let clusters: Vec<&str> =
        value.graphemes(true).filter(|cluster| !matches!(*cluster, "-" | "－" | "‐" | "−")).collect();
    let count = field.count.max(1);
    if clusters.len() > count {
        return Err(FillError::DoesNotFit(name.clone()));
    }
    let cell = width / count as f32;
    let first = if field.align == Align::Right { count - clusters.len() } else { 0 };
    for (at, cluster) in clusters.into_iter().enumerate() {
        if cluster.trim().is_empty() {
            continue;
        }
        draw_centred(surface, stack, (x + cell * (first + at) as f32, y, cell, height), field.size, cluster, name)?;
    }
    Ok(())
}

fn draw_date(surface: &mut Surface, field: &Field, value: &str, name: &ValueId) -> Result<(), FillError> {
    let date: Date = value.parse().map_err(|_| FillError::DoesNotFit(name.clone()))?;
    let wareki = Wareki::from_date(date).filter(|_| !field.gregorian);
    if field.year.is_none() && field.month.is_none() && field.day.is_none() {
        let text = wareki
            .map_or_else(|| format!("{}年{}月{}日", date.year(), date.month(), date.day()), |wareki| wareki.text());
        return draw_text(surface, field, field.rect, &text, name);
    }
    let stack = field.font.stack()?;
    if let Some(wareki) = wareki {
        let era = match wareki.era {
            Era::Meiji => "meiji",
            Era::Taisho => "taisho",
            Era::Showa => "showa",
            Era::Heisei => "heisei",
            Era::Reiwa => "reiwa",
        };
        match field.eras.iter().find(|known| known.era == era) {
            Some(known) => draw_circle(surface, known.rect),
            None if field.eras.is_empty() => {}
            None => return Err(FillError::DoesNotFit(name.clone())),
        }
    }
    let year = match wareki {
        Some(wareki) if wareki.year == 1 => "元".to_owned(),
        Some(wareki) => wareki.year.to_string(),
        None => date.year().to_string(),
    };
    let parts = [(field.year, year), (field.month, date.month().to_string()), (field.day, date.day().to_string())];
    for (rect, text) in parts {
        if let Some(rect) = rect {
            draw_centred(surface, stack, rect_pt(rect), field.size, &text, name)?;
        }
    }
    Ok(())
}

/// Characters that lie down in vertical text.
fn turns(cluster: &str) -> bool {
    matches!(cluster, "ー" | "－" | "-" | "（" | "）" | "(" | ")" | "「" | "」" | "〜" | "～" | "…")
}

fn draw_vertical(surface: &mut Surface, field: &Field, value: &str, name: &ValueId) -> Result<(), FillError> {
    let stack = field.font.stack()?;
    let (x, y, width, height) = rect_pt(field.rect);
    let clusters: Vec<&str> = value.graphemes(true).collect();
    let size = field.size.min(height / clusters.len().max(1) as f32);
    if size < field.min_size {
        return Err(FillError::DoesNotFit(name.clone()));
    }
    for (at, cluster) in clusters.into_iter().enumerate() {
        let top = y + size * at as f32;
        let cell = (x + (width - size) / 2.0, top, size, size);
        if turns(cluster) {
            let (cx, cy) = (cell.0 + size / 2.0, top + size / 2.0);
            surface.push_transform(&Transform::from_rotate_at(90.0, cx, cy));
            let drawn = draw_centred(surface, stack, cell, size, cluster, name);
            surface.pop();
            drawn?;
        } else {
            draw_centred(surface, stack, cell, size, cluster, name)?;
        }
    }
    Ok(())
}

fn draw_circle(surface: &mut Surface, rect: Box4) {
    let (x, y, width, height) = rect_pt(rect);
    let (rx, ry) = (width / 2.0, height / 2.0);
    let (cx, cy) = (x + rx, y + ry);
    // Four cubic arcs; 0.5523 is the usual constant for a quarter.
    let (kx, ky) = (rx * 0.5523, ry * 0.5523);
    let mut path = PathBuilder::new();
    path.move_to(cx + rx, cy);
    path.cubic_to(cx + rx, cy + ky, cx + kx, cy + ry, cx, cy + ry);
    path.cubic_to(cx - kx, cy + ry, cx - rx, cy + ky, cx - rx, cy);
    path.cubic_to(cx - rx, cy - ky, cx - kx, cy - ry, cx, cy - ry);
    path.cubic_to(cx + kx, cy - ry, cx + rx, cy - ky, cx + rx, cy);
    path.close();
    stroke(surface, path, 1.1);
}

fn draw_tick(surface: &mut Surface, rect: Box4) {
    let (x, y, width, height) = rect_pt(rect);
    let mut path = PathBuilder::new();
    path.move_to(x + width * 0.12, y + height * 0.5);
    path.line_to(x + width * 0.42, y + height * 0.85);
    path.line_to(x + width * 0.95, y + height * 0.05);
    stroke(surface, path, 1.4);
}

fn stroke(surface: &mut Surface, path: PathBuilder, width: f32) {
    let Some(path) = path.finish() else { return };
    surface.set_fill(None);
    surface.set_stroke(Some(pen(width)));
    surface.draw_path(&path);
    surface.set_stroke(None);
}

fn draw_signature(surface: &mut Surface, rect: Box4, strokes: &[Stroke]) {
    let (x, y, width, height) = rect_pt(rect);
    let points = strokes.iter().flatten();
    let (Some(left), Some(right), Some(top), Some(bottom)) = (
        points.clone().map(|point| point.0).min(),
        points.clone().map(|point| point.0).max(),
        points.clone().map(|point| point.1).min(),
        points.map(|point| point.1).max(),
    ) else {
        return;
    };
    let scale = (width / f32::from(right - left).max(1.0)).min(height / f32::from(bottom - top).max(1.0));
    let dx = x + (width - f32::from(right - left) * scale) / 2.0;
    let dy = y + (height - f32::from(bottom - top) * scale) / 2.0;
    let place = |point: &(u16, u16)| (dx + f32::from(point.0 - left) * scale, dy + f32::from(point.1 - top) * scale);
    for line in strokes.iter().filter(|line| line.len() > 1) {
        let mut path = PathBuilder::new();
        let (x0, y0) = place(&line[0]);
        path.move_to(x0, y0);
        // Through the middles of the segments, bent at the points: smooth as a finger is.
        for pair in line[1..].windows(2) {
            let ((x1, y1), (x2, y2)) = (place(&pair[0]), place(&pair[1]));
            path.quad_to(x1, y1, (x1 + x2) / 2.0, (y1 + y2) / 2.0);
        }
        let (xn, yn) = place(&line[line.len() - 1]);
        path.line_to(xn, yn);
        stroke(surface, path, 1.3);
    }
}

fn draw_qr(surface: &mut Surface, rect: Box4, text: &str, name: &ValueId) -> Result<(), FillError> {
    let code = qrcode::QrCode::new(text.as_bytes()).map_err(|_| FillError::DoesNotFit(name.clone()))?;
    let (x, y, width, height) = rect_pt(rect);
    let side = code.width();
    let module = width.min(height) / side as f32;
    let mut path = PathBuilder::new();
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let (column, row) = ((at % side) as f32, (at / side) as f32);
            if let Some(square) = Rect::from_xywh(x + column * module, y + row * module, module, module) {
                path.push_rect(square);
            }
        }
    }
    let Some(path) = path.finish() else { return Ok(()) };
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { opacity: NormalizedF32::ONE, ..Fill::default() }));
    surface.draw_path(&path);
    Ok(())
}
