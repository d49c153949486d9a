//! A partner's whole way without an operator, in a program that knows the API's document and nothing else: the client it
//! uses is generated from what the server says of itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Server, on_both_databases};

const REGION: &str = "waw3-1";
const HELP: &str = "this test needs python3 with openapi-python-client: run scripts/test, or pip install it";

/// A directory with the package `generated` in it.
fn generated(server: &Server) -> PathBuf {
    let database = if server.is_on_postgres() { "postgres" } else { "sqlite" };
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journey-{database}-{}", std::process::id()));
    fs::create_dir_all(&room).unwrap();
    let (document, settings) = (room.join("openapi.json"), room.join("settings.json"));
    fs::write(&document, server.anonymous().get("/openapi.json").expect(200).text).unwrap();
    // Nobody reads the generated code: it is not formatted. S3's error document is a text to it.
    let chosen = r#"{"post_hooks": [], "content_type_overrides": {"application/xml": "text/plain"}}"#;
    fs::write(&settings, chosen).unwrap();
    let mut generate = Command::new("python3");
    generate.args(["-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning", "--overwrite"]);
    generate.arg("--path").arg(document).arg("--config").arg(settings).arg("--output-path").arg(room.join("generated"));
    run(&mut generate);
    room
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect(HELP);
    let [said, complained] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{said}\n{complained}\n({HELP})");
    said
}

on_both_databases! {
    fn a_portal_is_written_with_the_document_alone(server: &Server) {
        server.region(REGION, "multi");
        let room = generated(server);
        let body = serde_json::json!({"description": "Portal", "expires_at": server.in_days(100)});
        let distributor = server.partner("Nordic");
        let token = distributor.client.post(&distributor.path("/tokens"), body).expect(201).text_at("/token");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/journey.py");
        let now = server.now().to_rfc3339();
        let said = run(Command::new("python3").arg(script).arg(&room).args([&server.url(), &token, REGION, &now]));
        assert!(said.contains("the journey is over"), "{said}");
        fs::remove_dir_all(room).unwrap();
    }
}
