//! What gateways ask. A verdict about a client is always 200; anything else is trouble between the gateway and us.

mod authorize;
mod changes;
mod issue;
mod verify;

pub(crate) use authorize::{AUTHORIZE, authorize_forwarded, authorize_request};
pub(crate) use changes::{follow_changes, report_usage};
pub(crate) use issue::{issue_secret, issue_signing_keys};
pub(crate) use verify::{verify_request, verify_requests};
