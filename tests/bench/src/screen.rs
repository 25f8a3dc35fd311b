//! From process start to the home screen, and memory, beside the same page in Chromium's kiosk mode: both on an Xvfb of
//! their own, judged from outside by its frame buffer.

use crate::{median, root};
use anyhow::{Context, ensure};
use domain::{Language, ruby};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use visit::view::Body;
use visit::{Phrasebook, Visit};

const ROUNDS: usize = 5;
/// A picture that stands still this long is the first whole one.
const STILL: Duration = Duration::from_millis(1500);

pub fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let page = folder.path().join("home.html");
    fs::write(&page, home_page()?)?;
    let config = folder.path().join("kiosk.toml");
    let site = root().join("kiosk/sites/city-hall");
    // A kiosk that can neither read nor print shows another page.
    let printer = stage::IppPrinter::start()?;
    fs::write(
        &config,
        format!(
            "name = \"bench\"\nsite = {site:?}\npage-printer = \"{}\"\nstore = \"counts.sqlite\"\nfullscreen = true\n",
            printer.uri()
        ),
    )?;
    let kiosk = std::env::current_exe()?.with_file_name("kiosk");
    ensure!(kiosk.exists(), "{} is not built", kiosk.display());
    println!(
        "\n## Start to home screen, and memory (PSS of all processes)\n\n| program | ms to the whole picture | MB |\n|---|---:|---:|"
    );
    let mut results = Vec::new();
    for (name, command) in [
        ("kiosk", vec![kiosk.display().to_string(), "run".into(), config.display().to_string()]),
        ("Chromium --kiosk", chromium(&page, folder.path())),
    ] {
        let (mut starts, mut memories) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let (start, memory) = measure(&command, folder.path(), round).with_context(|| name.to_owned())?;
            starts.push(start);
            memories.push(memory);
        }
        memories.sort_by(f64::total_cmp);
        let (start, memory) = (median(starts), memories[memories.len() / 2]);
        println!("| {name} | {start:.0} | {memory:.0} |");
        results.push((start, memory));
    }
    if let [(ours, our_memory), (theirs, their_memory)] = results[..] {
        println!("| ratio | {:.1}× | {:.1}× |", theirs / ours, their_memory / our_memory);
    }
    Ok(())
}

fn chromium(page: &Path, home: &Path) -> Vec<String> {
    let profile = format!("--user-data-dir={}", home.join("chromium").display());
    let address = format!("file://{}", page.display());
    let flags = [
        "--kiosk",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--window-size=1080,1920",
        "--window-position=0,0",
        "--hide-scrollbars",
    ];
    let mut command = vec!["chromium".to_owned(), profile];
    command.extend(flags.map(str::to_owned));
    command.push(address);
    command
}

/// A process group that ends with this handle.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: the group is that of our own child, which has not been waited for yet.
        unsafe { libc::kill(-(self.0.id() as libc::pid_t), libc::SIGKILL) };
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> anyhow::Result<Running> {
    std::os::unix::process::CommandExt::process_group(command, 0);
    Ok(Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
}

/// Time to the first picture that stands still, and memory then.
fn measure(command: &[String], folder: &Path, round: usize) -> anyhow::Result<(Duration, f64)> {
    let display = format!(":{}", 90 + std::process::id() % 500 + round as u32);
    let buffer = folder.join(format!("frame-buffer-{round}"));
    fs::create_dir_all(&buffer)?;
    let _server = start(
        Command::new("Xvfb")
            .arg(&display)
            .args(["-screen", "0", "1080x1920x24", "-nolisten", "tcp", "-fbdir"])
            .arg(&buffer),
    )?;
    let frame = buffer.join("Xvfb_screen0");
    let empty = stand_still(&frame, None, Duration::from_millis(600))?.0;
    let began = Instant::now();
    let program = start(Command::new(&command[0]).args(&command[1..]).env("DISPLAY", &display).env("HOME", folder))?;
    let (_, when) = stand_still(&frame, Some(&empty), STILL)?;
    Ok((when.duration_since(began), memory(program.0.id())?))
}

/// The picture that, other than `before`, stays as it is for so long; and when it came.
fn stand_still(frame: &PathBuf, before: Option<&[u8]>, long: Duration) -> anyhow::Result<(Vec<u8>, Instant)> {
    let began = Instant::now();
    let (mut picture, mut since) = (Vec::new(), Instant::now());
    loop {
        let now = fs::read(frame).unwrap_or_default();
        if now != picture {
            (picture, since) = (now, Instant::now());
        }
        let whole = picture.len() > 1_000_000 && before.is_none_or(|before| before != picture);
        if whole && since.elapsed() > long {
            return Ok((picture, since));
        }
        ensure!(began.elapsed() < Duration::from_secs(60), "no picture came");
        // The pace of looking: a fifth of a frame.
        std::thread::park_timeout(Duration::from_millis(3));
    }
}

/// Proportional set size of a process and everything under it, in MB.
fn memory(process: u32) -> anyhow::Result<f64> {
    let mut all = vec![process];
    let mut at = 0;
    while let Some(parent) = all.get(at).copied() {
        for task in fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        at += 1;
    }
    let pss = |process: &u32| {
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<f64>().ok())
    };
    Ok(all.iter().filter_map(pss).sum::<f64>() / 1024.0)
}

/// The home screen as a page: the same words in the same order and sizes.
fn home_page() -> anyhow::Result<String> {
    let pack = packs::Pack::load(&root().join("kiosk/sites/city-hall"))?;
    let view = Visit::new(Arc::new(pack.catalogue), pack.policy).view(&Phrasebook::shipped()?);
    let Body::Home { site, begin: Some(begin), tiles, promises, .. } = &view.body else {
        anyhow::bail!("not the home screen")
    };
    let mut html = String::from(
        "<!doctype html><meta charset=utf-8><style>body{font:36px 'Noto Sans CJK JP';margin:56px;color:#1a1a1c}h1{font-size:64px}\
         button{font:bold 64px 'Noto Sans CJK JP';width:100%;height:320px;background:#0a3d91;color:#fff;border:0;border-radius:24px}\
         .t{display:inline-block;width:44%;height:180px;margin:12px;padding:16px;border:3px solid #0a3d91;border-radius:16px}</style>",
    );
    // Writing into a String cannot fail.
    let _ = write!(
        html,
        "<p>{}</p><h1>{}</h1><p>{}</p><button>{}</button>",
        ruby::plain(site),
        ruby::plain(&view.title),
        ruby::plain(&view.lead),
        ruby::plain(&begin.label)
    );
    for tile in tiles {
        let _ = write!(html, "<div class=t><b>{}</b><br>{}</div>", ruby::plain(&tile.title), ruby::plain(&tile.detail));
    }
    for promise in promises {
        let _ = write!(html, "<p>{}</p>", ruby::plain(promise));
    }
    for language in Language::ALL {
        let _ = write!(html, "<span>{} </span>", language.tag());
    }
    Ok(html)
}
