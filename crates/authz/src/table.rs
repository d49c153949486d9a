//! THE table: who may do what. One place, no wildcard, printed to `tests/matrix.txt` for people to review.

use domain::Role;
use domain::gateway::Capability;
use domain::scope::Scope;

use crate::Caller;
use crate::action::Operation;

/// Who may do an operation to an object they can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What a token must hold; nothing where none is given.
    pub scope: Option<Scope>,
    pub operator: bool,
    pub partner: bool,
    /// A partner may do it to those below it and not to itself.
    pub only_below: bool,
    /// A tenant's own tokens.
    pub tenant: bool,
    /// The least role that suffices for a person; nobody where none is given.
    pub role: Option<Role>,
    /// What a gateway must be capable of; nothing for gateways where none is given.
    pub gateway: Option<Capability>,
}

pub const fn rule(operation: Operation) -> Rule {
    use Operation as O;
    match operation {
        O::ReadMe => everybody(),
        O::ChangePassword | O::EndSession => nobody().people(Role::Member),

        O::ListRegions | O::ReadRegion | O::ListKeyModels | O::ReadKeyModel => everybody(),
        O::CreateRegion | O::ChangeRegion | O::DeleteRegion => operator(Scope::PlatformWrite),
        O::CreateKeyModel | O::ChangeKeyModel | O::DeleteKeyModel => operator(Scope::PlatformWrite),

        O::ListOperatorTokens | O::CreateOperatorToken | O::RotateOperatorToken | O::DeleteOperatorToken => {
            operator(Scope::TokensWrite)
        }

        O::ListPartners | O::ReadPartner => operator(Scope::TenantsRead).partners(),
        O::CreatePartner | O::ChangePartner => operator(Scope::PartnersWrite).partners(),
        O::DeletePartner | O::SuspendPartner | O::ResumePartner => {
            operator(Scope::PartnersWrite).partners().only_below()
        }
        O::PreviewEmergencyStop | O::EmergencyStopPartner | O::UndoEmergencyStop => {
            operator(Scope::PartnersWrite).partners().only_below()
        }
        O::DryRunGuardrails => operator(Scope::PartnersWrite).partners(),
        O::ListPartnerTokens | O::CreatePartnerToken | O::RotatePartnerToken | O::DeletePartnerToken => {
            operator(Scope::TokensWrite).partners()
        }

        O::ListTenants => operator(Scope::TenantsRead).partners().tenants().people(Role::Member),
        O::CreateTenant => operator(Scope::TenantsWrite).partners(),
        O::ReadTenant => operator(Scope::TenantsRead).partners().tenants().people(Role::Member),
        O::ChangeTenant | O::DeleteTenant | O::RestoreTenant => operator(Scope::TenantsWrite).partners(),
        O::SuspendTenant | O::ResumeTenant => operator(Scope::TenantsWrite).partners(),

        O::ListUsers | O::ReadUser => operator(Scope::TenantsRead).partners().tenants().people(Role::Admin),
        O::CreateUser | O::InviteUser | O::ChangeUser | O::DeleteUser => {
            operator(Scope::UsersWrite).partners().tenants().people(Role::Admin)
        }

        O::ListTenantRegions | O::ReadTenantRegion => {
            operator(Scope::TenantsRead).partners().tenants().people(Role::Member)
        }
        O::ChangeTenantRegion => operator(Scope::TenantsWrite).partners().people(Role::Admin),

        O::ListTenantTokens | O::CreateTenantToken | O::RotateTenantToken | O::DeleteTenantToken => {
            operator(Scope::TokensWrite).partners().tenants().people(Role::Admin)
        }

        O::ListInstances | O::ReadInstance => operator(Scope::KeysRead).partners().tenants().people(Role::MemberPlus),
        O::CreateInstance | O::ChangeInstance | O::DeleteInstance => {
            operator(Scope::KeysWrite).partners().tenants().people(Role::Admin)
        }
        O::ListBuckets | O::ReadBucket => operator(Scope::KeysRead).partners().tenants().people(Role::MemberPlus),
        O::RegisterBucket | O::UnregisterBucket => {
            operator(Scope::KeysWrite).partners().tenants().people(Role::MemberPlus)
        }

        O::ListKeys | O::ReadKey | O::ReadKeyPropagation | O::ReadKeyUsage | O::ExplainKey => {
            operator(Scope::KeysRead).partners().tenants().people(Role::MemberPlus)
        }
        O::CreateKey | O::ChangeKey | O::DeleteKey | O::ResetKey | O::RotateKey => {
            operator(Scope::KeysWrite).partners().tenants().people(Role::MemberPlus)
        }
        O::RevokeKey | O::DisableKey | O::EnableKey => {
            operator(Scope::KeysWrite).partners().tenants().people(Role::MemberPlus)
        }

        O::CreateClaim | O::ImportKeys => operator(Scope::KeysWrite).partners().tenants().people(Role::Admin),

        O::ListGateways | O::CreateGateway | O::ReadGateway | O::ChangeGateway | O::DeleteGateway => {
            operator(Scope::PlatformWrite)
        }
        // A gateway's token may be handed secrets: whoever makes one must be able to make the gateway as well.
        O::ListGatewayTokens | O::CreateGatewayToken | O::RotateGatewayToken | O::DeleteGatewayToken => {
            operator(Scope::PlatformWrite)
        }

        O::ReadQuarantine | O::LiftQuarantine | O::ListHeldBack | O::DecideHeldBack => operator(Scope::PlatformWrite),

        O::VerifyRequest | O::VerifyRequests | O::AuthorizeRequest => gateways(Capability::Verify),
        O::IssueSigningKeys => gateways(Capability::SigningKeys),
        O::IssueSecret => gateways(Capability::Secrets),
        // A credential is a secret in other words: it needs that capability as well.
        O::VerifyS3Token | O::IssueEc2Credential => gateways(Capability::Keystone),
        O::FollowChanges => gateways(Capability::Changes),
        O::ReportUsage => gateways(Capability::Usage),
        // Numbers only: whoever reports on keys need not be able to list them.
        O::ReadPartnerPosture => operator(Scope::UsageRead).partners(),
        O::ReadTenantPosture => operator(Scope::UsageRead).partners().tenants().people(Role::MemberPlus),

        O::ReadAudit | O::ListAuditCheckpoints => operator(Scope::AuditRead),
        O::ReadPartnerAudit => operator(Scope::AuditRead).partners(),
        O::ReadTenantAudit => operator(Scope::AuditRead).partners().tenants().people(Role::Admin),
    }
}

const fn nobody() -> Rule {
    Rule { scope: None, operator: false, partner: false, only_below: false, tenant: false, role: None, gateway: None }
}

const fn everybody() -> Rule {
    Rule { operator: true, partner: true, tenant: true, role: Some(Role::Member), ..nobody() }
}

const fn gateways(capability: Capability) -> Rule {
    Rule { gateway: Some(capability), ..nobody() }
}

const fn operator(scope: Scope) -> Rule {
    Rule { scope: Some(scope), operator: true, ..nobody() }
}

impl Rule {
    const fn partners(self) -> Self {
        Self { partner: true, ..self }
    }

    const fn only_below(self) -> Self {
        Self { only_below: true, ..self }
    }

    const fn tenants(self) -> Self {
        Self { tenant: true, ..self }
    }

    const fn people(self, least: Role) -> Self {
        Self { role: Some(least), ..self }
    }

    pub fn admits(&self, caller: &Caller) -> bool {
        let holds = |token: &crate::caller::Token| self.scope.is_none_or(|scope| token.scopes.contains(scope));
        match caller {
            Caller::Operator(token) => self.operator && holds(token),
            Caller::Partner(token, _) => self.partner && holds(token),
            Caller::Tenant(token, _) => self.tenant && holds(token),
            Caller::User(person) => self.role.is_some_and(|least| person.role >= least),
            Caller::Gateway(held) => self.gateway.is_some_and(|needed| held.gateway.capabilities.contain(needed)),
        }
    }

    /// For people who read the API's documentation.
    pub fn sentence(&self) -> String {
        let mut who = Vec::new();
        let levels = [(self.operator, "operators'"), (self.partner, "partners'"), (self.tenant, "tenants'")];
        let levels: Vec<_> = levels.into_iter().filter_map(|(may, name)| may.then_some(name)).collect();
        if !levels.is_empty() {
            let below = if self.only_below { " of a partner above" } else { "" };
            let scope = self.scope.map(|scope| format!(" with scope `{}`", scope.as_str())).unwrap_or_default();
            who.push(format!("{} tokens{below}{scope}", listed(&levels)));
        }
        match self.role {
            Some(Role::Member) => who.push("people of any role".to_owned()),
            Some(Role::MemberPlus) => who.push("people who are `member+` or `admin`".to_owned()),
            Some(Role::Admin) => who.push("people who are `admin`".to_owned()),
            None => {}
        }
        if let Some(capability) = self.gateway {
            who.push(format!("gateways with capability `{}`", capability.as_str()));
        }
        format!("May be called by {}.", who.join("; "))
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
