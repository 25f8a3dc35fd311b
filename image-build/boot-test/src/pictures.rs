//! Comparing what is on a screen with what should be.

use image::{Rgb, RgbImage};

/// The share of pixels that differ by more than a shade; all of them where the sizes differ.
pub fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    /// Of 255: what rounding and another order of blending make.
    const SHADE: u8 = 24;
    if one.dimensions() != other.dimensions() {
        return 1.0;
    }
    let differs = |(a, b): (&Rgb<u8>, &Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > SHADE);
    one.pixels().zip(other.pixels()).filter(|pair| differs(*pair)).count() as f64
        / f64::from(one.width() * one.height())
}

/// Whether two pictures are the same screen. Its upper third is the headline, which says what a device that is absent means, a
/// minute after the start or so.
pub fn same(one: &RgbImage, other: &RgbImage) -> bool {
    let below = |picture: &RgbImage| {
        let (width, height) = picture.dimensions();
        image::imageops::crop_imm(picture, 0, height / 3, width, height - height / 3).to_image()
    };
    difference(&below(one), &below(other)) < 0.01
}

/// Whether a screen shows nothing: one colour nearly everywhere.
pub fn empty(screen: &RgbImage) -> bool {
    let first = screen.get_pixel(screen.width() / 2, screen.height() / 2);
    let same = screen.pixels().filter(|pixel| *pixel == first).count();
    same as f64 / f64::from(screen.width() * screen.height()) > 0.995
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_more_is_the_same_screen_and_another_screen_is_not() {
        let white = RgbImage::from_pixel(100, 100, Rgb([255; 3]));
        let mut word = white.clone();
        (0..40).for_each(|x| word.put_pixel(x, 50, Rgb([0; 3])));
        assert!(same(&white, &word) && empty(&white));
        (0..90).for_each(|x| (5..30).for_each(|y| word.put_pixel(x, y, Rgb([0; 3]))));
        assert!(same(&white, &word), "another headline");
        (0..90).for_each(|x| (40..60).for_each(|y| word.put_pixel(x, y, Rgb([0; 3]))));
        assert!(!same(&white, &word) && !empty(&word));
        assert!((difference(&white, &RgbImage::new(1, 1)) - 1.0).abs() < f64::EPSILON);
    }
}
