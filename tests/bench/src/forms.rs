//! Milliseconds a filled form, beside reportlab + pypdf and LibreOffice on the same forms and values.

use crate::{median, root};
use anyhow::Context;
use forms::{Filling, Form};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const PEER_ROUNDS: usize = 7;
/// Three strokes, in thousandths of the field.
const SIGNATURE: [[(u16, u16); 4]; 3] = [
    [(100, 300), (150, 100), (200, 300), (250, 150)],
    [(300, 120), (300, 320), (420, 320), (420, 100)],
    [(500, 100), (520, 300), (600, 200), (650, 320)],
];
const FONT: &str = "/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf";

/// A form's median, by its folder's name.
type Medians = BTreeMap<String, f64>;

pub fn run(python: Option<&Path>) -> anyhow::Result<()> {
    let library = root().join("forms/library");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&library)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    folders.retain(|folder| folder.join("form.toml").exists());
    folders.sort();
    let values = root().join("tests/bench/values.json");
    let filling = Filling {
        values: serde_json::from_slice(&fs::read(&values)?)?,
        signature: SIGNATURE.map(|stroke| stroke.to_vec()).to_vec(),
        sign_at_desk: false,
    };
    let mut ours = Medians::new();
    for folder in &folders {
        let form = Form::load(folder)?;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            form.fill(&filling).with_context(|| folder.display().to_string())?;
            times.push(began.elapsed());
        }
        ours.insert(name(folder), median(times));
    }
    let peers = root().join("tests/bench/peers");
    let reportlab = match python {
        Some(python) => {
            let mut command = Command::new(python);
            command.arg(peers.join("fill_reportlab.py")).arg(FONT).arg(&values).arg(PEER_ROUNDS.to_string());
            peer(command.args(&folders))?
        }
        None => Medians::new(),
    };
    let mut command = Command::new("/usr/bin/python3");
    command.arg(peers.join("fill_libreoffice.py")).arg(&values).arg(PEER_ROUNDS.to_string());
    let office = peer(command.args(&folders))?;
    println!("\n## A filled form, ms\n\n| form | ours | reportlab + pypdf | LibreOffice Draw |\n|---|---:|---:|---:|");
    for (form, ms) in &ours {
        let beside = |peer: &Medians| {
            peer.get(form).map_or("–".to_owned(), |theirs| format!("{theirs:.0} ({:.0}×)", theirs / ms))
        };
        println!("| {form} | {ms:.1} | {} | {} |", beside(&reportlab), beside(&office));
    }
    Ok(())
}

fn name(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[derive(Deserialize)]
struct Measured {
    form: String,
    ms: f64,
}

fn peer(command: &mut Command) -> anyhow::Result<Medians> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    anyhow::ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut times: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{")) {
        let measured: Measured = serde_json::from_slice(line)?;
        times.entry(measured.form).or_default().push(Duration::from_secs_f64(measured.ms / 1e3));
    }
    Ok(times.into_iter().map(|(form, times)| (form, median(times))).collect())
}
