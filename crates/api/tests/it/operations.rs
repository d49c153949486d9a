//! The operations as the API's own document has them: one that is added is tried by every test that asks here.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{Answer, Client, Server};

/// An operation with its path as the document has it, and a body that it would take.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// How the caller says who it is: the name of the document's scheme.
    pub(crate) scheme: String,
}

/// Ids to put into paths, by the name of the parameter.
pub(crate) type Ids = BTreeMap<&'static str, String>;

/// Those under a path that need a credential.
pub(crate) fn operations(server: &Server, about: &str) -> Vec<Operation> {
    let document = document(server);
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let Some(scheme) = operation["security"].as_array().and_then(|all| all.first()?.as_object()?.keys().next())
            else {
                continue;
            };
            if path.starts_with(about) {
                found.push(Operation {
                    name: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    body: example(&document, operation),
                    scheme: scheme.clone(),
                });
            }
        }
    }
    found
}

pub(crate) fn document(server: &Server) -> Value {
    server.anonymous().get("/openapi.json").expect(200).json()
}

fn example(document: &Value, operation: &Value) -> Option<Value> {
    let content = operation.pointer("/requestBody/content/application~1json")?;
    let schema = content.pointer("/schema/$ref").and_then(Value::as_str).unwrap_or_default();
    let schema = document.pointer(schema.trim_start_matches('#')).cloned().unwrap_or_default();
    let found = content.get("example").or(schema.get("example")).or(schema.pointer("/examples/0"));
    Some(found.cloned().unwrap_or(json!({})))
}

impl Operation {
    /// Whether it is about something that has to be there within what its path begins with.
    pub(crate) fn is_nested(&self) -> bool {
        self.path.matches('{').count() > 1 && !self.path.contains("{region}") && self.name != "register_bucket"
    }

    pub(crate) fn try_by(&self, client: &Client, ids: &Ids) -> Answer {
        self.try_with(client, ids, self.body.as_ref().map(Value::to_string).as_deref())
    }

    /// The same with another body.
    pub(crate) fn try_with(&self, client: &Client, ids: &Ids, body: Option<&str>) -> Answer {
        let path = ids.iter().fold(self.path.clone(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
        let path = path.replace("{region}", "waw3-1");
        assert!(!path.contains('{'), "nobody said what to put into {path}");
        match body {
            Some(body) => client.with("content-type", "application/json").send(&self.method, &path, Some(body)),
            None => client.send(&self.method, &path, None),
        }
    }
}

/// An answer without what is new in every one of them: the request's own id and path, and the time.
pub(crate) fn told(answer: &Answer) -> (u16, Value, BTreeMap<String, String>) {
    let unique = ["x-request-id", "date", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !unique.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let (status, body) = answer.without_request();
    (status, body, headers)
}
