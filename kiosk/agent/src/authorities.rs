//! The certificate authorities that the updates' server is known by: the system's, and a town's own.

use crate::file::put;
use std::io;
use std::path::Path;
use x509_cert::Certificate;
use x509_cert::der::DecodePem;

const BEGINS: &str = "-----BEGIN CERTIFICATE-----";
const ENDS: &str = "-----END CERTIFICATE-----";

/// A line of PEM (RFC 7468).
const WIDTH: usize = 64;

/// The certificates in a PEM file, each rewritten the strict way. What programs write around them is passed over; anything else
/// between markers (a private key) is refused.
pub(crate) fn certificates(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines().map(str::trim) {
        match &mut open {
            None if line == BEGINS => open = Some(String::new()),
            None if line.starts_with("-----") => return Err(format!("{line}: no certificate")),
            None => {}
            Some(base64) if line == ENDS => {
                let lines: Vec<&str> = base64.as_bytes().chunks(WIDTH).filter_map(|b| str::from_utf8(b).ok()).collect();
                let pem = format!("{BEGINS}\n{}\n{ENDS}\n", lines.join("\n"));
                Certificate::from_pem(&pem).map_err(|error| format!("certificate {}: {error}", found.len() + 1))?;
                found.push(pem);
                open = None;
            }
            Some(base64) => base64.push_str(line),
        }
    }
    match open {
        Some(_) => Err(format!("certificate {} has no end", found.len() + 1)),
        None if found.is_empty() => Err("no certificate is in it".to_owned()),
        None => Ok(found),
    }
}

/// Where the authorities are.
pub(crate) struct Places<'a> {
    /// What the system comes with.
    pub system: &'a Path,
    /// The town's own.
    pub own: &'a Path,
    /// Both together.
    pub both: &'a Path,
}

/// Writes the system's authorities and the town's own into one file, which the units that speak with the updates' server see in
/// the place of the system's. Without any of the town's there is no such file.
pub(crate) fn join(places: &Places) -> io::Result<()> {
    let own = match std::fs::read_to_string(places.own) {
        Ok(own) => own,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match std::fs::remove_file(places.both) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        Err(error) => return Err(error),
    };
    let own = certificates(&own).map_err(io::Error::other)?;
    let mut both = std::fs::read_to_string(places.system)?;
    if !both.ends_with('\n') {
        both.push('\n');
    }
    both.extend(own);
    put(places.both, both.as_bytes(), 0o644)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made for these tests with `openssl req -x509 -newkey ed25519`; its key was thrown away.
    pub(crate) const ONE: &str = include_str!("../tests/town.crt");

    #[test]
    fn what_stands_around_certificates_is_passed_over_and_long_lines_are_broken() {
        let base64: String = ONE.lines().filter(|line| !line.starts_with('-')).collect();
        let by_windows = format!("subject=CN = Town\r\n{BEGINS}\r\n{base64}\r\n{ENDS}\r\n\r\n{ONE}");
        assert_eq!(certificates(&by_windows).unwrap(), [ONE, ONE]);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
        let broken = ONE.replacen("MII", "MIJ", 1);
        let torn = &ONE[..ONE.len() / 2];
        for not in ["", "hello", key, &format!("{ONE}{key}"), &broken, torn, &format!("{BEGINS}\n{ENDS}\n")] {
            assert!(certificates(not).is_err(), "{not}");
        }
    }

    #[test]
    fn the_towns_own_come_to_the_systems_and_go_with_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let [system, own, both] = ["system", "own", "both"].map(|name| folder.path().join(name));
        let places = Places { system: &system, own: &own, both: &both };
        std::fs::write(&system, "# known to all").unwrap();
        join(&places).unwrap();
        assert!(!both.exists());
        std::fs::write(&own, ONE).unwrap();
        join(&places).unwrap();
        assert_eq!(std::fs::read_to_string(&both).unwrap(), format!("# known to all\n{ONE}"));
        std::fs::write(&own, "rubbish").unwrap();
        assert!(join(&places).is_err());
        std::fs::remove_file(&own).unwrap();
        join(&places).unwrap();
        assert!(!both.exists());
    }

    proptest! {
        #[test]
        fn no_text_is_a_surprise(text in "(-----(BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/=]{0,70}|\\PC{0,20}|\n){0,12}") {
            drop(certificates(&text));
        }
    }
}
