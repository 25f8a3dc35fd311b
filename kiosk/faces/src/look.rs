//! What a picture is like, in numbers, and what the person can do about it.

use crate::compare::Recogniser;
use crate::detect::Face;
use crate::still::LIKE_SIZE;
use crate::wiped::Wiped;
use domain::face::Guidance;
use opencv::core::{Mat, MatTraitConst, Rect, Vector, mean_def, mean_std_dev_def};
use opencv::imgproc::laplacian_def;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The limits of a picture that is compared. They were set on the films of `tests/port.rs`; light and sharpness do not depend on
/// the camera's size, because they are measured on the face after it was brought to 112 pixels.
mod limits {
    /// Least height of the face, as a part of the picture's shorter side: at 60 degrees of view, about 1.2 m away.
    pub const FAR: f32 = 0.18;
    /// Greatest height of the face, as a part of the picture's shorter side.
    pub const NEAR: f32 = 0.80;
    /// Least distance of the face's box from the picture's edge, in widths of the face. The detector draws the box of a face that
    /// is cut by the edge along the edge.
    pub const EDGE: f32 = 0.04;
    /// Least mean brightness of the face, 0 to 255. Low, so that a dark face in good light is not called dark: detector and
    /// recogniser lose nothing far below what looks pleasant, as long as the camera has no noise.
    pub const DARK: f32 = 28.0;
    /// A face darker than this is backlit when what is beside the head is brighter by `BACKLIGHT`.
    pub const SHADED: f32 = 75.0;
    /// See `SHADED`.
    pub const BACKLIGHT: f32 = 90.0;
    /// Greatest distance of the nose from the middle line of eyes and mouth, in distances between the eyes: about 25 degrees.
    pub const TURN: f32 = 0.30;
    /// The nose's height between eyes (0) and mouth (1): looking up and looking down.
    pub const NOD: std::ops::RangeInclusive<f32> = 0.30..=0.85;
    /// Greatest tilt of the line through the eyes, in degrees. The network draws tilted eyes about half as tilted as they are
    /// (38 degrees were seen as 20), so this is a head tilted by almost 30.
    pub const TILT: f32 = 15.0;
    /// Least sharpness: see [`super::Look::sharp`].
    pub const SHARP: f32 = 0.16;
    /// Greatest speed of the face, in its own widths a second.
    pub const SPEED: f32 = 2.0;
}

/// What a picture with a face is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Height of the face, as a part of the picture's shorter side.
    size: f32,
    /// The distance of the face's box from the nearest edge of the picture, in its own widths.
    edge: f32,
    /// Height of the next smaller face, as a part of this face's.
    second: f32,
    /// Mean brightness of the face, 0 to 255.
    light: f32,
    /// Mean brightness beside the head.
    beside: f32,
    /// How far the head is turned to a side.
    turn: f32,
    /// How far it is turned up or down.
    nod: f32,
    /// How far it is tilted, in degrees.
    tilt: f32,
    /// The second derivative's deviation over the brightness's deviation: a blurred face has little of the first.
    sharp: f32,
    /// The face's speed, in its own widths a second.
    speed: f32,
}

/// The face of the picture before.
pub(crate) type Before = Option<(Face, Instant)>;

impl Look {
    /// Looks at the largest face; gives also the face upright and scaled. `None`: there is no face.
    pub(crate) fn at(
        picture: &Wiped,
        faces: &[Face],
        before: &Before,
        now: Instant,
        recogniser: &Recogniser,
    ) -> opencv::Result<Option<(Self, Wiped)>> {
        let Some(face) = faces.first() else { return Ok(None) };
        let aligned = recogniser.aligned(picture, face)?;
        let (turn, nod, tilt) = pose(face);
        let (light, beside) = light(picture, face)?;
        let (width, height) = (picture.cols() as f32, picture.rows() as f32);
        let edges = [face.x, face.y, width - face.x - face.width, height - face.y - face.height];
        let look = Self {
            size: face.height / width.min(height),
            edge: edges.into_iter().fold(f32::INFINITY, f32::min) / face.width.max(1.0),
            second: faces.get(1).map_or(0.0, |second| second.height / face.height),
            light,
            beside,
            turn,
            nod,
            tilt,
            sharp: sharpness(&aligned)?,
            speed: before.map_or(0.0, |(before, then)| speed(&before, face, now - then)),
        };
        Ok(Some((look, aligned)))
    }

    /// What the person can do; the first thing first.
    pub(crate) fn guidance(&self) -> Guidance {
        use limits::{BACKLIGHT, DARK, EDGE, FAR, NEAR, NOD, SHADED, SHARP, SPEED, TILT, TURN};
        if self.second >= LIKE_SIZE {
            Guidance::Several
        } else if self.size > NEAR {
            Guidance::TooNear
        } else if self.edge < EDGE {
            Guidance::OffCentre
        } else if self.size < FAR {
            Guidance::TooFar
        } else if self.light < SHADED && self.beside - self.light > BACKLIGHT {
            Guidance::Backlit
        } else if self.light < DARK {
            Guidance::TooDark
        } else if self.turn > TURN || !NOD.contains(&self.nod) || self.tilt > TILT {
            Guidance::LookingAway
        } else if self.sharp < SHARP || self.speed > SPEED {
            Guidance::HoldStill
        } else {
            Guidance::Good
        }
    }
}

/// Turn, nod and tilt out of the five points.
fn pose(face: &Face) -> (f32, f32, f32) {
    let [right_eye, left_eye, nose, right_mouth, left_mouth] = face.points;
    let between = |a: [f32; 2], b: [f32; 2]| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
    let minus = |a: [f32; 2], b: [f32; 2]| [a[0] - b[0], a[1] - b[1]];
    let dot = |a: [f32; 2], b: [f32; 2]| a[0] * b[0] + a[1] * b[1];
    let across = minus(left_eye, right_eye);
    let apart = dot(across, across).sqrt().max(1.0);
    let across = [across[0] / apart, across[1] / apart];
    let down = [-across[1], across[0]];
    let (eyes, mouth) = (between(right_eye, left_eye), between(right_mouth, left_mouth));
    let height = dot(minus(mouth, eyes), down).max(1.0);
    let nod = dot(minus(nose, eyes), down) / height;
    let turn = dot(minus(nose, between(eyes, mouth)), across).abs() / apart;
    (turn, nod, across[1].atan2(across[0]).to_degrees().abs())
}

/// Mean brightness of the face's middle, and of what is left and right of the head.
fn light(picture: &Wiped, face: &Face) -> opencv::Result<(f32, f32)> {
    let grey = picture.grey()?;
    let whole = [0.0, 0.0, grey.cols() as f32, grey.rows() as f32];
    let part = |left: f32, top: f32, right: f32, bottom: f32| -> opencv::Result<Option<(f32, f32)>> {
        let (x, y) = (left.clamp(0.0, whole[2]) as i32, top.clamp(0.0, whole[3]) as i32);
        let (width, height) = (right.clamp(0.0, whole[2]) as i32 - x, bottom.clamp(0.0, whole[3]) as i32 - y);
        if width < 1 || height < 1 {
            return Ok(None);
        }
        let mean = mean_def(&Mat::roi(&*grey, Rect::new(x, y, width, height))?)?;
        Ok(Some((mean[0] as f32, (width * height) as f32)))
    };
    let (width, height) = (face.width, face.height);
    let inner = part(face.x + 0.2 * width, face.y + 0.2 * height, face.x + 0.8 * width, face.y + 0.9 * height)?;
    // The hair reaches about a third of the face's width beyond its box.
    let bottom = face.y + height;
    let left = part(0.0, 0.0, face.x - 0.35 * width, bottom)?;
    let right = part(face.x + 1.35 * width, 0.0, whole[2], bottom)?;
    let (sum, area) = [left, right]
        .into_iter()
        .flatten()
        .fold((0.0, 0.0), |(sum, all), (mean, area)| (sum + mean * area, all + area));
    let light = inner.map_or(0.0, |(mean, _)| mean);
    Ok((light, if area > 0.0 { sum / area } else { light }))
}

fn sharpness(aligned: &Wiped) -> opencv::Result<f32> {
    let grey = aligned.grey()?;
    let mut edges = Wiped::default();
    laplacian_def(&*grey, &mut *edges, opencv::core::CV_32F)?;
    let deviation = |mat: &Wiped| -> opencv::Result<f32> {
        let (mut mean, mut deviation) = (Vector::<f64>::new(), Vector::<f64>::new());
        mean_std_dev_def(&**mat, &mut mean, &mut deviation)?;
        Ok(deviation.get(0)? as f32)
    };
    Ok(deviation(&edges)? / deviation(&grey)?.max(1.0))
}

fn speed(before: &Face, face: &Face, time: Duration) -> f32 {
    let ([x, y], [u, v]) = (before.centre(), face.centre());
    (x - u).hypot(y - v) / face.width.max(1.0) / time.as_secs_f32().max(0.02)
}

/// How long a look back decides what is said: what most pictures of this time say.
const WINDOW: Duration = Duration::from_millis(400);

/// Says something only when most of the last pictures say so, and only what is new.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    seen: VecDeque<(Instant, Guidance)>,
    said: Option<Guidance>,
}

impl Steady {
    /// Takes what one picture says; gives what the person is to be told now.
    pub(crate) fn see(&mut self, at: Instant, guidance: Guidance) -> Option<Guidance> {
        self.seen.push_back((at, guidance));
        // Three pictures stay, however slow the camera is.
        while self.seen.len() > 3 && self.seen.front().is_some_and(|(then, _)| at - *then > WINDOW) {
            self.seen.pop_front();
        }
        let alike = self.seen.iter().filter(|(_, seen)| *seen == guidance).count();
        if self.seen.len() < 3 || alike * 2 <= self.seen.len() || self.said == Some(guidance) {
            return None;
        }
        self.said = Some(guidance);
        self.said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(steady: &mut Steady, from: Instant, guidances: &[Guidance]) -> Vec<Guidance> {
        let pictures = guidances.iter().enumerate();
        pictures
            .filter_map(|(at, guidance)| steady.see(from + Duration::from_millis(66) * at as u32, *guidance))
            .collect()
    }

    #[test]
    fn one_odd_picture_is_not_spoken_of() {
        use Guidance::{Good, HoldStill};
        let mut steady = Steady::default();
        let seen = [Good, Good, Good, Good, HoldStill, Good, Good, HoldStill, HoldStill, Good, Good];
        assert_eq!(feed(&mut steady, Instant::now(), &seen), [Good]);
    }

    #[test]
    fn a_change_that_lasts_is_said_once() {
        use Guidance::{Good, NoFace, TooFar};
        let seen: Vec<Guidance> = [NoFace, TooFar, Good].into_iter().flat_map(|guidance| [guidance; 8]).collect();
        assert_eq!(feed(&mut Steady::default(), Instant::now(), &seen), [NoFace, TooFar, Good]);
    }

    fn frontal() -> Face {
        Face {
            x: 100.0,
            y: 100.0,
            width: 80.0,
            height: 100.0,
            points: [[120.0, 140.0], [160.0, 140.0], [140.0, 160.0], [124.0, 176.0], [156.0, 176.0]],
            score: 0.9,
        }
    }

    fn look(face: &Face) -> Look {
        let (turn, nod, tilt) = pose(face);
        let good = Look {
            size: 0.4,
            edge: 0.5,
            second: 0.0,
            light: 120.0,
            beside: 120.0,
            turn,
            nod,
            tilt,
            sharp: 1.0,
            speed: 0.0,
        };
        assert!(good.light > limits::DARK);
        good
    }

    #[test]
    fn a_head_is_turned_nodded_or_tilted() {
        assert_eq!(look(&frontal()).guidance(), Guidance::Good);
        for (nose, guidance) in [
            ([126.0, 160.0], Guidance::LookingAway),
            ([154.0, 160.0], Guidance::LookingAway),
            ([140.0, 148.0], Guidance::LookingAway),
            ([140.0, 173.0], Guidance::LookingAway),
            ([143.0, 163.0], Guidance::Good),
        ] {
            let mut face = frontal();
            face.points[2] = nose;
            assert_eq!(look(&face).guidance(), guidance, "{nose:?}");
        }
        for (degrees, guidance) in [
            (10f32, Guidance::Good),
            (-15.0, Guidance::Good),
            (40.0, Guidance::LookingAway),
            (-40.0, Guidance::LookingAway),
        ] {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let mut face = frontal();
            for point in &mut face.points {
                let [x, y] = [point[0] - 140.0, point[1] - 150.0];
                *point = [140.0 + cos * x - sin * y, 150.0 + sin * x + cos * y];
            }
            assert_eq!(look(&face).guidance(), guidance, "{degrees}");
        }
    }

    #[test]
    fn points_that_fall_together_are_no_panic() {
        let mut face = frontal();
        face.points = [[140.0, 140.0]; 5];
        assert_eq!(look(&face).guidance(), Guidance::LookingAway);
        face.points = [[f32::NAN; 2]; 5];
        assert_ne!(look(&face).guidance(), Guidance::Good, "what is no number is not good");
    }
}
