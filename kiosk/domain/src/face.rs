//! What the face port is asked and what it answers. Frames, templates and scores never leave the port.

use crate::{Personal, RequestId, card::Photo};
use serde::{Deserialize, Serialize};

/// To the face port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaceCommand {
    /// Compare the person before the camera with this photo; guidance comes until a decision.
    Match {
        /// Carried back by every decision.
        request: RequestId,
        /// The card's photo.
        photo: Personal<Photo>,
    },
    /// Show the picture and say what is seen in it; nobody is compared.
    Look,
    /// Try again with the same photo.
    Again {
        /// Carried back by every decision of this try.
        request: RequestId,
    },
    /// Forget photo, template and frames; the camera is off.
    Stop,
}

/// What keeps a frame from being compared, told so that the person can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guidance {
    /// No face.
    NoFace,
    /// More than one face of like size.
    Several,
    /// The face is too small.
    TooFar,
    /// The face fills the picture.
    TooNear,
    /// Part of the face is outside the picture.
    OffCentre,
    /// Too little light on the face.
    TooDark,
    /// The light behind is stronger than the light on the face.
    Backlit,
    /// Turned away or tilted.
    LookingAway,
    /// Moving, blurred.
    HoldStill,
    /// Good: comparing.
    Good,
}

impl Guidance {
    /// All kinds, for tables and tests.
    pub const ALL: [Self; 10] = [
        Self::NoFace,
        Self::Several,
        Self::TooFar,
        Self::TooNear,
        Self::OffCentre,
        Self::TooDark,
        Self::Backlit,
        Self::LookingAway,
        Self::HoldStill,
        Self::Good,
    ];
}

/// From the face port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaceEvent {
    /// What the person can do; sent when it changes.
    Guide(Guidance),
    /// The same person.
    Same(RequestId),
    /// Not the same person in this try.
    Different(RequestId),
    /// The card's photo holds no face that can be compared.
    PhotoUnusable(RequestId),
    /// No picture comes from the camera. It may come when it is asked for again.
    NoCamera,
    /// This kiosk has no camera: the face is no way here.
    NotInstalled,
    /// Pictures come again.
    CameraReady,
}
