//! A machine's disk, looked at and tampered with from outside.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A partition of a GUID partition table (UEFI 2.10, section 5.3).
#[derive(Debug, Clone)]
pub struct Partition {
    /// Its name.
    pub label: String,
    /// Where it begins, in bytes.
    pub start: u64,
    /// Its length in bytes.
    pub length: u64,
}

const SECTOR: u64 = 512;

/// The partitions of a disk.
pub fn partitions(disk: &Path) -> Result<Vec<Partition>> {
    let file = File::open(disk)?;
    let mut header = [0; 92];
    file.read_exact_at(&mut header, SECTOR)?;
    if &header[..8] != b"EFI PART" {
        bail!("{}: no partition table", disk.display());
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    let (table, count, size) = (number(&header[72..80]), number(&header[80..84]), number(&header[84..88]));
    let mut found = Vec::new();
    for index in 0..count {
        let mut entry = vec![0; size as usize];
        file.read_exact_at(&mut entry, table * SECTOR + index * size)?;
        if entry[..16].iter().all(|byte| *byte == 0) {
            continue;
        }
        let (first, last) = (number(&entry[32..40]), number(&entry[40..48]));
        let units: Vec<u16> = entry[56..128].chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let label = String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned();
        found.push(Partition { label, start: first * SECTOR, length: (last + 1 - first) * SECTOR });
    }
    Ok(found)
}

/// The partition of this name.
pub fn partition(disk: &Path, label: &str) -> Result<Partition> {
    let all = partitions(disk)?;
    let found = all.iter().find(|partition| partition.label == label).cloned();
    found.with_context(|| {
        format!("no partition {label} among {:?}", all.iter().map(|one| &one.label).collect::<Vec<_>>())
    })
}

/// Turns one bit at this offset.
pub fn flip(disk: &Path, offset: u64) -> Result<()> {
    let file = File::options().read(true).write(true).open(disk)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset)?;
    byte[0] ^= 1;
    Ok(file.write_all_at(&byte, offset)?)
}

/// Where in a partition these bytes stand first.
pub fn find(disk: &Path, partition: &Partition, wanted: &[u8]) -> Result<Option<u64>> {
    const STEP: usize = 1 << 20;
    let file = File::open(disk)?;
    let mut buffer = vec![0; STEP + wanted.len()];
    let mut offset = 0;
    while offset < partition.length {
        let length = buffer.len().min((partition.length - offset) as usize);
        file.read_exact_at(&mut buffer[..length], partition.start + offset)?;
        if let Some(place) = buffer[..length].windows(wanted.len()).position(|bytes| bytes == wanted) {
            return Ok(Some(partition.start + offset + place as u64));
        }
        offset += STEP as u64;
    }
    Ok(None)
}
