//! `cargo xtask image`: the appliance's disk image, and the folder that updates come from.
//!
//! Everything is built on Debian 13, whatever the build machine runs: `mkosi` out of a tree of Debian 13 tools, the kiosk
//! inside a tree of Debian 13 with what it needs to compile. Both trees, the packages and what was compiled stay in
//! `$MADOGUCHI_CACHE/image`.

mod app;
mod keys;
mod lock;
mod publish;
mod sbom;
mod trees;

use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::{Context, Result, bail};
use keys::Keys;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the build machine needs for it.
pub const PACKAGES: &[(&str, &[&str])] = &[
    ("the image", &["mmdebstrap", "debian-archive-keyring", "gpg", "openssl", "xz-utils", "zstd", "util-linux"]),
    ("the virtual machine", &["qemu-system-x86", "swtpm", "mtools"]),
];

/// What to build.
#[derive(clap::Args)]
pub struct ImageArgs {
    /// Where the kiosk will stand.
    #[arg(long, default_value = "city-hall", value_parser = ["city-hall", "roadside"])]
    site: String,
    /// An image with a shell on its second serial line, for developers. It has a name and keys of its own: a machine that
    /// trusts the real keys does not start it.
    #[arg(long)]
    debug: bool,
    /// The image's version [default: the workspace's version and the number of commits].
    #[arg(long)]
    version: Option<String>,
    /// Take the newest packages, and write their versions and sums to image-build/packages.lock.
    #[arg(long)]
    update_lock: bool,
    /// Also publish the image as an update in this folder (each version beside the ones before), for an HTTPS server or a
    /// stick.
    #[arg(long, value_name = "DIR")]
    publish: Option<PathBuf>,
    /// Start the image in a virtual machine and walk through boot, home, a touch, an update, a broken one, tampering.
    #[arg(long)]
    test: bool,
    /// Where the image goes [default: target/image].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Where everything of the image is.
pub struct Workshop<'a> {
    machine: &'a Machine,
    /// `$MADOGUCHI_CACHE/image`.
    cache: PathBuf,
    /// `image-build` in the checkout.
    source: PathBuf,
}

impl Workshop<'_> {
    fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }
}

/// An image that was built.
pub struct Image {
    /// `madoguchi` or `madoguchi-debug`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The folder of its files: `ID_VERSION.raw` and its parts.
    pub folder: PathBuf,
}

impl Image {
    fn stem(&self) -> String {
        format!("{}_{}", self.id, self.version)
    }
}

/// Builds the image.
///
/// # Errors
/// When a step fails, or when a package is not the one in the lock.
pub fn image(machine: &Machine, steps: &mut Steps, args: &ImageArgs) -> Result<()> {
    let shop = Workshop { machine, cache: machine.cache().join("image"), source: machine.root.join("image-build") };
    fs::create_dir_all(&shop.cache)?;
    machine.packages(steps, PACKAGES)?;
    trees::tools(&shop, steps)?;
    let keys = Keys::made(steps, args.debug)?;
    let app = app::build(&shop, steps, &args.site)?;
    let out = args.out.clone().unwrap_or_else(|| machine.target().join("image"));
    let image = mkosi(&shop, steps, args, &keys, &app, &out)?;
    lock::check(&shop, &image, args.update_lock)?;
    sbom::write(&shop, &image)?;
    if let Some(folder) = &args.publish {
        publish::publish(steps, &image, &keys, folder)?;
    }
    if args.test {
        let mut test = machine.cargo(["run", "--package", "boot-test", "--"]);
        test.arg(image.folder.join(format!("{}.raw", image.stem()))).arg("--out").arg(out.join("test"));
        steps.run("The virtual machine", &mut test)?;
    }
    eprintln!("\n{}", image.folder.join(format!("{}.raw", image.stem())).display());
    Ok(())
}

fn mkosi(shop: &Workshop, steps: &mut Steps, args: &ImageArgs, keys: &Keys, app: &Path, out: &Path) -> Result<Image> {
    let id = if args.debug { "madoguchi-debug" } else { "madoguchi" };
    let version = match &args.version {
        Some(version) => version.clone(),
        None => version(shop)?,
    };
    let folder = out.join(format!("{}-{}", args.site, if args.debug { "debug" } else { "release" }));
    fs::create_dir_all(&folder)?;
    let image = Image { id: id.into(), version, folder };
    let sandbox = lock::pins(shop, args.update_lock)?;
    let mut command = trees::mkosi(shop)?;
    command.arg("--directory").arg(shop.source.join("mkosi"));
    command.args(["--force", "--profile", &args.site]);
    if args.debug {
        command.args(["--profile", "debug"]);
    }
    command.args(["--image-id", &image.id, "--image-version", &image.version]);
    command.arg(format!("--unified-kernel-image-format={}", image.stem()));
    command.arg(format!("--output={}", image.stem()));
    command.arg("--output-dir").arg(&image.folder);
    for (option, place) in [("--cache-dir", "cache"), ("--package-cache-dir", "packages"), ("--workspace-dir", "work")]
    {
        let place = shop.cache.join(place);
        fs::create_dir_all(&place)?;
        command.arg(option).arg(place);
    }
    command.arg("--sandbox-tree").arg(sandbox);
    command.arg("--extra-tree").arg(app);
    command.arg("--extra-tree").arg(keys.tree());
    command.arg("--secure-boot-key").arg(keys.private());
    command.arg("--secure-boot-certificate").arg(keys.certificate());
    command.arg("--sign-expected-pcr-key").arg(keys.private());
    command.arg("--sign-expected-pcr-certificate").arg(keys.certificate());
    command.arg(format!("--source-date-epoch={}", commit_time(shop)?));
    steps.run("The image", command.arg("build"))?;
    Ok(image)
}

fn git<const N: usize>(shop: &Workshop, args: [&str; N]) -> Result<String> {
    let output = Command::new("git").current_dir(&shop.machine.root).args(args).output().context("git")?;
    if !output.status.success() {
        bail!("git {args:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Grows with every commit.
fn version(shop: &Workshop) -> Result<String> {
    Ok(format!("{}.{}", env!("CARGO_PKG_VERSION"), git(shop, ["rev-list", "--count", "HEAD"])?))
}

/// Seconds; every date in the image is this one, so that two builds of a commit are the same.
fn commit_time(shop: &Workshop) -> Result<String> {
    git(shop, ["log", "-1", "--format=%ct"])
}
