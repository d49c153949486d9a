use actix_web::{get, web};
use chrono::TimeDelta;
use service::Service;
use wire::Health;

use crate::http::blocking::Blocking;
use crate::http::{Drain, Reply};
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
/// Whether the database answers, this replica has every master key, the feed of changes is followed, and nobody has told the
/// server to stop. Send no requests here while it says no; `detail` says why. In a quarantine after a restore it says yes, with
/// `quarantined`: somebody has to reach the server to lift it.
#[utoipa::path(tag = "health", operation_id = "read_readiness", responses((status = 200, description = "Ready", body = Health)))]
#[get("/readyz")]
pub(crate) async fn read_readiness(blocking: web::Data<Blocking>, drain: web::Data<Drain>) -> Result<Reply, Problem> {
    let not_ready = |why: &str| Problem::saying(Kind::NotReady, why).retry_after(TimeDelta::seconds(2));
    if drain.has_begun() {
        return Err(not_ready("The server is stopping. It finishes what it has been asked."));
    }
    blocking.run(Service::check_readiness).await.map_err(|problem| {
        if matches!(problem.kind, Kind::MasterKeyMissing) {
            return problem;
        }
        Problem::new(Kind::DatabaseUnavailable).retry_after(TimeDelta::seconds(2))
    })?;
    if !blocking.service().may_answer_from_memory() {
        return Err(not_ready(
            "The feed of changes is not followed, so nothing is answered from memory. The log says why.",
        ));
    }
    // Requests may come here all the same: the one that lifts it has to.
    let status = if blocking.service().is_quarantined() { "quarantined" } else { "ok" };
    Ok(Reply::ok(&Health { status: status.to_owned() }))
}
