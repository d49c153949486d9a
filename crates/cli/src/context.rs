//! What every command has at hand: the server, the output, and what holds unless a flag says otherwise.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use wire::{Receipt, ReceiptState};

use crate::call::Call;
use crate::client::{Answer, Client};
use crate::exit::{Failure, Result};
use crate::options::{Limit, OfTenant, Options, Stop};
use crate::output::{Column, Mode, Output, id_of, say};
use crate::profile::Chosen;
use crate::{operations, receipt, system, terminal};

pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) output: Output,
    yes: bool,
    tenant: Option<String>,
}

impl Context {
    pub(crate) fn of(options: &Options) -> Result<Self> {
        let chosen = Chosen::by(options)?;
        let output = Output { mode: chosen.output, is_quiet: options.quiet };
        Ok(Self { client: Client::of(&chosen)?, output, yes: options.yes, tenant: chosen.tenant })
    }

    /// Which tenant is meant: the one that was named, or else the one whoever asks belongs to.
    pub(crate) fn tenant(&self, named: &OfTenant) -> Result<String> {
        if let Some(tenant) = named.tenant.clone().or_else(|| self.usual_tenant()) {
            return Ok(tenant);
        }
        let me: wire::Me = self.client.send(&operations::read_me())?.read()?;
        me.tenant_id.ok_or_else(|| {
            Failure::Usage(format!("which tenant? Name it with --tenant, {}, or in the profile", system::TENANT))
        })
    }

    /// The one that nobody has to name, as far as this machine knows.
    pub(crate) fn usual_tenant(&self) -> Option<String> {
        self.tenant.clone().or_else(|| self.client.stored_tenant())
    }

    pub(crate) fn show(&self, call: Call) -> Result<()> {
        self.output.show(&self.client.ask(call)?)
    }

    pub(crate) fn list(&self, call: Call, limit: &Limit, columns: &[Column]) -> Result<()> {
        self.output.list(&self.client.list(call, limit.limit)?, columns)
    }

    /// Something with nothing to show for it.
    pub(crate) fn remove(&self, call: Call, what: &str) -> Result<()> {
        self.client.send(&call)?;
        self.output.remark(&format!("{what} is gone"));
        Ok(())
    }

    /// Something that answers with a receipt. `again` asks for that receipt anew, where it can be.
    pub(crate) fn stop(&self, call: Call, stop: &Stop, done: &str, again: Option<&dyn Fn() -> Call>) -> Result<()> {
        let answer = self.client.send(&call.if_match(stop.version.if_version))?;
        let mut document = answer.document()?;
        let receipt = receipt_in(&document)?;
        let mut words = receipt::in_words(&receipt);
        if stop.wait && receipt.state == ReceiptState::Pending {
            self.output.remark(&words);
            words = match self.await_confirmation(&receipt, &answer, again)? {
                Some(confirmed) => {
                    let words = receipt::in_words(&confirmed);
                    if let Some(place) = document.get_mut("receipt") {
                        *place = serde_json::to_value(&confirmed).map_err(Failure::local)?;
                    }
                    words
                }
                None => format!(
                    "In force everywhere since {}: the last lease has run out.",
                    receipt::moment(receipt.effective_at)
                ),
            };
        }
        if self.output.is_quiet || self.output.mode == Mode::Json {
            return self.output.show(&document);
        }
        say(&format!("{} is {done}.\n{words}", id_of(&document).unwrap_or_default()))
    }

    pub(crate) fn confirm(&self, question: &str) -> Result<()> {
        terminal::confirm(question, self.yes)
    }

    /// Waits until everybody has confirmed. None if that did not come, and the last lease that was waited for has run out.
    fn await_confirmation(
        &self,
        pending: &Receipt,
        answer: &Answer,
        again: Option<&dyn Fn() -> Call>,
    ) -> Result<Option<Receipt>> {
        const BETWEEN: Duration = Duration::from_millis(500);
        // By the server's clock, which says whole seconds.
        let server_now = answer.date.unwrap_or_else(system::now);
        let mut left = pending.effective_at - server_now + TimeDelta::seconds(1);
        while left > TimeDelta::zero() {
            system::wait(BETWEEN);
            left -= TimeDelta::milliseconds(500);
            let Some(again) = again else { continue };
            match self.client.send(&again()).and_then(|answer| answer.read::<Receipt>()) {
                Ok(receipt) if receipt.state == ReceiptState::Confirmed => return Ok(Some(receipt)),
                // It went together with what it is about, or the server has trouble: the lease ends all the same.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(None)
    }
}

pub(crate) fn receipt_in(document: &Value) -> Result<Receipt> {
    let receipt = document.get("receipt").cloned().unwrap_or_default();
    serde_json::from_value(receipt).map_err(|_| Failure::Local("the answer holds no receipt".to_owned()))
}
