//! `keyreeve freeze` and `keyreeve thaw`: hold everything as it is while it moves to another database.

use std::time::Duration;

use service::freeze;
use service::gateway_plane::STALE_TTL;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::{database, opened, out};

pub(crate) fn freeze(settings: &Settings) -> Result<(), Failure> {
    let service = opened::open_initialised(settings)?;
    let begins = freeze::freeze(&service).map_err(|error| opened::said_by(settings, &error))?;
    let said = if begins { "Frozen." } else { "It is frozen already." };
    out::say(&format!(
        "{said} Changes are answered 503, and verifying goes on.\n\
         Next: keyreeve export --out FILE, or keyreeve thaw to go on here."
    ))
}

pub(crate) fn thaw(settings: &Settings) -> Result<(), Failure> {
    let failed = |error| opened::said_by(settings, &error);
    let service = opened::open_initialised(settings)?;
    if freeze::find(&service).map_err(failed)?.is_some_and(|freeze| freeze.by_import) {
        outwait_the_old_server(settings);
    }
    let ends = freeze::thaw(&service).map_err(failed)?;
    out::say(if ends { "Thawed: changes are let through again." } else { "It is not frozen: nothing to do." })
}

/// A gateway may go by what it heard from the old server until its lease has run out, and nobody here knows of it.
fn outwait_the_old_server(settings: &Settings) {
    let seconds = (settings.lease_seconds.0 + STALE_TTL).num_seconds().unsigned_abs();
    let mut progress = Progress::of("Waiting for leases of the old server", seconds);
    for _ in 0..seconds {
        database::pause(Duration::from_secs(1));
        progress.advance(1);
    }
}
