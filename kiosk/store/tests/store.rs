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
