//! Whole visits. Each test is a process of its own (nextest), with its own daemons.

use anyhow::Context;
use domain::form::ValueId;
use kiosk::Patience;
use nix::sys::signal::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufReader;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use visit::view::Body;
use walks::{Camera, Hands, Resident, Site, SiteOptions, Walk, Way};

const NAME: &str = "渚　花子";
const ADDRESS: &str = "渚市海辺町一丁目２番３号　シーサイド渚１０１";

fn resident(services: &[&'static str], way: Way) -> Resident {
    Resident {
        services: services.to_vec(),
        way,
        answers: BTreeMap::from([
            ("name_kana", "ナギサ　ハナコ"),
            ("phone", "09000001234"),
            ("move_kind", "within"),
            ("move_date", "-4"),
            ("new_address", "なぎさ=渚/みなとまち=港町/3丁目5番2号"),
            ("who", "self"),
            ("kokuho_kind", "acquire"),
            ("kokuho_acquire", "left"),
            ("kokuho_date", "-23"),
            ("mynaho", "yes"),
            ("copies", "2"),
            ("seal_number", "123456"),
            ("seal_applicant", "self"),
            ("seal_purpose", "car"),
            ("tax_kind", "income"),
            ("tax_relation", "self"),
            ("tax_year", "8"),
            ("tax_purpose", "housing"),
        ]),
        rating: 5,
        card_in_hand: true,
        filled: false,
    }
}

const PIN: Way = Way::Pin("1234");
const CODE_B: Way = Way::Face { birth: "550229", expiry: "2035", code: "2285" };

/// Where a failing walk leaves its pictures: Cargo's folder for tests' files.
fn evidence(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    anyhow::ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// What `pdftotext` reads inside each field of a form, by the value that belongs there.
fn by_field(pdf: &Path, form: &str) -> anyhow::Result<BTreeMap<ValueId, String>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../forms/library")).join(form);
    let toml: toml::Table = toml::from_str(&fs::read_to_string(folder.join("form.toml"))?)?;
    let number = |value: &toml::Value| value.as_float().or(value.as_integer().map(|n| n as f64)).unwrap_or_default();
    let mut texts = BTreeMap::new();
    for field in toml["field"].as_array().context("fields")? {
        let (Some(value), Some(at)) = (field.get("value").and_then(|v| v.as_str()), field["box"].as_array()) else {
            continue;
        };
        let [x, y, w, h] = [0, 1, 2, 3].map(|part| number(&at[part]) * 72.0 / 25.4);
        let page = field.get("page").and_then(|page| page.as_integer()).unwrap_or(1).to_string();
        let crop = [("-x", x.floor()), ("-y", y.floor()), ("-W", w.ceil()), ("-H", h.ceil())];
        let mut command = Command::new("pdftotext");
        command.args(["-r", "72", "-f", &page, "-l", &page]);
        for (flag, points) in crop {
            command.arg(flag).arg(points.to_string());
        }
        let text: String = output(command.arg(pdf).arg("-"))?.split_whitespace().collect();
        texts.entry(ValueId(value.to_owned())).or_insert_with(String::new).push_str(&text);
    }
    Ok(texts)
}

/// The four facts stand in their fields; the file is sound and its fonts are embedded.
fn assert_paper(pdf: &Path, form: &str) -> anyhow::Result<()> {
    output(Command::new("qpdf").arg("--check").arg(pdf))?;
    for line in output(Command::new("pdffonts").arg(pdf))?.lines().skip(2) {
        let columns: Vec<&str> = line.split_whitespace().rev().collect();
        // From the right: object generation, object number, unicode map, subset, embedded.
        assert_eq!(columns[4], "yes", "a font is not embedded: {line}");
    }
    let fields = by_field(pdf, form)?;
    let field = |name: &str| fields.get(&ValueId(name.into())).map(String::as_str).unwrap_or_default();
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    assert!(field("name").contains(&squeezed(NAME)), "{form}: name: {fields:?}");
    assert!(field("address").contains(&squeezed(ADDRESS)), "{form}: address: {fields:?}");
    let birth = field("birth_date");
    for part in ["55", "2", "29"] {
        assert!(birth.contains(part), "{form}: birth date: {birth}");
    }
    assert!(fields.contains_key(&ValueId("sex".into())), "{form} has no field for sex");
    Ok(())
}

fn form_of(pdf: &Path) -> anyhow::Result<&'static str> {
    let text: String = output(Command::new("pdftotext").arg(pdf).arg("-"))?.split_whitespace().collect();
    let titles = [
        ("住民異動届", "juminido-todoke"),
        ("国民健康保険資格異動届", "kokuho-shikaku"),
        ("印鑑登録証明書", "inkan-certificate"),
        ("税証明", "tax-certificate"),
    ];
    titles.into_iter().find(|(title, _)| text.contains(title)).map(|(_, form)| form).context("an unknown paper")
}

#[test]
fn three_papers_from_one_reading_by_pin() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions { camera: Camera::None, ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["moving", "kokuho", "inkan"], PIN);
    walk.go(&mut hanako, Some(&evidence("by-pin")), |_| false)?;
    let papers = walk.site.printer.papers()?;
    let mut forms = BTreeSet::new();
    for paper in &papers {
        let form = form_of(paper)?;
        assert_paper(paper, form)?;
        forms.insert(form);
    }
    assert_eq!((papers.len(), forms.len()), (3, 3));
    let slips = walk.site.receipts.slips();
    assert_eq!((slips.len(), walk.site.receipts.faults()), (1, vec![]), "one slip says where to go");
    let ink = slips[0].luma.iter().filter(|dot| **dot == 0).count();
    assert!(ink > 1000 && slips[0].height > 300, "{ink} dots on {} rows", slips[0].height);

    let folder = walk.site.folder.path().to_owned();
    drop(walk.kiosk);
    // What was recorded walks again through the same states, and names nobody.
    let recording = walk.site.recording()?;
    let replayed = visit::record::replay(BufReader::new(fs::File::open(&recording)?))?;
    for state in ["choose", "pin", "reading", "confirm", "ask", "sign", "preview", "printing", "rate"] {
        assert!(replayed.states.iter().any(|name| name == state), "{state}: {:?}", replayed.states);
    }
    let beside = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    for path in beside.into_iter().chain([recording]) {
        if path.is_file() {
            let bytes = fs::read(&path)?;
            for secret in [NAME, "花子", ADDRESS, "海辺町", "1980-02-29", "09000001234", "ナギサ"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", path.display());
            }
        }
    }
    Ok(())
}

#[test]
fn three_papers_from_one_reading_by_face() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions::default())?;
    let mut walk = Walk::open(site)?;
    walk.go(&mut resident(&["moving", "kokuho", "inkan"], CODE_B), Some(&evidence("by-face")), |_| false)?;
    assert_eq!(walk.site.printer.papers()?.len(), 3);
    Ok(())
}

#[test]
fn somebody_elses_face_leads_to_the_other_ways_and_prints_nothing() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions { camera: Camera::SomebodyElse, ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["inkan"], CODE_B);
    walk.go(&mut hanako, Some(&evidence("other-face")), |view| matches!(view.body, Body::Face { .. }))?;
    for attempt in 0..5 {
        walk.until("a decision about the face", |walk| {
            Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_some()))
        })?;
        let again = walk.kiosk.view().and_then(|view| view.notice.as_ref()).and_then(|notice| {
            notice.other_ways.iter().find(|way| way.intent == visit::Intent::FaceAgain).map(|way| way.label.clone())
        });
        match again {
            Some(label) => {
                Hands::new(walk.kiosk.screen()).pass(Duration::from_millis(600));
                Hands::new(walk.kiosk.screen()).touch(&domain::ruby::plain(&label))?;
                walk.turn();
            }
            None => {
                assert_eq!(attempt, 4, "five tries, then only the other ways");
                let view = walk.kiosk.view().context("a view")?;
                let ways = &view.notice.as_ref().context("a notice")?.other_ways;
                assert!(
                    ways.iter().any(|way| matches!(way.intent, visit::Intent::Identify(visit::IdentifyBy::CardAndPin))),
                    "{ways:?}"
                );
                assert!(walk.site.printer.papers()?.is_empty());
                return Ok(());
            }
        }
    }
    anyhow::bail!("a sixth try was offered")
}

#[test]
fn a_card_torn_away_while_it_is_read_is_said_and_the_visit_goes_on() -> anyhow::Result<()> {
    let slow = ["--speed".to_owned(), "106".to_owned()];
    let site = Site::start(&SiteOptions { camera: Camera::None, card_arguments: slow.to_vec(), ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["inkan"], PIN);
    let pictures = evidence("torn");
    walk.go(
        &mut hanako,
        Some(&pictures),
        |view| matches!(view.body, Body::Card { reading: Some(part), .. } if part > 0.2),
    )?;
    walk.site.card.remove()?;
    hanako.card_in_hand = true;
    walk.until("the notice", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_some())))?;
    walk.picture(&pictures.join("torn.png"))?;
    let notice = walk.kiosk.view().and_then(|view| view.notice.clone()).context("a notice")?;
    assert!(!notice.cause.is_empty() && !notice.remedy.is_empty() && !notice.other_ways.is_empty());
    walk.site.card.insert()?;
    hanako.card_in_hand = false;
    let way = notice.other_ways.first().context("another way")?.label.clone();
    Hands::new(walk.kiosk.screen()).pass(Duration::from_millis(600));
    if walk.kiosk.view().is_some_and(|view| view.notice.is_some()) {
        Hands::new(walk.kiosk.screen()).touch(&domain::ruby::plain(&way))?;
    }
    walk.go(&mut hanako, Some(&pictures), |_| false)?;
    assert_eq!(walk.site.printer.papers()?.len(), 1);
    Ok(())
}

/// Takes the way that a notice offers.
fn again(walk: &mut Walk, intent: visit::Intent) -> anyhow::Result<()> {
    let notice = walk.kiosk.view().and_then(|view| view.notice.clone()).context("a notice")?;
    let way = notice.other_ways.iter().find(|way| way.intent == intent).with_context(|| format!("{notice:?}"))?;
    touch(walk, &way.label)?;
    walk.until("the notice to go", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_none())))
}

#[test]
fn a_visit_goes_on_when_the_processes_that_read_cards_and_compare_faces_are_killed() -> anyhow::Result<()> {
    let slow = ["--speed".to_owned(), "106".to_owned()];
    let site = Site::start(&SiteOptions { processes: true, card_arguments: slow.to_vec(), ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["inkan"], CODE_B);
    let pictures = evidence("killed");
    let kill = |walk: &mut Walk, port: &str| -> anyhow::Result<()> {
        let processes = walk.site.processes.as_ref().context("processes")?;
        processes.kill(port)?;
        walk.until("what became of it", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_some())))?;
        walk.picture(&pictures.join(format!("{port}.png")))?;
        walk.until("another process", |walk| {
            Ok(walk.site.processes.as_ref().is_some_and(|processes| processes.started(port) == 2))
        })
    };
    walk.go(
        &mut hanako,
        Some(&pictures),
        |view| matches!(view.body, Body::Card { reading: Some(part), .. } if part > 0.2),
    )?;
    kill(&mut walk, "cards")?;
    walk.until("the card that lies there", |walk| Ok(walk.kiosk.visit().devices().card.is_some()))?;
    again(&mut walk, visit::Intent::Next)?;
    walk.go(&mut hanako, Some(&pictures), |view| matches!(view.body, Body::Face { .. }))?;
    kill(&mut walk, "faces")?;
    again(&mut walk, visit::Intent::FaceAgain)?;
    walk.go(&mut hanako, Some(&pictures), |_| false)?;
    assert_eq!(walk.site.printer.papers()?.len(), 1);
    Ok(())
}

/// Less than an appliance waits, and enough for a machine that does other things, too.
const HANGS: Patience = Patience { starting: Duration::from_secs(60), silent: Duration::from_secs(10) };

#[test]
fn a_visit_goes_on_when_the_processes_that_read_cards_and_compare_faces_hang() -> anyhow::Result<()> {
    let slow = ["--speed".to_owned(), "106".to_owned()];
    let options = SiteOptions { processes: true, patience: HANGS, card_arguments: slow.to_vec(), ..Default::default() };
    let mut walk = Walk::open(Site::start(&options)?)?;
    let mut hanako = resident(&["inkan"], CODE_B);
    let pictures = evidence("hung");
    let told = |walk: &mut Walk, port: &str| -> anyhow::Result<()> {
        walk.until("what became of it", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_some())))?;
        walk.picture(&pictures.join(format!("{port}.png")))?;
        walk.until("another process", |walk| {
            Ok(walk.site.processes.as_ref().is_some_and(|processes| processes.started(port) > 1))
        })
    };
    walk.go(
        &mut hanako,
        Some(&pictures),
        |view| matches!(view.body, Body::Card { reading: Some(part), .. } if part > 0.2),
    )?;
    // The process itself goes on, its worker waits for pcscd in the middle of a reading.
    walk.site.pcscd.stall()?;
    told(&mut walk, "cards")?;
    walk.until("the end of the one that hung", |walk| {
        let ended = walk.site.processes.as_ref().context("processes")?.ended("cards")?;
        Ok(ended.iter().any(|status| status.signal() == Some(Signal::SIGABRT as i32)))
    })?;
    walk.site.pcscd.resume()?;
    walk.until("the card that lies there", |walk| Ok(walk.kiosk.visit().devices().card.is_some()))?;
    again(&mut walk, visit::Intent::Next)?;
    walk.go(&mut hanako, Some(&pictures), |view| matches!(view.body, Body::Face { .. }))?;
    walk.site.processes.as_ref().context("processes")?.stall("faces")?;
    told(&mut walk, "faces")?;
    again(&mut walk, visit::Intent::FaceAgain)?;
    walk.go(&mut hanako, Some(&pictures), |_| false)?;
    assert_eq!(walk.site.printer.papers()?.len(), 1);
    Ok(())
}

#[test]
fn paper_that_runs_out_is_told_and_the_paper_comes_once_when_it_is_refilled() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions { camera: Camera::None, ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["inkan", "tax-certificate"], PIN);
    let pictures = evidence("paper-out");
    walk.go(&mut hanako, Some(&pictures), |view| matches!(view.body, Body::Preview { ready: true, .. }))?;
    walk.site.printer.trouble(Some("media-empty-error"))?;
    touch_next(&mut walk, "print")?;
    walk.until("the printer's trouble on the screen", |walk| {
        Ok(walk.kiosk.view().is_some_and(|view| {
            view.notice.as_ref().is_some_and(|notice| notice.icon == "paper" || notice.icon == "printer")
        }))
    })?;
    walk.picture(&pictures.join("paper-out.png"))?;
    assert!(walk.site.printer.papers()?.is_empty());
    walk.site.printer.trouble(None)?;
    walk.until("the notice to go", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_none())))?;
    walk.go(&mut hanako, Some(&pictures), |_| false)?;
    assert_eq!(walk.site.printer.papers()?.len(), 2);
    Ok(())
}

#[test]
fn one_who_walks_away_while_the_printer_is_stuck_leaves_no_paper() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions {
        camera: Camera::None,
        policy: "idle_ms = 10000\nidle_long_ms = 10000\nidle_warning_ms = 20000\ncollect_ms = 10000",
        ..Default::default()
    })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["inkan"], PIN);
    let pictures = evidence("left");
    walk.go(&mut hanako, Some(&pictures), |view| matches!(view.body, Body::Preview { ready: true, .. }))?;
    walk.site.printer.trouble(Some("media-jam-error"))?;
    touch_next(&mut walk, "print")?;
    walk.until("the notice", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.notice.is_some())))?;
    // Nobody touches anything any more: warned, then forgotten. The card still lies there.
    walk.until("the warning", |walk| Ok(walk.kiosk.view().is_some_and(|view| view.idle.is_some())))?;
    walk.until("the end", |walk| Ok(walk.state() == "leftover"))?;
    walk.picture(&pictures.join("leftover.png"))?;
    assert!(walk.kiosk.visit().session().facts.is_empty());
    let told = |walk: &mut Walk| match walk.kiosk.visit().state() {
        visit::State::Leftover(left) => Ok(left.told),
        other => anyhow::bail!("at {}", other.name()),
    };
    walk.until("staff being called", told)?;
    walk.site.card.remove()?;
    walk.until("the card to be gone", |walk| {
        Ok(matches!(walk.kiosk.visit().state(), visit::State::Leftover(left) if !left.card))
    })?;
    touch_next(&mut walk, "taken")?;
    walk.until("home", |walk| Ok(walk.kiosk.visit().state().is_home()))?;
    walk.site.printer.trouble(None)?;
    // The next visitor's paper comes, and it is the only one.
    walk.go(&mut resident(&["tax-certificate"], PIN), Some(&evidence("left-next")), |_| false)?;
    let papers = walk.site.printer.papers()?;
    assert_eq!(papers.len(), 1);
    assert_eq!(form_of(&papers[0])?, "tax-certificate");
    Ok(())
}

#[test]
fn a_card_that_is_forgotten_keeps_the_kiosk_until_it_is_taken() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions { camera: Camera::None, ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let mut hanako = resident(&["inkan"], PIN);
    walk.go(&mut hanako, Some(&evidence("forgotten")), |view| matches!(view.body, Body::Confirm { .. }))?;
    let quit = walk.kiosk.view().and_then(|view| view.quit.clone()).context("a way to end")?;
    touch(&mut walk, &quit.label)?;
    walk.until("the screen that asks for it", |walk| Ok(walk.state() == "leftover"))?;
    walk.site.card.remove()?;
    walk.until("home", |walk| Ok(walk.kiosk.visit().state().is_home()))
}

/// Touches the main button.
fn touch_next(walk: &mut Walk, what: &str) -> anyhow::Result<()> {
    let next = walk.kiosk.view().and_then(|view| view.next.clone()).with_context(|| what.to_owned())?;
    touch(walk, &next.label)
}

fn touch(walk: &mut Walk, label: &str) -> anyhow::Result<()> {
    Hands::new(walk.kiosk.screen()).pass(Duration::from_millis(600));
    Hands::new(walk.kiosk.screen()).touch(&domain::ruby::plain(label))
}
