//! `kiosk stick`: what an installer brings on a USB stick: the kiosk's settings, the town's own certificate authorities.
//!
//! The stick is mounted read-only by a unit of the image, and only while the machine has no settings of its own, or when staff
//! ask for it. Everything is read into memory and judged before anything is replaced, and one thing that is wrong keeps all of
//! it out: a kiosk with half of its settings is worse than one with its old ones.

use crate::authorities::certificates;
use crate::file::{lay, put, take_place};
use crate::history::{Happened, History};
use crate::program::{ProgramError, run};
use crate::screen;
use domain::Refusal;
use domain::staff::{StickOutcome, StickReport};
use jiff::{Timestamp, ZonedDateTime};
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command as Program;

/// Takes what an installer brings on a stick. For the service manager of the appliance, which mounts it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the stick is mounted.
    folder: PathBuf,
    /// Do not read it; write down how far the update on it is.
    #[arg(long, value_name = "STEP")]
    update: Option<Step>,
}

/// How far an update from a stick is.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Step {
    /// `kiosk update install` is to begin. Fails where there is nothing to install (`ExecCondition=`).
    Begins,
    /// It has ended; how, `SERVICE_RESULT` and the history say (`ExecStopPost=`).
    Ended,
}

/// The settings' name, on the stick and in their folder.
const SETTINGS: &str = "kiosk.toml";

/// The authorities' name, on the stick and beside the settings.
pub(crate) const AUTHORITIES: &str = "ca.crt";

/// While this is not beside the settings, they are the image's own.
const PROVISIONED: &str = "provisioned";

/// Whether these settings are the machine's own: an installer has given them.
pub fn is_provisioned(settings: &Path) -> bool {
    settings.with_file_name(PROVISIONED).exists()
}

/// More than this is none of what is looked for, in bytes.
pub(crate) const MOST_SETTINGS: u64 = 64 << 10;
const MOST_AUTHORITIES: u64 = 256 << 10;

/// Why nothing was taken from a stick.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StickError {
    #[error("{name}: {source}")]
    Read { name: &'static str, source: io::Error },
    #[error("{0}: longer than {1} bytes")]
    Long(&'static str, u64),
    #[error("{0}: not text in UTF-8")]
    NoText(&'static str),
    #[error("{0}")]
    Authorities(String),
    #[error("{0}")]
    Settings(String),
    #[error("the update: {0}")]
    Update(String),
    #[error("{path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl StickError {
    fn refusal(&self) -> Refusal {
        let unchanged = "設定は前のまま使えます。";
        let (cause, remedy, other) = match self {
            Self::Read { .. } => (
                "USBメモリーを読み取れません",
                "差し直して、もう一度お試しください。",
                "別のUSBメモリーに書いてください。",
            ),
            Self::Long(..) | Self::NoText(_) => {
                ("設定のファイルではありません", "同じ名前の別のファイルでないか確かめてください。", unchanged)
            }
            Self::Authorities(_) => {
                ("ca.crt が証明書ではありません", "PEM形式の証明書だけを入れてください。", unchanged)
            }
            Self::Settings(_) => ("kiosk.toml に誤りがあります", "その項目を直して、書き直してください。", unchanged),
            Self::Update(_) => (
                "USBメモリーの更新を入れられません",
                "この端末用の、署名された更新か確かめてください。",
                "今の版のまま使えます。",
            ),
            Self::Write { .. } => ("設定を書き込めません", "電源を入れ直して、もう一度お試しください。", unchanged),
            Self::Program(_) => (
                "新しい設定に切りかえられません",
                "電源を入れ直してください。",
                "次に電源を入れたときに切りかわります。",
            ),
        };
        Refusal::new(format!("{cause}（{self}）。"), remedy, other)
    }
}

/// Where everything is.
pub(crate) struct Places {
    pub settings: PathBuf,
    pub report: PathBuf,
    pub update: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            settings: "/var/lib/madoguchi-settings".into(),
            report: "/run/madoguchi-stick/result.json".into(),
            update: "/var/lib/madoguchi-update".into(),
        }
    }
}

/// What the application knows of its settings.
pub struct Judge<C, K> {
    /// Puts whole settings together from the text on the stick, or says what is wrong with it.
    pub compose: C,
    /// Whether the kiosk would start with the settings in this file.
    pub check: K,
}

/// What was on a stick.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub settings: Option<String>,
    pub authorities: Option<String>,
}

/// A file of the stick, if it is there. The stick may be pulled out, or be made to deceive: no more than `most` is read.
fn read(folder: &Path, name: &'static str, most: u64) -> Result<Option<String>, StickError> {
    let failed = |source| StickError::Read { name, source };
    let file = match File::open(folder.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(StickError::Long(name, most));
    }
    let text = String::from_utf8(bytes).map_err(|_| StickError::NoText(name))?;
    // Some editors put a mark of the byte order before it.
    Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

/// Reads the stick whole. After this it may go.
fn look(folder: &Path) -> Result<Found, StickError> {
    Ok(Found {
        settings: read(folder, SETTINGS, MOST_SETTINGS)?,
        authorities: read(folder, AUTHORITIES, MOST_AUTHORITIES)?,
    })
}

/// What was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    settings: StickOutcome,
    authorities: StickOutcome,
}

impl Taken {
    fn changed(self) -> bool {
        [self.settings, self.authorities].contains(&StickOutcome::Taken)
    }
}

/// Judges what was found and puts it in force, all of it or nothing.
pub(crate) fn take<C, K>(
    places: &Places,
    folder: &Path,
    found: &Found,
    judge: &Judge<C, K>,
) -> Result<Taken, StickError>
where
    C: Fn(&str) -> Result<String, String>,
    K: Fn(&Path) -> Result<(), String>,
{
    let pem = found.authorities.as_deref().map(certificates).transpose().map_err(StickError::Authorities)?;
    let pem = pem.map(|all| all.concat());
    let whole = found.settings.as_deref().map(&judge.compose).transpose().map_err(StickError::Settings)?;
    // What the settings name must be there when the stick is not.
    let away = folder.to_string_lossy();
    if whole.as_ref().is_some_and(|whole| whole.contains(&*away)) {
        return Err(StickError::Settings(format!("{away} is the stick itself")));
    }
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| StickError::Write { path, source }
    };
    let has = |name: &str, text: &str| fs::read(places.settings.join(name)).is_ok_and(|old| old == text.as_bytes());
    let mut taken = Taken::default();
    let mut laid = Vec::new();
    if let Some(whole) = &whole {
        taken.settings = if has(SETTINGS, whole) { StickOutcome::Same } else { StickOutcome::Taken };
        let path = places.settings.join(SETTINGS);
        // The group is that of the folder: the kiosk reads it.
        let new = lay(&path, whole.as_bytes(), 0o640).map_err(write(&path))?;
        if let Err(why) = (judge.check)(&new) {
            drop(fs::remove_file(&new));
            return Err(StickError::Settings(why));
        }
        laid.push((new, path));
        let path = places.settings.join(screen::FILE);
        if let Some(lines) = screen::file(whole, path.exists()) {
            laid.push((lay(&path, lines.as_bytes(), 0o644).map_err(write(&path))?, path));
        }
    }
    if let Some(pem) = &pem {
        taken.authorities = if has(AUTHORITIES, pem) { StickOutcome::Same } else { StickOutcome::Taken };
        let path = places.settings.join(AUTHORITIES);
        laid.push((lay(&path, pem.as_bytes(), 0o640).map_err(write(&path))?, path));
    }
    // From here on everything is right. The settings come last but for the mark, so that a power cut leaves the machine asking
    // for the stick again.
    for (new, path) in laid.iter().rev() {
        take_place(new, path).map_err(write(path))?;
    }
    if whole.is_some() {
        let path = places.settings.join(PROVISIONED);
        put(&path, b"", 0o640).map_err(write(&path))?;
    }
    Ok(taken)
}

/// A folder on which something is mounted.
fn is_mounted(folder: &Path) -> bool {
    let device = |path: &Path| path.metadata().map(|data| data.dev()).ok();
    let parent = folder.parent().and_then(device);
    device(folder).is_some_and(|own| parent.is_some_and(|parent| parent != own))
}

/// The kiosk's own time, to the minute.
pub(crate) fn now() -> String {
    ZonedDateTime::now().strftime("%Y-%m-%d %H:%M").to_string()
}

/// What staff are told: by the kiosk, which reads this file.
fn write_report(places: &Places, report: &StickReport) -> Result<(), StickError> {
    let path = &places.report;
    let write = |source| StickError::Write { path: path.clone(), source };
    let text = serde_json::to_vec(report).map_err(|error| write(error.into()))?;
    put(path, &text, 0o640).map_err(write)
}

fn report_of(places: &Places) -> StickReport {
    let text = fs::read_to_string(&places.report).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Reads the stick and takes what is right; says what came of it and whether the kiosk has to begin anew.
fn provision<C, K>(places: &Places, folder: &Path, judge: &Judge<C, K>) -> Result<(StickReport, bool), StickError>
where
    C: Fn(&str) -> Result<String, String>,
    K: Fn(&Path) -> Result<(), String>,
{
    // What is there and is not taken was refused.
    let refused = |name| if folder.join(name).exists() { StickOutcome::Refused } else { StickOutcome::Absent };
    let mut report = StickReport {
        at: now(),
        found: true,
        settings: refused(SETTINGS),
        authorities: refused(AUTHORITIES),
        ..StickReport::default()
    };
    let taken = look(folder).and_then(|found| take(places, folder, &found, judge));
    match &taken {
        Ok(taken) => (report.settings, report.authorities) = (taken.settings, taken.authorities),
        Err(error) => report.why = Some(error.refusal().to_string()),
    }
    write_report(places, &report)?;
    taken.map(|taken| (report, taken.changed()))
}

/// Puts new settings in force: the ways out, the address, how the screen stands, the kiosk.
pub(crate) fn apply() -> Result<(), ProgramError> {
    let systemctl = |words: &[&str]| run(Program::new("systemctl").args(words), None).map(drop);
    systemctl(&["start", "madoguchi-names.service"])?;
    systemctl(&["try-restart", "--no-block", "systemd-networkd.service"])?;
    systemctl(&["start", "madoguchi-screen.service"])?;
    systemctl(&["restart", "--no-block", "kiosk.service"])
}

/// What came of `kiosk update install`, which began when the report was written last.
fn update_ended(places: &Places, well: bool) -> Result<StickReport, StickError> {
    let began = fs::metadata(&places.report).and_then(|data| data.modified()).ok();
    let began = began.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(Timestamp::MIN);
    let history = History::open(&places.update);
    let happened = history.last().filter(|entry| entry.at >= began).map(|entry| &entry.happened);
    let mut report = report_of(places);
    (report.update, report.why) = match (well, happened) {
        (true, Some(Happened::Fetched { .. })) => (StickOutcome::Taken, report.why),
        (true, _) => (StickOutcome::Same, report.why),
        (false, happened) => {
            let why = match happened {
                Some(Happened::NotFetched { why }) => why.clone(),
                _ => "it was broken off".to_owned(),
            };
            (StickOutcome::Refused, Some(StickError::Update(why).refusal().to_string()))
        }
    };
    write_report(places, &report)?;
    Ok(report)
}

/// Carries out the command.
///
/// Exit codes: 0 done, or nothing to do; 1 no update is to begin; 3 refused, with the reason as JSON on standard output. What the
/// settings say is in no answer.
pub fn command<C, K>(args: &Args, judge: &Judge<C, K>) -> i32
where
    C: Fn(&str) -> Result<String, String>,
    K: Fn(&Path) -> Result<(), String>,
{
    let places = Places::default();
    let done = match args.update {
        Some(Step::Begins) if !args.folder.join("update/SHA256SUMS").is_file() => return 1,
        Some(Step::Begins) => {
            let report = StickReport { update: StickOutcome::UnderWay, ..report_of(&places) };
            write_report(&places, &report).map(|()| report)
        }
        Some(Step::Ended) => match std::env::var("SERVICE_RESULT").as_deref() {
            // It did not begin.
            Ok("exec-condition") => return 0,
            result => update_ended(&places, result == Ok("success")),
        },
        None if !is_mounted(&args.folder) => {
            let report = StickReport { at: now(), ..StickReport::default() };
            write_report(&places, &report).map(|()| report)
        }
        None => provision(&places, &args.folder, judge).and_then(|(report, changed)| {
            if changed {
                apply()?;
            }
            Ok(report)
        }),
    };
    crate::exit_code(done.map(|report| println!("{}", json!(report))).map_err(|error| error.refusal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorities::tests::ONE;
    use proptest::prelude::*;
    use std::cell::Cell;

    struct Machine {
        place: tempfile::TempDir,
        places: Places,
        stick: PathBuf,
    }

    fn machine() -> Machine {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = place.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let places = Places { settings: at("settings"), report: at("run").join("result.json"), update: at("update") };
        fs::write(places.settings.join(SETTINGS), "old").unwrap();
        Machine { stick: at("stick"), places, place }
    }

    impl Machine {
        fn bring(&self, name: &str, bytes: impl AsRef<[u8]>) {
            fs::write(self.stick.join(name), bytes).unwrap();
        }

        fn settings(&self) -> Vec<(String, String)> {
            let mut all: Vec<_> = fs::read_dir(&self.places.settings)
                .unwrap()
                .map(|entry| {
                    let entry = entry.unwrap();
                    (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
                })
                .collect();
            all.sort();
            all
        }

        fn provision(&self) -> Result<(StickReport, bool), StickError> {
            let judge = Judge {
                compose: |text: &str| {
                    if text.contains("wrong") { Err("line 1".to_owned()) } else { Ok(format!("whole {text}")) }
                },
                check: |path: &Path| {
                    let text = fs::read_to_string(path).unwrap();
                    if text.contains("no site") { Err("site: there is none".to_owned()) } else { Ok(()) }
                },
            };
            provision(&self.places, &self.stick, &judge)
        }
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn settings_and_authorities_are_taken_once() {
        let machine = machine();
        machine.bring(SETTINGS, "\u{feff}new");
        machine.bring(AUTHORITIES, ONE.replace('\n', "\r\n"));
        let (report, changed) = machine.provision().unwrap();
        assert!(changed && report.found && report.why.is_none());
        assert_eq!((report.settings, report.authorities), (StickOutcome::Taken, StickOutcome::Taken));
        assert_eq!(machine.settings(), pairs(&[(AUTHORITIES, ONE), (SETTINGS, "whole new"), (PROVISIONED, "")]));
        assert_eq!(report_of(&machine.places), report);
        let (report, changed) = machine.provision().unwrap();
        assert!(!changed);
        assert_eq!((report.settings, report.authorities), (StickOutcome::Same, StickOutcome::Same));
    }

    #[test]
    fn one_wrong_thing_keeps_everything_out() {
        for (settings, authorities) in [
            ("wrong", ONE),
            ("no site", ONE),
            ("new", "-----BEGIN PRIVATE KEY-----"),
            (&*"#".repeat(MOST_SETTINGS as usize + 1), ONE),
        ] {
            let machine = machine();
            machine.bring(SETTINGS, settings);
            machine.bring(AUTHORITIES, authorities);
            let error = machine.provision().unwrap_err();
            assert_eq!(machine.settings(), pairs(&[(SETTINGS, "old")]), "{error}");
            let report = report_of(&machine.places);
            assert_eq!(report.settings, StickOutcome::Refused);
            assert_eq!(report.why.unwrap(), error.refusal().to_string());
        }
    }

    #[test]
    fn settings_that_need_the_stick_are_refused() {
        let machine = machine();
        machine.bring(SETTINGS, format!("site = {:?}", machine.stick.join("site")));
        assert!(matches!(machine.provision(), Err(StickError::Settings(_))));
        assert_eq!(machine.settings(), pairs(&[(SETTINGS, "old")]));
    }

    #[test]
    fn a_stick_without_settings_leaves_the_machine_without_its_own() {
        let machine = machine();
        machine.bring("holiday.jpg", [0xff, 0xd8]);
        let (report, changed) = machine.provision().unwrap();
        assert!(!changed && report.found && report.settings == StickOutcome::Absent);
        machine.bring(AUTHORITIES, ONE);
        assert!(machine.provision().unwrap().1);
        assert_eq!(machine.settings(), pairs(&[(AUTHORITIES, ONE), (SETTINGS, "old")]));
    }

    #[test]
    fn what_is_no_text_is_not_even_judged() {
        let machine = machine();
        machine.bring(SETTINGS, [0xff, 0xfe, 0x00]);
        let asked = Cell::new(false);
        let judge = Judge {
            compose: |_: &str| {
                asked.set(true);
                Err(String::new())
            },
            check: |_: &Path| Ok(()),
        };
        assert!(matches!(provision(&machine.places, &machine.stick, &judge), Err(StickError::NoText(_))));
        assert!(!asked.get());
    }

    #[test]
    fn a_folder_is_no_mounted_stick() {
        let machine = machine();
        assert!(!is_mounted(&machine.stick));
        assert!(!is_mounted(&machine.place.path().join("none")));
        assert!(is_mounted(Path::new("/proc")));
    }

    #[test]
    fn what_came_of_an_update_is_told_beside_the_settings() {
        let machine = machine();
        let before = StickReport { found: true, settings: StickOutcome::Same, ..StickReport::default() };
        let places = &machine.places;
        let began = || write_report(places, &StickReport { update: StickOutcome::UnderWay, ..before.clone() }).unwrap();
        // What an earlier update came to is not this one's.
        let old = Happened::NotFetched { why: "old".into() };
        History::open(&places.update).add(Timestamp::UNIX_EPOCH, old).unwrap();
        began();
        assert_eq!(update_ended(places, true).unwrap(), StickReport { update: StickOutcome::Same, ..before.clone() });
        assert_eq!(report_of(places).update, StickOutcome::Same);
        let add = |happened| {
            began();
            History::open(&places.update).add(Timestamp::now(), happened).unwrap();
        };
        add(Happened::NotFetched { why: "no signature".into() });
        let report = update_ended(places, false).unwrap();
        assert_eq!(report.update, StickOutcome::Refused);
        assert!(report.why.unwrap().contains("no signature"));
        add(Happened::Fetched { version: "2".parse().unwrap(), difference: None });
        assert_eq!(update_ended(places, true).unwrap(), StickReport { update: StickOutcome::Taken, ..before.clone() });
    }

    /// The rule of SECURITY.md, as far as it stands in units: what mounts a stick hangs on two gates, and each gate is closed
    /// unless there are no settings, or staff ask.
    #[test]
    fn no_stick_is_mounted_unasked() {
        let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../image-build/mkosi/mkosi.extra/usr/lib");
        let units = lib.join("systemd/system");
        let text =
            |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let naming = |wanted: &str| {
            let files = fs::read_dir(&units).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
            let mut names: Vec<_> = files
                .filter(|path| text(path.clone()).contains(wanted))
                .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
                .collect();
            names.sort();
            names
        };
        assert_eq!(naming("run-stick.mount"), ["madoguchi-stick-update.service", "madoguchi-stick.service"]);
        assert_eq!(
            naming("madoguchi-stick.service"),
            ["madoguchi-stick-seen.service", "madoguchi-stick-update.service"]
        );
        assert_eq!(naming("madoguchi-stick-update.service"), ["madoguchi-stick-asked.service"]);
        assert_eq!(naming("madoguchi-stick-asked.service"), ["madoguchi-want-stick.path"]);
        assert_eq!(naming("madoguchi-stick-seen.service"), [""; 0]);
        for (gate, condition) in [
            ("madoguchi-stick-seen.service", "ConditionPathExists=!/var/lib/madoguchi-settings/provisioned"),
            ("madoguchi-stick-asked.service", "ConditionPathExists=/run/kiosk/want-stick"),
        ] {
            assert!(text(units.join(gate)).lines().any(|line| line == condition), "{gate}");
        }
        let wants = text(lib.join("udev/rules.d/72-madoguchi-stick.rules"));
        assert_eq!(wants.matches(".service").count(), 1);
        assert!(wants.contains("SYSTEMD_WANTS}+=\"madoguchi-stick-seen.service\""));
        let mount = text(units.join("run-stick.mount"));
        assert!(mount.contains("Options=ro,nosuid,nodev,noexec,") && mount.contains("StopWhenUnneeded=yes"));
    }

    proptest! {
        // Each case goes down to the disk.
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Whatever is on a stick: the settings are the old ones or whole new ones, and nothing is left lying about.
        #[test]
        fn settings_are_old_or_new(
            settings in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
            authorities in prop::option::of("\\PC{0,40}"),
        ) {
            let machine = machine();
            if let Some(bytes) = &settings {
                machine.bring(SETTINGS, bytes);
            }
            if let Some(text) = &authorities {
                machine.bring(AUTHORITIES, text);
            }
            let taken = machine.provision().is_ok_and(|(_, changed)| changed);
            let left = machine.settings();
            if taken {
                prop_assert!(left.iter().any(|(name, _)| name == PROVISIONED));
                prop_assert!(left.iter().any(|(name, text)| name == SETTINGS && text.starts_with("whole ")));
            } else {
                prop_assert_eq!(left, pairs(&[(SETTINGS, "old")]));
            }
        }
    }
}
