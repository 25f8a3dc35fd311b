//! Putting values into their places.

use crate::fonts::{FontError, Stack};
use crate::form::{Align, Box4, Field, Fit, Form, MM};
use crate::number::looks_like_number;
use crate::original::guarded;
use domain::card::Sex;
use domain::form::{AnswerKind, InputFault, Question, Signature, Stroke, ValueId, Values, judge};
use domain::wareki::Wareki;
use domain::{Date, ruby};
use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineCap, LineJoin, Stroke as Pen};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph, TextDirection};
use std::collections::BTreeMap;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

/// Why a form was not filled, in the words of its staff. None of these holds a value.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// Values that the form needs are missing: of a `required` field, or the answer to a question that is not optional.
    #[error("次の値がありません: {}", .0.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join("、"))]
    Missing(Vec<ValueId>),
    /// A value is none that its question accepts.
    #[error("「{}」の値が、質問の答えとして使えません", .0.0)]
    Invalid(ValueId),
    /// No such day.
    #[error("「{}」の値が、ある日付ではありません", .0.0)]
    NotADate(ValueId),
    /// The form has no place for the date's era, or there was none yet.
    #[error("「{}」の日付の元号が、この様式にありません", .0.0)]
    WrongEra(ValueId),
    /// A value may hold an individual number, which must not be written (番号法).
    #[error("「{}」の値に、個人番号（マイナンバー）と読める12桁の数字があります", .0.0)]
    IndividualNumber(ValueId),
    /// A character that no font draws: it must not be printed wrong.
    #[error("「{}」の値に、印字できない文字があります", .0.0)]
    Undrawable(ValueId),
    /// Does not fit at the smallest size.
    #[error("「{}」の値が枠に入りません", .0.0)]
    DoesNotFit(ValueId),
    /// A font is missing.
    #[error(transparent)]
    Font(#[from] FontError),
    /// The PDF could not be written.
    #[error("様式のPDFに書き込めません")]
    Pdf,
}

impl FillError {
    /// What staff can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Missing(_) => "足りない値を加えてください。",
            Self::Invalid(_) => "form.toml の [[question]] にある選択肢の id や、文字の種類と長さを確かめてください。",
            Self::NotADate(_) => "2026-11-24 のように、ある日付を書いてください。",
            Self::WrongEra(_) => "元号の欄を確かめるか、西暦で書く枠（gregorian = true）にしてください。",
            Self::IndividualNumber(_) => "個人番号は、手で書いてもらってください。",
            Self::Undrawable(_) => "別の文字に直してください。",
            Self::DoesNotFit(_) => "短くするか、枠を広げてください。",
            Self::Font(_) => "フォントのパッケージを入れてください。",
            Self::Pdf => "PDFを保存し直してください。",
        }
    }
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

impl Filling {
    /// A value that is there.
    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The day of the application: as given, or this one.
    fn today(&self) -> Date {
        let given = self.get("today").and_then(|today| today.parse().ok());
        given.unwrap_or_else(|| jiff::ZonedDateTime::now().date())
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
    (rect[0] / MM, rect[1] / MM, rect[2] / MM, rect[3] / MM)
}

fn pen(width: f32) -> Pen {
    Pen { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Pen::default() }
}

impl Form {
    /// Fills the form: its own pages with the values drawn over them.
    ///
    /// # Errors
    /// When a value is missing or wrong, cannot be drawn or does not fit; nothing is made then.
    pub fn fill(&self, filling: &Filling) -> Result<Vec<u8>, FillError> {
        // What reads the municipality's PDF may panic on a broken one; that is a broken form, not the end of the kiosk.
        guarded(|| Some(self.fill_unguarded(filling))).unwrap_or(Err(FillError::Pdf))
    }

    fn fill_unguarded(&self, filling: &Filling) -> Result<Vec<u8>, FillError> {
        self.require(filling)?;
        self.judge(filling)?;
        let mut overlay = Document::new();
        for (at, page) in self.original.pages.iter().enumerate() {
            let settings = PageSettings::from_wh(page.size.0, page.size.1).ok_or(FillError::Pdf)?;
            let mut layer = overlay.start_page_with(settings);
            let mut surface = layer.surface();
            for field in self.fields.iter().filter(|field| field.page == at + 1) {
                self.draw(&mut surface, field, filling)?;
            }
            surface.finish();
            layer.finish();
        }
        let overlay = Zeroizing::new(overlay.finish().map_err(|_| FillError::Pdf)?);
        let wanted = |at: usize| self.fields.iter().any(|field| field.page == at + 1);
        self.original.stamp(&overlay, wanted).ok_or(FillError::Pdf)
    }

    /// Whether a question is asked of this person: its condition holds, and so does that of the question it hangs on.
    fn asked(&self, question: &Question, filling: &Filling) -> bool {
        let mut question = question;
        // As many steps as there are questions; conditions that go in a circle end there.
        for _ in 0..=self.questions.len() {
            let Some(when) = &question.when else { return true };
            let answer = filling.get(&when.question.0).unwrap_or_default();
            if !choices(answer).any(|choice| when.is.iter().any(|is| is == choice)) {
                return false;
            }
            match self.question(&when.question.0) {
                Some(deciding) => question = deciding,
                None => return true,
            }
        }
        false
    }

    /// Everything that must be there: the answer to each question that is asked and not optional, and the value of each
    /// `required` field, unless its question is not asked.
    fn require(&self, filling: &Filling) -> Result<(), FillError> {
        let mut missing: Vec<ValueId> = Vec::new();
        let mut miss = |name: &str| {
            if !missing.iter().any(|known| known.0 == name) {
                missing.push(ValueId(name.into()));
            }
        };
        for field in self.fields.iter().filter(|field| field.required) {
            let Some(name) = &field.value else { continue };
            let there = match field.fit {
                Fit::Signature => filling.sign_at_desk || filling.signature.iter().any(|stroke| stroke.len() > 1),
                _ => filling.get(name).is_some(),
            };
            let asked = self.question(name).is_none_or(|question| self.asked(question, filling));
            if !there && asked {
                miss(name);
            }
        }
        let today = filling.today();
        for question in self.questions.iter().filter(|question| self.asked(question, filling)) {
            let answer = filling.get(&question.id.0).unwrap_or_default();
            if judge(&question.answer, question.optional, answer, today) == Some(InputFault::Missing) {
                miss(&question.id.0);
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(FillError::Missing(missing)) }
    }

    /// Nothing wrong gets to paper: a misspelt choice would leave its circle out, and nobody would see it.
    fn judge(&self, filling: &Filling) -> Result<(), FillError> {
        let today = filling.today();
        for id in self.values().into_iter().chain(self.questions.iter().map(|question| question.id.clone())) {
            let Some(value) = filling.get(&id.0) else { continue };
            if looks_like_number(value) {
                return Err(FillError::IndividualNumber(id));
            }
            match (self.question(&id.0), id.0.as_str()) {
                (Some(question), _) => match judge(&question.answer, question.optional, value, today) {
                    None | Some(InputFault::Missing) => {}
                    Some(InputFault::NoSuchDate) if value.parse::<Date>().is_err() => {
                        return Err(FillError::NotADate(id));
                    }
                    Some(InputFault::TooLong) => return Err(FillError::DoesNotFit(id)),
                    Some(_) => return Err(FillError::Invalid(id)),
                },
                (None, "birth_date" | "today") if value.parse::<Date>().is_err() => {
                    return Err(FillError::NotADate(id));
                }
                (None, "sex") if !matches!(value, "male" | "female" | "other") => return Err(FillError::Invalid(id)),
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn draw(&self, surface: &mut Surface, field: &Field, filling: &Filling) -> Result<(), FillError> {
        let name = ValueId(field.value.clone().unwrap_or_else(|| "text".into()));
        if field.fit == Fit::Signature {
            draw_signature(surface, field.rect, &filling.signature);
            return Ok(());
        }
        let value = match (&field.text, &field.value) {
            (Some(text), _) => Some(text.trim()).filter(|text| !text.is_empty()),
            (None, Some(value)) => filling.get(value),
            (None, None) => None,
        };
        let Some(value) = value else { return Ok(()) };
        if field.when.as_ref().is_some_and(|when| !choices(value).any(|choice| choice == when)) {
            return Ok(());
        }
        let piece;
        let value = match field.part {
            Some(part) => {
                piece = Zeroizing::new(self.part(value, part, &name)?);
                piece.as_str()
            }
            None => value,
        };
        match field.fit {
            Fit::Text => draw_text(surface, field, field.rect, &self.readable(&name, value), &name),
            Fit::Cells => draw_cells(surface, field, value, &name),
            Fit::Date => draw_date(surface, field, value, &name),
            Fit::Vertical => draw_vertical(surface, field, &self.readable(&name, value), &name),
            Fit::Circle => {
                draw_circle(surface, field.rect);
                Ok(())
            }
            Fit::Tick => {
                draw_tick(surface, field.rect);
                Ok(())
            }
            Fit::Qr => draw_qr(surface, field.rect, value, &name),
            Fit::Signature => Ok(()),
        }
    }

    /// A value as people read it, where a field of text is given a code: the choice's own words.
    fn readable(&self, name: &ValueId, value: &str) -> Zeroizing<String> {
        let offered = self.question(&name.0).map(|question| &question.answer);
        let text = match offered {
            Some(AnswerKind::One { choices: offered } | AnswerKind::Many { choices: offered, .. }) => {
                let words = choices(value).map(|id| {
                    let choice = offered.iter().find(|choice| choice.id == id);
                    choice.map_or_else(|| id.to_owned(), |choice| ruby::plain(&choice.label.ja))
                });
                words.collect::<Vec<_>>().join("、")
            }
            None if name.0 == "sex" => match value {
                "male" => "男".into(),
                "female" => "女".into(),
                _ => "その他".into(),
            },
            _ => value.into(),
        };
        Zeroizing::new(text)
    }

    /// The n-th piece of a number with hyphens (from 1); empty where it has fewer.
    fn part(&self, value: &str, part: usize, name: &ValueId) -> Result<String, FillError> {
        let hyphen = |c| matches!(c, '-' | '－' | '‐' | '−');
        let lengths: &[usize] = match self.question(&name.0).map(|question| &question.answer) {
            _ if value.contains(hyphen) => &[],
            Some(AnswerKind::Postcode) => &[3, 4],
            Some(AnswerKind::Phone) => match value.len() {
                11 => &[3, 4, 4],
                10 if value.starts_with("03") || value.starts_with("06") => &[2, 4, 4],
                // How long an area code is, its digits do not tell.
                _ => return Err(FillError::Invalid(name.clone())),
            },
            _ => &[],
        };
        if lengths.is_empty() {
            return Ok(value.split(hyphen).nth(part - 1).unwrap_or_default().to_owned());
        }
        let start: usize = lengths.iter().take(part - 1).sum();
        let length = lengths.get(part - 1).copied().unwrap_or(0);
        Ok(value.chars().skip(start).take(length).collect())
    }
}

/// The choices of an answer.
fn choices(answer: &str) -> impl Iterator<Item = &str> {
    answer.split(',').map(str::trim)
}

/// A text in pieces that a line may break between (ideographs anywhere, Latin words at spaces), measured once.
struct Pieces<'a> {
    /// Paragraphs of pieces: where each begins and ends in the text, and its width at one point.
    paragraphs: Vec<Vec<(Range<usize>, f32)>>,
    text: &'a str,
}

/// Whether a cluster is of a word in Latin letters, half or full width: those are broken at spaces only.
fn latin(cluster: &str) -> bool {
    cluster.starts_with(|c: char| match c {
        '\0'..='\u{7f}' => c.is_ascii_graphic(),
        '\u{80}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => c.is_alphabetic(),
        _ => false,
    })
}

impl<'a> Pieces<'a> {
    /// `None` where a character has no font.
    fn of(stack: &Stack, text: &'a str) -> Option<Self> {
        let mut paragraphs = Vec::new();
        for paragraph in text.lines() {
            let start = paragraph.as_ptr() as usize - text.as_ptr() as usize;
            let mut pieces: Vec<Range<usize>> = Vec::new();
            for (at, cluster) in paragraph.grapheme_indices(true) {
                let (from, to) = (start + at, start + at + cluster.len());
                match pieces.last_mut() {
                    Some(last) if latin(cluster) && latin(&text[last.clone()]) => last.end = to,
                    _ => pieces.push(from..to),
                }
            }
            let measured = |piece: Range<usize>| Some((piece.clone(), stack.width(&text[piece])?));
            paragraphs.push(pieces.into_iter().map(measured).collect::<Option<_>>()?);
        }
        Some(Self { paragraphs, text })
    }

    /// Lines of at most `width` (in points at one point of size), but that a single piece may be wider.
    fn wrap(&self, width: f32) -> Vec<(&'a str, f32)> {
        let mut lines = Vec::new();
        for paragraph in &self.paragraphs {
            let mut line: Option<(Range<usize>, f32)> = None;
            for (piece, piece_width) in paragraph {
                match &mut line {
                    Some((range, used)) if *used + piece_width <= width => {
                        range.end = piece.end;
                        *used += piece_width;
                    }
                    Some(full) => {
                        lines.push(full.clone());
                        let blank = self.text[piece.clone()].trim().is_empty();
                        line = (!blank).then(|| (piece.clone(), *piece_width));
                    }
                    None => line = Some((piece.clone(), *piece_width)),
                }
            }
            lines.extend(line);
        }
        lines.into_iter().map(|(range, width)| (self.text[range].trim_end(), width)).collect()
    }
}

/// From line to line, in sizes.
const LEADING: f32 = 1.15;
/// From size to size, in points.
const STEP: f32 = 0.25;

fn draw_text(surface: &mut Surface, field: &Field, rect: Box4, text: &str, name: &ValueId) -> Result<(), FillError> {
    let stack = field.font.stack()?;
    let (x, y, width, height) = rect_pt(rect);
    let pieces = Pieces::of(stack, text).ok_or_else(|| FillError::Undrawable(name.clone()))?;
    let fits = |size: f32, most: usize| {
        let lines = pieces.wrap(width / size);
        let widest = lines.iter().map(|line| line.1).fold(0.0f32, f32::max);
        // The characters stay inside the box; the space between lines only stands between them.
        let high = (lines.len() as f32 - 1.0) * LEADING + 1.0;
        let fits = lines.len() <= most && widest * size <= width + 0.01 && high * size <= height + 0.01;
        fits.then_some((size, lines))
    };
    let steps = ((field.size - field.min_size()) / STEP) as usize;
    let largest = |most| (0..=steps).find_map(|step| fits(field.size - step as f32 * STEP, most));
    let (size, lines) = largest(field.lines).ok_or_else(|| FillError::DoesNotFit(name.clone()))?;
    // A line more is worth it where it makes the text a quarter larger, not for less.
    let few = pieces.wrap(width / (size * 0.8).max(field.min_size())).len();
    let (size, lines) = largest(few.min(lines.len())).unwrap_or((size, lines));
    let leading = size * LEADING;
    let top = y + (height - leading * lines.len() as f32) / 2.0;
    for (at, (line, _)) in lines.into_iter().enumerate() {
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

pub(crate) fn draw_line(surface: &mut Surface, stack: &Stack, mut x: f32, baseline: f32, size: f32, line: &str) {
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
    let clusters: Vec<&str> =
        value.graphemes(true).filter(|cluster| !matches!(*cluster, "-" | "－" | "‐" | "−")).collect();
    let right = field.align == Align::Right;
    draw_in_cells(surface, field, field.rect, &clusters, (field.count, right), name)
}

fn draw_in_cells(
    surface: &mut Surface,
    field: &Field,
    rect: Box4,
    clusters: &[&str],
    (count, right): (usize, bool),
    name: &ValueId,
) -> Result<(), FillError> {
    let stack = field.font.stack()?;
    let (x, y, width, height) = rect_pt(rect);
    let empty = count.checked_sub(clusters.len()).ok_or_else(|| FillError::DoesNotFit(name.clone()))?;
    let cell = width / count as f32;
    let first = if right { empty } else { 0 };
    for (at, cluster) in clusters.iter().enumerate() {
        if !cluster.trim().is_empty() {
            draw_centred(surface, stack, (x + cell * (first + at) as f32, y, cell, height), field.size, cluster, name)?;
        }
    }
    Ok(())
}

fn draw_date(surface: &mut Surface, field: &Field, value: &str, name: &ValueId) -> Result<(), FillError> {
    let date: Date = value.parse().map_err(|_| FillError::NotADate(name.clone()))?;
    let wrong_era = || FillError::WrongEra(name.clone());
    let wareki = if field.gregorian { None } else { Some(Wareki::from_date(date).ok_or_else(wrong_era)?) };
    if let (Some(wareki), Some(printed)) = (wareki, field.era)
        && wareki.era != printed
    {
        return Err(wrong_era());
    }
    if !field.in_parts() {
        let text = wareki
            .map_or_else(|| format!("{}年{}月{}日", date.year(), date.month(), date.day()), |wareki| wareki.text());
        return draw_text(surface, field, field.rect, &Zeroizing::new(text), name);
    }
    if let Some(wareki) = wareki
        && !field.eras.is_empty()
    {
        let era = field.eras.iter().find(|known| known.era == wareki.era).ok_or_else(wrong_era)?;
        draw_circle(surface, era.rect);
    }
    let celled = field.cells > 1;
    let year = match wareki {
        // Cells are for digits.
        Some(wareki) if wareki.year == 1 && !celled => "元".to_owned(),
        Some(wareki) => wareki.year.to_string(),
        None => date.year().to_string(),
    };
    let year_cells = if wareki.is_none() { 2 * field.cells } else { field.cells };
    let parts = [
        (field.year, year, year_cells),
        (field.month, date.month().to_string(), field.cells),
        (field.day, date.day().to_string(), field.cells),
    ];
    let stack = field.font.stack()?;
    for (rect, text, cells) in parts {
        let (Some(rect), text) = (rect, Zeroizing::new(text)) else { continue };
        if celled {
            let clusters: Vec<&str> = text.graphemes(true).collect();
            draw_in_cells(surface, field, rect, &clusters, (cells, true), name)?;
        } else {
            draw_centred(surface, stack, rect_pt(rect), field.size, &text, name)?;
        }
    }
    Ok(())
}

/// Characters that lie down in vertical text where their font has no vertical form of them.
fn turns(cluster: &str) -> bool {
    matches!(
        cluster,
        "ー" | "－"
            | "-"
            | "―"
            | "—"
            | "–"
            | "（"
            | "）"
            | "("
            | ")"
            | "「"
            | "」"
            | "『"
            | "』"
            | "【"
            | "】"
            | "〔"
            | "〕"
            | "［"
            | "］"
            | "["
            | "]"
            | "〈"
            | "〉"
            | "《"
            | "》"
            | "〜"
            | "～"
            | "…"
            | "‥"
            | "："
    )
}

fn draw_vertical(surface: &mut Surface, field: &Field, value: &str, name: &ValueId) -> Result<(), FillError> {
    let stack = field.font.stack()?;
    let (x, y, width, height) = rect_pt(field.rect);
    let clusters: Vec<&str> = value.graphemes(true).collect();
    let size = field.size.min(width).min(height / clusters.len().max(1) as f32);
    if size < field.min_size() {
        return Err(FillError::DoesNotFit(name.clone()));
    }
    for (at, cluster) in clusters.into_iter().enumerate() {
        let top = y + size * at as f32;
        let cell = (x + (width - size) / 2.0, top, size, size);
        if let Some((font, glyph)) = stack.vertical(cluster) {
            surface.set_stroke(None);
            surface.set_fill(Some(Fill::default()));
            let start = Point::from_xy(cell.0, top + size * 0.88);
            let glyph = KrillaGlyph::new(GlyphId::new(glyph), 1.0, 0.0, 0.0, 0.0, 0..cluster.len(), None);
            surface.draw_glyphs(start, &[glyph], font, cluster, size, false);
        } else if turns(cluster) {
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
    let path = ellipse(x + width / 2.0, y + height / 2.0, width / 2.0, height / 2.0);
    stroke(surface, path, 1.1);
}

fn ellipse(cx: f32, cy: f32, rx: f32, ry: f32) -> PathBuilder {
    // Four cubic arcs; 0.5523 is the usual constant for a quarter.
    let (kx, ky) = (rx * 0.5523, ry * 0.5523);
    let mut path = PathBuilder::new();
    path.move_to(cx + rx, cy);
    path.cubic_to(cx + rx, cy + ky, cx + kx, cy + ry, cx, cy + ry);
    path.cubic_to(cx - kx, cy + ry, cx - rx, cy + ky, cx - rx, cy);
    path.cubic_to(cx - rx, cy - ky, cx - kx, cy - ry, cx, cy - ry);
    path.cubic_to(cx + kx, cy - ry, cx + rx, cy - ky, cx + rx, cy);
    path.close();
    path
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
    const PEN: f32 = 1.3;
    for line in strokes.iter().filter(|line| !line.is_empty()) {
        let (x0, y0) = place(&line[0]);
        if line.iter().all(|point| *point == line[0]) {
            // A tap: the dot of a character.
            fill(surface, ellipse(x0, y0, PEN / 2.0, PEN / 2.0));
            continue;
        }
        let mut path = PathBuilder::new();
        path.move_to(x0, y0);
        // Through the middles of the segments, bent at the points: smooth as a finger is.
        for pair in line[1..].windows(2) {
            let ((x1, y1), (x2, y2)) = (place(&pair[0]), place(&pair[1]));
            path.quad_to(x1, y1, (x1 + x2) / 2.0, (y1 + y2) / 2.0);
        }
        let (xn, yn) = place(&line[line.len() - 1]);
        path.line_to(xn, yn);
        stroke(surface, path, PEN);
    }
}

fn fill(surface: &mut Surface, path: PathBuilder) {
    let Some(path) = path.finish() else { return };
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { opacity: NormalizedF32::ONE, ..Fill::default() }));
    surface.draw_path(&path);
}

fn draw_qr(surface: &mut Surface, rect: Box4, text: &str, name: &ValueId) -> Result<(), FillError> {
    /// Modules that stay white on every side (ISO/IEC 18004).
    const QUIET: usize = 4;
    let code = qrcode::QrCode::new(text.as_bytes()).map_err(|_| FillError::DoesNotFit(name.clone()))?;
    let (x, y, width, height) = rect_pt(rect);
    let side = code.width();
    let module = width.min(height) / (side + 2 * QUIET) as f32;
    let mut path = PathBuilder::new();
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let (column, row) = ((at % side + QUIET) as f32, (at / side + QUIET) as f32);
            if let Some(square) = Rect::from_xywh(x + column * module, y + row * module, module, module) {
                path.push_rect(square);
            }
        }
    }
    fill(surface, path);
    Ok(())
}
