//! Distributors and resellers, what is laid on them, and how they are stopped.

use chrono::TimeDelta;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Result;
use crate::options::{IfVersion, Limit, Stop};
use crate::output::{Column, Mode, say};
use crate::{operations, system};

const COLUMNS: &[Column] =
    &[("ID", "/id"), ("NAME", "/name"), ("STATUS", "/status"), ("ABOVE", "/parent_id"), ("MADE", "/created_at")];

#[derive(Subcommand)]
pub enum Partners {
    /// List partners, the oldest first.
    List {
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a partner and the guardrails that hold for it.
    Show { partner: String },
    /// Make a partner.
    #[command(after_help = "Example:\n  keyreeve partners create 'Nordic Cloud' --max-ttl 90d --require-expiry")]
    Create {
        name: String,
        /// The partner above.
        #[arg(long, value_name = "ID")]
        parent: Option<String>,
        #[command(flatten)]
        guardrails: Rules,
    },
    /// Change a partner's name.
    Change {
        partner: String,
        #[arg(long)]
        name: String,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Lay guardrails on a partner: all of them anew, so that what is not named is no longer limited on this level.
    #[command(after_help = "Examples:\n  \
        keyreeve partners guardrails ptr_01jd0000000000000000000000 --max-ttl 90d --allow-region waw3-1 --dry-run\n  \
        keyreeve partners guardrails ptr_01jd0000000000000000000000 --max-ttl 90d --allow-region waw3-1")]
    Guardrails {
        partner: String,
        #[command(flatten)]
        guardrails: Rules,
        /// Only say who would break them.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Stop a partner and everything below it, until it is resumed.
    Suspend {
        partner: String,
        #[command(flatten)]
        stop: Stop,
    },
    /// Let a suspended partner go on.
    Resume {
        partner: String,
        #[command(flatten)]
        stop: Stop,
    },
    /// Stop a partner and everything below it in an emergency. What would stop is shown first.
    #[command(after_help = "Examples:\n  \
        keyreeve partners emergency-stop ptr_01jd0000000000000000000000 --preview\n  \
        keyreeve partners emergency-stop ptr_01jd0000000000000000000000 --reason 'The portal token was published'")]
    EmergencyStop {
        partner: String,
        /// For the audit, and for everybody above the partner.
        #[arg(long, value_name = "TEXT", required_unless_present = "preview")]
        reason: Option<String>,
        /// Only say what would stop.
        #[arg(long)]
        preview: bool,
        #[command(flatten)]
        stop: Stop,
    },
    /// Take back an emergency stop: everything is as it was before.
    UndoEmergencyStop {
        partner: String,
        #[command(flatten)]
        stop: Stop,
    },
    /// Delete a partner that nothing is below.
    Delete {
        partner: String,
        #[command(flatten)]
        version: IfVersion,
    },
}

/// What holds for all customers of a partner and of those below it.
#[derive(Args)]
pub struct Rules {
    /// Keys expire within so long of their creation, such as 90d.
    #[arg(long, value_name = "DURATION", value_parser = system::duration)]
    max_ttl: Option<TimeDelta>,
    /// Keys have an expiry.
    #[arg(long)]
    require_expiry: bool,
    /// Keys name the buckets that they open.
    #[arg(long)]
    require_bucket_scope: bool,
    /// A region in which something new may begin; several may be named [default: all].
    #[arg(long = "allow-region", value_name = "CODE")]
    regions: Vec<String>,
    /// A key model under which something new may begin; several may be named [default: all].
    #[arg(long = "allow-key-model", value_name = "NAME")]
    key_models: Vec<String>,
    /// Keys of one tenant.
    #[arg(long, value_name = "COUNT")]
    max_keys_per_tenant: Option<u32>,
    /// Partners get claim links instead of secrets.
    #[arg(long)]
    hide_secrets: bool,
}

impl Rules {
    fn body(self) -> Value {
        let some = |texts: Vec<String>| Some(texts).filter(|texts| !texts.is_empty());
        json!({
            "max_ttl_seconds": self.max_ttl.map(|time| time.num_seconds()),
            "require_expiry": self.require_expiry,
            "require_bucket_scope": self.require_bucket_scope,
            "allowed_regions": some(self.regions),
            "allowed_key_models": some(self.key_models),
            "max_keys_per_tenant": self.max_keys_per_tenant,
            "partners_may_not_see_secrets": self.hide_secrets,
        })
    }
}

impl Partners {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { limit } => context.list(operations::list_partners(), &limit, COLUMNS),
            Self::Show { partner } => context.show(operations::read_partner().at(&partner)),
            Self::Create { name, parent, guardrails } => {
                let call = operations::create_partner().with("name", Some(name)).with("parent_id", parent);
                context.show(call.with("guardrails", Some(guardrails.body())))
            }
            Self::Change { partner, name, version } => {
                let call = operations::change_partner().at(&partner).with("name", Some(name));
                context.show(call.if_match(version.if_version))
            }
            Self::Guardrails { partner, guardrails, dry_run: true, .. } => dry_run(context, &partner, guardrails),
            Self::Guardrails { partner, guardrails, dry_run: false, version } => {
                let call = operations::change_partner().at(&partner).with("guardrails", Some(guardrails.body()));
                context.show(call.if_match(version.if_version))
            }
            Self::Suspend { partner, stop } => {
                context.confirm(&format!("Suspend {partner} and everything below it?"))?;
                context.stop(operations::suspend_partner().at(&partner), &stop, "suspended", None)
            }
            Self::Resume { partner, stop } => {
                context.stop(operations::resume_partner().at(&partner), &stop, "resumed", None)
            }
            Self::EmergencyStop { partner, preview: true, .. } => {
                context.show(operations::preview_emergency_stop().at(&partner))
            }
            Self::EmergencyStop { partner, reason, preview: false, stop } => {
                context.confirm(&what_stops(context, &partner)?)?;
                let call = operations::emergency_stop_partner().at(&partner).with("reason", reason);
                context.stop(call, &stop, "stopped", None)
            }
            Self::UndoEmergencyStop { partner, stop } => {
                context.stop(operations::undo_emergency_stop().at(&partner), &stop, "as it was before the stop", None)
            }
            Self::Delete { partner, version } => {
                context.confirm(&format!("Delete {partner}?"))?;
                context.remove(operations::delete_partner().at(&partner).if_match(version.if_version), &partner)
            }
        }
    }
}

/// The question before an emergency stop, with its preview in it.
fn what_stops(context: &Context, partner: &str) -> Result<String> {
    let call = operations::preview_emergency_stop().at(partner);
    let preview: wire::EmergencyStopPreview = context.client.send(&call)?.read()?;
    let wire::EmergencyStopPreview { partners, tenants, keys, tokens, sessions, .. } = preview;
    Ok(format!(
        "Stop {partner}? Partners: {partners}, tenants: {tenants}, keys: {keys}, tokens: {tokens}, sessions: {sessions}."
    ))
}

fn dry_run(context: &Context, partner: &str, guardrails: Rules) -> Result<()> {
    const RULES: &[Column] = &[("GUARDRAIL", "/guardrail"), ("TENANTS", "/tenants"), ("KEYS", "/keys")];
    const VIOLATORS: &[Column] =
        &[("GUARDRAIL", "/guardrail"), ("TENANT", "/tenant_id"), ("KEY", "/key_id"), ("REGION", "/region")];
    let call = operations::dry_run_guardrails().at(partner).with("guardrails", Some(guardrails.body()));
    let document = context.client.ask(call)?;
    if context.output.mode == Mode::Json {
        return context.output.show(&document);
    }
    let part = |name: &str| document.get(name).cloned().unwrap_or_default();
    context.output.list(&json!({"items": part("rules")}), RULES)?;
    if part("violators").as_array().is_some_and(|violators| !violators.is_empty()) {
        say("\n")?;
        context.output.list(&json!({"items": part("violators")}), VIOLATORS)?;
    }
    if part("truncated") == true {
        context.output.remark("and more: the first hundred are named");
    }
    Ok(())
}
