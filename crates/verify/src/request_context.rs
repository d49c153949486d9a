//! What a gateway knows of a request besides its signature.

use std::net::IpAddr;

use crate::described::{Described, Named, Needs};

#[derive(Debug, Clone, Copy, Default)]
pub struct RequestContext<'a> {
    pub method: Option<&'a str>,
    pub bucket: Option<&'a str>,
    /// Of a listing the prefix it asks for.
    pub object_key: Option<&'a str>,
    /// As S3's documentation calls it: `PutObject`. Says more than the method.
    pub operation: Option<&'a str>,
    pub address: Option<IpAddr>,
    /// For the record; nothing is decided by it.
    pub agent: Option<&'a str>,
    /// Whether what is not named is known not to be there.
    pub is_whole: bool,
}

impl<'a> RequestContext<'a> {
    pub fn described(&self) -> Described<'a> {
        let lists_buckets = self.operation == Some("ListBuckets");
        let absent = if self.is_whole || lists_buckets { Named::Nothing } else { Named::Unsaid };
        let needs = match (self.operation, self.method) {
            (Some(operation), _) => Some(Needs::of_operation(operation)),
            (None, Some(method)) => Some(Needs::of_method(method, self.object_key.is_some())),
            (None, None) => None,
        };
        Described {
            bucket: self.bucket.map_or(absent, Named::This),
            object_key: self.object_key.map_or(absent, Named::This),
            needs,
            address: self.address,
            is_whole: self.is_whole,
            source: None,
        }
    }
}
