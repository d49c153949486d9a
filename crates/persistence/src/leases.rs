//! Rows of `nodes` and `gateway_leases`: who answers from memory, until when, and what each has heard of the feed.
//!
//! Every time here is by the database's own clock, which is the only one that all replicas share.

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::gateway::Gateway;
use domain::id::GatewayId;

use crate::changes::Look;
use crate::error::{Error, Result};
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

/// The same for a process of a gateway, from now on. Neither its end nor what it has heard goes back.
pub fn renew_gateway(
    _: System,
    db: &mut Writing<'_>,
    gateway: &Gateway,
    instance: &str,
    applied: i64,
    length: TimeDelta,
) -> Result<()> {
    let until = db.connection().clock()? + length.num_microseconds().unwrap_or(i64::MAX);
    let its = gateway_leases::table.find((gateway.id.as_str(), instance));
    let change = (gateway_leases::leased_until.eq(until), gateway_leases::name.eq(gateway.name.as_str()));
    if diesel::update(its).set(change).execute(db.connection())? > 0 {
        let behind = its.filter(gateway_leases::applied.lt(applied));
        diesel::update(behind).set(gateway_leases::applied.eq(applied)).execute(db.connection())?;
        return Ok(());
    }
    let row = (
        gateway_leases::gateway_id.eq(gateway.id.as_str()),
        gateway_leases::instance.eq(instance),
        gateway_leases::applied.eq(applied),
        change.0,
        change.1,
    );
    match diesel::insert_into(gateway_leases::table).values(row).execute(db.connection()).map_err(Error::from) {
        // Another of its requests was first.
        Err(Error::Taken) => Err(Error::Retry),
        other => other.map(drop),
    }
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
