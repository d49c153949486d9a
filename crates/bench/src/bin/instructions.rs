//! What one verification costs, in instructions: `scripts/check-instructions` runs it under callgrind, which counts what is done
//! within [`Verification::verify_one`] and nowhere else.
//!
//! That is `crates/verify`, which servers and gateways link alike. Clock, memory of keys and HTTP are not in it: callgrind cannot
//! run what asks the kernel's vDSO for the time.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement prints, and stops at the first surprise")]

use keyreeve_bench::verification::{Verification, signer};

fn main() {
    let times = std::env::args().nth(1).map_or(100, |times| times.parse().expect("how many verifications"));
    let verification = Verification::of(&signer());
    let allowed = (0..times).filter(|_| verification.verify_one()).count();
    assert_eq!(allowed, times, "each is allowed");
    println!("{times} verifications");
}
