//! Reading BER-TLV with one- and two-byte tags and definite lengths (ISO/IEC 7816-4 §5.2.2); every bound is checked.

/// What the bytes are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed data object")]
pub struct Malformed;

/// One object, borrowed from its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// The tag as written.
    pub tag: u16,
    /// The value.
    pub value: &'a [u8],
    /// Tag, length and value as written: what signatures are made over.
    pub whole: &'a [u8],
}

/// The tag of the object that the bytes begin, where its value begins, and how long it is.
fn header(bytes: &[u8]) -> Result<(u16, usize, usize), Malformed> {
    let (tag, tag_size) = match *bytes {
        [high, low, ..] if high & 0x1f == 0x1f => {
            if low & 0x80 != 0 {
                return Err(Malformed);
            }
            (u16::from_be_bytes([high, low]), 2)
        }
        [tag, ..] => (u16::from(tag), 1),
        [] => return Err(Malformed),
    };
    let (length, length_size) = match bytes.get(tag_size..).ok_or(Malformed)? {
        [short @ ..=0x7f, ..] => (usize::from(*short), 1),
        [0x81, one, ..] => (usize::from(*one), 2),
        [0x82, high, low, ..] => (usize::from(u16::from_be_bytes([*high, *low])), 3),
        _ => return Err(Malformed),
    };
    Ok((tag, tag_size + length_size, length))
}

/// Reads the first object and gives what follows it.
///
/// # Errors
/// When the bytes are no object, or end before it does.
pub fn first(bytes: &[u8]) -> Result<(Object<'_>, &[u8]), Malformed> {
    let (tag, begin, length) = header(bytes)?;
    let end = begin + length;
    let value = bytes.get(begin..end).ok_or(Malformed)?;
    Ok((Object { tag, value, whole: &bytes[..end] }, &bytes[end..]))
}

/// The objects of a template, in order.
///
/// # Errors
/// When one of them is malformed.
pub fn all(mut bytes: &[u8]) -> Result<Vec<Object<'_>>, Malformed> {
    let mut objects = Vec::new();
    while !bytes.is_empty() {
        let (object, rest) = first(bytes)?;
        objects.push(object);
        bytes = rest;
    }
    Ok(objects)
}

/// The objects inside the template that a file begins with.
///
/// # Errors
/// When it is malformed, or another one.
pub fn template(file: &[u8], tag: u16) -> Result<Vec<Object<'_>>, Malformed> {
    match first(file)? {
        (object, _) if object.tag == tag => all(object.value),
        _ => Err(Malformed),
    }
}

/// The object with this tag.
///
/// # Errors
/// When there is none.
pub fn find<'a>(objects: &[Object<'a>], tag: u16) -> Result<Object<'a>, Malformed> {
    objects.iter().find(|object| object.tag == tag).copied().ok_or(Malformed)
}

/// The size of a file that begins with an object, from its first bytes.
///
/// # Errors
/// When they do not begin an object.
pub fn size_of_first(head: &[u8]) -> Result<usize, Malformed> {
    header(head).map(|(_, begin, length)| begin + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_test_cards_header() {
        // FF20, length 65h, then the offset table.
        let mut file = vec![0xff, 0x20, 0x02, 0xdf, 0x01];
        assert_eq!(all(&file).unwrap()[0].tag, 0xff20);
        file[2] = 3;
        assert_eq!(all(&file), Err(Malformed));
        assert_eq!(size_of_first(&[0x7f, 0x21, 0x82, 0x02, 0x33]), Ok(0x238));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(objects) = all(&bytes) {
                let written: Vec<u8> = objects.iter().flat_map(|object| object.whole.to_vec()).collect();
                proptest::prop_assert_eq!(written, bytes);
            }
        }
    }
}
