//! One request, before it is sent.

use serde_json::{Map, Value};

use crate::operations::{Kind, Operation};

pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Map<String, Value>>,
    pub(crate) if_match: Option<i64>,
}

impl Call {
    pub(crate) fn of(operation: &'static Operation) -> Self {
        Self { operation, path: operation.path.to_owned(), query: Vec::new(), body: None, if_match: None }
    }

    /// Fills the next placeholder of the path. What is put there stays one segment, whatever it holds.
    pub(crate) fn at(mut self, segment: &str) -> Self {
        if let Some((before, rest)) = self.path.split_once('{') {
            let after = rest.split_once('}').map_or("", |(_, after)| after);
            self.path = format!("{before}{}{after}", encoded(segment));
        }
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// A field of the body, if there is something to say.
    pub(crate) fn with(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        let body = self.body.get_or_insert_default();
        if let Some(value) = value {
            body.insert(name.to_owned(), value.into());
        }
        self
    }

    /// A field of the body that can be taken away: an empty text does it.
    pub(crate) fn with_or_null(self, name: &str, value: Option<String>) -> Self {
        self.with(name, value.map(|text| if text.is_empty() { Value::Null } else { Value::String(text) }))
    }

    pub(crate) fn if_match(mut self, version: Option<i64>) -> Self {
        self.if_match = version;
        self
    }

    pub(crate) fn body(&self) -> Option<String> {
        self.body.as_ref().map(|body| Value::Object(body.clone()).to_string())
    }

    pub(crate) fn method(&self) -> ureq::http::Method {
        use ureq::http::Method;
        match self.operation.kind {
            Kind::Get => Method::GET,
            Kind::Put => Method::PUT,
            Kind::Patch => Method::PATCH,
            Kind::Delete => Method::DELETE,
            Kind::Make | Kind::Ask | Kind::Once | Kind::Enter => Method::POST,
        }
    }

    /// Path and query.
    pub(crate) fn target(&self) -> String {
        let pairs = self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }

    /// The next page, where the server says it as a whole: path and query.
    pub(crate) fn going_on_at(mut self, target: &str) -> Self {
        self.path = target.to_owned();
        self.query.clear();
        self
    }

    /// Sets a parameter anew.
    pub(crate) fn replace_query(&mut self, name: &'static str, value: String) {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
    }
}

/// Everything but letters, digits and `-._~` in percent form.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    // A segment of dots alone would be taken as a step up.
    if !text.is_empty() && text.bytes().all(|byte| byte == b'.') {
        return text.replace('.', "%2E");
    }
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use crate::operations;

    #[test]
    fn what_stands_in_a_path_stays_one_segment() {
        let call = operations::read_user().at("../../v1/audit?x=1").at("ü #");
        assert_eq!(call.target(), "/v1/tenants/..%2F..%2Fv1%2Faudit%3Fx%3D1/users/%C3%BC%20%23");
        assert_eq!(operations::read_region().at("..").target(), "/v1/regions/%2E%2E");
    }

    #[test]
    fn a_query_holds_what_was_said() {
        let call = operations::list_keys().at("ten_1").query("label", Some("a&b=c")).query("region", None::<String>);
        assert_eq!(call.target(), "/v1/tenants/ten_1/keys?label=a%26b%3Dc");
    }
}
