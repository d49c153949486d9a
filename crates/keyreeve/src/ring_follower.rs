//! Reads the master key file again while the server runs: how a replica is given another key without a restart.
//!
//! What it finds counts only if it opens everything. Otherwise the server goes on with what it has, and says so once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use service::Service;

use crate::master_key;

const PERIOD: Duration = Duration::from_secs(2);

pub(crate) fn start(service: &Arc<Service>, file: PathBuf) -> JoinHandle<()> {
    let service = service.clone();
    rt::spawn(async move {
        let mut complaint = None;
        loop {
            rt::time::sleep(PERIOD).await;
            let (service, file) = (service.clone(), file.clone());
            let read = rt::task::spawn_blocking(move || read_again(&service, &file)).await;
            let why = read.unwrap_or_else(|error| Err(error.to_string())).err();
            if let Some(why) = why.as_ref().filter(|why| complaint.as_ref() != Some(*why)) {
                tracing::error!("the server goes on with the master keys it has: {why}");
            }
            complaint = why;
        }
    })
}

fn read_again(service: &Service, file: &Path) -> Result<(), String> {
    let ring = master_key::read(file)?;
    let ring = ring.ok_or_else(|| format!("there is no master key file {} any more", file.display()))?;
    if ring.ids().eq(service.ring().ids()) {
        return Ok(());
    }
    let ids = ring.ids().collect::<Vec<_>>().join(" ");
    service.adopt(ring).map_err(|error| error.to_string())?;
    tracing::info!(master_keys = ids, "read the master key file again");
    Ok(())
}
