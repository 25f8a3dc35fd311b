//! `kiosk network`: the kiosk's own address, and a filter: out to the hosts that the configuration names, in for nobody. And what
//! the units that speak with the outside must know of it: a proxy, the town's own certificate authorities.

use crate::authorities::{self, join};
use crate::file::put;
use crate::program::{ProgramError, run};
use crate::stick;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// The kiosk's place in the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "Written")]
pub struct Network {
    /// A fixed address; by DHCP where it is left out.
    pub fixed: Option<Address>,
    /// Through what the updates' server is called.
    pub proxy: Option<Proxy>,
}

/// A fixed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its address with the length of its network, such as `192.0.2.5/24`.
    pub address: Prefix,
    /// The way out.
    pub gateway: IpAddr,
    /// The servers that know names.
    pub dns: Vec<IpAddr>,
}

/// The network as an installer writes it.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    address: Option<Prefix>,
    gateway: Option<IpAddr>,
    #[serde(default)]
    dns: Vec<IpAddr>,
    proxy: Option<Proxy>,
}

impl TryFrom<Written> for Network {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { address, gateway, dns, proxy } = written;
        let fixed = match (address, gateway) {
            (Some(address), Some(gateway)) => Some(Address { address, gateway, dns }),
            (None, None) if dns.is_empty() => None,
            (None, None) => return Err("`dns` wants `address` and `gateway`; by DHCP, leave out all three"),
            _ => return Err("`address` and `gateway` go together; by DHCP, leave out both"),
        };
        Ok(Self { fixed, proxy })
    }
}

/// A proxy that carries HTTPS (RFC 9110, CONNECT).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Proxy(Host);

impl Proxy {
    /// The host that is called in the place of all others.
    pub fn host(&self) -> &Host {
        &self.0
    }
}

impl TryFrom<String> for Proxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // No name and password: they would stand in the environment of a program. No path: a proxy has none.
        let host = text.strip_prefix("http://").map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let host = host.filter(|host| !host.contains(['/', '@', '?', '#'])).and_then(|host| Host::parse(host).ok());
        host.map(Self).ok_or_else(|| format!("{text:?} is no proxy such as \"http://proxy.example.lg.jp:8080\""))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

/// An address with the length of its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Prefix(IpAddr, u8);

impl TryFrom<String> for Prefix {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(address, length)| {
            let (address, length) = (address.parse::<IpAddr>().ok()?, length.parse::<u8>().ok()?);
            let most = if address.is_ipv4() { 32 } else { 128 };
            (1..=most).contains(&length).then_some(Self(address, length))
        });
        parsed.ok_or_else(|| format!("{text:?} is no address such as \"192.0.2.5/24\""))
    }
}

/// What systemd-networkd reads (systemd.network(5)).
fn networkd(address: &Address) -> String {
    let Prefix(own, length) = address.address;
    let mut text = format!(
        "[Match]\nType=ether\n\n[Network]\nAddress={own}/{length}\nGateway={}\nDHCP=no\nLLMNR=no\nMulticastDNS=no\n\
         IPv6AcceptRA={}\n",
        address.gateway,
        if own.is_ipv6() { "yes" } else { "no" },
    );
    for server in &address.dns {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "DNS={server}");
    }
    text
}

/// Where systemd-networkd looks for what was written since the start.
const NETWORKD: &str = "/run/systemd/network";

/// Says to systemd-networkd, before it starts, which address is the kiosk's.
///
/// # Errors
/// When that cannot be written down.
pub fn address(address: Option<&Address>) -> io::Result<()> {
    let file = Path::new(NETWORKD).join("10-kiosk.network");
    match address {
        Some(address) => {
            std::fs::write(&file, networkd(address))?;
            // Read by systemd-networkd, which is another user.
            std::fs::set_permissions(&file, Permissions::from_mode(0o644))
        }
        None if file.exists() => std::fs::remove_file(file),
        None => Ok(()),
    }
}

/// Where the units that speak with the outside look for what they must know of it.
const OUTSIDE: &str = "/run/madoguchi";

/// Says to the units that speak with the outside which proxy there is and whom to believe, by two files for which they look:
/// `proxy.env` and `ca-certificates.crt`. Each is there only where an installer said something.
///
/// # Errors
/// When that cannot be written down; then updates may not come, and nothing else is lost.
pub fn outside(proxy: Option<&Proxy>) -> io::Result<()> {
    say_outside(Path::new(OUTSIDE), proxy)?;
    join(&authorities::Places {
        system: Path::new("/etc/ssl/certs/ca-certificates.crt"),
        own: &Path::new("/var/lib/madoguchi-settings").join(stick::AUTHORITIES),
        both: &Path::new(OUTSIDE).join("ca-certificates.crt"),
    })
}

fn say_outside(folder: &Path, proxy: Option<&Proxy>) -> io::Result<()> {
    let file = folder.join("proxy.env");
    match proxy {
        Some(proxy) => put(&file, format!("https_proxy={proxy}\n").as_bytes(), 0o644),
        None if file.exists() => std::fs::remove_file(file),
        None => Ok(()),
    }
}

/// A host and port that the kiosk may call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// A name or an address.
    pub host: String,
    /// A TCP port.
    pub port: u16,
}

/// Not a host that may be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}: neither host:port nor an address that begins with http://, https:// or ipp://")]
pub struct NoHost(String);

impl Host {
    /// Reads `host:port`, or the host of a URL whose scheme has a port of its own.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, NoHost> {
        let no = || NoHost(text.to_owned());
        let (authority, default) = match text.split_once("://") {
            None => (text, None),
            Some((scheme, rest)) => {
                let port = match scheme {
                    "http" => 80,
                    "https" => 443,
                    "ipp" | "ipps" => 631,
                    _ => return Err(no()),
                };
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                (authority.rsplit_once('@').map_or(authority, |(_, host)| host), Some(port))
            }
        };
        let (host, port) = match authority.rsplit_once(':') {
            // An IPv6 address in brackets, without a port.
            Some((_, tail)) if tail.ends_with(']') => (authority, default.ok_or_else(no)?),
            Some((host, port)) => (host, port.parse().map_err(|_| no())?),
            None => (authority, default.ok_or_else(no)?),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err(no());
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// Its addresses as far as they are known now.
    fn addresses(&self) -> Vec<SocketAddr> {
        (self.host.as_str(), self.port).to_socket_addrs().map(Iterator::collect).unwrap_or_default()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In brackets, colons belong to the address.
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The whole filter, as `nft -f` reads it. It replaces the one before at once or not at all.
///
/// Besides `allowed`, only the programs that need it may ask for an address (DHCP, RFC 2131), for names (the resolver alone)
/// and for the time (chrony alone); neighbours are found (RFC 4861). Nothing that comes in is answered, not even by a refusal.
///
/// At the first start the kiosk looks for its printer: it may ask whom multicast DNS finds on this link (RFC 6762; what comes from
/// further off has lost some of its 255 hops), and ask a printer with a private address (RFC 1918, 3927) how it is.
pub fn rules(allowed: &BTreeSet<SocketAddr>, first_start: bool) -> String {
    let elements = |v4: bool| {
        let of_kind = allowed.iter().filter(|address| address.is_ipv4() == v4);
        let list: Vec<String> = of_kind.map(|address| format!("{} . {}", address.ip(), address.port())).collect();
        if list.is_empty() { String::new() } else { format!(" elements = {{ {} }}", list.join(", ")) }
    };
    let (v4, v6) = (elements(true), elements(false));
    let (found, looks) = match first_start {
        true => (
            "\n\t\tip daddr 224.0.0.251 ip ttl 255 udp sport 5353 udp dport 5353 accept",
            "\n\t\tip daddr 224.0.0.251 udp sport 5353 udp dport 5353 meta skuid \"kiosk\" accept\n\t\tip daddr { 10.0.0.0/8, \
             172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16 } tcp dport 631 meta skuid \"kiosk\" accept",
        ),
        false => ("", ""),
    };
    format!(
        "table inet madoguchi
delete table inet madoguchi
table inet madoguchi {{
	set hosts4 {{ type ipv4_addr . inet_service;{v4} }}
	set hosts6 {{ type ipv6_addr . inet_service;{v6} }}
	chain input {{
		type filter hook input priority 0; policy drop;
		iif lo accept
		ct state established,related accept
		udp sport 67 udp dport 68 accept
		icmpv6 type {{ nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept{found}
	}}
	chain forward {{ type filter hook forward priority 0; policy drop; }}
	chain output {{
		type filter hook output priority 0; policy drop;
		oif lo accept
		ct state established,related accept
		udp sport 68 udp dport 67 accept
		udp dport 547 accept
		icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report }} accept
		meta l4proto {{ tcp, udp }} th dport 53 meta skuid \"systemd-resolve\" accept
		udp dport 123 meta skuid \"_chrony\" accept
		ip daddr . tcp dport @hosts4 accept
		ip6 daddr . tcp dport @hosts6 accept{looks}
	}}
}}
"
    )
}

/// Puts the filter in force. A name that cannot be resolved yet (no network) opens nothing; called again later, it does.
/// Gives the names that are still unknown. See [`rules`] for the first start.
///
/// # Errors
/// When the filter is refused: then the one before stays in force.
pub fn enforce(hosts: &[Host], first_start: bool) -> Result<Vec<String>, ProgramError> {
    let mut allowed = BTreeSet::new();
    let mut unknown = Vec::new();
    for host in hosts {
        let addresses = match host.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, host.port)],
            Err(_) => host.addresses(),
        };
        if addresses.is_empty() {
            unknown.push(host.host.clone());
        }
        allowed.extend(addresses);
    }
    run(Command::new("nft").args(["-f", "-"]), Some(&rules(&allowed, first_start)))?;
    Ok(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_read_from_addresses() {
        let host = |text: &str| Host::parse(text).map(|host| format!("{} {}", host.host, host.port));
        assert_eq!(host("ipp://192.0.2.10/ipp/print").unwrap(), "192.0.2.10 631");
        assert_eq!(host("https://updates.example.lg.jp/madoguchi/").unwrap(), "updates.example.lg.jp 443");
        assert_eq!(host("http://[2001:db8::7]:8080/call").unwrap(), "2001:db8::7 8080");
        assert_eq!(host("https://[2001:db8::7]").unwrap(), "2001:db8::7 443");
        assert_eq!(Host::parse("https://[2001:db8::7]").unwrap().to_string(), "[2001:db8::7]:443");
        assert_eq!(host("192.0.2.11:9100").unwrap(), "192.0.2.11 9100");
        for not in ["", "192.0.2.11", "ftp://x/", "http://a b/", "x:99999", "http://", "a;b:80", "a\nb:80"] {
            assert!(host(not).is_err(), "{not}");
        }
    }

    #[test]
    fn everything_is_dropped_but_what_is_named() {
        let allowed = ["192.0.2.10:631", "[2001:db8::7]:443"].map(|text| text.parse().unwrap()).into();
        let rules = rules(&allowed, false);
        assert_eq!(rules.matches("policy drop").count(), 3);
        assert!(rules.contains("elements = { 192.0.2.10 . 631 }"), "{rules}");
        assert!(rules.contains("elements = { 2001:db8::7 . 443 }"), "{rules}");
        assert!(!super::rules(&BTreeSet::new(), true).contains("elements"));
        assert!(!rules.contains("5353"), "{rules}");
        let first = super::rules(&allowed, true);
        assert_eq!(first.matches("5353").count(), 4, "{first}");
        assert_eq!(first.matches("policy drop").count(), 3);
    }

    #[test]
    fn a_fixed_address_is_said_to_networkd() {
        let prefix = |text: &str| Prefix::try_from(text.to_owned());
        let address = Address {
            address: prefix("192.0.2.5/24").unwrap(),
            gateway: "192.0.2.1".parse().unwrap(),
            dns: vec!["192.0.2.2".parse().unwrap(), "192.0.2.3".parse().unwrap()],
        };
        let text = networkd(&address);
        for line in ["Address=192.0.2.5/24", "Gateway=192.0.2.1", "DHCP=no", "DNS=192.0.2.2", "DNS=192.0.2.3"] {
            assert!(text.lines().any(|is| is == line), "{line} is missing: {text}");
        }
        for not in ["192.0.2.5", "192.0.2.5/33", "192.0.2.5/0", "x/24", "2001:db8::1/129", "192.0.2.5/24\nDHCP=yes"] {
            assert!(prefix(not).is_err(), "{not}");
        }
    }

    fn network(text: &str) -> Result<Network, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_is_fixed_or_by_dhcp_and_a_proxy_goes_with_both() {
        assert_eq!(network("{}").unwrap(), Network::default());
        let proxy = r#""proxy": "http://proxy.example.lg.jp:8080""#;
        let dhcp = network(&format!("{{{proxy}}}")).unwrap();
        assert_eq!((dhcp.fixed, dhcp.proxy.unwrap().to_string()), (None, "http://proxy.example.lg.jp:8080".to_owned()));
        let fixed = r#""address": "192.0.2.5/24", "gateway": "192.0.2.1""#;
        let both = network(&format!("{{{fixed}, {proxy}}}")).unwrap();
        assert!(both.fixed.is_some() && both.proxy.is_some());
        for (not, why) in [
            (r#"{"address": "192.0.2.5/24"}"#, "go together"),
            (r#"{"gateway": "192.0.2.1"}"#, "go together"),
            (r#"{"dns": ["192.0.2.1"]}"#, "wants `address`"),
        ] {
            assert!(network(not).unwrap_err().contains(why), "{not}");
        }
    }

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        let proxy = |text: &str| Proxy::try_from(text.to_owned()).map(|proxy| proxy.to_string());
        assert_eq!(proxy("http://192.0.2.3:3128/").unwrap(), "http://192.0.2.3:3128");
        assert_eq!(proxy("http://[2001:db8::3]:3128").unwrap(), "http://[2001:db8::3]:3128");
        for not in [
            "",
            "proxy:8080",
            "http://proxy",
            "https://proxy:8080",
            "http://me:secret@proxy:8080",
            "http://proxy:8080/way",
            "http://http://proxy:8080",
            "http://proxy:8080\nA=b",
            "http://p$x:80",
        ] {
            assert!(proxy(not).is_err(), "{not}");
        }
    }

    #[test]
    fn a_proxy_is_said_to_the_units_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("proxy.env");
        let proxy = Proxy::try_from("http://192.0.2.3:3128".to_owned()).unwrap();
        say_outside(folder.path(), Some(&proxy)).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "https_proxy=http://192.0.2.3:3128\n");
        say_outside(folder.path(), None).unwrap();
        assert!(!file.exists());
        say_outside(folder.path(), None).unwrap();
    }

    proptest! {
        #[test]
        fn a_proxy_is_one_line_of_the_environment(text in "(http://)?\\PC{0,30}(:[0-9]{1,5})?/?") {
            if let Ok(proxy) = Proxy::try_from(text) {
                let said = proxy.to_string();
                prop_assert!(said.starts_with("http://"));
                prop_assert!(said.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:/[]".contains(c)), "{}", said);
            }
        }

        #[test]
        fn no_text_gets_into_the_rules(text in "\\PC{0,60}") {
            if let Ok(host) = Host::parse(&text) {
                prop_assert!(host.host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c)));
            }
        }
    }
}
