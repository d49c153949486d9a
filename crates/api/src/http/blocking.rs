//! The way from async handlers to use cases, which block. Bounded, so that a slow database makes requests wait a moment
//! and then go away, instead of piling up threads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use chrono::TimeDelta;
use service::Service;
use tokio::sync::Semaphore;

use crate::problem::{Kind, Problem};

/// What will be there, or refused.
pub(crate) type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

#[derive(Clone)]
pub(crate) struct Blocking {
    service: Arc<Service>,
    places: Arc<Semaphore>,
    /// Hashing a password takes a core for a while: never all of them.
    places_to_hash: Arc<Semaphore>,
}

const PATIENCE: Duration = Duration::from_millis(250);
const PATIENCE_TO_HASH: Duration = Duration::from_secs(5);

impl Blocking {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        let database = service.database();
        // SQLite's writers wait in line for the one connection; they must not keep readers out.
        let places = database.readers() + database.writers() * 4;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            service,
            places: Arc::new(Semaphore::new(places)),
            places_to_hash: Arc::new(Semaphore::new(cores.div_ceil(2).max(1))),
        }
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> service::Result<T> + Send + 'static,
    ) -> Coming<T> {
        self.run_within(&self.places, PATIENCE, work)
    }

    /// The same for what hashes a password.
    pub(crate) fn run_hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> service::Result<T> + Send + 'static,
    ) -> Coming<T> {
        self.run_within(&self.places_to_hash, PATIENCE_TO_HASH, work)
    }

    /// In a place of its own on the heap: a handler that asks here now and then would otherwise carry the room for it
    /// through every layer, for each request.
    fn run_within<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        patience: Duration,
        work: impl FnOnce(&Service) -> service::Result<T> + Send + 'static,
    ) -> Coming<T> {
        let (service, places) = (self.service.clone(), places.clone());
        Box::pin(async move {
            let busy = || Problem::new(Kind::Busy).retry_after(TimeDelta::seconds(1));
            let place = tokio::time::timeout(patience, places.acquire()).await;
            let _place = place.map_err(|_| busy())?.map_err(|_| busy())?;
            match web::block(move || work(&service)).await {
                Ok(result) => Ok(result?),
                Err(_) => {
                    tracing::error!("a use case did not come back");
                    Err(Problem::new(Kind::Internal))
                }
            }
        })
    }
}
