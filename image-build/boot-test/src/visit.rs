//! What hands did before the kiosk itself (`score` of `tests/walks`) is done to the machine's screen: a resident's whole visit, with
//! a card in the reader, a film before the camera, and printers on the network; and a member of staff's way to an update.

use crate::Args;
use crate::pictures::{below, turned};
use crate::provision::until;
use crate::server::Server;
use crate::vm::{Machine, Running};
use crate::walks::{BOOT, COMMAND, Done, FETCH, debug, said, status, trust, wait_healthy, wait_home, wait_home_set_up};
use anyhow::{Context, Result, ensure};
use image::RgbImage;
use serde::Deserialize;
use stage::{CardProcess, IppPrinter, ReceiptPrinter, wait_for};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is done before a screen. (The names are those in `score.json`.)
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deed {
    Tap([u32; 2]),
    Hold([u32; 2]),
    Stroke(Vec<[u32; 2]>),
    Insert,
    Remove,
}

#[derive(Debug, Deserialize)]
struct Step {
    /// How the screen looks before.
    picture: PathBuf,
    /// What is touched.
    what: String,
    /// Nothing where a picture is the end.
    does: Option<Deed>,
}

#[derive(Debug, Deserialize)]
struct Score {
    steps: Vec<Step>,
}

/// A network of faces, a card's reading, a paper: whatever the emulated machine does between two deeds.
const PATIENCE: Duration = Duration::from_secs(240);

/// Whoever it is waiting for is ten times as slow as anywhere else.
pub const POLICY: &str = "\n[policy]\nface_try_ms = 180000\ncard_read_ms = 180000\nfill_ms = 180000\ncollect_ms = 240000\nrate_ms = 120000\n\
     idle_ms = 240000\nidle_long_ms = 240000\nvoice_ms = 180000\n";

/// Where the machine finds what the scene is made of.
const SCENE: &str = "/run/scene";
pub const PACK: &str = "/run/pack";
pub const SETTINGS: &str = "/var/lib/madoguchi-settings/kiosk.toml";

/// What `score --staff` enters.
const STAFF_PIN: &str = "000000";

/// What stands on each paper.
const CITIZEN: &str = "渚花子";

/// What it takes to do one of the scores.
struct Play<'a> {
    score: Score,
    /// Where its pictures are.
    folder: PathBuf,
    emulator: &'a Path,
    /// Where this one's pictures go.
    out: PathBuf,
    machine: Machine,
    printer: IppPrinter,
    receipts: ReceiptPrinter,
}

impl<'a> Play<'a> {
    /// `None` where a part was not given.
    fn new(args: &'a Args, name: &str) -> Result<Option<Self>> {
        let (Some(scores), Some(emulator)) = (&args.score, &args.card_emulator) else { return Ok(None) };
        let Some(machine) = debug(args, name)? else { return Ok(None) };
        let folder = scores.join(name);
        let score = serde_json::from_slice(&fs::read(folder.join("score.json"))?).context("score.json")?;
        let out = args.out.join(name);
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        fs::create_dir_all(&out)?;
        let (printer, receipts) = (IppPrinter::start()?, ReceiptPrinter::start()?);
        Ok(Some(Self { score, folder, emulator, out, machine, printer, receipts }))
    }

    /// Switches the machine on, sets it up, and does the score to it; gives the seconds that took, too.
    fn go(&mut self, args: &Args, set_up: impl FnOnce(&Self, &mut Running) -> Result<()>) -> Result<(Running, u64)> {
        let socket = self.machine.with_card();
        scene(&mut self.machine, &self.folder, &self.out, &self.printer, &self.receipts)?;
        let mut running = self.machine.on()?;
        let mut card = card(&socket, self.emulator, &self.folder)?;
        wait_home(args, &mut running)?;
        running.wait_shell(BOOT)?;
        wait_healthy(&mut running)?;
        set_up(self, &mut running)?;
        let began = Instant::now();
        let timing = replay(&mut running, &mut card, &self.score, &self.folder, &self.out);
        // What the kiosk says of itself explains a walk that stopped.
        let journal = running.shell(
            "journalctl -b -u kiosk -u pcscd -u 'madoguchi-*@*' --no-pager -o short-monotonic | tail -200",
            COMMAND,
        );
        fs::write(self.out.join("journal.txt"), journal.map_or_else(|error| error.to_string(), |(text, _)| text))?;
        fs::write(self.out.join("printer.txt"), self.printer.log())?;
        fs::write(self.out.join("timing.md"), timing?)?;
        Ok((running, began.elapsed().as_secs()))
    }
}

/// A resident's visit, to the papers.
pub fn visit(args: &Args) -> Result<Done> {
    let Some(mut play) = Play::new(args, "visit")? else { return Ok(nothing_to_play()) };
    play.machine.without_avx();
    let (running, took) = play.go(args, |_, running| configure(running))?;
    let papers = papers(&play.printer, &play.receipts, &play.out)?;
    running.cut();
    let deeds = play.score.steps.len() - 1;
    Ok(Done::Held(format!("{deeds} deeds, {papers} papers with the citizen's name and a slip, {took} s")))
}

/// A member of staff opens staff mode, looks round, and orders an update, which is then there.
pub fn staff(args: &Args) -> Result<Done> {
    let Some(mut play) = Play::new(args, "staff")? else { return Ok(nothing_to_play()) };
    let [newer, _] = args.published.as_slice() else { anyhow::bail!("--published") };
    let server = Server::start(newer, &args.out.join("server"))?;
    let mut first = None;
    let (mut running, took) = play.go(args, |play, running| {
        // It starts again with these settings: nothing of the scene is in them.
        let devices = format!(
            "page-printer = \"{}\"\\nslip-printer = {{ tcp = \"{}\" }}",
            seen(&play.printer.uri()),
            seen(&play.receipts.address())
        );
        let settings = format!(
            "sed -i -e 's|^page-printer = .*|{devices}|' -e '/^camera/d' -e '/^setup/d' {SETTINGS} && \
             printf '\\n[staff]\\nappliance = true\\n' >> {SETTINGS} && \
             printf '{STAFF_PIN}\\n{STAFF_PIN}\\n' | kiosk staff-pin 2>/dev/null >> {SETTINGS}"
        );
        said(running, &settings, COMMAND)?;
        trust(running, &server)?;
        said(running, "systemctl restart kiosk", COMMAND)?;
        first = Some(status(running)?);
        Ok(())
    })?;
    let first = first.context("no status")?;
    running.screen()?.save(play.out.join("ordered.png"))?;
    // Its first start had one of its own.
    let resets = running.resets + 1;
    running.wait_resets(resets, FETCH)?;
    running.wait_shell(BOOT)?;
    wait_healthy(&mut running)?;
    let now = status(&mut running)?;
    ensure!(now["running"] != first["running"] && now["last"]["what"] == "healthy", "after staff's update: {now}");
    Ok(Done::Held(format!("{} deeds, {took} s; {} -> {}", play.score.steps.len(), first["running"], now["running"])))
}

/// An installer goes through the dialogue of the first start; the machine takes what was entered, once, and closes its ways.
pub fn set_up(args: &Args) -> Result<Done> {
    let Some(mut play) = Play::new(args, "setup")? else { return Ok(nothing_to_play()) };
    let (mut running, took) = play.go(args, |_, running| {
        until(running, "nft list ruleset | grep -c 5353", "2")?;
        Ok(())
    })?;
    let provisioned = "/var/lib/madoguchi-settings/provisioned";
    until(&mut running, &format!("ls {provisioned}"), provisioned)?;
    until(&mut running, &format!("grep -c '^page-printer = \"ipp://192.0.2.9/ipp/print\"' {SETTINGS}"), "1")?;
    until(&mut running, &format!("grep -c '^appliance = true' {SETTINGS}"), "1")?;
    until(&mut running, "nft list ruleset | grep -c 5353", "0")?;
    until(&mut running, "systemctl is-active kiosk", "active")?;
    until(&mut running, "ls /run/kiosk/setup.toml 2>/dev/null", "")?;
    // What is ready is on the screen now, until somebody touches it or a while has gone.
    running.screen()?.save(play.out.join("ready.png"))?;
    wait_home_set_up(args, &mut running)?.save(play.out.join("home.png"))?;
    // A second proposal is refused, whoever writes it.
    let again = format!("cp {SETTINGS} /run/kiosk/setup.toml && echo > /run/kiosk/want-setup");
    said(&mut running, &again, COMMAND)?;
    until(&mut running, "grep -c '\"taken\":false' /run/madoguchi-setup/result.json", "1")?;
    let deeds = play.score.steps.len();
    Ok(Done::Held(format!("{deeds} deeds, {took} s; settings taken once, the way to printers closed behind them")))
}

fn nothing_to_play() -> Done {
    Done::Left("no score or no debug image was given".into())
}

/// The host's address, as the machine sees it.
fn seen(address: &str) -> String {
    address.replace("127.0.0.1", "10.0.2.2")
}

/// A disk with film, keys and configuration, made without mounting anything.
fn scene(
    machine: &mut Machine,
    score: &Path,
    out: &Path,
    printer: &IppPrinter,
    receipts: &ReceiptPrinter,
) -> Result<()> {
    let folder = out.join("scene");
    fs::create_dir_all(&folder)?;
    let film = score.join("camera.avi");
    for name in ["authorities.toml", "camera.avi"] {
        let from = score.join(name);
        if from.exists() {
            fs::copy(&from, folder.join(name)).with_context(|| from.display().to_string())?;
        }
    }
    let mut settings = format!(
        "name = \"hall-1\"\nsite = \"{PACK}\"\nstore = \"/var/lib/madoguchi/counts.sqlite\"\n\
         authorities = \"{SCENE}/authorities.toml\"\npage-printer = \"{}\"\nslip-printer = {{ tcp = \"{}\" }}\n\
         weights = \"/usr/share/madoguchi/models/weights\"\nfullscreen = true\n",
        seen(&printer.uri()),
        seen(&receipts.address())
    );
    if film.exists() {
        settings += &format!("camera = {{ file = \"{SCENE}/camera.avi\" }}\n");
    }
    fs::write(folder.join("kiosk.toml"), settings)?;
    fs::write(folder.join("policy.toml"), POLICY)?;
    let disk = out.join("scene.ext4");
    let mut make = Command::new("mke2fs");
    make.args(["-q", "-t", "ext4", "-L", "scene", "-d"]).arg(&folder).arg(&disk).arg("64M");
    let status = make.status().context("mke2fs")?;
    ensure!(status.success(), "mke2fs: {status}");
    machine.with_disk("scene", &disk);
    Ok(())
}

/// The citizen's card, in nobody's reader yet.
fn card(socket: &Path, emulator: &Path, score: &Path) -> Result<CardProcess> {
    let text = |name: &str| score.join(name).display().to_string();
    let mut arguments = vec!["--citizen".to_owned(), text("citizen.toml")];
    if score.join("photo.jp2").exists() {
        arguments.extend(["--photo".to_owned(), text("photo.jp2")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    CardProcess::in_machine(socket, emulator, &arguments).context("the card's emulator")
}

/// The kiosk trusts the test's authority, knows the test's printers, and has patience with an emulated machine.
fn configure(running: &mut Running) -> Result<()> {
    let share = "/usr/share/madoguchi";
    let site = format!("{share}/kiosk/sites/city-hall");
    for command in [
        format!("mkdir -p {SCENE} {PACK} && mount -o ro /dev/disk/by-id/virtio-scene {SCENE}"),
        format!(
            "sed 's|\"../../../|\"{share}/|' {site}/site.toml > {PACK}/site.toml && cat {SCENE}/policy.toml >> {PACK}/site.toml && \
             cp {site}/services.toml {PACK}/ && chmod -R a+rX {PACK}"
        ),
        format!("cat {SCENE}/kiosk.toml > {SETTINGS} && kiosk network {SETTINGS} && systemctl restart kiosk"),
    ] {
        said(running, &command, BOOT)?;
    }
    Ok(())
}

/// Longer than the corner must be held that leads to staff mode: an emulated machine's clock may be behind.
const HOLD: Duration = Duration::from_secs(9);

/// From one touch to the next.
const HAND: Duration = Duration::from_millis(700);

/// After so long without a change a person touches again,
const AGAIN: Duration = Duration::from_secs(20);

/// and so often.
const TOUCHES: usize = 3;

/// Does what was written down, each deed when the screen is the one before which it was done. Gives the table of times.
fn replay(running: &mut Running, card: &mut CardProcess, score: &Score, folder: &Path, out: &Path) -> Result<String> {
    let mut table = String::from("| | deed | s until the screen was there | differs |\n|---:|---|---:|---:|\n");
    let mut before: Option<RgbImage> = None;
    for (at, step) in score.steps.iter().enumerate() {
        let wanted = image::open(folder.join(&step.picture)).context("a picture of the score")?.to_rgb8();
        let name = format!("{:03}", at + 1);
        let began = Instant::now();
        let mut came = Err(anyhow::anyhow!("not looked yet"));
        for _ in 0..TOUCHES {
            let limit = if at == 0 { PATIENCE } else { AGAIN };
            came = running.wait_screen(limit, &step.what, |screen| is_there(screen, before.as_ref(), &wanted));
            // A touch of which nothing is seen is made again, as people do.
            let last = at.checked_sub(1).and_then(|last| score.steps[last].does.as_ref());
            match (&came, last, &before) {
                (Err(_), Some(Deed::Tap(place)), Some(before)) if turned(&running.screen()?, before, &wanted) < 0.1 => {
                    running.stroke(&[*place])?;
                }
                _ => break,
            }
        }
        if came.is_err() {
            came = running.wait_screen(PATIENCE, &step.what, |screen| is_there(screen, before.as_ref(), &wanted));
        }
        if came.is_err() {
            running.screen()?.save(out.join(format!("{name}-instead.png")))?;
            wanted.save(out.join(format!("{name}-expected.png")))?;
            fs::write(out.join("timing.md"), &table)?;
        }
        let screen = came.with_context(|| format!("deed {name}"))?;
        screen.save(out.join(format!("{name}.png")))?;
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "| {name} | {} | {:.1} | {:.2} % |",
            step.what,
            began.elapsed().as_secs_f32(),
            below(&screen, &wanted) * 100.0
        );
        // Two touches at once are one for the kiosk.
        std::thread::sleep(HAND);
        match &step.does {
            Some(Deed::Tap(place)) => running.stroke(&[*place])?,
            Some(Deed::Hold(place)) => running.hold(*place, HOLD)?,
            Some(Deed::Stroke(places)) => running.stroke(places)?,
            Some(Deed::Insert) => card.insert()?,
            Some(Deed::Remove) => card.remove()?,
            None => {}
        }
        before = Some(wanted);
    }
    Ok(table)
}

/// Whether a screen is the expected one: nearly the same, and most of what the deed before it changed has changed (not all: a page
/// that names devices names this machine's).
fn is_there(screen: &RgbImage, before: Option<&RgbImage>, wanted: &RgbImage) -> bool {
    below(screen, wanted) < 0.03 && before.is_none_or(|before| turned(screen, before, wanted) > 0.5)
}

/// What came out of the printers; gives the number of papers.
fn papers(printer: &IppPrinter, receipts: &ReceiptPrinter, out: &Path) -> Result<usize> {
    let papers = wait_for("papers in the tray", PATIENCE, || {
        let papers = printer.papers()?;
        Ok((!papers.is_empty()).then_some(papers))
    })?;
    for (at, paper) in papers.iter().enumerate() {
        let kept = out.join(format!("paper-{}.pdf", at + 1));
        fs::copy(paper, &kept)?;
        let output = Command::new("pdftotext").arg("-layout").arg(&kept).arg("-").output().context("pdftotext")?;
        ensure!(output.status.success(), "{}: {}", kept.display(), String::from_utf8_lossy(&output.stderr));
        let text: String = String::from_utf8(output.stdout)?.split_whitespace().collect();
        ensure!(text.contains(CITIZEN), "{} does not name the citizen", kept.display());
    }
    let slips = receipts.slips();
    ensure!(slips.len() == 1 && receipts.faults().is_empty(), "{} slips: {:?}", slips.len(), receipts.faults());
    let slip = &slips[0];
    let picture = image::GrayImage::from_raw(slip.width, slip.height, slip.luma.clone()).context("a slip")?;
    picture.save(out.join("slip.png"))?;
    Ok(papers.len())
}
