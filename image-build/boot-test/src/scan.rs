//! The machine in a network that lies to it, is knocked at on every door, and is listened to.

use crate::Args;
use crate::pictures::same;
use crate::vm::{Network, Process, wait};
use crate::walks::{BOOT, Done, keep, machine, wait_home};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The tap device's name in its namespace.
const DEVICE: &str = "kiosk";
/// QEMU's first network card.
const MAC: &str = "52:54:00:12:34:56";
/// Who lies.
const LIAR: &str = "198.51.100.1";
/// The address that it gives to the kiosk.
const KIOSK: &str = "198.51.100.50";
/// The printer of the image's own configuration, which the kiosk may call.
const PRINTER: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)), 631);

/// Knocking on every door takes a minute; on a busy machine several.
const SCAN: Duration = Duration::from_secs(900);
const MOMENT: Duration = Duration::from_secs(30);

/// From outside nothing is there: every port and protocol is filtered, pings are not answered. And whatever a server of addresses
/// offers beside an address, the kiosk calls nobody but for an address, names, the time, and its printer.
pub fn scan(args: &Args) -> Result<Done> {
    let Some(mut machine) = machine(args, "scan")? else { return Ok(Done::Left("no release image was given".into())) };
    let missing: Vec<_> = ["ip", "dnsmasq", "tcpdump", "nmap"].into_iter().filter(|name| !is_there(name)).collect();
    if !missing.is_empty() || !root() {
        return Ok(Done::Left(format!("needs root and {}", missing.join(", "))));
    }
    let mut network = Namespace::new(&args.out.join("scan"))?;
    network.tap()?;
    network.listen()?;
    network.lie()?;
    machine.network = Network::Tap { namespace: network.name.clone(), device: DEVICE.into() };
    let mut running = machine.on()?;
    // Knocked at from the first second: there must be no moment before the filter. What is answered, is heard.
    let up = AtomicBool::new(false);
    let home = thread::scope(|scope| {
        scope.spawn(|| {
            while !up.load(Ordering::Relaxed) {
                drop(network.nmap(&["-Pn", "--top-ports", "100", "--max-retries", "0", KIOSK]));
                drop(network.nmap(&["-Pn", "-6", "--top-ports", "100", "--max-retries", "0", &link_local()]));
                thread::sleep(Duration::from_secs(1));
            }
        });
        let home = wait_home(args, &mut running);
        up.store(true, Ordering::Relaxed);
        home
    })?;
    wait(BOOT, "an address for the kiosk", || Ok(network.leases()?.contains(KIOSK).then_some(())))?;
    let mut report = knock(&network)?;
    let screen = running.screen()?;
    keep(args, "scan", &screen)?;
    ensure!(same(&screen, &home), "the screen has changed");
    drop(running);
    let (sent, wrong) = network.heard()?;
    for (what, times) in &sent {
        writeln!(report, "sent {times} times: {what}")?;
    }
    fs::write(args.out.join("scan.txt"), &report)?;
    ensure!(wrong.is_empty(), "it sent {wrong:?}");
    ensure!(sent.keys().any(|what| what.starts_with("DHCP")), "nothing was heard of it");
    Ok(Done::Held(format!(
        "every TCP port, 200 UDP ports and every protocol filtered, pings unanswered; under a lying DHCP server it sent only: {}",
        sent.keys().cloned().collect::<Vec<_>>().join("; ")
    )))
}

/// Every scan of every address; gives what they found, fails when a door is not filtered.
fn knock(network: &Namespace) -> Result<String> {
    let fast = ["-T4", "--min-rate", "3000", "--max-retries", "1"];
    let slow = ["-T4", "--min-rate", "300", "--max-retries", "1"];
    let mut report = String::new();
    // That the scanner finds what there is: the liar's own port.
    let open = network.nmap(&["-Pn", "-p", "53", LIAR])?;
    ensure!(open.contains("state=\"open\""), "the scan does not find an open port: {open}");
    let mut scans: Vec<(&str, usize, Vec<&str>)> = vec![
        ("TCP", 65_535, [&["-sS", "-p-"][..], &fast].concat()),
        ("UDP", 200, [&["-sU", "--top-ports", "200"][..], &slow].concat()),
        ("TCP, as if it were an answer", 1000, [&["-sA", "--top-ports", "1000"][..], &fast].concat()),
        ("protocols", 256, [&["-sO"][..], &slow].concat()),
        ("UDP, as a DHCP server", 1, vec!["-sU", "-g", "67", "-p", "68"]),
    ];
    let mut judge = |what: &str, ports: usize, arguments: &[&str]| -> Result<()> {
        let xml = network.nmap(&[&["-Pn"][..], arguments].concat())?;
        let found = states(&xml);
        writeln!(report, "{what}, {}: {found:?}", arguments.last().unwrap_or(&""))?;
        let silent = |state: &str| state == "filtered no-response" || state == "open|filtered no-response";
        ensure!(found.keys().all(|state| silent(state)), "{what}: {found:?}");
        ensure!(found.values().sum::<usize>() == ports, "{what}: not all of {ports} were tried: {found:?}: {xml}");
        Ok(())
    };
    for (what, ports, arguments) in &mut scans {
        arguments.push(KIOSK);
        judge(what, *ports, arguments)?;
    }
    let mut six = Vec::new();
    for address in network.addresses()? {
        let address = scoped(&address);
        // Firmware has had addresses, too; a neighbour that is there answers neighbours.
        if network.nmap(&["-6", "-sn", &address])?.contains("<hosts up=\"1\"") {
            six.push(address);
        }
    }
    ensure!(!six.is_empty(), "the kiosk has no IPv6 address");
    for address in &six {
        judge("TCP, IPv6", 65_535, &[&["-6", "-sS", "-p-"][..], &fast, &[address]].concat())?;
        judge("UDP, IPv6", 200, &[&["-6", "-sU", "--top-ports", "200"][..], &slow, &[address]].concat())?;
    }
    let pings = [vec!["-sn", "-PE", "-PP", "-PM", "--disable-arp-ping", KIOSK]].into_iter();
    let six = six.iter().map(|address| vec!["-6", "-sn", "-PE", "--disable-arp-ping", address.as_str()]);
    for ping in pings.chain(six) {
        let said = network.nmap(&ping)?;
        ensure!(said.contains("<hosts up=\"0\""), "a ping was answered: {said}");
    }
    let (sent, lost) = network.lost()?;
    ensure!(lost * 100 <= sent, "of {sent} frames {lost} did not reach the kiosk: the scan says little");
    writeln!(report, "pings unanswered; {lost} of {sent} frames lost")?;
    Ok(report)
}

/// What an IPv6 card calls itself before anybody gave it an address (RFC 4291, appendix A).
fn link_local() -> String {
    format!("fe80::5054:ff:fe12:3456%{DEVICE}")
}

fn scoped(address: &Ipv6Addr) -> String {
    if address.is_unicast_link_local() { format!("{address}%{DEVICE}") } else { address.to_string() }
}

fn root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn done(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A network of its own, gone with this value.
struct Namespace {
    name: String,
    folder: PathBuf,
    processes: Vec<Process>,
}

impl Namespace {
    fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let name = format!("madoguchi-{}", std::process::id());
        done(Command::new("ip").args(["netns", "add", &name]))?;
        let network = Self { name, folder: folder.to_owned(), processes: Vec::new() };
        network.ip(&["link", "set", "lo", "up"])?;
        Ok(network)
    }

    fn ip(&self, arguments: &[&str]) -> Result<String> {
        done(Command::new("ip").args(["-n", &self.name]).args(arguments))
    }

    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The cable to the machine, with the liar at this end.
    fn tap(&self) -> Result<()> {
        self.ip(&["tuntap", "add", "dev", DEVICE, "mode", "tap"])?;
        self.plug()
    }

    fn plug(&self) -> Result<()> {
        self.ip(&["address", "add", &format!("{LIAR}/24"), "dev", DEVICE])?;
        self.ip(&["address", "add", "2001:db8:bad::1/64", "dev", DEVICE, "nodad"])?;
        self.ip(&["link", "set", DEVICE, "up"])?;
        Ok(())
    }

    /// Keeps every frame that the kiosk sends.
    fn listen(&mut self) -> Result<()> {
        let file = self.file("sent.pcap");
        drop(fs::remove_file(&file));
        let mut command = self.inside("tcpdump");
        command.args(["-i", DEVICE, "-U", "--immediate-mode", "-Z", "root", "-w"]).arg(&file);
        command.args(["ether", "src", MAC]).stdout(Stdio::null()).stderr(File::create(self.file("tcpdump.log"))?);
        self.processes.push(Process(command.spawn().context("tcpdump")?));
        // It writes the head of the file once it listens.
        wait(MOMENT, "tcpdump", || Ok(fs::metadata(&file).is_ok_and(|file| file.len() >= 24).then_some(())))
    }

    /// A DHCP server that offers all that a client might believe, for a minute; it advertises itself as a router, too, and is
    /// the answer to every name.
    fn lie(&mut self) -> Result<()> {
        let (leases, log) = (self.file("leases"), self.file("dnsmasq.log"));
        drop(fs::remove_file(&leases));
        drop(fs::remove_file(&log));
        let mut command = self.inside("dnsmasq");
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root"]);
        command.args(["--no-resolv", "--no-hosts", "--bind-interfaces", "--except-interface=lo"]);
        command.args([&format!("--interface={DEVICE}"), "--dhcp-authoritative", "--log-dhcp", "--log-queries"]);
        command.arg(format!("--dhcp-leasefile={}", leases.display()));
        command.arg(format!("--log-facility={}", log.display()));
        command.arg(format!("--dhcp-range={KIOSK},{KIOSK},255.255.255.0,2m"));
        command.arg(format!("--dhcp-host={MAC},{KIOSK},liar")).arg(format!("--address=/#/{LIAR}"));
        for lie in [
            // Ways: a router, routes old and new, one of them to the printer.
            "3,198.51.100.1",
            "33,203.0.113.7,198.51.100.1",
            "121,0.0.0.0/0,198.51.100.1,192.0.2.0/24,198.51.100.1",
            // Names, the clock, the time zone, the kiosk's own name, the size of a packet.
            "6,198.51.100.1,203.0.113.53",
            "15,liar.example",
            "119,liar.example",
            "42,198.51.100.1",
            "4,198.51.100.1",
            "101,America/New_York",
            "26,576",
            // A page to log in, a proxy, old Windows.
            "114,https://198.51.100.1/portal",
            "252,http://198.51.100.1/wpad.dat",
            "44,198.51.100.1",
            // Asked again within seconds.
            "option:T1,20",
            "option:T2,40",
            "option6:dns-server,[2001:db8:bad::1]",
            "option6:31,[2001:db8:bad::1]",
        ] {
            command.arg(format!("--dhcp-option={lie}"));
        }
        // What a client does not ask for is told it, too.
        command.args(["--dhcp-option-force=12,liar", "--dhcp-boot=liar.efi,liar,198.51.100.1"]);
        command.args(["--enable-ra", "--dhcp-range=2001:db8:bad::,ra-stateless,64,2m"]);
        command.arg(format!("--ra-param={DEVICE},mtu:1280,high,5,120"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.processes.push(Process(command.spawn().context("dnsmasq")?));
        wait(MOMENT, "dnsmasq", || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            ensure!(!said.contains("FAILED") && !said.contains("failed"), "dnsmasq: {said}");
            Ok(said.contains("started").then_some(()))
        })
    }

    /// Whom an address was given.
    fn leases(&self) -> Result<String> {
        Ok(fs::read_to_string(self.file("leases")).unwrap_or_default())
    }

    /// One scan; gives what `nmap` says in XML.
    fn nmap(&self, arguments: &[&str]) -> Result<String> {
        let limit = format!("{}s", SCAN.as_secs());
        done(self.inside("nmap").args(["-n", "--host-timeout", &limit, "-oX", "-"]).args(arguments))
    }

    /// Frames for the kiosk, and those of them that did not reach it.
    fn lost(&self) -> Result<(u64, u64)> {
        let all: serde_json::Value =
            serde_json::from_str(&self.ip(&["-json", "-statistics", "link", "show", "dev", DEVICE])?)?;
        let to = &all[0]["stats64"]["tx"];
        let number = |name: &str| to[name].as_u64().with_context(|| format!("{name} of {to}"));
        Ok((number("packets")?, number("dropped")?))
    }

    fn frames(&self) -> Result<Vec<Vec<u8>>> {
        frames(&fs::read(self.file("sent.pcap"))?)
    }

    /// The kiosk's IPv6 addresses, by what it sent.
    fn addresses(&self) -> Result<BTreeSet<Ipv6Addr>> {
        let source = |frame: &Vec<u8>| {
            let source = <[u8; 16]>::try_from(frame.get(22..38)?).ok()?;
            (frame[12..14] == [0x86, 0xdd]).then(|| Ipv6Addr::from(source))
        };
        Ok(self.frames()?.iter().filter_map(source).filter(|address| !address.is_unspecified()).collect())
    }

    /// What the kiosk sent and how often, and what of it it must not.
    fn heard(&self) -> Result<(BTreeMap<String, usize>, Vec<String>)> {
        let (mut sent, mut wrong) = (BTreeMap::new(), Vec::new());
        for frame in self.frames()? {
            let (what, right) = judge(&frame);
            let times = sent.entry(what.clone()).or_insert(0);
            if *times == 0 && !right {
                wrong.push(what);
            }
            *times += 1;
        }
        Ok((sent, wrong))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.processes.clear();
        drop(Command::new("ip").args(["netns", "delete", &self.name]).status());
    }
}

/// Ports by state and reason, in what `nmap` says in XML.
fn states(xml: &str) -> BTreeMap<String, usize> {
    let tags = || xml.split('<').filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag));
    let value = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let mut found = BTreeMap::new();
    let (mut state, mut add) = (String::new(), |state: &str, reason: String, count: usize| {
        *found.entry(format!("{state} {reason}")).or_insert(0) += count;
    });
    for tag in tags() {
        let reason = value(tag, "reason").unwrap_or_default();
        match tag.split(' ').next() {
            Some("extraports") => state = value(tag, "state").unwrap_or_default(),
            Some("extrareasons") => add(&state, reason, value(tag, "count").and_then(|n| n.parse().ok()).unwrap_or(0)),
            Some("state") => add(&value(tag, "state").unwrap_or_default(), reason, 1),
            _ => {}
        }
    }
    found
}

/// The frames of a file of captured packets (the format that libpcap calls pcap, of a little-endian machine).
fn frames(file: &[u8]) -> Result<Vec<Vec<u8>>> {
    ensure!(file.get(..4) == Some(&[0xd4, 0xc3, 0xb2, 0xa1]), "no file of captured packets");
    let (mut frames, mut rest) = (Vec::new(), &file[24..]);
    while let Some((head, body)) = rest.split_at_checked(16) {
        let length = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        // The last one may still be on its way to the disk.
        let Some((frame, next)) = body.split_at_checked(length) else { break };
        frames.push(frame.to_owned());
        rest = next;
    }
    Ok(frames)
}

/// What a frame of the kiosk is, and whether the kiosk may send it.
fn judge(frame: &[u8]) -> (String, bool) {
    let cut = || ("a frame that ends too early".to_owned(), false);
    let Some((head, packet)) = frame.split_at_checked(14) else { return cut() };
    match (u16::from_be_bytes([head[12], head[13]]), packet) {
        (0x0806, _) => ("ARP".into(), true),
        (0x0800, [first, .., _]) if packet.len() >= 20 => {
            let to = Ipv4Addr::new(packet[16], packet[17], packet[18], packet[19]);
            // Without the bits that forbid fragments and say that more follow.
            if u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff != 0 {
                return (format!("a fragment to {to}"), false);
            }
            let Some(rest) = packet.get(usize::from(first & 15) * 4..) else { return cut() };
            judge_inside(packet[9], to.into(), rest)
        }
        (0x86dd, _) if packet.len() >= 40 => {
            let Ok(to) = <[u8; 16]>::try_from(&packet[24..40]) else { return cut() };
            let (mut next, mut rest) = (packet[6], &packet[40..]);
            // Options for every hop, which reports of groups carry.
            if next == 0 && rest.len() >= 2 {
                let length = (usize::from(rest[1]) + 1) * 8;
                next = rest[0];
                rest = rest.get(length..).unwrap_or_default();
            }
            judge_inside(next, Ipv6Addr::from(to).into(), rest)
        }
        (kind, _) => (format!("a frame of type {kind:04x}"), false),
    }
}

fn judge_inside(protocol: u8, to: IpAddr, rest: &[u8]) -> (String, bool) {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    const ICMP6: u8 = 58;
    let port = |at: usize| rest.get(at..at + 2).map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    let kind = rest.first().copied().unwrap_or_default();
    match (protocol, port(0), port(2)) {
        (UDP, 68, 67) | (UDP, 546, 547) => ("DHCP".into(), true),
        (UDP | TCP, _, 53) => (format!("asks {to} for names"), true),
        (UDP, _, 123) => (format!("asks {to} for the time"), true),
        // A call, its answers' receipts and its end, but no answer to a call.
        (TCP, _, port) if (to, port) == PRINTER => (format!("calls the printer, {to}:{port}"), true),
        // Looking for routers and neighbours, and answering neighbours (RFC 4861); groups (RFC 2710, RFC 3810).
        (ICMP6, ..) if [133, 135, 136].contains(&kind) => ("neighbour discovery".into(), true),
        (ICMP6, ..) if [131, 132, 143].contains(&kind) => ("IPv6 groups".into(), true),
        (TCP, from, port) => {
            let flags = rest.get(13).copied().unwrap_or_default();
            (format!("TCP from port {from} to {to}:{port}, flags {flags:02x}"), false)
        }
        (UDP, from, port) => (format!("UDP from port {from} to {to}:{port}"), false),
        (protocol, ..) => (format!("protocol {protocol}, kind {kind}, to {to}"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(protocol: u8, to: [u8; 4], rest: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 14 + 20];
        frame[12..15].copy_from_slice(&[8, 0, 0x45]);
        frame[23] = protocol;
        frame[30..34].copy_from_slice(&to);
        [&frame, rest].concat()
    }

    #[test]
    fn what_the_kiosk_may_send_is_told_from_what_it_must_not() {
        let liar = [198, 51, 100, 1];
        let ports = |from: u16, to: u16| [from.to_be_bytes(), to.to_be_bytes()].concat();
        assert_eq!(judge(&packet(17, [255; 4], &ports(68, 67))), ("DHCP".into(), true));
        assert_eq!(judge(&packet(17, liar, &ports(40000, 53))), ("asks 198.51.100.1 for names".into(), true));
        assert_eq!(judge(&packet(17, liar, &ports(40000, 123))), ("asks 198.51.100.1 for the time".into(), true));
        assert!(judge(&packet(6, [192, 0, 2, 10], &ports(40000, 631))).1);
        assert!(!judge(&packet(6, liar, &ports(40000, 631))).1);
        assert!(!judge(&packet(6, liar, &ports(22, 40000))).1);
        assert!(!judge(&packet(17, liar, &ports(40000, 69))).1);
        assert!(!judge(&packet(1, liar, &[0, 0, 0, 0])).1, "an answer to a ping");
        assert!(!judge(&packet(2, [224, 0, 0, 22], &[])).1, "IGMP");
        assert!(!judge(&[0; 60]).1 && !judge(&[]).1);
        // A report of groups behind options for every hop, and an unreachable port.
        let mut six = [0; 14 + 40];
        six[12..14].copy_from_slice(&[0x86, 0xdd]);
        let groups = [&six[..], &[58, 0, 5, 2, 0, 0, 1, 0, 143, 0]].concat();
        assert_eq!(judge(&groups), ("IPv6 groups".into(), true));
        six[20] = 58;
        assert!(!judge(&[&six[..], &[1, 4]].concat()).1);
    }

    #[test]
    fn ports_are_counted_by_state() {
        let xml = "<host><status state=\"up\" reason=\"arp-response\"/><ports><extraports state=\"filtered\" count=\"3\">\n\
                   <extrareasons reason=\"no-response\" count=\"2\" proto=\"tcp\"/>\
                   <extrareasons reason=\"admin-prohibited\" count=\"1\"/></extraports>\
                   <port protocol=\"udp\" portid=\"68\"><state state=\"open\" reason=\"udp-response\"/></port></ports>";
        let found = states(xml);
        let is = |state: &str| found.get(state).copied();
        assert_eq!(is("filtered no-response"), Some(2));
        assert_eq!(is("filtered admin-prohibited"), Some(1));
        assert_eq!(is("open udp-response"), Some(1));
        assert_eq!(found.len(), 3);
    }

    /// A stand-in for the machine: another namespace at the end of a cable, whose doors are closed but not filtered, and then
    /// filtered.
    #[test]
    #[ignore = "needs root, dnsmasq, tcpdump, nmap and nft; by hand: cargo nextest run -p boot-test --run-ignored all"]
    fn a_door_that_is_not_filtered_is_found() {
        let folder = std::env::temp_dir().join(format!("madoguchi-scan-{}", std::process::id()));
        let mut network = Namespace::new(&folder).unwrap();
        let guest = format!("{}-guest", network.name);
        done(Command::new("ip").args(["netns", "add", &guest])).unwrap();
        let at = |arguments: &[&str]| done(Command::new("ip").args(["-n", &guest]).args(arguments)).unwrap();
        network.ip(&["link", "add", DEVICE, "type", "veth", "peer", "name", "card", "netns", &guest]).unwrap();
        network.plug().unwrap();
        network.listen().unwrap();
        network.lie().unwrap();
        at(&["link", "set", "card", "address", MAC, "up"]);
        at(&["address", "add", &format!("{KIOSK}/24"), "dev", "card"]);
        let closed = knock(&network).unwrap_err().to_string();
        assert!(closed.contains("closed reset"), "{closed}");
        assert!(network.heard().unwrap().1.iter().any(|what| what.starts_with("TCP from port")), "a reset is heard");
        network.listen().unwrap();
        let filter = "table inet t { chain i { type filter hook input priority 0; policy drop; iif lo accept; \
                      icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept; }; }";
        done(Command::new("ip").args(["netns", "exec", &guest, "nft", filter])).unwrap();
        // Plugged in again, it looks whether its IPv6 address is free, and so tells it.
        at(&["link", "set", "card", "down"]);
        at(&["link", "set", "card", "up"]);
        wait(MOMENT, "an IPv6 address", || Ok((!network.addresses()?.is_empty()).then_some(()))).unwrap();
        let filtered = knock(&network);
        let heard = network.heard().unwrap();
        done(Command::new("ip").args(["netns", "delete", &guest])).unwrap();
        println!("{}\n{heard:?}", filtered.unwrap());
        assert!(heard.1.is_empty(), "{heard:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
