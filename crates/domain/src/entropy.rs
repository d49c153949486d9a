//! Randomness as an argument: a ChaCha stream, seeded from the system in production and by a test in tests.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zeroize::Zeroize;

pub struct Entropy(ChaCha20Rng);

impl Entropy {
    /// The seed is wiped once the stream has taken it.
    pub fn from_seed(mut seed: [u8; 32]) -> Self {
        let stream = ChaCha20Rng::from_seed(seed);
        seed.zeroize();
        Self(stream)
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` letters drawn evenly from `alphabet`. Draws that would favour the first letters are thrown away,
    /// so no letter is more likely than another whatever the alphabet's size.
    pub fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        let size = alphabet.len().clamp(1, 256);
        let fair = 256 - 256 % size;
        let mut drawn = String::with_capacity(length);
        while drawn.len() < length {
            let [byte] = self.bytes::<1>();
            if usize::from(byte) < fair
                && let Some(letter) = alphabet.get(usize::from(byte) % size)
            {
                drawn.push(char::from(*letter));
            }
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        let mut one = Entropy::from_seed([7; 32]);
        let mut two = Entropy::from_seed([7; 32]);
        assert_eq!(one.bytes::<16>(), two.bytes::<16>());
        assert_eq!(one.letters(b"abc", 40), two.letters(b"abc", 40));
    }

    #[test]
    fn no_letter_is_favoured() {
        let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let drawn = Entropy::from_seed([1; 32]).letters(alphabet, 62_000);
        for letter in alphabet {
            let count = drawn.bytes().filter(|b| b == letter).count();
            // A thousand expected; with modulo bias the first eight letters would come 1,250 times.
            assert!((850..1150).contains(&count), "{} came {count} times", char::from(*letter));
        }
    }
}
