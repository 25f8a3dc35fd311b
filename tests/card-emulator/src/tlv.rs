//! Writing BER-TLV, as the card's files are laid out.

/// One object: tag as written (one or two bytes), definite length, value.
pub fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    if tag > 0xff {
        out.push((tag >> 8) as u8);
    }
    out.push(tag as u8);
    match value.len() {
        short @ ..=0x7f => out.push(short as u8),
        one @ 0x80..=0xff => out.extend([0x81, one as u8]),
        two => out.extend([0x82, (two >> 8) as u8, two as u8]),
    }
    out.extend_from_slice(value);
    out
}

/// The objects, one after the other, behind a `DFx1` table of their offsets from byte 0 of a file that begins with
/// `template` (two bytes of tag and its length).
pub fn indexed(template: u16, index: u16, objects: &[Vec<u8>]) -> Vec<u8> {
    let table_size = 2 * objects.len();
    let table_header = tlv(index, &vec![0; table_size]).len();
    let body_size = table_header + objects.iter().map(Vec::len).sum::<usize>();
    let mut at = tlv(template, &vec![0; body_size]).len() - body_size + table_header;
    let mut table = Vec::with_capacity(table_size);
    for object in objects {
        table.extend((at as u16).to_be_bytes());
        at += object.len();
    }
    let mut body = tlv(index, &table);
    body.extend(objects.concat());
    tlv(template, &body)
}
