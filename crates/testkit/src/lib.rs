//! What tests of the whole stand on: real servers and real databases, fresh for each test.
//!
//! For development only: no crate of the product may depend on this one, except for its own tests.

pub mod postgres;
