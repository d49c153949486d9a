//! Keyreeve's benchmarks: each is a program in `src/bin`.
