//! One test's database.

use super::Server;

/// A database of one test's own, removed when dropped.
pub struct Database<'server> {
    server: &'server Server,
    name: String,
}

impl<'server> Database<'server> {
    pub(super) fn new(server: &'server Server, name: String) -> Self {
        Database { server, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // A server that is gone took the database along; one that lives shows the leftover in its list.
        let _ = self.server.drop_database(&self.name);
    }
}
