//! The helper behind `cargo xtask`: prepares the machine, runs the checks, shows the kiosk.
//!
//! It is small on purpose: it must compile on a machine that has nothing but Rust and a C compiler.

mod image;
mod machine;
mod steps;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use machine::Machine;
use std::process::ExitCode;
use steps::Steps;

/// Builds, checks and shows Madoguchi. Run from anywhere inside the checkout.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what building and testing need: system packages, cargo-deny, cargo-nextest, networks, voices, dictionaries.
    ///
    /// Everything that is not a system package goes into $MADOGUCHI_CACHE (default: ~/.cache/madoguchi), outside the tree.
    Setup,
    /// Everything that must hold before a change lands: formatting, lints, licences, all tests. Runs `setup` first.
    Test,
    /// Show the main job: a resident's visit with a virtual card, camera and printer. Runs `setup` first.
    ///
    /// With a display, the kiosk opens in a window. Without one, or with --walk, the visit walks by itself and leaves the
    /// printed PDFs, a picture of every screen and a timing table in target/demo/.
    Demo {
        /// Walk by itself even where there is a display.
        #[arg(long)]
        walk: bool,
        /// Where the kiosk stands: city-hall (forms without writing) or roadside (questions by voice).
        #[arg(long, default_value = "city-hall", value_parser = ["city-hall", "roadside"])]
        site: String,
    },
    /// Build the appliance's disk image: signed, verified, with two slots, for a site. Needs root.
    ///
    /// Trees of Debian 13, packages and what was compiled stay in $MADOGUCHI_CACHE/image; from nothing it takes about an hour
    /// on two cores, afterwards some minutes. The keys are made at the first build in $MADOGUCHI_KEYS (default:
    /// ~/.local/share/madoguchi/keys).
    Image(image::ImageArgs),
    /// Measure: card to form, forms a second, face decision, start and memory, each beside a peer. Takes about ten minutes.
    Bench,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<()> {
    let machine = Machine::here()?;
    let mut steps = Steps::new(&machine);
    match args.command {
        Command::Setup => {
            machine.setup(&mut steps)?;
            machine.voice(&mut steps)?;
        }
        Command::Test => {
            machine.setup(&mut steps)?;
            machine.voice(&mut steps)?;
            test(&machine, &mut steps)?;
        }
        Command::Demo { walk, site } => {
            machine.setup(&mut steps)?;
            // The city hall's kiosk can be asked, too.
            machine.voice(&mut steps)?;
            let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
            // The kiosk and the card are programs beside the demo.
            let parts = ["--package", "kiosk", "--package", "card-emulator", "--package", "walks"];
            steps.run("Build", machine.cargo(["build"]).args(parts))?;
            let mut demo = machine.cargo(["run", "--package", "walks", "--bin", "demo", "--"]);
            if walk || !display {
                demo.arg("--walk");
            }
            demo.args(["--site", &site]);
            steps.run("The demo", demo.arg("--out").arg(machine.target().join("demo")))?;
        }
        Command::Image(args) => {
            machine.setup(&mut steps)?;
            machine.voice(&mut steps)?;
            image::image(&machine, &mut steps, &args)?;
        }
        Command::Bench => {
            machine.setup(&mut steps)?;
            let python = machine.peers(&mut steps)?;
            // As it is shipped: optimised.
            let parts =
                ["--package", "kiosk", "--package", "card-emulator", "--package", "bench", "--package", "faces"];
            steps.run(
                "Build",
                machine
                    .cargo([
                        "build",
                        "--release",
                        "--bins",
                        "--examples",
                        "--no-default-features",
                        "--features",
                        "kiosk/tools,kiosk/desktop",
                    ])
                    .args(parts),
            )?;
            let mut bench = machine.cargo(["run", "--release", "--package", "bench", "--"]);
            steps.run("Benchmarks", bench.arg("--python").arg(python))?;
            steps.run(
                "Faces",
                &mut machine.cargo(["run", "--release", "--package", "faces", "--example", "bench_faces"]),
            )?;
        }
    }
    steps.summary();
    Ok(())
}

fn test(machine: &Machine, steps: &mut Steps) -> Result<()> {
    steps.run("Formatting", &mut machine.cargo(["fmt", "--all", "--check"]))?;
    // All targets' crates: the licences of each are looked at, and from here on nothing is fetched.
    steps.run("Crates", &mut machine.cargo(["fetch", "--locked"]))?;
    let mut deny = machine.tool("cargo-deny");
    // The advisory database is fetched from the network, which a build machine need not have.
    steps.run("Licences, bans, sources", deny.args(["--offline", "check", "licenses", "bans", "sources"]))?;
    steps.run("Lints", &mut machine.cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    steps.run("Build", &mut machine.cargo(["build", "--workspace", "--all-targets"]))?;
    // Once, and not by each test that is the first to ask.
    for guide in ["kurikara", "nagisa"] {
        let mut learn = machine.program("kiosk");
        learn.args(["voice", "ask", "営業時間は", "--pack"]).arg(machine.root.join("voice/guides").join(guide));
        steps.run(&format!("Learning the guide {guide}"), &mut learn)?;
    }
    let mut nextest = machine.cargo(["nextest", "run", "--workspace", "--profile", "ci"]);
    steps.run("Tests", &mut nextest).context("the failing tests' output stands above")
}
