//! What the appliance must survive: a clock that forgot, a disk that is full, updates that are none, decay, power that goes.

use crate::pictures::{difference, empty, same};
use crate::server::Server;
use crate::vm::{Machine, Running, wait};
use crate::walks::{BOOT, COMMAND, Done, FETCH, TWO_BOOTS};
use crate::walks::{debug, keep, machine, never_home, prepare, reference, said, status, wait_home};
use crate::{Args, disk};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn no_release() -> Result<Done> {
    Ok(Done::Left("no release image was given".into()))
}

fn no_debug() -> Result<Done> {
    Ok(Done::Left("no debug images were given".into()))
}

/// A clock whose battery is empty: the machine believes that it is 1970.
pub fn clock_1970(args: &Args) -> Result<Done> {
    let Some(mut machine) = machine(args, "clock-1970")? else { return no_release() };
    machine.extra.extend(["-rtc".into(), "base=1970-01-02T00:00:00".into()]);
    let mut running = machine.on()?;
    let screen = wait_home(args, &mut running)?;
    keep(args, "clock-1970", &screen)?;
    ensure!(running.resets == 0, "it started again {} times", running.resets);
    Ok(Done::Held("the home screen comes up".into()))
}

/// A TPM that was cleared, or another one: the data stay closed, and the screen says where people can go.
pub fn tpm_cleared(args: &Args) -> Result<Done> {
    /// What a start shows in passing does not stay so long.
    const STAYS: Duration = Duration::from_secs(30);
    let Some(machine) = machine(args, "tpm-cleared")? else { return no_release() };
    machine.without_its_tpm()?;
    let home = reference(args)?;
    let mut running = machine.on()?;
    // Dark words on white, and not those of the home screen; what firmware writes is white on black.
    let asks = |screen: &image::RgbImage| {
        let ground = screen.get_pixel(screen.width() / 2, 40).0;
        ground == [255; 3] && !empty(screen) && difference(screen, &home) > 0.05 && !same(screen, &home)
    };
    let picture = running.wait_screen(BOOT, "the picture that asks people to go to the desk", asks)?;
    let since = Instant::now();
    while since.elapsed() < STAYS {
        let screen = running.screen()?;
        ensure!(asks(&screen) && difference(&screen, &picture) < 0.01, "the picture did not stay");
        thread::sleep(Duration::from_secs(1));
    }
    keep(args, "tpm-cleared", &picture)?;
    let seconds = running.since.elapsed().as_secs();
    Ok(Done::Held(format!("after {seconds} s the screen asks people to go to the desk; the data stay closed")))
}

/// Asks for an update as the timer does; gives the history's last entry once everything that it started has ended.
fn attempt(running: &mut Running) -> Result<Value> {
    /// What fetches, and what installs what was fetched; before there were two, the second is unknown and inactive.
    const UNITS: &str = "madoguchi-update.service madoguchi-install.service";
    // Whether it succeeded is said by the history.
    running.shell("systemctl start madoguchi-update.service", FETCH)?;
    let busy =
        format!("systemctl show -P ActiveState {UNITS}; systemctl list-jobs --no-legend {UNITS} | grep . || true");
    let began = Instant::now();
    while !said(running, &busy, COMMAND)?
        .lines()
        .filter(|line| !line.trim().is_empty())
        .all(|line| matches!(line.trim(), "inactive" | "failed"))
    {
        ensure!(began.elapsed() < FETCH, "the update does not end");
    }
    Ok(status(running)?["last"].clone())
}

fn journal(running: &mut Running) -> Result<String> {
    let command = "journalctl -b -u 'madoguchi-*' --no-pager -o cat | tail -20";
    Ok(running.shell(command, COMMAND)?.0)
}

/// An update that must be refused: the history says so, and the machine stays what it was.
fn refused(running: &mut Running, before: &Value, what: &str) -> Result<String> {
    let last = attempt(running)?;
    let why = last["why"].as_str().unwrap_or_default();
    // Which program failed is no reason that helps anybody.
    let clear = !why.is_empty() && !why.contains("(sd-") && !why.contains("gpg:");
    if last["what"] != "not-fetched" || !clear || last == before["last"] {
        bail!("{what}: {last}: {}", journal(running)?);
    }
    stayed(running, before, what)?;
    Ok(format!("{what}: {why}"))
}

/// It runs what it ran, and has what it had.
fn stayed(running: &mut Running, before: &Value, what: &str) -> Result<()> {
    let now = status(running)?;
    for key in ["running", "installed"] {
        ensure!(now[key] == before[key], "{what}: {key} was {} and is {}", before[key], now[key]);
    }
    let kiosk = said(running, "systemctl is-active kiosk", COMMAND)?;
    ensure!(kiosk == "active", "{what}: the kiosk is {kiosk}");
    Ok(())
}

fn fetched(running: &mut Running, what: &str) -> Result<()> {
    let last = attempt(running)?;
    if last["what"] != "fetched" {
        bail!("{what}: {last}: {}", journal(running)?);
    }
    Ok(())
}

/// A folder that a server serves and a test changes under it.
struct Served {
    folder: PathBuf,
    published: PathBuf,
}

impl Served {
    fn new(args: &Args, name: &str, published: &Path) -> Result<Self> {
        let folder = args.out.join("served").join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, published: fs::canonicalize(published)? })
    }

    /// The published files that are wanted, and nothing else.
    fn fill(&self, wanted: impl Fn(&str) -> bool) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            fs::remove_file(entry?.path())?;
        }
        for entry in fs::read_dir(&self.published)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_file() && wanted(&name) {
                std::os::unix::fs::symlink(&path, self.folder.join(name))?;
            }
        }
        Ok(())
    }

    /// Another file instead of the published one.
    fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        if path.exists() {
            fs::remove_file(&path)?;
        }
        Ok(fs::write(path, content)?)
    }

    /// The one published file whose name begins and ends so.
    fn find(&self, begins: &str, ends: &str) -> Result<(String, u64)> {
        for entry in fs::read_dir(&self.published)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(begins) && name.ends_with(ends) {
                return Ok((name, entry.metadata()?.len()));
            }
        }
        bail!("{}: no file {begins}*{ends}", self.published.display())
    }
}

/// Whole files alone, as for a machine whose version is too old for a difference.
fn whole(name: &str) -> bool {
    !name.ends_with(".zst")
}

/// Sends the machine to another port of this one.
fn point(running: &mut Running, port: u16) -> Result<()> {
    let config = "/var/lib/madoguchi-settings/kiosk.toml";
    let set = format!("sed -i 's|^url = .*|url = \"https://10.0.2.2:{port}/\"|' {config} && kiosk network {config}");
    said(running, &set, COMMAND).map(drop)
}

/// Nobody there, a list that was changed, somebody else's signature, files that are not those of the list, a server that stops in
/// the middle: each is refused and written down, and afterwards a real update is taken.
pub fn update_refused(args: &Args) -> Result<Done> {
    let Some(machine) = debug(args, "update-refused")? else { return no_debug() };
    let [newer, _] = args.published.as_slice() else { bail!("--published") };
    let served = Served::new(args, "refused", newer)?;
    served.fill(|_| true)?;
    let server = Server::start(&served.folder, &args.out.join("server"))?;
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    prepare(&mut running, &server)?;
    let mut before = status(&mut running)?;
    let image = before["image"].as_str().context("the image's name")?.to_owned();
    let mut told = Vec::new();
    let mut refuse = |running: &mut Running, what: &str| -> Result<()> {
        let line = refused(running, &before, what)?;
        before["last"] = status(running)?["last"].clone();
        told.push(line);
        Ok(())
    };

    point(&mut running, TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())?;
    refuse(&mut running, "nobody listens")?;

    point(&mut running, server.port)?;
    let list = fs::read(served.published.join("SHA256SUMS"))?;
    let mut changed = list.clone();
    // A digit of the first sum.
    changed[0] = if changed[0] == b'0' { b'1' } else { b'0' };
    served.fill(whole)?;
    served.replace("SHA256SUMS", &changed)?;
    refuse(&mut running, "the list was changed")?;

    served.fill(whole)?;
    served.replace("SHA256SUMS.gpg", &strangers_signature(args, &list)?)?;
    refuse(&mut running, "somebody else signed the list")?;

    served.fill(whole)?;
    let (verity, _) = served.find(&format!("{image}_2.root-x86-64-verity."), ".raw.xz")?;
    served.replace(&verity, &another_file(&served.published.join(&verity))?)?;
    refuse(&mut running, "a file is not the one of the list")?;

    served.fill(whole)?;
    let (_, length) = served.find(&format!("{image}_2.root-x86-64."), ".raw.xz")?;
    let stalling = Stalling::start(server.port, length / 100 * 99)?;
    point(&mut running, stalling.port)?;
    refuse(&mut running, "the server stops at 99 % of the root")?;
    let stood = stalling.stood()?.context("the server was not asked for the root")?;
    drop(stalling);

    // The short way has a signed list of its own.
    served.fill(|_| true)?;
    let name = format!("{image}_2.whole.SHA256SUMS");
    let mut changed = fs::read(served.published.join(&name))?;
    changed[0] = if changed[0] == b'0' { b'1' } else { b'0' };
    served.replace(&name, &changed)?;
    point(&mut running, server.port)?;
    let last = attempt(&mut running)?;
    ensure!(last["what"] == "difference-failed", "the list of what differs was changed: {last}");
    stayed(&mut running, &before, "the list of what differs was changed")?;

    fetched(&mut running, "a real update afterwards, whole")?;
    fs::write(args.out.join("refused.txt"), told.join("\n"))?;
    Ok(Done::Held(format!(
        "{} refused and written down ({} s after the server stopped); a real update is taken afterwards",
        told.len() + 1,
        stood.as_secs()
    )))
}

/// A signature by a key that was made for it.
fn strangers_signature(args: &Args, list: &[u8]) -> Result<Vec<u8>> {
    let home = fs::canonicalize(&args.out)?.join("stranger");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700))?;
    fs::write(home.join("list"), list)?;
    let gpg = |arguments: &[&str]| -> Result<()> {
        let mut command = Command::new("gpg");
        command.current_dir(&home).arg("--homedir").arg(&home);
        command.args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        ensure!(command.args(arguments).status().context("gpg")?.success(), "gpg {arguments:?}");
        Ok(())
    };
    gpg(&["--quick-generate-key", "Somebody else", "ed25519", "sign", "never"])?;
    gpg(&["--output", "signature", "--detach-sign", "list"])?;
    Ok(fs::read(home.join("signature"))?)
}

/// A packed file as whole as the published one, with one bit turned in what is packed.
fn another_file(packed: &Path) -> Result<Vec<u8>> {
    let output = Command::new("xz").args(["--decompress", "--stdout"]).arg(packed).output().context("xz")?;
    ensure!(output.status.success(), "{} cannot be unpacked", packed.display());
    let mut content = output.stdout;
    *content.last_mut().context("an empty file")? ^= 1;
    let plain = packed.file_name().context("a name")?.to_string_lossy().into_owned();
    let plain = std::env::temp_dir().join(format!("{}-{plain}", std::process::id()));
    fs::write(&plain, content)?;
    let output = Command::new("xz").args(["-6", "--stdout", "--keep"]).arg(&plain).output();
    fs::remove_file(&plain)?;
    let output = output.context("xz")?;
    ensure!(output.status.success(), "{} cannot be packed", plain.display());
    Ok(output.stdout)
}

/// Stands between the machine and a server, and stops in the middle of a long answer without hanging up.
struct Stalling {
    port: u16,
    state: Arc<Stalled>,
}

#[derive(Default)]
struct Stalled {
    /// After so many bytes of one answer.
    after: u64,
    /// When it stopped, and when the machine hung up after that.
    stopped: Mutex<Option<(Instant, Option<Instant>)>>,
    /// What was told so far, in all answers.
    told: AtomicU64,
}

impl Stalling {
    fn start(server: u16, after: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Stalled { after, ..Stalled::default() });
        let shared = Arc::clone(&state);
        // It ends with the program.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || drop(state.forward(client, server)));
            }
        });
        Ok(Self { port, state })
    }

    /// How long the machine waited after it stopped; `None` where it never did.
    fn stood(&self) -> Result<Option<Duration>> {
        let stopped = *self.state.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match stopped {
            None => Ok(None),
            Some((from, Some(to))) => Ok(Some(to - from)),
            Some((_, None)) => bail!("the machine has not hung up ({} bytes)", self.state.told.load(Ordering::Relaxed)),
        }
    }
}

impl Stalled {
    fn forward(self: Arc<Self>, mut client: TcpStream, port: u16) -> Result<()> {
        let mut server = TcpStream::connect(("127.0.0.1", port))?;
        let (mut answers, mut told_to) = (server.try_clone()?, client.try_clone()?);
        let state = Arc::clone(&self);
        thread::spawn(move || {
            let (mut buffer, mut told) = ([0; 65536], 0);
            while let Ok(length @ 1..) = answers.read(&mut buffer) {
                let length = length.min(usize::try_from(state.after - told).unwrap_or(usize::MAX));
                if told_to.write_all(&buffer[..length]).is_err() {
                    return;
                }
                told += length as u64;
                state.told.fetch_add(length as u64, Ordering::Relaxed);
                if told == state.after {
                    // From here on nothing is said, and nobody hangs up but the machine.
                    *state.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                        Some((Instant::now(), None));
                    return;
                }
            }
            drop(told_to.shutdown(Shutdown::Write));
        });
        // What the machine says goes on to the server until the machine hangs up.
        drop(std::io::copy(&mut client, &mut server));
        if let Some((_, end)) = &mut *self.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            end.get_or_insert_with(Instant::now);
        }
        drop(server.shutdown(Shutdown::Both));
        Ok(())
    }
}

/// A signed list of long ago, from a server that somebody else runs now, and a list without anything newer: the machine goes nowhere,
/// and that there is nothing is nothing to write down.
pub fn update_older(args: &Args) -> Result<Done> {
    let [_, second, ..] = args.debug.as_slice() else { return no_debug() };
    let [newer, _] = args.published.as_slice() else { bail!("--published") };
    // How the folder was when the first version was all (`cargo xtask image --test` keeps it).
    let (list, signature) = (newer.join("first.SHA256SUMS"), newer.join("first.SHA256SUMS.gpg"));
    if !list.exists() {
        return Ok(Done::Left("the first version's list was not kept".into()));
    }
    let machine = Machine::new(&args.out.join("machines/update-older"), &args.tools, second)?;
    let served = Served::new(args, "older", newer)?;
    served.fill(|name| !name.contains("_2."))?;
    served.replace("SHA256SUMS", &fs::read(list)?)?;
    served.replace("SHA256SUMS.gpg", &fs::read(signature)?)?;
    let server = Server::start(&served.folder, &args.out.join("server"))?;
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    prepare(&mut running, &server)?;
    let before = status(&mut running)?;
    let last = attempt(&mut running)?;
    ensure!(last == before["last"], "an older version is something to write down: {last}");
    stayed(&mut running, &before, "an older version")?;
    // The same version again is nothing new, either.
    served.fill(|_| true)?;
    let last = attempt(&mut running)?;
    ensure!(last == before["last"], "its own version is something to write down: {last}");
    stayed(&mut running, &before, "its own version")?;
    Ok(Done::Held(format!("{} is offered 1 with a true signature, and itself: it stays", before["running"])))
}

/// The kiosk has filled the disk: it is home again after a restart, what cannot be fetched is written down, and when there is room
/// again, it is fetched.
pub fn disk_full(args: &Args) -> Result<Done> {
    /// Whatever the kiosk's user can have, large pieces first.
    const FILL: &str = "cd /var/lib/madoguchi && n=0 && me='setpriv --reuid=kiosk --regid=kiosk --clear-groups' && \
                        for size in 1024 256 64 16 4 1; do \
                        while $me fallocate -l ${size}M fill.$n 2>/dev/null; do n=$((n+1)); done; done; \
                        $me dd if=/dev/zero of=fill.rest bs=4k 2>/dev/null; cd /; sync; \
                        df --output=avail /var | tail -1";
    let Some(machine) = debug(args, "disk-full")? else { return no_debug() };
    let [newer, _] = args.published.as_slice() else { bail!("--published") };
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    let server = Server::start(newer, &args.out.join("server"))?;
    prepare(&mut running, &server)?;
    let before = status(&mut running)?;
    let room = said(&mut running, FILL, FETCH)?;
    ensure!(room.trim() == "0", "the disk is not full: {room}");
    said(&mut running, "systemctl restart kiosk", COMMAND)?;
    let screen = wait_home(args, &mut running)?;
    keep(args, "disk-full", &screen)?;
    let why = refused(&mut running, &before, "the disk is full")?;
    let screen = running.screen()?;
    ensure!(same(&screen, &reference(args)?), "the home screen is gone");
    said(&mut running, "rm /var/lib/madoguchi/fill.*", COMMAND)?;
    fetched(&mut running, "with room again")?;
    Ok(Done::Held(format!("home after a restart; {why}; with room again the update is fetched")))
}

/// The power goes while the other slot is written: the machine is what it was, and takes the update later.
pub fn power_cut_update(args: &Args) -> Result<Done> {
    let Some(machine) = debug(args, "power-cut-update")? else { return no_debug() };
    let [newer, _] = args.published.as_slice() else { bail!("--published") };
    let served = Served::new(args, "power-cut", newer)?;
    served.fill(whole)?;
    let server = Server::start(&served.folder, &args.out.join("server"))?;
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    prepare(&mut running, &server)?;
    let before = status(&mut running)?;
    let slots = disk::partitions(&machine.disk())?;
    let slot =
        slots.iter().filter(|one| one.label == "_empty").max_by_key(|one| one.length).context("an empty slot")?;
    // So slow that the root takes minutes, and there is a middle to cut in.
    let slow =
        json!({ "device": "disk", "bps": 0, "bps_rd": 0, "bps_wr": 4 << 20, "iops": 0, "iops_rd": 0, "iops_wr": 0 });
    running.qmp("block_set_io_throttle", slow)?;
    said(&mut running, "systemctl start --no-block madoguchi-update.service", COMMAND)?;
    wait(FETCH, "the first bytes of the new root", || {
        let mut begin = vec![0; 1 << 20];
        File::open(machine.disk())?.read_exact_at(&mut begin, slot.start)?;
        Ok(begin.iter().any(|byte| *byte != 0).then_some(()))
    })?;
    running.cut();
    let written = disk::partitions(&machine.disk())?;
    let whole = written.iter().find(|one| one.start == slot.start).is_some_and(|one| one.label.ends_with("_2"));
    ensure!(!whole, "the power was cut when all was written");

    served.fill(|_| true)?;
    let mut running = machine.on()?;
    wait_home(args, &mut running)?;
    ensure!(running.resets == 0, "it started again {} times", running.resets);
    prepare(&mut running, &server)?;
    stayed(&mut running, &before, "after the cut")?;
    fetched(&mut running, "after the cut")?;
    // The next walk wants it as it is now.
    said(&mut running, "sync", COMMAND)?;
    Ok(Done::Held(
        "cut while the other slot is written: the old system comes up, and the update is fetched again".into(),
    ))
}

/// The newer system decays before it has proved itself: the older one comes back. Both decay: nothing comes up.
pub fn slot_corrupted(args: &Args) -> Result<Done> {
    let machines = args.out.join("machines");
    let Some(machine) = Machine::left(&machines.join("power-cut-update"), &args.tools) else {
        return Ok(Done::Left("\"power-cut-update\" has left no machine with two systems".into()));
    };
    let machine = machine.twin(&machines.join("slot-corrupted"))?;
    let slots = disk::partitions(&machine.disk())?;
    let mut roots: Vec<_> =
        slots.iter().filter(|one| one.label.starts_with("madoguchi") && !one.label.ends_with("_verity")).collect();
    roots.retain(|one| one.label.contains('_'));
    roots.sort_by(|one, other| one.label.cmp(&other.label));
    let [older, newer] = roots.as_slice() else {
        return Ok(Done::Left(format!("\"power-cut-update\" has left {} systems", roots.len())));
    };
    // The file system's own first block: nothing can be read without it.
    disk::flip(&machine.disk(), newer.start + 1024)?;
    let mut running = machine.on()?;
    let home = reference(args)?;
    running.wait_screen(TWO_BOOTS * 2, "the home screen of the older system", |screen| same(screen, &home))?;
    let tries = running.resets;
    running.wait_shell(BOOT)?;
    let now = status(&mut running)?;
    let runs = now["running"].as_str().unwrap_or_default();
    ensure!(older.label.ends_with(&format!("_{runs}")), "{} was expected to run: {now}", older.label);
    ensure!(tries >= 3, "the newer one was tried {tries} times");
    running.cut();
    disk::flip(&machine.disk(), older.start + 1024)?;
    let resets = never_home(args, &mut machine.on()?, "slot-corrupted")?;
    Ok(Done::Held(format!(
        "newer root decayed before its first start: {tries} tries, then {runs}; both decayed: never home ({resets} restarts)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stops_in_the_middle_and_a_short_one_does_not() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        thread::spawn(move || {
            for (mut client, length) in server.incoming().flatten().zip([100_usize, 300_000]) {
                let mut asked = [0];
                client.read_exact(&mut asked).unwrap();
                // The machine may have hung up.
                drop(client.write_all(&vec![asked[0]; length]));
            }
        });
        let stalling = Stalling::start(port, 200_000).unwrap();
        let ask = || {
            let mut client = TcpStream::connect(("127.0.0.1", stalling.port)).unwrap();
            client.write_all(b"x").unwrap();
            client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let mut told = Vec::new();
            let end = client.read_to_end(&mut told);
            (told.len(), end.is_ok())
        };
        assert_eq!(ask(), (100, true));
        assert!(stalling.stood().unwrap().is_none());
        assert_eq!(ask(), (200_000, false));
        let stood = wait(Duration::from_secs(5), "hanging up", || Ok(stalling.stood().ok().flatten())).unwrap();
        assert!(stood >= Duration::from_millis(200), "{stood:?}");
    }

    #[test]
    fn a_served_folder_is_what_was_asked_for() {
        let folder = std::env::temp_dir().join(format!("madoguchi-served-{}", std::process::id()));
        let published = folder.join("published");
        fs::create_dir_all(published.join("whole")).unwrap();
        for name in ["SHA256SUMS", "a.raw.xz", "a.raw.from_1.zst"] {
            fs::write(published.join(name), name).unwrap();
        }
        let served = Served { folder: folder.join("served"), published };
        fs::create_dir_all(&served.folder).unwrap();
        served.fill(whole).unwrap();
        assert_eq!(fs::read_dir(&served.folder).unwrap().count(), 2);
        served.replace("SHA256SUMS", b"other").unwrap();
        assert_eq!(fs::read(served.published.join("SHA256SUMS")).unwrap(), b"SHA256SUMS");
        served.fill(|_| true).unwrap();
        assert_eq!(fs::read_dir(&served.folder).unwrap().count(), 3);
        assert_eq!(served.find("a", ".xz").unwrap(), ("a.raw.xz".into(), 8));
        fs::remove_dir_all(&folder).unwrap();
    }
}
