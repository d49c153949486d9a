//! `keyreeve migrate`: brings the schema up to this version.

use persistence::Schema;

use crate::failure::Failure;
use crate::settings::{Settings, shown};
use crate::{database, out};

pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    database::make_directory(settings)?;
    let database = database::open(settings);
    let shown = shown::database(database.url());
    let before = database::schema(&database).map_err(Failure::because)?;
    if let (Schema::Unknown(_), Some(why)) = (&before, database::why_unusable(database.url(), &before)) {
        return Err(Failure::because(why));
    }
    if matches!(before, Schema::Empty | Schema::Behind(_)) {
        database::migrate(&database)?;
    }
    out::say(&match before {
        Schema::Empty => format!("Made the schema of {shown}."),
        Schema::Behind(count) => format!("Applied {} to {shown}.", database::migrations(count)),
        Schema::Ahead(_) => {
            format!("The schema of {shown} is of a newer Keyreeve, and this one can work with it: nothing to do.")
        }
        Schema::Current | Schema::Unknown(_) => format!("The schema of {shown} is up to date: nothing to do."),
    })
}
