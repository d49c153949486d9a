//! `keyreeve master-key`: makes master keys, and changes the one that seals while everything goes on.

use std::fmt::Write;
use std::path::Path;

use service::master_keys::{self, MasterKey, Refused, Rotated, SealedValues};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::{master_key, opened, out, process};

pub(crate) fn new(path: &Path) -> Result<(), Failure> {
    process::keep_to_itself();
    master_key::create(path)?;
    out::say(&format!(
        "Wrote a new master key to {0}.\n\
         Give every replica a copy and name it with --master-key-file; keep another apart from the database's backups.",
        path.display()
    ))
}

pub(crate) fn list(settings: &Settings) -> Result<(), Failure> {
    let service = opened::open_initialised(settings)?;
    let keys = master_keys::list(&service).map_err(|error| said_by(settings, &error))?;
    out::say(&table(&keys))
}

pub(crate) fn add(settings: &Settings) -> Result<(), Failure> {
    let file = &settings.master_key_file;
    let id = master_key::add(file)?;
    out::say(&format!(
        "Drew the master key {id} into {}. Nothing is sealed by it yet.\n\
         Running servers read the file again by themselves. Next:\n  \
         1. Copy the file to every other replica, and to where you keep such copies.\n  \
         2. See that no replica lacks it:  keyreeve master-key list\n  \
         3. Have it seal:                  keyreeve master-key rotate",
        file.display()
    ))
}

pub(crate) fn rotate(settings: &Settings) -> Result<(), Failure> {
    let service = opened::open_initialised(settings)?;
    let failed = |error| said_by(settings, &error);
    let newest = service.ring().newest().to_owned();
    if master_keys::promote(&service).map_err(failed)? {
        out::say(&format!("The master key {newest} seals from now on."))?;
    }
    let remaining = master_keys::remaining(&service).map_err(failed)?;
    let mut progress = Progress::of("Sealing again", remaining.try_into().unwrap_or(0));
    let rotated = master_keys::reseal(&service, &mut |count| progress.advance(count as u64)).map_err(failed)?;
    drop(progress);
    let older = older_than(&newest, &master_keys::list(&service).map_err(failed)?);
    report(&newest, &rotated, &older)
}

pub(crate) fn remove(settings: &Settings, id: &str) -> Result<(), Failure> {
    let service = opened::open_initialised(settings)?;
    let is_in_file = service.ring().has(id);
    let was_known = master_keys::remove(&service, id).map_err(|error| not_removed(settings, id, &error))?;
    if !was_known && !is_in_file {
        return Err(Failure::because(format!(
            "there is no master key {id}, neither in use nor in {}: `keyreeve master-key list` says which there are",
            settings.master_key_file.display()
        )));
    }
    if is_in_file {
        master_key::take_out(&settings.master_key_file, id)?;
    }
    out::say(&format!(
        "Nothing is sealed by {id} any more, and it is not in {0}.\n\
         Next: copy {0} to the other replicas. Backups from before the rotation still need {id}: \
         keep it with them for as long as you keep them.",
        settings.master_key_file.display()
    ))
}

fn older_than(newest: &str, keys: &[MasterKey]) -> Vec<String> {
    keys.iter().filter(|key| key.id != newest && key.known.is_some()).map(|key| key.id.clone()).collect()
}

fn report(newest: &str, rotated: &Rotated, older: &[String]) -> Result<(), Failure> {
    if !rotated.damaged.is_empty() {
        let mut reasons = vec![format!(
            "{} values do not open where they are, so they were damaged or moved; everything else is sealed by {newest}. \
             They stay as they are, and keep their key in use:",
            rotated.damaged.len()
        )];
        reasons.extend(rotated.damaged.iter().cloned());
        return Err(Failure::Refused(reasons));
    }
    let mut text = format!("Sealed {} values again. Everything is sealed by {newest}.", rotated.resealed);
    match older {
        [] => text.push_str("\nTo change it, draw another one first: keyreeve master-key add"),
        older => {
            text.push_str("\nNext, unless you would rather wait:");
            for id in older {
                let _ = write!(text, "\n  keyreeve master-key remove {id}");
            }
        }
    }
    out::say(&text)
}

fn table(keys: &[MasterKey]) -> String {
    let mut text = format!("{:16}  {:7}  {:12}  {:10}  {}\n", "KEY", "IN FILE", "STATE", "SINCE", "SEALS");
    for key in keys {
        let (state, since, sealed) = match &key.known {
            None => ("new", String::new(), "nothing yet".to_owned()),
            Some(known) => {
                let state = if known.seals { "seals" } else { "older" };
                (state, known.since.format("%F").to_string(), counted(known.sealed))
            }
        };
        let is_here = if key.is_here { "yes" } else { "no" };
        let _ = writeln!(text, "{:16}  {is_here:7}  {state:12}  {since:10}  {sealed}", key.id);
    }
    for key in keys.iter().filter(|key| !key.lacking.is_empty()) {
        let _ = writeln!(text, "Replicas without {}: {}", key.id, key.lacking.join(", "));
    }
    text
}

fn counted(sealed: SealedValues) -> String {
    format!(
        "{} tenants' keys, {} service keys, {} one-time secrets",
        sealed.tenant_keys, sealed.service_keys, sealed.one_time_secrets
    )
}

fn not_removed(settings: &Settings, id: &str, refused: &Refused) -> Failure {
    match refused {
        Refused::Seals => Failure::because(format!(
            "{id} is the master key that seals: have another one do that first, with `keyreeve master-key add` and `rotate`"
        )),
        Refused::InUse(sealed) => Failure::because(format!(
            "{id} is needed, for it seals {}: run `keyreeve master-key rotate` first",
            counted(*sealed)
        )),
        Refused::Lacking { .. } | Refused::Replaced { .. } | Refused::Failed(_) => said_by(settings, refused),
    }
}

fn said_by(settings: &Settings, refused: &Refused) -> Failure {
    let file = settings.master_key_file.display();
    match refused {
        Refused::Failed(error) => opened::said_by(settings, error),
        Refused::Lacking { replicas } => Failure::because(format!(
            "these replicas have not read the newest master key yet, and could not open what it seals: {}. \
             Copy {file} to where they run, and try again in a few seconds",
            replicas.join(", ")
        )),
        Refused::Replaced { by } => Failure::because(format!(
            "the first key of {file} has been replaced by {by} before: put that one first, \
             or draw a new one with `keyreeve master-key add`"
        )),
        Refused::Seals | Refused::InUse(_) => Failure::because(refused),
    }
}
