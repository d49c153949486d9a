//! Storage instances: a tenant's S3 service in a region, in which its keys and buckets are.
//!
//! Where a key model allows one per region it is simply there, and nobody needs to see it.

use crate::id::{InstanceId, TenantId};
use crate::key::{Feature, Refused};
use crate::key_model::{Delete, Instances, Switches};
use crate::text::{Description, Name, RegionCode};
use crate::{Invalid, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageInstance {
    pub id: InstanceId,
    pub tenant: TenantId,
    pub region: RegionCode,
    pub name: Name,
    pub description: Option<Description>,
    /// Decided when the instance is made and never again: a change of key model must not move a customer's data.
    pub named_by: NamedBy,
    pub created_at: Timestamp,
    pub version: i64,
}

/// Whose id gateways use as the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    Tenant,
    Instance,
}

impl NamedBy {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Instance => "instance",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        [Self::Tenant, Self::Instance]
            .into_iter()
            .find(|named_by| named_by.as_str() == text)
            .ok_or(Invalid::because("A namespace is named by the tenant or by the instance."))
    }
}

/// A storage instance that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstance {
    pub id: InstanceId,
    pub tenant: TenantId,
    pub region: RegionCode,
    pub name: Name,
    pub description: Option<Description>,
}

/// The key model allows one storage instance in a region, and there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneIsAll;

impl StorageInstance {
    /// `in_region` is how many the tenant has there already.
    pub fn create(new: NewInstance, in_region: i64, switches: &Switches, now: Timestamp) -> Result<Self, OneIsAll> {
        let named_by = match switches.instances {
            Instances::One if in_region > 0 => return Err(OneIsAll),
            Instances::One => NamedBy::Tenant,
            Instances::Many => NamedBy::Instance,
        };
        let NewInstance { id, tenant, region, name, description } = new;
        Ok(Self { id, tenant, region, name, description, named_by, created_at: now, version: 1 })
    }

    /// Its keys go with it. Where it is the only one and its keys are never deleted, it stays as long as it has any, or
    /// a region that is configured would no longer be.
    pub fn delete(self, keys: usize, switches: &Switches) -> Result<Self, Refused> {
        match (switches.instances, switches.delete) {
            (Instances::One, Delete::Forbidden) if keys > 0 => Err(Refused::ModelForbids(Feature::Delete)),
            (Instances::One | Instances::Many, Delete::Forbidden | Delete::Allowed | Delete::AfterRevoke) => Ok(self),
        }
    }

    /// What gateways use as the account.
    pub fn namespace(&self) -> &str {
        match self.named_by {
            NamedBy::Tenant => self.tenant.as_str(),
            NamedBy::Instance => self.id.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;
    use crate::key_model::built_in;

    fn create(in_region: i64, switches: &Switches) -> Result<StorageInstance, OneIsAll> {
        let mut entropy = Entropy::from_seed([1; 32]);
        let now = Timestamp::UNIX_EPOCH;
        let new = NewInstance {
            id: InstanceId::draw(&mut entropy, now),
            tenant: TenantId::draw(&mut entropy, now),
            region: RegionCode::parse("waw3-1").unwrap(),
            name: Name::parse("Backups").unwrap(),
            description: None,
        };
        StorageInstance::create(new, in_region, switches, now)
    }

    #[test]
    fn a_model_with_one_instance_uses_the_tenants_id_and_refuses_a_second() {
        let [_, (_, _, one), _] = built_in();
        let instance = create(0, &one).unwrap();
        assert_eq!(instance.namespace(), instance.tenant.as_str());
        assert_eq!(create(1, &one), Err(OneIsAll));
    }

    #[test]
    fn a_model_with_many_instances_uses_their_own_ids() {
        let [(_, _, many), _, _] = built_in();
        for in_region in [0, 1, 1000] {
            let instance = create(in_region, &many).unwrap();
            assert_eq!(instance.namespace(), instance.id.as_str());
        }
    }

    #[test]
    fn the_only_instance_stays_with_keys_that_are_never_deleted() {
        let [(_, _, many), (_, _, pair), (_, _, multi)] = built_in();
        let never_deleted = Switches { delete: Delete::Forbidden, reset: true, ..many.clone() };
        for (switches, keys, stays) in
            [(&pair, 1, true), (&pair, 0, false), (&multi, 1, false), (&many, 1, false), (&never_deleted, 1, false)]
        {
            assert_eq!(create(0, switches).unwrap().delete(keys, switches).is_err(), stays);
        }
    }

    #[test]
    fn what_names_an_instance_parses_back() {
        for named_by in [NamedBy::Tenant, NamedBy::Instance] {
            assert_eq!(NamedBy::parse(named_by.as_str()), Ok(named_by));
        }
    }
}
