//! What an image is made of: a CycloneDX 1.6 list of components, and the licences as text.

use super::lock::Manifest;
use super::{Image, Workshop};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes both beside the image.
pub fn write(shop: &Workshop, image: &Image) -> Result<()> {
    let mut components = crates(shop)?;
    components.extend(packages(image)?);
    components.extend(models(shop)?);
    let bom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "operating-system", "name": image.id, "version": image.version, "bom-ref": image.stem(),
            "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
        } },
        "components": components.iter().map(Component::json).collect::<Vec<_>>(),
    });
    fs::write(image.folder.join(format!("{}.cdx.json", image.stem())), serde_json::to_string_pretty(&bom)?)?;
    let mut text = String::new();
    for one in &components {
        writeln!(text, "{} {}: {}", one.name, one.version, one.licences.join(", "))?;
    }
    Ok(fs::write(image.folder.join(format!("{}.licences.txt", image.stem())), text)?)
}

struct Component {
    kind: &'static str,
    name: String,
    version: String,
    /// Its address in the language of package URLs, where it has one.
    purl: Option<String>,
    licences: Vec<String>,
    sum: Option<String>,
}

impl Component {
    fn json(&self) -> Value {
        let licences: Vec<Value> = self.licences.iter().map(|name| json!({ "license": { "name": name } })).collect();
        let mut value = json!({ "type": self.kind, "name": self.name, "version": self.version, "licenses": licences });
        if let Some(purl) = &self.purl {
            value["purl"] = json!(purl);
            value["bom-ref"] = json!(purl);
        }
        if let Some(sum) = &self.sum {
            value["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        value
    }
}

/// The crates that the kiosk is linked from.
fn crates(shop: &Workshop) -> Result<Vec<Component>> {
    let mut tree =
        shop.machine.cargo(["tree", "--package", "kiosk", "--no-default-features", "--features", "appliance,voice"]);
    tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}|{l}", "--locked"]);
    let output = tree.current_dir(&shop.machine.root).output().context("cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    }
    let lines: BTreeSet<String> =
        String::from_utf8(output.stdout)?.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect();
    let component = |line: &String| {
        let (package, licence) = line.split_once('|')?;
        let (name, version) = package.split_once(" v")?;
        let version = version.split_whitespace().next()?.to_owned();
        Some(Component {
            kind: "library",
            purl: Some(format!("pkg:cargo/{name}@{version}")),
            name: name.to_owned(),
            version,
            licences: vec![licence.to_owned()],
            sum: None,
        })
    };
    Ok(lines.iter().filter_map(component).collect())
}

/// Debian's packages, with the licences that their copyright files name.
fn packages(image: &Image) -> Result<Vec<Component>> {
    let copyrights = image.folder.join(format!("{}.copyright", image.stem()));
    Manifest::read(image)?
        .packages
        .into_iter()
        .map(|package| {
            let name = package.name.split(':').next().unwrap_or(&package.name).to_owned();
            Ok(Component {
                kind: "library",
                purl: Some(format!("pkg:deb/debian/{name}@{}?distro=trixie", package.version)),
                licences: licences(&copyrights.join(&name)),
                name,
                version: package.version,
                sum: None,
            })
        })
        .collect()
}

/// The short names in a copyright file (Debian, machine-readable copyright format 1.0); one that is free text is named so.
fn licences(file: &Path) -> Vec<String> {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned();
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("License:"))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() { vec!["see its copyright file".to_owned()] } else { names.into_iter().collect() }
}

/// Networks and voices, by the sums that are checked when they are loaded.
fn models(shop: &Workshop) -> Result<Vec<Component>> {
    let path = shop.machine.cache().join("voice/models.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter_map(|(name, sum)| Some((name.trim().trim_matches('"'), sum.split('"').nth(1)?)))
        .filter(|(_, sum)| sum.len() == 64)
        .map(|(name, sum)| Component {
            kind: "machine-learning-model",
            name: name.to_owned(),
            version: String::new(),
            purl: None,
            licences: vec!["see voice/models/prepare.py".to_owned()],
            sum: Some(sum.to_owned()),
        })
        .collect())
}
