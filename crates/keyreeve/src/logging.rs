//! The log: on standard error, as text or as JSON.

use std::io::{IsTerminal, stderr};

use crate::failure::Failure;
use crate::settings::{LogFormat, Settings, forbids_colour};

pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(settings.log_level.filter())
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && !forbids_colour())
        // It would complain to standard error that standard error is gone, and panic over it.
        .log_internal_errors(false);
    let started = match settings.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    started.map_err(|error| Failure::because(format!("the log cannot be started: {error}")))
}
