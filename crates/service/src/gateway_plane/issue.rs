//! Handing out what verifies: signing keys and secrets. Nothing of the kind leaves without its row in the audit of the
//! tenant whose it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::verify::Denial;
use ::verify::sigv4::{S3, Scope, ScopeDate};
use authz::Permit;
use authz::action::{IssueSecret, IssueSigningKeys};
use authz::caller::GatewayToken;
use chrono::{NaiveDate, TimeDelta};
use domain::audit::{AuditAction, Chain, Target};
use domain::id::TenantId;
use domain::key::AccessKeyId;
use domain::liveness::{self, Dead};
use domain::tenant_region::GatewaySecrets;
use domain::text::RegionCode;
use domain::{Invalid, Secret, Timestamp};
use quick_cache::sync::Cache;

use super::known_pairs::KnownPair;
use super::verify::{Allowed, IssuedKey};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// A key that a gateway asks for without a signature.
pub struct SigningKeyWanted {
    pub access_key_id: String,
    pub date: NaiveDate,
    pub region: RegionCode,
    pub service: String,
}

pub enum SigningKeyIssued {
    Issued(Allowed),
    Denied(Denial),
}

pub enum SecretIssued {
    Issued { pair: Arc<KnownPair>, secret: Secret, ttl: TimeDelta, stale_ttl: TimeDelta, sequence: i64 },
    Denied(Denial),
}

/// What was issued before: the same key of the same day to the same gateway is one event, however often it is asked for.
/// What is forgotten here is recorded again.
pub(crate) struct Issued(Cache<(String, AccessKeyId, ScopeDate), ()>);

impl Default for Issued {
    fn default() -> Self {
        Self(Cache::new(100_000))
    }
}

/// From when on a gateway may have tomorrow's keys, so that midnight finds it prepared.
const BEFORE_MIDNIGHT: TimeDelta = TimeDelta::minutes(15);
/// How long URLs are good at most, and so how old a day may be.
const OLDEST: TimeDelta = TimeDelta::days(7);
/// How many access key ids one event names.
const NAMED: usize = 256;

pub fn issue_signing_keys(
    service: &Service,
    context: &mut Context,
    permit: &Permit<IssueSigningKeys>,
    wanted: &[SigningKeyWanted],
) -> Result<Vec<SigningKeyIssued>> {
    let asker = permit.asker().ok_or(Error::Forbidden)?;
    check(wanted, asker, context.now)?;
    let sequence = service.feed_position();
    let mut results = Vec::with_capacity(wanted.len());
    for item in wanted {
        let pair = service.look_up(&item.access_key_id)?.filter(|pair| pair.home.region == item.region);
        results.push(service.signing_key_of(asker, item, pair, sequence, context.now)?);
    }
    let issued = results.iter().filter_map(|result| match result {
        SigningKeyIssued::Issued(allowed) => Some(allowed),
        SigningKeyIssued::Denied(_) => None,
    });
    service.record_issued(context, asker, issued)?;
    let is_unknown =
        |result: &&SigningKeyIssued| matches!(result, SigningKeyIssued::Denied(Denial::Dead(Dead::Unknown)));
    service.note_unknown(context, asker, results.iter().filter(is_unknown).count() as u64)?;
    Ok(results)
}

/// All that is wrong with what is asked for, whosever keys they are.
fn check(wanted: &[SigningKeyWanted], asker: &GatewayToken, now: Timestamp) -> Result<()> {
    let latest = (now + BEFORE_MIDNIGHT).date_naive();
    let earliest = (now - OLDEST).date_naive();
    for (index, item) in wanted.iter().enumerate() {
        if !asker.gateway.binding.contains(&item.region) {
            return Err(Error::Forbidden);
        }
        if item.service != S3 {
            return Err(Error::at(&format!("/items/{index}/service"), &Invalid::because("Must be s3.")));
        }
        if !(earliest..=latest).contains(&item.date) {
            let why = "Must be within the last 7 days; tomorrow's keys are given out from 23:45 UTC on.";
            return Err(Error::at(&format!("/items/{index}/date"), &Invalid::because(why)));
        }
    }
    Ok(())
}

pub fn issue_secret(
    service: &Service,
    context: &mut Context,
    permit: &Permit<IssueSecret>,
    access_key_id: &str,
) -> Result<SecretIssued> {
    let asker = permit.asker().ok_or(Error::Forbidden)?;
    let sequence = service.feed_position();
    let pair = service.look_up(access_key_id)?.filter(|pair| asker.gateway.binding.contains(&pair.home.region));
    let Some(pair) = pair else {
        service.note_unknown(context, asker, 1)?;
        return Ok(SecretIssued::Denied(Dead::Unknown.into()));
    };
    if let Err(dead) = liveness::pair(Some(&pair.standing), context.now) {
        return Ok(SecretIssued::Denied(dead.into()));
    }
    if pair.home.gateway_secrets == GatewaySecrets::Forbidden {
        return Err(Error::SecretsForbidden);
    }
    let Some(secret) = pair.secret()? else { return Ok(SecretIssued::Denied(Dead::Unknown.into())) };
    let secret = Secret::new(String::from_utf8_lossy(&secret).into_owned());
    let author = context.author(domain::actor::Actor::gateway(&asker.gateway.id));
    let chain = Chain::Tenant(pair.home.tenant.clone(), pair.home.partner.clone());
    service.database.write("issue secret", &author, &chain, |db| -> Result<()> {
        let details = [("access_key_id", pair.access_key_id.to_string()), ("gateway", asker.gateway.name.to_string())];
        Ok(db.record(AuditAction::SecretIssued, Target::new("key", &pair.key), &details)?)
    })?;
    let (ttl, stale_ttl) = service.ttl(asker, &pair, context.now);
    Ok(SecretIssued::Issued { pair, secret, ttl, stale_ttl, sequence })
}

impl Service {
    fn signing_key_of(
        &self,
        asker: &GatewayToken,
        item: &SigningKeyWanted,
        pair: Option<Arc<KnownPair>>,
        sequence: i64,
        now: Timestamp,
    ) -> Result<SigningKeyIssued> {
        let denied = |dead: Dead| Ok(SigningKeyIssued::Denied(dead.into()));
        let Some(pair) = pair else { return denied(Dead::Unknown) };
        if let Err(dead) = liveness::pair(Some(&pair.standing), now) {
            return denied(dead);
        }
        let scope = Scope::new(ScopeDate::new(item.date), item.region.as_str(), S3);
        let Ok(scope) = scope.map(Scope::into_owned) else { return denied(Dead::Unknown) };
        let Some(key) = pair.signing_key(&scope)? else { return denied(Dead::Unknown) };
        let (ttl, stale_ttl) = self.ttl(asker, &pair, now);
        let signing_key = Some(IssuedKey { key, scope });
        Ok(SigningKeyIssued::Issued(Allowed { pair, signing_key, ttl, stale_ttl, sequence }))
    }

    /// Whether the audit has it already that this key went to this gateway.
    pub fn has_recorded_issue(&self, asker: &GatewayToken, allowed: &Allowed) -> bool {
        issue(asker, allowed).is_none_or(|issue| self.plane.issued.0.get(&issue).is_some())
    }

    /// Records what it has not, one event for each tenant.
    pub fn record_issued<'a>(
        &self,
        context: &mut Context,
        asker: &GatewayToken,
        issued: impl Iterator<Item = &'a Allowed>,
    ) -> Result<()> {
        let mut by_tenant: BTreeMap<TenantId, Vec<&Allowed>> = BTreeMap::new();
        for allowed in issued.filter(|allowed| !self.has_recorded_issue(asker, allowed)) {
            by_tenant.entry(allowed.pair.home.tenant.clone()).or_default().push(allowed);
        }
        let author = context.author(domain::actor::Actor::gateway(&asker.gateway.id));
        for (tenant, issued) in by_tenant {
            let partner = issued.first().and_then(|allowed| allowed.pair.home.partner.clone());
            let names = |name: fn(&Allowed) -> String| {
                let mut names: Vec<String> = issued.iter().map(|allowed| name(allowed)).collect();
                names.sort();
                names.dedup();
                names.truncate(NAMED);
                names.join(" ")
            };
            let details = [
                ("access_key_ids", names(|allowed| allowed.pair.access_key_id.to_string())),
                (
                    "dates",
                    names(|allowed| {
                        allowed.signing_key.as_ref().map_or_else(String::new, |key| key.scope.date().to_string())
                    }),
                ),
                ("gateway", asker.gateway.name.to_string()),
            ];
            self.database.write(
                "issue signing keys",
                &author,
                &Chain::Tenant(tenant, partner),
                |db| -> Result<()> {
                    let target = Target::new("gateway", &asker.gateway.id);
                    Ok(db.record(AuditAction::SigningKeysIssued, target, &details)?)
                },
            )?;
            for allowed in issued {
                if let Some(issue) = issue(asker, allowed) {
                    self.plane.issued.0.insert(issue, ());
                }
            }
        }
        Ok(())
    }
}

fn issue(asker: &GatewayToken, allowed: &Allowed) -> Option<(String, AccessKeyId, ScopeDate)> {
    let key = allowed.signing_key.as_ref()?;
    Some((asker.gateway.id.to_string(), allowed.pair.access_key_id.clone(), key.scope.date()))
}
