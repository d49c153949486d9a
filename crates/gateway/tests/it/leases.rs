//! Silence: how long it is believed to mean that nothing has changed, and how it ends.

use std::sync::atomic::Ordering;

use keyreeve_gateway::Trouble;
use keyreeve_gateway::metrics::By;
use testkit::{Server, Signer, on_both_databases};

use crate::shop::{Shop, code};

on_both_databases! {
    fn a_silent_feed_is_believed_for_a_lease_then_a_little_and_then_everybody_is_asked_about(server: &Server) {
        let shop = Shop::open(server);
        let (early, late) = (Signer::of(&shop.make()), Signer::of(&shop.make()));
        assert_eq!(code(shop.verify(&early)), "allowed");
        shop.proxy.cut("/changes");
        shop.let_pass(20);
        assert_eq!(code(shop.verify(&late)), "allowed");
        let before = shop.fetches();
        for signer in [&early, &late] {
            assert_eq!(code(shop.verify(signer)), "allowed");
        }
        assert_eq!(shop.fetches(), before, "the lease holds");

        shop.let_pass(11);
        assert!(!shop.gateway.is_following());
        assert_eq!(code(shop.verify(&late)), "allowed");
        assert_eq!(shop.fetches(), before, "eleven seconds are less than stale_ttl_s");
        assert_eq!(code(shop.verify(&early)), "allowed");
        assert_eq!(shop.fetches(), before + 1, "thirty-one are not");
        shop.let_pass(5);
        assert_eq!(code(shop.verify(&late)), "allowed");
        assert_eq!(shop.fetches(), before + 2);
        assert_eq!(code(shop.verify(&late)), "allowed");
        assert_eq!(shop.fetches(), before + 3, "without a lease nothing new is remembered");

        shop.proxy.cut("/signing-keys");
        let trouble = shop.verify(&late).unwrap_err();
        assert!(matches!(trouble, Trouble::Unreachable(_)), "{trouble:?}");
        assert_eq!((Trouble::S3_STATUS, trouble.s3_code()), (503, "ServiceUnavailable"));

        shop.proxy.mend();
        shop.until("the feed is followed again", || shop.gateway.is_following());
        assert_eq!(code(shop.verify(&late)), "allowed");
        shop.until("and what is fetched is remembered", || {
            assert_eq!(code(shop.verify(&late)), "allowed");
            shop.last_by() == By::Memory
        });
    }

    fn a_server_that_is_away_stops_nobody_who_is_known_and_refuses_nobody_who_is_not(server: &Server) {
        let shop = Shop::open(server);
        let (known, unknown) = (Signer::of(&shop.make()), Signer::of(&shop.make()));
        assert_eq!(code(shop.verify(&known)), "allowed");
        shop.proxy.cut("");
        assert_eq!(code(shop.verify(&known)), "allowed");
        assert!(shop.verify(&unknown).is_err());
        let again = server.limited_to(1_000_000);
        shop.proxy.lead_to(again.address());
        shop.proxy.mend();
        shop.until("both are known", || shop.verify(&unknown).is_ok_and(|verdict| verdict.is_allowed()));
        assert_eq!(code(shop.verify(&known)), "allowed");
    }

    fn a_feed_that_cannot_go_on_begins_again_with_nothing_remembered(server: &Server) {
        let shop = Shop::open(server);
        let signer = Signer::of(&shop.make());
        assert_eq!(code(shop.verify(&signer)), "allowed");
        let (before, beginnings) = (shop.fetches(), shop.noted.beginnings.load(Ordering::SeqCst));
        shop.proxy.ask_nonsense(true);
        // Wakes whoever waits for changes, so that the next question is the nonsense.
        shop.make();
        shop.until("it began again", || shop.noted.beginnings.load(Ordering::SeqCst) > beginnings);
        shop.proxy.ask_nonsense(false);
        assert_eq!(code(shop.verify(&signer)), "allowed");
        assert!(shop.fetches() > before);
        shop.until("the feed goes on", || shop.gateway.is_following());
    }
}

/// Another process serves the same database; what was revoked at the first is not honoured through it.
#[test]
fn another_replica_takes_over() {
    let server = Server::on_postgres();
    let shop = Shop::open(&server);
    let made = shop.make();
    let signer = Signer::of(&made);
    assert_eq!(code(shop.verify(&signer)), "allowed");
    let replica = server.replica();
    shop.proxy.lead_to(replica.address());
    shop.revoke(&made);
    assert_eq!(code(shop.verify(&signer)), "InvalidAccessKeyId");
}
