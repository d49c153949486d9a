//! Reads the body of every request, bounded in size and time, before anything is decided: an answer that is given before
//! the body is read costs the client its connection.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{Error, HttpMessage, ResponseError};
use futures_util::TryStreamExt;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

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
    match in_time(pin!(whole(request, most))).await {
        Ok(Ok(body)) if body.len() > most => Err(Problem::new(Kind::TooLarge)),
        Ok(body) => body,
        Err(_) => Err(Problem::new(Kind::Timeout)),
    }
}

/// Most bodies come with their heads, and are there when they are asked for once more. Only for the others is a clock set.
async fn in_time<T>(mut coming: Pin<&mut impl Future<Output = T>>) -> Result<T, Elapsed> {
    let mut has_waited = false;
    let at_once = poll_fn(|context| match coming.as_mut().poll(context) {
        Poll::Ready(come) => Poll::Ready(Some(come)),
        Poll::Pending if has_waited => Poll::Ready(None),
        Poll::Pending => {
            has_waited = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match at_once.await {
        Some(come) => Ok(come),
        None => timeout(PATIENCE, coming).await,
    }
}

/// Most bodies come in one piece, which is the body then.
async fn whole(request: &mut ServiceRequest, most: usize) -> Result<Bytes, Problem> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        // The framework unpacks it, as far as `bound` lets it.
        return Box::pin(request.extract::<Bytes>()).await.map_err(|error| refusal(&error));
    }
    let mut pieces = request.take_payload().map_err(|error| refusal(&error.into()));
    let Some(first) = pieces.try_next().await? else { return Ok(Bytes::new()) };
    let mut next = pieces.try_next().await?;
    if next.is_none() {
        return Ok(first);
    }
    let mut body = BytesMut::from(first);
    while let Some(piece) = next
        && body.len() <= most
    {
        body.extend_from_slice(&piece);
        next = pieces.try_next().await?;
    }
    Ok(body.freeze())
}

fn refusal(error: &Error) -> Problem {
    let is_too_large = error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE;
    Problem::new(if is_too_large { Kind::TooLarge } else { Kind::MalformedRequest })
}

/// The bound for what is unpacked.
pub(crate) fn bound() -> web::PayloadConfig {
    web::PayloadConfig::new(MOST_OF_GATEWAYS)
}

fn most(request: &ServiceRequest) -> usize {
    if request.path().starts_with("/v1/gateway/") { MOST_OF_GATEWAYS } else { MOST }
}
