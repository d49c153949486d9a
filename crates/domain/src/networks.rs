//! Networks that requests may come from.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::Invalid;

pub const MOST: usize = 32;

/// Anywhere when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Result<Self, Invalid> {
        let mut networks: Vec<_> = networks.into_iter().map(|network| network.trunc()).collect();
        networks.sort_unstable();
        networks.dedup();
        if networks.len() > MOST {
            return Err(Invalid::because(format!("Must be at most {MOST} networks.")));
        }
        Ok(Self(networks))
    }

    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        admit(&self.0, address)
    }

    pub fn iter(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }
}

/// A network such as `203.0.113.0/24`, or one address by itself.
pub fn parse(text: &str) -> Result<IpNet, Invalid> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network {
        // Callers are seen under their IPv4 addresses, so this would admit nobody.
        Ok(IpNet::V6(mapped)) if mapped.addr().to_ipv4_mapped().is_some() => {
            Err(Invalid::because("Must write IPv4 addresses as such, not inside IPv6 ones."))
        }
        Ok(network) => Ok(network),
        Err(_) => Err(Invalid::because("Must be a network such as 203.0.113.0/24 or an address such as 2001:db8::1.")),
    }
}

/// Whether one of these networks holds the address. No networks hold every address, even an unknown one.
pub fn admit(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    networks.is_empty()
        || address.is_some_and(|address| networks.iter().any(|network| network.contains(&address.to_canonical())))
}

/// Whether these networks hold no address that the others do not.
pub fn within(networks: &[IpNet], others: &[IpNet]) -> bool {
    let is_held = |network: &IpNet| others.iter().any(|other| other.contains(network));
    others.is_empty() || (!networks.is_empty() && networks.iter().all(is_held))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        Networks::new(texts.iter().map(|text| parse(text).unwrap())).unwrap()
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn only_the_named_networks_are_admitted() {
        let some = networks(&["203.0.113.9", "10.0.0.7/8", "2001:db8::/32"]);
        for inside in ["203.0.113.9", "10.255.0.1", "2001:db8::1", "::ffff:10.1.2.3"] {
            assert!(some.admit(address(inside)), "{inside}");
        }
        for outside in ["203.0.113.10", "11.0.0.1", "2001:db9::1", "::10.1.2.3"] {
            assert!(!some.admit(address(outside)), "{outside}");
        }
        assert!(!some.admit(None), "an unknown address is in no network");
    }

    #[test]
    fn some_networks_are_within_others() {
        let within = |these: &[&str], others: &[&str]| within(&networks(these).0, &networks(others).0);
        assert!(within(&[], &[]) && within(&["10.0.0.1"], &[]) && within(&["10.0.0.0/8"], &["10.0.0.0/8", "::/0"]));
        assert!(!within(&[], &["10.0.0.0/8"]) && !within(&["10.0.0.0/7"], &["10.0.0.0/8"]));
        assert!(!within(&["10.0.0.1", "11.0.0.1"], &["10.0.0.0/8"]) && !within(&["10.0.0.1"], &["::/0"]));
    }

    #[test]
    fn no_networks_are_no_limit() {
        assert!(networks(&[]).admit(None));
        assert!(networks(&[]).admit(address("203.0.113.9")));
    }

    #[test]
    fn networks_have_one_spelling_and_a_bound() {
        assert_eq!(networks(&["10.0.0.7/8", "10.0.0.0/8"]), networks(&["10.0.0.0/8"]));
        for wrong in ["", "10.0.0.0/33", "10.0.0", "example.org", " 10.0.0.1", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1"]
        {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(Networks::new((0..=MOST).map(|n| parse(&format!("10.0.{n}.0/24")).unwrap())).is_err());
    }
}
