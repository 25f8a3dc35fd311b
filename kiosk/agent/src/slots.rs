//! Which systems are installed, and which one runs.

use crate::Version;
use std::io;
use std::path::Path;

/// A system on the boot partition. Its file's name says how it stands: `NAME_VERSION+LEFT-DONE.efi` is still being tried,
/// `NAME_VERSION.efi` has proved itself (systemd, "Automatic Boot Assessment").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: Version,
    /// Tries left and tries made; `None` once it was healthy.
    pub tries: Option<(u32, u32)>,
}

impl Installed {
    fn parse(name: &str, image: &str) -> Option<Self> {
        let rest = name.strip_suffix(".efi")?.strip_prefix(image)?.strip_prefix('_')?;
        let (version, tries) = match rest.split_once('+') {
            None => (rest, None),
            Some((version, tries)) => {
                let (left, done) = tries.split_once('-').unwrap_or((tries, "0"));
                (version, Some((left.parse().ok()?, done.parse().ok()?)))
            }
        };
        Some(Self { version: version.parse().ok()?, tries })
    }

    /// Whether the boot loader has given it up.
    pub fn given_up(&self) -> bool {
        self.tries.is_some_and(|(left, _)| left == 0)
    }
}

/// Every system on the boot partition mounted at `esp`, oldest first.
pub fn installed(esp: &Path, image: &str) -> io::Result<Vec<Installed>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(esp.join("EFI/Linux"))? {
        found.extend(entry?.file_name().to_str().and_then(|name| Installed::parse(name, image)));
    }
    found.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(found)
}

/// The system that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The image's name.
    pub image: String,
    /// Its version.
    pub version: Version,
}

/// Reads an `os-release` file; `None` where it names no image, as on a developer's machine.
pub fn running(os_release: &str) -> Option<Running> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches('"').to_owned())
    };
    Some(Running { image: value("IMAGE_ID")?, version: value("IMAGE_VERSION")?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(name: &str) -> Option<Installed> {
        Installed::parse(name, "madoguchi")
    }

    #[test]
    fn a_files_name_says_how_a_system_stands() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(one("madoguchi_0.2.efi"), Some(Installed { version: version("0.2"), tries: None }));
        assert_eq!(one("madoguchi_0.3+2-1.efi"), Some(Installed { version: version("0.3"), tries: Some((2, 1)) }));
        assert_eq!(one("madoguchi_0.3+3.efi"), Some(Installed { version: version("0.3"), tries: Some((3, 0)) }));
        assert!(one("madoguchi_0.3+0-3.efi").unwrap().given_up());
        assert_eq!(one("madoguchi-debug_0.3.efi"), None);
        assert_eq!(one("somebody.efi"), None);
    }

    #[test]
    fn the_newest_comes_last() {
        let esp = tempfile::tempdir().unwrap();
        let linux = esp.path().join("EFI/Linux");
        std::fs::create_dir_all(&linux).unwrap();
        for name in ["madoguchi_0.10+3.efi", "madoguchi_0.9.efi", "README", "madoguchi_x.efi"] {
            std::fs::write(linux.join(name), "").unwrap();
        }
        let found = installed(esp.path(), "madoguchi").unwrap();
        assert_eq!(found.iter().map(|one| one.version.to_string()).collect::<Vec<_>>(), ["0.9", "0.10"]);
    }

    #[test]
    fn os_release_names_the_running_system() {
        let text = "NAME=\"Debian\"\nIMAGE_ID=madoguchi\nIMAGE_VERSION=\"0.1.0.7\"\n";
        let running = running(text).unwrap();
        assert_eq!((running.image.as_str(), running.version.to_string().as_str()), ("madoguchi", "0.1.0.7"));
        assert_eq!(super::running("NAME=Debian\n"), None);
    }

    proptest! {
        #[test]
        fn no_name_is_a_surprise(name in "\\PC{0,40}") {
            drop(one(&name));
            drop(one(&format!("madoguchi_{name}.efi")));
        }
    }
}
