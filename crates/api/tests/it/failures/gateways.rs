//! What can be done to gateways, and what gateways are given.

use serde_json::json;
use testkit::Server;

use super::{Attempt, attempt};
use crate::place::{Place, REGION};

/// Attempts on gateways of their own, and the lists that show all that they would do.
pub(super) fn attempts(server: &Server, place: &Place) -> (Vec<Attempt>, Vec<String>) {
    let operator = server.operator();
    let asking = server.gateway(&[REGION], &["signing_keys", "secrets", "keystone"]);
    let issued = place.admin.post(&place.keys(), json!({"region": REGION, "label": "Issued"})).expect(201);
    let (issued, key) = (issued.text_at("/key/access_key_id"), issued.text_at("/key/id"));
    let in_keystones_words = asking.client.with("x-auth-token", &asking.token);
    let credential = format!("/v3/users/{key}/credentials/OS-EC2/{issued}");
    let date = server.now().format("%Y%m%d").to_string();
    let wanted = json!({"items": [{"access_key_id": issued, "date": date, "region": REGION, "service": "s3"}]});

    let gateway = |rest: &str| format!("/v1/gateways/{}{rest}", server.gateway(&[REGION], &["verify"]).id);
    let tokens = gateway("/tokens");
    let body = json!({"description": "Rack 7", "expires_at": server.in_days(9)});
    let token = || operator.post(&tokens, body.clone()).expect(201).header("location").to_owned();
    let new = json!({"name": "Rack 8", "regions": [REGION], "capabilities": ["verify"]});
    let attempts = vec![
        attempt(&operator, "create_gateway", "POST", "/v1/gateways", Some(new)),
        attempt(&operator, "change_gateway", "PATCH", &gateway(""), Some(json!({"name": "X"}))),
        attempt(&operator, "delete_gateway", "DELETE", &gateway(""), None),
        attempt(&operator, "create_gateway_token", "POST", &tokens, Some(body.clone())),
        attempt(
            &operator,
            "rotate_gateway_token",
            "POST",
            &format!("{}/rotate", token()),
            Some(json!({"grace_seconds": 60})),
        ),
        attempt(&operator, "delete_gateway_token", "DELETE", &token(), None),
        attempt(&asking.client, "issue_signing_keys", "POST", "/v1/gateway/signing-keys", Some(wanted)),
        attempt(&in_keystones_words, "issue_ec2_credential", "GET", &credential, None),
        attempt(&asking.client, "issue_secret", "GET", &format!("/v1/gateway/keys/{issued}/secret"), None),
    ];
    (attempts, vec!["/v1/gateways".to_owned(), tokens])
}
