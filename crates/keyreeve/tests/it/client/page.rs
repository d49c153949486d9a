//! `docs/cli.md` and `--help` say the same. That its commands work is held by `pages.rs`.

use crate::home::Home;

#[test]
fn the_documentation_has_every_exit_code() {
    let page = include_str!("../../../../../docs/cli.md");
    let help = Home::new().run(&["keys", "--help"]).succeeded().out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, codes) = help.split_once("Exit codes: ").unwrap();
    let codes: Vec<&str> = codes.split(", ").map(|code| code.split(' ').next().unwrap()).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    for code in codes {
        assert!(page.contains(&format!("\n| {code} | ")), "{code}");
    }
}
