//! How far something long has come, for the person in front of the terminal. Elsewhere nothing is drawn.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// Of a known length.
pub(crate) fn bar(output: &Output, what: &'static str, length: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), target(output)).with_message(what).with_position(done);
    styled(bar, "{bar:40} {pos}/{len} {msg}, {eta} left")
}

/// Of a length that nobody knows.
pub(crate) fn counter(output: &Output, what: &'static str, done: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target(output)).with_message(what).with_position(done);
    styled(bar, "{pos} {msg}, {per_sec}")
}

fn target(output: &Output) -> ProgressDrawTarget {
    if output.is_quiet || !stderr().is_terminal() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }
}

/// Without colours: there is nothing they would tell.
fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
