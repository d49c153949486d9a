//! What is left of a restore, as operators see it.

use domain::change::Change;
use domain::held_back::{self, Decision};
use service::quarantine::Quarantine;

pub(crate) fn quarantine(found: Quarantine) -> wire::Quarantine {
    wire::Quarantine {
        quarantined: found.epoch.quarantined.is_some(),
        epoch: found.epoch.number(),
        restored_at: found.epoch.restored_at,
        reason: found.epoch.quarantined,
        held_back: found.undecided,
    }
}

pub(crate) fn held_back(held: held_back::HeldBack) -> wire::HeldBack {
    wire::HeldBack {
        kind: match held.change {
            Change::Key(..) => wire::HeldBackKind::Key,
            Change::Tenant(_) => wire::HeldBackKind::Tenant,
            Change::Partner(_) => wire::HeldBackKind::Partner,
            Change::Gateway(_) => wire::HeldBackKind::Gateway,
            Change::Token(_) => wire::HeldBackKind::Token,
        },
        subject: held.change.subject().to_owned(),
        changed_at: held.changed_at,
        decision: held.decision.map(|decision| match decision {
            Decision::Released => wire::HeldBackDecision::Released,
            Decision::Confirmed => wire::HeldBackDecision::Confirmed,
        }),
    }
}
