//! The API as its clients see it: a real server on a real database, each test on SQLite and on PostgreSQL.
#![cfg(test)]

mod audit;
mod conditional;
mod console;
mod conventions;
mod failures;
mod idempotency;
mod isolation;
mod key_models;
mod key_models_own;
mod keys;
mod keys_claims;
mod keys_concurrency;
mod keys_explain;
mod keys_import;
mod keys_model;
mod keys_scale;
mod keys_secrets;
mod keys_usage;
mod lists;
mod naive_world;
mod openapi;
mod partners;
mod place;
mod products_common;
mod products_instance;
mod products_multi;
mod products_pair;
mod regions;
mod sessions;
mod tenant_regions;
mod tenants;
mod tokens;
mod users;
