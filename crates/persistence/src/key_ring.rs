//! The master keys: what seals everything else. They come from the operator and are never in the database.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Entropy, Secret, hex};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// One or more master keys. Each opens what it sealed, found by its id and never by trial. Which of them seals is written
/// in the database, so that all who share it agree.
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
    /// Reads the text of a master key file: one base 64 key of 32 bytes a line, the newest first. Empty lines and lines
    /// that start with `#` are for people.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let lines = text.expose().lines().map(str::trim);
        let keys = lines.filter(|line| holds_key(line)).map(MasterKey::parse).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err("The master key file holds no key.".to_owned());
        }
        Ok(Self { keys })
    }

    /// The text of a new master key file.
    pub fn draw(entropy: &mut Entropy) -> Secret {
        let key = MasterKey::of(Zeroizing::new(entropy.bytes::<32>()));
        let line = Zeroizing::new(STANDARD.encode(key.key));
        let id = &key.id;
        Secret::new(format!(
            "# Keyreeve master key {id}. Whoever has this and the database has every secret. \
             Keep a copy apart from backups.\n{}\n",
            line.as_str()
        ))
    }

    /// The text of a master key file with another key in front.
    pub fn draw_before(text: &Secret, entropy: &mut Entropy) -> Secret {
        Secret::new(format!("{}{}", Self::draw(entropy).expose(), text.expose()))
    }

    /// The same text without one key and the remarks that name it.
    pub fn without(text: &Secret, id: &str) -> Result<Secret, String> {
        let mut kept = String::with_capacity(text.expose().len());
        for line in text.expose().lines() {
            let goes = if holds_key(line.trim()) {
                MasterKey::parse(line.trim())?.id == id
            } else {
                line.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == id)
            };
            if !goes {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        Ok(Secret::new(kept))
    }

    /// The newest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(MasterKey::id)
    }

    pub fn newest(&self) -> &str {
        self.ids().next().unwrap_or_default()
    }

    pub fn has(&self, id: &str) -> bool {
        self.by_id(id).is_some()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

fn holds_key(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
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
        if PRINTED_SOMEWHERE.contains(&hex::encode(&Sha256::digest(key)).as_str()) {
            return Err("A master key in the file is printed in public examples: it protects nothing.".to_owned());
        }
        Ok(Self::of(Zeroizing::new(key)))
    }

    fn of(key: Zeroizing<[u8; 32]>) -> Self {
        let fingerprint = Sha256::new().chain_update(b"keyreeve master key id").chain_update(*key).finalize();
        let id = hex::encode(&fingerprint).chars().take(16).collect();
        Self { id, key: *key }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
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
    fn a_key_comes_in_front_and_goes_with_its_remark() {
        let mut entropy = Entropy::from_seed([1; 32]);
        let old = KeyRing::draw(&mut entropy);
        let both = KeyRing::draw_before(&old, &mut entropy);
        let ring = KeyRing::parse(&both).unwrap();
        let old_id = KeyRing::parse(&old).unwrap().newest().to_owned();
        let new_id = ring.newest().to_owned();
        assert!(new_id != old_id && ring.ids().eq([new_id.as_str(), old_id.as_str()]) && ring.has(&old_id));

        let remarked = Secret::new(format!("# The safe has a copy.\n\n{}", both.expose()));
        let left = KeyRing::without(&remarked, &new_id).unwrap();
        assert_eq!(left.expose(), format!("# The safe has a copy.\n\n{}", old.expose()));
        let left = KeyRing::without(&both, &old_id).unwrap();
        assert!(!left.expose().contains(&old_id) && KeyRing::parse(&left).unwrap().newest() == new_id);
        assert_eq!(KeyRing::without(&both, "0123456789abcdef").unwrap().expose(), both.expose());
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
