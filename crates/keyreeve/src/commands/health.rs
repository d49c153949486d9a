//! `keyreeve health`: whether the server with these settings can serve, by its own answer to `/readyz`. For containers, which have
//! no other program to ask with.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::failure::Failure;
use crate::out;
use crate::settings::Settings;

const PATIENCE: Duration = Duration::from_secs(3);
const QUESTION: &[u8] = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let address = on_this_machine(settings.listen);
    if address.port() == 0 {
        return Err(Failure::because("a server that takes a free port can be asked by nobody: name one with --listen"));
    }
    let status = ask(address, settings.tls_certificate.is_some())
        .map_err(|error| Failure::because(format!("nobody answers at {address} ({error})")))?;
    match status.as_str() {
        "200" => out::say("ready"),
        _ => Err(Failure::because(format!("the server at {address} is not ready: it answers {status}"))),
    }
}

/// Where a server that listens on all addresses can be reached from here.
fn on_this_machine(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr, is_tls: bool) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if is_tls { status(StreamOwned::new(connection(address)?, stream)) } else { status(stream) }
}

fn status(mut stream: impl Read + Write) -> io::Result<String> {
    stream.write_all(QUESTION)?;
    stream.flush()?;
    let mut line = String::new();
    BufReader::new(stream.take(256)).read_line(&mut line)?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split_whitespace().next());
    status.map(str::to_owned).ok_or_else(|| io::Error::other("that is no answer of ours"))
}

fn connection(address: SocketAddr) -> io::Result<ClientConnection> {
    let provider = Arc::new(default_provider());
    let configuration = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Whoever(provider)))
        .with_no_client_auth();
    ClientConnection::new(Arc::new(configuration), ServerName::from(address.ip())).map_err(io::Error::other)
}

/// Takes any certificate: nothing secret is asked or answered, and the name in it is not that of the loopback address.
#[derive(Debug)]
struct Whoever(Arc<CryptoProvider>);

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
