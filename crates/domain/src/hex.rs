//! Bytes as people and logs write them: two lower-case digits each.

pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.extend([digit_for(byte >> 4), digit_for(byte & 0x0f)]);
    }
    text
}

fn digit_for(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) })
}

/// None unless it is exactly so many bytes. Upper-case digits are understood.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_nothing_else_is_taken_for_some() {
        assert_eq!(encode(&[0, 10, 255]), "000aff");
        assert_eq!(decode(&encode(&[0, 10, 255])), Some([0, 10, 255]));
        for wrong in ["", "000af", "000aff0", "000afg", "+0 aff", "00éff"] {
            assert_eq!(decode::<3>(wrong), None, "{wrong}");
        }
    }
}
