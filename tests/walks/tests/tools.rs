//! The tools as a person or a script at a terminal meets them: what they print, and the exit codes.

use anyhow::Context;
use serde_json::Value;
use stage::{CardProcess, Pcscd};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use walks::{Camera, Resident, Site, SiteOptions, Walk, Way, program};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn pictures() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/madoguchi");
    std::env::var_os("MADOGUCHI_CACHE").map_or_else(home, PathBuf::from).join("pictures")
}

/// Runs `kiosk` with this on its standard input.
fn kiosk(arguments: &[&str], input: &str, environment: &[(&str, &Path)]) -> anyhow::Result<(i32, Vec<Value>, Output)> {
    let mut command = Command::new(program("kiosk")?);
    command.args(arguments).envs(environment.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // A tool that refuses its arguments does not read its input.
    let _ = child.stdin.take().context("a standard input")?.write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    let lines = String::from_utf8(output.stdout.clone())?;
    let lines = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok((output.status.code().context("ended by a signal")?, lines, output))
}

/// A refusal says cause, remedy and other way.
fn assert_refused(result: &(i32, Vec<Value>, Output)) {
    let (code, lines, output) = result;
    assert_eq!(*code, 3, "{output:?}");
    for part in ["cause", "remedy", "other_way"] {
        let said = lines.first().and_then(|line| line["error"][part].as_str()).unwrap_or_default();
        assert!(said.chars().count() > 5, "{part}: {output:?}");
    }
}

#[test]
fn a_card_is_read_and_its_troubles_are_told() -> anyhow::Result<()> {
    let pcscd = Pcscd::start()?;
    let socket = pcscd.socket();
    let environment = [("PCSCLITE_CSOCK_NAME", socket.as_path())];
    let folder = tempfile::tempdir()?;
    let (authorities, photo) = (folder.path().join("ca.toml"), folder.path().join("photo.png"));
    let [ca, photo_out] = [&authorities, &photo].map(|path| path.to_str().unwrap_or_default());
    let read = |more: &[&str], input: &str| {
        let arguments = [&["card", "read", "--json", "--ca", ca], more].concat();
        kiosk(&arguments, input, &environment)
    };
    let citizen = root().join("tests/card-emulator/citizens/hanako.toml");
    let jp2 = pictures().join("hanako-card.jp2");
    let [citizen, jp2] = [&citizen, &jp2].map(|path| path.to_str().unwrap_or_default());
    let arguments = ["--citizen", citizen, "--photo", jp2, "--ca-out", ca];
    let mut card = CardProcess::start(&pcscd, &program("card-emulator")?, &arguments)?;

    // Nothing lies there; too few and too many numbers are asked for.
    assert_refused(&read(&["--pin-stdin"], "1234\n")?);
    assert_eq!(read(&[], "")?.0, 2);
    assert_eq!(read(&["--pin-stdin", "--code-b-stdin"], "")?.0, 2);

    card.insert()?;
    let (code, lines, output) = read(&["--pin-stdin"], "1234\n")?;
    assert_eq!(code, 0, "{output:?}");
    let facts = &lines[0];
    for (name, value) in [
        ("kind", "my-number"),
        ("name", "渚　花子"),
        ("address", "渚市海辺町一丁目２番３号　シーサイド渚１０１"),
        ("birth_date", "1980-02-29"),
        ("sex", "female"),
    ] {
        assert_eq!(facts[name], value, "{facts}");
    }
    assert_eq!(facts["genuine"], true, "{facts}");
    assert!(facts["expires"].as_str().is_some_and(|day| day.starts_with("2035-")), "{facts}");
    assert!(facts["provenance"].is_object(), "{facts}");

    let (code, lines, output) = read(&["--code-b-stdin", "--photo", photo_out], "55022920352285\n")?;
    assert_eq!((code, &lines[0]["name"]), (0, &Value::from("渚　花子")), "{output:?}");
    let picture = image::open(&photo)?;
    assert!(picture.width() > 100 && picture.height() > 100);

    // A wrong PIN is told with what is left, and one that is no PIN costs nothing.
    for (pin, left) in [("9999", 2), ("12a4", 2), ("9998", 1)] {
        let result = read(&["--pin-stdin"], pin)?;
        assert_refused(&result);
        let cause = result.1[0]["error"]["cause"].as_str().unwrap_or_default().to_owned();
        assert!(pin == "12a4" || cause.contains(&left.to_string()), "{cause}");
        assert!(!String::from_utf8_lossy(&result.2.stdout).contains(pin), "the PIN is repeated");
    }
    // With one try left, not even the right one is sent.
    assert_refused(&read(&["--pin-stdin"], "1234")?);
    Ok(())
}

#[test]
fn faces_are_compared_one_by_one_and_by_the_list() -> anyhow::Result<()> {
    let pictures = pictures();
    let path = |name: &str| pictures.join(name).display().to_string();
    let compare = |a: &str, b: &str| kiosk(&["face", "compare", &path(a), &path(b), "--json"], "", &[]);
    let (code, lines, output) = compare("one-a.jpg", "one-b.jpg")?;
    assert_eq!((code, &lines[0]["same"]), (0, &Value::Bool(true)), "{output:?}");
    let (code, lines, output) = compare("one-a.jpg", "three.png")?;
    assert_eq!((code, &lines[0]["same"]), (0, &Value::Bool(false)), "{output:?}");
    let (code, lines, _) = compare("one-a.jpg", "none.jpg")?;
    assert!(code == 0 && lines[0]["same"].is_null() && lines[0]["reason"].is_string(), "{lines:?}");

    let folder = tempfile::tempdir()?;
    let list = folder.path().join("pairs.csv");
    let broken = folder.path().join("broken.jpg");
    fs::write(&broken, b"\xff\xd8\xff\xe0 no picture")?;
    let (a, b, c) = (path("one-a.jpg"), path("one-c.jpg"), path("two.jpg"));
    fs::write(&list, format!("a,b\n{a},{b}\n{a},{}\n{a},{c}\n", broken.display()))?;
    let (_, lines, output) = kiosk(&["face", "compare", "--pairs", &list.display().to_string()], "", &[])?;
    assert_eq!(lines.len(), 3, "a line each: {output:?}");
    assert_eq!(lines[0]["same"], true);
    assert!(lines[0]["score"].is_number());
    // What cannot be compared says why, and the rest goes on.
    assert!(lines[1]["same"].is_null() && lines[1]["reason"].is_string(), "{}", lines[1]);
    Ok(())
}

#[test]
fn forms_are_started_judged_and_filled() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let pdf = root().join("forms/library/inkan-certificate/form.pdf").display().to_string();
    let shipped = root().join("forms/library/inkan-certificate").display().to_string();
    let mut signed: Value = serde_json::from_str(&fs::read_to_string(root().join("tests/bench/values.json"))?)?;
    signed["signature"] = serde_json::json!([[[0, 0], [40, 50], [10, 90]]]);
    let values = path("values.json");
    fs::write(&values, signed.to_string())?;
    assert_eq!(kiosk(&["forms", "new", &pdf, "-o", &path("seal")], "", &[])?.0, 0);
    assert_eq!(kiosk(&["forms", "check", &path("seal"), "--json"], "", &[])?.0, 0);
    assert_refused(&kiosk(&["forms", "new", &pdf, "-o", &path("seal")], "", &[])?);
    let (code, _, output) = kiosk(&["forms", "fill", &shipped, "--values", &values, "-o", &path("out.pdf")], "", &[])?;
    assert_eq!(code, 0, "{output:?}");
    assert!(fs::read(path("out.pdf"))?.starts_with(b"%PDF-"));
    fs::write(path("few.json"), "{\"name\":\"渚　花子\"}")?;
    let refused = kiosk(&["forms", "fill", &shipped, "--values", &path("few.json"), "-o", &path("no.pdf")], "", &[])?;
    assert_refused(&refused);
    assert!(!String::from_utf8_lossy(&refused.2.stdout).contains("花子"), "a value is repeated");
    assert!(!Path::new(&path("no.pdf")).exists());
    assert_eq!(kiosk(&["forms", "fill", &shipped], "", &[])?.0, 2);
    assert_eq!(kiosk(&["forms", "check", &path("nowhere")], "", &[])?.0, 3);
    Ok(())
}

#[test]
fn a_recorded_visit_replays_and_a_changed_recording_does_not() -> anyhow::Result<()> {
    let site = Site::start(&SiteOptions { camera: Camera::None, ..Default::default() })?;
    let mut walk = Walk::open(site)?;
    let answers = [
        ("name_kana", "ナギサ　ハナコ"),
        ("phone", "09000001234"),
        ("copies", "1"),
        ("seal_applicant", "self"),
        ("seal_purpose", "car"),
    ];
    let mut hanako = Resident {
        services: vec!["inkan"],
        way: Way::Pin("1234"),
        answers: answers.into(),
        rating: 4,
        card_in_hand: true,
        filled: false,
    };
    walk.go(&mut hanako, None, |_| false)?;
    let folder = walk.site.folder.path().to_owned();
    drop(walk.kiosk);
    let recording = walk.site.recording()?;
    let replay = |path: &Path| kiosk(&["replay", &path.display().to_string(), "--json"], "", &[]);
    let (code, lines, output) = replay(&recording)?;
    assert_eq!(code, 0, "{output:?}");
    let states = lines[0]["states"].as_array().context("states")?.len();
    assert!(states > 10, "{states} states");

    // The same events with one left out lead elsewhere.
    let text = fs::read_to_string(&recording)?;
    let begin = text.lines().position(|line| line.contains("begin")).context("the first touch")?;
    let fewer: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != begin).map(|(_, line)| line).collect();
    fs::write(&recording, fewer.join("\n"))?;
    assert_refused(&replay(&recording)?);
    fs::write(&recording, "no recording")?;
    assert_refused(&replay(&recording)?);

    let store = folder.join("counts.sqlite").display().to_string();
    let (code, _, output) = kiosk(&["kpi", "--store", &store], "", &[])?;
    assert_eq!(code, 0, "{output:?}");
    Ok(())
}

#[test]
fn bad_arguments_are_told_apart_from_refusals() -> anyhow::Result<()> {
    for arguments in [&[][..], &["fly"], &["card"], &["face", "compare"], &["replay"]] {
        assert_eq!(kiosk(arguments, "", &[])?.0, 2, "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["card", "read", "--help"], &["forms", "new", "--help"]] {
        let (code, _, output) = kiosk(arguments, "", &[])?;
        assert_eq!(code, 0, "{arguments:?}");
        assert!(output.stdout.len() > 200, "{arguments:?}");
    }
    let (_, _, help) = kiosk(&["card", "read", "--help"], "", &[])?;
    assert!(String::from_utf8_lossy(&help.stdout).contains("personal values"));
    Ok(())
}
