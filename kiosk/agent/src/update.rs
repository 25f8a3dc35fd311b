//! `kiosk update`: fetch a newer system, start it when nobody is there, say the truth about both.
//!
//! Two steps, two processes: [`Command::Fetch`] has the network and no rights, and only puts files into a folder;
//! [`Command::Install`] has the disk and no network, and trusts nothing in that folder. Its work is `systemd-sysupdate`'s: it
//! checks the signature of the list of files and the sum of each, and writes only the slot that does not run. The boot loader
//! counts tries. What is ours is *when*, the short way by what changed, and the history.

use crate::history::{Happened, History};
use crate::program::{ProgramError, run, unit};
use crate::slots::{self, Installed, Running};
use crate::{Version, Window};
use domain::Refusal;
use jiff::civil::Time;
use jiff::{Timestamp, ZonedDateTime};
use serde_json::json;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::time::Duration;

/// What the configuration says of updates.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The folder of published systems, `https://…/`; without it only a stick brings updates.
    pub url: Option<String>,
    /// When the kiosk may restart by itself: "02:00-04:30" where it is left out.
    #[serde(default)]
    pub window: Window,
}

/// Looks after the system's updates. On a machine that is no appliance it says so.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Which system runs, and what became of the last update.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Download a newer system, if there is one. It is not trusted and not installed yet.
    Fetch {
        /// The kiosk's configuration.
        #[arg(long, default_value = "/var/lib/madoguchi-settings/kiosk.toml")]
        config: PathBuf,
    },
    /// Check what was downloaded and write it into the slot that does not run.
    Install {
        /// Take it from this folder (a stick) instead of what was downloaded.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Restart into a fetched system, if nobody is there and the maintenance window is open.
    Activate {
        /// The kiosk's configuration.
        #[arg(long, default_value = "/var/lib/madoguchi-settings/kiosk.toml")]
        config: PathBuf,
        /// Whatever the hour; never while somebody is served. (So it is, too, where staff asked for the update.)
        #[arg(long)]
        now: bool,
    },
    /// Write down which system came up. To be called once a start.
    Booted,
}

/// Why an update cannot go on.
#[derive(Debug, thiserror::Error)]
enum UpdateError {
    #[error("this machine does not run an image")]
    NoImage,
    #[error("no address of updates is configured")]
    NoAddress,
    #[error("{0:?} is no https:// address that ends in /")]
    Address(String),
    #[error("{0}: not on the boot partition")]
    NoBootPartition(String),
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("{path}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl UpdateError {
    fn refusal(&self) -> Refusal {
        let other = "署名したUSBメモリーからも更新できます（kiosk update install --from）。";
        let (cause, remedy) = match self {
            Self::NoImage => ("この機械は、窓口のイメージで動いていません。", "専用機の上で実行してください。"),
            Self::NoAddress => ("更新の置き場所が設定されていません。", "設定の [update] url を書いてください。"),
            Self::Address(_) => (
                "更新の置き場所が正しくありません。",
                "https:// で始まり / で終わるように、[update] url を直してください。",
            ),
            Self::NoBootPartition(_) => ("起動用の区画が見えません。", "機械を再起動してください。"),
            Self::Program(_) => {
                ("更新を受け取れません。", "通信と、更新の置き場所の中身を確かめてください。今の版のまま使えます。")
            }
            Self::File { .. } => ("更新の記録を読み書きできません。", "機械を再起動してください。"),
        };
        Refusal::new(format!("{cause}（{self}）"), remedy, other)
    }
}

/// Where everything is.
struct Places {
    os_release: PathBuf,
    /// Where the boot partition may be mounted.
    boot: [PathBuf; 2],
    state: PathBuf,
    /// What was downloaded; written by a user that may do nothing else.
    download: PathBuf,
    /// What came of it: in memory, for a disk that is full is one of the things that may come.
    outcome: PathBuf,
    runtime: PathBuf,
    /// Written where staff ask for an update at the machine.
    asked: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            os_release: "/etc/os-release".into(),
            boot: ["/efi".into(), "/boot".into()],
            state: "/var/lib/madoguchi-update".into(),
            download: "/var/lib/madoguchi-download".into(),
            outcome: "/run/madoguchi-download/outcome.json".into(),
            runtime: "/run/madoguchi-update".into(),
            asked: "/run/kiosk/want-update".into(),
        }
    }
}

impl Places {
    /// Where a download's files lie.
    fn files(&self) -> PathBuf {
        self.download.join("files")
    }

    fn running(&self) -> Result<Running, UpdateError> {
        let text = fs::read_to_string(&self.os_release).unwrap_or_default();
        slots::running(&text).ok_or(UpdateError::NoImage)
    }

    fn installed(&self, image: &str) -> Result<Vec<Installed>, UpdateError> {
        let found = self.boot.iter().find_map(|boot| slots::installed(boot, image).ok());
        found.ok_or_else(|| UpdateError::NoBootPartition("EFI/Linux".into()))
    }
}

/// Whether the kiosk may restart now, by what its unit says of itself. When in doubt whether somebody is there: somebody is.
fn idle_minutes(status: &str) -> Option<u64> {
    status.strip_prefix("idle for ")?.strip_suffix(" min")?.parse().ok()
}

/// For so long nobody must have touched anything.
const QUIET_MINUTES: u64 = 10;

/// Why a fetched system is not started yet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wait {
    Nothing,
    Window,
    Somebody,
}

/// Which system is to be started now.
fn due(
    installed: &[Installed],
    running: &Version,
    window: Option<&Window>,
    time: Time,
    status: &str,
) -> Result<Version, Wait> {
    let newest = installed.iter().rfind(|one| !one.given_up() && one.version > *running).ok_or(Wait::Nothing)?;
    if window.is_some_and(|window| !window.holds(time)) {
        return Err(Wait::Window);
    }
    // Whoever asks for it at the machine has just touched it.
    let quiet = if window.is_some() { QUIET_MINUTES } else { 0 };
    if idle_minutes(status).is_none_or(|minutes| minutes < quiet) {
        return Err(Wait::Somebody);
    }
    Ok(newest.version.clone())
}

/// What a start means for the update that was on trial. A system that runs but is still being tried has not proved itself.
fn verdict(on_trial: Option<&Version>, running: &Version, installed: &[Installed]) -> Option<Happened> {
    let trial = on_trial?;
    let tries = installed.iter().find(|one| one.version == *trial).and_then(|one| one.tries);
    if trial == running {
        return tries.is_none().then(|| Happened::Healthy { version: trial.clone() });
    }
    let tries = tries.map_or(0, |(_, done)| done);
    Some(Happened::Returned { from: trial.clone(), to: running.clone(), tries })
}

/// A definition for `systemd-sysupdate`: what is taken from where, and where it goes (sysupdate.d(5)).
fn transfer(source: &str, pattern: &str, target: &str) -> String {
    format!(
        "[Transfer]\nProtectVersion=%A\nVerify=yes\n\n[Source]\nType=url-file\nPath={source}\nMatchPattern={pattern}\n\n\
         [Target]\n{target}"
    )
}

/// The three parts of a system: the tree of hashes, the root, the kernel. The kernel comes last, for with it the new system
/// can start.
fn transfers(source: &str, packed: &str) -> [(&'static str, String); 3] {
    let partition = |name: &str, label: &str, kind: &str| {
        let target =
            format!("Type=partition\nPath=auto\nMatchPattern={label}\nMatchPartitionType={kind}\nReadOnly=1\n");
        transfer(source, &format!("%M_@v.{name}.@u.raw{packed}"), &target)
    };
    let kernel = "Type=regular-file\nPath=/EFI/Linux\nPathRelativeTo=boot\n\
                  MatchPattern=%M_@v+@l-@d.efi %M_@v+@l.efi %M_@v.efi\nMode=0444\nTriesLeft=3\nTriesDone=0\nInstancesMax=2\n";
    [
        ("10-verity.transfer", partition("root-x86-64-verity", "%M_@v_verity", "root-verity")),
        ("20-root.transfer", partition("root-x86-64", "%M_@v", "root")),
        ("30-kernel.transfer", transfer(source, "%M_@v.efi", kernel)),
    ]
}

const SYSUPDATE: &str = "/usr/lib/systemd/systemd-sysupdate";
/// Not `systemd-pull`: it unpacks what it downloads, whose sum is then another.
const CURL: &str = "/usr/bin/curl";

/// What a download came to. Whoever reads it does not trust it: the worst that a false one does is an update that is refused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Downloaded {
    at: Timestamp,
    #[serde(flatten)]
    what: Files,
}

/// The files of a download.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
enum Files {
    /// The packed files of a whole system.
    Whole { version: Version },
    /// What differs from the system that runs; so many bytes.
    Difference { version: Version, bytes: u64 },
    /// None.
    Failed { why: String },
}

/// The step with the network.
struct Fetch<'a> {
    places: &'a Places,
    /// A folder, as a URL.
    source: &'a str,
    running: &'a Running,
}

impl Fetch<'_> {
    fn pull(&self, name: &str) -> Result<u64, UpdateError> {
        let to = self.places.files().join(name);
        let mut pull = Program::new(CURL);
        pull.args(["--fail", "--silent", "--show-error", "--proto", "=https", "--connect-timeout", "60"]);
        // A server that sends less than this for a minute has stopped.
        pull.args(["--speed-limit", "1024", "--speed-time", "60", "--retry", "2"]);
        run(pull.arg("--output").arg(&to).arg(format!("{}{name}", self.source)), None)?;
        Ok(fs::metadata(&to).map_err(|source| UpdateError::File { path: to, source })?.len())
    }

    fn text(&self, name: &str) -> Result<String, UpdateError> {
        self.pull(name)?;
        let path = self.places.files().join(name);
        fs::read_to_string(&path).map_err(|source| UpdateError::File { path, source })
    }

    /// What differs from the system that runs; gives the bytes downloaded.
    fn by_difference(&self, version: &Version) -> Result<u64, UpdateError> {
        let (list, from) = (whole_list(&self.running.image, version), &self.running.version);
        let mut bytes = 0;
        bytes += self.pull(&format!("{list}.gpg"))?;
        let text = self.text(&list)?;
        bytes += text.len() as u64;
        for name in files(&text) {
            bytes += self.pull(&patch(name, from))?;
        }
        Ok(bytes)
    }

    fn run(&self) -> Result<Option<Files>, UpdateError> {
        // What an earlier download has left is of no more use.
        let folder = self.places.files();
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|source| UpdateError::File { path: folder.clone(), source })?;
        }
        make_folder(&folder)?;
        let list = self.text(LIST)?;
        let history = History::open(&self.places.state);
        let Some(version) = newest(&list, &self.running.image)
            .filter(|version| *version > self.running.version && !history.installed(version))
        else {
            return Ok(None);
        };
        if history.difference_failed(&version) {
            eprintln!("kiosk update: what differs did not fit before; whole files are fetched");
        } else {
            match self.by_difference(&version) {
                Ok(bytes) => return Ok(Some(Files::Difference { version, bytes })),
                Err(error) => eprintln!("kiosk update: not by what differs ({error}); whole files are fetched"),
            }
        }
        self.pull(&format!("{LIST}.gpg"))?;
        for name in files(&list).filter(|name| version_of(name, &self.running.image).as_ref() == Some(&version)) {
            self.pull(name)?;
        }
        Ok(Some(Files::Whole { version }))
    }
}

/// The signed list of what is published.
const LIST: &str = "SHA256SUMS";

/// The signed list of a system's files as they are on the disk.
fn whole_list(image: &str, version: &Version) -> String {
    format!("{image}_{version}.whole.{LIST}")
}

/// What makes this file out of the one of version `from`.
fn patch(name: &str, from: &Version) -> String {
    format!("{name}.from_{from}.zst")
}

/// The version of a system to which this file belongs: `IMAGE_VERSION.efi`, `IMAGE_VERSION.root-x86-64….raw.xz`.
fn version_of(name: &str, image: &str) -> Option<Version> {
    let rest = name.strip_prefix(image)?.strip_prefix('_')?;
    rest.strip_suffix(".efi").or_else(|| Some(rest.split_once(".root-x86-64")?.0))?.parse().ok()
}

/// The newest system in a list; its kernel is published last and stands for it.
fn newest(list: &str, image: &str) -> Option<Version> {
    files(list).filter(|name| name.ends_with(".efi")).filter_map(|name| version_of(name, image)).max()
}

/// The step with the disk.
struct Install<'a> {
    places: &'a Places,
    running: &'a Running,
}

impl Install<'_> {
    /// Has `systemd-sysupdate` check and write what lies in `folder`, if it is newer; `packed` is how its files end.
    fn take(&self, folder: &Path, packed: &str) -> Result<Option<Version>, UpdateError> {
        let definitions = self.places.runtime.join("transfers");
        make_folder(&definitions)?;
        for (name, text) in transfers(&format!("file://{}/", folder.display()), packed) {
            write(&definitions.join(name), &text)?;
        }
        let sysupdate = || {
            let mut program = Program::new(SYSUPDATE);
            program.arg(format!("--definitions={}", definitions.display()));
            program
        };
        let version: Version = match run(sysupdate().arg("check-new"), None) {
            Ok(said) => match said.lines().rev().find_map(|line| line.trim().parse().ok()) {
                Some(version) => version,
                None => return Ok(None),
            },
            // It says by its exit code, and by nothing else, that there is nothing.
            Err(ProgramError::Failed { said, .. }) if said.contains("No candidate") || said == "(nothing)" => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        run(sysupdate().args(["update", &version.to_string()]), None)?;
        Ok(Some(version))
    }

    /// Puts the new system together from the one that runs and what differs. What comes out is checked against the signed
    /// sums like a download; until then nothing here is trusted.
    fn by_difference(&self, version: &Version) -> Result<Option<Version>, UpdateError> {
        let (image, from) = (&self.running.image, &self.running.version);
        let (patches, folder) = (self.places.files(), self.places.state.join("incoming"));
        make_folder(&folder)?;
        let list = whole_list(image, version);
        for end in ["", ".gpg"] {
            let (from, to) = (patches.join(format!("{list}{end}")), folder.join(format!("{LIST}{end}")));
            fs::copy(&from, to).map_err(|source| UpdateError::File { path: from, source })?;
        }
        let path = folder.join(LIST);
        let text = fs::read_to_string(&path).map_err(|source| UpdateError::File { path, source })?;
        for name in files(&text) {
            let base = if name.ends_with(".efi") {
                let old = self.places.boot.iter().map(|boot| boot.join(format!("EFI/Linux/{image}_{from}.efi")));
                old.into_iter().find(|path| path.exists()).ok_or_else(|| UpdateError::NoBootPartition(name.into()))?
            } else if name.contains("-verity.") {
                PathBuf::from(format!("/dev/disk/by-partlabel/{image}_{from}_verity"))
            } else {
                // As long as the file that it was made of; its partition may be longer.
                PathBuf::from("/dev/mapper/root")
            };
            let mut apply = Program::new("zstd");
            apply.args(["--decompress", "--force", "--quiet", "--memory=2048MB", "--patch-from"]);
            apply.arg(self.base(&base, &folder)?).arg(patches.join(patch(name, from))).arg("-o").arg(folder.join(name));
            run(&mut apply, None)?;
        }
        self.take(&folder, "")
    }

    /// `zstd` wants a file whose length it can ask for: of a partition, a copy.
    fn base(&self, base: &Path, folder: &Path) -> Result<PathBuf, UpdateError> {
        if base.starts_with("/dev") {
            let copy = folder.join("base");
            let file = |source| UpdateError::File { path: base.to_owned(), source };
            let mut from = File::open(base).map_err(file)?;
            let mut to = File::create(&copy).map_err(file)?;
            io::copy(&mut from, &mut to).map_err(file)?;
            return Ok(copy);
        }
        Ok(base.to_owned())
    }

    fn run(&self, files: &Files) -> Result<Option<Happened>, UpdateError> {
        match files {
            Files::Failed { why } => Ok(Some(Happened::NotFetched { why: why.clone() })),
            Files::Whole { .. } => {
                let installed = self.take(&self.places.files(), ".xz")?;
                Ok(installed.map(|version| Happened::Fetched { version, difference: None }))
            }
            Files::Difference { version, bytes } => {
                let installed = self.by_difference(version);
                // Whatever came of it, its working files are of no more use.
                drop(fs::remove_dir_all(self.places.state.join("incoming")));
                match installed {
                    Ok(installed) => {
                        Ok(installed.map(|version| Happened::Fetched { version, difference: Some(*bytes) }))
                    }
                    Err(error) => {
                        Ok(Some(Happened::DifferenceFailed { version: version.clone(), why: error.to_string() }))
                    }
                }
            }
        }
    }
}

/// The names in a list of sums, as far as they are names of files and no ways out of a folder.
fn files(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter_map(|line| {
        let name = line.get(64..)?.trim_start_matches([' ', '*']).trim_end();
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        (!name.is_empty() && !name.starts_with('.') && name.chars().all(plain)).then_some(name)
    })
}

fn make_folder(path: &Path) -> Result<(), UpdateError> {
    fs::create_dir_all(path).map_err(|source| UpdateError::File { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> Result<(), UpdateError> {
    fs::write(path, text).map_err(|source| UpdateError::File { path: path.to_owned(), source })
}

/// Downloads; what came of it is written down for the step that installs.
fn fetch(places: &Places, config: &Config) -> Result<Option<Files>, UpdateError> {
    let running = places.running()?;
    let source = match &config.url {
        Some(url) if url.starts_with("https://") && url.ends_with('/') => url,
        Some(url) => return Err(UpdateError::Address(url.clone())),
        None => return Err(UpdateError::NoAddress),
    };
    let fetched = Fetch { places, source, running: &running }.run();
    let what = match &fetched {
        Ok(Some(files)) => files.clone(),
        Ok(None) => return fetched,
        Err(error) => Files::Failed { why: error.to_string() },
    };
    let outcome = Downloaded { at: Timestamp::now(), what };
    let text = serde_json::to_string(&outcome).expect("plain data");
    write(&places.outcome, &text)?;
    fetched
}

/// Installs what was downloaded, or what is in the folder `from`.
fn install(places: &Places, from: Option<&Path>) -> Result<Option<Happened>, UpdateError> {
    let running = places.running()?;
    let step = Install { places, running: &running };
    let (at, happened) = match from {
        Some(folder) => {
            let taken = step.take(folder, ".xz");
            (Timestamp::now(), taken.map(|taken| taken.map(|version| Happened::Fetched { version, difference: None })))
        }
        None => {
            let text = fs::read_to_string(&places.outcome).unwrap_or_default();
            let Ok(downloaded) = serde_json::from_str::<Downloaded>(&text) else { return Ok(None) };
            // It was dealt with.
            if History::open(&places.state).holds(downloaded.at) {
                return Ok(None);
            }
            (downloaded.at, step.run(&downloaded.what))
        }
    };
    let entry = match &happened {
        Ok(happened) => happened.clone(),
        Err(error) => Some(Happened::NotFetched { why: error.to_string() }),
    };
    if let Some(entry) = entry {
        note(places, at, entry)?;
    }
    happened
}

fn note(places: &Places, at: Timestamp, happened: Happened) -> Result<(), UpdateError> {
    make_folder(&places.state)?;
    let file = |source| UpdateError::File { path: places.state.clone(), source };
    History::open(&places.state).add(at, happened).map_err(file)
}

/// Whether staff have asked for the update that is there now: what comes much later, they did not ask for.
fn asked(places: &Places) -> bool {
    /// A whole system over a slow line, and its installation.
    const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
    let asked = fs::metadata(&places.asked).and_then(|file| file.modified());
    asked.is_ok_and(|at| at.elapsed().is_ok_and(|passed| passed < LONGEST))
}

fn activate(places: &Places, config: &Config, now: bool) -> Result<Result<Version, Wait>, UpdateError> {
    let running = places.running()?;
    let installed = places.installed(&running.image)?;
    let [status] = unit("kiosk.service", ["StatusText"])?;
    // Staff are told that it restarts when the new system is there.
    let window = (!now && !asked(places)).then_some(&config.window);
    let due = due(&installed, &running.version, window, ZonedDateTime::now().time(), &status);
    if let Ok(version) = &due {
        note(places, Timestamp::now(), Happened::Started { version: version.clone() })?;
        run(Program::new("systemctl").arg("reboot"), None)?;
    }
    Ok(due)
}

fn booted(places: &Places) -> Result<Option<Happened>, UpdateError> {
    let running = places.running()?;
    let installed = places.installed(&running.image)?;
    let verdict = verdict(History::open(&places.state).on_trial(), &running.version, &installed);
    if let Some(happened) = &verdict {
        note(places, Timestamp::now(), happened.clone())?;
    }
    Ok(verdict)
}

fn status(places: &Places, as_json: bool) -> Result<(), UpdateError> {
    let running = places.running()?;
    let installed = places.installed(&running.image)?;
    let history = History::open(&places.state);
    if as_json {
        let installed: Vec<_> = installed
            .iter()
            .map(|one| {
                let tries = one.tries.map(|(left, done)| json!({ "left": left, "done": done }));
                json!({ "version": one.version, "tries": tries, "given_up": one.given_up() })
            })
            .collect();
        let last = history.last();
        println!(
            "{}",
            json!({ "image": running.image, "running": running.version, "installed": installed, "last": last })
        );
        return Ok(());
    }
    println!("動いている版: {}（{}）", running.version, why(&history, &running.version));
    for one in &installed {
        let state = match one.tries {
            None => "正常に起動したことがあります".to_owned(),
            Some((0, done)) => format!("{done}回起動を試し、使うのをやめました"),
            Some((left, 0)) => format!("まだ起動していません（あと{left}回まで試します）"),
            Some((left, done)) => format!("{done}回起動を試しました（あと{left}回）"),
        };
        println!("入っている版: {} {state}", one.version);
    }
    match history.last() {
        Some(entry) => println!(
            "最後の更新: {} {}",
            entry.at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M"),
            told(&entry.happened)
        ),
        None => println!("最後の更新: まだありません"),
    }
    Ok(())
}

/// Why this version runs.
fn why(history: &History, running: &Version) -> String {
    let fits = history.entries.iter().rev().find_map(|entry| match &entry.happened {
        Happened::Healthy { version } if version == running => Some("更新して、正常に動いています".to_owned()),
        Happened::Returned { from, to, .. } if to == running => {
            Some(format!("{from} が正常に起動しないので、戻りました"))
        }
        _ => None,
    });
    fits.unwrap_or_else(|| "はじめから入っている版です".to_owned())
}

fn told(happened: &Happened) -> String {
    match happened {
        Happened::Fetched { version, difference: Some(bytes) } => {
            format!("{version} を入れました（変わったところだけを受け取り、{} KB）", bytes / 1000)
        }
        Happened::Fetched { version, .. } => format!("{version} を入れました"),
        Happened::NotFetched { why } => format!("受け取れませんでした（{why}）"),
        Happened::DifferenceFailed { version, why } => {
            format!("{version} の変わったところが合いませんでした。次は全体を受け取ります（{why}）")
        }
        Happened::Started { version } => format!("{version} で起動し直しました"),
        Happened::Healthy { version } => format!("{version} は正常に動いています"),
        Happened::Returned { from, to, tries } => {
            format!("{from} は{tries}回試しても正常に起動せず、{to} に戻りました")
        }
    }
}

/// Carries out the command. `load` reads the kiosk's configuration.
///
/// Exit codes: 0 done, or nothing to do; 3 refused, with the reason as JSON on standard output.
pub fn command(command: &Command, load: impl FnOnce(&Path) -> Result<Config, String>) -> i32 {
    let places = Places::default();
    let configured = |path: &Path| {
        // A configuration that is broken does not keep an update from mending it: the window is the usual one then.
        load(path).inspect_err(|error| eprintln!("kiosk update: {error}")).unwrap_or_default()
    };
    let done = match command {
        Command::Status { json } => status(&places, *json),
        Command::Fetch { config } => fetch(&places, &configured(config)).map(|files| match files {
            Some(Files::Whole { version }) => println!("{version} を受け取りました"),
            Some(Files::Difference { version, bytes }) => {
                println!("{version} の変わったところを受け取りました（{} KB）", bytes / 1000);
            }
            Some(Files::Failed { .. }) | None => println!("新しい版はありません"),
        }),
        Command::Install { from } => install(&places, from.as_deref())
            .map(|happened| println!("{}", happened.as_ref().map_or("入れる版はありません".to_owned(), told))),
        Command::Activate { config, now } => activate(&places, &configured(config), *now).map(|due| match due {
            Ok(version) => println!("{version} で起動し直します"),
            Err(Wait::Nothing) => println!("起動を待つ版はありません"),
            Err(Wait::Window) => println!("保守の時間になるまで待ちます"),
            Err(Wait::Somebody) => println!("人がいるかもしれないので待ちます"),
        }),
        Command::Booted => {
            booted(&places).map(|happened| happened.iter().for_each(|happened| println!("{}", told(happened))))
        }
    };
    crate::exit_code(done.map_err(|error| error.refusal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn proven(text: &str) -> Installed {
        Installed { version: version(text), tries: None }
    }

    fn tried(text: &str, left: u32, done: u32) -> Installed {
        Installed { version: version(text), tries: Some((left, done)) }
    }

    #[test]
    fn a_new_system_is_started_only_when_nobody_is_there_and_it_is_night() {
        let installed = [proven("1"), tried("2", 3, 0)];
        let window = Window::default();
        let night = time(3, 0, 0, 0);
        let due = |time, status: &str| due(&installed, &version("1"), Some(&window), time, status);
        assert_eq!(due(night, "idle for 10 min"), Ok(version("2")));
        assert_eq!(due(night, "idle for 9 min"), Err(Wait::Somebody));
        for doubtful in ["serving", "", "idle", "idle for ever min", "idle for -1 min"] {
            assert_eq!(due(night, doubtful), Err(Wait::Somebody), "{doubtful}");
        }
        assert_eq!(due(time(12, 0, 0, 0), "idle for 99 min"), Err(Wait::Window));
    }

    #[test]
    fn at_the_machine_it_is_started_at_once_but_never_during_a_visit() {
        let installed = [proven("1"), tried("2", 3, 0)];
        let due = |status: &str| due(&installed, &version("1"), None, time(12, 0, 0, 0), status);
        assert_eq!(due("idle for 0 min"), Ok(version("2")));
        assert_eq!(due("serving"), Err(Wait::Somebody));
    }

    #[test]
    fn what_the_boot_loader_gave_up_and_what_is_older_is_never_started() {
        let due = |installed: &[Installed]| due(installed, &version("2"), None, time(3, 0, 0, 0), "idle for 60 min");
        assert_eq!(due(&[proven("2"), tried("3", 0, 3)]), Err(Wait::Nothing));
        assert_eq!(due(&[proven("1"), proven("2")]), Err(Wait::Nothing));
        assert_eq!(due(&[proven("2"), tried("10", 1, 2)]), Ok(version("10")));
    }

    #[test]
    fn a_start_says_what_became_of_the_update() {
        let installed = [proven("1"), tried("2", 0, 3)];
        assert_eq!(verdict(None, &version("1"), &installed), None);
        assert_eq!(verdict(Some(&version("2")), &version("2"), &[tried("2", 1, 2)]), None);
        let healthy = Happened::Healthy { version: version("2") };
        assert_eq!(verdict(Some(&version("2")), &version("2"), &[proven("1"), proven("2")]), Some(healthy));
        let returned = Happened::Returned { from: version("2"), to: version("1"), tries: 3 };
        assert_eq!(verdict(Some(&version("2")), &version("1"), &installed), Some(returned));
    }

    #[test]
    fn every_part_is_verified_and_the_running_one_kept() {
        for (name, text) in transfers("https://updates.example/", ".xz") {
            assert!(text.contains("Verify=yes") && text.contains("ProtectVersion=%A"), "{name}");
        }
    }

    #[test]
    fn only_names_of_files_are_taken_from_a_list() {
        let sum = "0".repeat(64);
        let list = format!(
            "{sum}  madoguchi_2.efi\n{sum} *madoguchi_2.root-x86-64.ab-cd.raw\n{sum}  ../../etc/passwd\n{sum}  /dev/vda\n\
             {sum}  .hidden\nshort  x\n{sum}  \n"
        );
        let names: Vec<&str> = files(&list).collect();
        assert_eq!(names, ["madoguchi_2.efi", "madoguchi_2.root-x86-64.ab-cd.raw"]);
    }

    #[test]
    fn the_newest_system_of_this_image_is_found_in_a_list() {
        let line = |name: &str| format!("{}  {name}\n", "0".repeat(64));
        let names = [
            "madoguchi_0.9.efi",
            "madoguchi_0.10.efi",
            "madoguchi_0.11.root-x86-64.ab.raw.xz",
            "madoguchi-debug_7.efi",
            "madoguchi_x.efi",
        ];
        let list: String = names.into_iter().map(line).collect();
        assert_eq!(newest(&list, "madoguchi"), Some(version("0.10")), "a system without its kernel is none");
        assert_eq!(newest(&list, "madoguchi-debug"), Some(version("7")));
        assert_eq!(newest("", "madoguchi"), None);
        assert_eq!(version_of("madoguchi_0.11.root-x86-64-verity.ab.raw.xz", "madoguchi"), Some(version("0.11")));
    }

    /// A machine that runs version 1.
    fn appliance(folder: &Path) -> Places {
        let os_release = folder.join("os-release");
        fs::write(&os_release, "IMAGE_ID=madoguchi\nIMAGE_VERSION=1\n").unwrap();
        Places {
            os_release,
            boot: [folder.into(), folder.into()],
            state: folder.join("state"),
            download: folder.join("download"),
            outcome: folder.join("outcome.json"),
            runtime: folder.join("run"),
            asked: folder.join("want-update"),
        }
    }

    #[test]
    fn a_download_that_failed_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let places = appliance(folder.path());
        assert_eq!(install(&places, None).unwrap(), None, "nothing was downloaded");
        let config = Config { url: Some("https://127.0.0.1:9/".into()), ..Config::default() };
        fetch(&places, &config).unwrap_err();
        let told = install(&places, None).unwrap();
        assert!(matches!(told, Some(Happened::NotFetched { .. })), "{told:?}");
        assert_eq!(install(&places, None).unwrap(), None, "told again");
        assert_eq!(History::open(&places.state).entries.len(), 1);
    }

    #[test]
    fn where_nothing_can_be_written_that_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let places = appliance(folder.path());
        fs::write(&places.download, "no folder").unwrap();
        let config = Config { url: Some("https://127.0.0.1:9/".into()), ..Config::default() };
        fetch(&places, &config).unwrap_err();
        let told = install(&places, None).unwrap();
        assert!(matches!(&told, Some(Happened::NotFetched { why }) if why.contains("download/files: ")), "{told:?}");
    }

    #[test]
    fn staff_ask_for_the_update_that_comes_now() {
        let folder = tempfile::tempdir().unwrap();
        let places = appliance(folder.path());
        assert!(!asked(&places));
        fs::write(&places.asked, "").unwrap();
        assert!(asked(&places));
        let yesterday = std::time::SystemTime::now() - Duration::from_secs(86_400);
        File::options().write(true).open(&places.asked).unwrap().set_modified(yesterday).unwrap();
        assert!(!asked(&places));
    }

    proptest! {
        #[test]
        fn no_list_leads_out_of_the_folder(list in "(\\PC|\n){0,300}") {
            for name in files(&list) {
                prop_assert!(!name.contains('/') && !name.starts_with('.'));
            }
        }
    }

    #[test]
    fn an_address_must_be_https() {
        let folder = tempfile::tempdir().unwrap();
        let places = appliance(folder.path());
        for url in ["http://updates.example/", "https://updates.example", "updates"] {
            let config = Config { url: Some(url.into()), ..Config::default() };
            assert!(matches!(fetch(&places, &config), Err(UpdateError::Address(_))), "{url}");
        }
        assert!(matches!(fetch(&places, &Config::default()), Err(UpdateError::NoAddress)));
        let elsewhere = Places { os_release: folder.path().join("none"), ..places };
        assert!(matches!(fetch(&elsewhere, &Config::default()), Err(UpdateError::NoImage)));
    }
}
