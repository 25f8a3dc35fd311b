//! The first start: what an installer is asked on the glass, what the machine finds by itself, and what is proposed in the end.

use crate::staff::StaffPin;
use crate::{Language, Personal, RequestId};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Something that is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupField {
    /// The kiosk's own address with the length of its network.
    Address,
    /// The way out.
    Gateway,
    /// A server that knows names.
    Dns,
    /// Another one.
    OtherDns,
    /// The proxy.
    Proxy,
    /// The printer's address.
    Printer,
}

impl SetupField {
    /// Its name in phrases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Gateway => "gateway",
            Self::Dns => "dns",
            Self::OtherDns => "other-dns",
            Self::Proxy => "proxy",
            Self::Printer => "printer",
        }
    }

    /// What it may look like.
    pub fn example(self) -> &'static str {
        match self {
            Self::Address => "192.0.2.5/24",
            Self::Gateway => "192.0.2.1",
            Self::Dns => "192.0.2.2",
            Self::OtherDns => "192.0.2.3",
            Self::Proxy => "proxy.example.lg.jp:8080",
            Self::Printer => "192.0.2.10",
        }
    }
}

/// A fixed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// With the length of its network.
    pub address: String,
    /// The way out.
    pub gateway: String,
    /// The servers that know names.
    pub dns: Vec<String>,
}

/// What is the matter with an address that was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressFault {
    /// It is no address.
    NoAddress,
    /// The length of its network is missing, or is none.
    NoPrefix,
    /// It is the network's own, or that of all in it.
    NotAHost,
    /// The gateway is not in the network.
    GatewayOutside,
    /// The gateway is the kiosk itself.
    GatewayItself,
}

impl AddressFault {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::NoAddress, Self::NoPrefix, Self::NotAHost, Self::GatewayOutside, Self::GatewayItself];

    /// Its name in phrases.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::NoPrefix => "no-prefix",
            Self::NotAHost => "not-a-host",
            Self::GatewayOutside => "gateway-outside",
            Self::GatewayItself => "gateway-itself",
        }
    }
}

impl Fixed {
    /// Judges what was entered for each field. (IPv6 has no keys here; it is brought on a stick.)
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn judge<'t>(entered: impl Fn(SetupField) -> &'t str) -> Result<Self, (SetupField, AddressFault)> {
        use AddressFault::{GatewayItself, GatewayOutside, NoAddress, NoPrefix, NotAHost};
        let of = |field: SetupField| entered(field).trim();
        let parse = |field: SetupField, text: &str| text.parse::<Ipv4Addr>().map_err(|_| (field, NoAddress));
        let field = SetupField::Address;
        let (address, length) = of(field).split_once('/').unwrap_or((of(field), ""));
        let own = parse(field, address)?;
        let length = length.parse::<u32>().ok().filter(|length| (1..=32).contains(length)).ok_or((field, NoPrefix))?;
        let mask = u32::MAX << (32 - length);
        let is_host = |address: Ipv4Addr| {
            let rest = address.to_bits() & !mask;
            // A network of two or of one has no address of its own (RFC 3021).
            let reserved = length < 31 && (rest == 0 || rest == !mask);
            !reserved && !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
        };
        if !is_host(own) {
            return Err((field, NotAHost));
        }
        let field = SetupField::Gateway;
        let gateway = parse(field, of(field))?;
        if gateway == own {
            return Err((field, GatewayItself));
        }
        if gateway.to_bits() & mask != own.to_bits() & mask {
            return Err((field, GatewayOutside));
        }
        if !is_host(gateway) {
            return Err((field, NotAHost));
        }
        let mut dns = Vec::new();
        for field in [SetupField::Dns, SetupField::OtherDns] {
            if !of(field).is_empty() {
                dns.push(parse(field, of(field))?.to_string());
            }
        }
        Ok(Self { address: format!("{own}/{length}"), gateway: gateway.to_string(), dns })
    }
}

/// A host, and a port where one is named.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
        None => (text, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    // Digits and points alone are an address.
    let numbers = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let good = match numbers {
        true => host.parse::<Ipv4Addr>().is_ok(),
        false => host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')),
    };
    (good && host.chars().all(plain)).then_some((host, port))
}

/// A proxy as settings name it, from `host:port`.
pub fn judge_proxy(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("http://").unwrap_or(text);
    match host_and_port(text.strip_suffix('/').unwrap_or(text))? {
        (host, Some(port)) => Some(format!("http://{host}:{port}")),
        (_, None) => None,
    }
}

/// A printer as settings name it, from an address, or from an address and a path.
pub fn judge_printer(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("ipp://").unwrap_or(text);
    let (authority, path) = text.split_once('/').unwrap_or((text, ""));
    let (host, port) = host_and_port(authority)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_/".contains(c);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if path.is_empty() { "ipp/print" } else { path };
    path.chars().all(plain).then(|| format!("ipp://{host}{port}/{path}"))
}

/// A printer that has made itself known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FoundPrinter {
    /// What it calls itself.
    pub name: String,
    /// Its model; may be empty.
    pub model: String,
    /// Where it is: `ipp://…`.
    pub uri: String,
}

/// What an answer says of a printer that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterSays {
    /// It answers, and takes what is printed here.
    Good,
    /// It answers, and takes no PDF.
    NoPdf,
    /// It does not answer.
    Nothing,
}

/// What the machine finds around itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// A cable leads somewhere.
    pub link: bool,
    /// The addresses that it has now, with the lengths of their networks.
    pub addresses: Vec<String>,
    /// A stick has brought the town's own certificate authorities.
    pub authorities: bool,
    /// Card readers, by name.
    pub readers: Vec<String>,
    /// Cameras, by name.
    pub cameras: Vec<String>,
    /// Something like a receipt printer is on USB.
    pub slip: bool,
    /// Sound cards, by name.
    pub sound: Vec<String>,
}

/// What an installer wants; the PIN's hash is the port's to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// A fixed address; by DHCP without one.
    pub fixed: Option<Fixed>,
    /// The proxy.
    pub proxy: Option<String>,
    /// The page printer; without one it stays as the image says.
    pub printer: Option<String>,
    /// The language of whoever is told what came of it.
    pub language: Language,
}

/// What became of a proposal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupReport {
    /// When, by the kiosk's clock, to the minute.
    pub at: String,
    /// It is in force.
    pub taken: bool,
    /// Why not. No setting's value is in it that only staff may know.
    pub why: Option<String>,
}

/// To the port of the first start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupCommand {
    /// What is there?
    Look(RequestId),
    /// Look for printers for a while.
    Find(RequestId),
    /// Does a printer answer there?
    Try(RequestId, String),
    /// Keep the hash of this PIN, if it is twice the same.
    Pin {
        /// Carried back by the answer.
        request: RequestId,
        /// What was entered.
        pin: Personal<StaffPin>,
        /// What was entered then.
        again: Personal<StaffPin>,
    },
    /// Propose this to the machine.
    Apply(RequestId, Proposal),
    /// It was given up: nothing that was entered is kept.
    Forget,
}

/// From the port of the first start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupAnswer {
    /// This machine has no settings of its own yet. Said once, at the start.
    Offered,
    /// It was set up just now, in this language. Said once, at the start.
    JustSet(Language),
    /// What is there.
    Seen(RequestId, Box<Surroundings>),
    /// The printers that were found so far.
    Found {
        /// Which search.
        request: RequestId,
        /// All of them.
        printers: Vec<FoundPrinter>,
        /// No other will come.
        over: bool,
    },
    /// What a printer says.
    Tried(RequestId, PrinterSays),
    /// The PIN's hash is kept.
    PinKept(RequestId),
    /// The two PINs are not the same.
    PinsDiffer(RequestId),
    /// The machine has taken what was proposed; its kiosk begins anew.
    Taken(RequestId),
    /// It was refused; why, as the judge says it. Nothing has changed.
    Refused(RequestId, String),
    /// It was tried in vain.
    Failed(RequestId),
}

#[cfg(test)]
mod tests {
    use super::*;
    use SetupField::{Address, Dns, Gateway, OtherDns};

    fn judged(address: &str, gateway: &str, dns: &str) -> Result<Fixed, (SetupField, AddressFault)> {
        Fixed::judge(|field| match field {
            Address => address,
            Gateway => gateway,
            Dns => dns,
            _ => "",
        })
    }

    #[test]
    fn a_fixed_address_is_judged_field_by_field() {
        let good = judged("192.0.2.5/24", "192.0.2.1", "192.0.2.2").unwrap();
        assert_eq!((good.address.as_str(), good.dns.as_slice()), ("192.0.2.5/24", &["192.0.2.2".to_owned()][..]));
        assert!(judged("10.0.0.0/31", "10.0.0.1", "").is_ok(), "a network of two");
        for (address, gateway, dns, fault) in [
            ("", "", "", (Address, AddressFault::NoAddress)),
            ("192.0.2.256/24", "192.0.2.1", "", (Address, AddressFault::NoAddress)),
            ("192.0.2.5", "192.0.2.1", "", (Address, AddressFault::NoPrefix)),
            ("192.0.2.5/33", "192.0.2.1", "", (Address, AddressFault::NoPrefix)),
            ("192.0.2.0/24", "192.0.2.1", "", (Address, AddressFault::NotAHost)),
            ("192.0.2.255/24", "192.0.2.1", "", (Address, AddressFault::NotAHost)),
            ("127.0.0.1/8", "127.0.0.2", "", (Address, AddressFault::NotAHost)),
            ("192.0.2.5/24", "", "", (Gateway, AddressFault::NoAddress)),
            ("192.0.2.5/24", "192.0.3.1", "", (Gateway, AddressFault::GatewayOutside)),
            ("192.0.2.5/24", "192.0.2.5", "", (Gateway, AddressFault::GatewayItself)),
            ("192.0.2.5/24", "192.0.2.255", "", (Gateway, AddressFault::NotAHost)),
            ("192.0.2.5/24", "192.0.2.1", "192.0.2", (Dns, AddressFault::NoAddress)),
        ] {
            assert_eq!(judged(address, gateway, dns), Err(fault), "{address} {gateway} {dns}");
        }
        let both = Fixed::judge(|field| match field {
            Address => "192.0.2.5/24",
            Gateway => "192.0.2.1",
            OtherDns => "192.0.2.9",
            _ => "",
        });
        assert_eq!(both.unwrap().dns, ["192.0.2.9"], "the second alone will do");
    }

    #[test]
    fn a_proxy_and_a_printer_are_read_as_people_write_them() {
        assert_eq!(judge_proxy("proxy.example.lg.jp:8080").unwrap(), "http://proxy.example.lg.jp:8080");
        assert_eq!(judge_proxy("http://192.0.2.3:3128/").unwrap(), "http://192.0.2.3:3128");
        for not in
            ["", "proxy", "proxy:", "proxy:0", "proxy:70000", ":8080", "192.0.2:80", "a..b:80", "a_b:80", "a b:1"]
        {
            assert_eq!(judge_proxy(not), None, "{not}");
        }
        assert_eq!(judge_printer("192.0.2.10").unwrap(), "ipp://192.0.2.10/ipp/print");
        assert_eq!(judge_printer("printer:8631/ipp/print").unwrap(), "ipp://printer:8631/ipp/print");
        assert_eq!(judge_printer("ipp://192.0.2.10/printers/a").unwrap(), "ipp://192.0.2.10/printers/a");
        for not in ["", "192.0.2", "ipps://192.0.2.10/", "a b", "192.0.2.10/a?b", "-a"] {
            assert_eq!(judge_printer(not), None, "{not}");
        }
    }
}
