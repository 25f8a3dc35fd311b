//! The port before films: who is recognised, what the person is told, and a camera that fails.

mod common;

use common::{Dice, Portrait, film, picture, weights};
use domain::card::Photo;
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::{Personal, RequestId};
use faces::{Camera, Config, FaceError, Handle};
use image::RgbaImage;
use opencv::core::Mat;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Visit {
    handle: Handle,
    events: Receiver<FaceEvent>,
    live: Receiver<RgbaImage>,
}

impl Visit {
    fn before(camera: Camera) -> Self {
        let ((say, events), (show, live)) = (mpsc::channel(), mpsc::channel());
        let emit = move |event| say.send(event).unwrap_or(());
        let handle =
            faces::spawn(Config::new(camera, weights()), emit, move |frame| show.send(frame).unwrap_or(())).unwrap();
        Self { handle, events, live }
    }

    fn compare(&self, request: u64, photo: Vec<u8>) {
        self.handle.send(FaceCommand::Match { request: RequestId(request), photo: Personal::new(Photo(photo)) });
    }

    fn next(&self) -> FaceEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// What came until this did.
    fn until(&self, wanted: impl Fn(FaceEvent) -> bool) -> Vec<FaceEvent> {
        let mut came = Vec::new();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let event = self.next();
            came.push(event);
            if wanted(event) {
                return came;
            }
        }
        panic!("never came; but {came:?}");
    }
}

fn photo(name: &str) -> Vec<u8> {
    std::fs::read(picture(name)).unwrap()
}

fn decided(event: FaceEvent) -> bool {
    matches!(event, FaceEvent::Same(_) | FaceEvent::Different(_) | FaceEvent::PhotoUnusable(_))
}

#[test]
fn the_same_person_is_recognised_on_another_occasion() {
    for (camera, card) in [
        ("hanako.avi", "hanako-card.jp2"),
        ("one.avi", "one-card.jp2"),
        ("one.avi", "one-a.jpg"),
        ("hanako.avi", "three.png"),
    ] {
        let visit = Visit::before(Camera::File(picture(camera)));
        visit.compare(7, photo(card));
        let came = visit.until(decided);
        assert_eq!(came, [FaceEvent::Guide(Guidance::Good), FaceEvent::Same(RequestId(7))], "{camera} {card}");
    }
}

#[test]
fn somebody_else_is_not_and_may_try_again() {
    for (camera, card) in [
        ("other.avi", "hanako-card.jp2"),
        ("other.avi", "one-card.jp2"),
        ("hanako.avi", "one-card.jp2"),
        ("one.avi", "hanako-card.jp2"),
    ] {
        let visit = Visit::before(Camera::File(picture(camera)));
        visit.compare(1, photo(card));
        assert_eq!(visit.until(decided).last(), Some(&FaceEvent::Different(RequestId(1))), "{camera} {card}");
        visit.handle.send(FaceCommand::Again { request: RequestId(2) });
        let came = visit.until(decided);
        assert_eq!(came.last(), Some(&FaceEvent::Different(RequestId(2))));
        assert!(came.contains(&FaceEvent::Guide(Guidance::Good)), "guidance begins anew: {came:?}");
    }
}

#[test]
fn somebody_who_is_only_looked_at_is_compared_with_nobody() {
    let visit = Visit::before(Camera::File(picture("hanako.avi")));
    visit.handle.send(FaceCommand::Look);
    assert_eq!(visit.next(), FaceEvent::Guide(Guidance::Good));
    assert_eq!(visit.events.recv_timeout(Duration::from_secs(3)), Err(mpsc::RecvTimeoutError::Timeout));
    visit.handle.send(FaceCommand::Again { request: RequestId(1) });
    assert_eq!(visit.next(), FaceEvent::PhotoUnusable(RequestId(1)));
}

#[test]
fn one_port_serves_one_person_after_the_other() {
    let visit = Visit::before(Camera::File(picture("hanako.avi")));
    for request in 0..4 {
        let (card, answer) = if request % 2 == 0 {
            ("hanako-card.jp2", FaceEvent::Same(RequestId(request)))
        } else {
            ("one-card.jp2", FaceEvent::Different(RequestId(request)))
        };
        visit.compare(request, photo(card));
        assert_eq!(visit.until(decided).last(), Some(&answer));
        visit.handle.send(FaceCommand::Stop);
    }
}

/// The film of one scene, played over and over: the person is told this, and is not compared unless it is good.
fn is_told(scene: &Mat, guidance: Guidance) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.avi");
    film(&path, 15.0, &[(scene, 30)]);
    let visit = Visit::before(Camera::File(path));
    visit.compare(1, photo("hanako-card.jp2"));
    assert_eq!(visit.next(), FaceEvent::Guide(guidance));
    if guidance != Guidance::Good {
        // It is said once, and nothing is decided.
        assert_eq!(
            visit.events.recv_timeout(Duration::from_secs(3)),
            Err(mpsc::RecvTimeoutError::Timeout),
            "{guidance:?}"
        );
    }
}

#[test]
fn nobody_before_the_camera() {
    is_told(&common::nobody(), Guidance::NoFace);
}

#[test]
fn two_people_before_the_camera() {
    let left = Portrait::three().stands((320.0, 220.0), 200.0, 0.0);
    let right = Portrait::two().stands((320.0, 220.0), 200.0, 0.0);
    is_told(&common::beside(&left, &right), Guidance::Several);
}

#[test]
fn somebody_behind_does_not_matter() {
    let left = Portrait::three().well();
    let right = Portrait::two().stands((320.0, 220.0), 90.0, 0.0);
    is_told(&common::beside(&left, &right), Guidance::Good);
}

#[test]
fn too_far() {
    is_told(&Portrait::three().stands((320.0, 240.0), 80.0, 0.0), Guidance::TooFar);
}

#[test]
fn too_near() {
    is_told(&Portrait::three().stands((320.0, 240.0), 640.0, 0.0), Guidance::TooNear);
}

#[test]
fn partly_outside() {
    is_told(&Portrait::three().stands((40.0, 240.0), 240.0, 0.0), Guidance::OffCentre);
    is_told(&Portrait::three().stands((320.0, 20.0), 240.0, 0.0), Guidance::OffCentre);
}

#[test]
fn too_dark() {
    is_told(&common::dimmed(&Portrait::three().well(), 0.15), Guidance::TooDark);
}

#[test]
fn bright_behind() {
    is_told(&common::backlit(&Portrait::three().well()), Guidance::Backlit);
}

#[test]
fn tilted() {
    is_told(&Portrait::three().stands((320.0, 220.0), 240.0, 38.0), Guidance::LookingAway);
}

#[test]
fn moving() {
    is_told(&common::smeared(&Portrait::three().well(), 31), Guidance::HoldStill);
}

#[test]
fn well_placed() {
    is_told(&Portrait::three().well(), Guidance::Good);
}

#[test]
fn somebody_comes_nearer_and_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("comes.avi");
    let person = Portrait::three();
    let scenes = [common::nobody(), person.stands((320.0, 240.0), 80.0, 0.0), person.well()];
    film(&path, 15.0, &[(&scenes[0], 20), (&scenes[1], 20), (&scenes[2], 60)]);
    let visit = Visit::before(Camera::File(path));
    visit.compare(3, photo("hanako-card.jp2"));
    let mut came = visit.until(decided);
    // On a quick machine the decision comes before "good" has been seen for long enough to be said.
    came.retain(|event| *event != FaceEvent::Guide(Guidance::Good));
    assert_eq!(
        came,
        [FaceEvent::Guide(Guidance::NoFace), FaceEvent::Guide(Guidance::TooFar), FaceEvent::Same(RequestId(3))]
    );
}

#[test]
fn the_live_picture_is_a_mirror_and_not_too_fast() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("colours.avi");
    film(&path, 60.0, &[(&common::two_colours(), 120)]);
    let visit = Visit::before(Camera::File(path));
    assert!(
        visit.live.recv_timeout(Duration::from_millis(300)).is_err(),
        "the camera is off until somebody is compared"
    );
    visit.compare(1, photo("hanako-card.jp2"));
    let frame = visit.live.recv_timeout(PATIENCE).unwrap();
    let (left, right) = (frame.get_pixel(40, 200).0, frame.get_pixel(frame.width() - 40, 200).0);
    assert!(left[2] > 200 && left[0] < 60, "blue is left: {left:?}");
    assert!(right[0] > 200 && right[2] < 60, "red is right: {right:?}");
    let begin = Instant::now();
    let mut frames = 0;
    while begin.elapsed() < Duration::from_secs(2) {
        visit.live.recv_timeout(PATIENCE).unwrap();
        frames += 1;
    }
    assert!(frames <= 32, "{frames} in two seconds");
    visit.handle.send(FaceCommand::Stop);
    // Pictures that were under way when it was sent.
    while visit.live.recv_timeout(Duration::from_millis(500)).is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(10), "the camera goes off on Stop");
    }
}

#[test]
fn a_camera_that_is_unplugged_is_noticed_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("once.avi");
    film(&path, 15.0, &[(&common::nobody(), 8)]);
    let visit = Visit::before(Camera::FileOnce(path.clone()));
    visit.compare(1, photo("hanako-card.jp2"));
    let came = visit.until(|event| event == FaceEvent::NoCamera);
    assert_eq!(came, [FaceEvent::Guide(Guidance::NoFace), FaceEvent::NoCamera]);
    // Plugged in again, with somebody before it; put in place whole, as a camera is.
    film(&folder.path().join("new.avi"), 15.0, &[(&Portrait::three().well(), 60)]);
    std::fs::rename(folder.path().join("new.avi"), &path).unwrap();
    visit.until(|event| event == FaceEvent::CameraReady);
    visit.handle.send(FaceCommand::Again { request: RequestId(2) });
    assert_eq!(visit.until(decided).last(), Some(&FaceEvent::Same(RequestId(2))));
}

#[test]
fn it_says_that_it_goes_on_with_and_without_a_camera() {
    let ((say, events), (beat, beats)) = (mpsc::channel(), mpsc::channel());
    let handle = faces::spawn_behind(
        Config::new(Camera::Device(99), weights()),
        move |event| say.send(event).unwrap_or(()),
        |_| (),
        move || beat.send(()).unwrap_or(()),
    )
    .unwrap();
    beats.recv_timeout(PATIENCE).unwrap();
    beats.recv_timeout(PATIENCE).expect("another, though nothing happens");
    handle.send(FaceCommand::Look);
    assert_eq!(events.recv_timeout(PATIENCE), Ok(FaceEvent::NoCamera));
    while beats.try_recv().is_ok() {}
    beats.recv_timeout(PATIENCE).expect("a camera that is not there does not hang");
}

#[test]
fn no_camera_at_all() {
    for camera in [
        Camera::Device(99),
        Camera::File("/nonexistent/film.avi".into()),
        Camera::Url("http://127.0.0.1:9/none".into()),
    ] {
        let visit = Visit::before(camera);
        visit.compare(1, photo("hanako-card.jp2"));
        assert_eq!(visit.next(), FaceEvent::NoCamera);
        // Said again when it is tried again.
        visit.handle.send(FaceCommand::Again { request: RequestId(2) });
        assert_eq!(visit.next(), FaceEvent::NoCamera);
    }
}

#[test]
fn a_film_that_is_damaged_midway() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.avi");
    film(&whole, 15.0, &[(&Portrait::one().well(), 30)]);
    let data = std::fs::read(&whole).unwrap();
    let mut dice = Dice(11);
    let path = folder.path().join("damaged.avi");
    for round in 0..8 {
        let mut damaged = data.clone();
        let from = damaged.len() / 3;
        match round % 2 {
            0 => damaged.truncate(from + dice.below(from)),
            _ => damaged[from..].iter_mut().for_each(|byte| *byte = dice.below(256) as u8),
        }
        std::fs::write(&path, &damaged).unwrap();
        let visit = Visit::before(Camera::FileOnce(path.clone()));
        visit.compare(1, photo("hanako-card.jp2"));
        let came = visit.until(|event| event == FaceEvent::NoCamera);
        assert!(!came.contains(&FaceEvent::Same(RequestId(1))), "{came:?}");
    }
}

/// A camera of the network: MJPEG over HTTP on a port that the system chooses; it goes silent after so many pictures.
fn network_camera(jpeg: Vec<u8>, pictures: usize) -> (String, std::thread::JoinHandle<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/live.mjpg", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 1024];
        assert!(stream.read(&mut asked).unwrap() > 0);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n";
        let mut send = |bytes: &[u8]| stream.write_all(bytes);
        let part = format!("--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
        let all = std::iter::once(head.as_bytes().to_vec())
            .chain((0..pictures).map(|_| [part.as_bytes(), &jpeg, b"\r\n"].concat()));
        for bytes in all {
            // The reader's pace: it closes when it has enough.
            if send(&bytes).is_err() {
                return;
            }
        }
    });
    (url, thread)
}

#[test]
fn a_camera_of_the_network() {
    let mut jpeg = opencv::core::Vector::new();
    opencv::imgcodecs::imencode_def(".jpg", &Portrait::three().well(), &mut jpeg).unwrap();
    let (url, thread) = network_camera(jpeg.iter().collect(), 300);
    let visit = Visit::before(Camera::Url(url));
    visit.compare(1, photo("hanako-card.jp2"));
    let came = visit.until(|event| decided(event) || event == FaceEvent::NoCamera);
    assert_eq!(came.last(), Some(&FaceEvent::Same(RequestId(1))), "{came:?}");
    visit.until(|event| event == FaceEvent::NoCamera);
    drop(visit);
    thread.join().unwrap();
}

#[test]
fn a_photo_that_cannot_be_compared() {
    let visit = Visit::before(Camera::File(picture("hanako.avi")));
    let folder = tempfile::tempdir().unwrap();
    let png = |name: &str, mat: &Mat| {
        let path = folder.path().join(name);
        opencv::imgcodecs::imwrite_def(path.to_str().unwrap(), mat).unwrap();
        std::fs::read(path).unwrap()
    };
    let two = common::beside(&Portrait::three().well(), &Portrait::two().well());
    let cards = [
        Vec::new(),
        vec![0x5a; 1854],
        photo("hanako-card.jp2")[..400].to_vec(),
        png("none.png", &common::nobody()),
        png("two.png", &two),
    ];
    for (request, card) in (0..).zip(cards) {
        visit.compare(request, card);
        assert_eq!(visit.next(), FaceEvent::PhotoUnusable(RequestId(request)));
    }
    visit.handle.send(FaceCommand::Again { request: RequestId(9) });
    assert_eq!(visit.next(), FaceEvent::PhotoUnusable(RequestId(9)), "there is nothing to compare with");
    visit.compare(10, photo("hanako-card.jp2"));
    assert_eq!(visit.until(decided).last(), Some(&FaceEvent::Same(RequestId(10))), "and it goes on");
}

#[test]
fn damaged_photos_are_answered_one_way_or_the_other() {
    let visit = Visit::before(Camera::File(picture("hanako.avi")));
    let (whole, mut dice) = (photo("hanako-card.jp2"), Dice(5));
    let mut unusable = 0;
    for request in 0..60 {
        visit.compare(request, dice.damage(&whole));
        let answer = visit.until(|event| matches!(event, FaceEvent::Guide(_) | FaceEvent::PhotoUnusable(_)));
        unusable += u32::from(answer.contains(&FaceEvent::PhotoUnusable(RequestId(request))));
        visit.handle.send(FaceCommand::Stop);
    }
    assert!(unusable > 10, "{unusable} of 60");
}

#[test]
fn weights_that_are_missing_or_no_networks() {
    let folder = tempfile::tempdir().unwrap();
    let spawn = |weights: &Path| faces::spawn(Config::new(Camera::Device(0), weights), |_| (), |_| ()).err();
    let error = spawn(folder.path());
    assert!(matches!(&error, Some(FaceError::Missing(path)) if path.ends_with("yunet.onnx")), "{error:?}");
    for name in ["yunet.onnx", "sface.onnx"] {
        std::fs::write(folder.path().join(name), b"no network").unwrap();
    }
    let error = spawn(folder.path());
    assert!(matches!(error, Some(FaceError::Unusable { .. })), "{error:?}");
}
