//! Recording a visit and walking it again.
//!
//! A recording is JSON lines: a [`Header`] with everything the core was given at the start, then one [`Entry`] an event,
//! with the state that it led to and what was ordered. Personal values are written as their names (see
//! [`domain::personal`]), so a recording may be sent to a developer.

use crate::{Catalogue, Effect, Event, Policy, Visit};
use domain::{Timestamp, VisitId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

/// The format's version; a replay refuses others.
const FORMAT: u32 = 4;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Header {
    /// The format's version.
    pub madoguchi_recording: u32,
    /// What was offered.
    pub catalogue: Catalogue,
    /// The numbers in force.
    pub policy: Policy,
    /// The number of the last visit before.
    pub after: VisitId,
}

/// One event and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The whole core afterwards, personal values by name.
    pub after: Value,
    /// What was ordered, personal values by name.
    pub effects: Value,
}

/// A [`Visit`] that writes down what it does.
pub struct Recorder<W: Write> {
    out: W,
}

impl<W: Write> Recorder<W> {
    /// Begins a recording of what a kiosk does that has heard of nothing yet.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new(mut out: W, visit: &Visit) -> io::Result<Self> {
        let header = Header {
            madoguchi_recording: FORMAT,
            catalogue: Catalogue::clone(&visit.catalogue),
            policy: visit.policy.clone(),
            after: visit.last_visit,
        };
        writeln!(out, "{}", serde_json::to_string(&header)?)?;
        Ok(Self { out })
    }

    /// What was written to, at the end.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Hands an event to the visit and writes down what came of it. Ticks that change nothing are left out.
    ///
    /// # Errors
    /// When `out` cannot be written; the visit has taken the event all the same.
    pub fn handle(&mut self, visit: &mut Visit, at: Timestamp, event: Event) -> (Vec<Effect>, io::Result<()>) {
        let (before, was_tick) = (snapshot(visit), matches!(event, Event::Tick));
        let written = if was_tick { Event::Tick } else { event.clone() };
        let effects = visit.handle(at, event);
        let result = (|| {
            let after = snapshot(visit)?;
            if was_tick && effects.is_empty() && before.as_ref().is_ok_and(|before| same_but_for_time(before, &after)) {
                return Ok(());
            }
            let entry = Entry { at, event: written, after, effects: serde_json::to_value(&effects)? };
            writeln!(self.out, "{}", serde_json::to_string(&entry)?)?;
            self.out.flush()
        })();
        (effects, result)
    }
}

fn snapshot(visit: &Visit) -> io::Result<Value> {
    Ok(serde_json::to_value(visit)?)
}

fn same_but_for_time(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return before == after };
    before.iter().all(|(key, value)| key == "now" || after.get(key) == Some(value))
}

/// Why a recording cannot be walked again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("line {line}: cannot be read")]
    Read {
        /// Counted from 1.
        line: usize,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is not a recording, or of another version.
    #[error("line {line}: not a line of a recording of format {FORMAT}")]
    Format {
        /// Counted from 1.
        line: usize,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// There is nothing in it.
    #[error("empty: a recording begins with a header")]
    Empty,
    /// The core does not do now what it did then.
    #[error("line {line}: {what} differ at {path}")]
    Differs {
        /// Counted from 1.
        line: usize,
        /// States or effects.
        what: &'static str,
        /// Where in them.
        path: String,
    },
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Events walked.
    pub events: usize,
    /// The states walked through, in order, each named once in a row.
    pub states: Vec<String>,
}

/// Walks a recording again and compares every state and effect with what was written.
///
/// # Errors
/// When it cannot be read, or the core does something else now.
pub fn replay(recording: impl BufRead) -> Result<Replayed, ReplayError> {
    let mut lines = recording.lines().enumerate().map(|(at, line)| (at + 1, line));
    let (line, header) = lines.next().ok_or(ReplayError::Empty)?;
    let header = header.map_err(|source| ReplayError::Read { line, source })?;
    let header: Header = serde_json::from_str(&header).map_err(|source| ReplayError::Format { line, source })?;
    if header.madoguchi_recording != FORMAT {
        return Err(ReplayError::Differs { line, what: "formats", path: "madoguchi_recording".to_owned() });
    }
    let mut visit = Visit::new(Arc::new(header.catalogue), header.policy).after(header.after);
    let mut replayed = Replayed { events: 0, states: vec![visit.state().name().to_owned()] };
    for (line, text) in lines {
        let text = text.map_err(|source| ReplayError::Read { line, source })?;
        let entry: Entry = serde_json::from_str(&text).map_err(|source| ReplayError::Format { line, source })?;
        let effects = visit.handle(entry.at, entry.event);
        let after = serde_json::to_value(&visit).map_err(|source| ReplayError::Format { line, source })?;
        let effects = serde_json::to_value(&effects).map_err(|source| ReplayError::Format { line, source })?;
        for (what, then, now) in [("states", &entry.after, &after), ("effects", &entry.effects, &effects)] {
            if let Some(path) = difference(then, now, what) {
                return Err(ReplayError::Differs { line, what, path });
            }
        }
        replayed.events += 1;
        let name = visit.state().name();
        if replayed.states.last().is_none_or(|last| last != name) {
            replayed.states.push(name.to_owned());
        }
    }
    Ok(replayed)
}

/// The path of the first place where two values differ.
fn difference(then: &Value, now: &Value, path: &str) -> Option<String> {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => then.keys().chain(now.keys()).find_map(|key| {
            difference(
                then.get(key).unwrap_or(&Value::Null),
                now.get(key).unwrap_or(&Value::Null),
                &format!("{path}.{key}"),
            )
        }),
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => then
            .iter()
            .zip(now)
            .enumerate()
            .find_map(|(at, (then, now))| difference(then, now, &format!("{path}[{at}]"))),
        _ => (then != now).then(|| path.to_owned()),
    }
}
