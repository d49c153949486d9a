//! From domain to wire: how things look to clients.

mod gateways;
mod keys;
mod keystone;
mod partners;
mod posture;
mod quarantine;

pub(crate) use gateways::{changes, gateway, issued_secret, issued_signing_key, s3_error, verdict};
pub(crate) use keys::{
    bucket, claimed_key, created_claim, created_instance, created_key, explanation, instance, key, key_usage,
    stopped_key,
};
pub(crate) use keystone::{ec2_credential, keystone_version, logged_in, verified_s3_token};
pub(crate) use partners::{dry_run, emergency_stop_preview, partner, stopped_partner};
pub(crate) use posture::{partner_posture, tenant_posture};
pub(crate) use quarantine::{held_back, quarantine};

use std::collections::BTreeMap;

use authz::Caller;
use domain::actor::Actor;
use domain::api_token::ApiToken;
use domain::checkpoint::Checkpoint;
use domain::key_model::{Delete, Instances, KeyModel, Presence, Revoke};
use domain::region::Region;
use domain::scope::Scope;
use domain::tenant::{Tenant, TenantStatus};
use domain::tenant_region::{GatewaySecrets, RegionStatus, Service as Availability};
use domain::user::{User, UserStatus};
use domain::{Role, Secret, hex};
use service::api_tokens::TokenMade;
use service::audit::ChainedEvent;
use service::sessions::Started;
use service::tenant_regions::{Offer, OfferChanged};
use service::tenants::TenantMade;
use service::users::{Invited, UserMade};
use service::{Paged, Receipt, Service};

pub(crate) fn page<T, W>(paged: Paged<T>, item: impl Fn(T) -> W) -> wire::Page<W> {
    wire::Page { items: paged.items.into_iter().map(item).collect(), next_cursor: paged.next_cursor }
}

pub(crate) fn region(region: Region) -> wire::Region {
    wire::Region {
        code: region.code.to_string(),
        name: region.name.to_string(),
        s3_endpoint: region.s3_endpoint.to_string(),
        key_model: region.key_model.to_string(),
        created_at: region.created_at,
        version: region.version,
    }
}

pub(crate) fn key_model(model: KeyModel) -> wire::KeyModel {
    let presence = |presence| match presence {
        Presence::Required => wire::PresenceRule::Required,
        Presence::Optional => wire::PresenceRule::Optional,
    };
    let switches = model.switches;
    wire::KeyModel {
        name: model.name.to_string(),
        title: model.title.to_string(),
        built_in: model.built_in,
        instances: match switches.instances {
            Instances::One => wire::InstancesRule::One,
            Instances::Many => wire::InstancesRule::Many,
        },
        max_keys: switches.max_keys,
        initial_key: switches.initial_key,
        label: presence(switches.label),
        description: presence(switches.description),
        bucket_scopes: switches.bucket_scopes,
        revoke: match switches.revoke {
            Revoke::KeepsHistory => wire::RevokeRule::KeepsHistory,
            Revoke::Off => wire::RevokeRule::Off,
        },
        delete: match switches.delete {
            Delete::Allowed => wire::DeleteRule::Allowed,
            Delete::AfterRevoke => wire::DeleteRule::AfterRevoke,
            Delete::Forbidden => wire::DeleteRule::Forbidden,
        },
        reset: switches.reset,
        rotate_max_grace_seconds: switches.rotate_max_grace.map(|grace| grace.num_seconds()),
        max_ttl_seconds: switches.max_ttl.map(|ttl| ttl.num_seconds()),
        rotate_after_days: switches.rotate_after_days,
        id_prefix: switches.id_prefix,
        id_length: switches.id_length,
        secret_length: switches.secret_length,
        created_at: model.created_at,
        version: model.version,
    }
}

pub(crate) fn tenant(tenant: Tenant) -> wire::Tenant {
    wire::Tenant {
        id: tenant.id.to_string(),
        name: tenant.name.to_string(),
        partner_id: tenant.partner.as_ref().map(|path| path.leaf().to_string()),
        external_ref: tenant.external_ref.as_ref().map(ToString::to_string),
        status: match tenant.status() {
            TenantStatus::Active => wire::TenantStatus::Active,
            TenantStatus::Suspended => wire::TenantStatus::Suspended,
            TenantStatus::Deleting => wire::TenantStatus::Deleting,
        },
        created_at: tenant.created_at,
        suspended_at: tenant.suspended_at,
        delete_at: tenant.delete_at,
        version: tenant.version,
    }
}

pub(crate) fn created_tenant(made: TenantMade, service: &Service) -> wire::CreatedTenant {
    let admin = made.admin.map(|(user, invited)| created_user(UserMade { user, invited }, service));
    wire::CreatedTenant { tenant: tenant(made.tenant), admin }
}

pub(crate) fn user(user: User) -> wire::User {
    wire::User {
        id: user.id.to_string(),
        tenant_id: user.tenant.to_string(),
        email: user.email.to_string(),
        name: user.name.to_string(),
        role: role(user.role),
        status: match user.status() {
            UserStatus::Invited => wire::UserStatus::Invited,
            UserStatus::Active => wire::UserStatus::Active,
            UserStatus::Suspended => wire::UserStatus::Suspended,
        },
        created_at: user.created_at,
        version: user.version,
    }
}

pub(crate) fn created_user(made: UserMade, service: &Service) -> wire::CreatedUser {
    wire::CreatedUser { user: user(made.user), invitation: made.invited.map(|invited| invitation(&invited, service)) }
}

fn invitation(invited: &Invited, service: &Service) -> wire::Invitation {
    wire::Invitation {
        url: service.link("invitation", &invited.token).expose().to_owned(),
        token: shown_once(&invited.token),
        expires_at: invited.expires_at,
    }
}

fn role(role: Role) -> wire::UserRole {
    match role {
        Role::Admin => wire::UserRole::Admin,
        Role::MemberPlus => wire::UserRole::MemberPlus,
        Role::Member => wire::UserRole::Member,
    }
}

pub(crate) fn tenant_region(offer: Offer) -> wire::TenantRegion {
    wire::TenantRegion {
        region: offer.region.code.to_string(),
        name: offer.region.name.to_string(),
        s3_endpoint: offer.region.s3_endpoint.to_string(),
        service: match offer.own.service {
            Availability::Available => wire::RegionService::Available,
            Availability::Unavailable => wire::RegionService::Unavailable,
        },
        status: match offer.status() {
            RegionStatus::Unavailable => wire::TenantRegionStatus::Unavailable,
            RegionStatus::NotConfigured => wire::TenantRegionStatus::NotConfigured,
            RegionStatus::Active => wire::TenantRegionStatus::Active,
        },
        key_model: offer.key_model().to_string(),
        key_count: offer.key_count,
        gateway_secrets: match offer.own.gateway_secrets {
            GatewaySecrets::Allowed => wire::GatewaySecrets::Allowed,
            GatewaySecrets::Forbidden => wire::GatewaySecrets::Forbidden,
        },
        version: offer.own.version,
    }
}

pub(crate) fn changed_tenant_region(changed: OfferChanged, service: &Service) -> wire::ChangedTenantRegion {
    wire::ChangedTenantRegion {
        tenant_region: tenant_region(changed.offer),
        initial_key: changed.initial_key.map(|made| created_key(made, service)),
    }
}

pub(crate) fn api_token(token: ApiToken) -> wire::ApiToken {
    wire::ApiToken {
        id: token.id.to_string(),
        description: token.description.to_string(),
        scopes: token.scopes.iter().map(scope).collect(),
        allowed_addresses: token.networks.iter().map(ToString::to_string).collect(),
        expires_at: token.expires_at,
        created_at: token.created_at,
        created_by: actor(token.created_by),
        last_used_at: token.last_used_at,
        last_used_from: token.last_used_from.map(|address| address.to_string()),
        version: token.version,
    }
}

pub(crate) fn created_token(made: TokenMade) -> wire::CreatedToken {
    wire::CreatedToken { token: shown_once(&made.text), details: api_token(made.token) }
}

fn scope(scope: Scope) -> wire::TokenScope {
    use wire::TokenScope as W;
    match scope {
        Scope::TenantsRead => W::TenantsRead,
        Scope::TenantsWrite => W::TenantsWrite,
        Scope::UsersWrite => W::UsersWrite,
        Scope::KeysRead => W::KeysRead,
        Scope::KeysWrite => W::KeysWrite,
        Scope::PartnersWrite => W::PartnersWrite,
        Scope::TokensWrite => W::TokensWrite,
        Scope::AuditRead => W::AuditRead,
        Scope::UsageRead => W::UsageRead,
        Scope::PlatformWrite => W::PlatformWrite,
        Scope::GatewayUse => W::GatewayUse,
    }
}

pub(crate) fn session(started: &Started) -> wire::Session {
    wire::Session {
        access_token: shown_once(&started.access_token),
        token_type: "Bearer".to_owned(),
        expires_in: (started.access_expires_at - started.now).num_seconds(),
        refresh_token: shown_once(&started.refresh_token),
    }
}

pub(crate) fn me(caller: &Caller) -> wire::Me {
    let (kind, partner_id) = match caller {
        Caller::Operator(_) => (wire::CallerKind::OperatorToken, None),
        Caller::Partner(_, path) => (wire::CallerKind::PartnerToken, Some(path.leaf().to_string())),
        Caller::Tenant(..) => (wire::CallerKind::TenantToken, None),
        Caller::User(_) => (wire::CallerKind::User, None),
        Caller::Gateway(_) => (wire::CallerKind::GatewayToken, None),
    };
    wire::Me {
        kind,
        id: caller.identity().to_owned(),
        tenant_id: caller.tenant().map(ToString::to_string),
        partner_id,
        role: caller.role().map(role),
        scopes: caller.token().map(|token| token.scopes.iter().map(scope).collect()),
        expires_at: caller.expires_at(),
    }
}

pub(crate) fn receipt(receipt: &Receipt) -> wire::Receipt {
    wire::Receipt {
        sequence: receipt.sequence,
        state: if receipt.is_confirmed() { wire::ReceiptState::Confirmed } else { wire::ReceiptState::Pending },
        effective_at: receipt.effective_at,
        confirmed_by: receipt.confirmed_by,
        waiting_for: receipt.waiting_for.clone(),
    }
}

pub(crate) fn audit_event(found: ChainedEvent) -> wire::AuditEvent {
    let ChainedEvent { event, hash } = found;
    wire::AuditEvent {
        id: event.id.to_string(),
        chain: event.chain,
        sequence: event.sequence,
        at: event.at,
        actor: actor(event.actor),
        action: event.action,
        target: wire::AuditTarget { kind: event.target_kind, id: event.target_id },
        tenant_id: event.tenant_id.map(|id| id.to_string()),
        partner_id: event.partner_id.map(|id| id.to_string()),
        request_id: event.request_id,
        address: event.address.map(|address| address.to_string()),
        details: event.details.into_iter().collect::<BTreeMap<_, _>>(),
        hash: hex::encode(&hash),
    }
}

pub(crate) fn audit_checkpoint(Checkpoint { statement, signature }: Checkpoint) -> wire::AuditCheckpoint {
    wire::AuditCheckpoint {
        number: statement.number,
        at: statement.at,
        key: hex::encode(&statement.key),
        previous: hex::encode(&statement.previous),
        heads: statement.heads.iter().map(ToString::to_string).collect(),
        signature: hex::encode(&signature),
    }
}

fn actor(actor: Actor) -> wire::AuditActor {
    wire::AuditActor { kind: actor.kind.as_str().to_owned(), id: actor.id }
}

/// The one place where a secret leaves for its owner.
fn shown_once(secret: &Secret) -> String {
    secret.expose().to_owned()
}
