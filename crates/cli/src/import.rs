//! Keys that were made elsewhere, brought along by the thousand: in batches, with a file beside the input that remembers
//! what has become of each line. Ended at any moment, the same command goes on: no line is lost and none imported twice.

mod journal;
mod lines;

use std::path::Path;
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::output::{Column, Mode};
use crate::{operations, progress, system};
use journal::{Journal, Outcome};
pub(crate) use lines::Place;
use lines::{Input, Item};

/// What one request may hold: items, bytes of a body of 64 KiB, and texts.
const MOST_ITEMS: usize = 100;
const MOST_BYTES: usize = 56 * 1024;
const MOST_TEXTS: usize = 6_000;

pub(crate) fn run(context: &Context, tenant: &str, path: &Path, place: &Place) -> Result<()> {
    // All of it is checked before any of it is sent: an input that makes no sense imports nothing.
    let input = Input::check(path, place)?;
    let mut journal = Journal::open(path, context.client.server(), tenant, &input.digest)?;
    if journal.done() > 0 {
        context.output.remark(&format!("going on after {} of {} keys", journal.done(), input.count));
    }
    let bar = progress::bar(&context.output, "keys", input.count as u64, journal.done() as u64);
    let mut batch = Vec::new();
    for item in input.items()?.skip(journal.done()) {
        let item = item?;
        if !fits(&batch, &item) {
            send(context, tenant, &std::mem::take(&mut batch), &mut journal, &bar)?;
        }
        batch.push(item);
    }
    if !batch.is_empty() {
        send(context, tenant, &batch, &mut journal, &bar)?;
    }
    bar.finish_and_clear();
    report(context, &input, journal)
}

/// Whether one more item goes into the same request; the first always does.
fn fits(batch: &[Item], next: &Item) -> bool {
    let sum = |of: fn(&Item) -> usize| batch.iter().map(of).sum::<usize>() + of(next);
    let is_within =
        batch.len() < MOST_ITEMS && sum(|item| item.bytes) <= MOST_BYTES && sum(|item| item.texts) <= MOST_TEXTS;
    batch.is_empty() || is_within
}

fn send(context: &Context, tenant: &str, batch: &[Item], journal: &mut Journal, bar: &ProgressBar) -> Result<()> {
    // A batch that began before and whose end nobody heard of may have been imported.
    let is_doubtful = journal.begin(batch.len())?;
    let items: Vec<Value> = batch.iter().map(|item| Value::Object(item.fields.clone())).collect();
    let call = operations::import_keys().at(tenant).with("items", Some(items));
    let (answer, is_doubtful) = sent(context, &call, is_doubtful)?;
    if answer.results.len() != batch.len() {
        return Err(Failure::local("the answer has not a result for each key: is that a Keyreeve?"));
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    for (item, result) in batch.iter().zip(answer.results) {
        let outcome = Outcome::of(item.line, result);
        outcomes.push(if is_doubtful { settled(context, tenant, item, outcome)? } else { outcome });
    }
    journal.end(outcomes)?;
    bar.inc(batch.len() as u64);
    Ok(())
}

/// Tries again while nobody answers. From then on nobody knows whether the first one arrived.
fn sent(context: &Context, call: &Call, mut is_doubtful: bool) -> Result<(wire::ImportedKeys, bool)> {
    const WAITS: [u64; 3] = [1, 2, 4];
    for seconds in WAITS {
        match context.client.send(call) {
            Err(Failure::Unreachable(_)) => {
                is_doubtful = true;
                system::wait(Duration::from_secs(seconds));
            }
            answer => return Ok((answer?.read()?, is_doubtful)),
        }
    }
    Ok((context.client.send(call)?.read()?, is_doubtful))
}

/// Of a pair that is refused because it is there already: if it is this tenant's, the attempt before imported it.
fn settled(context: &Context, tenant: &str, item: &Item, outcome: Outcome) -> Result<Outcome> {
    let is_taken = matches!(&outcome.problem, Some(problem) if problem.kind.ends_with("/access-key-id-taken"));
    let Some(id) = item.fields.get("access_key_id").and_then(Value::as_str).filter(|_| is_taken) else {
        return Ok(outcome);
    };
    let call = operations::list_keys().at(tenant).query("access_key_id", Some(id));
    let found = context.client.list(call, Some(1))?;
    let key = found.pointer("/items/0/id").and_then(Value::as_str).map(str::to_owned);
    Ok(match key {
        Some(key) => Outcome { line: outcome.line, key: Some(key), problem: None },
        None => outcome,
    })
}

fn report(context: &Context, input: &Input, journal: Journal) -> Result<()> {
    const COLUMNS: &[Column] = &[("LINE", "/line"), ("ACCESS KEY ID", "/access_key_id"), ("WHY", "/why")];
    let outcomes = journal.finish()?;
    let created = outcomes.iter().filter(|outcome| outcome.key.is_some()).count();
    let refused = outcomes.len() - created;
    if context.output.mode == Mode::Json && !context.output.is_quiet {
        let results = serde_json::to_value(&outcomes).map_err(Failure::local)?;
        context.output.show(&json!({"created": created, "refused": refused, "results": results}))?;
    } else if context.output.is_quiet {
        let ids: Vec<Value> =
            outcomes.iter().filter_map(|outcome| Some(json!({"id": outcome.key.as_ref()?}))).collect();
        context.output.list(&json!({"items": ids}), &[])?;
    } else if refused > 0 {
        let mut rows = Vec::new();
        for (item, outcome) in input.items()?.zip(&outcomes) {
            rows.extend(row(&item?.fields, outcome));
        }
        context.output.list(&json!({"items": rows}), COLUMNS)?;
    }
    context.output.remark(&format!("imported {created} of {} keys", outcomes.len()));
    if refused == 0 {
        Ok(())
    } else {
        Err(Failure::Partly(format!("{refused} of {} keys were refused", outcomes.len())))
    }
}

/// A refused line, for people.
fn row(fields: &Map<String, Value>, outcome: &Outcome) -> Option<Value> {
    let problem = outcome.problem.as_ref()?;
    let errors = problem.errors.iter().map(|error| format!(" {}: {}", error.pointer, error.detail)).collect::<String>();
    let id = fields.get("access_key_id").cloned().unwrap_or_default();
    Some(json!({"line": outcome.line, "access_key_id": id, "why": format!("{}{errors}", problem.detail)}))
}
