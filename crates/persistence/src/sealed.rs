//! Secrets at rest: XChaCha20-Poly1305, each bound to its place.
//!
//! A master key seals service keys and every tenant's data key; a data key seals that tenant's secrets. What is
//! sealed names the key that sealed it, and opens only where it was put: the place is authenticated with it, so a
//! ciphertext moved to another row, tenant or purpose does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::Entropy;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};
use crate::key_ring::{KeyRing, MasterKey};

/// A ciphertext and the id of the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(crate) by: String,
    pub(crate) bytes: Vec<u8>,
}

/// Where a sealed value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    Canary { master_key: &'a str },
    ServiceKey { name: &'a str },
    TenantKey { tenant: &'a str, version: i64 },
    OneTimeSecret { caller: &'a str, object: &'a str },
    S3Secret { tenant: &'a str, key: &'a str, access_key_id: &'a str, version: i64 },
    Claim { tenant: &'a str, claim: &'a str, access_key_id: &'a str },
}

impl Place<'_> {
    /// Every part with its length in front: no two places have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let number;
        let parts: [&str; 5] = match self {
            Self::Canary { master_key } => ["canary", master_key, "", "", ""],
            Self::ServiceKey { name } => ["service key", name, "", "", ""],
            Self::TenantKey { tenant, version } => {
                number = version.to_string();
                ["tenant key", tenant, &number, "", ""]
            }
            Self::OneTimeSecret { caller, object } => ["one-time secret", caller, object, "", ""],
            Self::S3Secret { tenant, key, access_key_id, version } => {
                number = version.to_string();
                ["s3 secret", tenant, key, access_key_id, &number]
            }
            Self::Claim { tenant, claim, access_key_id } => ["claim", tenant, claim, access_key_id, ""],
        };
        let mut bytes = b"keyreeve sealed v1".to_vec();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

const NONCE: usize = 24;

impl KeyRing {
    /// By one of the master keys: [`crate::master_keys::seal`] knows which.
    pub(crate) fn seal(&self, by: &str, place: Place<'_>, plain: &[u8], entropy: &mut Entropy) -> Result<Sealed> {
        let bytes = seal(self.key(by)?.bytes(), place, plain, entropy)?;
        Ok(Sealed { by: by.to_owned(), bytes })
    }

    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>> {
        open(self.key(&sealed.by)?.bytes(), place, &sealed.bytes)
    }

    /// The same value in the same place, by another master key. Its nonce comes from the seed and the place: a transaction
    /// that is tried again may find other rows, and must not use the nonce of one for another.
    pub(crate) fn reseal(&self, to: &str, place: Place<'_>, sealed: &Sealed, seed: &[u8; 32]) -> Result<Sealed> {
        let plain = self.open(place, sealed)?;
        let of_place = Sha256::new().chain_update(seed).chain_update(place.bytes()).finalize();
        self.seal(to, place, &plain, &mut Entropy::from_seed(of_place.into()))
    }

    fn key(&self, id: &str) -> Result<&MasterKey> {
        self.by_id(id).ok_or_else(|| Error::MasterKeyMissing(id.to_owned()))
    }
}

/// The key that seals one tenant's secrets, opened.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DataKey {
    version: i64,
    key: [u8; 32],
}

/// A ciphertext and the version of the tenant's data key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    pub(crate) by: i64,
    pub(crate) bytes: Vec<u8>,
}

impl SealedSecret {
    /// As it stands in a row.
    pub fn new(by: i64, bytes: Vec<u8>) -> Self {
        Self { by, bytes }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The version of the data key that opens it.
    pub fn by(&self) -> i64 {
        self.by
    }
}

impl DataKey {
    pub fn new(version: i64, key: [u8; 32]) -> Self {
        Self { version, key }
    }

    pub fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &mut Entropy) -> Result<SealedSecret> {
        Ok(SealedSecret::new(self.version, seal(&self.key, place, plain, entropy)?))
    }

    pub fn open(&self, place: Place<'_>, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>> {
        if sealed.by != self.version {
            return Err(Error::Unsealable("it was sealed by another data key"));
        }
        open(&self.key, place, &sealed.bytes)
    }
}

fn seal(key: &[u8; 32], place: Place<'_>, plain: &[u8], entropy: &mut Entropy) -> Result<Vec<u8>> {
    let nonce = XNonce::from(entropy.bytes::<NONCE>());
    let payload = Payload { msg: plain, aad: &place.bytes() };
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce, payload)
        .map_err(|_| Error::Unsealable("it is too long to seal"))?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

fn open(key: &[u8; 32], place: Place<'_>, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let damaged = || Error::Unsealable("it was damaged or moved");
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let payload = Payload { msg: ciphertext, aad: &place.bytes() };
    let mut plain =
        XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), payload).map_err(|_| damaged())?;
    let kept = Zeroizing::new(plain.clone());
    plain.zeroize();
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::key_ring::KeyRing;

    fn ring(seed: u8) -> KeyRing {
        KeyRing::parse(&KeyRing::draw(&mut Entropy::from_seed([seed; 32]))).unwrap()
    }

    fn seal(ring: &KeyRing, place: Place<'_>) -> Sealed {
        ring.seal(ring.newest(), place, b"plain", &mut Entropy::from_seed([2; 32])).unwrap()
    }

    /// Of every kind, with the same names and with others, and with names that run into each other.
    fn places() -> Vec<Place<'static>> {
        let names = ["ten_a", "ten_b", "ten_a1", "1", ""];
        let mut places = Vec::new();
        for one in names {
            places.extend([Place::Canary { master_key: one }, Place::ServiceKey { name: one }]);
            places.extend([1, 2, 12].map(|version| Place::TenantKey { tenant: one, version }));
            for two in names {
                places.push(Place::OneTimeSecret { caller: one, object: two });
                places.push(Place::Claim { tenant: "ten_a", claim: one, access_key_id: two });
                places.push(Place::Claim { tenant: one, claim: two, access_key_id: "KR1" });
                for version in [1, 2] {
                    places.push(Place::S3Secret { tenant: one, key: two, access_key_id: "KR2", version });
                    places.push(Place::S3Secret { tenant: "ten_a", key: one, access_key_id: two, version });
                }
            }
        }
        let mut distinct: Vec<Place<'static>> = Vec::new();
        for place in places {
            if !distinct.contains(&place) {
                distinct.push(place);
            }
        }
        distinct
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let (ring, places) = (ring(1), places());
        let data_key = DataKey { version: 1, key: [9; 32] };
        let sealed: Vec<_> = places
            .iter()
            .map(|place| {
                let secret = data_key.seal(*place, b"plain", &mut Entropy::from_seed([2; 32])).unwrap();
                (seal(&ring, *place), secret)
            })
            .collect();
        assert!(places.len() > 150);
        for (from, (by_master, by_data)) in sealed.iter().enumerate() {
            for (to, place) in places.iter().enumerate() {
                let opened = (ring.open(*place, by_master), data_key.open(*place, by_data));
                if from == to {
                    assert_eq!(
                        (opened.0.unwrap().as_slice(), opened.1.unwrap().as_slice()),
                        (&b"plain"[..], &b"plain"[..])
                    );
                } else {
                    assert!(opened.0.is_err() && opened.1.is_err(), "{:?} opened in {place:?}", places[from]);
                }
            }
        }
    }

    #[test]
    fn what_is_sealed_again_opens_in_its_place_by_the_new_key_only() {
        let mut entropy = Entropy::from_seed([1; 32]);
        let old = KeyRing::draw(&mut entropy);
        let both = KeyRing::parse(&KeyRing::draw_before(&old, &mut entropy)).unwrap();
        let old = KeyRing::parse(&old).unwrap();
        let (here, there) = (Place::ServiceKey { name: "cursor" }, Place::ServiceKey { name: "session" });
        let first = seal(&old, here);
        let again = both.reseal(both.newest(), here, &first, &[3; 32]).unwrap();
        assert_eq!(both.open(here, &again).unwrap().as_slice(), b"plain");
        assert!(both.open(there, &again).is_err());
        assert!(matches!(old.open(here, &again), Err(Error::MasterKeyMissing(id)) if id == both.newest()));
        assert_eq!(both.reseal(both.newest(), here, &first, &[3; 32]).unwrap(), again, "tried again it is the same");
        let elsewhere = both.reseal(both.newest(), there, &seal(&old, there), &[3; 32]).unwrap();
        assert_ne!(elsewhere.bytes[..NONCE], again.bytes[..NONCE], "and another place has another nonce");
        assert!(both.reseal(both.newest(), there, &first, &[3; 32]).is_err(), "what was moved is not sealed again");
    }

    #[test]
    fn every_bit_counts() {
        let ring = ring(1);
        let place = Place::ServiceKey { name: "cursor" };
        let sealed = seal(&ring, place);
        for bit in 0..sealed.bytes.len() * 8 {
            let mut flipped = sealed.clone();
            flipped.bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open(place, &flipped).is_err(), "bit {bit}");
        }
        for length in 0..sealed.bytes.len() {
            let cut = Sealed { bytes: sealed.bytes[..length].to_vec(), ..sealed.clone() };
            assert!(ring.open(place, &cut).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn another_ring_opens_nothing() {
        let place = Place::ServiceKey { name: "cursor" };
        let sealed = seal(&ring(1), place);
        assert!(matches!(ring(3).open(place, &sealed), Err(Error::MasterKeyMissing(id)) if id == sealed.by));
        let renamed = Sealed { by: ring(3).newest().to_owned(), ..sealed };
        assert!(matches!(ring(3).open(place, &renamed), Err(Error::Unsealable(_))));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_and_nothing_else_does(
            plain in vec(any::<u8>(), 0..80), one in "\\PC{0,6}", two in "\\PC{0,6}", place in any::<Index>(), byte in any::<u8>(),
            other in vec(any::<u8>(), 0..120),
        ) {
            let key = DataKey { version: 1, key: [9; 32] };
            let here = Place::Claim { tenant: &one, claim: &two, access_key_id: "" };
            let sealed = key.seal(here, &plain, &mut Entropy::from_seed([2; 32])).unwrap();
            let opened = key.open(here, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            // The same letters, with the boundary elsewhere.
            let joined = format!("{one}{two}");
            let there = Place::Claim { tenant: &joined, claim: "", access_key_id: "" };
            prop_assert!(there == here || key.open(there, &sealed).is_err());
            let mut changed = sealed.clone();
            let place = place.index(changed.bytes.len());
            changed.bytes[place] = byte;
            prop_assert!(changed == sealed || key.open(here, &changed).is_err());
            let longer = SealedSecret { bytes: [&sealed.bytes[..place], &[byte], &sealed.bytes[place..]].concat(), ..sealed };
            prop_assert!(key.open(here, &longer).is_err());
            let other = SealedSecret { by: 1, bytes: other };
            prop_assert!(key.open(here, &other).is_err());
        }
    }
}
