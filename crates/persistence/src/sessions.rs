//! Rows of `sessions` and `refresh_tokens`.

use authz::OnTenant;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{SessionId, TenantId, UserId};
use domain::session::Session;

use crate::System;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::{refresh_tokens, sessions};
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("sessions");

#[derive(Queryable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(crate) struct SessionRow {
    id: String,
    tenant_id: String,
    user_id: String,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

/// A refresh token as it is stored: what it was is known only to its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: SessionId,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
struct RefreshTokenRow {
    hash: Vec<u8>,
    session_id: String,
    expires_at: i64,
    used_at: Option<i64>,
}

pub fn insert(db: &mut Writing<'_>, session: &Session) -> Result<()> {
    let row = SessionRow {
        id: session.id.to_string(),
        tenant_id: session.tenant.to_string(),
        user_id: session.user.to_string(),
        created_at: micros(session.created_at),
        expires_at: micros(session.expires_at),
        ended_at: session.ended_at.map(micros),
    };
    diesel::insert_into(sessions::table).values(&row).execute(db.connection())?;
    Ok(())
}

pub fn insert_refresh_token(
    db: &mut Writing<'_>,
    session: &SessionId,
    hash: &[u8; 32],
    expires_at: Timestamp,
) -> Result<()> {
    let row = RefreshTokenRow {
        hash: hash.to_vec(),
        session_id: session.to_string(),
        expires_at: micros(expires_at),
        used_at: None,
    };
    diesel::insert_into(refresh_tokens::table).values(&row).execute(db.connection())?;
    Ok(())
}

pub fn find_refresh_token(db: &mut Reading<'_>, hash: &[u8; 32]) -> Result<Option<RefreshToken>> {
    let row: Option<RefreshTokenRow> = optional(refresh_tokens::table.find(hash.as_slice()).first(db.connection))?;
    let parsed = row.map(|row| -> Result<RefreshToken> {
        Ok(RefreshToken {
            session: Row("refresh_tokens").parse(SessionId::parse, &row.session_id)?,
            expires_at: Row("refresh_tokens").timestamp(row.expires_at)?,
            used_at: Row("refresh_tokens").timestamp_if(row.used_at)?,
        })
    });
    parsed.transpose()
}

/// Fails with [`Error::Stale`] if it was used in the meantime: the transaction starts over and finds out.
pub fn use_refresh_token(db: &mut Writing<'_>, hash: &[u8; 32]) -> Result<()> {
    let now = micros(db.now());
    let unused = refresh_tokens::table.find(hash.as_slice()).filter(refresh_tokens::used_at.is_null());
    exactly_one(diesel::update(unused).set(refresh_tokens::used_at.eq(Some(now))).execute(db.connection())?)
}

pub fn end(db: &mut Writing<'_>, session: &SessionId) -> Result<()> {
    let now = micros(db.now());
    let live = sessions::table.find(session.as_str()).filter(sessions::ended_at.is_null());
    diesel::update(live).set(sessions::ended_at.eq(Some(now))).execute(db.connection())?;
    Ok(())
}

/// Ends every session of a person of the permit's tenant.
pub fn end_all(permit: &impl OnTenant, db: &mut Writing<'_>, user: &UserId) -> Result<()> {
    end_those_of(db, permit.tenant(), user, None)
}

/// Ends every session of a person but the one they are in: they have just changed their password.
pub fn end_others(db: &mut Writing<'_>, tenant: &TenantId, user: &UserId, except: &SessionId) -> Result<()> {
    end_those_of(db, tenant, user, Some(except))
}

fn end_those_of(db: &mut Writing<'_>, tenant: &TenantId, user: &UserId, except: Option<&SessionId>) -> Result<()> {
    let now = micros(db.now());
    let live = sessions::table
        .filter(sessions::tenant_id.eq(tenant.as_str()))
        .filter(sessions::user_id.eq(user.as_str()))
        .filter(sessions::id.ne(except.map_or("", SessionId::as_str)))
        .filter(sessions::ended_at.is_null());
    diesel::update(live).set(sessions::ended_at.eq(Some(now))).execute(db.connection())?;
    Ok(())
}

/// Ends all there are: nobody knows which of them had been ended since what was restored.
pub fn end_everybodys(_: System, db: &mut Writing<'_>) -> Result<usize> {
    let now = micros(db.now());
    let live = sessions::table.filter(sessions::ended_at.is_null());
    Ok(diesel::update(live).set(sessions::ended_at.eq(Some(now))).execute(db.connection())?)
}

/// Forgets sessions that were over before then, with their refresh tokens.
pub fn forget(_: System, db: &mut Writing<'_>, before: Timestamp) -> Result<usize> {
    let before = micros(before);
    let over =
        sessions::table.filter(sessions::expires_at.lt(before).or(sessions::ended_at.lt(before).assume_not_null()));
    Ok(diesel::delete(over).execute(db.connection())?)
}

impl TryFrom<SessionRow> for Session {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self> {
        Ok(Self {
            id: ROW.parse(SessionId::parse, &row.id)?,
            user: ROW.parse(UserId::parse, &row.user_id)?,
            tenant: ROW.parse(TenantId::parse, &row.tenant_id)?,
            created_at: ROW.timestamp(row.created_at)?,
            expires_at: ROW.timestamp(row.expires_at)?,
            ended_at: ROW.timestamp_if(row.ended_at)?,
        })
    }
}
