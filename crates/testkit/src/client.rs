//! A client that says what it got, whatever the status.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise, and should say which")]

use std::fmt;

use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request};
use ureq::{Agent, AsSendBody};

const BUFFER: usize = 16 * 1024;

#[derive(Clone)]
pub struct Client {
    agent: Agent,
    url: String,
    bearer: Option<String>,
    headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    /// Of a server anywhere.
    pub fn new(url: String, bearer: Option<String>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            // Each connection fills both with zeroes, byte by byte in a build without optimisation.
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .build();
        Self { agent: config.into(), url, bearer, headers: Vec::new() }
    }

    /// The same client, sending one header more.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None::<&str>)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None::<&str>)
    }

    /// A POST without a body, as actions have it.
    pub fn act(&self, path: &str) -> Answer {
        self.send("POST", path, None::<&str>)
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, &body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, &body)
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.json("PUT", path, &body)
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.with("content-type", "application/json").send(method, path, Some(&body.to_string()))
    }

    /// Anything, to the letter.
    pub fn send(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match body {
            Some(body) => self.run(request.body(body.to_owned()).expect("a request")),
            None => self.run(request.body(()).expect("a request")),
        }
    }

    fn run<B: AsSendBody>(&self, request: Request<B>) -> Answer {
        let answer = self.agent.run(request).unwrap_or_else(|error| panic!("no answer: {error}"));
        let (parts, body) = answer.into_parts();
        let text = { body }.read_to_string().expect("a text");
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }
}

impl Answer {
    /// Stops the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Stops the test unless it was refused with this problem, in a document that is all it should be.
    #[track_caller]
    pub fn expect_problem(self, status: u16, slug: &str) -> Self {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        assert_eq!(self.text_at("/type"), format!("/problems/{slug}"), "{self}");
        assert_eq!(self.field("/status"), status, "{self}");
        for pointer in ["/title", "/detail", "/instance"] {
            assert!(!self.text_at(pointer).is_empty(), "no {pointer}: {self}");
        }
        assert_eq!(self.text_at("/request_id"), self.header("x-request-id"), "{self}");
        assert_eq!(self.header("cache-control"), "no-store", "{self}");
        assert_eq!(self.header("www-authenticate").is_empty(), status != 401, "{self}");
        self.expect(status)
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON: {error}: {self}"))
    }

    /// A field of the body, by its JSON pointer.
    #[track_caller]
    pub fn field(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_else(|| panic!("no {pointer} in {self}"))
    }

    /// The same as text.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        self.field(pointer).as_str().unwrap_or_else(|| panic!("{pointer} is no text in {self}")).to_owned()
    }

    /// The items of a list.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        self.field("/items").as_array().cloned().unwrap_or_else(|| panic!("no list: {self}"))
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Where the input was wrong.
    #[track_caller]
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.json().pointer("/errors").and_then(Value::as_array).cloned().unwrap_or_default();
        let pointer = |error: &Value| error.pointer("/pointer").and_then(Value::as_str).unwrap_or_default().to_owned();
        errors.iter().map(pointer).collect()
    }

    /// The answer but for what is new in every answer.
    pub fn without_request(&self) -> (u16, Value) {
        let mut body: Value = serde_json::from_str(&self.text).unwrap_or(Value::Null);
        if let Some(body) = body.as_object_mut() {
            body.remove("request_id");
            body.remove("instance");
        }
        (self.status, body)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text)
    }
}
