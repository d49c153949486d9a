//! How gateways look, and what they are told, in Keystone's words.

use domain::gateway::Gateway;
use domain::{Secret, Timestamp};
use service::gateway_plane::{KeystoneRole, KeystoneToken, KnownPair, OfKeystone};

pub(crate) fn verified_s3_token(told: &OfKeystone) -> wire::VerifiedS3Token {
    let pair = &told.allowed.pair;
    wire::VerifiedS3Token {
        token: wire::KeystoneToken {
            methods: vec!["ec2credential".to_owned()],
            issued_at: time(told.issued_at),
            expires_at: time(told.expires_at),
            roles: told.role.into_iter().map(role).collect(),
            user: user(pair.key.as_str(), pair.access_key_id.as_str()),
            project: project(&pair.home.namespace),
            catalog: Vec::new(),
        },
    }
}

/// A gateway that looks for Keystone in the catalogue finds it where it is already.
pub(crate) fn logged_in(gateway: &Gateway, made: &KeystoneToken, place: &str) -> wire::VerifiedS3Token {
    let id = gateway.id.as_str();
    let region = gateway.binding.regions().first().map(ToString::to_string).unwrap_or_default();
    let endpoint = |interface: &str| wire::KeystoneEndpoint {
        id: format!("keyreeve-{interface}"),
        interface: interface.to_owned(),
        region: region.clone(),
        region_id: region.clone(),
        url: place.to_owned(),
    };
    let identity = wire::KeystoneService {
        id: "keyreeve".to_owned(),
        kind: "identity".to_owned(),
        name: "keyreeve".to_owned(),
        endpoints: ["public", "internal", "admin"].map(endpoint).into(),
    };
    wire::VerifiedS3Token {
        token: wire::KeystoneToken {
            methods: vec!["password".to_owned()],
            issued_at: time(made.issued_at),
            expires_at: time(made.expires_at),
            roles: vec![role(KeystoneRole::Reader)],
            user: user(id, id),
            project: project(id),
            catalog: vec![identity],
        },
    }
}

/// The one place where Keystone's protocol lets a secret out.
pub(crate) fn ec2_credential(pair: &KnownPair, secret: &Secret, place: String) -> wire::IssuedEc2Credential {
    wire::IssuedEc2Credential {
        credential: wire::Ec2Credential {
            user_id: pair.key.to_string(),
            tenant_id: pair.home.namespace.clone(),
            access: pair.access_key_id.to_string(),
            secret: super::shown_once(secret),
            trust_id: None,
            links: wire::KeystoneLinks { own: place },
        },
    }
}

pub(crate) fn keystone_version(place: &str) -> wire::KeystoneVersionAnswer {
    let media_type = wire::KeystoneMediaType {
        base: "application/json".to_owned(),
        kind: "application/vnd.openstack.identity-v3+json".to_owned(),
    };
    wire::KeystoneVersionAnswer {
        version: wire::KeystoneVersion {
            id: "v3.14".to_owned(),
            status: "stable".to_owned(),
            updated: "2020-04-07T00:00:00Z".to_owned(),
            links: vec![wire::KeystoneLink { rel: "self".to_owned(), href: format!("{place}/") }],
            media_types: vec![media_type],
        },
    }
}

fn role(role: KeystoneRole) -> wire::Named {
    named(role.as_str(), role.as_str())
}

fn user(id: &str, name: &str) -> wire::KeystoneUser {
    wire::KeystoneUser { id: id.to_owned(), name: name.to_owned(), domain: domain() }
}

fn project(id: &str) -> wire::KeystoneProject {
    wire::KeystoneProject { id: id.to_owned(), name: id.to_owned(), domain: domain() }
}

fn domain() -> wire::Named {
    named("default", "Default")
}

fn named(id: &str, name: &str) -> wire::Named {
    wire::Named { id: id.to_owned(), name: name.to_owned() }
}

/// As Keystone writes it, to the microsecond.
fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
