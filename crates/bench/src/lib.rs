//! Keyreeve's benchmarks. Each is a program in `src/bin`; `just bench` runs those whose figures are in `docs/benchmarks.md`.
//!
//! A figure by itself says more about the machine than about the server, so what is compared runs in turns, within one run.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement goes by the real clock, and stops at the first surprise"
)]

pub mod fanout;
pub mod keyreeve;
pub mod load;
pub mod measured;
pub mod process;
pub mod rounds;
pub mod seed;
pub mod tls;
pub mod verification;
