//! Whether a JPEG 2000 picture may be decoded at all (ISO/IEC 15444-1, Annex A).
//!
//! A decoder allocates what the headers ask for before it has seen a pixel, and a hundred bytes can ask for more memory
//! than there is. So whoever decodes a photo that came from outside asks here first.

/// The largest picture that may be decoded, in pixels of either side: a card's photo is 378 x 472.
pub const LARGEST_SIDE: u32 = 2048;

/// The most tiles that a picture may be cut into; a card's photo is one.
const MOST_TILES: u32 = 64;

/// The most quality layers; a decoder keeps something for each, in each code-block.
const MOST_LAYERS: u16 = 32;

/// The smallest code-block and precinct, as an exponent of two: there is bookkeeping for each of them.
const SMALLEST_BLOCK: u8 = 4;

/// Start of code stream, and the picture's size that must follow it.
const START: [u8; 4] = [0xff, 0x4f, 0xff, 0x51];

const CODING_STYLE: u16 = 0xff52;
const CODING_STYLE_OF_COMPONENT: u16 = 0xff53;
const TILE_PART: u16 = 0xff90;
const DATA: u16 = 0xff93;
const END: u16 = 0xffd9;

/// Whether a JPEG 2000 picture (a JP2 file or a bare code stream) asks for no more than a photo needs: one code stream of
/// at most four components, none of them at a coarser grid, of bounded size, tiles, layers and blocks. It may be broken all
/// the same: that is the decoder's to find out.
pub fn jpeg_2000_is_sane(bytes: &[u8]) -> bool {
    let mut starts = bytes.windows(START.len()).enumerate().filter(|(_, window)| *window == START).map(|(at, _)| at);
    let (Some(start), None) = (starts.next(), starts.next()) else { return false };
    let mut rest = &bytes[start + START.len()..];
    segment(&mut rest).and_then(size_is_sane) == Some(true) && coding_is_sane(rest)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

/// The contents of a marker segment: its first two bytes are its length, themselves included.
fn segment<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(u16::from_be_bytes(take(bytes)?)).checked_sub(2)?;
    let (contents, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(contents)
}

fn size_is_sane(mut contents: &[u8]) -> Option<bool> {
    let contents = &mut contents;
    let _capabilities: [u8; 2] = take(contents)?;
    let mut pair = || Some((u32::from_be_bytes(take(contents)?), u32::from_be_bytes(take(contents)?)));
    let (grid, _image, tile, first_tile) = (pair()?, pair()?, pair()?, pair()?);
    let components = u16::from_be_bytes(take(contents)?);
    let tiles = |side: u32, from: u32, tile: u32| side.checked_sub(from)?.checked_add(tile - 1)?.checked_div(tile);
    if tile.0 == 0 || tile.1 == 0 || !(1..=4).contains(&components) {
        return Some(false);
    }
    for _ in 0..components {
        let [_depth, 1, 1] = take(contents)? else { return Some(false) };
    }
    let tiles = tiles(grid.0, first_tile.0, tile.0)?.checked_mul(tiles(grid.1, first_tile.1, tile.1)?)?;
    Some(grid.0.max(grid.1) <= LARGEST_SIDE && tiles <= MOST_TILES)
}

/// Walks the headers as a decoder does. Where they end early there is nothing that it could be asked for.
fn coding_is_sane(mut rest: &[u8]) -> bool {
    // What is left after the tile-part that is being walked.
    let mut after = None;
    while let Some(marker) = take(&mut rest).map(u16::from_be_bytes) {
        match marker {
            END => return true,
            DATA => match after {
                Some(after) if after <= rest.len() => rest = &rest[rest.len() - after..],
                _ => return false,
            },
            0xff30..=0xff3f => {}
            _ => {
                let before = rest.len() + 2;
                let Some(contents) = segment(&mut rest) else { return true };
                match marker {
                    TILE_PART => {
                        let [_, _, length @ .., _, _] = contents else { return false };
                        let Ok(length) = <[u8; 4]>::try_from(length).map(u32::from_be_bytes) else { return false };
                        // None given: it reaches to the end. More given than there is: the file was cut off.
                        let length = if length == 0 { before } else { length as usize };
                        after = Some(before.saturating_sub(length));
                    }
                    // What is said of the whole picture stands for every tile and component.
                    CODING_STYLE if after.is_none() && style_is_sane(contents) => {}
                    CODING_STYLE | CODING_STYLE_OF_COMPONENT => return false,
                    _ => {}
                }
            }
        }
    }
    true
}

fn style_is_sane(contents: &[u8]) -> bool {
    // Progression, layers, colour transform, decompositions, code-block width and height (less two), its style, filter.
    let [flags, _, high, low, _, _, width, height, _, _, ref precincts @ ..] = *contents else { return false };
    let smallest = |precinct: &u8| precinct >> 4 >= SMALLEST_BLOCK && precinct & 0x0f >= SMALLEST_BLOCK;
    u16::from_be_bytes([high, low]) <= MOST_LAYERS
        && width.min(height).saturating_add(2) >= SMALLEST_BLOCK
        && (flags & 1 == 0 || precincts.iter().all(smallest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The headers of a grey picture of 378 x 472 in one tile.
    fn grey() -> Vec<u8> {
        let mut bytes = START.to_vec();
        bytes.extend([0, 41, 0, 0]);
        for word in [378u32, 472, 0, 0, 378, 472, 0, 0] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend([0, 1, 7, 1, 1]);
        bytes.extend([0xff, 0x52, 0, 12, 0, 0, 0, 1, 0, 5, 4, 4, 0, 1]);
        bytes.extend([0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 16, 0, 1, 0xff, 0x93, 0x80, 0x80]);
        bytes.extend([0xff, 0xd9]);
        bytes
    }

    /// The same with other bytes from here on.
    fn with(at: usize, bytes: &[u8]) -> bool {
        let mut picture = grey();
        picture[at..at + bytes.len()].copy_from_slice(bytes);
        jpeg_2000_is_sane(&picture)
    }

    fn word(at: usize, value: u32) -> bool {
        with(at, &value.to_be_bytes())
    }

    const GRID: usize = 8;
    const TILE: usize = 24;
    const COMPONENTS: usize = 40;
    const STYLE: usize = 49;

    #[test]
    fn a_photo_is_let_through_as_file_or_stream_or_cut_off() {
        assert!(jpeg_2000_is_sane(&grey()));
        assert!(jpeg_2000_is_sane(&[&b"\0\0\0\x0cjP  \r\n\x87\n"[..], &grey()].concat()));
        assert!(jpeg_2000_is_sane(&grey()[..grey().len() - 3]));
    }

    #[test]
    fn one_code_stream_and_no_other() {
        assert!(!jpeg_2000_is_sane(b""));
        assert!(!jpeg_2000_is_sane(b"\x89PNG"));
        assert!(!jpeg_2000_is_sane(&[grey(), grey()].concat()));
        assert!(!jpeg_2000_is_sane(&grey()[..30]), "no whole size");
    }

    #[test]
    fn the_grid_and_the_tiles_are_bounded() {
        assert!(word(GRID, LARGEST_SIDE) && !word(GRID, LARGEST_SIDE + 1));
        assert!(word(GRID + 4, LARGEST_SIDE) && !word(GRID + 4, LARGEST_SIDE + 1));
        assert!(!word(GRID, u32::MAX) && !word(GRID + 4, u32::MAX));
        assert!(!word(TILE, 0) && !word(TILE + 4, 0));
        assert!(word(TILE, 6) && !word(TILE, 5), "63 tiles, and 76");
        assert!(!with(TILE, &[0, 0, 0, 1, 0, 0, 0, 1]), "tiles of one pixel");
        assert!(word(TILE, u32::MAX - 400) && !word(TILE, u32::MAX), "one tile, and a sum that overflows");
    }

    #[test]
    fn components_are_few_and_at_the_full_grid() {
        assert!(!with(COMPONENTS, &[0, 0]) && !with(COMPONENTS, &[0, 5]) && !with(COMPONENTS, &[0xff, 0xff]));
        assert!(!with(COMPONENTS + 3, &[2, 1]) && !with(COMPONENTS + 3, &[1, 255]) && !with(COMPONENTS + 3, &[0, 1]));
    }

    #[test]
    fn layers_and_blocks_are_bounded_and_said_once() {
        assert!(with(STYLE + 2, &[0, 32]) && !with(STYLE + 2, &[0, 33]) && !with(STYLE + 2, &[0xff, 0xff]));
        assert!(with(STYLE + 6, &[2, 2]) && !with(STYLE + 6, &[1, 4]) && !with(STYLE + 6, &[4, 0]));
        let precincts = |size: u8| {
            let mut picture = grey();
            (picture[STYLE - 1], picture[STYLE]) = (13, 1);
            picture.insert(STYLE + 10, size);
            jpeg_2000_is_sane(&picture)
        };
        assert!(precincts(0x88) && precincts(0x44) && !precincts(0x84 - 1) && !precincts(0x00));
        let mut other = grey();
        other.splice(STYLE + 10..STYLE + 10, [0xff, 0x53, 0, 9, 0, 0, 5, 4, 4, 0, 1]);
        assert!(!jpeg_2000_is_sane(&other), "a component of its own style");
        let mut other = grey();
        let style = other[STYLE - 4..STYLE + 10].to_vec();
        let data = other.len() - 6;
        other.splice(data..data, style);
        assert!(!jpeg_2000_is_sane(&other), "a tile of its own style");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_judged(at in 0usize..60, bytes: [u8; 4]) {
            let mut picture = grey();
            picture[at..at + 4].copy_from_slice(&bytes);
            jpeg_2000_is_sane(&picture);
        }
    }
}
