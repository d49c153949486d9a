//! THE problem table: everything that Keyreeve says no with, its status, and what to do about it.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use chrono::TimeDelta;
use domain::guardrails::Guardrail;
use domain::key::{Feature, Refused};
use domain::partner::NotUndone;
use service::Error;
use wire::Violation;

macro_rules! problems {
    ($($kind:ident = $status:literal, $slug:literal, $title:literal, $advice:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($kind,)* }

        impl Kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind,)*];

            pub(crate) const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)* }
            }

            pub(crate) const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)* }
            }

            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            /// What is said where there is nothing more particular to say.
            pub(crate) const fn advice(self) -> &'static str {
                match self { $(Self::$kind => $advice,)* }
            }
        }
    };
}

problems! {
    MalformedJson = 400, "malformed-json", "Malformed JSON", "The body is not JSON.";
    MalformedRequest = 400, "malformed-request", "Malformed request", "The request is not HTTP as we understand it.";
    BadIdempotencyKey = 400, "bad-idempotency-key", "Bad idempotency key",
        "An Idempotency-Key has 1 to 255 visible ASCII characters.";

    Unauthenticated = 401, "unauthenticated", "Authentication needed",
        "Send `Authorization: Bearer` with an API token or the access token of a session.";
    UnknownCredentials = 401, "unknown-credentials", "Unknown credentials",
        "This token or session is not known, or it was ended. Log in again or use another token.";
    Expired = 401, "expired", "Expired", "This token or session has expired. Refresh the session, or make a new token.";
    Suspended = 401, "suspended", "Suspended",
        "The account, its tenant or a partner above it is suspended. Whoever runs it can resume it.";
    WrongPassword = 401, "wrong-password", "Wrong e-mail address or password",
        "The e-mail address or the password is wrong. If you have accounts in several tenants, say in which: `tenant_id`.";

    SignatureRefused = 401, "signature-refused", "Signature refused",
        "The signature is not the key's, or not one that counts now and here.";
    Forbidden = 403, "forbidden", "Forbidden",
        "Your role or your token's scopes do not allow this. The operation's description says who may.";
    SecretsForbidden = 403, "secrets-forbidden", "Secrets forbidden",
        "The tenant does not let gateways have its secrets in this region. Verify, or ask for signing keys.";
    WrongAddress = 403, "wrong-address", "Wrong address", "This token may not be used from this address.";
    CrossSite = 403, "cross-site", "From another site",
        "A cookie counts only in requests of the console's own pages. Elsewhere send `Authorization: Bearer`.";
    WiderThanItsMaker = 403, "wider-than-its-maker", "Wider than its maker",
        "A token makes tokens with no more scopes than its own, of its level and below, and none that outlive it.";

    GuardrailMaxTtl = 403, "guardrail-max-ttl-seconds", "Guardrail: maximal lifetime",
        "A guardrail has it that keys expire earlier.";
    GuardrailRequireExpiry = 403, "guardrail-require-expiry", "Guardrail: expiry required",
        "A guardrail has it that keys have an expiry.";
    GuardrailRequireBucketScope = 403, "guardrail-require-bucket-scope", "Guardrail: bucket scope required",
        "A guardrail has it that keys name the buckets that they open.";
    GuardrailAllowedRegions = 403, "guardrail-allowed-regions", "Guardrail: region not allowed",
        "A guardrail does not allow this region.";
    GuardrailAllowedKeyModels = 403, "guardrail-allowed-key-models", "Guardrail: key model not allowed",
        "A guardrail does not allow this key model.";
    GuardrailMaxKeysPerTenant = 403, "guardrail-max-keys-per-tenant", "Guardrail: too many keys",
        "A guardrail allows no more keys of this tenant. Revoke or delete one that is there.";
    GuardrailPartnersMayNotSeeSecrets = 403, "guardrail-partners-may-not-see-secrets", "Guardrail: secrets are not for partners",
        "A guardrail has it that partners do not get to see secrets, and so bring none along.";
    NotYourStop = 403, "not-your-stop", "Not your stop",
        "An emergency stop is undone by the level that made it, or by the operator.";

    NotFound = 404, "not-found", "Not found", "There is nothing here that you may see.";
    DeadLink = 404, "dead-link", "Dead link", "This link was used, replaced, or is too old. Ask for a new one.";
    MethodNotAllowed = 405, "method-not-allowed", "Method not allowed", "The Allow header says what this path takes.";
    Timeout = 408, "timeout", "Timeout", "The body did not arrive in time. Send the request again.";

    AlreadyDelivered = 409, "already-delivered", "Already delivered",
        "The answer to this Idempotency-Key was given and cannot be given again. Read the object, or use a new key.";
    RegionExists = 409, "region-exists", "Region exists", "There is a region with this code.";
    RegionInUse = 409, "region-in-use", "Region in use", "Tenants have this region. It can only be deleted when none does.";
    KeyModelExists = 409, "key-model-exists", "Key model exists", "There is a key model with this name.";
    KeyModelInUse = 409, "key-model-in-use", "Key model in use", "Regions or tenants use this model. Give them another first.";
    KeyModelBuiltIn = 409, "key-model-built-in", "Built-in key model",
        "Built-in models stay as they are. Make one of your own instead.";
    PartnerNotEmpty = 409, "partner-not-empty", "Partner not empty",
        "The partner still has tenants or partners below it. Delete those first, or suspend it.";
    EmergencyStopped = 409, "emergency-stopped", "Stopped in an emergency",
        "This partner was stopped in an emergency. Whoever did it can undo it until `undo_until`; the operator can resume it.";
    NotStopped = 409, "not-stopped", "Not stopped", "There is no emergency stop to undo.";
    UndoTooLate = 409, "undo-too-late", "Too late to undo",
        "An emergency stop can be undone for a day. From then on, the operator resumes the partner.";
    TenantBeingDeleted = 409, "tenant-being-deleted", "Tenant being deleted", "Restore the tenant first.";
    TenantNotDeleted = 409, "tenant-not-deleted", "Tenant not deleted", "There is nothing to restore.";
    EmailTaken = 409, "email-taken", "E-mail address taken", "Somebody in this tenant has this e-mail address.";
    LastAdmin = 409, "last-admin", "Last admin", "A tenant keeps at least one admin. Make somebody else one first.";
    Oneself = 409, "oneself", "Not yourself",
        "Nobody changes their own role, or suspends or deletes themselves. Another admin can.";
    AlreadyJoined = 409, "already-joined", "Already joined", "This person has a password already.";
    RegionUnavailable = 409, "region-unavailable", "Region unavailable",
        "The region's service is not available to this tenant. An admin can make it available.";
    OneInstance = 409, "one-instance", "One storage instance",
        "This key model allows one storage instance in a region, and there is one.";
    TooManyKeys = 409, "too-many-keys", "Too many keys",
        "The key model allows no more keys here. Reset, rotate or remove one that is there.";
    KeyModelForbidsReset = 409, "key-model-forbids-reset", "Key model forbids reset",
        "Keys of this model are not reset.";
    KeyModelForbidsRotate = 409, "key-model-forbids-rotate", "Key model forbids rotate",
        "Keys of this model are not rotated.";
    KeyModelForbidsRevoke = 409, "key-model-forbids-revoke", "Key model forbids revoke",
        "Keys of this model are not revoked.";
    KeyModelForbidsDelete = 409, "key-model-forbids-delete", "Key model forbids delete",
        "Keys of this model are not deleted. Reset the key to stop its pair.";
    RevokeFirst = 409, "revoke-first", "Revoke first", "Keys of this model are revoked before they are deleted.";
    KeyExpired = 409, "key-expired", "Key expired", "The key has expired, which is final. Make another.";
    KeyRevoked = 409, "key-revoked", "Key revoked", "The key is revoked, which is final. Make another.";
    KeyAlreadyDisabled = 409, "key-already-disabled", "Key already disabled", "The key is disabled already.";
    KeyNotDisabled = 409, "key-not-disabled", "Key not disabled", "The key is not disabled, so it cannot be enabled.";
    NothingRetires = 409, "nothing-retires", "Nothing retires", "The key has no pair that is retiring.";
    AccessKeyIdTaken = 409, "access-key-id-taken", "Access key id taken",
        "This access key id is or was in use. Each is given to one key, and never again.";
    ClaimExists = 409, "claim-exists", "Claim link exists",
        "The pair has a claim link, and gets no second one. Reset the key for a new pair.";
    ClaimTooLate = 409, "claim-too-late", "Too late for a claim link",
        "Only whoever had the pair made can make its claim link, within ten minutes. Reset the key for a new pair.";
    UserSuspended = 409, "user-suspended", "User suspended", "This person is suspended. Resume them first.";
    AlreadyInitialised = 409, "already-initialised", "Already initialised", "There is an operator already.";
    SeveralAccounts = 409, "several-accounts", "Several accounts",
        "Your password fits accounts in several tenants. Say which with `tenant_id`.";

    FeedGone = 410, "feed-gone", "Feed gone",
        "What comes after this number is no longer known. Forget everything you remember and begin without `after`.";

    NotAsExpected = 412, "not-as-expected", "Not as expected",
        "The object has changed since you read it. Read it again, and decide again.";
    TooLarge = 413, "too-large", "Too large", "A body has at most 64 KiB, one to the gateway plane 512 KiB.";
    UriTooLong = 414, "uri-too-long", "URI too long", "A path with its query has at most 8 KiB.";
    UnsupportedMediaType = 415, "unsupported-media-type", "Unsupported media type",
        "Send the body as `Content-Type: application/json`.";
    Invalid = 422, "invalid", "Invalid input", "The input is not valid. `errors` says where and why.";
    LooserGuardrail = 422, "looser-guardrail", "Looser guardrail",
        "A guardrail can be stricter than those above it, not looser. `errors` says which and what holds.";
    BadCursor = 422, "bad-cursor", "Bad cursor",
        "This cursor does not belong to this list with these filters. Begin again without one.";
    IdempotencyKeyReused = 422, "idempotency-key-reused", "Idempotency key reused",
        "This Idempotency-Key was used for another request. Use a new one.";
    TooManyRequests = 429, "too-many-requests", "Too many requests", "Wait as long as Retry-After says.";

    Internal = 500, "internal", "Internal error",
        "This should not have happened. The request id helps whoever runs this server to find out why.";
    Busy = 503, "busy", "Busy", "The server is busy. Send the request again as Retry-After says.";
    ReadOnly = 503, "read-only", "Read-only for now",
        "Nothing can be changed at the moment, while everything moves to another database. Requests to storage are verified \
         meanwhile. Try again as Retry-After says.";
    MasterKeyMissing = 503, "master-key-missing", "Master key missing",
        "This replica has not been given a master key that the others have. Try again, and another may answer.";
    NotReady = 503, "not-ready", "Not ready", "Send requests to another replica for now. `detail` says why.";
    Quarantined = 503, "quarantined", "Quarantined",
        "The database was restored, and an operator has not yet decided about it. Until then nobody is verified, and nobody is refused either.";
    NoVerdict = 503, "no-verdict", "No verdict",
        "The proxy was not understood or not let in. This is no verdict about its client, which has to be answered 503.";
    DatabaseUnavailable = 503, "database-unavailable", "Database unavailable",
        "The database cannot be used at the moment, and nothing was changed. Try again as Retry-After says.";
}

/// A refusal on its way out. The outermost middleware gives it its body, since only there the request id is known.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) detail: String,
    pub(crate) errors: Vec<Violation>,
    pub(crate) retry_after: Option<TimeDelta>,
    pub(crate) allow: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, detail: kind.advice().to_owned(), errors: Vec::new(), retry_after: None, allow: None }
    }

    pub(crate) fn saying(kind: Kind, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(kind) }
    }

    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::violations(vec![Violation { pointer: pointer.into(), detail: detail.into() }])
    }

    pub(crate) fn violations(errors: Vec<Violation>) -> Self {
        Self { errors, ..Self::new(Kind::Invalid) }
    }

    pub(crate) fn retry_after(self, wait: TimeDelta) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    pub(crate) fn quarantined() -> Self {
        Self::new(Kind::Quarantined).retry_after(TimeDelta::seconds(10))
    }

    fn busy() -> Self {
        Self::new(Kind::Busy).retry_after(TimeDelta::seconds(1))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.slug())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Unauthenticated => Kind::Unauthenticated,
            Error::UnknownCredentials => Kind::UnknownCredentials,
            Error::Expired => Kind::Expired,
            Error::Suspended => Kind::Suspended,
            Error::WrongAddress => Kind::WrongAddress,
            Error::WrongPassword => Kind::WrongPassword,
            Error::SeveralAccounts { tenants } => {
                let detail = format!("{} They are: {}.", Kind::SeveralAccounts.advice(), tenants.join(", "));
                return Self::saying(Kind::SeveralAccounts, detail);
            }
            Error::TooManyAttempts { retry_after } => {
                return Self::new(Kind::TooManyRequests).retry_after(retry_after);
            }
            Error::NotFound => Kind::NotFound,
            Error::Forbidden => Kind::Forbidden,
            Error::WiderThanItsMaker => Kind::WiderThanItsMaker,
            Error::DeadLink => Kind::DeadLink,
            Error::Invalid(violations) => {
                return Self::violations(violations.into_iter().map(violation).collect());
            }
            Error::BadCursor => {
                let at = Violation { pointer: "?cursor".to_owned(), detail: Kind::BadCursor.advice().to_owned() };
                return Self { errors: vec![at], ..Self::new(Kind::BadCursor) };
            }
            Error::NotAsExpected => Kind::NotAsExpected,
            Error::IdempotencyKeyReused => Kind::IdempotencyKeyReused,
            Error::AlreadyDelivered => Kind::AlreadyDelivered,
            Error::RegionExists => Kind::RegionExists,
            Error::RegionInUse => Kind::RegionInUse,
            Error::KeyModelExists => Kind::KeyModelExists,
            Error::KeyModelInUse => Kind::KeyModelInUse,
            Error::KeyModelBuiltIn => Kind::KeyModelBuiltIn,
            Error::PartnerNotEmpty => Kind::PartnerNotEmpty,
            Error::TenantBeingDeleted => Kind::TenantBeingDeleted,
            Error::TenantNotDeleted => Kind::TenantNotDeleted,
            Error::EmailTaken => Kind::EmailTaken,
            Error::LastAdmin => Kind::LastAdmin,
            Error::Oneself => Kind::Oneself,
            Error::AlreadyJoined => Kind::AlreadyJoined,
            Error::UserSuspended => Kind::UserSuspended,
            Error::RegionUnavailable => Kind::RegionUnavailable,
            Error::OneInstance => Kind::OneInstance,
            Error::Key(refused) => return Self::saying(of_key(refused), refused.to_string()),
            Error::AccessKeyIdTaken => Kind::AccessKeyIdTaken,
            Error::ClaimExists => Kind::ClaimExists,
            Error::ClaimTooLate => Kind::ClaimTooLate,
            Error::Guardrail { guardrail, detail } => return Self::saying(of_guardrail(guardrail), detail),
            Error::LooserGuardrail(looser) => {
                return Self {
                    errors: looser.into_iter().map(violation).collect(),
                    ..Self::new(Kind::LooserGuardrail)
                };
            }
            Error::EmergencyStopped => Kind::EmergencyStopped,
            Error::StopNotUndone(NotUndone::NotStopped) => Kind::NotStopped,
            Error::StopNotUndone(NotUndone::NotYours) => Kind::NotYourStop,
            Error::StopNotUndone(NotUndone::TooLate) => Kind::UndoTooLate,
            Error::AlreadyInitialised => Kind::AlreadyInitialised,
            Error::SecretsForbidden => Kind::SecretsForbidden,
            Error::FeedGone => Kind::FeedGone,
            Error::Quarantined => return Self::quarantined(),
            Error::NoEntropy | Error::Hashing => {
                tracing::error!(%error, "a request failed");
                Kind::Internal
            }
            Error::Database(error) => return Self::of_database(&error),
        };
        Self::new(kind)
    }
}

fn violation(found: service::Violation) -> Violation {
    Violation { pointer: found.pointer, detail: found.detail }
}

fn of_guardrail(guardrail: Guardrail) -> Kind {
    match guardrail {
        Guardrail::MaxTtl => Kind::GuardrailMaxTtl,
        Guardrail::RequireExpiry => Kind::GuardrailRequireExpiry,
        Guardrail::RequireBucketScope => Kind::GuardrailRequireBucketScope,
        Guardrail::AllowedRegions => Kind::GuardrailAllowedRegions,
        Guardrail::AllowedKeyModels => Kind::GuardrailAllowedKeyModels,
        Guardrail::MaxKeysPerTenant => Kind::GuardrailMaxKeysPerTenant,
        Guardrail::PartnersMayNotSeeSecrets => Kind::GuardrailPartnersMayNotSeeSecrets,
    }
}

/// What cannot be done to a key. What is wrong with a field of the request was said of the field before.
fn of_key(refused: Refused) -> Kind {
    match refused {
        Refused::ModelForbids(Feature::Reset) => Kind::KeyModelForbidsReset,
        Refused::ModelForbids(Feature::Rotate) => Kind::KeyModelForbidsRotate,
        Refused::ModelForbids(Feature::Revoke) => Kind::KeyModelForbidsRevoke,
        Refused::ModelForbids(Feature::Delete) => Kind::KeyModelForbidsDelete,
        Refused::TooManyKeys { .. } => Kind::TooManyKeys,
        Refused::Expired => Kind::KeyExpired,
        Refused::Revoked => Kind::KeyRevoked,
        Refused::AlreadyDisabled => Kind::KeyAlreadyDisabled,
        Refused::NotDisabled => Kind::KeyNotDisabled,
        Refused::NothingRetires => Kind::NothingRetires,
        Refused::RevokeFirst => Kind::RevokeFirst,
        Refused::ModelForbids(Feature::BucketScopes)
        | Refused::LabelRequired
        | Refused::DescriptionRequired
        | Refused::ExpiryNotAhead
        | Refused::ExpiryTooLate { .. }
        | Refused::GraceTooLong { .. } => Kind::Invalid,
    }
}

impl Problem {
    /// A database that is away never looks like something that is not there.
    fn of_database(error: &service::DatabaseError) -> Self {
        use service::DatabaseError as D;
        match error {
            D::Busy | D::Stale | D::Retry => Self::busy(),
            D::Unreachable(_) | D::Unwritable(_) => {
                tracing::warn!(%error, "the database is away");
                Self::new(Kind::DatabaseUnavailable).retry_after(TimeDelta::seconds(2))
            }
            D::Frozen => Self::new(Kind::ReadOnly).retry_after(TimeDelta::seconds(10)),
            D::MasterKeyMissing(_) => {
                tracing::error!(%error, "this replica cannot open what others have sealed");
                Self::new(Kind::MasterKeyMissing).retry_after(TimeDelta::seconds(2))
            }
            D::Taken
            | D::Referenced
            | D::Corrupt { .. }
            | D::Unsealable(_)
            | D::Unaudited(_)
            | D::Schema(_)
            | D::Statement(_) => {
                tracing::error!(%error, "a request failed");
                Self::new(Kind::Internal)
            }
        }
    }
}

/// Every problem there is, for `docs/problems.md`.
pub fn catalogue() -> String {
    let mut page = String::from(
        "# Problems\n\nEvery refusal is an `application/problem+json` document whose `type` is one of these. \
         The types are stable.\nThis page is generated: `keyreeve problems > docs/problems.md`.\n\n\
         | type | status | title | what it means |\n|---|---|---|---|\n",
    );
    for kind in Kind::ALL {
        page.push_str(&format!(
            "| `/problems/{}` | {} | {} | {} |\n",
            kind.slug(),
            kind.status(),
            kind.title(),
            kind.advice()
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_own_type() {
        let mut slugs: Vec<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Kind::ALL.len());
    }
}
