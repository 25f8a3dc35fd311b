//! Wrong tries are counted over any restart; what staff did is never changed.

use domain::staff::{MachineOrder, Part, StaffAction, StaffOutcome};
use proptest::prelude::*;
use std::path::PathBuf;
use std::time::Duration;
use store::{Store, Try};

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.sqlite");
    (folder, path)
}

#[test]
fn the_wait_grows_with_the_wrong_tries_and_outlives_a_restart() {
    let (_folder, path) = place();
    let mut now = 1_800_000_000;
    let mut waits = Vec::new();
    for _ in 0..12 {
        // Begun anew before every try.
        let store = Store::open(&path).unwrap();
        let Try::Counted { wait } = store.try_pin(now).unwrap() else { panic!("locked") };
        drop(store);
        let store = Store::open(&path).unwrap();
        if !wait.is_zero() {
            let early = now + i64::try_from(wait.as_secs()).unwrap() - 1;
            assert_eq!(store.try_pin(early).unwrap(), Try::Locked(Duration::from_secs(1)));
        }
        waits.push(wait.as_secs());
        now += i64::try_from(wait.as_secs()).unwrap();
    }
    assert_eq!(waits, [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    let store = Store::open(&path).unwrap();
    store.right_pin().unwrap();
    assert_eq!(store.try_pin(now).unwrap(), Try::Counted { wait: Duration::ZERO });
}

#[test]
fn a_clock_that_was_set_back_locks_for_no_longer_than_the_lock_lasts() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    for _ in 0..3 {
        store.try_pin(1_800_000_000).unwrap();
    }
    assert_eq!(store.try_pin(0).unwrap(), Try::Locked(Duration::from_secs(30)));
}

#[test]
fn audit_lines_are_added_and_never_changed_or_deleted() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let at: jiff::Timestamp = "2026-11-28T01:02:03.456Z".parse().unwrap();
    store.audit(&at, StaffAction::Open, StaffOutcome::Refused).unwrap();
    store.audit(&at, StaffAction::Test(Part::SlipPrinter), StaffOutcome::Done).unwrap();
    store.audit(&at, StaffAction::Machine(MachineOrder::ShutDown), StaffOutcome::NotAvailable).unwrap();
    drop(store);
    let other = rusqlite::Connection::open(&path).unwrap();
    for change in ["DELETE FROM audit", "UPDATE audit SET outcome = 'done'"] {
        assert!(other.execute(change, []).is_err(), "{change}");
    }
    drop(other);
    let lines = Store::open(&path).unwrap().audit_lines(10).unwrap();
    let told: Vec<_> = lines.iter().map(|line| format!("{} {} {}", line.at, line.action, line.outcome)).collect();
    assert_eq!(
        told,
        [
            "2026-11-28T01:02:03Z shut-down not-available",
            "2026-11-28T01:02:03Z test-slip-printer done",
            "2026-11-28T01:02:03Z open refused",
        ]
    );
}

#[test]
fn out_of_service_outlives_a_restart() {
    let (_folder, path) = place();
    assert!(!Store::open(&path).unwrap().out_of_service().unwrap());
    Store::open(&path).unwrap().set_out_of_service(true).unwrap();
    assert!(Store::open(&path).unwrap().out_of_service().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// However somebody waits between wrong tries, a day of guessing gets few of them.
    #[test]
    fn a_day_of_guessing_gets_few_tries(pauses in prop::collection::vec(1i64..900, 200)) {
        let (_folder, path) = place();
        let store = Store::open(&path).unwrap();
        let (mut now, mut tries) = (1_800_000_000, 0);
        let tomorrow = now + 86_400;
        for pause in pauses.iter().cycle() {
            now += pause;
            if now > tomorrow {
                break;
            }
            tries += u32::from(matches!(store.try_pin(now).unwrap(), Try::Counted { .. }));
        }
        prop_assert!(tries <= 35, "{tries} tries in a day");
    }
}
