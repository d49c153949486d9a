//! What the values of settings may be. Each parser says what is needed, in a sentence that never repeats a password.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;
use persistence::Url;
use service::gateway_plane::LONGEST_LEASE;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

pub(crate) trait Value: Sized {
    const IS_SWITCH: bool = false;

    /// Reads the text of a setting; nothing said is the empty text.
    fn parse(text: &str) -> Result<Self, String>;
}

pub(crate) enum MetricsListen {
    Off,
    At(SocketAddr),
}

/// Without a slash at the end.
pub(crate) struct PublicUrl(pub(crate) String);

pub(crate) struct RequestsPerSecond(pub(crate) Option<u32>);

pub(crate) struct KnownKeys(pub(crate) usize);

pub(crate) struct LeaseSeconds(pub(crate) TimeDelta);

pub(crate) struct KeystoneExpiry(pub(crate) TimeDelta);

pub(crate) struct DrainSeconds(pub(crate) Duration);

/// How long something is kept.
pub(crate) struct Days<const LEAST: i64, const MOST: i64>(pub(crate) TimeDelta);

/// Without a slash at the end, and without a path.
pub(crate) struct OtlpEndpoint(pub(crate) String);

/// From 0 to 1.
pub(crate) struct Share(pub(crate) f64);

pub(crate) enum LogFormat {
    Text,
    Json,
}

impl OtlpEndpoint {
    pub(crate) fn is_this_machine(&self) -> bool {
        let place = self.0.trim_start_matches("http://");
        let is_loopback = |address: SocketAddr| address.ip().is_loopback();
        place.parse().is_ok_and(is_loopback) || place.rsplit_once(':').is_some_and(|(host, _)| host == "localhost")
    }
}

/// Known to parse as an [`EnvFilter`], which cannot be cloned.
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// The HTTP server's own remarks say nothing that ours do not, unless somebody asks for them by name.
    pub(crate) fn filter(&self) -> EnvFilter {
        if self.0.contains("actix") {
            EnvFilter::new(&self.0)
        } else {
            EnvFilter::new(format!("actix_server=warn,{}", self.0))
        }
    }
}

impl<T: Value> Value for Option<T> {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }
}

impl Value for bool {
    const IS_SWITCH: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("needs true or false, not {text:?}"))
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("needs a path".to_owned()) } else { Ok(Self::from(text)) }
    }
}

impl Value for Url {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|_| "needs a URL that starts with postgres:// or sqlite: and a path".to_owned())
    }
}

impl Value for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("needs an address and a port, such as 127.0.0.1:8080, not {text:?}"))
    }
}

impl Value for MetricsListen {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = text.parse();
        address.map(Self::At).map_err(|_| format!("needs an address and a port, or off, not {text:?}"))
    }
}

impl Value for PublicUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let url = text.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let is_plain = !host.starts_with('/') && !host.contains(['?', '#', '@', '"', '<', '>', '\\']);
        if host.is_empty() || !is_plain || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!("needs a URL such as https://keys.example.org, not {text:?}"));
        }
        Ok(Self(url.to_owned()))
    }
}

impl Value for NonZeroUsize {
    fn parse(text: &str) -> Result<Self, String> {
        let count: Option<Self> = text.parse().ok();
        count.filter(|count| count.get() <= 1000).ok_or_else(|| format!("needs a number from 1 to 1000, not {text:?}"))
    }
}

impl Value for KnownKeys {
    fn parse(text: &str) -> Result<Self, String> {
        let most = 100_000_000;
        let count = text.parse().ok().filter(|count| (1..=most).contains(count));
        count.map(Self).ok_or_else(|| format!("needs a number from 1 to {most}, not {text:?}"))
    }
}

impl Value for LeaseSeconds {
    fn parse(text: &str) -> Result<Self, String> {
        let most = LONGEST_LEASE.num_seconds();
        let seconds = text.parse().ok().filter(|seconds| (5..=most).contains(seconds));
        let seconds = seconds.ok_or_else(|| format!("needs a number from 5 to {most}, not {text:?}"))?;
        Ok(Self(TimeDelta::seconds(seconds)))
    }
}

impl Value for KeystoneExpiry {
    fn parse(text: &str) -> Result<Self, String> {
        let most = service::gateway_plane::TTL.num_seconds();
        let seconds = text.parse().ok().filter(|seconds| (1..=most).contains(seconds));
        let seconds = seconds.ok_or_else(|| format!("needs a number of seconds from 1 to {most}, not {text:?}"))?;
        Ok(Self(TimeDelta::seconds(seconds)))
    }
}

impl Value for DrainSeconds {
    fn parse(text: &str) -> Result<Self, String> {
        let seconds = text.parse().ok().filter(|seconds| (0..=300).contains(seconds));
        let seconds = seconds.ok_or_else(|| format!("needs a number of seconds from 0 to 300, not {text:?}"))?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl<const LEAST: i64, const MOST: i64> Value for Days<LEAST, MOST> {
    fn parse(text: &str) -> Result<Self, String> {
        let days = text.parse().ok().filter(|days| (LEAST..=MOST).contains(days));
        let days = days.ok_or_else(|| format!("needs a number of days from {LEAST} to {MOST}, not {text:?}"))?;
        Ok(Self(TimeDelta::days(days)))
    }
}

impl Value for RequestsPerSecond {
    fn parse(text: &str) -> Result<Self, String> {
        let count: u32 = text.parse().map_err(|_| format!("needs a number, or 0 for no bound, not {text:?}"))?;
        Ok(Self((count > 0).then_some(count)))
    }
}

impl Value for OtlpEndpoint {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("needs a URL such as http://127.0.0.1:4318, in plain HTTP and with a port, not {text:?}");
        let url = text.trim_end_matches('/');
        let (host, port) = url.strip_prefix("http://").and_then(|place| place.rsplit_once(':')).ok_or_else(wrong)?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-.[]:_".contains(c);
        let is_right = !host.is_empty() && host.chars().all(is_host) && port.parse().is_ok_and(|port: u16| port > 0);
        if is_right { Ok(Self(url.to_owned())) } else { Err(wrong()) }
    }
}

impl Value for Share {
    fn parse(text: &str) -> Result<Self, String> {
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or_else(|| format!("needs a number from 0 to 1, not {text:?}"))
    }
}

impl Value for Vec<IpNet> {
    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect()
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = |_| text.parse::<IpAddr>().map(IpNet::from);
    match text.parse::<IpNet>().or_else(address) {
        Ok(network) if network.prefix_len() == 0 => {
            Err(format!("must not trust everybody: name the proxies' own networks instead of {text}"))
        }
        Ok(network) => Ok(network),
        Err(_) => Err(format!("needs networks such as 10.0.0.0/8, separated by commas, not {text:?}")),
    }
}

impl Value for LogFormat {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("needs text or json, not {text:?}")),
        }
    }
}

impl Value for LogFilter {
    fn parse(text: &str) -> Result<Self, String> {
        // A mistyped level would be a fine name of a part that does not exist.
        let is_word = |part: &str| part.starts_with(char::is_alphabetic);
        let is_level = |part: &str| is_word(part) && part.parse::<LevelFilter>().is_ok();
        let is_directive = |part: &str| part.contains('=') || is_level(part);
        if text.split(',').map(str::trim).all(is_directive) && EnvFilter::try_new(text).is_ok() {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("needs a level such as info, or levels by part as in info,api=debug, not {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_network_list(text: &str) -> bool {
        <Vec<IpNet> as Value>::parse(text).is_ok()
    }

    #[test]
    fn nobody_trusts_everybody() {
        assert!(is_network_list("") && is_network_list("10.0.0.0/8, 2001:db8::/32") && is_network_list("192.0.2.7"));
        assert!(!is_network_list("0.0.0.0/0") && !is_network_list("::/0") && !is_network_list("proxy"));
    }

    #[test]
    fn a_public_url_has_a_host_and_nothing_behind_its_path() {
        let parse = |text| PublicUrl::parse(text).map(|url| url.0);
        assert_eq!(parse("https://keys.example.org/").unwrap(), "https://keys.example.org");
        assert_eq!(parse("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        for wrong in ["", "keys.example.org", "https://", "https:///a", "https://a?b", "https://a b", "ftp://a"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_collector_is_a_host_and_a_port() {
        let parse = |text| OtlpEndpoint::parse(text).map(|endpoint| endpoint.is_this_machine());
        for own in ["http://127.0.0.1:4318", "http://localhost:4318/", "http://[::1]:4318"] {
            assert_eq!(parse(own), Ok(true), "{own}");
        }
        for other in ["http://10.0.0.7:4318", "http://collector:4318", "http://localhost.example.org:4318"] {
            assert_eq!(parse(other), Ok(false), "{other}");
        }
        for wrong in ["", "http://", "http://:4318", "127.0.0.1:4318", "http://a:0", "http://a:1/v1", "http://u@a:1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("https://collector:4318").unwrap_err().contains("plain HTTP"));
    }

    #[test]
    fn a_share_is_between_none_and_all() {
        assert!(["0", "1", "0.25"].iter().all(|text| Share::parse(text).is_ok()));
        assert!(["", "-0.1", "1.1", "NaN", "inf", "10%"].iter().all(|text| Share::parse(text).is_err()));
    }

    #[test]
    fn a_log_level_is_not_any_word() {
        for right in ["info", "warn,api=debug", "off", "api=trace"] {
            assert!(LogFilter::parse(right).is_ok(), "{right}");
        }
        for wrong in ["", "loud", "info,api=loud"] {
            assert!(LogFilter::parse(wrong).is_err(), "{wrong}");
        }
    }
}
