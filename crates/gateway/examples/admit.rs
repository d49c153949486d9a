//! How a gateway admits requests. This file is also in the documentation of the crate.

use std::io::{Write, stdout};
use std::net::IpAddr;

use keyreeve_gateway::sigv4::{Header, Request, SignedRequest};
use keyreeve_gateway::{Denied, Gateway, Options, RequestContext, Trouble, Verdict};

/// What a gateway has of a request before it reads the body.
struct Incoming {
    method: String,
    /// Path and query, as they came.
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    from: IpAddr,
}

enum Answer {
    GoOn {
        account: String,
    },
    /// An S3 error document.
    Refuse {
        code: String,
        status: u16,
    },
}

async fn admit(gateway: &Gateway, incoming: &Incoming) -> Answer {
    match verdict(gateway, incoming).await {
        Ok(Verdict::Allow(allowed)) => Answer::GoOn { account: allowed.principal.namespace.to_string() },
        // Its reason is for the gateway's log.
        Ok(Verdict::Deny(denied)) => Answer::Refuse { code: denied.code, status: denied.status },
        Err(trouble) => Answer::Refuse { code: trouble.s3_code().to_owned(), status: Trouble::S3_STATUS },
    }
}

async fn verdict(gateway: &Gateway, incoming: &Incoming) -> Result<Verdict, Trouble> {
    let headers: Vec<_> = incoming.headers.iter().map(|(name, value)| Header { name, value }).collect();
    let request = Request { method: &incoming.method, target: incoming.target.as_bytes(), headers: &headers };
    let signed = match SignedRequest::parse(&request) {
        Ok(signed) => signed,
        Err(refusal) => return Ok(Verdict::Deny(Denied::from(refusal))),
    };
    // The body has to be held against `signed.payload_hash` as it is read.
    let context = RequestContext {
        operation: Some("GetObject"),
        bucket: Some("media"),
        object_key: Some("photos/1.jpg"),
        address: Some(incoming.from),
        is_whole: true,
        ..RequestContext::default()
    };
    gateway.verify(&signed, &context).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::fs::read_to_string("/etc/my-gateway/keyreeve-token")?;
    let options = Options::new("https://keys.example.org", token.trim(), ["waw3-1"]).name("edge-7");
    let gateway = Gateway::start(options)?;
    // In place of a listener: one request, as it would come.
    let headers = vec![("host".to_owned(), b"s3.waw3-1.example.org".to_vec())];
    let from = IpAddr::from([203, 0, 113, 9]);
    let incoming = Incoming { method: "GET".to_owned(), target: "/media/photos/1.jpg".to_owned(), headers, from };
    match admit(&gateway, &incoming).await {
        Answer::GoOn { account } => writeln!(stdout(), "it goes on, in {account}")?,
        Answer::Refuse { code, status } => writeln!(stdout(), "it is refused: {status} {code}")?,
    }
    // Before a gateway ends.
    gateway.report_usage().await?;
    Ok(())
}
