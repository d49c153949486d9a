//! Errors, as S3 writes them.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use s3s::Body;

pub(crate) fn error(code: &str, status: u16, expected_region: Option<&str>, resource: &str) -> Response<Body> {
    let region = expected_region.map_or_else(String::new, |region| format!("<Region>{}</Region>", escaped(region)));
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{region}<Resource>{}</Resource></Error>",
        escaped(code),
        escaped(message(code)),
        escaped(resource)
    );
    let mut response = Response::new(Body::from(document));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

fn message(code: &str) -> &'static str {
    match code {
        "AccessDenied" => "Access Denied",
        "AuthorizationHeaderMalformed" => "The authorization header is malformed, or is meant for another region.",
        "InvalidAccessKeyId" => "The access key ID you provided does not exist in our records.",
        "RequestTimeTooSkewed" => "The difference between the request time and the server's time is too large.",
        "ServiceUnavailable" => "Service is unable to handle the request. Try again later.",
        "SignatureDoesNotMatch" => "The request signature we calculated does not match the one you provided.",
        "SlowDown" => "Please reduce your request rate.",
        _ => "The request is refused.",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
