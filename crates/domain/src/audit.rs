//! The audit: what was done, by whom, to what, in chains that show it when a row is changed, moved or removed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::actor::Actor;
use crate::id::{EventId, PartnerId, TenantId};
use crate::partner::PartnerPath;
use crate::{Invalid, Timestamp, hex};

macro_rules! actions {
    ($($name:ident = $text:literal,)*) => {
        /// What was done, as a noun and a verb in the past.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($name,)* }

        impl AuditAction {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub fn parse(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($text => Ok(Self::$name),)*
                    _ => Err(Invalid::because("No such audit action.")),
                }
            }
        }
    };
}

actions! {
    PlatformInitialised = "platform.initialised",
    DatabaseRestored = "database.restored",
    QuarantineLifted = "quarantine.lifted",
    ChangesHeldBack = "changes.held_back",
    HeldBackReleased = "held_back.released",
    HeldBackConfirmed = "held_back.confirmed",
    PlatformFrozen = "platform.frozen",
    PlatformThawed = "platform.thawed",
    ClockReset = "clock.reset",
    OperatorBootstrapped = "operator.bootstrapped",
    SetupLinkMade = "setup_link.made",
    MasterKeyPromoted = "master_key.promoted",
    MasterKeyRotated = "master_key.rotated",
    MasterKeyRemoved = "master_key.removed",
    CheckpointKeyDrawn = "checkpoint_key.drawn",
    RegionCreated = "region.created",
    RegionChanged = "region.changed",
    RegionDeleted = "region.deleted",
    KeyModelCreated = "key_model.created",
    KeyModelChanged = "key_model.changed",
    KeyModelDeleted = "key_model.deleted",
    PartnerCreated = "partner.created",
    PartnerChanged = "partner.changed",
    PartnerGuardrailsChanged = "partner.guardrails_changed",
    PartnerStopped = "partner.stopped",
    PartnerStopUndone = "partner.stop_undone",
    PartnerSuspended = "partner.suspended",
    PartnerResumed = "partner.resumed",
    PartnerDeleted = "partner.deleted",
    TenantCreated = "tenant.created",
    TenantChanged = "tenant.changed",
    TenantSuspended = "tenant.suspended",
    TenantResumed = "tenant.resumed",
    TenantDeleted = "tenant.deleted",
    TenantRestored = "tenant.restored",
    TenantPurged = "tenant.purged",
    TenantRegionChanged = "tenant_region.changed",
    InstanceCreated = "instance.created",
    InstanceChanged = "instance.changed",
    InstanceDeleted = "instance.deleted",
    BucketRegistered = "bucket.registered",
    BucketUnregistered = "bucket.unregistered",
    KeyCreated = "key.created",
    KeyImported = "key.imported",
    KeyChanged = "key.changed",
    KeyReset = "key.reset",
    KeyRotated = "key.rotated",
    KeyRetired = "key.retired",
    KeyDisabled = "key.disabled",
    KeyEnabled = "key.enabled",
    KeyRevoked = "key.revoked",
    KeyDeleted = "key.deleted",
    KeyClaimed = "key.claimed",
    ClaimLinkMade = "claim_link.made",
    ClaimLinkReused = "claim_link.reused",
    UserCreated = "user.created",
    UserInvited = "user.invited",
    UserJoined = "user.joined",
    UserChanged = "user.changed",
    UserDeleted = "user.deleted",
    PasswordChanged = "password.changed",
    TokenCreated = "token.created",
    TokenRotated = "token.rotated",
    TokenDeleted = "token.deleted",
    SessionStarted = "session.started",
    SessionEnded = "session.ended",
    RefreshTokenReused = "refresh_token.reused",
    GatewayCreated = "gateway.created",
    GatewayChanged = "gateway.changed",
    GatewayDeleted = "gateway.deleted",
    GatewayEnumerationSuspected = "gateway.enumeration_suspected",
    SigningKeysIssued = "signing_keys.issued",
    SecretIssued = "secret.issued",
    AccessDenied = "access.denied",
}

/// Events are chained per tenant, per partner, and for the platform itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Chain {
    Platform,
    Partner(PartnerPath),
    /// With the partner the tenant belongs to, so that a partner finds the events of its tenants.
    Tenant(TenantId, Option<PartnerPath>),
}

impl Chain {
    pub fn name(&self) -> String {
        match self {
            Self::Platform => "platform".to_owned(),
            Self::Partner(path) => path.leaf().to_string(),
            Self::Tenant(id, _) => id.to_string(),
        }
    }

    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Tenant(id, _) => Some(id),
            Self::Platform | Self::Partner(_) => None,
        }
    }

    pub fn partner(&self) -> Option<&PartnerPath> {
        match self {
            Self::Partner(path) => Some(path),
            Self::Tenant(_, path) => path.as_ref(),
            Self::Platform => None,
        }
    }
}

/// What an event is about: `tenant` and its id, `region` and its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub kind: &'static str,
    pub id: String,
}

impl Target {
    pub fn new(kind: &'static str, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }
}

/// Where a request came from, for the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub request_id: String,
    pub address: Option<IpAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub chain: String,
    /// 1, 2, 3 ... within the chain, without gaps.
    pub sequence: i64,
    pub at: Timestamp,
    pub actor: Actor,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub tenant_id: Option<TenantId>,
    pub partner_id: Option<PartnerId>,
    pub request_id: String,
    pub address: Option<IpAddr>,
    /// What else is worth knowing, by name. Never a secret.
    pub details: Vec<(String, String)>,
}

pub type Hash = [u8; 32];

/// What the first event of a chain follows.
pub const BEGINNING: Hash = [0; 32];

/// How far a chain goes: `CHAIN:SEQUENCE:HASH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub chain: String,
    pub sequence: i64,
    pub hash: Hash,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.chain, self.sequence, hex::encode(&self.hash))
    }
}

impl FromStr for Head {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parse = || {
            let mut parts = text.split(':');
            let (chain, sequence, hash) = (parts.next()?, parts.next()?, parts.next()?);
            // What is signed is lines of heads: no name may hold the end of one.
            let is_name = chain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !chain.is_empty();
            let sequence = sequence.parse().ok().filter(|sequence| *sequence >= 1)?;
            let head = Self { chain: chain.to_owned(), sequence, hash: hex::decode(hash)? };
            (is_name && parts.next().is_none()).then_some(head)
        };
        parse().ok_or(Invalid::because("Needs CHAIN:SEQUENCE:HASH, as `keyreeve audit verify` prints it."))
    }
}

impl Event {
    /// The link to the event before: SHA-256 over its hash and this event's fields, each with its length in front,
    /// so that nothing can be moved from one field into another.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut digest = Sha256::new();
        digest.update(previous);
        let mut field = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        };
        field("keyreeve audit v1");
        field(self.id.as_str());
        field(&self.chain);
        field(&self.sequence.to_string());
        field(&self.at.timestamp_micros().to_string());
        field(self.actor.kind.as_str());
        field(&self.actor.id);
        field(&self.action);
        field(&self.target_kind);
        field(&self.target_id);
        field(self.tenant_id.as_ref().map_or("", TenantId::as_str));
        field(self.partner_id.as_ref().map_or("", PartnerId::as_str));
        field(&self.request_id);
        field(&self.address.map(|address| address.to_string()).unwrap_or_default());
        field(&self.details.len().to_string());
        for (name, value) in &self.details {
            field(name);
            field(value);
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;

    fn event() -> Event {
        Event {
            id: EventId::draw(&mut Entropy::from_seed([1; 32]), Timestamp::UNIX_EPOCH),
            chain: "platform".to_owned(),
            sequence: 1,
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::system("test"),
            action: AuditAction::RegionCreated.as_str().to_owned(),
            target_kind: "region".to_owned(),
            target_id: "waw3-1".to_owned(),
            tenant_id: None,
            partner_id: None,
            request_id: "req".to_owned(),
            address: None,
            details: vec![("name".to_owned(), "Warsaw".to_owned())],
        }
    }

    #[test]
    fn every_field_counts() {
        let original = event().hash(&BEGINNING);
        let edits: [fn(&mut Event); 8] = [
            |e| e.sequence = 2,
            |e| e.at += chrono::TimeDelta::microseconds(1),
            |e| e.actor.id.push('x'),
            |e| e.action.push('x'),
            |e| e.target_id.push('x'),
            |e| e.address = Some([127, 0, 0, 1].into()),
            |e| e.details.clear(),
            // The same bytes in a row, cut elsewhere.
            |e| e.details = vec![("nam".to_owned(), "eWarsaw".to_owned())],
        ];
        for (number, edit) in edits.iter().enumerate() {
            let mut edited = event();
            edit(&mut edited);
            assert_ne!(edited.hash(&BEGINNING), original, "edit {number}");
        }
        assert_ne!(event().hash(&original), original);
    }

    #[test]
    fn a_head_reads_back() {
        let text = format!("ten_01jd0000000000000000000000:17:{}", "4f".repeat(32));
        assert_eq!(text.parse::<Head>().unwrap().to_string(), text);
        let (hash, lines) = ("4f".repeat(32), format!("platform:1:{0}\nten_a:1:{0}", "4f".repeat(32)));
        for wrong in ["", "platform", "platform:1", "platform:0:00", "platform:x:00", "platform:1:zz", &lines] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
        for wrong in [format!(":1:{hash}"), format!("a:1:{hash}:2"), format!("a b:1:{hash}"), format!("a\n:1:{hash}")] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn action_names_are_unique_and_parse_back() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::parse(action.as_str()), Ok(*action));
        }
    }
}
