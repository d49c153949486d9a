//! Where traces go: nowhere, unless somebody says where and this was built to send them.

use crate::process;
use crate::settings::Settings;

#[cfg(feature = "otlp")]
pub(crate) use crate::otlp::Exporter;

/// There is none in this build, as `why_not` says before anybody asks for one.
#[cfg(not(feature = "otlp"))]
pub(crate) struct Exporter;

#[cfg(not(feature = "otlp"))]
impl Exporter {
    fn start(_: &str, _: &str, _: api::FinishedSpans) -> Self {
        Self
    }

    pub(crate) fn finish(self) {}
}

/// Why they cannot go where they are to go.
pub(crate) fn why_not(settings: &Settings) -> Option<String> {
    let endpoint = settings.otlp_endpoint.as_ref()?;
    if cfg!(not(feature = "otlp")) {
        return Some(format!(
            "traces are to go to {}, and this Keyreeve was built without that: \
             build one with `--features otlp`, or leave --otlp-endpoint out",
            endpoint.0
        ));
    }
    (!endpoint.is_this_machine() && !settings.insecure).then(|| {
        format!(
            "traces are sent in plain HTTP, and {} is another machine: use a collector on this one that sends them on, \
             or set --insecure if the network is yours alone",
            endpoint.0
        )
    })
}

pub(crate) fn export(settings: &Settings) -> Option<(api::Spans, Exporter)> {
    let endpoint = settings.otlp_endpoint.as_ref()?;
    let (spans, finished) = api::spans(settings.otlp_ratio.0);
    Some((spans, Exporter::start(&endpoint.0, &process::host_name(), finished)))
}
