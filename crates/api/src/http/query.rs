//! The query of a request, as a type of its own for every operation. What it does not know it refuses.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use authz::Caller;
use serde::de::DeserializeOwned;
use service::Listing;

use crate::problem::Problem;

/// A query that has not been looked at yet: see [`Json`](crate::http::Json).
pub(crate) struct Query<T>(Result<T, Problem>);

impl<T> Query<T> {
    pub(crate) fn read(self) -> Result<T, Problem> {
        self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // PostgreSQL has no text with a NUL in it.
        let has_nul = request.query_string().contains("%00");
        let parsed = web::Query::<T>::from_query(request.query_string()).map(web::Query::into_inner);
        let query = parsed.map_err(|error| Problem::invalid("?", sentence(&error)));
        let nul = || Problem::invalid("?", "The query holds a character that no text has.");
        ready(Ok(Self(if has_nul { Err(nul()) } else { query })))
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
