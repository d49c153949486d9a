use actix_web::{HttpResponse, get, web};
use chrono::TimeDelta;

use crate::http::blocking::Blocking;
use crate::problem::{Kind, Problem};

/// Is the process alive?
///
/// Asks nothing of anybody else: restart the process if this does not answer.
#[utoipa::path(tag = "health", operation_id = "read_liveness", responses((status = 204, description = "Alive")))]
#[get("/livez")]
pub(crate) async fn read_liveness() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Can it serve?
///
/// Asks the database. Send no requests here while it says no.
#[utoipa::path(tag = "health", operation_id = "read_readiness", responses((status = 204, description = "Ready")))]
#[get("/readyz")]
pub(crate) async fn read_readiness(blocking: web::Data<Blocking>) -> Result<HttpResponse, Problem> {
    blocking
        .run(|service| Ok(service.database().ping()?))
        .await
        .map_err(|_| Problem::new(Kind::DatabaseUnavailable).retry_after(TimeDelta::seconds(2)))?;
    Ok(HttpResponse::NoContent().finish())
}
