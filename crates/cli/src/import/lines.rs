//! The input: lines of JSON with the fields of the API, or a table with a heading for each of them. It is read line by line, once to
//! be checked and once to be sent, and never held as a whole.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use domain::hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::exit::{Failure, Result};

/// An input that makes sense.
pub(super) struct Input {
    path: PathBuf,
    file: File,
    place: Place,
    pub(super) digest: String,
    pub(super) count: usize,
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
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) region: Option<String>,
    pub(crate) instance: Option<String>,
}

/// How many complaints are worth reading.
const MOST_COMPLAINTS: usize = 20;
/// A longer line would be no request that a server takes.
const LONGEST_LINE: usize = 64 * 1024;

impl Input {
    /// Reads all of it, and refuses it as a whole.
    pub(super) fn check(path: &Path, place: &Place) -> Result<Self> {
        let file = File::open(path).map_err(|error| cannot(path, error))?;
        let mut hashed = Hashed { file: &file, hash: Sha256::new() };
        let (mut count, mut wrong, mut more) = (0, Vec::new(), 0);
        for found in found(path, &mut hashed)? {
            match found?.checked(place) {
                Ok(_) => count += 1,
                Err(why) if wrong.len() < MOST_COMPLAINTS => wrong.push(why),
                Err(_) => more += 1,
            }
        }
        if !wrong.is_empty() {
            wrong.extend((more > 0).then(|| format!("and {more} more")));
            let wrong = wrong.join("\n  ");
            return Err(Failure::Local(format!(
                "{} makes no sense, and nothing was imported:\n  {wrong}",
                path.display()
            )));
        }
        if count == 0 {
            return Err(Failure::Local(format!("there are no keys in {}", path.display())));
        }
        // Where it goes is a part of what was asked for.
        let said = format!("\0{:?}\0{:?}", place.region, place.instance);
        let digest = hex::encode(&hashed.hash.chain_update(said).finalize());
        Ok(Self { path: path.to_owned(), file, place: place.clone(), digest, count })
    }

    /// Its keys in order, read anew.
    pub(super) fn items(&self) -> Result<impl Iterator<Item = Result<Item>>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(|error| cannot(&self.path, error))?;
        let changed = |why| Failure::Local(format!("{} has changed while it was read: {why}", self.path.display()));
        Ok(found(&self.path, file)?.map(move |found| found?.checked(&self.place).map_err(changed)))
    }
}

fn cannot(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::local(format!("{} cannot be read: {why}", path.display()))
}

/// Hashes what is read.
struct Hashed<'f> {
    file: &'f File,
    hash: Sha256,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// What stands on a line, or why that is nothing.
struct Found {
    line: u64,
    fields: Result<Map<String, Value>, String>,
}

impl Found {
    fn checked(self, place: &Place) -> Result<Item, String> {
        let line = self.line;
        self.fields.and_then(|fields| checked(line, fields, place)).map_err(|why| format!("line {line}: {why}"))
    }
}

type Lines<'s> = Box<dyn Iterator<Item = Result<Found>> + 's>;

fn found<'s>(path: &Path, source: impl Read + 's) -> Result<Lines<'s>> {
    let is_table = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if is_table { of_table(source) } else { Ok(of_lines(path.to_owned(), source)) }
}

fn of_lines<'s>(path: PathBuf, source: impl Read + 's) -> Lines<'s> {
    let (mut source, mut line) = (BufReader::new(source), 0);
    Box::new(std::iter::from_fn(move || {
        loop {
            let mut bytes = Zeroizing::new(Vec::new());
            let longest = LONGEST_LINE as u64 + 1;
            match source.by_ref().take(longest).read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => line += 1,
                Err(error) => return Some(Err(cannot(&path, error))),
            }
            if bytes.len() > LONGEST_LINE {
                let why = format!("line {line} is longer than the 64 KiB that a request may be");
                return Some(Err(Failure::Local(format!(
                    "{} makes no sense, and nothing was imported: {why}",
                    path.display()
                ))));
            }
            if !bytes.trim_ascii().is_empty() {
                return Some(Ok(Found { line, fields: of_line(&bytes) }));
            }
        }
    }))
}

/// Serde quotes what it does not understand, which may be a secret.
fn of_line(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    serde_json::from_str(text)
        .map_err(|error| format!("it is not an object of JSON, from column {} on", error.column()))
}

fn of_table<'s>(source: impl Read + 's) -> Result<Lines<'s>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(source);
    let wrong = |error: csv::Error| {
        let line = error.position().map(|place| format!(" at line {}", place.line())).unwrap_or_default();
        Failure::Local(format!(
            "the table makes no sense{line}: each row needs as many fields as the heading, in UTF-8"
        ))
    };
    let headings = reader.headers().map_err(wrong)?.clone();
    Ok(Box::new(reader.into_records().map(move |row| {
        let row = row.map_err(wrong)?;
        let line = row.position().map_or(0, csv::Position::line);
        let fields = headings.iter().zip(row.iter()).filter(|(_, value)| !value.is_empty());
        Ok(Found { line, fields: Ok(fields.map(|(name, value)| (name.to_owned(), of_cell(name, value))).collect()) })
    })))
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
        let items = || Input::check(&path, &place)?.items()?.map(|item| Ok(item?.fields)).collect::<Result<Vec<_>>>();
        items().map_err(|failure| failure.lines().join("\n"))
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
        let long = format!("{good}\n{}\n", " ".repeat(LONGEST_LINE + 1));
        assert!(read("keys.ndjson", &long).unwrap_err().contains("line 2 is longer"));
    }

    #[test]
    fn an_input_that_changes_between_the_readings_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, place) = (folder.path().join("keys.ndjson"), Place { region: None, instance: None });
        std::fs::write(&path, r#"{"region":"a","access_key_id":"A","secret_access_key":"hunter2hunter2"}"#).unwrap();
        let input = Input::check(&path, &place).ok().unwrap();
        std::fs::write(&path, "{\n").unwrap();
        let why = input.items().ok().unwrap().next().unwrap().err().unwrap().lines().join("\n");
        assert!(why.contains("has changed while it was read"), "{why}");
    }
}
