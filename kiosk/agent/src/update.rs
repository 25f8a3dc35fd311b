//! `kiosk update`: fetch a newer system, start it when nobody is there, say the truth about both.
//!
//! The work is `systemd-sysupdate`'s: it checks the signature of the list of files and the sum of each, and writes only the
//! slot that does not run. The boot loader counts tries. What is ours is *when*, the short way by what changed, and the
//! history.

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
    /// Fetch a newer system into the slot that does not run, if there is one.
    Fetch {
        /// The kiosk's configuration.
        #[arg(long, default_value = "/var/lib/madoguchi-settings/kiosk.toml")]
        config: PathBuf,
        /// Take it from this folder (a stick) instead of the address in the configuration.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Restart into a fetched system, if nobody is there and the maintenance window is open.
    Activate {
        /// The kiosk's configuration.
        #[arg(long, default_value = "/var/lib/madoguchi-settings/kiosk.toml")]
        config: PathBuf,
        /// Whatever the hour; never while somebody is served.
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
    #[error("{path}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl UpdateError {
    fn refusal(&self) -> Refusal {
        let other = "署名したUSBメモリーからも更新できます（kiosk update fetch --from）。";
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
    runtime: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            os_release: "/etc/os-release".into(),
            boot: ["/efi".into(), "/boot".into()],
            state: "/var/lib/madoguchi-update".into(),
            runtime: "/run/madoguchi-update".into(),
        }
    }
}

impl Places {
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
const PULL: &str = "/usr/lib/systemd/systemd-pull";

/// Fetches from `source`, a URL.
struct Fetch<'a> {
    places: &'a Places,
    source: &'a str,
    running: &'a Running,
}

impl Fetch<'_> {
    fn definitions(&self, name: &str, source: &str, packed: &str) -> Result<PathBuf, UpdateError> {
        let folder = self.places.runtime.join(name);
        make_folder(&folder)?;
        for (name, text) in transfers(source, packed) {
            write(&folder.join(name), &text)?;
        }
        Ok(folder)
    }

    /// The newest system that is offered and newer than all that are installed.
    fn offered(&self, definitions: &Path) -> Result<Option<Version>, UpdateError> {
        let mut ask = Program::new(SYSUPDATE);
        ask.arg(format!("--definitions={}", definitions.display())).arg("check-new");
        match run(&mut ask, None) {
            Ok(said) => Ok(said.lines().rev().find_map(|line| line.trim().parse().ok())),
            // It says by its exit code, and by nothing else, that there is nothing.
            Err(ProgramError::Failed { said, .. }) if said.contains("No candidate") || said == "(nothing)" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn install(&self, definitions: &Path, version: &Version) -> Result<(), UpdateError> {
        let mut install = Program::new(SYSUPDATE);
        install.arg(format!("--definitions={}", definitions.display())).arg("update").arg(version.to_string());
        run(&mut install, None)?;
        Ok(())
    }

    fn pull(&self, name: &str, to: &Path) -> Result<u64, UpdateError> {
        let mut pull = Program::new(PULL);
        pull.args(["raw", "--direct", "--verify=no"]).arg(format!("{}{name}", self.source)).arg(to);
        run(&mut pull, None)?;
        Ok(fs::metadata(to).map_err(|source| UpdateError::File { path: to.to_owned(), source })?.len())
    }

    /// Puts the new system together from the one that runs and what differs; gives the bytes downloaded. Nothing here is
    /// trusted: what comes out is checked against the signed sums like a download.
    fn by_difference(&self, version: &Version) -> Result<u64, UpdateError> {
        let (image, from) = (&self.running.image, &self.running.version);
        let folder = self.places.state.join("incoming");
        make_folder(&folder)?;
        let mut bytes = 0;
        // The list of whole files, signed like the published one.
        let (list, signature) = (folder.join("SHA256SUMS"), folder.join("SHA256SUMS.gpg"));
        bytes += self.pull(&format!("{image}_{version}.whole.SHA256SUMS"), &list)?;
        bytes += self.pull(&format!("{image}_{version}.whole.SHA256SUMS.gpg"), &signature)?;
        let text = fs::read_to_string(&list).map_err(|source| UpdateError::File { path: list.clone(), source })?;
        for name in whole_files(&text) {
            let base = if name.ends_with(".efi") {
                let old = self.places.boot.iter().map(|boot| boot.join(format!("EFI/Linux/{image}_{from}.efi")));
                old.into_iter().find(|path| path.exists()).ok_or_else(|| UpdateError::NoBootPartition(name.into()))?
            } else {
                let verity = if name.contains("-verity.") { "_verity" } else { "" };
                PathBuf::from(format!("/dev/disk/by-partlabel/{image}_{from}{verity}"))
            };
            let patch = folder.join("patch");
            bytes += self.pull(&format!("{name}.from_{from}.zst"), &patch)?;
            let mut apply = Program::new("zstd");
            apply.args(["--decompress", "--force", "--quiet", "--memory=2048MB", "--patch-from"]);
            apply.arg(self.base(&base, &folder)?).arg(&patch).arg("-o").arg(folder.join(name));
            run(&mut apply, None)?;
        }
        let source = format!("file://{}/", folder.display());
        self.install(&self.definitions("whole", &source, "")?, version)?;
        Ok(bytes)
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

    fn run(&self) -> Result<Option<Happened>, UpdateError> {
        let definitions = self.definitions("packed", self.source, ".xz")?;
        let Some(version) = self.offered(&definitions)? else { return Ok(None) };
        let remote = !self.source.starts_with("file:");
        let by_difference = remote.then(|| self.by_difference(&version));
        // Whatever came of it, its working files are of no more use.
        drop(fs::remove_dir_all(self.places.state.join("incoming")));
        match by_difference {
            Some(Ok(bytes)) => return Ok(Some(Happened::Fetched { version, difference: Some(bytes) })),
            Some(Err(error)) => eprintln!("kiosk update: not by what differs ({error}); whole files are fetched"),
            None => {}
        }
        self.install(&definitions, &version)?;
        Ok(Some(Happened::Fetched { version, difference: None }))
    }
}

/// The names in a list of sums, as far as they are names of files and no ways out of a folder.
fn whole_files(list: &str) -> impl Iterator<Item = &str> {
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

fn fetch(places: &Places, config: &Config, from: Option<&Path>) -> Result<Option<Happened>, UpdateError> {
    let running = places.running()?;
    let source = match (from, &config.url) {
        (Some(folder), _) => format!("file://{}/", folder.display()),
        (None, Some(url)) if url.starts_with("https://") && url.ends_with('/') => url.clone(),
        (None, Some(url)) => return Err(UpdateError::Address(url.clone())),
        (None, None) => return Err(UpdateError::NoAddress),
    };
    let happened = Fetch { places, source: &source, running: &running }.run();
    let entry = match &happened {
        Ok(happened) => happened.clone(),
        Err(error) => Some(Happened::NotFetched { why: error.to_string() }),
    };
    if let Some(entry) = entry {
        note(places, entry)?;
    }
    happened
}

fn note(places: &Places, happened: Happened) -> Result<(), UpdateError> {
    make_folder(&places.state)?;
    let file = |source| UpdateError::File { path: places.state.clone(), source };
    History::open(&places.state).add(Timestamp::now(), happened).map_err(file)
}

fn activate(places: &Places, config: &Config, now: bool) -> Result<Result<Version, Wait>, UpdateError> {
    let running = places.running()?;
    let installed = places.installed(&running.image)?;
    let [status] = unit("kiosk.service", ["StatusText"])?;
    let window = (!now).then_some(&config.window);
    let due = due(&installed, &running.version, window, ZonedDateTime::now().time(), &status);
    if let Ok(version) = &due {
        note(places, Happened::Started { version: version.clone() })?;
        run(Program::new("systemctl").arg("reboot"), None)?;
    }
    Ok(due)
}

fn booted(places: &Places) -> Result<Option<Happened>, UpdateError> {
    let running = places.running()?;
    let installed = places.installed(&running.image)?;
    let verdict = verdict(History::open(&places.state).on_trial(), &running.version, &installed);
    if let Some(happened) = &verdict {
        note(places, happened.clone())?;
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
            format!("{version} を受け取りました（変わったところだけ、{} KB）", bytes / 1000)
        }
        Happened::Fetched { version, .. } => format!("{version} を受け取りました"),
        Happened::NotFetched { why } => format!("受け取れませんでした（{why}）"),
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
        Command::Fetch { config, from } => fetch(&places, &configured(config), from.as_deref())
            .map(|happened| println!("{}", happened.as_ref().map_or("新しい版はありません".to_owned(), told))),
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
    match done {
        Ok(()) => 0,
        Err(error) => {
            println!("{}", json!({ "error": error.refusal() }));
            3
        }
    }
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
        let names: Vec<&str> = whole_files(&list).collect();
        assert_eq!(names, ["madoguchi_2.efi", "madoguchi_2.root-x86-64.ab-cd.raw"]);
    }

    proptest! {
        #[test]
        fn no_list_leads_out_of_the_folder(list in "(\\PC|\n){0,300}") {
            for name in whole_files(&list) {
                prop_assert!(!name.contains('/') && !name.starts_with('.'));
            }
        }
    }

    #[test]
    fn an_address_must_be_https() {
        let folder = tempfile::tempdir().unwrap();
        let os_release = folder.path().join("os-release");
        fs::write(&os_release, "IMAGE_ID=madoguchi\nIMAGE_VERSION=1\n").unwrap();
        let places = Places {
            os_release,
            boot: [folder.path().into(), folder.path().into()],
            state: folder.path().join("state"),
            runtime: folder.path().join("run"),
        };
        for url in ["http://updates.example/", "https://updates.example", "updates"] {
            let config = Config { url: Some(url.into()), ..Config::default() };
            assert!(matches!(fetch(&places, &config, None), Err(UpdateError::Address(_))), "{url}");
        }
        assert!(matches!(fetch(&places, &Config::default(), None), Err(UpdateError::NoAddress)));
        let elsewhere = Places { os_release: folder.path().join("none"), ..places };
        assert!(matches!(fetch(&elsewhere, &Config::default(), None), Err(UpdateError::NoImage)));
    }
}
