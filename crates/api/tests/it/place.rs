//! A tenant with a region of some key model, for tests of what keys may become there.

use serde_json::{Value, json};
use testkit::world::{Gateway, Tenant};
use testkit::{Answer, Client, Server, Signer};

pub(crate) const REGION: &str = "waw3-1";

pub(crate) struct Place {
    pub tenant: Tenant,
    /// Whoever is not named: the tenant's admin.
    pub admin: Client,
    /// What was said when the region became available.
    pub offered: Answer,
}

impl Place {
    /// A tenant for whom a region of this key model is available.
    pub(crate) fn of(server: &Server, key_model: &str) -> Self {
        server.region(REGION, key_model);
        Self::beside(server, "Acme")
    }

    /// Another tenant with the same region.
    pub(crate) fn beside(server: &Server, name: &str) -> Self {
        let tenant = server.tenant(name);
        let admin = tenant.admin.client.clone();
        let path = tenant.path(&format!("/regions/{REGION}"));
        let offered = admin.put(&path, json!({"service": "available"})).expect(200);
        Self { tenant, admin, offered }
    }

    pub(crate) fn region(&self) -> String {
        self.tenant.path(&format!("/regions/{REGION}"))
    }

    pub(crate) fn keys(&self) -> String {
        self.tenant.path("/keys")
    }

    pub(crate) fn instances(&self) -> String {
        self.tenant.path("/instances")
    }

    /// The path of what was made by this answer.
    pub(crate) fn key(&self, made: &Answer) -> String {
        format!("{}/{}", self.keys(), made.text_at("/key/id"))
    }

    /// The admin asks for a key in the region; the fields come on top.
    pub(crate) fn ask(&self, fields: Value) -> Answer {
        self.admin.post(&self.keys(), with_region(fields))
    }

    pub(crate) fn make(&self, label: &str) -> Answer {
        self.ask(json!({"label": label})).expect(201)
    }

    /// The ids of the keys that a list with this query shows.
    pub(crate) fn listed(&self, client: &Client, query: &str) -> Vec<String> {
        ids(&client.get(&format!("{}{query}", self.keys())).expect(200))
    }
}

/// A place with one key, and a gateway of its region. What is asked of it stands with the tests that ask.
pub(crate) struct Shop {
    pub place: Place,
    pub gateway: Gateway,
    /// The path of the key.
    pub key: String,
    pub signer: Signer,
}

impl Shop {
    pub(crate) fn of(server: &Server, capabilities: &[&str]) -> Self {
        Self::with_key(server, capabilities, json!({"label": "k"}))
    }

    pub(crate) fn with_key(server: &Server, capabilities: &[&str], key: Value) -> Self {
        let place = Place::of(server, "multi");
        let gateway = server.gateway(&[REGION], capabilities);
        let made = place.ask(key).expect(201);
        Self { key: place.key(&made), signer: Signer::of(&made), place, gateway }
    }
}

pub(crate) fn with_region(mut fields: Value) -> Value {
    fields["region"] = json!(REGION);
    fields
}

pub(crate) fn ids(list: &Answer) -> Vec<String> {
    list.items().iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
}
