//! `keyreeve clock reset`: says that this machine's clock is right, though a later time was reached.

use service::clock_mark;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::{opened, out, refusals};

pub(crate) fn reset(settings: &Settings) -> Result<(), Failure> {
    if let Some(why) = refusals::of_clock() {
        return Err(Failure::because(why));
    }
    let service = opened::open_initialised(settings)?;
    let reset = clock_mark::reset(&service).map_err(|error| opened::said_by(settings, &error))?;
    out::say(&match reset {
        Some(reset) => format!(
            "It is {} again, and not {}. What has expired in between counts again.\n\
             Running servers hear of it within seconds. One whose own clock is still ahead believes that again in ten minutes.",
            reset.to.format("%F %T UTC"),
            reset.from.format("%F %T UTC")
        ),
        None => "This machine's clock is not behind: nothing to do.".to_owned(),
    })
}
