//! Whether a request is let in, and what its gateway is told of it.

use std::sync::Arc;

use ::verify::sigv4::{
    Audience, CanonicalText, Expires, Form, Malformed, Presented, Refusal, S3, Scope, Signature, SignedRequest,
    SigningKey, StringToSign, Subject, Timestamp as SignedAt,
};
use ::verify::{Candidate, Denial, Described, decide};
use authz::caller::GatewayToken;
use chrono::TimeDelta;
use domain::Timestamp;
use quick_cache::sync::Cache;
use zeroize::Zeroizing;

use super::known_pairs::KnownPair;
use super::usage::Heard;
use super::{STALE_TTL, TTL};
use crate::error::Result;
use crate::service::Service;

/// One request, as its gateway presents it.
pub struct Asked<'a> {
    pub access_key_id: &'a str,
    pub evidence: Evidence<'a>,
    pub has_session_token: bool,
    pub described: Described<'a>,
    /// For the record.
    pub agent: Option<&'a str>,
}

/// What was signed, and the signature.
pub enum Evidence<'a> {
    StringToSign {
        text: &'a str,
        signature: &'a str,
        form: FormSaid,
    },
    Canonical {
        request: &'a [u8],
        timestamp: &'a str,
        scope: &'a str,
        signature: &'a str,
        form: FormSaid,
    },
    /// Read whole by us already.
    Whole(&'a SignedRequest<'a>),
}

/// How the gateway says the signature came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormSaid {
    Header,
    Presigned { seconds: Option<i64> },
    Chunk,
}

/// What it comes to.
pub enum Verdict {
    Allow(Allowed),
    Deny(Denial),
}

pub struct Allowed {
    pub pair: Arc<KnownPair>,
    pub signing_key: Option<IssuedKey>,
    pub ttl: TimeDelta,
    pub stale_ttl: TimeDelta,
    /// As new as the feed up to this number.
    pub sequence: i64,
}

/// A signing key on its way to a gateway, and until when signatures by it are good.
pub struct IssuedKey {
    pub key: SigningKey,
    pub scope: Scope<'static>,
}

/// Sign for keys that nobody knows. Their secret is drawn when the node starts, and nothing was ever signed with it.
pub(crate) struct StandIns {
    secret: Zeroizing<[u8; 32]>,
    by_scope: Cache<String, SigningKey>,
}

impl StandIns {
    pub(super) fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self { secret, by_scope: Cache::new(256) }
    }

    fn of(&self, scope: &Scope<'_>) -> SigningKey {
        let name = scope.to_string();
        if let Some(key) = self.by_scope.get(&name) {
            return key;
        }
        let key = SigningKey::derive(&*self.secret, scope);
        self.by_scope.insert(name, key.clone());
        key
    }
}

impl Service {
    /// Judges by what is known of the pair; a verdict in favour counts as a use. A whole batch is judged at one moment.
    pub fn judge(
        &self,
        asker: &GatewayToken,
        asked: &Asked<'_>,
        pair: Option<&Arc<KnownPair>>,
        wants_signing_key: bool,
        sequence: i64,
        now: Timestamp,
    ) -> Result<Verdict> {
        if asked.has_session_token {
            return Ok(Verdict::Deny(Denial::Temporary));
        }
        let read;
        let presented = match &asked.evidence {
            Evidence::Whole(request) => &request.presented,
            Evidence::StringToSign { .. } | Evidence::Canonical { .. } => match asked.evidence.read() {
                Ok(presented) => {
                    read = presented;
                    &read
                }
                Err(refusal) => return Ok(Verdict::Deny(refusal.into())),
            },
        };
        let scope = &presented.string_to_sign.scope;
        let audience = Audience { service: S3, regions: asker.gateway.binding.regions() };
        // The rules that need no key come first, so that no key is derived for a scope that is not ours.
        if let Err(refusal) = presented.admit(&audience, now) {
            return Ok(Verdict::Deny(refusal.into()));
        }
        let pair = pair.filter(|pair| pair.home.region.as_str() == scope.region());
        let signing_key = match pair {
            Some(pair) => pair.signing_key(scope)?,
            None => None,
        };
        let candidate = pair.map(|pair| Candidate {
            region: pair.home.region.as_str(),
            standing: &pair.standing,
            grants: &pair.grants,
            signing_key: signing_key.as_ref(),
        });
        let stand_in = match &signing_key {
            Some(key) => key.clone(),
            None => self.plane.stand_ins.of(scope),
        };
        if let Err(denial) = decide(presented, candidate.as_ref(), &stand_in, &audience, &asked.described, now) {
            return Ok(Verdict::Deny(denial));
        }
        let (Some(pair), Some(key)) = (pair, signing_key) else {
            return Ok(Verdict::Deny(Denial::Dead(domain::liveness::Dead::Unknown)));
        };
        self.plane.usage.note(&Heard {
            access_key_id: &pair.access_key_id,
            key: &pair.key,
            at: now,
            gateway: Some(asker.gateway.name.as_str()),
            address: asked.described.address,
            agent: asked.agent,
            count: 1,
        });
        let (ttl, stale_ttl) = self.ttl(asker, pair, now);
        let signing_key = wants_signing_key.then(|| IssuedKey { key, scope: scope.clone().into_owned() });
        Ok(Verdict::Allow(Allowed { pair: pair.clone(), signing_key, ttl, stale_ttl, sequence }))
    }

    /// For how long a gateway may go by what it is told now: never beyond the moment at which the pair ends by the clock
    /// alone.
    pub(super) fn ttl(&self, asker: &GatewayToken, pair: &KnownPair, now: Timestamp) -> (TimeDelta, TimeDelta) {
        let left = pair.standing.lapses_at().map_or(TTL, |at| (at - now).min(TTL));
        (left, self.plane.gateways.stale_ttl(&asker.gateway.id).min(left).min(STALE_TTL))
    }

    /// Whether nothing is verified, because the database was restored and nobody has decided about it.
    pub fn is_quarantined(&self) -> bool {
        self.plane.is_quarantined()
    }

    /// How far this node has followed the feed: what an answer made now is at least as new as.
    pub fn feed_position(&self) -> i64 {
        self.plane.feed.applied()
    }
}

impl<'a> Evidence<'a> {
    fn read(&self) -> Result<Presented<'a>, Refusal> {
        match self {
            Self::StringToSign { text, signature, form } => {
                let string_to_sign = StringToSign::parse(text).map_err(Refusal::MalformedStringToSign)?;
                Ok(Presented { form: form.read()?, string_to_sign, signature: parse_signature(signature)? })
            }
            Self::Canonical { request, timestamp, scope, signature, form } => {
                let canonical = CanonicalText::parse(request)?;
                let said = form.read()?;
                let form = match (canonical.form, said) {
                    (Form::Header, Form::Header) => Form::Header,
                    (Form::Presigned(expires), Form::Presigned(said)) if expires == said => Form::Presigned(expires),
                    _ => return Err(Refusal::MalformedStringToSign(Malformed::Layout)),
                };
                let string_to_sign = StringToSign {
                    timestamp: SignedAt::parse(timestamp).map_err(Refusal::MalformedStringToSign)?,
                    scope: Scope::parse(scope).map_err(Refusal::MalformedStringToSign)?,
                    subject: Subject::Request { canonical_request: canonical.digest },
                };
                Ok(Presented { form, string_to_sign, signature: parse_signature(signature)? })
            }
            // Its caller has it already.
            Self::Whole(_) => Err(Refusal::MalformedRequest),
        }
    }
}

fn parse_signature(text: &str) -> Result<Signature, Refusal> {
    // What is not even a signature does not match.
    Signature::parse(text).map_err(|_| Refusal::SignatureDoesNotMatch)
}

impl FormSaid {
    fn read(self) -> Result<Form, Refusal> {
        match self {
            Self::Header => Ok(Form::Header),
            Self::Chunk => Ok(Form::Chunk),
            Self::Presigned { seconds } => {
                Ok(Form::Presigned(Expires::from_seconds(seconds.ok_or(Refusal::ExpiresOutOfRange)?)?))
            }
        }
    }
}

impl IssuedKey {
    /// From when on no header may be signed with it any more.
    pub fn not_after_header(&self) -> Timestamp {
        self.end_of_day() + TimeDelta::minutes(15)
    }

    /// The same of URLs.
    pub fn not_after_presigned(&self) -> Timestamp {
        self.end_of_day() + TimeDelta::days(7)
    }

    fn end_of_day(&self) -> Timestamp {
        let day = self.scope.date().date();
        day.succ_opt().unwrap_or(day).and_time(chrono::NaiveTime::MIN).and_utc()
    }
}
