//! `kiosk setup`: what was entered on the glass at the first start. The kiosk may write its proposal and no settings; this takes
//! it as [`crate::stick`] takes what an installer brings, and once: a machine that has settings is changed by staff alone.

use crate::file::put;
use crate::program::ProgramError;
use crate::stick::{Found, Judge, MOST_SETTINGS, Places, StickError, apply, is_provisioned, now, take};
use domain::Refusal;
use domain::setup::SetupReport;
use nix::fcntl::OFlag;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Takes the settings that were entered at the first start. For the service manager of the appliance.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the kiosk proposes.
    proposal: PathBuf,
}

/// What became of it, for the kiosk to read.
const REPORT: &str = "/run/madoguchi-setup/result.json";

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
enum SetupError {
    #[error("this machine has settings already")]
    Already,
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Take(#[from] StickError),
    #[error("{path}: {source}")]
    Report { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl SetupError {
    /// What the person before the screen is told.
    fn why(&self) -> String {
        match self {
            Self::Already => {
                "この端末には、もう設定が入っています。変えるときは、職員モードとUSBメモリーを使ってください。"
                    .to_owned()
            }
            Self::Take(StickError::Settings(what)) => format!("設定に誤りがあります（{what}）。"),
            other => format!("設定を書き込めません（{other}）。"),
        }
    }

    fn refusal(&self) -> Refusal {
        let remedy = match self {
            Self::Program(_) => "電源を入れ直してください。次に電源を入れたときに切りかわります。",
            _ => "内容を直して、もう一度お試しください。",
        };
        Refusal::new(self.why(), remedy, "USBメモリーで設定することもできます。")
    }
}

/// The proposal. Who wrote it may be deceiving: only a plain file is read, and no more of it than settings are long.
fn read(path: &Path) -> Result<String, SetupError> {
    let failed = |source| SetupError::Read { path: path.to_owned(), source };
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    }
    let mut text = String::new();
    file.take(MOST_SETTINGS + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MOST_SETTINGS {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

fn propose<C, K>(places: &Places, proposal: &Path, judge: &Judge<C, K>) -> Result<(), SetupError>
where
    C: Fn(&str) -> Result<String, String>,
    K: Fn(&Path) -> Result<(), String>,
{
    if is_provisioned(&places.settings.join("kiosk.toml")) {
        return Err(SetupError::Already);
    }
    let found = Found { settings: Some(read(proposal)?), authorities: None };
    take(places, proposal.parent().unwrap_or(proposal), &found, judge)?;
    Ok(())
}

/// Takes a proposal and writes down what became of it.
fn set_up<C, K>(places: &Places, proposal: &Path, judge: &Judge<C, K>) -> Result<(), SetupError>
where
    C: Fn(&str) -> Result<String, String>,
    K: Fn(&Path) -> Result<(), String>,
{
    let taken = propose(places, proposal, judge);
    let why = taken.as_ref().err().map(SetupError::why);
    let report = SetupReport { at: now(), taken: taken.is_ok(), why };
    let failed = |source| SetupError::Report { path: places.report.clone(), source };
    let text = serde_json::to_vec(&report).map_err(|error| failed(error.into()))?;
    put(&places.report, &text, 0o640).map_err(failed)?;
    taken
}

/// Carries out the command.
///
/// Exit codes: 0 done; 3 refused, with the reason as JSON on standard output. What the settings say is in no answer.
pub fn command<C, K>(args: &Args, judge: &Judge<C, K>) -> i32
where
    C: Fn(&str) -> Result<String, String>,
    K: Fn(&Path) -> Result<(), String>,
{
    let places = Places { report: REPORT.into(), ..Places::default() };
    let done = set_up(&places, &args.proposal, judge).and_then(|()| Ok(apply()?));
    crate::exit_code(done.map(|()| println!("{}", json!({ "taken": true }))).map_err(|error| error.refusal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    struct Machine {
        _place: tempfile::TempDir,
        places: Places,
        proposal: PathBuf,
    }

    fn machine() -> Machine {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = place.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let places = Places { settings: at("settings"), report: at("run").join("result.json"), update: at("update") };
        fs::write(places.settings.join("kiosk.toml"), "old").unwrap();
        let proposal = at("kiosk").join("setup.toml");
        Machine { _place: place, places, proposal }
    }

    impl Machine {
        fn set_up(&self) -> Result<(), SetupError> {
            let compose = |text: &str| match text.contains("wrong") {
                true => Err("page-printer: none".to_owned()),
                false => Ok(format!("whole {text}")),
            };
            let check = |path: &Path| match fs::read_to_string(path).unwrap().contains("no site") {
                true => Err("site: there is none".to_owned()),
                false => Ok(()),
            };
            set_up(&self.places, &self.proposal, &Judge { compose, check })
        }

        fn settings(&self) -> String {
            fs::read_to_string(self.places.settings.join("kiosk.toml")).unwrap()
        }

        fn report(&self) -> SetupReport {
            serde_json::from_slice(&fs::read(&self.places.report).unwrap()).unwrap()
        }
    }

    #[test]
    fn a_proposal_is_taken_once() {
        let machine = machine();
        fs::write(&machine.proposal, "new").unwrap();
        machine.set_up().unwrap();
        assert_eq!(machine.settings(), "whole new");
        assert!(machine.report().taken);
        fs::write(&machine.proposal, "other").unwrap();
        let again = machine.set_up();
        assert!(matches!(again, Err(SetupError::Already)), "{again:?}");
        assert_eq!(machine.settings(), "whole new");
        let report = machine.report();
        assert!(!report.taken && report.why.unwrap().contains("もう設定が入っています"));
    }

    #[test]
    fn one_that_is_wrong_changes_nothing_and_may_be_mended() {
        let machine = machine();
        for (text, why) in [("wrong", "page-printer: none"), ("no site", "site: there is none")] {
            fs::write(&machine.proposal, text).unwrap();
            machine.set_up().unwrap_err();
            assert_eq!(machine.settings(), "old");
            let report = machine.report();
            assert!(!report.taken && report.why.clone().unwrap().contains(why), "{report:?}");
            assert!(!is_provisioned(&machine.places.settings.join("kiosk.toml")));
        }
        fs::write(&machine.proposal, "right").unwrap();
        machine.set_up().unwrap();
        assert_eq!(machine.settings(), "whole right");
    }

    #[test]
    fn nothing_but_a_plain_file_of_some_length_is_read() {
        let machine = machine();
        machine.set_up().unwrap_err();
        let secret = machine.places.settings.join("secret");
        fs::write(&secret, "of somebody else").unwrap();
        symlink(&secret, &machine.proposal).unwrap();
        let error = machine.set_up().unwrap_err();
        assert!(!error.why().contains("somebody"), "{error}");
        fs::remove_file(&machine.proposal).unwrap();
        // A pipe that nobody writes to does not hold it up.
        nix::unistd::mkfifo(&machine.proposal, nix::sys::stat::Mode::S_IRWXU).unwrap();
        machine.set_up().unwrap_err();
        fs::remove_file(&machine.proposal).unwrap();
        fs::write(&machine.proposal, vec![b'#'; 1 << 20]).unwrap();
        machine.set_up().unwrap_err();
        assert_eq!(machine.settings(), "old");
    }
}
