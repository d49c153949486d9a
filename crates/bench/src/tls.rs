//! TLS between the load generator and a server, with the certificate that the tests have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    pub fn for_tests() -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../keyreeve/tests/fixtures");
        Self { certificate: fixtures.join("localhost.pem"), key: fixtures.join("localhost.key") }
    }

    /// For the server.
    pub fn settings(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().expect("a path"));
        ["--tls-certificate", certificate, "--tls-key", key]
    }

    pub fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.certificate).expect("a certificate")).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }
}
