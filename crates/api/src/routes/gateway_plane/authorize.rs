//! Whole requests, as proxies forward them that know nothing of signatures: nginx's `auth_request`, Envoy's `ext_authz`.

use actix_web::body::BoxBody;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use authz::action::AuthorizeRequest;
use service::gateway_plane::{Allowed, Denial, Header, Verdict, Whole, WholeRequest};

use crate::http::asking::{Asking, Token};
use crate::http::outermost::SaidItself;
use crate::http::query::Query;
use crate::http::request::RequestInfo;
use crate::present;
use crate::problem::{Kind, Problem};

pub(crate) const AUTHORIZE: &str = "/v1/gateway/authorize";

/// The proxy's own token: `Authorization` is its client's.
const GATEWAY: &str = "x-keyreeve-gateway";
const METHOD: &str = "x-original-method";
const TARGET: &str = "x-original-uri";
/// Without the body, the length that was signed is not the length that is sent.
const CONTENT_LENGTH: &str = "x-original-content-length";

/// Authorise a request
///
/// For nginx's `auth_request`: with the client's own headers, its `Host` among them, and what it asked for in
/// `X-Original-Method`, `X-Original-URI` and `X-Original-Content-Length`. Any method is taken. For Envoy's `ext_authz`, which asks
/// with its client's method, the client's path comes after this one, and those headers are not looked at.
///
/// Whatever is no verdict is 503, and so is a gateway token that does not count: to its client it is never a refusal.
#[utoipa::path(
    tag = "gateway plane",
    params(
        ("X-Original-Method" = String, Header, example = "GET"),
        ("X-Original-URI" = String, Header, description = "Undecoded", example = "/media/photos/1.jpg"),
        ("X-Original-Content-Length" = Option<i64>, Header, description = "If the client sent one"),
        wire::AuthorizeQuery,
    ),
    responses(
        (status = 200, description = "Let it in", headers(
            ("X-Keyreeve-Tenant" = String, description = "Whose key it is"),
            ("X-Keyreeve-Namespace" = String, description = "The account: the tenant, or its storage instance"),
            ("X-Keyreeve-Key" = String, description = "The key's id"),
        )),
        (status = 403, description = "Refuse it, with this body",
            headers(("X-Keyreeve-S3-Error" = String, description = "The `Code` in the body")),
            content_type = "application/xml", body = String,
            example = json!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied.</Message><RequestId>req_01jd0000000000000000000000</RequestId></Error>")),
    )
)]
#[get("/v1/gateway/authorize")]
pub(crate) async fn authorize_request(request: HttpRequest) -> Result<Answer, Problem> {
    answer(&request).await.map_err(no_verdict)
}

/// The same for all other methods, and for all paths below.
pub(crate) async fn authorize_forwarded(request: HttpRequest) -> Result<Answer, Problem> {
    answer(&request).await.map_err(no_verdict)
}

async fn answer(request: &HttpRequest) -> Result<Answer, Problem> {
    let info = RequestInfo::from_request(request);
    let token = Token::Own(only(request, GATEWAY)?.to_owned());
    let asking = Asking::<AuthorizeRequest>::by(request, token, info.peer).await?;
    let Forwarded { method, target, domain } = Forwarded::by(request)?;
    let headers: Vec<_> = headers(request).collect();
    // Who is not trusted to say where a client is would have all its clients stand where it stands itself.
    let address = info.address.filter(|_| info.is_forwarded);
    let whole = WholeRequest { method, target, headers: &headers, domain: domain.as_deref(), address };
    let verdict = match Whole::read(&whole) {
        Err(denial) => Some(Verdict::Deny(denial)),
        Ok(read) => read.ask(async |asked| asking.judge(&[(asked, false)]).await).await?.pop(),
    };
    let verdict = verdict.ok_or_else(|| Problem::new(Kind::Internal))?;
    Ok(Answer { verdict, request_id: info.id.clone() })
}

/// The request that the proxy asks about.
struct Forwarded<'r> {
    method: &'r str,
    target: &'r str,
    domain: Option<String>,
}

impl<'r> Forwarded<'r> {
    /// Below our path is a whole request of the client's, whose headers say what they like. At it, the proxy wrote them.
    fn by(request: &'r HttpRequest) -> Result<Self, Problem> {
        let asked = request.uri().path_and_query().map_or("", |asked| asked.as_str());
        match asked.strip_prefix(AUTHORIZE) {
            Some(target) if target.starts_with('/') => {
                Ok(Self { method: request.method().as_str(), target, domain: None })
            }
            _ => {
                let query: Query<wire::AuthorizeQuery> = Query::of(request);
                let domain = query.read()?.domain;
                Ok(Self { method: only(request, METHOD)?, target: only(request, TARGET)?, domain })
            }
        }
    }
}

/// The client's headers: all but the proxy's own.
fn headers(request: &HttpRequest) -> impl Iterator<Item = Header<'_>> {
    let length = request.headers().get(CONTENT_LENGTH);
    let is_clients = move |name: &str| match name {
        GATEWAY | METHOD | TARGET | CONTENT_LENGTH => false,
        "content-length" => length.is_none(),
        _ => true,
    };
    let all = request.headers().iter().map(|(name, value)| Header { name: name.as_str(), value: value.as_bytes() });
    let length = length.map(|length| Header { name: "content-length", value: length.as_bytes() });
    all.filter(move |header| is_clients(header.name)).chain(length)
}

fn only<'r>(request: &'r HttpRequest, name: &str) -> Result<&'r str, Problem> {
    let mut values = request.headers().get_all(name);
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(Problem::saying(Kind::NoVerdict, format!("The proxy has to send {name}, once."))),
    }
}

fn no_verdict(problem: Problem) -> Problem {
    if problem.kind.status() == 503 {
        return problem;
    }
    let detail = format!("{} ({}: {})", Kind::NoVerdict.advice(), problem.kind.slug(), problem.detail);
    Problem::saying(Kind::NoVerdict, detail)
}

pub(crate) struct Answer {
    verdict: Verdict,
    request_id: String,
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        match &self.verdict {
            Verdict::Allow(allowed) => let_in(allowed),
            Verdict::Deny(denial) => refuse(denial, &self.request_id),
        }
    }
}

fn let_in(allowed: &Allowed) -> HttpResponse<BoxBody> {
    let pair = &allowed.pair;
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-keyreeve-tenant", pair.home.tenant.as_str()))
        .insert_header(("x-keyreeve-namespace", pair.home.namespace.as_str()))
        .insert_header(("x-keyreeve-key", pair.key.as_str()))
        .finish()
}

/// Always 403, which is what proxies take for a refusal; what S3 calls it is in the header and in the body.
fn refuse(denial: &Denial, request_id: &str) -> HttpResponse<BoxBody> {
    let mut response = HttpResponse::Forbidden()
        .content_type("application/xml")
        // Nobody asked for this body but the proxy, which may hand it on as it is.
        .insert_header(ContentEncoding::Identity)
        .insert_header(("x-keyreeve-s3-error", denial.s3_code()))
        .body(present::s3_error(denial, request_id));
    response.extensions_mut().insert(SaidItself);
    response
}
