//! The kiosk, compiled inside Debian 13, and its files as they lie in the image.

use super::{Cache, Workshop, trees};
use crate::steps::Steps;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// OpenCV's source as Debian 13 has it. Debian's own build would bring 150 libraries, for video formats, GPUs and maps.
const OPENCV: (&str, &str) =
    ("opencv_4.10.0+dfsg.orig.tar.xz", "4ca619efbad524c550771ab110332fc81293fb720bd03980fe58bc15f9ca3be8");

/// The parts that the face port uses, a camera by Video4Linux, JPEG as cameras send it; nothing else.
const OPENCV_OPTIONS: &[&str] = &[
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_INSTALL_PREFIX=/usr/local",
    "-DBUILD_LIST=core,imgproc,imgcodecs,videoio,objdetect,dnn",
    "-DBUILD_SHARED_LIBS=ON",
    "-DBUILD_TESTS=OFF",
    "-DBUILD_PERF_TESTS=OFF",
    "-DBUILD_EXAMPLES=OFF",
    "-DBUILD_opencv_apps=OFF",
    "-DBUILD_JAVA=OFF",
    "-DBUILD_opencv_python3=OFF",
    "-DBUILD_JPEG=OFF",
    "-DBUILD_ZLIB=OFF",
    "-DBUILD_PROTOBUF=OFF",
    "-DWITH_PROTOBUF=ON",
    "-DPROTOBUF_UPDATE_FILES=ON",
    "-DWITH_JPEG=ON",
    "-DWITH_V4L=ON",
    "-DWITH_1394=OFF",
    "-DWITH_ADE=OFF",
    "-DWITH_EIGEN=OFF",
    "-DWITH_FFMPEG=OFF",
    "-DWITH_FLATBUFFERS=OFF",
    "-DWITH_GSTREAMER=OFF",
    "-DWITH_GTK=OFF",
    "-DWITH_IPP=OFF",
    "-DWITH_ITT=OFF",
    "-DWITH_JASPER=OFF",
    "-DWITH_LAPACK=OFF",
    "-DWITH_OPENCL=OFF",
    "-DWITH_OPENEXR=OFF",
    "-DWITH_OPENJPEG=OFF",
    "-DWITH_PNG=OFF",
    "-DWITH_QUIRC=OFF",
    "-DWITH_TIFF=OFF",
    "-DWITH_WEBP=OFF",
    "-DOPENCV_GENERATE_PKGCONFIG=ON",
    "-DENABLE_PRECOMPILED_HEADERS=OFF",
    "-DCPU_BASELINE=SSE4_2",
    "-DCPU_DISPATCH=AVX2",
];

/// Compiles the kiosk and gives the tree that goes into the image. OpenCV and what was learnt of a guide are those of the first time.
pub fn build(shop: &Workshop, steps: &mut Steps, site: &str, cache: Cache) -> Result<PathBuf> {
    let compiler = trees::compiler(shop, steps)?;
    opencv(shop, steps, &compiler)?;
    steps.run("Crates", &mut shop.machine.cargo(["fetch", "--locked"]))?;
    let target = cache.place(shop, "target")?;
    let toolchain = toolchain()?;
    let cargo_home = home::cargo_home()?;
    let flags = "--remap-path-prefix=/src=. --remap-path-prefix=/cargo=.";
    let script = format!(
        "cd /src && CARGO_HOME=/cargo CARGO_TARGET_DIR=/work RUSTFLAGS='{flags}' LD_LIBRARY_PATH=/usr/local/lib \
         PKG_CONFIG_PATH=/usr/local/lib/pkgconfig cargo build --release --locked --offline --package kiosk \
         --no-default-features --features appliance,voice"
    );
    let binds: [(&Path, &str, bool); 4] = [
        (&toolchain, "/toolchain", false),
        (&cargo_home, "/cargo", true),
        (&shop.machine.root, "/src", false),
        (&target, "/work", true),
    ];
    steps.run("The kiosk, for the image", &mut trees::inside(&compiler, &binds, &script)?)?;
    if site == "roadside" {
        learn(shop, steps, &compiler, &target)?;
    }
    let app = cache.place(shop, "app")?.join(site);
    tree(shop, &compiler, &target.join("release/kiosk"), site, app)
}

/// The station's guide. Learning it takes minutes, once: an image brings what was learnt, in the cache's `learnt`.
fn learn(shop: &Workshop, steps: &mut Steps, compiler: &Path, target: &Path) -> Result<()> {
    let binds: [(&Path, &str, bool); 3] =
        [(&shop.machine.root, "/src", false), (target, "/work", false), (shop.machine.cache(), "/cache", true)];
    let script = "LD_LIBRARY_PATH=/usr/local/lib MADOGUCHI_CACHE=/cache \
                  /work/release/kiosk voice ask 営業時間は --pack /src/voice/guides/kurikara";
    steps.run("Learning the guide kurikara", &mut trees::inside(compiler, &binds, script)?)
}

fn opencv(shop: &Workshop, steps: &mut Steps, compiler: &Path) -> Result<()> {
    let (name, sum) = OPENCV;
    let stamp = shop.cache.join("opencv.built");
    let recipe = format!("{sum} {}", OPENCV_OPTIONS.join(" "));
    if compiler.join("usr/local/lib/pkgconfig/opencv4.pc").exists()
        && fs::read_to_string(&stamp).is_ok_and(|built| built == recipe)
    {
        return Ok(());
    }
    let archive = compiler.join("root").join(name);
    if !archive.exists() {
        let mut fetch = Command::new("chroot");
        fetch.arg(compiler).args([
            "sh",
            "-c",
            "apt-get --quiet update && cd /root && apt-get --quiet source --download-only opencv",
        ]);
        // Of its parts the archive alone is wanted, and its sum is checked here.
        if let Err(error) = steps.run("OpenCV's source", &mut fetch) {
            eprintln!("{error:#}");
        }
    }
    let said = Command::new("sha256sum").arg(&archive).output().context("sha256sum")?;
    if !said.stdout.starts_with(sum.as_bytes()) {
        bail!("{}: not the archive that was expected (SHA-256 {sum})", archive.display());
    }
    let script = format!(
        "rm -rf /root/opencv && mkdir -p /root/opencv/build && cd /root/opencv && \
         tar --strip-components=1 -xf ../{name} && cd build && cmake -GNinja {} .. >/dev/null && ninja install >/dev/null && \
         rm -rf /root/opencv",
        OPENCV_OPTIONS.join(" ")
    );
    steps.run("OpenCV, the parts that are used", &mut trees::inside(compiler, &[], &script)?)?;
    Ok(fs::write(stamp, recipe)?)
}

/// The toolchain that compiles this program, without its shims.
fn toolchain() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().context("rustc")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

mod home {
    use anyhow::{Context, Result};
    use std::env;
    use std::path::PathBuf;

    /// Where cargo keeps the crates that were fetched.
    pub fn cargo_home() -> Result<PathBuf> {
        let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"));
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("neither CARGO_HOME nor HOME is set")
    }
}

fn tree(shop: &Workshop, compiler: &Path, kiosk: &Path, site: &str, tree: PathBuf) -> Result<PathBuf> {
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    let share = tree.join("usr/share/madoguchi");
    let root = &shop.machine.root;
    let mut copies = vec![
        (kiosk.to_owned(), tree.join("usr/bin/kiosk")),
        (root.join("kiosk/sites").join(site), share.join("kiosk/sites").join(site)),
        (root.join("LICENSE"), share.join("LICENSE")),
        (shop.machine.cache().join("weights/yunet.onnx"), share.join("models/weights/yunet.onnx")),
        (shop.machine.cache().join("weights/sface.onnx"), share.join("models/weights/sface.onnx")),
    ];
    for entry in fs::read_dir(compiler.join("usr/local/lib"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The one name of three by which a program asks for it.
        if name.starts_with("libopencv_") && name.split('.').count() == 3 {
            copies.push((fs::canonicalize(&path)?, tree.join("usr/lib/x86_64-linux-gnu").join(name)));
        }
    }
    if site == "city-hall" {
        copies.push((root.join("forms/library"), share.join("forms/library")));
        // To be read; without networks and voices it is silent.
        copies.push((root.join("voice/guides/nagisa"), share.join("voice/guides/nagisa")));
    } else {
        let cache = shop.machine.cache();
        // Networks and voices; not the second recogniser, which no station is set to.
        for entry in fs::read_dir(cache.join("voice"))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_file() && !name.starts_with('.') && name != "libvosk.so" {
                copies.push((path, share.join("models/voice").join(name)));
            }
        }
        copies.push((cache.join("naist-jdic"), share.join("models/naist-jdic")));
        copies.push((root.join("voice/guides/kurikara"), share.join("voice/guides/kurikara")));
        copies.push((cache.join("learnt/kurikara.bin"), share.join("models/learnt/kurikara.bin")));
    }
    for (from, to) in copies {
        let folder = to.parent().context("a place in the tree")?;
        fs::create_dir_all(folder)?;
        let mut copy = Command::new("cp");
        let status = copy.args(["-r", "--reflink=auto", "--no-target-directory"]).arg(&from).arg(&to).status()?;
        if !status.success() {
            bail!("{} is not there: run `cargo xtask setup`", from.display());
        }
    }
    let mode = Command::new("chmod").args(["-R", "u=rwX,go=rX"]).arg(&tree).status()?;
    if !mode.success() {
        bail!("chmod {}", tree.display());
    }
    Ok(tree)
}
