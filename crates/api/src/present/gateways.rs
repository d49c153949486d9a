//! How gateways look, and what they are told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use domain::account::Account;
use domain::change::Change;
use domain::gateway::Capability;
use domain::key::Grants;
use service::gateway_plane::{
    Allowed, ChangesSince, Denial, IssuedKey, KnownPair, SecretIssued, SigningKeyIssued, Verdict,
};
use service::gateways::GatewayShown;

use super::keys::{buckets, permission};
use super::shown_once;

pub(crate) fn gateway(shown: GatewayShown) -> wire::Gateway {
    let GatewayShown { gateway, leases, newest } = shown;
    let processes: Vec<wire::GatewayProcess> = leases
        .iter()
        .map(|lease| wire::GatewayProcess {
            instance: lease.instance().to_owned(),
            seconds_left: lease.left.num_seconds(),
            applied_sequence: lease.applied,
            lag: (newest - lease.applied).max(0),
        })
        .collect();
    let furthest_behind = processes.iter().min_by_key(|process| process.applied_sequence);
    wire::Gateway {
        id: gateway.id.to_string(),
        name: gateway.name.to_string(),
        regions: gateway.binding.regions().iter().map(ToString::to_string).collect(),
        capabilities: gateway.capabilities.iter().map(capability).collect(),
        created_at: gateway.created_at,
        lease: furthest_behind.map(|process| wire::GatewayLease {
            seconds_left: process.seconds_left,
            applied_sequence: process.applied_sequence,
            lag: process.lag,
        }),
        processes,
        version: gateway.version,
    }
}

fn capability(capability: Capability) -> wire::GatewayCapability {
    match capability {
        Capability::Verify => wire::GatewayCapability::Verify,
        Capability::SigningKeys => wire::GatewayCapability::SigningKeys,
        Capability::Secrets => wire::GatewayCapability::Secrets,
        Capability::Changes => wire::GatewayCapability::Changes,
        Capability::Usage => wire::GatewayCapability::Usage,
        Capability::Keystone => wire::GatewayCapability::Keystone,
    }
}

pub(crate) fn verdict(verdict: &Verdict, shows_principal: bool) -> wire::VerifyAnswer<'_> {
    match verdict {
        Verdict::Allow(allowed) => allow(allowed, shows_principal),
        Verdict::Deny(denial) => deny(denial),
    }
}

pub(crate) fn issued_signing_key<'a>(
    issued: &'a SigningKeyIssued,
    etag: Option<&str>,
    today: chrono::NaiveDate,
) -> wire::IssuedSigningKey<'a> {
    match issued {
        SigningKeyIssued::Denied(denial) => {
            wire::IssuedSigningKey { not_modified: false, presigned_only: false, answer: deny(denial) }
        }
        SigningKeyIssued::Issued(allowed) => {
            let mut answer = allow(allowed, true);
            let not_modified = etag.is_some() && answer.cache.etag.as_deref() == etag;
            if not_modified {
                answer.signing_key = None;
            }
            let yesterday = today.pred_opt().unwrap_or(today);
            let is_old = |key: &IssuedKey| key.scope.date().date() < yesterday;
            let presigned_only = allowed.signing_key.as_ref().is_some_and(is_old);
            wire::IssuedSigningKey { not_modified, presigned_only, answer }
        }
    }
}

pub(crate) fn issued_secret(issued: &SecretIssued) -> wire::IssuedSecret<'_> {
    match issued {
        SecretIssued::Denied(denial) => wire::IssuedSecret { secret_access_key: None, answer: deny(denial) },
        SecretIssued::Issued { pair, secret, ttl, stale_ttl, sequence } => wire::IssuedSecret {
            secret_access_key: Some(shown_once(secret)),
            answer: wire::VerifyAnswer {
                decision: wire::VerifyDecision::Allow,
                principal: Some(principal(pair)),
                grants: Some(grants(&pair.grants)),
                signing_key: None,
                s3_error: None,
                reason: None,
                cache: cache(pair, *ttl, *stale_ttl, *sequence),
            },
        },
    }
}

pub(crate) fn changes(since: &ChangesSince) -> wire::Changes {
    let event = |told: &service::gateway_plane::Told| {
        let named = |change: &Change| Some(change.subject().to_owned());
        let (kind, access_key_id, tenant_id, partner_id) = match &told.change {
            change @ Change::Key(..) => (wire::ChangeKind::Key, named(change), None, None),
            change @ Change::Tenant(_) => (wire::ChangeKind::Tenant, None, named(change), None),
            change @ Change::Partner(_) => (wire::ChangeKind::Partner, None, None, named(change)),
            Change::Gateway(_) | Change::Token(_) => return None,
        };
        Some(wire::ChangeEvent { sequence: told.sequence, kind, access_key_id, tenant_id, partner_id, at: told.at })
    };
    wire::Changes {
        sequence: since.sequence,
        lease_s: since.lease.num_seconds(),
        changes: since.told.iter().filter_map(event).collect(),
    }
}

fn allow(allowed: &Allowed, shows_principal: bool) -> wire::VerifyAnswer<'_> {
    let pair = &allowed.pair;
    wire::VerifyAnswer {
        decision: wire::VerifyDecision::Allow,
        principal: shows_principal.then(|| principal(pair)),
        grants: Some(grants(&pair.grants)),
        signing_key: allowed.signing_key.as_ref().map(signing_key),
        s3_error: None,
        reason: None,
        cache: cache(pair, allowed.ttl, allowed.stale_ttl, allowed.sequence),
    }
}

fn deny(denial: &Denial) -> wire::VerifyAnswer<'_> {
    wire::VerifyAnswer {
        decision: wire::VerifyDecision::Deny,
        principal: None,
        grants: None,
        signing_key: None,
        s3_error: Some(wire::S3Error {
            code: denial.s3_code().to_owned(),
            status: denial.status(),
            expected_region: denial.expected_region().map(str::to_owned),
        }),
        reason: Some(denial.reason().into()),
        cache: wire::CacheRule { ttl_s: 0, stale_ttl_s: None, etag: None, sequence: None },
    }
}

/// The error document of S3.
pub(crate) fn s3_error(denial: &Denial, request_id: &str) -> String {
    let code = denial.s3_code();
    let message = match code {
        "InvalidAccessKeyId" => "The AWS access key Id you provided does not exist in our records.",
        "SignatureDoesNotMatch" => "The request signature we calculated does not match the signature you provided.",
        "RequestTimeTooSkewed" => "The difference between the request time and the server's time is too large.",
        "AccessDenied" => "Access Denied.",
        "AuthorizationHeaderMalformed" => "The authorization header is malformed.",
        "AuthorizationQueryParametersError" => "The query parameters that sign the request are wrong.",
        "InvalidToken" => "There are no temporary keys here.",
        _ => "The request is not valid.",
    };
    // A region's code has no characters that XML would mind, and neither has a request's id.
    let region = denial.expected_region().map(|region| format!("<Region>{region}</Region>")).unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{region}\
         <RequestId>{request_id}</RequestId></Error>"
    )
}

fn principal(pair: &KnownPair) -> wire::Principal<'_> {
    let Account { id, canonical_id } = &pair.home.account;
    wire::Principal {
        tenant_id: pair.home.tenant.as_str().into(),
        instance_id: pair.home.instance.as_str().into(),
        namespace: pair.home.namespace.as_str().into(),
        key_id: pair.key.as_str().into(),
        access_key_id: pair.access_key_id.as_str().into(),
        label: pair.label.as_ref().map(|label| label.as_str().into()),
        region: pair.home.region.as_str().into(),
        arn: ["arn:aws:iam::", id, ":user/", pair.key.as_str()].concat().into(),
        account_id: id.as_str().into(),
        canonical_id: canonical_id.as_str().into(),
    }
}

fn grants(grants: &Grants) -> wire::KeyGrants {
    wire::KeyGrants {
        buckets: buckets(&grants.buckets),
        prefixes: grants.prefixes.iter().map(ToString::to_string).collect(),
        permissions: grants.permissions.iter().map(permission).collect(),
        allowed_addresses: grants.networks.iter().map(ToString::to_string).collect(),
    }
}

/// The one place where a signing key leaves.
fn signing_key(issued: &IssuedKey) -> wire::SigningKey {
    wire::SigningKey {
        key: STANDARD.encode(issued.key.expose()),
        date: issued.scope.date().to_string(),
        region: issued.scope.region().to_owned(),
        service: issued.scope.service().to_owned(),
        not_after_header: issued.not_after_header(),
        not_after_presigned: issued.not_after_presigned(),
    }
}

fn cache(pair: &KnownPair, ttl: TimeDelta, stale_ttl: TimeDelta, sequence: i64) -> wire::CacheRule {
    let (key, pair) = pair.version;
    wire::CacheRule {
        ttl_s: ttl.num_seconds(),
        stale_ttl_s: Some(stale_ttl.num_seconds()),
        etag: Some(format!("\"{key}-{pair}\"")),
        sequence: Some(sequence),
    }
}
