//! Random lives of tenants, people, sessions, tokens and keys, step by step beside a naive model of who counts: after each
//! step every credential and every pair is tried, by gateways of two regions, and must count exactly if the model says so. Time
//! passes, machines' clocks are set back, and processes end.
//!
//! `keys_model` knows more of keys; this knows what they hang on.

mod comparison;
mod naive_world;
mod operations;
mod steps;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use testkit::Server;

const SEQUENCES: u64 = 4;

/// `KEYREEVE_SEQUENCES=200` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn sequences() -> u64 {
    std::env::var("KEYREEVE_SEQUENCES").map_or(SEQUENCES, |text| text.parse().unwrap())
}

fn run(database: &str, server: impl Fn() -> Server) {
    let (mut steps, mut tried) = (0, 0);
    for seed in 0..sequences() {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 12, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let tally = std::cell::RefCell::new((0, 0));
        let lives = runner.run(&steps::steps(), |steps| {
            let mut pair = operations::Pair::begin(server());
            steps.iter().for_each(|step| pair.take(step));
            pair.check_audit();
            tally.replace((steps.len(), pair.tried.get()));
            Ok(())
        });
        lives.unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
        let (done, compared) = tally.into_inner();
        steps += done;
        tried += compared;
    }
    println!(
        "model: {database}: {} sequences of standings, {steps} steps, {tried} credentials and pairs tried, 0 differences",
        sequences()
    );
}

#[test]
fn whoever_the_model_says_counts_on_sqlite() {
    run("sqlite", Server::on_sqlite);
}

#[test]
fn whoever_the_model_says_counts_on_postgres() {
    run("postgres", Server::on_postgres);
}
