//! A card made from the files that were read from another one, as the crate `myna-card` ships those of a JPKI test card.

use crate::card::{Application, Card, Ief};
use crate::issue::{JPKI, TEXT, VISUAL, hex_bytes};
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;

/// Files, each with its number and the references of which any opens it.
type Files<'a> = &'a [(&'a str, u16, &'a [u16])];

/// Makes a card from a folder of files. What is not among them is not on the card: no private key above all, so that it
/// cannot answer a challenge. The secrets were never among the files, so they are given.
///
/// # Errors
/// When a file that is there cannot be read.
pub fn from_dump(folder: &Path, pin: &str, code_b: &str) -> anyhow::Result<Card> {
    let application = |aid: &str, files: Files, iefs: &[(u16, &str, u8)]| -> anyhow::Result<Application> {
        let mut read = BTreeMap::new();
        for (name, id, opened_by) in files {
            let path = folder.join(name);
            if path.exists() {
                let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
                read.insert(*id, (bytes, opened_by.to_vec()));
            }
        }
        let iefs = iefs.iter().map(|(id, secret, tries)| (*id, Ief::new(secret, *tries))).collect();
        Ok(Application { aid: hex_bytes(aid), files: read, iefs, keys: BTreeMap::new(), default_key: None })
    };
    let jpki: Files = &[
        ("jpki-sign-ca-cert.der", 0x0002, &[]),
        ("jpki-auth-cert.der", 0x000a, &[]),
        ("jpki-auth-ca-cert.der", 0x000b, &[]),
    ];
    let text: Files = &[
        ("text-0002.bin", 0x0002, &[0x0011, 0x0015]),
        ("text-0003.bin", 0x0003, &[0x0011, 0x0015]),
        ("text-0004.bin", 0x0004, &[]),
        ("text-0005.bin", 0x0005, &[]),
        ("text-0006.bin", 0x0006, &[0x0011, 0x0015]),
        ("text-0007.bin", 0x0007, &[0x0011, 0x0015]),
    ];
    let visual: Files = &[
        ("surface-0001.bin", 0x0001, &[0x0012]),
        ("surface-0002.bin", 0x0002, &[0x0012]),
        ("surface-0003.bin", 0x0003, &[]),
        ("surface-0004.bin", 0x0004, &[]),
    ];
    Ok(Card::new(vec![
        application(JPKI, jpki, &[(0x0018, pin, 3)])?,
        application(TEXT, text, &[(0x0011, pin, 3), (0x0015, code_b, 10)])?,
        application(VISUAL, visual, &[(0x0012, code_b, 10)])?,
    ]))
}
