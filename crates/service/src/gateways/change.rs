use authz::Permit;
use authz::action::ChangeGateway;
use domain::audit::{AuditAction, Chain, Target};
use domain::change::Change;
use domain::gateway::{Binding, Capabilities, Gateway};
use domain::text::Name;
use persistence::gateways;

use super::{GatewayShown, check_regions, details};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// What is left out stays as it is.
pub struct GatewayChange {
    pub name: Option<Name>,
    pub binding: Option<Binding>,
    pub capabilities: Option<Capabilities>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeGateway>,
    change: &GatewayChange,
) -> Result<GatewayShown> {
    let author = context.author_of(permit.caller());
    service.database.write("change gateway", &author, &Chain::Platform, |db| {
        let before = gateways::find(permit, db)?.ok_or(Error::NotFound)?;
        context.expects(before.version)?;
        let after = Gateway {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            binding: change.binding.clone().unwrap_or_else(|| before.binding.clone()),
            capabilities: change.capabilities.clone().unwrap_or_else(|| before.capabilities.clone()),
            ..before.clone()
        };
        if after == before {
            db.nothing_to_record();
            return GatewayShown::of(db, before);
        }
        check_regions(db, &after.binding)?;
        let gateway = gateways::update(permit, db, after)?;
        db.tell(&Change::Gateway(gateway.id.clone()))?;
        db.record(AuditAction::GatewayChanged, Target::new("gateway", &gateway.id), &details(&gateway))?;
        GatewayShown::of(db, gateway)
    })
}
