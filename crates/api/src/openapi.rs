//! The OpenAPI document: what the handlers say of themselves, and what is the same for all of them.
//!
//! A handler names its body and its own answers. Who may call it comes from the authorisation table, and the refusals
//! that any such operation can give are added here, so that neither can be forgotten or drift.

use actix_web::App;
use authz::action::Operation;
use authz::table;
use serde_json::{Map, Value, json};
use utoipa_actix_web::AppExt;

use crate::problem::Kind;
use crate::routes;

const INTRODUCTION: &str = include_str!("openapi/introduction.md");

const TAGS: &[(&str, &str)] = &[
    ("sessions", "How people come in and leave."),
    ("me", "The caller itself."),
    ("regions", "Places with S3 gateways of their own."),
    ("key models", "Which kind of product keys are: sets of switches."),
    ("partners", "Distributors and resellers."),
    ("tenants", "Customers."),
    ("users", "People with an account in a tenant."),
    ("tenant regions", "What a tenant has where."),
    ("storage instances", "A tenant's S3 services, each with keys of its own."),
    ("buckets", "Names that the scopes of keys may use."),
    ("keys", "S3 keys: made, scoped, rotated, revoked."),
    ("posture", "How keys stand, in numbers."),
    ("tokens", "API tokens of operators, partners and tenants."),
    ("gateways", "What asks who a request is from, as operators look after it."),
    (
        "gateway plane",
        "What gateways ask. A verdict about a client is always 200; anything else is trouble between gateway and us, for which it answers its client 503.",
    ),
    ("keystone", "The same for gateways that speak Keystone's S3 protocol: OpenStack Swift and Ceph RGW."),
    ("audit", "What was done, by whom, in chains that show it when a row is changed."),
    ("quarantine", "After the database was restored: what of it counts again."),
    ("health", "For whatever watches over the process."),
];

/// As it was checked in when this was built, which is what a server says of itself.
pub const DOCUMENT: &str = include_str!("../../../openapi/openapi.json");

/// As it is to be checked in: a test sees to it.
pub fn generated() -> String {
    let mut text = serde_json::to_string_pretty(&generate()).unwrap_or_default();
    text.push('\n');
    text
}

fn generate() -> Value {
    let (_, described) = App::new().into_utoipa_app().configure(|config| routes::operations(config)).split_for_parts();
    let described = serde_json::to_value(described).unwrap_or_default();
    let mut paths = described.get("paths").cloned().unwrap_or_default();
    let schemas = described.pointer("/components/schemas").cloned().unwrap_or_default();
    for (path, operations) in paths.as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete(path, method, operation);
            }
        }
    }
    mark_actions(&mut paths);
    let mut schemas = schemas;
    if let Some(schemas) = schemas.as_object_mut() {
        let problem = <wire::Problem as utoipa::PartialSchema>::schema();
        let violation = <wire::Violation as utoipa::PartialSchema>::schema();
        schemas.insert("Problem".to_owned(), serde_json::to_value(problem).unwrap_or_default());
        schemas.insert("Violation".to_owned(), serde_json::to_value(violation).unwrap_or_default());
        name_items(schemas);
        name_values(schemas);
        schemas.sort_keys();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keyreeve",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The access-key control plane for S3-compatible storage",
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": TAGS.iter().map(|(name, description)| json!({"name": name, "description": description})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(),
            "parameters": parameters(),
            "headers": headers(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token (`kro_...`, `krp_...`, `krt_...`) or the access token of a session.",
                },
                "gateway": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Keyreeve-Gateway",
                    "description": "A gateway's token (`krg_...`), where `Authorization` is its client's.",
                },
                "keystone": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Auth-Token",
                    "description": "A gateway's token (`krg_...`), or what it got for it when it logged in.",
                },
            },
        },
    })
}

/// A page is described with its items written out: it refers to them by name instead.
fn name_items(schemas: &mut Map<String, Value>) {
    let names: Vec<_> = schemas.keys().cloned().collect();
    for (page, schema) in schemas.iter_mut() {
        let item = page.strip_prefix("Page_").filter(|item| names.iter().any(|name| name == item));
        if let (Some(item), Some(items)) = (item, schema.pointer_mut("/properties/items/items")) {
            *items = json!({"$ref": format!("#/components/schemas/{item}")});
        }
    }
}

/// Values that are no names in most languages get names for those who generate clients: `member+` is `MEMBER_PLUS`.
fn name_values(schemas: &mut Map<String, Value>) {
    for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
        let Some(values) = schema.get("enum").and_then(Value::as_array) else { continue };
        let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        if values.iter().all(|value| value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
            continue;
        }
        let name = |value: &&str| {
            let parts = value.replace('+', "_PLUS");
            parts.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase()
        };
        let names: Vec<String> = values.iter().map(name).collect();
        schema.insert("x-enum-varnames".to_owned(), json!(names));
    }
}

/// POSTs that need no `Idempotency-Key`: sent twice, they do nothing that they have not done once.
const REPEATABLE: &[Operation] = &[
    Operation::ExplainKey,
    Operation::ImportKeys,
    Operation::DryRunGuardrails,
    Operation::PreviewEmergencyStop,
    Operation::VerifyRequest,
    Operation::VerifyRequests,
    Operation::IssueSigningKeys,
    Operation::ReportUsage,
    Operation::VerifyS3Token,
];

/// Those that answer with a receipt, and wait for it.
const RECEIPTED: &[Operation] = &[
    Operation::SuspendPartner,
    Operation::ResumePartner,
    Operation::EmergencyStopPartner,
    Operation::UndoEmergencyStop,
    Operation::DeleteTenant,
    Operation::RestoreTenant,
    Operation::SuspendTenant,
    Operation::ResumeTenant,
    Operation::DeleteInstance,
    Operation::DeleteKey,
    Operation::ResetKey,
    Operation::RotateKey,
    Operation::RevokeKey,
    Operation::DisableKey,
    Operation::EnableKey,
];

/// Adds to an operation what all of its kind have.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let known = Operation::ALL.iter().find(|operation| operation.as_str() == id);
    let has_body = operation.contains_key("requestBody");
    let has_query = parameters_of(operation).iter().any(|parameter| parameter.get("in") == Some(&json!("query")));
    let is_change = !matches!(method, "get");
    let mut refusals: Vec<u16> = vec![];

    match known {
        Some(known) => {
            let rule = table::rule(*known);
            describe(operation, &rule.sentence());
            operation.insert("security".to_owned(), security(path));
            refusals.extend([408, 413, 503]);
            if *known != Operation::AuthorizeRequest {
                refusals.extend([401, 403, 429]);
            }
            if is_change {
                refusals.push(400);
            }
        }
        None if path.starts_with("/v1/") => {
            describe(operation, "May be called by anybody.");
            operation.insert("security".to_owned(), json!([]));
            refusals.extend([400, 408, 413, 429, 503]);
        }
        None => {
            operation.insert("security".to_owned(), json!([]));
            refusals.extend([408, 413, 503]);
        }
    }
    if path.contains('{') {
        refusals.push(404);
    }
    if has_body {
        refusals.extend([400, 415, 422]);
    }
    if has_query && known != Some(&Operation::AuthorizeRequest) {
        refusals.push(422);
    }
    let is_repeatable = known.is_some_and(|known| REPEATABLE.contains(known));
    if known.is_some() && method == "post" && !is_repeatable {
        add_parameter(operation, "IdempotencyKey");
        refusals.extend([400, 409, 422]);
    }
    let is_receipted = known.is_some_and(|known| RECEIPTED.contains(known));
    if is_receipted {
        add_parameter(operation, "Wait");
        refusals.push(422);
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        if is_receipted {
            also_pending(responses);
        }
        for refusal in refusals {
            refuse(responses, refusal);
        }
        for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
            fill(response);
        }
        for (status, response) in responses.iter_mut() {
            announce_headers(status, response, known.is_some());
        }
        responses.sort_keys();
    }
}

/// In which header an operation wants to be told who asks.
fn security(path: &str) -> Value {
    let scheme = match path {
        routes::AUTHORIZE => "gateway",
        path if path.starts_with("/v3/") => "keystone",
        _ => "bearer",
    };
    json!([{scheme: []}])
}

/// What changes an object that is there honours `If-Match`: everything but a GET, and but a POST to a collection.
fn mark_actions(paths: &mut Value) {
    for (path, operations) in paths.as_object_mut().into_iter().flatten() {
        let Some(operations) = operations.as_object_mut() else { continue };
        let is_collection = operations.contains_key("get");
        for (method, operation) in operations.iter_mut() {
            let is_conditional = match method.as_str() {
                "get" => false,
                // `keys:import` is about the collection.
                "post" => !is_collection && !path.contains(':'),
                _ => true,
            };
            let is_secured = operation.get("security") != Some(&json!([]));
            let Some(operation) = operation.as_object_mut() else { continue };
            if is_conditional && is_secured && path.contains('{') {
                add_parameter(operation, "IfMatch");
                if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                    refuse(responses, 412);
                    responses.sort_keys();
                }
            }
        }
    }
}

fn describe(operation: &mut Map<String, Value>, sentence: &str) {
    let said = operation.get("description").and_then(Value::as_str).filter(|text| !text.is_empty());
    let description = said.map_or_else(|| sentence.to_owned(), |said| format!("{said}\n\n{sentence}"));
    operation.insert("description".to_owned(), json!(description));
}

fn parameters_of(operation: &Map<String, Value>) -> &[Value] {
    operation.get("parameters").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn add_parameter(operation: &mut Map<String, Value>, name: &str) {
    let reference = json!({"$ref": format!("#/components/parameters/{name}")});
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(reference);
    }
}

/// The same answer, when not everybody had confirmed it in time.
fn also_pending(responses: &mut Map<String, Value>) {
    let Some(mut pending) = responses.get("200").cloned() else { return };
    if let Some(pending) = pending.as_object_mut() {
        let said = "Done, and not confirmed by everybody in time: `receipt` says whom it waits for and when it holds at the latest";
        pending.insert("description".to_owned(), json!(said));
    }
    responses.insert("202".to_owned(), pending);
}

fn refuse(responses: &mut Map<String, Value>, status: u16) {
    let reference = json!({"$ref": format!("#/components/responses/{}", name_of(status))});
    responses.entry(status.to_string()).or_insert(reference);
}

/// A refusal that a handler described in its own words has the same body as every other.
fn fill(response: &mut Value) {
    if let Some(response) = response.as_object_mut()
        && !response.contains_key("$ref")
    {
        response.entry("content").or_insert_with(problem_content);
    }
}

fn announce_headers(status: &str, response: &mut Value, is_limited: bool) {
    let Some(response) = response.as_object_mut().filter(|response| !response.contains_key("$ref")) else { return };
    let own = response.get("headers").and_then(Value::as_object);
    let mut headers = own.cloned().unwrap_or_default();
    let has_own = !headers.is_empty();
    let mut add = |name: &str, component: &str| {
        headers.insert(name.to_owned(), json!({"$ref": format!("#/components/headers/{component}")}));
    };
    add("X-Request-Id", "RequestId");
    if is_limited && status.starts_with('2') {
        add("RateLimit", "RateLimit");
        add("RateLimit-Policy", "RateLimitPolicy");
    }
    if status == "201" && !has_own {
        add("Location", "Location");
    }
    response.insert("headers".to_owned(), Value::Object(headers));
}

fn problem_content() -> Value {
    json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}})
}

const REFUSALS: &[(u16, &str, &str)] = &[
    (400, "Malformed", "The request or its JSON is malformed"),
    (401, "Unauthenticated", "No credentials, or none that count any more"),
    (403, "Forbidden", "Your role or scopes do not allow this"),
    (404, "NotFound", "There is nothing here that you may see"),
    (408, "Timeout", "The body did not arrive in time"),
    (409, "Conflict", "Not in this state, or the answer to this idempotency key was given already"),
    (412, "NotAsExpected", "The object has changed since you read it"),
    (413, "TooLarge", "The body is too large"),
    (415, "UnsupportedMediaType", "The body is not application/json"),
    (422, "Invalid", "The input is not valid; `errors` says where and why"),
    (429, "TooManyRequests", "Wait as long as Retry-After says"),
    (503, "Unavailable", "Busy, or the database is away; nothing was changed"),
];

fn name_of(status: u16) -> &'static str {
    REFUSALS.iter().find(|(known, ..)| *known == status).map_or("Internal", |(_, name, _)| name)
}

fn responses() -> Value {
    let responses = REFUSALS.iter().map(|(status, name, description)| {
        let mut headers = Map::new();
        let mut add = |name: &str, component: &str| {
            headers.insert(name.to_owned(), json!({"$ref": format!("#/components/headers/{component}")}));
        };
        add("X-Request-Id", "RequestId");
        match *status {
            401 => add("WWW-Authenticate", "WwwAuthenticate"),
            429 | 503 => add("Retry-After", "RetryAfter"),
            _ => {}
        }
        let kind = Kind::ALL.iter().find(|kind| kind.status() == *status).copied().unwrap_or(Kind::Internal);
        let content = json!({
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(kind)},
        });
        ((*name).to_owned(), json!({"description": description, "headers": headers, "content": content}))
    });
    Value::Object(responses.collect())
}

fn example(kind: Kind) -> Value {
    json!({
        "type": format!("/problems/{}", kind.slug()),
        "title": kind.title(),
        "status": kind.status(),
        "detail": kind.advice(),
        "instance": "/v1/tenants",
        "request_id": "req_01jd0000000000000000000000",
    })
}

fn parameters() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Names this request: a retry with the same key and body within ten minutes gets the same \
                answer, one-time secrets included. 1 to 255 visible ASCII characters.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The entity tag of the version you have seen, such as `\"3\"`; 412 if the object has changed since.",
            // No example: Swagger UI would send it.
            "schema": {"type": "string"},
        },
        "Wait": {
            "name": "wait",
            "in": "query",
            "description": "How many seconds to wait until every replica and gateway has confirmed the change. Whoever \
                has not by then is named in the receipt of a 202.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 2, "default": 2},
        },
    })
}

fn headers() -> Value {
    let text = |description: &str, example: &str| json!({"description": description, "schema": {"type": "string"}, "example": example});
    json!({
        "RequestId": text("Name this when you ask for help", "req_01jd0000000000000000000000"),
        "Location": text("Where the new object is", "/v1/regions/waw3-1"),
        "RetryAfter": {
            "description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}, "example": 1,
        },
        "RateLimit": text("What is left", "\"caller\";r=9999;t=1"),
        "RateLimitPolicy": text("How much there is", "\"caller\";q=10000;w=10"),
        "WwwAuthenticate": text("How to say who you are", "Bearer realm=\"keyreeve\""),
    })
}
