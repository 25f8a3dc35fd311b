//! `image-build/packages.lock`: the packages of the images, by version and sum.

use super::{Image, Workshop};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `mkosi` says of an image.
#[derive(Deserialize)]
pub struct Manifest {
    /// Its packages.
    pub packages: Vec<Package>,
}

/// A package of the image.
#[derive(Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Manifest {
    /// The manifest beside the image.
    pub fn read(image: &Image) -> Result<Self> {
        let path = image.folder.join(format!("{}.manifest", image.stem()));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }
}

/// Versions and SHA-256 sums by package.
type Lock = BTreeMap<String, (String, String)>;

fn file(shop: &Workshop) -> PathBuf {
    shop.source.join("packages.lock")
}

fn read(path: &Path) -> Result<Lock> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        Some((words.next()?, (words.next()?, words.next()?)))
    };
    Ok(text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect())
}

/// The folder that tells apt where to look and which versions to take.
pub fn pins(shop: &Workshop, newest: bool) -> Result<PathBuf> {
    let sandbox = shop.cache.join("sandbox");
    let (sources, preferences) =
        (sandbox.join("etc/apt/sources.list.d/mkosi.sources"), sandbox.join("etc/apt/preferences.d/madoguchi"));
    for path in [&sources, &preferences] {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
    }
    fs::copy(super::trees::sources(shop)?, sources)?;
    let mut pins = String::new();
    if !newest && file(shop).exists() {
        for (name, (version, _)) in read(&file(shop))? {
            write!(pins, "Package: {name}\nPin: version {version}\nPin-Priority: 1001\n\n")?;
        }
    }
    fs::write(preferences, pins)?;
    Ok(sandbox)
}

/// Compares the image's packages with the lock, or writes the lock. Packages that only the other site or the debug image has
/// stay in it.
///
/// # Errors
/// When a package has another version or sum than in the lock: then the image is not the one that was reviewed.
pub fn check(shop: &Workshop, image: &Image, update: bool) -> Result<()> {
    let built = sums(shop, &Manifest::read(image)?)?;
    let path = file(shop);
    if update || !path.exists() {
        let mut lock = if path.exists() { read(&path)? } else { Lock::new() };
        lock.extend(built);
        let mut text = String::from(
            "# Every package of the images: version, SHA-256. Written by `cargo xtask image --update-lock`.\n",
        );
        for (name, (version, sum)) in lock {
            writeln!(text, "{name} {version} {sum}")?;
        }
        return Ok(fs::write(path, text)?);
    }
    let lock = read(&path)?;
    let other: Vec<String> = built
        .iter()
        .filter(|(name, is)| lock.get(*name) != Some(is))
        .map(|(name, (version, _))| match lock.get(name) {
            Some((locked, _)) => format!("{name}: {version} instead of {locked}"),
            None => format!("{name}: {version}, which is not in the lock"),
        })
        .collect();
    if other.is_empty() {
        return Ok(());
    }
    bail!(
        "packages differ from image-build/packages.lock:\n  {}\nThe archive has moved on. Build with --update-lock and review \
         what has changed.",
        other.join("\n  ")
    )
}

/// The sums of the packages as they were installed.
fn sums(shop: &Workshop, manifest: &Manifest) -> Result<Lock> {
    let folder = shop.cache.join("packages");
    let mut files = BTreeMap::new();
    find(&folder, &mut files)?;
    let mut lock = Lock::new();
    for package in &manifest.packages {
        let name = package.name.split(':').next().unwrap_or(&package.name);
        // apt writes an epoch's colon as %3a.
        let stem = format!("{name}_{}_", package.version.replace(':', "%3a"));
        let (_, path) = files
            .range(stem.clone()..)
            .next()
            .filter(|(file, _)| file.starts_with(&stem))
            .with_context(|| format!("{stem}*.deb is not among the packages in {}", folder.display()))?;
        let output = Command::new("sha256sum").arg(path).output()?;
        let sum = String::from_utf8(output.stdout)?.split_whitespace().next().unwrap_or_default().to_owned();
        lock.insert(name.to_owned(), (package.version.clone(), sum));
    }
    Ok(lock)
}

fn find(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "deb") {
            files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path);
        }
    }
    Ok(())
}
