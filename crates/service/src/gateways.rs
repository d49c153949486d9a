//! Gateways: operators register them, give them tokens, and see how far each has followed.

mod change;
mod create;
mod delete;

pub use change::{GatewayChange, change};
pub use create::{NewGateway, create};
pub use delete::delete;

use authz::Permit;
use authz::action::{ListGateways, ReadGateway};
use domain::gateway::{Binding, Gateway};
use persistence::leases::{self, Lease};
use persistence::{Reading, gateways, regions};

use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result, Violation};
use crate::once::Repeatable;
use crate::service::{Service, system};

/// A gateway, with what its processes hold at this moment.
#[derive(Debug, Clone)]
pub struct GatewayShown {
    pub gateway: Gateway,
    pub leases: Vec<Lease>,
    /// The number of the newest change there is.
    pub newest: i64,
}

impl GatewayShown {
    fn of(db: &mut Reading<'_>, gateway: Gateway) -> Result<Self> {
        let (system, _) = system("gateways");
        let leases = leases::of_gateway(system, db, &gateway.id)?;
        let newest = persistence::changes::newest_number(system, db)?;
        Ok(Self { gateway, leases, newest })
    }
}

pub fn list(service: &Service, permit: &Permit<ListGateways>, listing: &Listing) -> Result<Paged<GatewayShown>> {
    let fetch = |page: &_| {
        service.read(|db| {
            let found = gateways::list(permit, db, page)?;
            found.into_iter().map(|gateway| GatewayShown::of(db, gateway)).collect()
        })
    };
    service.page(listing, fetch, |shown| shown.gateway.id.to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadGateway>) -> Result<GatewayShown> {
    service.read(|db| {
        let gateway = gateways::find(permit, db)?.ok_or(Error::NotFound)?;
        GatewayShown::of(db, gateway)
    })
}

/// Regions that a gateway is bound to must be there.
fn check_regions(db: &mut Reading<'_>, binding: &Binding) -> Result<()> {
    let mut violations = Vec::new();
    for (index, code) in binding.regions().iter().enumerate() {
        if regions::find(db, code)?.is_none() {
            let detail = format!("There is no region with the code {code}.");
            violations.push(Violation { pointer: format!("/regions/{index}"), detail });
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

fn details(gateway: &Gateway) -> [(&'static str, String); 3] {
    let regions: Vec<_> = gateway.binding.regions().iter().map(ToString::to_string).collect();
    let capabilities: Vec<_> = gateway.capabilities.iter().map(domain::gateway::Capability::as_str).collect();
    [("name", gateway.name.to_string()), ("regions", regions.join(" ")), ("capabilities", capabilities.join(" "))]
}

impl Repeatable for GatewayShown {
    fn id(&self) -> String {
        self.gateway.id.to_string()
    }

    fn version(&self) -> i64 {
        self.gateway.version
    }
}
