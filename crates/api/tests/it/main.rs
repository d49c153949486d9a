//! The API as its clients see it: a real server on a real database, each test on SQLite and on PostgreSQL.
#![cfg(test)]

mod keys;
mod keys_claims;
mod keys_explain;
mod keys_import;
mod keys_usage;
mod regions;
