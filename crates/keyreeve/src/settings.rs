//! Settings: what they are, where they come from, how they are shown.
//!
//! One table names them all. A setting is a flag, an environment variable and a key of a TOML file at the same time;
//! the first of these that says something wins. What the values are used for is not known here.

mod chosen;
mod closest;
mod environment;
mod file;
mod flags;
pub(crate) mod shown;
mod table;
mod values;

pub(crate) use chosen::Chosen;
pub(crate) use environment::forbids_colour;
pub(crate) use flags::Flags;
pub(crate) use table::Settings;
pub(crate) use values::{LogFormat, MetricsListen};

use crate::failure::Failure;
use environment::Environment;
use file::File;

impl Settings {
    /// All that was said anywhere, parsed.
    pub(crate) fn load(flags: &Flags) -> Result<Self, Failure> {
        Self::parse(Chosen::load(flags)?).map_err(Failure::Usage)
    }
}

impl Chosen {
    /// All that was said anywhere, as it was said.
    pub(crate) fn load(flags: &Flags) -> Result<Self, Failure> {
        let environment = Environment::read().map_err(Failure::Usage)?;
        let named = flags.config.as_deref().or(environment.config.as_deref());
        let file = File::read(named).map_err(Failure::Usage)?;
        Ok(Self::from(flags, &environment.texts, file.as_ref()))
    }
}
