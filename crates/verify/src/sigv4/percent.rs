//! Percent-encoding as SigV4 defines it: every byte but `A-Z a-z 0-9 - . _ ~` becomes `%XX`, in capitals.

use std::borrow::Cow;

use super::Refusal;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    /// Keeps `/` as it stands, and apart from `%2F`.
    Path,
    /// A name or value; a `+` is a form-encoded space.
    Query,
}

/// Encodes once: a byte that arrives encoded is the same as that byte arriving plain, so a proxy that rewrites `~` to
/// `%7E` changes nothing.
pub(super) fn canonical(raw: &[u8], component: Component) -> Result<Cow<'_, str>, Refusal> {
    let stays = |byte: &u8| is_unreserved(*byte) || (*byte == b'/' && component == Component::Path);
    if let (true, Ok(unchanged)) = (raw.iter().all(stays), str::from_utf8(raw)) {
        return Ok(Cow::Borrowed(unchanged));
    }
    let mut encoded = String::with_capacity(raw.len() * 2);
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, component) {
            (b'/', Component::Path) => encoded.push('/'),
            (b'+', Component::Query) => push_encoded(b' ', &mut encoded),
            (b'%', _) => {
                let ([high, low], after) = rest.split_first_chunk().ok_or(Refusal::MalformedRequest)?;
                rest = after;
                push_encoded(byte_of(*high, *low).ok_or(Refusal::MalformedRequest)?, &mut encoded);
            }
            _ => push_encoded(byte, &mut encoded),
        }
    }
    Ok(Cow::Owned(encoded))
}

/// Undoes [`canonical`]. What is not UTF-8 becomes U+FFFD, which no value that is read here may hold.
pub(super) fn decode(canonical: &str) -> Cow<'_, str> {
    if !canonical.contains('%') {
        return Cow::Borrowed(canonical);
    }
    let mut bytes = Vec::with_capacity(canonical.len());
    let mut rest = canonical.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match rest.split_first_chunk() {
            Some(([high, low], after)) if byte == b'%' => {
                rest = after;
                bytes.extend(byte_of(*high, *low));
            }
            _ => bytes.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn push_encoded(byte: u8, encoded: &mut String) {
    if is_unreserved(byte) {
        encoded.push(char::from(byte));
    } else {
        encoded.push('%');
        encoded.push(capital_digit_for(byte >> 4));
        encoded.push(capital_digit_for(byte & 0x0f));
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn byte_of(high: u8, low: u8) -> Option<u8> {
    let value_of = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value_of(high)? << 4 | value_of(low)?).ok()
}

fn capital_digit_for(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'A' + (nibble - 10) })
}
