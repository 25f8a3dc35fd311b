//! What will come out of the printer, as a picture.

use crate::original::guarded;
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::RgbaImage;

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
    let pixmap =
        render(page, &RenderCache::new(), &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    RgbaImage::from_raw(width, height, pixmap.data_as_u8_slice().to_vec())
}
