//! What people write: names, addresses, networks. However it was written, what was understood has one spelling.

use std::net::IpAddr;

use domain::Invalid;
use domain::networks::{self, Networks};
use domain::text;

/// What is understood is understood again as itself, and fits where it is put.
pub(crate) fn text(data: &[u8]) {
    let Ok(given) = str::from_utf8(data) else { return };
    macro_rules! each {
        ($($kind:ident)*) => {$(
            settles(given, |given| text::$kind::parse(given).map(|parsed| parsed.as_str().to_owned()));
        )*};
    }
    each!(Name Email RegionCode Endpoint Label);
}

fn settles(given: &str, parse: impl Fn(&str) -> Result<String, Invalid>) {
    let Ok(once) = parse(given) else { return };
    assert_eq!(parse(&once).as_ref(), Ok(&once), "{given:?}");
    assert!(!once.is_empty() && !once.chars().any(char::is_control), "{given:?} is kept as {once:?}");
}

/// Each line a network; the first line is an address as well.
pub(crate) fn network(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let parsed: Vec<_> = text.lines().filter_map(|line| networks::parse(line).ok()).collect();
    for network in &parsed {
        let printed = network.to_string();
        assert_eq!(networks::parse(&printed).as_ref(), Ok(network), "{printed}");
        assert!(networks::within(&[*network], &[*network]));
    }
    let Ok(limit) = Networks::new(parsed.iter().copied()) else { return };
    let all: Vec<_> = limit.iter().copied().collect();
    let again = Networks::new(all.iter().rev().copied());
    assert_eq!(again.as_ref(), Ok(&limit), "the order of networks changes them");
    assert!(all.is_empty() || !limit.admit(None), "an unknown address is let in");
    let Some(Ok(address)) = text.lines().next().map(str::parse::<IpAddr>) else { return };
    let canonical = address.to_canonical();
    let is_within = all.iter().any(|network| network.contains(&canonical));
    assert_eq!(limit.admit(Some(address)), all.is_empty() || is_within, "{address}");
    assert_eq!(limit.admit(Some(address)), limit.admit(Some(canonical)), "{address} in another spelling");
}
