//! Verifies each request before s3s sees it, and passes it on in a form that s3s can check without the client's secret.
//!
//! s3s verifies signatures itself, and asks for secrets to do so. It is given one that was drawn when this process started:
//! a request whose signature is good is passed on with that one's signature in its place, over the same string to sign. So
//! s3s still holds the body against its hash, and decodes bodies that come in chunks.
//!
//! One kind of request does not bend: where each chunk of the body has a signature of its own, each hangs on the one
//! before, and all on the client's secret. For this alone the secret is asked for, and forgotten with the request.

use std::error::Error;
use std::net::IpAddr;

use gateway::sigv4::{Header, PayloadHash, Request as Read, SignedRequest, SigningKey};
use gateway::{Allowed, Denied, Gateway, RequestContext, Trouble, Verdict, within_trace};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Request, Response, Uri};
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3Result, s3_error};

use crate::answer;
use crate::scope::Scope;

pub(crate) struct Front {
    gateway: Gateway,
    s3s: S3Service,
    /// Between this file and s3s.
    own_secret: SecretKey,
}

tokio::task_local! {
    /// What s3s verifies the request at hand with.
    static SECRET: SecretKey;
}

struct SecretAtHand;

#[async_trait::async_trait]
impl S3Auth for SecretAtHand {
    async fn get_secret_key(&self, _: &str) -> S3Result<SecretKey> {
        SECRET.try_with(Clone::clone).map_err(|_| s3_error!(AccessDenied))
    }
}

/// Why a request is not passed on.
enum Stop {
    Denied(Denied),
    Trouble(Trouble),
    NotHere(&'static str),
}

impl Front {
    pub(crate) fn new(gateway: Gateway, storage: s3s_fs::FileSystem) -> Result<Self, Box<dyn Error>> {
        let mut s3s = S3ServiceBuilder::new(storage);
        s3s.set_auth(SecretAtHand);
        s3s.set_access(Scope);
        let mut own_secret = [0; 32];
        #[expect(clippy::disallowed_methods, reason = "a process of its own, and the one thing it draws")]
        getrandom::fill(&mut own_secret)?;
        let own_secret: String = own_secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { gateway, s3s: s3s.build(), own_secret: own_secret.into() })
    }

    pub(crate) async fn answer(&self, mut request: Request<Incoming>, from: IpAddr) -> Response<Body> {
        let resource = request.uri().path().to_owned();
        let trace = request.headers().get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let stop = match within_trace(trace.as_deref(), self.admit(&mut request, from)).await {
            Ok((allowed, secret)) => {
                request.extensions_mut().insert(allowed);
                match SECRET.scope(secret, self.s3s.call(request.map(Body::from))).await {
                    Ok(response) => return response,
                    Err(error) => {
                        tracing::error!(?error, "s3s gave no answer");
                        return answer::error("InternalError", 500, None, &resource);
                    }
                }
            }
            Err(stop) => stop,
        };
        match stop {
            Stop::Denied(denied) => {
                tracing::info!(code = denied.code, reason = denied.reason, "denied");
                answer::error(&denied.code, denied.status, denied.expected_region.as_deref(), &resource)
            }
            // The client has done nothing wrong, so it is told to come back and not that it may not.
            Stop::Trouble(trouble) => {
                tracing::error!(%trouble, "no verdict");
                answer::error(trouble.s3_code(), Trouble::S3_STATUS, None, &resource)
            }
            Stop::NotHere(what) => {
                tracing::info!(what, "not here");
                answer::error("NotImplemented", 501, None, &resource)
            }
        }
    }

    /// Who it is, and with which secret s3s is to look at the request.
    async fn admit(&self, request: &mut Request<Incoming>, from: IpAddr) -> Result<(Allowed, SecretKey), Stop> {
        let form = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if form.to_ascii_lowercase().starts_with(b"multipart/form-data") {
            // The policy in a form is a signature of another kind, and nobody has verified it.
            return Err(Stop::NotHere("uploads by HTML form"));
        }
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| Header { name: name.as_str(), value: value.as_bytes() })
            .collect();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let read = Read { method: request.method().as_str(), target: target.as_bytes(), headers: &headers };
        let signed = SignedRequest::parse(&read).map_err(|refusal| Stop::Denied(refusal.into()))?;

        // The bucket and what is done to it are s3s's to say: scope.rs asks about those.
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let context = RequestContext { address: Some(from), agent, ..RequestContext::default() };
        let allowed = match self.gateway.verify(&signed, &context).await.map_err(Stop::Trouble)? {
            Verdict::Allow(allowed) => allowed,
            Verdict::Deny(denied) => return Err(Stop::Denied(denied)),
        };

        match signed.payload_hash {
            PayloadHash::SignedChunks | PayloadHash::SignedChunksWithTrailer => {
                match self.gateway.secret(&signed.access_key_id).await.map_err(Stop::Trouble)? {
                    Ok(secret) => Ok((allowed, secret.expose().into())),
                    Err(denied) => Err(Stop::Denied(denied)),
                }
            }
            PayloadHash::Sha256(_) | PayloadHash::Unsigned | PayloadHash::UnsignedChunksWithTrailer => {
                let own =
                    SigningKey::derive(self.own_secret.expose().as_bytes(), &signed.presented.string_to_sign.scope);
                let theirs = signed.presented.signature.to_hex();
                let ours = own.sign(&signed.presented.string_to_sign).to_hex();
                drop(signed);
                replace_signature(request, &theirs, &ours).ok_or(Stop::NotHere("a signature in an odd place"))?;
                Ok((allowed, self.own_secret.clone()))
            }
        }
    }
}

/// In the header or in the query: it stands in one of them, once.
fn replace_signature(request: &mut Request<Incoming>, theirs: &str, ours: &str) -> Option<()> {
    if let Some(value) = request.headers().get(AUTHORIZATION) {
        let value = value.to_str().ok()?.replacen(theirs, ours, 1);
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(&value).ok()?);
    } else {
        let uri: Uri = request.uri().to_string().replacen(theirs, ours, 1).parse().ok()?;
        *request.uri_mut() = uri;
    }
    Some(())
}
