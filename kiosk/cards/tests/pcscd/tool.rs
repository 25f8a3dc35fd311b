//! `kiosk card read` over the real `pcscd`: what it prints, what it returns, what it sends to the card.

use crate::common::{self, CITIZENS};
use card_emulator::{Citizen, TestAuthority};
use cards::tool::{self, ReadArgs};
use clap::Parser;
use myna_card::CardVerifiableCertificate;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: ReadArgs,
}

/// Runs the tool with this line on its input; gives the exit code and the JSON.
fn read(arguments: &[&str], line: &str) -> (i32, Value) {
    let cli = Cli::try_parse_from([&["read"], arguments].concat()).unwrap();
    let mut output = vec![];
    let code = tool::run(&cli.args, &mut format!("{line}\n").as_bytes(), &mut output);
    (code, serde_json::from_slice(&output).unwrap())
}

/// The tool refuses with all three sentences, of which the first says this.
fn refused(arguments: &[&str], line: &str, cause: &str) {
    let (code, answer) = read(arguments, line);
    assert_eq!(code, 3, "{answer}");
    let error = &answer["error"];
    assert!(error["cause"].as_str().unwrap().contains(cause), "{error}");
    for sentence in ["cause", "remedy", "other_way"] {
        assert!(error[sentence].as_str().unwrap().ends_with('。'), "{error}");
        assert!(line.is_empty() || !error[sentence].as_str().unwrap().contains(line), "a secret is repeated");
    }
    assert_eq!(answer.as_object().unwrap().len(), 1);
}

fn citizen(name: &str) -> (String, Citizen) {
    let file = format!("{CITIZENS}/{name}.toml");
    let citizen = Citizen::from_toml(&std::fs::read_to_string(&file).unwrap()).unwrap();
    (file, citizen)
}

#[test]
fn facts_by_pin_then_wrong_then_the_last_try_is_not_taken_then_code_b() {
    let pcscd = common::pcscd();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.toml");
    std::fs::write(&ca, TestAuthority::from_seed(1).unwrap().ca_toml()).unwrap();
    let ca = ca.to_str().unwrap();
    let (file, hanako) = citizen("hanako");
    let _card = common::lay(&pcscd, &["--citizen", &file]);

    let facts = json!({
        "kind": "my-number", "name": hanako.name, "address": hanako.address,
        "birth_date": "1980-02-29", "sex": "female", "expires": "2035-02-28", "genuine": true,
        "provenance": {
            "facts_signed": true, "photo_signed": null, "issuer_trusted": true, "card_answered": true,
            "applications_agree": null,
        },
    });
    assert_eq!(read(&["--pin-stdin", "--json", "--ca", ca], "1234"), (0, facts));
    let (code, unchecked) = read(&["--pin-stdin", "--json"], "1234");
    assert_eq!((code, &unchecked["genuine"]), (0, &Value::Null));

    refused(&["--pin-stdin"], "0000", "あと2回");
    refused(&["--pin-stdin"], "123", "形が正しくありません");
    refused(&["--pin-stdin"], "", "形が正しくありません");
    refused(&["--pin-stdin"], &"1".repeat(100_000), "形が正しくありません");
    refused(&["--pin-stdin"], "9999", "あと1回");
    // The right one now, and yet it is not sent.
    refused(&["--pin-stdin"], "1234", "送信しませんでした");
    let (code, facts) = read(&["--code-b-stdin", "--ca", ca], &hanako.code_b());
    assert_eq!((code, &facts["expires"], &facts["genuine"]), (0, &json!("2035-02-28"), &json!(true)));
    assert_eq!(facts["provenance"]["photo_signed"], Value::Null, "nobody has asked for the photo");

    refused(&["--pin-stdin", "--reader", "no such reader"], "1234", "見つかりません");
    refused(&["--pin-stdin", "--ca", "/no/such/file"], "1234", "CA鍵");
}

#[test]
fn a_blocked_card_is_told_as_blocked() {
    let pcscd = common::pcscd();
    let (file, hanako) = citizen("hanako");
    let _card = common::lay(&pcscd, &["--citizen", &file]);
    block_pin();
    refused(&["--pin-stdin"], "1234", "ロックされています");
    assert_eq!(read(&["--code-b-stdin"], &hanako.code_b()).0, 0, "code B is another counter");
}

/// Somebody else has used up the tries.
fn block_pin() {
    let mut card = myna_card::transport::pcsc::connect_any(myna_card::transport::pcsc::Sharing::Exclusive).unwrap();
    let mut text = myna_card::ap::text::TextAp::select(&mut card).unwrap();
    for _ in 0..3 {
        assert!(text.verify_pin(&myna_card::Pin::numeric("9999").unwrap()).is_err());
    }
}

#[test]
fn no_reader_and_no_card_are_told() {
    let pcscd = common::pcscd();
    refused(&["--pin-stdin"], "1234", "カードがない");
    drop(pcscd);
    refused(&["--pin-stdin"], "1234", "カード読取機が見つかりません");
}

#[test]
fn arguments_that_make_no_sense_are_refused_with_two() {
    let bad: [&[&str]; 4] = [&[], &["--pin-stdin", "--code-b-stdin"], &["--pin", "1234"], &["--pin-stdin=1234"]];
    for arguments in bad {
        let error = Cli::try_parse_from([&["read"], arguments].concat()).err().expect("refused");
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}

#[test]
fn a_photo_that_cannot_be_had_is_told_by_its_cause() {
    let pcscd = common::pcscd();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let out = path("photo.png");
    // No card is asked, and no secret sent.
    refused(&["--pin-stdin", "--photo", &out], "1234", "暗証番号では写真を読み取れません");
    let (_, answer) = read(&["--pin-stdin", "--photo", &out], "1234");
    assert!(answer["error"]["other_way"].as_str().unwrap().contains("--code-b-stdin"));

    let (file, hanako) = citizen("hanako");
    std::fs::write(path("broken.jp2"), b"no picture").unwrap();
    let mut card = common::lay(&pcscd, &["--citizen", &file]);
    refused(&["--code-b-stdin", "--photo", &out], &hanako.code_b(), "写真が入っていません");
    card.remove().unwrap();
    common::wait_for_card(false);
    let _card = common::lay(&pcscd, &["--citizen", &file, "--photo", &path("broken.jp2")]);
    refused(&["--code-b-stdin", "--photo", &out], &hanako.code_b(), "壊れている");
    assert!(!Path::new(&out).exists());
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_but_where_nobody_wants_it() {
    struct Full(std::io::ErrorKind);
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let cli = Cli::try_parse_from(["read", "--pin-stdin", "--ca", "/no/such/file"]).unwrap();
    let run = |kind| tool::run(&cli.args, &mut &b"1234\n"[..], &mut Full(kind));
    assert_eq!(run(std::io::ErrorKind::StorageFull), 1);
    assert_eq!(run(std::io::ErrorKind::BrokenPipe), 3);
}

/// The keys under which the dump's issuers were certified, as `--ca` takes them.
fn ca_of(dump: &Path) -> String {
    let entry = |file: &str| {
        let certificate = CardVerifiableCertificate::parse(&std::fs::read(dump.join(file)).unwrap()).unwrap();
        let id = &certificate.issuer_key_id;
        let key = myna_card::ca::find(id).expect("a key of the test hierarchy").to_public_key();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("[[key]]\nid = \"{}\"\nmodulus = \"{}\"\nexponent = 65537\n", hex(id.as_bytes()), hex(&key.modulus))
    };
    entry("text-0004.bin") + &entry("surface-0004.bin")
}

/// Files read from a real (test) card: all that they hold is read and found signed, and that they are a copy is found too.
#[test]
fn the_test_card_that_myna_card_ships_is_read_and_known_for_a_copy() {
    let pcscd = common::pcscd();
    let dump = common::dump();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.toml");
    std::fs::write(&ca, ca_of(&dump)).unwrap();
    let ca = ca.to_str().unwrap();
    let photo = folder.path().join("photo.png");
    let code_b = "55021720352285";
    let _card = common::lay(&pcscd, &["--dump", dump.to_str().unwrap(), "--code-b", code_b]);

    let expected = myna_card::ap::text::Attributes::parse(&std::fs::read(dump.join("text-0002.bin")).unwrap()).unwrap();
    let facts = json!({
        "kind": "my-number", "name": expected.name, "address": expected.address,
        "birth_date": "1980-02-17", "sex": "male", "expires": null, "genuine": false,
        "provenance": {
            "facts_signed": true, "photo_signed": null, "issuer_trusted": true, "card_answered": false,
            "applications_agree": null,
        },
    });
    assert_eq!(read(&["--pin-stdin", "--json", "--ca", ca], "1234"), (0, facts));
    assert!(!photo.exists());

    let (code, face) = read(&["--code-b-stdin", "--ca", ca, "--photo", photo.to_str().unwrap()], code_b);
    assert_eq!((code, &face["name"], &face["genuine"]), (0, &json!(expected.name), &json!(false)));
    assert!(face["expires"].as_str().unwrap().starts_with("2035-"));
    assert_eq!(face["provenance"]["photo_signed"], json!(true));
    assert_eq!(std::fs::metadata(&photo).unwrap().permissions().mode() & 0o777, 0o600);
    let png = image::ImageReader::open(&photo).unwrap().with_guessed_format().unwrap();
    assert_eq!(png.format(), Some(image::ImageFormat::Png));
    let picture = png.decode().unwrap();
    assert_eq!((picture.width(), picture.height()), (378, 472));

    let nowhere = folder.path().join("no/such/folder/photo.png");
    refused(&["--code-b-stdin", "--photo", nowhere.to_str().unwrap()], code_b, "写真を保存できませんでした");
}

#[test]
fn five_hundred_altered_photos_are_decoded_or_refused() {
    let face = std::fs::read(common::dump().join("surface-0002.bin")).unwrap();
    let photo = myna_card::ap::surface::CardFace::parse(&face).unwrap().photo.data;
    assert!(cards::decode_photo(&photo).is_ok());
    let mut hostile = photo.clone();
    let grid = photo.windows(4).position(|window| window == [0xff, 0x4f, 0xff, 0x51]).unwrap() + 8;
    hostile[grid..grid + 8].fill(0x7f);
    assert!(cards::decode_photo(&hostile).is_err(), "a picture of two thousand million pixels a side");
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut dice = move |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let mut refused = 0;
    for _ in 0..500 {
        let mut altered = photo.clone();
        if dice(4) == 0 {
            altered.truncate(dice(photo.len()));
        }
        for _ in 0..dice(8).min(altered.len()) {
            let at = dice(altered.len());
            altered[at] = dice(256) as u8;
        }
        refused += usize::from(cards::decode_photo(&altered).is_err());
    }
    assert!(refused > 50, "{refused}");
}
