//! Asking and verifying here: the same requests, the same verdicts.

use chrono::TimeDelta;
use keyreeve_gateway::sigv4::{Expires, Form};
use keyreeve_gateway::{Gateway, Misconfigured, Options, RequestContext, Trouble, Verdict, within_trace};
use serde_json::json;
use testkit::{Signer, on_both_databases};

use crate::shop::{Request, Shop, verify};

fn named(verdict: Verdict) -> String {
    match verdict {
        Verdict::Allow(allowed) => format!("allowed: {:?} {:?}", allowed.principal, allowed.grants),
        Verdict::Deny(denied) => format!("{} {} {:?}", denied.code, denied.status, denied.expected_region),
    }
}

on_both_databases! {
    fn asking_and_verifying_here_come_to_the_same(server: &Server) {
        let shop = Shop::open(server);
        let scope = json!({
            "buckets": {"access": "specific", "names": ["media"]}, "prefixes": ["photos/"],
            "permissions": ["read", "list"], "allowed_addresses": ["203.0.113.0/24"],
        });
        let (open, scoped) = (Signer::of(&shop.make()), Signer::of(&shop.make_with(scope)));
        let revoked = { let made = shop.make(); shop.revoke(&made); Signer::of(&made) };
        let disabled = shop.make();
        shop.admin().act(&shop.key(&disabled, "/disable")).expect(200);
        let disabled = Signer::of(&disabled);
        let nobody = Signer { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..open.clone() };
        let no_id = Signer { access_key_id: "x".to_owned(), ..open.clone() };
        let now = server.now();
        let at = |seconds| Request::saying(&open, &open.string_to_sign(now + TimeDelta::seconds(seconds)));
        let presigned = |seconds, lifetime| Request { form: Form::Presigned(Expires::from_seconds(lifetime).unwrap()), ..at(seconds) };
        let of = |signer: &Signer| Request::of(signer, server);
        // The client's time goes on while this runs: nothing is so near to a bound that it could cross it.
        let said = open.string_to_sign(now);
        let requests = [
            of(&open), of(&open.with_secret("another")), of(&revoked), of(&disabled), of(&nobody), of(&no_id),
            of(&open.in_region("fra1")), Request::saying(&open, &said.replace("/s3/", "/iam/")),
            Request { has_session_token: true, ..of(&open) }, at(-901), at(1000), at(-800), presigned(-3600, 7200),
            presigned(-3600, 60), presigned(-86_400, 86_300), presigned(-86_400, 90_000), of(&scoped),
        ];
        let near = Some([203, 0, 113, 9].into());
        let get = RequestContext { method: Some("GET"), bucket: Some("media"), object_key: Some("photos/1"), address: near, ..Default::default() };
        let contexts = [
            RequestContext::default(), get, RequestContext { bucket: Some("other"), ..get },
            RequestContext { object_key: Some("films/1"), ..get }, RequestContext { method: Some("PUT"), ..get },
            RequestContext { operation: Some("DeleteObject"), ..get }, RequestContext { address: Some([10, 0, 0, 1].into()), ..get },
            RequestContext { operation: Some("ListBuckets"), bucket: None, object_key: None, ..get },
            RequestContext { bucket: None, object_key: None, is_whole: true, ..get },
        ];
        let mut seen = std::collections::BTreeSet::new();
        for context in &contexts {
            let presented: Vec<_> = requests.iter().map(Request::presented).collect();
            let asked: Vec<_> = requests.iter().zip(&presented).map(|(request, presented)| (request.signed(presented), *context)).collect();
            let together = shop.run(shop.gateway.ask_many(&asked)).unwrap();
            for ((request, (signed, _)), verdict) in requests.iter().zip(&asked).zip(together) {
                let alone = named(shop.run(shop.gateway.ask(*signed, context)).unwrap());
                let here = named(shop.run(verify(&shop.gateway, request, context)).unwrap());
                assert_eq!(alone, here, "{} {context:?}", request.text);
                assert_eq!(alone, named(verdict));
                seen.insert(here.split(' ').next().unwrap().to_owned());
            }
        }
        let all = ["AccessDenied", "AuthorizationHeaderMalformed", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "allowed:"];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
    }

    fn a_secret_is_handed_out_to_who_may_have_it(server: &Server) {
        let shop = Shop::open(server);
        let made = shop.make();
        let signer = Signer::of(&made);
        let secret = |id: &str| shop.run(shop.gateway.secret(id)).unwrap();
        assert!(secret(&signer.access_key_id).is_ok_and(|secret| secret.expose() == signer.secret));
        shop.revoke(&made);
        for dead in [&signer.access_key_id, "AKIAIOSFODNN7EXAMPLE", "../../../v1/me"] {
            assert_eq!(secret(dead).err().unwrap().code, "InvalidAccessKeyId");
        }
    }

    fn what_a_gateway_may_not_is_trouble_and_no_verdict(server: &Server) {
        let shop = Shop::open(server);
        let token = server.operator().post("/v1/gateways", json!({"name": "poor", "regions": ["waw3-1"], "capabilities": ["keystone"]})).expect(201);
        let body = json!({"description": "test", "expires_at": server.in_days(200)});
        let token = server.operator().post(&format!("/v1/gateways/{}/tokens", token.text_at("/id")), body).expect(201).text_at("/token");
        let request = Request::of(&Signer::of(&shop.make()), server);
        for token in [token.as_str(), "krg_nonsense"] {
            let service = server.service().clone();
            let clock = keyreeve_gateway::Clock::of(move || service.clock().now(), std::time::Duration::default);
            let options = Options::new(server.url(), token, ["waw3-1"]).clock(clock);
            let verdict = shop.run(async { verify(&Gateway::start(options).unwrap(), &request, &RequestContext::default()).await });
            assert!(matches!(verdict, Err(Trouble::Refused { .. })), "{verdict:?}");
        }
    }
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

on_both_databases! {
    fn questions_say_which_trace_they_belong_to(server: &Server) {
        let shop = Shop::open(server);
        let request = Request::of(&Signer::of(&shop.make()), server);
        let presented = request.presented();
        let context = RequestContext::default();
        let asked = |parent: Option<&str>| {
            shop.run(within_trace(parent, shop.gateway.ask(request.signed(&presented), &context))).unwrap();
            shop.proxy.count(&format!("/gateway/verify {PARENT}"))
        };
        assert_eq!(asked(None), 0);
        assert_eq!(asked(Some("no\nheader")), 0);
        assert_eq!(asked(Some(PARENT)), 1);
        assert_eq!(asked(None), 1, "only within");
        shop.run(within_trace(Some(PARENT), verify(&shop.gateway, &request, &context))).unwrap();
        assert_eq!(shop.proxy.count(&format!("/signing-keys {PARENT}")), 1, "a key that is fetched is asked for as well");
    }
}

#[tokio::test]
async fn what_cannot_work_is_said_at_the_start() {
    let start = |options: Options| Gateway::start(options).err();
    let options = |url: &str| Options::new(url, "krg_x", ["waw3-1"]);
    assert_eq!(start(options("keys.example.org")), Some(Misconfigured::Url));
    assert_eq!(start(options("ftp://keys.example.org")), Some(Misconfigured::Url));
    assert_eq!(start(options("http://keys.example.org")), Some(Misconfigured::PlainText));
    assert_eq!(start(options("http://keys.example.org").allow_plain_text()), None);
    assert_eq!(start(options("http://[::1]:8080/")), None);
    assert_eq!(start(Options::new("https://keys.example.org", "two\nlines", ["waw3-1"])), Some(Misconfigured::Token));
    assert_eq!(start(Options::new("https://keys.example.org", "krg_x", [""; 0])), Some(Misconfigured::NoRegions));
    let untrusting = options("https://keys.example.org").trust_only("nothing");
    assert!(matches!(start(untrusting), Some(Misconfigured::Authorities(_))));
}
