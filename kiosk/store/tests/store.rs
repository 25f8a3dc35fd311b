//! What was counted is there after any crash, once; a broken file stops nobody.

use domain::Date;
use domain::kpi::{Kpi, KpiName};
use proptest::prelude::*;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use store::Store;

const DAY: Date = Date::constant(2026, 11, 24);

fn kpi(name: KpiName, label: &str, value: u64) -> Kpi {
    Kpi { name, label: label.to_owned(), value }
}

/// Not a test by itself: the child of the next one counts until it is killed, and says what it has counted.
#[test]
fn counts_until_it_is_killed() {
    let Ok(path) = std::env::var("STORE_CHILD") else { return };
    let store = Store::open(Path::new(&path)).unwrap();
    for value in 0.. {
        let id = store.record(&kpi(KpiName::StepTime, "pin", value), DAY, 9).unwrap();
        println!("counted {id}");
    }
}

#[test]
fn what_was_counted_survives_being_killed_at_any_instant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.sqlite");
    let mut told: i64 = 0;
    for round in 1..=12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "counts_until_it_is_killed", "--nocapture"])
            .env("STORE_CHILD", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for (seen, line) in lines.map_while(Result::ok).filter(|line| line.contains("counted")).enumerate() {
            let id: i64 = line.split_whitespace().last().unwrap().parse().unwrap();
            assert!(id > told, "an id was given twice");
            told = id;
            if seen == round * 7 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let store = Store::open(&path).unwrap();
        let pending = store.pending(usize::MAX).unwrap();
        assert!(pending.iter().any(|counted| counted.id == told), "what was told to be counted is lost");
        assert!(pending.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
    assert!(!folder.path().join("counts.sqlite.broken-1").exists(), "a crash broke the database");
}

#[test]
fn the_outbox_gives_everything_in_order_until_it_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.sqlite");
    let store = Store::open(&path).unwrap();
    let ids: Vec<i64> = (0..10).map(|n| store.record(&kpi(KpiName::Rated, "", n % 5 + 1), DAY, 10).unwrap()).collect();
    let first = store.pending(4).unwrap();
    assert_eq!(first.iter().map(|counted| counted.id).collect::<Vec<_>>(), ids[..4]);
    drop(store);
    // Not acknowledged: given again, also after a restart.
    let store = Store::open(&path).unwrap();
    assert_eq!(store.pending(4).unwrap(), first);
    store.acknowledge(ids[3]).unwrap();
    store.acknowledge(ids[1]).unwrap();
    assert_eq!(store.pending(100).unwrap().first().map(|counted| counted.id), Some(ids[4]));
    assert_eq!(store.prune(Date::constant(2026, 12, 1)).unwrap(), 4, "only what was sent is deleted");
    store.acknowledge(i64::MAX).unwrap();
    let next = store.record(&kpi(KpiName::Rated, "", 3), DAY, 11).unwrap();
    assert_eq!(store.pending(100).unwrap().iter().map(|counted| counted.id).collect::<Vec<_>>(), [next]);
    store.acknowledge(next).unwrap();
    assert_eq!(store.prune(Date::constant(2026, 12, 1)).unwrap(), 7);
    assert!(store.record(&kpi(KpiName::Rated, "", 3), DAY, 11).unwrap() > next, "an id comes back after pruning");
}

#[test]
fn a_label_that_a_person_could_have_typed_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("counts.sqlite")).unwrap();
    for label in ["渚花子", "a b", &"x".repeat(65), "1;DROP TABLE event"] {
        store.record(&kpi(KpiName::FormPrinted, label, 1), DAY, 9).unwrap();
    }
    assert!(store.pending(10).unwrap().iter().all(|counted| counted.kpi.label == "other"));
}

#[test]
fn the_summary_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("counts.sqlite")).unwrap();
    let counts = [
        kpi(KpiName::VisitStarted, "ja", 1),
        kpi(KpiName::VisitStarted, "ko", 1),
        kpi(KpiName::VisitCompleted, "", 60_000),
        kpi(KpiName::VisitAbandoned, "", 5_000),
        kpi(KpiName::StepTime, "pin", 4_000),
        kpi(KpiName::StepTime, "pin", 8_000),
        kpi(KpiName::StepTime, "sign", 100),
        kpi(KpiName::StepTime, "sign", 900),
        kpi(KpiName::StepTime, "sign", 300),
        kpi(KpiName::CardRefused, "last-try", 1),
        kpi(KpiName::FormPrinted, "inkan-certificate", 1),
        kpi(KpiName::Rated, "", 5),
        kpi(KpiName::Rated, "", 9),
    ];
    for count in &counts {
        store.record(count, DAY, 9).unwrap();
    }
    store.record(&kpi(KpiName::VisitStarted, "ja", 1), Date::constant(2026, 11, 25), 0).unwrap();
    let summary = store.summary(DAY, DAY).unwrap();
    assert_eq!((summary.visits, summary.completed, summary.abandoned), (2, 1, 1));
    assert_eq!((summary.steps["pin"].median_ms, summary.steps["sign"].median_ms), (6_000, 300));
    assert_eq!(summary.steps["sign"].total_ms, 1_300);
    assert_eq!(summary.ratings, [0, 0, 0, 0, 1]);
    assert_eq!(summary.cards_refused["last-try"], 1);
    assert_eq!(store.summary(DAY, Date::constant(2026, 11, 25)).unwrap().visits, 3);
    assert_eq!(store.days().unwrap(), Some((DAY, Date::constant(2026, 11, 25))));
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_that_says_so() {
    let error = Store::open(Path::new("/proc/no-such-folder/counts.sqlite")).err().unwrap();
    assert!(error.to_string().contains("database"), "{error}");
}

#[test]
fn names_of_another_version_do_not_hold_up_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.sqlite");
    let store = Store::open(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    for _ in 0..5 {
        other.execute("INSERT INTO event VALUES (NULL, '2026-11-24', 9, 'of_the_future', '', 1)", []).unwrap();
        other.execute("INSERT INTO event VALUES (NULL, 'never', 9, 'rated', '', 1)", []).unwrap();
    }
    let ids: Vec<i64> = (0..3).map(|_| store.record(&kpi(KpiName::Rated, "", 5), DAY, 9).unwrap()).collect();
    let given = |limit| store.pending(limit).unwrap().iter().map(|counted| counted.id).collect::<Vec<_>>();
    assert_eq!((given(2), given(100)), (ids[..2].to_vec(), ids));
}

/// A database that its program has had no time to close: the last counts are in its journal alone. Its first page is
/// then broken, as by a bad sector.
fn broken_with_its_journal(path: &Path) -> Vec<u8> {
    let live = path.with_extension("live");
    let store = Store::open(&live).unwrap();
    for value in 0..10 {
        store.record(&kpi(KpiName::StepTime, "pin", value), DAY, 9).unwrap();
    }
    let journal = std::fs::read(live.with_extension("live-wal")).unwrap();
    assert!(!journal.is_empty());
    std::fs::write(path, vec![0x5a; 8192]).unwrap();
    // Of another database, so that it does not heal the page.
    let mut other = journal.clone();
    other[16..24].fill(0);
    std::fs::write(path.with_extension("sqlite-wal"), &other).unwrap();
    other
}

#[test]
fn a_broken_database_is_set_aside_with_its_journal_and_the_new_one_counts_in_another_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.sqlite");
    let store = Store::open(&path).unwrap();
    store.record(&kpi(KpiName::Rated, "", 5), DAY, 9).unwrap();
    let before = store.pending(1).unwrap();
    drop(store);
    assert_eq!(Store::open(&path).unwrap().pending(1).unwrap(), before, "the epoch is the database's, not the run's");
    let journal = broken_with_its_journal(&path);
    let store = Store::open(&path).unwrap();
    store.record(&kpi(KpiName::Rated, "", 5), DAY, 9).unwrap();
    let after = store.pending(1).unwrap();
    assert_eq!(before[0].id, after[0].id);
    assert_ne!(before[0].epoch, after[0].epoch);
    assert_eq!(std::fs::read(folder.path().join("counts.sqlite.broken-1")).unwrap(), vec![0x5a; 8192]);
    assert!(std::fs::read(folder.path().join("counts.sqlite.broken-1-wal")).unwrap() == journal);
}

#[test]
fn a_database_of_the_first_format_is_carried_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.sqlite");
    let store = Store::open(&path).unwrap();
    let id = store.record(&kpi(KpiName::Rated, "", 5), DAY, 9).unwrap();
    drop(store);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "DROP TABLE staff; DROP TABLE audit; ALTER TABLE outbox DROP COLUMN epoch; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    // It can be read as it is.
    assert_eq!(Store::open_to_read(&path).unwrap().summary(DAY, DAY).unwrap().ratings, [0, 0, 0, 0, 1]);
    let pending = Store::open(&path).unwrap().pending(10).unwrap();
    assert_eq!(pending.iter().map(|counted| counted.id).collect::<Vec<_>>(), [id]);
    assert_eq!(pending[0].epoch.len(), 16);
}

#[derive(clap::Parser)]
struct Kpis {
    #[command(flatten)]
    args: store::tool::KpiArgs,
}

/// `kiosk kpi --store PATH`.
fn tool(path: &Path) -> i32 {
    let args = [Path::new("kpi"), Path::new("--store"), path];
    store::tool::run(&<Kpis as clap::Parser>::try_parse_from(args).unwrap().args)
}

#[test]
fn the_tool_reads_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let store = Store::open(&path("counts 1%.sqlite")).unwrap();
    store.record(&kpi(KpiName::Rated, "", 5), DAY, 9).unwrap();
    assert_eq!(tool(&path("counts 1%.sqlite")), 0, "while a kiosk counts in it");
    drop(store);
    std::fs::write(
        path("letter.txt"),
        "not a database at all, but somebody's letter; long enough to have a header. ".repeat(20),
    )
    .unwrap();
    let other = rusqlite::Connection::open(path("addresses.db")).unwrap();
    other.execute_batch("CREATE TABLE address (name TEXT)").unwrap();
    drop(other);
    let newer = Store::open(&path("newer.sqlite")).unwrap();
    drop(newer);
    rusqlite::Connection::open(path("newer.sqlite")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    std::fs::write(path("empty"), "").unwrap();
    let before = names();
    assert_eq!(tool(&path("counts 1%.sqlite")), 0);
    for name in ["letter.txt", "addresses.db", "newer.sqlite", "empty", "missing"] {
        let bytes = std::fs::read(path(name)).ok();
        assert_eq!(tool(&path(name)), 3, "{name}");
        assert!(std::fs::read(path(name)).ok() == bytes, "{name} was changed");
    }
    assert_eq!(names(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_broken_database_is_set_aside_or_still_sound(at in 0.0f64..1.0, junk in prop::collection::vec(any::<u8>(), 1..600), cut: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.sqlite");
        let store = Store::open(&path).unwrap();
        for value in 0..40 {
            store.record(&kpi(KpiName::StepTime, "pin", value), DAY, 9).unwrap();
        }
        drop(store);
        let mut bytes = std::fs::read(&path).unwrap();
        let from = (bytes.len() as f64 * at) as usize;
        if cut {
            bytes.truncate(from);
        } else {
            let end = bytes.len().min(from + junk.len());
            bytes[from..end].copy_from_slice(&junk[..end - from]);
        }
        std::fs::write(&path, bytes).unwrap();
        match Store::open(&path) {
            // Whatever state it is in, counting goes on.
            Ok(store) => {
                let _ = store.record(&kpi(KpiName::Rated, "", 5), DAY, 9);
                let _ = store.pending(100);
                let _ = store.summary(DAY, DAY);
            }
            Err(error) => prop_assert!(matches!(error, store::StoreError::Newer(_)), "{error}"),
        }
    }
}
