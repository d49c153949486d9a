//! Who used which pair: counted in memory, written down in batches.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use authz::Permit;
use authz::action::ReportUsage;
use domain::Timestamp;
use domain::key::AccessKeyId;
use persistence::key_usage::Use;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

const SHARDS: usize = 64;
/// How much is written in one transaction.
const AT_ONCE: usize = 1000;

pub(crate) struct Usage {
    hasher: RandomState,
    shards: [Mutex<HashMap<AccessKeyId, Use>>; SHARDS],
}

impl Default for Usage {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

/// Uses of a pair, as they are heard of: most are added to what is noted, and nothing of them is kept.
pub(super) struct Heard<'a> {
    pub(super) access_key_id: &'a AccessKeyId,
    pub(super) at: Timestamp,
    pub(super) gateway: Option<&'a str>,
    pub(super) address: Option<IpAddr>,
    pub(super) agent: Option<&'a str>,
    pub(super) count: i64,
}

impl Heard<'_> {
    fn to_use(&self) -> Use {
        Use {
            access_key_id: self.access_key_id.clone(),
            at: self.at,
            gateway: self.gateway.map(str::to_owned),
            address: self.address,
            agent: self.agent.map(str::to_owned),
            count: self.count,
        }
    }
}

impl<'a> From<&'a Use> for Heard<'a> {
    fn from(used: &'a Use) -> Self {
        Self {
            access_key_id: &used.access_key_id,
            at: used.at,
            gateway: used.gateway.as_deref(),
            address: used.address,
            agent: used.agent.as_deref(),
            count: used.count,
        }
    }
}

fn replace(noted: &mut Option<String>, heard: Option<&str>) {
    if noted.as_deref() != heard {
        *noted = heard.map(str::to_owned);
    }
}

/// What a gateway says of a pair that it verified by itself.
pub struct Reported {
    pub access_key_id: AccessKeyId,
    pub last_used_at: Timestamp,
    pub count: i64,
    pub address: Option<IpAddr>,
    pub agent: Option<String>,
}

impl Usage {
    pub(super) fn note(&self, heard: &Heard<'_>) {
        let shard = self.hasher.hash_one(heard.access_key_id) as usize % SHARDS;
        let Some(shard) = self.shards.get(shard) else { return };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        match shard.get_mut(heard.access_key_id) {
            None => {
                shard.insert(heard.access_key_id.clone(), heard.to_use());
            }
            Some(noted) => {
                noted.count = noted.count.saturating_add(heard.count);
                if heard.at >= noted.at {
                    noted.at = heard.at;
                    noted.address = heard.address;
                    replace(&mut noted.gateway, heard.gateway);
                    replace(&mut noted.agent, heard.agent);
                }
            }
        }
    }

    /// Of how many pairs something is not written down yet.
    pub(crate) fn unwritten(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn take(&self) -> Vec<Use> {
        let shard = |shard: &Mutex<HashMap<AccessKeyId, Use>>| {
            std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner)).into_values()
        };
        self.shards.iter().flat_map(shard).collect()
    }
}

impl Service {
    /// Takes note of what a gateway has counted itself. Of pairs that are not its to know of nothing is noted, and it is
    /// not told which.
    pub fn report_usage(&self, context: &Context, permit: &Permit<ReportUsage>, items: Vec<Reported>) -> Result<()> {
        let asker = permit.asker().ok_or(Error::Forbidden)?;
        for item in items {
            let Some(pair) = self.look_up(item.access_key_id.as_str())? else { continue };
            if !asker.gateway.binding.contains(&pair.home.region) {
                continue;
            }
            self.plane.usage.note(&Heard {
                access_key_id: &item.access_key_id,
                // A gateway whose clock is ahead does not use keys in the future.
                at: item.last_used_at.min(context.now),
                gateway: Some(asker.gateway.name.as_str()),
                address: item.address,
                agent: item.agent.as_deref(),
                // What one gateway says once is bounded, so that no sum overflows.
                count: item.count.min(1_000_000_000),
            });
        }
        Ok(())
    }

    /// Writes down what has been counted. What cannot be written now is kept for the next time.
    pub fn write_down_usage(&self) -> Result<()> {
        let noted = self.plane.usage.take();
        let mut batches = noted.chunks(AT_ONCE);
        while let Some(batch) = batches.next() {
            if let Err(error) = self.record_usage(batch) {
                for used in batch.iter().chain(batches.flatten()) {
                    self.plane.usage.note(&used.into());
                }
                return Err(error);
            }
        }
        Ok(())
    }
}
