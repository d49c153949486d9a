//! What a key is called, and what it may do.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::call::Call;
use crate::{receipt, system};

/// Of a new key.
#[derive(Args)]
pub(super) struct Terms {
    #[arg(long)]
    label: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// A bucket that it opens; several may be named [default: all].
    #[arg(long = "bucket", value_name = "NAME")]
    buckets: Vec<String>,
    /// How names of objects begin that it may touch; several may be named [default: all].
    #[arg(long = "prefix", value_name = "TEXT")]
    prefixes: Vec<String>,
    /// read, write, list or delete; several may be named [default: all].
    #[arg(long = "permission", value_name = "NAME")]
    permissions: Vec<String>,
    /// A network it may be used from, such as 203.0.113.0/24; several may be named [default: anywhere].
    #[arg(long = "allow-from", value_name = "NETWORK")]
    allowed_addresses: Vec<String>,
    /// When it ends: a moment, or a time from now such as 90d [default: as the key model says].
    #[arg(long, value_name = "MOMENT", value_parser = system::moment)]
    expires: Option<DateTime<Utc>>,
}

/// Of a key that is there: what is named takes the place of what was.
#[derive(Args)]
pub(super) struct ChangedTerms {
    /// An empty one takes it away.
    #[arg(long)]
    label: Option<String>,
    /// An empty one takes it away.
    #[arg(long)]
    description: Option<String>,
    /// A bucket that it opens; several may be named.
    #[arg(long = "bucket", value_name = "NAME", conflicts_with = "all_buckets")]
    buckets: Vec<String>,
    /// It opens every bucket.
    #[arg(long)]
    all_buckets: bool,
    /// How names of objects begin that it may touch; several may be named, and an empty one allows all.
    #[arg(long = "prefix", value_name = "TEXT")]
    prefixes: Vec<String>,
    /// read, write, list or delete; several may be named.
    #[arg(long = "permission", value_name = "NAME")]
    permissions: Vec<String>,
    /// A network it may be used from; several may be named, and an empty one allows all.
    #[arg(long = "allow-from", value_name = "NETWORK")]
    allowed_addresses: Vec<String>,
    /// When it ends: a moment, or a time from now such as 90d.
    #[arg(long, value_name = "MOMENT", value_parser = system::moment, conflicts_with = "never_expires")]
    expires: Option<DateTime<Utc>>,
    /// It has no end.
    #[arg(long)]
    never_expires: bool,
}

impl Terms {
    pub(super) fn in_body_of(self, call: Call) -> Call {
        call.with("label", self.label)
            .with("description", self.description)
            .with("buckets", specific(self.buckets))
            .with("prefixes", some(self.prefixes))
            .with("permissions", some(self.permissions))
            .with("allowed_addresses", some(self.allowed_addresses))
            .with("expires_at", self.expires.map(receipt::moment))
    }
}

impl ChangedTerms {
    pub(super) fn in_body_of(self, call: Call) -> Call {
        let all = self.all_buckets.then(|| json!({"access": "all"}));
        let never = self.never_expires.then_some(Value::Null);
        call.with_or_null("label", self.label)
            .with_or_null("description", self.description)
            .with("buckets", specific(self.buckets).or(all))
            .with("prefixes", some(self.prefixes).map(without_empty))
            .with("permissions", some(self.permissions))
            .with("allowed_addresses", some(self.allowed_addresses).map(without_empty))
            .with("expires_at", self.expires.map(|at| Value::from(receipt::moment(at))).or(never))
    }
}

fn specific(buckets: Vec<String>) -> Option<Value> {
    some(buckets).map(|names| json!({"access": "specific", "names": names}))
}

fn some(texts: Vec<String>) -> Option<Vec<String>> {
    Some(texts).filter(|texts| !texts.is_empty())
}

fn without_empty(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
