//! What a command says: its result on standard output, remarks and complaints on standard error.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Deserialize;
use serde_json::Value;

use crate::exit::{Failure, Result};
use crate::options::Options;
use crate::profile::Chosen;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Table,
    Json,
}

/// A column of a list: its heading, and where in an item it stands.
pub(crate) type Column = (&'static str, &'static str);

pub(crate) struct Output {
    pub(crate) mode: Mode,
    pub(crate) is_quiet: bool,
}

impl Output {
    /// As the flags, the environment and the profile say; the profile has been read before, or its trouble is reported.
    pub(crate) fn of(options: &Options) -> Self {
        let mode = Chosen::by(options).map(|chosen| chosen.output).ok();
        Self { mode: mode.or(options.output).unwrap_or(Mode::Table), is_quiet: options.quiet }
    }

    /// One object.
    pub(crate) fn show(&self, document: &Value) -> Result<()> {
        if self.is_quiet {
            return say(&id_of(document).unwrap_or_default());
        }
        match self.mode {
            Mode::Json => say(&pretty(document)),
            Mode::Table => {
                let mut table = new_table();
                for (name, value) in fields(document) {
                    table.add_row([name, value]);
                }
                say(&lines_of(&table))
            }
        }
    }

    /// A list: the document has `items`.
    pub(crate) fn list(&self, document: &Value, columns: &[Column]) -> Result<()> {
        let items = document.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if self.is_quiet {
            let ids = items.iter().filter_map(id_of).collect::<Vec<_>>();
            return if ids.is_empty() { Ok(()) } else { say(&ids.join("\n")) };
        }
        match self.mode {
            Mode::Json => say(&pretty(document)),
            Mode::Table if items.is_empty() => {
                self.remark("nothing found");
                Ok(())
            }
            Mode::Table => {
                let mut table = new_table();
                table.set_header(columns.iter().map(|(heading, _)| *heading));
                for item in items {
                    table.add_row(columns.iter().map(|(_, at)| item.pointer(at).map(cell).unwrap_or_default()));
                }
                say(&lines_of(&table))
            }
        }
    }

    /// What a person wants to know and a program does not.
    pub(crate) fn remark(&self, text: &str) {
        if !self.is_quiet {
            let _ = writeln!(stderr(), "{}", printable(text));
        }
    }

    pub(crate) fn complain(&self, failure: &Failure) {
        let mut stderr = stderr().lock();
        if let (Mode::Json, Failure::Refused(refusal)) = (self.mode, failure) {
            let _ = writeln!(stderr, "{}", pretty(&refusal.document));
            return;
        }
        complain(&mut stderr, failure);
    }
}

pub(crate) fn complain(stderr: &mut impl Write, failure: &Failure) {
    for (number, line) in failure.lines().iter().enumerate() {
        // With standard error gone there is nobody left to tell.
        let _ = if number == 0 { writeln!(stderr, "keyreeve: {line}") } else { writeln!(stderr, "{line}") };
    }
}

/// Writes to standard output. A reader that went away is no reason to fail.
pub(crate) fn say(text: &str) -> Result<()> {
    let mut stdout = stdout().lock();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Local(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn pretty(document: &Value) -> String {
    format!("{document:#}")
}

/// By what a script refers to it.
pub(crate) fn id_of(document: &Value) -> Option<String> {
    const PLACES: [&str; 9] =
        ["/id", "/key/id", "/instance/id", "/tenant/id", "/partner/id", "/code", "/region", "/name", "/key_id"];
    PLACES.iter().find_map(|place| document.pointer(place)?.as_str()).map(printable)
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table
}

/// Of the terminal. What goes to a file or a pipe is not broken.
fn width() -> Option<u16> {
    if !stdout().is_terminal() {
        return None;
    }
    rustix::termios::tcgetwinsize(stdout()).ok().map(|size| size.ws_col).filter(|width| *width >= 40)
}

fn lines_of(table: &Table) -> String {
    table.lines().map(|line| line.strip_prefix(" ").unwrap_or(&line).trim_end().to_owned() + "\n").collect()
}

/// Name and value of everything in a document, the names of nested fields with dots.
fn fields(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect("", document, &mut found);
    found
}

fn collect(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (field, value) in object {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                collect(&name, value, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (number, item) in items.iter().enumerate() {
                collect(&format!("{name}.{number}"), item, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            found.push((printable(name), cell(value)));
        }
    }
}

/// One value on one line.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => printable(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        Value::Object(object) => {
            let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            object.values().filter(|value| !is_empty(value)).map(cell).collect::<Vec<_>>().join(" ")
        }
    }
}

/// Without anything that would move a terminal's cursor, change its colours or turn its text around.
pub(crate) fn printable(text: &str) -> String {
    let is_trick =
        |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
    text.chars().map(|c| if is_trick(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_lines_of_names_and_values() {
        let document = json!({"id": "key_1", "label": null, "buckets": {"access": "specific", "names": ["a", "b"]},
            "pairs": [{"state": "current"}, {"state": "retiring"}], "prefixes": []});
        let expected = [
            ("id", "key_1"),
            ("label", "-"),
            ("buckets.access", "specific"),
            ("buckets.names", "a,b"),
            ("pairs.0.state", "current"),
            ("pairs.1.state", "retiring"),
            ("prefixes", "-"),
        ];
        assert_eq!(fields(&document), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_cell_shows_an_object_by_its_values() {
        assert_eq!(cell(&json!({"access": "all", "names": []})), "all");
        assert_eq!(cell(&json!({"kind": "user", "id": "usr_1"})), "user usr_1");
    }

    #[test]
    fn nothing_a_server_says_plays_with_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\u{202e}c\u{9b}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(printable("Zażółć 鍵"), "Zażółć 鍵");
    }

    #[test]
    fn what_is_quiet_names_the_thing_itself() {
        let stopped = json!({"key": {"id": "key_1"}, "receipt": {"sequence": 1}});
        assert_eq!(id_of(&stopped).as_deref(), Some("key_1"));
        assert_eq!(id_of(&json!({"region": "waw3-1", "name": "Warsaw"})).as_deref(), Some("waw3-1"));
        assert_eq!(id_of(&json!({"code": "waw3-1", "name": "Warsaw"})).as_deref(), Some("waw3-1"));
    }
}
