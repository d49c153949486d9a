//! PostgreSQL for tests: a throwaway cluster from the installed binaries, and a fresh database for each test.
//!
//! A test asks [`shared`] for the server and lets it make a [`Database`]. Under a runner that starts a process for each
//! test, `with-postgres -- COMMAND` starts the cluster once for all of them. Knows nothing of the product's tables: what
//! belongs into a template database is the caller's to say.

mod cluster;
mod database;
mod server;

use std::ffi::OsString;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

pub use cluster::Cluster;
pub use database::Database;
pub use server::Server;

/// Names a running server by the URL of its maintenance database; set by `with-postgres`, or by hand to test on another.
pub const SERVER_VARIABLE: &str = "KEYREEVE_TEST_POSTGRES";

/// The server all tests of this process use, see [`Provided`].
pub fn shared() -> Result<&'static Server> {
    static SHARED: OnceLock<Result<Provided>> = OnceLock::new();
    SHARED.get_or_init(Provided::find_or_start).as_deref().map_err(Clone::clone)
}

/// The server [`SERVER_VARIABLE`] names, else a cluster of our own.
pub enum Provided {
    Named(Server),
    Started(Cluster),
}

impl Provided {
    pub fn find_or_start() -> Result<Provided> {
        match environment(SERVER_VARIABLE) {
            Some(url) => Ok(Provided::Named(Server::at(&url.to_string_lossy())?)),
            None => Ok(Provided::Started(Cluster::start()?)),
        }
    }
}

impl Deref for Provided {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Provided::Named(server) => server,
            Provided::Started(cluster) => cluster,
        }
    }
}

/// One line for whoever runs the tests. Nothing in a test decides by it, so it carries nothing else.
#[derive(Clone)]
pub struct Error(String);

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(line: impl Into<String>) -> Error {
        Error(line.into())
    }

    /// For `map_err`: what was being done, then the cause.
    fn doing<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Error {
        move |cause| Error(format!("{what}: {cause}"))
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The same line again, since `main` and `unwrap` print this one.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[expect(clippy::disallowed_methods, reason = "which server and which binaries to test with is the developer's say")]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
