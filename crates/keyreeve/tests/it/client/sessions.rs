//! Who is logged in, where that is kept, and how it goes on.

use serde_json::{Value, json};

use super::desk::{self, Desk, PASSWORD};

const CREDENTIALS: &str = ".config/keyreeve/credentials/default.json";

fn credentials(desk: &Desk) -> Value {
    serde_json::from_str(&desk.home.read(CREDENTIALS)).unwrap()
}

/// As if the access token had run out while nobody was looking.
fn expire(desk: &Desk) {
    let mut stored = credentials(desk);
    stored["session"]["expires_at"] = json!("2026-01-01T00:00:00Z");
    desk.home.write(CREDENTIALS, &stored.to_string());
}

#[test]
fn credentials_are_for_their_owner_only() {
    let (server, operator) = desk::open();
    assert_eq!(operator.home.mode(CREDENTIALS), 0o600);
    assert_eq!(operator.home.mode(".config/keyreeve/credentials"), 0o700);
    operator.home.set_mode(CREDENTIALS, 0o604);
    operator.run(&["whoami"]).refused(1, &["chmod 600"]);
    server.stop().succeeded();
}

#[test]
fn a_password_comes_by_file_or_by_standard_input_and_by_no_flag() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let grace = ada.beside();
    let login = ["login", "--email", "ada@acme.example.org"];
    grace.run(&[&login[..], &["--password", PASSWORD]].concat()).refused(2, &["--password-file"]);
    grace.run(&login).refused(2, &["--password-file"]);
    let told = grace.tell(&[&login[..], &["--password-file", "-"]].concat(), &format!("{PASSWORD}\n")).succeeded();
    assert!(told.out.contains("admin"), "{}", told.out);
    grace.tell(&[&login[..], &["--password-file", "-"]].concat(), "wrong horse battery\n").refused(3, &["status 401"]);
    server.stop().succeeded();
}

#[test]
fn a_session_renews_itself_and_many_commands_at_once_renew_it_once() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let before = credentials(&ada);
    expire(&ada);
    let commands: Vec<_> = (0..8).map(|_| ada.start(&["whoami", "--quiet"])).collect();
    for command in commands {
        command.finish().succeeded();
    }
    let after = credentials(&ada);
    assert_ne!(before["session"]["refresh_token"], after["session"]["refresh_token"]);
    // A second use of the first refresh token would have ended the session.
    expire(&ada);
    ada.run(&["whoami"]).succeeded();
    server.stop().succeeded();
}

#[test]
fn an_access_token_that_the_server_no_longer_takes_is_renewed_as_well() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let mut stored = credentials(&ada);
    stored["session"]["access_token"] = json!("eyJhbGciOiJIUzI1NiJ9.e30.x");
    ada.home.write(CREDENTIALS, &stored.to_string());
    ada.run(&["whoami"]).succeeded();
    server.stop().succeeded();
}

/// Whoever was ended between sending a refresh token and hearing back does not know whether it was used.
#[test]
fn a_refresh_token_that_may_have_been_used_is_never_sent_again() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    expire(&ada);
    let mut stored = credentials(&ada);
    stored["session"]["refresh_token"] = Value::Null;
    ada.home.write(CREDENTIALS, &stored.to_string());
    ada.run(&["whoami"]).refused(3, &["log in again"]);
    server.stop().succeeded();
}

#[test]
fn while_nobody_answers_the_session_is_kept() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    expire(&ada);
    server.stop().succeeded();
    ada.run(&["whoami"]).refused(6, &["cannot be reached"]);
    let server = operator.home.serve_at(&address, &[]);
    ada.run(&["whoami"]).succeeded();
    server.stop().succeeded();
}

#[test]
fn logging_out_ends_the_session_on_the_server_too() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let stolen = ada.home.read(CREDENTIALS);
    ada.run(&["logout"]).succeeded();
    assert!(!ada.home.has(CREDENTIALS));
    ada.run(&["whoami"]).refused(3, &["keyreeve login"]);
    ada.home.write(CREDENTIALS, &stolen);
    ada.run(&["whoami"]).refused(3, &["log in again"]);
    ada.run(&["logout"]).succeeded();
    server.stop().succeeded();
}

#[test]
fn what_one_server_was_told_is_not_told_to_another() {
    let (server, operator) = desk::open();
    let (other, stranger) = desk::open();
    operator.run(&["whoami", "--server", &stranger.server]).refused(3, &["is not sent to"]);
    let login = ["login", "--profile", "other", "--server", &stranger.server, "--token-file"];
    let token = stranger.home.path("operator.token");
    operator.run(&[&login[..], &[token.to_str().unwrap()]].concat()).succeeded();
    let config = operator.home.read(".config/keyreeve/config.toml");
    assert!(config.contains("[profiles.default]\n") && config.contains("[profiles.other]\n"), "{config}");
    assert!(!config.contains("kro_"), "{config}");
    server.stop().succeeded();
    other.stop().succeeded();
}

#[test]
fn a_profile_is_chosen_by_flag_environment_or_file() {
    let (server, operator) = desk::open();
    let token = operator.home.path("operator.token");
    operator.run(&["login", "--profile", "work", "--token-file", token.to_str().unwrap()]).succeeded();
    operator.run(&["logout"]).succeeded();
    operator.run(&["whoami"]).refused(3, &["profile default"]);
    operator.run(&["whoami", "--profile", "work"]).succeeded();
    let home = operator.home.path("");
    let environment = [("HOME", home.to_str().unwrap()), ("KEYREEVE_PROFILE", "work")];
    operator.home.run_with(&["whoami"], &environment).succeeded();
    let config = operator.home.read(".config/keyreeve/config.toml");
    operator.home.write(".config/keyreeve/config.toml", &format!("default = \"work\"\n\n{config}output = \"json\"\n"));
    let me = operator.run(&["whoami"]).succeeded().out;
    assert_eq!(serde_json::from_str::<Value>(&me).unwrap()["kind"], "operator_token");
    operator.run(&["whoami", "--profile", "../x"]).refused(2, &["profile's name"]);
    operator.home.write(".config/keyreeve/config.toml", "profile = 1\n");
    operator.run(&["whoami"]).refused(2, &["config.toml makes no sense"]);
    server.stop().succeeded();
}

#[test]
fn the_clients_variables_are_nothing_to_the_server() {
    let (server, operator) = desk::open();
    let environment = [
        ("KEYREEVE_SERVER", "http://localhost"),
        ("KEYREEVE_PROFILE", "x"),
        ("KEYREEVE_TOKEN_FILE", "x"),
        ("KEYREEVE_CA_FILE", "x"),
        ("KEYREEVE_TENANT", "x"),
    ];
    operator.home.run_with(&["config", "show"], &environment).succeeded();
    server.stop().succeeded();
}
