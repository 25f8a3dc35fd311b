//! The binary `kiosk`: the appliance's own program, and the tools around it.

use anyhow::Context;
use clap::{Parser, Subcommand};
use domain::Personal;
use domain::staff::StaffPin;
use kiosk::child::{Which, serve};
use kiosk::{Config, DRAWN, Kiosk, Monitor};
use sd_notify::NotifyState;
use serde_json::json;
use std::cell::RefCell;
use std::io::BufReader;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// 窓口 Madoguchi: a self-service kiosk for municipalities.
///
/// Exit codes: 0 done; 1 an unexpected failure; 2 bad arguments; 3 refused, with the reason as
/// {"error":{"cause","remedy","other_way"}} on standard output.
#[derive(Parser)]
#[command(name = "kiosk", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Open the kiosk on this screen.
    Run {
        /// Its configuration: site pack and devices (TOML).
        config: PathBuf,
        /// The folder of the sockets behind which `kiosk port` is started; without it, ports are threads.
        #[arg(long, value_name = "FOLDER")]
        ports: Option<PathBuf>,
    },
    /// One port as a process of its own. For the service manager of the appliance: standard input is a connection to the kiosk.
    Port {
        /// Which one.
        which: Which,
    },
    /// Read a card. Prints personal values; absent from the appliance build.
    #[cfg(feature = "tools")]
    #[command(subcommand)]
    Card(Card),
    /// Compare pictures of faces. Absent from the appliance build.
    #[cfg(feature = "tools")]
    #[command(subcommand)]
    Face(Face),
    /// Start, fill and judge form folders (see forms/FORMAT.md).
    #[cfg(feature = "tools")]
    #[command(subcommand)]
    Forms(forms::tool::Command),
    /// Hear, answer and speak; judge a guide (see voice/guides/FORMAT.md).
    #[cfg(feature = "voice")]
    #[command(subcommand)]
    Voice(voice::tool::Command),
    /// Walk a recorded visit again and compare every state and every effect.
    Replay {
        /// The recording (JSON lines; `recording` in the configuration).
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read a staff PIN twice from the terminal and print its line for the kiosk's configuration (`[staff]`).
    StaffPin,
    /// What this kiosk has counted. Holds no personal value.
    Kpi(store::tool::KpiArgs),
    /// Look after the appliance's system: which one runs, newer ones, what became of them.
    #[command(subcommand)]
    Update(agent::update::Command),
    /// Give the appliance its address; let out what the configuration names, and nothing else; let nothing in. Wants nftables,
    /// and the right to use it.
    Network {
        /// The kiosk's configuration.
        config: PathBuf,
    },
    /// Take the settings and the certificate authorities that an installer brings on a USB stick.
    Stick(agent::stick::Args),
    /// Take the settings that were entered at the first start, if this machine has none of its own yet.
    Setup(agent::setup::Args),
    /// Forget everything: settings, counts, what the machine keeps. It restarts and is as on its first day.
    FactoryReset,
    /// Wait until the kiosk's screen has been up for twenty seconds; fail when it does not come or does not stay.
    Health,
    /// Show that this kiosk is out of order, and where to go. For the service manager, when the kiosk will not start.
    OutOfOrder,
}

#[cfg(feature = "tools")]
#[derive(Subcommand)]
enum Card {
    /// Read the card on the reader once, and say whether its data are genuine. Prints personal values.
    Read(cards::tool::ReadArgs),
}

#[cfg(feature = "tools")]
#[derive(Subcommand)]
enum Face {
    /// Are these the same person? Scores and decisions as JSON lines.
    Compare(faces::tool::CompareArgs),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let holds_nothing = matches!(
        args.command,
        Command::Replay { .. }
            | Command::Kpi(_)
            | Command::Update(_)
            | Command::Network { .. }
            | Command::Stick(_)
            | Command::Setup(_)
            | Command::FactoryReset
            | Command::Health
            | Command::OutOfOrder
    );
    if !holds_nothing && let Err(error) = never_dump_memory() {
        eprintln!("kiosk: memory cannot be kept out of core dumps: {error}");
        return ExitCode::FAILURE;
    }
    let code = match args.command {
        Command::Run { config, ports } => match run(&config, ports) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("kiosk: {error:#}");
                1
            }
        },
        Command::Port { which } => match port(which) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("kiosk port: {error}");
                1
            }
        },
        #[cfg(feature = "tools")]
        Command::Card(Card::Read(args)) => cards::tool::read(&args),
        #[cfg(feature = "tools")]
        Command::Face(Face::Compare(args)) => faces::tool::run(&args),
        #[cfg(feature = "tools")]
        Command::Forms(command) => forms::tool::run(&command),
        #[cfg(feature = "voice")]
        Command::Voice(command) => voice::tool::run(&command),
        Command::Replay { file, json } => replay(&file, json),
        Command::StaffPin => staff_pin(),
        Command::Kpi(args) => store::tool::run(&args),
        Command::Update(command) => agent::update::command(&command, |path| {
            Config::load(path).map(|config| config.update).map_err(|error| error.to_string())
        }),
        Command::Network { config } => network(&config),
        Command::Stick(args) => stick(&args),
        Command::Setup(args) => setup(&args),
        Command::FactoryReset => agent::reset::run_command(),
        Command::Health => agent::health::run(),
        Command::OutOfOrder => match screens::show_out_of_order() {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("kiosk: the screen cannot be shown: {error}");
                1
            }
        },
    };
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// A crash leaves no core dump, and other processes of the same user cannot read this one's memory: personal values are in
/// it.
fn never_dump_memory() -> nix::Result<()> {
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0)?;
    nix::sys::prctl::set_dumpable(false)
}

thread_local! {
    /// The kiosk of this (the screen's) thread, so that a wake-up from another thread finds it.
    static KIOSK: RefCell<Option<Kiosk>> = const { RefCell::new(None) };
}

fn pump() {
    KIOSK.with_borrow_mut(|kiosk| {
        if let Some(kiosk) = kiosk {
            kiosk.pump();
        }
    });
}

/// Tells the service manager, where there is one, that the screen is there, that this program lives, and for how long nobody
/// has been here.
#[derive(Default)]
struct Report {
    ticks: u32,
    said: String,
    /// Where no display server looks after it.
    monitor: Option<Monitor>,
}

impl Report {
    /// To be called at every tick of the event loop.
    fn tick(&mut self) {
        /// Every two seconds.
        const ALIVE: u32 = 8;
        self.ticks = self.ticks.wrapping_add(1);
        let mut states = Vec::new();
        if self.ticks == DRAWN {
            states.push(NotifyState::Ready);
        }
        let beat = self.ticks.is_multiple_of(ALIVE);
        if beat {
            states.push(NotifyState::Watchdog);
        }
        // `kiosk update` reads these words. Whole minutes: nobody learns more of a visitor than that there was one.
        let idle = KIOSK.with_borrow(|kiosk| kiosk.as_ref().and_then(Kiosk::idle));
        // Looked at while somebody is served, too: it may be away for that long.
        let back = beat && self.monitor.as_mut().is_some_and(Monitor::came_back);
        if back && idle.is_some() {
            tracing::info!("the monitor was away and is back: starting anew");
            drop(slint::quit_event_loop());
        }
        let says = idle.map_or_else(|| "serving".to_owned(), |idle| format!("idle for {} min", idle.as_secs() / 60));
        if self.said != says {
            self.said = says;
            states.push(NotifyState::Status(&self.said));
        }
        // Without a service manager there is nobody to tell.
        if !states.is_empty() {
            drop(sd_notify::notify(false, &states));
        }
    }
}

/// Waits until there is a monitor to draw on: one that sleeps wakes when somebody switches it on.
fn awake() -> Monitor {
    const AGAIN: Duration = Duration::from_millis(500);
    let monitor = Monitor::default();
    let mut told = false;
    while !monitor.is_there() {
        if !told {
            tracing::warn!("no monitor is there; waiting for one");
            told = true;
        }
        // The service manager waits, too.
        let longer = NotifyState::ExtendTimeoutUsec(10_000_000);
        drop(sd_notify::notify(false, &[longer, NotifyState::Status(agent::health::NO_MONITOR)]));
        std::thread::sleep(AGAIN);
    }
    monitor
}

fn log() {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
}

/// Both ways over the one socket: standard output is left to whatever library prints something.
fn port(which: Which) -> std::io::Result<()> {
    log();
    serve(which, std::io::stdin().as_fd().try_clone_to_owned()?.into())
}

fn run(config: &Path, ports: Option<PathBuf>) -> anyhow::Result<()> {
    log();
    kiosk::panic_quietly("kiosk", || {});
    let mut config = Config::load(config)?;
    config.ports = ports;
    let monitor = (cfg!(feature = "appliance") && config.fullscreen).then(awake);
    // Refused only before the event loop runs, and then the first tick does the work.
    let kiosk = Kiosk::start(&config, || drop(slint::invoke_from_event_loop(pump)))?;
    KIOSK.set(Some(kiosk));
    let ticks = slint::Timer::default();
    let mut report = Report { monitor, ..Report::default() };
    ticks.start(slint::TimerMode::Repeated, Duration::from_millis(250), move || {
        pump();
        report.tick();
    });
    let result = KIOSK.with_borrow(|kiosk| kiosk.as_ref().map(|kiosk| kiosk.screen().window().show())).transpose();
    result.context("the screen cannot be shown")?;
    slint::run_event_loop().context("the screen failed")?;
    KIOSK.set(None);
    Ok(())
}

/// A configuration that cannot be read lets nothing out.
fn network(config: &Path) -> i32 {
    let read = Config::load(config).map_err(anyhow::Error::from).and_then(|config| {
        let first_start = config.first_start();
        Ok((config.hosts()?, config.network, first_start))
    });
    let (hosts, network, first_start) = read.unwrap_or_else(|error| {
        eprintln!("kiosk network: {error:#}; nothing is let out");
        Default::default()
    });
    // Without it updates may not come; the filter must stand whatever that is.
    if let Err(error) = agent::network::outside(network.proxy.as_ref()) {
        eprintln!("kiosk network: the proxy and the town's own authorities are not known to updates: {error}");
    }
    let done = agent::network::address(network.fixed.as_ref()).map_err(anyhow::Error::from);
    match done.and_then(|()| Ok(agent::network::enforce(&hosts, first_start)?)) {
        Ok(unknown) => {
            unknown.iter().for_each(|name| eprintln!("kiosk network: {name} is not known yet"));
            0
        }
        Err(error) => {
            eprintln!("kiosk network: {error:#}");
            1
        }
    }
}

/// The image's own settings.
fn own_settings() -> Result<String, String> {
    const OWN: &str = "/usr/share/madoguchi/kiosk.toml";
    std::fs::read_to_string(OWN).map_err(|error| format!("{OWN}: {error}"))
}

/// Settings from a stick are judged like the kiosk's own, and completed with the image's.
fn stick(args: &agent::stick::Args) -> i32 {
    let judge = agent::stick::Judge {
        compose: |brought: &str| kiosk::compose(&own_settings()?, brought),
        check: |settings: &Path| kiosk::would_start(settings).map_err(|error| format!("{error:#}")),
    };
    agent::stick::command(args, &judge)
}

/// So are those that were entered on the screen; and nothing is in them that it does not ask for.
fn setup(args: &agent::setup::Args) -> i32 {
    let judge = agent::stick::Judge {
        compose: |proposed: &str| kiosk::compose_proposed(&own_settings()?, proposed),
        check: |settings: &Path| kiosk::would_start(settings).map_err(|error| format!("{error:#}")),
    };
    agent::setup::command(args, &judge)
}

/// Asks for a PIN twice, unseen, and prints the line of its hash.
fn staff_pin() -> i32 {
    let refuse = |cause: &str, remedy: &str| {
        let refusal = domain::Refusal::new(cause, remedy, "設定に [staff] を書かなければ、職員モードは開きません。");
        println!("{}", json!({ "error": refusal }));
        3
    };
    let asked = ask_unseen("職員用の暗証番号（6〜12桁の数字）: ").and_then(|pin| Ok((pin, ask_unseen("もう一度: ")?)));
    let (pin, again) = match asked {
        Ok(asked) => asked,
        Err(error) => return refuse(&format!("入力を読み取れません（{error}）。"), "端末から実行してください。"),
    };
    if !pin.reveal().is_well_formed() {
        return refuse("6〜12桁の数字ではありません。", "数字だけで、6桁以上12桁以下を入力してください。");
    }
    if pin != again {
        return refuse("2回の入力が違います。", "もう一度実行してください。");
    }
    match kiosk::hash_staff_pin(&pin) {
        Ok(hash) => println!("pin = \"{hash}\""),
        Err(error) => return refuse(&format!("ハッシュをつくれません（{error}）。"), "もう一度実行してください。"),
    }
    0
}

/// Reads a line that the terminal does not show.
fn ask_unseen(question: &str) -> std::io::Result<Personal<StaffPin>> {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    let input = std::io::stdin();
    eprint!("{question}");
    // Where there is no terminal, nothing is shown anyway.
    let before = tcgetattr(&input).ok();
    if let Some(mut unseen) = before.clone() {
        unseen.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&input, SetArg::TCSANOW, &unseen)?;
    }
    // Room from the start: a string that grows leaves copies behind.
    let mut pin = StaffPin(String::with_capacity(64));
    let read = input.read_line(&mut pin.0);
    if let Some(before) = before {
        tcsetattr(&input, SetArg::TCSANOW, &before)?;
        eprintln!();
    }
    let length = pin.0.trim_end().len();
    pin.0.truncate(length);
    let pin = Personal::new(pin);
    read.map(|_| pin)
}

fn replay(file: &Path, as_json: bool) -> i32 {
    let refuse = |cause: String| {
        let refusal = domain::Refusal::new(
            cause,
            "同じ版のキオスクで記録したファイルか、確かめてください。",
            "記録の各行はJSONなので、そのまま読むこともできます。",
        );
        println!("{}", json!({ "error": refusal }));
        3
    };
    let opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) => return refuse(format!("{}を開けません（{error}）。", file.display())),
    };
    match visit::record::replay(BufReader::new(opened)) {
        Ok(replayed) if as_json => println!("{}", json!(replayed)),
        Ok(replayed) => println!(
            "{}件の出来事を再生し、すべての状態が一致しました: {}",
            replayed.events,
            replayed.states.join(" → ")
        ),
        Err(error) => return refuse(format!("記録のとおりに再生できません（{error}）。")),
    }
    0
}
