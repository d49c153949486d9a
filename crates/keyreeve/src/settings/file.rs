//! The file of settings, in TOML.

use std::io::ErrorKind;
use std::path::{Path, PathBuf, absolute};

use toml::{Table, Value};

use super::chosen::Texts;
use super::closest::closest;
use super::table::TABLE;

const USUAL: &str = "keyreeve.toml";

pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) texts: Texts,
}

impl File {
    /// The named file, which has to be there, or the usual one, which need not.
    pub(crate) fn read(named: Option<&Path>) -> Result<Option<Self>, Vec<String>> {
        let path = named.unwrap_or(Path::new(USUAL));
        let shown = absolute(path).unwrap_or_else(|_| path.to_owned());
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(shown, &text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(None),
            Err(error) => Err(vec![format!("the file of settings {} cannot be read: {error}", shown.display())]),
        }
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, Vec<String>> {
        let table: Table = text.parse().map_err(|error| vec![not_toml(&path, text, &error)])?;
        let mut texts = Texts::new();
        let mut wrong = Vec::new();
        for (key, value) in &table {
            match (TABLE.iter().find(|setting| setting.key == key), as_text(value)) {
                (Some(setting), Some(text)) => drop(texts.insert(setting.key, text)),
                (Some(_), None) => wrong.push(format!("{key} in {} cannot be a {}", path.display(), value.type_str())),
                (None, _) => wrong.push(unknown(key, &path)),
            }
        }
        if wrong.is_empty() { Ok(Self { path, texts }) } else { Err(wrong) }
    }
}

/// Without the line itself, which may hold a password.
fn not_toml(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let message = error.message().lines().next().unwrap_or_default();
    format!("the file of settings {} is not TOML at line {line}: {message}", path.display())
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Array(items) => Some(items.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join(",")),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn unknown(key: &str, path: &Path) -> String {
    let known = closest(key, TABLE.iter().map(|setting| setting.key.to_owned()));
    format!("there is no setting {key}, which {} names; the closest one is {known}", path.display())
}
