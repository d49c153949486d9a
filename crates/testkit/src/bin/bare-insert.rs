//! What the machine, PostgreSQL, actix, r2d2 and diesel can do when a request is one row: what creating a key is compared with.

#![expect(clippy::print_stderr, reason = "it says where it listens, as the servers do that are compared with it")]
#![expect(clippy::expect_used, reason = "a measurement stops at the first surprise")]

use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sql_types::Text;
use serde_json::Value;

type Connections = Pool<ConnectionManager<PgConnection>>;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let url = std::env::args().nth(1).expect("the URL of a PostgreSQL database");
    let pool: Connections = Pool::builder().max_size(8).build(ConnectionManager::new(url)).expect("connections");
    let table = "CREATE TABLE bare (id bigserial PRIMARY KEY, label text NOT NULL)";
    pool.get().expect("a connection").batch_execute(table).expect("a table");
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(pool.clone())).default_service(web::post().to(insert))
    });
    let server = server.workers(1).bind(("127.0.0.1", 0))?;
    if let Some(address) = server.addrs().first() {
        eprintln!("listening on http://{address}");
    }
    server.run().await
}

async fn insert(pool: web::Data<Connections>, order: web::Json<Value>) -> HttpResponse {
    let label = order.get("label").and_then(Value::as_str).unwrap_or_default().to_owned();
    let inserted = web::block(move || {
        let mut connection = pool.get().expect("a connection");
        diesel::sql_query("INSERT INTO bare (label) VALUES ($1)").bind::<Text, _>(label).execute(&mut connection)
    });
    inserted.await.expect("a thread").expect("a row");
    HttpResponse::Created().json(order.into_inner())
}
