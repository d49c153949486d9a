use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::Clock;
use crate::metrics::{Metrics, Nothing};

/// How a gateway asks. What is not said is as it is good for most.
#[must_use]
pub struct Options {
    pub(crate) url: String,
    pub(crate) token: Zeroizing<String>,
    pub(crate) regions: Vec<String>,
    pub(crate) name: String,
    pub(crate) most_keys: usize,
    pub(crate) patience: Duration,
    pub(crate) authorities: Option<Vec<u8>>,
    pub(crate) may_be_plain: bool,
    pub(crate) report_every: Duration,
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) clock: Clock,
}

impl Options {
    /// The address of Keyreeve, the gateway's token (`krg_...`), and the regions the gateway is bound to.
    pub fn new<R: Into<String>>(
        url: impl Into<String>,
        token: impl Into<String>,
        regions: impl IntoIterator<Item = R>,
    ) -> Self {
        Self {
            url: url.into(),
            token: Zeroizing::new(token.into()),
            regions: regions.into_iter().map(Into::into).collect(),
            name: String::new(),
            most_keys: 100_000,
            patience: Duration::from_secs(2),
            authorities: None,
            may_be_plain: false,
            report_every: Duration::from_secs(5),
            metrics: Arc::new(Nothing),
            clock: Clock::system(),
        }
    }

    /// What this process is called where Keyreeve shows who has heard of a change; each start adds something of its own,
    /// since two processes of one name would confirm for each other. The machine's name is a good one.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many keys are remembered at most; 100,000 unless said otherwise.
    pub fn remember_at_most(mut self, keys: usize) -> Self {
        self.most_keys = keys.max(1);
        self
    }

    /// How long an answer is waited for; two seconds unless said otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Trusts the certificate authorities of this PEM text instead of the machine's.
    pub fn trust_only(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities = Some(pem.into());
        self
    }

    /// Sends the token in plain text over a network. Without this, `http://` is for the machine itself.
    pub fn allow_plain_text(mut self) -> Self {
        self.may_be_plain = true;
        self
    }

    /// How often uses are reported; every five seconds unless said otherwise.
    pub fn report_usage_every(mut self, interval: Duration) -> Self {
        self.report_every = interval.max(Duration::from_millis(10));
        self
    }

    pub fn metrics(mut self, metrics: impl Metrics) -> Self {
        self.metrics = Arc::new(metrics);
        self
    }

    /// For tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}
