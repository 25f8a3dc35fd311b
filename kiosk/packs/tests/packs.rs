//! Packs that may be used and packs that may not.

use packs::{Pack, PackError};
use std::fs;
use std::path::Path;

const SITE: &str = "name = { ja = \"渚市役所\" }\nforms = \"forms\"\n";
const SERVICES: &str = r#"
[[category]]
id = "moving"
icon = "house"
label = { ja = "引っ越し" }

[[service]]
id = "moving"
title = { ja = "引っ越しの届出" }
reading = "ひっこしのとどけで"
category = "moving"
minutes = 5
desk = { ja = "1番" }
forms = ["juminido-todoke"]
"#;

fn load(site: &str, services: &str) -> Result<Pack, PackError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.toml"), site).unwrap();
    fs::write(folder.path().join("services.toml"), services).unwrap();
    Pack::load(folder.path())
}

#[test]
fn the_example_site_may_be_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sites/city-hall");
    let pack = Pack::load(&folder).unwrap();
    let mut desks: Vec<(&str, &str)> = Vec::new();
    for service in &pack.catalogue.services {
        for form in &service.forms {
            assert!(pack.forms.join(&form.0).join("form.toml").exists(), "{form:?}");
        }
        // One number, one desk.
        let (number, desk) = service.desk.ja.split_once('番').unwrap();
        assert!(desks.iter().all(|(known, name)| (*known == number) == (*name == desk)), "{desk}");
        desks.push((number, desk));
    }
}

#[test]
fn a_roadside_station_needs_a_guide_and_no_services() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sites/roadside");
    let pack = Pack::load(&folder).unwrap();
    assert!(pack.catalogue.services.is_empty());
    let guide = pack.guide.unwrap();
    for asked in &pack.catalogue.often_asked {
        let id = asked.id.0.split('.').next().unwrap();
        let there = |kind: &str| guide.join(kind).join(format!("{id}.toml")).exists();
        assert!(["answers", "places", "events"].into_iter().any(there), "{id}");
        assert_eq!(asked.label.missing(), []);
    }
    let alone = |site: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("site.toml"), site).unwrap();
        Pack::load(folder.path())
    };
    let name = "name = { ja = \"駅\" }\n";
    assert!(alone(&format!("{name}guide = \"guide\"\n")).is_ok());
    let often = "[[often_asked]]\nid = \"a\"\nicon = \"bath\"\nlabel = { ja = \"b\" }\n".repeat(7);
    for (site, what) in [(name.to_owned(), "guide"), (format!("{name}guide = \"guide\"\n{often}"), "often_asked")] {
        match alone(&site) {
            Err(PackError::Inconsistent { what: said, .. }) => assert!(said.contains(what), "{said}"),
            other => panic!("{other:?}"),
        }
    }
    // Services want their forms.
    let site = format!("{name}guide = \"guide\"\n");
    assert!(matches!(load(&site, SERVICES), Err(PackError::Inconsistent { .. })));
}

#[test]
fn a_key_that_is_not_known_is_refused_where_it_stands() {
    assert!(load(SITE, SERVICES).is_ok());
    for wrong in [
        SERVICES.replace("minutes = 5", "minutes = 5\nmost_use = 1"),
        SERVICES.replace("icon = \"house\"", "icon = \"house\"\ncolour = \"red\""),
    ] {
        match load(SITE, &wrong) {
            Err(PackError::Malformed { what, .. }) => assert!(what.contains("line"), "{what}"),
            other => panic!("{other:?}"),
        }
    }
    for wrong in [format!("{SITE}[policy]\nidle = 60000\n"), format!("{SITE}logo = \"x\"\n")] {
        assert!(matches!(load(&wrong, SERVICES), Err(PackError::Malformed { .. })), "{wrong}");
    }
}

#[test]
fn a_policy_that_is_not_fair_is_refused() {
    for good in [
        "idle_ms = 10000",
        "staff_idle_ms = 600000",
        "staff_most_ms = 7200000",
        "idle_warning_ms = 20000",
        "face_tries = 1",
        "face_tries = 5",
    ] {
        assert!(load(&format!("{SITE}[policy]\n{good}\n"), SERVICES).is_ok(), "{good}");
    }
    for (name, bad) in [
        ("idle_ms", "0"),
        ("idle_ms", "9999"),
        ("idle_long_ms", "9999"),
        ("idle_warning_ms", "19999"),
        ("staff_idle_ms", "9999"),
        ("staff_idle_ms", "600001"),
        ("staff_most_ms", "179999"),
        ("staff_most_ms", "7200001"),
        ("face_tries", "0"),
        ("face_tries", "6"),
    ] {
        match load(&format!("{SITE}[policy]\n{name} = {bad}\n"), SERVICES) {
            Err(PackError::Inconsistent { path, what }) => {
                assert!(path.ends_with("site.toml") && what.contains(name) && what.contains(bad), "{what}");
            }
            other => panic!("{name} = {bad}: {other:?}"),
        }
    }
}
