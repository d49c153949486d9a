//! Statements written by hand that stay prepared. diesel prepares any update, and whatever `sql_query` is given, anew each time;
//! these are part of nearly every transaction that writes, or asked whenever one has.

use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use crate::dialect::Backend;

/// Puts a change into the feed and says under which number.
pub(crate) struct Tell<'t> {
    pub(crate) number: (&'static str, i64),
    pub(crate) kind: &'static str,
    pub(crate) subject: &'t str,
    pub(crate) region: Option<&'t str>,
    pub(crate) at: i64,
    pub(crate) notice: &'static str,
}

impl QueryFragment<Backend> for Tell<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let (number, more) = &self.number;
        out.push_sql("INSERT INTO changes (sequence, kind, subject, region, at) VALUES ((");
        out.push_sql(number);
        out.push_sql(") + ");
        out.push_bind_param::<BigInt, _>(more)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.subject)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.region)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(") RETURNING sequence, ");
        out.push_sql(self.notice);
        Ok(())
    }
}

impl Query for Tell<'_> {
    type SqlType = (BigInt, Text);
}

/// The edge of the feed, and beside it so many changes after a number: both from one state of the database.
pub(crate) struct LookAfter {
    pub(crate) edge: &'static str,
    pub(crate) after: i64,
    pub(crate) most: i64,
}

impl QueryFragment<Backend> for LookAfter {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "SELECT edge.complete_to, edge.clock, edge.snapshot, edge.beginning, edge.begins, edge.is_quarantined, \
             told.sequence, told.kind, told.subject, told.region, told.at FROM (",
        );
        out.push_sql(self.edge);
        out.push_sql(") AS edge LEFT JOIN (SELECT * FROM changes WHERE sequence > ");
        out.push_bind_param::<BigInt, _>(&self.after)?;
        out.push_sql(" ORDER BY sequence LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.most)?;
        out.push_sql(") AS told ON 1 = 1 ORDER BY told.sequence");
        Ok(())
    }
}

impl Query for LookAfter {
    type SqlType = (
        BigInt,
        BigInt,
        Text,
        BigInt,
        BigInt,
        Bool,
        Nullable<BigInt>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<BigInt>,
    );
}

/// Says where an audit chain ends now.
pub(crate) struct MoveHead<'m> {
    pub(crate) chain: &'m str,
    pub(crate) sequence: i64,
    pub(crate) hash: &'m [u8],
}

impl QueryFragment<Backend> for MoveHead<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("UPDATE audit_chains SET sequence = ");
        out.push_bind_param::<BigInt, _>(&self.sequence)?;
        out.push_sql(", hash = ");
        out.push_bind_param::<Binary, _>(&self.hash)?;
        out.push_sql(" WHERE name = ");
        out.push_bind_param::<Text, _>(&self.chain)
    }
}

/// Found again by their text.
macro_rules! by_text {
    ($($statement:ty),*) => {$(
        impl QueryId for $statement {
            type QueryId = ();

            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl<C> RunQueryDsl<C> for $statement {}
    )*};
}

by_text!(Tell<'_>, LookAfter, MoveHead<'_>);
