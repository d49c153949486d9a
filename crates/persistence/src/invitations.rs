//! Rows of `invitations`: links that let an invited person set a password, once.

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{InvitationId, TenantId, UserId};

use crate::System;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::invitations;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("invitations");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub tenant: TenantId,
    pub user: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = invitations, treat_none_as_default_value = false)]
struct InvitationRow {
    id: String,
    tenant_id: String,
    user_id: String,
    hash: Vec<u8>,
    created_at: i64,
    expires_at: i64,
}

/// The newest invitation is the only one: earlier links of the same person stop working.
pub fn replace(db: &mut Writing<'_>, invitation: &Invitation, hash: &[u8; 32]) -> Result<()> {
    let row = InvitationRow {
        id: invitation.id.to_string(),
        tenant_id: invitation.tenant.to_string(),
        user_id: invitation.user.to_string(),
        hash: hash.to_vec(),
        created_at: micros(invitation.created_at),
        expires_at: micros(invitation.expires_at),
    };
    let earlier = invitations::table
        .filter(invitations::tenant_id.eq(&row.tenant_id))
        .filter(invitations::user_id.eq(&row.user_id));
    diesel::delete(earlier).execute(db.connection())?;
    diesel::insert_into(invitations::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// By the hash of the link. The link itself is the permission.
pub fn find(db: &mut Reading<'_>, hash: &[u8; 32]) -> Result<Option<Invitation>> {
    let query = invitations::table.filter(invitations::hash.eq(hash.as_slice()));
    let row: Option<InvitationRow> = optional(query.first(db.connection))?;
    row.map(Invitation::try_from).transpose()
}

/// Fails with [`Error::Stale`] if somebody else was first.
pub fn take(db: &mut Writing<'_>, invitation: &Invitation) -> Result<()> {
    exactly_one(diesel::delete(invitations::table.find(invitation.id.as_str())).execute(db.connection())?)
}

/// Forgets links that were too old before then.
pub fn forget_expired(_: System, db: &mut Writing<'_>, before: Timestamp) -> Result<usize> {
    let expired = invitations::table.filter(invitations::expires_at.lt(micros(before)));
    Ok(diesel::delete(expired).execute(db.connection())?)
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        Ok(Self {
            id: ROW.parse(InvitationId::parse, &row.id)?,
            tenant: ROW.parse(TenantId::parse, &row.tenant_id)?,
            user: ROW.parse(UserId::parse, &row.user_id)?,
            created_at: ROW.timestamp(row.created_at)?,
            expires_at: ROW.timestamp(row.expires_at)?,
        })
    }
}
