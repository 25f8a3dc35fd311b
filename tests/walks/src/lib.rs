//! Whole visits on real parts: the kiosk as it is, with a virtual card behind a real pcscd, a video file as camera and
//! CUPS's printer; invented residents touch its screen where a finger would.

mod hands;
mod processes;
mod resident;
mod roadside;
mod score;
mod setup;
mod site;
mod staff;
mod walk;

pub use hands::Hands;
pub use processes::Processes;
pub use resident::{Resident, Way};
pub use roadside::{Asked, Roadside, Visitor};
pub use score::{Deed, Score};
pub use setup::set_up;
pub use site::{Camera, Site, SiteOptions, program};
pub use staff::look_round;
pub use walk::{Report, Scene, Step, Walk};
