//! The query of a request, as a type of its own for every operation. What it does not know it refuses.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use authz::Caller;
use serde::de::DeserializeOwned;
use service::Listing;

use crate::http::authorized::decided;
use crate::problem::Problem;

pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            decided(&request).await;
            // PostgreSQL has no text with a NUL in it.
            if request.query_string().contains("%00") {
                return Err(Problem::invalid("?", "The query holds a character that no text has."));
            }
            let parsed = web::Query::<T>::from_query(request.query_string());
            parsed.map(|query| Self(query.into_inner())).map_err(|error| Problem::invalid("?", sentence(&error)))
        })
    }
}

fn sentence(error: &actix_web::error::QueryPayloadError) -> String {
    match error {
        actix_web::error::QueryPayloadError::Deserialize(why) => format!("The query is not understood: {why}."),
        _ => "The query is not understood.".to_owned(),
    }
}

/// Which part of which list: the cursor is bound to the path, the filters and the caller.
pub(crate) fn listing(
    request: &HttpRequest,
    caller: &Caller,
    limit: Option<i64>,
    cursor: Option<String>,
    filters: &[Option<&str>],
) -> Result<Listing, Problem> {
    let limit = limit.unwrap_or(Listing::DEFAULT_LIMIT);
    if !(1..=Listing::MOST).contains(&limit) {
        return Err(Problem::invalid("?limit", format!("Must be between 1 and {}.", Listing::MOST)));
    }
    let parts = [Some(request.path()), Some(caller.identity())];
    let binding = parts.iter().chain(filters).fold(String::new(), |mut binding, part| {
        let part = part.map_or("-".to_owned(), |part| format!("{}:{part}", part.len()));
        binding.push_str(&part);
        binding.push('|');
        binding
    });
    Ok(Listing { binding, cursor, limit })
}
