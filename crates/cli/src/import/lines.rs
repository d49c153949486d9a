//! The input: lines of JSON with the fields of the API, or a table with a heading for each of them.

use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::exit::{Failure, Result};
use crate::system::hex;

pub(super) struct Input {
    pub(super) items: Vec<Item>,
    pub(super) digest: String,
}

/// One key, checked as far as it can be without the server.
pub(super) struct Item {
    /// Of the file, counted from 1.
    pub(super) line: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) bytes: usize,
    pub(super) texts: usize,
}

/// Where keys go of which the input does not say it.
pub(crate) struct Place {
    pub(crate) region: Option<String>,
    pub(crate) instance: Option<String>,
}

/// How many complaints are worth reading.
const MOST_COMPLAINTS: usize = 20;

impl Input {
    pub(super) fn read(path: &Path, place: &Place) -> Result<Self> {
        let cannot = |why: String| Failure::local(format!("{} cannot be read: {why}", path.display()));
        let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| cannot(error.to_string()))?);
        let text = std::str::from_utf8(&bytes).map_err(|_| cannot("it is not UTF-8".to_owned()))?;
        let is_table = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let found = if is_table { of_table(text)? } else { of_lines(text) };
        let mut items = Vec::new();
        let mut wrong = Vec::new();
        for (line, fields) in found {
            match fields.and_then(|fields| checked(line, fields, place)) {
                Ok(item) => items.push(item),
                Err(why) => wrong.push(format!("line {line}: {why}")),
            }
        }
        if !wrong.is_empty() {
            let more = wrong.len().saturating_sub(MOST_COMPLAINTS);
            wrong.truncate(MOST_COMPLAINTS);
            wrong.extend((more > 0).then(|| format!("and {more} more")));
            let wrong = wrong.join("\n  ");
            return Err(Failure::Local(format!(
                "{} makes no sense, and nothing was imported:\n  {wrong}",
                path.display()
            )));
        }
        if items.is_empty() {
            return Err(Failure::Local(format!("there are no keys in {}", path.display())));
        }
        // Where it goes is a part of what was asked for.
        let place = format!("\0{:?}\0{:?}", place.region, place.instance);
        let digest = hex(&Sha256::new().chain_update(&bytes).chain_update(place).finalize());
        Ok(Self { items, digest })
    }
}

type Found = Vec<(u64, Result<Map<String, Value>, String>)>;

fn of_lines(text: &str) -> Found {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    // Serde quotes what it does not understand, which may be a secret.
    let parsed = |line| {
        serde_json::from_str::<Map<String, Value>>(line)
            .map_err(|error| format!("it is not an object of JSON, from column {} on", error.column()))
    };
    lines.map(|(number, line)| (number, parsed(line))).collect()
}

fn of_table(text: &str) -> Result<Found> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let wrong = |error: csv::Error| {
        let line = error.position().map(|place| format!(" at line {}", place.line())).unwrap_or_default();
        Failure::Local(format!("the table makes no sense{line}: each row needs as many fields as the heading"))
    };
    let headings = reader.headers().map_err(wrong)?.clone();
    let mut found = Vec::new();
    for row in reader.records() {
        let row = row.map_err(wrong)?;
        let line = row.position().map_or(0, csv::Position::line);
        let fields = headings.iter().zip(row.iter()).filter(|(_, value)| !value.is_empty());
        found.push((line, Ok(fields.map(|(name, value)| (name.to_owned(), of_cell(name, value))).collect())));
    }
    Ok(found)
}

/// Several values of one field stand in one cell, with semicolons between.
fn of_cell(name: &str, value: &str) -> Value {
    let several = || value.split(';').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    match name {
        "buckets" => json!({"access": "specific", "names": several()}),
        "prefixes" | "permissions" | "allowed_addresses" => several().into(),
        // What a spreadsheet is kept from running by an apostrophe.
        "label" | "description" => {
            let plain = value.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
            plain.unwrap_or(value).into()
        }
        _ => value.into(),
    }
}

fn checked(line: u64, mut fields: Map<String, Value>, place: &Place) -> Result<Item, String> {
    if !["region", "instance", "instance_id"].iter().any(|name| fields.contains_key(*name)) {
        let said = [("region", &place.region), ("instance", &place.instance)];
        fields.extend(said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))));
    }
    if fields.len() != known(&fields) {
        let unknown = fields.keys().find(|name| !FIELDS.contains(&name.as_str())).cloned().unwrap_or_default();
        return Err(format!("there is no field {unknown:?}; there are {}", FIELDS.join(", ")));
    }
    let value = Value::Object(fields);
    serde_json::from_value::<wire::ImportKey>(value.clone()).map_err(|error| error.to_string())?;
    let (bytes, texts) = (value.to_string().len() + 1, texts_in(&value));
    let Value::Object(fields) = value else { return Err("it is not an object".to_owned()) };
    Ok(Item { line, fields, bytes, texts })
}

const FIELDS: [&str; 12] = [
    "region",
    "instance",
    "instance_id",
    "access_key_id",
    "secret_access_key",
    "label",
    "description",
    "buckets",
    "prefixes",
    "permissions",
    "allowed_addresses",
    "expires_at",
];

fn known(fields: &Map<String, Value>) -> usize {
    fields.keys().filter(|name| FIELDS.contains(&name.as_str())).count()
}

fn texts_in(value: &Value) -> usize {
    match value {
        Value::String(_) => 1,
        Value::Array(items) => items.iter().map(texts_in).sum(),
        Value::Object(fields) => fields.values().map(|value| 1 + texts_in(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Vec<Map<String, Value>>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let place = Place { region: Some("waw3-1".to_owned()), instance: None };
        match Input::read(&path, &place) {
            Ok(input) => Ok(input.items.into_iter().map(|item| item.fields).collect()),
            Err(failure) => Err(failure.lines().join("\n")),
        }
    }

    #[test]
    fn a_table_says_the_same_as_lines() {
        let table = "access_key_id,secret_access_key,label,buckets,permissions,expires_at\r\n\
            AKIAIOSFODNN7EXAMPLE,\"s3cr,et/+=x\",'=Sum,a; b,read;list,2027-01-31T12:00:00Z\r\n";
        let lines = r#"{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"s3cr,et/+=x","label":"=Sum",
            "buckets":{"access":"specific","names":["a","b"]},"permissions":["read","list"],
            "expires_at":"2027-01-31T12:00:00Z"}"#
            .replace('\n', "");
        let (table, lines) = (read("keys.csv", table).unwrap(), read("keys.ndjson", &lines).unwrap());
        assert_eq!(table, lines);
        assert_eq!(table[0]["region"], "waw3-1");
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_line_and_quotes_no_secret() {
        let good = r#"{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"hunter2hunter2"}"#;
        for (line, says) in [
            (r#"{"access_key_id":"A","secret_access_key":"hunter2","colour":"red"}"#, "no field \"colour\""),
            (r#"{"access_key_id":"A"}"#, "secret_access_key"),
            (r#"{"access_key_id":"A","secret_access_key":["hunter2"]}"#, "a text was expected"),
            (r#"hunter2"#, "not an object of JSON"),
            (r#"{"access_key_id":"A","secret_access_key":"hunter2"#, "not an object of JSON"),
        ] {
            let why = read("keys.ndjson", &format!("{good}\n\n{line}\n")).unwrap_err();
            assert!(why.contains("line 3: ") && why.contains(says) && !why.contains("hunter2"), "{why}");
        }
        let why = read("keys.csv", "access_key_id,secret_access_key\nA,b,hunter2\n").unwrap_err();
        assert!(why.contains("line 2") && !why.contains("hunter2"), "{why}");
        assert!(read("keys.ndjson", "\n").unwrap_err().contains("no keys"));
    }
}
