//! What is read before there is a caller: these functions take no permit, because they are what permits are made from.
//!
//! They find by a secret's hash, by an id out of a signed token, or by an id whose visibility is decided next.
//! None of them lists anything of a tenant.

use authz::{OneGateway, Partnership, Tenancy};
use diesel::prelude::*;
use domain::Timestamp;
use domain::api_token::{ApiToken, TokenOwner};
use domain::gateway::Gateway;
use domain::id::{GatewayId, PartnerId, SessionId, TenantId, TokenId, UserId};
use domain::partner::{Partner, PartnerPath};
use domain::session::Session;
use domain::tenant::Tenant;
use domain::text::Email;
use domain::user::User;

use crate::api_tokens::ApiTokenRow;
use crate::error::{Error, Result};
use crate::gateways;
use crate::partners::PartnerRow;
use crate::quarantine;
use crate::rows::micros;
use crate::schema::{api_tokens, partners, sessions, tenants, users};
use crate::sessions::SessionRow;
use crate::tenants::TenantRow;
use crate::transaction::{Reading, Writing, exactly_one, optional};
use crate::users::UserRow;

/// An API token and everything its liveness hangs on.
pub struct TokenStanding {
    pub token: ApiToken,
    /// The partner it belongs to, or its tenant's, with everybody above.
    pub partners: Vec<Partner>,
    pub tenant: Option<Tenant>,
    /// The gateway it belongs to, if it is a gateway's.
    pub gateway: Option<Gateway>,
    /// The token or that gateway, after a restore.
    pub is_held_back: bool,
    /// The person who vouches for it; `Some(None)` if there was one and is no more.
    pub voucher: Option<Option<User>>,
}

/// A session and everything its liveness hangs on.
pub struct SessionStanding {
    pub session: Session,
    pub user: User,
    pub tenant: Tenant,
    pub partners: Vec<Partner>,
}

pub fn find_token(db: &mut Reading<'_>, hash: &[u8; 32]) -> Result<Option<TokenStanding>> {
    let query = api_tokens::table.filter(api_tokens::hash.eq(hash.as_slice())).select(ApiTokenRow::as_select());
    let row = optional(query.first(db.connection))?;
    row.map(|row| standing_of_token(db, row)).transpose()
}

/// The same by the id, out of what its holder signed in to the console with.
pub fn find_token_by_id(db: &mut Reading<'_>, id: &TokenId) -> Result<Option<TokenStanding>> {
    let query = api_tokens::table.find(id.as_str()).select(ApiTokenRow::as_select());
    let row = optional(query.first(db.connection))?;
    row.map(|row| standing_of_token(db, row)).transpose()
}

fn standing_of_token(db: &mut Reading<'_>, row: ApiTokenRow) -> Result<TokenStanding> {
    let token = ApiToken::try_from(row)?;
    let (tenant, path) = match &token.owner {
        TokenOwner::Operator => (None, None),
        TokenOwner::Partner(path) => (None, Some(path.clone())),
        TokenOwner::Tenant(id) => {
            let tenant = find_tenant(db, id)?.ok_or_else(|| Error::corrupt("api_tokens", "it has no tenant"))?;
            let path = tenant.partner.clone();
            (Some(tenant), path)
        }
        TokenOwner::Gateway(_) => (None, None),
    };
    let voucher = match (&token.vouched_by, &tenant) {
        (Some(user), Some(tenant)) => Some(find_voucher(db, &tenant.id, user)?),
        _ => None,
    };
    let gateway = match &token.owner {
        TokenOwner::Gateway(id) => gateways::find_by_id(db, id)?,
        TokenOwner::Operator | TokenOwner::Partner(_) | TokenOwner::Tenant(_) => None,
    };
    let is_held_back = quarantine::holds_back_token(db, &token)?;
    Ok(TokenStanding { is_held_back, partners: partners_on(db, path.as_ref())?, token, tenant, gateway, voucher })
}

pub fn find_session(db: &mut Reading<'_>, id: &SessionId) -> Result<Option<SessionStanding>> {
    let query = sessions::table
        .find(id.as_str())
        .inner_join(users::table.on(users::id.eq(sessions::user_id).and(users::tenant_id.eq(sessions::tenant_id))))
        .inner_join(tenants::table.on(tenants::id.eq(sessions::tenant_id)))
        .select((sessions::all_columns, UserRow::as_select(), tenants::all_columns));
    let found: Option<(SessionRow, UserRow, TenantRow)> = optional(query.first(db.connection))?;
    let Some((session, user, tenant)) = found else { return Ok(None) };
    let tenant = Tenant::try_from(tenant)?;
    let partners = partners_on(db, tenant.partner.as_ref())?;
    Ok(Some(SessionStanding { session: session.try_into()?, user: user.try_into()?, tenant, partners }))
}

/// Somebody who might be logging in: the same e-mail address may have an account in several tenants.
pub struct Candidate {
    pub user: User,
    pub password_hash: Option<String>,
}

/// Those who joined first come first; nobody who has not joined, and nobody of a tenant that is past its deletion.
pub fn candidates(
    db: &mut Reading<'_>,
    email: &Email,
    tenant: Option<&TenantId>,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Candidate>> {
    let gone = tenants::table.filter(tenants::delete_at.le(micros(now))).select(tenants::id);
    let mut query = users::table
        .filter(users::email.eq(email.as_str()))
        .filter(users::tenant_id.ne_all(gone))
        .filter(users::joined_at.is_not_null())
        .order((users::joined_at, users::id))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((UserRow::as_select(), users::password_hash))
        .into_boxed();
    if let Some(tenant) = tenant {
        query = query.filter(users::tenant_id.eq(tenant.as_str()));
    }
    let found: Vec<(UserRow, Option<String>)> = query.load(db.connection)?;
    found.into_iter().map(|(row, password_hash)| Ok(Candidate { user: row.try_into()?, password_hash })).collect()
}

/// The tenant of somebody who has just proven who they are, with the partners above.
pub fn find_tenant_of(db: &mut Reading<'_>, user: &User) -> Result<(Tenant, Vec<Partner>)> {
    let tenant = find_tenant(db, &user.tenant)?.ok_or_else(|| Error::corrupt("users", "it has no tenant"))?;
    let partners = partners_on(db, tenant.partner.as_ref())?;
    Ok((tenant, partners))
}

pub fn find_user(db: &mut Reading<'_>, id: &UserId) -> Result<Option<Candidate>> {
    let query = users::table.find(id.as_str()).select((UserRow::as_select(), users::password_hash));
    let found: Option<(UserRow, Option<String>)> = optional(query.first(db.connection))?;
    found.map(|(row, password_hash)| Ok(Candidate { user: row.try_into()?, password_hash })).transpose()
}

/// Sets the hash of a person's password and, the first time, that they have joined.
pub fn set_password(db: &mut Writing<'_>, user: &User, hash: &str) -> Result<()> {
    let joined_at = micros(user.joined_at.unwrap_or(db.now()));
    let found = users::table.find(user.id.as_str()).filter(users::version.eq(user.version));
    let change = (
        users::password_hash.eq(Some(hash)),
        users::joined_at.eq(Some(joined_at)),
        users::version.eq(user.version + 1),
    );
    exactly_one(diesel::update(found).set(change).execute(db.connection())?)
}

/// Where a tenant stands, for the question whether the caller may see it. A tenant past its deletion stands nowhere.
pub fn locate_tenant(db: &mut Reading<'_>, id: &TenantId, now: Timestamp) -> Result<Option<Tenancy>> {
    let tenant = find_tenant(db, id)?.filter(|tenant| !tenant.is_gone(now));
    Ok(tenant.map(|tenant| Tenancy { id: tenant.id, partner: tenant.partner }))
}

/// Where a partner stands, for the same question.
pub fn locate_partner(db: &mut Reading<'_>, id: &PartnerId) -> Result<Option<Partnership>> {
    let row: Option<PartnerRow> = optional(partners::table.find(id.as_str()).first(db.connection))?;
    row.map(|row| Ok(Partnership { path: Partner::try_from(row)?.path })).transpose()
}

/// A gateway, for the same question.
pub fn locate_gateway(db: &mut Reading<'_>, id: &GatewayId) -> Result<Option<OneGateway>> {
    Ok(gateways::find_by_id(db, id)?.map(|gateway| OneGateway { id: gateway.id }))
}

pub(crate) fn find_tenant(db: &mut Reading<'_>, id: &TenantId) -> Result<Option<Tenant>> {
    let row: Option<TenantRow> = optional(tenants::table.find(id.as_str()).first(db.connection))?;
    row.map(Tenant::try_from).transpose()
}

fn find_voucher(db: &mut Reading<'_>, tenant: &TenantId, id: &UserId) -> Result<Option<User>> {
    let query = users::table.find(id.as_str()).filter(users::tenant_id.eq(tenant.as_str()));
    let row = optional(query.select(UserRow::as_select()).first(db.connection))?;
    row.map(User::try_from).transpose()
}

/// The partners on a path, from the root down.
pub fn partners_on(db: &mut Reading<'_>, path: Option<&PartnerPath>) -> Result<Vec<Partner>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let ids: Vec<&str> = path.ids().map(PartnerId::as_str).collect();
    let rows: Vec<PartnerRow> =
        partners::table.filter(partners::id.eq_any(&ids)).order(partners::path).load(db.connection)?;
    if rows.len() != ids.len() {
        return Err(Error::corrupt("partners", "somebody on a path is missing"));
    }
    rows.into_iter().map(Partner::try_from).collect()
}
