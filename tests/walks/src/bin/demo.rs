//! What `cargo xtask demo` runs: the city hall's kiosk with a virtual card, camera and printer.

use anyhow::{Context, bail};
use clap::Parser;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use walks::{Report, Resident, Site, SiteOptions, Walk, Way};

/// Shows a resident's visit to the kiosk of an invented city hall.
#[derive(Parser)]
struct Args {
    /// Walk by itself: no window.
    #[arg(long)]
    walk: bool,
    /// Where papers, pictures and the timing table go.
    #[arg(long, default_value = "target/demo")]
    out: PathBuf,
    /// A screen that is wider than high.
    #[arg(long)]
    landscape: bool,
}

/// 渚 花子 has moved within the city: three papers from one reading of her card.
fn hanako() -> Resident {
    Resident {
        services: vec!["moving", "kokuho", "inkan"],
        way: Way::Face { birth: "550229", expiry: "2035", code: "2285" },
        answers: BTreeMap::from([
            ("move_kind", "within"),
            ("move_date", "-4"),
            ("new_address", "なぎさ=渚/し=市/みなとまち=港町/3丁目5番2号"),
            ("name_kana", "ナギサ　ハナコ"),
            ("phone", "09000001234"),
            ("who", "self"),
            ("head_of_household", "なぎさ=渚/いちろう=一郎"),
            ("kokuho_kind", "acquire"),
            ("kokuho_acquire", "left"),
            ("kokuho_date", "-23"),
            ("mynaho", "yes"),
            ("seal_number", "123456"),
            ("copies", "2"),
            ("seal_applicant", "self"),
            ("seal_purpose", "car"),
        ]),
        rating: 5,
        card_in_hand: true,
        filled: false,
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let screen = if args.landscape { (1920, 1080) } else { (1080, 1920) };
    let site = Site::start(&SiteOptions { screen, ..Default::default() })?;
    if args.walk { walk(site, &args.out) } else { window(site) }
}

fn walk(site: Site, out: &Path) -> anyhow::Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| out.display().to_string())?;
    }
    let (screens, papers) = (out.join("screens"), out.join("papers"));
    for folder in [&screens, &papers] {
        fs::create_dir_all(folder)?;
    }
    let mut walk = Walk::open(site)?;
    let report = walk.go(&mut hanako(), Some(&screens), |_| false)?;
    let printed = walk.site.printer.papers()?;
    if printed.is_empty() {
        bail!("nothing lies in the printer's tray");
    }
    for (at, paper) in printed.iter().enumerate() {
        fs::copy(paper, papers.join(format!("{:02}.pdf", at + 1)))?;
    }
    for (at, slip) in walk.site.receipts.slips().iter().enumerate() {
        let picture = image::GrayImage::from_raw(slip.width, slip.height, slip.luma.clone());
        let picture = picture.context("a slip of another size")?;
        picture.save(papers.join(format!("slip-{:02}.png", at + 1)))?;
    }
    let table = table(&report, printed.len());
    fs::write(out.join("timing.md"), &table)?;
    print!("{table}");
    println!("\nPapers, screens and this table are in {}", out.display());
    Ok(())
}

fn table(report: &Report, papers: usize) -> String {
    let mut text = String::from("| step | seconds | screen |\n|---|---:|---|\n");
    for step in &report.steps {
        let picture = step.picture.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
        // Writing into a String cannot fail.
        let _ = writeln!(text, "| {} | {:.2} | {} |", step.state, step.took.as_secs_f64(), picture.unwrap_or_default());
    }
    let all: Duration = report.steps.iter().map(|step| step.took).sum();
    let _ = writeln!(text, "| **in all, {papers} papers** | **{:.2}** | |", all.as_secs_f64());
    text
}

/// Opens the kiosk in a window; Enter in the terminal lays the card down and takes it away.
fn window(mut site: Site) -> anyhow::Result<()> {
    let me = std::env::current_exe()?;
    let mut kiosk = Command::new(me.with_file_name("kiosk"))
        .arg("run")
        .arg(&site.config)
        .spawn()
        .context("the kiosk cannot be started")?;
    println!("窓口端末をウィンドウで開きました。カードの暗証番号は 1234 です。");
    println!("The kiosk is open. The card's PIN is 1234; verification number B is 550229 / 2035 / 2285.");
    println!(
        "Enter で、カードを置く・取る。 Press Enter to lay the card down or to take it away; close the window to end."
    );
    let (lines, entered) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || lines.send(()).is_err() {
                return;
            }
        }
    });
    let mut lies_there = false;
    while kiosk.try_wait()?.is_none() {
        if entered.recv_timeout(Duration::from_millis(200)).is_ok() {
            if lies_there {
                site.card.remove()?
            } else {
                site.card.insert()?
            }
            lies_there = !lies_there;
            println!(
                "{}",
                if lies_there {
                    "カードを置きました。 The card lies there."
                } else {
                    "カードを取りました。 The card is taken."
                }
            );
        }
    }
    for paper in site.printer.papers()? {
        println!("印刷された書類 printed: {}", paper.display());
    }
    Ok(())
}
