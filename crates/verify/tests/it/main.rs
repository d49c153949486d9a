//! The verifier against published vectors, against two signers it shares no code with, and against forgers.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod botocore;
mod forgeries;
mod parsers;
mod rules;
mod sdk;
mod support;
mod vectors;
