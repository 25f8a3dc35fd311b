//! The port of the first start: what is there, which printers, and the proposal that a unit of the image takes.
//!
//! The kiosk has no right to write its settings. It writes what was entered into a file of its own and another of fixed name, for
//! which `madoguchi-want-setup.path` waits; `kiosk setup` judges and takes it, and starts the kiosk anew.

use crate::config::Config;
use crate::staff_mode::hash;
use domain::setup::{Proposal, SetupAnswer, SetupCommand, SetupReport, Surroundings};
use domain::staff::StaffPin;
use domain::{Language, Personal};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Printers are looked for so long.
const SEARCH: Duration = Duration::from_secs(20);

/// A printer answers within this time, or not at all.
const PRINTER: Duration = Duration::from_secs(6);

/// A proposal is judged within this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the answer is looked for.
const ASK: Duration = Duration::from_millis(250);

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Places {
    /// The settings in force.
    pub settings: PathBuf,
    /// What is proposed.
    pub proposal: PathBuf,
    /// A unit waits for this.
    pub want: PathBuf,
    /// What became of it.
    pub report: PathBuf,
    /// Remembers, over the start that follows, that it was set up just now, and in which language.
    pub mark: PathBuf,
    /// Who knows the readers.
    pub readers: fn() -> Vec<String>,
}

impl Places {
    /// Those of this kiosk.
    pub fn of(config: &Config) -> Self {
        Self {
            settings: config.file.clone(),
            proposal: "/run/kiosk/setup.toml".into(),
            want: "/run/kiosk/want-setup".into(),
            report: "/run/madoguchi-setup/result.json".into(),
            mark: config.store.with_file_name("just-set-up"),
            // A kiosk that leaves cards to another process does not reach pcscd.
            readers: if config.ports.is_some() { usb_readers } else { cards::readers },
        }
    }
}

/// The port's handle. Dropping it ends the thread when its last order is done.
pub struct Handle {
    orders: Sender<SetupCommand>,
}

impl Handle {
    /// Orders something; what comes of it comes as an event.
    pub fn send(&self, command: SetupCommand) {
        // The thread lives as long as the handle.
        let _ = self.orders.send(command);
    }
}

type Emit = Arc<dyn Fn(SetupAnswer) + Send + Sync>;

/// Starts the port, which says first whether there is anything to set up.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(places: Places, emit: impl Fn(SetupAnswer) + Send + Sync + 'static) -> io::Result<Handle> {
    let (orders, receiver) = mpsc::channel();
    let emit: Emit = Arc::new(emit);
    thread::Builder::new().name("setup".into()).spawn(move || {
        let mark = fs::read_to_string(&places.mark).ok();
        drop(fs::remove_file(&places.mark));
        if !agent::stick::is_provisioned(&places.settings) {
            emit(SetupAnswer::Offered);
        } else if let Some(tag) = mark {
            let language = Language::ALL.into_iter().find(|language| language.tag() == tag.trim()).unwrap_or_default();
            emit(SetupAnswer::JustSet(language));
        }
        let mut port = Port { places, emit, hash: None, search: Arc::default() };
        for command in receiver {
            port.perform(command);
        }
        port.search.store(true, Ordering::SeqCst);
    })?;
    Ok(Handle { orders })
}

struct Port {
    places: Places,
    emit: Emit,
    /// Of the PIN, until it was proposed or given up.
    hash: Option<Personal<String>>,
    /// Ends the search that is under way.
    search: Arc<AtomicBool>,
}

impl Port {
    fn perform(&mut self, command: SetupCommand) {
        match command {
            SetupCommand::Look(request) => (self.emit)(SetupAnswer::Seen(request, Box::new(look(&self.places)))),
            SetupCommand::Find(request) => {
                self.search.store(true, Ordering::SeqCst);
                self.search = Arc::default();
                let (emit, stop) = (Arc::clone(&self.emit), Arc::clone(&self.search));
                let search = move || {
                    let mut last = Vec::new();
                    let found = |printers: Vec<_>| {
                        last.clone_from(&printers);
                        emit(SetupAnswer::Found { request, printers, over: false });
                    };
                    if let Err(error) = printing::discover(SEARCH, &stop, found) {
                        tracing::warn!(%error, "no printer is looked for");
                    }
                    emit(SetupAnswer::Found { request, printers: last, over: true });
                };
                if thread::Builder::new().name("find-printers".into()).spawn(search).is_err() {
                    (self.emit)(SetupAnswer::Found { request, printers: Vec::new(), over: true });
                }
            }
            SetupCommand::Try(request, uri) => {
                let emit = Arc::clone(&self.emit);
                let ask = move || emit(SetupAnswer::Tried(request, printing::ask(&uri, PRINTER)));
                if thread::Builder::new().name("try-printer".into()).spawn(ask).is_err() {
                    (self.emit)(SetupAnswer::Failed(request));
                }
            }
            SetupCommand::Pin { request, pin, again } => {
                let kept = self.keep(&pin, &again);
                (self.emit)(match kept {
                    Ok(true) => SetupAnswer::PinKept(request),
                    Ok(false) => SetupAnswer::PinsDiffer(request),
                    Err(error) => {
                        tracing::error!(%error, "no hash of a PIN");
                        SetupAnswer::Failed(request)
                    }
                });
            }
            SetupCommand::Apply(request, proposal) => {
                (self.emit)(match self.apply(&proposal) {
                    Ok(SetupReport { taken: true, .. }) => SetupAnswer::Taken(request),
                    Ok(SetupReport { why, .. }) => SetupAnswer::Refused(request, why.unwrap_or_default()),
                    Err(error) => {
                        tracing::error!(%error, "the settings were not taken");
                        SetupAnswer::Failed(request)
                    }
                });
            }
            SetupCommand::Forget => {
                self.hash = None;
                self.search.store(true, Ordering::SeqCst);
            }
        }
    }

    /// Keeps the hash of a PIN that was entered twice.
    fn keep(
        &mut self,
        pin: &Personal<StaffPin>,
        again: &Personal<StaffPin>,
    ) -> Result<bool, argon2::password_hash::Error> {
        self.hash = None;
        if pin != again || !pin.reveal().is_well_formed() {
            return Ok(false);
        }
        self.hash = Some(Personal::new(hash(pin)?));
        Ok(true)
    }

    /// Proposes it, and waits for what comes of it.
    fn apply(&self, proposal: &Proposal) -> io::Result<SetupReport> {
        let hash = self.hash.as_ref().ok_or_else(|| io::Error::other("no PIN was entered"))?;
        let report = self.propose(&settings(proposal, hash.reveal())?, proposal.language);
        if !report.as_ref().is_ok_and(|report| report.taken) {
            drop(fs::remove_file(&self.places.mark));
        }
        // Whoever takes it has read it.
        drop(fs::remove_file(&self.places.proposal));
        report
    }

    fn propose(&self, settings: &str, language: Language) -> io::Result<SetupReport> {
        let Places { proposal, want, report, mark, .. } = &self.places;
        // For the group: whoever takes it has no right over other people's files.
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(proposal)?;
        file.write_all(settings.as_bytes())?;
        file.set_permissions(Permissions::from_mode(0o640))?;
        // The kiosk may be stopped as soon as the report is there.
        let mut file = File::create(mark)?;
        file.write_all(language.tag().as_bytes())?;
        file.sync_all()?;
        let before = written(report);
        fs::write(want, "")?;
        let began = Instant::now();
        loop {
            let now = written(report);
            if now.is_some() && now != before {
                return Ok(serde_json::from_slice(&fs::read(report)?)?);
            }
            if began.elapsed() > PATIENCE {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(ASK);
        }
    }
}

fn written(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|data| data.modified()).ok()
}

/// The settings, as the taker reads them (`Proposed`).
fn settings(proposal: &Proposal, hash: &str) -> io::Result<String> {
    let mut whole = toml::Table::new();
    if let Some(printer) = &proposal.printer {
        whole.insert("page-printer".into(), printer.clone().into());
    }
    let mut network = toml::Table::new();
    if let Some(fixed) = &proposal.fixed {
        network.insert("address".into(), fixed.address.clone().into());
        network.insert("gateway".into(), fixed.gateway.clone().into());
        network.insert("dns".into(), fixed.dns.clone().into());
    }
    if let Some(proxy) = &proposal.proxy {
        network.insert("proxy".into(), proxy.clone().into());
    }
    if !network.is_empty() {
        whole.insert("network".into(), network.into());
    }
    let mut staff = toml::Table::new();
    staff.insert("pin".into(), hash.to_owned().into());
    staff.insert("appliance".into(), true.into());
    whole.insert("staff".into(), staff.into());
    toml::to_string(&whole).map_err(io::Error::other)
}

/// The readers that the kernel knows: what says of itself on USB that it reads cards (class 0B, CCID).
fn usb_readers() -> Vec<String> {
    readers_in("/sys/bus/usb/devices")
}

fn readers_in(devices: &str) -> Vec<String> {
    let is_reader = |part: &PathBuf| line(&part.join("bInterfaceClass")).as_deref() == Some("0b");
    // `1-2:1.0` is a part of `1-2`.
    let whole = |part: PathBuf| part.to_string_lossy().split_once(':').map(|(whole, _)| PathBuf::from(whole));
    let name = |reader: PathBuf| line(&reader.join("product")).unwrap_or_else(|| "CCID".to_owned());
    entries(devices).into_iter().filter(is_reader).filter_map(whole).map(name).collect()
}

/// What the kernel and pcscd tell anybody.
fn look(places: &Places) -> Surroundings {
    let wired: Vec<PathBuf> = entries("/sys/class/net").into_iter().filter(|link| is_wired(link)).collect();
    let carries = |link: &PathBuf| fs::read_to_string(link.join("carrier")).is_ok_and(|carrier| carrier.trim() == "1");
    let mut cameras: Vec<String> =
        entries("/sys/class/video4linux").iter().filter_map(|camera| line(&camera.join("name"))).collect();
    // A camera has several devices.
    cameras.sort();
    cameras.dedup();
    let cards = entries("/sys/class/sound").into_iter().filter(|path| path.join("id").is_file());
    Surroundings {
        link: wired.iter().any(carries),
        addresses: addresses(),
        authorities: places.settings.with_file_name("ca.crt").is_file(),
        readers: (places.readers)(),
        cameras,
        slip: entries("/dev/usb").iter().any(|path| path.to_string_lossy().starts_with("/dev/usb/lp")),
        sound: cards.filter_map(|card| line(&card.join("id"))).collect(),
    }
}

fn entries(folder: &str) -> Vec<PathBuf> {
    let mut all: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|it| it.path()).collect();
    all.sort();
    all
}

fn line(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(60).collect();
    (!text.is_empty()).then_some(text)
}

/// Ethernet, and not the kernel's own.
fn is_wired(link: &Path) -> bool {
    line(&link.join("type")).as_deref() == Some("1") && link.file_name().is_some_and(|name| name != "lo")
}

/// The addresses that this machine has now.
fn addresses() -> Vec<String> {
    let length = |mask: Ipv4Addr| mask.to_bits().leading_ones();
    let all = nix::ifaddrs::getifaddrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let v4 = |storage: Option<nix::sys::socket::SockaddrStorage>| {
        storage.and_then(|it| it.as_sockaddr_in().map(|it| it.ip()))
    };
    let shown = |found: nix::ifaddrs::InterfaceAddress| {
        let (address, mask) = (v4(found.address)?, v4(found.netmask)?);
        (!address.is_loopback()).then(|| format!("{address}/{}", length(mask)))
    };
    all.into_iter().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::compose_proposed;
    use domain::RequestId;
    use domain::setup::Fixed;
    use std::sync::mpsc::Receiver;

    const OWN: &str = "name = \"hall-1\"\nsite = \"/site\"\nstore = \"counts\"\nsetup = true\n";

    fn places(folder: &Path) -> Places {
        let at = |name: &str| folder.join(name);
        Places {
            settings: at("kiosk.toml"),
            proposal: at("setup.toml"),
            want: at("want-setup"),
            report: at("result.json"),
            mark: at("just-set-up"),
            readers: Vec::new,
        }
    }

    #[test]
    fn readers_are_what_says_so_on_usb() {
        let folder = tempfile::tempdir().unwrap();
        for (device, product, class) in
            [("1-1", "USB Keyboard", "03"), ("1-2", "Smart Card Reader", "0b"), ("2-1", "", "0b")]
        {
            let [whole, part] = ["", ":1.0"].map(|part| folder.path().join(format!("{device}{part}")));
            fs::create_dir_all(&whole).unwrap();
            fs::create_dir_all(&part).unwrap();
            fs::write(whole.join("product"), format!("{product}\n")).unwrap();
            fs::write(part.join("bInterfaceClass"), format!("{class}\n")).unwrap();
        }
        assert_eq!(readers_in(folder.path().to_str().unwrap()), ["Smart Card Reader", "CCID"]);
        assert!(readers_in("/nowhere").is_empty());
    }

    fn spawned(places: &Places) -> (Handle, Receiver<SetupAnswer>) {
        let (tell, told) = mpsc::channel();
        let handle = spawn(places.clone(), move |answer| drop(tell.send(answer))).unwrap();
        (handle, told)
    }

    fn next(told: &Receiver<SetupAnswer>) -> SetupAnswer {
        told.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    fn pin(digits: &str) -> Personal<StaffPin> {
        Personal::new(StaffPin(digits.to_owned()))
    }

    fn proposal() -> Proposal {
        let dns = vec!["192.0.2.2".to_owned()];
        let fixed = Fixed { address: "192.0.2.5/24".to_owned(), gateway: "192.0.2.1".to_owned(), dns };
        Proposal {
            fixed: Some(fixed),
            proxy: Some("http://proxy.example.lg.jp:8080".to_owned()),
            printer: Some("ipp://192.0.2.10/ipp/print".to_owned()),
            language: Language::Ko,
        }
    }

    /// What a unit of the image does: judges what is proposed as soon as it is wanted.
    fn unit(places: &Places, takes: bool) -> thread::JoinHandle<String> {
        let places = places.clone();
        thread::spawn(move || {
            while !places.want.exists() {
                thread::sleep(Duration::from_millis(5));
            }
            let text = fs::read_to_string(&places.proposal).unwrap();
            assert_eq!(fs::metadata(&places.proposal).unwrap().permissions().mode() & 0o777, 0o640);
            let why = (!takes).then(|| "page-printer".to_owned());
            if takes {
                fs::write(places.settings.with_file_name("provisioned"), "").unwrap();
            }
            let report = serde_json::to_vec(&SetupReport { at: String::new(), taken: takes, why }).unwrap();
            fs::write(places.report.with_extension("new"), report).unwrap();
            fs::rename(places.report.with_extension("new"), &places.report).unwrap();
            text
        })
    }

    fn with_pin(port: &Handle, told: &Receiver<SetupAnswer>) {
        port.send(SetupCommand::Pin { request: RequestId(1), pin: pin("482915"), again: pin("482916") });
        assert_eq!(next(told), SetupAnswer::PinsDiffer(RequestId(1)));
        port.send(SetupCommand::Apply(RequestId(2), proposal()));
        assert_eq!(next(told), SetupAnswer::Failed(RequestId(2)), "without a PIN");
        port.send(SetupCommand::Pin { request: RequestId(3), pin: pin("482915"), again: pin("482915") });
        assert_eq!(next(told), SetupAnswer::PinKept(RequestId(3)));
    }

    #[test]
    fn what_was_entered_is_taken_and_told_once_after_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let (port, told) = spawned(&places);
        assert_eq!(next(&told), SetupAnswer::Offered);
        with_pin(&port, &told);
        let unit = unit(&places, true);
        port.send(SetupCommand::Apply(RequestId(4), proposal()));
        assert_eq!(next(&told), SetupAnswer::Taken(RequestId(4)));
        let text = unit.join().unwrap();
        let whole: Config = toml::from_str(&compose_proposed(OWN, &text).unwrap()).unwrap();
        assert_eq!(whole.page_printer.as_deref(), Some("ipp://192.0.2.10/ipp/print"));
        assert!(whole.network.fixed.is_some() && whole.network.proxy.is_some());
        assert!(whole.staff.is_some_and(|staff| staff.appliance) && !text.contains("482915"));
        assert!(!places.proposal.exists());

        let (_, told) = spawned(&places);
        assert_eq!(next(&told), SetupAnswer::JustSet(Language::Ko));
        let (port, told) = spawned(&places);
        port.send(SetupCommand::Look(RequestId(5)));
        assert!(matches!(next(&told), SetupAnswer::Seen(RequestId(5), _)), "said once");
    }

    #[test]
    fn what_was_refused_is_told_with_its_reason_and_may_be_proposed_again() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let (port, told) = spawned(&places);
        next(&told);
        with_pin(&port, &told);
        let refuses = unit(&places, false);
        port.send(SetupCommand::Apply(RequestId(4), proposal()));
        assert_eq!(next(&told), SetupAnswer::Refused(RequestId(4), "page-printer".to_owned()));
        refuses.join().unwrap();
        assert!(!places.proposal.exists() && !places.mark.exists());
        fs::remove_file(&places.want).unwrap();
        let takes = unit(&places, true);
        port.send(SetupCommand::Apply(RequestId(5), proposal()));
        assert_eq!(next(&told), SetupAnswer::Taken(RequestId(5)));
        takes.join().unwrap();
        // Given up, the PIN is gone.
        port.send(SetupCommand::Forget);
        port.send(SetupCommand::Apply(RequestId(6), proposal()));
        assert_eq!(next(&told), SetupAnswer::Failed(RequestId(6)));
    }

    #[test]
    fn a_unit_waits_for_what_is_wanted() {
        let units =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../image-build/mkosi/mkosi.extra/usr/lib/systemd/system");
        let unit = |name: &str| fs::read_to_string(units.join(name)).unwrap();
        let config: Config = toml::from_str(OWN).unwrap();
        let places = Places::of(&config);
        assert!(unit("madoguchi-want-setup.path").contains(&format!("PathModified={}", places.want.display())));
        let service = unit("madoguchi-setup.service");
        assert!(service.contains(&format!("ExecStart=/usr/bin/kiosk setup {}", places.proposal.display())));
        assert!(service.contains(&places.report.parent().unwrap().display().to_string()));
    }
}
