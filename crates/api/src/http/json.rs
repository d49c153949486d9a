//! JSON bodies: bounded in depth and number before they are parsed, strict in what they know, and refused with a pointer
//! to what is wrong.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::str::Utf8Error;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::Invalid;
use serde::de::{DeserializeOwned, IgnoredAny};
use wire::Violation;

use crate::http::body::Body;
use crate::problem::{Kind, Problem};

const DEEPEST: usize = 16;
const MOST_STRINGS: usize = 8000;

/// A body that has not been looked at yet. It is read by the handler, so whoever may not call gets to hear that first.
pub(crate) struct Json<T> {
    is_json: bool,
    body: Bytes,
    shape: PhantomData<T>,
}

impl<T: DeserializeOwned> Json<T> {
    pub(crate) fn read(self) -> Result<T, Problem> {
        if !self.is_json {
            return Err(Problem::new(Kind::UnsupportedMediaType));
        }
        parse(&self.body)
    }
}

impl<T> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let body = request.extensions().get::<Body>().map(|body| body.0.clone()).unwrap_or_default();
        ready(Ok(Self { is_json: says_json(request), body, shape: PhantomData }))
    }
}

fn says_json(request: &HttpRequest) -> bool {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = media_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.map(str::to_ascii_lowercase).all(|parameter| {
        parameter != "charset" && !parameter.starts_with("charset=")
            || parameter.trim_matches('"') == "charset=utf-8"
            || parameter == "charset=\"utf-8\""
    });
    is_json && is_utf8
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    check_bounds(body)?;
    // All of it, since serde looks only into the texts that somebody reads.
    let body = str::from_utf8(body).map_err(|error| not_text(body, error))?;
    // To serde, the values alone in their order are an object as well.
    let is_list = body.trim_ascii_start().starts_with('[');
    if !is_list && let Ok(read) = serde_json::from_str(body) {
        return Ok(read);
    }
    // Only who is refused waits for the reason. Whether it is JSON at all comes before what is wrong in it.
    serde_json::from_str::<IgnoredAny>(body).map_err(|error| malformed(error.line(), error.column()))?;
    if is_list {
        return Err(Problem::invalid("", "Expected an object and not a list."));
    }
    let mut deserializer = serde_json::Deserializer::from_str(body);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| wrong(pointer(error.path()), error.inner()))
}

fn not_text(body: &[u8], error: Utf8Error) -> Problem {
    let before = body.get(..error.valid_up_to()).unwrap_or_default();
    let lines = before.split(|byte| *byte == b'\n');
    let last = lines.clone().next_back().unwrap_or_default();
    malformed(lines.count(), last.len() + 1)
}

fn malformed(line: usize, column: usize) -> Problem {
    let detail = format!("The body is not JSON: it stops making sense at line {line}, column {column}.");
    Problem::saying(Kind::MalformedJson, detail)
}

fn wrong(pointer: String, error: &serde_json::Error) -> Problem {
    Problem::invalid(pointer, format!("{}.", capitalised(&without_value(&error.to_string()))))
}

/// What serde says, but for the value that it did not expect: that may be a secret in the wrong place. Where in the text
/// it was is left out as well; the pointer says it better.
pub(super) fn without_value(words: &str) -> String {
    let names_value = ["invalid type: ", "invalid value: ", "unknown variant "].iter().any(|it| words.starts_with(it));
    let words = match words.rsplit_once(", expected ") {
        Some((_, expected)) if names_value => format!("expected {expected}"),
        None if names_value => "unexpected value".to_owned(),
        _ => words.to_owned(),
    };
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// One pass over the bytes, without building anything. Most bodies have too few brackets and quotes to break a bound in any
/// order.
fn check_bounds(body: &[u8]) -> Result<(), Problem> {
    let brackets = count(body, |byte| byte == b'{' || byte == b'[');
    if brackets <= DEEPEST && (body.len() <= MOST_STRINGS || count(body, |byte| byte == b'"') <= MOST_STRINGS) {
        return Ok(());
    }
    let (mut depth, mut strings, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in body {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => {
                in_string = true;
                strings += 1;
            }
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
        if depth > DEEPEST || strings > MOST_STRINGS {
            let detail = format!("A body is at most {DEEPEST} levels deep and has at most {MOST_STRINGS} strings.");
            return Err(Problem::invalid("", detail));
        }
    }
    Ok(())
}

/// Collects everything that is wrong with a body, so that its sender hears it all at once.
#[derive(Default)]
pub(crate) struct Validation(Vec<Violation>);

impl Validation {
    pub(crate) fn take<T>(&mut self, pointer: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(why) => {
                self.0.push(Violation { pointer: pointer.to_owned(), detail: why.sentence().to_owned() });
                None
            }
        }
    }

    pub(crate) fn take_if<T, R>(
        &mut self,
        pointer: &str,
        given: Option<R>,
        parse: impl FnOnce(R) -> Result<T, Invalid>,
    ) -> Option<T> {
        given.and_then(|given| self.take(pointer, parse(given)))
    }

    /// The command, if everything it needs was valid.
    pub(crate) fn finish<T>(self, command: Option<T>) -> Result<T, Problem> {
        match command {
            Some(command) if self.0.is_empty() => Ok(command),
            _ => Err(Problem::violations(self.0)),
        }
    }
}

/// Counts in bytes as long as they last, so that the compiler looks at many at a time. Where a sum might overflow it would
/// look at one, and no sum here does.
fn count(body: &[u8], is_one: impl Fn(u8) -> bool) -> usize {
    let of_some = |some: &[u8]| some.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(is_one(*byte))));
    body.chunks(usize::from(u8::MAX)).map(|some| usize::from(of_some(some))).sum()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Shape {
        name: String,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Inner {
        list: Vec<u8>,
    }

    fn refused(body: &str) -> (u16, String) {
        let problem = parse::<Shape>(body.as_bytes()).err().unwrap();
        (problem.kind.status(), problem.errors.first().map(|v| v.pointer.clone()).unwrap_or_default())
    }

    #[test]
    fn what_is_no_text_is_refused_also_where_nobody_reads_it() {
        #[derive(Debug, serde::Deserialize)]
        struct Lenient {}
        let problem = parse::<Lenient>(b"{\"a\": 1,\n \"b\": \"x\xff\"}").unwrap_err();
        assert_eq!(problem.kind.status(), 400);
        let said = "The body is not JSON: it stops making sense at line 2, column 9.";
        assert_eq!(problem.detail, said);
        assert!(parse::<Lenient>("{\"b\": \"ä\"}".as_bytes()).is_ok());
    }

    #[test]
    fn what_is_not_json_is_400_and_what_is_wrong_is_422_with_a_pointer() {
        for malformed in ["", "{", "{\"name\":}", "{\"name\":\"a\"} x", "{'name':1}", "\u{feff}{}", "nul"] {
            assert_eq!(refused(malformed).0, 400, "{malformed}");
        }
        assert_eq!(refused("{\"name\":1}"), (422, "/name".to_owned()));
        assert_eq!(refused("{\"name\":\"a\",\"other\":1}"), (422, "/other".to_owned()));
        assert_eq!(refused("{\"name\":\"a\",\"name\":\"b\"}").0, 422);
        assert_eq!(refused("{\"name\":\"a\",\"inner\":{\"list\":[1,300]}}"), (422, "/inner/list/1".to_owned()));
        for list in ["[]", "[\"a\"]", " \n[\"a\",{\"list\":[]}]"] {
            assert_eq!(refused(list), (422, String::new()), "{list}");
        }
        assert_eq!(refused("{}").0, 422);
    }

    #[test]
    fn bombs_are_refused_before_they_are_parsed() {
        assert_eq!(refused(&"[".repeat(17)).0, 422);
        assert_eq!(refused(&format!("[{}]", "\"\",".repeat(MOST_STRINGS + 1))).0, 422);
        assert!(check_bounds(br#"{"name":"[[[[[[[[[[[[[[[[[[[[[[[[\"\\"}"#).is_ok(), "inside a string nothing counts");
    }

    proptest! {
        /// The pass over the bytes against one over the value, which has room for any depth that fits here.
        #[test]
        fn bounds_are_those_of_the_value(value in value()) {
            for text in [value.to_string(), format!("{value:#}")] {
                let is_within = depth(&value) <= DEEPEST && strings(&value) <= MOST_STRINGS;
                prop_assert_eq!(check_bounds(text.as_bytes()).is_ok(), is_within, "{}", text);
            }
        }

        #[test]
        fn anything_is_read_or_refused(bytes in vec(any::<u8>(), 0..100), text in "[\\[\\]{}:,\"\\\\a0 ]{0,60}") {
            for body in [bytes.as_slice(), text.as_bytes()] {
                match parse::<Value>(body) {
                    Ok(value) => prop_assert!(depth(&value) <= DEEPEST),
                    Err(problem) => prop_assert!([400, 422].contains(&problem.kind.status())),
                }
            }
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Into::into),
            "[\\[\\]{}\"\\\\a\u{e9}\n]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(24, 60, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Into::into),
                vec(("[\"\\\\{\\[a-c]{0,3}", inner), 0..3).prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }

    fn strings(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(strings).sum(),
            Value::Object(fields) => fields.len() + fields.values().map(strings).sum::<usize>(),
            Value::String(_) => 1,
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }
}
