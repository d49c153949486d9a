//! Clients of an S3 gateway: boto3 for what customers do, and single signed requests for what has to be fast.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use testkit::{Answer, Client, Signer, Whole};

use super::provider::{REGION, now};

/// An S3 endpoint on this machine.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// `127.0.0.1:port`
    pub(crate) address: String,
}

impl Endpoint {
    pub(crate) fn at(port: u16) -> Self {
        Self { address: format!("127.0.0.1:{port}") }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, signer: &Signer, target: &str) -> Answer {
        self.send(&signer.whole(now(), "GET", target, &[("host", &self.address)]), None)
    }

    /// With the length among what is signed, as some clients have it.
    pub(crate) fn put(&self, signer: &Signer, target: &str, body: &str) -> Answer {
        let length = body.len().to_string();
        let signed = [("host", self.address.as_str()), ("content-length", &length)];
        self.send(&signer.whole(now(), "PUT", target, &signed), Some(body))
    }

    fn send(&self, request: &Whole, body: Option<&str>) -> Answer {
        // These are sent by whoever sends it.
        let headers = request.headers.iter().filter(|(name, _)| name != "host" && name != "content-length");
        let client = headers.fold(Client::new(self.url(), None), |client, (name, value)| client.with(name, value));
        client.send(&request.method, &request.target, body)
    }

    /// Asks until it is refused, and says how long that took.
    #[expect(clippy::disallowed_methods, reason = "a gateway's memory gives no event to wait for")]
    pub(crate) fn until_refused(&self, signer: &Signer, target: &str, longest: Duration) -> Duration {
        let began = Instant::now();
        loop {
            let answer = self.get(signer, target);
            if answer.status == 403 {
                return began.elapsed();
            }
            assert!(began.elapsed() < longest, "still let in after {:?}: {answer}", began.elapsed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a customer does, by boto3; what of it the gateway can do is said by `part`.
    pub(crate) fn life(&self, signer: &Signer, part: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/gateways/s3_life.py");
        let mut command = Command::new("python3");
        command.arg(script).args([part, &self.url(), REGION]);
        command.env("AWS_ACCESS_KEY_ID", &signer.access_key_id).env("AWS_SECRET_ACCESS_KEY", &signer.secret);
        let output = command.output().expect("this test needs python3 with boto3: run scripts/test");
        let [said, complained] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert!(output.status.success(), "{said}\n{complained}");
        said
    }
}
