//! 32 bytes as 64 lowercase hex digits, the only spelling SigV4 uses.

use std::fmt;

pub(super) fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.try_into().ok()?;
    let (pairs, _) = digits.as_chunks::<2>();
    let (mut bytes, mut all) = ([0; 32], 0);
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (value_of(*high), value_of(*low));
        *byte = high << 4 | low;
        all |= high | low;
    }
    (all & NO_DIGIT == 0).then_some(bytes)
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

/// What it is for anything else has a bit that no digit has: all are looked at before any is refused, so that nothing waits for
/// a guess whether the next one is a letter.
fn value_of(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    }
}

const NO_DIGIT: u8 = 0x80;

fn digit_for(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_bytes_only_sixteen_are_digits() {
        for byte in 0..=u8::MAX {
            for place in [0, 1, 62, 63] {
                let mut text = [b'7'; 64];
                text[place] = byte;
                let expected = char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
                let read = decode(&text).map(|bytes| bytes[place / 2]);
                let digits = |value: u32| if place % 2 == 0 { (value << 4 | 7) as u8 } else { (0x70 | value) as u8 };
                assert_eq!(read, expected.map(digits), "{byte:#x} in place {place}");
            }
        }
        assert_eq!((decode(&[b'0'; 63]), decode(&[b'0'; 65])), (None, None));
    }
}
