//! A key as one would keep it on paper: a row for every pair, a few marks, times as plain numbers. Nothing clever, so
//! that it is easy to believe.

use chrono::{DateTime, TimeDelta};
use keyreeve_domain::key::{Feature, Refused};
use keyreeve_domain::key_model::{Delete, Revoke};
use keyreeve_domain::liveness::Dead;

/// Microseconds since the key was made.
pub(crate) type Micros = i64;

pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const NEVER: Micros = Micros::MAX;

/// Those switches of a key model that the lifecycle asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub reset: bool,
    pub max_grace: Option<Micros>,
    pub revoke: Revoke,
    pub delete: Delete,
    pub max_ttl: Micros,
}

impl Rules {
    pub(crate) const LOOSE: Self = Self {
        reset: true,
        max_grace: Some(30 * 86_400 * SECOND),
        revoke: Revoke::KeepsHistory,
        delete: Delete::Allowed,
        max_ttl: NEVER,
    };
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Reset,
    Rotate { at_most: Micros, quiet_for: Option<Micros> },
    Retire,
    Disable,
    Enable,
    Expire { at: Micros },
    Revoke,
    Delete,
}

pub(crate) struct NaiveKey {
    pub pairs: Vec<NaivePair>,
    pub disabled: bool,
    pub revoked: bool,
    pub expires_at: Micros,
}

pub(crate) struct NaivePair {
    pub killed: bool,
    pub dies_at: Micros,
}

impl NaiveKey {
    pub(crate) fn new() -> Self {
        Self {
            pairs: vec![NaivePair { killed: false, dies_at: NEVER }],
            disabled: false,
            revoked: false,
            expires_at: NEVER,
        }
    }

    pub(crate) fn take(&mut self, step: Step, rules: &Rules, now: Micros) -> Result<(), Refused> {
        self.ask_the_model(step, rules)?;
        if !matches!(step, Step::Delete) && self.revoked {
            return Err(Refused::Revoked);
        }
        if !matches!(step, Step::Delete | Step::Revoke) && self.expires_at <= now {
            return Err(Refused::Expired);
        }

        match step {
            Step::Reset => {
                for pair in &mut self.pairs {
                    pair.killed = true;
                }
                self.pairs.push(NaivePair { killed: false, dies_at: NEVER });
            }
            Step::Rotate { at_most, .. } => {
                for pair in &mut self.pairs {
                    if pair.dies_at != NEVER {
                        pair.killed = true;
                    }
                    pair.dies_at = now + at_most;
                }
                self.pairs.push(NaivePair { killed: false, dies_at: NEVER });
            }
            Step::Retire => {
                let mut retired = 0;
                for pair in &mut self.pairs {
                    if !pair.killed && pair.dies_at != NEVER && pair.dies_at > now {
                        pair.killed = true;
                        retired += 1;
                    }
                }
                if retired == 0 {
                    return Err(Refused::NothingRetires);
                }
            }
            Step::Disable if self.disabled => return Err(Refused::AlreadyDisabled),
            Step::Disable => self.disabled = true,
            Step::Enable if !self.disabled => return Err(Refused::NotDisabled),
            Step::Enable => self.disabled = false,
            Step::Expire { at } if at == self.expires_at => {}
            Step::Expire { at } if at <= now => return Err(Refused::ExpiryNotAhead),
            Step::Expire { at } if at > self.expires_at && at > rules.max_ttl => {
                let latest = DateTime::UNIX_EPOCH + TimeDelta::microseconds(rules.max_ttl);
                return Err(Refused::ExpiryTooLate { latest });
            }
            Step::Expire { at } => self.expires_at = at,
            Step::Revoke => self.revoked = true,
            Step::Delete => {}
        }
        Ok(())
    }

    fn ask_the_model(&self, step: Step, rules: &Rules) -> Result<(), Refused> {
        let forbidden = |feature| Err(Refused::ModelForbids(feature));
        match step {
            Step::Reset if !rules.reset => forbidden(Feature::Reset),
            Step::Rotate { at_most, .. } => match rules.max_grace {
                None => forbidden(Feature::Rotate),
                Some(most) if at_most > most => Err(Refused::GraceTooLong { most: TimeDelta::microseconds(most) }),
                Some(_) => Ok(()),
            },
            Step::Revoke if rules.revoke == Revoke::Off => forbidden(Feature::Revoke),
            Step::Delete => match rules.delete {
                Delete::Allowed => Ok(()),
                Delete::AfterRevoke if self.revoked => Ok(()),
                Delete::AfterRevoke => Err(Refused::RevokeFirst),
                Delete::Forbidden => forbidden(Feature::Delete),
            },
            Step::Reset | Step::Retire | Step::Disable | Step::Enable | Step::Expire { .. } | Step::Revoke => Ok(()),
        }
    }

    pub(crate) fn verdict(&self, pair: &NaivePair, at: Micros) -> Result<(), Dead> {
        if self.revoked {
            Err(Dead::Revoked)
        } else if self.expires_at <= at {
            Err(Dead::Expired)
        } else if self.disabled {
            Err(Dead::Disabled)
        } else if pair.killed || pair.dies_at <= at {
            Err(Dead::Retired)
        } else {
            Ok(())
        }
    }

    /// The moments from now on at which time alone changes something, the next one first.
    pub(crate) fn ends_ahead(&self, now: Micros) -> Vec<Micros> {
        let ends = self.pairs.iter().map(|pair| pair.dies_at).chain([self.expires_at]);
        let mut ahead: Vec<_> = ends.filter(|end| *end > now && *end != NEVER).collect();
        ahead.sort_unstable();
        ahead
    }
}
