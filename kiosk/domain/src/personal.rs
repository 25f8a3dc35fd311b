//! The one wrapper for what says something about a person (DESIGN, idea 3).
//!
//! * `Debug` prints the type's name.
//! * `Serialize` writes the type's name, so that a log, a recording or a crash report cannot hold the value. Only
//!   [`wire::encode`] (the pipe between the kiosk and its port processes) writes it in the clear.
//! * `Drop` overwrites it.
//!
//! A recording is read back with *stand-ins* in place of the values: the core never looks inside a `Personal`, so it
//! walks through the same states.

use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{Ordering, compiler_fence};
use zeroize::Zeroize;

/// A kind of value that may be wrapped in [`Personal`].
pub trait Private: Zeroize {
    /// The name that takes the value's place in logs and recordings.
    const NAME: &'static str;
    /// What takes the value's place when a recording is replayed.
    fn stand_in() -> Self;
}

/// A value about a person. See the module's text.
pub struct Personal<T: Private>(T);

impl<T: Private> Personal<T> {
    /// Wraps a value; from here on it cannot be printed by accident.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Every use of this method is a place to look at in a review.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Private> Drop for Personal<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Private + Clone> Clone for Personal<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Private + PartialEq> PartialEq for Personal<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Private + Eq> Eq for Personal<T> {}

impl<T: Private> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", T::NAME)
    }
}

impl<T: Private + Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Personal", 1)?;
        if wire::IN_CLEAR.get() {
            s.serialize_field("clear", &self.0)?;
        } else {
            s.serialize_field("personal", T::NAME)?;
        }
        s.end()
    }
}

impl<'de, T: Private + DeserializeOwned> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape<T>(PhantomData<T>);
        impl<'de, T: Private + DeserializeOwned> Visitor<'de> for Shape<T> {
            type Value = Personal<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a {} in the clear, or its name", T::NAME)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                match map.next_key::<String>()?.as_deref() {
                    Some("clear") => Ok(Personal(map.next_value()?)),
                    Some("personal") => {
                        let name: String = map.next_value()?;
                        if name == T::NAME {
                            Ok(Personal(T::stand_in()))
                        } else {
                            Err(de::Error::custom(format_args!("expected the name {}", T::NAME)))
                        }
                    }
                    _ => Err(de::Error::missing_field("clear or personal")),
                }
            }
        }
        deserializer.deserialize_struct("Personal", &["clear", "personal"], Shape(PhantomData))
    }
}

/// Overwrites a value that has no [`Zeroize`] of its own. Nobody reads it any more, so a plain assignment could be left out
/// by the compiler.
pub(crate) fn overwrite<T: Copy>(place: &mut T, with: T) {
    // SAFETY: an exclusive reference is valid and aligned, and what is `Copy` has nothing to be dropped.
    unsafe { std::ptr::write_volatile(place, with) };
    compiler_fence(Ordering::SeqCst);
}

/// The pipe between the kiosk and its port processes: the only place where personal values are written in the clear.
pub mod wire {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use std::cell::Cell;
    use std::io::{self, Write};
    use zeroize::Zeroizing;

    /// What came is no such message. It says no more: what came may be personal.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    #[error("no such message")]
    pub struct Malformed;

    thread_local! {
        // Per thread, so that one thread's encoding never opens another thread's log.
        pub(super) static IN_CLEAR: Cell<bool> = const { Cell::new(false) };
    }

    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            IN_CLEAR.set(false);
        }
    }

    /// Counts what would be written.
    struct Size(usize);

    impl Write for Size {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Encodes one message, personal values in the clear, into memory that is overwritten when dropped.
    ///
    /// # Errors
    /// When the message's own `Serialize` fails.
    pub fn encode<T: Serialize>(message: &T) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        IN_CLEAR.set(true);
        let _reset = Reset;
        let mut size = Size(0);
        serde_json::to_writer(&mut size, message)?;
        // Never grows, so that no copy stays behind in memory that was given back.
        let mut encoded = Zeroizing::new(Vec::with_capacity(size.0));
        serde_json::to_writer(&mut *encoded, message)?;
        Ok(encoded)
    }

    /// Reads one message, and overwrites what it was read from. Its values are copied once, into what wraps them (but for a text
    /// with a quotation mark or a backslash in it, which passes through memory of the JSON reader's own).
    ///
    /// # Errors
    /// When it is no message of this kind.
    pub fn decode<T: DeserializeOwned>(encoded: Zeroizing<Vec<u8>>) -> Result<T, Malformed> {
        serde_json::from_slice(&encoded).map_err(|_| Malformed)
    }
}

/// Bytes written as hexadecimal digits. As numbers they would be twice as long, and whoever reads numbers does not know how many
/// come: a vector that grows leaves copies behind.
pub(crate) mod hex {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};
    use std::fmt;

    struct Digits<'a>(&'a [u8]);

    impl fmt::Display for Digits<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        }
    }

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Digits(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hexadecimal digits")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
                let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
                let mut bytes = Vec::with_capacity(text.len() / 2);
                for pair in text.as_bytes().chunks(2) {
                    match (digit(pair[0]), pair.get(1).copied().and_then(digit)) {
                        (Some(high), Some(low)) => bytes.push(high << 4 | low),
                        _ => return Err(E::custom("no hexadecimal digits")),
                    }
                }
                Ok(bytes)
            }
        }
        deserializer.deserialize_str(Bytes)
    }
}

impl Private for String {
    const NAME: &'static str = "Text";
    fn stand_in() -> Self {
        String::new()
    }
}

impl Private for Vec<u8> {
    const NAME: &'static str = "Bytes";
    fn stand_in() -> Self {
        Vec::new()
    }
}

/// Declares a newtype that may be wrapped in [`Personal`].
#[macro_export]
macro_rules! private_newtype {
    ($(#[$meta:meta])* $name:ident($(#[$field:meta])* $inner:ty)) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, zeroize::Zeroize)]
        pub struct $name($(#[$field])* pub $inner);
        impl $crate::Private for $name {
            const NAME: &'static str = stringify!($name);
            fn stand_in() -> Self {
                Self::default()
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{BirthDate, LastDay, Photo, Pin, Sex};
    use jiff::civil::Date;
    use std::cell::Cell;
    use std::rc::Rc;

    const BORN: Date = Date::constant(1980, 2, 29);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Message {
        name: Personal<String>,
        born: Personal<BirthDate>,
        photo: Option<Personal<Photo>>,
    }

    fn message() -> Message {
        Message {
            name: Personal::new("渚　花子".to_owned()),
            born: Personal::new(BirthDate(BORN)),
            photo: Some(Personal::new(Photo(vec![201; 5000]))),
        }
    }

    #[test]
    fn neither_debug_nor_serialise_shows_the_value() {
        let message = message();
        let shown = [format!("{message:?}"), format!("{message:#?}"), serde_json::to_string(&message).unwrap()];
        for text in shown {
            for secret in ["花子", "1980", "201"] {
                assert!(!text.contains(secret), "{text}");
            }
            assert!(text.contains("BirthDate"), "{text}");
        }
    }

    #[test]
    fn a_recording_is_read_back_with_stand_ins_of_the_same_type_only() {
        let recorded = serde_json::to_string(&message()).unwrap();
        let back: Message = serde_json::from_str(&recorded).unwrap();
        assert_eq!((back.name.reveal().as_str(), *back.born.reveal()), ("", BirthDate::stand_in()));
        assert!(serde_json::from_str::<Message>(&recorded.replace("BirthDate", "Sex")).is_err());
        assert!(serde_json::from_str::<Personal<Pin>>("{}").is_err());
        assert!(serde_json::from_str::<Personal<Pin>>("\"1234\"").is_err());
    }

    #[test]
    fn the_wire_carries_the_value_in_memory_that_never_grew_and_closes_behind_itself() {
        let encoded = wire::encode(&message()).unwrap();
        assert_eq!(encoded.capacity(), encoded.len());
        assert!(encoded.len() < 11_000, "a photo's byte is two digits");
        assert_eq!(wire::decode::<Message>(encoded).unwrap(), message());
        assert!(!serde_json::to_string(&message()).unwrap().contains("花子"));

        struct Unwritable;
        impl Serialize for Unwritable {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no"))
            }
        }
        assert!(wire::encode(&Unwritable).is_err());
        assert!(!serde_json::to_string(&message()).unwrap().contains("花子"), "closed after an error too");
    }

    #[test]
    fn what_is_no_message_is_said_without_a_word_of_it() {
        for wrong in [r#"{"clear":"1234x"}"#, r#"{"clear":"12z4"}"#, r#"{"clear":[18,52]}"#, "1234", ""] {
            let error = wire::decode::<Personal<Photo>>(wrong.as_bytes().to_vec().into()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("12"), "{error}");
        }
        let photo = wire::decode::<Personal<Photo>>(br#"{"clear":"12ff"}"#.to_vec().into()).unwrap();
        assert_eq!((photo.reveal().0.as_slice(), photo.reveal().0.capacity()), (&[0x12, 0xff][..], 2));
    }

    #[test]
    fn a_value_is_wiped_when_it_is_dropped_and_every_kind_knows_how() {
        struct Spy(Rc<Cell<u32>>);
        impl Zeroize for Spy {
            fn zeroize(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        impl Private for Spy {
            const NAME: &'static str = "Spy";
            fn stand_in() -> Self {
                Self(Rc::default())
            }
        }
        let wiped = Rc::new(Cell::new(0));
        drop(Personal::new(Spy(Rc::clone(&wiped))));
        assert_eq!(wiped.get(), 1);

        fn gone<T: Private + PartialEq + Clone>(mut value: T) -> bool {
            let before = value.clone();
            value.zeroize();
            value == T::stand_in() && value != before
        }
        assert!(gone(BirthDate(BORN)) && gone(LastDay(BORN)) && gone(Sex::Female));
        assert!(gone(Pin("1234".to_owned())) && gone(Photo(vec![1])) && gone("花子".to_owned()));
    }
}
