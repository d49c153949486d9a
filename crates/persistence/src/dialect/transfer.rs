//! What moving everything from one database to another needs of each.

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{AnyConnection, OneBigNumber, OneText};
use crate::error::{Error, Result};

impl AnyConnection {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
        }
    }

    pub(crate) fn newest_migration(&mut self) -> Result<String> {
        let query = "SELECT COALESCE(MAX(version), '') AS text FROM __diesel_schema_migrations";
        Ok(diesel::sql_query(query).get_result::<OneText>(self)?.text)
    }

    /// From now on this connection sees one state, for as long as it likes.
    pub(crate) fn begin_snapshot(&mut self) -> Result<()> {
        let begin = match self {
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Sqlite(_) => "BEGIN",
        };
        self.be_patient()?;
        Ok(self.batch_execute(begin)?)
    }

    /// A transaction that takes its time, with nobody else at work on an empty database.
    pub(crate) fn begin_alone(&mut self) -> Result<()> {
        self.be_patient()?;
        self.begin()?;
        match self {
            Self::Postgres(connection) => {
                Ok(connection.batch_execute("LOCK TABLE master_keys, nodes IN ACCESS EXCLUSIVE MODE")?)
            }
            Self::Sqlite(_) => Ok(()),
        }
    }

    fn be_patient(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => {
                Ok(connection
                    .batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")?)
            }
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Of one table, by name, with the types that the database has for them.
    pub(crate) fn columns(&mut self, table: &str) -> Result<Vec<ColumnFound>> {
        let query = match self {
            Self::Postgres(_) => {
                "SELECT column_name::text AS name, data_type::text AS kind FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1 ORDER BY column_name COLLATE \"C\""
            }
            Self::Sqlite(_) => "SELECT name, type AS kind FROM pragma_table_info($1) ORDER BY name",
        };
        Ok(diesel::sql_query(query).bind::<Text, _>(table).load(self)?)
    }

    pub(crate) fn count_rows(&mut self, table: &str) -> Result<u64> {
        let query = format!("SELECT count(*) AS number FROM \"{table}\"");
        let count = diesel::sql_query(query).get_result::<OneBigNumber>(self)?.number;
        Ok(count.unsigned_abs())
    }

    /// Hands over one row after the other, without ever holding many.
    pub(crate) fn each_text<E: From<Error>>(
        &mut self,
        query: &str,
        take: &mut dyn FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Postgres(connection) => {
                let declare = format!("DECLARE moved NO SCROLL CURSOR FOR {query}");
                connection.batch_execute(&declare).map_err(Error::from)?;
                loop {
                    let rows: Result<Vec<OneText>, _> = diesel::sql_query("FETCH 1000 FROM moved").load(connection);
                    let rows = rows.map_err(Error::from)?;
                    if rows.is_empty() {
                        break;
                    }
                    rows.iter().try_for_each(|row| take(&row.text))?;
                }
                Ok(connection.batch_execute("CLOSE moved").map_err(Error::from)?)
            }
            Self::Sqlite(connection) => {
                let rows = diesel::sql_query(query);
                let mut rows = rows.load_iter::<OneText, DefaultLoadingMode>(connection).map_err(Error::from)?;
                rows.try_for_each(|row| take(&row.map_err(Error::from)?.text))
            }
        }
    }

    pub(crate) fn execute_with_text(&mut self, query: &str, text: &str) -> Result<usize> {
        Ok(diesel::sql_query(query).bind::<Text, _>(text).execute(self)?)
    }

    pub(crate) fn json_array(&self, values: &str) -> String {
        match self {
            Self::Postgres(_) => format!("json_build_array({values})::text"),
            Self::Sqlite(_) => format!("json_array({values})"),
        }
    }

    /// The elements of a JSON array that is the one argument: `line` on PostgreSQL, `value` on SQLite.
    pub(crate) const fn json_elements(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "json_array_elements($1::json) AS elements (line)",
            Self::Sqlite(_) => "json_each($1)",
        }
    }
}

#[derive(QueryableByName)]
pub(crate) struct ColumnFound {
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
}
