//! What goes over the pipe between the kiosk and a port that is a process of its own: the port's configuration first, then
//! commands to it and events from it, as [`wire`] writes them, live pictures, and a beat that says that its worker goes on.
//!
//! Neither end believes the other: what is malformed or too long is an error, and ends the connection.

use domain::personal::wire::{self, Malformed};
use image::RgbaImage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind, Read, Write};
use zeroize::Zeroizing;

/// The first byte of a message; its length follows in four.
const MESSAGE: u8 = 1;

/// The first byte of a picture; its width and height follow in two each.
const PICTURE: u8 = 2;

/// The first byte of a beat; nothing follows, in four.
const ALIVE: u8 = 3;

/// In bytes. The longest by far carries a card's photo, of some ten thousand.
const LONGEST: usize = 1 << 20;

/// Of a picture, in pixels.
const LARGEST_SIDE: u16 = 1024;

/// Bytes of a pixel.
const PIXEL: usize = 4;

/// What came over the pipe, in the memory that it was read into: no other holds a copy.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub enum Frame {
    /// An encoded message.
    Message(Zeroizing<Vec<u8>>),
    /// A live picture.
    Picture(RgbaImage),
    /// Nothing new.
    Alive,
}

impl Frame {
    /// The message in it.
    ///
    /// # Errors
    /// When it is none of this kind.
    pub fn message<T: DeserializeOwned>(self) -> Result<T, Malformed> {
        match self {
            Self::Message(encoded) => wire::decode(encoded),
            Self::Picture(_) | Self::Alive => Err(Malformed),
        }
    }
}

/// Reads the next; `None` where the other end has closed.
///
/// # Errors
/// When it is malformed or too long, or ends in the middle.
pub fn read(from: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut head = [0; 5];
    loop {
        match from.read(&mut head[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    from.read_exact(&mut head[1..])?;
    let [kind, a, b, c, d] = head;
    match kind {
        MESSAGE => {
            let length = u32::from_le_bytes([a, b, c, d]) as usize;
            if length > LONGEST {
                return Err(ErrorKind::InvalidData.into());
            }
            let mut encoded = Zeroizing::new(vec![0; length]);
            from.read_exact(&mut encoded)?;
            Ok(Some(Frame::Message(encoded)))
        }
        PICTURE => {
            let (width, height) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            if width.min(height) == 0 || width.max(height) > LARGEST_SIDE {
                return Err(ErrorKind::InvalidData.into());
            }
            let mut pixels = Zeroizing::new(vec![0; usize::from(width) * usize::from(height) * PIXEL]);
            from.read_exact(&mut pixels)?;
            let picture = RgbaImage::from_raw(width.into(), height.into(), std::mem::take(&mut *pixels));
            picture.map(Frame::Picture).map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
        }
        ALIVE if [a, b, c, d] == [0; 4] => Ok(Some(Frame::Alive)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

/// Writes a message, personal values in the clear.
///
/// # Errors
/// When it is too long, or the other end does not take it.
pub fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let encoded = wire::encode(message).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    let length = u32::try_from(encoded.len()).ok().filter(|_| encoded.len() <= LONGEST);
    let [a, b, c, d] = length.ok_or(ErrorKind::InvalidInput)?.to_le_bytes();
    to.write_all(&[MESSAGE, a, b, c, d])?;
    to.write_all(&encoded)
}

/// Writes a picture.
///
/// # Errors
/// When it is too large, or the other end does not take it.
pub fn write_picture(to: &mut impl Write, picture: &RgbaImage) -> io::Result<()> {
    let side = |side: u32| {
        u16::try_from(side).ok().filter(|side| (1..=LARGEST_SIDE).contains(side)).ok_or(ErrorKind::InvalidInput)
    };
    let ([a, b], [c, d]) = (side(picture.width())?.to_le_bytes(), side(picture.height())?.to_le_bytes());
    to.write_all(&[PICTURE, a, b, c, d])?;
    to.write_all(picture.as_raw())
}

/// Writes a beat.
///
/// # Errors
/// When the other end does not take it.
pub fn write_alive(to: &mut impl Write) -> io::Result<()> {
    to.write_all(&[ALIVE, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::card::{CardCommand, CardEvent, CardSecret, Photo, Pin};
    use domain::face::FaceCommand;
    use domain::{Personal, RequestId};
    use proptest::prelude::*;

    fn frames(mut bytes: &[u8]) -> io::Result<Vec<Frame>> {
        std::iter::from_fn(|| read(&mut bytes).transpose()).collect()
    }

    fn reads(pin: &str) -> CardCommand {
        let secret = CardSecret::Pin(Personal::new(Pin(pin.to_owned())));
        CardCommand::Read { request: RequestId(7), secret, photo: true, today: None }
    }

    #[test]
    fn what_is_written_is_read_with_its_values() {
        let mut pipe = Vec::new();
        let picture = RgbaImage::from_fn(640, 360, |x, y| image::Rgba([x as u8, y as u8, 7, 255]));
        let photo = FaceCommand::Match { request: RequestId(8), photo: Personal::new(Photo(vec![201; 60_000])) };
        write(&mut pipe, &reads("1234")).unwrap();
        write_picture(&mut pipe, &picture).unwrap();
        write_alive(&mut pipe).unwrap();
        write(&mut pipe, &photo).unwrap();
        let [a, b, c, d] = <[Frame; 4]>::try_from(frames(&pipe).unwrap()).unwrap();
        assert_eq!(a.message::<CardCommand>().unwrap(), reads("1234"));
        assert_eq!(b, Frame::Picture(picture));
        assert_eq!(c, Frame::Alive);
        assert_eq!(d.message::<FaceCommand>().unwrap(), photo);
        for other in [Frame::Picture(RgbaImage::new(1, 1)), Frame::Alive] {
            assert!(other.message::<CardEvent>().is_err());
        }
    }

    #[test]
    fn what_is_too_long_is_neither_written_nor_waited_for() {
        let mut pipe = Vec::new();
        let photo = FaceCommand::Match { request: RequestId(8), photo: Personal::new(Photo(vec![0; LONGEST])) };
        assert!(write(&mut pipe, &photo).is_err() && write_picture(&mut pipe, &RgbaImage::new(1025, 1)).is_err());
        assert!(write_picture(&mut pipe, &RgbaImage::new(0, 1)).is_err(), "nothing can be drawn of it");
        assert!(pipe.is_empty());
        let messages = [[MESSAGE, 1, 0, 16, 0], [MESSAGE, 255, 255, 255, 255]];
        let pictures = [[PICTURE, 1, 4, 1, 0], [PICTURE, 0, 0, 1, 0], [PICTURE, 1, 0, 0, 0]];
        let others = [[ALIVE, 0, 1, 0, 0], [0; 5], [4, 0, 0, 0, 0]];
        for head in messages.into_iter().chain(pictures).chain(others) {
            assert_eq!(frames(&head).unwrap_err().kind(), ErrorKind::InvalidData);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4000), kind in 0u8..5, length in 0u16..4000) {
            let headed = [&[kind, length as u8, (length >> 8) as u8, 0, 0][..], &bytes].concat();
            for bytes in [bytes, headed] {
                let mut rest = &bytes[..];
                while let Ok(Some(frame)) = read(&mut rest) {
                    // Whatever it says of it.
                    let _ = frame.message::<CardCommand>();
                }
            }
        }

        #[test]
        fn beats_between_messages_change_none(pins in prop::collection::vec(("[0-9]{4}", 0usize..3), 0..6)) {
            let (mut pipe, mut beats) = (Vec::new(), 0);
            for (pin, before) in &pins {
                (0..*before).for_each(|_| write_alive(&mut pipe).unwrap());
                write(&mut pipe, &reads(pin)).unwrap();
                beats += before;
            }
            let (alive, said): (Vec<_>, Vec<_>) =
                frames(&pipe).unwrap().into_iter().partition(|frame| *frame == Frame::Alive);
            prop_assert_eq!(alive.len(), beats);
            let said: Vec<CardCommand> = said.into_iter().map(|frame| frame.message().unwrap()).collect();
            prop_assert_eq!(said, pins.iter().map(|(pin, _)| reads(pin)).collect::<Vec<_>>());
        }

        #[test]
        fn what_was_cut_off_is_no_message_and_what_was_turned_makes_no_panic(at in 0usize..200, bit in 0u8..8, pin in "[0-9]{4}") {
            let mut pipe = Vec::new();
            write(&mut pipe, &reads(&pin)).unwrap();
            let at = at % pipe.len();
            prop_assert_eq!(frames(&pipe[..at]).is_ok(), at == 0);
            pipe[at] ^= 1 << bit;
            for frame in frames(&pipe).into_iter().flatten() {
                // It may be the same one: of what it does not know a message is not judged.
                let _ = frame.message::<CardCommand>();
            }
        }
    }
}
