//! How the first operator comes in.

use crate::home::{Home, Running, until};

#[test]
fn the_token_is_one_line_in_a_file_of_its_owner_and_nowhere_else() {
    let home = Home::new();
    let finished = home.run(&["bootstrap", "--out", "token", "--log-level", "trace"]).succeeded();
    let token = home.read("token");
    assert!(token.starts_with("kro_") && token.ends_with('\n') && token.lines().count() == 1);
    assert_eq!(home.mode("token"), 0o600);
    assert!(!finished.out.contains(token.trim()) && !finished.err.contains(token.trim()));
    assert!(finished.out.contains("token") && finished.out.contains("keyreeve login"));
}

#[test]
fn a_second_operator_needs_the_word_recover() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "first"]).succeeded();
    home.run(&["bootstrap", "--out", "second"]).refused(1, &["operator already", "--recover"]);
    assert!(!home.has("second"));
    home.run(&["bootstrap", "--out", "second", "--recover", "--expires-in", "30m"]).succeeded();
    assert_ne!(home.read("first"), home.read("second"));
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let home = Home::new();
    home.write("token", "precious");
    home.run(&["bootstrap", "--out", "token"]).refused(1, &["there already", "--out"]);
    assert_eq!(home.read("token"), "precious");
    assert!(!home.has("keyreeve-data"));
    std::os::unix::fs::symlink(home.path("nowhere"), home.path("link")).unwrap();
    home.run(&["bootstrap", "--out", "link"]).refused(1, &["there already"]);
    home.run(&["bootstrap", "--out", "no/such/place"]).refused(1, &["no/such/place", "--out"]);
}

#[test]
fn of_several_at_once_one_lets_somebody_in() {
    let home = Home::new();
    let files = ["a", "b", "c", "d"];
    let running: Vec<Running> = files.iter().map(|file| home.start(&["bootstrap", "--out", file], &[])).collect();
    let finished: Vec<_> = running.into_iter().map(Running::finish).collect();
    for other in finished.iter().filter(|one| one.code != Some(0)) {
        other.refused(1, &["operator already"]);
    }
    assert_eq!(finished.iter().filter(|one| one.code == Some(0)).count(), 1);
    assert_eq!(files.iter().filter(|file| home.has(file)).count(), 1);
}

#[test]
fn a_running_server_lets_the_operator_in_at_once() {
    let home = Home::new();
    let server = home.serve(&[]);
    until("it to say how", || server.running.err.so_far().contains("keyreeve bootstrap --out").then_some(()));
    home.run(&["bootstrap", "--out", "token"]).succeeded();
    let token = home.read("token");
    let me = ureq::get(format!("{}/v1/me", server.url)).header("Authorization", format!("Bearer {}", token.trim()));
    assert_eq!(me.call().unwrap().status(), 200);
    server.stop().succeeded();
    let again = home.serve(&[]).stop().succeeded();
    assert!(!again.err.contains("bootstrap"));
}
