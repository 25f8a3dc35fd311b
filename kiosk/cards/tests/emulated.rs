//! The reader against the emulated card, in the same process: every instant at which a card may be torn away, every way
//! in which its data may be wrong.

use card_emulator::{Card, Citizen, TestAuthority};
use cards::{CaSet, Outcome, TransportError};
use domain::card::{CardReading, CardRefusal, CardSecret, CodeB, Genuine, Pin, Sex};
use domain::{Date, Personal};
use proptest::prelude::*;
use std::cell::Cell;
use std::sync::LazyLock;

static AUTHORITY: LazyLock<TestAuthority> = LazyLock::new(|| TestAuthority::from_seed(1).unwrap());

fn citizen(file: &str) -> Citizen {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/card-emulator/citizens/");
    let mut citizen = Citizen::from_toml(&std::fs::read_to_string(format!("{folder}{file}.toml")).unwrap()).unwrap();
    citizen.photo = vec![0x5a; 1854];
    citizen
}

fn authorities() -> CaSet {
    CaSet::from_toml(&AUTHORITY.ca_toml()).unwrap()
}

fn pin(digits: &str) -> CardSecret {
    CardSecret::Pin(Personal::new(Pin(digits.into())))
}

fn code_b(citizen: &Citizen) -> CardSecret {
    CardSecret::CodeB(Personal::new(CodeB(citizen.code_b())))
}

fn read(card: &mut Card, secret: &CardSecret) -> Result<Outcome, CardRefusal> {
    read_photo(card, secret, true)
}

fn read_photo(card: &mut Card, secret: &CardSecret, photo: bool) -> Result<Outcome, CardRefusal> {
    let mut transport = |command: &[u8]| Ok(card.transmit(command));
    cards::read(&mut transport, secret, photo, &authorities(), &mut || {})
}

/// The text and the visual application, as the emulator lays them on a card.
const TEXT: usize = 1;
const VISUAL: usize = 2;

fn file(card: &mut Card, application: usize, file: u16) -> &mut Vec<u8> {
    &mut card.applications[application].files.get_mut(&file).unwrap().0
}

/// All four facts are those of this citizen, and the photo, where there is one.
fn is(reading: &CardReading, citizen: &Citizen) -> bool {
    let sex = match citizen.sex.as_str() {
        "1" => Sex::Male,
        "2" => Sex::Female,
        _ => Sex::Other,
    };
    reading.facts.name.reveal() == &citizen.name
        && reading.facts.address.reveal() == &citizen.address
        && reading.facts.birth_date.reveal().0.to_string() == citizen.birth_date
        && *reading.facts.sex.reveal() == sex
        && reading.photo.as_ref().is_none_or(|photo| photo.reveal().0 == citizen.photo)
}

fn expires(outcome: &Outcome) -> Option<String> {
    outcome.expires.as_ref().map(|last| last.reveal().0.to_string())
}

#[test]
fn every_citizen_is_read_by_pin_and_by_code_b() {
    for (file, sex) in [
        ("hanako", Sex::Female),
        ("rare", Sex::Male),
        ("foreign", Sex::Other),
        ("long", Sex::Male),
        ("marks", Sex::Other),
    ] {
        let citizen = citizen(file);
        for secret in [pin(&citizen.pin), code_b(&citizen)] {
            let mut card = AUTHORITY.issue(&citizen).unwrap();
            let outcome = read(&mut card, &secret).unwrap();
            assert_eq!(expires(&outcome), Some(citizen.expires.clone()));
            let reading = outcome.reading;
            assert_eq!(reading.facts.name.reveal(), &citizen.name);
            assert_eq!(reading.facts.address.reveal(), &citizen.address);
            assert_eq!(reading.facts.birth_date.reveal().0.to_string(), citizen.birth_date);
            assert_eq!(*reading.facts.sex.reveal(), sex);
            assert_eq!(reading.genuine, Genuine::Yes, "{:?}", outcome.evidence);
            let with_face = matches!(secret, CardSecret::CodeB(_));
            assert_eq!(reading.photo.map(|photo| photo.reveal().0.clone()), with_face.then(|| citizen.photo.clone()));
        }
    }
    let long = citizen("long");
    assert_eq!(long.name.chars().count(), 60);
    assert!(file(&mut AUTHORITY.issue(&long).unwrap(), TEXT, 0x0002).len() > 256, "more than one answer holds");
}

#[test]
fn nothing_of_a_reading_is_written_in_the_clear() {
    let citizen = citizen("hanako");
    let outcome = read(&mut AUTHORITY.issue(&citizen).unwrap(), &code_b(&citizen)).unwrap();
    for text in [format!("{outcome:?}"), serde_json::to_string(&outcome.reading).unwrap()] {
        for secret in [&citizen.name, &citizen.address, &citizen.birth_date, &citizen.expires, "female"] {
            assert!(!text.to_lowercase().contains(secret), "{text}");
        }
    }
}

#[test]
fn a_card_is_good_on_its_last_day_and_not_after_it() {
    let citizen = citizen("hanako");
    let outcome = read(&mut AUTHORITY.issue(&citizen).unwrap(), &pin(&citizen.pin)).unwrap();
    assert!(!outcome.expired(Some(Date::constant(2035, 2, 28))));
    assert!(outcome.expired(Some(Date::constant(2035, 3, 1))));
    assert!(!outcome.expired(None));
}

#[test]
fn the_steps_of_a_reading_are_those_that_the_bar_is_made_for() {
    let citizen = citizen("hanako");
    for (secret, steps) in [(pin(&citizen.pin), 21), (code_b(&citizen), 42)] {
        let mut card = AUTHORITY.issue(&citizen).unwrap();
        let mut transport = |command: &[u8]| Ok(card.transmit(command));
        let mut done = 0;
        cards::read(&mut transport, &secret, true, &authorities(), &mut || done += 1).unwrap();
        assert_eq!(done, steps);
    }
}

#[test]
fn code_b_follows_the_published_example() {
    let mut example = citizen("hanako");
    example.birth_date = "1980-02-17".into();
    example.expires = "2035-02-17".into();
    assert_eq!(example.code_b(), "55021720352285");
}

#[test]
fn the_individual_number_is_never_touched() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    let mut commands = Vec::new();
    let mut transport = |command: &[u8]| {
        commands.push(command.to_vec());
        Ok(card.transmit(command))
    };
    cards::read(&mut transport, &code_b(&citizen), true, &authorities(), &mut || {}).unwrap();
    for file in [[0x00, 0x01], [0x00, 0x14], [0x00, 0x13]] {
        let select = [&[0x00, 0xa4, 0x02, 0x0c, 0x02][..], &file].concat();
        assert!(!commands.contains(&select), "0001 holds the number, 0014 and 0013 are number A");
    }
    // By short file identifier neither.
    assert!(!commands.iter().any(|command| command[1] == 0xb0 && command[2] & 0x80 != 0));
}

#[test]
fn torn_away_at_every_command_it_says_so() {
    let citizen = citizen("hanako");
    let fresh = AUTHORITY.issue(&citizen).unwrap();
    for secret in [pin(&citizen.pin), code_b(&citizen)] {
        let mut whole = fresh.clone();
        read(&mut whole, &secret).unwrap();
        assert!(whole.commands > 20);
        for at in 0..whole.commands {
            let mut card = fresh.clone();
            let mut transport = |command: &[u8]| {
                if card.commands == at { Err(TransportError::Removed) } else { Ok(card.transmit(command)) }
            };
            let result = cards::read(&mut transport, &secret, true, &authorities(), &mut || {});
            assert_eq!(result.unwrap_err(), CardRefusal::Removed, "torn away at command {at}");
        }
    }
}

#[test]
fn a_secret_is_sent_once_and_never_with_one_try_left() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    assert_eq!(read(&mut card, &pin("9999")).unwrap_err(), CardRefusal::WrongSecret { left: 2 });
    assert_eq!(card.verifies.len(), 1);
    card.reset();
    assert_eq!(read(&mut card, &pin("9999")).unwrap_err(), CardRefusal::WrongSecret { left: 1 });
    card.reset();
    // Even the right PIN is not sent now: the person may be wrong about it, and the card would be blocked.
    assert_eq!(read(&mut card, &pin(&citizen.pin)).unwrap_err(), CardRefusal::LastTry);
    assert_eq!(card.verifies.len(), 2);
    for application in &mut card.applications {
        for ief in application.iefs.values_mut() {
            ief.left = 0;
        }
    }
    card.reset();
    assert_eq!(read(&mut card, &pin(&citizen.pin)).unwrap_err(), CardRefusal::Blocked);
    assert_eq!(read(&mut card, &code_b(&citizen)).unwrap_err(), CardRefusal::Blocked);
    assert_eq!(card.verifies.len(), 2);
}

#[test]
fn a_secret_of_the_wrong_shape_is_not_sent() {
    let mut card = AUTHORITY.issue(&citizen("hanako")).unwrap();
    let code = |text: &str| CardSecret::CodeB(Personal::new(CodeB(text.into())));
    for secret in [
        pin(""),
        pin("123"),
        pin("12a4"),
        pin("12345"),
        code("5502172035228"),
        code("55992920352285"),
        code("１２３４"),
    ] {
        assert_eq!(read(&mut card, &secret).unwrap_err(), CardRefusal::MalformedSecret);
    }
    assert_eq!(card.commands, 0);
}

#[test]
fn without_an_authority_genuineness_is_not_claimed() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    let mut transport = |command: &[u8]| Ok(card.transmit(command));
    let outcome = cards::read(&mut transport, &pin("1234"), false, &CaSet::default(), &mut || {}).unwrap();
    assert_eq!(outcome.reading.genuine, Genuine::Unchecked);
    assert!(outcome.evidence.facts_signed && outcome.evidence.card_answered);
}

#[test]
fn an_issuer_that_no_configured_authority_knows_is_not_believed() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    let others = CaSet::from_toml(&AUTHORITY.ca_toml().replacen("id = \"36", "id = \"35", 1)).unwrap();
    let mut transport = |command: &[u8]| Ok(card.transmit(command));
    let outcome = cards::read(&mut transport, &pin("1234"), false, &others, &mut || {}).unwrap();
    assert_eq!((outcome.evidence.issuer_trusted, outcome.reading.genuine), (Some(false), Genuine::No));
}

#[test]
fn another_authority_of_the_same_name_is_not_believed() {
    let citizen = citizen("hanako");
    let mut card = TestAuthority::from_seed(2).unwrap().issue(&citizen).unwrap();
    assert_eq!(read(&mut card, &pin("1234")).unwrap().reading.genuine, Genuine::No);
}

#[test]
fn a_copy_without_the_cards_key_is_not_genuine() {
    let citizen = citizen("hanako");
    let mut copy = AUTHORITY.issue(&citizen).unwrap();
    let other = TestAuthority::from_seed(3).unwrap().issue(&citizen).unwrap();
    for (mine, theirs) in copy.applications.iter_mut().zip(other.applications) {
        mine.keys = theirs.keys;
    }
    let Outcome { reading, evidence, .. } = read(&mut copy, &code_b(&citizen)).unwrap();
    assert!(evidence.facts_signed && !evidence.card_answered);
    assert_eq!(reading.genuine, Genuine::No);
}

#[test]
fn a_face_copied_onto_another_card_is_not_genuine() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    // The files of the face are the right ones and signed, only the visual application's key is not there.
    let app =
        card.applications.iter_mut().find(|app| app.keys.contains_key(&0x001a) && app.default_key.is_some()).unwrap();
    app.keys.clear();
    let Outcome { reading, evidence, .. } = read(&mut card, &code_b(&citizen)).unwrap();
    assert_eq!((evidence.photo_signed, evidence.card_answered), (Some(true), false));
    assert_eq!(reading.genuine, Genuine::No);
    assert_eq!(
        read(&mut card, &pin("1234")).unwrap().reading.genuine,
        Genuine::Yes,
        "the facts alone are this card's own"
    );
}

#[test]
fn a_card_without_its_proofs_is_read_and_not_genuine() {
    let citizen = citizen("hanako");
    for file in [0x0003, 0x0004, 0x0007] {
        let mut card = AUTHORITY.issue(&citizen).unwrap();
        card.applications[1].files.remove(&file);
        let reading = read(&mut card, &pin("1234")).unwrap().reading;
        assert_eq!(reading.facts.name.reveal(), &citizen.name);
        assert_eq!(reading.genuine, Genuine::No, "without {file:04x}");
    }
}

#[test]
fn a_card_without_a_face_gives_its_facts() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    card.applications.remove(2);
    let Outcome { reading, evidence, .. } = read(&mut card, &code_b(&citizen)).unwrap();
    assert_eq!((reading.photo, evidence.photo_signed, reading.genuine), (None, None, Genuine::Yes));
}

#[test]
fn a_face_in_trouble_costs_the_facts_only_where_the_photo_is_asked_for() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    file(&mut card, VISUAL, 0x0002).truncate(100);
    assert_eq!(read(&mut card.clone(), &code_b(&citizen)).unwrap_err(), CardRefusal::Unreadable);
    for (secret, photo) in [(code_b(&citizen), false), (pin(&citizen.pin), true)] {
        let outcome = read_photo(&mut card.clone(), &secret, photo).unwrap();
        assert!(is(&outcome.reading, &citizen) && outcome.reading.photo.is_none());
        assert_eq!((outcome.reading.genuine, outcome.evidence.photo_signed), (Genuine::Yes, None));
    }
}

#[test]
fn a_last_day_on_the_face_that_is_none_is_asked_of_the_common_application() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    let face = file(&mut card, VISUAL, 0x0002);
    let at = face.windows(3).position(|window| window == [0xdf, 0x29, 0x08]).unwrap();
    face[at + 3..at + 11].copy_from_slice(b"20359999");
    let outcome = read(&mut card, &code_b(&citizen)).unwrap();
    assert_eq!(outcome.reading.genuine, Genuine::Yes, "it is not signed");
    assert_eq!(expires(&outcome), Some(citizen.expires.clone()));
    card.applications.truncate(3);
    assert_eq!(expires(&read(&mut card, &code_b(&citizen)).unwrap()), None);
}

#[test]
fn the_photo_of_another_person_is_not_genuine() {
    let (hanako, other) = (citizen("hanako"), citizen("rare"));
    let mut card = AUTHORITY.issue(&hanako).unwrap();
    let face = AUTHORITY.issue(&other).unwrap().applications[2].files[&2].clone();
    card.applications[2].files.insert(2, face);
    let Outcome { reading, evidence, .. } = read(&mut card, &code_b(&hanako)).unwrap();
    assert_eq!(evidence.applications_agree, Some(false));
    assert_eq!(reading.genuine, Genuine::No);
}

#[test]
fn five_hundred_altered_cards_never_pass_for_genuine_with_altered_facts() {
    let citizen = citizen("hanako");
    let original = AUTHORITY.issue(&citizen).unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut dice = move |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let (mut refused, mut detected, mut unharmed) = (0, 0, 0);
    for _ in 0..500 {
        let mut card = original.clone();
        let files: Vec<(usize, u16)> = [(1, 2), (1, 3), (1, 4), (1, 7), (2, 2), (2, 4)].into();
        let (app, file) = files[dice(files.len())];
        let data = &mut card.applications[app].files.get_mut(&file).unwrap().0;
        match dice(4) {
            0 => data.truncate(dice(data.len())),
            1 => {
                // A length that is larger than the file was, or none at all; some of it is really there.
                let header = match data[2] {
                    0x82 => 5,
                    0x81 => 4,
                    _ => 3,
                };
                let length: &[u8] = match dice(5) {
                    0 => &[0x82, 0xff, 0xff],
                    1 => &[0x82, 0x40, 0x00],
                    2 => &[0x82, 0x3f, 0xf0],
                    3 => &[0x83, 0x00, 0x10, 0x00],
                    _ => &[0x80],
                };
                data.splice(2..header, length.iter().copied());
                data.extend(vec![0xff; dice(40_000)]);
            }
            2 => {
                for _ in 0..1 + dice(6) {
                    let at = dice(data.len().min(12));
                    data[at] = dice(256) as u8;
                }
            }
            _ => {
                for _ in 0..1 + dice(6) {
                    let at = dice(data.len());
                    data[at] ^= 1 << dice(8);
                }
            }
        }
        for secret in [pin(&citizen.pin), code_b(&citizen)] {
            match read(&mut card.clone(), &secret) {
                Err(_) => refused += 1,
                Ok(outcome) if outcome.reading.genuine != Genuine::Yes => detected += 1,
                Ok(outcome) => {
                    assert!(is(&outcome.reading, &citizen), "altered facts passed for genuine");
                    let photo = outcome.reading.photo.is_some();
                    assert_eq!(
                        photo,
                        matches!(secret, CardSecret::CodeB(_)),
                        "a photo was lost and passed for genuine"
                    );
                    // Of all that is read, only the last day is not signed; when altered, it must still be a date.
                    assert!(expires(&outcome).is_none_or(|date| date.len() == 10));
                    unharmed += 1;
                }
            }
        }
    }
    println!("refused {refused}, not genuine {detected}, altered where nothing is signed {unharmed}");
    assert!(refused > 50 && detected > 50);
}

#[test]
fn any_answers_at_all_give_a_refusal_not_a_crash() {
    let citizen = citizen("hanako");
    let fresh = AUTHORITY.issue(&citizen).unwrap();
    let authorities = authorities();
    let word = prop_oneof![
        8 => Just(0x9000u16),
        1 => Just(0x6282),
        1 => 0x63c0u16..=0x63cf,
        1 => Just(0x6984),
        1 => Just(0x6982),
        1 => Just(0x6f00),
    ];
    let body = prop_oneof![
        2 => Just(vec![]),
        2 => proptest::collection::vec(any::<u8>(), 0..300),
        // What begins as a file does, of whatever length.
        1 => (any::<[u8; 3]>(), proptest::collection::vec(any::<u8>(), 0..250))
            .prop_map(|(length, rest)| [&[0xff, 0x20][..], &length, &rest].concat()),
    ];
    let invented = (body, word).prop_map(|(body, word)| Some([&body[..], &word.to_be_bytes()].concat()));
    // Mostly what the true card says, so that every step is reached.
    let answer = prop_oneof![12 => Just(None), 1 => invented];
    let answers = proptest::collection::vec(answer, 0..60);
    // Refused, read and not believed, believed.
    let ends = [const { Cell::new(0) }; 3];
    let count = |end: usize| ends[end].set(ends[end].get() + 1);
    proptest!(|(answers in answers, by_pin: bool)| {
        let mut card = fresh.clone();
        let mut answers = answers.into_iter();
        let mut transport = |command: &[u8]| {
            let truth = card.transmit(command);
            Ok(answers.next().flatten().unwrap_or(truth))
        };
        let secret = if by_pin { pin(&citizen.pin) } else { code_b(&citizen) };
        match cards::read(&mut transport, &secret, true, &authorities, &mut || {}) {
            Err(_) => count(0),
            Ok(outcome) if outcome.reading.genuine == Genuine::Yes => {
                prop_assert!(is(&outcome.reading, &citizen));
                count(2);
            }
            Ok(_) => count(1),
        }
    });
    assert!(ends.iter().all(|end| end.get() > 10), "every step was reached: {ends:?}");
}

/// The facts' file with this object in the place of its index.
fn with_in_slot_0(card: &mut Card, tag: u8, value: &[u8]) {
    let facts = file(card, TEXT, 0x0002);
    // FF20, length in one byte, DF21 08 and four offsets; then what is signed.
    assert_eq!(facts[3..6], [0xdf, 0x21, 0x08]);
    let body = [&[0xdf, tag, value.len() as u8][..], value, &facts[14..]].concat();
    *facts = [&[0xff, 0x20, 0x81, body.len() as u8][..], &body].concat();
}

#[test]
fn an_object_before_the_signed_ones_never_stands_in_for_one_of_them() {
    let citizen = citizen("hanako");
    let decoys: [(u8, &[u8]); 5] = [
        (0x21, &[0; 8]),
        (0x22, "渚　太郎".as_bytes()),
        (0x23, "別の町".as_bytes()),
        (0x24, b"20000101"),
        (0x25, b"1"),
    ];
    for (tag, value) in decoys {
        let mut card = AUTHORITY.issue(&citizen).unwrap();
        with_in_slot_0(&mut card, tag, value);
        match read(&mut card, &pin(&citizen.pin)) {
            Ok(outcome) => {
                assert!(tag == 0x21 && is(&outcome.reading, &citizen), "DF{tag:02X} stood in for the signed one");
            }
            Err(refusal) => assert!(tag != 0x21 && refusal == CardRefusal::Unreadable),
        }
    }
}

#[test]
fn a_sex_that_is_no_digit_and_objects_too_many_are_malformed() {
    let citizen = citizen("hanako");
    for end in [&b"\xdf\x25\x01x"[..], b"\xdf\x25\x00", b"\xdf\x25\x022 ", b"\xdf\x25\x012\xdf\x25\x011"] {
        let mut card = AUTHORITY.issue(&citizen).unwrap();
        let facts = file(&mut card, TEXT, 0x0002);
        let body = [&facts[3..facts.len() - 4], end].concat();
        *facts = [&[0xff, 0x20, 0x81, body.len() as u8][..], &body].concat();
        assert_eq!(read(&mut card, &pin(&citizen.pin)).unwrap_err(), CardRefusal::Unreadable, "{end:02x?}");
    }
}

#[test]
fn no_bit_of_the_facts_can_be_turned_unnoticed() {
    let citizen = citizen("hanako");
    let mut original = AUTHORITY.issue(&citizen).unwrap();
    let (mut noticed, mut same) = (0, 0);
    for bit in 0..8 * file(&mut original, TEXT, 0x0002).len() {
        let mut card = original.clone();
        file(&mut card, TEXT, 0x0002)[bit / 8] ^= 1 << (bit % 8);
        match read(&mut card, &pin(&citizen.pin)) {
            Ok(outcome) if outcome.reading.genuine == Genuine::Yes => {
                assert!(is(&outcome.reading, &citizen), "bit {bit}: other facts passed for genuine");
                same += 1;
            }
            _ => noticed += 1,
        }
    }
    // The four offsets of the index are neither signed nor used.
    assert_eq!(same, 8 * 8, "{noticed} were noticed");
}

#[test]
#[ignore = "run by the next test, as a process of its own"]
fn panics_on_the_first_event() {
    let _port = cards::spawn(cards::Config::default(), |_| panic!("as it should")).unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn a_panic_on_the_ports_thread_ends_the_process() {
    use std::os::unix::process::ExitStatusExt;
    let me = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "panics_on_the_first_event"])
        .env("PCSCLITE_CSOCK_NAME", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(me.status.signal(), Some(6), "{me:?}");
}
