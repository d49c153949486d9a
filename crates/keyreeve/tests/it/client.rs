//! The command line client: the binary at the API of a real server, which is the same binary.

mod audit;
mod bulk;
mod desk;
mod exit_codes;
mod journey;
mod keys;
mod line;
mod nouns;
mod page;
mod sessions;
mod terminal;
