//! The pure core of a visit.
pub mod intent;
pub mod service;
pub mod view;
pub use intent::{Fact, IdentifyBy, Intent, TextSize};
pub use service::{Catalogue, Category, FormOutline, Service, ServiceId};
pub use view::View;
