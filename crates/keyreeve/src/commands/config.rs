//! `keyreeve config`: which settings hold, and whether they would do.

use crate::failure::Failure;
use crate::settings::{Chosen, Flags, Settings, shown};
use crate::{out, refusals};

/// Shows what was said even where it makes no sense: that is when people look.
pub(crate) fn show(flags: &Flags) -> Result<(), Failure> {
    let chosen = Chosen::load(flags)?;
    out::say(&shown::table(&chosen))?;
    Settings::parse(chosen).map(drop).map_err(Failure::Usage)
}

pub(crate) fn check(flags: &Flags) -> Result<(), Failure> {
    let reasons = match Settings::load(flags) {
        Ok(settings) => refusals::of(&settings),
        Err(failure) => failure.reasons().to_owned(),
    };
    if reasons.is_empty() { out::say("Nothing keeps serve from starting.") } else { Err(Failure::Refused(reasons)) }
}
