//! HTTPS with a certificate from files.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::home::{Home, Server, fixture};

#[test]
fn the_api_is_served_over_tls() {
    let home = Home::new();
    let (certificate, key) = (fixture("localhost.pem"), fixture("localhost.key"));
    let arguments = [
        "serve",
        "--listen",
        "0.0.0.0:0",
        "--metrics-listen",
        "off",
        "--tls-certificate",
        certificate.to_str().unwrap(),
    ];
    let arguments = [&arguments[..], &["--tls-key", key.to_str().unwrap()]].concat();
    let server = Server::ready(home.start(&arguments, &[]));
    let port = server.url.strip_prefix("https://0.0.0.0:").unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 2");

    let mut plain = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    server.stop().succeeded();
}
