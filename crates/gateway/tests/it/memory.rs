//! What is remembered, for how long, and how it is forgotten.

use std::time::Duration;

use keyreeve_gateway::RequestContext;
use keyreeve_gateway::metrics::By;
use testkit::{Signer, on_both_databases};

use crate::shop::{Request, Shop, code, verify};

on_both_databases! {
    fn a_signing_key_is_fetched_once_and_verifies_all_of_its_day(server: &Server) {
        let shop = Shop::open(server);
        let signer = Signer::of(&shop.make());
        let before = shop.fetches();
        for _ in 0..5 {
            assert_eq!(code(shop.verify(&signer)), "allowed");
        }
        assert_eq!(code(shop.verify(&signer.with_secret("not the secret"))), "SignatureDoesNotMatch");
        assert_eq!(shop.fetches() - before, 1);
        assert_eq!(shop.proxy.count("/verify"), 0);
    }

    fn many_at_once_fetch_once(server: &Server) {
        let shop = Shop::open(server);
        let signer = Signer::of(&shop.make());
        let before = shop.fetches();
        shop.proxy.hold("/signing-keys");
        let request = Request::of(&signer, server);
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let (gateway, request) = (shop.gateway.clone(), request.clone());
                shop.runtime().spawn(async move { verify(&gateway, &request, &RequestContext::default()).await })
            })
            .collect();
        shop.until("somebody has asked", || shop.fetches() > before);
        shop.proxy.release();
        for waiting in waiting {
            assert_eq!(code(shop.run(waiting).unwrap()), "allowed");
        }
        assert_eq!(shop.fetches() - before, 1);
    }

    fn what_is_stopped_is_refused_from_the_receipt_on(server: &Server) {
        let shop = Shop::open(server);
        let (first, second) = (shop.make(), shop.make());
        let (revoked, other) = (Signer::of(&first), Signer::of(&second));
        for signer in [&revoked, &other] {
            assert_eq!(code(shop.verify(signer)), "allowed");
        }
        shop.revoke(&first);
        assert_eq!(code(shop.verify(&revoked)), "InvalidAccessKeyId");
        let before = shop.fetches();
        assert_eq!(code(shop.verify(&other)), "allowed");
        assert_eq!(shop.fetches(), before, "what has not changed is still known");

        let tenant = &shop.tenant;
        server.operator().act(&format!("{tenant}/suspend")).expect(200);
        assert_eq!(code(shop.verify(&other)), "InvalidAccessKeyId");
        server.operator().act(&format!("{tenant}/resume")).expect(200);
        shop.until("what was let go again works", || code(shop.verify(&other)) == "allowed");
    }

    fn a_partner_that_is_suspended_takes_all_below_it_along(server: &Server) {
        let partner = server.partner("Reseller");
        let shop = Shop::of(server, &partner.client);
        let signer = Signer::of(&shop.make());
        assert_eq!(code(shop.verify(&signer)), "allowed");
        server.operator().act(&partner.path("/suspend")).expect(200);
        assert_eq!(code(shop.verify(&signer)), "InvalidAccessKeyId");
    }

    fn a_new_secret_works_at_once_and_the_old_one_never_again(server: &Server) {
        let shop = Shop::open(server);
        let made = shop.make();
        let old = Signer::of(&made);
        assert_eq!(code(shop.verify(&old)), "allowed");
        let new = Signer::of(&shop.admin().act(&shop.key(&made, "/reset")).expect(200));
        assert_eq!(code(shop.verify(&new)), "allowed");
        assert_ne!(code(shop.verify(&old)), "allowed");
    }

    fn a_key_works_within_a_second_of_being_made_although_it_was_asked_for_before(server: &Server) {
        let shop = Shop::open(server);
        let made = shop.make();
        let signer = Signer::of(&made);
        shop.admin().act(&shop.key(&made, "/disable")).expect(200);
        assert_eq!(code(shop.verify(&signer)), "InvalidAccessKeyId");
        let before = shop.fetches();
        assert_eq!(code(shop.verify(&signer)), "InvalidAccessKeyId");
        assert_eq!(shop.fetches(), before, "that it is dead is remembered for a moment");
        shop.proxy.cut("/changes");
        shop.admin().act(&format!("{}?wait=0", shop.key(&made, "/enable")));
        shop.let_pass(1);
        assert_eq!(code(shop.verify(&signer)), "allowed");
    }

    fn an_answer_on_its_way_while_its_key_is_revoked_lets_nobody_in(server: &Server) {
        let shop = Shop::open(server);
        let made = shop.make();
        let request = Request::of(&Signer::of(&made), server);
        let before = shop.fetches();
        shop.proxy.hold("/signing-keys");
        let verifying = || {
            let (gateway, request) = (shop.gateway.clone(), request.clone());
            shop.runtime().spawn(async move { verify(&gateway, &request, &RequestContext::default()).await })
        };
        let first = verifying();
        shop.until("the key was asked for", || shop.fetches() > before);
        // The proxy has the answer by then, or has it from after the revoke: either is right.
        std::thread::park_timeout(Duration::from_millis(100));
        shop.revoke(&made);
        let second = verifying();
        shop.proxy.release();
        for verdict in [first, second] {
            assert_eq!(code(shop.run(verdict).unwrap()), "InvalidAccessKeyId");
        }
    }

    fn what_has_lived_for_most_of_its_time_is_refreshed_beside_the_requests(server: &Server) {
        let shop = Shop::open(server);
        let signer = Signer::of(&shop.make());
        assert_eq!(code(shop.verify(&signer)), "allowed");
        let before = shop.fetches();
        shop.let_pass(280);
        // Wakes the feed, whose lease has run out meanwhile.
        shop.make();
        shop.until("the feed is followed again", || shop.gateway.is_following());
        assert_eq!(code(shop.verify(&signer)), "allowed");
        assert_eq!(shop.last_by(), By::Memory);
        shop.until("it was refreshed", || shop.fetches() == before + 1);
        shop.let_pass(25);
        shop.make();
        shop.until("what is old has gone, and what is fresh is there", || {
            code(shop.verify(&signer)) == "allowed" && shop.last_by() == By::Memory
        });
        assert_eq!(shop.fetches(), before + 1);
    }

    fn uses_are_counted_here_and_shown_there(server: &Server) {
        let shop = Shop::open(server);
        let made = shop.make();
        let request = Request::of(&Signer::of(&made), server);
        let context = RequestContext { address: Some([203, 0, 113, 9].into()), agent: Some("aws-cli/2"), ..Default::default() };
        for _ in 0..7 {
            assert_eq!(code(shop.run(verify(&shop.gateway, &request, &context))), "allowed");
        }
        shop.proxy.cut("/usage");
        assert!(shop.run(shop.gateway.report_usage()).is_err());
        shop.proxy.mend();
        shop.run(shop.gateway.report_usage()).unwrap();
        server.service().write_down_usage().unwrap();
        let usage = shop.admin().get(&shop.key(&made, "/usage")).expect(200);
        assert_eq!(usage.field("/pairs/0/agent"), "aws-cli/2");
        assert_eq!(usage.field("/pairs/0/address"), "203.0.113.9");
        assert_eq!(usage.field("/days/0/uses"), 7, "{usage}");
    }
}
