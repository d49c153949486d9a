use actix_web::{HttpRequest, get, web};
use authz::action::{IssueEc2Credential, IssueSecret};
use service::gateway_plane::{self, SecretIssued};

use super::{Plain, asking, here, patiently};
use crate::http::Reply;
use crate::present;
use crate::problem::{Kind, Problem};

/// Issue an EC2 credential
///
/// A pair with its secret, for a gateway that remembers it for a while; needs the capability `secrets` besides. Each answer is in the
/// audit of the tenant. A gateway that gets 403 goes on, and asks each time.
#[utoipa::path(
    tag = "keystone",
    params(
        ("user" = String, Path, description = "The key's id", example = "key_01jd0000000000000000000000"),
        ("access_key_id" = String, Path, description = "Of its pair", example = "NQAK8F7X9K2M1PQ0ABCD"),
    ),
    responses((status = 200, description = "The pair", body = wire::IssuedEc2Credential))
)]
#[get("/v3/users/{user}/credentials/OS-EC2/{access_key_id}")]
pub(crate) async fn issue_ec2_credential(
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<Plain, Problem> {
    let asking = asking::<IssueEc2Credential>(&request).await?.also::<IssueSecret>()?;
    let (user, access_key_id) = path.into_inner();
    let (known, _) = patiently(async || asking.known(&access_key_id).await).await?;
    let is_users = known.is_some_and(|pair| pair.key.as_str() == user);
    if !is_users {
        return Err(Problem::new(Kind::NotFound));
    }
    let issued = patiently(async || {
        let id = access_key_id.clone();
        asking.run(move |service, context, permit| gateway_plane::issue_secret(service, context, permit, &id)).await
    });
    match issued.await? {
        SecretIssued::Denied(_) => Err(Problem::new(Kind::NotFound)),
        SecretIssued::Issued { pair, secret, .. } => {
            let place = format!("{}/users/{user}/credentials/OS-EC2/{access_key_id}", here(&request));
            Ok(Plain(Reply::ok(&present::ec2_credential(&pair, &secret, place))))
        }
    }
}
