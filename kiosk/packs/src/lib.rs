//! Site packs: the folder in which a municipality says what its kiosk offers.
//!
//! A pack holds `site.toml` (name, policy), `services.toml` (categories and services) and names the form library that it
//! picks from and the guide that it answers from. A site with a guide may do without services. It is loaded whole or not at
//! all.

use domain::Localized;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use visit::{Catalogue, Category, OftenAsked, Policy, Service};

/// Why a pack cannot be used. The text names file and place.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file is missing or cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {what}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What and where, with the line.
        what: String,
    },
    /// Two things do not fit together.
    #[error("{path}: {what}")]
    Inconsistent {
        /// Which file.
        path: PathBuf,
        /// What.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    name: Localized,
    #[serde(default)]
    queue_qr: Option<String>,
    /// The folder of forms, relative to the pack.
    #[serde(default)]
    forms: Option<PathBuf>,
    /// The folder of the voice guide, relative to the pack.
    #[serde(default)]
    guide: Option<PathBuf>,
    #[serde(default)]
    often_asked: Vec<OftenAsked>,
    #[serde(default)]
    policy: Policy,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServicesFile {
    category: Vec<Category>,
    service: Vec<Service>,
}

/// A loaded pack. Its catalogue has no form outlines yet: they come from the forms themselves.
#[derive(Debug)]
pub struct Pack {
    /// What is offered.
    pub catalogue: Catalogue,
    /// The numbers in force.
    pub policy: Policy,
    /// The folder of forms; empty where no service is offered.
    pub forms: PathBuf,
    /// The folder of the voice guide.
    pub guide: Option<PathBuf>,
}

fn read<T: DeserializeOwned>(path: PathBuf) -> Result<T, PackError> {
    let text = std::fs::read_to_string(&path).map_err(|source| PackError::Read { path: path.clone(), source })?;
    toml::from_str(&text).map_err(|error| PackError::Malformed { path, what: error.to_string() })
}

/// So many questions find room on the home screen.
const OFTEN: usize = 6;

/// What makes a policy one that nobody should meet at a kiosk.
fn unfair(policy: &Policy) -> Option<String> {
    /// Shorter than this, and the warning comes while people still read.
    const IDLE_MS: u64 = 10_000;
    /// WCAG 2.2.1: at least 20 s to ask for more time.
    const WARNING_MS: u64 = 20_000;
    /// Staff who go away leave an open door for no longer.
    const STAFF_IDLE_MS: u64 = 600_000;
    /// No upkeep takes longer; whoever needs more enters the PIN again.
    const STAFF_MOST_MS: u64 = 7_200_000;
    let times = [
        ("idle_ms", policy.idle_ms, IDLE_MS),
        ("idle_long_ms", policy.idle_long_ms, IDLE_MS),
        ("idle_warning_ms", policy.idle_warning_ms, WARNING_MS),
        ("staff_idle_ms", policy.staff_idle_ms, IDLE_MS),
        ("staff_most_ms", policy.staff_most_ms, policy.staff_idle_ms),
    ];
    if let Some((name, is, least)) = times.into_iter().find(|(_, is, least)| is < least) {
        return Some(format!("policy: {name} = {is}, but at least {least} is needed"));
    }
    let times = [
        ("staff_idle_ms", policy.staff_idle_ms, STAFF_IDLE_MS),
        ("staff_most_ms", policy.staff_most_ms, STAFF_MOST_MS),
    ];
    if let Some((name, is, most)) = times.into_iter().find(|(_, is, most)| is > most) {
        return Some(format!("policy: {name} = {is}, but {most} is the most"));
    }
    // NIST SP 800-63B-4: at most five.
    let tries = policy.face_tries;
    (!(1..=5).contains(&tries)).then(|| format!("policy: face_tries = {tries}, but it must be 1 to 5"))
}

impl Pack {
    /// Loads a pack and checks that its parts fit together.
    ///
    /// # Errors
    /// When a file is missing, malformed, names something that is not there, or has a policy that is not fair to people.
    pub fn load(folder: &Path) -> Result<Self, PackError> {
        let path = folder.join("site.toml");
        let site: SiteFile = read(path.clone())?;
        if let Some(what) = unfair(&site.policy) {
            return Err(PackError::Inconsistent { path, what });
        }
        if site.often_asked.len() > OFTEN {
            let what = format!("often_asked: {} questions, but {OFTEN} at most", site.often_asked.len());
            return Err(PackError::Inconsistent { path, what });
        }
        let site_path = path;
        let path = folder.join("services.toml");
        let services: ServicesFile = match site.guide {
            Some(_) if !path.exists() => ServicesFile::default(),
            None if !path.exists() => {
                let what = "a site needs services (services.toml), or a guide".to_owned();
                return Err(PackError::Inconsistent { path: site_path, what });
            }
            _ => read(path.clone())?,
        };
        if site.forms.is_none() && !services.service.is_empty() {
            let what = "there are services, but no folder of forms".to_owned();
            return Err(PackError::Inconsistent { path: site_path, what });
        }
        let wrong = |what: String| Err(PackError::Inconsistent { path: path.clone(), what });
        let mut seen = BTreeSet::new();
        for service in &services.service {
            let id = &service.id.0;
            if !seen.insert(id) {
                return wrong(format!("the service \"{id}\" is there twice"));
            }
            if !services.category.iter().any(|category| category.id == service.category) {
                return wrong(format!("\"{id}\" is in the category \"{}\", which is not there", service.category));
            }
            if service.forms.is_empty() {
                return wrong(format!("\"{id}\" has no form"));
            }
        }
        let catalogue = Catalogue {
            site: site.name,
            categories: services.category,
            services: services.service,
            forms: Default::default(),
            queue_qr: site.queue_qr,
            often_asked: site.often_asked,
        };
        Ok(Self {
            catalogue,
            policy: site.policy,
            forms: site.forms.map(|forms| folder.join(forms)).unwrap_or_default(),
            guide: site.guide.map(|guide| folder.join(guide)),
        })
    }
}
