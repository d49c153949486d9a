//! Uses of keys that were verified here: counted in memory, reported in batches.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use wire::{ReportUsage, ReportedUsage};

use crate::Trouble;
use crate::connection::Connection;
use crate::metrics::{Call, Metrics};

/// How many keys are in one report.
const AT_ONCE: usize = 1000;
/// How many keys' uses are kept while they cannot be reported.
const MOST: usize = 100_000;
/// What Keyreeve takes of a client's name, in bytes.
const LONGEST_AGENT: usize = 400;

#[derive(Default)]
pub(crate) struct Usage(Mutex<HashMap<String, Used>>);

struct Used {
    at: DateTime<Utc>,
    count: i64,
    address: Option<IpAddr>,
    agent: Option<String>,
}

impl Usage {
    pub(crate) fn note(&self, access_key_id: &str, at: DateTime<Utc>, address: Option<IpAddr>, agent: Option<&str>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match noted.get_mut(access_key_id) {
            Some(used) => {
                used.count = used.count.saturating_add(1);
                used.at = used.at.max(at);
                used.address = address.or(used.address);
                if let Some(agent) = agent
                    && used.agent.as_deref() != Some(agent)
                {
                    used.agent = Some(readable(agent));
                }
            }
            None => {
                noted.insert(access_key_id.to_owned(), Used { at, count: 1, address, agent: agent.map(readable) });
            }
        }
    }

    /// What cannot be reported now is kept for the next time.
    pub(crate) async fn report(&self, connection: &Connection, metrics: &dyn Metrics) -> Result<(), Trouble> {
        let mut noted: Vec<_> =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect();
        while !noted.is_empty() {
            let batch = noted.split_off(noted.len().saturating_sub(AT_ONCE));
            let body = ReportUsage { items: batch.iter().map(|(id, used)| used.reported(id)).collect() };
            if let Err(trouble) = connection.post::<()>(Call::Usage, "/v1/gateway/usage", &body).await {
                noted.extend(batch);
                self.take_back(noted, metrics);
                return Err(trouble);
            }
        }
        Ok(())
    }

    fn take_back(&self, unreported: Vec<(String, Used)>, metrics: &dyn Metrics) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lost = 0u64;
        for (access_key_id, before) in unreported {
            let is_full = noted.len() >= MOST;
            match noted.get_mut(&access_key_id) {
                Some(used) => used.count = used.count.saturating_add(before.count),
                None if is_full => lost = lost.saturating_add(before.count.unsigned_abs()),
                None => {
                    noted.insert(access_key_id, before);
                }
            }
        }
        if lost > 0 {
            metrics.usage_lost(lost);
        }
    }
}

impl Used {
    fn reported(&self, access_key_id: &str) -> ReportedUsage {
        ReportedUsage {
            access_key_id: access_key_id.to_owned(),
            last_used_at: self.at,
            count: self.count,
            source_ip: self.address.map(|address| address.to_string()),
            user_agent: self.agent.clone(),
        }
    }
}

fn readable(agent: &str) -> String {
    let end = agent.floor_char_boundary(LONGEST_AGENT);
    agent.get(..end).unwrap_or_default().replace('\0', "")
}
