//! What a gateway says of the request besides its signature, and what that needs of a key.

use std::net::IpAddr;

use domain::key::Grants;
use domain::key::grants::{Denied, Permission};

/// Only what is named is checked: what is not, the gateway checks itself against the grants it is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Described<'a> {
    pub bucket: Named<'a>,
    /// The object key; of a listing the prefix it asks for.
    pub object_key: Named<'a>,
    pub needs: Option<Needs>,
    pub address: Option<IpAddr>,
    /// Where everything was looked at, what is not said is not known: a key that may be used from some addresses only is not
    /// used from an unknown one.
    pub is_whole: bool,
    /// Another object that is read on the way.
    pub source: Option<&'a Self>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Named<'a> {
    /// The gateway says nothing of it.
    #[default]
    Unsaid,
    /// The request has none: it lists the buckets, or is about a bucket as a whole.
    Nothing,
    This(&'a str),
}

/// What an operation asks of a key's permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    One(Permission),
    /// An operation that is not known here could be anything.
    All,
}

impl Described<'_> {
    pub fn check(&self, grants: &Grants) -> Result<(), Denied> {
        if let Some(bucket) = self.bucket.said()
            && !grants.buckets.admit(bucket)
        {
            return Err(Denied::Bucket);
        }
        if let Some(object_key) = self.object_key.said()
            && !grants.prefixes.admit(object_key)
        {
            return Err(Denied::Prefix);
        }
        let lacks = |permission: &Permission| !grants.permissions.contains(*permission);
        match self.needs {
            Some(Needs::One(permission)) if lacks(&permission) => return Err(Denied::Permission),
            Some(Needs::All) if Permission::ALL.iter().any(lacks) => return Err(Denied::Permission),
            None | Some(Needs::One(_) | Needs::All) => {}
        }
        if (self.is_whole || self.address.is_some()) && !grants.networks.admit(self.address) {
            return Err(Denied::Address);
        }
        self.source.map_or(Ok(()), |source| source.check(grants))
    }
}

impl<'a> Named<'a> {
    pub fn of(named: Option<&'a str>) -> Self {
        named.map_or(Self::Unsaid, Self::This)
    }

    fn said(self) -> Option<Option<&'a str>> {
        match self {
            Self::Unsaid => None,
            Self::Nothing => Some(None),
            Self::This(name) => Some(Some(name)),
        }
    }
}

impl Needs {
    /// By the name that S3's documentation gives an operation: its verb says what it does.
    pub fn of_operation(name: &str) -> Self {
        const VERBS: [(&str, Permission); 16] = [
            ("GetBucket", Permission::List),
            ("HeadBucket", Permission::List),
            ("Get", Permission::Read),
            ("Head", Permission::Read),
            ("Select", Permission::Read),
            ("List", Permission::List),
            ("Put", Permission::Write),
            ("Create", Permission::Write),
            ("Upload", Permission::Write),
            ("Complete", Permission::Write),
            ("Copy", Permission::Write),
            ("Post", Permission::Write),
            ("Restore", Permission::Write),
            ("Write", Permission::Write),
            ("Delete", Permission::Delete),
            ("Abort", Permission::Delete),
        ];
        VERBS
            .iter()
            .find(|(verb, _)| name.starts_with(verb))
            .map_or(Self::All, |(_, permission)| Self::One(*permission))
    }

    /// By the method alone, where the operation is not named: reading a bucket as a whole is listing it.
    pub fn of_method(method: &str, has_object_key: bool) -> Self {
        match method {
            "GET" | "HEAD" if has_object_key => Self::One(Permission::Read),
            "GET" | "HEAD" => Self::One(Permission::List),
            "PUT" | "POST" => Self::One(Permission::Write),
            "DELETE" => Self::One(Permission::Delete),
            _ => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::bucket::BucketName;
    use domain::key::grants::{BucketNames, Buckets};
    use domain::networks::Networks;

    use super::*;

    #[test]
    fn operations_need_what_their_verb_says() {
        for (name, needs) in [
            ("GetObject", Needs::One(Permission::Read)),
            ("HeadObject", Needs::One(Permission::Read)),
            ("GetBucketLocation", Needs::One(Permission::List)),
            ("HeadBucket", Needs::One(Permission::List)),
            ("ListObjectsV2", Needs::One(Permission::List)),
            ("ListBuckets", Needs::One(Permission::List)),
            ("PutObject", Needs::One(Permission::Write)),
            ("CreateMultipartUpload", Needs::One(Permission::Write)),
            ("UploadPart", Needs::One(Permission::Write)),
            ("CompleteMultipartUpload", Needs::One(Permission::Write)),
            ("AbortMultipartUpload", Needs::One(Permission::Delete)),
            ("DeleteObjects", Needs::One(Permission::Delete)),
            ("FlyToTheMoon", Needs::All),
            ("", Needs::All),
        ] {
            assert_eq!(Needs::of_operation(name), needs, "{name}");
        }
        assert_eq!(Needs::of_method("GET", true), Needs::One(Permission::Read));
        assert_eq!(Needs::of_method("GET", false), Needs::One(Permission::List));
        assert_eq!(Needs::of_method("BREW", true), Needs::All);
    }

    #[test]
    fn of_a_whole_request_what_is_not_said_is_not_there() {
        let inside = domain::networks::parse("203.0.113.0/24").unwrap();
        let limited = Grants { networks: Networks::new([inside]).unwrap(), ..Grants::everything() };
        assert_eq!(Described::default().check(&limited), Ok(()));
        assert_eq!(Described { is_whole: true, ..Described::default() }.check(&limited), Err(Denied::Address));
    }

    #[test]
    fn what_is_copied_from_is_checked_as_well() {
        let media = BucketNames::new([BucketName::parse("media").unwrap()]).unwrap();
        let limited = Grants { buckets: Buckets::Specific(media), ..Grants::everything() };
        let from = |bucket| Described { bucket, ..Described::default() };
        let copy = |source: &Described<'_>| {
            Described { bucket: Named::This("media"), source: Some(source), ..Described::default() }.check(&limited)
        };
        assert_eq!(copy(&from(Named::This("media"))), Ok(()));
        assert_eq!(copy(&from(Named::This("secret"))), Err(Denied::Bucket));
        assert_eq!(copy(&from(Named::Nothing)), Err(Denied::Bucket));
    }

    #[test]
    fn what_is_not_said_is_not_checked() {
        let nothing_said = Described::default();
        assert_eq!(nothing_said.check(&Grants::everything()), Ok(()));
        let all_said = Described {
            bucket: Named::This("media"),
            object_key: Named::This("a/b"),
            needs: Some(Needs::All),
            address: Some([203, 0, 113, 9].into()),
            ..Described::default()
        };
        assert_eq!(all_said.check(&Grants::everything()), Ok(()));
    }
}
