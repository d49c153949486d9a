//! Where settings come from, which source wins, and how they are shown.

use crate::home::{Finished, Home};

/// Value and origin of one setting in what `config show` printed.
fn shown(finished: &Finished, key: &str) -> String {
    let line = finished.out.lines().find(|line| line.split_whitespace().next() == Some(key));
    line.unwrap().split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let home = Home::new();
    let path = home.path("keyreeve.toml");
    let environment = [("KEYREEVE_LISTEN", "127.0.0.1:3")];

    let show = home.run(&["config", "show"]).succeeded();
    assert_eq!(shown(&show, "listen"), "127.0.0.1:8080 default");

    home.write("keyreeve.toml", "listen = \"127.0.0.1:2\"\nworkers = 3\n");
    let show = home.run(&["config", "show"]).succeeded();
    assert_eq!(shown(&show, "listen"), format!("127.0.0.1:2 file {}", path.display()));
    assert_eq!(shown(&show, "workers"), format!("3 file {}", path.display()));

    let show = home.run_with(&["config", "show"], &environment).succeeded();
    assert_eq!(shown(&show, "listen"), "127.0.0.1:3 environment KEYREEVE_LISTEN");

    let show = home.run_with(&["config", "show", "--listen", "127.0.0.1:4"], &environment).succeeded();
    assert_eq!(shown(&show, "listen"), "127.0.0.1:4 flag --listen");
}

#[test]
fn what_stands_in_the_data_directory_moves_with_it() {
    let show = Home::new().run(&["config", "show", "--data-dir", "elsewhere"]).succeeded();
    assert_eq!(shown(&show, "database"), "sqlite:elsewhere/keyreeve.db default");
    assert_eq!(shown(&show, "master_key_file"), "elsewhere/master.key default");
}

#[test]
fn a_file_is_named_by_flag_or_environment_and_then_has_to_be_there() {
    let home = Home::new();
    home.write("one.toml", "log_level = \"warn\"\n");
    home.write("two.toml", "log_level = \"error\"\n");
    let environment = [("KEYREEVE_CONFIG", "two.toml")];
    let show = home.run_with(&["config", "show"], &environment).succeeded();
    assert!(shown(&show, "log_level").starts_with("error "));
    let show = home.run_with(&["config", "show", "--config", "one.toml"], &environment).succeeded();
    assert!(shown(&show, "log_level").starts_with("warn "));
    home.run(&["config", "show", "--config", "three.toml"]).refused(2, &["three.toml"]);
}

#[test]
fn values_of_a_file_may_be_numbers_truths_and_lists() {
    let home = Home::new();
    home.write("keyreeve.toml", "insecure = true\nreaders = 2\ntrusted_proxies = [\"10.0.0.0/8\", \"192.0.2.1\"]\n");
    let show = home.run(&["config", "show"]).succeeded();
    assert!(shown(&show, "insecure").starts_with("true "));
    assert!(shown(&show, "readers").starts_with("2 "));
    assert!(shown(&show, "trusted_proxies").starts_with("10.0.0.0/8,192.0.2.1 "));
    let show = home.run(&["config", "show", "--insecure=false"]).succeeded();
    assert_eq!(shown(&show, "insecure"), "false flag --insecure");
}

#[test]
fn passwords_are_masked_wherever_they_come_from() {
    let home = Home::new();
    let url = "postgres://ada:hunter2@db.example.org/keyreeve";
    let masked = "postgres://ada:***@db.example.org/keyreeve";
    let show = home.run(&["config", "show", "--database", url]).succeeded();
    assert!(shown(&show, "database").starts_with(masked));
    let show = home.run_with(&["config", "show"], &[("KEYREEVE_DATABASE", url)]).succeeded();
    assert!(shown(&show, "database").starts_with(masked));
    home.write("keyreeve.toml", &format!("database = \"{url}\"\n"));
    let show = home.run(&["config", "show"]).succeeded();
    assert!(shown(&show, "database").starts_with(masked));

    for wrong in [format!("database = \"{url}\nlisten"), format!("database = \"{}\"", url.replace("postgres", "mysql"))]
    {
        home.write("keyreeve.toml", &wrong);
        let show = home.run(&["config", "show"]);
        show.refused(2, &["keyreeve.toml"]);
        assert!(!show.out.contains("hunter2") && !show.err.contains("hunter2"), "{}{}", show.out, show.err);
    }
}

#[test]
fn a_name_that_is_none_is_refused_with_the_closest_one() {
    let home = Home::new();
    let show = home.run_with(&["config", "show"], &[("KEYREEVE_LISTNE", "x"), ("KEYREEVE_READER", "1")]);
    show.refused(2, &["KEYREEVE_LISTNE", "closest one is KEYREEVE_LISTEN", "closest one is KEYREEVE_READERS"]);
    home.run(&["config", "show", "--listne", "x"]).refused(2, &["--listen"]);
    home.write("keyreeve.toml", "masterkey_file = \"x\"\n[server]\nlisten = \"x\"\n");
    home.run(&["config", "show"]).refused(2, &["closest one is master_key_file", "no setting server"]);
}

#[test]
fn variables_that_others_set_for_their_own_ends_do_no_harm() {
    let environment = [
        ("KEYREEVE_TEST_POSTGRES", "postgres://db/x"),
        ("KEYREEVE_SERVICE_HOST", "10.0.0.1"),
        ("KEYREEVE_SERVICE_PORT", "8080"),
        ("KEYREEVE_SERVICE_PORT_HTTP", "8080"),
        ("KEYREEVE_PORT", "tcp://10.0.0.1:8080"),
        ("KEYREEVE_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("KEYREEVE_METRICS_PORT_9464_TCP", "tcp://10.0.0.1:9464"),
        ("KEYREEVE_PUBLIC_URL", ""),
    ];
    let show = Home::new().run_with(&["config", "show"], &environment).succeeded();
    assert!(show.out.lines().skip(1).all(|line| line.ends_with(" default")), "{}", show.out);
}

#[test]
fn every_value_that_is_none_is_named_with_its_origin_all_at_once() {
    let home = Home::new();
    home.write("keyreeve.toml", "readers = 0\ntrusted_proxies = \"0.0.0.0/0\"\n");
    let arguments = ["--listen", "localhost", "--public-url", "keys.example.org", "--insecure=perhaps"];
    let wrong = ["listen needs", "flag --listen", "public_url needs", "readers needs", "everybody", "insecure needs"];
    home.run(&[&["config", "show"][..], &arguments].concat()).refused(2, &wrong);
    home.run(&[&["serve"][..], &arguments].concat()).refused(2, &wrong);
    home.run(&[&["config", "check"][..], &arguments].concat()).refused(1, &wrong);
    for (flag, value) in
        [("--database", "keys.db"), ("--log-level", "loud"), ("--log-format", "xml"), ("--metrics-listen", "no")]
    {
        home.run(&["serve", flag, value]).refused(2, &[flag]);
    }
}

#[test]
fn days_to_keep_things_have_bounds() {
    let home = Home::new();
    for (name, least, most) in
        [("changes", 1, 90), ("usage", 31, 1100), ("sessions", 1, 366), ("invitations", 1, 366), ("tokens", 1, 3660)]
    {
        let flag = format!("--keep-{name}-days");
        for right in [least, most] {
            home.run(&["config", "show", &flag, &right.to_string()]).succeeded();
        }
        for wrong in [(least - 1).to_string(), (most + 1).to_string(), "ever".to_owned(), String::new()] {
            home.run(&["config", "show", &flag, &wrong]).refused(2, &[&format!("from {least} to {most}"), &flag]);
        }
    }
}

#[test]
fn the_documentation_has_every_setting() {
    let documentation = include_str!("../../../../docs/configuration.md");
    let show = Home::new().run(&["config", "show"]).succeeded();
    for key in show.out.lines().skip(1).filter_map(|line| line.split_whitespace().next()) {
        let row = documentation.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/configuration.md has no row for {key}"));
        let default = shown(&show, key);
        let default = default.strip_suffix(" default").unwrap();
        let default = default.replace("keyreeve-data/", "<data_dir>/");
        assert!(row.contains(default.trim_matches(['(', ')'])), "docs/configuration.md has another default for {key}");
    }
}
