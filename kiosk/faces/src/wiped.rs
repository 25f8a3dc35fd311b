//! Pictures of a person: overwritten when they are dropped.

use opencv::core::{BORDER_CONSTANT, Mat, MatTraitConst, MatTraitManual, Scalar, Size, copy_make_border};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_AREA, INTER_LINEAR, cvt_color_def, resize};
use std::ops::{Deref, DerefMut};
use zeroize::Zeroize;

/// A matrix that owns its pixels and overwrites them when dropped. It is never cloned; a region of it does not outlive it.
#[derive(Default)]
pub(crate) struct Wiped(Mat);

impl Deref for Wiped {
    type Target = Mat;
    fn deref(&self) -> &Mat {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Mat {
        &mut self.0
    }
}

impl From<Mat> for Wiped {
    fn from(mat: Mat) -> Self {
        Self(mat)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        // What OpenCV allocates for a picture is in one piece; an empty matrix has nothing to overwrite.
        if let Ok(bytes) = self.0.data_bytes_mut() {
            bytes.zeroize();
        }
    }
}

impl Wiped {
    /// The same picture in another size.
    pub(crate) fn resized(&self, width: i32, height: i32) -> opencv::Result<Self> {
        let mut out = Self::default();
        let how = if width < self.cols() { INTER_AREA } else { INTER_LINEAR };
        resize(&**self, &mut *out, Size::new(width.max(1), height.max(1)), 0.0, 0.0, how)?;
        Ok(out)
    }

    /// The same picture, its longer side at most `side`; and by what its coordinates were multiplied.
    pub(crate) fn at_most(&self, side: i32) -> opencv::Result<(Self, f32)> {
        let longer = self.cols().max(self.rows()).max(1);
        let scale = (side as f32 / longer as f32).min(1.0);
        let scaled = |length: i32| (length as f32 * scale).round() as i32;
        Ok((self.resized(scaled(self.cols()), scaled(self.rows()))?, scale))
    }

    /// The same picture with so many grey pixels around it.
    pub(crate) fn framed(&self, top: i32, bottom: i32, left: i32, right: i32) -> opencv::Result<Self> {
        let mut out = Self::default();
        copy_make_border(&**self, &mut *out, top, bottom, left, right, BORDER_CONSTANT, Scalar::all(127.0))?;
        Ok(out)
    }

    /// The same picture in grey.
    pub(crate) fn grey(&self) -> opencv::Result<Self> {
        let mut out = Self::default();
        cvt_color_def(&**self, &mut *out, COLOR_BGR2GRAY)?;
        Ok(out)
    }
}
