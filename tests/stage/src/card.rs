//! The card emulator as a process beside a [`Pcscd`] or a virtual machine.

use crate::Pcscd;
use crate::process::Group;
use anyhow::Context;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

/// A card that can be laid down and taken away.
pub struct CardProcess {
    _group: Group,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl CardProcess {
    /// Starts `program` (the binary `card-emulator`) with these arguments; returns when the card is made.
    ///
    /// # Errors
    /// When it cannot be started or says nothing.
    pub fn start(pcscd: &Pcscd, program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = pcscd.inside(program);
        command.args(arguments).args(["--port", &pcscd.port().to_string()]);
        Self::run(&mut command)
    }

    /// Starts `program` at the socket of a virtual machine's card reader; returns when they have met.
    ///
    /// # Errors
    /// When it cannot be started, or the machine does not answer.
    pub fn in_machine(socket: &Path, program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::run(Command::new(program).args(arguments).arg("--vscard").arg(socket))
    }

    fn run(command: &mut Command) -> anyhow::Result<Self> {
        let mut group = Group::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let input = group.child().stdin.take().context("no standard input")?;
        let output = BufReader::new(group.child().stdout.take().context("no standard output")?);
        let mut card = Self { _group: group, input, output };
        card.expect("ready")?;
        Ok(card)
    }

    fn expect(&mut self, state: &str) -> anyhow::Result<()> {
        let mut line = String::new();
        while !line.contains(state) {
            line.clear();
            if self.output.read_line(&mut line)? == 0 {
                anyhow::bail!("the card emulator ended before it was {state}");
            }
        }
        Ok(())
    }

    /// Lays the card down.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn insert(&mut self) -> anyhow::Result<()> {
        writeln!(self.input, "insert")?;
        self.expect("inserted")
    }

    /// Lays the card down and has it torn away after so many commands.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn insert_and_tear(&mut self, after: usize) -> anyhow::Result<()> {
        writeln!(self.input, "tear {after}")?;
        self.insert()
    }

    /// Takes the card away.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn remove(&mut self) -> anyhow::Result<()> {
        writeln!(self.input, "remove")?;
        self.expect("removed")
    }
}
