//! 100,000 keys in one tenant: what a page of their list costs does not depend on which page it is, and what else is
//! asked of so many.

use domain::key::AccessKeyId;
use serde_json::json;
use service::keys::Use;
use testkit::queries::Queries;
use testkit::{Answer, Client, Server};

use crate::place::Place;

const KEYS: usize = 100_000;

/// Each filter, and whether few or many keys fit: the rare ones are the last of all, where a search that goes through
/// everything comes to them at the end.
const FILTERS: [&str; 17] = [
    "",
    "region=waw3-1",
    "instance={instance}",
    "status=active",
    "status=disabled",
    "status=revoked",
    "status=expired",
    "label=common",
    "label=rare",
    "label=none",
    "bucket=common",
    "bucket=rare",
    "access_key_id=SEED0000000000099999",
    "older_than_days=1",
    "older_than_days=80",
    "label=common&status=disabled&region=waw3-1",
    "bucket=common&status=expired&older_than_days=80",
];

/// 100,000 keys after one that is copied: one in two is labelled `common` and names the bucket `common`, one in a
/// hundred is revoked, and only among the last ten are there any that are disabled, expired, old or rare.
fn seed(server: &Server, first: &str) {
    let embedded = server.service().database().url().is_embedded();
    let digits = |width: usize| {
        if embedded { format!("printf('%0{width}d', n)") } else { format!("lpad(n::text, {width}, '0')") }
    };
    let (id, access_key_id) = (format!("'key_' || {}", digits(26)), format!("'SEED' || {}", digits(16)));
    let numbers =
        format!("WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})", KEYS - 1);
    let last = KEYS - 10;
    let micros = server.now().timestamp_micros();
    let day = 86_400_000_000_i64;
    let some = if embedded { ["0", "1"] } else { ["FALSE", "TRUE"] };
    server.execute(&format!(
        "BEGIN;
        {numbers} INSERT INTO keys SELECT {id}, tenant_id, instance_id, region,
            CASE WHEN n >= {last} THEN 'rare' WHEN n % 2 = 0 THEN 'common' ELSE 'other' END, description,
            CASE WHEN n % 2 = 0 OR n >= {last} THEN {no} ELSE {yes} END, prefixes, permissions, networks,
            CASE WHEN n >= {last} AND n % 2 = 0 THEN 'disabled' WHEN n % 100 = 0 THEN 'revoked' ELSE 'active' END,
            CASE WHEN (n >= {last} AND n % 2 = 0) OR n % 100 = 0 THEN {micros} END,
            CASE WHEN n >= {last} AND n % 2 = 1 THEN {micros} - 1 END, {access_key_id},
            CASE WHEN n >= {last} THEN {micros} - 90 * {day} ELSE {micros} END, created_at, created_by_kind,
            created_by_id, version FROM keys, numbers WHERE keys.id = '{first}';
        {numbers} INSERT INTO key_buckets SELECT {id}, tenant_id, CASE WHEN n >= {last} THEN 'rare' ELSE 'common' END
            FROM keys, numbers WHERE keys.id = '{first}' AND (n % 2 = 0 OR n >= {last});
        {numbers} INSERT INTO key_pairs SELECT {access_key_id}, {id}, tenant_id, version, since, state, retiring_since,
            retiring_until, quiet_for_seconds, ended_at, sealed_by, sealed, made_by
            FROM key_pairs, numbers WHERE key_id = '{first}';
        COMMIT; ANALYZE;",
        no = some[0],
        yes = some[1],
    ));
}

/// Pages from the beginning to a cursor far inside, or to the end.
fn walk(client: &Client, path: &str, pages: usize) -> (Vec<Answer>, usize) {
    let (mut answers, mut next, mut items) = (Vec::new(), path.to_owned(), 0);
    while answers.len() < pages {
        let answer = client.get(&next).expect(200);
        items += answer.items().len();
        let cursor = answer.field("/next_cursor");
        answers.push(answer);
        let Some(cursor) = cursor.as_str() else { break };
        next = format!("{path}&cursor={cursor}");
    }
    (answers, items)
}

/// What one request has the database do: the most rows that any of its queries read.
fn rows_read(server: &Server, queries: &Queries, client: &Client, path: &str) -> i64 {
    queries.forget();
    client.get(path).expect(200);
    let asked: Vec<_> =
        queries.heard().into_iter().filter(|query| query.contains("keys") || query.contains("key_")).collect();
    assert!(!asked.is_empty());
    asked.iter().map(|query| server.rows_read_by(query)).sum()
}

fn test(server: &Server, queries: &Queries) {
    let place = Place::of(server, "multi");
    let made = place.make("First");
    seed(server, &made.text_at("/key/id"));
    let client = server.operator();
    let instance = made.text_at("/key/instance_id");
    // Who follows looks at the master keys at any moment, and that is not what is counted.
    server.stop_following();
    for filter in FILTERS {
        let path = format!("{}?limit=50&{}", place.keys(), filter.replace("{instance}", &instance));
        let first = rows_read(server, queries, &client, &path);
        // A page holds 50 keys with their pairs and buckets; a search that is broken off has looked at 2,000 and a page.
        assert!(first <= 9000, "{filter}: {first} rows");
        let (pages, _) = walk(&client, &path, 30);
        let cursor = pages.last().map(|page| page.field("/next_cursor")).unwrap_or_default();
        if let Some(cursor) = cursor.as_str() {
            let far = rows_read(server, queries, &client, &format!("{path}&cursor={cursor}"));
            assert!(far <= first * 2 + 200, "{filter}: {far} rows after 30 pages, {first} on the first");
        }
    }
}

#[test]
fn a_page_costs_the_same_wherever_it_is_on_sqlite() {
    let queries = Queries::listen();
    test(&Server::on_sqlite(), &queries);
}

#[test]
fn a_page_costs_the_same_wherever_it_is_on_postgres() {
    let queries = Queries::listen();
    test(&Server::on_postgres(), &queries);
}

/// All keys but the first are 60 days old, and those with an even number were used today.
fn seed_usage(server: &Server) {
    let (now, day) = (server.now().timestamp_micros(), 86_400_000_000_i64);
    let even = "substr(access_key_id, 20) IN ('0', '2', '4', '6', '8')";
    server.execute(&format!(
        "BEGIN;
        UPDATE keys SET created_at = {now} - 60 * {day} WHERE access_key_id LIKE 'SEED%';
        INSERT INTO key_usage SELECT access_key_id, key_id, tenant_id, {now}, NULL, NULL, NULL, 1 FROM key_pairs
            WHERE access_key_id LIKE 'SEED%' AND {even};
        COMMIT; ANALYZE;"
    ));
}

/// The database counts, in one query that reads each of the tenant's keys once, and nobody else's.
fn test_posture(server: &Server, queries: &Queries) {
    let place = Place::of(server, "multi");
    let made = place.make("First");
    seed(server, &made.text_at("/key/id"));
    seed_usage(server);
    let beside = Place::beside(server, "Beside");
    beside.make("One");
    let operator = server.operator();
    let posture = operator.get(&place.tenant.path("/posture")).expect(200).json();
    let counts = ["keys", "active", "past_rotation_age", "unused_45_days", "unused_90_days", "all_buckets"];
    // Revoked are those of n % 100 = 0, expired five of the last ten, and five more of those are disabled.
    assert_eq!(counts.map(|name| posture[name].as_i64().unwrap()), [98_996, 98_991, 5, 49_995, 0, 49_996]);

    for (tenant, most) in [(&place.tenant, KEYS + 200), (&beside.tenant, 200)] {
        queries.forget();
        operator.get(&tenant.path("/posture")).expect(200);
        let counting: Vec<_> = queries.heard().into_iter().filter(|query| query.contains("keys.")).collect();
        let [query] = counting.as_slice() else { panic!("{counting:?}") };
        if server.is_on_postgres() {
            let read = server.rows_read_by(query);
            // The uses of old keys come on top.
            assert!(read <= i64::try_from(most * 2).unwrap(), "{read} rows: {}", server.plan(query));
        } else {
            // The product never has SQLite analyse its tables, so it plans without what `seed` had it find out.
            server.execute("DELETE FROM sqlite_stat1");
            let plan = server.plan(query);
            assert!(plan.contains("SEARCH keys USING INDEX keys_by_region (tenant_id=? AND region=?)"), "{plan}");
            assert!(plan.contains("SEARCH key_usage USING COVERING INDEX key_usage_by_key"), "{plan}");
        }
    }
}

#[test]
fn posture_is_counted_by_the_database_on_sqlite() {
    let queries = Queries::listen();
    test_posture(&Server::on_sqlite(), &queries);
}

#[test]
fn posture_is_counted_by_the_database_on_postgres() {
    let queries = Queries::listen();
    test_posture(&Server::on_postgres(), &queries);
}

/// 10,000 uses of as many pairs: the worst that a batch of this size can be.
fn test_batch(server: &Server, queries: &Queries) {
    let made = Place::of(server, "multi").make("First");
    seed(server, &made.text_at("/key/id"));
    let used = |number: i64| Use {
        access_key_id: AccessKeyId::parse(&format!("SEED{number:016}")).unwrap(),
        at: server.now(),
        gateway: Some("rgw-1".to_owned()),
        address: None,
        agent: Some("aws-cli/2".to_owned()),
        count: number,
    };
    let batch: Vec<_> = (1..=10_000).map(used).collect();
    // Whose own statements would be counted as well, more of them the longer this takes.
    server.stop_following();
    for times in 1..=2 {
        queries.forget();
        server.service().record_usage(&batch).unwrap();
        let sent = queries.count();
        assert!(sent <= 160, "{sent} statements");
        for table in ["key_usage", "key_usage_days"] {
            let sum =
                server.lines(&format!("SELECT CAST(sum(uses) AS TEXT) || ' of ' || count(*) AS line FROM {table}"));
            assert_eq!(sum, [format!("{} of 10000", times * 10_000 * 10_001 / 2)], "{table}");
        }
    }
}

#[test]
fn a_large_batch_of_uses_takes_few_statements_on_sqlite() {
    let queries = Queries::listen();
    test_batch(&Server::on_sqlite(), &queries);
}

#[test]
fn a_large_batch_of_uses_takes_few_statements_on_postgres() {
    let queries = Queries::listen();
    test_batch(&Server::on_postgres(), &queries);
}

testkit::on_both_databases! {
    fn every_key_that_fits_is_found_among_100_000(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("First");
        seed(server, &made.text_at("/key/id"));
        let client = server.operator();
        for (filter, expected) in [
            ("status=expired", 5),
            ("status=disabled", 5),
            ("status=revoked", KEYS / 100),
            ("label=rare", 10),
            ("bucket=rare", 10),
            ("older_than_days=80", 10),
            ("label=rare&status=disabled", 5),
            ("bucket=rare&status=expired&older_than_days=80", 5),
            ("access_key_id=SEED0000000000099999", 1),
            ("access_key_id=SEED0000000000099999&bucket=common", 0),
        ] {
            let (pages, found) = walk(&client, &format!("{}?limit=500&{filter}", place.keys()), usize::MAX);
            assert_eq!(found, expected, "{filter} in {} pages", pages.len());
        }
        let body = json!({"region": crate::place::REGION, "label": "One more"});
        client.post(&place.keys(), body).expect(201);
    }
}
