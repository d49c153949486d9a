//! Reads the body of every request, bounded in size and time, before anything is decided: an answer that is given before
//! the body is read costs the client its connection.

use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpMessage, ResponseError};

use crate::problem::{Kind, Problem};

pub(crate) const MOST: usize = 64 * 1024;
/// Of a gateway, which may ask many things at once.
const MOST_OF_GATEWAYS: usize = 512 * 1024;
const LONGEST_URI: usize = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// The body as it came.
#[derive(Clone)]
pub(crate) struct Body(pub(crate) Bytes);

pub(crate) async fn read<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match collect(&mut request).await {
        Ok(body) => {
            request.extensions_mut().insert(Body(body.clone()));
            request.set_payload(Payload::from(body));
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

async fn collect(request: &mut ServiceRequest) -> Result<Bytes, Problem> {
    if request.uri().path_and_query().is_some_and(|asked| asked.as_str().len() > LONGEST_URI) {
        return Err(Problem::new(Kind::UriTooLong));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > most(request) as u64) {
        return Err(Problem::new(Kind::TooLarge));
    }
    let most = most(request);
    match tokio::time::timeout(PATIENCE, request.extract::<Bytes>()).await {
        Ok(Ok(body)) if body.len() > most => Err(Problem::new(Kind::TooLarge)),
        Ok(body) => body.map_err(|error| refusal(&error)),
        Err(_) => Err(Problem::new(Kind::Timeout)),
    }
}

fn refusal(error: &Error) -> Problem {
    let is_too_large = error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE;
    Problem::new(if is_too_large { Kind::TooLarge } else { Kind::MalformedRequest })
}

/// The bound for bodies that do not announce their length.
pub(crate) fn bound() -> web::PayloadConfig {
    web::PayloadConfig::new(MOST_OF_GATEWAYS)
}

fn most(request: &ServiceRequest) -> usize {
    if request.path().starts_with("/v1/gateway/") { MOST_OF_GATEWAYS } else { MOST }
}
