//! HTTPS: the certificate and its key, from files.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::settings::Settings;

/// None where plain HTTP is what was asked for.
pub(crate) fn read(settings: &Settings) -> Result<Option<ServerConfig>, String> {
    match (&settings.tls_certificate, &settings.tls_key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => configuration(certificate, key).map(Some),
        (Some(_), None) => Err("a certificate is of no use without its key: set --tls-key as well".to_owned()),
        (None, Some(_)) => Err("a key is of no use without its certificate: set --tls-certificate as well".to_owned()),
    }
}

fn configuration(certificate: &Path, key: &Path) -> Result<ServerConfig, String> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("the certificate {} cannot be read: {error}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!("the file {} holds no PEM certificate", certificate.display()));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("the key {} cannot be read: {error}", key.display()))?;
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| {
            format!("the certificate {} and the key {} do not work: {error}", certificate.display(), key.display())
        })
}
