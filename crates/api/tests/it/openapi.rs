//! The document that the API says of itself: as it is checked in, whole, and served.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use authz::action::Operation;
use serde_json::{Value, json};
use testkit::on_both_databases;

/// A file of the repository is what the code makes of it. `KEYREEVE_UPDATE=1` writes it anew.
#[track_caller]
pub(crate) fn is_checked_in(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so in the environment")]
    if std::env::var_os("KEYREEVE_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, generated).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == generated, "{} is not up to date: run the tests with KEYREEVE_UPDATE=1", path.display());
}

fn document() -> Value {
    serde_json::from_str(&keyreeve_api::generated_openapi()).unwrap()
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let named = |(path, operations): (&String, &'_ Value)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(|(method, _)| (format!("{method} {path}"), path.clone(), method.clone())).collect::<Vec<_>>()
    };
    paths.flat_map(named).map(|(name, path, method)| (name, &document["paths"][path][method])).collect()
}

/// What a reference leads to.
fn resolved<'d>(document: &'d Value, found: &'d Value) -> &'d Value {
    match found["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => found,
    }
}

/// Whether somebody who reads this learns what such a body looks like: as a whole, or by each of its parts.
fn has_example(document: &Value, found: &Value) -> bool {
    let found = resolved(document, found);
    if ["example", "examples", "enum", "const"].iter().any(|key| found.get(*key).is_some()) {
        return true;
    }
    let shows = |part: &Value| part["type"] == "null" || has_example(document, part);
    let all = |parts: &Value| parts.as_array().is_some_and(|parts| parts.iter().all(shows));
    match found["type"].as_str() {
        Some("array") => has_example(document, &found["items"]),
        Some("object") => {
            found["properties"].as_object().is_some_and(|parts| parts.values().all(|part| has_example(document, part)))
        }
        Some(_) => false,
        None => all(&found["allOf"]) || all(&found["oneOf"]) || found["type"].is_array(),
    }
}

/// The operations that give somebody a secret: each is a decision. This list should only ever become shorter.
const WITH_SECRETS: &[&str] = &[
    "accept_invitation",
    "change_tenant_region",
    "create_claim",
    "create_gateway_token",
    "create_instance",
    "create_key",
    "create_operator_token",
    "create_partner_token",
    "create_tenant",
    "create_tenant_token",
    "create_user",
    "invite_user",
    "issue_ec2_credential",
    "issue_secret",
    "issue_signing_keys",
    "log_in",
    "open_claim",
    "open_setup_link",
    "refresh_session",
    "reset_key",
    "rotate_gateway_token",
    "rotate_key",
    "rotate_operator_token",
    "rotate_partner_token",
    "rotate_tenant_token",
    "verify_request",
    "verify_requests",
];

#[test]
fn answers_have_secrets_only_where_one_is_made_or_handed_out() {
    let document = document();
    let mut found = BTreeSet::new();
    for (_, operation) in operations(&document) {
        for answer in operation["responses"].as_object().unwrap().values() {
            for (_, content) in resolved(&document, answer)["content"].as_object().into_iter().flatten() {
                if has_secret(&document, &content["schema"], "", 12) {
                    found.insert(operation["operationId"].as_str().unwrap());
                }
            }
        }
    }
    assert_eq!(found, WITH_SECRETS.iter().copied().collect());
}

/// Whether a text in it sounds like something that opens anything, so many levels down.
fn has_secret(document: &Value, schema: &Value, within: &str, levels: u8) -> bool {
    const SOUNDS_SECRET: &[&str] = &["secret", "token", "password", "private", "sealed", "seed", "pepper", "cookie"];
    let schema = resolved(document, schema);
    if levels == 0 || !schema.is_object() {
        return false;
    }
    let is_text = |schema: &Value| {
        let kind = &schema["type"];
        kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")))
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let in_properties = properties.into_iter().any(|(name, property)| {
        let sounds_secret = name.split('_').any(|word| SOUNDS_SECRET.contains(&word)) && name != "token_type";
        let is_signing_key = within == "signing_key" && name == "key";
        is_text(resolved(document, property)) && (sounds_secret || is_signing_key)
            || has_secret(document, property, name, levels - 1)
    });
    let parts = ["oneOf", "anyOf", "allOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    let parts = parts.chain(["items", "additionalProperties"].iter().map(|kind| &schema[*kind]));
    in_properties || parts.into_iter().any(|part| has_secret(document, part, within, levels - 1))
}

#[test]
fn the_document_is_checked_in() {
    is_checked_in("openapi/openapi.json", &keyreeve_api::generated_openapi());
}

#[test]
fn the_catalogue_of_problems_is_checked_in() {
    is_checked_in("docs/problems.md", &keyreeve_api::problem_catalogue());
}

#[test]
fn every_operation_of_the_table_is_in_the_document_and_the_other_way_round() {
    let document = document();
    let secured = operations(&document).into_iter().filter(|(_, operation)| operation["security"] != json!([]));
    let described: BTreeSet<_> = secured.map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    let known: BTreeSet<_> = Operation::ALL.iter().map(|operation| operation.as_str()).collect();
    assert_eq!(described, known);
    let ids: Vec<_> = operations(&document).iter().map(|(_, operation)| operation["operationId"].clone()).collect();
    assert!(ids.iter().all(|id| ids.iter().filter(|other| *other == id).count() == 1), "an id twice");
}

#[test]
fn every_operation_says_what_it_does_who_may_and_how_it_refuses() {
    let document = document();
    for (name, operation) in operations(&document) {
        let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
        assert!(!text("summary").is_empty() && !text("description").is_empty(), "{name}");
        if name.contains("/v1/") {
            assert!(text("description").contains("May be called by"), "{name}");
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        let refusals: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])).collect();
        assert!(refusals.len() >= 3, "{name}");
        for (status, refusal) in refusals {
            let refusal = resolved(&document, refusal);
            let is_s3_error = refusal["content"]["application/xml"].is_object();
            assert!(is_s3_error || refusal["content"]["application/problem+json"].is_object(), "{name} {status}");
        }
        // To a proxy everything but a verdict is trouble.
        let is_for_proxies = operation["operationId"] == "authorize_request";
        if operation["security"] != json!([]) && !is_for_proxies {
            for status in ["401", "403", "429", "503"] {
                assert!(responses.contains_key(status), "{name} {status}");
            }
        }
    }
}

#[test]
fn whatever_answers_with_a_receipt_may_be_waited_for() {
    let document = document();
    for (name, operation) in operations(&document) {
        let body = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let has_receipt = resolved(&document, body)["properties"]["receipt"].is_object();
        let is_pending = &operation["responses"]["202"]["content"]["application/json"]["schema"];
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let waits = parameters.filter(|it| it["$ref"] == "#/components/parameters/Wait").count();
        assert_eq!(
            (!body.is_null() && is_pending == body, waits),
            if has_receipt { (true, 1) } else { (false, 0) },
            "{name}"
        );
    }
}

#[test]
fn every_body_has_an_example() {
    let document = document();
    for (name, operation) in operations(&document) {
        let request = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let answers = operation["responses"].as_object().into_iter().flatten();
        let answers =
            answers.flat_map(|(_, answer)| resolved(&document, answer)["content"].as_object().into_iter().flatten());
        for (media_type, content) in request.chain(answers) {
            let found = content.get("example").is_some() || has_example(&document, &content["schema"]);
            assert!(found, "{name}: {media_type} has no example");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let text = keyreeve_api::generated_openapi();
    let document = document();
    for reference in text.split("\"$ref\": \"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    for (kind, components) in document["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            assert!(text.contains(&format!("\"#/components/{kind}/{name}\"")), "nobody refers to {kind}/{name}");
        }
    }
}

on_both_databases! {
    fn the_document_and_its_page_are_served(server: &Server) {
        let served = server.anonymous().get("/openapi.json").expect(200);
        assert_eq!((served.header("content-type"), served.json()), ("application/json", document()));
        let page = server.anonymous().get("/docs/").expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self';") && policy.contains("default-src 'none'"), "{policy}");
        for (place, home) in [("/", "/console"), ("/docs", "/docs/")] {
            assert_eq!(server.anonymous().get(place).expect(303).header("location"), home);
        }
    }

    fn the_page_needs_nothing_from_elsewhere(server: &Server) {
        let page = server.anonymous().get("/docs/").expect(200).text;
        assert!(!page.contains("<script>") && !page.contains("http://") && !page.contains("https://"), "{page}");
        let parts = ["src=\"", "href=\""].iter().flat_map(|attribute| page.split(attribute).skip(1));
        let texts = parts.map(|rest| rest.split('"').next().unwrap()).filter(|part| !part.ends_with(".png"));
        for part in texts {
            let part = server.anonymous().get(&format!("/docs/{}", part.trim_start_matches("./")));
            assert!(!part.expect(200).text.is_empty());
        }
        let settings = server.anonymous().get("/docs/swagger-initializer.js").expect(200).text;
        assert!(settings.contains("\"/openapi.json\""), "{settings}");
    }

    fn every_operation_of_the_document_is_routed(server: &Server) {
        for (name, operation) in operations(&document()) {
            let (method, path) = name.split_once(' ').unwrap();
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let client = server.operator().with("content-type", "application/json");
            let answer = match operation.get("requestBody") {
                Some(_) => client.send(&method.to_uppercase(), &path, Some("{}")),
                None => client.send(&method.to_uppercase(), &path, None),
            };
            let is_trouble = answer.status == 503 && answer.text.contains("/problems/no-verdict");
            assert!(!matches!(answer.status, 405 | 500..) || is_trouble, "{name}: {answer}");
            assert!(!answer.text.contains("There is nothing at this path"), "{name}");
            let documented = &operation["responses"][answer.status.to_string()];
            assert!(documented.is_object(), "{name}: {} is not documented", answer.status);
        }
    }
}
