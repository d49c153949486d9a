//! Random lives of a tenant's keys, step by step beside a naive model of them: 10,000 steps on each database, and after
//! each of them everything that anybody can see is compared.

mod comparison;
mod naive_world;
mod operations;
mod steps;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use testkit::Server;

const CASES: u32 = 5;
const SEEDS: u32 = 8;

/// `KEYREEVE_SEQUENCES=200` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn cases() -> u32 {
    std::env::var("KEYREEVE_SEQUENCES").map_or(CASES, |text| text.parse::<u32>().unwrap().div_ceil(SEEDS))
}

fn run(seed: u8, server: impl Fn() -> Server) {
    println!("seed {seed}");
    let config = Config { cases: cases(), failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let lives = runner.run(&steps::steps(), |steps| {
        let server = server();
        let mut pair = operations::Pair::begin(&server);
        for step in &steps {
            pair.take(step);
        }
        Ok(())
    });
    lives.unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
    println!("model: {} lives of keys of {} steps, 0 differences", cases(), steps::STEPS);
}

/// Several, so that they run beside each other: eight times five lives of 250 steps.
macro_rules! lives {
    ($($name:ident = $seed:literal;)*) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                super::run($seed, testkit::Server::on_sqlite);
            }

            #[test]
            fn on_postgres() {
                super::run($seed, testkit::Server::on_postgres);
            }
        }
    )*};
}

lives! {
    keys_live_as_the_model_says_1 = 1;
    keys_live_as_the_model_says_2 = 2;
    keys_live_as_the_model_says_3 = 3;
    keys_live_as_the_model_says_4 = 4;
    keys_live_as_the_model_says_5 = 5;
    keys_live_as_the_model_says_6 = 6;
    keys_live_as_the_model_says_7 = 7;
    keys_live_as_the_model_says_8 = 8;
}
