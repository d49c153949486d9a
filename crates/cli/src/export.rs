//! Long lists written to a file, page by page. What is written is on disk before it is remembered, and a file beside
//! the output remembers it: a command that was broken off goes on there, and writes nothing twice.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write, stdout};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::{files, progress};

/// Lines of one page, and where the next one begins.
pub(crate) struct Page {
    pub(crate) lines: Vec<u8>,
    pub(crate) count: u64,
    pub(crate) next: Option<String>,
}

/// How far an export has come.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    server: String,
    what: String,
    bytes: u64,
    count: u64,
    next: Option<String>,
}

/// Writes every page that `fetch` finds. `what` says which list this is, so that another one does not go on in its place.
pub(crate) fn run(
    context: &Context,
    what: &str,
    out: Option<&Path>,
    fetch: impl Fn(Option<&str>) -> Result<Page>,
) -> Result<()> {
    match out {
        Some(out) => to_file(context, what, out, fetch),
        None => to_standard_output(fetch),
    }
}

fn to_standard_output(fetch: impl Fn(Option<&str>) -> Result<Page>) -> Result<()> {
    let mut next = None;
    loop {
        let page = fetch(next.as_deref())?;
        if let Err(error) = stdout().write_all(&page.lines).and_then(|()| stdout().flush()) {
            // A reader that went away has had enough.
            let has_left = error.kind() == ErrorKind::BrokenPipe;
            let why = format!("standard output cannot be written: {error}");
            return if has_left { Ok(()) } else { Err(Failure::Local(why)) };
        }
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

fn to_file(context: &Context, what: &str, out: &Path, fetch: impl Fn(Option<&str>) -> Result<Page>) -> Result<()> {
    let beside = beside(out);
    let cannot = |error: std::io::Error| Failure::local(format!("{} cannot be written: {error}", out.display()));
    let (mut file, mut state) = match remembered(context, what, out, &beside)? {
        Some(state) => {
            context.output.remark(&format!("going on after {} lines", state.count));
            (resume(out, &state)?, state)
        }
        None => begin(context, what, out, &beside)?,
    };
    let bar = progress::counter(&context.output, "lines", state.count);
    loop {
        let page = fetch(state.next.as_deref())?;
        file.write_all(&page.lines).and_then(|()| file.sync_data()).map_err(cannot)?;
        state.bytes += page.lines.len() as u64;
        state.count += page.count;
        state.next = page.next;
        bar.set_position(state.count);
        if state.next.is_none() {
            break;
        }
        store(&beside, &state)?;
    }
    bar.finish_and_clear();
    fs::remove_file(&beside).map_err(cannot)?;
    context.output.remark(&format!("wrote {} lines to {}", state.count, out.display()));
    Ok(())
}

/// What an earlier command remembered of this export.
fn remembered(context: &Context, what: &str, out: &Path, beside: &Path) -> Result<Option<State>> {
    let text = match fs::read_to_string(beside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::local(format!("{} cannot be read: {error}", beside.display()))),
        Ok(text) => text,
    };
    let state: Option<State> = serde_json::from_str(&text).ok();
    match state {
        Some(state) if state.what == what && state.server == context.client.server() => Ok(Some(state)),
        _ => Err(Failure::local(format!(
            "{} is of another export: name another file, or remove it and {}",
            beside.display(),
            out.display()
        ))),
    }
}

/// The state is there before the file is: a file without a state is a whole one.
fn begin(context: &Context, what: &str, out: &Path, beside: &Path) -> Result<(File, State)> {
    if out.exists() {
        return Err(Failure::local(format!(
            "{} is there already, and is not overwritten: name another file",
            out.display()
        )));
    }
    let state = State { server: context.client.server().to_owned(), what: what.to_owned(), ..State::default() };
    store(beside, &state)?;
    Ok((resume(out, &state)?, state))
}

/// Behind what is remembered there may be half a page.
fn resume(out: &Path, state: &State) -> Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let cannot = |error: std::io::Error| Failure::local(format!("{} cannot be written: {error}", out.display()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(out).map_err(cannot)?;
    let length = file.metadata().map_err(cannot)?.len();
    if length < state.bytes {
        return Err(Failure::local(format!("{} is shorter than it was: remove it and its state", out.display())));
    }
    file.set_len(state.bytes).and_then(|()| file.seek(SeekFrom::Start(state.bytes))).map_err(cannot)?;
    Ok(file)
}

fn store(beside: &Path, state: &State) -> Result<()> {
    let text = serde_json::to_string(state).map_err(Failure::local)?;
    files::replace(beside, &text)
        .map_err(|error| Failure::local(format!("{} cannot be written: {error}", beside.display())))
}

/// `audit.ndjson.state`
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".state");
    name.into()
}
