//! The reader against the emulated card, in the same process: every instant at which a card may be torn away, every way
//! in which its data may be wrong.

use card_emulator::{Card, Citizen, TestAuthority};
use cards::{CaSet, TransportError};
use domain::Personal;
use domain::card::{CardRefusal, CardSecret, CodeB, Genuine, Pin, Sex};
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

fn read(card: &mut Card, secret: &CardSecret) -> Result<(domain::card::CardReading, cards::Evidence), CardRefusal> {
    let mut transport = |command: &[u8]| Ok(card.transmit(command));
    cards::read(&mut transport, secret, true, &authorities(), &mut || {})
}

#[test]
fn every_citizen_is_read_by_pin_and_by_code_b() {
    for (file, sex) in [("hanako", Sex::Female), ("rare", Sex::Male), ("foreign", Sex::Other)] {
        let citizen = citizen(file);
        for secret in [pin(&citizen.pin), code_b(&citizen)] {
            let mut card = AUTHORITY.issue(&citizen).unwrap();
            let (reading, evidence) = read(&mut card, &secret).unwrap();
            assert_eq!(reading.facts.name.reveal(), &citizen.name);
            assert_eq!(reading.facts.address.reveal(), &citizen.address);
            assert_eq!(reading.facts.birth_date.reveal().0.to_string(), citizen.birth_date);
            assert_eq!(*reading.facts.sex.reveal(), sex);
            assert_eq!(reading.genuine, Genuine::Yes, "{evidence:?}");
            let with_face = matches!(secret, CardSecret::CodeB(_));
            assert_eq!(reading.photo.map(|photo| photo.reveal().0.clone()), with_face.then(|| citizen.photo.clone()));
            assert_eq!(reading.expires.map(|date| date.to_string()), Some(citizen.expires.clone()));
        }
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
    let mut whole = AUTHORITY.issue(&citizen).unwrap();
    read(&mut whole, &code_b(&citizen)).unwrap();
    assert!(whole.commands > 20);
    for at in 0..whole.commands {
        let mut card = AUTHORITY.issue(&citizen).unwrap();
        let mut transport = |command: &[u8]| {
            if card.commands == at { Err(TransportError::Removed) } else { Ok(card.transmit(command)) }
        };
        let result = cards::read(&mut transport, &code_b(&citizen), true, &authorities(), &mut || {});
        assert_eq!(result.unwrap_err(), CardRefusal::Removed, "torn away at command {at}");
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
        assert_eq!(read(&mut card, &secret).unwrap_err(), CardRefusal::Malformed);
    }
    assert_eq!(card.commands, 0);
}

#[test]
fn without_an_authority_genuineness_is_not_claimed() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    let mut transport = |command: &[u8]| Ok(card.transmit(command));
    let (reading, evidence) = cards::read(&mut transport, &pin("1234"), false, &CaSet::default(), &mut || {}).unwrap();
    assert_eq!(reading.genuine, Genuine::Unchecked);
    assert!(evidence.facts_signed && evidence.card_answered);
}

#[test]
fn another_authority_of_the_same_name_is_not_believed() {
    let citizen = citizen("hanako");
    let mut card = TestAuthority::from_seed(2).unwrap().issue(&citizen).unwrap();
    assert_eq!(read(&mut card, &pin("1234")).unwrap().0.genuine, Genuine::No);
}

#[test]
fn a_copy_without_the_cards_key_is_not_genuine() {
    let citizen = citizen("hanako");
    let mut copy = AUTHORITY.issue(&citizen).unwrap();
    let other = TestAuthority::from_seed(3).unwrap().issue(&citizen).unwrap();
    for (mine, theirs) in copy.applications.iter_mut().zip(other.applications) {
        mine.keys = theirs.keys;
    }
    let (reading, evidence) = read(&mut copy, &code_b(&citizen)).unwrap();
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
    let (reading, evidence) = read(&mut card, &code_b(&citizen)).unwrap();
    assert_eq!((evidence.photo_signed, evidence.card_answered), (Some(true), false));
    assert_eq!(reading.genuine, Genuine::No);
    assert_eq!(read(&mut card, &pin("1234")).unwrap().0.genuine, Genuine::Yes, "the facts alone are this card's own");
}

#[test]
fn a_card_without_its_proofs_is_read_and_not_genuine() {
    let citizen = citizen("hanako");
    for file in [0x0003, 0x0004, 0x0007] {
        let mut card = AUTHORITY.issue(&citizen).unwrap();
        card.applications[1].files.remove(&file);
        let (reading, _) = read(&mut card, &pin("1234")).unwrap();
        assert_eq!(reading.facts.name.reveal(), &citizen.name);
        assert_eq!(reading.genuine, Genuine::No, "without {file:04x}");
    }
}

#[test]
fn a_card_without_a_face_gives_its_facts() {
    let citizen = citizen("hanako");
    let mut card = AUTHORITY.issue(&citizen).unwrap();
    card.applications.remove(2);
    let (reading, evidence) = read(&mut card, &code_b(&citizen)).unwrap();
    assert_eq!((reading.photo, evidence.photo_signed, reading.genuine), (None, None, Genuine::Yes));
}

#[test]
fn the_photo_of_another_person_is_not_genuine() {
    let (hanako, other) = (citizen("hanako"), citizen("rare"));
    let mut card = AUTHORITY.issue(&hanako).unwrap();
    let face = AUTHORITY.issue(&other).unwrap().applications[2].files[&2].clone();
    card.applications[2].files.insert(2, face);
    let (reading, evidence) = read(&mut card, &code_b(&hanako)).unwrap();
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
            1 => data.extend(vec![0xff; dice(40_000)]),
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
        match read(&mut card, &code_b(&citizen)) {
            Err(_) => refused += 1,
            Ok((reading, _)) => {
                let same = reading.facts.name.reveal() == &citizen.name
                    && reading.facts.address.reveal() == &citizen.address
                    && reading.facts.birth_date.reveal().0.to_string() == citizen.birth_date
                    && reading.photo.as_ref().is_some_and(|photo| photo.reveal().0 == citizen.photo);
                match reading.genuine {
                    Genuine::Yes => {
                        assert!(same, "altered facts passed for genuine");
                        unharmed += 1;
                    }
                    _ => detected += 1,
                }
            }
        }
    }
    println!("refused {refused}, not genuine {detected}, altered where nothing is signed {unharmed}");
    assert!(refused > 50 && detected > 50);
}

#[test]
fn any_answers_at_all_give_a_refusal_not_a_crash() {
    proptest::proptest!(|(answers: Vec<Vec<u8>>)| {
        let mut answers = answers.into_iter();
        let mut transport = |_: &[u8]| answers.next().ok_or(TransportError::Removed);
        let _ = cards::read(&mut transport, &pin("1234"), true, &CaSet::default(), &mut || {});
    });
}
