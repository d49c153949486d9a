//! The verifier against published vectors, against two signers it shares no code with, and against forgers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and says which seed it ran on"
)]

mod botocore;
mod canonical_text;
mod decision;
mod forgeries;
mod parsers;
mod rules;
mod sdk;
mod support;
mod vectors;
