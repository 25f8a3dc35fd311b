//! What `cargo xtask demo` runs: the city hall's kiosk with a virtual card, camera and printer, or a roadside station's with
//! a microphone and a speaker.

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use domain::Language;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use walks::{Report, Resident, Roadside, Site, SiteOptions, Visitor, Walk};

/// Where the kiosk stands.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// A city hall: forms without writing.
    CityHall,
    /// A roadside station: questions by voice.
    Roadside,
}

/// Shows a resident's visit to the kiosk of an invented city hall, or visitors who ask at a roadside station.
#[derive(Parser)]
struct Args {
    /// Where the kiosk stands.
    #[arg(long, value_enum, default_value = "city-hall")]
    site: Place,
    /// Walk by itself: no window.
    #[arg(long)]
    walk: bool,
    /// Where papers, pictures and the timing table go.
    #[arg(long, default_value = "target/demo")]
    out: PathBuf,
    /// At the roadside station: ask twenty questions, to measure how long visitors wait.
    #[arg(long)]
    many: bool,
    /// A screen that is wider than high.
    #[arg(long)]
    landscape: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // RUST_LOG=voice=debug,walks=debug tells what an answer waits for.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let screen = if args.landscape { (1920, 1080) } else { (1080, 1920) };
    match args.site {
        Place::CityHall => {
            let site = Site::start(&SiteOptions { screen, ..Default::default() })?;
            if args.walk { walk(site, &args.out) } else { window(site) }
        }
        Place::Roadside if args.walk => ask(screen, &args.out, args.many),
        Place::Roadside => {
            // With this machine's own microphone and speaker.
            let me = std::env::current_exe()?;
            let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
            let folder = tempfile::tempdir()?;
            let (config, site) = (folder.path().join("kiosk.toml"), root.join("kiosk/sites/roadside"));
            let (width, height) = screen;
            let text = format!("name = \"demo\"\nsite = {site:?}\nstore = \"counts\"\nscreen = [{width}, {height}]\n");
            fs::write(&config, text)?;
            let status = Command::new(me.with_file_name("kiosk")).arg("run").arg(&config).status()?;
            anyhow::ensure!(status.success(), "the kiosk ended with {status}");
            Ok(())
        }
    }
}

/// Three visitors ask in three languages.
const QUESTIONS: [(Language, &str, &str); 3] = [
    (Language::Ja, "jm_kumo", "お風呂は今日は何時まで入れますか"),
    (Language::En, "af_heart", "Where is the toilet, please?"),
    (Language::ZhHans, "zm_yunjian", "有什么特产可以买"),
];

/// More of them.
const MORE: [(Language, &str, &str); 17] = [
    (Language::Ja, "jf_alpha", "トイレはどこにありますか"),
    (Language::Ja, "jm_kumo", "お風呂の料金はいくらですか"),
    (Language::Ja, "jf_tebukuro", "近くに駅はありますか"),
    (Language::Ja, "jf_alpha", "泊まることはできますか"),
    (Language::Ja, "jm_kumo", "AEDはどこですか"),
    (Language::En, "am_michael", "How much is the bath?"),
    (Language::En, "bf_emma", "Can I charge my electric car here?"),
    (Language::En, "af_heart", "What can I eat here?"),
    (Language::En, "am_michael", "Is there a bus to the station?"),
    (Language::En, "bf_emma", "Can I stay here tonight?"),
    (Language::ZhHans, "zf_xiaobei", "浴室今天几点关门"),
    (Language::ZhHans, "zm_yunxi", "停车要钱吗"),
    (Language::ZhHans, "zm_yunjian", "这里可以住宿吗"),
    (Language::ZhHans, "zf_xiaobei", "可以用信用卡吗"),
    (Language::Ko, "jf_alpha", "화장실은 어디에 있어요"),
    (Language::Ko, "af_heart", "목욕탕은 몇 시까지 해요"),
    (Language::Ko, "jf_alpha", "주차는 무료예요"),
];

fn ask(screen: (u32, u32), out: &Path, many: bool) -> anyhow::Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| out.display().to_string())?;
    }
    let mut walk = Walk::open(Roadside::start(screen)?)?;
    let mut visitor = Visitor::arrive()?;
    let mut table = String::from(
        "| asked | understood | answered | seconds to the first sound | sounds of the answer that a recogniser got wrong |\n|---|---|---|---:|---:|\n",
    );
    let more = if many { &MORE[..] } else { &[] };
    let (mut waited, mut wrong) = (Vec::new(), BTreeMap::<Language, Vec<f32>>::new());
    for (at, (language, voice, question)) in QUESTIONS.iter().chain(more).enumerate() {
        let keep = out.join(format!("{:02}-{}", at + 1, language.tag()));
        let asked = visitor.ask(&mut walk, *language, voice, question, &keep)?;
        waited.push(asked.waited);
        wrong.entry(*language).or_default().push(asked.wrong);
        let id = match asked.id {
            Some(id) => id,
            // Among many, some are asked back.
            None if many => "-".to_owned(),
            None => bail!("\"{question}\" was understood as \"{}\"", asked.heard),
        };
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "| {question} | {} | {id}: {} | {:.2} | {:.0} % |",
            asked.heard,
            asked.answer,
            asked.waited.as_secs_f32(),
            asked.wrong
        );
    }
    waited.sort();
    let at = |part: f32| waited[((waited.len() as f32 * part) as usize).min(waited.len() - 1)].as_secs_f32();
    let _ = writeln!(
        table,
        "\nFrom the end of a question to the first sound: median {:.2} s, p95 {:.2} s.",
        at(0.5),
        at(0.95)
    );
    for (language, wrong) in &wrong {
        let mean = wrong.iter().sum::<f32>() / wrong.len() as f32;
        let _ = writeln!(table, "Sounds of answers in {} that a recogniser got wrong: {mean:.1} %.", language.tag());
    }
    fs::write(out.join("talks.md"), &table)?;
    print!("{table}");
    println!("\nQuestions, answers, pictures and this table are in {}", out.display());
    Ok(())
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
    let report = walk.go(&mut Resident::hanako(), Some(&screens), |_| false)?;
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
