//! The client against a real server, with a proxy between them that counts, holds and cuts.

mod asking;
mod leases;
mod memory;
mod proxy;
mod revokes;
mod shop;
