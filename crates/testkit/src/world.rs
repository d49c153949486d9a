//! People and organisations for tests, made through the API like everybody's.

use serde_json::{Value, json};

use crate::{Answer, Client, Server};

pub const PASSWORD: &str = "correct horse battery staple";

/// A tenant with somebody of every role, all logged in.
pub struct Tenant {
    pub id: String,
    pub admin: Person,
    pub member_plus: Person,
    pub member: Person,
}

pub struct Person {
    pub id: String,
    pub email: String,
    pub client: Client,
    pub refresh_token: String,
}

/// A partner and a token of its own.
pub struct Partner {
    pub id: String,
    pub client: Client,
}

/// A gateway and its token.
pub struct Gateway {
    pub id: String,
    pub token: String,
    pub client: Client,
}

impl Tenant {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/tenants/{}{rest}", self.id)
    }
}

impl Partner {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/partners/{}{rest}", self.id)
    }
}

impl Server {
    pub fn region(&self, code: &str, key_model: &str) {
        let endpoint = format!("https://s3.{code}.example.org");
        let body = json!({"code": code, "name": code, "s3_endpoint": endpoint, "key_model": key_model});
        self.operator().post("/v1/regions", body).expect(201);
    }

    /// A tenant of the operator's own.
    pub fn tenant(&self, name: &str) -> Tenant {
        self.tenant_of(&self.operator(), name)
    }

    /// A tenant made by somebody who may.
    pub fn tenant_of(&self, maker: &Client, name: &str) -> Tenant {
        let id = maker.post("/v1/tenants", json!({"name": name})).expect(201).text_at("/id");
        let person = |role: &str| self.person(maker, &id, role, &format!("{role}@{}.example.org", name.to_lowercase()));
        Tenant { admin: person("admin"), member_plus: person("member+"), member: person("member"), id: id.clone() }
    }

    pub fn person(&self, maker: &Client, tenant: &str, role: &str, email: &str) -> Person {
        let body = json!({"email": email, "name": role, "role": role, "password": PASSWORD});
        let id = maker.post(&format!("/v1/tenants/{tenant}/users"), body).expect(201).text_at("/id");
        let (client, refresh_token) = self.log_in(email);
        Person { id, email: email.to_owned(), client, refresh_token }
    }

    /// Logs in with everybody's password.
    pub fn log_in(&self, email: &str) -> (Client, String) {
        let body = json!({"email": email, "password": PASSWORD});
        let session = self.anonymous().post("/v1/sessions", body).expect(200);
        (self.bearer(&session.text_at("/access_token")), session.text_at("/refresh_token"))
    }

    /// Opens an invitation and chooses a password.
    pub fn accept(&self, invitation: &str, password: &str) -> Answer {
        self.anonymous().post("/v1/invitations", json!({"invitation": invitation, "password": password}))
    }

    /// A partner at the top of the tree.
    pub fn partner(&self, name: &str) -> Partner {
        self.partner_below(&self.operator(), name)
    }

    /// A partner made by another, below it.
    pub fn partner_below(&self, maker: &Client, name: &str) -> Partner {
        let id = maker.post("/v1/partners", json!({"name": name})).expect(201).text_at("/id");
        let body = json!({"description": "test", "expires_at": self.in_days(200)});
        let token = maker.post(&format!("/v1/partners/{id}/tokens"), body).expect(201).text_at("/token");
        Partner { id, client: self.bearer(&token) }
    }

    /// A gateway bound to these regions, with a token of its own.
    pub fn gateway(&self, regions: &[&str], capabilities: &[&str]) -> Gateway {
        let body = json!({"name": "edge", "regions": regions, "capabilities": capabilities});
        let id = self.operator().post("/v1/gateways", body).expect(201).text_at("/id");
        let body = json!({"description": "test", "expires_at": self.in_days(200)});
        let token = self.operator().post(&format!("/v1/gateways/{id}/tokens"), body).expect(201).text_at("/token");
        Gateway { id, client: self.bearer(&token), token }
    }

    /// A moment so many days ahead, as the API writes it.
    pub fn in_days(&self, days: i64) -> Value {
        json!(self.now() + chrono::TimeDelta::days(days))
    }
}
