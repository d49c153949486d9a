//! What is left of a restore: the columns of `feed` that say since when numbers are of another epoch, and rows of `held_back`.

use std::collections::HashSet;

use authz::action::{DecideHeldBack, LiftQuarantine, ListHeldBack, ReadQuarantine};
use authz::{OnTenant, Permit};
use diesel::prelude::*;
use domain::api_token::{ApiToken, TokenOwner};
use domain::change::Change;
use domain::held_back::{Decision, HeldBack};
use domain::id::{KeyId, PartnerId};
use domain::key::{AccessKeyId, Key};
use domain::{Timestamp, epoch};

use crate::changes::Told;
use crate::dialect::{AnyConnection, Backend};
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::{api_tokens, feed, gateways, held_back, key_pairs, partners, tenants};
use crate::transaction::{Reading, Writing, optional};
use crate::{Page, System};

const ROW: Row = Row("held_back");

/// The epoch of the feed, and what came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    pub begins: i64,
    /// Of the numbers before it, those up to here are still true.
    pub restored_to: i64,
    /// None if nobody has ever restored anything.
    pub restored_at: Option<Timestamp>,
    /// Why nothing is verified.
    pub quarantined: Option<String>,
}

impl Epoch {
    pub fn number(&self) -> i64 {
        epoch::number(self.begins)
    }

    /// Whether a change was made, and is not true any more.
    pub fn has_lost(&self, sequence: i64) -> bool {
        self.restored_to < sequence && sequence < self.begins
    }
}

pub fn epoch(_: System, db: &mut Reading<'_>) -> Result<Epoch> {
    find(db)
}

pub fn read(_: &Permit<ReadQuarantine>, db: &mut Reading<'_>) -> Result<Epoch> {
    find(db)
}

fn find(db: &mut Reading<'_>) -> Result<Epoch> {
    let columns = (feed::begins, feed::restored_to, feed::restored_at, feed::quarantined);
    let (begins, restored_to, restored_at, quarantined): (_, _, Option<i64>, _) =
        feed::table.select(columns).first(db.connection)?;
    Ok(Epoch { begins, restored_to, restored_at: Row("feed").timestamp_if(restored_at)?, quarantined })
}

/// From now on numbers are of this epoch.
pub fn begin(_: System, db: &mut Writing<'_>, epoch: &Epoch) -> Result<()> {
    let change = (
        feed::begins.eq(epoch.begins),
        feed::restored_to.eq(epoch.restored_to),
        feed::restored_at.eq(epoch.restored_at.map(micros)),
        feed::quarantined.eq(&epoch.quarantined),
    );
    diesel::update(feed::table).set(change).execute(db.connection())?;
    db.connection().rebase_feed()?;
    db.connection().notify()
}

/// The same where nobody else is at work yet, and all is true that was told up to then.
pub(crate) fn go_on_in(connection: &mut AnyConnection, begins: i64, restored_to: i64) -> Result<()> {
    let change = (feed::begins.eq(begins), feed::restored_to.eq(restored_to));
    diesel::update(feed::table).set(change).execute(connection)?;
    connection.rebase_feed()
}

pub fn lift(_: &Permit<LiftQuarantine>, db: &mut Writing<'_>) -> Result<()> {
    diesel::update(feed::table).set(feed::quarantined.eq(None::<String>)).execute(db.connection())?;
    // Whoever follows the feed looks again.
    db.connection().notify()
}

/// Holds back what a change was about, unless that is done or there is no such thing any more.
pub fn hold_back(_: System, db: &mut Writing<'_>, told: &Told) -> Result<bool> {
    let subject = told.change.subject();
    let known: Option<String> =
        optional(held_back::table.find(subject).select(held_back::subject).first(db.connection()))?;
    if known.is_some() || !exists(db, &told.change)? {
        return Ok(false);
    }
    let row = (
        held_back::subject.eq(subject),
        held_back::kind.eq(told.change.kind()),
        held_back::region.eq(told.change.region().map(domain::text::RegionCode::as_str)),
        held_back::sequence.eq(told.sequence),
        held_back::changed_at.eq(micros(told.at)),
    );
    diesel::insert_into(held_back::table).values(row).execute(db.connection())?;
    Ok(true)
}

fn exists(db: &mut Writing<'_>, change: &Change) -> Result<bool> {
    let (subject, connection) = (change.subject(), db.connection());
    let found: i64 = match change {
        Change::Key(..) => key_pairs::table.find(subject).count().get_result(connection)?,
        Change::Tenant(_) => tenants::table.find(subject).count().get_result(connection)?,
        Change::Partner(_) => partners::table.find(subject).count().get_result(connection)?,
        Change::Gateway(_) => gateways::table.find(subject).count().get_result(connection)?,
        Change::Token(_) => api_tokens::table.find(subject).count().get_result(connection)?,
    };
    Ok(found > 0)
}

/// Forgets what was held back after an earlier restore: a new epoch has its own.
pub fn forget_held_back(_: System, db: &mut Writing<'_>) -> Result<()> {
    diesel::delete(held_back::table.filter(held_back::decision.eq("released"))).execute(db.connection())?;
    Ok(())
}

/// Whether a pair is held back, or the tenant it belongs to, or a partner above.
pub fn holds_back(of: &impl OnTenant, db: &mut Reading<'_>, pair: &AccessKeyId) -> Result<bool> {
    let partners = of.tenancy().partner.iter().flat_map(|path| path.ids().map(PartnerId::as_str));
    Ok(!held_back_among(db, [pair.as_str(), of.tenant().as_str()].into_iter().chain(partners).collect())?.is_empty())
}

/// Those of these keys of which a pair is held back; all of them where their tenant is, or a partner above.
pub fn held_back_of<'k>(of: &impl OnTenant, db: &mut Reading<'_>, keys: &[&'k Key]) -> Result<HashSet<&'k KeyId>> {
    let pairs = keys.iter().flat_map(|key| key.pairs.iter()).map(|pair| pair.access_key_id.as_str());
    let partners = of.tenancy().partner.iter().flat_map(|path| path.ids().map(PartnerId::as_str));
    let above: Vec<&str> = [of.tenant().as_str()].into_iter().chain(partners).collect();
    let found = held_back_among(db, pairs.chain(above.iter().copied()).collect())?;
    let are_all = above.iter().any(|subject| found.contains(*subject));
    let is_held = |key: &Key| are_all || key.pairs.iter().any(|pair| found.contains(pair.access_key_id.as_str()));
    Ok(keys.iter().filter(|key| is_held(key)).map(|key| &key.id).collect())
}

/// Whether a token is, or the gateway that it belongs to.
pub(crate) fn holds_back_token(db: &mut Reading<'_>, token: &ApiToken) -> Result<bool> {
    let gateway = match &token.owner {
        TokenOwner::Gateway(id) => Some(id.as_str()),
        TokenOwner::Operator | TokenOwner::Partner(_) | TokenOwner::Tenant(_) => None,
    };
    Ok(!held_back_among(db, [token.id.as_str()].into_iter().chain(gateway).collect())?.is_empty())
}

fn held_back_among(db: &mut Reading<'_>, subjects: Vec<&str>) -> Result<HashSet<String>> {
    let is_dead = held_back::decision.is_null().or(held_back::decision.ne("released"));
    let found = held_back::table.filter(is_dead).select(held_back::subject);
    let found: Vec<String> = match few(&subjects) {
        Some(is_one_of_them) => found.filter(is_one_of_them).load(db.connection)?,
        None => found.filter(held_back::subject.eq_any(subjects)).load(db.connection)?,
    };
    Ok(found.into_iter().collect())
}

/// The same condition for a few of them, in words that stay prepared, as those about a list of any length do not.
fn few<'s>(
    subjects: &[&'s str],
) -> Option<Box<dyn BoxableExpression<held_back::table, Backend, SqlType = diesel::sql_types::Bool> + 's>> {
    let (first, others) = subjects.split_first().filter(|_| subjects.len() <= 8)?;
    let first: Box<dyn BoxableExpression<_, _, SqlType = _>> = Box::new(held_back::subject.eq(*first));
    Some(others.iter().fold(first, |any, other| Box::new(any.or(held_back::subject.eq(*other)))))
}

/// By subject, with what was decided about each.
pub fn list(_: &Permit<ListHeldBack>, db: &mut Reading<'_>, page: &Page) -> Result<Vec<HeldBack>> {
    let mut query = held_back::table.order(held_back::subject).limit(page.limit).into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(held_back::subject.gt(after));
    }
    query.load::<HeldBackRow>(db.connection)?.into_iter().map(HeldBack::try_from).collect()
}

/// How many nobody has decided about.
pub fn undecided(_: &Permit<ReadQuarantine>, db: &mut Reading<'_>) -> Result<i64> {
    Ok(held_back::table.filter(held_back::decision.is_null()).count().get_result(db.connection)?)
}

/// Those that nobody has decided about, the first of them.
pub fn first_undecided(_: &Permit<DecideHeldBack>, db: &mut Reading<'_>, most: i64) -> Result<Vec<HeldBack>> {
    let query = held_back::table.filter(held_back::decision.is_null()).order(held_back::subject).limit(most);
    query.load::<HeldBackRow>(db.connection)?.into_iter().map(HeldBack::try_from).collect()
}

pub fn find_held_back(_: &Permit<DecideHeldBack>, db: &mut Reading<'_>, subject: &str) -> Result<Option<HeldBack>> {
    let row: Option<HeldBackRow> = optional(held_back::table.find(subject).first(db.connection))?;
    row.map(HeldBack::try_from).transpose()
}

pub fn decide(_: &Permit<DecideHeldBack>, db: &mut Writing<'_>, subject: &str, decision: Decision) -> Result<()> {
    let change = held_back::decision.eq(decision.as_str());
    diesel::update(held_back::table.find(subject)).set(change).execute(db.connection())?;
    Ok(())
}

#[derive(Queryable)]
struct HeldBackRow {
    subject: String,
    kind: String,
    region: Option<String>,
    sequence: i64,
    changed_at: i64,
    decision: Option<String>,
}

impl TryFrom<HeldBackRow> for HeldBack {
    type Error = crate::Error;

    fn try_from(row: HeldBackRow) -> Result<Self> {
        let parse = |kind: &str| Change::parse(kind, &row.subject, row.region.as_deref());
        Ok(Self {
            change: ROW.parse(parse, &row.kind)?,
            sequence: row.sequence,
            changed_at: ROW.timestamp(row.changed_at)?,
            decision: ROW.parse_if(Decision::parse, row.decision.as_deref())?,
        })
    }
}
