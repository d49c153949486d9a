//! What tests of the whole stand on: real servers and real databases, fresh for each test.
//!
//! For development only: no crate of the product may depend on this one, except for its own tests.

pub mod client;
pub mod grep;
pub mod history;
pub mod postgres;
pub mod queries;
pub mod server;
pub mod signing;
pub mod tables;
pub mod world;

pub use client::{Answer, Client};
pub use server::Server;
pub use signing::{Signer, Whole};

/// Makes each function a test on SQLite and a test on PostgreSQL.
///
/// ```ignore
/// on_both_databases! {
///     fn a_region_is_read_back(server: &Server) { ... }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* fn $name:ident($server:ident: &Server) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            use super::*;

            fn test($server: &$crate::Server) $body

            #[test]
            fn on_sqlite() {
                test(&$crate::Server::on_sqlite());
            }

            #[test]
            fn on_postgres() {
                test(&$crate::Server::on_postgres());
            }
        }
    )*};
}
