//! The two databases held against each other, and what a transaction promises.
#![cfg(test)]

mod parity;
mod transactions;
