//! The database, before anything is asked of it: opened, brought to the right schema, and described in sentences.

use std::time::{Duration, Instant};

use persistence::service_keys::{self, ServiceKeys};
use persistence::{Database, Error, KeyRing, Options, Schema, System, Url, master_keys};
use service::EntropySource;

use crate::failure::Failure;
use crate::own_files;
use crate::settings::{Settings, shown};

const PATIENCE: Duration = Duration::from_secs(5);
const BRIEFLY: Duration = Duration::from_millis(50);

/// Connects to nothing yet.
pub(crate) fn open(settings: &Settings) -> Database {
    let size = |count: std::num::NonZeroUsize| u32::try_from(count.get()).unwrap_or(u32::MAX);
    let readers = size(settings.readers);
    let writers = size(settings.writers);
    Database::open(Options { readers, writers, ..Options::at(settings.database.clone()) })
}

/// For a command of somebody who would rather wait than try again.
pub(crate) fn open_patiently(settings: &Settings) -> Database {
    Database::open(Options { readers: 2, writers: 2, wait: PATIENCE, ..Options::at(settings.database.clone()) })
}

/// An embedded database whose file nobody has made.
pub(crate) fn is_yet_to_be_made(url: &Url) -> bool {
    matches!(url, Url::Sqlite(path) if !path.exists())
}

/// Brings the schema to where the server can use it. An embedded database is ours to migrate; of a shared one only the
/// very first schema is, since other replicas may still be working with an older one.
pub(crate) fn prepare(settings: &Settings, database: &Database) -> Result<(), Failure> {
    make_directory(settings)?;
    prepare_this(database)
}

/// The same of a database that is not where the settings say.
pub(crate) fn prepare_this(database: &Database) -> Result<(), Failure> {
    let schema = settled_schema(database).map_err(Failure::because)?;
    if let Some(why) = why_unusable(database.url(), &schema) {
        return Err(Failure::because(why));
    }
    match schema {
        Schema::Empty | Schema::Behind(_) => migrate(database)?,
        Schema::Ahead(count) => tracing::warn!(
            "the database has {} of a newer Keyreeve, and says that this one can work with it: upgrade soon",
            migrations(count)
        ),
        Schema::Current | Schema::Unknown(_) => {}
    }
    patiently(is_in_the_way, || database.warm_up()).map_err(|error| Failure::because(sentence(database.url(), &error)))
}

pub(crate) fn make_directory(settings: &Settings) -> Result<(), Failure> {
    let Url::Sqlite(path) = &settings.database else { return Ok(()) };
    own_files::make_directory_for(path, &settings.data_dir).map_err(|error| {
        Failure::because(format!("the data directory {} cannot be made: {error}", settings.data_dir.display()))
    })
}

/// Why a server cannot work with this schema, and will not change it by itself.
pub(crate) fn why_unusable(url: &Url, schema: &Schema) -> Option<String> {
    let database = shown::database(url);
    match schema {
        Schema::Current | Schema::Ahead(_) | Schema::Empty => None,
        Schema::Behind(_) if url.is_embedded() => None,
        Schema::Behind(count) => {
            Some(format!("the database {database} lacks {}: run `keyreeve migrate`", migrations(*count)))
        }
        Schema::Unknown(why) => Some(format!(
            "the database {database} is not one this Keyreeve knows, for {why}: \
             name another with --database, or run the Keyreeve that made it"
        )),
    }
}

pub(crate) fn migrations(count: usize) -> String {
    if count == 1 { "1 migration".to_owned() } else { format!("{count} migrations") }
}

/// Several processes may do this at once: those that come second find the work done.
pub(crate) fn migrate(database: &Database) -> Result<(), Failure> {
    // SQLite has no lock that covers all of it, so the one that came second trips over a table of the first.
    let may_have_tripped = |error: &Error| matches!(error, Error::Schema(_)) && database.url().is_embedded();
    let migrate = || match database.migrate() {
        Err(error) if may_have_tripped(&error) && database.schema()? == Schema::Current => Ok(Schema::Current),
        other => other,
    };
    let migrated = patiently(|error| is_in_the_way(error) || may_have_tripped(error), migrate);
    migrated.map(drop).map_err(|error| Failure::because(sentence(database.url(), &error)))
}

pub(crate) fn schema(database: &Database) -> Result<Schema, String> {
    if is_yet_to_be_made(database.url()) {
        return Ok(Schema::Empty);
    }
    patiently(is_in_the_way, || database.schema()).map_err(|error| sentence(database.url(), &error))
}

/// The schema, after waiting for another process that is just making it.
pub(crate) fn settled_schema(database: &Database) -> Result<Schema, String> {
    const STILL: Duration = Duration::from_secs(2);
    let mut since = Instant::now();
    let mut last = schema(database)?;
    while matches!(last, Schema::Behind(_)) && !database.url().is_embedded() && since.elapsed() < STILL {
        pause(BRIEFLY);
        let now = schema(database)?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(last)
}

/// Whether something is sealed in it, so that a certain master key is needed from now on.
pub(crate) fn is_initialised(database: &Database) -> Result<bool, String> {
    if is_yet_to_be_made(database.url()) {
        return Ok(false);
    }
    let mut entropy = EntropySource::System.draw().map_err(|error| error.to_string())?;
    let strangers = KeyRing::parse(&KeyRing::draw(&mut entropy))?;
    match load(database, &strangers) {
        Ok(keys) => Ok(keys.is_some()),
        Err(Error::Unsealable(_) | Error::MasterKeyMissing(_)) => Ok(true),
        // Before the first migration there is no table to look into.
        Err(Error::Statement(_)) if database.schema().is_ok_and(|schema| schema != Schema::Current) => Ok(false),
        Err(error) => Err(sentence(database.url(), &error)),
    }
}

/// How a ring stands to what is sealed in an initialised database.
pub(crate) enum Fit {
    Opens,
    /// It is the ring of another database.
    Strange,
    /// This one may seal something and is not in it.
    Lacks(String),
}

pub(crate) fn opens_with(database: &Database, ring: &KeyRing) -> Result<Fit, String> {
    match load(database, ring) {
        Ok(_) => {}
        Err(Error::Unsealable(_) | Error::MasterKeyMissing(_)) => return Ok(Fit::Strange),
        Err(error) => return Err(sentence(database.url(), &error)),
    }
    let check = || database.read(|db| master_keys::check(System::as_part("start"), db, ring));
    match patiently(is_in_the_way, check) {
        Ok(()) => Ok(Fit::Opens),
        Err(Error::MasterKeyMissing(id)) => Ok(Fit::Lacks(id)),
        Err(Error::Unsealable(_)) => Ok(Fit::Strange),
        // Before their migration there is no table to look into.
        Err(Error::Statement(_)) if database.schema().is_ok_and(|schema| schema != Schema::Current) => Ok(Fit::Opens),
        Err(error) => Err(sentence(database.url(), &error)),
    }
}

fn load(database: &Database, ring: &KeyRing) -> Result<Option<ServiceKeys>, Error> {
    patiently(is_in_the_way, || database.read(|db| service_keys::load(System::as_part("start"), db, ring)))
}

/// Tries again, for a while, what may have failed for the moment only.
fn patiently<T>(is_passing: impl Fn(&Error) -> bool, work: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let since = Instant::now();
    loop {
        match work() {
            Err(error) if is_passing(&error) && since.elapsed() < PATIENCE => pause(BRIEFLY),
            result => return result,
        }
    }
}

/// Somebody else is, or a first connection takes longer than a request may wait for one.
fn is_in_the_way(error: &Error) -> bool {
    matches!(error, Error::Busy) || error.is_worth_a_retry()
}

#[expect(clippy::disallowed_methods, reason = "before the server starts there is no executor to hold up")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What went wrong, in one line.
pub(crate) fn sentence(url: &Url, error: &Error) -> String {
    let database = shown::database(url);
    if let Error::Frozen = error {
        return format!(
            "the database {database} is frozen, and nothing can be changed in it: `keyreeve thaw` ends that"
        );
    }
    if let Error::Unreachable(why) = error {
        // In the words of libpq, whatever of its modes was asked for.
        if why.contains("SSL support is not compiled in") {
            return format!(
                "the database {database} is to be reached by TLS, and this Keyreeve was built without it: \
                 build one with `--features pg-tls`, or say sslmode=disable where the network is yours alone"
            );
        }
        let why = without_quotes(&one_line(why));
        return format!("the database {database} cannot be reached ({why}): check --database");
    }
    format!("the database {database} does not do what it should: {}", one_line(&error.to_string()))
}

/// Of a URL that it cannot read PostgreSQL's client quotes what it tripped over, and that may be the password.
fn without_quotes(why: &str) -> String {
    if !why.starts_with("invalid ") {
        return why.to_owned();
    }
    let parts = why.split('"').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part } else { "***" }).collect::<Vec<_>>().join("\"")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
