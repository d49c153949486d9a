//! What can be done to keys, storage instances, buckets and claim links, each to one of its own.

use serde_json::json;
use testkit::Server;

use super::{Attempt, attempt};
use crate::place::{Place, REGION, with_region};

pub(super) fn place(server: &Server) -> Place {
    server.region(REGION, "multi");
    Place::beside(server, "Keyed")
}

/// Attempts on a tenant of their own, and the lists that show all that they would do.
pub(super) fn attempts(server: &Server, place: &Place) -> (Vec<Attempt>, Vec<String>) {
    let operator = server.operator();
    server.region("many", "instance");
    operator.put(&place.tenant.path("/regions/many"), json!({"service": "available"})).expect(200);
    let instance = |name: &str| {
        let body = json!({"region": "many", "name": name, "description": name});
        format!("{}/{}", place.instances(), operator.post(&place.instances(), body).expect(201).text_at("/instance/id"))
    };
    let key = |label: &str| {
        let made = operator.post(&place.keys(), with_region(json!({"label": label}))).expect(201);
        (place.key(&made), made)
    };
    let path_of_key = |label: &str| key(label).0;
    let bucket = |name: &str| format!("{}/{name}", place.tenant.path("/buckets"));
    operator.send("PUT", &bucket("media"), None::<&str>).expect(200);
    let disabled = path_of_key("Disabled");
    operator.act(&format!("{disabled}/disable")).expect(200);
    let claimed = operator.post(&format!("{}/claims", path_of_key("Claimed")), json!({})).expect(201);
    let import = json!({"items": [with_region(json!({
        "access_key_id": "AKIAIOSFODNN7EXAMPLE", "label": "Moved", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    }))]});

    let on_key =
        |name, action: &str, body| attempt(&operator, name, "POST", &format!("{}/{action}", path_of_key(name)), body);
    let instance_body = json!({"region": "many", "name": "Another", "description": "Another"});
    let attempts = vec![
        attempt(&operator, "create_instance", "POST", &place.instances(), Some(instance_body)),
        attempt(&operator, "change_instance", "PATCH", &instance("Changed"), Some(json!({"name": "X"}))),
        attempt(&operator, "delete_instance", "DELETE", &instance("Deleted"), None),
        attempt(&operator, "register_bucket", "PUT", &bucket("backups"), None),
        attempt(&operator, "unregister_bucket", "DELETE", &bucket("media"), None),
        attempt(&operator, "create_key", "POST", &place.keys(), Some(with_region(json!({"label": "Another"})))),
        attempt(&operator, "change_key", "PATCH", &path_of_key("Changed"), Some(json!({"label": "X"}))),
        attempt(&operator, "delete_key", "DELETE", &path_of_key("Deleted"), None),
        on_key("reset_key", "reset", None),
        on_key("rotate_key", "rotate", Some(json!({"grace_seconds": 60}))),
        on_key("revoke_key", "revoke", None),
        on_key("disable_key", "disable", None),
        attempt(&operator, "enable_key", "POST", &format!("{disabled}/enable"), None),
        on_key("create_claim", "claims", Some(json!({}))),
        attempt(&server.anonymous(), "open_claim", "POST", &format!("/v1/claims/{}", claimed.text_at("/token")), None),
        attempt(&operator, "import_keys", "POST", &place.tenant.path("/keys:import"), Some(import)),
    ];
    let lists = ["/keys?limit=500", "/instances", "/buckets", "/regions", "/audit?limit=500"];
    (attempts, lists.map(|list| place.tenant.path(list)).into())
}
