//! Every reason for which this server would not be safe to run, all at once. Nothing is changed here.

use std::net::SocketAddr;

use persistence::{Database, KeyRing};

use crate::database::{self, Fit};
use crate::journal;
use crate::master_key;
use crate::settings::{MetricsListen, Settings, shown};
use crate::{tls, traces};

/// No Keyreeve is older than this: a clock before it is wrong, and expiries would mean nothing.
const BUILT_AFTER: i64 = 1_767_225_600; // 2026-01-01

pub(crate) fn of(settings: &Settings) -> Vec<String> {
    let mut reasons = Vec::new();
    reasons.extend(of_clock());
    reasons.extend(of_listeners(settings));
    reasons.extend(tls::read(settings).err());
    reasons.extend(traces::why_not(settings));
    reasons.extend(journal::why_not(settings));
    reasons.extend(of_database(settings));
    reasons
}

pub(crate) fn of_clock() -> Option<String> {
    let now = service::machine_time();
    (now.timestamp() < BUILT_AFTER)
        .then(|| format!("the clock says {}, which is before this was built: set it", now.format("%F %T UTC")))
}

pub(crate) fn of_listeners(settings: &Settings) -> Vec<String> {
    let mut reasons = Vec::new();
    let is_exposed = |address: &SocketAddr| !address.ip().is_loopback() && !settings.insecure;
    if is_exposed(&settings.listen) && settings.tls_certificate.is_none() {
        reasons.push(format!(
            "plain HTTP on {} would show keys and tokens to the network: set --tls-certificate and --tls-key, \
             or --insecure if a proxy in front does TLS",
            settings.listen
        ));
    }
    match &settings.metrics_listen {
        MetricsListen::At(address) if is_exposed(address) => reasons.push(format!(
            "metrics are plain HTTP, and {address} can be reached by others: \
             use a loopback address for --metrics-listen, or set --insecure if the network is yours alone"
        )),
        MetricsListen::At(_) | MetricsListen::Off => {}
    }
    reasons
}

fn of_database(settings: &Settings) -> Vec<String> {
    let mut reasons = Vec::new();
    let database = database::open(settings);
    // Before the key, see `master_key::open`.
    let is_initialised = look_into(&database, &mut reasons).unwrap_or_else(|why| {
        reasons.push(why);
        None
    });
    match (master_key::read(&settings.master_key_file), is_initialised) {
        (Err(why), _) => reasons.push(why),
        (Ok(None), Some(is_initialised)) => reasons.extend(master_key::why_not_made(settings, is_initialised)),
        (Ok(Some(ring)), Some(true)) => reasons.extend(why_it_does_not_open(settings, &database, &ring)),
        (Ok(_), _) => {}
    }
    reasons
}

/// Whether the database is initialised, as far as there is a database to ask.
fn look_into(database: &Database, reasons: &mut Vec<String>) -> Result<Option<bool>, String> {
    if database::is_yet_to_be_made(database.url()) {
        return Ok(Some(false));
    }
    let schema = database::settled_schema(database)?;
    reasons.extend(database.weaknesses().map_err(|error| database::sentence(database.url(), &error))?);
    if let Some(why) = database::why_unusable(database.url(), &schema) {
        reasons.push(why);
        return Ok(None);
    }
    database::is_initialised(database).map(Some)
}

pub(crate) fn why_it_does_not_open(settings: &Settings, database: &Database, ring: &KeyRing) -> Option<String> {
    let file = settings.master_key_file.display();
    match database::opens_with(database, ring) {
        Ok(Fit::Opens) => None,
        Ok(Fit::Lacks(id)) => Some(format!(
            "the master key file {file} lacks the key {id}, by which something in the database {} may be sealed: \
             copy the file of another replica here, or put that key back",
            shown::database(database.url()),
        )),
        Ok(Fit::Strange) => Some(format!(
            "the master key file {file} is not the one that the database {} was set up with: \
             copy that one here, or name it with --master-key-file",
            shown::database(database.url()),
        )),
        Err(why) => Some(why),
    }
}
