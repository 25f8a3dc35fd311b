//! An image as an update: the files that `systemd-sysupdate` takes, what differs from earlier versions, and signed lists.

use super::Image;
use super::keys::Keys;
use crate::steps::Steps;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// So many earlier versions can go to the newest by the difference alone.
const KEPT: usize = 3;

/// Publishes `image` in `folder`, beside what is there. `effort` is `xz`'s: 6 for what a fleet downloads, 0 for a test.
pub fn publish(steps: &mut Steps, image: &Image, keys: &Keys, folder: &Path, effort: u8) -> Result<()> {
    fs::create_dir_all(folder)?;
    // The whole files of each version, from which differences are made.
    let whole = folder.join("whole");
    fs::create_dir_all(&whole)?;
    let parts = parts(image)?;
    for part in &parts {
        fs::copy(image.folder.join(part), whole.join(part))?;
        if part.ends_with(".raw") {
            let mut pack = Command::new("xz");
            pack.args([&format!("-{effort}"), "--threads=2", "--force", "--keep", "--stdout"]).arg(whole.join(part));
            let packed = fs::File::create(folder.join(format!("{part}.xz")))?;
            steps.run("Packing", pack.stdout(packed))?;
        } else {
            fs::copy(image.folder.join(part), folder.join(part))?;
        }
    }
    list(keys, &whole, &parts, &folder.join(format!("{}.whole.SHA256SUMS", image.stem())))?;
    let root = parts.iter().find(|part| kind(part) == "root").context("no root")?;
    let root = fs::metadata(whole.join(root))?.len();
    let told = |what: &str, files: &[PathBuf]| -> Result<()> {
        let bytes = files.iter().map(|file| Ok(fs::metadata(file)?.len())).sum::<Result<u64>>()?;
        eprintln!("{what}: {bytes} bytes to download, {:.1} % of the root", bytes as f64 * 100.0 / root as f64);
        Ok(())
    };
    let packed = |part: &String| folder.join(if part.ends_with(".raw") { format!("{part}.xz") } else { part.clone() });
    told(&format!("The whole of {}", image.version), &parts.iter().map(packed).collect::<Vec<_>>())?;
    for (version, old) in earlier(image, &whole)?.into_iter().rev().take(KEPT) {
        let mut differences = Vec::new();
        for part in &parts {
            let Some(base) = old.iter().find(|base| kind(base) == kind(part)) else { continue };
            let mut differ = Command::new("zstd");
            differ
                .args(["-10", "--long=31", "--threads=2", "--force", "--quiet", "--patch-from"])
                .arg(whole.join(base));
            let difference = folder.join(format!("{part}.from_{version}.zst"));
            differ.arg(whole.join(part)).arg("-o").arg(&difference);
            steps.run(&format!("What differs from {version}"), &mut differ)?;
            differences.push(difference);
        }
        told(&format!("What differs from {version}"), &differences)?;
    }
    let mut all: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".raw.xz") || name.ends_with(".efi"))
        .collect();
    all.sort();
    list(keys, folder, &all, &folder.join("SHA256SUMS"))?;
    Ok(())
}

/// The files of an image that make a system: the roots by partition type, the kernel.
pub fn parts(image: &Image) -> Result<Vec<String>> {
    let stem = image.stem();
    let mut parts: Vec<String> = fs::read_dir(&image.folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            name.strip_prefix(&stem)
                .is_some_and(|rest| rest == ".efi" || rest.starts_with(".root-x86-64") && rest.ends_with(".raw"))
        })
        .collect();
    parts.sort();
    if parts.len() != 3 {
        bail!("{}: expected a kernel, a root and its hashes, found {parts:?}", image.folder.display());
    }
    Ok(parts)
}

/// What a file is of, whatever its version.
fn kind(name: &str) -> &str {
    if name.ends_with(".efi") {
        "kernel"
    } else if name.contains("-verity.") {
        "verity"
    } else {
        "root"
    }
}

/// Whole files by earlier version, oldest first.
fn earlier(image: &Image, whole: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(whole)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let Some(rest) = name.strip_prefix(&image.id).and_then(|rest| rest.strip_prefix('_')) else { continue };
        let version = match rest.find(".root-x86-64").or_else(|| rest.find(".efi")) {
            Some(end) => &rest[..end],
            None => continue,
        };
        if version != image.version {
            found.entry(version.to_owned()).or_default().push(name.clone());
        }
    }
    Ok(found)
}

/// Writes the sums of these files, and signs the list.
fn list(keys: &Keys, folder: &Path, names: &[String], list: &PathBuf) -> Result<()> {
    let output = Command::new("sha256sum").current_dir(folder).args(names).output().context("sha256sum")?;
    if !output.status.success() {
        bail!("sha256sum: {}", String::from_utf8_lossy(&output.stderr));
    }
    fs::write(list, output.stdout)?;
    let signature = format!("{}.gpg", list.display());
    let status = keys.gpg().arg("--detach-sign").args(["--output", &signature]).arg(list).status()?;
    if !status.success() {
        bail!("{} cannot be signed", list.display());
    }
    Ok(())
}
