//! The first start finds a printer that makes itself known, through the filter that is in force then, and through no other. Two
//! machines on a cable: namespaces of their own. Needs root, iproute2 and nftables.

use agent::network::rules;
use domain::setup::FoundPrinter;
use mdns_sd::{ServiceDaemon, ServiceInfo};
use nix::sched::{CloneFlags, unshare};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const PRINTER: &str = "10.20.30.10";

/// Long enough for two busy cores; what is found does not wait it out.
const LONG: Duration = Duration::from_secs(30);

/// As long as an answer takes, and then some.
const A_WHILE: Duration = Duration::from_secs(3);

fn ip(words: &str) {
    let status = Command::new("ip").args(words.split(' ')).status().unwrap();
    assert!(status.success(), "ip {words}");
}

/// Puts the filter in force. Here everybody is root.
fn filter(first_start: bool) {
    let mut rules = rules(&BTreeSet::new(), first_start);
    for user in ["kiosk", "systemd-resolve", "_chrony"] {
        rules = rules.replace(&format!("\"{user}\""), "\"root\"");
    }
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    nft.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
    assert!(nft.wait().unwrap().success(), "{rules}");
}

/// The printers that are found in this time; ends with the first.
fn found(time: Duration) -> Vec<FoundPrinter> {
    let stop = AtomicBool::new(false);
    let mut found = Vec::new();
    let take = |printers: Vec<FoundPrinter>| {
        stop.store(!printers.is_empty(), Ordering::SeqCst);
        found = printers;
    };
    printing::discover(time, &stop, take).unwrap();
    found
}

fn connects() -> bool {
    let address = format!("{PRINTER}:631").parse().unwrap();
    TcpStream::connect_timeout(&address, A_WHILE).is_ok()
}

#[test]
fn a_printer_is_found_while_there_are_no_settings_and_not_after() {
    let (tell, told) = mpsc::channel();
    let (plug, plugged) = mpsc::channel();
    let (there, is_there) = mpsc::channel();
    // Its end is the end of this.
    let (on, off) = mpsc::channel::<()>();
    let printer = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        tell.send(nix::unistd::gettid()).unwrap();
        plugged.recv().unwrap();
        ip(&format!("addr add {PRINTER}/24 dev b0"));
        ip("link set b0 up");
        let _listener = TcpListener::bind(format!("{PRINTER}:631")).unwrap();
        let daemon = ServiceDaemon::new().unwrap();
        let says = [("rp", "ipp/print"), ("ty", "Example 3000\n"), ("pdl", "application/pdf")];
        let info = ServiceInfo::new("_ipp._tcp.local.", "1F Hall", "printer.local.", PRINTER, 631, &says[..]).unwrap();
        daemon.register(info).unwrap();
        there.send(()).unwrap();
        let _ = off.recv();
        drop(daemon.shutdown());
    });
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    ip("link add a0 type veth peer name b0");
    ip(&format!("link set b0 netns {}", told.recv().unwrap()));
    ip("addr add 10.20.30.5/24 dev a0");
    ip("link set a0 up");
    plug.send(()).unwrap();
    is_there.recv().unwrap();

    filter(true);
    let uri = format!("ipp://{PRINTER}/ipp/print");
    let wanted = FoundPrinter { name: "1F Hall".to_owned(), model: "Example 3000".to_owned(), uri };
    assert_eq!(found(LONG), [wanted]);
    assert!(connects());
    assert!(TcpStream::connect_timeout(&format!("{PRINTER}:80").parse().unwrap(), A_WHILE).is_err());

    filter(false);
    assert_eq!(found(A_WHILE), []);
    assert!(!connects());
    drop(on);
    printer.join().unwrap();
}
