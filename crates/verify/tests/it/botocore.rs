//! Ten thousand requests signed by botocore, the signer inside boto3 and the AWS command line.

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};
use keyreeve_verify::sigv4::{Audience, S3};
use serde::Deserialize;

use crate::support::OwnedRequest;

const SEED: u32 = 20_261_120;
const REQUESTS: usize = 10_000;

#[derive(Deserialize)]
struct SignedByBotocore {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    secret: String,
    region: String,
    now: DateTime<Utc>,
}

#[test]
fn what_botocore_signs_verifies() {
    let mut verified = 0;
    for line in requests().lines() {
        let SignedByBotocore { method, target, headers, secret, region, now } = serde_json::from_str(line).unwrap();
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let mut request = OwnedRequest { method, target: target.into_bytes(), headers };
        let audience = Audience { service: S3, regions: &[region] };
        assert_eq!(request.verify_for(&secret, &audience, now), Ok(()), "seed {SEED}: {line}");

        request.headers.push(("x-amz-acl".into(), b"public-read".to_vec()));
        assert!(request.verify_for(&secret, &audience, now).is_err(), "seed {SEED}, with another x-amz-acl: {line}");
        verified += 1;
    }
    assert_eq!(verified, REQUESTS);
}

fn requests() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/botocore_requests.py");
    println!("seed {SEED}");
    let run = Command::new("python3").arg(script).arg(SEED.to_string()).arg(REQUESTS.to_string()).output();
    match run {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => panic!("this test needs python3 with botocore: install python3, then `pip install botocore`"),
    }
}
