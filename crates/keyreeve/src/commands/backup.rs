//! `keyreeve backup`: a copy of the embedded database, taken while it is in use.

use persistence::{Database, Options, Url};

use crate::command_line::Backup;
use crate::failure::Failure;
use crate::settings::{Settings, shown};
use crate::{database, out, own_files};

pub(crate) fn run(settings: &Settings, command: &Backup) -> Result<(), Failure> {
    let opened = database::open(settings);
    let shown = shown::database(opened.url());
    if !opened.url().is_embedded() {
        return Err(Failure::because(format!(
            "the database {shown} is backed up by PostgreSQL's own means: docs/operations/backup.md says how"
        )));
    }
    if database::is_yet_to_be_made(opened.url()) {
        return Err(Failure::because(format!("there is no database {shown}: name it with --database or --data-dir")));
    }
    let to = &command.out;
    let failed = |why: &dyn std::fmt::Display| Failure::because(format!("{} cannot be written: {why}", to.display()));
    own_files::create_by(to, |draft| {
        opened.back_up(draft).map_err(std::io::Error::other)?;
        Database::open(Options::at(Url::Sqlite(draft.to_owned()))).check_integrity().map_err(std::io::Error::other)
    })
    .map_err(|error| failed(&own_files::explained(&error)))?;
    out::say(&format!(
        "Wrote a backup of {shown} to {0}.\n\
         It opens with the master key only: keep a copy of that, apart from it.\n\
         `keyreeve restore {0}` brings it back.",
        to.display()
    ))
}
