//! Printers that make themselves known in the local network (DNS-SD over multicast DNS, RFC 6762 and 6763), and whether one
//! answers. For the first start: a kiosk that is set up knows its printer and looks for none.

use crate::http::Address;
use crate::ipp_printer::IppPrinter;
use domain::paper::PrinterTrouble;
use domain::setup::{FoundPrinter, PrinterSays, judge_printer};
use mdns_sd::{ResolvedService, ServiceDaemon, ServiceEvent};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What IPP printers register. (Those that speak TLS alone, `_ipps._tcp`, are none of ours: [`crate::Config::page`].)
const SERVICE: &str = "_ipp._tcp.local.";

/// How often it is looked whether anybody still waits.
const BREATH: Duration = Duration::from_millis(250);

/// So many are enough for anybody to choose from.
const MOST: usize = 30;

/// What is shown of a name.
const LONGEST: usize = 60;

/// Why nobody could be looked for.
#[derive(Debug, thiserror::Error)]
#[error("no printer can be looked for")]
pub struct DiscoveryError(#[from] mdns_sd::Error);

/// Looks for printers until the time is over, or somebody says so; tells all that are known whenever one comes or goes.
///
/// # Errors
/// When no socket can be had for it.
pub fn discover(
    time: Duration,
    stop: &AtomicBool,
    mut changed: impl FnMut(Vec<FoundPrinter>),
) -> Result<(), DiscoveryError> {
    let daemon = ServiceDaemon::new()?;
    let events = daemon.browse(SERVICE)?;
    let mut known = BTreeMap::new();
    let end = Instant::now() + time;
    while Instant::now() < end && !stop.load(Ordering::SeqCst) {
        let before = known.clone();
        match events.recv_timeout(BREATH) {
            Ok(ServiceEvent::ServiceResolved(service)) => {
                if let Some(printer) = printer(&service).filter(|_| known.len() < MOST) {
                    known.insert(service.fullname.clone(), printer);
                }
            }
            Ok(ServiceEvent::ServiceRemoved(_, name)) => drop(known.remove(&name)),
            _ => {}
        }
        if known != before {
            let mut all: Vec<FoundPrinter> = known.values().cloned().collect();
            all.sort();
            changed(all);
        }
    }
    drop(daemon.shutdown());
    Ok(())
}

/// A text from the network, as far as it is shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// What a service says of itself; `None` where it cannot be called from here.
fn printer(service: &ResolvedService) -> Option<FoundPrinter> {
    // By its number: nothing here knows the names of multicast DNS once it is set up.
    let address =
        service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).filter(std::net::IpAddr::is_ipv4).min()?;
    let path = service.get_property_val_str("rp").unwrap_or("ipp/print");
    let port = if service.port == 631 { String::new() } else { format!(":{}", service.port) };
    let uri = judge_printer(&format!("ipp://{address}{port}/{}", path.trim_start_matches('/')))?;
    let name = service.fullname.strip_suffix(&service.ty_domain).unwrap_or(&service.fullname);
    let model = service.get_property_val_str("ty").unwrap_or_default();
    Some(FoundPrinter { name: shown(name.trim_end_matches('.')), model: shown(model), uri })
}

/// Asks a printer how it is.
pub fn ask(uri: &str, patience: Duration) -> PrinterSays {
    let Ok(address) = uri.parse::<Address>() else { return PrinterSays::Nothing };
    match IppPrinter::new(address, patience).condition(false, &[]) {
        Ok(condition) if condition.troubles.contains(&PrinterTrouble::NoPdf) => PrinterSays::NoPdf,
        Ok(_) => PrinterSays::Good,
        Err(error) => {
            tracing::info!(%error, uri, "the printer does not answer");
            PrinterSays::Nothing
        }
    }
}
