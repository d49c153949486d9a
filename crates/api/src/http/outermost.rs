//! The outermost layer: every request gets its id, every answer its headers, every refusal its body, and both a line in
//! the log and a place in the metrics. Nothing of a body, a query or a credential is ever logged.

use std::rc::Rc;
use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use ipnet::IpNet;
use tracing::field::display;

use crate::http::blocking::Blocking;
use crate::http::drain::Drain;
use crate::http::rate_limit::Left;
use crate::http::request::{REQUEST_ID, RequestInfo};
use crate::metrics;
use crate::problem::{Kind, Problem};
use crate::spans::{Span, Spans};

/// Networks whose `X-Forwarded-For` is believed.
pub(crate) struct TrustedProxies(pub(crate) Vec<IpNet>);

/// Marks a refusal that has its body already, in the form that whoever asked expects.
pub(crate) struct SaidItself;

pub(crate) async fn wrap<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let started = Instant::now();
    let spans = request.app_data::<web::Data<Option<Spans>>>().cloned();
    let spans = spans.as_ref().and_then(|spans| spans.as_ref().as_ref());
    let (info, began) =
        match (request.app_data::<web::Data<Blocking>>(), request.app_data::<web::Data<TrustedProxies>>()) {
            (Some(blocking), Some(trusted)) => {
                let service = blocking.service();
                let info = RequestInfo::of(&request, service, &trusted.0, spans.map(Spans::share));
                let is_exported = spans.is_some() && info.trace.is_some_and(|trace| trace.is_sampled);
                (Rc::new(info), is_exported.then(|| service.clock().now()))
            }
            _ => (RequestInfo::from_request(request.request()), None),
        };
    request.extensions_mut().insert(info.clone());

    // Refusals are answers here, and not errors: the inner layers and the handlers see to that.
    let mut response = finish(next.call(request).await?, &info);
    let origin = response.request().clone();
    let left = origin.extensions().get::<Left>().copied();
    set_headers(response.headers_mut(), &info, left);
    if origin.app_data::<web::Data<Drain>>().is_some_and(|drain| drain.has_begun()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let route = origin.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let (method, status, took) = (origin.method().as_str(), response.status().as_u16(), started.elapsed());
    let known_method = metrics::known_method(method);
    metrics::request(known_method, &route, status, took);
    let (trace_id, span_id) = info.trace.map(|trace| (display(trace.id), display(trace.span))).unzip();
    // JSON has no wider numbers, and the log would write it as text.
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(request_id = %info.id, trace_id, span_id, method, route, status, milliseconds, "request")
        };
    }
    if is_routine(&route, status) {
        log!(debug);
    } else {
        log!(info);
    }
    if let (Some(spans), Some(trace), Some(began)) = (spans, info.trace, began) {
        spans.offer(&trace, || Span {
            trace_id: trace.id.to_string(),
            span_id: trace.span.to_string(),
            parent_span_id: trace.parent.map(|parent| parent.to_string()),
            method: known_method,
            route,
            status,
            request_id: info.id.clone(),
            began,
            took,
        });
    }
    Ok(response)
}

/// What gateways ask a hundred thousand times a second would drown everything else, and slow it down. Whoever cannot say
/// which gateway it is, and what goes wrong here, is in the log like the rest.
fn is_routine(route: &str, status: u16) -> bool {
    (route.starts_with("/v1/gateway/") || route.starts_with("/v3/")) && status < 500 && status != 401
}

/// Refusals get their body here, ours and the framework's own alike.
fn finish<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    info: &RequestInfo,
) -> ServiceResponse<EitherBody<B>> {
    let ours = response.response().extensions().get::<Problem>().cloned();
    let status = response.status();
    let problem = match ours {
        Some(problem) => problem,
        None if response.response().extensions().contains::<SaidItself>() => return response.map_into_left_body(),
        None if status.is_client_error() || status.is_server_error() => of_status(status.as_u16()),
        None => return response.map_into_left_body(),
    };
    let request = response.request().clone();
    let rendered = render(&problem, &request, info);
    ServiceResponse::new(request, rendered).map_into_right_body()
}

fn of_status(status: u16) -> Problem {
    Problem::new(match status {
        404 => Kind::NotFound,
        405 => Kind::MethodNotAllowed,
        408 => Kind::Timeout,
        413 => Kind::TooLarge,
        414 => Kind::UriTooLong,
        415 => Kind::UnsupportedMediaType,
        400..=499 => Kind::MalformedRequest,
        _ => Kind::Internal,
    })
}

fn render(problem: &Problem, request: &HttpRequest, info: &RequestInfo) -> HttpResponse<BoxBody> {
    let kind = problem.kind;
    let body = wire::Problem {
        kind: format!("/problems/{}", kind.slug()),
        title: kind.title().to_owned(),
        status: kind.status(),
        detail: problem.detail.clone(),
        instance: shown_path(request.path()),
        request_id: info.id.clone(),
        errors: problem.errors.clone(),
    };
    let mut response = HttpResponse::build(actix_web::ResponseError::status_code(problem));
    response.content_type("application/problem+json");
    if kind.status() == 401 {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"keyreeve\""));
    }
    if let Some(wait) = problem.retry_after {
        // Rounded up: whoever comes back then is let in.
        let seconds = (wait.num_milliseconds().max(0) + 999) / 1000;
        response.insert_header((header::RETRY_AFTER, seconds.max(1).to_string()));
    }
    if let Some(allow) = &problem.allow {
        response.insert_header((header::ALLOW, allow.as_str()));
    }
    response.body(serde_json::to_vec(&body).unwrap_or_default())
}

/// The token of a claim link stands in its path: it is shown to nobody, not even to whoever sent it.
fn shown_path(path: &str) -> String {
    const CLAIMS: &str = "/v1/claims/";
    if path.starts_with(CLAIMS) { format!("{CLAIMS}***") } else { path.to_owned() }
}

fn set_headers(headers: &mut HeaderMap, info: &RequestInfo, left: Option<Left>) {
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            headers.insert(name, value);
        }
    };
    set(REQUEST_ID.clone(), info.id.clone());
    if let Some(trace) = info.trace {
        set(HeaderName::from_static("traceresponse"), trace.response());
    }
    if let Some(Left { policy, requests, full_in }) = left {
        let window = policy.burst.div_ceil(policy.per_second.max(1));
        set(HeaderName::from_static("ratelimit-policy"), format!("\"{}\";q={};w={window}", policy.name, policy.burst));
        set(HeaderName::from_static("ratelimit"), format!("\"{}\";r={requests};t={}", policy.name, full_in.as_secs()));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
}
