//! Which tables there are to move, in which order, and how their values become text and come back.

use crate::dialect::{AnyConnection, ColumnFound};
use crate::error::{Error, Result};

/// Every table that is moved, after those it points at, and the order of its rows. A partner's path begins with its parent's.
const MOVED: [(&str, &str); 33] = [
    ("master_keys", "id"),
    ("service_keys", "name"),
    ("clock", "id"),
    ("key_models", "name"),
    ("regions", "code"),
    ("partners", "path"),
    ("tenants", "id"),
    ("tenant_keys", "tenant_id, version"),
    ("tenant_regions", "tenant_id, region"),
    ("users", "id"),
    ("invitations", "id"),
    ("sessions", "id"),
    ("refresh_tokens", "hash"),
    ("api_tokens", "id"),
    ("login_failures", "account"),
    ("setup_links", "hash"),
    ("idempotent_requests", "caller, key_hash"),
    ("audit_chains", "name"),
    ("audit_events", "chain, sequence"),
    ("audit_checkpoints", "number"),
    ("audit_checkpoint_heads", "checkpoint, chain"),
    ("changes", "sequence"),
    ("held_back", "subject"),
    ("gateways", "id"),
    ("instances", "id"),
    ("buckets", "tenant_id, name"),
    ("keys", "id"),
    ("key_buckets", "key_id, name"),
    ("key_pairs", "access_key_id"),
    ("spent_access_key_ids", "access_key_id"),
    ("claims", "id"),
    ("key_usage", "access_key_id"),
    ("key_usage_days", "access_key_id, day"),
];

/// Of the processes at work, or of the kind of database.
const LEFT: [&str; 6] = ["compatibility", "feed", "freezes", "gateway_leases", "nodes", "__diesel_schema_migrations"];

pub(super) struct Table {
    pub(super) name: &'static str,
    order: &'static str,
    pub(super) columns: Vec<Column>,
}

pub(super) struct Column {
    pub(super) name: String,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    /// A number in the file.
    Flag,
    /// Hexadecimal digits in the file.
    Bytes,
}

/// As this database has them. One that nobody has thought of is an error, not a loss.
pub(super) fn all(connection: &mut AnyConnection) -> Result<Vec<Table>> {
    let known = |name: &str| MOVED.iter().any(|(moved, _)| *moved == name) || LEFT.contains(&name);
    if let Some(unknown) = connection.tables()?.iter().find(|name| !known(name)) {
        return Err(Error::Schema(format!("nothing is known of the table {unknown}")));
    }
    let table = |(name, order): (&'static str, &'static str)| {
        let columns = connection.columns(name)?;
        Ok(Table { name, order, columns: columns.into_iter().map(Column::try_from).collect::<Result<_>>()? })
    };
    MOVED.into_iter().map(table).collect()
}

/// None in a database that only migrations have touched.
pub(super) fn first_with_rows(connection: &mut AnyConnection) -> Result<Option<String>> {
    for name in MOVED.map(|(name, _)| name).into_iter().chain(["freezes", "gateway_leases", "nodes"]) {
        if connection.count_rows(name)? > 0 {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

impl Table {
    /// Each row as a JSON array.
    pub(super) fn select(&self, connection: &AnyConnection) -> String {
        let values: Vec<String> = self.columns.iter().map(|column| column.as_json(connection)).collect();
        let array = connection.json_array(&values.join(", "));
        format!(r#"SELECT {array} AS text FROM "{}" ORDER BY {}"#, self.name, self.order)
    }

    /// Rows out of an array of such arrays.
    pub(super) fn insert(&self, connection: &AnyConnection) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let values: Vec<String> =
            self.columns.iter().enumerate().map(|(at, column)| column.out_of_json(connection, at)).collect();
        let lines = connection.json_elements();
        format!(r#"INSERT INTO "{}" ({}) SELECT {} FROM {lines}"#, self.name, names.join(", "), values.join(", "))
    }
}

impl Column {
    fn as_json(&self, connection: &AnyConnection) -> String {
        let name = format!("\"{}\"", self.name);
        match (self.kind, connection) {
            (Kind::Text | Kind::Number, _) | (Kind::Flag, AnyConnection::Sqlite(_)) => name,
            (Kind::Flag, AnyConnection::Postgres(_)) => format!("{name}::int"),
            (Kind::Bytes, AnyConnection::Postgres(_)) => format!("encode({name}, 'hex')"),
            (Kind::Bytes, AnyConnection::Sqlite(_)) => format!("iif({name} IS NULL, NULL, lower(hex({name})))"),
        }
    }

    fn out_of_json(&self, connection: &AnyConnection, at: usize) -> String {
        match connection {
            AnyConnection::Postgres(_) => {
                let text = format!("(line ->> {at})");
                match self.kind {
                    Kind::Text => text,
                    Kind::Number => format!("{text}::bigint"),
                    Kind::Flag => format!("{text}::int::boolean"),
                    Kind::Bytes => format!("decode({text}, 'hex')"),
                }
            }
            AnyConnection::Sqlite(_) => {
                let value = format!("json_extract(value, '$[{at}]')");
                match self.kind {
                    Kind::Text | Kind::Number | Kind::Flag => value,
                    Kind::Bytes => format!("unhex({value})"),
                }
            }
        }
    }
}

impl TryFrom<ColumnFound> for Column {
    type Error = Error;

    fn try_from(found: ColumnFound) -> Result<Self> {
        let kind = match found.kind.as_str() {
            "text" | "TEXT" => Kind::Text,
            "bigint" | "INTEGER" => Kind::Number,
            "boolean" => Kind::Flag,
            "bytea" | "BLOB" => Kind::Bytes,
            other => return Err(Error::Schema(format!("nothing is known of columns of type {other}"))),
        };
        Ok(Self { name: found.name, kind })
    }
}
