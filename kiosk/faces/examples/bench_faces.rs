//! How long it takes from a picture to a decision: `cargo run -p faces --example bench_faces`.
//!
//! The demo's film is the camera and the demo's card photo the photo. Three figures, each the median with the slowest tenth: from the
//! command to the decision as the person sees it (the camera opens, three good pictures are awaited at 15 a second); from one
//! picture to its verdict, as the port works; and one comparison of two files.

use domain::Personal;
use domain::RequestId;
use domain::card::Photo;
use domain::face::{FaceCommand, FaceEvent};
use faces::{Camera, Config, default_pictures, default_weights};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Visits that are measured.
const VISITS: u64 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (weights, pictures) =
        default_weights().zip(default_pictures()).ok_or("neither MADOGUCHI_CACHE nor HOME is set")?;
    let photo = std::fs::read(pictures.join("hanako-card.jp2")).map_err(|_| "no pictures: run cargo xtask setup")?;
    let (events, answers) = mpsc::channel();
    let before = Instant::now();
    let config = Config::new(Camera::File(pictures.join("hanako.avi")), weights);
    let handle = faces::spawn(
        config,
        move |event| {
            // Nobody listens any more when the measuring is over.
            let _ = events.send((event, Instant::now()));
        },
        |_| {},
    )?;
    println!("networks loaded        {:7.1} ms", ms(before.elapsed()));
    let mut decisions = Vec::new();
    for visit in 0..VISITS {
        let (request, begun) = (RequestId(visit), Instant::now());
        handle.send(FaceCommand::Match { request, photo: Personal::new(Photo(photo.clone())) });
        loop {
            match answers.recv_timeout(Duration::from_secs(10))? {
                (FaceEvent::Same(same), at) if same == request => break decisions.push(at - begun),
                (FaceEvent::Guide(_), _) => {}
                (other, _) => return Err(format!("{other:?}").into()),
            }
        }
        handle.send(FaceCommand::Stop);
    }
    print("command to decision", decisions);
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| {
        times.get((times.len().saturating_sub(1) as f64 * part).round() as usize).copied().unwrap_or_default()
    };
    println!("{what:22} {:7.1} ms median, {:7.1} ms slowest tenth", ms(at(0.5)), ms(at(0.9)));
}
