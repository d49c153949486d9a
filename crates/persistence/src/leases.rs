//! Rows of `nodes` and `gateway_leases`: who answers from memory, until when, and what each has heard of the feed.
//!
//! Every time here is by the database's own clock, which is the only one that all replicas share.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use domain::id::GatewayId;

use crate::changes::Look;
use crate::dialect::Backend;
use crate::error::Result;
use crate::schema::{gateway_leases, nodes};
use crate::transaction::{Reading, Writing};
use crate::{KeyRing, System};

/// A process of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub id: String,
    /// For people: where it runs.
    pub name: String,
}

/// Somebody who answers from memory, and what they have heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub holder: Holder,
    pub name: String,
    /// Everything in the feed up to this number.
    pub applied: i64,
    pub left: TimeDelta,
}

impl Lease {
    /// What tells the process from others of the same gateway.
    pub fn instance(&self) -> &str {
        match &self.holder {
            Holder::Gateway { instance, .. } => instance,
            Holder::Node(id) => id,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Node(String),
    Gateway { id: String, instance: String },
}

/// Lets a node answer from memory until then; what it remembers is as new as what it saw when it looked, and it can open
/// what these master keys sealed.
pub fn renew_node(
    _: System,
    db: &mut Writing<'_>,
    node: &Node,
    look: &Look,
    applied: i64,
    until: i64,
    ring: &KeyRing,
) -> Result<()> {
    let keys = ring.ids().collect::<Vec<_>>().join(" ");
    let change = (
        nodes::applied.eq(applied),
        nodes::snapshot.eq(&look.snapshot),
        nodes::leased_until.eq(until),
        nodes::master_keys.eq(&keys),
    );
    if diesel::update(nodes::table.find(&node.id)).set(change).execute(db.connection())? > 0 {
        return Ok(());
    }
    let row = (nodes::id.eq(&node.id), nodes::name.eq(&node.name), change);
    diesel::insert_into(nodes::table).values(row).execute(db.connection())?;
    Ok(())
}

/// A node that stops answers nothing any more.
pub fn end_node(_: System, db: &mut Writing<'_>, node: &Node) -> Result<()> {
    diesel::delete(nodes::table.find(&node.id)).execute(db.connection())?;
    Ok(())
}

/// The names of those nodes that answer now, and whether each has this master key.
pub fn nodes_with_key(_: System, db: &mut Reading<'_>, master_key: &str) -> Result<Vec<(String, bool)>> {
    let now = db.connection.clock()?;
    let live = nodes::table.filter(nodes::leased_until.gt(now)).order((nodes::name, nodes::id));
    let found: Vec<(String, String)> = live.select((nodes::name, nodes::master_keys)).load(db.connection)?;
    let has = |keys: &str| keys.split(' ').any(|id| id == master_key);
    Ok(found.into_iter().map(|(name, keys)| (name, has(&keys))).collect())
}

/// A lease that a process of a gateway asks for, and what it has heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    pub gateway: GatewayId,
    /// Of the gateway, for people.
    pub name: String,
    pub instance: String,
    /// Everything in the feed up to this number.
    pub applied: i64,
}

/// How many are written by one statement.
const AT_ONCE: usize = 200;

/// The same for processes of gateways, from now on. Neither their ends nor what they have heard go back.
pub fn renew_gateways(_: System, db: &mut Writing<'_>, renewals: &[Renewal], length: TimeDelta) -> Result<()> {
    let until = db.connection().clock()? + length.num_microseconds().unwrap_or(i64::MAX);
    for renewals in each_once(renewals).chunks(AT_ONCE) {
        let places = db.connection().places(renewals.len(), 5);
        let text = format!("INSERT INTO gateway_leases {COLUMNS} VALUES {places} {RENEWED}");
        let mut query = diesel::sql_query(text).into_boxed::<Backend>();
        for renewal in renewals {
            query = query
                .bind::<Text, _>(renewal.gateway.as_str())
                .bind::<Text, _>(&renewal.instance)
                .bind::<Text, _>(&renewal.name)
                .bind::<BigInt, _>(renewal.applied)
                .bind::<BigInt, _>(until);
        }
        query.execute(db.connection())?;
    }
    Ok(())
}

const COLUMNS: &str = "(gateway_id, instance, name, applied, leased_until)";
const RENEWED: &str = "ON CONFLICT (gateway_id, instance) DO UPDATE SET name = excluded.name,
    applied = CASE WHEN excluded.applied > gateway_leases.applied THEN excluded.applied ELSE gateway_leases.applied END,
    leased_until = CASE WHEN excluded.leased_until > gateway_leases.leased_until THEN excluded.leased_until
        ELSE gateway_leases.leased_until END";

/// Each process once. Always in the same order, so that two replicas do not wait for each other.
fn each_once(renewals: &[Renewal]) -> Vec<&Renewal> {
    let mut processes: BTreeMap<(&str, &str), &Renewal> = BTreeMap::new();
    for renewal in renewals {
        let newest = processes.entry((renewal.gateway.as_str(), &renewal.instance)).or_insert(renewal);
        if renewal.applied > newest.applied {
            *newest = renewal;
        }
    }
    processes.into_values().collect()
}

/// All that have not run out, and whether each has heard of one change.
pub fn live(_: System, db: &mut Reading<'_>, sequence: i64) -> Result<Vec<Lease>> {
    let now = db.connection.clock()?;
    let saw = db.connection.nodes_that_saw(sequence)?;
    let live = nodes::table.filter(nodes::leased_until.gt(now)).order(nodes::id);
    let of_nodes: Vec<(String, String, i64, i64)> =
        live.select((nodes::id, nodes::name, nodes::applied, nodes::leased_until)).load(db.connection)?;
    let nodes = of_nodes.into_iter().map(|(id, name, applied, until)| Lease {
        applied: if saw.contains(&id) { applied.max(sequence) } else { applied },
        holder: Holder::Node(id),
        name,
        left: TimeDelta::microseconds(until - now),
    });
    let gateways = of_gateways(db, None, now)?;
    Ok(nodes.chain(gateways).collect())
}

/// Those of one gateway's processes.
pub fn of_gateway(_: System, db: &mut Reading<'_>, id: &GatewayId) -> Result<Vec<Lease>> {
    let now = db.connection.clock()?;
    of_gateways(db, Some(id), now)
}

/// Forgets those that ran out long ago.
pub fn forget(_: System, db: &mut Writing<'_>, ago: TimeDelta) -> Result<()> {
    let then = db.connection().clock()? - ago.num_microseconds().unwrap_or(0);
    diesel::delete(nodes::table.filter(nodes::leased_until.lt(then))).execute(db.connection())?;
    diesel::delete(gateway_leases::table.filter(gateway_leases::leased_until.lt(then))).execute(db.connection())?;
    Ok(())
}

fn of_gateways(db: &mut Reading<'_>, only: Option<&GatewayId>, now: i64) -> Result<Vec<Lease>> {
    let mut query = gateway_leases::table
        .filter(gateway_leases::leased_until.gt(now))
        .order((gateway_leases::gateway_id, gateway_leases::instance))
        .into_boxed();
    if let Some(id) = only {
        query = query.filter(gateway_leases::gateway_id.eq(id.to_string()));
    }
    let found: Vec<(String, String, String, i64, i64)> = query.load(db.connection)?;
    let lease = |(id, instance, name, applied, until)| Lease {
        holder: Holder::Gateway { id, instance },
        name,
        applied,
        left: TimeDelta::microseconds(until - now),
    };
    Ok(found.into_iter().map(lease).collect())
}
