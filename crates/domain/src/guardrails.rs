//! Guardrails: what a partner's customers may not do with keys, whoever asks. They are laid on a partner from above and
//! hold for everybody below it; the strictest on the way down counts.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::key::Terms;
use crate::key::grants::Buckets;
use crate::partner::{Partner, PartnerPath};
use crate::text::{KeyModelName, RegionCode};
use crate::{Invalid, Timestamp, time};

/// Where nothing is said, nothing is limited by this level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guardrails {
    /// Keys live for at most so long.
    pub max_ttl: Option<TimeDelta>,
    /// Keys have an end.
    pub require_expiry: bool,
    /// Keys name their buckets.
    pub require_bucket_scope: bool,
    pub allowed_regions: Option<BTreeSet<RegionCode>>,
    pub allowed_key_models: Option<BTreeSet<KeyModelName>>,
    /// Keys of one tenant that are not over.
    pub max_keys_per_tenant: Option<u32>,
    /// What a partner has made comes as a claim link.
    pub partners_may_not_see_secrets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guardrail {
    MaxTtl,
    RequireExpiry,
    RequireBucketScope,
    AllowedRegions,
    AllowedKeyModels,
    MaxKeysPerTenant,
    PartnersMayNotSeeSecrets,
}

/// What somebody who asks is refused by, and on whom it was laid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub guardrail: Guardrail,
    /// What holds, as a sentence.
    pub rule: String,
    pub set_on: PartnerPath,
}

/// A guardrail that would be looser than one that holds already.
pub type Looser = Broken;

/// The guardrails on the way down to one partner, from the root.
#[derive(Debug, Clone, Default)]
pub struct Binding(Vec<(PartnerPath, Guardrails)>);

pub const MOST_NAMES: usize = 256;

impl Guardrail {
    pub const ALL: [Self; 7] = [
        Self::MaxTtl,
        Self::RequireExpiry,
        Self::RequireBucketScope,
        Self::AllowedRegions,
        Self::AllowedKeyModels,
        Self::MaxKeysPerTenant,
        Self::PartnersMayNotSeeSecrets,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxTtl => "max_ttl_seconds",
            Self::RequireExpiry => "require_expiry",
            Self::RequireBucketScope => "require_bucket_scope",
            Self::AllowedRegions => "allowed_regions",
            Self::AllowedKeyModels => "allowed_key_models",
            Self::MaxKeysPerTenant => "max_keys_per_tenant",
            Self::PartnersMayNotSeeSecrets => "partners_may_not_see_secrets",
        }
    }
}

impl Guardrails {
    /// Whether this level says anything of it.
    pub const fn say(&self, guardrail: Guardrail) -> bool {
        match guardrail {
            Guardrail::MaxTtl => self.max_ttl.is_some(),
            Guardrail::RequireExpiry => self.require_expiry,
            Guardrail::RequireBucketScope => self.require_bucket_scope,
            Guardrail::AllowedRegions => self.allowed_regions.is_some(),
            Guardrail::AllowedKeyModels => self.allowed_key_models.is_some(),
            Guardrail::MaxKeysPerTenant => self.max_keys_per_tenant.is_some(),
            Guardrail::PartnersMayNotSeeSecrets => self.partners_may_not_see_secrets,
        }
    }

    /// Refuses what could never be meant.
    pub fn check(self) -> Result<Self, (Guardrail, Invalid)> {
        let no = |guardrail, sentence: &'static str| Err((guardrail, Invalid::because(sentence)));
        if self.max_ttl.is_some_and(|ttl| ttl < time::minutes(1) || ttl > time::days(3660)) {
            return no(Guardrail::MaxTtl, "Must be between 60 seconds and 10 years, or null for no bound.");
        }
        if self.max_keys_per_tenant == Some(0) {
            return no(Guardrail::MaxKeysPerTenant, "Must be at least 1, or null for no bound.");
        }
        if self.allowed_regions.as_ref().is_some_and(|names| !(1..=MOST_NAMES).contains(&names.len())) {
            return no(Guardrail::AllowedRegions, "Must name 1 to 256 regions, or be null for all.");
        }
        if self.allowed_key_models.as_ref().is_some_and(|names| !(1..=MOST_NAMES).contains(&names.len())) {
            return no(Guardrail::AllowedKeyModels, "Must name 1 to 256 key models, or be null for all.");
        }
        Ok(self)
    }

    /// Both hold.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            max_ttl: least(self.max_ttl, other.max_ttl),
            require_expiry: self.require_expiry || other.require_expiry,
            require_bucket_scope: self.require_bucket_scope || other.require_bucket_scope,
            allowed_regions: common(self.allowed_regions.as_ref(), other.allowed_regions.as_ref()),
            allowed_key_models: common(self.allowed_key_models.as_ref(), other.allowed_key_models.as_ref()),
            max_keys_per_tenant: least(self.max_keys_per_tenant, other.max_keys_per_tenant),
            partners_may_not_see_secrets: self.partners_may_not_see_secrets || other.partners_may_not_see_secrets,
        }
    }

    /// Those that say more than `above` allows. What is not said inherits, and is never looser.
    pub fn looser_than(&self, above: &Self) -> Vec<Guardrail> {
        let mut looser = Vec::new();
        if exceeds(self.max_ttl, above.max_ttl) {
            looser.push(Guardrail::MaxTtl);
        }
        if exceeds(self.max_keys_per_tenant, above.max_keys_per_tenant) {
            looser.push(Guardrail::MaxKeysPerTenant);
        }
        if goes_beyond(self.allowed_regions.as_ref(), above.allowed_regions.as_ref()) {
            looser.push(Guardrail::AllowedRegions);
        }
        if goes_beyond(self.allowed_key_models.as_ref(), above.allowed_key_models.as_ref()) {
            looser.push(Guardrail::AllowedKeyModels);
        }
        looser
    }

    /// What one of them says, as a sentence.
    pub fn sentence(&self, guardrail: Guardrail) -> String {
        match guardrail {
            Guardrail::MaxTtl => {
                let seconds = self.max_ttl.map_or(0, |ttl| ttl.num_seconds());
                format!("Keys expire within {seconds} seconds of their creation.")
            }
            Guardrail::RequireExpiry => "Keys have an expiry.".to_owned(),
            Guardrail::RequireBucketScope => "Keys name the buckets that they open.".to_owned(),
            Guardrail::AllowedRegions => {
                format!("Only these regions may be used: {}.", listed(self.allowed_regions.as_ref()))
            }
            Guardrail::AllowedKeyModels => {
                format!("Only these key models may be used: {}.", listed(self.allowed_key_models.as_ref()))
            }
            Guardrail::MaxKeysPerTenant => {
                format!("A tenant has at most {} keys.", self.max_keys_per_tenant.unwrap_or(0))
            }
            Guardrail::PartnersMayNotSeeSecrets => "Partners do not get to see secrets.".to_owned(),
        }
    }
}

impl Binding {
    /// Of the partners on a path, from the root down.
    pub fn of(path: &[Partner]) -> Self {
        Self(path.iter().map(|partner| (partner.path.clone(), partner.guardrails.clone())).collect())
    }

    /// The strictest of each.
    pub fn effective(&self) -> Guardrails {
        self.0.iter().fold(Guardrails::default(), |strictest, (_, own)| strictest.and(own))
    }

    /// Those a partner below may not set like this.
    pub fn refuse_looser(&self, wanted: &Guardrails) -> Vec<Looser> {
        let looser = wanted.looser_than(&self.effective()).into_iter();
        looser.filter_map(|guardrail| self.broken(guardrail)).collect()
    }

    /// For a new key. Where lifetimes are bounded and no expiry is named, it is the latest possible; `model_ttl` is the
    /// key model's own bound.
    pub fn agree_to_new(&self, terms: Terms, model_ttl: Option<TimeDelta>, now: Timestamp) -> Result<Terms, Broken> {
        let rules = self.effective();
        let latest = least(rules.max_ttl, model_ttl).map(|ttl| now + ttl);
        let terms = Terms { expires_at: terms.expires_at.or(latest), ..terms };
        let opens_all = terms.grants.buckets == Buckets::All;
        self.refuse_if(rules.require_bucket_scope && opens_all, Guardrail::RequireBucketScope)?;
        self.agree_to_expiry(&rules, terms.expires_at, now)?;
        Ok(terms)
    }

    /// In place of `before`. What stays as it was is not judged again, and an earlier end is always possible.
    pub fn agree_to_changed(&self, before: &Terms, after: &Terms, created_at: Timestamp) -> Result<(), Broken> {
        let rules = self.effective();
        let widens = after.grants.buckets == Buckets::All && before.grants.buckets != Buckets::All;
        self.refuse_if(rules.require_bucket_scope && widens, Guardrail::RequireBucketScope)?;
        let end = |terms: &Terms| terms.expires_at.unwrap_or(Timestamp::MAX_UTC);
        if end(after) > end(before) { self.agree_to_expiry(&rules, after.expires_at, created_at) } else { Ok(()) }
    }

    fn agree_to_expiry(
        &self,
        rules: &Guardrails,
        expires_at: Option<Timestamp>,
        created_at: Timestamp,
    ) -> Result<(), Broken> {
        let latest = rules.max_ttl.map(|ttl| created_at + ttl);
        let is_late = latest.is_some_and(|latest| expires_at.is_none_or(|at| at > latest));
        self.refuse_if(is_late, Guardrail::MaxTtl)?;
        self.refuse_if(rules.require_expiry && expires_at.is_none(), Guardrail::RequireExpiry)
    }

    /// Where something new begins, and as which product.
    pub fn agree_to_place(&self, region: &RegionCode, model: &KeyModelName) -> Result<(), Broken> {
        let rules = self.effective();
        let is_outside = rules.allowed_regions.is_some_and(|allowed| !allowed.contains(region));
        self.refuse_if(is_outside, Guardrail::AllowedRegions)?;
        let is_other = rules.allowed_key_models.is_some_and(|allowed| !allowed.contains(model));
        self.refuse_if(is_other, Guardrail::AllowedKeyModels)
    }

    /// One key more than `counting`.
    pub fn agree_to_another_key(&self, counting: i64) -> Result<(), Broken> {
        let is_full = self.effective().max_keys_per_tenant.is_some_and(|most| counting >= i64::from(most));
        self.refuse_if(is_full, Guardrail::MaxKeysPerTenant)
    }

    pub fn agree_to_partners_seeing_secrets(&self) -> Result<(), Broken> {
        self.refuse_if(self.effective().partners_may_not_see_secrets, Guardrail::PartnersMayNotSeeSecrets)
    }

    fn refuse_if(&self, is_broken: bool, guardrail: Guardrail) -> Result<(), Broken> {
        self.broken(guardrail).filter(|_| is_broken).map_or(Ok(()), Err)
    }

    /// The strictest of its kind is named, and of several that are alike the topmost.
    fn broken(&self, guardrail: Guardrail) -> Option<Broken> {
        let rules = self.effective();
        let decides = |own: &Guardrails| match guardrail {
            Guardrail::MaxTtl => own.max_ttl == rules.max_ttl,
            Guardrail::AllowedRegions => own.allowed_regions == rules.allowed_regions,
            Guardrail::AllowedKeyModels => own.allowed_key_models == rules.allowed_key_models,
            Guardrail::MaxKeysPerTenant => own.max_keys_per_tenant == rules.max_keys_per_tenant,
            Guardrail::RequireExpiry | Guardrail::RequireBucketScope | Guardrail::PartnersMayNotSeeSecrets => true,
        };
        let mut saying = self.0.iter().filter(|(_, own)| own.say(guardrail));
        // What is left of several lists may be nobody's own.
        let topmost = saying.clone().next();
        let (set_on, _) = saying.find(|(_, own)| decides(own)).or(topmost)?;
        Some(Broken { guardrail, rule: rules.sentence(guardrail), set_on: set_on.clone() })
    }
}

fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

fn exceeds<T: Ord>(wanted: Option<T>, most: Option<T>) -> bool {
    wanted.zip(most).is_some_and(|(wanted, most)| wanted > most)
}

/// Nothing may be left: then nothing is allowed.
fn common<T: Ord + Clone>(one: Option<&BTreeSet<T>>, other: Option<&BTreeSet<T>>) -> Option<BTreeSet<T>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(other).cloned().collect()),
        (one, other) => one.or(other).cloned(),
    }
}

fn goes_beyond<T: Ord>(wanted: Option<&BTreeSet<T>>, allowed: Option<&BTreeSet<T>>) -> bool {
    wanted.zip(allowed).is_some_and(|(wanted, allowed)| !wanted.is_subset(allowed))
}

fn listed<T: ToString>(names: Option<&BTreeSet<T>>) -> String {
    let names: Vec<_> = names.into_iter().flatten().map(ToString::to_string).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
