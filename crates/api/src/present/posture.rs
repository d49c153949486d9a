//! How posture looks to clients.

use domain::posture::Posture;
use domain::tenant::Tenant;
use service::posture::{PartnerPosture, Taken};

use super::page;

pub(crate) fn tenant_posture(taken: Taken) -> wire::TenantPosture {
    wire::TenantPosture { as_of: taken.at, counts: counts(taken.posture) }
}

pub(crate) fn partner_posture(posture: PartnerPosture) -> wire::PartnerPosture {
    wire::PartnerPosture {
        as_of: posture.all.at,
        counts: counts(posture.all.posture),
        tenants: page(posture.tenants, tenant),
    }
}

fn tenant((tenant, posture): (Tenant, Posture)) -> wire::TenantKeyCounts {
    wire::TenantKeyCounts {
        tenant_id: tenant.id.to_string(),
        name: tenant.name.to_string(),
        partner_id: tenant.partner.map(|path| path.leaf().to_string()),
        external_ref: tenant.external_ref.map(|reference| reference.to_string()),
        counts: counts(posture),
    }
}

fn counts(posture: Posture) -> wire::KeyCounts {
    let Posture { keys, active, past_rotation_age, unused_45_days, unused_90_days, all_buckets, without_expiry } =
        posture;
    wire::KeyCounts { keys, active, past_rotation_age, unused_45_days, unused_90_days, all_buckets, without_expiry }
}
