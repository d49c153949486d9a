use authz::Permit;
use authz::action::CreateGateway;
use domain::audit::{AuditAction, Chain, Target};
use domain::gateway::{Binding, Capabilities, Gateway};
use domain::id::GatewayId;
use domain::text::Name;
use persistence::gateways;

use super::{GatewayShown, check_regions, details};
use crate::context::Context;
use crate::error::Result;
use crate::service::Service;

pub struct NewGateway {
    pub name: Name,
    pub binding: Binding,
    pub capabilities: Capabilities,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateGateway>,
    new: NewGateway,
) -> Result<GatewayShown> {
    let NewGateway { name, binding, capabilities } = new;
    let id = GatewayId::draw(&mut context.entropy, context.now);
    let gateway = Gateway { id, name, binding, capabilities, created_at: context.now, version: 1 };
    let author = context.author_of(permit.caller());
    service.write_once(
        "create gateway",
        context,
        &author,
        &Chain::Platform,
        |db| {
            check_regions(db, &gateway.binding)?;
            gateways::insert(permit, db, &gateway)?;
            db.record(AuditAction::GatewayCreated, Target::new("gateway", &gateway.id), &details(&gateway))?;
            GatewayShown::of(db, gateway.clone())
        },
        |db, id, _| {
            let Ok(id) = GatewayId::parse(id) else { return Ok(None) };
            gateways::find_made(permit, db, &id)?.map(|gateway| GatewayShown::of(db, gateway)).transpose()
        },
    )
}
