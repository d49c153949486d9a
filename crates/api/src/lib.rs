//! Keyreeve over HTTP: routes, what is read from a request, what is said in an answer, and the OpenAPI document.
//!
//! A handler turns a body into a command, calls one use case, and presents what came of it. It decides nothing: who may
//! is the permit's, what is right is the use case's, what a refusal looks like is the problem table's.

#![forbid(unsafe_code)]

mod http;
mod metrics;
mod openapi;
mod present;
mod problem;
mod routes;
mod server;
mod spans;

pub use http::Drain;
pub use metrics::catalogue as metric_catalogue;
pub use openapi::{DOCUMENT as OPENAPI, generated as generated_openapi};
pub use problem::catalogue as problem_catalogue;
pub use server::{Options, serve, serve_metrics};
pub use spans::{FinishedSpans, Outcome, Span, Spans, spans};
