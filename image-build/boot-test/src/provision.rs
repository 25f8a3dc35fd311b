//! What an installer does: settings on a stick at the first start, another stick that nobody asked for, and the way back to the
//! first day.

use crate::Args;
use crate::pictures::same;
use crate::vm::{Machine, Running};
use crate::walks::{
    BEGIN, BOOT, COMMAND, Done, begun, debug, drawn, keep, said, wait_healthy, wait_home, wait_home_set_up,
};
use anyhow::{Context, Result, ensure};
use image::imageops::rotate270;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A machine finds a stick, mounts it, judges what is on it and starts its kiosk anew.
const TAKES: Duration = Duration::from_secs(300);

/// What the kiosk of this machine is called.
const NAME: &str = "grep '^name' /var/lib/madoguchi-settings/kiosk.toml";

const MEGABYTE: u64 = 1 << 20;
const SECTOR: u64 = 512;

/// How a stick is laid out.
#[derive(Clone, Copy)]
enum Layout {
    /// FAT from its first byte on.
    Whole,
    /// One partition in a table (as sticks are sold).
    Partition,
}

/// Makes a stick with these files.
fn stick(machine: &Machine, path: &Path, layout: Layout, files: &[(&str, &str)]) -> Result<()> {
    let (offset, size) = match layout {
        Layout::Whole => (0, 32 * MEGABYTE),
        Layout::Partition => (MEGABYTE, 33 * MEGABYTE),
    };
    let image = File::create(path)?;
    image.set_len(size)?;
    let sectors = (size - offset) / SECTOR;
    if offset > 0 {
        // A table of one entry (FAT32 with addresses by block), at the end of the first sector.
        let mut entry = [0; 16];
        entry[4] = 0x0c;
        entry[8..12].copy_from_slice(&u32::try_from(offset / SECTOR)?.to_le_bytes());
        entry[12..].copy_from_slice(&u32::try_from(sectors)?.to_le_bytes());
        image.write_all_at(&entry, 446)?;
        image.write_all_at(&[0x55, 0xaa], 510)?;
    }
    let at = format!("{}@@{offset}", path.display());
    let tools = |words: &[&str]| -> Result<()> {
        let status = machine.tool("mtools").arg("-c").args(words).env("MTOOLS_SKIP_CHECK", "1").status()?;
        ensure!(status.success(), "mtools -c {}: {status}", words.join(" "));
        Ok(())
    };
    let hidden = (offset / SECTOR).to_string();
    let form = ["-T", &sectors.to_string(), "-h", "64", "-s", "32", "-H", &hidden, "-v", "MADOGUCHI", "::"];
    tools(&[&["mformat", "-i", &at], &form[..]].concat())?;
    for (name, text) in files {
        let file = path.with_extension("file");
        fs::write(&file, text)?;
        tools(&["mcopy", "-o", "-i", &at, &file.display().to_string(), &format!("::{name}")])?;
    }
    Ok(())
}

/// The arguments with which a machine has this stick in it.
fn plugged(stick: &Path) -> Vec<String> {
    let drive = format!("if=none,id=stick,format=raw,readonly=on,file={}", stick.display());
    ["-drive", &drive, "-device", "usb-storage,drive=stick,bus=usb.0,id=thumb,removable=on"].map(str::to_owned).into()
}

/// A town's certificate authority.
fn authority(folder: &Path) -> Result<String> {
    let file = folder.join("town.crt");
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Town", "-keyout"])
        .arg(folder.join("town.key"))
        .arg("-out")
        .arg(&file)
        .stderr(Stdio::null())
        .status()
        .context("openssl")?;
    ensure!(status.success(), "no certificate could be made");
    Ok(fs::read_to_string(file)?)
}

/// Until this command says this.
pub fn until(running: &mut Running, command: &str, wanted: &str) -> Result<()> {
    let began = Instant::now();
    loop {
        let (now, _) = running.shell(command, COMMAND)?;
        if now == wanted {
            return Ok(());
        }
        if began.elapsed() > TAKES {
            let look = "cat /run/madoguchi-stick/result.json; systemctl status --no-pager -n 20 'madoguchi-stick*' run-stick.mount";
            let (why, _) = running.shell(look, COMMAND)?;
            anyhow::bail!("{command}: {now:?}, not {wanted:?}: {why}");
        }
    }
}

fn up(args: &Args, machine: &Machine, first_start: bool) -> Result<Running> {
    let mut running = machine.on()?;
    // With a stick in it, the first start may not be asked for any more when the screen is looked at.
    if !first_start {
        wait_home_set_up(args, &mut running)?;
    }
    running.wait_shell(BOOT)?;
    wait_healthy(&mut running)?;
    Ok(running)
}

/// Nothing of a stick is left mounted.
fn not_mounted(running: &mut Running) -> Result<()> {
    until(running, "grep -c ' /run/stick ' /proc/mounts", "0")
}

/// A stick is taken at the first start, with its authorities; a second one is not, until staff ask; one with an error changes
/// nothing; after a factory reset the machine is as on its first day.
pub fn provision(args: &Args) -> Result<Done> {
    let Some(mut machine) = debug(args, "provision")? else {
        return Ok(Done::Left("no debug image was given".into()));
    };
    let folder: PathBuf = fs::canonicalize(&args.out)?.join("machines/provision");
    let authority = authority(&folder)?;
    let [first, second, wrong] = ["first.raw", "second.raw", "wrong.raw"].map(|name| folder.join(name));
    let settings = |name: &str| format!("name = \"{name}\"\r\n[network]\r\nproxy = \"http://10.0.2.2:3128\"\r\n");
    stick(&machine, &first, Layout::Whole, &[("kiosk.toml", &settings("first")), ("ca.crt", &authority)])?;
    stick(&machine, &second, Layout::Partition, &[("kiosk.toml", "name = \"second\"\n")])?;
    stick(&machine, &wrong, Layout::Partition, &[("kiosk.toml", "name = \"wrong\"\nprinter = \"none\"\n")])?;

    // The first start.
    machine.extra = plugged(&first);
    let mut running = up(args, &machine, true)?;
    until(&mut running, "ls /var/lib/madoguchi-settings/provisioned", "/var/lib/madoguchi-settings/provisioned")?;
    until(&mut running, NAME, "name = \"first\"")?;
    not_mounted(&mut running)?;
    until(&mut running, "cat /run/madoguchi/proxy.env", "https_proxy=http://10.0.2.2:3128")?;
    let line = authority.lines().nth(1).context("a certificate")?;
    let count = format!("grep -c '{line}' /run/madoguchi/ca-certificates.crt");
    until(&mut running, &count, "1")?;
    wait_home_set_up(args, &mut running)?;
    running.cut();

    // Somebody else's stick.
    machine.extra = plugged(&second);
    let mut running = up(args, &machine, false)?;
    until(&mut running, "ls /dev/madoguchi-stick", "/dev/madoguchi-stick")?;
    let judged = "test $(systemctl show -P ConditionTimestampMonotonic madoguchi-stick-seen) != 0; echo $?";
    until(&mut running, judged, "0")?;
    let passed = said(&mut running, "systemctl show -P ConditionResult madoguchi-stick-seen", COMMAND)?;
    ensure!(passed == "no", "a stick that nobody asked for was let in");
    until(&mut running, "ls /run/madoguchi-stick", "")?;
    until(&mut running, NAME, "name = \"first\"")?;
    // Staff ask for it.
    said(&mut running, "echo > /run/kiosk/want-stick", COMMAND)?;
    until(&mut running, NAME, "name = \"second\"")?;
    not_mounted(&mut running)?;
    running.cut();

    // One with an error.
    machine.extra = plugged(&wrong);
    let mut running = up(args, &machine, false)?;
    said(&mut running, "echo > /run/kiosk/want-stick", COMMAND)?;
    until(&mut running, "grep -c '\"settings\":\"refused\"' /run/madoguchi-stick/result.json", "1")?;
    until(&mut running, NAME, "name = \"second\"")?;
    not_mounted(&mut running)?;

    // The first day, without any stick.
    running.qmp("device_del", serde_json::json!({ "id": "thumb" }))?;
    until(&mut running, "ls /dev/madoguchi-stick 2>/dev/null", "")?;
    said(&mut running, "touch /var/lib/madoguchi/of-yesterday && sync", COMMAND)?;
    let resets = running.resets + 1;
    said(&mut running, "echo > /run/kiosk/want-factory-reset", COMMAND)?;
    running.wait_resets(resets, BOOT)?;
    wait_home(args, &mut running)?;
    running.wait_shell(BOOT)?;
    wait_healthy(&mut running)?;
    for gone in ["/var/lib/madoguchi/of-yesterday", "/var/lib/madoguchi-settings/provisioned"] {
        said(&mut running, &format!("test ! -e {gone}"), COMMAND)?;
    }
    until(&mut running, "ls /sys/firmware/efi/efivars | grep -c FactoryReset", "0")?;
    let name = said(&mut running, NAME, COMMAND)?;
    ensure!(!name.contains("second"), "after the factory reset: {name}");
    Ok(Done::Held(
        "settings and authorities are taken once from a stick; a second stick is taken when staff ask, a wrong one never; a factory \
         reset brings the first day"
            .into(),
    ))
}

/// A panel that lies as it was made and stands in the kiosk: the settings say so, the picture stands, and a finger is where it is seen;
/// at the next start, too.
pub fn turned(args: &Args) -> Result<Done> {
    let Some(mut machine) = debug(args, "turned")? else {
        return Ok(Done::Left("no debug image was given".into()));
    };
    machine.screen = (1920, 1080);
    let brought = fs::canonicalize(&args.out)?.join("machines/turned/stick.raw");
    stick(&machine, &brought, Layout::Whole, &[("kiosk.toml", "rotation = 90\n")])?;
    machine.extra = plugged(&brought);
    let home = drawn(args, 1)?;
    for start in ["first", "second"] {
        let mut running = machine.on()?;
        let screen = running.wait_screen(BOOT, "the home screen, turned", |screen| same(&rotate270(screen), &home))?;
        keep(args, &format!("turned-{start}"), &screen)?;
        // On the panel, what is `y` from the picture's top is `y` from its right side.
        running.touch(1920 - BEGIN.1, BEGIN.0)?;
        running.wait_screen(COMMAND, "another screen after a touch", |screen| begun(&rotate270(screen)))?;
        running.wait_shell(BOOT)?;
        wait_healthy(&mut running)?;
        said(&mut running, "sync", COMMAND)?;
        running.cut();
        machine.extra.clear();
    }
    Ok(Done::Held(
        "a lying panel stands by `rotation = 90`: the picture, and a finger on it, at once and after a restart".into(),
    ))
}
