//! An S3 server on `s3s`, with its keys in Keyreeve. It keeps objects in a folder, and knows no secret of anybody.
//!
//! ```text
//! request ──► front.rs   whose is it?       the client library, with a signing key that it remembers
//!               │
//!               ├──► s3s ──► scope.rs       may it do this here?     buckets, prefixes, permissions
//!               │      └──► s3s-fs          objects in a folder
//!               └──► answer.rs              why not, as S3 says it
//! ```

mod answer;
mod front;
mod scope;

use std::convert::Infallible;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use gateway::{Gateway, Options};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use front::Front;

/// An S3 server whose keys are in Keyreeve.
#[derive(Parser)]
struct Arguments {
    /// Where Keyreeve is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    keyreeve: String,
    /// A file with the gateway's token (krg_...) in it.
    #[arg(long)]
    token_file: PathBuf,
    /// A region that the gateway is bound to; may be given several times.
    #[arg(long, required = true)]
    region: Vec<String>,
    /// The certificate authorities to trust for Keyreeve, in PEM, instead of the machine's.
    #[arg(long)]
    trust: Option<PathBuf>,
    #[arg(long, default_value = "127.0.0.1:8014")]
    listen: SocketAddr,
    /// The folder that the buckets are in.
    root: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(is_terminal).init();
    let arguments = Arguments::parse();

    let token = std::fs::read_to_string(&arguments.token_file)?;
    let mut options = Options::new(&arguments.keyreeve, token.trim(), &arguments.region).name("s3s");
    if let Some(pem) = &arguments.trust {
        options = options.trust_only(std::fs::read(pem)?);
    }
    let gateway = Gateway::start(options)?;
    std::fs::create_dir_all(&arguments.root)?;
    let storage = s3s_fs::FileSystem::new(&arguments.root).map_err(|error| format!("{error:?}"))?;
    let front = Arc::new(Front::new(gateway.clone(), storage)?);

    let listener = TcpListener::bind(arguments.listen).await?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    serve(&listener, &front).await;
    gateway.report_usage().await?;
    Ok(())
}

/// How long requests under way may take when the server is to stop.
const LAST_ORDERS: Duration = Duration::from_secs(10);

async fn serve(listener: &TcpListener, front: &Arc<Front>) {
    let under_way = GracefulShutdown::new();
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        match accepted {
            Ok((stream, from)) => serve_connection(stream, from, front.clone(), &under_way),
            Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
        }
    }
    let _ = tokio::time::timeout(LAST_ORDERS, under_way.shutdown()).await;
}

fn serve_connection(stream: TcpStream, from: SocketAddr, front: Arc<Front>, under_way: &GracefulShutdown) {
    let service = service_fn(move |request| {
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.answer(request, from.ip()).await) }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let connection = under_way.watch(connection);
    tokio::spawn(async move {
        // A client that hangs up has had its answer, or does not want it.
        let _ = connection.await;
    });
}
