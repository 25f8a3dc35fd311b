//! What hands do during a walk, written down for a screen elsewhere: the picture before each deed, and the deed.

use anyhow::Context;
use screens::Screen;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

/// What is done, in pixels of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A finger touches here.
    Tap([u32; 2]),
    /// A finger rests here until something happens.
    Hold([u32; 2]),
    /// A finger moves from the first to the last.
    Stroke(Vec<[u32; 2]>),
    /// The card is laid on the reader.
    Insert,
    /// The card is taken away.
    Remove,
}

/// What was written down.
pub struct Score {
    folder: PathBuf,
    steps: RefCell<Vec<Value>>,
}

impl Score {
    /// An empty one, for this folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), steps: RefCell::default() }
    }

    /// The next step: the screen as it is, and what will be done to it; nothing at the end.
    ///
    /// # Errors
    /// When the picture cannot be made.
    pub fn note(&self, screen: &Screen, what: &str, deed: Option<Deed>) -> anyhow::Result<()> {
        let mut steps = self.steps.borrow_mut();
        let name = format!("{:03}.png", steps.len() + 1);
        let picture = screen.snapshot().context("the screen cannot be drawn")?;
        picture.save(self.folder.join(&name)).context("a picture of the score")?;
        let does = match deed {
            Some(Deed::Tap(at)) => json!({ "tap": at }),
            Some(Deed::Hold(at)) => json!({ "hold": at }),
            Some(Deed::Stroke(points)) => json!({ "stroke": points }),
            Some(Deed::Insert) => json!("insert"),
            Some(Deed::Remove) => json!("remove"),
            None => Value::Null,
        };
        steps.push(json!({ "picture": name, "what": what, "does": does }));
        Ok(())
    }

    /// Writes `score.json`; gives the number of steps.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> anyhow::Result<usize> {
        let steps = self.steps.borrow();
        fs::write(self.folder.join("score.json"), serde_json::to_string_pretty(&json!({ "steps": *steps }))?)?;
        Ok(steps.len())
    }
}
