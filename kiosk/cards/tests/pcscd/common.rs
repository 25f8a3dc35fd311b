//! What the tests over the real `pcscd` share.

use stage::{CardProcess, Pcscd};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The invented citizens.
pub const CITIZENS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/card-emulator/citizens");

/// The emulator's binary: cargo builds it for this workspace's tests.
pub fn emulator() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    let path = me.parent().and_then(Path::parent).unwrap().join("card-emulator");
    assert!(path.exists(), "{} is not built: run `cargo build -p card-emulator` first", path.display());
    path
}

/// Starts a daemon that this process's clients reach.
pub fn pcscd() -> Pcscd {
    let pcscd = Pcscd::start().unwrap();
    // SAFETY: nextest gives each test its own process, and no other thread of it reads the environment yet.
    unsafe { std::env::set_var("PCSCLITE_CSOCK_NAME", pcscd.socket()) };
    pcscd
}

/// Lays a card down and waits until the daemon sees it.
pub fn lay(pcscd: &Pcscd, arguments: &[&str]) -> CardProcess {
    let mut card = CardProcess::start(pcscd, &emulator(), arguments).unwrap();
    lay_again(&mut card);
    card
}

/// Lays a card down that was taken away.
pub fn lay_again(card: &mut CardProcess) {
    card.insert().unwrap();
    wait_for_card(true);
}

/// Waits until the daemon sees that a card is there, or that none is.
pub fn wait_for_card(there: bool) {
    stage::wait_for("the daemon to see it", std::time::Duration::from_secs(20), || {
        let context = pcsc::Context::establish(pcsc::Scope::User)?;
        let reader = context.list_readers_owned()?.remove(0);
        let mut states = [pcsc::ReaderState::new(reader, pcsc::State::UNAWARE)];
        context.get_status_change(std::time::Duration::ZERO, &mut states)?;
        Ok((states[0].event_state().contains(pcsc::State::PRESENT) == there).then_some(()))
    })
    .unwrap();
}

/// The files of a JPKI test card in the source of the crate `myna-card`: taken from cargo's copy, not kept by us.
pub fn dump() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let package =
        metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "myna-card").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("tests/fixtures")
}
