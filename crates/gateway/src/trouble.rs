//! What goes wrong between a gateway and Keyreeve. None of it says anything about the gateway's client.

use thiserror::Error;

/// There is no verdict. **Answer S3 `503`, never `403`**: the client has done nothing wrong, and many clients remember a
/// refusal. [`s3_code`](Self::s3_code) is the code that goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    #[error("Keyreeve cannot be reached: {0}")]
    Unreachable(String),
    #[error("Keyreeve has not answered in time")]
    TooSlow,
    /// Its database is away, or it is told to slow down.
    #[error("Keyreeve cannot answer now (status {status})")]
    Busy { status: u16 },
    /// The gateway's token has ended, or its capabilities do not cover this: for whoever runs the gateway to mend.
    #[error("Keyreeve refuses this gateway (status {status}): {why}")]
    Refused { status: u16, why: String },
    #[error("what Keyreeve answered is not understood: {0}")]
    NotUnderstood(String),
    /// The replica that answered has not heard yet of a change that this gateway has.
    #[error("Keyreeve's answers are older than a change that was seen already")]
    Outdated,
}

impl Trouble {
    /// The status of the S3 answer.
    pub const S3_STATUS: u16 = 503;

    /// The `Code` of the S3 error document. SDKs come back later on both.
    pub fn s3_code(&self) -> &'static str {
        match self {
            Self::Busy { status: 429 } => "SlowDown",
            Self::Unreachable(_)
            | Self::TooSlow
            | Self::Busy { .. }
            | Self::Refused { .. }
            | Self::NotUnderstood(_)
            | Self::Outdated => "ServiceUnavailable",
        }
    }
}

/// Why a client could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misconfigured {
    #[error("the address of Keyreeve is not a URL such as https://keys.example.org")]
    Url,
    #[error("the token would go over the network in plain text: use https, or allow plain text expressly")]
    PlainText,
    #[error("the token is not one line of visible characters")]
    Token,
    #[error("a gateway has at least one region")]
    NoRegions,
    #[error("no certificate authorities to trust: {0}")]
    Authorities(String),
    #[error("the system gives no randomness")]
    NoRandomness,
    #[error("there is no tokio runtime to run on")]
    NoRuntime,
}
