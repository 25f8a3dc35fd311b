//! What is done to the appliance.

use crate::pictures::{difference, empty, same};
use crate::provision::until;
use crate::server::Server;
use crate::vm::{Machine, Running};
use crate::{Args, audit, bad_input, disk, scan};
use anyhow::{Context, Result, bail, ensure};
use image::RgbImage;
use serde_json::{Value, json};
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a walk ended that did not fail.
pub enum Done {
    /// What it promises holds.
    Held(String),
    /// It was not walked.
    Left(String),
}

/// Beside which others it may be walked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// None: it says how long something takes.
    Alone,
    /// Any.
    Beside,
    /// After the one before it: it wants the machine that that one leaves.
    Next,
}

/// What is done, and what must hold.
pub type Walk = fn(&Args) -> Result<Done>;

/// Every walk.
pub const WALKS: &[(&str, Turn, Walk)] = &[
    ("home", Turn::Alone, home),
    ("touch", Turn::Beside, touch),
    ("keyboard", Turn::Beside, keyboard),
    ("power-cut", Turn::Beside, power_cut),
    ("tampered-root", Turn::Beside, tampered_root),
    ("tampered-kernel", Turn::Beside, tampered_kernel),
    ("stolen-disk", Turn::Beside, stolen_disk),
    ("tpm-cleared", Turn::Beside, bad_input::tpm_cleared),
    ("clock-1970", Turn::Beside, bad_input::clock_1970),
    ("scan", Turn::Beside, scan::scan),
    ("peer", Turn::Alone, peer),
    ("inside", Turn::Beside, inside),
    ("update", Turn::Beside, update),
    ("update-refused", Turn::Beside, bad_input::update_refused),
    ("update-older", Turn::Beside, bad_input::update_older),
    ("disk-full", Turn::Beside, bad_input::disk_full),
    ("power-cut-update", Turn::Beside, bad_input::power_cut_update),
    ("slot-corrupted", Turn::Next, bad_input::slot_corrupted),
    ("visit", Turn::Beside, crate::visit::visit),
    ("staff", Turn::Beside, crate::visit::staff),
    ("provision", Turn::Beside, crate::provision::provision),
    ("setup", Turn::Beside, crate::visit::set_up),
    ("turned", Turn::Beside, crate::provision::turned),
    ("ask", Turn::Beside, crate::ask::ask),
    ("audit", Turn::Beside, audit::audit),
];

/// From switching on to home. Emulated, on a busy machine: a real one takes a tenth.
pub const BOOT: Duration = Duration::from_secs(900);
/// The same with a restart between.
pub const TWO_BOOTS: Duration = Duration::from_secs(1800);
/// A command in a debug image's shell.
pub const COMMAND: Duration = Duration::from_secs(120);
/// Fetching an update.
pub const FETCH: Duration = Duration::from_secs(1800);

/// What an attacker's change must not lead to within so many times the first start, which is two starts and more; and within how
/// long where no first start was seen.
const NEVER: (u32, Duration) = (2, Duration::from_secs(240));

/// In the middle of the button that begins a visit.
pub const BEGIN: (u32, u32) = (540, 780);

/// Whether that button is gone: pressed, it is still a dark blue.
pub fn begun(screen: &RgbImage) -> bool {
    let [red, _, blue] = screen.get_pixel(BEGIN.0 - 440, BEGIN.1).0;
    !(red < 0x40 && blue > 0x40)
}

/// Keeps a picture among the figures.
pub fn keep(args: &Args, name: &str, picture: &RgbImage) -> Result<()> {
    Ok(picture.save(args.out.join(format!("{name}.png")))?)
}

/// The home screen as the kiosk itself draws it: before the machine was set up (0), after (1).
pub fn drawn(args: &Args, at: usize) -> Result<RgbImage> {
    let path = args.home.get(at).context("--home wants two pictures")?;
    Ok(image::open(path).with_context(|| path.display().to_string())?.to_rgb8())
}

/// The home screen as the kiosk itself draws it, of a machine that is not set up yet.
pub fn reference(args: &Args) -> Result<RgbImage> {
    drawn(args, 0)
}

/// Waits until the home screen is up.
pub fn wait_home(args: &Args, machine: &mut Running) -> Result<RgbImage> {
    let wanted = reference(args)?;
    machine.wait_screen(BOOT, "the home screen", |screen| same(screen, &wanted))
}

/// Waits until the home screen of a machine is up that was set up.
pub fn wait_home_set_up(args: &Args, machine: &mut Running) -> Result<RgbImage> {
    let wanted = drawn(args, 1)?;
    machine.wait_screen(BOOT, "the home screen", |screen| same(screen, &wanted))
}

/// The release image on a machine that has started once, and how long that took.
static STARTED: Mutex<Option<(Machine, Duration)>> = Mutex::new(None);

/// The release image on a machine that has started once.
pub fn machine(args: &Args, name: &str) -> Result<Option<Machine>> {
    let Some(image) = &args.image else { return Ok(None) };
    let folder = args.out.join("machines");
    // Held while it starts: whoever else wants it waits.
    let mut kept = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let (started, _) = match &mut *kept {
        Some(started) => started,
        kept => {
            let machine = Machine::new(&folder.join("started"), &args.tools, image)?;
            let mut running = machine.on()?;
            wait_home(args, &mut running)?;
            let first = running.since.elapsed();
            // What it has made of its disk is on the disk.
            std::thread::sleep(Duration::from_secs(10));
            running.cut();
            kept.insert((machine, first))
        }
    };
    started.twin(&folder.join(name)).map(Some)
}

macro_rules! machine_or_leave {
    ($args:expr, $name:expr) => {
        match machine($args, $name)? {
            Some(machine) => machine,
            None => return Ok(Done::Left("no release image was given".into())),
        }
    };
}

/// From the first start (keys enrolled, slots and the data partition made) to the home screen; then a second start.
fn home(args: &Args) -> Result<Done> {
    let Some(image) = &args.image else { return Ok(Done::Left("no release image was given".into())) };
    let machine = Machine::new(&args.out.join("machines/home"), &args.tools, image)?;
    let mut running = machine.on()?;
    let screen = wait_home(args, &mut running)?;
    let first = running.since.elapsed().as_secs();
    keep(args, "home", &screen)?;
    running.cut();
    let mut running = machine.on()?;
    let screen = film(args, &mut running)?;
    let second = running.since.elapsed().as_secs();
    let differs = difference(&screen, &reference(args)?) * 100.0;
    Ok(Done::Held(format!(
        "first start {first} s, second {second} s; {differs:.2} % of the pixels differ from the kiosk's own picture"
    )))
}

/// Waits until the home screen is up, and keeps each picture that was there before: `boot-SECONDS.png`.
fn film(args: &Args, running: &mut Running) -> Result<RgbImage> {
    let (wanted, since) = (reference(args)?, running.since);
    let mut film: Vec<(u64, RgbImage)> = Vec::new();
    let screen = running.wait_screen(BOOT, "the home screen", |screen| {
        let there = same(screen, &wanted);
        if !there && film.last().is_none_or(|(_, last)| difference(screen, last) > 0.0) {
            film.push((since.elapsed().as_secs(), screen.clone()));
        }
        there
    })?;
    film.iter().try_for_each(|(second, picture)| keep(args, &format!("boot-{second:03}"), picture))?;
    Ok(screen)
}

/// What the appliance is compared with, on a machine like its own: from switching it on to the picture at which it stays.
fn peer(args: &Args) -> Result<Done> {
    /// A page that is drawn in parts is not finished before it has stayed so long.
    const STAYS: Duration = Duration::from_secs(20);
    let Some(image) = &args.peer else { return Ok(Done::Left("no image to compare with was given".into())) };
    let machine = Machine::new(&args.out.join("machines/peer"), &args.tools, image)?;
    let mut times = Vec::new();
    for _ in 0..2 {
        let mut running = machine.on()?;
        // What the firmware shows is on black, and the page is not.
        let is_page = |screen: &RgbImage| !empty(screen) && screen.get_pixel(screen.width() / 2, 40).0 != [0; 3];
        let mut last = (running.screen()?, running.since.elapsed());
        while !is_page(&last.0) || running.since.elapsed().saturating_sub(last.1) < STAYS {
            let screen = running.screen()?;
            if !same(&screen, &last.0) {
                last = (screen, running.since.elapsed());
            }
            ensure!(running.since.elapsed() < TWO_BOOTS, "it did not come to rest");
            std::thread::sleep(Duration::from_secs(1));
        }
        keep(args, "peer", &last.0)?;
        times.push(last.1.as_secs());
    }
    Ok(Done::Held(format!("first start {} s, second {} s", times[0], times[1])))
}

/// A finger begins a visit, on a panel that was pulled out and plugged in again; nobody goes on; the kiosk is on its home screen again.
fn touch(args: &Args) -> Result<Done> {
    let machine = machine_or_leave!(args, "touch");
    let mut running = machine.on()?;
    let home = wait_home(args, &mut running)?;
    running.plug_fingers_anew()?;
    // When it is known again, nothing on the screen tells.
    let began = Instant::now();
    let screen = loop {
        running.touch(BEGIN.0, BEGIN.1)?;
        let seen = running.wait_screen(Duration::from_secs(5), "another screen after a touch", begun);
        if seen.is_ok() || began.elapsed() > COMMAND {
            break seen?;
        }
    };
    keep(args, "touch", &screen)?;
    let screen = running.wait_screen(BOOT, "the home screen after nobody went on", |screen| same(screen, &home))?;
    keep(args, "home-again", &screen)?;
    Ok(Done::Held(
        "a touch begins a visit, on a panel that was plugged in anew; left alone, the kiosk goes home".into(),
    ))
}

/// Every chord that gets somebody out of something, on a keyboard that was plugged in.
fn keyboard(args: &Args) -> Result<Done> {
    let machine = machine_or_leave!(args, "keyboard");
    let mut running = machine.on()?;
    let home = wait_home(args, &mut running)?;
    running.qmp("device_add", json!({ "driver": "usb-kbd", "bus": "usb.0", "id": "stranger" }))?;
    running.qmp("device_add", json!({ "driver": "usb-mouse", "bus": "usb.0", "id": "mouse" }))?;
    // Found, and turned away.
    std::thread::sleep(Duration::from_secs(20));
    for chord in [
        &["ctrl", "alt", "delete"][..],
        &["ctrl", "alt", "backspace"],
        &["ctrl", "alt", "f2"],
        &["ctrl", "alt", "f3"],
        &["alt", "f4"],
        &["alt", "sysrq", "b"],
        &["alt", "sysrq", "r"],
        &["ctrl", "c"],
        &["ctrl", "z"],
        &["esc"],
        &["tab"],
        &["ret"],
        &["meta_l"],
    ] {
        running.keys(chord)?;
    }
    for _ in 0..8 {
        running.keys(&["ctrl", "alt", "delete"])?;
    }
    std::thread::sleep(Duration::from_secs(10));
    let screen = running.screen()?;
    keep(args, "keyboard", &screen)?;
    ensure!(same(&screen, &home), "the screen has changed");
    ensure!(running.resets == 0, "the machine started again");
    Ok(Done::Held("13 chords and seven times ctrl-alt-delete change nothing".into()))
}

/// The power goes while somebody is being served.
fn power_cut(args: &Args) -> Result<Done> {
    let machine = machine_or_leave!(args, "power-cut");
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    running.touch(BEGIN.0, BEGIN.1)?;
    running.wait_screen(COMMAND, "another screen after a touch", begun)?;
    running.cut();
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    Ok(Done::Held("cut during a visit, it comes back to its home screen".into()))
}

/// Nothing that looks like a kiosk may come up.
pub fn never_home(args: &Args, running: &mut Running, name: &str) -> Result<u32> {
    let home = reference(args)?;
    let never =
        STARTED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(NEVER.1, |(_, first)| *first * NEVER.0);
    let seen = running.wait_screen(never, "the home screen", |screen| difference(screen, &home) < 0.05);
    ensure!(seen.is_err(), "the home screen came up");
    let screen = running.screen()?;
    keep(args, name, &screen)?;
    Ok(running.resets)
}

/// Bits of the root are turned on the disk, under every file.
fn tampered_root(args: &Args) -> Result<Done> {
    let machine = machine_or_leave!(args, "tampered-root");
    let root = disk::partitions(&machine.disk())?;
    let root = root.iter().find(|one| one.label.starts_with("madoguchi_") && !one.label.ends_with("_verity"));
    let root = root.context("a root partition")?;
    // The file system's own first block: nothing can be read without it.
    disk::flip(&machine.disk(), root.start + 1024)?;
    let resets = never_home(args, &mut machine.on()?, "tampered-root")?;
    Ok(Done::Held(format!("one bit turned: it never comes up ({resets} restarts)")))
}

/// A bit of the kernel is turned on the boot partition.
fn tampered_kernel(args: &Args) -> Result<Done> {
    let machine = machine_or_leave!(args, "tampered-kernel");
    let esp = disk::partition(&machine.disk(), "esp")?;
    let place = disk::find(&machine.disk(), &esp, b"roothash=")?.context("the kernel's command line")?;
    disk::flip(&machine.disk(), place + 12)?;
    never_home(args, &mut machine.on()?, "tampered-kernel")?;
    Ok(Done::Held("one bit of the command line turned: the firmware refuses it".into()))
}

/// The disk alone, in another machine.
fn stolen_disk(args: &Args) -> Result<Done> {
    let machine = machine_or_leave!(args, "stolen-disk");
    let data = disk::partition(&machine.disk(), "madoguchi-data")?;
    ensure!(disk::find(&machine.disk(), &data, b"LUKS\xba\xbe")?.is_some(), "the data partition is not encrypted");
    for plain in [&b"SQLite format 3"[..], b"page-printer"] {
        ensure!(disk::find(&machine.disk(), &data, plain)?.is_none(), "something can be read from the disk");
    }
    machine.without_its_tpm()?;
    never_home(args, &mut machine.on()?, "stolen-disk")?;
    Ok(Done::Held("nothing can be read from the disk; without its own TPM nothing opens".into()))
}

/// The first debug image on a new machine.
pub fn debug(args: &Args, name: &str) -> Result<Option<Machine>> {
    let Some(image) = args.debug.first() else { return Ok(None) };
    Machine::new(&args.out.join("machines").join(name), &args.tools, image).map(Some)
}

/// What a command in a debug image's shell says; that it fails is an error.
pub fn said(running: &mut Running, command: &str, limit: Duration) -> Result<String> {
    let (said, code) = running.shell(command, limit)?;
    ensure!(code == 0, "{command}: exit code {code}: {said}");
    Ok(said)
}

/// How tight the units' sandboxes are, what listens, what failed, how much memory is used.
fn inside(args: &Args) -> Result<Done> {
    let Some(machine) = debug(args, "inside")? else { return Ok(Done::Left("no debug image was given".into())) };
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    running.wait_shell(COMMAND)?;
    wait_healthy(&mut running)?;
    running.cut();
    // The first start made its partitions; every other is like this one.
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    running.wait_shell(COMMAND)?;
    wait_healthy(&mut running)?;
    let all = said(&mut running, "systemd-analyze security --no-pager", COMMAND)?;
    // Of all units it judges those that run; of a unit that is named it ends with "Overall exposure level for NAME: 1.5 OK".
    // A template has to be one of its instances.
    let each = "cd /usr/lib/systemd/system && for unit in kiosk.service madoguchi-*.service; do \
                systemd-analyze security --no-pager $(echo $unit | sed 's/@\\./@1./') | grep Overall; done";
    let named = said(&mut running, each, BOOT)?;
    fs::write(args.out.join("security.txt"), format!("{all}\n\n{named}\n"))?;
    let mut ours = Vec::new();
    for line in named.lines() {
        let (name, level) =
            line.rsplit_once(" for ").and_then(|(_, rest)| rest.split_once(": ")).context(line.to_owned())?;
        let exposure = level.split_whitespace().next().unwrap_or_default();
        ours.push((name.to_owned(), exposure.parse::<f64>().with_context(|| line.to_owned())?));
    }
    ensure!(ours.len() >= 8, "only {ours:?} were judged");
    let is_judged = |name: &&str| ours.iter().any(|(judged, _)| judged == &format!("madoguchi-{name}@1.service"));
    ensure!(["cards", "faces", "voice"].iter().all(is_judged), "the ports' units are missing: {ours:?}");
    let loose: Vec<_> = ours.iter().filter(|(_, exposure)| *exposure > 2.0).collect();
    ensure!(loose.is_empty(), "exposed more than 2.0: {loose:?}");
    let failed = said(&mut running, "systemctl --failed --no-legend --plain", COMMAND)?;
    ensure!(failed.is_empty(), "failed: {failed}");
    let listens = said(&mut running, "ss -Hlntu", COMMAND)?;
    let outside: Vec<&str> = listens
        .lines()
        .filter(|line| !line.contains("127.0.0.") && !line.contains("[::1]"))
        // A client of DHCP listens for its answer; the filter lets nothing else to it.
        .filter(|line| !line.contains(":68 ") && !line.contains(":546 "))
        .collect();
    ensure!(outside.is_empty(), "listens: {outside:?}");
    let memory =
        said(&mut running, "cat /proc/meminfo | head -3; systemctl show kiosk -p MemoryCurrent; free -m", COMMAND)?;
    fs::write(args.out.join("memory.txt"), &memory)?;
    let times = "systemd-analyze; systemd-analyze critical-chain kiosk.service --no-pager; systemd-analyze blame --no-pager; \
                 journalctl -b -o short-monotonic --no-pager -p info";
    fs::write(args.out.join("times.txt"), said(&mut running, times, COMMAND)?)?;
    let worst = ours.iter().map(|(_, exposure)| *exposure).fold(0.0, f64::max);
    let ports = kill_ports(&mut running)?;
    // It dies, and is back.
    said(&mut running, "systemctl kill -s SEGV kiosk", COMMAND)?;
    wait_home(args, &mut running)?;
    // It keeps dying.
    said(
        &mut running,
        "mount --bind /dev/null /var/lib/madoguchi-settings/kiosk.toml && systemctl restart kiosk; true",
        COMMAND,
    )?;
    let home = reference(args)?;
    let screen = running
        .wait_screen(BOOT, "the out-of-order screen", |screen| !empty(screen) && difference(screen, &home) > 0.05)?;
    keep(args, "out-of-order", &screen)?;
    // Another try of the kiosk may be between.
    let shown = until(&mut running, "systemctl is-active madoguchi-out-of-order", "active");
    if let Err(error) = shown {
        let why = "journalctl -b -o short-monotonic --no-pager -u kiosk -u madoguchi-out-of-order -n 60";
        bail!("the out-of-order screen: {error}: {}", said(&mut running, why, COMMAND)?);
    }
    Ok(Done::Held(format!(
        "{} units of ours, exposed {worst} at most; nothing listens; {ports} are killed and back without the kiosk; its own crash and \
         crash loop are met",
        ours.len()
    )))
}

/// Kills the process of each port, and one of them again and again: another takes its place, and the kiosk stays as it is.
fn kill_ports(running: &mut Running) -> Result<String> {
    let kiosk = "systemctl show -P MainPID -P NRestarts kiosk";
    let before = said(running, kiosk, COMMAND)?;
    let mut killed = Vec::new();
    for port in ["cards", "faces", "voice"] {
        let one = format!("/usr/bin/kiosk port {port}");
        // A roadside station has no camera, a city hall no guide.
        if port != "cards" && said(running, &format!("pgrep -xf '{one}' || true"), COMMAND)?.is_empty() {
            continue;
        }
        let first = wait_process(running, &one, "")?;
        let user = said(running, &format!("ps -o euser:32= -p {first}"), COMMAND)?;
        ensure!(user.trim() == format!("madoguchi-{port}"), "{port} runs as {user}");
        said(running, &format!("kill -KILL {first}"), COMMAND)?;
        wait_process(running, &one, &first)?;
        killed.push(port);
    }
    said(
        running,
        "for n in 1 2 3 4 5 6 7 8 9 10; do pkill -KILL -xf '/usr/bin/kiosk port cards'; sleep 1; done; true",
        COMMAND,
    )?;
    wait_process(running, "/usr/bin/kiosk port cards", "")?;
    let after = said(running, kiosk, COMMAND)?;
    ensure!(after == before, "the kiosk is another: {before:?}, then {after:?}");
    let failed = said(running, "systemctl --failed --no-legend --plain", COMMAND)?;
    ensure!(failed.is_empty(), "failed: {failed}");
    Ok(killed.join(", "))
}

/// Waits for the process of this command line that is not `before`.
fn wait_process(running: &mut Running, command: &str, before: &str) -> Result<String> {
    let began = std::time::Instant::now();
    loop {
        let now = said(running, &format!("pgrep -nxf '{command}' || true"), COMMAND)?;
        if !now.is_empty() && now != before {
            return Ok(now);
        }
        ensure!(began.elapsed() < COMMAND, "no process: {command}");
    }
}

/// Until the system has written down how it came up: the last thing it does.
pub fn wait_healthy(running: &mut Running) -> Result<()> {
    let began = std::time::Instant::now();
    while said(running, "systemctl is-active madoguchi-booted || true", COMMAND)? != "active" {
        ensure!(began.elapsed() < BOOT, "the system did not become healthy");
    }
    Ok(())
}

/// What the kiosk says of its updates.
pub fn status(running: &mut Running) -> Result<Value> {
    let said = said(running, "kiosk update status --json", COMMAND)?;
    let line = said.lines().find(|line| line.starts_with('{')).context("no status")?;
    Ok(serde_json::from_str(line)?)
}

/// From the first version to the second over HTTPS; then a broken third, which is given up.
fn update(args: &Args) -> Result<Done> {
    let Some(machine) = debug(args, "update")? else { return Ok(Done::Left("no debug images were given".into())) };
    let [newer, broken] = args.published.as_slice() else { anyhow::bail!("--published") };
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    let server = Server::start(newer, &args.out.join("server"))?;
    prepare(&mut running, &server)?;
    let first = status(&mut running)?;
    let last = fetch(&mut running)?;
    let way = last["difference"].as_u64().map_or("whole".to_owned(), |bytes| format!("what differs, {bytes} bytes"));
    let resets = running.resets + 1;
    let activated = said(&mut running, "kiosk update activate --now", COMMAND)?;
    ensure!(activated.contains("起動し直します"), "{activated}");
    running.wait_resets(resets, BOOT)?;
    wait_home(args, &mut running)?;
    let server = Server::start(broken, &args.out.join("server"))?;
    prepare(&mut running, &server)?;
    let second = status(&mut running)?;
    ensure!(second["running"] != first["running"] && second["last"]["what"] == "healthy", "after the update: {second}");
    fetch(&mut running)?;
    said(&mut running, "kiosk update activate --now", COMMAND)?;
    // The update's own start, which is the first of three tries, two more, and the way back.
    let resets = running.resets + 4;
    running.wait_resets(resets, TWO_BOOTS * 2)?;
    wait_home(args, &mut running)?;
    running.wait_shell(BOOT)?;
    wait_healthy(&mut running)?;
    let last = status(&mut running)?;
    ensure!(last["running"] == second["running"] && last["last"]["what"] == "returned", "after the broken one: {last}");
    let (told, _) = running.shell("kiosk update status", COMMAND)?;
    fs::write(args.out.join("status.txt"), told)?;
    Ok(Done::Held(format!(
        "{} -> {} ({way}); the broken one was given up: {}",
        first["running"], second["running"], last["last"]
    )))
}

/// Downloads and installs, each in the sandbox of its unit; gives the history's line about it.
fn fetch(running: &mut Running) -> Result<Value> {
    // The first starts the second when it ends; asked for by name, it is waited for.
    let both = "systemctl start madoguchi-update.service; systemctl start madoguchi-install.service";
    let (_, code) = running.shell(both, FETCH)?;
    let last = status(running)?["last"].clone();
    if code != 0 || last["what"] != "fetched" {
        let journal = "journalctl -b -u madoguchi-update -u madoguchi-install --no-pager -o cat | tail -30";
        let (journal, _) = running.shell(journal, COMMAND)?;
        anyhow::bail!("nothing was fetched: {last}: {journal}");
    }
    Ok(last)
}

/// The debug image's shell answers, the system is healthy, and it trusts this test's server.
pub fn prepare(running: &mut Running, server: &Server) -> Result<()> {
    running.wait_shell(BOOT)?;
    wait_healthy(running)?;
    trust(running, server)
}

/// It trusts this test's server, and asks it for updates.
pub fn trust(running: &mut Running, server: &Server) -> Result<()> {
    let certificate = fs::read_to_string(&server.certificate)?;
    let trust = format!(
        "printf '%s' '{certificate}' > /run/ca.crt && cat /etc/ssl/certs/ca-certificates.crt >> /run/ca.crt && chmod 644 /run/ca.crt && \
         mount --bind /run/ca.crt /etc/ssl/certs/ca-certificates.crt && \
         sed -i 's|^#* *url = .*|url = \"https://10.0.2.2:{}/\"|' /var/lib/madoguchi-settings/kiosk.toml && \
         kiosk network /var/lib/madoguchi-settings/kiosk.toml",
        server.port
    );
    said(running, &trust, COMMAND).map(drop)
}
