//! Everybody who could ask, and what each of them can see.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::gateway::Capability;
use domain::scope::Scope;
use serde_json::json;
use testkit::{Client, Server};

use super::objects::{Object, Position, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Whose credential does not count, or who has none.
    Nobody,
    /// Whose token counts, and not from here.
    Elsewhere,
    Operator,
    Partner,
    Tenant,
    Member,
    MemberPlus,
    Admin,
    Gateway,
}

pub(super) struct Actor {
    pub(super) name: &'static str,
    pub(super) who: Who,
    /// A token's; a gateway's capabilities.
    pub(super) scopes: Vec<&'static str>,
    /// Where it stands itself.
    pub(super) own: Position,
    /// The positions at which it finds something of its own, or of those below it.
    sees: &'static [Position],
    anonymous: Client,
    token: Option<String>,
}

impl Actor {
    pub(super) fn sees(&self, object: Object, position: Position) -> bool {
        match object {
            Object::Platform => true,
            Object::Gateway => self.who == Who::Operator,
            Object::Partner if !matches!(self.who, Who::Operator | Who::Partner) => false,
            Object::Partner | Object::Tenant => self.who == Who::Operator || self.sees.contains(&position),
        }
    }

    pub(super) fn client(&self, scheme: &str) -> Client {
        let Some(token) = &self.token else { return self.anonymous.clone() };
        match scheme {
            "gateway" => self.anonymous.with("x-keyreeve-gateway", token),
            "keystone" => self.anonymous.with("x-auth-token", token),
            _ => self.anonymous.with("authorization", &format!("Bearer {token}")),
        }
    }
}

pub(super) fn actors(server: &Server, world: &World) -> Vec<Actor> {
    use Position::{Below, Deleted, Foreign, Mixed, Own, Sibling};
    // What lies in the wrong place lies at a tenant that is one's own.
    const TENANT: &[Position] = &[Own, Mixed];
    const PARTNER: &[Position] = &[Own, Mixed, Sibling, Below, Deleted];
    let operator = server.operator();
    let anonymous = server.anonymous();
    let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let token = |tokens: &str, scopes: &[&str], days: i64| {
        let body = json!({"description": "actor", "expires_at": server.in_days(days), "scopes": scopes});
        operator.post(tokens, body).expect(201)
    };
    let text = |tokens: &str, scopes: &[&str]| Some(token(tokens, scopes, 100).text_at("/token"));
    let of_partner = |name: &str| format!("/v1/partners/{}/tokens", world.partner(name));
    let of_tenant = |name: &str| format!("/v1/tenants/{}/tokens", world.tenant(name));
    let without_platform: Vec<&str> =
        all.iter().copied().filter(|scope| !["platform:write", "gateway:use"].contains(scope)).collect();
    let of_tenants: Vec<&str> =
        ["tenants:read", "users:write", "tokens:write", "audit:read", "keys:read", "keys:write", "usage:read"].into();
    let of_operators: Vec<&str> = all.iter().copied().filter(|scope| *scope != "gateway:use").collect();
    let person = |tenant: &str, role: &str| Some(world.session(server, tenant, role));
    let capabilities: Vec<&str> = Capability::ALL.iter().map(|capability| capability.as_str()).collect();
    let some: Vec<&str> = ["usage"].into();

    // Those whose time is over come first: their clock runs before the others begin.
    let expired_session = person("acme", "admin");
    let expired_token = Some(token(&of_partner("nordic"), &without_platform, 1).text_at("/token"));
    server.advance(TimeDelta::days(2));
    let logged_out = person("acme", "admin");
    server.bearer(logged_out.as_deref().unwrap()).delete("/v1/sessions/current").expect(204);
    let removed = world.passer_by(server, "acme", "removed");
    let suspended = Some(world.session(server, "asleep", "admin"));
    operator.act(&format!("/v1/tenants/{}/suspend", world.tenant("asleep"))).expect(200);
    let deleted = token(&of_partner("nordic"), &without_platform, 100);
    operator.delete(&format!("{}/{}", of_partner("nordic"), deleted.text_at("/id"))).expect(204);
    let ended_gateway = server.gateway(&["waw3-1"], &capabilities);
    operator.delete(&format!("/v1/gateways/{}", ended_gateway.id)).expect(204);
    let real = person("acme", "admin").unwrap();
    let elsewhere = json!({"description": "actor", "expires_at": server.in_days(100), "scopes": without_platform,
        "allowed_addresses": ["203.0.113.0/24"]});
    let elsewhere = operator.post(&of_partner("nordic"), elsewhere).expect(201).text_at("/token");
    let truncated = text(&of_partner("nordic"), &without_platform).map(|text| text[..text.len() - 1].to_owned());

    let actor = |name, who, scopes: &[&'static str], sees: &'static [Position], token: Option<String>| Actor {
        name,
        who,
        scopes: scopes.to_vec(),
        own: sees.first().copied().unwrap_or(Own),
        sees,
        anonymous: anonymous.clone(),
        token,
    };
    let nobody = |name, token| actor(name, Who::Nobody, &[], &[], token);
    vec![
        nobody("nobody", None),
        nobody("garbage", Some("garbage".to_owned())),
        nobody("a JWT signed by somebody else", Some(forged(&real))),
        nobody("a JWT without a signature", Some(unsigned(&real))),
        nobody("an expired session", expired_session),
        nobody("a session that was ended", logged_out),
        nobody("a removed person", Some(removed)),
        nobody("a person of a suspended tenant", suspended),
        nobody("an expired token", expired_token),
        nobody("a deleted token", Some(deleted.text_at("/token"))),
        nobody("a truncated token", truncated),
        actor("a token from elsewhere", Who::Elsewhere, &[], &[], Some(elsewhere)),
        nobody("a deleted gateway", Some(ended_gateway.token)),
        actor("operator", Who::Operator, &of_operators, &[], text("/v1/operator/tokens", &of_operators)),
        actor(
            "an operator who only reads",
            Who::Operator,
            &["tenants:read"],
            &[],
            text("/v1/operator/tokens", &["tenants:read"]),
        ),
        actor("partner", Who::Partner, &without_platform, PARTNER, text(&of_partner("nordic"), &without_platform)),
        actor(
            "a partner that only reads",
            Who::Partner,
            &["tenants:read"],
            PARTNER,
            text(&of_partner("nordic"), &["tenants:read"]),
        ),
        actor(
            "a partner that only counts",
            Who::Partner,
            &["usage:read"],
            PARTNER,
            text(&of_partner("nordic"), &["usage:read"]),
        ),
        actor(
            "the partner below",
            Who::Partner,
            &without_platform,
            &[Below],
            text(&of_partner("baltic"), &without_platform),
        ),
        actor(
            "another partner",
            Who::Partner,
            &without_platform,
            &[Foreign],
            text(&of_partner("southern"), &without_platform),
        ),
        actor("tenant", Who::Tenant, &of_tenants, TENANT, text(&of_tenant("acme"), &of_tenants)),
        actor(
            "a tenant's token that only reads",
            Who::Tenant,
            &["tenants:read"],
            TENANT,
            text(&of_tenant("acme"), &["tenants:read"]),
        ),
        actor("admin", Who::Admin, &[], TENANT, person("acme", "admin")),
        actor("member+", Who::MemberPlus, &[], TENANT, person("acme", "member+")),
        actor("member", Who::Member, &[], TENANT, person("acme", "member")),
        actor("admin of a sibling", Who::Admin, &[], &[Sibling], person("sibling", "admin")),
        actor("member of a sibling", Who::Member, &[], &[Sibling], person("sibling", "member")),
        actor("admin elsewhere", Who::Admin, &[], &[Foreign], person("stranger", "admin")),
        actor("gateway", Who::Gateway, &capabilities, &[], Some(server.gateway(&["waw3-1"], &capabilities).token)),
        actor("a gateway that only counts", Who::Gateway, &some, &[], Some(server.gateway(&["waw3-1"], &some).token)),
    ]
}

fn forged(session: &str) -> String {
    let (signed, _) = session.rsplit_once('.').unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 32]))
}

fn unsigned(session: &str) -> String {
    let payload = session.split('.').nth(1).unwrap();
    format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#))
}
