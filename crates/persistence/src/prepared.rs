//! Statements written by hand that stay prepared. diesel prepares any update, and whatever `sql_query` is given, anew each time;
//! these are part of nearly every transaction that writes.

use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::dialect::Backend;

/// A question to which the answer is a number.
pub(crate) struct NumberOf(pub(crate) &'static str);

impl QueryFragment<Backend> for NumberOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl Query for NumberOf {
    type SqlType = BigInt;
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

by_text!(NumberOf, MoveHead<'_>);
