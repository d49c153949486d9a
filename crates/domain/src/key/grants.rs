//! What a key may do: in which buckets, below which prefixes, how, and from where.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::Invalid;
use crate::bucket::BucketName;
use crate::networks::Networks;
use crate::text::texts;

pub const MOST_BUCKETS: usize = 256;
pub const MOST_PREFIXES: usize = 32;

/// A request must pass every one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    pub buckets: Buckets,
    pub prefixes: Prefixes,
    pub permissions: Permissions,
    pub networks: Networks,
}

/// The first limit that a request runs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    Bucket,
    Prefix,
    Permission,
    Address,
}

impl Denied {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Prefix => "prefix",
            Self::Permission => "permission",
            Self::Address => "address",
        }
    }
}

impl Grants {
    /// What a key has unless somebody limits it: all of its storage instance, from anywhere.
    pub fn everything() -> Self {
        Self {
            buckets: Buckets::All,
            prefixes: Prefixes::default(),
            permissions: Permissions::of(Permission::ALL),
            networks: Networks::default(),
        }
    }

    /// Whether the request stays within all limits. One that names no bucket, such as the list of all buckets, exceeds
    /// any limit to some; one that names no object exceeds any limit to prefixes. Of a listing the object key is
    /// the prefix that it asks for.
    pub fn allows(
        &self,
        bucket: Option<&str>,
        object_key: Option<&str>,
        permission: Permission,
        address: Option<IpAddr>,
    ) -> Result<(), Denied> {
        if !self.buckets.admit(bucket) {
            return Err(Denied::Bucket);
        }
        if !self.prefixes.admit(object_key) {
            return Err(Denied::Prefix);
        }
        if !self.permissions.contains(permission) {
            return Err(Denied::Permission);
        }
        if !self.networks.admit(address) {
            return Err(Denied::Address);
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buckets {
    /// Those of today and those to come.
    All,
    Specific(BucketNames),
}

impl Buckets {
    pub fn admit(&self, bucket: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Specific(names) => bucket.is_some_and(|bucket| names.0.contains(bucket)),
        }
    }
}

/// Never empty: a key that opens no bucket is a mistake, and must not be read as one that opens all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketNames(BTreeSet<BucketName>);

impl BucketNames {
    pub fn new(names: impl IntoIterator<Item = BucketName>) -> Result<Self, Invalid> {
        let names: BTreeSet<_> = names.into_iter().collect();
        if names.is_empty() {
            return Err(Invalid::because("Must name at least one bucket."));
        }
        if names.len() > MOST_BUCKETS {
            return Err(Invalid::because(format!("Must be at most {MOST_BUCKETS} buckets.")));
        }
        Ok(Self(names))
    }

    pub fn iter(&self) -> impl Iterator<Item = &BucketName> {
        self.0.iter()
    }
}

texts! {
    /// How the object keys begin that a key may touch; taken literally, a slash is a character like any other.
    Prefix: prefix;
}

fn prefix(text: &str) -> Result<String, Invalid> {
    if !(1..=1024).contains(&text.len()) {
        return Err(Invalid::because("Must be 1 to 1024 bytes."));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::because("Must not have control characters."));
    }
    Ok(text.to_owned())
}

/// Every object when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefixes(BTreeSet<Prefix>);

impl Prefixes {
    pub fn new(prefixes: impl IntoIterator<Item = Prefix>) -> Result<Self, Invalid> {
        let prefixes: BTreeSet<_> = prefixes.into_iter().collect();
        if prefixes.len() > MOST_PREFIXES {
            return Err(Invalid::because(format!("Must be at most {MOST_PREFIXES} prefixes.")));
        }
        Ok(Self(prefixes))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Prefix> {
        self.0.iter()
    }

    pub fn admit(&self, object_key: Option<&str>) -> bool {
        self.0.is_empty()
            || object_key.is_some_and(|object| self.0.iter().any(|prefix| object.starts_with(prefix.as_str())))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    Read,
    Write,
    List,
    Delete,
}

impl Permission {
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::List, Self::Delete];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::List => "list",
            Self::Delete => "delete",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.as_str() == text)
            .ok_or(Invalid::because("A permission is read, write, list or delete."))
    }
}

/// Never empty: to stop a key, disable it. A bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    pub fn new(permissions: impl IntoIterator<Item = Permission>) -> Result<Self, Invalid> {
        let permissions = Self::of(permissions);
        if permissions.0 == 0 {
            return Err(Invalid::because("A key needs at least one permission."));
        }
        Ok(permissions)
    }

    fn of(permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }

    pub fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks;

    fn limited() -> Grants {
        Grants {
            buckets: Buckets::Specific(BucketNames::new([BucketName::parse("media").unwrap()]).unwrap()),
            prefixes: Prefixes::new([Prefix::parse("photos/").unwrap()]).unwrap(),
            permissions: Permissions::new([Permission::Read, Permission::List]).unwrap(),
            networks: Networks::new([networks::parse("203.0.113.0/24").unwrap()]).unwrap(),
        }
    }

    fn inside() -> Option<IpAddr> {
        Some([203, 0, 113, 9].into())
    }

    #[test]
    fn everything_is_everything() {
        for permission in Permission::ALL {
            assert_eq!(Grants::everything().allows(None, None, permission, None), Ok(()));
            assert_eq!(Grants::everything().allows(Some("media"), Some("a"), permission, inside()), Ok(()));
        }
    }

    #[test]
    fn a_request_must_pass_every_limit() {
        let allows = |bucket, object, permission, address| limited().allows(bucket, object, permission, address);
        assert_eq!(allows(Some("media"), Some("photos/1.jpg"), Permission::Read, inside()), Ok(()));
        assert_eq!(allows(Some("media"), Some("photos/"), Permission::List, inside()), Ok(()));
        for bucket in [None, Some(""), Some("medi"), Some("media2"), Some("MEDIA")] {
            assert_eq!(allows(bucket, Some("photos/1.jpg"), Permission::Read, inside()), Err(Denied::Bucket));
        }
        for object in [None, Some(""), Some("photos"), Some("/photos/1.jpg"), Some("Photos/1.jpg")] {
            assert_eq!(allows(Some("media"), object, Permission::Read, inside()), Err(Denied::Prefix));
        }
        for permission in [Permission::Write, Permission::Delete] {
            assert_eq!(allows(Some("media"), Some("photos/"), permission, inside()), Err(Denied::Permission));
        }
        for address in [None, Some([203, 0, 114, 9].into())] {
            assert_eq!(allows(Some("media"), Some("photos/"), Permission::Read, address), Err(Denied::Address));
        }
    }

    #[test]
    fn what_would_open_nothing_is_refused_rather_than_read_as_all() {
        assert!(BucketNames::new([]).is_err());
        assert!(Permissions::new([]).is_err());
        assert!(Prefix::parse("").is_err());
    }

    #[test]
    fn limits_are_bounded() {
        let bucket = |n| BucketName::parse(&format!("bucket-{n}")).unwrap();
        let prefix = |n| Prefix::parse(&format!("{n}/")).unwrap();
        assert!(BucketNames::new((0..MOST_BUCKETS).map(bucket)).is_ok());
        assert!(BucketNames::new((0..=MOST_BUCKETS).map(bucket)).is_err());
        assert!(Prefixes::new((0..MOST_PREFIXES).map(prefix)).is_ok());
        assert!(Prefixes::new((0..=MOST_PREFIXES).map(prefix)).is_err());
        assert!(Prefix::parse(&"x".repeat(1025)).is_err());
        assert!(Prefix::parse("a\0b").is_err());
    }

    #[test]
    fn permissions_parse_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Ok(permission));
        }
        assert!(Permission::parse("admin").is_err());
    }
}
