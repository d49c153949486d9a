//! The API as its clients see it: a real server on a real database, each test on SQLite and on PostgreSQL.
#![cfg(test)]

mod key_models_own;
mod keys;
mod keys_concurrency;
mod keys_model;
mod keys_scale;
mod keys_secrets;
mod naive_world;
mod place;
mod products_common;
mod products_instance;
mod products_multi;
mod products_pair;
mod regions;
