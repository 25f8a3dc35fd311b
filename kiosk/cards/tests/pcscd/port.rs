//! The port, and OpenSC.

use crate::common::{self, CITIZENS, emulator};
use card_emulator::{Citizen, TestAuthority};
use cards::{CaSet, Config};
use domain::card::{CardCommand, CardEvent, CardKind, CardRefusal, CardSecret, CodeB, Genuine, Pin};
use domain::{Date, Personal, RequestId};
use stage::{CardProcess, Pcscd};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

fn next(events: &Receiver<CardEvent>) -> CardEvent {
    loop {
        match events.recv_timeout(Duration::from_secs(20)).expect("an event") {
            CardEvent::Progress { .. } => {}
            event => return event,
        }
    }
}

fn run(pcscd: &Pcscd, program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).env("PCSCLITE_CSOCK_NAME", pcscd.socket()).output().unwrap_or_else(|error| {
        panic!("{program} cannot be run ({error}): is opensc installed?");
    })
}

/// What another program gets that selects the text application, asks for the facts, and has no secret.
fn read_facts_without_a_secret() -> Vec<u8> {
    let context = pcsc::Context::establish(pcsc::Scope::User).unwrap();
    let reader = context.list_readers_owned().unwrap().remove(0);
    let card = context.connect(&reader, pcsc::ShareMode::Shared, pcsc::Protocols::ANY).unwrap();
    let mut answer = vec![];
    let text = [0x00, 0xa4, 0x04, 0x0c, 0x0a, 0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
    for command in [&text[..], &[0x00, 0xa4, 0x02, 0x0c, 0x02, 0x00, 0x02], &[0x00, 0xb0, 0x00, 0x00, 0x00]] {
        answer = card.transmit(command, &mut [0; pcsc::MAX_BUFFER_SIZE]).unwrap().to_vec();
    }
    answer
}

#[test]
fn the_port_tells_of_cards_and_reads_them() {
    let pcscd = common::pcscd();
    let file = format!("{CITIZENS}/hanako.toml");
    let mut card = CardProcess::start(&pcscd, &emulator(), &["--citizen", &file]).unwrap();
    let authorities = CaSet::from_toml(&TestAuthority::from_seed(1).unwrap().ca_toml()).unwrap();
    let (sender, events) = channel();
    let port = cards::spawn(Config { reader: None, authorities }, move |event| sender.send(event).unwrap_or_default())
        .unwrap();
    assert_eq!(next(&events), CardEvent::ReaderReady);
    card.insert().unwrap();
    assert_eq!(next(&events), CardEvent::Inserted { kind: CardKind::MyNumber, pin_tries: Some(3) });

    let today = Some(Date::constant(2035, 2, 28));
    let ask =
        |request, secret| port.send(CardCommand::Read { request: RequestId(request), secret, photo: true, today });
    ask(1, CardSecret::Pin(Personal::new(Pin("0000".into()))));
    let wrong = CardEvent::Refused { request: RequestId(1), why: CardRefusal::WrongSecret { left: 2 } };
    assert_eq!(next(&events), wrong);
    ask(2, CardSecret::Pin(Personal::new(Pin("1234".into()))));
    let CardEvent::Read { request: RequestId(2), reading } = next(&events) else { panic!("not read") };
    assert_eq!(reading.facts.name.reveal(), "渚　花子");
    assert_eq!(reading.genuine, Genuine::Yes);

    let citizen = Citizen::from_toml(&std::fs::read_to_string(&file).unwrap()).unwrap();
    ask(3, CardSecret::CodeB(Personal::new(CodeB(citizen.code_b()))));
    let CardEvent::Read { request: RequestId(3), reading } = next(&events) else { panic!("not read") };
    assert!(reading.photo.is_none(), "an object of no bytes is no photo");
    let tomorrow = Some(Date::constant(2035, 3, 1));
    let secret = CardSecret::Pin(Personal::new(Pin("1234".into())));
    port.send(CardCommand::Read { request: RequestId(4), secret, photo: false, today: tomorrow });
    assert_eq!(next(&events), CardEvent::Refused { request: RequestId(4), why: CardRefusal::Expired });

    // What code B opened is closed again, for whatever program comes next.
    assert_eq!(read_facts_without_a_secret(), [0x69, 0x82]);

    port.send(CardCommand::Look);
    assert_eq!(next(&events), CardEvent::Inserted { kind: CardKind::MyNumber, pin_tries: Some(3) });
    card.remove().unwrap();
    assert_eq!(next(&events), CardEvent::Removed);
    port.send(CardCommand::Look);
    assert_eq!(next(&events), CardEvent::Removed);
    ask(5, CardSecret::Pin(Personal::new(Pin("1234".into()))));
    assert_eq!(next(&events), CardEvent::Refused { request: RequestId(5), why: CardRefusal::Removed });
    card.insert().unwrap();
    assert!(matches!(next(&events), CardEvent::Inserted { .. }));
    drop(pcscd);
    assert_eq!(next(&events), CardEvent::NoReader);
}

#[test]
fn it_says_that_it_goes_on_but_not_while_pcscd_hangs() {
    let pcscd = common::pcscd();
    let ((sender, events), (beat, beats)) = (channel(), channel());
    let _port = cards::spawn_behind(
        Config::default(),
        move |event| sender.send(event).unwrap_or_default(),
        || true,
        move || beat.send(()).unwrap_or_default(),
    )
    .unwrap();
    assert_eq!(next(&events), CardEvent::ReaderReady);
    while beats.try_recv().is_ok() {}
    let beats_within = |patience| beats.recv_timeout(Duration::from_secs(patience)).is_ok();
    assert!(beats_within(20), "though nothing happens");
    pcscd.stall().unwrap();
    // What was under way ends.
    let begun = Instant::now();
    while beats_within(2) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not notice");
    }
    pcscd.resume().unwrap();
    assert!(beats_within(20));
}

/// The commands with which a card is recognised when it is laid down.
const DETECTION: usize = 3;

/// Tears the card away at every command, until one reading is through; gives the commands of that one.
fn torn_at_every_command(secret: &CardSecret) -> usize {
    let pcscd = common::pcscd();
    let file = format!("{CITIZENS}/hanako.toml");
    let mut card = CardProcess::start(&pcscd, &emulator(), &["--citizen", &file]).unwrap();
    let (sender, events) = channel();
    let port = cards::spawn(Config::default(), move |event| sender.send(event).unwrap_or_default()).unwrap();
    assert_eq!(next(&events), CardEvent::ReaderReady);
    for at in 0..DETECTION {
        card.insert_and_tear(at).unwrap();
        common::wait_for_card(true);
        common::wait_for_card(false);
        // Nothing is said of a card that was gone before it was recognised: the next event is the next card's.
    }
    for at in 0.. {
        card.insert_and_tear(DETECTION + at).unwrap();
        let tries = Some(3);
        assert_eq!(next(&events), CardEvent::Inserted { kind: CardKind::MyNumber, pin_tries: tries }, "command {at}");
        let request = RequestId(at as u64);
        port.send(CardCommand::Read { request, secret: secret.clone(), photo: true, today: None });
        match next(&events) {
            CardEvent::Read { .. } => return at,
            event => {
                assert_eq!(event, CardEvent::Refused { request, why: CardRefusal::Removed }, "command {at}");
                assert_eq!(next(&events), CardEvent::Removed, "command {at}");
            }
        }
    }
    unreachable!("a reading has an end")
}

#[test]
fn torn_away_at_every_command_of_a_reading_by_pin() {
    assert_eq!(torn_at_every_command(&CardSecret::Pin(Personal::new(Pin("1234".into())))), 21);
}

#[test]
fn torn_away_at_every_command_of_a_reading_by_code_b() {
    assert!(torn_at_every_command(&CardSecret::CodeB(Personal::new(CodeB("55022920352285".into())))) > 21);
}

#[test]
fn a_secret_that_waited_reaches_neither_the_next_visit_nor_the_next_card() {
    let pcscd = common::pcscd();
    let mut cards = ["hanako", "rare"].map(|name| {
        CardProcess::start(&pcscd, &emulator(), &["--citizen", &format!("{CITIZENS}/{name}.toml")]).unwrap()
    });
    let (sender, events) = channel();
    let (open, gate) = channel::<()>();
    // The port stands still after a card is announced, as it does while another reading goes on.
    let port = cards::spawn(Config::default(), move |event| {
        let announced = matches!(event, CardEvent::Inserted { .. });
        sender.send(event).unwrap_or_default();
        if announced {
            gate.recv().unwrap_or_default();
        }
    })
    .unwrap();
    // Dropped before the port, so that a failed test does not stand still too.
    let open = open;
    // A wrong one: if it were sent, a try would be missing.
    let ask = |request| {
        let secret = CardSecret::Pin(Personal::new(Pin("9999".into())));
        port.send(CardCommand::Read { request: RequestId(request), secret, photo: false, today: None });
    };
    let removed = |request| CardEvent::Refused { request: RequestId(request), why: CardRefusal::Removed };
    let untouched = CardEvent::Inserted { kind: CardKind::MyNumber, pin_tries: Some(3) };
    assert_eq!(next(&events), CardEvent::ReaderReady);
    cards[0].insert().unwrap();
    assert_eq!(next(&events), untouched);

    ask(1);
    port.send(CardCommand::Release);
    open.send(()).unwrap();
    assert_eq!(next(&events), removed(1));
    port.send(CardCommand::Look);
    assert_eq!(next(&events), untouched);

    ask(2);
    cards[0].remove().unwrap();
    common::wait_for_card(false);
    cards[1].insert().unwrap();
    common::wait_for_card(true);
    open.send(()).unwrap();
    assert_eq!(next(&events), removed(2));
    assert_eq!(next(&events), CardEvent::Removed);
    assert_eq!(next(&events), untouched);

    // What is asked now is meant for this card.
    ask(3);
    open.send(()).unwrap();
    let wrong = CardEvent::Refused { request: RequestId(3), why: CardRefusal::WrongSecret { left: 2 } };
    assert_eq!(next(&events), wrong);
}

#[test]
fn opensc_lists_the_certificates_and_signs() {
    let pcscd = Pcscd::start().unwrap();
    let file = format!("{CITIZENS}/hanako.toml");
    let mut card = CardProcess::start(&pcscd, &emulator(), &["--citizen", &file]).unwrap();
    card.insert().unwrap();
    let list = stage::wait_for("OpenSC to see the card", Duration::from_secs(30), || {
        let list = run(&pcscd, "pkcs15-tool", &["--list-certificates"]);
        Ok(list.status.success().then(|| String::from_utf8_lossy(&list.stdout).into_owned()))
    })
    .unwrap();
    assert_eq!(list.matches("X.509 Certificate").count(), 4, "{list}");

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("message"), "窓口").unwrap();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(&["dgst", "-sha256", "-binary", "-out", &path("hash"), &path("message")]);
    let signed = run(
        &pcscd,
        "pkcs15-crypt",
        &["-s", "-k", "1", "--sha-256", "--pkcs1", "-i", &path("hash"), "-o", &path("signature"), "-p", "1234", "-R"],
    );
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let certificate = run(&pcscd, "pkcs15-tool", &["--read-certificate", "1", "-o", &path("certificate")]);
    assert!(certificate.status.success());
    openssl(&["x509", "-in", &path("certificate"), "-pubkey", "-noout", "-out", &path("key")]);
    openssl(&["dgst", "-sha256", "-verify", &path("key"), "-signature", &path("signature"), &path("message")]);
}
