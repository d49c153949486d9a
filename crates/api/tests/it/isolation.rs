//! What belongs to somebody else answers as what never was, whatever one tries with it. The operations come out of the
//! API's own document, so that one that is added is tried here, too.

use serde_json::json;
use testkit::{Client, Server, on_both_databases};

use crate::operations::{Ids, operations, told};

/// Whatever `client` tries, it cannot tell `theirs` from what never was, and `theirs` stay as they are.
fn cannot_tell(server: &Server, client: &Client, about: &str, theirs: &Ids, never: &Ids) {
    let before = server.operator().get("/v1/audit").text;
    let operations = operations(server, about);
    assert!(operations.len() >= 10, "{}", operations.len());
    for operation in operations {
        let (real, made_up) = (operation.try_by(client, theirs), operation.try_by(client, never));
        assert_eq!(real.status, 404, "{} {}: {real}", operation.method, operation.path);
        assert_eq!(told(&real), told(&made_up), "{} {}", operation.method, operation.path);
        real.expect_problem(404, "not-found");
    }
    assert_eq!(server.operator().get("/v1/audit").text, before);
}

fn never(ids: &Ids) -> Ids {
    let made_up = |id: &String| format!("{}01jd0000000000000000000000", id.get(..4).unwrap_or_default());
    ids.iter().map(|(name, id)| (*name, made_up(id))).collect()
}

/// A tenant with something of everything, and the ids of all that.
fn furnished(server: &Server, maker: &Client, name: &str) -> (testkit::world::Tenant, Client, Ids) {
    let tenant = server.tenant_of(maker, name);
    server.operator().put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
    let body = json!({"description": "Portal", "expires_at": server.in_days(9)});
    let token = maker.post(&tenant.path("/tokens"), body).expect(201);
    let ids = [("tenant", tenant.id.clone()), ("user", tenant.member.id.clone()), ("token", token.text_at("/id"))];
    let client = server.bearer(&token.text_at("/token"));
    (tenant, client, furnish_further(server, maker, Ids::from(ids)))
}

/// Parameters of operations that this file knows nothing of yet get an id that is somebody's user.
fn furnish_further(server: &Server, _: &Client, mut ids: Ids) -> Ids {
    let user = ids["user"].clone();
    for operation in operations(server, "/v1/tenants/{tenant}") {
        for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.split('}').next()) {
            if name != "region" && !ids.contains_key(name) {
                ids.insert(Box::leak(name.to_owned().into_boxed_str()), user.clone());
            }
        }
    }
    ids
}

on_both_databases! {
    fn a_tenant_is_nothing_to_other_tenants(server: &Server) {
        server.region("waw3-1", "multi");
        let partner = server.partner("Nordic");
        let (_, _, theirs) = furnished(server, &partner.client, "Acme");
        let (sibling, token, _) = furnished(server, &partner.client, "Sibling");
        let (stranger, foreign_token, _) = furnished(server, &server.operator(), "Stranger");
        for client in [
            &sibling.admin.client,
            &sibling.member_plus.client,
            &sibling.member.client,
            &token,
            &stranger.admin.client,
            &foreign_token,
        ] {
            cannot_tell(server, client, "/v1/tenants/{tenant}", &theirs, &never(&theirs));
        }
    }

    fn a_tenant_is_nothing_to_partners_it_is_not_below(server: &Server) {
        server.region("waw3-1", "multi");
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let sibling = server.partner_below(&distributor.client, "Danube");
        let (_, _, of_distributor) = furnished(server, &distributor.client, "Acme");
        let (_, _, of_reseller) = furnished(server, &reseller.client, "Other");
        let (_, _, of_operator) = furnished(server, &server.operator(), "Own");
        for (client, theirs) in [
            (&reseller, &of_distributor),
            (&sibling, &of_reseller),
            (&other, &of_reseller),
            (&distributor, &of_operator),
        ] {
            cannot_tell(server, &client.client, "/v1/tenants/{tenant}", theirs, &never(theirs));
        }
    }

    fn a_partner_is_nothing_to_who_is_not_above_it(server: &Server) {
        server.region("waw3-1", "multi");
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let (tenant, token, _) = furnished(server, &distributor.client, "Acme");
        let listed = server.operator().get(&distributor.path("/tokens")).items()[0]["id"].as_str().unwrap().to_owned();
        let theirs = Ids::from([("partner", distributor.id.clone()), ("token", listed)]);
        for client in [&reseller.client, &other.client, &tenant.admin.client, &tenant.member.client, &token] {
            cannot_tell(server, client, "/v1/partners/{partner}", &theirs, &never(&theirs));
        }
    }

    fn four_levels_deep_everybody_sees_exactly_what_is_below(server: &Server) {
        server.region("waw3-1", "multi");
        // Two branches from the second level on.
        let top = server.partner("One");
        let (left, right) = (server.partner_below(&top.client, "Two"), server.partner_below(&top.client, "Other two"));
        let third = server.partner_below(&left.client, "Three");
        let (fourth, beside) = (server.partner_below(&third.client, "Four"), server.partner_below(&right.client, "Beside"));
        let tree = [(top, ""), (left, "l"), (right, "r"), (third, "lt"), (fourth, "ltf"), (beside, "rb")];
        let name = |place: &str| format!("Customer-{place}x");
        let customers: Vec<_> =
            tree.iter().map(|(partner, place)| furnished(server, &partner.client, &name(place)).2).collect();
        let token_of = |partner: &testkit::world::Partner| {
            server.operator().get(&partner.path("/tokens")).items()[0]["id"].as_str().unwrap().to_owned()
        };
        for (viewer, place) in &tree {
            let below = |(_, other): &&(testkit::world::Partner, &str)| other.starts_with(place);
            let mut seen: Vec<_> = tree.iter().filter(below).map(|(partner, _)| partner.id.clone()).collect();
            seen.sort();
            let listed = viewer.client.get("/v1/partners").expect(200).items();
            assert_eq!(listed.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), seen);
            assert_eq!(viewer.client.get("/v1/tenants").expect(200).items().len(), seen.len());
            for ((other, _), customer) in tree.iter().zip(&customers) {
                if seen.contains(&other.id) {
                    viewer.client.get(&other.path("")).expect(200);
                    viewer.client.get(&format!("/v1/tenants/{}", customer["tenant"])).expect(200);
                    continue;
                }
                let theirs = Ids::from([("partner", other.id.clone()), ("token", token_of(other))]);
                cannot_tell(server, &viewer.client, "/v1/partners/{partner}", &theirs, &never(&theirs));
                cannot_tell(server, &viewer.client, "/v1/tenants/{tenant}", customer, &never(customer));
            }
        }
    }

    fn what_is_in_one_tenant_is_not_in_another(server: &Server) {
        server.region("waw3-1", "multi");
        let (_, _, theirs) = furnished(server, &server.operator(), "Acme");
        let (own, _, _) = furnished(server, &server.operator(), "Own");
        let in_own = |ids: &Ids| {
            let mut ids = ids.clone();
            ids.insert("tenant", own.id.clone());
            ids
        };
        let nested: Vec<_> = operations(server, "/v1/tenants/{tenant}")
            .into_iter()
            .filter(|operation| ["{user}", "{token}"].iter().any(|name| operation.path.contains(name)))
            .collect();
        assert!(nested.len() >= 6);
        let before = server.operator().get("/v1/audit").text;
        for operation in nested {
            for client in [&own.admin.client, &server.operator()] {
                let real = operation.try_by(client, &in_own(&theirs));
                let made_up = operation.try_by(client, &in_own(&never(&theirs)));
                assert_eq!(
                    (real.status, told(&real)),
                    (404, told(&made_up)),
                    "{} {}",
                    operation.method,
                    operation.path
                );
            }
        }
        assert_eq!(server.operator().get("/v1/audit").text, before);
    }

    fn operators_tokens_are_nobody_elses(server: &Server) {
        server.region("waw3-1", "multi");
        let partner = server.partner("Nordic");
        let (tenant, token, ids) = furnished(server, &partner.client, "Acme");
        for client in [&partner.client, &tenant.admin.client, &token] {
            for operation in operations(server, "/v1/operator/") {
                operation.try_by(client, &ids).expect_problem(403, "forbidden");
            }
        }
        for operation in operations(server, "/v1/operator/tokens/{token}") {
            let refused = operation.try_by(&server.operator(), &ids).expect_problem(404, "not-found");
            assert_eq!(told(&refused), told(&operation.try_by(&server.operator(), &never(&ids))));
        }
    }

    fn nobody_opens_anything_without_saying_who_they_are(server: &Server) {
        server.region("waw3-1", "multi");
        let (_, _, mut ids) = furnished(server, &server.operator(), "Acme");
        ids.insert("partner", server.partner("Nordic").id);
        ids.insert("name", "multi".to_owned());
        ids.insert("gateway", server.gateway(&["waw3-1"], &["verify"]).id);
        ids.insert("access_key_id", "AKIAIOSFODNN7EXAMPLE".to_owned());
        for client in [server.anonymous(), server.bearer("garbage")] {
            for operation in operations(server, "/v1/") {
                let refused = operation.try_by(&client, &ids);
                // To a proxy 401 would be a verdict about its client.
                let expected = if operation.path == "/v1/gateway/authorize" { 503 } else { 401 };
                assert_eq!(refused.status, expected, "{} {}: {refused}", operation.method, operation.path);
            }
        }
    }

    fn no_path_climbs_out_of_its_own_tenant(server: &Server) {
        server.region("waw3-1", "multi");
        let (own, other) = (server.tenant("Acme"), server.tenant("Other"));
        let before = server.operator().get("/v1/audit").text;
        let admin = &own.admin.client;
        admin.get(&own.path("/keys")).expect(200);
        for up in ["..", "%2e%2e", "%2E%2e", ".%2e", "..%2f", "%2e%2e%2f", "..;", "..%5c", "..%00", ".", "%2e"] {
            for path in [
                own.path(&format!("/{up}/{}", other.id)),
                own.path(&format!("/{up}/{}/keys", other.id)),
                own.path(&format!("/users/{up}/{up}/{}/users", other.id)),
                own.path(&format!("%2f{up}%2f{}/keys", other.id)),
                own.path(&format!("/{up}/{up}/regions")),
            ] {
                for (method, body) in [("GET", None), ("DELETE", None), ("POST", Some("{}"))] {
                    let answer = admin.with("content-type", "application/json").send(method, &path, body);
                    assert!([404, 405].contains(&answer.status), "{method} {path}: {answer}");
                    assert!(!answer.text.contains("Other") && !answer.text.contains("items"), "{method} {path}: {answer}");
                }
            }
        }
        assert_eq!(server.operator().get("/v1/audit").text, before);
    }

}
