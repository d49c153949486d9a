//! Rows of `audit_events` and the heads of their chains.

use std::net::IpAddr;

use authz::action::{ReadAudit, ReadPartnerAudit, ReadTenantAudit};
use authz::{OnPartner, OnTenant, Permit};
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::Timestamp;
use domain::actor::{Actor, ActorKind};
use domain::audit::{BEGINNING, Event, Hash};
use domain::id::{EventId, TenantId};
use domain::partner::PartnerPath;

use crate::dialect::AnyConnection;
use crate::error::{Error, Result};
use crate::partners::subtree;
use crate::prepared::MoveHead;
use crate::rows::{Row, micros};
use crate::schema::{audit_chains, audit_events, freezes};
use crate::transaction::{Reading, exactly_one, optional};
use crate::{Page, System};

const ROW: Row = Row("audit_events");

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct EventRow {
    id: String,
    chain: String,
    sequence: i64,
    at: i64,
    actor_kind: String,
    actor_id: String,
    action: String,
    target_kind: String,
    target_id: String,
    tenant_id: Option<String>,
    partner_path: Option<String>,
    request_id: String,
    address: Option<String>,
    details: String,
    hash: Vec<u8>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub action: Option<String>,
    pub actor: Option<String>,
    pub target: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// An event and the hash that chains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedEvent {
    pub event: Event,
    pub hash: Hash,
}

/// Whose events somebody may read, as their permit says.
pub trait Audience {
    fn whose(&self) -> Whose;
}

pub struct Whose(Chains);

enum Chains {
    All,
    Below(PartnerPath),
    OfTenant(TenantId),
}

impl Audience for Permit<ReadAudit> {
    fn whose(&self) -> Whose {
        Whose(Chains::All)
    }
}

impl Audience for Permit<ReadPartnerAudit> {
    fn whose(&self) -> Whose {
        Whose(Chains::Below(self.path().clone()))
    }
}

impl Audience for Permit<ReadTenantAudit> {
    fn whose(&self) -> Whose {
        Whose(Chains::OfTenant(self.tenant().clone()))
    }
}

/// The newest first.
pub fn list(permit: &impl Audience, db: &mut Reading<'_>, filter: &Filter, page: &Page) -> Result<Vec<ChainedEvent>> {
    let mut query = narrowed(permit, filter).order(audit_events::id.desc()).limit(page.limit);
    if let Some(before) = &page.after {
        query = query.filter(audit_events::id.lt(before));
    }
    query.load::<EventRow>(db.connection)?.into_iter().map(ChainedEvent::try_from).collect()
}

/// Chain by chain, each from its beginning: the one order in which nothing that is appended meanwhile leaves a gap.
pub fn list_by_chain(
    permit: &impl Audience,
    db: &mut Reading<'_>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<ChainedEvent>> {
    let after = page.after.as_deref().map(ChainPosition::parse).transpose()?;
    let mut rows: Vec<EventRow> = Vec::new();
    // In two steps, since no database finds its way by an index through `chain > a OR (chain = a AND sequence > n)`.
    if let Some(ChainPosition { chain, sequence }) = after {
        let rest = narrowed(permit, filter).filter(audit_events::chain.eq(chain));
        let rest = rest.filter(audit_events::sequence.gt(sequence)).order(audit_events::sequence);
        rows = rest.limit(page.limit).load(db.connection)?;
    }
    let missing = page.limit - i64::try_from(rows.len()).unwrap_or(page.limit);
    if missing > 0 {
        let later = narrowed(permit, filter).filter(audit_events::chain.gt(after.map_or("", |after| after.chain)));
        let later = later.order((audit_events::chain, audit_events::sequence)).limit(missing);
        rows.extend(later.load::<EventRow>(db.connection)?);
    }
    rows.into_iter().map(ChainedEvent::try_from).collect()
}

/// Where in the order of [`list_by_chain`] an event stands.
#[derive(Clone, Copy)]
struct ChainPosition<'t> {
    chain: &'t str,
    sequence: i64,
}

impl<'t> ChainPosition<'t> {
    fn parse(text: &'t str) -> Result<Self> {
        let parsed = text.split_once(' ').and_then(|(chain, sequence)| Some((chain, sequence.parse().ok()?)));
        let (chain, sequence) = parsed.ok_or_else(|| Error::corrupt("audit_events", "a position is none"))?;
        Ok(Self { chain, sequence })
    }
}

impl ChainedEvent {
    /// After which the next page of [`list_by_chain`] begins.
    pub fn position_in_chain(&self) -> String {
        format!("{} {}", self.event.chain, self.event.sequence)
    }
}

type Narrowed<'q> = audit_events::BoxedQuery<'q, <AnyConnection as Connection>::Backend>;

fn narrowed<'q>(permit: &impl Audience, filter: &'q Filter) -> Narrowed<'q> {
    let mut query = audit_events::table.into_boxed();
    query = match permit.whose().0 {
        Chains::All => query,
        Chains::Below(path) => {
            let (from, to) = subtree(&path);
            query.filter(audit_events::partner_path.ge(from)).filter(audit_events::partner_path.lt(to))
        }
        Chains::OfTenant(id) => query.filter(audit_events::tenant_id.eq(id.to_string())),
    };
    if let Some(action) = &filter.action {
        query = query.filter(audit_events::action.eq(action));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_events::actor_id.eq(actor));
    }
    if let Some(target) = &filter.target {
        query = query.filter(audit_events::target_id.eq(target));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::at.ge(micros(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::at.lt(micros(to)));
    }
    query
}

/// Takes the lock on a chain, starting it if need be, and says where it ends and whether there is a freeze.
pub(crate) fn lock_head(connection: &mut AnyConnection, chain: &str) -> Result<(i64, Hash, bool)> {
    if let Some((sequence, hash, is_frozen)) = connection.take_audit_chain(chain)? {
        return Ok((sequence, Row("audit_chains").hash(&hash)?, is_frozen));
    }
    let first =
        (audit_chains::name.eq(chain), audit_chains::sequence.eq(0), audit_chains::hash.eq(BEGINNING.as_slice()));
    match diesel::insert_into(audit_chains::table).values(first).execute(connection).map_err(Error::from) {
        Ok(_) => {
            let is_frozen = diesel::select(exists(freezes::table.select(freezes::id))).get_result(connection)?;
            Ok((0, BEGINNING, is_frozen))
        }
        // Somebody else has just started it.
        Err(Error::Taken) => Err(Error::Retry),
        Err(error) => Err(error),
    }
}

pub(crate) fn move_head(connection: &mut AnyConnection, chain: &str, sequence: i64, hash: &Hash) -> Result<()> {
    exactly_one(MoveHead { chain, sequence, hash }.execute(connection)?)
}

pub(crate) fn append(
    connection: &mut AnyConnection,
    event: &Event,
    partner: Option<&PartnerPath>,
    hash: &Hash,
) -> Result<()> {
    let details = serde_json::to_string(&event.details).map_err(|error| Error::corrupt("audit_events", error))?;
    let row = EventRow {
        id: event.id.to_string(),
        chain: event.chain.clone(),
        sequence: event.sequence,
        at: micros(event.at),
        actor_kind: event.actor.kind.as_str().to_owned(),
        actor_id: event.actor.id.clone(),
        action: event.action.clone(),
        target_kind: event.target_kind.clone(),
        target_id: event.target_id.clone(),
        tenant_id: event.tenant_id.as_ref().map(ToString::to_string),
        partner_path: partner.map(ToString::to_string),
        request_id: event.request_id.clone(),
        address: event.address.map(|address| address.to_string()),
        details,
        hash: hash.to_vec(),
    };
    diesel::insert_into(audit_events::table).values(&row).execute(connection)?;
    Ok(())
}

/// Computes every chain anew and compares it with its events and its head. Says how many events there are.
pub(crate) fn check_chains(_: System, db: &mut Reading<'_>) -> Result<u64> {
    let mut name = String::new();
    let mut count = 0;
    loop {
        let next = audit_chains::table.filter(audit_chains::name.gt(&name)).order(audit_chains::name);
        let next = next.select((audit_chains::name, audit_chains::sequence, audit_chains::hash));
        let next: Option<(String, i64, Vec<u8>)> = optional(next.first(db.connection))?;
        let Some((chain, length, head)) = next else { break };
        if check_chain(db, &chain, length)?.as_slice() != head {
            return Err(Error::corrupt("audit_chains", format!("the chain of {chain} does not end as it should")));
        }
        count += length.unsigned_abs();
        name = chain;
    }
    let all: i64 = audit_events::table.count().get_result(db.connection)?;
    if all.unsigned_abs() != count {
        return Err(Error::corrupt("audit_events", "there are events that belong to no chain"));
    }
    Ok(count)
}

/// The hash that a chain of so many events ends with.
fn check_chain(db: &mut Reading<'_>, chain: &str, length: i64) -> Result<Hash> {
    const AT_ONCE: i64 = 1000;
    let (mut sequence, mut hash) = (0, BEGINNING);
    while sequence < length {
        let rest =
            audit_events::table.filter(audit_events::chain.eq(chain)).filter(audit_events::sequence.gt(sequence));
        let rows: Vec<EventRow> = rest.order(audit_events::sequence).limit(AT_ONCE).load(db.connection)?;
        if rows.is_empty() {
            return Err(Error::corrupt("audit_events", format!("the chain of {chain} lacks its end")));
        }
        for row in rows {
            let ChainedEvent { event, hash: stored } = row.try_into()?;
            sequence += 1;
            hash = event.hash(&hash);
            if event.sequence != sequence || hash != stored {
                return Err(Error::corrupt("audit_events", format!("the chain of {chain} breaks at {sequence}")));
            }
        }
    }
    Ok(hash)
}

impl TryFrom<EventRow> for ChainedEvent {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        let address = row.address.map(|text| text.parse::<IpAddr>()).transpose();
        let partner = ROW.parse_if(PartnerPath::parse, row.partner_path.as_deref())?;
        let event = Event {
            id: ROW.parse(EventId::parse, &row.id)?,
            chain: row.chain,
            sequence: row.sequence,
            at: ROW.timestamp(row.at)?,
            actor: Actor { kind: ROW.parse(ActorKind::parse, &row.actor_kind)?, id: row.actor_id },
            action: row.action,
            target_kind: row.target_kind,
            target_id: row.target_id,
            tenant_id: ROW.parse_if(TenantId::parse, row.tenant_id.as_deref())?,
            partner_id: partner.map(|path| path.leaf().clone()),
            request_id: row.request_id,
            address: address.map_err(|error| Error::corrupt("audit_events", error))?,
            details: serde_json::from_str(&row.details).map_err(|error| Error::corrupt("audit_events", error))?,
        };
        Ok(Self { hash: ROW.hash(&row.hash)?, event })
    }
}
