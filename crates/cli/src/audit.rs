//! The audit: read, exported, and verified without asking anybody.

mod chains;
mod checkpoints;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::audit::Head;
use domain::checkpoint::PublicKey;
use serde_json::json;

use crate::call::Call;
use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::export::{self, Page};
use crate::options::{Limit, Options};
use crate::output::{Column, Mode, Output, say};
use crate::owner::{Owner, Whose};
use crate::{operations, receipt, system};
use chains::Chains;
use checkpoints::{Checkpoints, Noted};

const COLUMNS: &[Column] = &[
    ("AT", "/at"),
    ("ACTION", "/action"),
    ("ACTOR", "/actor"),
    ("TARGET", "/target"),
    ("ADDRESS", "/address"),
    ("DETAILS", "/details"),
];

const CHECKPOINT_COLUMNS: &[Column] =
    &[("NUMBER", "/number"), ("AT", "/at"), ("KEY", "/key"), ("SIGNATURE", "/signature")];

#[derive(Subcommand)]
pub enum Audit {
    /// List what was done, the newest first.
    List {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        limit: Limit,
    },
    /// Write every event as a line of JSON, each chain from its beginning. Goes on where it was broken off.
    #[command(after_help = "Example:\n  keyreeve audit export --out audit.ndjson")]
    Export {
        /// File to write to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        filter: Filter,
    },
    /// List the signed checkpoints of the audit, the newest first, or write them all to a file, to be kept elsewhere.
    #[command(after_help = "Example:\n  keyreeve audit checkpoints --out checkpoints.ndjson")]
    Checkpoints {
        /// File to write to: each checkpoint as a line of JSON, from the first on.
        #[arg(long, value_name = "FILE", conflicts_with = "limit")]
        out: Option<PathBuf>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Find out from exports alone whether an event was changed, moved or removed. Asks no server.
    #[command(after_help = "Examples:\n  \
        keyreeve audit verify audit.ndjson\n  \
        keyreeve audit verify audit.ndjson --head platform:17:4f2a...   finds a missing end, too\n  \
        keyreeve audit verify later.ndjson --after platform:17:4f2a...  goes on where an earlier export ended\n  \
        keyreeve audit verify audit.ndjson --checkpoints checkpoints.ndjson --key d75a9801...\n  \
        \u{20}                                                 finds chains that were cut off or computed anew")]
    Verify(Verify),
}

#[derive(Args)]
pub struct Filter {
    #[command(flatten)]
    whose: Whose,
    /// Such as tenant.suspended.
    #[arg(long)]
    action: Option<String>,
    /// Id of whoever did it.
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Id of what it was done to.
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// Not before this moment.
    #[arg(long, value_name = "MOMENT", value_parser = system::past)]
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    #[arg(long, value_name = "MOMENT", value_parser = system::past)]
    to: Option<DateTime<Utc>>,
}

#[derive(Args)]
pub struct Verify {
    /// Exports, in order; - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where a chain has to end at least, as CHAIN:SEQUENCE:HASH; several may be named.
    #[arg(long = "head", value_name = "HEAD")]
    heads: Vec<Head>,
    /// What a chain goes on from, as CHAIN:SEQUENCE:HASH; several may be named.
    #[arg(long = "after", value_name = "HEAD")]
    after: Vec<Head>,
    /// Checkpoints that were kept elsewhere; the chains have to be those that they saw.
    #[arg(long, value_name = "FILE", requires = "keys")]
    checkpoints: Option<PathBuf>,
    /// Public key that signs the checkpoints, as it was noted once; several may be named.
    #[arg(long = "key", value_name = "KEY", value_parser = checkpoints::public_key, requires = "checkpoints")]
    keys: Vec<PublicKey>,
    /// A checkpoint that the log told of, as NUMBER:SIGNATURE: it has to be among them; several may be named.
    #[arg(long = "checkpoint", value_name = "CHECKPOINT", requires = "checkpoints")]
    noted: Vec<Noted>,
    /// Hold only this chain against the checkpoints, for an export that is not of the whole platform; several may be named.
    #[arg(long = "chain", value_name = "CHAIN", requires = "checkpoints")]
    only: Vec<String>,
}

impl Audit {
    pub(crate) fn run(self, options: &Options) -> Result<()> {
        match self {
            Self::List { filter, limit } => {
                let context = Context::of(options)?;
                context.list(filter.call(&context)?, &limit, COLUMNS)
            }
            Self::Export { out, filter } => {
                let context = Context::of(options)?;
                let call = filter.call(&context)?;
                let what = format!("audit {}", call.target());
                export::run(&context, &what, out.as_deref(), |next| page(&context, filter.call(&context)?, next))
            }
            Self::Checkpoints { out: None, limit } => {
                let context = Context::of(options)?;
                context.list(operations::list_audit_checkpoints(), &limit, CHECKPOINT_COLUMNS)
            }
            Self::Checkpoints { out, limit: _ } => {
                let context = Context::of(options)?;
                export::run(&context, "audit checkpoints", out.as_deref(), |next| {
                    page(&context, operations::list_audit_checkpoints(), next)
                })
            }
            Self::Verify(verify) => verify.run(&Output::of(options)),
        }
    }
}

impl Filter {
    fn call(&self, context: &Context) -> Result<Call> {
        let call = match self.whose.owner(context)? {
            Owner::Platform => operations::read_audit(),
            Owner::Partner(id) => operations::read_partner_audit().at(&id),
            Owner::Tenant(id) => operations::read_tenant_audit().at(&id),
        };
        Ok(call
            .query("action", self.action.as_ref())
            .query("actor", self.actor.as_ref())
            .query("target", self.target.as_ref())
            .query("from", self.from.map(receipt::moment))
            .query("to", self.to.map(receipt::moment)))
    }
}

/// As the server wrote it: the lines are not read here.
fn page(context: &Context, call: Call, next: Option<&str>) -> Result<Page> {
    let call = match next {
        Some(target) => call.going_on_at(target),
        None => call.query("limit", Some(500)),
    };
    let mut answer = context.client.send_wanting(&call, "application/x-ndjson")?;
    let lines = std::mem::take(&mut *answer.body);
    let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
    Ok(Page { lines, count, next: answer.next.take() })
}

impl Verify {
    fn run(self, output: &Output) -> Result<()> {
        let mut kept = self.checkpoints()?;
        let mut chains = Chains::after(self.after);
        for path in &self.files {
            each_line(path, |line| {
                let (head, at) = chains.take(line)?;
                if let Some(kept) = &mut kept {
                    kept.meet(&head, at);
                }
                Ok(())
            })?;
        }
        chains.reach(&self.heads).map_err(Failure::Altered)?;
        if let Some(kept) = &kept {
            agree(kept, &chains, &self.only)?;
        }
        report(&chains, kept.as_ref(), output)
    }

    fn checkpoints(&self) -> Result<Option<Checkpoints>> {
        let Some(path) = &self.checkpoints else { return Ok(None) };
        let mut kept = Checkpoints::signed_by(self.keys.clone());
        each_line(path, |line| kept.take(line))?;
        if kept.numbers().is_none() {
            return Err(Failure::Local(format!("{} holds no checkpoints", path.display())));
        }
        kept.include(&self.noted).map_err(|why| Failure::Altered(format!("{}: {why}", path.display())))?;
        Ok(Some(kept))
    }
}

/// What is wrong with a line is said with its place.
fn each_line(path: &Path, mut take: impl FnMut(&str) -> Result<(), String>) -> Result<()> {
    let shown = path.display().to_string();
    let cannot = |error: std::io::Error| Failure::local(format!("{shown} cannot be read: {error}"));
    let mut lines = BufReader::new(open(path).map_err(cannot)?);
    let mut line = String::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        if lines.read_line(&mut line).map_err(cannot)? == 0 {
            return Ok(());
        }
        number += 1;
        take(line.strip_suffix('\n').unwrap_or(&line))
            .map_err(|why| Failure::Altered(format!("{shown}, line {number}: {why}")))?;
    }
}

/// Fails with a sentence for each chain that is not what the checkpoints saw.
fn agree(kept: &Checkpoints, chains: &Chains, only: &[String]) -> Result<()> {
    let mut findings = kept.findings(chains, only);
    if findings.is_empty() {
        return Ok(());
    }
    let asked = if only.is_empty() { kept.chains() } else { only.len() };
    if let Some(others @ 1..) = asked.checked_sub(findings.len()) {
        findings.push(format!("of the others, {others}, every event is as the checkpoints saw it"));
    }
    Err(Failure::Altered(findings.join("\n")))
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    if path == Path::new("-") { Ok(Box::new(stdin())) } else { Ok(Box::new(File::open(path)?)) }
}

fn report(chains: &Chains, kept: Option<&Checkpoints>, output: &Output) -> Result<()> {
    let heads: Vec<String> = chains.heads().map(|head| head.to_string()).collect();
    if output.is_quiet {
        return Ok(());
    }
    let vouched = kept.and_then(|kept| Some((kept.numbers()?, kept.signed_of(chains))));
    if output.mode == Mode::Json {
        let kept = vouched.map(|((first, last), signed)| json!({"first": first, "last": last, "events": signed}));
        let document = json!({"events": chains.count(), "heads": heads, "checkpoints": kept});
        return output.show(&document);
    }
    if let Some(((first, last), signed)) = vouched {
        output
            .remark(&format!("Checkpoints {first} to {last} are as they were signed, and vouch for {signed} events."));
    }
    let of = if heads.len() == 1 { "1 chain" } else { &format!("{} chains", heads.len()) };
    output.remark(&format!("{} events in {of} are as they were written. Remember how they end:", chains.count()));
    if heads.is_empty() { Ok(()) } else { say(&heads.join("\n")) }
}
