//! Which trace a request belongs to, as W3C's Trace Context says it: <https://www.w3.org/TR/trace-context/>.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName};
use domain::Entropy;

static HEADER: HeaderName = HeaderName::from_static("traceparent");

/// A request's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// Ours.
    pub(crate) span: SpanId,
    /// Who asked, if it said so.
    pub(crate) parent: Option<SpanId>,
    pub(crate) is_sampled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceId(u128);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanId(u64);

/// How many of all traces are sampled, 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share(pub(crate) f64);

impl Share {
    /// By the half of the id that is random by the specification, so that others who go by it decide alike.
    fn holds(self, id: TraceId) -> bool {
        let place = (id.0 as u64 >> 8) as f64 / (1u64 << 56) as f64;
        place < self.0
    }
}

/// What a caller says of its own place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    trace: TraceId,
    span: SpanId,
    is_sampled: bool,
}

impl Parent {
    /// None unless the header is there once, and right to the letter: one that is not is as good as none.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&HEADER);
        let (value, None) = (values.next()?, values.next()) else { return None };
        Self::parse(value.to_str().ok()?)
    }

    /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. A later version may have more behind that.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let [version, trace, span, flags] =
            [hex(parts.next()?, 2)?, hex(parts.next()?, 32)?, hex(parts.next()?, 16)?, hex(parts.next()?, 2)?];
        let is_too_long = version == 0 && parts.next().is_some();
        if version == 0xff || is_too_long || trace == 0 || span == 0 {
            return None;
        }
        let span = SpanId(u64::try_from(span).ok()?);
        Some(Self { trace: TraceId(trace), span, is_sampled: flags & 1 == 1 })
    }
}

impl Trace {
    pub(crate) fn below(parent: &Parent, entropy: &mut Entropy) -> Self {
        let span = SpanId::draw(entropy);
        Self { id: parent.trace, span, parent: Some(parent.span), is_sampled: parent.is_sampled }
    }

    /// A trace of our own, of which a certain share of all is sampled.
    pub(crate) fn root(share: Share, entropy: &mut Entropy) -> Self {
        let id = TraceId(u128::from_be_bytes(entropy.bytes()).max(1));
        Self { id, span: SpanId::draw(entropy), parent: None, is_sampled: share.holds(id) }
    }

    /// What the `traceresponse` header says.
    pub(crate) fn response(&self) -> String {
        format!("00-{}-{}-{:02x}", self.id, self.span, u8::from(self.is_sampled))
    }
}

impl SpanId {
    fn draw(entropy: &mut Entropy) -> Self {
        // All zeros would be no id.
        Self(u64::from_be_bytes(entropy.bytes()).max(1))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A number of so many small hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_caller_s_place_is_read_and_continued() {
        let parent = Parent::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert!(parent.is_sampled);
        assert!(!Parent::parse(&format!("00-{TRACE}-{SPAN}-02")).unwrap().is_sampled, "another flag");
        let trace = Trace::below(&parent, &mut Entropy::from_seed([1; 32]));
        assert_eq!((trace.id.to_string().as_str(), trace.parent.unwrap().to_string().as_str()), (TRACE, SPAN));
        assert_eq!(trace.response(), format!("00-{TRACE}-{}-01", trace.span));
        assert_ne!(trace.span, parent.span);
    }

    #[test]
    fn a_share_of_all_traces_is_sampled() {
        let mut entropy = Entropy::from_seed([2; 32]);
        let mut sampled = |share| (0..10_000).filter(|_| Trace::root(Share(share), &mut entropy).is_sampled).count();
        assert_eq!((sampled(0.0), sampled(1.0)), (0, 10_000));
        assert!((800..1200).contains(&sampled(0.1)));
    }

    #[test]
    fn what_is_not_right_to_the_letter_is_nothing() {
        let (zeros, short_zeros) = ("0".repeat(32), "0".repeat(16));
        for wrong in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{short_zeros}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-0g"),
        ] {
            assert_eq!(Parent::parse(&wrong), None, "{wrong}");
        }
        assert!(Parent::parse(&format!("01-{TRACE}-{SPAN}-01-more")).is_some(), "a version of the future");
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_is_read_otherwise_than_it_is_written(text in ".{0,80}") {
            let _ = Parent::parse(&text);
        }

        #[test]
        fn every_place_survives(trace in 1u128.., span in 1u64.., is_sampled: bool) {
            let parent = Parent { trace: TraceId(trace), span: SpanId(span), is_sampled };
            let text = format!("00-{trace:032x}-{span:016x}-{:02x}", u8::from(is_sampled));
            prop_assert_eq!(Parent::parse(&text), Some(parent));
        }
    }
}
