//! Runs one command after the other, says what it does, and says in the end what took how long.

use crate::machine::Machine;
use anyhow::{Context, Result, bail};
use std::process::Command;
use std::time::{Duration, Instant};

/// The steps taken so far.
pub struct Steps {
    began: Instant,
    done: Vec<(String, Duration)>,
    root: std::path::PathBuf,
}

impl Steps {
    /// None yet.
    pub fn new(machine: &Machine) -> Self {
        Self { began: Instant::now(), done: Vec::new(), root: machine.root.clone() }
    }

    /// Runs a command at the root of the checkout.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub fn run(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let line = format!("{command:?}").replace('"', "");
        eprintln!("\n== {name}  ({line})");
        let start = Instant::now();
        let status =
            command.current_dir(&self.root).status().with_context(|| format!("{name}: {line} cannot be started"))?;
        self.done.push((name.to_owned(), start.elapsed()));
        if !status.success() {
            self.summary();
            bail!("{name}: {line} failed ({status})");
        }
        Ok(())
    }

    /// What took how long, on standard error.
    pub fn summary(&self) {
        eprintln!("\n   time  step");
        for (name, time) in &self.done {
            eprintln!("{:>7}  {name}", minutes(*time));
        }
        eprintln!("{:>7}  in all", minutes(self.began.elapsed()));
    }
}

fn minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
