//! Files that are there whole or not at all.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The name under which a file is written before it takes its place.
pub(crate) fn new_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Writes a file beside its place and down to the disk.
pub(crate) fn lay(path: &Path, bytes: &[u8], mode: u32) -> io::Result<PathBuf> {
    let new = new_name(path);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(new)
}

/// Replaces a file: whatever happens, the old one or the new one is there.
pub(crate) fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    take_place(&lay(path, bytes, mode)?, path)
}

/// Lets a file that was written beside its place take it.
pub(crate) fn take_place(new: &Path, path: &Path) -> io::Result<()> {
    std::fs::rename(new, path)?;
    // The new name must be on disk, too.
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
