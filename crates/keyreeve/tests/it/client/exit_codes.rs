//! How commands end, and what they say then: scripts and people decide by it.

use serde_json::Value;

use super::desk;

#[test]
fn each_way_to_fail_has_a_code_of_its_own() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let create =
        ["regions", "create", "waw3-1", "--name", "Again", "--s3-endpoint", "https://s3", "--key-model", "multi"];

    operator
        .run(&["regions", "create", "WAW", "--name", "", "--s3-endpoint", "x", "--key-model", "multi"])
        .refused(1, &["Invalid input", "/code: ", "/name: ", "request req_"]);
    operator.run(&["regions", "creat"]).refused(2, &["--help"]);
    operator.run(&["regions", "delete", "waw3-1"]).refused(2, &["--yes"]);
    operator.beside().run(&["regions", "list"]).refused(3, &["keyreeve login"]);
    operator.run(&["regions", "show", "gdn1-1"]).refused(4, &["status 404"]);
    operator.run(&create).refused(5, &["status 409"]);
    operator.run(&["regions", "change", "waw3-1", "--name", "New", "--if-version", "9"]).refused(5, &["status 412"]);
    server.stop().succeeded();
    operator.run(&["regions", "list"]).refused(6, &["cannot be reached"]);
}

#[test]
fn a_token_that_does_not_count_is_not_logged_in() {
    let (server, operator) = desk::open();
    operator.home.write("wrong.token", "kro_000000000000000000000000000000000000\n");
    operator.run(&["whoami", "--token-file", "wrong.token"]).refused(3, &["keyreeve login"]);
    operator.home.write("empty.token", "\n");
    operator.run(&["whoami", "--token-file", "empty.token"]).refused(1, &["there is no token in empty.token"]);
    operator.home.set_mode("operator.token", 0o640);
    operator.run(&["whoami", "--token-file", "operator.token"]).refused(1, &["chmod 600 operator.token"]);
    server.stop().succeeded();
}

#[test]
fn a_program_gets_the_problem_as_the_server_said_it() {
    let (server, operator) = desk::open();
    let refused = operator.run(&["regions", "show", "gdn1-1", "--output", "json"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(4), ""));
    let problem: Value = serde_json::from_str(&refused.err).unwrap();
    assert_eq!(problem["type"], "/problems/not-found");
    assert!(problem["request_id"].as_str().unwrap().starts_with("req_"));
    server.stop().succeeded();
}

#[test]
fn what_is_asked_for_quietly_is_answered_in_ids() {
    let (server, operator) = desk::open();
    operator.region("gdn1-1", "pair");
    operator.region("waw3-1", "multi");
    let listed = operator.run(&["regions", "list", "--quiet"]).succeeded();
    assert_eq!((listed.out.as_str(), listed.err.as_str()), ("gdn1-1\nwaw3-1\n", ""));
    let listed = operator.run(&["regions", "list", "--quiet", "--limit", "1"]).succeeded();
    assert_eq!(listed.out, "gdn1-1\n");
    let none = operator.run(&["tenants", "list", "--quiet"]).succeeded();
    assert_eq!((none.out.as_str(), none.err.as_str()), ("", ""));
    server.stop().succeeded();
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let (server, operator) = desk::open();
    let arguments = ["whoami", "--server", "http://keys.example.org", "--token-file", "operator.token"];
    operator.run(&arguments).refused(2, &["--insecure"]);
    server.stop().succeeded();
}
