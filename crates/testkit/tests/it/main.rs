//! Tests of the test kit, and of the workspace as a whole.

// So that clippy knows the helpers in here for test code too.
#![cfg(test)]

mod arrows;
mod postgres;
mod regressions;
mod seeded_bugs;
mod simulation;
mod with_postgres;
