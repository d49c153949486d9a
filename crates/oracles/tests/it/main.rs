//! The oracles, asked without the fuzzer: about its seeds as they are, about seeds that were changed, and about anything.

#![cfg(test)]

mod seeds;
