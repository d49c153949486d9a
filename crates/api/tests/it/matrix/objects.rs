//! What there is to be tried on, and where it stands as seen from the actors in the middle: the partner Nordic and its tenant
//! Acme.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::world::PASSWORD;
use testkit::{Client, Server};

use crate::operations::Ids;

/// What the path of an operation begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    Platform,
    Gateway,
    Partner,
    Tenant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Position {
    Own,
    /// Of the same partner.
    Sibling,
    /// Of a partner below it.
    Below,
    /// Of another partner.
    Foreign,
    /// Of no partner at all.
    Operators,
    Deleted,
    /// Its own tenant, and in it things of another one.
    Mixed,
    Never,
}

impl Object {
    pub(super) fn of(path: &str) -> Self {
        match path {
            path if path.starts_with("/v1/tenants/{tenant}") => Self::Tenant,
            path if path.starts_with("/v1/partners/{partner}") => Self::Partner,
            path if path.starts_with("/v1/gateways/{gateway}") => Self::Gateway,
            _ => Self::Platform,
        }
    }

    pub(super) fn positions(self) -> &'static [Position] {
        use Position::{Below, Deleted, Foreign, Mixed, Never, Operators, Own, Sibling};
        match self {
            Self::Platform => &[Own],
            Self::Gateway => &[Own, Never],
            Self::Partner => &[Own, Below, Foreign, Never],
            Self::Tenant => &[Own, Sibling, Below, Foreign, Operators, Deleted, Mixed, Never],
        }
    }
}

pub(super) struct World {
    tenants: BTreeMap<&'static str, String>,
    partners: BTreeMap<&'static str, String>,
    ids: BTreeMap<(Object, Position), Ids>,
}

const EVERYBODY: &[(&str, &str)] = &[("admin", "admin"), ("member+", "plus"), ("member", "member")];

impl World {
    pub(super) fn furnish(server: &Server) -> Self {
        let operator = server.operator();
        server.region("waw3-1", "multi");
        let nordic = server.partner("Nordic");
        let baltic = server.partner_below(&nordic.client, "Baltic");
        let southern = server.partner("Southern");
        let (mut tenants, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for (name, maker, position) in [
            ("acme", &nordic.client, Some(Position::Own)),
            ("sibling", &nordic.client, Some(Position::Sibling)),
            ("below", &baltic.client, Some(Position::Below)),
            ("stranger", &southern.client, Some(Position::Foreign)),
            ("own", &operator, Some(Position::Operators)),
            ("deleted", &nordic.client, Some(Position::Deleted)),
            ("asleep", &nordic.client, None),
        ] {
            let id = maker.post("/v1/tenants", json!({"name": name})).expect(201).text_at("/id");
            let of_tenant = furnish_tenant(server, &id, name);
            ids.extend(position.map(|position| ((Object::Tenant, position), of_tenant)));
            tenants.insert(name, id);
        }
        operator.delete(&format!("/v1/tenants/{}", tenants["deleted"])).expect(200);
        let mut mixed = ids[&(Object::Tenant, Position::Foreign)].clone();
        mixed.insert("tenant", tenants["acme"].clone());
        // Buckets go by their names, which two tenants may both know.
        mixed.insert("bucket", "never-was".to_owned());
        ids.insert((Object::Tenant, Position::Mixed), mixed);
        let partners = BTreeMap::from([("nordic", nordic.id), ("baltic", baltic.id), ("southern", southern.id)]);
        for (name, position) in
            [("nordic", Position::Own), ("baltic", Position::Below), ("southern", Position::Foreign)]
        {
            let token = first(&operator, &format!("/v1/partners/{}/tokens", partners[name]));
            ids.insert((Object::Partner, position), Ids::from([("partner", partners[name].clone()), ("token", token)]));
        }
        let gateway = server.gateway(&["waw3-1"], &["verify"]).id;
        let token = first(&operator, &format!("/v1/gateways/{gateway}/tokens"));
        ids.insert((Object::Gateway, Position::Own), Ids::from([("gateway", gateway), ("token", token)]));
        let of_platform = [
            ("name", "multi".to_owned()),
            ("token", first(&operator, "/v1/operator/tokens")),
            ("access_key_id", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("user", "key_01jd0000000000000000000000".to_owned()),
        ];
        ids.insert((Object::Platform, Position::Own), Ids::from(of_platform));
        for object in [Object::Tenant, Object::Partner, Object::Gateway] {
            let never = ids[&(object, Position::Own)].iter().map(|(name, id)| (*name, never(name, id))).collect();
            ids.insert((object, Position::Never), never);
        }
        Self { tenants, partners, ids }
    }

    pub(super) fn ids(&self, object: Object, position: Position) -> &Ids {
        self.ids.get(&(object, position)).unwrap_or(&self.ids[&(Object::Platform, Position::Own)])
    }

    pub(super) fn tenant(&self, name: &str) -> &str {
        &self.tenants[name]
    }

    pub(super) fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.values().map(String::as_str)
    }

    pub(super) fn partner(&self, name: &str) -> &str {
        &self.partners[name]
    }

    /// A fresh session of somebody who was there from the beginning.
    pub(super) fn session(&self, server: &Server, tenant: &str, role: &str) -> String {
        let (_, name) = EVERYBODY.iter().find(|(known, _)| *known == role).unwrap();
        log_in(server, &format!("{name}@{tenant}.example.org"))
    }

    /// The session of somebody who has been removed since.
    pub(super) fn passer_by(&self, server: &Server, tenant: &str, name: &str) -> String {
        let users = format!("/v1/tenants/{}/users", self.tenants[tenant]);
        let email = format!("{name}@{tenant}.example.org");
        let person = make_person(&server.operator(), &users, "admin", &email);
        let session = log_in(server, &email);
        server.operator().delete(&format!("{users}/{person}")).expect(204);
        session
    }
}

fn furnish_tenant(server: &Server, id: &str, name: &str) -> Ids {
    let operator = server.operator();
    let at = |rest: &str| format!("/v1/tenants/{id}/{rest}");
    let mut people = EVERYBODY
        .iter()
        .map(|(role, who)| make_person(&operator, &at("users"), role, &format!("{who}@{name}.example.org")));
    operator.put(&at("regions/waw3-1"), json!({"service": "available"})).expect(200);
    operator.put(&at("buckets/media"), json!(null)).expect(200);
    let token = json!({"description": "Portal", "expires_at": server.in_days(90)});
    Ids::from([
        ("user", people.by_ref().last().unwrap()),
        ("tenant", id.to_owned()),
        ("token", operator.post(&at("tokens"), token).expect(201).text_at("/id")),
        ("key", operator.post(&at("keys"), json!({"region": "waw3-1", "label": "k"})).expect(201).text_at("/key/id")),
        ("instance", first(&operator, &at("instances"))),
        ("bucket", first(&operator, &at("buckets"))),
    ])
}

fn make_person(maker: &Client, users: &str, role: &str, email: &str) -> String {
    let body = json!({"email": email, "name": role, "role": role, "password": PASSWORD});
    maker.post(users, body).expect(201).text_at("/id")
}

fn log_in(server: &Server, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    server.anonymous().post("/v1/sessions", body).expect(200).text_at("/access_token")
}

fn first(client: &Client, list: &str) -> String {
    let items = client.get(list).expect(200).items();
    let item = &items[0];
    item.get("id").or(item.get("name")).and_then(Value::as_str).unwrap().to_owned()
}

fn never(name: &str, id: &str) -> String {
    if name == "bucket" { "never-was".to_owned() } else { format!("{}01jd0000000000000000000000", &id[..4]) }
}
