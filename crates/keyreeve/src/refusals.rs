//! Every reason for which this server would not be safe to run, all at once. Nothing is changed here.

use std::net::SocketAddr;

use persistence::Schema;
use service::Clock;

use crate::database::{self, State};
use crate::master_key;
use crate::settings::{MetricsListen, Settings, shown};
use crate::tls;

/// No Keyreeve is older than this: a clock before it is wrong, and expiries would mean nothing.
const BUILT_AFTER: i64 = 1_795_000_000; // 2026-11-18

pub(crate) fn of(settings: &Settings) -> Vec<String> {
    let mut reasons = Vec::new();
    reasons.extend(of_clock());
    reasons.extend(of_listeners(settings));
    reasons.extend(tls::read(settings).err());
    reasons.extend(of_database(settings));
    reasons
}

fn of_clock() -> Option<String> {
    let now = Clock::System.now();
    (now.timestamp() < BUILT_AFTER)
        .then(|| format!("the clock says {}, which is before this was built: set it", now.format("%F %T UTC")))
}

fn of_listeners(settings: &Settings) -> Vec<String> {
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
    let ring = master_key::read(&settings.master_key_file);
    let mut reasons = Vec::new();
    match look_into_database(settings, ring.as_ref().ok().and_then(Option::as_ref), &mut reasons) {
        Ok(State::WrongMasterKey) if matches!(ring, Ok(Some(_))) => reasons.push(format!(
            "the master key file {} is not the one that the database {} was set up with: \
             copy that one here, or name it with --master-key-file",
            settings.master_key_file.display(),
            shown::database(&settings.database),
        )),
        Ok(state) if matches!(ring, Ok(None)) => reasons.extend(master_key::why_not_made(settings, &state)),
        Ok(_) => {}
        Err(why) => reasons.push(why),
    }
    reasons.extend(ring.err());
    reasons
}

fn look_into_database(
    settings: &Settings,
    ring: Option<&persistence::KeyRing>,
    reasons: &mut Vec<String>,
) -> Result<State, String> {
    if database::is_yet_to_be_made(&settings.database) {
        return Ok(State::New);
    }
    let database = database::open(settings);
    let schema = database::settled_schema(&database)?;
    reasons.extend(database.weaknesses().map_err(|error| database::sentence(&settings.database, &error))?);
    reasons.extend(database::why_unusable(&settings.database, &schema));
    match schema {
        Schema::Empty | Schema::Unknown(_) => Ok(State::New),
        Schema::Current | Schema::Behind(_) => database::state(&database, ring),
    }
}
