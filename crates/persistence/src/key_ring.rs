//! The master keys: what seals everything else. They come from the operator and are never in the database.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Entropy, Secret};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// One or more master keys. The first seals; any of them opens what it sealed, found by its id and never by trial.
#[derive(ZeroizeOnDrop)]
pub struct KeyRing {
    keys: Vec<MasterKey>,
}

#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct MasterKey {
    id: String,
    key: [u8; 32],
}

/// SHA-256 of keys that were printed somewhere, so that nobody runs with one of them.
const PRINTED_SOMEWHERE: [&str; 2] = [
    // 00 01 02 ... 1f, as in most examples of how to make a key.
    "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd",
    // "0123456789abcdef" twice.
    "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9",
];

impl KeyRing {
    /// Reads the text of a master key file: one base 64 key of 32 bytes a line, the sealing one first. Empty lines
    /// and lines that start with `#` are for people.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let keys = text
            .expose()
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(MasterKey::parse)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err("The master key file holds no key.".to_owned());
        }
        Ok(Self { keys })
    }

    /// The text of a new master key file.
    pub fn draw(entropy: &mut Entropy) -> Secret {
        let mut key = entropy.bytes::<32>();
        let line = STANDARD.encode(key);
        key.zeroize();
        Secret::new(format!(
            "# Keyreeve master key. Whoever has this and the database has every secret. Keep a copy apart from backups.\n{line}\n"
        ))
    }

    pub(crate) fn sealing(&self) -> Option<&MasterKey> {
        self.keys.first()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl MasterKey {
    fn parse(line: &str) -> Result<Self, String> {
        let mut bytes =
            STANDARD.decode(line).map_err(|_| "A line of the master key file is not base 64.".to_owned())?;
        let key: Result<[u8; 32], _> = bytes.as_slice().try_into();
        let key = key.map_err(|_| format!("A master key has 32 bytes; one in the file has {}.", bytes.len()));
        bytes.zeroize();
        let key = key?;
        let distinct = key.iter().collect::<std::collections::BTreeSet<_>>().len();
        if distinct < 20 {
            return Err("A master key in the file is not random: it repeats too few bytes.".to_owned());
        }
        if PRINTED_SOMEWHERE.contains(&hex(&Sha256::digest(key)).as_str()) {
            return Err("A master key in the file is printed in public examples: it protects nothing.".to_owned());
        }
        let fingerprint = Sha256::new().chain_update(b"keyreeve master key id").chain_update(key).finalize();
        let id = hex(&fingerprint).chars().take(16).collect();
        Ok(Self { id, key })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KeyRing, String> {
        KeyRing::parse(&Secret::new(text.to_owned()))
    }

    #[test]
    fn a_drawn_key_is_read_back() {
        let text = KeyRing::draw(&mut Entropy::from_seed([1; 32]));
        assert_eq!(KeyRing::parse(&text).unwrap().keys.len(), 1);
    }

    #[test]
    fn the_first_line_seals_and_all_open() {
        let mut entropy = Entropy::from_seed([1; 32]);
        let (new, old) = (KeyRing::draw(&mut entropy), KeyRing::draw(&mut entropy));
        let ring = parse(&format!("{}\n{}", new.expose(), old.expose())).unwrap();
        let old_id = KeyRing::parse(&old).unwrap().sealing().unwrap().id().to_owned();
        assert_ne!(ring.sealing().unwrap().id(), old_id);
        assert!(ring.by_id(&old_id).is_some());
    }

    #[test]
    fn weak_keys_are_refused() {
        let counting: Vec<u8> = (0..32).collect();
        for (what, text) in [
            ("nothing", String::new()),
            ("only remarks", "# nothing\n".to_owned()),
            ("not base 64", "!".to_owned()),
            ("31 bytes", STANDARD.encode(&counting[1..])),
            ("33 bytes", STANDARD.encode([&counting[..], &[32]].concat())),
            ("all alike", STANDARD.encode([7; 32])),
            ("19 distinct bytes", STANDARD.encode((0..32).map(|n| n % 19).collect::<Vec<u8>>())),
            ("counting", STANDARD.encode(&counting)),
            ("typed digits", STANDARD.encode(b"0123456789abcdef0123456789abcdef")),
        ] {
            assert!(parse(&text).is_err(), "{what}");
        }
    }
}
