//! What will come out of the printer, as a picture.

use crate::fonts::Style;
use crate::original::{Original, guarded};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::{FontData, FontQuery};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::RgbaImage;
use std::sync::Arc;

/// The most pixels of a picture: an A0 sheet at 150 dpi.
const MOST_PIXELS: f32 = 40e6;
/// The longest side, in pixels.
const LONGEST: f32 = 30_000.0;

/// A page that cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page cannot be shown")]
pub struct PreviewError;

/// Draws a page (from 0) at this width in pixels.
///
/// # Errors
/// When there is no such page, the bytes are no PDF, or the picture would be too large.
pub fn page_image(pdf: &[u8], page: usize, width: u32) -> Result<RgbaImage, PreviewError> {
    let draw = || {
        // Judged first: some PDFs would never be ready.
        Original::read(pdf).ok()?;
        let pdf = Pdf::new(pdf.to_vec()).ok()?;
        let page = pdf.pages().get(page)?;
        picture(page, width as f32 / page.render_dimensions().0)
    };
    guarded(draw).ok_or(PreviewError)
}

/// A page at so many pixels a point.
pub(crate) fn picture(page: &Page, scale: f32) -> Option<RgbaImage> {
    let (width, height) = page.render_dimensions();
    let (width, height) = (width * scale, height * scale);
    let sides = 1.0..=LONGEST;
    if !sides.contains(&width) || !sides.contains(&height) || width * height > MOST_PIXELS {
        return None;
    }
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let pixmap = render(page, &RenderCache::new(), &interpreter(), &RenderSettings::default(), &settings);
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    RgbaImage::from_raw(width, height, pixmap.data_as_u8_slice().to_vec())
}

/// How pages are read: a font that a PDF names but does not hold is stood in for by ours, as a printer does.
pub(crate) fn interpreter() -> InterpreterSettings {
    let plain = InterpreterSettings::default();
    let fallback = Arc::clone(&plain.font_resolver);
    let font_resolver = move |query: &FontQuery| japanese(query).or_else(|| fallback(query));
    InterpreterSettings { font_resolver: Arc::new(font_resolver), ..plain }
}

/// One of our fonts, where the one that is missing is Japanese by its collection or by its name.
fn japanese(query: &FontQuery) -> Option<(FontData, u32)> {
    const MINCHO: [&str; 4] = ["mincho", "ming", "明朝", "ryumin"];
    const GOTHIC: [&str; 5] = ["gothic", "ゴシック", "meiryo", "メイリオ", "kaku"];
    let FontQuery::Fallback(font) = query else { return None };
    let names = [&font.post_script_name, &font.font_name, &font.font_family];
    let name = names.into_iter().flatten().map(|name| name.to_lowercase()).collect::<String>();
    let named = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let style = match (named(&MINCHO), named(&GOTHIC)) {
        (true, _) => Style::Mincho,
        (false, true) => Style::Gothic,
        (false, false) if font.character_collection.is_none() => return None,
        (false, false) if font.is_serif => Style::Mincho,
        (false, false) => Style::Gothic,
    };
    let (data, index) = style.stack().ok()?.first()?;
    Some((data, index))
}
