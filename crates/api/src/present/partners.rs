//! How partners look to those who may see them.

use std::collections::BTreeSet;

use authz::Reach;
use domain::guardrails::{Guardrail, Guardrails};
use domain::partner::{EmergencyStop, Partner, StoppedBy};
use service::Stopped;
use service::partners::{Census, DryRun, PartnerShown, Violator};

use super::receipt;

/// The partner above is named only to whoever may see it: a partner is the top of its own world.
pub(crate) fn partner(shown: PartnerShown, reach: &Reach) -> wire::Partner {
    let PartnerShown { partner, effective } = shown;
    let shows_parent = match reach {
        Reach::Everything => true,
        Reach::Subtree(own) => *own != partner.path,
        Reach::OneTenant(_) | Reach::Nothing => false,
    };
    wire::Partner {
        id: partner.id().to_string(),
        name: partner.name.to_string(),
        parent_id: partner.path.parent().filter(|_| shows_parent).map(ToString::to_string),
        status: status(&partner),
        created_at: partner.created_at,
        suspended_at: partner.suspended_at,
        guardrails: guardrails(&partner.guardrails),
        effective_guardrails: guardrails(&effective),
        emergency_stop: partner.stop.map(|stop| emergency_stop(stop, reach)),
        version: partner.version,
    }
}

fn status(partner: &Partner) -> wire::PartnerStatus {
    match (&partner.stop, partner.suspended_at) {
        (Some(_), _) => wire::PartnerStatus::Stopped,
        (None, Some(_)) => wire::PartnerStatus::Suspended,
        (None, None) => wire::PartnerStatus::Active,
    }
}

fn emergency_stop(stop: EmergencyStop, reach: &Reach) -> wire::EmergencyStop {
    let (stopped_by, partner_id) = match &stop.by {
        StoppedBy::Operator => (wire::StopLevel::Operator, None),
        StoppedBy::Partner(path) => {
            let is_visible = match reach {
                Reach::Everything => true,
                Reach::Subtree(own) => own.covers(path),
                Reach::OneTenant(_) | Reach::Nothing => false,
            };
            (wire::StopLevel::Partner, is_visible.then(|| path.leaf().to_string()))
        }
    };
    wire::EmergencyStop {
        stopped_at: stop.at,
        stopped_by,
        partner_id,
        undo_until: stop.undo_until(),
        reason: stop.reason.to_string(),
    }
}

pub(crate) fn stopped_partner(stopped: Stopped<PartnerShown>, reach: &Reach) -> wire::StoppedPartner {
    wire::StoppedPartner { partner: partner(stopped.object, reach), receipt: receipt(&stopped.receipt) }
}

fn guardrails(guardrails: &Guardrails) -> wire::Guardrails {
    wire::Guardrails {
        max_ttl_seconds: guardrails.max_ttl.map(|ttl| ttl.num_seconds()),
        require_expiry: guardrails.require_expiry,
        require_bucket_scope: guardrails.require_bucket_scope,
        allowed_regions: guardrails.allowed_regions.as_ref().map(names),
        allowed_key_models: guardrails.allowed_key_models.as_ref().map(names),
        max_keys_per_tenant: guardrails.max_keys_per_tenant.map(i64::from),
        partners_may_not_see_secrets: guardrails.partners_may_not_see_secrets,
    }
}

fn names<T: ToString>(names: &BTreeSet<T>) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

pub(crate) fn dry_run(run: DryRun) -> wire::GuardrailsDryRun {
    let (mut rules, mut violators) = (Vec::new(), Vec::new());
    for (guardrail, found) in run.rules {
        let guardrail = name(guardrail);
        rules.push(wire::GuardrailBreaches { guardrail, tenants: found.tenants, keys: found.keys });
        violators.extend(found.first.into_iter().map(|violator| of_violator(guardrail, &violator)));
    }
    let partner_id = run.partner.to_string();
    wire::GuardrailsDryRun { partner_id, at: run.at, rules, violators, truncated: run.is_cut }
}

fn of_violator(guardrail: wire::GuardrailName, violator: &Violator) -> wire::GuardrailViolator {
    wire::GuardrailViolator {
        guardrail,
        tenant_id: violator.tenant.to_string(),
        key_id: violator.key.as_ref().map(ToString::to_string),
        region: violator.region.as_ref().map(ToString::to_string),
    }
}

fn name(guardrail: Guardrail) -> wire::GuardrailName {
    match guardrail {
        Guardrail::MaxTtl => wire::GuardrailName::MaxTtlSeconds,
        Guardrail::RequireExpiry => wire::GuardrailName::RequireExpiry,
        Guardrail::RequireBucketScope => wire::GuardrailName::RequireBucketScope,
        Guardrail::AllowedRegions => wire::GuardrailName::AllowedRegions,
        Guardrail::AllowedKeyModels => wire::GuardrailName::AllowedKeyModels,
        Guardrail::MaxKeysPerTenant => wire::GuardrailName::MaxKeysPerTenant,
        Guardrail::PartnersMayNotSeeSecrets => wire::GuardrailName::PartnersMayNotSeeSecrets,
    }
}

pub(crate) fn emergency_stop_preview(
    partner_id: String,
    at: domain::Timestamp,
    census: &Census,
) -> wire::EmergencyStopPreview {
    wire::EmergencyStopPreview {
        partner_id,
        at,
        partners: census.partners,
        tenants: census.tenants,
        keys: census.keys,
        tokens: census.tokens,
        sessions: census.sessions,
        keys_last_used_at: census.keys_last_used_at,
        tokens_last_used_at: census.tokens_last_used_at,
    }
}
