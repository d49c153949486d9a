//! Secrets at rest: XChaCha20-Poly1305, each bound to its place.
//!
//! A master key seals service keys and every tenant's data key; a data key seals that tenant's secrets. What is
//! sealed names the key that sealed it, and opens only where it was put: the place is authenticated with it, so a
//! ciphertext moved to another row, tenant or purpose does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::Entropy;
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
    pub fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &mut Entropy) -> Result<Sealed> {
        let key = self.sealing().ok_or(Error::Unsealable("there is no master key"))?;
        Ok(Sealed { by: key.id().to_owned(), bytes: seal(key.bytes(), place, plain, entropy)? })
    }

    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>> {
        let key = self.by_id(&sealed.by).map(MasterKey::bytes);
        open(key.ok_or(Error::Unsealable("it was sealed by another master key"))?, place, &sealed.bytes)
    }
}

/// The key that seals one tenant's secrets, opened.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DataKey {
    pub(crate) version: i64,
    pub(crate) key: [u8; 32],
}

/// A ciphertext and the version of the tenant's data key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    pub(crate) by: i64,
    pub(crate) bytes: Vec<u8>,
}

impl SealedSecret {
    /// The version of the data key that opens it.
    pub fn by(&self) -> i64 {
        self.by
    }
}

impl DataKey {
    pub fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &mut Entropy) -> Result<SealedSecret> {
        Ok(SealedSecret { by: self.version, bytes: seal(&self.key, place, plain, entropy)? })
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
    use super::*;
    use crate::key_ring::KeyRing;

    fn ring(seed: u8) -> KeyRing {
        KeyRing::parse(&KeyRing::draw(&mut Entropy::from_seed([seed; 32]))).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let ring = ring(1);
        let place = Place::TenantKey { tenant: "ten_a", version: 1 };
        let sealed = ring.seal(place, b"plain", &mut Entropy::from_seed([2; 32])).unwrap();
        assert_eq!(ring.open(place, &sealed).unwrap().as_slice(), b"plain");
        for elsewhere in [
            Place::TenantKey { tenant: "ten_b", version: 1 },
            Place::TenantKey { tenant: "ten_a", version: 2 },
            Place::TenantKey { tenant: "ten_a1", version: 0 },
            Place::ServiceKey { name: "ten_a" },
            Place::OneTimeSecret { caller: "ten_a", object: "1" },
        ] {
            assert!(ring.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn every_bit_counts() {
        let ring = ring(1);
        let place = Place::ServiceKey { name: "cursor" };
        let sealed = ring.seal(place, b"plain", &mut Entropy::from_seed([2; 32])).unwrap();
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
        let sealed = ring(1).seal(place, b"plain", &mut Entropy::from_seed([2; 32])).unwrap();
        assert!(matches!(ring(3).open(place, &sealed), Err(Error::Unsealable("it was sealed by another master key"))));
    }
}
