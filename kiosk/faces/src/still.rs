//! Pictures that are not live: the card's photo, and the files of the tool.

use crate::compare::Template;
use crate::detect::Face;
use crate::engine::Engine;
use crate::wiped::Wiped;
use domain::photo::jpeg_2000_is_sane;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use opencv::core::Mat;
use opencv::imgproc::{COLOR_RGB2BGR, cvt_color_def};
use std::io::Cursor;
use zeroize::{Zeroize, Zeroizing};

/// The longer side at which a still is compared, in pixels; what is larger is made smaller first.
const LONGEST: i32 = 1024;

/// The longer sides at which faces are looked for, one after the other until one is found: a portrait first.
const SIDES: [i32; 2] = [320, 640];

/// How sure the detector must be of a face in a still.
const LEAST_SCORE: f32 = 0.7;

/// A face that is narrower, in pixels, has nothing to compare.
const NARROWEST: f32 = 24.0;

/// A second face of at least this part of the first's height makes it unclear whose picture it is.
pub(crate) const LIKE_SIZE: f32 = 0.6;

/// Why a still cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StillError {
    #[error("the picture cannot be decoded")]
    Unreadable,
    #[error("the picture is larger than {0} pixels a side")]
    TooLarge(u32),
    #[error("no face was found")]
    NoFace,
    #[error("several faces of like size were found")]
    Several,
    #[error("the face is too small")]
    TooSmall,
    #[error("OpenCV failed")]
    OpenCv,
}

impl From<opencv::Error> for StillError {
    fn from(error: opencv::Error) -> Self {
        // OpenCV's messages name functions and sizes, never pixels.
        tracing::warn!(code = error.code, "OpenCV failed on a still");
        Self::OpenCv
    }
}

/// Decodes PNG, JPEG (turned as its EXIF says) or JPEG 2000 of at most `largest` pixels a side.
pub(crate) fn decode(bytes: &[u8], largest: u32) -> Result<Wiped, StillError> {
    // The signature box of a JP2 file, or the marker of a bare code stream.
    let jpeg_2000 = bytes.starts_with(b"\0\0\0\x0cjP  ") || bytes.starts_with(b"\xff\x4f\xff\x51");
    let (width, height, pixels) = if jpeg_2000 { decode_2000(bytes, largest)? } else { decode_common(bytes, largest)? };
    let pixels = Zeroizing::new(pixels);
    let side = |length: u32| i32::try_from(length).map_err(|_| StillError::TooLarge(largest));
    let (width, height) = (side(width)?, side(height)?);
    let mut picture = Wiped::default();
    let rgb = Mat::new_rows_cols_with_bytes::<opencv::core::Vec3b>(height, width, &pixels)?;
    cvt_color_def(&rgb, &mut *picture, COLOR_RGB2BGR)?;
    Ok(picture.at_most(LONGEST)?.0)
}

/// Width, height and RGB pixels.
type Rgb = (u32, u32, Vec<u8>);

fn decode_common(bytes: &[u8], largest: u32) -> Result<Rgb, StillError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| StillError::Unreadable)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(u64::from(largest) * u64::from(largest) * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| StillError::Unreadable)?;
    let (width, height) = decoder.dimensions();
    if width > largest || height > largest {
        return Err(StillError::TooLarge(largest));
    }
    let orientation = decoder.orientation().map_err(|_| StillError::Unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| StillError::Unreadable)?;
    picture.apply_orientation(orientation);
    let rgb = match picture {
        DynamicImage::ImageRgb8(rgb) => rgb,
        other => {
            let rgb = other.to_rgb8();
            wipe(other);
            rgb
        }
    };
    Ok((rgb.width(), rgb.height(), rgb.into_raw()))
}

/// Overwrites a picture of eight bits a channel; others have no bytes to hand out.
fn wipe(picture: DynamicImage) {
    match picture {
        DynamicImage::ImageLuma8(mut picture) => picture.zeroize_pixels(),
        DynamicImage::ImageLumaA8(mut picture) => picture.zeroize_pixels(),
        DynamicImage::ImageRgba8(mut picture) => picture.zeroize_pixels(),
        _ => {}
    }
}

trait ZeroizePixels {
    fn zeroize_pixels(&mut self);
}

impl<P: image::Pixel<Subpixel = u8>> ZeroizePixels for image::ImageBuffer<P, Vec<u8>> {
    fn zeroize_pixels(&mut self) {
        self.as_flat_samples_mut().samples.zeroize();
    }
}

fn decode_2000(bytes: &[u8], largest: u32) -> Result<Rgb, StillError> {
    if !jpeg_2000_is_sane(bytes) {
        return Err(StillError::Unreadable);
    }
    let settings = hayro_jpeg2000::DecodeSettings::default();
    let image = hayro_jpeg2000::Image::new(bytes, &settings).map_err(|_| StillError::Unreadable)?;
    let (width, height) = (image.width(), image.height());
    if width > largest || height > largest {
        return Err(StillError::TooLarge(largest));
    }
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| StillError::Unreadable)?;
    if decoded.components().is_empty() {
        return Err(StillError::Unreadable);
    }
    let pixels = Zeroizing::new(decoded.data_u8());
    let size = width as usize * height as usize;
    if size == 0 || !pixels.len().is_multiple_of(size) {
        return Err(StillError::Unreadable);
    }
    // Grey, grey with alpha, colour, colour with alpha.
    let rgb = match pixels.len() / size {
        channels @ (1 | 2) => pixels.chunks_exact(channels).flat_map(|pixel| [pixel[0]; 3]).collect(),
        channels @ (3 | 4) => pixels.chunks_exact(channels).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        _ => return Err(StillError::Unreadable),
    };
    Ok((width, height, rgb))
}

/// The template of the one face in a still.
pub(crate) fn template(engine: &mut Engine, picture: &Wiped) -> Result<Template, StillError> {
    let face = one_face(engine, picture)?;
    if face.width < NARROWEST {
        return Err(StillError::TooSmall);
    }
    let aligned = engine.recogniser.aligned(picture, &face)?;
    engine.recogniser.template(&aligned)?.ok_or(StillError::NoFace)
}

fn one_face(engine: &mut Engine, picture: &Wiped) -> Result<Face, StillError> {
    for side in SIDES {
        let faces = engine.detector.find(picture, side, LEAST_SCORE)?;
        match faces.as_slice() {
            [] => {}
            [first, second, ..] if second.height >= first.height * LIKE_SIZE => return Err(StillError::Several),
            [face, ..] => return Ok(engine.detector.refine(picture, *face, LEAST_SCORE)?),
        }
    }
    Err(StillError::NoFace)
}
