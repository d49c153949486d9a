//! Rows of `key_models`.

use authz::{Action, Permit, Platform};
use chrono::TimeDelta;
use diesel::prelude::*;
use domain::key_model::{Delete, Instances, KeyModel, Presence, Revoke, Switches};
use domain::text::{KeyModelName, Name};

use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::key_models;
use crate::transaction::{Reading, Writing, exactly_one, optional};
use crate::{Page, System};

const ROW: Row = Row("key_models");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = key_models, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct KeyModelRow {
    name: String,
    title: String,
    built_in: bool,
    many_instances: bool,
    max_keys: Option<i64>,
    initial_key: bool,
    label_required: bool,
    description_required: bool,
    bucket_scopes: bool,
    on_revoke: String,
    on_delete: String,
    reset: bool,
    rotate_max_grace_seconds: Option<i64>,
    max_ttl_seconds: Option<i64>,
    rotate_after_days: Option<i64>,
    id_prefix: String,
    id_length: i64,
    secret_length: i64,
    created_at: i64,
    version: i64,
}

pub fn find(db: &mut Reading<'_>, name: &KeyModelName) -> Result<Option<KeyModel>> {
    let row: Option<KeyModelRow> = optional(key_models::table.find(name.as_str()).first(db.connection))?;
    row.map(KeyModel::try_from).transpose()
}

/// By name.
pub fn list(db: &mut Reading<'_>, page: &Page) -> Result<Vec<KeyModel>> {
    let mut query = key_models::table.order(key_models::name).limit(page.limit).into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(key_models::name.gt(after));
    }
    query.load::<KeyModelRow>(db.connection)?.into_iter().map(KeyModel::try_from).collect()
}

pub fn insert(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, model: &KeyModel) -> Result<()> {
    insert_row(db, model)
}

/// Puts the built-in models into a new database.
pub fn insert_built_in(_: System, db: &mut Writing<'_>, model: &KeyModel) -> Result<()> {
    insert_row(db, model)
}

fn insert_row(db: &mut Writing<'_>, model: &KeyModel) -> Result<()> {
    let row = KeyModelRow::from(model);
    diesel::insert_into(key_models::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Stores a model read before, one version on.
pub fn update(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, model: KeyModel) -> Result<KeyModel> {
    let read = model.version;
    let model = KeyModel { version: read + 1, ..model };
    let found = key_models::table.find(model.name.as_str()).filter(key_models::version.eq(read));
    exactly_one(diesel::update(found).set(KeyModelRow::from(&model)).execute(db.connection())?)?;
    Ok(model)
}

pub fn delete(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, model: &KeyModel) -> Result<()> {
    let found = key_models::table.find(model.name.as_str()).filter(key_models::version.eq(model.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

impl From<&KeyModel> for KeyModelRow {
    fn from(model: &KeyModel) -> Self {
        let switches = &model.switches;
        Self {
            name: model.name.to_string(),
            title: model.title.to_string(),
            built_in: model.built_in,
            many_instances: switches.instances == Instances::Many,
            max_keys: switches.max_keys.map(i64::from),
            initial_key: switches.initial_key,
            label_required: switches.label == Presence::Required,
            description_required: switches.description == Presence::Required,
            bucket_scopes: switches.bucket_scopes,
            on_revoke: match switches.revoke {
                Revoke::KeepsHistory => "keeps_history",
                Revoke::Off => "off",
            }
            .to_owned(),
            on_delete: match switches.delete {
                Delete::Allowed => "allowed",
                Delete::AfterRevoke => "after_revoke",
                Delete::Forbidden => "forbidden",
            }
            .to_owned(),
            reset: switches.reset,
            rotate_max_grace_seconds: switches.rotate_max_grace.map(|grace| grace.num_seconds()),
            max_ttl_seconds: switches.max_ttl.map(|ttl| ttl.num_seconds()),
            rotate_after_days: switches.rotate_after_days.map(i64::from),
            id_prefix: switches.id_prefix.clone(),
            id_length: switches.id_length.into(),
            secret_length: switches.secret_length.into(),
            created_at: micros(model.created_at),
            version: model.version,
        }
    }
}

impl TryFrom<KeyModelRow> for KeyModel {
    type Error = Error;

    fn try_from(row: KeyModelRow) -> Result<Self> {
        let presence = |required| if required { Presence::Required } else { Presence::Optional };
        let switches = Switches {
            instances: if row.many_instances { Instances::Many } else { Instances::One },
            max_keys: row.max_keys.map(|keys| ROW.number(keys)).transpose()?,
            initial_key: row.initial_key,
            label: presence(row.label_required),
            description: presence(row.description_required),
            bucket_scopes: row.bucket_scopes,
            revoke: match row.on_revoke.as_str() {
                "keeps_history" => Revoke::KeepsHistory,
                "off" => Revoke::Off,
                other => return Err(Error::corrupt("key_models", other)),
            },
            delete: match row.on_delete.as_str() {
                "allowed" => Delete::Allowed,
                "after_revoke" => Delete::AfterRevoke,
                "forbidden" => Delete::Forbidden,
                other => return Err(Error::corrupt("key_models", other)),
            },
            reset: row.reset,
            rotate_max_grace: row.rotate_max_grace_seconds.map(TimeDelta::seconds),
            max_ttl: row.max_ttl_seconds.map(TimeDelta::seconds),
            rotate_after_days: row.rotate_after_days.map(|days| ROW.number(days)).transpose()?,
            id_prefix: row.id_prefix,
            id_length: ROW.number(row.id_length)?,
            secret_length: ROW.number(row.secret_length)?,
        };
        Ok(Self {
            name: ROW.parse(KeyModelName::parse, &row.name)?,
            title: ROW.parse(Name::parse, &row.title)?,
            built_in: row.built_in,
            switches: switches.check().map_err(|contradiction| Error::corrupt("key_models", contradiction))?,
            created_at: ROW.timestamp(row.created_at)?,
            version: row.version,
        })
    }
}
