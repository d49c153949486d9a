//! The query of a request, as a type of its own for every operation. What it does not know it refuses.

use std::collections::HashSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use authz::Caller;
use serde::de::value::{Error as ValueError, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_path_to_error::Segment;
use service::Listing;

use crate::http::json::{capitalised, without_value};
use crate::problem::Problem;

/// A query that has not been looked at yet: see [`Json`](crate::http::Json).
pub(crate) struct Query<T>(Result<T, Problem>);

impl<T: DeserializeOwned> Query<T> {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self(parse(request.query_string()))
    }

    pub(crate) fn read(self) -> Result<T, Problem> {
        self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let parameters = parameters(query)?;
    check_names_and_texts(&parameters)?;
    let values = MapDeserializer::new(parameters.into_iter().map(|(name, text)| (name, Value(text))));
    serde_path_to_error::deserialize(values).map_err(|error: serde_path_to_error::Error<ValueError>| {
        let name = error.path().iter().find_map(|part| if let Segment::Map { key } = part { Some(key) } else { None });
        let pointer = pointer(name.map_or("", String::as_str));
        let words = without_value(&error.inner().to_string()).replace("unknown field", "unknown parameter");
        Problem::invalid(pointer, format!("{}.", capitalised(&words)))
    })
}

/// The parameters in their order, as their sender meant them.
fn parameters(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let parsed = web::Query::<Vec<(String, String)>>::from_query(query).map(web::Query::into_inner);
    parsed.map_err(|_| Problem::invalid("?", "The query is not understood."))
}

fn check_names_and_texts(parameters: &[(String, String)]) -> Result<(), Problem> {
    let mut names = HashSet::new();
    for (name, text) in parameters {
        // PostgreSQL has no text with a NUL in it.
        if text.contains('\0') {
            return Err(Problem::invalid(pointer(name), "Holds a character that no text has."));
        }
        if !names.insert(name) {
            return Err(Problem::invalid(pointer(name), "Given more than once."));
        }
    }
    Ok(())
}

/// Where in the query something is wrong.
fn pointer(name: &str) -> String {
    format!("?{name}")
}

/// The text of a parameter, which becomes what its place in the query's type wants.
struct Value(String);

impl IntoDeserializer<'_, ValueError> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let number = self.0.parse().map_err(|_| ValueError::custom("must be a whole number"))?;
        visitor.visit_i64(number)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let flag = self.0.parse().map_err(|_| ValueError::custom("must be `true` or `false`"))?;
        visitor.visit_bool(flag)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_enum(IntoDeserializer::<ValueError>::into_deserializer(self.0))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct identifier ignored_any
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

/// The same request, for the page that begins at this cursor.
pub(crate) fn next_page(request: &HttpRequest, cursor: &str) -> String {
    let kept = request.query_string().split('&').filter(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "cursor"
    });
    let parameters: Vec<_> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{}?{}", request.path(), parameters.join("&"))
}
