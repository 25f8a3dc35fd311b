//! The card's photo: JPEG 2000, grey (facts §2.3), decoded within bounds.

use domain::photo::jpeg_2000_is_sane;
use image::{DynamicImage, GrayImage, RgbImage};

/// A photo that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the photo cannot be decoded")]
pub struct PhotoError;

/// Decodes a JPEG 2000 photo.
///
/// # Errors
/// When it is malformed, too large, or of colours that no card has.
pub fn decode(jp2: &[u8]) -> Result<DynamicImage, PhotoError> {
    if !jpeg_2000_is_sane(jp2) {
        return Err(PhotoError);
    }
    let image = hayro_jpeg2000::Image::new(jp2, &hayro_jpeg2000::DecodeSettings::default()).map_err(|_| PhotoError)?;
    let (width, height) = (image.width(), image.height());
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| PhotoError)?;
    if decoded.components().is_empty() {
        return Err(PhotoError);
    }
    let pixels = decoded.data_u8();
    let size = width as usize * height as usize;
    match pixels.len() {
        grey if grey == size => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        rgb if rgb == size * 3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        _ => None,
    }
    .ok_or(PhotoError)
}
