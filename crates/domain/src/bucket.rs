//! Buckets by name. What is in them is the storage's business, not ours.

use std::borrow::Borrow;

use crate::Invalid;
use crate::text::texts;

texts! {
    /// What S3 lets a bucket be called.
    BucketName: bucket_name;
}

impl Borrow<str> for BucketName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// Names that S3 keeps for itself.
const RESERVED_STARTS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

fn bucket_name(text: &str) -> Result<String, Invalid> {
    let is_edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_inner = |b: u8| is_edge(b) || matches!(b, b'.' | b'-');
    if !(3..=63).contains(&text.len()) || !text.bytes().all(is_inner) {
        return Err(Invalid::because("Must be 3 to 63 lower-case letters, digits, dots and hyphens."));
    }
    if !text.bytes().next().is_some_and(is_edge) || !text.bytes().last().is_some_and(is_edge) {
        return Err(Invalid::because("Must begin and end with a letter or a digit."));
    }
    if text.contains("..") {
        return Err(Invalid::because("Must not have two dots in a row."));
    }
    if looks_like_an_address(text) {
        return Err(Invalid::because("Must not look like an IP address."));
    }
    if RESERVED_STARTS.iter().any(|start| text.starts_with(start)) {
        return Err(Invalid::because("Must not begin with xn--, sthree- or amzn-s3-demo-, which S3 keeps for itself."));
    }
    if RESERVED_ENDS.iter().any(|end| text.ends_with(end)) {
        return Err(Invalid::because(
            "Must not end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3, which S3 keeps for itself.",
        ));
    }
    Ok(text.to_owned())
}

/// Four numbers, even if one is too large or has leading zeros: some client will take it for an address.
fn looks_like_an_address(text: &str) -> bool {
    text.split('.').count() == 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_s3_allows() {
        for good in ["abc", "media", "my.bucket-1", "1.2.3", "1.2.3.4.5", "a.2.3.4", "0ab", &"x".repeat(63)] {
            assert!(BucketName::parse(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn what_s3_refuses() {
        let long = "x".repeat(64);
        let wrong = [
            "",
            "ab",
            &long,
            "Media",
            "a_b",
            "a/b",
            "a b",
            "ab\n",
            "b\u{fc}cher",
            ".abc",
            "abc.",
            "-abc",
            "abc-",
            "a..b",
            "192.168.5.4",
            "192.168.005.004",
            "999.999.999.999",
            "xn--abc",
            "sthree-abc",
            "amzn-s3-demo-abc",
            "abc-s3alias",
            "abc--ol-s3",
            "abc.mrap",
            "abc--x-s3",
            "abc--table-s3",
        ];
        for wrong in wrong {
            assert!(BucketName::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
