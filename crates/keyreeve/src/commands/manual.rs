//! What shells and `man` want to know of the command line, made from the command line itself.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::command_line::CommandLine;
use crate::failure::Failure;
use crate::out;

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "keyreeve", &mut script);
    out::say(&String::from_utf8_lossy(&script))
}

/// `keyreeve.1`, `keyreeve-keys.1`, `keyreeve-keys-create.1` and so on.
pub(crate) fn pages(directory: &Path) -> Result<(), Failure> {
    let written =
        std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(CommandLine::command(), directory));
    written.map_err(|error| Failure::because(format!("no pages can be written to {}: {error}", directory.display())))
}
