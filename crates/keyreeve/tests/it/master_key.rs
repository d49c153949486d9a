//! The master key: made once, never over another, never weak, never somebody else's.

use crate::home::{Home, Running};

const COUNTING: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_new_database_gets_a_key_of_its_owner_in_a_directory_of_its_owner() {
    let home = Home::new();
    let finished = home.run(&["bootstrap", "--out", "token"]).succeeded();
    assert_eq!(home.mode("keyreeve-data"), 0o700);
    assert_eq!(home.mode("keyreeve-data/master.key"), 0o600);
    assert_eq!(home.mode("keyreeve-data/keyreeve.db"), 0o600);
    assert!(finished.err.contains("back it up"), "{}", finished.err);
    assert!(!finished.err.contains(&home.master_key()));
    let files = std::fs::read_dir(home.path("keyreeve-data")).unwrap();
    assert!(files.into_iter().all(|file| !file.unwrap().file_name().to_string_lossy().contains(".new")));
}

#[test]
fn of_several_makers_all_use_the_same_key() {
    let home = Home::new();
    let start = |file: &&str| home.start(&["bootstrap", "--recover", "--out", file], &[]);
    let running: Vec<Running> = ["a", "b", "c", "d"].iter().map(start).collect();
    let made = running.into_iter().map(|one| one.finish().succeeded().err.contains("made a master key"));
    assert_eq!(made.filter(|made| *made).count(), 1);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "token"]).succeeded();
    for mode in [0o640, 0o604, 0o620, 0o777] {
        home.set_mode("keyreeve-data/master.key", mode);
        for command in [&["serve"][..], &["config", "check"], &["bootstrap", "--out", "second", "--recover"]] {
            home.run(command).refused(1, &["master.key", "chmod 600"]);
        }
    }
}

#[test]
fn a_weak_key_is_refused() {
    let home = Home::new();
    for (text, why) in [
        ("", "no key"),
        ("not base 64!\n", "base 64"),
        ("c2hvcnQ=\n", "32 bytes"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "not random"),
        (COUNTING, "public examples"),
    ] {
        home.write("key", text);
        home.run(&["serve", "--master-key-file", "key"]).refused(1, &["key", why]);
        home.run(&["config", "check", "--master-key-file", "key"]).refused(1, &[why]);
    }
    assert!(!home.has("keyreeve-data/keyreeve.db"));
}

#[test]
fn another_databases_key_is_refused() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "token"]).succeeded();
    home.run(&["master-key", "new", "--out", "other"]).succeeded();
    let other = ["--master-key-file", "other"];
    for command in [&["serve"][..], &["config", "check"], &["bootstrap", "--out", "second", "--recover"]] {
        home.run(&[command, &other].concat()).refused(1, &["master key", "set up with", "--master-key-file"]);
    }
    assert!(!home.has("second"));
}

#[test]
fn an_initialised_database_without_its_key_never_gets_another_one() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "token"]).succeeded();
    std::fs::rename(home.path("keyreeve-data/master.key"), home.path("away")).unwrap();
    for command in [&["serve"][..], &["config", "check"], &["bootstrap", "--out", "second", "--recover"]] {
        home.run(command).refused(1, &["no master key file", "another replica", "--master-key-file"]);
    }
    assert!(!home.has("keyreeve-data/master.key") && !home.has("second"));
    home.run(&["config", "check", "--master-key-file", "away"]).succeeded();
}

#[test]
fn a_key_is_drawn_into_a_new_file_and_never_printed() {
    let home = Home::new();
    let finished = home.run(&["master-key", "new", "--out", "key"]).succeeded();
    let text = home.read("key");
    assert_eq!(home.mode("key"), 0o600);
    assert!(text.lines().all(|line| !finished.out.contains(line)) && finished.err.is_empty());
    home.run(&["master-key", "new", "--out", "key"]).refused(1, &["there already"]);
    assert_eq!(home.read("key"), text);
    home.run(&["bootstrap", "--out", "token", "--master-key-file", "key"]).succeeded();
}
