//! One visit from home to home, with a picture of each screen and the time of each step.

use crate::hands::{Hands, REST};
use crate::processes::Processes;
use crate::resident::{Did, Resident};
use crate::score::Score;
use crate::site::Site;
use anyhow::{Context, bail, ensure};
use jiff::civil::DateTime;
use kiosk::{Config, Kiosk, Patience};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use visit::View;
use visit::view::Body;

/// The longest that one screen may stay as it is. Whole seconds pass on a busy machine; a minute is a fault.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most that one screen is touched: whoever touches more is going round in circles.
const TOUCHES: usize = 200;

/// A screen that was shown, and how long.
#[derive(Debug, Clone)]
pub struct Step {
    /// The state's name.
    pub state: String,
    /// How long it lasted.
    pub took: Duration,
    /// Its first picture.
    pub picture: Option<PathBuf>,
}

/// What a walk left.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// What a kiosk stands in.
pub trait Scene {
    /// The kiosk's configuration.
    fn config(&self) -> &Path;

    /// The moment that its voice guide takes for now, where that is not this one.
    fn at(&self) -> Option<DateTime> {
        None
    }

    /// The ports that are processes of their own, if they are.
    fn processes(&self) -> Option<&Processes> {
        None
    }

    /// How long they may say nothing.
    fn patience(&self) -> Patience {
        Patience::default()
    }
}

impl Scene for Site {
    fn config(&self) -> &Path {
        &self.config
    }

    fn processes(&self) -> Option<&Processes> {
        self.processes.as_ref()
    }

    fn patience(&self) -> Patience {
        self.patience
    }
}

/// A kiosk and its scene.
pub struct Walk<S = Site> {
    /// The scene.
    pub site: S,
    /// The kiosk.
    pub kiosk: Kiosk,
    /// Where what the hands do is written down.
    pub score: Option<Score>,
    woken: Receiver<()>,
    passed: Instant,
}

impl<S: Scene> Walk<S> {
    /// Opens the kiosk in the scene.
    ///
    /// # Errors
    /// When the kiosk does not start.
    pub fn open(site: S) -> anyhow::Result<Self> {
        Hands::grow()?;
        let mut config = Config::load(site.config())?;
        config.voice.at = site.at();
        config.patience = site.patience();
        config.ports = site.processes().map(|processes| processes.folder().to_owned());
        let (wake, woken) = channel();
        let kiosk = Kiosk::start(&config, move || {
            // A walk that has ended no longer listens.
            let _ = wake.send(());
        })?;
        kiosk.screen().window().show()?;
        Ok(Self { site, kiosk, score: None, woken, passed: Instant::now() })
    }

    /// Lets the kiosk do what there is to do; waits a moment for more.
    pub fn turn(&mut self) {
        let _ = self.woken.recv_timeout(Duration::from_millis(20));
        while self.woken.try_recv().is_ok() {}
        Hands::new(self.kiosk.screen()).pass(self.passed.elapsed());
        self.passed = Instant::now();
        self.kiosk.pump();
    }

    /// Turns until `done` says so.
    ///
    /// # Errors
    /// When that does not come to pass.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let began = Instant::now();
        while !done(self)? {
            if began.elapsed() > PATIENCE {
                bail!("waited in vain for {what}; the kiosk is at \"{}\"", self.state());
            }
            self.turn();
        }
        Ok(())
    }

    /// Where the visit stands.
    pub fn state(&self) -> &'static str {
        self.kiosk.visit().state().name()
    }

    /// Takes a picture of the screen.
    ///
    /// # Errors
    /// When the screen cannot be drawn or the file not be written.
    pub fn picture(&self, path: &Path) -> anyhow::Result<()> {
        let picture = self.kiosk.screen().snapshot().context("the screen cannot be drawn")?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        picture.save(path).with_context(|| path.display().to_string())
    }
}

impl Walk {
    /// Walks until the home screen comes back, or until `stop` says so.
    ///
    /// # Errors
    /// When the resident meets what they do not expect, or a step hangs. The last screen's picture stays in `pictures`.
    pub fn go(
        &mut self,
        resident: &mut Resident,
        pictures: Option<&Path>,
        mut stop: impl FnMut(&View) -> bool,
    ) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let (mut entered, mut changed) = (Instant::now(), Instant::now());
        let (mut last, mut begun, mut count) = (String::new(), false, 0);
        let (mut pictured, mut touches) = (None::<View>, 0);
        let result = (|| {
            loop {
                self.turn();
                let state = self.state().to_owned();
                let Some(view) = self.kiosk.view().cloned() else { continue };
                if begun && matches!(view.body, Body::Home { .. }) {
                    return Ok(());
                }
                if state != last {
                    if let Some(step) = report.steps.last_mut() {
                        step.took += entered.elapsed();
                    }
                    report.steps.push(Step { state: state.clone(), took: Duration::ZERO, picture: None });
                    (entered, changed, touches) = (Instant::now(), Instant::now(), 0);
                    last = state;
                }
                if let Some(folder) = pictures
                    && pictured.as_ref().is_none_or(|shown| another_screen(shown, &view))
                    && resident.sees_all(&view, &Hands::new(self.kiosk.screen()))
                {
                    Hands::new(self.kiosk.screen()).pass(REST);
                    count += 1;
                    let path = folder.join(format!("{count:02}-{last}.png"));
                    self.picture(&path)?;
                    if let Some(step) = report.steps.last_mut() {
                        step.picture.get_or_insert(path);
                    }
                    pictured = Some(view.clone());
                }
                if stop(&view) {
                    return Ok(());
                }
                let did =
                    resident.act(&view, &Hands::noted(self.kiosk.screen(), self.score.as_ref()), &mut self.site)?;
                if let (Did::Filled, Some(folder)) = (did, pictures) {
                    Hands::new(self.kiosk.screen()).pass(REST);
                    self.picture(&folder.join(format!("{count:02}-{last}.png")))?;
                }
                begun |= did != Did::Nothing;
                if did != Did::Nothing {
                    touches += 1;
                    ensure!(touches <= TOUCHES, "touched \"{last}\" {touches} times, and it is still there");
                    changed = Instant::now();
                    self.kiosk.pump();
                } else if changed.elapsed() > PATIENCE {
                    bail!("nothing more happens at \"{last}\"");
                }
            }
        })();
        if let Some(step) = report.steps.last_mut() {
            step.took += entered.elapsed();
        }
        if let Err(error) = result {
            let path = pictures
                .map_or_else(|| std::env::temp_dir().join("walk-failed.png"), |folder| folder.join("failed.png"));
            let seen = self.picture(&path).map_or_else(|error| error.to_string(), |()| path.display().to_string());
            return Err(error.context(format!("the walk stopped at \"{}\" (picture: {seen})", self.state())));
        }
        Ok(report)
    }
}

/// Whether two views are different enough for another picture.
fn another_screen(before: &View, now: &View) -> bool {
    match (&before.body, &now.body) {
        (Body::Choose { chosen: a, .. }, Body::Choose { chosen: b, .. }) => a != b,
        (Body::Ask { question: a, .. }, Body::Ask { question: b, .. }) => a != b,
        (Body::Card { reading: a, there: c }, Body::Card { reading: b, there: d }) => {
            a.is_some() != b.is_some() || c != d
        }
        (Body::Face { guidance: a, .. }, Body::Face { guidance: b, .. }) => a != b,
        (Body::Printing { papers: a, .. }, Body::Printing { papers: b, .. }) => a != b,
        (a, b) => std::mem::discriminant(a) != std::mem::discriminant(b) || before.notice != now.notice,
    }
}
