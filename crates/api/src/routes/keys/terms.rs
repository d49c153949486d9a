//! From what a body says of a key to its terms.

use domain::bucket::BucketName;
use domain::key::grants::{BucketNames, Buckets, Permission, Permissions, Prefix, Prefixes};
use domain::key::{Grants, Terms};
use domain::networks::{self, Networks};
use domain::text::{Description, Label};
use domain::{Invalid, Timestamp};
use service::keys::KeyChange;
use wire::{BucketAccess, BucketAccessKind, KeyPermission};

use crate::http::Validation;

/// Of a new key: what is not named is not limited.
pub(super) fn new(validation: &mut Validation, body: wire::CreateKey) -> Option<Terms> {
    let everything = Grants::everything();
    let label = validation.take_if("/label", body.label.as_deref(), Label::parse);
    let description = validation.take_if("/description", body.description.as_deref(), Description::parse);
    let buckets = match body.buckets {
        None => Some(Buckets::All),
        Some(access) => buckets(validation, &access),
    };
    let prefixes = prefixes(validation, &body.prefixes);
    let permissions = match body.permissions {
        None => Some(everything.permissions),
        Some(named) => permissions(validation, &named),
    };
    let networks = networks(validation, &body.allowed_addresses);
    let grants = Grants { buckets: buckets?, prefixes: prefixes?, permissions: permissions?, networks: networks? };
    Some(Terms { label, description, grants, expires_at: body.expires_at })
}

/// Of a key that is there: what is not named stays.
pub(super) fn changed(validation: &mut Validation, body: wire::ChangeKey) -> Box<KeyChange> {
    let label = cleared(validation, "/label", body.label, Label::parse);
    let description = cleared(validation, "/description", body.description, Description::parse);
    let buckets = body.buckets.and_then(|access| buckets(validation, &access));
    let prefixes = body.prefixes.and_then(|named| prefixes(validation, &named));
    let permissions = body.permissions.and_then(|named| permissions(validation, &named));
    let networks = body.allowed_addresses.and_then(|named| networks(validation, &named));
    let expires_at: Option<Option<Timestamp>> = body.expires_at;
    Box::new(move |before: Terms| Terms {
        label: label.clone().unwrap_or(before.label),
        description: description.clone().unwrap_or(before.description),
        grants: Grants {
            buckets: buckets.clone().unwrap_or(before.grants.buckets),
            prefixes: prefixes.clone().unwrap_or(before.grants.prefixes),
            permissions: permissions.unwrap_or(before.grants.permissions),
            networks: networks.clone().unwrap_or(before.grants.networks),
        },
        expires_at: expires_at.unwrap_or(before.expires_at),
    })
}

/// `Some(None)` takes it away.
fn cleared<T>(
    validation: &mut Validation,
    pointer: &str,
    given: Option<Option<String>>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Option<Option<T>> {
    match given {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => validation.take(pointer, parse(&text)).map(Some),
    }
}

fn buckets(validation: &mut Validation, access: &BucketAccess) -> Option<Buckets> {
    match access.access {
        BucketAccessKind::All if access.names.is_empty() => Some(Buckets::All),
        BucketAccessKind::All => {
            let why = "With access to all buckets, none are named.";
            validation.take("/buckets/names", Err(Invalid::because(why)))
        }
        BucketAccessKind::Specific => {
            let names = each(validation, "/buckets/names", &access.names, BucketName::parse)?;
            validation.take("/buckets/names", BucketNames::new(names)).map(Buckets::Specific)
        }
    }
}

fn prefixes(validation: &mut Validation, named: &[String]) -> Option<Prefixes> {
    let prefixes = each(validation, "/prefixes", named, Prefix::parse)?;
    validation.take("/prefixes", Prefixes::new(prefixes))
}

fn permissions(validation: &mut Validation, named: &[KeyPermission]) -> Option<Permissions> {
    let permissions = named.iter().map(|permission| match permission {
        KeyPermission::Read => Permission::Read,
        KeyPermission::Write => Permission::Write,
        KeyPermission::List => Permission::List,
        KeyPermission::Delete => Permission::Delete,
    });
    validation.take("/permissions", Permissions::new(permissions))
}

fn networks(validation: &mut Validation, named: &[String]) -> Option<Networks> {
    let networks = each(validation, "/allowed_addresses", named, networks::parse)?;
    validation.take("/allowed_addresses", Networks::new(networks))
}

fn each<T>(
    validation: &mut Validation,
    pointer: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<Vec<T>> {
    let parsed = texts.iter().enumerate();
    let parsed: Vec<_> =
        parsed.map(|(index, text)| validation.take(&format!("{pointer}/{index}"), parse(text))).collect();
    parsed.into_iter().collect()
}
