//! The product with named storage instances: keys live in one, and the first comes with it.

use serde_json::{Value, json};
use testkit::{Answer, on_both_databases};

use crate::place::{Place, REGION, ids};

fn new_instance(place: &Place, name: &str) -> Answer {
    place.admin.post(&place.instances(), json!({"region": REGION, "name": name})).expect(201)
}

fn new_key(place: &Place, instance: &Value, description: &str) -> Answer {
    place.admin.post(&place.keys(), json!({"instance": instance, "description": description})).expect(201)
}

fn in_instance(place: &Place, instance: &Value) -> Vec<String> {
    place.listed(&place.admin, &format!("?instance={}", instance.as_str().unwrap()))
}

on_both_databases! {
    fn the_first_key_is_made_with_the_instance_and_its_secret_is_in_that_reply(server: &Server) {
        let place = Place::of(server, "instance");
        let made = new_instance(&place, "Backups");
        assert_eq!(made.field("/initial_key/key/instance_id"), made.field("/instance/id"));
        assert_eq!(made.text_at("/initial_key/secret_access_key").len(), 40);
        assert_eq!(made.field("/initial_key/s3_endpoint"), "https://s3.waw3-1.example.org");
        assert_eq!(made.header("cache-control"), "no-store");
        assert_eq!(made.header("location"), format!("{}/{}", place.instances(), made.text_at("/instance/id")));
        assert_eq!(in_instance(&place, &made.field("/instance/id")), [made.text_at("/initial_key/key/id")]);
    }

    fn the_region_comes_with_an_instance_and_its_first_key(server: &Server) {
        let place = Place::of(server, "instance");
        let instances = place.admin.get(&place.instances()).expect(200).items();
        assert_eq!(instances.len(), 1);
        assert_eq!(place.offered.field("/initial_key/key/instance_id"), instances[0]["id"]);
        assert_eq!(place.offered.text_at("/initial_key/secret_access_key").len(), 40);
        assert_eq!(place.offered.field("/status"), "ACTIVE");
        let again = place.admin.put(&place.region(), json!({"service": "available"})).expect(200);
        assert_eq!(again.json().pointer("/initial_key"), None, "{again}");
    }

    fn a_second_instance_in_the_same_region_has_keys_and_a_namespace_of_its_own(server: &Server) {
        let place = Place::of(server, "instance");
        let (one, two) = (new_instance(&place, "Backups"), new_instance(&place, "Media"));
        assert_eq!(one.field("/instance/namespace"), one.field("/instance/id"));
        assert_eq!(two.field("/instance/namespace"), two.field("/instance/id"));
        assert_ne!(one.field("/instance/namespace"), two.field("/instance/namespace"));
        let key = new_key(&place, &two.field("/instance/id"), "Player");
        assert_eq!(in_instance(&place, &one.field("/instance/id")), [one.text_at("/initial_key/key/id")]);
        let mut both = [two.text_at("/initial_key/key/id"), key.text_at("/key/id")];
        both.sort();
        assert_eq!(in_instance(&place, &two.field("/instance/id")), both);
    }

    fn an_instance_has_many_keys(server: &Server) {
        let place = Place::of(server, "instance");
        let made = new_instance(&place, "Backups");
        for number in 0..20 {
            new_key(&place, &made.field("/instance/id"), &format!("Host {number}"));
        }
        assert_eq!(in_instance(&place, &made.field("/instance/id")).len(), 21);
    }

    fn where_there_are_several_instances_a_key_names_its_own(server: &Server) {
        let place = Place::of(server, "instance");
        place.ask(json!({"description": "The only one there is"})).expect(201);
        new_instance(&place, "Media");
        let refused = place.ask(json!({"description": "Which?"})).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/instance"]);
    }

    fn deleting_an_instance_removes_its_keys(server: &Server) {
        let place = Place::of(server, "instance");
        let made = new_instance(&place, "Backups");
        let key = new_key(&place, &made.field("/instance/id"), "Host");
        let path = format!("{}/{}", place.instances(), made.text_at("/instance/id"));
        let gone = place.admin.delete(&path).expect(200);
        assert_eq!(gone.field("/receipt/state"), "confirmed");
        place.admin.get(&path).expect_problem(404, "not-found");
        place.admin.get(&place.key(&key)).expect_problem(404, "not-found");
        let initial = format!("{}/{}", place.keys(), made.text_at("/initial_key/key/id"));
        place.admin.get(&initial).expect_problem(404, "not-found");
        assert!(in_instance(&place, &made.field("/instance/id")).is_empty());
    }

    fn deleting_one_instance_leaves_the_other_working(server: &Server) {
        let place = Place::of(server, "instance");
        let (one, two) = (new_instance(&place, "Backups"), new_instance(&place, "Media"));
        place.admin.delete(&format!("{}/{}", place.instances(), one.text_at("/instance/id"))).expect(200);
        let left = format!("{}/{}", place.keys(), two.text_at("/initial_key/key/id"));
        let left = place.admin.get(&left).expect(200);
        assert_eq!(left.field("/status"), "active");
        assert_eq!(left.field("/pairs/0/access_key_id"), two.field("/initial_key/key/access_key_id"));
        new_key(&place, &two.field("/instance/id"), "Another");
        let instances = ids(&place.admin.get(&place.instances()).expect(200));
        assert!(instances.contains(&two.text_at("/instance/id")));
        assert!(!instances.contains(&one.text_at("/instance/id")));
    }

    fn a_description_is_required(server: &Server) {
        let place = Place::of(server, "instance");
        let before = place.listed(&place.admin, "");
        for fields in [json!({}), json!({"label": "A label is no description"}), json!({"description": null})] {
            let refused = place.ask(fields).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), ["/description"]);
        }
        assert_eq!(place.listed(&place.admin, ""), before);
        let made = place.ask(json!({"description": "Nightly backups of the shop"})).expect(201);
        assert_eq!(made.field("/key/description"), "Nightly backups of the shop");
        assert_eq!(made.field("/key/label"), Value::Null);
        let cleared = place.admin.patch(&place.key(&made), json!({"description": null}));
        assert_eq!(cleared.expect_problem(422, "invalid").pointers(), ["/description"]);
    }

    fn to_revoke_is_to_remove_for_good_and_at_once(server: &Server) {
        let place = Place::of(server, "instance");
        let made = place.ask(json!({"description": "Host"})).expect(201);
        let path = place.key(&made);
        place.admin.act(&format!("{path}/revoke")).expect_problem(409, "key-model-forbids-revoke");
        assert_eq!(place.admin.get(&path).expect(200).field("/status"), "active");
        let gone = place.admin.delete(&path).expect(200);
        assert_eq!(gone.field("/receipt/effective_at"), json!(server.now()));
        place.admin.get(&path).expect_problem(404, "not-found");
        assert!(!place.listed(&place.admin, "").contains(&made.text_at("/key/id")));
        let by_access_key_id = format!("?access_key_id={}", made.text_at("/key/access_key_id"));
        assert!(place.listed(&place.admin, &by_access_key_id).is_empty());
    }

    fn there_is_no_reset(server: &Server) {
        let place = Place::of(server, "instance");
        let made = place.ask(json!({"description": "Host"})).expect(201);
        place.admin.act(&format!("{}/reset", place.key(&made))).expect_problem(409, "key-model-forbids-reset");
        assert_eq!(place.admin.get(&place.key(&made)).expect(200).json(), made.field("/key"));
    }

    fn to_rotate_is_to_create_another_and_remove_the_old_one(server: &Server) {
        let place = Place::of(server, "instance");
        let old = place.ask(json!({"description": "Host"})).expect(201);
        let rotate = format!("{}/rotate", place.key(&old));
        place.admin.post(&rotate, json!({"grace_seconds": 60})).expect_problem(409, "key-model-forbids-rotate");
        let new = place.ask(json!({"description": "Host, new"})).expect(201);
        assert_eq!(place.admin.get(&place.key(&old)).expect(200).field("/status"), "active");
        place.admin.delete(&place.key(&old)).expect(200);
        assert_eq!(place.admin.get(&place.key(&new)).expect(200).field("/status"), "active");
    }

    fn keys_open_the_whole_instance(server: &Server) {
        let place = Place::of(server, "instance");
        let narrow = json!({"description": "Host", "buckets": {"access": "specific", "names": ["media"]}});
        assert_eq!(place.ask(narrow).expect_problem(422, "invalid").pointers(), ["/buckets"]);
        let made = place.ask(json!({"description": "Host"})).expect(201);
        assert_eq!(made.field("/key/buckets/access"), "all");
    }

    fn the_ids_and_secrets_of_an_instances_keys_are_ours(server: &Server) {
        let place = Place::of(server, "instance");
        let made = place.ask(json!({"description": "Host"})).expect(201);
        assert_eq!(made.text_at("/key/access_key_id").len(), 20);
        assert!(made.text_at("/key/access_key_id").starts_with("KR"));
        assert_eq!(made.text_at("/secret_access_key").len(), 40);
    }
}
