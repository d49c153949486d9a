//! Rows of `api_tokens`. The token itself is nowhere here: only its keyed hash.

use std::net::IpAddr;

use authz::{Action, HoldsTokens, OnPartner, OneGateway, Permit};
use diesel::prelude::*;
use domain::Timestamp;
use domain::actor::{Actor, ActorKind};
use domain::api_token::{ApiToken, TokenOwner};
use domain::id::{GatewayId, TenantId, TokenId, UserId};
use domain::partner::PartnerPath;
use domain::scope::{Scope, Scopes};
use domain::text::Description;
use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::api_tokens;
use crate::transaction::{Reading, Writing, exactly_one, optional};
use crate::{Page, System};

const ROW: Row = Row("api_tokens");

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub(crate) struct ApiTokenRow {
    id: String,
    partner_path: Option<String>,
    tenant_id: Option<String>,
    description: String,
    scopes: String,
    networks: String,
    expires_at: i64,
    created_at: i64,
    created_by_kind: String,
    created_by_id: String,
    vouched_by: Option<String>,
    last_used_at: Option<i64>,
    last_used_from: Option<String>,
    version: i64,
    gateway_id: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = api_tokens, treat_none_as_default_value = false)]
struct NewApiTokenRow {
    id: String,
    partner_path: Option<String>,
    tenant_id: Option<String>,
    hash: Vec<u8>,
    description: String,
    scopes: String,
    networks: String,
    expires_at: i64,
    created_at: i64,
    created_by_kind: String,
    created_by_id: String,
    vouched_by: Option<String>,
    version: i64,
    gateway_id: Option<String>,
}

/// Queries start inside the permit's level: another level's token is simply not there.
macro_rules! owned_by {
    ($owner:expr) => {{
        let query = api_tokens::table.into_boxed();
        match $owner {
            TokenOwner::Operator => {
                let of_nobody_else = api_tokens::partner_path.is_null().and(api_tokens::tenant_id.is_null());
                query.filter(of_nobody_else.and(api_tokens::gateway_id.is_null()))
            }
            TokenOwner::Partner(path) => query.filter(api_tokens::partner_path.eq(path.to_string())),
            TokenOwner::Tenant(id) => query.filter(api_tokens::tenant_id.eq(id.to_string())),
            TokenOwner::Gateway(id) => query.filter(api_tokens::gateway_id.eq(id.to_string())),
        }
    }};
}

pub fn find<A: Action>(permit: &Permit<A>, db: &mut Reading<'_>, id: &TokenId) -> Result<Option<ApiToken>>
where
    A::Object: HoldsTokens,
{
    let query = owned_by!(permit.token_owner()).filter(api_tokens::id.eq(id.to_string()));
    let row = optional(query.select(ApiTokenRow::as_select()).first(db.connection))?;
    row.map(ApiToken::try_from).transpose()
}

/// By id, those that have not expired.
pub fn list<A: Action>(permit: &Permit<A>, db: &mut Reading<'_>, now: Timestamp, page: &Page) -> Result<Vec<ApiToken>>
where
    A::Object: HoldsTokens,
{
    let mut query = owned_by!(permit.token_owner())
        .filter(api_tokens::expires_at.gt(micros(now)))
        .order(api_tokens::id)
        .limit(page.limit);
    if let Some(after) = &page.after {
        query = query.filter(api_tokens::id.gt(after.clone()));
    }
    let rows: Vec<ApiTokenRow> = query.select(ApiTokenRow::as_select()).load(db.connection)?;
    rows.into_iter().map(ApiToken::try_from).collect()
}

pub fn insert<A: Action>(permit: &Permit<A>, db: &mut Writing<'_>, token: &ApiToken, hash: &[u8; 32]) -> Result<()>
where
    A::Object: HoldsTokens,
{
    debug_assert_eq!(permit.token_owner(), token.owner);
    insert_row(db, token, hash)
}

/// The first operator's token.
pub fn insert_first(_: System, db: &mut Writing<'_>, token: &ApiToken, hash: &[u8; 32]) -> Result<()> {
    insert_row(db, token, hash)
}

fn insert_row(db: &mut Writing<'_>, token: &ApiToken, hash: &[u8; 32]) -> Result<()> {
    let (partner_path, tenant_id, gateway_id) = match &token.owner {
        TokenOwner::Operator => (None, None, None),
        TokenOwner::Partner(path) => (Some(path.to_string()), None, None),
        TokenOwner::Tenant(id) => (None, Some(id.to_string()), None),
        TokenOwner::Gateway(id) => (None, None, Some(id.to_string())),
    };
    let row = NewApiTokenRow {
        id: token.id.to_string(),
        partner_path,
        tenant_id,
        hash: hash.to_vec(),
        description: token.description.to_string(),
        scopes: joined(token.scopes.iter().map(Scope::as_str)),
        networks: joined(token.networks.iter().map(ToString::to_string)),
        expires_at: micros(token.expires_at),
        created_at: micros(token.created_at),
        created_by_kind: token.created_by.kind.as_str().to_owned(),
        created_by_id: token.created_by.id.clone(),
        vouched_by: token.vouched_by.as_ref().map(ToString::to_string),
        version: token.version,
        gateway_id,
    };
    diesel::insert_into(api_tokens::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Brings a token's end forward.
pub fn expire_at<A: Action>(_: &Permit<A>, db: &mut Writing<'_>, token: &ApiToken, at: Timestamp) -> Result<()>
where
    A::Object: HoldsTokens,
{
    let found = api_tokens::table.find(token.id.as_str()).filter(api_tokens::version.eq(token.version));
    let change = (api_tokens::expires_at.eq(micros(at)), api_tokens::version.eq(token.version + 1));
    exactly_one(diesel::update(found).set(change).execute(db.connection())?)
}

pub fn delete<A: Action>(_: &Permit<A>, db: &mut Writing<'_>, token: &ApiToken) -> Result<()>
where
    A::Object: HoldsTokens,
{
    let found = api_tokens::table.find(token.id.as_str()).filter(api_tokens::version.eq(token.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

/// Those of a partner go with it.
pub fn delete_all_of_partner(permit: &impl OnPartner, db: &mut Writing<'_>) -> Result<()> {
    let its = api_tokens::table.filter(api_tokens::partner_path.eq(permit.path().to_string()));
    diesel::delete(its).execute(db.connection())?;
    Ok(())
}

/// Those of a gateway likewise.
pub fn delete_all_of_gateway(permit: &Permit<impl Action<Object = OneGateway>>, db: &mut Writing<'_>) -> Result<()> {
    let its = api_tokens::table.filter(api_tokens::gateway_id.eq(permit.gateway().to_string()));
    diesel::delete(its).execute(db.connection())?;
    Ok(())
}

/// Forgets tokens that expired before then.
pub fn forget_expired(_: System, db: &mut Writing<'_>, before: Timestamp) -> Result<usize> {
    Ok(diesel::delete(api_tokens::table.filter(api_tokens::expires_at.lt(micros(before)))).execute(db.connection())?)
}

/// Whether there is an operator who could still come in.
pub fn any_operator(_: System, db: &mut Reading<'_>, now: Timestamp) -> Result<bool> {
    let live = owned_by!(TokenOwner::Operator).filter(api_tokens::expires_at.gt(micros(now)));
    Ok(live.count().get_result::<i64>(db.connection)? > 0)
}

/// Notes that a token was used. Not a change of the token: no version, no audit.
pub fn touch(_: System, db: &mut Writing<'_>, id: &TokenId, at: Timestamp, from: Option<IpAddr>) -> Result<()> {
    let change = (
        api_tokens::last_used_at.eq(Some(micros(at))),
        api_tokens::last_used_from.eq(from.map(|address| address.to_string())),
    );
    diesel::update(api_tokens::table.find(id.as_str())).set(change).execute(db.connection())?;
    Ok(())
}

fn joined(parts: impl Iterator<Item = impl ToString>) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(" ")
}

impl TryFrom<ApiTokenRow> for ApiToken {
    type Error = Error;

    fn try_from(row: ApiTokenRow) -> Result<Self> {
        let owner = match (&row.partner_path, &row.tenant_id, &row.gateway_id) {
            (None, None, None) => TokenOwner::Operator,
            (Some(path), None, None) => TokenOwner::Partner(ROW.parse(PartnerPath::parse, path)?),
            (None, Some(id), None) => TokenOwner::Tenant(ROW.parse(TenantId::parse, id)?),
            (None, None, Some(id)) => TokenOwner::Gateway(ROW.parse(GatewayId::parse, id)?),
            _ => return Err(Error::corrupt("api_tokens", "it has two owners")),
        };
        let scopes = row.scopes.split(' ').map(|scope| ROW.parse(Scope::parse, scope)).collect::<Result<Vec<_>>>()?;
        let network = |text: &str| text.parse::<IpNet>().map_err(|error| Error::corrupt("api_tokens", error));
        let networks = row.networks.split_ascii_whitespace().map(network).collect::<Result<_>>()?;
        let from = row.last_used_from.map(|text| text.parse::<IpAddr>()).transpose();
        Ok(Self {
            id: ROW.parse(TokenId::parse, &row.id)?,
            owner,
            description: ROW.parse(Description::parse, &row.description)?,
            scopes: Scopes::new(scopes).map_err(|invalid| Error::corrupt("api_tokens", invalid))?,
            networks,
            expires_at: ROW.timestamp(row.expires_at)?,
            created_at: ROW.timestamp(row.created_at)?,
            created_by: Actor { kind: ROW.parse(ActorKind::parse, &row.created_by_kind)?, id: row.created_by_id },
            vouched_by: ROW.parse_if(UserId::parse, row.vouched_by.as_deref())?,
            last_used_at: ROW.timestamp_if(row.last_used_at)?,
            last_used_from: from.map_err(|error| Error::corrupt("api_tokens", error))?,
            version: row.version,
        })
    }
}
