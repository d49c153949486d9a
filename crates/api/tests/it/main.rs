//! The API as its clients see it: a real server on a real database, each test on SQLite and on PostgreSQL.
#![cfg(test)]

mod key_models_own;
mod keys;
mod keys_concurrency;
mod place;
mod products_common;
mod products_instance;
mod products_multi;
mod products_pair;
mod regions;
