//! Films of invented visits, made of the stills that `cargo xtask setup` prepares.

#![allow(dead_code, reason = "each test file uses a part of it")]

use faces::{default_pictures, default_weights};
use opencv::core::{
    BORDER_REPLICATE, CV_8UC3, CV_32FC1, Mat, MatExprTraitConst, MatTrait, MatTraitConst, Point, Rect, Scalar, Size,
    Vec3b,
};
use opencv::imgproc;
use opencv::videoio::{VideoWriter, VideoWriterTrait, VideoWriterTraitConst};
use std::path::{Path, PathBuf};

/// The film's size.
pub const WIDTH: i32 = 640;
/// The film's size.
pub const HEIGHT: i32 = 480;

fn there(folder: Option<PathBuf>, file: &str) -> PathBuf {
    let folder = folder.expect("MADOGUCHI_CACHE or HOME is set");
    assert!(folder.join(file).is_file(), "{} is missing: run `cargo xtask setup`", folder.join(file).display());
    folder
}

/// The folder with the networks.
pub fn weights() -> PathBuf {
    there(default_weights(), "sface.onnx")
}

/// One of the prepared pictures and films.
pub fn picture(name: &str) -> PathBuf {
    there(default_pictures(), name).join(name)
}

/// A portrait, and where in it the head is.
pub struct Portrait {
    pixels: Mat,
    centre: (f64, f64),
    head: f64,
}

impl Portrait {
    fn load(name: &str, centre: (f64, f64), head: f64) -> Self {
        let path = picture(name);
        let pixels = opencv::imgcodecs::imread(path.to_str().unwrap(), opencv::imgcodecs::IMREAD_COLOR).unwrap();
        assert!(!pixels.empty(), "{}", path.display());
        Self { pixels, centre, head }
    }

    /// The person of `one-card.jp2`, on another occasion.
    pub fn one() -> Self {
        Self::load("one-b.jpg", (332.0, 408.0), 480.0)
    }

    /// Somebody else.
    pub fn two() -> Self {
        Self::load("two.jpg", (558.0, 349.0), 522.0)
    }

    /// The demo's person.
    pub fn three() -> Self {
        Self::load("three.png", (225.0, 100.0), 169.0)
    }

    /// Stands before the camera: the middle of the head at `x`, `y`, `head` pixels from crown to chin, tilted by `degrees`.
    pub fn stands(&self, (x, y): (f64, f64), head: f64, degrees: f64) -> Mat {
        let scale = head / self.head;
        let centre = opencv::core::Point2f::new(self.centre.0 as f32, self.centre.1 as f32);
        let mut turn = imgproc::get_rotation_matrix_2d(centre, degrees, scale).unwrap();
        *turn.at_2d_mut::<f64>(0, 2).unwrap() += x - self.centre.0;
        *turn.at_2d_mut::<f64>(1, 2).unwrap() += y - self.centre.1;
        let mut out = Mat::default();
        let size = Size::new(WIDTH, HEIGHT);
        imgproc::warp_affine(
            &self.pixels,
            &mut out,
            &turn,
            size,
            imgproc::INTER_AREA,
            BORDER_REPLICATE,
            Scalar::default(),
        )
        .unwrap();
        out
    }

    /// In the middle, at the right distance.
    pub fn well(&self) -> Mat {
        self.stands((320.0, 220.0), 240.0, 0.0)
    }
}

/// An empty room.
pub fn nobody() -> Mat {
    Mat::new_rows_cols_with_default(HEIGHT, WIDTH, CV_8UC3, Scalar::new(150.0, 160.0, 155.0, 0.0)).unwrap()
}

/// Two pictures, the left half of each.
pub fn beside(left: &Mat, right: &Mat) -> Mat {
    let half = Rect::new(WIDTH / 4, 0, WIDTH / 2, HEIGHT);
    let mut out = Mat::default();
    opencv::core::hconcat2(&left.roi(half).unwrap(), &right.roi(half).unwrap(), &mut out).unwrap();
    out
}

/// The picture with so much of its light.
pub fn dimmed(picture: &Mat, part: f64) -> Mat {
    (picture * part).into_result().unwrap().to_mat().unwrap()
}

/// The person of `well`, in the shade, before a bright window.
pub fn backlit(picture: &Mat) -> Mat {
    let mut mask = Mat::zeros(HEIGHT, WIDTH, opencv::core::CV_8UC1).unwrap().to_mat().unwrap();
    let white = Scalar::all(255.0);
    imgproc::ellipse(
        &mut mask,
        Point::new(320, 220),
        Size::new(110, 135),
        0.0,
        0.0,
        360.0,
        white,
        -1,
        imgproc::LINE_8,
        0,
    )
    .unwrap();
    imgproc::ellipse(
        &mut mask,
        Point::new(320, 480),
        Size::new(230, 150),
        0.0,
        0.0,
        360.0,
        white,
        -1,
        imgproc::LINE_8,
        0,
    )
    .unwrap();
    let mut out = Mat::new_rows_cols_with_default(HEIGHT, WIDTH, CV_8UC3, Scalar::all(240.0)).unwrap();
    dimmed(picture, 0.35).copy_to_masked(&mut out, &mask).unwrap();
    out
}

/// The picture as a camera sees somebody who moves to the side: smeared over so many pixels.
pub fn smeared(picture: &Mat, pixels: i32) -> Mat {
    let kernel = Mat::new_rows_cols_with_default(1, pixels, CV_32FC1, Scalar::all(1.0 / f64::from(pixels))).unwrap();
    let mut out = Mat::default();
    imgproc::filter_2d_def(picture, &mut out, -1, &kernel).unwrap();
    out
}

/// Left red, right blue.
pub fn two_colours() -> Mat {
    let mut out = Mat::new_rows_cols_with_default(HEIGHT, WIDTH, CV_8UC3, Scalar::new(255.0, 0.0, 0.0, 0.0)).unwrap();
    for y in 0..HEIGHT {
        for x in 0..WIDTH / 2 {
            *out.at_2d_mut::<Vec3b>(y, x).unwrap() = Vec3b::from([0, 0, 255]);
        }
    }
    out
}

/// Writes a film: each picture for so many frames.
pub fn film(path: &Path, rate: f64, scenes: &[(&Mat, u32)]) {
    let code = VideoWriter::fourcc('M', 'J', 'P', 'G').unwrap();
    let mut writer = VideoWriter::new(path.to_str().unwrap(), code, rate, Size::new(WIDTH, HEIGHT), true).unwrap();
    assert!(writer.is_opened().unwrap(), "OpenCV writes MJPEG");
    for (scene, frames) in scenes {
        for _ in 0..*frames {
            writer.write(*scene).unwrap();
        }
    }
    writer.release().unwrap();
}

/// Numbers that are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        // Xorshift64*.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }

    /// The data with some damage: bytes changed, a piece cut out, the end cut off, or rubbish put in.
    pub fn damage(&mut self, data: &[u8]) -> Vec<u8> {
        let mut out = data.to_vec();
        match self.below(4) {
            0 => {
                for _ in 0..=self.below(12) {
                    let at = self.below(out.len());
                    out[at] = self.below(256) as u8;
                }
            }
            1 => out.truncate(self.below(data.len())),
            2 => {
                let from = self.below(data.len());
                let to = (from + self.below(64)).min(data.len());
                out.drain(from..to);
            }
            _ => {
                let at = self.below(data.len());
                let rubbish: Vec<u8> = (0..self.below(64)).map(|_| self.below(256) as u8).collect();
                out.splice(at..at, rubbish);
            }
        }
        out
    }
}
