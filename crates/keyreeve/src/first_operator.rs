//! How the person who starts a server for the first time gets in: a link on their terminal, or a word in the log.

use std::io::{IsTerminal, stderr, stdin};

use domain::Secret;
use service::{Error, Service, bootstrap};

use crate::out;

pub(crate) enum Invitation {
    /// Somebody can come in already.
    None,
    Link(Secret),
    Command,
}

pub(crate) fn invitation(service: &Service) -> Result<Invitation, Error> {
    if !bootstrap::has_no_operator(service)? {
        return Ok(Invitation::None);
    }
    // The link opens everything: it goes to a person, never to where a log is collected.
    if stdin().is_terminal() && stderr().is_terminal() {
        return bootstrap::make_setup_link(service).map(Invitation::Link);
    }
    Ok(Invitation::Command)
}

pub(crate) fn extend(invitation: &Invitation) {
    match invitation {
        Invitation::None => {}
        Invitation::Link(link) => out::show_on_terminal(&boxed(link)),
        Invitation::Command => {
            tracing::info!("there is no operator yet: run `keyreeve bootstrap --out FILE` with the same settings");
        }
    }
}

fn boxed(link: &Secret) -> String {
    let words = "Nobody can come in yet. This link makes you the operator:";
    let remark = "It works once, for 15 minutes.";
    let width = [words, link.expose(), remark].iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let edge = "─".repeat(width + 2);
    let rows = [words, "", link.expose(), "", remark].map(|line| format!("│ {line:width$} │\n"));
    format!("\n┌{edge}┐\n{}└{edge}┘\n\n", rows.concat())
}
