//! `kiosk factory-reset`: the machine forgets everything and comes up as on its first day.
//!
//! What goes is the data partition, whole, with the key that opened it: at the next start `systemd-repart` takes it away and
//! makes a new one. It is asked to by a variable of the firmware, which it clears when it is done: a power cut on the way only
//! delays it.

use crate::program::{ProgramError, run};
use domain::Refusal;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command as Program;

/// The variable (systemd-repart(8), "FactoryReset"), as efivarfs shows it.
const VARIABLE: &str = "/sys/firmware/efi/efivars/FactoryReset-8cf2644b-4b0b-428f-9387-6d876050dc67";

/// It stays without power, and the firmware and the system see it (UEFI 2.10, section 8.2).
const ATTRIBUTES: u32 = 0x7;

#[derive(Debug, thiserror::Error)]
enum ResetError {
    #[error("{0}")]
    Variable(#[from] io::Error),
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl ResetError {
    fn refusal(&self) -> Refusal {
        let (cause, remedy) = match self {
            Self::Variable(_) => {
                ("はじめの状態に戻すことを、本体に伝えられません", "電源を入れ直して、もう一度お試しください。")
            }
            Self::Program(_) => ("起動し直せません", "電源を入れ直してください。次に起動するときに戻ります。"),
        };
        Refusal::new(format!("{cause}（{self}）。"), remedy, "イメージを書き直しても、はじめの状態に戻ります。")
    }
}

/// What the variable holds: its attributes, then "yes" in UTF-16.
fn content() -> Vec<u8> {
    ATTRIBUTES.to_le_bytes().into_iter().chain("yes".encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

fn ask(variable: &Path) -> io::Result<()> {
    let content = content();
    // It was asked before. A variable that is there cannot be written by everybody who may make one.
    if std::fs::read(variable).is_ok_and(|is| is == content) {
        return Ok(());
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(variable)?;
    // efivarfs takes a variable by one call, whole.
    match file.write(&content)? {
        written if written == content.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Asks for it and restarts the machine.
///
/// Exit codes: 0 done; 3 refused, with the reason as JSON on standard output.
pub fn run_command() -> i32 {
    let done = ask(Path::new(VARIABLE))
        .map_err(ResetError::from)
        .and_then(|()| Ok(run(Program::new("systemctl").args(["reboot", "--no-block"]), None).map(drop)?));
    crate::exit_code(done.map_err(|error| error.refusal()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_as_systemd_reads_it_and_may_be_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let variable = folder.path().join("variable");
        ask(&variable).unwrap();
        assert_eq!(std::fs::read(&variable).unwrap(), b"\x07\0\0\0y\0e\0s\0");
        ask(&variable).unwrap();
        std::fs::write(&variable, "something else").unwrap();
        assert!(ask(&variable).is_err());
        assert!(ask(&folder.path().join("no/firmware")).is_err());
    }

    #[test]
    fn the_image_waits_for_the_same_variable() {
        let initrd = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../image-build/mkosi/mkosi.images/initrd/mkosi.extra/usr/lib/systemd/system");
        let unit = std::fs::read_to_string(initrd.join("systemd-repart.service.d/factory-reset.conf")).unwrap();
        assert!(unit.lines().any(|line| line == format!("ConditionPathExists={VARIABLE}")), "{unit}");
    }
}
