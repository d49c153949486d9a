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

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
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

    /// Puts bytes where a sealed secret belongs.
    pub fn store_bytes(&self, key: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let literal = if self.service().database().url().is_embedded() {
            format!("X'{hex}'")
        } else {
            format!("decode('{hex}', 'hex')")
        };
        self.execute(&format!("UPDATE key_pairs SET sealed = {literal} WHERE key_id = '{key}'"));
    }

    /// Every byte that a copy of the database would have: SQLite's files with the write-ahead log, or every row of every
    /// table of PostgreSQL, with its bytes as they are.
    pub fn everything_stored(&self) -> Vec<u8> {
        if let DatabaseUrl::Sqlite(path) = self.service().database().url() {
            let folder = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
            let files = folder.map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes"));
            return files.collect::<Vec<_>>().concat();
        }
        let tables = self.lines("SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()");
        let rows = tables.iter().flat_map(|table| self.lines(&format!("SELECT t::text AS line FROM {table} t")));
        let mut stored = Vec::new();
        for row in rows {
            stored.extend_from_slice(row.as_bytes());
            stored.extend(row.split("\\x").skip(1).flat_map(unhex));
        }
        stored
    }

    /// The way in which the database would answer a query: SQLite's steps, or PostgreSQL's plan as JSON after a run.
    pub(crate) fn lines_of_plan(&self, query: &str) -> Vec<String> {
        match self.tables() {
            Tables::Postgres(_) => {
                self.execute(
                    "CREATE OR REPLACE FUNCTION pg_temp_plan(query text) RETURNS text LANGUAGE plpgsql AS \
                     $$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan; \
                     RETURN plan::text; END $$",
                );
                self.lines(&format!("SELECT pg_temp_plan($query${query}$query$) AS line"))
            }
            Tables::Sqlite(mut connection) => {
                let steps: Vec<Step> =
                    sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(&mut connection).expect("a plan");
                steps.into_iter().map(|step| step.detail).collect()
            }
        }
    }

    pub(crate) fn count_of(&self, query: &str) -> i64 {
        let count = self.lines(&format!("SELECT CAST(count(*) AS TEXT) AS line FROM ({query}) AS q"));
        count.iter().filter_map(|count| count.parse::<i64>().ok()).sum()
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

/// What PostgreSQL wrote in hex, up to the first character that is none.
fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map_while(|c| c.to_digit(16)).filter_map(|digit| digit.try_into().ok()).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
