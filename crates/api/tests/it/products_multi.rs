//! The product with many labelled keys, each for all buckets or some.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::on_both_databases;

use crate::place::{Place, with_region};

fn specific(names: &[&str]) -> Value {
    json!({"label": "Player", "buckets": {"access": "specific", "names": names}})
}

fn is_of_base_36(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

on_both_databases! {
    fn there_are_many_keys(server: &Server) {
        let place = Place::of(server, "multi");
        let mut made: Vec<_> = (0..30).map(|number| place.make(&format!("Host {number}")).text_at("/key/id")).collect();
        made.sort();
        assert_eq!(place.listed(&place.admin, ""), made);
    }

    fn label_required(server: &Server) {
        let place = Place::of(server, "multi");
        let blank = [json!({}), json!({"label": null}), json!({"label": ""}), json!({"description": "No label"})];
        for fields in blank {
            assert_eq!(place.ask(fields).expect_problem(422, "invalid").pointers(), ["/label"]);
        }
        assert!(place.listed(&place.admin, "").is_empty());
        let made = place.make("Production API");
        assert_eq!(made.field("/key/label"), "Production API");
        let cleared = place.admin.patch(&place.key(&made), json!({"label": null}));
        assert_eq!(cleared.expect_problem(422, "invalid").pointers(), ["/label"]);
        let renamed = place.admin.patch(&place.key(&made), json!({"label": "Staging API"})).expect(200);
        assert_eq!(renamed.field("/label"), "Staging API");
    }

    fn all_or_specific_buckets(server: &Server) {
        let place = Place::of(server, "multi");
        let all = place.ask(json!({"label": "Admin", "buckets": {"access": "all"}})).expect(201);
        assert_eq!(all.field("/key/buckets"), json!({"access": "all", "names": []}));
        assert_eq!(place.make("Nothing said").field("/key/buckets/access"), "all");
        let some = place.ask(specific(&["media", "backups"])).expect(201);
        let read = place.admin.get(&place.key(&some)).expect(200);
        assert_eq!(read.field("/buckets"), json!({"access": "specific", "names": ["backups", "media"]}));
        assert_eq!(place.listed(&place.admin, "?bucket=media"), [some.text_at("/key/id")]);
        let both = json!({"label": "Both", "buckets": {"access": "all", "names": ["media"]}});
        assert_eq!(place.ask(both).expect_problem(422, "invalid").pointers(), ["/buckets/names"]);
    }

    fn an_empty_list_of_buckets_is_refused(server: &Server) {
        let place = Place::of(server, "multi");
        assert_eq!(place.ask(specific(&[])).expect_problem(422, "invalid").pointers(), ["/buckets/names"]);
        let unsaid = json!({"label": "Player", "buckets": {"access": "specific"}});
        assert_eq!(place.ask(unsaid).expect_problem(422, "invalid").pointers(), ["/buckets/names"]);
        let made = place.ask(specific(&["media"])).expect(201);
        let emptied = json!({"buckets": {"access": "specific", "names": []}});
        place.admin.patch(&place.key(&made), emptied).expect_problem(422, "invalid");
        assert_eq!(place.admin.get(&place.key(&made)).expect(200).json(), made.field("/key"));
        assert_eq!(place.listed(&place.admin, ""), [made.text_at("/key/id")]);
    }

    fn an_unknown_bucket_is_refused_once_buckets_are_registered(server: &Server) {
        let place = Place::of(server, "multi");
        let before = place.ask(specific(&["anything"])).expect(201);
        let buckets = place.tenant.path("/buckets");
        place.admin.put(&format!("{buckets}/media"), json!({})).expect(200);
        let refused = place.ask(specific(&["media", "typo", "anything"])).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/buckets/names/0", "/buckets/names/2"], "in the order of their names");
        place.ask(specific(&["media"])).expect(201);
        // The older key is as it was, and can be renamed; it can only not be given another unknown one.
        let path = place.key(&before);
        assert_eq!(place.admin.patch(&path, json!({"label": "Old"})).expect(200).field("/buckets/names/0"), "anything");
        let wrong = json!({"buckets": {"access": "specific", "names": ["typo"]}});
        place.admin.patch(&path, wrong).expect_problem(422, "invalid");
        place.admin.delete(&format!("{buckets}/media")).expect(204);
        place.ask(specific(&["typo"])).expect(201);
    }

    fn ids_are_nqak_and_16_characters_secrets_40(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let reset = place.admin.act(&format!("{}/reset", place.key(&made))).expect(200);
        for answer in [made, reset] {
            let id = answer.text_at("/key/access_key_id");
            let random = id.strip_prefix("NQAK").unwrap();
            assert!(random.len() == 16 && is_of_base_36(random), "{id}");
            assert_eq!(answer.text_at("/secret_access_key").len(), 40);
        }
    }

    fn revoked_stays_in_the_list(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let path = place.key(&made);
        let revoked = place.admin.act(&format!("{path}/revoke")).expect(200);
        assert_eq!(revoked.field("/key/status"), "revoked");
        assert_eq!(revoked.field("/receipt/effective_at"), json!(server.now()));
        assert_eq!(place.listed(&place.admin, ""), [made.text_at("/key/id")]);
        assert_eq!(place.listed(&place.admin, "?status=revoked"), [made.text_at("/key/id")]);
        assert!(place.listed(&place.admin, "?status=active").is_empty());
        let row = place.admin.get(&path).expect(200);
        for unchanged in ["/label", "/access_key_id", "/created_at"] {
            assert_eq!(row.field(unchanged), made.field(&format!("/key{unchanged}")));
        }
    }

    fn a_revocation_is_final(server: &Server) {
        let place = Place::of(server, "multi");
        let path = place.key(&place.make("Production API"));
        place.admin.post(&format!("{path}/rotate"), json!({"grace_seconds": 3600})).expect(200);
        let revoked = place.admin.act(&format!("{path}/revoke")).expect(200);
        assert_eq!(revoked.field("/key/pairs").as_array().unwrap().len(), 1, "no grace outlives it");
        for action in ["revoke", "reset", "disable", "enable"] {
            place.admin.act(&format!("{path}/{action}")).expect_problem(409, "key-revoked");
        }
        place.admin.post(&format!("{path}/rotate"), json!({"grace_seconds": 60})).expect_problem(409, "key-revoked");
        place.admin.patch(&path, json!({"label": "Alive"})).expect_problem(409, "key-revoked");
        assert_eq!(place.admin.get(&path).expect(200).json(), revoked.field("/key"));
    }

    fn delete_removes(server: &Server) {
        let place = Place::of(server, "multi");
        let (gone, left) = (place.make("Gone"), place.make("Left"));
        let told = place.admin.delete(&place.key(&gone)).expect(200);
        assert_eq!(told.field("/key/id"), gone.field("/key/id"));
        place.admin.get(&place.key(&gone)).expect_problem(404, "not-found");
        place.admin.delete(&place.key(&gone)).expect_problem(404, "not-found");
        assert_eq!(place.listed(&place.admin, ""), [left.text_at("/key/id")]);
    }

    fn reset_is_allowed(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let reset = place.admin.act(&format!("{}/reset", place.key(&made))).expect(200);
        assert_ne!(reset.field("/key/access_key_id"), made.field("/key/access_key_id"));
        assert_eq!(reset.field("/key/pairs").as_array().unwrap().len(), 1);
    }

    fn rotation_overlaps_for_its_grace_and_not_a_moment_longer(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let path = place.key(&made);
        let rotated = place.admin.post(&format!("{path}/rotate"), json!({"grace_seconds": 300})).expect(200);
        let pairs = |answer: &testkit::Answer| answer.field("/pairs").as_array().unwrap().clone();
        let both = pairs(&place.admin.get(&path).expect(200));
        assert_eq!(both[0]["access_key_id"], rotated.field("/key/access_key_id"));
        assert_eq!((&both[1]["access_key_id"], &both[1]["state"]), (&made.field("/key/access_key_id"), &json!("retiring")));
        assert_eq!(both[1]["until"], json!(server.now() + TimeDelta::seconds(300)));
        server.advance(TimeDelta::seconds(300) - TimeDelta::microseconds(1));
        assert_eq!(pairs(&place.admin.get(&path).expect(200)).len(), 2);
        server.advance(TimeDelta::microseconds(1));
        assert_eq!(pairs(&place.admin.get(&path).expect(200)).len(), 1, "no job has run");
    }

    fn a_rotation_may_wait_until_the_old_pair_is_quiet(server: &Server) {
        let place = Place::of(server, "multi");
        let path = place.key(&place.make("Production API"));
        let quiet = json!({"retire_when_quiet_for_seconds": 3600, "at_most_seconds": 86400});
        let rotated = place.admin.post(&format!("{path}/rotate"), quiet).expect(200);
        assert_eq!(rotated.field("/key/pairs/1/until"), json!(server.now() + TimeDelta::days(1)));
        for wrong in [
            json!({}),
            json!({"retire_when_quiet_for_seconds": 3600}),
            json!({"grace_seconds": 60, "at_most_seconds": 60}),
            json!({"grace_seconds": 0}),
            json!({"grace_seconds": 2_592_001}),
            json!({"retire_when_quiet_for_seconds": 59, "at_most_seconds": 3600}),
            json!({"retire_when_quiet_for_seconds": 3600, "at_most_seconds": 60}),
        ] {
            place.admin.post(&format!("{path}/rotate"), wrong).expect_problem(422, "invalid");
        }
        assert_eq!(place.admin.get(&path).expect(200).json(), rotated.field("/key"));
    }

    fn keys_older_than_90_days_are_reported(server: &Server) {
        let place = Place::of(server, "multi");
        let operator = server.operator();
        let old = place.make("Old");
        let renewed = place.make("Renewed");
        assert_eq!(old.field("/key/rotate_by"), server.in_days(90));
        server.advance(TimeDelta::days(30));
        operator.act(&format!("{}/reset", place.key(&renewed))).expect(200);
        let young = operator.post(&place.keys(), with_region(json!({"label": "Young"}))).expect(201);
        assert_eq!(young.field("/key/rotate_by"), server.in_days(90));
        server.advance(TimeDelta::days(60));
        assert!(place.listed(&operator, "?older_than_days=90").is_empty(), "90 days are not more than 90 days");
        server.advance(TimeDelta::microseconds(1));
        assert_eq!(place.listed(&operator, "?older_than_days=90"), [old.text_at("/key/id")]);
        server.advance(TimeDelta::days(30));
        assert_eq!(place.listed(&operator, "?older_than_days=90").len(), 3);
        operator.act(&format!("{}/reset", place.key(&old))).expect(200);
        assert_eq!(place.listed(&operator, "?older_than_days=90").len(), 2, "a fresh pair is not old");
    }
}
