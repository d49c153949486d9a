//! The audit: read, exported, and verified without asking anybody.

mod chains;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use crate::call::Call;
use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::export::{self, Page};
use crate::options::{Limit, Options};
use crate::output::{Column, Mode, Output, say};
use crate::owner::{Owner, Whose};
use crate::{operations, receipt, system};
use chains::{Chains, Head};

const COLUMNS: &[Column] = &[
    ("AT", "/at"),
    ("ACTION", "/action"),
    ("ACTOR", "/actor"),
    ("TARGET", "/target"),
    ("ADDRESS", "/address"),
    ("DETAILS", "/details"),
];

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
    /// Find out from exports alone whether an event was changed, moved or removed. Asks no server.
    #[command(after_help = "Examples:\n  \
        keyreeve audit verify audit.ndjson\n  \
        keyreeve audit verify audit.ndjson --head platform:17:4f2a...   finds a missing end, too\n  \
        keyreeve audit verify later.ndjson --after platform:17:4f2a...  goes on where an earlier export ended")]
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
        let mut chains = Chains::after(self.after);
        for path in &self.files {
            let shown = path.display().to_string();
            let cannot = |error: std::io::Error| Failure::local(format!("{shown} cannot be read: {error}"));
            let mut lines = BufReader::new(open(path).map_err(cannot)?);
            let mut line = String::new();
            let mut number = 0_u64;
            loop {
                line.clear();
                if lines.read_line(&mut line).map_err(cannot)? == 0 {
                    break;
                }
                number += 1;
                chains
                    .take(line.strip_suffix('\n').unwrap_or(&line))
                    .map_err(|why| Failure::Altered(format!("{shown}, line {number}: {why}")))?;
            }
        }
        chains.reach(&self.heads).map_err(Failure::Altered)?;
        report(&chains, output)
    }
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    if path == Path::new("-") { Ok(Box::new(stdin())) } else { Ok(Box::new(File::open(path)?)) }
}

fn report(chains: &Chains, output: &Output) -> Result<()> {
    let heads: Vec<String> = chains.heads().map(|head| head.to_string()).collect();
    if output.is_quiet {
        return Ok(());
    }
    if output.mode == Mode::Json {
        let document = serde_json::json!({"events": chains.count(), "heads": heads});
        return output.show(&document);
    }
    let of = if heads.len() == 1 { "1 chain" } else { &format!("{} chains", heads.len()) };
    output.remark(&format!("{} events in {of} are as they were written. Remember how they end:", chains.count()));
    if heads.is_empty() { Ok(()) } else { say(&heads.join("\n")) }
}
