//! Every kind of caller before every kind of object: who may know of what, what a permit says afterwards, and what is known of
//! a caller.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::sync::Arc;

use domain::api_token::TokenOwner;
use domain::audit::Chain;
use domain::gateway::{Binding, Capabilities, Capability, Gateway};
use domain::id::{GatewayId, PartnerId, SessionId, TenantId, TokenId, UserId};
use domain::partner::PartnerPath;
use domain::scope::{Scope, Scopes};
use domain::text::{Name, RegionCode};
use domain::time::days;
use domain::{Entropy, Role, Timestamp};
use keyreeve_authz::action::{
    CreateGatewayToken, CreateOperatorToken, CreatePartner, CreatePartnerToken, CreateTenant, CreateTenantToken,
    Operation, ReadMe, SuspendPartner, VerifyRequest,
};
use keyreeve_authz::caller::{GatewayToken, Person, Token};
use keyreeve_authz::object::Object;
use keyreeve_authz::table::rule;
use keyreeve_authz::{
    Action, Caller, Denied, OnPartner, OnTenant, OneGateway, Oneself, Partnership, Plane, Platform, Reach, Tenancy,
    authorize,
};

/// A distributor with a reseller below it, a partner elsewhere, a tenant of each, and one of nobody's.
struct World {
    entropy: Entropy,
    distributor: PartnerPath,
    reseller: PartnerPath,
    elsewhere: PartnerPath,
    tenancies: [Tenancy; 4],
    gateway: GatewayId,
}

fn epoch() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// When a token or session of the world ends: each kind at another time.
fn end(day: i64) -> Timestamp {
    epoch() + days(day)
}

impl World {
    fn new() -> Self {
        let mut entropy = Entropy::from_seed([9; 32]);
        let mut partner = || PartnerId::draw(&mut entropy, epoch());
        let (distributor, elsewhere) = (PartnerPath::root(partner()), PartnerPath::root(partner()));
        let reseller = distributor.child(partner()).unwrap();
        let owners = [Some(distributor.clone()), Some(reseller.clone()), Some(elsewhere.clone()), None];
        let tenancies = owners.map(|partner| Tenancy { id: TenantId::draw(&mut entropy, epoch()), partner });
        let gateway = GatewayId::draw(&mut entropy, epoch());
        Self { entropy, distributor, reseller, elsewhere, tenancies, gateway }
    }

    fn token(&mut self, scopes: &[Scope]) -> Token {
        Token {
            id: TokenId::draw(&mut self.entropy, epoch()),
            scopes: Scopes::new(scopes.iter().copied()).unwrap(),
            networks: Vec::new(),
            expires_at: end(1),
            vouched_by: None,
        }
    }

    fn person(&mut self, tenancy: &Tenancy, role: Role) -> Person {
        Person {
            session: SessionId::draw(&mut self.entropy, epoch()),
            user: UserId::draw(&mut self.entropy, epoch()),
            tenancy: tenancy.clone(),
            role,
            expires_at: end(2),
        }
    }

    fn gateway(&mut self, capabilities: &[Capability]) -> Caller {
        let gateway = Gateway {
            id: self.gateway.clone(),
            name: Name::parse("edge").unwrap(),
            binding: Binding::new([RegionCode::parse("waw3-1").unwrap()]).unwrap(),
            capabilities: Capabilities::new(capabilities.iter().copied()).unwrap(),
            created_at: epoch(),
            version: 1,
        };
        let token = Token { expires_at: end(3), ..self.token(&[Scope::GatewayUse]) };
        Caller::Gateway(Arc::new(GatewayToken { token, gateway }))
    }

    fn callers(&mut self) -> Vec<(&'static str, Caller)> {
        let token = self.token(&Scope::ALL);
        let (distributor, reseller, elsewhere) =
            (self.distributor.clone(), self.reseller.clone(), self.elsewhere.clone());
        vec![
            ("operator", Caller::Operator(token.clone())),
            ("distributor", Caller::Partner(token.clone(), distributor)),
            ("reseller", Caller::Partner(token.clone(), reseller)),
            ("elsewhere", Caller::Partner(token.clone(), elsewhere)),
            ("token of the reseller's tenant", Caller::Tenant(token.clone(), self.tenancies[1].clone())),
            ("token of nobody's tenant", Caller::Tenant(token, self.tenancies[3].clone())),
            ("person of the reseller's tenant", Caller::User(self.person(&self.tenancies[1].clone(), Role::Admin))),
            ("person of nobody's tenant", Caller::User(self.person(&self.tenancies[3].clone(), Role::Member))),
            ("gateway", self.gateway(&Capability::ALL)),
        ]
    }
}

#[test]
fn what_each_caller_may_know_of() {
    let mut world = World::new();
    let callers = world.callers();
    let partners =
        [&world.distributor, &world.reseller, &world.elsewhere].map(|path| Partnership { path: path.clone() });
    let gateway = OneGateway { id: world.gateway.clone() };
    let mut seen = String::new();
    for (name, caller) in &callers {
        let mark = |sees: bool| if sees { '+' } else { '-' };
        let of = |object: &dyn Object| mark(object.is_visible_to(caller));
        let partners: String = partners.iter().map(|partner| of(partner)).collect();
        let tenants: String = world.tenancies.iter().map(|tenancy| of(tenancy)).collect();
        let rest = [of(&Platform), of(&Oneself), of(&Plane), of(&gateway)];
        seen += &format!("{partners} {tenants} {} {name}\n", String::from_iter(rest));
    }
    // Distributor, reseller and elsewhere; their tenants and nobody's; platform, oneself, plane and the gateway.
    assert_eq!(
        seen,
        "+++ ++++ ++++ operator\n\
         ++- ++-- +++- distributor\n\
         -+- -+-- +++- reseller\n\
         --+ --+- +++- elsewhere\n\
         --- -+-- +++- token of the reseller's tenant\n\
         --- ---+ +++- token of nobody's tenant\n\
         --- -+-- +++- person of the reseller's tenant\n\
         --- ---+ +++- person of nobody's tenant\n\
         --- ---- +++- gateway\n"
    );
}

#[test]
fn only_a_partner_has_a_partner_of_its_own() {
    let mut world = World::new();
    for (name, caller) in world.callers() {
        let own: Vec<bool> = [&world.distributor, &world.reseller, &world.elsewhere]
            .map(|path| Partnership { path: path.clone() }.is_own_partner_of(&caller))
            .into();
        let expected = ["distributor", "reseller", "elsewhere"].map(|partner| partner == name);
        assert_eq!(own, expected, "{name}");
        assert!(world.tenancies.iter().all(|tenancy| !tenancy.is_own_partner_of(&caller)), "{name}");
        assert!(!Platform.is_own_partner_of(&caller) && !Oneself.is_own_partner_of(&caller), "{name}");
    }
}

#[test]
fn what_is_known_of_a_caller() {
    let mut world = World::new();
    let voucher = UserId::draw(&mut world.entropy, epoch());
    let token = Token { vouched_by: Some(voucher.clone()), ..world.token(&Scope::ALL) };
    let person = world.person(&world.tenancies[1].clone(), Role::MemberPlus);
    let tenancy = world.tenancies[1].clone();
    let in_tenant = Chain::Tenant(tenancy.id.clone(), tenancy.partner.clone());
    let in_partner = Chain::Partner(world.reseller.clone());
    let gateway = world.gateway(&Capability::ALL);
    let Caller::Gateway(held) = gateway.clone() else { panic!("a gateway") };
    for (caller, chain) in [
        (Caller::Operator(token.clone()), Chain::Platform),
        (Caller::Partner(token.clone(), world.reseller.clone()), in_partner),
        (Caller::Tenant(token.clone(), tenancy.clone()), in_tenant.clone()),
    ] {
        assert_eq!(caller.token(), Some(&token));
        assert_eq!((caller.identity(), caller.expires_at()), (token.id.as_str(), end(1)));
        assert_eq!((caller.voucher(), caller.role(), caller.chain()), (Some(&voucher), None, chain));
        assert_eq!(caller.tenant().is_some(), matches!(caller, Caller::Tenant(..)));
        assert_eq!(caller.actor().id, token.id.as_str());
    }
    assert_eq!(Caller::Tenant(token, tenancy.clone()).tenant(), Some(&tenancy.id));
    let user = Caller::User(person.clone());
    assert_eq!((user.token(), user.tenant(), user.role()), (None, Some(&tenancy.id), Some(Role::MemberPlus)));
    assert_eq!(
        (user.identity(), user.expires_at(), user.voucher()),
        (person.user.as_str(), end(2), Some(&person.user))
    );
    assert_eq!((user.chain(), user.actor().id), (in_tenant, person.user.to_string()));
    assert_eq!((gateway.token(), gateway.tenant(), gateway.role()), (Some(&held.token), None, None));
    assert_eq!((gateway.identity(), gateway.expires_at()), (world.gateway.as_str(), end(3)));
    assert_eq!((gateway.voucher(), gateway.chain()), (None, Chain::Platform));
    assert_eq!(gateway.actor().id, world.gateway.to_string());
}

#[test]
fn a_permit_is_for_its_caller_and_its_object() {
    let mut world = World::new();
    let callers = world.callers();
    let by = |name: &str| callers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    let operator = by("operator");
    let tenancy = world.tenancies[1].clone();
    let permit = authorize::<CreateTenantToken>(&operator, tenancy.clone()).ok().unwrap();
    assert!(permit.caller() == &operator && permit.clone().caller() == &operator);
    assert_eq!((permit.tenant(), permit.tenancy()), (&tenancy.id, &tenancy));
    assert_eq!(permit.token_owner(), TokenOwner::Tenant(tenancy.id.clone()));
    assert_eq!(permit.chain(), Chain::Tenant(tenancy.id.clone(), tenancy.partner.clone()));

    let partnership = Partnership { path: world.reseller.clone() };
    let permit = authorize::<CreatePartnerToken>(&by("reseller"), partnership.clone()).ok().unwrap();
    assert_eq!((permit.partner(), permit.path()), (world.reseller.leaf(), &world.reseller));
    assert_eq!(permit.token_owner(), TokenOwner::Partner(world.reseller.clone()));
    assert_eq!(permit.chain(), Chain::Partner(world.reseller.clone()));

    let permit = authorize::<CreateOperatorToken>(&operator, Platform).ok().unwrap();
    assert_eq!((permit.token_owner(), permit.chain()), (TokenOwner::Operator, Chain::Platform));

    let permit = authorize::<CreateGatewayToken>(&operator, OneGateway { id: world.gateway.clone() }).ok().unwrap();
    assert_eq!(permit.gateway(), &world.gateway);
    assert_eq!((permit.token_owner(), permit.chain()), (TokenOwner::Gateway(world.gateway.clone()), Chain::Platform));

    let permit = authorize::<VerifyRequest>(&by("gateway"), Plane).ok().unwrap();
    assert_eq!(permit.asker().unwrap().gateway.id, world.gateway);
    assert!(authorize::<VerifyRequest>(&operator, Plane).is_err());
}

#[test]
fn a_list_looks_as_far_as_its_caller() {
    let mut world = World::new();
    for (name, caller) in world.callers() {
        let permit = authorize::<ReadMe>(&caller, Oneself).ok();
        let expected = match &caller {
            Caller::Operator(_) => Some(Reach::Everything),
            Caller::Partner(_, path) => Some(Reach::Subtree(path.clone())),
            Caller::Tenant(_, tenancy) => Some(Reach::OneTenant(tenancy.id.clone())),
            Caller::User(person) => Some(Reach::OneTenant(person.tenancy.id.clone())),
            Caller::Gateway(_) => None,
        };
        assert_eq!(permit.map(|permit| permit.reach()), expected, "{name}");
    }
    let gateway = world.gateway(&Capability::ALL);
    assert_eq!(authorize::<VerifyRequest>(&gateway, Plane).ok().unwrap().reach(), Reach::Nothing);
}

#[test]
fn what_was_made_is_for_whoever_may_see_it() {
    let mut world = World::new();
    let caller = world.callers().remove(1).1;
    let (own, foreign) = (world.tenancies[1].clone(), world.tenancies[2].clone());
    let permit = authorize::<CreateTenant>(&caller, Platform).ok().unwrap();
    let made = permit.on_what_it_made(own.clone()).unwrap();
    assert_eq!((made.tenant(), made.tenancy()), (&own.id, &own));
    assert!(permit.on_what_it_made(foreign).is_none());
    let permit = authorize::<CreatePartner>(&caller, Platform).ok().unwrap();
    let made = permit.on_what_it_made(Partnership { path: world.reseller.clone() }).unwrap();
    assert_eq!((made.partner(), made.path()), (world.reseller.leaf(), &world.reseller));
    assert!(permit.on_what_it_made(Partnership { path: world.elsewhere.clone() }).is_none());
}

/// Asks for what is visible, so that only the table decides.
fn is_admitted<A: Action<Object = Platform>>(caller: &Caller) -> bool {
    match authorize::<A>(caller, Platform) {
        Ok(_) => true,
        Err(Denied::Forbidden) => false,
        Err(Denied::Invisible) => panic!("everybody knows of the platform"),
    }
}

#[test]
fn scope_role_and_capability_are_needed_and_suffice() {
    let mut world = World::new();
    let (with, without) = (world.token(&[Scope::TenantsWrite]), world.token(&[Scope::TenantsRead]));
    assert!(is_admitted::<CreateTenant>(&Caller::Operator(with.clone())));
    assert!(!is_admitted::<CreateTenant>(&Caller::Operator(without.clone())));
    assert!(is_admitted::<CreateTenant>(&Caller::Partner(with.clone(), world.reseller.clone())));
    assert!(!is_admitted::<CreateTenant>(&Caller::Partner(without.clone(), world.reseller.clone())));
    assert!(!is_admitted::<CreateTenant>(&Caller::Tenant(with, world.tenancies[1].clone())));
    assert!(!is_admitted::<CreateOperatorToken>(&Caller::Partner(world.token(&Scope::ALL), world.reseller.clone())));
    for tenant in [Scope::TokensWrite, Scope::KeysRead] {
        let caller = Caller::Tenant(world.token(&[tenant]), world.tenancies[1].clone());
        let made = authorize::<CreateTenantToken>(&caller, world.tenancies[1].clone());
        assert_eq!(made.is_ok(), tenant == Scope::TokensWrite);
    }
    for role in Role::ALL {
        let caller = Caller::User(world.person(&world.tenancies[1].clone(), role));
        assert!(!is_admitted::<CreateTenant>(&caller));
        let made = authorize::<CreateTenantToken>(&caller, world.tenancies[1].clone());
        assert_eq!(made.is_ok(), role == Role::Admin);
    }
    for capability in Capability::ALL {
        let asked = authorize::<VerifyRequest>(&world.gateway(&[capability]), Plane);
        assert_eq!(asked.is_ok(), capability == Capability::Verify);
    }
}

#[test]
fn only_what_is_below_is_for_partners_to_suspend() {
    let mut world = World::new();
    let callers = world.callers();
    for (name, caller) in &callers[1..3] {
        for path in [&world.distributor, &world.reseller] {
            let may = authorize::<SuspendPartner>(caller, Partnership { path: path.clone() }).is_ok();
            assert_eq!(may, *name == "distributor" && *path == world.reseller, "{name}");
            let may = authorize::<CreatePartnerToken>(caller, Partnership { path: path.clone() }).is_ok();
            assert_eq!(may, *name == "distributor" || *path == world.reseller, "{name}");
        }
    }
}

#[test]
fn a_rule_reads_as_a_sentence() {
    use Operation as O;
    for (operation, sentence) in [
        (O::CreateRegion, "May be called by operators' tokens with scope `platform:write`."),
        (
            O::SuspendPartner,
            "May be called by operators' and partners' tokens of a partner above with scope `partners:write`.",
        ),
        (
            O::ReadTenant,
            "May be called by operators', partners' and tenants' tokens with scope `tenants:read`; people of any role.",
        ),
        (
            O::ListKeys,
            "May be called by operators', partners' and tenants' tokens with scope `keys:read`; people who are `member+` or `admin`.",
        ),
        (
            O::CreateUser,
            "May be called by operators', partners' and tenants' tokens with scope `users:write`; people who are `admin`.",
        ),
        (O::ChangePassword, "May be called by people of any role."),
        (O::FollowChanges, "May be called by gateways with capability `changes`."),
    ] {
        assert_eq!(rule(operation).sentence(), sentence);
    }
}
