use actix_web::{get, web};
use chrono::TimeDelta;
use service::Service;
use wire::Health;

use crate::http::Reply;
use crate::http::blocking::Blocking;
use crate::problem::{Kind, Problem};

/// Is the process alive?
///
/// Asks nothing of anybody else: restart the process if this does not answer.
#[utoipa::path(tag = "health", operation_id = "read_liveness", responses((status = 200, description = "Alive", body = Health)))]
#[get("/livez")]
pub(crate) async fn read_liveness() -> Reply {
    Reply::ok(&Health { status: "ok".to_owned() })
}

/// Can it serve?
///
/// Asks the database, and whether this replica has every master key. Send no requests here while it says no.
#[utoipa::path(tag = "health", operation_id = "read_readiness", responses((status = 200, description = "Ready", body = Health)))]
#[get("/readyz")]
pub(crate) async fn read_readiness(blocking: web::Data<Blocking>) -> Result<Reply, Problem> {
    blocking.run(Service::check_readiness).await.map_err(|problem| {
        if matches!(problem.kind, Kind::MasterKeyMissing) {
            return problem;
        }
        Problem::new(Kind::DatabaseUnavailable).retry_after(TimeDelta::seconds(2))
    })?;
    Ok(Reply::ok(&Health { status: "ok".to_owned() }))
}
