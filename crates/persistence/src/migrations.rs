//! The schema and how it gets there. The SQL itself is in the top folder `migrations/`, embedded here.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::dialect::AnyConnection;
use crate::error::{Error, Result};
use crate::schema::compatibility;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// How a database's schema stands to what this binary knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// No tables at all.
    Empty,
    /// So many migrations are missing.
    Behind(usize),
    /// It has so many that this binary does not know, and says that it can be worked with all the same.
    Ahead(usize),
    /// It has migrations that this binary does not know, or tables that are not ours.
    Unknown(String),
}

pub(crate) fn run(connection: &mut AnyConnection) -> Result<Schema> {
    connection.lock_schema()?;
    let result = run_locked(connection);
    connection.unlock_schema()?;
    result
}

fn run_locked(connection: &mut AnyConnection) -> Result<Schema> {
    let before = inspect(connection)?;
    match &before {
        Schema::Current | Schema::Ahead(_) | Schema::Unknown(_) => return Ok(before),
        Schema::Empty | Schema::Behind(_) => {}
    }
    match connection {
        AnyConnection::Postgres(inner) => inner.run_pending_migrations(POSTGRES).map(drop),
        AnyConnection::Sqlite(inner) => inner.run_pending_migrations(SQLITE).map(drop),
    }
    .map_err(|error| Error::Schema(error.to_string()))?;
    inspect(connection)
}

pub(crate) fn inspect(connection: &mut AnyConnection) -> Result<Schema> {
    let tables = connection.tables()?;
    if tables.is_empty() {
        return Ok(Schema::Empty);
    }
    if !tables.iter().any(|table| table == "__diesel_schema_migrations") {
        return Ok(Schema::Unknown("it holds tables that are not Keyreeve's".to_owned()));
    }
    let wrong = |error: Box<dyn std::error::Error + Send + Sync>| Error::Schema(error.to_string());
    let (known, applied) = match connection {
        AnyConnection::Postgres(inner) => {
            (versions::<diesel::pg::Pg>(&POSTGRES)?, inner.applied_migrations().map_err(wrong)?)
        }
        AnyConnection::Sqlite(inner) => {
            (versions::<diesel::sqlite::Sqlite>(&SQLITE)?, inner.applied_migrations().map_err(wrong)?)
        }
    };
    let applied: Vec<String> = applied.iter().map(as_text).collect();
    let newer: Vec<&String> = applied.iter().filter(|version| !known.contains(version)).collect();
    let missing = known.iter().filter(|version| !applied.contains(version)).count();
    match (newer.first(), missing) {
        (None, 0) => Ok(Schema::Current),
        (None, missing) => Ok(Schema::Behind(missing)),
        (Some(_), 0) if is_compatible(connection, &known)? => Ok(Schema::Ahead(newer.len())),
        (Some(newer), _) => Ok(Schema::Unknown(format!("it has migration {newer}, which a newer Keyreeve made"))),
    }
}

/// Whether a schema that has all we know, and more, lets us work with it.
fn is_compatible(connection: &mut AnyConnection, known: &[String]) -> Result<bool> {
    let needs: String = compatibility::table.select(compatibility::needs).first(connection)?;
    Ok(known.iter().any(|version| *version >= needs))
}

pub(crate) fn revert_everything(connection: &mut AnyConnection) -> Result<()> {
    match connection {
        AnyConnection::Postgres(inner) => inner.revert_all_migrations(POSTGRES).map(drop),
        AnyConnection::Sqlite(inner) => inner.revert_all_migrations(SQLITE).map(drop),
    }
    .map_err(|error| Error::Schema(error.to_string()))
}

fn versions<DB: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations = source.migrations().map_err(|error| Error::Schema(error.to_string()))?;
    Ok(migrations.iter().map(|migration| as_text(&migration.name().version())).collect())
}

fn as_text(version: &MigrationVersion<'_>) -> String {
    version.to_string()
}
