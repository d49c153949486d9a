//! Guardrails are laid on a partner from above: whoever could set its own could take it off again.

use authz::action::DryRunGuardrails;
use authz::{Caller, Permit};
use domain::Timestamp;
use domain::guardrails::{Binding, Guardrail, Guardrails};
use domain::id::PartnerId;
use domain::partner::PartnerPath;
use persistence::violations::{self, Violations};
use persistence::{Reading, authentication, key_models, regions};

use crate::context::Context;
use crate::error::{Error, Result, Violation};
use crate::guardrails::sentence;
use crate::service::Service;

/// How many violators are named.
const NAMED: usize = 100;

/// What would be forbidden of what there is, guardrail by guardrail.
pub struct DryRun {
    pub partner: PartnerId,
    pub at: Timestamp,
    pub rules: Vec<(Guardrail, Violations)>,
    /// There are more violators than are named.
    pub is_cut: bool,
}

/// Changes nothing. Guardrails that would be refused are refused here, too.
pub fn dry_run(
    service: &Service,
    context: &Context,
    permit: &Permit<DryRunGuardrails>,
    guardrails: &Guardrails,
) -> Result<DryRun> {
    use authz::OnPartner;
    service.read(|db| {
        check(db, permit.caller(), permit.path().parent_path().as_ref(), guardrails)?;
        let (mut rules, mut named, mut is_cut) = (Vec::new(), 0, false);
        for guardrail in Guardrail::ALL.into_iter().filter(|guardrail| guardrails.say(*guardrail)) {
            let most = NAMED - named;
            // One more than is shown tells whether there are more.
            let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
            let mut found = violations::of(permit, db, context.now, guardrails, guardrail, limit)?;
            is_cut |= found.first.len() > most;
            found.first.truncate(most);
            named += found.first.len();
            rules.push((guardrail, found));
        }
        Ok(DryRun { partner: permit.partner().clone(), at: context.now, rules, is_cut })
    })
}

/// Refuses what names nothing, and what is looser than what holds above.
pub(super) fn check(
    db: &mut Reading<'_>,
    caller: &Caller,
    above: Option<&PartnerPath>,
    guardrails: &Guardrails,
) -> Result<()> {
    let mut unknown = Vec::new();
    let violation = |guardrail: Guardrail, index: usize, what: &str| Violation {
        pointer: format!("{}/{index}", pointer(guardrail)),
        detail: format!("There is no {what}."),
    };
    for (index, code) in guardrails.allowed_regions.iter().flatten().enumerate() {
        if regions::find(db, code)?.is_none() {
            unknown.push(violation(Guardrail::AllowedRegions, index, &format!("region {code}")));
        }
    }
    for (index, name) in guardrails.allowed_key_models.iter().flatten().enumerate() {
        if key_models::find(db, name)?.is_none() {
            unknown.push(violation(Guardrail::AllowedKeyModels, index, &format!("key model {name}")));
        }
    }
    if !unknown.is_empty() {
        return Err(Error::Invalid(unknown));
    }
    let looser = Binding::of(&authentication::partners_on(db, above)?).refuse_looser(guardrails);
    let looser = looser.iter();
    let looser: Vec<_> = looser
        .map(|looser| Violation { pointer: pointer(looser.guardrail), detail: sentence(caller, looser) })
        .collect();
    if looser.is_empty() { Ok(()) } else { Err(Error::LooserGuardrail(looser)) }
}

fn pointer(guardrail: Guardrail) -> String {
    format!("/guardrails/{}", guardrail.as_str())
}

/// For the audit.
pub(super) fn details(guardrails: &Guardrails) -> Vec<(&'static str, String)> {
    let said = Guardrail::ALL.into_iter().filter(|guardrail| guardrails.say(*guardrail));
    said.map(|guardrail| (guardrail.as_str(), guardrails.sentence(guardrail))).collect()
}
