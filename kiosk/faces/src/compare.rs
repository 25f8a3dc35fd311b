//! Whether two faces are one person's: SFace (2021dec).

use crate::detect::Face;
use crate::wiped::Wiped;
use opencv::core::{Mat, MatTraitConstManual, Ptr};
use opencv::objdetect::{FaceRecognizerSF, FaceRecognizerSFTrait, FaceRecognizerSFTraitConst};
use std::path::Path;
use zeroize::Zeroizing;

/// The side of the picture of a face that the network takes, in pixels.
const SIDE: i32 = 112;

/// The length of a template.
const LENGTH: usize = 128;

/// What a face is compared by: 128 numbers of length one. Lives in memory only and is overwritten when dropped.
pub(crate) struct Template(Zeroizing<[f32; LENGTH]>);

impl Template {
    /// The cosine between two templates: 1 the same, around 0 strangers.
    pub(crate) fn similarity(&self, other: &Self) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
    }
}

/// Turns faces into templates.
pub(crate) struct Recogniser(Ptr<FaceRecognizerSF>);

impl Recogniser {
    /// Loads the network.
    pub(crate) fn load(path: &Path) -> opencv::Result<Self> {
        let path = path.to_str().ok_or_else(|| opencv::Error::new(opencv::core::StsBadArg, "the path is not UTF-8"))?;
        Ok(Self(FaceRecognizerSF::create_def(path, "")?))
    }

    /// The face turned upright and scaled, 112 x 112 pixels.
    pub(crate) fn aligned(&self, picture: &Wiped, face: &Face) -> opencv::Result<Wiped> {
        let mut row = Zeroizing::new([0f32; 15]);
        row[..4].copy_from_slice(&[face.x, face.y, face.width, face.height]);
        row[4..14].copy_from_slice(face.points.as_flattened());
        row[14] = face.score;
        let mut out = Wiped::default();
        self.0.align_crop(&**picture, &Mat::from_slice(&*row)?, &mut *out)?;
        Ok(out)
    }

    /// The template of an aligned face; `None` where the network finds nothing to hold on to.
    pub(crate) fn template(&mut self, aligned: &Wiped) -> opencv::Result<Option<Template>> {
        // Another header for the network's own output: overwritten by `forget`, not here.
        let mut feature = Mat::default();
        self.0.feature(&**aligned, &mut feature)?;
        let mut template = Zeroizing::new([0f32; LENGTH]);
        let values = feature.data_typed::<f32>()?;
        if values.len() != LENGTH {
            return Err(opencv::Error::new(opencv::core::StsUnmatchedSizes, "not an SFace network"));
        }
        template.copy_from_slice(values);
        let length = template.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length < f32::EPSILON {
            return Ok(None);
        }
        template.iter_mut().for_each(|value| *value /= length);
        Ok(Some(Template(template)))
    }

    /// Overwrites what the network's own buffers hold.
    pub(crate) fn forget(&mut self) -> opencv::Result<()> {
        let grey =
            Mat::new_rows_cols_with_default(SIDE, SIDE, opencv::core::CV_8UC3, opencv::core::Scalar::all(127.0))?;
        self.template(&Wiped::from(grey)).map(drop)
    }
}
