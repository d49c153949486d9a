//! All that the document does not offer is refused: methods that it does not name, and fields that a body does not have.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Server, on_both_databases};

use crate::operations::{Ids, document, operations};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What attackers add to bodies, besides all that any body of ours has.
const OTHERS: &[&str] = &[
    "__proto__",
    "constructor",
    "prototype",
    "target",
    "parent",
    "parent_id",
    "owner",
    "owner_id",
    "user",
    "user_id",
    "tenant",
    "tenant_id",
    "partner",
    "partner_id",
    "role",
    "roles",
    "is_admin",
    "scope",
    "scopes",
    "permissions",
    "status",
    "state",
    "version",
    "id",
    "created_at",
    "updated_at",
    "deleted_at",
    "suspended_at",
    "secret",
    "secret_access_key",
    "access_key_id",
    "password",
    "token",
    "external_ref",
    "guardrails",
    "effective_guardrails",
    "level",
    "now",
    "x-amz-date",
    "$where",
    "_id",
    "class",
];

fn somewhere(server: &Server) -> Ids {
    server.region("waw3-1", "multi");
    let operator = server.operator();
    let tenant = server.tenant("Acme");
    operator.put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
    let partner = server.partner("Nordic");
    let made = operator.post(&tenant.path("/keys"), json!({"region": "waw3-1", "label": "k"})).expect(201);
    let first = |list: &str| operator.get(list).expect(200).items()[0]["id"].as_str().unwrap().to_owned();
    Ids::from([
        ("tenant", tenant.id.clone()),
        ("user", tenant.member.id.clone()),
        ("key", made.text_at("/key/id")),
        ("instance", first(&tenant.path("/instances"))),
        ("bucket", "media".to_owned()),
        ("token", first(&partner.path("/tokens"))),
        ("gateway", server.gateway(&["waw3-1"], &["verify"]).id),
        ("partner", partner.id),
        ("name", "multi".to_owned()),
        ("access_key_id", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        ("claim", "krc_x".to_owned()),
    ])
}

/// Every name that a field has anywhere in the document's requests.
fn field_names(document: &Value) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    for schema in request_schemas(document) {
        names.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    }
    names
}

fn request_schemas(document: &Value) -> Vec<&Value> {
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    operations.filter_map(|operation| schema_of(document, operation)).collect()
}

fn schema_of<'d>(document: &'d Value, operation: &Value) -> Option<&'d Value> {
    let name = operation.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()?;
    document.pointer(name.trim_start_matches('#'))
}

on_both_databases! {
    fn a_method_that_is_not_in_the_document_is_not_taken(server: &Server) {
        let ids = somewhere(server);
        let document = document(server);
        let mut refused = 0;
        // A proxy asks with the method of the request that it asks about.
        let any_method = "/v1/gateway/authorize";
        for (path, operations) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| *path != any_method) {
            let documented: BTreeSet<String> = operations.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
            let filled = ids.iter().fold(path.clone(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
            let filled = filled.replace("{region}", "waw3-1");
            for method in METHODS.iter().filter(|method| !documented.contains(**method)) {
                for client in [server.operator(), server.anonymous()] {
                    let answer = client.send(method, &filled, None);
                    assert_eq!(answer.status, 405, "{method} {path}: {answer}");
                    let allowed: BTreeSet<String> = answer.header("allow").split(", ").map(str::to_owned).collect();
                    assert_eq!(allowed, documented, "{method} {path}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 400, "{refused}");
    }

    fn no_body_takes_a_field_that_it_does_not_have(server: &Server) {
        let ids = somewhere(server);
        let document = document(server);
        let names = field_names(&document);
        let operator = server.operator();
        let before = operator.get("/v1/audit?limit=500").expect(200).text;
        let mut tried = 0;
        for operation in operations(server, "/v1/").iter().filter(|operation| operation.body.is_some() && operation.scheme == "bearer") {
            let described = &document["paths"][&operation.path][operation.method.to_lowercase()];
            let schema = schema_of(&document, described).unwrap_or_else(|| panic!("{} has no schema", operation.name));
            let own: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(schema["additionalProperties"], json!(false), "{} may have fields that are not documented", operation.name);
            // A gateway's operations are for gateways; their bodies are read by the same code.
            if operation.path.starts_with("/v1/gateway/") || operation.path == "/v1/me/password" {
                continue;
            }
            for name in names.iter().filter(|name| !own.contains(name)) {
                for value in [json!("x"), json!({"id": "x"}), Value::Null] {
                    let mut body = operation.body.clone().unwrap();
                    body[name] = value;
                    let answer = operation.try_with(&operator, &ids, Some(&body.to_string()));
                    assert_eq!(answer.status, 422, "{} with {name}: {answer}", operation.name);
                    tried += 1;
                }
            }
            // The same field twice: which of them would count?
            let text = operation.body.clone().unwrap().to_string();
            if let Some((name, _)) = operation.body.as_ref().and_then(|body| body.as_object()?.iter().next()) {
                let twice = format!("{},\"{name}\":null}}", text.trim_end_matches('}').trim_end_matches(','));
                let twice = if serde_json::from_str::<Value>(&twice).is_ok() { twice } else { continue };
                let answer = operation.try_with(&operator, &ids, Some(&twice));
                assert!([400, 422].contains(&answer.status), "{} with {name} twice: {answer}", operation.name);
            }
        }
        println!("{tried} bodies with a field too many");
        assert!(tried > 3_000, "{tried}");
        assert_eq!(operator.get("/v1/audit?limit=500").expect(200).text, before, "something was done");
    }
}
