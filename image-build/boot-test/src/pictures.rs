//! Comparing what is on a screen with what should be.

use image::{Rgb, RgbImage};

fn differs(one: &Rgb<u8>, other: &Rgb<u8>) -> bool {
    /// Of 255: what rounding and another order of blending make.
    const SHADE: u8 = 24;
    one.0.iter().zip(other.0).any(|(one, other)| one.abs_diff(other) > SHADE)
}

/// The share of pixels that differ by more than a shade; all of them where the sizes differ.
pub fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    if one.dimensions() != other.dimensions() {
        return 1.0;
    }
    one.pixels().zip(other.pixels()).filter(|(one, other)| differs(one, other)).count() as f64
        / f64::from(one.width() * one.height())
}

/// Of the pixels by which `before` and `after` differ, the share that a screen has as `after`; all where they are the same.
pub fn turned(screen: &RgbImage, before: &RgbImage, after: &RgbImage) -> f64 {
    if screen.dimensions() != after.dimensions() || before.dimensions() != after.dimensions() {
        return 0.0;
    }
    let (mut all, mut turned) = (0_u32, 0_u32);
    for ((screen, before), after) in screen.pixels().zip(before.pixels()).zip(after.pixels()) {
        if differs(before, after) {
            all += 1;
            turned += u32::from(!differs(screen, after));
        }
    }
    if all == 0 { 1.0 } else { f64::from(turned) / f64::from(all) }
}

/// Whether two pictures are the same screen. Its upper third is the headline, which says what a device that is absent means, a
/// minute after the start or so.
pub fn same(one: &RgbImage, other: &RgbImage) -> bool {
    below(one, other) < 0.01
}

/// How much differs below the headline.
pub fn below(one: &RgbImage, other: &RgbImage) -> f64 {
    let below = |picture: &RgbImage| {
        let (width, height) = picture.dimensions();
        image::imageops::crop_imm(picture, 0, height / 3, width, height - height / 3).to_image()
    };
    difference(&below(one), &below(other))
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

    #[test]
    fn a_digit_that_came_is_seen_whatever_else_differs() {
        let white = RgbImage::from_pixel(100, 100, Rgb([255; 3]));
        let mut digit = white.clone();
        (20..30).for_each(|y| digit.put_pixel(20, y, Rgb([0; 3])));
        let mut screen = white.clone();
        (0..100).for_each(|x| screen.put_pixel(x, 90, Rgb([0; 3])));
        assert!(turned(&screen, &white, &digit) < 0.1);
        (20..28).for_each(|y| screen.put_pixel(20, y, Rgb([0; 3])));
        assert!((turned(&screen, &white, &digit) - 0.8).abs() < 0.01);
        assert!(turned(&screen, &white, &white) > 0.99, "nothing had to change");
    }
}
