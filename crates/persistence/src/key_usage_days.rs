//! Rows of `key_usage_days`: how often each pair was used on each day.

use std::collections::BTreeMap;

use authz::OnTenant;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use domain::id::KeyId;
use domain::time::Day;

use crate::System;
use crate::dialect::Backend;
use crate::error::Result;
use crate::rows::{Row, day_number};
use crate::schema::{key_usage, key_usage_days};
use crate::transaction::{Reading, Writing};

const ROW: Row = Row("key_usage_days");

/// How many days are written by one statement.
const AT_ONCE: usize = 500;

/// Adds to what is known: access key ids with a day and a count each.
pub(crate) fn add(db: &mut Writing<'_>, days: &[(&str, Day, i64)]) -> Result<()> {
    for days in days.chunks(AT_ONCE) {
        let places = db.connection().places(days.len(), 3);
        let text = format!(
            "INSERT INTO key_usage_days (access_key_id, day, uses) VALUES {places} \
             ON CONFLICT (access_key_id, day) DO UPDATE SET uses = key_usage_days.uses + excluded.uses"
        );
        let mut query = diesel::sql_query(text).into_boxed::<Backend>();
        for (id, day, count) in days {
            query = query.bind::<Text, _>(*id).bind::<BigInt, _>(day_number(*day)).bind::<BigInt, _>(*count);
        }
        query.execute(db.connection())?;
    }
    Ok(())
}

/// How often any pair of a key was used on each day, the newest first; nothing of days without a use.
pub fn of_key(permit: &impl OnTenant, db: &mut Reading<'_>, id: &KeyId, first: Day) -> Result<Vec<(Day, i64)>> {
    let query = key_usage_days::table
        .inner_join(key_usage::table.on(key_usage::access_key_id.eq(key_usage_days::access_key_id)))
        .filter(key_usage::tenant_id.eq(permit.tenant().as_str()))
        .filter(key_usage::key_id.eq(id.as_str()))
        .filter(key_usage_days::day.ge(day_number(first)))
        .select((key_usage_days::day, key_usage_days::uses));
    let mut days: BTreeMap<i64, i64> = BTreeMap::new();
    for (day, uses) in query.load::<(i64, i64)>(db.connection)? {
        let sum = days.entry(day).or_default();
        *sum = sum.saturating_add(uses);
    }
    days.into_iter().rev().map(|(day, uses)| Ok((ROW.day(day)?, uses))).collect()
}

pub fn forget(_: System, db: &mut Writing<'_>, before: Day) -> Result<()> {
    let old = key_usage_days::table.filter(key_usage_days::day.lt(day_number(before)));
    diesel::delete(old).execute(db.connection())?;
    Ok(())
}
