//! A look past the API, for what no client can see: what is in the files, and how the database does its work.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise, and should say which")]

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use service::DatabaseUrl;

use crate::Server;

/// A connection of the test's own, beside those of the server.
enum Tables {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(QueryableByName)]
struct PairVersion {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Bool)]
    is_live: bool,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Server {
    /// The version of every pair that a key has had, and whether its secret is still there.
    pub fn pair_versions(&self, key: &str) -> Vec<(i64, bool)> {
        let query = format!(
            "SELECT version, state <> 'ended' AND sealed IS NOT NULL AS is_live FROM key_pairs \
             WHERE key_id = '{key}' ORDER BY version"
        );
        let rows: Vec<PairVersion> = match self.tables() {
            Tables::Postgres(mut connection) => sql_query(query).load(&mut connection).expect("pairs"),
            Tables::Sqlite(mut connection) => sql_query(query).load(&mut connection).expect("pairs"),
        };
        rows.into_iter().map(|row| (row.version, row.is_live)).collect()
    }

    /// Runs statements as they are.
    pub fn execute(&self, statements: &str) {
        match self.tables() {
            Tables::Postgres(mut connection) => connection.batch_execute(statements).expect("statements"),
            Tables::Sqlite(mut connection) => connection.batch_execute(statements).expect("statements"),
        }
    }

    /// The rows of a query with one column of text, `line`.
    pub fn lines(&self, query: &str) -> Vec<String> {
        let rows: Vec<Line> = match self.tables() {
            Tables::Postgres(mut connection) => sql_query(query).load(&mut connection).expect("lines"),
            Tables::Sqlite(mut connection) => sql_query(query).load(&mut connection).expect("lines"),
        };
        rows.into_iter().map(|row| row.line).collect()
    }

    fn tables(&self) -> Tables {
        match self.service().database().url() {
            DatabaseUrl::Postgres(url) => Tables::Postgres(PgConnection::establish(url).expect("PostgreSQL")),
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().expect("a path of UTF-8");
                let mut connection = SqliteConnection::establish(path).expect("SQLite");
                connection.batch_execute("PRAGMA busy_timeout = 4000").expect("a pragma");
                Tables::Sqlite(connection)
            }
        }
    }
}
