//! What will come out of the printer, as a picture.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::RgbaImage;

/// A page that cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page cannot be shown")]
pub struct PreviewError;

/// Draws a page (from 0) at this width in pixels.
///
/// # Errors
/// When there is no such page, or the bytes are no PDF.
pub fn page_image(pdf: &[u8], page: usize, width: u32) -> Result<RgbaImage, PreviewError> {
    let pdf = Pdf::new(pdf.to_vec()).map_err(|_| PreviewError)?;
    let page = pdf.pages().get(page).ok_or(PreviewError)?;
    let (points, _) = page.render_dimensions();
    let scale = width as f32 / points.max(1.0);
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let pixmap =
        render(page, &RenderCache::new(), &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    RgbaImage::from_raw(width, height, pixmap.data_as_u8_slice().to_vec()).ok_or(PreviewError)
}
