//! The audit: every change leaves a row, every chain adds up, and everybody reads only their own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::{Actor, ActorKind};
use domain::audit::{BEGINNING, Event};
use domain::id::{EventId, PartnerId, TenantId};
use serde_json::{Value, json};
use testkit::world::{PASSWORD, Tenant};
use testkit::{Client, Server, on_both_databases};

/// Every event that somebody can read, page by page.
fn events(client: &Client, path: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), format!("{path}?limit=50"));
    loop {
        let page = client.get(&next).expect(200);
        found.extend(page.items());
        match page.field("/next_cursor").as_str() {
            Some(cursor) => next = format!("{path}?limit=50&cursor={cursor}"),
            None => return found,
        }
    }
}

fn actions(events: &[Value]) -> BTreeSet<String> {
    events.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

/// The event as it was hashed.
fn event(shown: &Value) -> Event {
    let text = |pointer: &str| shown.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let details = shown["details"].as_object().unwrap().iter();
    let details: BTreeMap<_, _> =
        details.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    Event {
        id: EventId::parse(&text("/id")).unwrap(),
        chain: text("/chain"),
        sequence: shown["sequence"].as_i64().unwrap(),
        at: text("/at").parse::<DateTime<Utc>>().unwrap(),
        actor: Actor { kind: ActorKind::parse(&text("/actor/kind")).unwrap(), id: text("/actor/id") },
        action: text("/action"),
        target_kind: text("/target/kind"),
        target_id: text("/target/id"),
        tenant_id: shown["tenant_id"].as_str().map(|id| TenantId::parse(id).unwrap()),
        partner_id: shown["partner_id"].as_str().map(|id| PartnerId::parse(id).unwrap()),
        request_id: text("/request_id"),
        address: shown["address"].as_str().map(|address| address.parse().unwrap()),
        details: details.into_iter().collect(),
    }
}

/// Recomputes every chain from what is shown, and says how long each is.
fn lengths(events: &[Value]) -> BTreeMap<String, i64> {
    let mut chains: BTreeMap<String, BTreeMap<i64, &Value>> = BTreeMap::new();
    for event in events {
        let chain = chains.entry(event["chain"].as_str().unwrap().to_owned()).or_default();
        assert!(chain.insert(event["sequence"].as_i64().unwrap(), event).is_none(), "a number twice");
    }
    for chain in chains.values() {
        let mut previous = BEGINNING;
        for (expected, (sequence, shown)) in (1..).zip(chain) {
            assert_eq!(*sequence, expected, "a gap before {shown}");
            previous = event(shown).hash(&previous);
            let hash: String = previous.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(shown["hash"], hash, "{shown}");
        }
    }
    chains.into_iter().map(|(name, chain)| (name, chain.len() as i64)).collect()
}

fn as_lines(client: &Client) -> Client {
    client.with("accept", "application/x-ndjson")
}

/// The events of an export, in its order.
fn lines(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is cut");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

pub(crate) fn exported(client: &Client, path: &str) -> Vec<Value> {
    let answer = as_lines(client).get(path).expect(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    lines(&answer.text)
}

/// Checks the chains as somebody does who reads line by line and remembers nothing but the line before.
pub(crate) fn adds_up_in_one_pass(events: &[Value]) {
    let (mut chain, mut sequence, mut previous) = (String::new(), 0, BEGINNING);
    for shown in events {
        if shown["chain"] != chain.as_str() {
            assert!(shown["chain"].as_str().unwrap() > chain.as_str(), "a chain that was over goes on: {shown}");
            (chain, sequence, previous) = (shown["chain"].as_str().unwrap().to_owned(), 0, BEGINNING);
        }
        sequence += 1;
        previous = event(shown).hash(&previous);
        let hash: String = previous.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((shown["sequence"].as_i64(), shown["hash"].as_str()), (Some(sequence), Some(hash.as_str())));
    }
}

/// Makes a tenant's chain longer by so many events that fit it, past the API: nobody waits for that many requests.
fn grow(server: &Server, tenant: &Tenant, count: i64) {
    let newest = exported(&server.operator(), &tenant.path("/audit")).pop().unwrap();
    let mut last = event(&newest);
    let hash = newest["hash"].as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&hash[at * 2..at * 2 + 2], 16).unwrap();
    let (mut previous, mut entropy) = (std::array::from_fn(byte), domain::Entropy::from_seed([9; 32]));
    let quoted = |hash: &[u8; 32]| {
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        if server.is_on_postgres() { format!("'\\x{digits}'::bytea") } else { format!("X'{digits}'") }
    };
    let mut rows = Vec::new();
    for _ in 0..count {
        last = Event { id: EventId::draw(&mut entropy, last.at), sequence: last.sequence + 1, ..last };
        last.details = vec![("name".to_owned(), "x".repeat(200))];
        previous = last.hash(&previous);
        rows.push(format!(
            "('{}', '{}', {}, {}, '{}', '{}', '{}', '{}', '{}', '{}', NULL, '{}', '{}', '{}', {})",
            last.id,
            last.chain,
            last.sequence,
            last.at.timestamp_micros(),
            last.actor.kind.as_str(),
            last.actor.id,
            last.action,
            last.target_kind,
            last.target_id,
            tenant.id,
            last.request_id,
            last.address.unwrap(),
            serde_json::to_string(&last.details).unwrap(),
            quoted(&previous),
        ));
    }
    let columns = "id, chain, sequence, at, actor_kind, actor_id, action, target_kind, target_id, tenant_id, \
        partner_path, request_id, address, details, hash";
    for rows in rows.chunks(500) {
        server.sql(&format!("INSERT INTO audit_events ({columns}) VALUES {}", rows.join(", ")));
    }
    server.sql(&format!(
        "UPDATE audit_chains SET sequence = {}, hash = {} WHERE name = '{}'",
        last.sequence,
        quoted(&previous),
        last.chain
    ));
}

/// Does everything once that there is to do.
fn do_everything(server: &Server) {
    let operator = server.operator();
    server.region("a", "multi");
    operator.patch("/v1/regions/a", json!({"name": "Aä\u{1f980}\"\\"})).expect(200);
    let partner = server.partner("Nordic");
    operator.patch(&partner.path(""), json!({"name": "N"})).expect(200);
    operator.patch(&partner.path(""), json!({"guardrails": {"max_keys_per_tenant": 9}})).expect(200);
    operator.post(&partner.path("/emergency-stop"), json!({"reason": "A \"drill\""})).expect(200);
    operator.act(&partner.path("/emergency-stop/undo")).expect(200);
    let tenant = server.tenant_of(&partner.client, "Acme");
    operator.put(&tenant.path("/regions/a"), json!({"service": "available"})).expect(200);
    operator.patch(&tenant.path(""), json!({"external_ref": "C-1"})).expect(200);
    let invited = json!({"email": "grace@example.org", "name": "Grace", "role": "member"});
    let invited = tenant.admin.client.post(&tenant.path("/users"), invited).expect(201);
    server.accept(&invited.text_at("/invitation/token"), PASSWORD).expect(200);
    let user = tenant.path(&format!("/users/{}", invited.text_at("/id")));
    tenant.admin.client.patch(&user, json!({"role": "member+"})).expect(200);
    tenant.admin.client.delete(&user).expect(204);
    let body = json!({"description": "Portal", "expires_at": server.in_days(9)});
    let token = tenant.admin.client.post(&tenant.path("/tokens"), body).expect(201);
    let rotated =
        operator.post(&format!("{}/rotate", token.header("location")), json!({"grace_seconds": 1})).expect(201);
    operator.delete(rotated.header("location")).expect(204);
    let change = json!({"current_password": PASSWORD, "new_password": "another battery staple"});
    tenant.member.client.put("/v1/me/password", change).expect(204);
    let (used, client) = (json!({"refresh_token": tenant.admin.refresh_token}), server.anonymous());
    client.post("/v1/sessions/refresh", used.clone()).expect(200);
    client.post("/v1/sessions/refresh", used).expect(401);
    tenant.member_plus.client.delete("/v1/sessions/current").expect(204);
    for action in ["/suspend", "/resume"] {
        operator.act(&tenant.path(action)).expect(200);
        operator.act(&partner.path(action)).expect(200);
    }
    operator.delete(&tenant.path("")).expect(200);
    operator.act(&tenant.path("/restore")).expect(200);
    operator.delete(&tenant.path("?delay_seconds=0")).expect(200);
    server.service().keep_house().unwrap();
    partner.client.get("/v1/audit").expect(403);
    server.service().write_down_denials().unwrap();
    assert!(service::freeze::freeze(server.service()).unwrap());
    operator.delete("/v1/regions/a").expect_problem(503, "read-only");
    assert!(service::freeze::thaw(server.service()).unwrap());
    operator.delete("/v1/regions/a").expect(204);
    let spare = operator.post("/v1/partners", json!({"name": "Spare"})).expect(201);
    operator.delete(spare.header("location")).expect(204);
    let model = json!({"name": "daily", "title": "Daily", "instances": "one", "initial_key": false, "label": "optional",
        "description": "optional", "bucket_scopes": true, "revoke": "keeps_history", "delete": "allowed", "reset": true,
        "id_prefix": "DAY", "id_length": 20, "secret_length": 40});
    operator.post("/v1/key-models", model).expect(201);
    operator.patch("/v1/key-models/daily", json!({"title": "D"})).expect(200);
    operator.delete("/v1/key-models/daily").expect(204);
}

on_both_databases! {
    fn everything_that_was_done_is_there_and_adds_up(server: &Server) {
        do_everything(server);
        let events = events(&server.operator(), "/v1/audit");
        let nouns =
            ["bucket", "changes", "checkpoint_key", "claim_link", "clock", "database", "gateway", "held_back", "quarantine", "instance", "key", "master_key", "secret", "setup_link", "signing_keys"];
        let expected: BTreeSet<_> = domain::audit::AuditAction::ALL
            .iter()
            .map(|action| action.as_str().to_owned())
            .filter(|action| !nouns.contains(&action.split('.').next().unwrap()))
            .collect();
        assert_eq!(
            actions(&events).into_iter().filter(|action| expected.contains(action)).collect::<BTreeSet<_>>(),
            expected
        );
        assert_eq!(lengths(&events).values().sum::<i64>(), events.len() as i64);
    }

    fn a_row_that_is_altered_or_removed_shows(server: &Server) {
        let tenant = server.tenant("Acme");
        let chain = || events(&server.operator(), &tenant.path("/audit"));
        let whole = chain();
        let lies = |events: Vec<Value>| std::panic::catch_unwind(|| lengths(&events)).is_err();
        assert!(!lies(whole.clone()));
        server.sql(&format!(
            "UPDATE audit_events SET actor_id = 'usr_x' WHERE tenant_id = '{}' AND sequence = 3",
            tenant.id
        ));
        assert!(lies(chain()));
        server.sql(&format!("DELETE FROM audit_events WHERE tenant_id = '{}' AND sequence = 3", tenant.id));
        assert!(lies(chain()));
    }

    fn an_event_says_who_what_where_and_when(server: &Server) {
        let tenant = server.tenant("Acme");
        server.advance(TimeDelta::milliseconds(1500));
        let client = tenant.admin.client.with("x-request-id", "my-request").with("x-forwarded-for", "203.0.113.9");
        let user = tenant.path(&format!("/users/{}", tenant.member.id));
        client.patch(&user, json!({"name": "Ada"})).expect(200);
        let event = tenant.admin.client.get(&tenant.path("/audit?action=user.changed")).items().remove(0);
        assert_eq!(event["actor"], json!({"kind": "user", "id": tenant.admin.id}));
        assert_eq!(event["target"], json!({"kind": "user", "id": tenant.member.id}));
        assert_eq!((&event["tenant_id"], &event["chain"]), (&json!(tenant.id), &json!(tenant.id)));
        assert_eq!((&event["request_id"], &event["address"]), (&json!("my-request"), &json!("127.0.0.1")));
        assert_eq!((&event["at"], &event["details"]["name"]), (&json!(server.now()), &json!("Ada")));
    }

    fn everybody_reads_their_own(server: &Server) {
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let (tenant, foreign) = (server.tenant_of(&reseller.client, "Acme"), server.tenant_of(&other.client, "Other"));
        let chains = |client: &Client, path: &str| lengths(&events(client, path)).into_keys().collect::<BTreeSet<_>>();
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(chains(&tenant.admin.client, &tenant.path("/audit")), set(&[&tenant.id]));
        assert_eq!(chains(&reseller.client, &reseller.path("/audit")), set(&[&reseller.id, &tenant.id]));
        assert_eq!(
            chains(&distributor.client, &distributor.path("/audit")),
            set(&[&distributor.id, &reseller.id, &tenant.id])
        );
        assert_eq!(chains(&server.operator(), &other.path("/audit")), set(&[&other.id, &foreign.id]));
        let all = ["platform", &distributor.id, &reseller.id, &other.id, &tenant.id, &foreign.id];
        assert_eq!(chains(&server.operator(), "/v1/audit"), set(&all));
        for client in [&distributor.client, &tenant.admin.client] {
            client.get("/v1/audit").expect_problem(403, "forbidden");
            client.get(&other.path("/audit")).expect_problem(404, "not-found");
            client.get(&foreign.path("/audit")).expect_problem(404, "not-found");
        }
        let reading = tenant.admin.client.get(&tenant.path(&format!("/audit?target={}", foreign.id)));
        assert!(reading.expect(200).items().is_empty());
    }

    fn a_reader_narrows_it_down(server: &Server) {
        let tenant = server.tenant("Acme");
        let start = server.now();
        server.advance(TimeDelta::seconds(10));
        tenant
            .admin
            .client
            .patch(&tenant.path(&format!("/users/{}", tenant.member.id)), json!({"name": "Ada"}))
            .expect(200);
        server.advance(TimeDelta::seconds(10));
        server.operator().patch(&tenant.path(""), json!({"name": "A"})).expect(200);
        let found = |query: &str| {
            let events = server.operator().get(&tenant.path(&format!("/audit?{query}"))).expect(200).items();
            actions(&events).into_iter().collect::<Vec<_>>().join(" ")
        };
        let at =
            |seconds: i64| (start + TimeDelta::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(found("action=user.changed"), "user.changed");
        assert_eq!(found(&format!("target={}&action=user.created", tenant.member.id)), "user.created");
        assert_eq!(found(&format!("from={}", at(1))), "tenant.changed user.changed");
        assert_eq!(found(&format!("from={}&to={}", at(10), at(20))), "user.changed");
        assert_eq!(found(&format!("from={}", at(20))), "tenant.changed");
        assert_eq!(found(&format!("from={}&actor={}", at(1), tenant.admin.id)), "user.changed");
        assert_eq!(found(&format!("to={}", at(0))), "");
        let newest = server.operator().get(&tenant.path("/audit?limit=2")).items();
        assert_eq!(
            newest.iter().map(|event| event["action"].as_str().unwrap()).collect::<Vec<_>>(),
            ["tenant.changed", "user.changed"]
        );
    }

    fn what_was_wrong_or_only_read_leaves_no_row(server: &Server) {
        let tenant = server.tenant("Acme");
        let before = server.operator().get("/v1/audit").text;
        tenant.member.client.get(&tenant.path("")).expect(200);
        server.operator().patch(&tenant.path(""), json!({"name": ""})).expect(422);
        server.operator().act(&tenant.path("/resume")).expect(200);
        server.service().keep_house().unwrap();
        server.service().write_down_last_used().unwrap();
        server.service().write_down_denials().unwrap();
        assert_eq!(server.operator().get("/v1/audit").text, before);
    }

    fn an_export_is_everything_and_adds_up_by_itself(server: &Server) {
        do_everything(server);
        let partner = server.partner("Southern");
        let tenant = server.tenant_of(&partner.client, "Other");
        for (client, path) in [
            (server.operator(), "/v1/audit".to_owned()),
            (partner.client.clone(), partner.path("/audit")),
            (tenant.admin.client.clone(), tenant.path("/audit")),
        ] {
            let (mut paged, exported) = (events(&client, &path), exported(&client, &path));
            adds_up_in_one_pass(&exported);
            assert_eq!(lengths(&exported), lengths(&paged));
            let place = |event: &Value| (event["chain"].as_str().unwrap().to_owned(), event["sequence"].as_i64());
            paged.sort_by_key(place);
            assert_eq!(exported, paged, "field by field");
        }
    }

    fn an_export_is_a_file_with_a_name(server: &Server) {
        let tenant = server.tenant("Acme");
        let at = server.now().format("%Y%m%dT%H%M%SZ");
        for (path, name) in [("/v1/audit".to_owned(), "platform"), (tenant.path("/audit"), &tenant.id)] {
            let answer = as_lines(&server.operator()).get(&path).expect(200);
            let expected = format!("attachment; filename=\"audit-{name}-{at}.ndjson\"");
            assert_eq!(answer.header("content-disposition"), expected);
            assert_eq!((answer.header("cache-control"), answer.header("link")), ("no-store", ""));
            let page = server.operator().with("accept", "application/json, application/x-ndjson").get(&path);
            assert_eq!(page.expect(200).header("content-type"), "application/json");
        }
    }

    fn an_export_is_narrowed_down_like_the_list(server: &Server) {
        let tenant = server.tenant("Acme");
        let start = server.now();
        server.advance(TimeDelta::seconds(10));
        let user = tenant.path(&format!("/users/{}", tenant.member.id));
        tenant.admin.client.patch(&user, json!({"name": "Ada"})).expect(200);
        server.advance(TimeDelta::seconds(10));
        server.operator().patch(&tenant.path(""), json!({"name": "A"})).expect(200);
        let at = |seconds| (start + TimeDelta::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        for query in [
            "action=user.changed".to_owned(),
            format!("actor={}", tenant.admin.id),
            format!("target={}", tenant.member.id),
            format!("from={}&to={}", at(10), at(20)),
            format!("from={}", at(1)),
        ] {
            let path = tenant.path(&format!("/audit?{query}"));
            let mut listed = server.operator().get(&path).expect(200).items();
            // Newest first, and what was done at one moment in any order.
            listed.sort_by_key(|event| event["sequence"].as_i64());
            assert!(!listed.is_empty(), "{query}");
            assert_eq!(exported(&server.operator(), &path), listed, "{query}");
        }
        assert!(exported(&server.operator(), &tenant.path(&format!("/audit?to={}", at(0)))).is_empty());
        as_lines(&server.operator()).get("/v1/audit?action=x").expect_problem(422, "invalid");
        as_lines(&server.operator()).get("/v1/audit?limit=501").expect_problem(422, "invalid");
        as_lines(&tenant.member.client).get(&tenant.path("/audit")).expect_problem(403, "forbidden");
    }

    fn a_part_of_an_export_says_where_the_next_begins(server: &Server) {
        let tenant = server.tenant("Acme");
        let client = as_lines(&server.operator());
        let whole = exported(&server.operator(), "/v1/audit");
        let (mut found, mut next) = (Vec::new(), "/v1/audit?limit=2".to_owned());
        loop {
            let part = client.get(&next).expect(200);
            found.extend(lines(&part.text));
            let Some(link) = part.header("link").strip_suffix(">; rel=\"next\"") else { break };
            assert_eq!(lines(&part.text).len(), 2);
            next = link.trim_start_matches('<').to_owned();
        }
        assert_eq!(found, whole);
        let cursor = next.rsplit_once("cursor=").unwrap().1;
        let rest = lines(&client.get(&format!("/v1/audit?cursor={cursor}")).expect(200).text);
        assert_eq!(rest, whole[whole.len() - rest.len()..]);
        // Each order has cursors of its own.
        server.operator().get(&format!("/v1/audit?cursor={cursor}")).expect_problem(422, "bad-cursor");
        let listed = server.operator().get("/v1/audit?limit=1").text_at("/next_cursor");
        let refused = client.get(&format!("/v1/audit?cursor={listed}")).expect_problem(422, "bad-cursor");
        assert_eq!(refused.pointers(), ["?cursor"]);
        client.get(&tenant.path(&format!("/audit?cursor={cursor}"))).expect_problem(422, "bad-cursor");
    }

    fn what_is_appended_meanwhile_leaves_no_gap(server: &Server) {
        let tenant = server.tenant("Acme");
        server.advance(TimeDelta::seconds(1));
        let client = as_lines(&tenant.admin.client);
        let user = tenant.path(&format!("/users/{}", tenant.member.id));
        let (mut found, mut next) = (Vec::new(), tenant.path("/audit?limit=2"));
        for round in 0.. {
            let part = client.get(&next).expect(200);
            found.extend(lines(&part.text));
            let Some(link) = part.header("link").strip_suffix(">; rel=\"next\"") else { break };
            next = link.trim_start_matches('<').to_owned();
            if round < 3 {
                // A request that began before those whose events are there already, and was overtaken.
                server.advance(TimeDelta::milliseconds(-100));
                tenant.admin.client.patch(&user, json!({"name": format!("Ada {round}")})).expect(200);
            }
        }
        adds_up_in_one_pass(&found);
        assert_eq!(found.iter().filter(|event| event["action"] == "user.changed").count(), 3);
    }

    fn a_long_export_comes_in_parts_while_others_write(server: &Server) {
        let tenant = server.tenant("Acme");
        grow(server, &tenant, 3_000);
        let before = lengths(&exported(&server.operator(), &tenant.path("/audit")))[&tenant.id];
        assert!(before > 3_000);
        let user = tenant.path(&format!("/users/{}", tenant.member.id));
        let found = std::thread::scope(|scope| {
            let reading = scope.spawn(|| exported(&tenant.admin.client, &tenant.path("/audit")));
            for number in 0..20 {
                server.operator().patch(&user, json!({"name": format!("Ada {number}")})).expect(200);
            }
            reading.join().unwrap()
        });
        adds_up_in_one_pass(&found);
        assert!(found.len() as i64 >= before);
        let all = exported(&server.operator(), "/v1/audit");
        adds_up_in_one_pass(&all);
        assert_eq!(lengths(&all)[&tenant.id], before + 20);
    }

    fn an_export_that_breaks_is_not_taken_for_a_whole_one(server: &Server) {
        let tenant = server.tenant("Acme");
        grow(server, &tenant, 1_000);
        server.sql(&format!("UPDATE audit_events SET details = '{{' WHERE chain = '{}' AND sequence = 900", tenant.id));
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let body = json!({"email": tenant.admin.email, "password": PASSWORD});
        let token = server.anonymous().post("/v1/sessions", body).expect(200).text_at("/access_token");
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\nAuthorization: Bearer {token}\r\n\r\n",
            tenant.path("/audit")
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("transfer-encoding: chunked"), "{answer}");
        assert!(answer.matches("\"sequence\":").count() >= 500);
        assert!(!answer.ends_with("0\r\n\r\n"), "it says that it is complete");
    }

    fn no_event_holds_a_secret(server: &Server) {
        do_everything(server);
        let text = json!(events(&server.operator(), "/v1/audit")).to_string();
        for secret in ["kro_", "krp_", "krt_", "krr_", "kri_", "eyJ", "argon2", PASSWORD, "another battery staple"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
