//! Every setting, once: flag, environment variable and key of the file all follow from the name.
//!
//! What a value may be is the business of its type, see [`super::values`].

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use ipnet::IpNet;
use persistence::Url;

use super::chosen::Chosen;
use super::values::{
    Days, DrainSeconds, KeystoneExpiry, KnownKeys, LeaseSeconds, LogFilter, LogFormat, MetricsListen, OtlpEndpoint,
    PublicUrl, RequestsPerSecond, Share, Value,
};

pub(crate) struct Setting {
    pub(crate) key: &'static str,
    pub(crate) value_name: &'static str,
    pub(crate) default: Default,
    pub(crate) help: &'static str,
    /// Whether the bare flag says all there is to say.
    pub(crate) is_switch: bool,
}

/// What holds when nobody says anything.
pub(crate) enum Default {
    /// This text, in which `<data_dir>` stands for that setting.
    Text(&'static str),
    /// Nothing, which means this.
    Nothing(&'static str),
}

impl Setting {
    /// `--data-dir`
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// `KEYREEVE_DATA_DIR`
    pub(crate) fn variable(&self) -> String {
        format!("KEYREEVE_{}", self.key.to_uppercase())
    }
}

macro_rules! settings {
    ($($key:ident: $type:ty, $value_name:literal, $default:expr, $help:literal;)*) => {
        pub(crate) const TABLE: &[Setting] = &[$(Setting {
            key: stringify!($key),
            value_name: $value_name,
            default: $default,
            help: $help,
            is_switch: <$type as Value>::IS_SWITCH,
        }),*];

        /// All of them, parsed.
        pub(crate) struct Settings {
            $(pub(crate) $key: $type,)*
            pub(crate) chosen: Chosen,
        }

        impl Settings {
            /// Every value that is not one is an error of its own.
            pub(crate) fn parse(chosen: Chosen) -> Result<Self, Vec<String>> {
                let mut wrong = Vec::new();
                $(let $key = chosen.parse::<$type>(stringify!($key), &mut wrong);)*
                match ($($key,)*) {
                    ($(Some($key),)*) => Ok(Self { $($key,)* chosen }),
                    _ => Err(wrong),
                }
            }
        }
    };
}

use Default::{Nothing, Text};

settings! {
    data_dir: PathBuf, "DIR", Text("keyreeve-data"),
        "Directory of the embedded database and of the master key";
    database: Url, "URL", Text("sqlite:<data_dir>/keyreeve.db"),
        "Database, as sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME";
    listen: SocketAddr, "ADDRESS", Text("127.0.0.1:8080"),
        "Address and port to serve the API on; port 0 takes a free one";
    metrics_listen: MetricsListen, "ADDRESS", Text("127.0.0.1:9464"),
        "Address and port to serve Prometheus metrics on, or off";
    master_key_file: PathBuf, "FILE", Text("<data_dir>/master.key"),
        "File of the master key, readable by its owner only; every replica needs the same one";
    journal_file: PathBuf, "FILE", Text("<data_dir>/changes.journal"),
        "File that remembers, outside the database, what was changed in it; after a restore it keeps dead what was stopped since";
    public_url: Option<PublicUrl>, "URL", Nothing("the address it listens on"),
        "Where people reach the server; links begin with it";
    tls_certificate: Option<PathBuf>, "FILE", Nothing("no TLS"),
        "PEM file of the certificate chain to serve HTTPS with";
    tls_key: Option<PathBuf>, "FILE", Nothing("no TLS"),
        "PEM file of the certificate's private key";
    insecure: bool, "BOOL", Text("false"),
        "Allow plain HTTP on an address that others can reach, as behind a proxy that does TLS";
    trusted_proxies: Vec<IpNet>, "NETWORKS", Nothing("nobody's X-Forwarded-For is believed"),
        "Networks of the proxies whose X-Forwarded-For is believed, separated by commas";
    workers: Option<NonZeroUsize>, "COUNT", Nothing("one for each processor"),
        "Threads that serve requests";
    readers: NonZeroUsize, "COUNT", Text("8"),
        "Database connections that read at once";
    writers: NonZeroUsize, "COUNT", Text("8"),
        "Database connections that write at once; SQLite has one whatever this says";
    known_keys: KnownKeys, "COUNT", Text("1000000"),
        "Access keys that are kept in memory to verify requests by";
    lease_seconds: LeaseSeconds, "SECONDS", Text("30"),
        "How long a replica, or a gateway, may answer from memory when it hears nothing of what changes";
    keystone_expiry: KeystoneExpiry, "SECONDS", Text("30"),
        "For how long a gateway that speaks Keystone's protocol is told to remember an answer";
    drain_seconds: DrainSeconds, "SECONDS", Text("3"),
        "How long a server that is told to terminate goes on answering while /readyz says no";
    requests_per_second: RequestsPerSecond, "COUNT", Text("1000"),
        "Requests a second from one caller before it is told to slow down; 0 for no bound";
    keep_changes_days: Days<1, 90>, "DAYS", Text("7"),
        "How long the feed of changes is kept; a gateway that was away for longer begins anew";
    keep_usage_days: Days<31, 1100>, "DAYS", Text("92"),
        "For how many days, with today, it is kept and shown how often a key was used";
    keep_sessions_days: Days<1, 366>, "DAYS", Text("7"),
        "How long a session that is over is kept";
    keep_invitations_days: Days<1, 366>, "DAYS", Text("7"),
        "How long an invitation that has expired is kept";
    keep_tokens_days: Days<1, 3660>, "DAYS", Text("30"),
        "How long an API token that has expired is kept";
    console_dir: Option<PathBuf>, "DIR", Nothing("the one in the binary"),
        "Directory to read the console's files from, for those who work on it";
    log_format: LogFormat, "FORMAT", Text("text"),
        "Format of the log on standard error: text or json";
    log_level: LogFilter, "FILTER", Text("info"),
        "What is logged: error, warn, info, debug or trace, also by part, as in info,keyreeve_persistence=debug";
    otlp_endpoint: Option<OtlpEndpoint>, "URL", Nothing("no traces are exported"),
        "OpenTelemetry collector to send traces to, such as http://127.0.0.1:4318; needs a build with otlp";
    otlp_ratio: Share, "SHARE", Text("0.1"),
        "How many of the requests that belong to nobody's trace begin one, 0 to 1";
}
