//! How the screen is mounted: most panels are made to lie, and stand in a kiosk.
//!
//! Both who draws and who tells where a finger is have to know, each before it starts, and so does the picture that is shown when the
//! kiosk cannot read its settings. So what the settings say is kept beside them as a file of `KEY=value` lines that systemd
//! (`EnvironmentFile=`) and udev (`IMPORT{file}`) read alike.

use serde::Deserialize;

/// The file's name, beside the settings.
pub(crate) const FILE: &str = "screen";

/// By how much what is drawn is turned on the panel, clockwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub enum Rotation {
    /// The panel stands as it was made.
    #[default]
    None,
    /// By 90 degrees: what is drawn has its top at the panel's right side.
    Right,
    /// By 180 degrees.
    Half,
    /// By 270 degrees: what is drawn has its top at the panel's left side.
    Left,
}

impl TryFrom<u16> for Rotation {
    type Error = String;

    fn try_from(degrees: u16) -> Result<Self, String> {
        [Self::None, Self::Right, Self::Half, Self::Left]
            .into_iter()
            .find(|rotation| rotation.degrees() == degrees)
            .ok_or_else(|| format!("{degrees}: a screen is turned by 0, 90, 180 or 270 degrees"))
    }
}

impl Rotation {
    fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Right => 90,
            Self::Half => 180,
            Self::Left => 270,
        }
    }

    /// Where on the picture a finger is, of its place on the panel (both from 0 to 1): the first two rows of the matrix that libinput
    /// takes (`LIBINPUT_CALIBRATION_MATRIX`, libinput's documentation, "Static device configuration via udev").
    fn matrix(self) -> [i8; 6] {
        match self {
            Self::None => [1, 0, 0, 0, 1, 0],
            Self::Right => [0, 1, 0, -1, 0, 1],
            Self::Half => [-1, 0, 1, 0, -1, 1],
            Self::Left => [0, -1, 1, 1, 0, 0],
        }
    }

    /// The file's lines.
    fn lines(self) -> String {
        let matrix = self.matrix().map(|number| number.to_string()).join(" ");
        format!("SLINT_KMS_ROTATION={}\nLIBINPUT_CALIBRATION_MATRIX={matrix}\n", self.degrees())
    }
}

/// The file that goes with these settings, which are whole and judged. `None` where the panel stands as it was made and always has
/// (`there`: whether there is a file).
pub(crate) fn file(settings: &str, there: bool) -> Option<String> {
    #[derive(Default, Deserialize)]
    struct Settings {
        #[serde(default)]
        rotation: Rotation,
    }
    let rotation = toml::from_str::<Settings>(settings).unwrap_or_default().rotation;
    (there || rotation != Rotation::None).then(|| rotation.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where on a panel of 1 by 1 a place of the picture is drawn (Slint's software renderer: turned clockwise about the corner, and
    /// moved back onto the panel).
    fn drawn(rotation: Rotation, [x, y]: [f64; 2]) -> [f64; 2] {
        match rotation {
            Rotation::None => [x, y],
            Rotation::Right => [1.0 - y, x],
            Rotation::Half => [1.0 - x, 1.0 - y],
            Rotation::Left => [y, 1.0 - x],
        }
    }

    #[test]
    fn a_finger_is_where_the_picture_is() {
        for degrees in [0, 90, 180, 270] {
            let rotation = Rotation::try_from(degrees).unwrap();
            let [a, b, c, d, e, f] = rotation.matrix().map(f64::from);
            for place in [[0.25, 0.125], [0.0, 0.0], [0.75, 1.0]] {
                let [x, y] = drawn(rotation, place);
                assert_eq!([a * x + b * y + c, d * x + e * y + f], place, "{rotation:?}");
            }
        }
        assert!(Rotation::try_from(45).is_err());
    }

    #[test]
    fn a_panel_that_was_turned_once_is_turned_back() {
        assert_eq!(file("name = \"x\"", false), None);
        let turned = file("name = \"x\"\nrotation = 90\n[network]", false).unwrap();
        assert_eq!(turned, "SLINT_KMS_ROTATION=90\nLIBINPUT_CALIBRATION_MATRIX=0 1 0 -1 0 1\n");
        let back = file("name = \"x\"", true).unwrap();
        assert_eq!(back, "SLINT_KMS_ROTATION=0\nLIBINPUT_CALIBRATION_MATRIX=1 0 0 0 1 0\n");
    }
}
