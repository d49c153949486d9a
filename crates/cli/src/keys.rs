//! S3 keys: everything that becomes of them.

mod terms;

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use crate::call::Call;
use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::handing::Handing;
use crate::options::{IfVersion, Limit, OfTenant, Stop};
use crate::output::{Column, Mode, say};
use crate::receipt;
use crate::{export, import, operations, system};
use terms::{ChangedTerms, Terms};

pub(crate) const COLUMNS: &[Column] = &[
    ("ID", "/id"),
    ("LABEL", "/label"),
    ("ACCESS KEY ID", "/access_key_id"),
    ("REGION", "/region"),
    ("STATUS", "/status"),
    ("BUCKETS", "/buckets"),
    ("EXPIRES", "/expires_at"),
    ("LAST USED", "/last_used_at"),
];

#[derive(Subcommand)]
pub enum Keys {
    /// List keys, the oldest first.
    List {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a key; its secret cannot be shown again.
    Show(Named),
    /// Make a key. Its secret is shown once.
    #[command(after_help = "Examples:\n  \
        keyreeve keys create --region waw3-1 --label 'Production API' --format env --out production.env\n  \
        keyreeve keys create --region waw3-1 --label Backups --bucket backups --permission read --permission list")]
    Create(Create),
    /// Change what a key may do. What is not named stays as it is.
    Change(Change),
    /// Give a key a new pair; the old one is dead at once.
    Reset {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        handing: Handing,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Give a key a new pair; the old one goes on for a while.
    #[command(after_help = "Examples:\n  \
        keyreeve keys rotate key_01jd0000000000000000000000 --grace 24h --format env --out new.env\n  \
        keyreeve keys rotate key_01jd0000000000000000000000 --when-quiet-for 1h --at-most 7d --format env --out new.env")]
    Rotate(Rotate),
    /// Stop a key for good, keeping its history.
    Revoke(Stopping),
    /// Stop a key until it is enabled.
    Disable(Stopping),
    /// Let a disabled key go on.
    Enable(Stopping),
    /// Delete a key for good.
    Delete(Stopping),
    /// Say who has confirmed the newest change of a key.
    Receipt(Named),
    /// Say who still uses a key, and which of its pairs.
    Usage(Named),
    /// Say step by step why an access key id works or does not.
    Explain {
        access_key_id: String,
        /// At a moment gone by, such as 2026-11-20T15:04:05Z.
        #[arg(long, value_name = "MOMENT", value_parser = system::past)]
        at: Option<DateTime<Utc>>,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Bring keys along that were made elsewhere, from lines of JSON or a table. Goes on where it was broken off.
    #[command(after_help = "Examples:\n  \
        keyreeve keys import keys.ndjson --region waw3-1\n  \
        keyreeve keys import keys.csv\n\n\
        A line: {\"access_key_id\": \"...\", \"secret_access_key\": \"...\", \"label\": \"...\"}\n\
        A table has a heading with the same names; several values in one cell stand between semicolons.")]
    Import {
        /// File that ends with .csv for a table, with anything else for lines of JSON.
        file: PathBuf,
        /// Where those go that name no place.
        #[arg(long, value_name = "CODE")]
        region: Option<String>,
        /// The same, where there may be several storage instances.
        #[arg(long, value_name = "ID", conflicts_with = "region")]
        instance: Option<String>,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Write all keys as lines of JSON, without secrets. Goes on where it was broken off.
    #[command(after_help = "Example:\n  keyreeve keys export --out keys.ndjson")]
    Export {
        /// File to write to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        filter: Filter,
    },
    /// Make a link for whoever a key is for: it shows the secret once.
    Claim {
        #[command(flatten)]
        named: Named,
        /// How long the link waits to be opened, such as 7d.
        #[arg(long, value_name = "DURATION", value_parser = system::duration)]
        expires_in: Option<TimeDelta>,
        #[command(flatten)]
        version: IfVersion,
    },
}

/// One key.
#[derive(Args)]
pub struct Named {
    key: String,
    #[command(flatten)]
    tenant: OfTenant,
}

/// One key, to be stopped or let go again.
#[derive(Args)]
pub struct Stopping {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    stop: Stop,
}

#[derive(Args)]
pub struct Filter {
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// active, disabled, revoked or expired.
    #[arg(long)]
    status: Option<String>,
    #[arg(long)]
    label: Option<String>,
    /// Keys that name this bucket.
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    #[arg(long, value_name = "ID")]
    access_key_id: Option<String>,
    /// Keys whose current pair is older than so many days.
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
    #[command(flatten)]
    tenant: OfTenant,
}

#[derive(Args)]
pub struct Create {
    /// Where, if the tenant has one storage instance there.
    #[arg(long, value_name = "CODE", required_unless_present = "instance")]
    region: Option<String>,
    /// The storage instance; needed where there may be several.
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    tenant: OfTenant,
    #[command(flatten)]
    handing: Handing,
}

#[derive(Args)]
pub struct Change {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    terms: ChangedTerms,
    #[command(flatten)]
    version: IfVersion,
}

#[derive(Args)]
pub struct Rotate {
    #[command(flatten)]
    named: Named,
    /// How long the old pair goes on.
    #[arg(long, value_name = "DURATION", value_parser = system::duration, required_unless_present = "when_quiet_for")]
    grace: Option<TimeDelta>,
    /// The old pair goes on until nobody has used it for so long.
    #[arg(long, value_name = "DURATION", value_parser = system::duration, conflicts_with = "grace", requires = "at_most")]
    when_quiet_for: Option<TimeDelta>,
    /// The longest wait for silence.
    #[arg(long, value_name = "DURATION", value_parser = system::duration, requires = "when_quiet_for")]
    at_most: Option<TimeDelta>,
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    version: IfVersion,
}

impl Keys {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { filter, limit } => context.list(filter.call(context)?, &limit, COLUMNS),
            Self::Show(named) => context.show(named.call(context, operations::read_key())?),
            Self::Create(create) => create.run(context),
            Self::Change(change) => {
                let call = change.terms.in_body_of(change.named.call(context, operations::change_key())?);
                context.show(call.if_match(change.version.if_version))
            }
            Self::Reset { named, handing, version } => {
                context.confirm(&format!("Reset {}? Its pair is dead at once.", named.key))?;
                let call = named.call(context, operations::reset_key())?;
                make(context, call.if_match(version.if_version), &handing)
            }
            Self::Rotate(rotate) => rotate.run(context),
            Self::Revoke(stopping) => {
                context.confirm(&format!("Revoke {} for good?", stopping.named.key))?;
                stopping.run(context, operations::revoke_key, "revoked")
            }
            Self::Disable(stopping) => {
                context.confirm(&format!("Disable {}?", stopping.named.key))?;
                stopping.run(context, operations::disable_key, "disabled")
            }
            Self::Enable(stopping) => stopping.run(context, operations::enable_key, "enabled"),
            Self::Delete(stopping) => {
                context.confirm(&format!("Delete {} for good?", stopping.named.key))?;
                stopping.run(context, operations::delete_key, "deleted")
            }
            Self::Receipt(named) => show_receipt(context, &named),
            Self::Usage(named) => context.show(named.call(context, operations::read_key_usage())?),
            Self::Explain { access_key_id, at, tenant } => {
                let call = operations::explain_key()
                    .at(&context.tenant(&tenant)?)
                    .with("access_key_id", Some(access_key_id))
                    .with("at", at.map(receipt::moment));
                explain(context, call)
            }
            Self::Import { file, region, instance, tenant } => {
                import::run(context, &context.tenant(&tenant)?, &file, &import::Place { region, instance })
            }
            Self::Export { out, filter } => {
                let what = format!("keys {}", filter.call(context)?.target());
                export::run(context, &what, out.as_deref(), |cursor| page(context, filter.call(context)?, cursor))
            }
            Self::Claim { named, expires_in, version } => {
                if context.output.is_quiet {
                    return Err(Failure::Usage(
                        "with --quiet the link would be lost, and there is only one".to_owned(),
                    ));
                }
                let call = named.call(context, operations::create_claim())?;
                let seconds = expires_in.map(|time| time.num_seconds());
                context.show(call.with("expires_in_seconds", seconds).if_match(version.if_version))
            }
        }
    }
}

impl Named {
    fn call(&self, context: &Context, call: Call) -> Result<Call> {
        Ok(call.at(&context.tenant(&self.tenant)?).at(&self.key))
    }
}

impl Stopping {
    fn run(&self, context: &Context, operation: fn() -> Call, done: &str) -> Result<()> {
        let tenant = context.tenant(&self.named.tenant)?;
        let again = || operations::read_key_propagation().at(&tenant).at(&self.named.key);
        context.stop(operation().at(&tenant).at(&self.named.key), &self.stop, done, Some(&again))
    }
}

impl Filter {
    pub(crate) fn call(&self, context: &Context) -> Result<Call> {
        let call = operations::list_keys().at(&context.tenant(&self.tenant)?);
        Ok(call
            .query("region", self.region.as_ref())
            .query("instance", self.instance.as_ref())
            .query("status", self.status.as_ref())
            .query("label", self.label.as_ref())
            .query("bucket", self.bucket.as_ref())
            .query("access_key_id", self.access_key_id.as_ref())
            .query("older_than_days", self.older_than))
    }
}

impl Create {
    fn run(self, context: &Context) -> Result<()> {
        let call = operations::create_key()
            .at(&context.tenant(&self.tenant)?)
            .with("region", self.region.filter(|_| self.instance.is_none()))
            .with("instance", self.instance);
        make(context, self.terms.in_body_of(call), &self.handing)
    }
}

impl Rotate {
    fn run(self, context: &Context) -> Result<()> {
        let seconds = |time: Option<TimeDelta>| time.map(|time| time.num_seconds());
        let call = self
            .named
            .call(context, operations::rotate_key())?
            .with("grace_seconds", seconds(self.grace))
            .with("retire_when_quiet_for_seconds", seconds(self.when_quiet_for))
            .with("at_most_seconds", seconds(self.at_most));
        make(context, call.if_match(self.version.if_version), &self.handing)
    }
}

/// Something that answers with a new pair.
fn make(context: &Context, call: Call, handing: &Handing) -> Result<()> {
    let place = handing.prepare(&context.output)?;
    let document = context.client.ask(call)?;
    place.hand(&document, &context.output)?;
    if let Some(receipt) = document.get("receipt").and_then(|receipt| serde_json::from_value(receipt.clone()).ok()) {
        context.output.remark(&receipt::in_words(&receipt));
    }
    Ok(())
}

fn show_receipt(context: &Context, named: &Named) -> Result<()> {
    let document = context.client.ask(named.call(context, operations::read_key_propagation())?)?;
    if context.output.mode == Mode::Json {
        return context.output.show(&document);
    }
    let receipt = serde_json::from_value(document).map_err(|_| Failure::local("the answer holds no receipt"))?;
    say(&receipt::in_words(&receipt))
}

fn explain(context: &Context, call: Call) -> Result<()> {
    const STEPS: &[Column] = &[("CHECK", "/check"), ("PASSED", "/passed"), ("", "/detail")];
    let document = context.client.ask(call)?;
    if context.output.mode == Mode::Json || context.output.is_quiet {
        return context.output.show(&document);
    }
    let text = |name: &str| document.get(name).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
    say(&format!("decision  {}\nreason    {}\nat        {}\n", text("decision"), text("reason"), text("at")))?;
    let steps = document.get("steps").cloned().unwrap_or_default();
    context.output.list(&serde_json::json!({"items": steps}), STEPS)
}

/// A page of the list, a key on each line.
fn page(context: &Context, call: Call, cursor: Option<&str>) -> Result<export::Page> {
    let document = context.client.ask(call.query("limit", Some(500)).query("cursor", cursor))?;
    let items = document.get("items").and_then(|items| items.as_array()).map(Vec::as_slice).unwrap_or_default();
    let next = document.get("next_cursor").and_then(|cursor| cursor.as_str()).map(str::to_owned);
    let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
    Ok(export::Page { lines: lines.into_bytes(), count: items.len() as u64, next })
}
