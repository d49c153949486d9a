//! Work that goes on beside the requests. Nothing is decided by it: it may be late, fail, or not run at all.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use service::{Result, Service};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval_at};

pub(crate) struct Background {
    stop: watch::Sender<()>,
    tasks: Vec<rt::task::JoinHandle<()>>,
}

#[derive(Clone, Copy)]
struct Job {
    name: &'static str,
    period: Duration,
    work: Work,
    /// Where what has gathered would be lost with the process.
    at_the_end: Option<Work>,
}

type Work = fn(&Service) -> Result<()>;

const JOBS: [Job; 5] = [
    Job {
        name: "write down last use",
        period: Duration::from_secs(5),
        work: Service::write_down_last_used,
        at_the_end: Some(Service::write_down_last_used),
    },
    Job {
        name: "write down key usage",
        period: Duration::from_secs(5),
        work: Service::write_down_some_usage,
        at_the_end: Some(Service::write_down_usage),
    },
    Job {
        name: "write down denials",
        period: Duration::from_secs(5),
        work: Service::write_down_denials,
        at_the_end: Some(Service::write_down_denials),
    },
    Job {
        name: "sign audit checkpoint",
        period: Duration::from_secs(5),
        work: Service::sign_checkpoint,
        at_the_end: None,
    },
    Job { name: "keep house", period: Duration::from_secs(60), work: Service::keep_house, at_the_end: None },
];

impl Background {
    pub(crate) fn start(service: &Arc<Service>) -> Self {
        let (stop, stopped) = watch::channel(());
        JOBS.iter().for_each(|job| service.jobs().expect(job.name));
        let task = |job| rt::spawn(repeat(job, service.clone(), stopped.clone()));
        Self { stop, tasks: JOBS.map(task).into() }
    }

    /// Ends after the rounds that are under way, and after the last ones.
    pub(crate) async fn finish(self) {
        drop(self.stop);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

async fn repeat(job: Job, service: Arc<Service>, mut stopped: watch::Receiver<()>) {
    let mut ticks = interval_at(tokio::time::Instant::now() + job.period, job.period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_well = true;
    loop {
        let is_over = tokio::select! {
            _ = ticks.tick() => false,
            _ = stopped.changed() => true,
        };
        if let Some(work) = if is_over { job.at_the_end } else { Some(job.work) } {
            was_well = round(job, work, &service, was_well).await;
        }
        if is_over {
            return;
        }
    }
}

/// A streak of failures is one line in the log, and one more when it is over.
async fn round(job: Job, work: Work, service: &Arc<Service>, was_well: bool) -> bool {
    let worker = service.clone();
    let done = rt::task::spawn_blocking(move || work(&worker)).await;
    let failed = match done {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    service.jobs().note(job.name, failed.is_none());
    match &failed {
        Some(error) if was_well => tracing::error!(job = job.name, error, "failed; trying again quietly"),
        None if !was_well => tracing::info!(job = job.name, "works again"),
        Some(_) | None => {}
    }
    failed.is_none()
}
