//! Keystone's S3 protocol, for gateways that speak no other: OpenStack Swift and Ceph RGW, as they are.
//!
//! `ec2tokens` is left out for good. It makes a login of anything that was ever signed, a URL that was handed on included
//! (CVE-2025-65073); and no answer from here opens anything but what is below `/v3`.

mod credentials;
mod s3tokens;
mod tokens;

pub(crate) use credentials::issue_ec2_credential;
pub(crate) use s3tokens::verify_s3_token;
pub(crate) use tokens::{log_in_to_keystone, read_keystone_version};

use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::{HttpResponse, Responder, body::BoxBody};
use authz::{Action, Plane};

use crate::http::Reply;
use crate::http::asking::{Asking, Token};
use crate::http::request::RequestInfo;
use crate::problem::{Kind, Problem};

const TOKEN: &str = "x-auth-token";

/// The gateway, by its own token or by what it got for that when it logged in.
async fn asking<A: Action<Object = Plane>>(request: &HttpRequest) -> Result<Asking<A>, Problem> {
    let mut values = request.headers().get_all(TOKEN);
    let (Some(token), None) = (values.next().and_then(|value| value.to_str().ok()), values.next()) else {
        return Err(Problem::new(Kind::Unauthenticated));
    };
    asking_with(request, token).await
}

async fn asking_with<A: Action<Object = Plane>>(request: &HttpRequest, token: &str) -> Result<Asking<A>, Problem> {
    let from = RequestInfo::from_request(request).address;
    patiently(async || Asking::by(request, Token::OrLoggedIn(token.to_owned()), from).await).await
}

/// Shorter than gateways wait.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// To a gateway everything but an answer is a wrong signature, and its clients hear so: rather than that they wait.
async fn patiently<T>(work: impl AsyncFn() -> Result<T, Problem>) -> Result<T, Problem> {
    let began = Instant::now();
    loop {
        match work().await {
            Err(problem) if problem.kind == Kind::Busy && began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
}

/// An answer as these gateways need it: whole and in one piece, whatever encodings they say they take.
struct Plain(Reply);

impl Responder for Plain {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response = self.0.not_to_be_stored().respond_to(request);
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(ContentEncoding::Identity.as_str()));
        response
    }
}

/// Where the gateway finds us: as it asked.
fn here(request: &HttpRequest) -> String {
    let scheme = if request.app_config().secure() { "https" } else { "http" };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}/v3")
}
