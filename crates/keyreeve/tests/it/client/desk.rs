//! A server with an operator, and people who use the client each from a folder of their own.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::home::{Finished, Heard, Home, Running, Server};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Where somebody works: the files of the client are here, and nobody else's.
pub(crate) struct Desk {
    pub(crate) home: Home,
    pub(crate) server: String,
}

/// A server, and the desk of its first operator, who is logged in.
pub(crate) fn open() -> (Server, Desk) {
    open_with(&[])
}

pub(crate) fn open_with(arguments: &[&str]) -> (Server, Desk) {
    let home = Home::new();
    home.run(&[&["bootstrap", "--out", "operator.token"][..], arguments].concat()).succeeded();
    let server = home.serve(arguments);
    let desk = Desk { home, server: server.url.clone() };
    desk.run(&["login", "--token-file", "operator.token"]).succeeded();
    (server, desk)
}

impl Desk {
    /// An empty one, of somebody else.
    pub(crate) fn beside(&self) -> Desk {
        Desk { home: Home::new(), server: self.server.clone() }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).finish()
    }

    /// The same with a text on standard input.
    pub(crate) fn tell(&self, arguments: &[&str], text: &str) -> Finished {
        let home = self.home.path("");
        let mut command = self.home.command(arguments);
        command.env("HOME", &home).env("KEYREEVE_SERVER", &self.server);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        heard(child)
    }

    /// The same with so much memory, in KiB, and no more.
    pub(crate) fn limited(&self, memory: u32, arguments: &[&str]) -> Finished {
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("ulimit -v {memory}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_keyreeve")]);
        bash.args(arguments).env_clear().env("HOME", self.home.path("")).env("KEYREEVE_SERVER", &self.server);
        bash.current_dir(self.home.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        heard(bash.spawn().unwrap())
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let home = self.home.path("");
        let environment = [("HOME", home.to_str().unwrap()), ("KEYREEVE_SERVER", &self.server)];
        self.home.start(arguments, &environment)
    }

    /// The document that a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let finished = self.run(&[arguments, &["--output", "json"]].concat()).succeeded();
        serde_json::from_str(&finished.out).unwrap_or_else(|error| panic!("{error}: {}", finished.out))
    }

    /// The id that a command prints.
    pub(crate) fn id(&self, arguments: &[&str]) -> String {
        self.run(&[arguments, &["--quiet"]].concat()).succeeded().out.trim().to_owned()
    }

    /// A region in which keys are of this model.
    pub(crate) fn region(&self, code: &str, model: &str) {
        let endpoint = format!("https://s3.{code}.example.org");
        let name = format!("Region {code}");
        let arguments = ["regions", "create", code, "--name", &name, "--s3-endpoint", &endpoint, "--key-model", model];
        self.run(&arguments).succeeded();
    }

    /// A tenant with the service in a region, and the desk of its admin, who is logged in.
    pub(crate) fn customer(&self, name: &str, region: &str) -> (String, Desk) {
        let ada = self.beside();
        ada.home.write("password", PASSWORD);
        self.home.write("password", PASSWORD);
        let email = format!("ada@{}.example.org", name.to_lowercase());
        let tenant = self.id(&["tenants", "create", name, "--admin", &email, "--admin-password-file", "password"]);
        self.run(&["regions", "offer", region, "--tenant", &tenant]).succeeded();
        ada.run(&["login", "--email", &email, "--password-file", "password"]).succeeded();
        (tenant, ada)
    }
}

fn heard(mut child: Child) -> Finished {
    let (out, err) = (Heard::from(child.stdout.take().unwrap()), Heard::from(child.stderr.take().unwrap()));
    Running::heard(child, out, err).finish()
}
