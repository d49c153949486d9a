//! How keys, storage instances and buckets look to clients.

use domain::explanation::{Check, Explanation, Step};
use domain::instance::StorageInstance;
use domain::key::grants::{Buckets, Permission};
use domain::key::{Key, KeyStatus, Pair, PairState};
use domain::liveness::Dead;
use service::buckets::RegisteredBucket;
use service::claims::{ClaimMade, Claimed};
use service::instances::InstanceMade;
use service::keys::{Handed, KeyMade, KeyShown, KeyUsage};
use service::{Service, Stopped};

use super::{actor, receipt, shown_once};

const WARNING: &str = "This is the only time the secret is shown. Store it now: nobody can show it again.";

const LINK_WARNING: &str =
    "This is the only time the link is shown. It opens once: pass it on to whoever is to have the secret.";

pub(crate) fn key(shown: KeyShown) -> wire::Key {
    let KeyShown { key, rotate_by, last_used_at, is_held_back, now } = shown;
    let pairs = pairs(&key, now).map(pair).collect();
    let status = status(key.status(now));
    let access_key_id = key.pairs.current().access_key_id.to_string();
    let grants = key.terms.grants;
    wire::Key {
        id: key.id.to_string(),
        tenant_id: key.tenant.to_string(),
        instance_id: key.instance.to_string(),
        region: key.region.to_string(),
        label: key.terms.label.map(|label| label.to_string()),
        description: key.terms.description.map(|description| description.to_string()),
        access_key_id,
        status,
        buckets: buckets(&grants.buckets),
        prefixes: grants.prefixes.iter().map(ToString::to_string).collect(),
        permissions: grants.permissions.iter().map(permission).collect(),
        allowed_addresses: grants.networks.iter().map(ToString::to_string).collect(),
        created_at: key.created_at,
        created_by: actor(key.created_by),
        expires_at: key.terms.expires_at,
        rotate_by,
        last_used_at,
        held_back: is_held_back,
        version: key.version,
        pairs,
    }
}

/// The current pair first, then the one before while it is still honoured. Of a key that is over, the current one.
fn pairs(key: &Key, now: domain::Timestamp) -> impl Iterator<Item = &Pair> {
    let current = key.pairs.current();
    let retiring = key.pairs.retiring(now).filter(|pair| pair.access_key_id != current.access_key_id);
    [Some(current), retiring].into_iter().flatten()
}

fn pair(pair: &Pair) -> wire::KeyPair {
    let (state, until) = match pair.state {
        PairState::Retiring(retirement) => (wire::KeyPairState::Retiring, Some(retirement.until)),
        PairState::Current | PairState::Ended(_) => (wire::KeyPairState::Current, None),
    };
    wire::KeyPair { access_key_id: pair.access_key_id.to_string(), state, since: pair.since, until }
}

pub(crate) fn key_usage(usage: &KeyUsage) -> wire::KeyUsage {
    wire::KeyUsage {
        key_id: usage.key.id.to_string(),
        last_used_at: usage.last_used_at(),
        pairs: pairs(&usage.key, usage.now).map(|pair| pair_usage(usage, pair)).collect(),
        days: usage.days.iter().map(|(day, uses)| wire::DayUsage { day: day.to_string(), uses: *uses }).collect(),
    }
}

fn pair_usage(usage: &KeyUsage, of: &Pair) -> wire::PairUsage {
    let wire::KeyPair { access_key_id, state, .. } = pair(of);
    let used = usage.of(of);
    wire::PairUsage {
        access_key_id,
        state,
        last_used_at: used.map(|used| used.at),
        gateway: used.and_then(|used| used.gateway.clone()),
        address: used.and_then(|used| used.address).map(|address| address.to_string()),
        agent: used.and_then(|used| used.agent.clone()),
    }
}

fn status(status: KeyStatus) -> wire::KeyStatus {
    match status {
        KeyStatus::Active => wire::KeyStatus::Active,
        KeyStatus::Disabled => wire::KeyStatus::Disabled,
        KeyStatus::Revoked => wire::KeyStatus::Revoked,
        KeyStatus::Expired => wire::KeyStatus::Expired,
    }
}

pub(super) fn buckets(buckets: &Buckets) -> wire::BucketAccess {
    match buckets {
        Buckets::All => wire::BucketAccess { access: wire::BucketAccessKind::All, names: Vec::new() },
        Buckets::Specific(names) => wire::BucketAccess {
            access: wire::BucketAccessKind::Specific,
            names: names.iter().map(ToString::to_string).collect(),
        },
    }
}

pub(super) fn permission(permission: Permission) -> wire::KeyPermission {
    match permission {
        Permission::Read => wire::KeyPermission::Read,
        Permission::Write => wire::KeyPermission::Write,
        Permission::List => wire::KeyPermission::List,
        Permission::Delete => wire::KeyPermission::Delete,
    }
}

pub(crate) fn created_key(made: KeyMade, service: &Service) -> wire::CreatedKey {
    let (secret_access_key, claim, warning) = match &made.handed {
        Handed::Secret(secret) => (Some(shown_once(secret.secret())), None, WARNING),
        Handed::Link(link) => (None, Some(created_claim(link, service)), LINK_WARNING),
    };
    wire::CreatedKey {
        secret_access_key,
        claim,
        s3_endpoint: made.region.s3_endpoint.to_string(),
        region: made.region.code.to_string(),
        warning: warning.to_owned(),
        receipt: made.receipt.as_ref().map(receipt),
        key: key(made.shown),
    }
}

pub(crate) fn created_claim(made: &ClaimMade, service: &Service) -> wire::CreatedClaim {
    wire::CreatedClaim {
        id: made.claim.id.to_string(),
        url: service.link("claim", &made.token).expose().to_owned(),
        token: shown_once(&made.token),
        access_key_id: made.claim.access_key_id.to_string(),
        expires_at: made.claim.expires_at,
    }
}

pub(crate) fn claimed_key(claimed: &Claimed) -> wire::ClaimedKey {
    wire::ClaimedKey {
        access_key_id: claimed.access_key_id.to_string(),
        secret_access_key: shown_once(claimed.secret.secret()),
        s3_endpoint: claimed.region.s3_endpoint.to_string(),
        region: claimed.region.code.to_string(),
        label: claimed.key.terms.label.as_ref().map(ToString::to_string),
        warning: WARNING.to_owned(),
    }
}

pub(crate) fn stopped_key(stopped: Stopped<KeyShown>) -> wire::StoppedKey {
    wire::StoppedKey { key: key(stopped.object), receipt: receipt(&stopped.receipt) }
}

pub(crate) fn explanation(explained: Explanation) -> wire::Explanation {
    wire::Explanation {
        access_key_id: explained.access_key_id.to_string(),
        at: explained.at,
        decision: if explained.decision.is_ok() { wire::Decision::Allow } else { wire::Decision::Deny },
        reason: explained.decision.err().map(reason),
        steps: explained.steps.into_iter().map(step).collect(),
    }
}

fn reason(dead: Dead) -> wire::DenialReason {
    match dead {
        Dead::Unknown => wire::DenialReason::Unknown,
        Dead::Expired => wire::DenialReason::Expired,
        Dead::Ended => wire::DenialReason::Ended,
        Dead::Suspended => wire::DenialReason::Suspended,
        Dead::Deleted => wire::DenialReason::Deleted,
        Dead::Revoked => wire::DenialReason::Revoked,
        Dead::Disabled => wire::DenialReason::Disabled,
        Dead::Retired => wire::DenialReason::Retired,
        Dead::HeldBack => wire::DenialReason::HeldBack,
    }
}

fn step(step: Step) -> wire::ExplanationStep {
    let check = match step.check {
        Check::Known => wire::ExplanationCheck::Known,
        Check::Tenant => wire::ExplanationCheck::Tenant,
        Check::Partners => wire::ExplanationCheck::Partners,
        Check::RegionService => wire::ExplanationCheck::RegionService,
        Check::KeyState => wire::ExplanationCheck::KeyState,
        Check::Expiry => wire::ExplanationCheck::Expiry,
        Check::Pair => wire::ExplanationCheck::Pair,
        Check::Restore => wire::ExplanationCheck::Restore,
    };
    wire::ExplanationStep { check, passed: step.passed, detail: step.detail }
}

pub(crate) fn instance(instance: StorageInstance) -> wire::Instance {
    wire::Instance {
        namespace: instance.namespace().to_owned(),
        id: instance.id.to_string(),
        tenant_id: instance.tenant.to_string(),
        region: instance.region.to_string(),
        name: instance.name.to_string(),
        description: instance.description.map(|description| description.to_string()),
        created_at: instance.created_at,
        version: instance.version,
    }
}

pub(crate) fn created_instance(made: InstanceMade, service: &Service) -> wire::CreatedInstance {
    let initial_key = made.initial_key.map(|made| created_key(made, service));
    wire::CreatedInstance { instance: instance(made.instance), initial_key }
}

pub(crate) fn bucket(bucket: RegisteredBucket) -> wire::Bucket {
    wire::Bucket { name: bucket.name.to_string(), created_at: bucket.created_at }
}
