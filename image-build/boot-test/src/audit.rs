//! Lynis, the auditor that Debian brings, inside the debug image.

use crate::Args;
use crate::walks::{COMMAND, Done, debug, said, wait_healthy, wait_home};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Why a finding is no fault, or what is done instead, by lynis's own name of the test.
const ANSWERS: &str = include_str!("../lynis.toml");

/// Thousands of small programs, each of them emulated.
const AUDIT: Duration = Duration::from_secs(3 * 3600);

/// What Debian's package of lynis brings: where it lies, and where it lies on the disk that the machine is given.
const TREE: [(&str, &str); 4] = [
    ("usr/sbin/lynis", "lynis"),
    ("etc/lynis/default.prf", "default.prf"),
    ("etc/lynis/plugins", "plugins"),
    ("usr/share/lynis/.", "."),
];

/// Every finding of the audit has an answer.
pub fn audit(args: &Args) -> Result<Done> {
    let Some(mut machine) = debug(args, "audit")? else { return Ok(Done::Left("no debug image was given".into())) };
    let Some(package) = package(&args.out.join("lynis"))? else {
        return Ok(Done::Left("Debian's package of lynis cannot be had".into()));
    };
    let disk = disk(&package, &args.out.join("lynis"))?;
    machine.extra.extend([
        "-drive".into(),
        format!("if=none,id=lynis,format=raw,readonly=on,file={}", disk.display()),
        "-device".into(),
        "virtio-blk-pci,drive=lynis,serial=lynis".into(),
    ]);
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    running.wait_shell(COMMAND)?;
    wait_healthy(&mut running)?;
    let mount = "mkdir -p /run/lynis && mount -o ro /dev/disk/by-id/virtio-lynis /run/lynis";
    said(&mut running, mount, COMMAND)?;
    let audit = "cd /run/lynis && ./lynis audit system --quick --no-colors --logfile /run/lynis.log \
                 --report-file /run/lynis.dat >/run/lynis.out 2>&1; cd /; test -s /run/lynis.dat";
    said(&mut running, audit, AUDIT)?;
    let report = said(&mut running, "cat /run/lynis.dat", COMMAND)?;
    fs::write(args.out.join("lynis.dat"), &report)?;
    let answers: BTreeMap<String, String> = toml::from_str(ANSWERS).context("lynis.toml")?;
    let findings = findings(&report);
    let (text, open) = answered(&findings, &answers)?;
    fs::write(args.out.join("lynis.txt"), text)?;
    // An audit that ended early finds little.
    let index = report.lines().find_map(|line| line.strip_prefix("hardening_index=")).context("it did not end")?;
    ensure!(open.is_empty(), "without an answer in lynis.toml: {}", open.join("; "));
    Ok(Done::Held(format!("{} findings, each answered; lynis's index is {index} of 100", findings.len())))
}

/// Debian's package, unpacked; `None` where there is no way to it. It is not installed: it would audit this machine every day.
fn package(folder: &Path) -> Result<Option<PathBuf>> {
    let tree = folder.join("package");
    if tree.join(TREE[0].0).exists() {
        return Ok(Some(tree));
    }
    fs::create_dir_all(&tree)?;
    if !Command::new("apt-get").args(["--quiet", "download", "lynis"]).current_dir(folder).status()?.success() {
        return Ok(None);
    }
    let file = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let file = file.context("a package that was downloaded")?;
    let status = Command::new("dpkg-deb").arg("--extract").arg(&file).arg(&tree).status()?;
    ensure!(status.success(), "{} cannot be unpacked", file.display());
    Ok(Some(tree))
}

/// A file system with lynis on it.
fn disk(package: &Path, folder: &Path) -> Result<PathBuf> {
    let (tree, disk) = (folder.join("tree"), folder.join("disk.raw"));
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    fs::create_dir_all(&tree)?;
    for (from, to) in TREE {
        let status = Command::new("cp").arg("-rT").arg(package.join(from)).arg(tree.join(to)).status()?;
        ensure!(status.success(), "{from} cannot be copied");
    }
    let mut make = Command::new("mke2fs");
    make.args(["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0", "-d"]);
    let status = make.arg(&tree).arg(&disk).arg("24M").status().context("mke2fs")?;
    ensure!(status.success(), "no file system could be made");
    Ok(disk)
}

/// The test and what it says, of each warning and suggestion of a report.
fn findings(report: &str) -> Vec<(String, String)> {
    let finding = |line: &str| {
        let rest = line.strip_prefix("warning[]=").or_else(|| line.strip_prefix("suggestion[]="))?;
        let mut parts = rest.split('|');
        let (test, text) = (parts.next()?, parts.next()?);
        let details = parts.next().filter(|details| !matches!(*details, "" | "-")).unwrap_or_default();
        Some((test.to_owned(), format!("{text} {details}").trim().to_owned()))
    };
    report.lines().filter_map(|line| finding(line.trim())).collect()
}

/// Findings beside their answers, and those that have none.
fn answered(findings: &[(String, String)], answers: &BTreeMap<String, String>) -> Result<(String, Vec<String>)> {
    let (mut text, mut open) = (String::new(), Vec::new());
    for (test, finding) in findings {
        writeln!(text, "{test}: {finding}")?;
        match answers.get(test) {
            Some(answer) => writeln!(text, "    {answer}")?,
            None => open.push(format!("{test}: {finding}")),
        }
    }
    let found: BTreeSet<_> = findings.iter().map(|(test, _)| test).collect();
    let unused: Vec<_> = answers.keys().filter(|test| !found.contains(test)).map(String::as_str).collect();
    if !unused.is_empty() {
        writeln!(text, "\nAnswers that nothing asked for: {}", unused.join(", "))?;
    }
    Ok((text, open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_without_an_answer_is_open() {
        let report = "warning[]=LOGG-2138|klogd is not running|-|-|\nos=Linux\n\
                      suggestion[]=NAME-4408|Split resolving|/etc/hosts|text:Check|\n";
        let findings = findings(report);
        assert_eq!(findings[1], ("NAME-4408".into(), "Split resolving /etc/hosts".into()));
        let answers = [("NAME-4408", "why"), ("X-1", "unused")].map(|(test, why)| (test.to_owned(), why.to_owned()));
        let (text, open) = answered(&findings, &BTreeMap::from(answers)).unwrap();
        assert_eq!(open, ["LOGG-2138: klogd is not running"]);
        assert!(text.contains("/etc/hosts\n    why") && text.ends_with("asked for: X-1\n"), "{text}");
    }

    #[test]
    #[ignore = "needs apt and mke2fs; by hand: cargo nextest run -p boot-test --run-ignored all"]
    fn a_disk_has_lynis_on_it() {
        let folder = std::env::temp_dir().join(format!("madoguchi-lynis-{}", std::process::id()));
        let package = package(&folder).unwrap().unwrap();
        let disk = disk(&package, &folder).unwrap();
        let list = Command::new("debugfs").args(["-R", "ls -l /"]).arg(disk).output().unwrap();
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        assert!(["lynis", "default.prf", "plugins", "include", "db"].iter().all(|name| list.contains(name)), "{list}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn answers_are_sentences() {
        let answers: BTreeMap<String, String> = toml::from_str(ANSWERS).unwrap();
        assert!(answers.values().all(|answer| answer.len() > 20 && answer.ends_with('.')), "{answers:?}");
    }
}
