//! The ceiling: a server that reads the same question, as JSON, and always gives the same answer. What the framework and
//! the machine can do, nothing else.

#![expect(clippy::print_stderr, reason = "it says where it listens, as the servers do that are compared with it")]

use actix_web::{App, HttpResponse, HttpServer, web};
use wire::VerifyRequest;

/// As long as a real one.
const ANSWER: &str = r#"{"decision":"allow","key_version":1,"principal":{"tenant_id":"tnt_000000000000000000000000","key_id":"key_000000000000000000000000","label":"Bench","instance_id":"ins_000000000000000000000000"},"grants":[],"ttl_seconds":30,"stale_ttl_seconds":0,"sequence":123456}"#;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().route("/v1/gateway/verify", web::post().to(answer)));
    let server = server.workers(1).bind(("127.0.0.1", 0))?;
    if let Some(address) = server.addrs().first() {
        eprintln!("listening on http://{address}");
    }
    server.run().await
}

async fn answer(question: web::Json<VerifyRequest>) -> HttpResponse {
    // As a compiler sees it, the question might matter.
    std::hint::black_box(&*question);
    HttpResponse::Ok().content_type("application/json").body(ANSWER)
}
