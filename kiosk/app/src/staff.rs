//! Calls staff: one HTTP POST to whatever the municipality has (a pager's gateway, a chat, a lamp at the desk).
//!
//! The body is `{"kiosk": NAME, "reason": REASON}` and holds nothing about a person. Any 2xx answer says that it arrived; the
//! person is told only what is true.

use crate::config::StaffCall;
use serde::Serialize;
use std::io;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;
use ureq::Agent;
use visit::{StaffEvent, StaffReason};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A call that failed is made once more.
const TRIES: usize = 2;

/// The port's handle. Dropping it ends the thread when its last call is over.
pub struct Handle {
    calls: Sender<StaffReason>,
}

impl Handle {
    /// Calls; what became of it comes as an event.
    pub fn send(&self, reason: StaffReason) {
        // The thread lives as long as the handle.
        let _ = self.calls.send(reason);
    }
}

/// What is posted.
#[derive(Serialize)]
struct Call<'a> {
    kiosk: &'a str,
    reason: StaffReason,
}

/// Starts the port. Without a line to staff every call says that it reached nobody.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(kiosk: String, line: Option<StaffCall>, emit: impl Fn(StaffEvent) + Send + 'static) -> io::Result<Handle> {
    spawn_with(kiosk, line, PATIENCE, emit)
}

fn spawn_with(
    kiosk: String,
    line: Option<StaffCall>,
    patience: Duration,
    emit: impl Fn(StaffEvent) + Send + 'static,
) -> io::Result<Handle> {
    let (calls, receiver) = mpsc::channel();
    std::thread::Builder::new().name("staff".into()).spawn(move || {
        // The line is inside the town hall: no proxy of the environment stands between.
        let agent: Agent = Agent::config_builder().timeout_global(Some(patience)).proxy(None).build().into();
        for reason in receiver {
            let reached = line.as_ref().is_some_and(|line| {
                let call = Call { kiosk: &kiosk, reason };
                (0..TRIES).any(|_| post(&agent, &line.url, &call))
            });
            tracing::warn!(?reason, reached, "staff are called");
            emit(if reached { StaffEvent::Reached } else { StaffEvent::NotReached });
        }
    })?;
    Ok(Handle { calls })
}

fn post(agent: &Agent, url: &str, call: &Call) -> bool {
    let sent = serde_json::to_vec(call).map_err(|error| error.to_string()).and_then(|body| {
        let request = agent.post(url).header("content-type", "application/json");
        request.send(&body).map_err(|error| error.to_string())
    });
    if let Err(error) = &sent {
        tracing::info!(%error, "a call for staff failed");
    }
    sent.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::Receiver;

    /// A listener that answers each request with the next of these lines (with none it stays silent), and what it heard.
    fn listener(answers: &'static [Option<&'static str>]) -> (StaffCall, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/call", listener.local_addr().unwrap());
        let (heard, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let (mut line, mut length) = (String::new(), 0);
                let mut head = String::new();
                while reader.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    head.push_str(&line);
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                heard.send(format!("{}\n{}", head.lines().next().unwrap(), String::from_utf8(body).unwrap())).unwrap();
                let mut stream = reader.into_inner();
                if let Some(answer) = answer {
                    write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
                }
                open.push(stream);
            }
        });
        (StaffCall { url }, said)
    }

    fn call(line: Option<StaffCall>, patience: Duration) -> StaffEvent {
        let (emit, events) = mpsc::channel();
        let handle = spawn_with("hall-1".into(), line, patience, move |event| emit.send(event).unwrap()).unwrap();
        handle.send(StaffReason::CardLeft);
        events.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn a_call_arrives_with_kiosk_and_reason_and_nothing_else() {
        let (line, said) = listener(&[Some("204 No Content")]);
        assert_eq!(call(Some(line), PATIENCE), StaffEvent::Reached);
        assert_eq!(said.recv().unwrap(), "POST /call HTTP/1.1\n{\"kiosk\":\"hall-1\",\"reason\":\"card-left\"}");
    }

    #[test]
    fn a_call_that_fails_is_made_once_more() {
        let (line, said) = listener(&[Some("503 Busy"), Some("200 OK")]);
        assert_eq!(call(Some(line), PATIENCE), StaffEvent::Reached);
        assert_eq!(said.iter().count(), 2);
        let (line, said) = listener(&[Some("500 No"), Some("500 No"), Some("200 OK")]);
        assert_eq!(call(Some(line), PATIENCE), StaffEvent::NotReached);
        assert_eq!(said.try_iter().count(), 2);
    }

    #[test]
    fn silence_and_absence_reach_nobody() {
        let (line, _said) = listener(&[None, None]);
        assert_eq!(call(Some(line), Duration::from_millis(200)), StaffEvent::NotReached);
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(call(Some(StaffCall { url: format!("http://{gone}/") }), PATIENCE), StaffEvent::NotReached);
        assert_eq!(call(None, PATIENCE), StaffEvent::NotReached);
    }
}
