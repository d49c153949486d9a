use authz::Permit;
use authz::action::DeleteGateway;
use domain::audit::{AuditAction, Chain, Target};
use domain::change::Change;
use persistence::{api_tokens, gateways};

use super::details;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// Its tokens go with it. What its processes hold on a lease, they hold until that runs out, and are waited for.
pub fn delete(service: &Service, context: &mut Context, permit: &Permit<DeleteGateway>) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("delete gateway", &author, &Chain::Platform, |db| {
        let gateway = gateways::find(permit, db)?.ok_or(Error::NotFound)?;
        context.expects(gateway.version)?;
        api_tokens::delete_all_of_gateway(permit, db)?;
        gateways::delete(permit, db, &gateway)?;
        db.tell(&Change::Gateway(gateway.id.clone()))?;
        Ok(db.record(AuditAction::GatewayDeleted, Target::new("gateway", &gateway.id), &details(&gateway))?)
    })
}
