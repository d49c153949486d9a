//! A request one may change, a signer to start from, and the way through the verifier: the fuzzer's, too.

pub(crate) use oracles::signed::{ACCESS_KEY_ID, OURS, OwnedRequest, Place, REGION, SECRET, at, encoded};
