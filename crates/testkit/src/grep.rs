//! Looks for secrets in whatever form a careless hand could have written them down.

/// Secrets, each as text, in hex, in both base 64s at every offset, and in UTF-16.
pub struct Needles(Vec<(String, Vec<u8>)>);

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Needles {
    pub fn of(secrets: &[String]) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let mut add = |form: &str, bytes: Vec<u8>| needles.push((format!("{secret} in {form}"), bytes));
            let lower: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            add("plain text", secret.clone().into_bytes());
            add("upper-case hex", lower.to_uppercase().into_bytes());
            add("hex", lower.into_bytes());
            for offset in 0..3 {
                add("base 64", base64(STANDARD, secret, offset));
                add("base 64 of URLs", base64(URL_SAFE, secret, offset));
            }
            add("UTF-16", secret.encode_utf16().flat_map(u16::to_le_bytes).collect());
            add("big-endian UTF-16", secret.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        Self(needles)
    }

    /// Those that can stand in a text.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')))
    }

    pub fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|(_, bytes)| bytes.as_slice())
    }
}

/// What of all that is there.
pub fn find(needles: &Needles, hay: &[u8]) -> Vec<String> {
    // A needle's first eight bytes are looked up at each place, so that many needles cost one look through the hay.
    let mut by_beginning = std::collections::HashMap::<[u8; 8], Vec<&(String, Vec<u8>)>>::new();
    for needle in &needles.0 {
        if let Some(beginning) = needle.1.first_chunk() {
            by_beginning.entry(*beginning).or_default().push(needle);
        }
    }
    let places = hay.windows(8).enumerate().filter_map(|(at, window)| {
        let candidates = by_beginning.get(window)?;
        Some(candidates.iter().filter(move |(_, bytes)| hay.get(at..).is_some_and(|rest| rest.starts_with(bytes))))
    });
    let mut found: Vec<String> = places.flatten().map(|(name, _)| name.clone()).collect();
    found.sort();
    found.dedup();
    found
}

/// Those characters that are the same whatever stands around the secret, if it begins at this offset.
fn base64(alphabet: &[u8; 64], secret: &str, offset: usize) -> Vec<u8> {
    let bits = secret.len() * 8;
    let first = (6 - offset * 8 % 6) % 6;
    let sextets = (0..).map(|index| first + index * 6).take_while(|start| start + 6 <= bits);
    let bit = |at: usize| usize::from(secret.as_bytes().get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1));
    let sextet = |start: usize| (0..6).fold(0, |number, place| number << 1 | bit(start + place));
    sextets.filter_map(|start| alphabet.get(sextet(start)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab";

    fn is_found(hay: &[u8]) -> bool {
        !find(&Needles::of(&[SECRET.to_owned()]), hay).is_empty()
    }

    #[test]
    fn every_form_is_found_in_the_midst_of_others() {
        let needles = Needles::of(&[SECRET.to_owned()]);
        for form in needles.bytes() {
            assert!(is_found(&[b"before ", form, b" after"].concat()), "{form:?}");
        }
        assert!(!is_found(SECRET.to_lowercase().as_bytes()));
        assert!(!is_found(&SECRET.as_bytes()[1..]));
    }

    #[test]
    fn base_64_is_found_at_every_offset() {
        // Of "abc", "xabc" and "xyabc", where the ends depend on the neighbours.
        assert_eq!(base64(STANDARD, "abc", 0), b"YWJj");
        assert_eq!(base64(STANDARD, "abc", 1), b"FiY");
        assert_eq!(base64(STANDARD, "abc", 2), b"hYm");
    }
}
