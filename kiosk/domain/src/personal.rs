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
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
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

/// The pipe between the kiosk and its port processes: the only place where personal values are written in the clear.
pub mod wire {
    use serde::Serialize;
    use std::cell::Cell;
    use zeroize::Zeroizing;

    thread_local! {
        pub(super) static IN_CLEAR: Cell<bool> = const { Cell::new(false) };
    }

    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            IN_CLEAR.set(false);
        }
    }

    /// Encodes one message, personal values in the clear, into memory that is overwritten when dropped.
    ///
    /// # Errors
    /// When the message's own `Serialize` fails.
    pub fn encode<T: Serialize>(message: &T) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        IN_CLEAR.set(true);
        let _reset = Reset;
        serde_json::to_vec(message).map(Zeroizing::new)
    }
}

const _: fn() = || {
    // The flag is per thread, so that one thread's encoding never opens another thread's log.
    fn thread_local_flag(_: &'static std::thread::LocalKey<Cell<bool>>) {}
    thread_local_flag(&wire::IN_CLEAR);
};

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
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, zeroize::Zeroize)]
        pub struct $name(pub $inner);
        impl $crate::Private for $name {
            const NAME: &'static str = stringify!($name);
            fn stand_in() -> Self {
                Self::default()
            }
        }
    };
}
