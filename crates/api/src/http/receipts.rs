//! Holds an answer back until everybody has confirmed what it says has happened, or for as long as its caller waits.

use std::time::Duration;

use actix_web::HttpRequest;
use service::{Receipt, Receipted};

use crate::http::blocking::Blocking;
use crate::metrics;
use crate::problem::Problem;

/// How long a caller waits who does not say how long.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often others are asked: soon at first, then less and less.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// `?wait=0`: answers at once, whoever has confirmed by then.
pub(crate) fn patience(request: &HttpRequest) -> Result<Duration, Problem> {
    let said = request.query_string().split('&').filter_map(|part| part.strip_prefix("wait=")).next_back();
    match said.map(str::parse::<u64>) {
        None => Ok(PATIENCE),
        Some(Ok(seconds)) if seconds <= PATIENCE.as_secs() => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(Problem::invalid("?wait", "Must be a whole number of seconds, 0 to 2.")),
    }
}

/// Whether all have confirmed. The change has been made: if it cannot be asked who has heard of it, nobody has.
pub(crate) async fn settle(blocking: &Blocking, answer: &mut impl Receipted, patience: Duration) -> bool {
    let Some(receipt) = answer.receipt() else { return true };
    let began = tokio::time::Instant::now();
    let is_confirmed = wait(blocking, receipt, patience).await;
    metrics::settled(is_confirmed, began.elapsed());
    is_confirmed
}

async fn wait(blocking: &Blocking, receipt: &mut Receipt, patience: Duration) -> bool {
    let deadline = tokio::time::Instant::now() + patience;
    let mut applied = blocking.service().watch_applied();
    let mut pause = FIRST_PAUSE;
    loop {
        let mut asked = receipt.clone();
        if let Ok(stood) = blocking.run(move |service| service.stand(&mut asked).map(|()| asked)).await {
            *receipt = stood;
        }
        if receipt.is_confirmed() {
            return true;
        }
        let next = (tokio::time::Instant::now() + pause).min(deadline);
        if tokio::time::Instant::now() >= deadline {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep_until(next) => pause = (pause * 2).min(LONGEST_PAUSE),
            _ = applied.changed() => {}
        }
    }
}
