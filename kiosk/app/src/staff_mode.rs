//! Staff mode's port: judges the PIN, looks at the machine, keeps what was done, and passes a few orders to systemd.
//!
//! The orders are a closed list ([`MachineOrder`]); each is a file of fixed name that a unit of the appliance waits for, so that
//! the kiosk needs no right to order anything of systemd. Where the kiosk does not run on its appliance, each says that it does
//! not exist here.

use crate::config::StaffMode;
use crate::mixer::{set_volume, volume};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use domain::form::FilledPdf;
use domain::staff::{
    Condition, Counts, Finding, HostTried, MachineOrder, Part, PinRefusal, Sheet, SheetLine, StaffAnswer, StaffCommand,
    StaffOutcome, StaffPin, StickOutcome, StickReport,
};
use domain::{Personal, RequestId};
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use store::{Store, StoreError, Try};
use visit::Phrasebook;

/// How long a host may take to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many lines of what staff did go into a diagnosis.
const AUDIT_LINES: u32 = 30;

/// What became of the stick that was read last.
const STICK: &str = "/run/madoguchi-stick/result.json";

/// A stick is found, mounted and judged within this time, or not at all.
const STICK_PATIENCE: Duration = Duration::from_secs(60);

/// How often its report is looked for.
const STICK_ASK: Duration = Duration::from_millis(250);

/// Where the kernel lists what lights the screen.
const BACKLIGHTS: &str = "/sys/class/backlight";

/// The hash of a PIN, as the configuration keeps it.
///
/// # Errors
/// When no random numbers are to be had.
pub fn hash(pin: &Personal<StaffPin>) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(pin.reveal().0.as_bytes())?.to_string())
}

/// Whether this is the hash of a PIN.
pub fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.salt.is_some() && hash.hash.is_some())
}

/// What the port needs to know.
pub struct Config {
    /// This kiosk's name.
    pub kiosk: String,
    /// The site pack's folder.
    pub site: PathBuf,
    /// The database.
    pub store: PathBuf,
    /// What is configured here.
    pub installed: Vec<Part>,
    /// `host:port` of everything that must be reached.
    pub hosts: Vec<String>,
    /// What an installer says of staff mode.
    pub staff: StaffMode,
}

/// The port's handle. Dropping it ends the thread when its last order is done.
pub struct Handle {
    orders: Sender<StaffCommand>,
}

impl Handle {
    /// Orders something; what comes of it comes as an event.
    pub fn send(&self, command: StaffCommand) {
        // The thread lives as long as the handle.
        let _ = self.orders.send(command);
    }
}

/// Starts the port.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(config: Config, emit: impl Fn(StaffAnswer) + Send + 'static) -> io::Result<Handle> {
    let (orders, receiver) = mpsc::channel();
    thread::Builder::new().name("staff-mode".into()).spawn(move || {
        // Without a record no try can be counted, and nothing is opened.
        let store =
            Store::open(&config.store).inspect_err(|error| tracing::error!(%error, "staff mode stays closed")).ok();
        let out_of_service = store.as_ref().is_some_and(|store| store.out_of_service().unwrap_or(false));
        emit(StaffAnswer::Installed { out_of_service });
        let mut port = Port { config, store, diagnosis: Vec::new() };
        for command in receiver {
            if let Some(answer) = port.perform(command) {
                emit(answer);
            }
        }
    })?;
    Ok(Handle { orders })
}

struct Port {
    config: Config,
    store: Option<Store>,
    /// What was shown last, and is written to the medium.
    diagnosis: Vec<String>,
}

impl Port {
    fn perform(&mut self, command: StaffCommand) -> Option<StaffAnswer> {
        Some(match command {
            StaffCommand::Open { request, pin } => self.open(request, &pin),
            StaffCommand::Look(request) => self.seen(request),
            StaffCommand::Reach(request) => StaffAnswer::Reached(request, reach(&self.config.hosts)),
            StaffCommand::Draw { request, sheet } => self.draw(request, &sheet),
            StaffCommand::Volume(request, percent) => match self.on_appliance(|| set_volume(percent)) {
                StaffOutcome::Done => self.seen(request),
                outcome => answer(request, outcome),
            },
            StaffCommand::Brightness(request, percent) => match self.on_appliance(|| set_brightness(percent)) {
                StaffOutcome::Done => self.seen(request),
                outcome => answer(request, outcome),
            },
            StaffCommand::Machine(request, MachineOrder::Stick) => answer(request, self.on_appliance(read_stick)),
            StaffCommand::Machine(request, order) => answer(request, self.on_appliance(|| order_machine(order))),
            StaffCommand::Diagnose(request, findings) => {
                self.diagnosis = self.diagnose(findings);
                StaffAnswer::Diagnosed(request, self.diagnosis.clone())
            }
            StaffCommand::Export(request) => answer(request, self.export()),
            StaffCommand::OutOfService(out) => {
                self.keep(|store| store.set_out_of_service(out));
                return None;
            }
            StaffCommand::Audit(action, outcome) => {
                self.keep(|store| store.audit(&jiff::Timestamp::now(), action, outcome));
                return None;
            }
        })
    }

    fn keep(&self, what: impl FnOnce(&Store) -> Result<(), StoreError>) {
        if let Some(Err(error)) = self.store.as_ref().map(what) {
            tracing::error!(%error, "what staff did was not kept");
        }
    }

    fn open(&self, request: RequestId, pin: &Personal<StaffPin>) -> StaffAnswer {
        let refused = |why, wait: Duration| {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            StaffAnswer::Refused { request, why, wait_ms }
        };
        let Some(store) = &self.store else { return refused(PinRefusal::NoRecord, Duration::ZERO) };
        match store.try_pin(jiff::Timestamp::now().as_second()) {
            Err(error) => {
                tracing::error!(%error, "a try at the PIN cannot be counted");
                refused(PinRefusal::NoRecord, Duration::ZERO)
            }
            Ok(Try::Locked(wait)) => refused(PinRefusal::Locked, wait),
            Ok(Try::Counted { .. }) if is_right(&self.config.staff.pin, pin) => {
                self.keep(Store::right_pin);
                StaffAnswer::Opened(request)
            }
            Ok(Try::Counted { wait }) => refused(PinRefusal::Wrong, wait),
        }
    }

    fn seen(&self, request: RequestId) -> StaffAnswer {
        StaffAnswer::Seen(request, Box::new(self.condition()))
    }

    fn condition(&self) -> Condition {
        let (free_mb, disk_mb) = disk(&self.config.store).unwrap_or_default();
        let here = self.config.staff.appliance;
        let pack = self.config.site.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Condition {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pack,
            installed: self.config.installed.clone(),
            free_mb,
            disk_mb,
            counts: self.store.as_ref().and_then(counts),
            volume: here.then(volume).flatten(),
            brightness: here.then(brightness).flatten(),
            stick: here.then(|| stick_report(Path::new(STICK))).flatten().map(|(report, _)| report),
        }
    }

    fn sheet(&self, sheet: &Sheet) -> Vec<SheetLine> {
        match Phrasebook::shipped() {
            Ok(words) => visit::sheet(&words, sheet, &self.config.kiosk, &now(), &self.condition()),
            Err(error) => {
                tracing::error!(%error, "no words for staff");
                Vec::new()
            }
        }
    }

    fn draw(&self, request: RequestId, sheet: &Sheet) -> StaffAnswer {
        match forms::sheet(&self.sheet(sheet)) {
            Ok(pdf) => StaffAnswer::Drawn(request, Personal::new(FilledPdf(pdf))),
            Err(error) => {
                tracing::error!(%error, "a page for staff was not drawn");
                StaffAnswer::Failed(request)
            }
        }
    }

    /// What a maintainer needs to know. Hosts are counted, not named.
    fn diagnose(&self, findings: Vec<(Part, Option<Finding>)>) -> Vec<String> {
        let rows = self.sheet(&Sheet::Report(findings)).into_iter().filter_map(|line| match line {
            SheetLine::Row(name, text) if !text.is_empty() => {
                Some(if name.is_empty() { text } else { format!("{name}: {text}") })
            }
            _ => None,
        });
        let mut lines: Vec<String> = rows.collect();
        let tried = reach(&self.config.hosts);
        let reached = tried.iter().filter(|host| host.reached).count();
        lines.push(format!("接続先: {}件のうち{reached}件につながりました", tried.len()));
        if let Ok(uptime) = fs::read_to_string("/proc/uptime")
            && let Some(seconds) = uptime.split('.').next().and_then(|seconds| seconds.parse::<u64>().ok())
        {
            lines.push(format!("起動してから: {}時間{}分", seconds / 3600, seconds / 60 % 60));
        }
        if let Ok(memory) = fs::read_to_string("/proc/meminfo") {
            let of = |name: &str| {
                let line = memory.lines().find_map(|line| line.strip_prefix(name))?;
                line.trim_start_matches(':').split_whitespace().next()?.parse::<u64>().ok()
            };
            if let (Some(free), Some(all)) = (of("MemAvailable"), of("MemTotal")) {
                lines.push(format!("メモリーの空き: {} MB（全体 {} MB）", free / 1024, all / 1024));
            }
        }
        if let Some(store) = &self.store {
            let today = jiff::ZonedDateTime::now().date();
            if let Ok(summary) = store.summary(today, today) {
                let groups =
                    [("プリンターの不具合", summary.printer_troubles), ("カードの読み取り不可", summary.cards_refused)];
                for (name, group) in groups {
                    lines.extend(group.iter().map(|(kind, count)| format!("今日の{name}: {kind} {count}回")));
                }
            }
            let done = store.audit_lines(AUDIT_LINES).unwrap_or_default();
            lines.extend(done.iter().map(|line| format!("操作の記録: {} {} {}", line.at, line.action, line.outcome)));
        }
        lines
    }

    /// Writes what was shown, and nothing else.
    fn export(&self) -> StaffOutcome {
        let medium = self.config.staff.export.as_deref().filter(|folder| folder.is_dir());
        let Some(folder) = medium else { return StaffOutcome::NotAvailable };
        let name = format!("madoguchi-{}-{}.txt", plain(&self.config.kiosk), now().replace([' ', ':'], "-"));
        let written = File::create(folder.join(name)).and_then(|mut file| {
            file.write_all((self.diagnosis.join("\r\n") + "\r\n").as_bytes())?;
            // It is pulled out as soon as the screen says so.
            file.sync_all()?;
            File::open(folder)?.sync_all()
        });
        outcome(written)
    }

    fn on_appliance(&self, act: impl FnOnce() -> io::Result<()>) -> StaffOutcome {
        if self.config.staff.appliance { outcome(act()) } else { StaffOutcome::NotAvailable }
    }
}

fn outcome(done: io::Result<()>) -> StaffOutcome {
    match done {
        Ok(()) => StaffOutcome::Done,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => StaffOutcome::NotAvailable,
        Err(error) => {
            tracing::error!(%error, "what staff ordered was not done");
            StaffOutcome::Failed
        }
    }
}

fn answer(request: RequestId, outcome: StaffOutcome) -> StaffAnswer {
    match outcome {
        StaffOutcome::Done => StaffAnswer::Done(request),
        StaffOutcome::NotAvailable => StaffAnswer::NotAvailable(request),
        _ => StaffAnswer::Failed(request),
    }
}

fn is_right(hash: &str, pin: &Personal<StaffPin>) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(pin.reveal().0.as_bytes(), &hash).is_ok())
}

/// The kiosk's own time, to the minute.
fn now() -> String {
    jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M").to_string()
}

/// A name that any file system takes.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn counts(store: &Store) -> Option<Counts> {
    let day = jiff::ZonedDateTime::now().date();
    let summary = store.summary(day, day).inspect_err(|error| tracing::warn!(%error, "no counts of today")).ok()?;
    Some(Counts {
        day,
        visits: summary.visits,
        completed: summary.completed,
        printed: summary.forms.values().sum(),
        troubles: summary.printer_troubles.values().sum(),
    })
}

/// Room left and room in all on the disk that holds this file, in MB.
fn disk(file: &Path) -> Option<(u64, u64)> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    let mb = |blocks: u64| blocks * disk.fragment_size() / (1024 * 1024);
    Some((mb(disk.blocks_available()), mb(disk.blocks())))
}

/// Tries all hosts at once.
fn reach(hosts: &[String]) -> Vec<HostTried> {
    let tries: Vec<_> = hosts
        .iter()
        .cloned()
        .map(|name| {
            thread::spawn(move || {
                let mut addresses = name.to_socket_addrs().into_iter().flatten();
                let reached = addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok());
                HostTried { name, reached }
            })
        })
        .collect();
    tries.into_iter().filter_map(|host| host.join().ok()).collect()
}

/// The file for which a unit waits (`image-build/mkosi`, `madoguchi-want-*.path`).
fn wanted(order: MachineOrder) -> &'static str {
    match order {
        MachineOrder::Update => "/run/kiosk/want-update",
        MachineOrder::Stick => "/run/kiosk/want-stick",
        MachineOrder::Restart => "/run/kiosk/want-restart",
        MachineOrder::ShutDown => "/run/kiosk/want-power-off",
        MachineOrder::FactoryReset => "/run/kiosk/want-factory-reset",
    }
}

fn order_machine(order: MachineOrder) -> io::Result<()> {
    // The unit is told of each writing, not of the file.
    fs::write(wanted(order), "")
}

/// What became of the stick that was read last, and when that was written (`kiosk stick`).
fn stick_report(file: &Path) -> Option<(StickReport, SystemTime)> {
    let written = fs::metadata(file).and_then(|data| data.modified()).ok()?;
    let text = fs::read_to_string(file).ok()?;
    let report = serde_json::from_str(&text).inspect_err(|error| tracing::error!(%error, "no report of a stick"));
    Some((report.ok()?, written))
}

/// Has the stick read, and waits for what comes of its settings: whoever pulls it out wants to know. An update on it goes on for
/// longer and is told with the machine's state.
fn read_stick() -> io::Result<()> {
    let before = stick_report(Path::new(STICK)).map(|(_, written)| written);
    order_machine(MachineOrder::Stick)?;
    let began = Instant::now();
    loop {
        match stick_report(Path::new(STICK)) {
            Some((report, written)) if Some(written) != before => return settled(&report),
            _ if began.elapsed() > STICK_PATIENCE => return Err(io::ErrorKind::TimedOut.into()),
            _ => thread::sleep(STICK_ASK),
        }
    }
}

fn settled(report: &StickReport) -> io::Result<()> {
    let refused = [report.settings, report.authorities, report.update].contains(&StickOutcome::Refused);
    if refused || !report.found { Err(io::Error::other("nothing was taken from the stick")) } else { Ok(()) }
}

/// The light of the screen, and how bright it can be.
fn backlight() -> Option<(PathBuf, u64)> {
    let folder = fs::read_dir(BACKLIGHTS).ok()?.filter_map(Result::ok).map(|entry| entry.path()).min()?;
    let most = fs::read_to_string(folder.join("max_brightness")).ok()?.trim().parse().ok()?;
    Some((folder.join("brightness"), most))
}

fn brightness() -> Option<u8> {
    let (file, most) = backlight()?;
    let now: u64 = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    u8::try_from((now * 100).div_ceil(most.max(1)).min(100)).ok()
}

fn set_brightness(percent: u8) -> io::Result<()> {
    let (file, most) = backlight().ok_or(io::ErrorKind::Unsupported)?;
    fs::write(file, (most * u64::from(percent) / 100).max(1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::staff::StaffAction;
    use std::sync::mpsc::Receiver;

    fn pin(digits: &str) -> Personal<StaffPin> {
        Personal::new(StaffPin(digits.to_owned()))
    }

    fn spawned(folder: &Path, export: Option<PathBuf>) -> (Handle, Receiver<StaffAnswer>) {
        let config = Config {
            kiosk: "hall-1".into(),
            site: "sites/city-hall".into(),
            store: folder.join("counts.sqlite"),
            installed: vec![Part::Reader],
            hosts: vec![],
            staff: StaffMode { pin: hash(&pin("482915")).unwrap(), export, appliance: false },
        };
        let (emit, answers) = mpsc::channel();
        (spawn(config, move |answer| emit.send(answer).unwrap()).unwrap(), answers)
    }

    fn next(answers: &Receiver<StaffAnswer>) -> StaffAnswer {
        answers.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn the_right_pin_opens_and_wrong_ones_lock_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (port, answers) = spawned(folder.path(), None);
        assert_eq!(next(&answers), StaffAnswer::Installed { out_of_service: false });
        port.send(StaffCommand::Open { request: RequestId(1), pin: pin("482915") });
        assert_eq!(next(&answers), StaffAnswer::Opened(RequestId(1)));
        for n in 2..=4 {
            port.send(StaffCommand::Open { request: RequestId(n), pin: pin("482914") });
            let wait_ms = if n == 4 { 30_000 } else { 0 };
            assert_eq!(next(&answers), StaffAnswer::Refused { request: RequestId(n), why: PinRefusal::Wrong, wait_ms });
        }
        drop((port, answers));
        let (port, answers) = spawned(folder.path(), None);
        next(&answers);
        port.send(StaffCommand::Open { request: RequestId(5), pin: pin("482915") });
        let StaffAnswer::Refused { why: PinRefusal::Locked, wait_ms, .. } = next(&answers) else { panic!() };
        assert!((20_000..=30_000).contains(&wait_ms), "{wait_ms}");
    }

    #[test]
    fn without_a_record_nothing_opens() {
        let (port, answers) = spawned(Path::new("/proc/no-such-folder"), None);
        next(&answers);
        port.send(StaffCommand::Open { request: RequestId(1), pin: pin("482915") });
        assert!(matches!(next(&answers), StaffAnswer::Refused { why: PinRefusal::NoRecord, .. }));
    }

    #[test]
    fn out_of_service_is_remembered_and_the_machine_is_left_alone_in_development() {
        let folder = tempfile::tempdir().unwrap();
        let (port, answers) = spawned(folder.path(), None);
        next(&answers);
        port.send(StaffCommand::OutOfService(true));
        for order in MachineOrder::ALL {
            port.send(StaffCommand::Machine(RequestId(1), order));
            assert_eq!(next(&answers), StaffAnswer::NotAvailable(RequestId(1)));
        }
        port.send(StaffCommand::Volume(RequestId(2), 50));
        assert_eq!(next(&answers), StaffAnswer::NotAvailable(RequestId(2)));
        drop((port, answers));
        let (_port, answers) = spawned(folder.path(), None);
        assert_eq!(next(&answers), StaffAnswer::Installed { out_of_service: true });
    }

    #[test]
    fn the_diagnosis_is_written_as_it_was_shown() {
        let folder = tempfile::tempdir().unwrap();
        let stick = folder.path().join("stick");
        let (port, answers) = spawned(folder.path(), Some(stick.clone()));
        next(&answers);
        port.send(StaffCommand::Audit(StaffAction::Open, StaffOutcome::Done));
        port.send(StaffCommand::Diagnose(RequestId(1), vec![(Part::Reader, Some(Finding::Absent))]));
        let StaffAnswer::Diagnosed(_, lines) = next(&answers) else { panic!() };
        assert!(lines.iter().any(|line| line == "カード読取機: つながっていません"), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.starts_with("操作の記録: 2") && line.ends_with("Z open done")),
            "{lines:?}"
        );
        port.send(StaffCommand::Export(RequestId(2)));
        assert_eq!(next(&answers), StaffAnswer::NotAvailable(RequestId(2)), "no stick");
        fs::create_dir(&stick).unwrap();
        port.send(StaffCommand::Export(RequestId(3)));
        assert_eq!(next(&answers), StaffAnswer::Done(RequestId(3)));
        let file = fs::read_dir(&stick).unwrap().next().unwrap().unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), lines.join("\r\n") + "\r\n");
    }

    #[test]
    fn the_report_is_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let (port, answers) = spawned(folder.path(), None);
        next(&answers);
        let findings = Part::ALL.map(|part| (part, Some(Finding::NoAnswer))).to_vec();
        for sheet in [Sheet::Test, Sheet::Report(findings)] {
            port.send(StaffCommand::Draw { request: RequestId(1), sheet });
            let StaffAnswer::Drawn(_, pdf) = next(&answers) else { panic!() };
            assert!(forms::page_image(&pdf.reveal().0, 0, 300).is_ok());
            assert!(forms::page_image(&pdf.reveal().0, 1, 300).is_err(), "one page");
        }
    }

    #[test]
    fn hosts_are_tried_each_by_itself() {
        let here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let hosts = [here.local_addr().unwrap().to_string(), gone.to_string(), "no such host".to_owned()];
        assert_eq!(reach(&hosts).iter().map(|host| host.reached).collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn every_order_has_a_unit_that_waits_for_it() {
        let units =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../image-build/mkosi/mkosi.extra/usr/lib/systemd/system");
        for order in MachineOrder::ALL {
            let name = wanted(order).rsplit('/').next().unwrap();
            let unit = fs::read_to_string(units.join(format!("madoguchi-{name}.path"))).unwrap();
            assert!(unit.contains(&format!("PathModified={}", wanted(order))), "{unit}");
        }
    }

    #[test]
    fn a_stick_is_told_as_it_was_judged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        assert_eq!(stick_report(&file), None);
        fs::write(&file, "{\"at\":").unwrap();
        assert_eq!(stick_report(&file), None, "torn");
        let taken = StickReport { found: true, settings: StickOutcome::Taken, ..StickReport::default() };
        fs::write(&file, serde_json::to_vec(&taken).unwrap()).unwrap();
        assert_eq!(stick_report(&file).unwrap().0, taken);
        assert!(settled(&taken).is_ok());
        assert!(settled(&StickReport { authorities: StickOutcome::Refused, ..taken }).is_err());
        assert!(settled(&StickReport::default()).is_err());
    }
}
