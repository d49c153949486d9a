//! `keyreeve export` and `keyreeve import`: everything out of one database and into another.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write, stdin, stdout};
use std::path::Path;

use persistence::transfer::{self, Header, Imported, TransferError};
use persistence::{Schema, System};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings::{Settings, shown};
use crate::{database, master_key, opened, out, own_files};

const SYSTEM: System = System::as_part("transfer");

pub(crate) fn export(settings: &Settings, path: &Path) -> Result<(), Failure> {
    if is_standard(path) {
        return write(settings, path, &mut BufWriter::new(stdout().lock())).map(drop);
    }
    let file = own_files::create(path).map_err(|error| own_files::not_created(path, &error))?;
    let written = write(settings, path, &mut BufWriter::new(&file)).and_then(|header| {
        file.sync_all().map_err(|error| said_by(settings, path, error.into()))?;
        Ok(header)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    out::say(&exported(settings, path, &written?))
}

fn write(settings: &Settings, path: &Path, to: &mut dyn Write) -> Result<Header, Failure> {
    let service = opened::open_initialised(settings)?;
    let mut progress = Progress::of("Exporting", 0);
    let mut be_at = |done, total| progress.be_at(done, total);
    let now = service.clock().now();
    let written = transfer::export(SYSTEM, service.database(), &service.ring(), now, to, &mut be_at);
    written.map_err(|error| said_by(settings, path, error))
}

pub(crate) fn import(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let failed = |error| said_by(settings, path, error);
    let file = &settings.master_key_file;
    let ring = master_key::read(file).map_err(Failure::because)?.ok_or_else(|| {
        Failure::because(format!(
            "there is no master key file {}: copy the one of the server that was exported",
            file.display()
        ))
    })?;
    let database = database::open_patiently(settings);
    if database::schema(&database).map_err(Failure::because)? != Schema::Current {
        let database = shown::database(database.url());
        return Err(Failure::because(format!(
            "the database {database} has no schema of this Keyreeve: run `keyreeve migrate`"
        )));
    }
    let mut progress = Progress::of("Importing", 0);
    let mut be_at = |done, total| progress.be_at(done, total);
    let now = service::machine_time();
    let imported = if is_standard(path) {
        transfer::import(SYSTEM, &database, &ring, now, &mut stdin().lock(), &mut be_at)
    } else {
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        transfer::import(SYSTEM, &database, &ring, now, &mut BufReader::new(file), &mut be_at)
    };
    drop(progress);
    let imported = imported.map_err(failed)?;
    // What was sealed opens here as well.
    opened::open_initialised(settings)?;
    out::say(&arrived(settings, &imported))
}

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

fn exported(settings: &Settings, path: &Path, header: &Header) -> String {
    let (rows, path) = (header.rows(), path.display());
    let database = shown::database(&settings.database);
    let frozen = if header.frozen {
        "Nothing has been changed since, and nothing will be before `keyreeve thaw`."
    } else {
        "The database was not frozen: whatever changes from now on is not in it."
    };
    format!(
        "Wrote {rows} rows of {database} to {path}. {frozen}\n\
         It opens with the master key {}, which is not in it.\n\
         Next: keyreeve migrate and keyreeve import {path}, both with the new --database.",
        header.master_key
    )
}

fn arrived(settings: &Settings, imported: &Imported) -> String {
    let database = shown::database(&settings.database);
    let Imported { header, audit_events } = imported;
    let frozen = if header.frozen {
        ""
    } else {
        "The old database was not frozen when this was written: what was changed there since is not here.\n"
    };
    format!(
        "Read {} rows into {database}; they are all there, and {audit_events} events of the audit add up.\n{frozen}\
         Nothing can be changed here yet. Next: serve it, send everybody there, stop the old server, keyreeve thaw.",
        header.rows()
    )
}

fn said_by(settings: &Settings, path: &Path, error: TransferError) -> Failure {
    let path = path.display();
    match error {
        TransferError::Database(error) => Failure::because(database::sentence(&settings.database, &error)),
        TransferError::File(error) => Failure::because(format!("{path} cannot be read or written: {error}")),
        TransferError::Refused(why) => Failure::because(format!("{path} is refused, and nothing was changed: {why}")),
    }
}
