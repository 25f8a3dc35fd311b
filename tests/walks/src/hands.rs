//! A finger on the glass: finds what is written there and touches it where it is.

use crate::score::{Deed, Score};
use anyhow::{Context, bail};
use i_slint_backend_testing::{
    AccessibleRole, ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions, mock_elapsed_time,
};
use screens::Screen;
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{LogicalPosition, LogicalSize};
use std::time::Duration;

/// Hands before one screen.
pub struct Hands<'a> {
    screen: &'a Screen,
    score: Option<&'a Score>,
}

/// How long a finger rests on the glass, in the screen's own time.
const TAP: Duration = Duration::from_millis(60);

/// In which what moves on a screen comes to rest.
pub const REST: Duration = Duration::from_millis(400);

/// The label of what moves a list on, in Japanese.
const DOWN: &str = "下へ";

/// Most times that a list is moved on.
const PAGES: usize = 10;

impl<'a> Hands<'a> {
    /// Hands before this screen.
    pub fn new(screen: &'a Screen) -> Self {
        Self { screen, score: None }
    }

    /// The same, and what they do is written down.
    pub fn noted(screen: &'a Screen, score: Option<&'a Score>) -> Self {
        Self { screen, score }
    }

    /// Writes down what is about to be done, where that is wanted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&self, what: &str, deed: Deed) -> anyhow::Result<()> {
        self.score.map_or(Ok(()), |score| {
            self.pass(REST);
            score.note(self.screen, what, Some(deed))
        })
    }

    /// Makes this thread's screens appear in memory instead of a window. Once a thread, before any screen is made.
    ///
    /// # Errors
    /// When the thread has screens already.
    pub fn grow() -> anyhow::Result<()> {
        let options =
            TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) };
        slint::platform::set_platform(Box::new(TestingBackend::new(options))).context("there is a screen already")
    }

    /// Lets the screen's own time (animations, guards against double taps) pass.
    pub fn pass(&self, time: Duration) {
        mock_elapsed_time(time);
    }

    /// What can be touched under exactly this label.
    fn find(&self, label: &str) -> Option<ElementHandle> {
        ElementHandle::find_by_accessible_label(self.screen.component(), label).find(|element| {
            let touchable = matches!(
                element.accessible_role(),
                Some(
                    AccessibleRole::Button
                        | AccessibleRole::Checkbox
                        | AccessibleRole::RadioButton
                        | AccessibleRole::ListItem
                        | AccessibleRole::Tab
                )
            );
            touchable && element.accessible_enabled() != Some(false) && element.size().width > 1.0
        })
    }

    /// Whether there is something to touch under this label.
    pub fn sees(&self, label: &str) -> bool {
        self.find(label).is_some()
    }

    /// Everything that could be touched now, for error messages.
    pub fn labels(&self) -> Vec<String> {
        let all =
            ElementQuery::from_root(self.screen.component()).match_accessible_role(AccessibleRole::Button).find_all();
        all.into_iter().filter_map(|element| element.accessible_label()).map(|label| label.to_string()).collect()
    }

    /// Touches the middle of what is labelled so.
    ///
    /// # Errors
    /// When there is no such thing, or it lies outside the screen.
    pub fn touch(&self, label: &str) -> anyhow::Result<()> {
        for _ in 0..PAGES {
            // What lies wholly below the end of its list is not found.
            let Some(element) = self.find(label).or_else(|| self.find(DOWN)) else {
                bail!("nothing to touch says \"{label}\": {:?}", self.labels());
            };
            let position = middle(element.absolute_position(), element.size());
            // What may be taken stands in a list, which may go on below the two buttons that move it.
            let down = self
                .find(DOWN)
                .filter(|down| element.accessible_checkable() == Some(true) && position.y > down.absolute_position().y);
            match down {
                Some(down) => self.tap(middle(down.absolute_position(), down.size()), DOWN)?,
                None if element.accessible_label().as_deref() == Some(label) => return self.tap(position, label),
                None => self.tap(position, DOWN)?,
            }
        }
        bail!("\"{label}\" stays below the end of its list")
    }

    fn tap(&self, position: LogicalPosition, label: &str) -> anyhow::Result<()> {
        let screen = self.screen.window().size().to_logical(self.screen.window().scale_factor());
        if position.x < 0.0 || position.y < 0.0 || position.x > screen.width || position.y > screen.height {
            bail!("\"{label}\" lies outside the screen, at {position:?}");
        }
        self.note(label, Deed::Tap(self.pixels(position)))?;
        let button = PointerEventButton::Left;
        self.screen.window().dispatch_event(WindowEvent::PointerMoved { position });
        self.screen.window().dispatch_event(WindowEvent::PointerPressed { position, button });
        self.pass(TAP);
        self.screen.window().dispatch_event(WindowEvent::PointerReleased { position, button });
        self.screen.window().dispatch_event(WindowEvent::PointerExited);
        self.pass(TAP);
        Ok(())
    }

    /// Rests a finger on what is labelled so, for this long.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn hold(&self, label: &str, time: Duration) -> anyhow::Result<()> {
        let element = self.find(label).with_context(|| format!("nothing says \"{label}\": {:?}", self.labels()))?;
        let position = middle(element.absolute_position(), element.size());
        self.note(label, Deed::Hold(self.pixels(position)))?;
        let button = PointerEventButton::Left;
        self.screen.window().dispatch_event(WindowEvent::PointerMoved { position });
        self.screen.window().dispatch_event(WindowEvent::PointerPressed { position, button });
        self.pass(time);
        self.screen.window().dispatch_event(WindowEvent::PointerReleased { position, button });
        self.screen.window().dispatch_event(WindowEvent::PointerExited);
        Ok(())
    }

    fn pixels(&self, position: LogicalPosition) -> [u32; 2] {
        let scale = self.screen.window().scale_factor();
        [position.x, position.y].map(|part| (part * scale).round() as u32)
    }

    /// Draws strokes on the field that is labelled so; points are fractions of its width and height.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn draw(&self, label: &str, strokes: &[&[(f32, f32)]]) -> anyhow::Result<()> {
        let field = ElementHandle::find_by_accessible_label(self.screen.component(), label)
            .max_by(|a, b| (a.size().width * a.size().height).total_cmp(&(b.size().width * b.size().height)))
            .with_context(|| format!("no field says \"{label}\""))?;
        let (at, size) = (field.absolute_position(), field.size());
        let button = PointerEventButton::Left;
        for stroke in strokes {
            let points: Vec<LogicalPosition> = stroke
                .iter()
                .map(|(x, y)| LogicalPosition::new(at.x + x * size.width, at.y + y * size.height))
                .collect();
            self.note(label, Deed::Stroke(points.iter().map(|point| self.pixels(*point)).collect()))?;
            let mut last = None;
            for position in points {
                if last.is_none() {
                    self.screen.window().dispatch_event(WindowEvent::PointerMoved { position });
                    self.screen.window().dispatch_event(WindowEvent::PointerPressed { position, button });
                }
                self.screen.window().dispatch_event(WindowEvent::PointerMoved { position });
                self.pass(Duration::from_millis(8));
                last = Some(position);
            }
            if let Some(position) = last {
                self.screen.window().dispatch_event(WindowEvent::PointerReleased { position, button });
                self.screen.window().dispatch_event(WindowEvent::PointerExited);
            }
        }
        Ok(())
    }
}

fn middle(at: LogicalPosition, size: LogicalSize) -> LogicalPosition {
    LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0)
}
