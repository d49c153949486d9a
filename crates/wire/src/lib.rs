//! Request and response bodies of the REST API, and nothing else: no rules, no conversions.
//!
//! A client can read an answer with this crate without linking a server, and nothing of the domain can be serialised by
//! accident, because what is not here has no serialised form. Every request refuses fields that it does not know.

#![forbid(unsafe_code)]

mod api_token;
mod audit;
mod bucket;
mod checkpoint;
mod claim;
mod emergency_stop;
mod explanation;
mod gateway;
mod gateway_plane;
mod guardrails;
mod health;
mod import;
mod instance;
mod key;
mod key_model;
mod keystone;
mod list;
mod me;
mod partner;
mod posture;
mod problem;
mod quarantine;
mod receipt;
mod region;
mod session;
mod tenant;
mod tenant_region;
mod usage;
mod user;

pub use api_token::{ApiToken, CreateToken, CreatedToken, OpenSetupLink, RotateToken, TokenScope};
pub use audit::{AuditActor, AuditEvent, AuditQuery, AuditTarget};
pub use bucket::Bucket;
pub use checkpoint::AuditCheckpoint;
pub use claim::{ClaimedKey, CreateClaim, CreatedClaim};
pub use emergency_stop::{EmergencyStop, EmergencyStopPreview, StopLevel, StopPartner};
pub use explanation::{Decision, DenialReason, ExplainKey, Explanation, ExplanationCheck, ExplanationStep};
pub use gateway::{ChangeGateway, CreateGateway, Gateway, GatewayCapability, GatewayLease, GatewayProcess};
pub use gateway_plane::{
    AuthorizeQuery, CacheRule, ChangeEvent, ChangeKind, Changes, ChangesQuery, IssueSigningKeys, IssuedSecret,
    IssuedSigningKey, IssuedSigningKeys, KeyGrants, Principal, ReportUsage, ReportedUsage, S3Error, SignatureForm,
    SigningKey, VerifyAnswer, VerifyBatch, VerifyBatchAnswer, VerifyContext, VerifyDecision, VerifyRequest, VerifyWant,
    WantedSigningKey,
};
pub use guardrails::{
    DryRunGuardrails, GuardrailBreaches, GuardrailName, GuardrailViolator, Guardrails, GuardrailsDryRun,
};
pub use health::Health;
pub use import::{ImportKey, ImportKeys, ImportProblem, ImportResult, ImportStatus, ImportedKeys};
pub use instance::{ChangeInstance, CreateInstance, CreatedInstance, Instance, InstanceQuery, StoppedInstance};
pub use key::{
    BucketAccess, BucketAccessKind, ChangeKey, CreateKey, CreatedKey, Key, KeyPair, KeyPairState, KeyPermission,
    KeyQuery, KeyStatus, RotateKey, StoppedKey,
};
pub use key_model::{ChangeKeyModel, CreateKeyModel, DeleteRule, InstancesRule, KeyModel, PresenceRule, RevokeRule};
pub use keystone::{
    Ec2Credential, IssuedEc2Credential, KeystoneAuth, KeystoneDomain, KeystoneEndpoint, KeystoneIdentity, KeystoneLink,
    KeystoneLinks, KeystoneMediaType, KeystonePassword, KeystoneProject, KeystoneService, KeystoneToken, KeystoneUser,
    KeystoneUserPassword, KeystoneVersion, KeystoneVersionAnswer, LogInToKeystone, Named, S3Credentials,
    VerifiedS3Token, VerifyS3Token,
};
pub use list::{ListQuery, Page};
pub use me::{CallerKind, ChangePassword, Me};
pub use partner::{ChangePartner, CreatePartner, Partner, PartnerStatus, StoppedPartner};
pub use posture::{KeyCounts, PartnerPosture, TenantKeyCounts, TenantPosture};
pub use problem::{Problem, Violation};
pub use quarantine::{DecideHeldBack, HeldBack, HeldBackDecided, HeldBackDecision, HeldBackKind, Quarantine};
pub use receipt::{Receipt, ReceiptState};
pub use region::{ChangeRegion, CreateRegion, Region};
pub use session::{AcceptInvitation, LogIn, Refresh, Session};
pub use tenant::{
    ChangeTenant, CreateTenant, CreatedTenant, DeleteTenantQuery, FirstAdmin, StoppedTenant, Tenant, TenantQuery,
    TenantStatus,
};
pub use tenant_region::{
    ChangeTenantRegion, ChangedTenantRegion, GatewaySecrets, RegionService, TenantRegion, TenantRegionStatus,
};
pub use usage::{DayUsage, KeyUsage, PairUsage};
pub use user::{ChangeUser, CreateUser, CreatedUser, Invitation, User, UserRole, UserStatus};

/// Tells a field that is there and null from one that is not there, for changes that can take something away.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
