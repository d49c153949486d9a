//! Keyreeve's benchmarks. Nothing is measured here yet.
