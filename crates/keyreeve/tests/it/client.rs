//! The command line client: the binary at the API of a real server, which is the same binary.

mod desk;
mod exit_codes;
mod journey;
mod keys;
mod sessions;
