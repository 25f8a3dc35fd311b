//! A visitor of a roadside station speaks, and asks: the machine hears that somebody speaks, and what it answers is understood.
//!
//! What was said is not waited for: Whisper takes an emulated processor three minutes and more.

use crate::Args;
use crate::pictures::{difference, same};
use crate::visit::{PACK, POLICY, SETTINGS};
use crate::vm::Running;
use crate::walks::{BEGIN, BOOT, COMMAND, Done, begun, debug, said, wait_healthy, wait_home};
use anyhow::{Context, Result, ensure};
use hound::{SampleFormat, WavSpec, WavWriter};
use image::RgbImage;
use serde_json::Value;
use stage::SoundServer;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// What is said, and parts of the answer to the question that is then touched; one is understood at least.
const QUESTION: &str = "トイレはどこですか";
const ANSWERED: &[&str] = &["建物", "駐車場"];

/// In the middle of the button that goes back from the page that listens, and of "where is the toilet" on the home screen.
const BACK: (u32, u32) = (140, 1667);
const TOILETS: (u32, u32) = (791, 976);

/// From the page that listens until somebody speaks: nothing shows when an emulated machine has opened its microphone, and after eight
/// seconds of silence the kiosk stops listening.
const OPENS: Duration = Duration::from_secs(2);

/// The page that listens to somebody who speaks has wider rings: so much of it, at least, is another than before.
const RINGS: f64 = 0.001;

/// Speaks, goes back, and asks where the toilet is.
pub fn ask(args: &Args) -> Result<Done> {
    let Some(kiosk) = &args.kiosk else { return Ok(Done::Left("no program `kiosk` was given".into())) };
    let Some(mut machine) = debug(args, "ask")? else { return Ok(Done::Left("no debug image was given".into())) };
    let out = args.out.join("ask");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let question = out.join("question.wav");
    ran(Command::new(kiosk).args(["voice", "say", "--lang", "ja", QUESTION, "-o"]).arg(&question))?;
    let sound = SoundServer::start()?;
    machine.with_sound(&sound.address());
    let mut running = machine.on()?;
    wait_home(args, &mut running)?.save(out.join("home.png"))?;
    let ready = running.since.elapsed().as_secs();
    running.wait_shell(BOOT)?;
    wait_healthy(&mut running)?;
    patient(&mut running)?;
    let home = wait_home(args, &mut running)?;
    let asked = converse(&mut running, kiosk, &sound, &home, &question, &out);
    // What the processes say of themselves explains a walk that stopped.
    let journal = "journalctl -b -u kiosk -u 'madoguchi-voice@*' --no-pager -o short-monotonic | tail -200; \
                   ps -eo user:20,rss,args | grep '[k]iosk '; cat /proc/asound/cards; grep . /proc/asound/card0/pcm*/sub0/{status,hw_params}; \
                   for task in /proc/$(pgrep -f 'kiosk port voice')/task/*; do echo $(cat $task/comm $task/wchan); done; free -m";
    let journal = running.shell(journal, COMMAND);
    fs::write(out.join("journal.txt"), journal.map_or_else(|error| error.to_string(), |(text, _)| text))?;
    let (seconds, understood) = asked?;
    let failed = said(&mut running, "systemctl --failed --no-legend --plain", COMMAND)?;
    ensure!(failed.is_empty(), "failed: {failed}");
    Ok(Done::Held(format!(
        "the guide can be asked after {ready} s; a voice is noticed; {seconds} s after a touch it answers: {understood}"
    )))
}

/// The kiosk waits longer than it would for people.
fn patient(running: &mut Running) -> Result<()> {
    let share = "/usr/share/madoguchi";
    let pack = format!(
        "mkdir -p {PACK} && sed 's|\"../../../|\"{share}/|' {share}/kiosk/sites/roadside/site.toml > {PACK}/site.toml && \
         printf '{}' >> {PACK}/site.toml && chmod -R a+rX {PACK} && \
         sed -i 's|^site = .*|site = \"{PACK}\"|' {SETTINGS} && systemctl restart kiosk",
        POLICY.replace('\n', "\\n")
    );
    said(running, &pack, BOOT).map(drop)
}

/// Gives the seconds from the touch to the first sound of the answer, and what a recogniser understood of it.
fn converse(
    running: &mut Running,
    kiosk: &Path,
    sound: &SoundServer,
    home: &RgbImage,
    question: &Path,
    out: &Path,
) -> Result<(u64, String)> {
    running.touch(BEGIN.0, BEGIN.1)?;
    let listens = running.wait_screen(COMMAND, "the page that listens", begun)?;
    listens.save(out.join("listens.png"))?;
    thread::sleep(OPENS);
    let hears = thread::scope(|scope| {
        let played = scope.spawn(|| sound.play(question));
        let hears = running.wait_screen(COMMAND, "the page that hears somebody", |screen| {
            begun(screen) && difference(screen, &listens) > RINGS
        });
        played.join().unwrap_or_else(|_| anyhow::bail!("the player failed"))?;
        hears
    })?;
    hears.save(out.join("hears.png"))?;
    running.touch(BACK.0, BACK.1)?;
    running.wait_screen(COMMAND, "the home screen", |screen| same(screen, home))?;

    let recording = sound.record()?;
    let began = Instant::now();
    running.touch(TOILETS.0, TOILETS.1)?;
    let seconds = loop {
        running.screen()?.save(out.join("answer.png"))?;
        if recording.is_heard()? {
            break began.elapsed().as_secs();
        }
        // It may be busy with the voice of another language, which it gets ready at the start.
        ensure!(began.elapsed() < BOOT, "nothing was said; what was on the screen is in {}", out.display());
        thread::sleep(Duration::from_secs(1));
    };
    let spoken = recording.until_silence(BOOT)?;
    running.screen()?.save(out.join("answer.png"))?;
    let answer = out.join("answer.wav");
    write_wav(&answer, &spoken)?;
    let said = ran(Command::new(kiosk).args(["voice", "transcribe", "--lang", "ja", "--json"]).arg(&answer))?;
    fs::write(out.join("answer.json"), &said)?;
    let heard: Value = serde_json::from_str(said.lines().next().context("nothing was understood")?)?;
    let text = heard["text"].as_str().context("no text")?.to_owned();
    ensure!(ANSWERED.iter().any(|part| text.contains(part)), "the answer was heard as: {text}");
    Ok((seconds, text))
}

/// 16 kHz, one channel.
fn write_wav(file: &Path, samples: &[f32]) -> Result<()> {
    let spec = WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut wav = WavWriter::create(file, spec)?;
    for sample in samples {
        wav.write_sample((sample * 32_767.0) as i16)?;
    }
    Ok(wav.finalize()?)
}

/// What a program says that must succeed.
fn ran(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{:?}", command.get_program()))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
