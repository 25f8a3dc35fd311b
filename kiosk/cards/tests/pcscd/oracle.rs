//! The crate `myna-card`, which nobody here wrote, reads the emulated card over the real `pcscd`: every file that our
//! reader reads, every signature that it checks.

use crate::common::{self, CITIZENS};
use card_emulator::{Citizen, TestAuthority};
use myna_card::ap::common::CommonAp;
use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
use myna_card::ap::surface::SurfaceAp;
use myna_card::ap::text::{TextAp, ef};
use myna_card::transport::pcsc::{Sharing, connect_any};
use myna_card::{Date, Pin, Retries, RsaPublicKey, Sex, verification_code_b};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn date(text: &str) -> Date {
    Date::parse(text.replace('-', "").as_bytes()).unwrap()
}

#[test]
fn myna_card_reads_every_citizen_and_all_signatures_hold() {
    let pcscd = common::pcscd();
    let authority = &TestAuthority::from_seed(1).unwrap().ca_keys()[0];
    let ca = RsaPublicKey { exponent: vec![1, 0, 1], modulus: bytes(&authority.modulus) };
    let other = [b'3', b'9'].map(Sex::from_byte);
    for (file, sex) in
        [("hanako", Sex::Female), ("rare", Sex::Male), ("foreign", other[0]), ("long", Sex::Male), ("marks", other[1])]
    {
        let file = format!("{CITIZENS}/{file}.toml");
        let citizen = Citizen::from_toml(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let mut process = common::lay(&pcscd, &["--citizen", &file]);
        let mut card = connect_any(Sharing::Exclusive).unwrap();

        let mut text = TextAp::select(&mut card).unwrap();
        assert_eq!(text.retries(ef::PIN).unwrap(), Retries::Remaining(3));
        assert!(text.read_attributes().is_err(), "the facts are closed before the PIN");
        text.verify_pin(&Pin::numeric(&citizen.pin).unwrap()).unwrap();
        let facts = text.read_attributes().unwrap();
        assert_eq!((facts.name, facts.address), (citizen.name.clone(), citizen.address.clone()));
        assert_eq!((facts.birth_date, facts.sex), (date(&citizen.birth_date), sex));
        let certificate = text.read_certificate().unwrap();
        certificate.verify_with(&ca).unwrap();
        let integrity = text.read_integrity_record().unwrap();
        integrity.verify(&certificate.public_key).unwrap();
        assert!(integrity.matches_attributes_file(&text.read_ef(ef::ATTRIBUTES).unwrap()).unwrap());
        let text_key = text.read_signed_public_key().unwrap();
        text_key.verify(&certificate.public_key).unwrap();
        let answer = text.sign(b"a challenge").unwrap();
        text_key.public_key.verify_pkcs1_sha256(b"a challenge", &answer).unwrap();

        // What is printed on the card's face opens it: computed here by the crate, not by us.
        let expires = date(&citizen.expires);
        let code_b =
            verification_code_b(date(&citizen.birth_date), expires.year, citizen.security_code.as_bytes()).unwrap();
        let mut visual = SurfaceAp::select(&mut card).unwrap();
        visual.verify_code_b(&code_b).unwrap();
        let face = visual.read_card_face().unwrap();
        assert_eq!((face.birth_date, face.sex, face.expiry), (date(&citizen.birth_date), sex, expires));
        let certificate = visual.read_certificate().unwrap();
        certificate.verify_with(&ca).unwrap();
        face.verify(&certificate.public_key).unwrap();
        let answer = visual.sign(b"another challenge").unwrap();
        face.public_key.verify_pkcs1_sha256(b"another challenge", &answer).unwrap();

        let common = CommonAp::select(&mut card).unwrap().read_card_info().unwrap();
        assert_eq!(common.expiry, expires);

        let mut jpki = JpkiAp::select(&mut card).unwrap();
        assert!(jpki.read_token_type().unwrap().is_physical_card());
        let leaf = jpki.read_auth_certificate().unwrap();
        leaf.verify_signature(&jpki.read_auth_ca_certificate().unwrap()).unwrap();
        jpki.verify_auth_pin(&Pin::numeric(&citizen.pin).unwrap()).unwrap();
        jpki.sign_with_auth_key_checked(SignatureScheme::PreHashedDigestInfo, &[7; 32]).unwrap();
        jpki.verify_sign_pin(&Pin::new(&citizen.sign_password).unwrap()).unwrap();
        let leaf = jpki.read_sign_certificate().unwrap();
        leaf.verify_signature(&jpki.read_sign_ca_certificate().unwrap()).unwrap();

        jpki.sign_with_sign_key_checked(SignatureScheme::PreHashedDigestInfo, &[8; 32]).unwrap();

        drop(card);
        process.remove().unwrap();
        common::wait_for_card(false);
    }
}
