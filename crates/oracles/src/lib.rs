//! What has to be true of the parsers, whatever they are given: each oracle takes any bytes, and panics if it is not.
//!
//! Property tests and the fuzzer ask the same oracles, so that what one of them finds is a seed for both. Nothing of the product
//! uses this crate.

#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "an oracle says no by a panic")]

mod bodies;
mod names;
#[cfg(feature = "sealed")]
mod sealed;
pub mod signed;
mod sigv4;
mod tokens;

pub use sigv4::reprinted;

/// By the name of the fuzzer's target and of the folder with its seeds.
pub type Oracle = (&'static str, fn(&[u8]));

pub const ALL: &[Oracle] = &[
    ("access_key_id", tokens::access_key_id),
    ("audit_event", bodies::audit_event),
    ("authorization", sigv4::authorization),
    ("body", bodies::body),
    ("canonical_text", sigv4::canonical_text),
    #[cfg(feature = "sealed")]
    ("cursor", sealed::cursor),
    ("id", tokens::id),
    ("network", names::network),
    ("presigned", sigv4::presigned),
    ("query", sigv4::query),
    ("request", sigv4::request),
    ("sdk", signed::by_the_sdk),
    #[cfg(feature = "sealed")]
    ("sealed", sealed::secret),
    ("sigv4_text", sigv4::text),
    ("string_to_sign", sigv4::string_to_sign),
    ("text", names::text),
    ("token", tokens::token),
    ("wanted", sigv4::wanted),
];

/// Asks the oracle of this name.
pub fn ask(name: &str, data: &[u8]) {
    let (_, oracle) = ALL.iter().find(|(known, _)| *known == name).expect("an oracle of this name");
    oracle(data);
}

/// Panics if any beginning of the text, shorter than it, is accepted too.
fn no_beginning_of(text: &str, is_accepted: impl Fn(&str) -> bool) {
    for (end, _) in text.char_indices() {
        assert!(!is_accepted(&text[..end]), "{text:?} is accepted, and so are its first {end} bytes");
    }
}
