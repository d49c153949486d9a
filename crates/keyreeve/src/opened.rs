//! From settings to a service that works: database, schema, master key.

use persistence::Database;
use service::{Clock, EntropySource, NodeSetup, Passwords, Retention, Service, Setup, StartError};

use crate::database;
use crate::failure::Failure;
use crate::master_key;
use crate::process;
use crate::settings::{Settings, shown};

pub(crate) fn open(settings: &Settings, public_url: String) -> Result<Service, Failure> {
    open_on(settings, database::open(settings), public_url)
}

/// The same for a command that looks after what is there, and makes nothing of an empty database.
pub(crate) fn open_initialised(settings: &Settings) -> Result<Service, Failure> {
    let database = database::open_patiently(settings);
    if !database::is_initialised(&database).map_err(Failure::because)? {
        let database = shown::database(database.url());
        return Err(Failure::because(format!("there is nothing in the database {database} yet: check --database")));
    }
    open_on(settings, database, String::new())
}

fn open_on(settings: &Settings, database: Database, public_url: String) -> Result<Service, Failure> {
    database::prepare(settings, &database)?;
    let ring = master_key::open(settings, &database)?;
    start(settings, database, ring, public_url)
}

pub(crate) fn start(
    settings: &Settings,
    database: Database,
    ring: persistence::KeyRing,
    public_url: String,
) -> Result<Service, Failure> {
    let node = NodeSetup {
        name: process::host_name(),
        most_known_keys: settings.known_keys.0,
        lease: settings.lease_seconds.0,
        keystone_expiry: settings.keystone_expiry.0,
    };
    let retention = Retention {
        changes: settings.keep_changes_days.0,
        usage: settings.keep_usage_days.0,
        sessions: settings.keep_sessions_days.0,
        invitations: settings.keep_invitations_days.0,
        tokens: settings.keep_tokens_days.0,
    };
    let (clock, entropy) = (Clock::system(), EntropySource::System);
    let setup = Setup { database, ring, clock, entropy, public_url, node, retention, passwords: Passwords::default() };
    Service::start(setup).map_err(|error| {
        if let StartError::Failed(error) = &error { said_by(settings, error) } else { Failure::because(error) }
    })
}

/// A use case's refusal, in the words of the command line.
pub(crate) fn said_by(settings: &Settings, error: &service::Error) -> Failure {
    if let service::Error::Database(error) = error {
        return Failure::because(database::sentence(&settings.database, error));
    }
    Failure::because(error)
}
