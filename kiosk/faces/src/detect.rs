//! Where faces are: YuNet (2023mar), run through OpenCV's `dnn` and decoded here, because `FaceDetectorYN` of the
//! OpenCV 4.6 in Debian 12 refuses this version of the network.

use crate::wiped::Wiped;
use opencv::core::{Mat, MatTraitConst, MatTraitConstManual, Rect, Vector};
use opencv::dnn::{Net, NetTrait, blob_from_image_def, read_net_from_onnx};
use std::path::Path;

/// The distances in pixels between the places that the network looks at.
const STRIDES: [i32; 3] = [8, 16, 32];

/// Two boxes that share more than this part of their union are the same face.
const SAME_FACE: f32 = 0.3;

/// The picture of the face alone is so much larger than the face …
const AROUND: f32 = 2.0;

/// … and has this many pixels on its longer side.
const REFINED_SIDE: i32 = 320;

/// A face in a picture, in the picture's pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Face {
    /// Left edge; may lie outside the picture.
    pub x: f32,
    /// Upper edge (middle of the forehead); may lie outside the picture.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height, forehead to chin.
    pub height: f32,
    /// The person's right eye, left eye, nose, right and left corner of the mouth.
    pub points: [[f32; 2]; 5],
    /// How sure the network is, 0 to 1.
    pub score: f32,
}

impl Face {
    /// The middle of the box.
    pub(crate) fn centre(&self) -> [f32; 2] {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
    }

    fn map(mut self, point: impl Fn([f32; 2]) -> [f32; 2], scale: f32) -> Self {
        [self.x, self.y] = point([self.x, self.y]);
        self.width *= scale;
        self.height *= scale;
        self.points = self.points.map(point);
        self
    }

    fn overlap(&self, other: &Self) -> f32 {
        let side = |from: f32, to: f32| (to - from).max(0.0);
        let shared = side(self.x.max(other.x), (self.x + self.width).min(other.x + other.width))
            * side(self.y.max(other.y), (self.y + self.height).min(other.y + other.height));
        let all = self.width * self.height + other.width * other.height - shared;
        if all > 0.0 { shared / all } else { 0.0 }
    }
}

/// Finds faces.
pub(crate) struct Detector {
    net: Net,
    outputs: Vector<String>,
}

impl Detector {
    /// Loads the network.
    pub(crate) fn load(path: &Path) -> opencv::Result<Self> {
        let mut outputs = Vector::new();
        for kind in ["cls", "obj", "bbox", "kps"] {
            for stride in STRIDES {
                outputs.push(&*format!("{kind}_{stride}"));
            }
        }
        Ok(Self { net: read_net_from_onnx(path)?, outputs })
    }

    /// The faces in a colour picture (BGR), the largest first. The picture is looked at with its longer side at `side`
    /// pixels; a face of less than about a thirtieth of that is not seen.
    pub(crate) fn find(&mut self, picture: &Wiped, side: i32, least_score: f32) -> opencv::Result<Vec<Face>> {
        let (width, height) = (picture.cols(), picture.rows());
        if width < 1 || height < 1 {
            return Ok(Vec::new());
        }
        let scale = side as f32 / width.max(height) as f32;
        let small = picture.resized((width as f32 * scale).round() as i32, (height as f32 * scale).round() as i32)?;
        // The network halves the picture five times.
        let fill = |length: i32| (32 - length % 32) % 32;
        let padded = small.framed(0, fill(small.rows()), 0, fill(small.cols()))?;
        let (columns, rows) = (padded.cols(), padded.rows());
        let blob = Wiped::from(blob_from_image_def(&*padded)?);
        self.net.set_input_def(&*blob)?;
        let mut found: Vector<Mat> = Vector::new();
        self.net.forward(&mut found, &self.outputs)?;
        let mut faces = Vec::new();
        for (at, stride) in STRIDES.into_iter().enumerate() {
            let mats = [found.get(at)?, found.get(at + 3)?, found.get(at + 6)?, found.get(at + 9)?];
            let [class, object, boxes, points] = &mats;
            decode(
                [class.data_typed()?, object.data_typed()?, boxes.data_typed()?, points.data_typed()?],
                (columns / stride, rows / stride, stride),
                least_score,
                &mut faces,
            );
        }
        let mut faces: Vec<Face> =
            one_a_face(faces).into_iter().map(|face| face.map(|[x, y]| [x / scale, y / scale], 1.0 / scale)).collect();
        faces.sort_by(|a, b| b.height.total_cmp(&a.height));
        Ok(faces)
    }

    /// The same face, its points found anew in a picture of the face alone. The network sees the tilt and turn of a head only
    /// where it is more than about 100 pixels wide, and a crop that is laid on tilted eyes costs the recogniser its accuracy.
    pub(crate) fn refine(&mut self, picture: &Wiped, face: Face, least_score: f32) -> opencv::Result<Face> {
        let [x, y] = face.centre();
        let half = (face.width.max(face.height) * AROUND / 2.0).ceil();
        let limit = |at: f32, end: i32| (at as i32).clamp(0, end);
        let (left, top) = (limit(x - half, picture.cols()), limit(y - half, picture.rows()));
        let (right, bottom) = (limit(x + half, picture.cols()), limit(y + half, picture.rows()));
        if right - left < 8 || bottom - top < 8 {
            return Ok(face);
        }
        let mut part = Wiped::default();
        Mat::roi(&**picture, Rect::new(left, top, right - left, bottom - top))?.copy_to(&mut *part)?;
        let found = self.find(&part, REFINED_SIDE, least_score)?;
        let placed = found.into_iter().map(|face| face.map(|[x, y]| [x + left as f32, y + top as f32], 1.0));
        let best = placed.max_by(|a, b| a.overlap(&face).total_cmp(&b.overlap(&face)));
        Ok(best.filter(|found| found.overlap(&face) >= SAME_FACE).unwrap_or(face))
    }

    /// Overwrites what the network's own buffers hold.
    pub(crate) fn forget(&mut self, width: i32, height: i32, side: i32) -> opencv::Result<()> {
        let grey =
            Mat::new_rows_cols_with_default(height, width, opencv::core::CV_8UC3, opencv::core::Scalar::all(127.0))?;
        self.find(&Wiped::from(grey), side, 1.0).map(drop)
    }
}

/// Reads one stride's places: how sure, where, and the five points.
fn decode(
    [class, object, boxes, points]: [&[f32]; 4],
    (columns, rows, stride): (i32, i32, i32),
    least: f32,
    faces: &mut Vec<Face>,
) {
    let stride = stride as f32;
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| [column as f32, row as f32]));
    let rows = class.iter().zip(object).zip(boxes.chunks_exact(4)).zip(points.chunks_exact(10));
    for ([column, row], (((class, object), edges), points)) in places.zip(rows) {
        let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
        // Also false where the network has computed no number.
        if score >= least {
            let (width, height) = (edges[2].exp() * stride, edges[3].exp() * stride);
            let point = |at: usize| [(points[2 * at] + column) * stride, (points[2 * at + 1] + row) * stride];
            faces.push(Face {
                x: (column + edges[0]) * stride - width / 2.0,
                y: (row + edges[1]) * stride - height / 2.0,
                width,
                height,
                points: [point(0), point(1), point(2), point(3), point(4)],
                score,
            });
        }
    }
}

/// Keeps the surest of the boxes that lie over each other.
fn one_a_face(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        if kept.iter().all(|other| other.overlap(&face) < SAME_FACE) {
            kept.push(face);
        }
    }
    kept
}
