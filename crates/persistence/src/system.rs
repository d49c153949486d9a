//! The other door: work that nobody asked for and no permit covers.
//!
//! Holding a [`System`] is not a permission that a caller could earn. The binary's own commands and jobs make one,
//! with the name under which it appears in the audit.

use authz::{OnTenant, Tenancy};
use domain::actor::Actor;
use domain::id::TenantId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    part: &'static str,
}

impl System {
    pub const fn as_part(part: &'static str) -> Self {
        Self { part }
    }

    /// On one tenant's data, as a permit is for a caller.
    pub fn on(self, tenancy: Tenancy) -> SystemOnTenant {
        SystemOnTenant { tenancy }
    }

    pub fn actor(self) -> Actor {
        Actor::system(self.part)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemOnTenant {
    tenancy: Tenancy,
}

impl OnTenant for SystemOnTenant {
    fn tenant(&self) -> &TenantId {
        &self.tenancy.id
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }
}
