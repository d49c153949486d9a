//! A request as its client sent it, forwarded whole by a proxy that knows nothing of signatures.

use std::net::IpAddr;

use ::verify::sigv4::{Request, SignedRequest};
use ::verify::{Denial, Described, Named, Target, Wanted};

use super::verify::{Asked, Evidence};

pub use ::verify::sigv4::Header;

pub struct WholeRequest<'a> {
    pub method: &'a str,
    /// Path and query, exactly as sent.
    pub target: &'a str,
    /// `host` is among them.
    pub headers: &'a [Header<'a>],
    /// Below which name buckets have hosts of their own.
    pub domain: Option<&'a str>,
    /// None where nobody who is trusted says.
    pub address: Option<IpAddr>,
}

/// Nobody needs to read more of it.
const LONGEST_AGENT: usize = 400;

/// What was read out of it: who claims to have signed it, and what it wants.
pub struct Whole<'a> {
    access_key_id: String,
    signed: SignedRequest<'a>,
    wanted: Wanted,
    address: Option<IpAddr>,
    agent: Option<&'a str>,
}

impl<'a> Whole<'a> {
    pub fn read(request: &WholeRequest<'a>) -> Result<Self, Denial> {
        let WholeRequest { method, target, headers, domain, address } = *request;
        let request = Request { method, target: target.as_bytes(), headers };
        let signed = SignedRequest::parse(&request)?;
        let wanted = Wanted::of(&request, domain)?;
        let agent = request.only("user-agent").unwrap_or_default().filter(|agent| agent.len() <= LONGEST_AGENT);
        Ok(Self { access_key_id: signed.access_key_id.clone().into_owned(), signed, wanted, address, agent })
    }

    /// Calls `judge` with the question that the request comes to.
    pub async fn ask<T>(&self, judge: impl AsyncFnOnce(Asked<'_>) -> T) -> T {
        let source = self.wanted.source.as_ref().map(described);
        let whole = Described {
            source: source.as_ref(),
            address: self.address,
            is_whole: true,
            ..described(&self.wanted.target)
        };
        judge(Asked {
            access_key_id: &self.access_key_id,
            evidence: Evidence::Whole(&self.signed),
            has_session_token: self.signed.has_session_token,
            described: whole,
            agent: self.agent,
        })
        .await
    }
}

/// What names nothing is known to name nothing.
fn described(target: &Target) -> Described<'_> {
    Described {
        bucket: target.bucket.as_deref().map_or(Named::Nothing, Named::This),
        object_key: target.object_key.as_deref().map_or(Named::Nothing, Named::This),
        needs: Some(target.needs),
        ..Described::default()
    }
}
