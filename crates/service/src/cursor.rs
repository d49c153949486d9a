//! Cursors: where a page of a list ended. Opaque and authenticated, so that nobody steers a query with one, and bound
//! to the list, its filters and the caller, so that one taken elsewhere is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use persistence::Page;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{Error, Result};
use crate::service::Service;

/// Which list is asked for, and which part of it.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The list, the caller and every filter: whatever a cursor must not be carried across.
    pub binding: String,
    pub cursor: Option<String>,
    pub limit: i64,
}

/// A page, and the cursor of the next one if there is one.
#[derive(Debug)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Cursors {
    key: [u8; 32],
}

const MAC: usize = 16;

impl Cursors {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    pub fn seal(&self, binding: &str, position: &str) -> String {
        let mut bytes = self.mac(binding, position).to_vec();
        bytes.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn open(&self, binding: &str, cursor: &str) -> Result<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::BadCursor)?;
        let (mac, position) = bytes.split_first_chunk::<MAC>().ok_or(Error::BadCursor)?;
        let position = std::str::from_utf8(position).map_err(|_| Error::BadCursor)?;
        if bool::from(mac.ct_eq(&self.mac(binding, position))) {
            Ok(position.to_owned())
        } else {
            Err(Error::BadCursor)
        }
    }

    fn mac(&self, binding: &str, position: &str) -> [u8; MAC] {
        let mut short = [0; MAC];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(&(binding.len() as u64).to_be_bytes());
            mac.update(binding.as_bytes());
            mac.update(position.as_bytes());
            for (short, long) in short.iter_mut().zip(mac.finalize().into_bytes()) {
                *short = long;
            }
        }
        short
    }
}

impl Listing {
    pub const DEFAULT_LIMIT: i64 = 50;
    pub const MOST: i64 = 500;
}

impl Service {
    /// One page of a list. `fetch` gives what follows in the list's order; `position` is what it is ordered by.
    pub(crate) fn page<T>(
        &self,
        listing: &Listing,
        fetch: impl Fn(&Page) -> Result<Vec<T>>,
        position: impl Fn(&T) -> String,
    ) -> Result<Paged<T>> {
        self.page_looked_for(listing, |page| Ok((fetch(page)?, None)), position)
    }

    /// The same where `fetch` may stop before it has found enough, and says where: then the page is shorter than asked
    /// for, and the next one goes on from there.
    pub(crate) fn page_looked_for<T>(
        &self,
        listing: &Listing,
        fetch: impl Fn(&Page) -> Result<(Vec<T>, Option<String>)>,
        position: impl Fn(&T) -> String,
    ) -> Result<Paged<T>> {
        let after = listing.cursor.as_deref().map(|cursor| self.cursors.open(&listing.binding, cursor)).transpose()?;
        // One more than asked for tells whether there is another page.
        let (mut items, looked_to) = fetch(&Page { after, limit: listing.limit + 1 })?;
        let shown = usize::try_from(listing.limit).unwrap_or(0);
        let is_last = items.len() <= shown;
        items.truncate(shown);
        let last = items.last().filter(|_| !is_last).map(position).or(looked_to);
        let next_cursor = last.map(|position| self.cursors.seal(&listing.binding, &position));
        Ok(Paged { items, next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    #[test]
    fn a_cursor_opens_in_its_own_list_only() {
        let cursors = Cursors::new([1; 32]);
        let cursor = cursors.seal("tenants of ptr_a", "ten_5");
        assert_eq!(cursors.open("tenants of ptr_a", &cursor).unwrap(), "ten_5");
        assert!(cursors.open("tenants of ptr_b", &cursor).is_err());
        assert!(Cursors::new([2; 32]).open("tenants of ptr_a", &cursor).is_err());
    }

    #[test]
    fn no_cursor_can_be_made_up() {
        let cursors = Cursors::new([1; 32]);
        let cursor = cursors.seal("list", "ten_5");
        for end in 0..cursor.len() {
            assert!(cursors.open("list", &cursor[..end]).is_err(), "cut to {end}");
        }
        for wrong in ["", "AAAA", "!", &URL_SAFE_NO_PAD.encode(b"0123456789abcdef' OR 1=1")] {
            assert!(cursors.open("list", wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn only_what_was_sealed_is_opened(list in "\\PC{0,20}", other in "\\PC{0,20}", position in "\\PC{0,30}", place in any::<Index>(), letter in "[-_0-9a-zA-Z=+/ é]") {
            let cursors = Cursors::new([1; 32]);
            let cursor = cursors.seal(&list, &position);
            prop_assert_eq!(cursors.open(&list, &cursor).ok(), Some(position.clone()));
            prop_assert!(list == other || cursors.open(&other, &cursor).is_err());
            let place = place.index(cursor.len());
            prop_assert!(cursors.open(&list, &cursor[..place]).is_err(), "the first {} of {}", place, cursor);
            let changed = format!("{}{}{}", &cursor[..place], letter, &cursor[place + 1..]);
            prop_assert!(changed == cursor || cursors.open(&list, &changed).is_err(), "{} for {}", changed, cursor);
            let longer = format!("{}{}{}", &cursor[..place], letter, &cursor[place..]);
            prop_assert!(cursors.open(&list, &longer).is_err(), "{} for {}", longer, cursor);
            prop_assert!(cursors.open(&list, &position).is_err());
            // What belongs to the list and what to the position is not a matter of where one ends.
            let moved = cursors.seal(&format!("{list}{position}"), "");
            prop_assert!(position.is_empty() || cursors.open(&list, &moved).is_err());
        }
    }
}
