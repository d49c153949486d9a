use authz::action::CreateTenant;
use authz::{Permit, Reach};
use domain::audit::{AuditAction, Chain, Target};
use domain::id::{PartnerId, TenantId, UserId};
use domain::partner::PartnerPath;
use domain::tenant::Tenant;
use domain::text::{Email, ExternalRef, Name};
use domain::user::User;
use domain::{Invalid, Role, Secret, Timestamp};
use persistence::{Reading, authentication, tenant_keys, tenants, users};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::once::Repeatable;
use crate::service::Service;
use crate::users::{Access, Entry, Invited};

pub struct NewTenant {
    pub name: Name,
    /// Whose customer; a partner's own token makes its own customers unless it says otherwise.
    pub partner: Option<PartnerId>,
    pub external_ref: Option<ExternalRef>,
    pub admin: Option<FirstAdmin>,
}

/// The person who will run the tenant.
pub struct FirstAdmin {
    pub email: Email,
    pub name: Name,
    pub access: Access,
}

/// A new tenant, its first admin if one was asked for, and that admin's invitation if they have no password.
pub struct TenantMade {
    pub tenant: Tenant,
    pub admin: Option<(User, Option<Invited>)>,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateTenant>,
    new: NewTenant,
) -> Result<TenantMade> {
    let partner = partner_of(service, permit, new.partner)?;
    let id = TenantId::draw(&mut context.entropy, context.now);
    let tenant = Tenant {
        id,
        name: new.name,
        partner,
        external_ref: new.external_ref,
        created_at: context.now,
        suspended_at: None,
        delete_at: None,
        version: 1,
    };
    let admin = match new.admin {
        None => None,
        Some(admin) => {
            let entry = service.entry(context, admin.access, &admin.email)?;
            Some((first_admin(context, &tenant.id, admin.email, admin.name, &entry), entry))
        }
    };
    let author = context.author_of(permit.caller());
    let now = context.now;
    service.write_once(
        "create tenant",
        context,
        &author,
        &Chain::Tenant(tenant.id.clone(), tenant.partner.clone()),
        |db| {
            tenants::insert(permit, db, &tenant)?;
            tenant_keys::insert_first(db, &service.ring(), &tenant.id)?;
            db.record(AuditAction::TenantCreated, Target::new("tenant", &tenant.id), &details(&tenant))?;
            let admin = match &admin {
                None => None,
                Some((user, entry)) => {
                    users::insert_first(permit, db, user, entry.password_hash())?;
                    Some((user.clone(), service.admit(db, user, entry)?))
                }
            };
            Ok(TenantMade { tenant: tenant.clone(), admin })
        },
        |db, id, secret| again(service, permit, db, now, id, admin.as_ref().map(|(user, _)| user), secret),
    )
}

/// What the first request made, with the admin it asked for as they were made and the same invitation.
fn again(
    service: &Service,
    permit: &Permit<CreateTenant>,
    db: &mut Reading<'_>,
    now: Timestamp,
    id: &str,
    asked: Option<&User>,
    secret: Option<Secret>,
) -> Result<Option<TenantMade>> {
    let Ok(id) = TenantId::parse(id) else { return Ok(None) };
    let Some(tenancy) = authentication::locate_tenant(db, &id, now)? else { return Ok(None) };
    let Some(made) = permit.on_what_it_made(tenancy) else { return Ok(None) };
    let Some(tenant) = tenants::find(&made, db)? else { return Ok(None) };
    let Some(asked) = asked else { return Ok(Some(TenantMade { tenant, admin: None })) };
    let first = users::find_by_email(&made, db, &asked.email)?;
    let unchanged = first.filter(|user| user.version == asked.version && user.created_at == tenant.created_at);
    let Some(user) = unchanged else { return Ok(None) };
    let invited = match secret {
        None => None,
        Some(secret) => match service.invited_again(db, secret)? {
            None => return Ok(None),
            invited => invited,
        },
    };
    Ok(Some(TenantMade { tenant, admin: Some((user, invited)) }))
}

fn first_admin(context: &mut Context, tenant: &TenantId, email: Email, name: Name, entry: &Entry) -> User {
    User {
        id: UserId::draw(&mut context.entropy, context.now),
        tenant: tenant.clone(),
        email,
        name,
        role: Role::Admin,
        created_at: context.now,
        joined_at: entry.password_hash().map(|_| context.now),
        suspended_at: None,
        version: 1,
    }
}

/// A partner that the caller cannot see is as wrong as one that is not there.
fn partner_of(service: &Service, permit: &Permit<CreateTenant>, id: Option<PartnerId>) -> Result<Option<PartnerPath>> {
    let own = match permit.reach() {
        Reach::Everything => None,
        Reach::Subtree(path) => Some(path),
        Reach::OneTenant(_) | Reach::Nothing => return Err(Error::Forbidden),
    };
    let Some(id) = id else { return Ok(own) };
    let located = service.read(|db| Ok(authentication::locate_partner(db, &id)?))?;
    let visible = located.filter(|found| own.is_none_or(|own| own.covers(&found.path)));
    let why = Invalid::because("There is no partner with this id.");
    visible.map(|found| Some(found.path)).ok_or_else(|| Error::at("/partner_id", &why))
}

fn details(tenant: &Tenant) -> Vec<(&'static str, String)> {
    let mut details = vec![("name", tenant.name.to_string())];
    if let Some(reference) = &tenant.external_ref {
        details.push(("external_ref", reference.to_string()));
    }
    details
}

impl Repeatable for TenantMade {
    fn id(&self) -> String {
        self.tenant.id.to_string()
    }

    fn version(&self) -> i64 {
        self.tenant.version
    }

    fn secret(&self) -> Option<&Secret> {
        self.admin.as_ref().and_then(|(_, invited)| invited.as_ref()).map(|invited| &invited.token)
    }
}
