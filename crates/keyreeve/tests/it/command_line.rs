//! Commands that need neither settings nor a database, and how all of them end.

use std::process::Stdio;

use crate::home::{Home, until};

#[test]
fn help_says_what_there_is() {
    let home = Home::new();
    let help = home.run(&["--help"]).succeeded().out;
    let commands =
        ["serve", "migrate", "bootstrap", "health", "config", "openapi", "problems", "master-key", "version"];
    for command in commands.into_iter().chain(["freeze", "export", "import", "thaw"]) {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    for arguments in [&["bootstrap", "--help"][..], &["config", "check", "--help"], &["master-key", "new", "--help"]] {
        assert!(home.run(arguments).succeeded().out.contains("Example"));
    }
    for step in [&["master-key", "add"][..], &["master-key", "rotate"], &["freeze"], &["export"], &["import"]] {
        let help = home.run(&[step, &["--help"]].concat()).succeeded().out;
        assert!(help.contains("Example") && help.contains("What comes next"), "{step:?}");
    }
}

#[test]
fn documents_and_version_go_to_standard_output() {
    let home = Home::new();
    assert_eq!(home.run(&["version"]).succeeded().out, format!("keyreeve {}\n", env!("CARGO_PKG_VERSION")));
    let document = home.run(&["openapi"]).succeeded().out;
    assert!(document.ends_with("}\n"));
    serde_json::from_str::<serde_json::Value>(&document).unwrap();
    assert!(home.run(&["problems"]).succeeded().out.starts_with('#'));
}

#[test]
fn what_makes_no_sense_ends_with_2() {
    let home = Home::new();
    for arguments in
        [&["open"][..], &["serve", "--what"], &["bootstrap"], &["bootstrap", "--out", "x", "--expires-in", "soon"]]
    {
        home.run(arguments).refused(2, &["--help"]);
    }
    home.run(&["bootstrap", "--out", "x", "--expires-in", "367d"]).refused(2, &["366 days"]);
    assert!(!home.has("x"));
}

#[test]
fn shells_and_man_learn_of_every_command() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(&["completions", shell]).succeeded().out;
        assert!(script.contains("emergency-stop") && script.contains("master-key"), "{shell}");
    }
    home.run(&["man", "--out", "pages/man1"]).succeeded();
    for page in ["keyreeve.1", "keyreeve-serve.1", "keyreeve-keys.1", "keyreeve-keys-create.1"] {
        assert!(home.read(&format!("pages/man1/{page}")).starts_with(".ie"), "{page}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_reason_to_panic() {
    let home = Home::new();
    for arguments in [&["openapi"][..], &["problems"], &["config", "show"], &["version"], &["--help"]] {
        let mut child = home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let status = until("the process to end", || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{arguments:?}");
    }
}
