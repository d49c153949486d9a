//! 32 bytes as 64 lowercase hex digits, the only spelling SigV4 uses.

use std::fmt;

pub(super) fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.try_into().ok()?;
    let (pairs, _) = digits.as_chunks::<2>();
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value_of(*high)? << 4 | value_of(*low)?;
    }
    Some(bytes)
}

/// Writes all digits in one piece, since what is written to may be a MAC.
pub(super) fn write(bytes: &[u8; 32], out: &mut impl fmt::Write) -> fmt::Result {
    let mut digits = [0; 64];
    let (pairs, _) = digits.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit_for(byte >> 4), digit_for(byte & 0x0f)];
    }
    out.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn digit_for(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) }
}
