use actix_web::{get, put};
use authz::action::{ChangePassword, ReadMe};
use domain::Secret;
use service::sessions::change_password::{self as use_case, PasswordChange};
use wire::Me;

use crate::http::{Authorized, Json, Reply};
use crate::present;
use crate::problem::Problem;

/// Who am I?
#[utoipa::path(tag = "me", responses((status = 200, description = "You", body = Me)))]
#[get("/v1/me")]
pub(crate) async fn read_me(caller: Authorized<ReadMe>) -> Result<Reply, Problem> {
    Ok(Reply::ok(&present::me(caller.caller())))
}

/// Change my password
///
/// Ends every other session of yours. A wrong current password counts like one at log-in: after ten in a row the account
/// pauses, longer each time.
#[utoipa::path(
    tag = "me", request_body = wire::ChangePassword,
    responses((status = 204, description = "The password has changed"))
)]
#[put("/v1/me/password")]
pub(crate) async fn change_password(
    caller: Authorized<ChangePassword>,
    body: Json<wire::ChangePassword>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let change = PasswordChange { current: Secret::new(body.current_password), new: Secret::new(body.new_password) };
    caller
        .run_hashing(move |service, context, permit| use_case::change_password(service, context, permit, &change))
        .await?;
    Ok(Reply::no_content())
}
