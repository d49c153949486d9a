//! Short texts that people type: names, descriptions, addresses of people. Parsed once, valid ever after.

use crate::Invalid;

/// Makes a type of each named text, from the one rule that parses it.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, $crate::Invalid> {
                let check: fn(&str) -> Result<String, $crate::Invalid> = $check;
                check(text).map(|text| Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

pub(crate) use texts;

texts! {
    /// What people call a partner, a tenant, a region, a user.
    Name: |text| line(text, 1, 200);
    /// What people call a key.
    Label: |text| line(text, 1, 200);
    /// What a token or a key is for.
    Description: |text| line(text, 1, 200);
    /// Why somebody did what needs a reason.
    Reason: |text| line(text, 1, 500);
    /// A partner's own number for a tenant: whatever its billing system uses.
    ExternalRef: |text| line(text, 1, 200);
    /// Canonical: trimmed and in lower case, so that two spellings are one person.
    Email: email;
    /// `waw3-1`: how regions are named in URLs and in signatures.
    RegionCode: region_code;
    /// `pair`: how key models are named in URLs.
    KeyModelName: slug;
    /// Where clients of a region send their requests.
    Endpoint: endpoint;
}

fn line(text: &str, least: usize, most: usize) -> Result<String, Invalid> {
    let text = text.trim();
    let length = text.chars().count();
    if length < least {
        return Err(Invalid::because("Must not be empty."));
    }
    if length > most {
        return Err(Invalid::because(format!("Must have at most {most} characters.")));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(Invalid::because("Must be one line without control or invisible characters."));
    }
    Ok(text.to_owned())
}

/// Characters that make two different names look the same, or turn the text around.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn email(text: &str) -> Result<String, Invalid> {
    let text = line(text, 3, 254)?.to_lowercase();
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '@' | ',' | ';' | '<' | '>' | '(' | ')' | '"' | '\\');
    match text.split_once('@') {
        Some((local, host))
            if !local.is_empty()
                && local.len() <= 64
                && local.chars().all(plain)
                && host.split('.').all(is_host_label) =>
        {
            Ok(text)
        }
        _ => Err(Invalid::because("Must be an e-mail address such as ada@example.org.")),
    }
}

fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

fn region_code(text: &str) -> Result<String, Invalid> {
    slug(text).map_err(|_| {
        Invalid::because("Must be 1 to 32 lower-case letters, digits and single hyphens between them, such as waw3-1.")
    })
}

fn slug(text: &str) -> Result<String, Invalid> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if (1..=32).contains(&text.len()) && text.split('-').all(|part| !part.is_empty() && part.bytes().all(allowed)) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::because("Must be 1 to 32 lower-case letters, digits and single hyphens between them."))
    }
}

fn endpoint(text: &str) -> Result<String, Invalid> {
    let sentence = "Must be a URL of scheme and host, such as https://s3.waw3-1.example.org.";
    let text = line(text, 1, 200)?;
    let text = text.trim_end_matches('/');
    let authority =
        text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(Invalid::because(sentence))?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host_is_good = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.len() <= 253 && host.split('.').all(|label| is_host_label(label) && label.is_ascii()),
    };
    let port_is_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if host_is_good && port_is_good { Ok(text.to_owned()) } else { Err(Invalid::because(sentence)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_single_lines() {
        assert_eq!(Name::parse("  Acme GmbH ").unwrap().as_str(), "Acme GmbH");
        for wrong in ["", "   ", "two\nlines", "nul\0", "in\u{202e}verted", &"x".repeat(201)] {
            assert!(Name::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn emails_have_one_spelling() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").unwrap().as_str(), "ada@example.org");
        for wrong in
            ["", "ada", "@example.org", "ada@", "a b@example.org", "a@b@c", "a@-b.org", "a@b..org", "<a@b.org>"]
        {
            assert!(Email::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn region_codes_fit_urls_and_signatures() {
        assert!(RegionCode::parse("waw3-1").is_ok());
        for wrong in ["", "-", "WAW3", "a--b", "a-", "a/b", "..", "ä", &"x".repeat(33)] {
            assert!(RegionCode::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn endpoints_are_scheme_and_host() {
        assert_eq!(Endpoint::parse("https://s3.example.org/").unwrap().as_str(), "https://s3.example.org");
        for good in ["http://localhost:9000", "https://[::1]:9000", "https://[::1]", "https://10.0.0.1"] {
            assert!(Endpoint::parse(good).is_ok(), "{good:?}");
        }
        for wrong in [
            "",
            "s3.example.org",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://a:0",
            "https://a:99999",
            "https://u@a",
            "https://a?b",
        ] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
