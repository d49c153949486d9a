//! A running server, ours or somebody else's, and the making of databases on it.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};

use super::{Database, Error, Result};

/// A server, known by the URL of its maintenance database.
pub struct Server {
    maintenance: String,
}

impl Server {
    /// The server behind this URL, `postgres://USER@HOST:PORT/DATABASE`. Does not connect yet.
    pub fn at(maintenance: &str) -> Result<Server> {
        let server = Server { maintenance: maintenance.to_owned() };
        server
            .split_url()
            .ok_or_else(|| Error::new("the URL of a PostgreSQL server is postgres://USER@HOST:PORT/DATABASE"))?;
        Ok(server)
    }

    /// The URL of the maintenance database, for [`Server::at`] in another process.
    pub fn maintenance_url(&self) -> &str {
        &self.maintenance
    }

    /// The URL of a database on this server, whether it exists or not.
    pub fn url(&self, database: &str) -> String {
        let (before, after) = self.split_url().unwrap_or((&self.maintenance, ""));
        format!("{before}{database}{after}")
    }

    /// What stands before and after the database's name.
    fn split_url(&self) -> Option<(&str, &str)> {
        let host = self.maintenance.find("://")? + 3;
        let name = host + self.maintenance.get(host..)?.find('/')? + 1;
        let (before, rest) = self.maintenance.split_at_checked(name)?;
        Some((before, rest.find('?').and_then(|at| rest.get(at..)).unwrap_or("")))
    }

    /// A fresh empty database that lives as long as the value.
    pub fn database(&self) -> Result<Database<'_>> {
        self.database_from_template("template0")
    }

    /// A fresh copy of `template` (see [`Server::ensure_template`]) that lives as long as the value.
    pub fn database_from_template(&self, template: &str) -> Result<Database<'_>> {
        let name = self.fresh_name()?;
        self.create_database_from_template(&name, template)?;
        Ok(Database::new(self, name))
    }

    /// Makes an empty database that stays.
    pub fn create_database(&self, name: &str) -> Result<()> {
        self.create_database_from_template(name, "template0")
    }

    /// Makes a copy of a database nobody is connected to; that is much quicker than to make its tables again.
    pub fn create_database_from_template(&self, name: &str, template: &str) -> Result<()> {
        let (name, template) = (identifier(name)?, identifier(template)?);
        self.run(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
    }

    /// Makes the template database `name` unless there is one: `fill` gets the URL of an empty database, fills it and
    /// disconnects. However many processes ask at once, one of them does it and the others wait. A `fill` that fails
    /// leaves no template behind.
    pub fn ensure_template<E>(&self, name: &str, fill: impl FnOnce(&str) -> std::result::Result<(), E>) -> Result<()>
    where
        E: std::fmt::Display,
    {
        identifier(name)?;
        let unfinished = format!("{name}_unfinished");
        let mut lock = self.connect()?;
        // Goes with the connection, whatever happens here.
        sql_query("SELECT pg_advisory_lock(hashtext($1))")
            .bind::<sql_types::Text, _>(name)
            .execute(&mut lock)
            .map_err(Error::doing("cannot lock the template database"))?;
        if self.has_database(name)? {
            return Ok(());
        }
        self.drop_database(&unfinished)?;
        self.create_database(&unfinished)?;
        fill(&self.url(&unfinished)).map_err(Error::doing(format!("cannot fill the template {name}")))?;
        self.run(&format!("ALTER DATABASE {unfinished} RENAME TO {name}"))
    }

    /// Removes a database, together with whatever is still connected to it. It need not exist.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        self.run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name)?))
    }

    pub fn has_database(&self, name: &str) -> Result<bool> {
        let found = sql_query("SELECT datname::text AS name FROM pg_database WHERE datname = $1")
            .bind::<sql_types::Text, _>(name)
            .load::<Named>(&mut self.connect()?)
            .map_err(Error::doing("cannot list the databases"))?;
        Ok(!found.is_empty())
    }

    /// A name no other test has: drawn by the server, as chance is no test's to draw.
    fn fresh_name(&self) -> Result<String> {
        let drawn = sql_query("SELECT 'test_' || replace(gen_random_uuid()::text, '-', '') AS name")
            .get_result::<Named>(&mut self.connect()?)
            .map_err(Error::doing("cannot draw a name for the database"))?;
        Ok(drawn.name)
    }

    fn run(&self, statement: &str) -> Result<()> {
        self.connect()?.batch_execute(statement).map_err(Error::doing(statement))
    }

    fn connect(&self) -> Result<PgConnection> {
        PgConnection::establish(&self.maintenance).map_err(Error::doing("cannot reach PostgreSQL"))
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
}

/// A name that needs no quotes, and so cannot be anything but a name.
fn identifier(name: &str) -> Result<&str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = name.len() <= 48 && name.starts_with(|first: char| first.is_ascii_lowercase());
    if fits && name.bytes().all(plain) { Ok(name) } else { Err(Error(format!("not a plain database name: {name:?}"))) }
}
