//! The API as its clients see it: a real server on a real database, each test on SQLite and on PostgreSQL.
#![cfg(test)]

mod conditional;
mod conventions;
mod idempotency;
mod lists;
mod regions;
mod sessions;
mod tokens;
