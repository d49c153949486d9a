//! What every request has: an id, and an address it comes from.

use std::net::IpAddr;
use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, X_FORWARDED_FOR};
use domain::audit::Origin;
use domain::id::RequestId;
use ipnet::IpNet;
use service::Service;

use crate::http::trace::{Parent, Share, Trace};

pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) struct RequestInfo {
    pub(crate) id: String,
    /// None if the caller named none, and none is begun here.
    pub(crate) trace: Option<Trace>,
    pub(crate) address: Option<IpAddr>,
    /// Who is at the other end of the connection.
    pub(crate) peer: Option<IpAddr>,
    /// Whether the peer is a proxy that we trust, and said for whom it speaks.
    pub(crate) is_forwarded: bool,
}

impl RequestInfo {
    /// The caller's request id if it is one; ours otherwise. The peer's address, unless a proxy that we trust says for
    /// whom it speaks.
    pub(crate) fn of(
        request: &ServiceRequest,
        service: &Service,
        trusted: &[IpNet],
        begins_traces: Option<Share>,
    ) -> Self {
        let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let given = given.filter(|id| is_request_id(id));
        let parent = Parent::of(request.headers());
        let (id, trace) = service
            .draw_name(|entropy| {
                let id = given
                    .map(str::to_owned)
                    .unwrap_or_else(|| RequestId::draw(entropy, service.clock().now()).as_str().to_owned());
                let trace = match (parent, begins_traces) {
                    (Some(parent), _) => Some(Trace::below(&parent, entropy)),
                    (None, Some(share)) => Some(Trace::root(share, entropy)),
                    (None, None) => None,
                };
                (id, trace)
            })
            .unwrap_or_default();
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let forwarded = request.headers().get_all(X_FORWARDED_FOR).filter_map(|value| value.to_str().ok());
        let forwarded: Vec<_> = forwarded.flat_map(|line| line.split(',')).map(str::trim).collect();
        let is_trusted = peer.is_some_and(|peer| trusted.iter().any(|network| network.contains(&peer)));
        let is_forwarded = is_trusted && !forwarded.is_empty();
        Self { id, trace, address: client(peer, &forwarded, trusted), peer, is_forwarded }
    }

    pub(crate) fn from_request(request: &HttpRequest) -> Rc<Self> {
        let found = request.extensions().get::<Rc<Self>>().cloned();
        found.unwrap_or_else(|| {
            Rc::new(Self {
                id: RequestId::PREFIX.to_owned(),
                trace: None,
                address: None,
                peer: None,
                is_forwarded: false,
            })
        })
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { request_id: self.id.clone(), address: self.address }
    }
}

fn is_request_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Goes from the peer backwards as long as it meets proxies that we trust: whoever the last of them spoke for is the
/// client. What anybody else wrote into the header is worth nothing.
fn client(peer: Option<IpAddr>, forwarded: &[&str], trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer?;
    for hop in forwarded.iter().rev() {
        if !is_trusted(client) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    Some(client)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_trusted_proxies_say_for_whom_they_speak() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let client = |peer: &str, forwarded: &[&str]| {
            client(Some(peer.parse().unwrap()), forwarded, &trusted).unwrap().to_string()
        };
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1", "10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.1"]), "198.51.100.1", "the client may have lied");
        assert_eq!(client("10.0.0.1", &["rubbish"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn request_ids_are_short_and_plain() {
        assert!(is_request_id("req_1-A"));
        assert!(!is_request_id("") && !is_request_id("a b") && !is_request_id("ä") && !is_request_id(&"a".repeat(65)));
    }

    proptest! {
        /// Who is not trusted decides nothing, and nothing that stands in front of what they said does.
        #[test]
        fn nobody_is_believed_further_than_the_first_stranger(lies in vec(hop(), 0..5), hops in vec(hop(), 0..5), peer in address()) {
            let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
            let is_trusted = |address: IpAddr| trusted.iter().any(|network: &IpNet| network.contains(&address));
            let peer = peer.to_canonical();
            let told: Vec<&str> = lies.iter().chain(&hops).map(String::as_str).collect();
            let found = client(Some(peer), &told, &trusted).unwrap();
            prop_assert_eq!(client(None, &told, &trusted), None);
            if !is_trusted(peer) {
                prop_assert_eq!(found, peer);
            }
            let without: Vec<&str> = hops.iter().map(String::as_str).collect();
            let honest = client(Some(peer), &without, &trusted).unwrap();
            if !is_trusted(honest) {
                prop_assert_eq!(found, honest, "the lies counted");
            }
            let said = told.iter().filter_map(|hop| hop.parse::<IpAddr>().ok()).map(|hop| hop.to_canonical());
            prop_assert!(found == peer || said.into_iter().any(|hop| hop == found), "{} was said by nobody", found);
        }
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        let v4 = prop_oneof![Just(10_u8), Just(203), any::<u8>()];
        prop_oneof![
            (v4, any::<u8>()).prop_map(|(first, last)| IpAddr::from([first, 0, 0, last])),
            (any::<bool>(), any::<u16>()).prop_map(|(ours, last)| {
                IpAddr::from([if ours { 0x2001 } else { 0x2002 }, 0xdb8, 0, 0, 0, 0, 0, last])
            }),
            any::<u8>().prop_map(|last| IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x0a00, u16::from(last)])),
        ]
    }

    fn hop() -> impl Strategy<Value = String> {
        prop_oneof![4 => address().prop_map(|address| address.to_string()), 1 => "[-0-9a-f:., ]{0,12}", 1 => "\\PC{0,6}"]
    }
}
