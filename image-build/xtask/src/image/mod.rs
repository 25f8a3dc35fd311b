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
    ("its walks", &["iproute2", "dnsmasq-base", "tcpdump", "nmap", "e2fsprogs"]),
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
    /// Compile the kiosk and build the image once more, without what was kept of the first time, and compare the roots.
    #[arg(long)]
    reproduce: bool,
    /// Start the image in a virtual machine and walk through boot, home, a touch, an update, a broken one, tampering.
    #[arg(long)]
    test: bool,
    /// With --test: also build Debian 13 with cage and Chromium, and start it in the same machine to compare the times.
    #[arg(long, requires = "test")]
    peer: bool,
    /// With --test: only these walks (see image-build/boot-test/src/walks.rs).
    #[arg(long, value_name = "NAME", requires = "test")]
    only: Vec<String>,
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

    /// What is written to a disk.
    fn disk(&self) -> PathBuf {
        self.folder.join(format!("{}.raw", self.stem()))
    }
}

/// Whose keys, whose name, and what is added.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Release,
    Debug,
    /// A debug image whose kiosk never comes up.
    Broken,
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
    let app = app::build(&shop, steps, &args.site, Cache::Kept)?;
    // Seen from elsewhere, too.
    let out = std::path::absolute(args.out.clone().unwrap_or_else(|| machine.target().join("image")))?;
    let version = match &args.version {
        Some(version) => version.clone(),
        None => version(&shop)?,
    };
    let kind = if args.debug { Kind::Debug } else { Kind::Release };
    let keys = Keys::made(steps, args.debug)?;
    let image = mkosi(&shop, steps, args, kind, &keys, &app, &version, &out, Cache::Kept)?;
    lock::check(&shop, &image, args.update_lock)?;
    sbom::write(&shop, &image)?;
    if args.reproduce {
        let again = out.join("again");
        let app = app::build(&shop, steps, &args.site, Cache::New)?;
        let second = mkosi(&shop, steps, args, kind, &keys, &app, &version, &again, Cache::New)?;
        same_root(&image, &second)?;
    }
    if let Some(folder) = &args.publish {
        publish::publish(steps, &image, &keys, folder, 6)?;
    }
    eprintln!("\n{}", image.disk().display());
    if args.test {
        test(&shop, steps, args, &app, &image, &out)?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "each is a part of one image, and this is called in three places")]
fn mkosi(
    shop: &Workshop,
    steps: &mut Steps,
    args: &ImageArgs,
    kind: Kind,
    keys: &Keys,
    app: &Path,
    version: &str,
    out: &Path,
    cache: Cache,
) -> Result<Image> {
    let (id, folder) = match kind {
        Kind::Release => ("madoguchi", "release"),
        Kind::Debug | Kind::Broken => ("madoguchi-debug", "debug"),
    };
    let folder = out.join(format!("{}-{folder}", args.site));
    fs::create_dir_all(&folder)?;
    let image = Image { id: id.into(), version: version.into(), folder };
    // Partitions are named by what is in them: those of another build of this version would lie beside its own.
    for entry in fs::read_dir(&image.folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && name.starts_with(&format!("{}.", image.stem())) {
            fs::remove_file(path)?;
        }
    }
    let sandbox = lock::pins(shop, args.update_lock)?;
    let mut command = trees::mkosi(shop)?;
    command.arg("--directory").arg(shop.source.join("mkosi"));
    command.args(["--force", "--profile", &args.site]);
    if kind != Kind::Release {
        command.args(["--profile", "debug"]);
    }
    if kind == Kind::Broken {
        command.args(["--profile", "broken"]);
    }
    command.args(["--image-id", &image.id, "--image-version", &image.version]);
    command.arg(format!("--unified-kernel-image-format={}", image.stem()));
    command.arg(format!("--output={}", image.stem()));
    command.arg("--output-dir").arg(&image.folder);
    places(shop, &mut command, cache)?;
    command.arg("--sandbox-tree").arg(sandbox);
    command.arg("--extra-tree").arg(app);
    command.arg("--extra-tree").arg(keys.tree());
    for what in ["--secure-boot", "--sign-expected-pcr"] {
        command.arg(format!("{what}-key")).arg(keys.private());
        command.arg(format!("{what}-certificate")).arg(keys.certificate());
    }
    command.arg(format!("--source-date-epoch={}", commit_time(shop)?));
    steps.run(&format!("The image {}", image.stem()), command.arg("build"))?;
    Ok(image)
}

/// What is done with what an earlier build has compiled and installed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    Kept,
    /// The kiosk is compiled, and every package installed anew.
    New,
}

impl Cache {
    /// Where it keeps what has this name.
    fn place(self, shop: &Workshop, name: &str) -> Result<PathBuf> {
        let place = shop.cache.join(if self == Self::New { format!("{name}-again") } else { name.to_owned() });
        if self == Self::New && place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        Ok(place)
    }
}

/// Where `mkosi` keeps what it need not do twice.
fn places(shop: &Workshop, command: &mut Command, cache: Cache) -> Result<()> {
    command.arg("--cache-dir").arg(cache.place(shop, "cache")?);
    for (option, place) in [("--package-cache-dir", "packages"), ("--workspace-dir", "work")] {
        command.arg(option).arg(Cache::Kept.place(shop, place)?);
    }
    Ok(())
}

/// Compares the root and its hashes, bit by bit. The kernel's file is not compared: the signature in it says when it was made.
///
/// # Errors
/// When they differ: then nobody can show that an image was built from this checkout.
fn same_root(one: &Image, other: &Image) -> Result<()> {
    let sums = |image: &Image| -> Result<Vec<(String, String)>> {
        let mut sums = Vec::new();
        for part in publish::parts(image)?.into_iter().filter(|part| part.ends_with(".raw")) {
            let output = Command::new("sha256sum").arg(image.folder.join(&part)).output().context("sha256sum")?;
            let said = String::from_utf8(output.stdout)?;
            let sum = said.split_whitespace().next().with_context(|| format!("sha256sum {part}"))?.to_owned();
            sums.push((part, sum));
        }
        Ok(sums)
    };
    let (one, other) = (sums(one)?, sums(other)?);
    for ((name, sum), (name_again, sum_again)) in one.iter().zip(&other) {
        eprintln!("{sum}  {name}\n{sum_again}  {name_again} (again)");
    }
    // The names hold the root hash, too.
    if one.len() != 2 || one != other {
        bail!("two builds of one checkout differ");
    }
    eprintln!("The root is the same, built twice.");
    Ok(())
}

/// Walks through the virtual machine with this image, and with three debug images for what only a shell can tell.
fn test(shop: &Workshop, steps: &mut Steps, args: &ImageArgs, app: &Path, release: &Image, out: &Path) -> Result<()> {
    let folder = out.join("test");
    fs::create_dir_all(&folder)?;
    let keys = Keys::made(steps, true)?;
    let mut debug = Vec::new();
    let (newer, broken) = (folder.join("newer"), folder.join("broken"));
    for folder in [&newer, &broken] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    for (version, kind) in [("1", Kind::Debug), ("2", Kind::Debug), ("3", Kind::Broken)] {
        let image = mkosi(shop, steps, args, kind, &keys, app, version, out, Cache::Kept)?;
        if kind == Kind::Broken {
            steps.run("A second folder", Command::new("cp").args(["-rT", "--reflink=auto"]).args([&newer, &broken]))?;
        }
        publish::publish(steps, &image, &keys, if kind == Kind::Broken { &broken } else { &newer }, 0)?;
        if debug.is_empty() {
            // A signed list that grows old, for the walk "update-older".
            for list in ["SHA256SUMS", "SHA256SUMS.gpg"] {
                fs::copy(newer.join(list), newer.join(format!("first.{list}")))?;
            }
        }
        debug.push(image);
    }
    // The kiosk's own picture of its home screen, with as little around it as the virtual machine has.
    let config = folder.join("kiosk.toml");
    let site = shop.machine.root.join("kiosk/sites").join(&args.site);
    let printer = if args.site == "city-hall" { "page-printer = \"ipp://192.0.2.10/ipp/print\"\n" } else { "" };
    let settings = format!("name = \"test\"\nsite = {site:?}\nstore = \"counts.sqlite\"\n{printer}");
    // All at once: of some packages alone, cargo would compile what they have in common once more, with other features.
    steps.run("Build", &mut shop.machine.cargo(["build", "--workspace", "--bins"]))?;
    // As it asks to be set up, and after that.
    let mut pictures = Vec::new();
    for (name, setup) in [("expected.png", "setup = true\n"), ("expected-set-up.png", "")] {
        fs::write(&config, format!("{settings}{setup}"))?;
        pictures.push(folder.join(name));
        let mut draw = shop.machine.program("home");
        draw.arg(&config).arg("--out").arg(folder.join(name)).args((args.site == "roadside").then_some("--guide"));
        steps.run("The kiosk's own picture", &mut draw)?;
    }
    let score = if args.site == "city-hall" { Some(score(shop, steps, &folder)?) } else { None };
    let mut walk = shop.machine.program("boot-test");
    walk.arg("--image").arg(release.disk()).arg("--debug").args(debug.iter().map(Image::disk));
    walk.arg("--published").args([&newer, &broken]).arg("--home").args(&pictures);
    walk.arg("--tools").arg(shop.tools()).arg("--out").arg(&folder);
    walk.args(args.only.iter().flat_map(|name| ["--only", name]));
    if args.site == "roadside" {
        walk.arg("--kiosk").arg(shop.machine.program("kiosk").get_program());
    }
    if let Some(score) = score {
        walk.arg("--score").arg(score).arg("--card-emulator").arg(shop.machine.program("card-emulator").get_program());
    }
    if args.peer {
        walk.arg("--peer").arg(peer(shop, steps, out)?);
    }
    steps.run("The virtual machine", &mut walk)
}

/// What a resident and a member of staff do before the kiosk itself, today in Japan.
fn score(shop: &Workshop, steps: &mut Steps, folder: &Path) -> Result<PathBuf> {
    let score = folder.join("score");
    for (title, name, more) in [
        ("A resident's visit, written down", "visit", None),
        ("Staff mode, written down", "staff", Some("--staff")),
        ("The first start, written down", "setup", Some("--setup")),
    ] {
        let mut walk = shop.machine.program("score");
        steps.run(title, walk.env("TZ", "Asia/Tokyo").arg("--out").arg(score.join(name)).args(more))?;
    }
    Ok(score)
}

/// The image that the appliance is compared with.
fn peer(shop: &Workshop, steps: &mut Steps, out: &Path) -> Result<PathBuf> {
    let mut command = trees::mkosi(shop)?;
    command.arg("--directory").arg(shop.source.join("peer")).args(["--force", "--image-id=peer", "--output=peer"]);
    command.arg("--output-dir").arg(out.join("peer"));
    fs::create_dir_all(out.join("peer"))?;
    places(shop, &mut command, Cache::Kept)?;
    command.arg("--sandbox-tree").arg(lock::pins(shop, true)?);
    steps.run("The image to compare with", command.arg("build"))?;
    Ok(out.join("peer/peer.raw"))
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
