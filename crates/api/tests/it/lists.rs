//! Paging: every item once, and cursors that open where they were given and nowhere else.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;
use testkit::{Client, Server, on_both_databases};

fn tenants(client: &Client, count: usize) {
    for number in 0..count {
        let body = json!({"name": format!("Tenant {number}"), "external_ref": format!("{}", number % 2)});
        client.post("/v1/tenants", body).expect(201);
    }
}

/// The ids of a list, page by page.
fn ids(client: &Client, list: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), list.to_owned());
    loop {
        let page = client.get(&next).expect(200);
        found.extend(page.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let separator = if list.contains('?') { '&' } else { '?' };
        match page.field("/next_cursor").as_str() {
            Some(cursor) => next = format!("{list}{separator}cursor={cursor}"),
            None => return found,
        }
    }
}

fn cursor(client: &Client, list: &str) -> String {
    client.get(list).expect(200).text_at("/next_cursor")
}

fn refused(client: &Client, path: &str) {
    client.get(path).expect_problem(422, "bad-cursor");
}

fn another_operator(server: &Server) -> Client {
    let body = json!({"description": "another", "expires_at": server.in_days(1)});
    server.bearer(&server.operator().post("/v1/operator/tokens", body).expect(201).text_at("/token"))
}

on_both_databases! {
    fn paging_gives_everything_once(server: &Server) {
        let operator = server.operator();
        tenants(&operator, 120);
        let found = ids(&operator, "/v1/tenants?limit=7");
        assert_eq!(found.len(), 120);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 120);
        assert!(found.is_sorted());
        assert_eq!(ids(&operator, "/v1/tenants"), found);
        assert_eq!(ids(&operator, "/v1/tenants?limit=500"), found);
        assert_eq!(ids(&operator, "/v1/tenants?limit=60&external_ref=1").len(), 60);
        assert_eq!(ids(&operator, "/v1/audit?limit=9&action=tenant.created").len(), 120);
    }

    fn a_full_last_page_is_the_last(server: &Server) {
        tenants(&server.operator(), 4);
        let pages = [(4, 4, true), (5, 4, true), (3, 3, false), (1, 1, false)];
        for (limit, shown, is_last) in pages {
            let page = server.operator().get(&format!("/v1/tenants?limit={limit}")).expect(200);
            assert_eq!((page.items().len(), page.field("/next_cursor").is_null()), (shown, is_last));
        }
        assert_eq!(server.operator().get("/v1/partners").expect(200).json(), json!({"items": [], "next_cursor": null}));
    }

    fn what_comes_and_goes_between_pages_moves_nobody(server: &Server) {
        let operator = server.operator();
        tenants(&operator, 6);
        let all = ids(&operator, "/v1/tenants");
        let next = cursor(&operator, "/v1/tenants?limit=3");
        operator.delete(&format!("/v1/tenants/{}?delay_seconds=0", all[2])).expect(200);
        server.advance(TimeDelta::milliseconds(1));
        tenants(&operator, 1);
        let rest = operator.get(&format!("/v1/tenants?cursor={next}")).expect(200).items();
        let rest: Vec<_> = rest.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(rest[..3], all[3..]);
    }

    fn a_cursor_opens_its_own_list_only(server: &Server) {
        let operator = server.operator();
        tenants(&operator, 3);
        for name in ["Nordic", "Southern"] {
            server.partner(name);
        }
        let next = cursor(&operator, "/v1/tenants?limit=1");
        operator.get(&format!("/v1/tenants?cursor={next}")).expect(200);
        operator.get(&format!("/v1/tenants?limit=2&cursor={next}")).expect(200);
        refused(&operator, &format!("/v1/partners?cursor={next}"));
        refused(&operator, &format!("/v1/audit?cursor={next}"));
        refused(&operator, &format!("/v1/tenants?external_ref=1&cursor={next}"));
        refused(&operator, &format!("/v1/tenants?status=active&cursor={next}"));
        refused(&another_operator(server), &format!("/v1/tenants?cursor={next}"));
        let filtered = cursor(&operator, "/v1/tenants?limit=1&external_ref=0");
        refused(&operator, &format!("/v1/tenants?cursor={filtered}"));
        refused(&operator, &format!("/v1/tenants?external_ref=1&cursor={filtered}"));
        let of_one = cursor(&operator, "/v1/audit?limit=1&action=partner.created");
        operator.get(&format!("/v1/audit?action=partner.created&cursor={of_one}")).expect(200);
        refused(&operator, &format!("/v1/audit?action=tenant.created&cursor={of_one}"));
        refused(&operator, &format!("/v1/audit?target=partner.created&cursor={of_one}"));
    }

    fn no_cursor_can_be_made_up_or_altered(server: &Server) {
        let operator = server.operator();
        tenants(&operator, 2);
        let next = cursor(&operator, "/v1/tenants?limit=1");
        for place in 0..next.len() {
            let other = if &next[place..=place] == "A" { "B" } else { "A" };
            refused(&operator, &format!("/v1/tenants?cursor={}{other}{}", &next[..place], &next[place + 1..]));
            refused(&operator, &format!("/v1/tenants?cursor={}", &next[..place]));
        }
        for wrong in ["%27%20OR%201=1", "null", &"A".repeat(4000), &format!("{next}{next}")] {
            refused(&operator, &format!("/v1/tenants?cursor={wrong}"));
        }
    }

    fn a_page_has_bounds(server: &Server) {
        for limit in ["0", "-1", "501", "9223372036854775807"] {
            let refused = server.operator().get(&format!("/v1/tenants?limit={limit}")).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), ["?limit"]);
        }
        for list in ["/v1/regions", "/v1/key-models", "/v1/partners", "/v1/audit", "/v1/operator/tokens"] {
            server.operator().get(&format!("{list}?limit=501")).expect_problem(422, "invalid");
            server.operator().get(&format!("{list}?limit=500")).expect(200);
        }
    }

    fn names_are_paged_by_name(server: &Server) {
        for code in ["b-1", "a-2", "b", "a-10", "c"] {
            server.region(code, "multi");
        }
        let operator = server.operator();
        let tenant = operator.post("/v1/tenants", json!({"name": "Acme"})).expect(201).text_at("/id");
        for list in ["/v1/regions".to_owned(), format!("/v1/tenants/{tenant}/regions")] {
            let (mut codes, mut next) = (Vec::new(), format!("{list}?limit=2"));
            for _ in 0..3 {
                let page = operator.get(&next).expect(200);
                codes.extend(page.items().iter().map(|item| item.get("code").unwrap_or(&item["region"]).clone()));
                next = format!("{list}?limit=2&cursor={}", page.field("/next_cursor").as_str().unwrap_or_default());
            }
            assert_eq!(codes, ["a-10", "a-2", "b", "b-1", "c"]);
        }
    }
}
