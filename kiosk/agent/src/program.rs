//! Running the system's programs.

use std::io::Write;
use std::process::{Command, Stdio};

/// A program of the system failed.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It cannot be started.
    #[error("{program} cannot be started")]
    Start {
        /// Which one.
        program: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It says that it failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which one.
        program: String,
        /// The last lines that it wrote, as far as they tell of a cause.
        said: String,
    },
}

/// Runs a program to its end and gives what it wrote to standard output. `input` goes to its standard input.
pub(crate) fn run(command: &mut Command, input: Option<&str>) -> Result<String, ProgramError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let start = |source| ProgramError::Start { program: program.clone(), source };
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(start)?;
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), input) {
        // One that does not read what it is given says why when it ends.
        drop(pipe.write_all(text.as_bytes()));
    }
    let output = child.wait_with_output().map_err(start)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ProgramError::Failed { program, said: cause(&String::from_utf8_lossy(&output.stderr)) })
}

/// The last two lines that tell of a cause. `systemd-sysupdate` says the cause first and then which of its parts ended; `gpg`
/// speaks of trust, whatever happens.
fn cause(said: &str) -> String {
    let noise =
        |line: &&str| line.is_empty() || line.starts_with("gpg:") || line.starts_with("(sd-") || *line == "Exiting.";
    let mut lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !noise(line)).collect();
    lines.drain(..lines.len().saturating_sub(2));
    if lines.is_empty() { "(nothing)".to_owned() } else { lines.join("; ") }
}

/// The properties of a unit, in the order asked for.
pub(crate) fn unit<const N: usize>(name: &str, properties: [&str; N]) -> Result<[String; N], ProgramError> {
    let mut command = Command::new("systemctl");
    let text = run(command.args(["show", name, "--property", &properties.join(",")]), None)?;
    Ok(properties.map(|property| {
        let value = text.lines().find_map(|line| line.strip_prefix(property)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_told_and_not_which_part_ended() {
        let refused = "gpg: BAD signature from \"x\"\nDOWNLOAD INVALID: Signature verification failed.\n\
                       (sd-pull) failed with exit status 1.\n";
        assert_eq!(cause(refused), "DOWNLOAD INVALID: Signature verification failed.");
        let late = "Transfer failed: Timeout was reached\nFailed to retrieve image file.\nExiting.\n";
        assert_eq!(cause(late), "Transfer failed: Timeout was reached; Failed to retrieve image file.");
        // That there is nothing newer, systemd-sysupdate says by its exit code alone.
        let nothing = "gpg: Good signature from \"x\" [unknown]\ngpg: WARNING: Using untrusted key!\n";
        assert_eq!(cause(nothing), "(nothing)");
    }

    #[test]
    fn what_a_program_says_last_is_the_reason() {
        let error = run(Command::new("ls").arg("/no/such/place"), None).unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
        let error = run(&mut Command::new("/no/such/program"), None).unwrap_err();
        assert!(matches!(error, ProgramError::Start { .. }));
        assert_eq!(run(&mut Command::new("cat"), Some("windows")).unwrap(), "windows");
    }
}
