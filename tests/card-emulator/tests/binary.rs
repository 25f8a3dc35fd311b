//! The binary itself. Because these tests need it, cargo builds it afresh before any test of the workspace runs.

use std::process::{Command, Stdio};

fn emulator(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_card-emulator")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn the_keys_written_are_those_of_the_authority() {
    let file = std::env::temp_dir().join(format!("card-emulator-{}.toml", std::process::id()));
    let output = emulator(&["--ca-only", "--authority", "1", "--ca-out", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(written, card_emulator::TestAuthority::from_seed(1).unwrap().ca_toml());
}

#[test]
fn a_card_of_nobody_is_refused() {
    assert_eq!(emulator(&[]).status.code(), Some(2));
    let output = emulator(&["--citizen", "/no/such/citizen.toml"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/citizen.toml"));
}
