//! The two trees of Debian 13: tools that make an image, and what compiles the kiosk.

use super::Workshop;
use crate::steps::Steps;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const RELEASE: &str = "trixie";

/// What makes an image.
const TOOLS: &[&str] = &[
    "apt",
    "attr",
    "acl",
    "bubblewrap",
    "ca-certificates",
    "coreutils",
    "cpio",
    "cryptsetup-bin",
    "debian-archive-keyring",
    "dosfstools",
    "dpkg",
    "e2fsprogs",
    "erofs-utils",
    "fdisk",
    "gpg",
    "gpgv",
    "jq",
    "kmod",
    "libtss2-esys-3.0.2-0t64",
    "libtss2-mu-4.0.1-0t64",
    "libtss2-rc0t64",
    "libtss2-tcti-device0t64",
    "mkosi",
    "mtools",
    "openssl",
    "ovmf",
    "python3",
    "python3-cryptography",
    "python3-pefile",
    // Sound for a virtual machine.
    "qemu-system-gui",
    "qemu-system-x86",
    "sbsigntool",
    "swtpm",
    "systemd",
    "systemd-boot",
    "systemd-boot-efi",
    "systemd-boot-tools",
    "systemd-container",
    "systemd-cryptsetup",
    "systemd-repart",
    "systemd-ukify",
    "tar",
    "udev",
    "util-linux",
    "xz-utils",
    "zstd",
];

/// What compiles the kiosk and OpenCV.
const COMPILER: &[&str] = &[
    "build-essential",
    "ca-certificates",
    "clang",
    "cmake",
    "libasound2-dev",
    "libclang-dev",
    "libfontconfig-dev",
    "libgbm-dev",
    "libinput-dev",
    "libjpeg-dev",
    "libpcsclite-dev",
    "libprotobuf-dev",
    "libudev-dev",
    "libxkbcommon-dev",
    "ninja-build",
    "pkg-config",
    "protobuf-compiler",
    "python3-minimal",
    "zlib1g-dev",
];

/// Debian 13's package sources, by the mirrors that this machine uses itself.
///
/// # Errors
/// When the machine's own sources name no Debian mirror.
pub fn sources(shop: &Workshop) -> Result<PathBuf> {
    let file = shop.cache.join("trixie.sources");
    let lists = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"];
    let text: String = lists.iter().filter_map(|list| fs::read_to_string(list).ok()).collect();
    let uris: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter(|word| word.contains("://") && !word.starts_with('['))
        .collect();
    let main =
        uris.iter().find(|uri| !uri.contains("security")).context("no Debian mirror in /etc/apt/sources.list*")?;
    let stanza = |uri: &str, suites: &str| {
        format!(
            "Types: deb deb-src\nURIs: {uri}\nSuites: {suites}\nComponents: main non-free-firmware\n\
             Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
        )
    };
    let mut sources = stanza(main, &format!("{RELEASE} {RELEASE}-updates"));
    if let Some(security) = uris.iter().find(|uri| uri.contains("security")) {
        sources += &stanza(security, &format!("{RELEASE}-security"));
    }
    fs::write(&file, sources)?;
    Ok(file)
}

/// The tools; made once.
pub fn tools(shop: &Workshop, steps: &mut Steps) -> Result<()> {
    tree(shop, steps, "tools", TOOLS).map(drop)
}

/// Where the kiosk is compiled; made once.
pub fn compiler(shop: &Workshop, steps: &mut Steps) -> Result<PathBuf> {
    tree(shop, steps, "compiler", COMPILER)
}

fn tree(shop: &Workshop, steps: &mut Steps, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let tree = shop.cache.join(name);
    let stamp = shop.cache.join(format!("{name}.packages"));
    let list = packages.join(",");
    if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == list) {
        return Ok(tree);
    }
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| tree.display().to_string())?;
    }
    let sources = sources(shop)?;
    let mut command = Command::new("mmdebstrap");
    command.args(["--quiet", "--variant=apt", "--mode=root", &format!("--include={list}")]);
    for path in ["man", "locale", "info"] {
        command.arg(format!("--dpkgopt=path-exclude=/usr/share/{path}/*"));
    }
    steps.run(&format!("A tree of Debian 13: {name}"), command.arg(RELEASE).arg(&tree).arg(sources))?;
    fs::write(stamp, list)?;
    Ok(tree)
}

/// `mkosi` out of the tree of tools, run by this machine's Python.
pub fn mkosi(shop: &Workshop) -> Result<Command> {
    let tools = shop.tools();
    // Its own module alone: the rest of the tree's Python is of another version.
    let module = shop.cache.join("mkosi");
    fs::create_dir_all(&module)?;
    let link = module.join("mkosi");
    if !link.exists() {
        std::os::unix::fs::symlink(tools.join("usr/lib/python3/dist-packages/mkosi"), &link)?;
    }
    let mut command = Command::new("/usr/bin/python3");
    command.env("PYTHONPATH", module).args(["-m", "mkosi"]).arg(format!("--tools-tree={}", tools.display()));
    Ok(command)
}

/// A command inside a tree, in namespaces of its own, with `binds` (outside, inside) to be seen there; those marked `true`
/// can be written to. No network.
pub fn inside(tree: &Path, binds: &[(&Path, &str, bool)], script: &str) -> Result<Command> {
    let mut mounts = String::from("set -eu\n");
    for (number, (outside, inside, writable)) in binds.iter().enumerate() {
        let place = tree.join(inside.trim_start_matches('/'));
        fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
        let _ = outside;
        mounts += &format!("mount --bind \"$OUT{number}\" \"$IN{number}\"\n");
        if !writable {
            mounts += &format!("mount -o remount,ro,bind \"$IN{number}\"\n");
        }
    }
    mounts += "mount -t proc proc \"$TREE/proc\"\nmount --rbind /dev \"$TREE/dev\"\nexec chroot \"$TREE\" /usr/bin/env -i \
               PATH=/toolchain/bin:/usr/bin:/bin HOME=/root TERM=dumb sh -euc \"$SCRIPT\"\n";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "sh", "-c", &mounts]).env("TREE", tree).env("SCRIPT", script);
    for (number, (outside, inside, _)) in binds.iter().enumerate() {
        command.env(format!("OUT{number}"), outside);
        command.env(format!("IN{number}"), tree.join(inside.trim_start_matches('/')));
    }
    Ok(command)
}
