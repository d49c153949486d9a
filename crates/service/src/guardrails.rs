//! The guardrails over one tenant, and who runs into them.

use authz::{Caller, OnTenant};
use domain::guardrails::{Binding, Broken};
use domain::partner::PartnerPath;
use persistence::{Reading, authentication};

use crate::error::{Error, Result};

pub(crate) struct Rails<'a> {
    binding: Binding,
    pub(crate) caller: &'a Caller,
}

impl<'a> Rails<'a> {
    pub(crate) fn over(permit: &impl OnTenant, db: &mut Reading<'_>, caller: &'a Caller) -> Result<Self> {
        let path = authentication::partners_on(db, permit.tenancy().partner.as_ref())?;
        Ok(Self { binding: Binding::of(&path), caller })
    }

    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Binding) -> Result<T, Broken>) -> Result<T> {
        question(&self.binding).map_err(|broken| refused(self.caller, &broken))
    }

    pub(crate) fn limit_the_number_of_keys(&self) -> bool {
        self.binding.effective().max_keys_per_tenant.is_some()
    }

    /// A partner that must not see secrets gets them as claim links. Everybody else sees what they have made.
    pub(crate) fn hide_secrets(&self) -> bool {
        self.ask_for_secrets().is_err()
    }

    pub(crate) fn ask_for_secrets(&self) -> Result<()> {
        match self.caller {
            Caller::Partner(..) => self.ask(Binding::agree_to_partners_seeing_secrets),
            Caller::Operator(_) | Caller::Tenant(..) | Caller::User(_) | Caller::Gateway(_) => Ok(()),
        }
    }
}

fn refused(caller: &Caller, broken: &Broken) -> Error {
    Error::Guardrail { guardrail: broken.guardrail, detail: sentence(caller, broken) }
}

/// Says on whom it was laid only to those who may know of that partner.
pub(crate) fn sentence(caller: &Caller, broken: &Broken) -> String {
    let whose = if may_know(caller, &broken.set_on) {
        format!("the partner {}", broken.set_on.leaf())
    } else {
        "a partner above".to_owned()
    };
    format!("{} That is the guardrail {} of {whose}.", broken.rule, broken.guardrail.as_str())
}

fn may_know(caller: &Caller, partner: &PartnerPath) -> bool {
    match caller {
        Caller::Operator(_) => true,
        Caller::Partner(_, own) => own.covers(partner),
        Caller::Tenant(..) | Caller::User(_) | Caller::Gateway(_) => false,
    }
}
