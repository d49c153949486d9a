//! OpenStack's Keystone, as Debian ships it, beside Keyreeve: each says whose a signature is. One processor each.

use serde_json::Value;
use tempfile::TempDir;
use testkit::Signer;

use super::Row;
use super::verifying::s3_token;
use crate::keyreeve::{Keyreeve, Place, REGION};
use crate::process::{Process, script};
use crate::rounds::{Contestant, Rounds};

const CLIENTS: usize = 16;
const KEYS: usize = 10;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let keystone = Keystone::start();
    let place = Place::sqlite();
    let server = Keyreeve::pinned(&place, &[]);
    let keys = server.keys(KEYS);
    let questions: Vec<_> = keys.iter().map(|key| server.question(key)).collect();
    let tokens: Vec<_> = keys.iter().map(|key| s3_token(&server.gateway, key)).collect();

    let figures = rounds.of(&[
        Contestant::plain("Keystone's s3tokens", &keystone.process, CLIENTS, &keystone.questions, "expires_at"),
        Contestant::plain("verify", &server.process, CLIENTS, &questions, "\"allow\""),
        Contestant::plain("our s3tokens", &server.process, CLIENTS, &tokens, "expires_at"),
    ]);
    let [theirs, verify, ours] = figures.try_into().unwrap_or_else(|_| panic!());
    keystone.process.stop();

    vec![
        Row::rate("Keystone's s3tokens: two workers, memcached, SQLite", &theirs),
        Row::rate("verify", &verify),
        Row::rate("our s3tokens", &ours),
        Row::at_least("verify to Keystone, requests a second", ">= 300", 300.0, &verify.per_second, &theirs.per_second),
        Row::at_least("Keystone to verify, processor for each", ">= 500", 500.0, &theirs.cost, &verify.cost),
        Row::at_least(
            "our s3tokens to Keystone's, requests a second",
            ">= 200",
            200.0,
            &ours.per_second,
            &theirs.per_second,
        ),
    ]
}

struct Keystone {
    process: Process,
    /// Signed requests of its own credentials, as its gateways ask about them.
    questions: Vec<Vec<u8>>,
    _folder: TempDir,
}

impl Keystone {
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let (path, count) = (folder.path().to_str().expect("a path"), KEYS.to_string());
        let process = Process::start(&script("bench-keystone-server"), &[path, &count], "0");
        let written = std::fs::read_to_string(folder.path().join("credentials.json")).expect("its credentials");
        let written: Value = serde_json::from_str(&written).expect("JSON");
        let token = written["token"].as_str().expect("a token");
        let credentials = written["credentials"].as_array().expect("credentials");
        let questions = credentials.iter().map(|credential| s3_token(token, &signer(credential))).collect();
        Self { process, questions, _folder: folder }
    }
}

fn signer(credential: &Value) -> Signer {
    let text = |name: &str| credential[name].as_str().expect("a text").to_owned();
    Signer { access_key_id: text("access"), secret: text("secret"), region: REGION.to_owned() }
}
