//! The proof that the table said yes. It can be held, not made: its fields are private to this file.

use std::marker::PhantomData;

use domain::api_token::TokenOwner;
use domain::audit::Chain;
use domain::id::{GatewayId, PartnerId, TenantId};
use domain::partner::PartnerPath;

use crate::action::{Action, CreatePartner, CreateTenant};
use crate::caller::GatewayToken;
use crate::object::{HoldsTokens, Object, OnPartner, OnTenant, OneGateway, Partnership, Plane, Tenancy};
use crate::{Caller, table};

/// `caller` may do `A` to the object inside.
pub struct Permit<A: Action> {
    caller: Caller,
    object: A::Object,
    action: PhantomData<A>,
}

/// For whatever operation it is: what an operation is called need not be cloned.
impl<A: Action> Clone for Permit<A> {
    fn clone(&self) -> Self {
        Self { caller: self.caller.clone(), object: self.object.clone(), action: PhantomData }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Answer as if the object did not exist.
    Invisible,
    /// The caller may know of the object and may not do this to it.
    Forbidden,
}

/// Asks first whether the caller may know of the object, then whether it may do this: a stranger learns nothing,
/// whatever its role or scopes.
pub fn authorize<A: Action>(caller: &Caller, object: A::Object) -> Result<Permit<A>, Denied> {
    if !object.is_visible_to(caller) {
        return Err(Denied::Invisible);
    }
    let rule = table::rule(A::OPERATION);
    if !rule.admits(caller) || (rule.only_below && object.is_own_partner_of(caller)) {
        return Err(Denied::Forbidden);
    }
    Ok(Permit { caller: caller.clone(), object, action: PhantomData })
}

/// How far a list may look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Everything,
    Subtree(PartnerPath),
    OneTenant(TenantId),
    Nothing,
}

impl<A: Action> Permit<A> {
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn reach(&self) -> Reach {
        match &self.caller {
            Caller::Operator(_) => Reach::Everything,
            Caller::Partner(_, path) => Reach::Subtree(path.clone()),
            Caller::Tenant(_, tenancy) => Reach::OneTenant(tenancy.id.clone()),
            Caller::User(person) => Reach::OneTenant(person.tenancy.id.clone()),
            Caller::Gateway(_) => Reach::Nothing,
        }
    }
}

/// What was made with a permit, for whoever made it to be told of again.
#[derive(Debug, Clone)]
pub struct Made<O>(O);

impl Permit<CreateTenant> {
    pub fn on_what_it_made(&self, tenancy: Tenancy) -> Option<Made<Tenancy>> {
        tenancy.is_visible_to(&self.caller).then_some(Made(tenancy))
    }
}

impl Permit<CreatePartner> {
    pub fn on_what_it_made(&self, partnership: Partnership) -> Option<Made<Partnership>> {
        partnership.is_visible_to(&self.caller).then_some(Made(partnership))
    }
}

impl OnTenant for Made<Tenancy> {
    fn tenant(&self) -> &TenantId {
        &self.0.id
    }

    fn tenancy(&self) -> &Tenancy {
        &self.0
    }
}

impl OnPartner for Made<Partnership> {
    fn partner(&self) -> &PartnerId {
        self.0.path.leaf()
    }

    fn path(&self) -> &PartnerPath {
        &self.0.path
    }
}

impl<A: Action> Permit<A>
where
    A::Object: HoldsTokens,
{
    pub fn token_owner(&self) -> TokenOwner {
        self.object.token_owner()
    }

    /// The audit chain of what the permit is for.
    pub fn chain(&self) -> Chain {
        self.object.chain()
    }
}

impl<A: Action<Object = Tenancy>> OnTenant for Permit<A> {
    fn tenant(&self) -> &TenantId {
        &self.object.id
    }

    fn tenancy(&self) -> &Tenancy {
        &self.object
    }
}

impl<A: Action<Object = OneGateway>> Permit<A> {
    pub fn gateway(&self) -> &GatewayId {
        &self.object.id
    }
}

impl<A: Action<Object = Plane>> Permit<A> {
    /// The gateway that asks. Only gateways are given such permits; for anybody else there would be none.
    pub fn asker(&self) -> Option<&GatewayToken> {
        match &self.caller {
            Caller::Gateway(held) => Some(held),
            Caller::Operator(_) | Caller::Partner(..) | Caller::Tenant(..) | Caller::User(_) => None,
        }
    }
}

impl<A: Action<Object = Partnership>> OnPartner for Permit<A> {
    fn partner(&self) -> &PartnerId {
        self.object.path.leaf()
    }

    fn path(&self) -> &PartnerPath {
        &self.object.path
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{SessionId, TokenId, UserId};
    use domain::scope::{Scope, Scopes};
    use domain::{Entropy, Role, Timestamp};

    use super::*;
    use crate::action::{CreatePartnerToken, CreateUser, ReadTenant, SuspendPartner, SuspendTenant};
    use crate::caller::{Person, Token};

    struct World {
        entropy: Entropy,
    }

    impl World {
        fn new() -> Self {
            Self { entropy: Entropy::from_seed([4; 32]) }
        }

        fn root(&mut self) -> PartnerPath {
            PartnerPath::root(PartnerId::draw(&mut self.entropy, Timestamp::UNIX_EPOCH))
        }

        fn tenancy(&mut self, partner: Option<PartnerPath>) -> Tenancy {
            Tenancy { id: TenantId::draw(&mut self.entropy, Timestamp::UNIX_EPOCH), partner }
        }

        fn token(&mut self, scopes: &[Scope]) -> Token {
            Token {
                id: TokenId::draw(&mut self.entropy, Timestamp::UNIX_EPOCH),
                scopes: Scopes::new(scopes.iter().copied()).unwrap(),
                networks: Vec::new(),
                expires_at: Timestamp::UNIX_EPOCH,
                vouched_by: None,
            }
        }

        fn person(&mut self, tenancy: &Tenancy, role: Role) -> Caller {
            Caller::User(Person {
                session: SessionId::draw(&mut self.entropy, Timestamp::UNIX_EPOCH),
                user: UserId::draw(&mut self.entropy, Timestamp::UNIX_EPOCH),
                tenancy: tenancy.clone(),
                role,
                expires_at: Timestamp::UNIX_EPOCH,
            })
        }
    }

    fn denied<A: Action>(caller: &Caller, object: A::Object) -> Option<Denied> {
        authorize::<A>(caller, object).err()
    }

    #[test]
    fn a_partner_sees_its_subtree_and_nothing_beside_it() {
        let mut world = World::new();
        let distributor = world.root();
        let reseller = distributor.child(PartnerId::draw(&mut world.entropy, Timestamp::UNIX_EPOCH)).unwrap();
        let stranger = world.root();
        let below = world.tenancy(Some(reseller.clone()));
        let token = world.token(&[Scope::TenantsRead, Scope::TenantsWrite]);
        for (path, expected) in [(&distributor, None), (&reseller, None), (&stranger, Some(Denied::Invisible))] {
            let caller = Caller::Partner(token.clone(), path.clone());
            assert_eq!(denied::<SuspendTenant>(&caller, below.clone()), expected);
        }
        let above = Tenancy { partner: Some(distributor), ..below };
        assert_eq!(denied::<ReadTenant>(&Caller::Partner(token, reseller), above), Some(Denied::Invisible));
    }

    #[test]
    fn a_partner_suspends_what_is_below_it_and_not_itself() {
        let mut world = World::new();
        let own = world.root();
        let below = own.child(PartnerId::draw(&mut world.entropy, Timestamp::UNIX_EPOCH)).unwrap();
        let caller = Caller::Partner(world.token(&[Scope::PartnersWrite, Scope::TokensWrite]), own.clone());
        assert_eq!(denied::<SuspendPartner>(&caller, Partnership { path: below }), None);
        assert_eq!(denied::<SuspendPartner>(&caller, Partnership { path: own.clone() }), Some(Denied::Forbidden));
        assert_eq!(denied::<CreatePartnerToken>(&caller, Partnership { path: own }), None);
    }

    #[test]
    fn a_tenant_without_a_partner_is_no_partners() {
        let mut world = World::new();
        let caller = Caller::Partner(world.token(&[Scope::TenantsRead]), world.root());
        let own = world.tenancy(None);
        assert_eq!(denied::<ReadTenant>(&caller, own), Some(Denied::Invisible));
    }

    #[test]
    fn a_scope_that_is_missing_forbids_what_is_visible_and_hides_what_is_not() {
        let mut world = World::new();
        let partner = world.root();
        let caller = Caller::Partner(world.token(&[Scope::TenantsRead]), partner.clone());
        let (own, foreign) = (world.tenancy(Some(partner)), world.tenancy(None));
        assert_eq!(denied::<SuspendTenant>(&caller, own), Some(Denied::Forbidden));
        assert_eq!(denied::<SuspendTenant>(&caller, foreign), Some(Denied::Invisible));
    }

    #[test]
    fn people_act_in_their_own_tenant_by_role() {
        let mut world = World::new();
        let (own, foreign) = (world.tenancy(None), world.tenancy(None));
        for (role, expected) in
            [(Role::Admin, None), (Role::MemberPlus, Some(Denied::Forbidden)), (Role::Member, Some(Denied::Forbidden))]
        {
            let caller = world.person(&own, role);
            assert_eq!(denied::<CreateUser>(&caller, own.clone()), expected);
            assert_eq!(denied::<CreateUser>(&caller, foreign.clone()), Some(Denied::Invisible));
            assert_eq!(denied::<SuspendTenant>(&caller, own.clone()), Some(Denied::Forbidden));
        }
    }
}
