//! The client against a real server, with a proxy between them that counts, holds and cuts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and print what it has measured"
)]

mod asking;
mod leases;
mod memory;
mod proxy;
mod revokes;
mod shop;
