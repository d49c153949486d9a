//! How keys stand: what is to be said against them, in numbers.

use clap::Subcommand;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::operations;
use crate::output::{Column, Mode, say};
use crate::owner::{Owner, Whose};

const COLUMNS: &[Column] = &[
    ("TENANT", "/tenant_id"),
    ("NAME", "/name"),
    ("KEYS", "/keys"),
    ("ACTIVE", "/active"),
    ("OLD", "/past_rotation_age"),
    ("UNUSED 45D", "/unused_45_days"),
    ("UNUSED 90D", "/unused_90_days"),
    ("ALL BUCKETS", "/all_buckets"),
    ("NO EXPIRY", "/without_expiry"),
];

#[derive(Subcommand)]
pub enum Posture {
    /// Show the numbers of a tenant, or of a partner and each tenant below it.
    Show {
        #[command(flatten)]
        whose: Whose,
    },
}

impl Posture {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let Self::Show { whose } = self;
        match whose.owner(context)? {
            Owner::Tenant(tenant) => context.show(operations::read_tenant_posture().at(&tenant)),
            Owner::Partner(partner) => of_partner(context, &partner),
            Owner::Platform => {
                Err(Failure::Usage("of whom? Name a partner with --partner, or a tenant with --tenant".to_owned()))
            }
        }
    }
}

/// With the tenants of every page.
fn of_partner(context: &Context, partner: &str) -> Result<()> {
    let mut cursor: Option<String> = None;
    let mut gathered: Vec<Value> = Vec::new();
    loop {
        let call = operations::read_partner_posture().at(partner).query("limit", Some(500)).query("cursor", cursor);
        let mut document = context.client.ask(call)?;
        let mut tenants = document.get_mut("tenants").map(Value::take).unwrap_or_default();
        let items = tenants.get_mut("items").map(Value::take);
        if let Some(Value::Array(items)) = items {
            gathered.extend(items);
        }
        cursor = tenants.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_some() {
            continue;
        }
        let tenants = serde_json::json!({"items": gathered, "next_cursor": null});
        if context.output.mode == Mode::Table && !context.output.is_quiet {
            if let Some(fields) = document.as_object_mut() {
                fields.shift_remove("tenants");
            }
            context.output.show(&document)?;
            say("\n")?;
            return context.output.list(&tenants, COLUMNS);
        }
        if let Some(place) = document.get_mut("tenants") {
            *place = tenants;
        }
        return context.output.show(&document);
    }
}
