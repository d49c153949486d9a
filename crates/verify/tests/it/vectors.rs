//! AWS's published vectors. They ship inside the `aws-sigv4` crate and are read where cargo unpacked it.
//!
//! S3 does not normalise paths, so the half of the suite that does is left out.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use keyreeve_verify::sigv4::{
    Authorization, CanonicalRequest, PayloadHash, Presigned, Query, Refusal, Sha256Digest, Signature, SignedHeaders,
    SigningKey, StringToSign, Subject, Timestamp,
};
use serde::Deserialize;

use crate::support::OwnedRequest;

/// Its session token was added after signing, in a header or parameter that S3 requires to be signed.
const TOKEN_NOT_SIGNED: &str = "post-sts-header-after";

#[test]
fn every_canonical_request_string_to_sign_and_signature_is_reproduced() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 31, "the suite has changed; see which cases are read");
    for vector in vectors {
        for form in [Form::Header, Form::Query] {
            if form == Form::Query && vector.name == TOKEN_NOT_SIGNED {
                continue;
            }
            let reduced = vector.reduce(form);
            let name = format!("{} in {}", vector.name, form.prefix());
            assert_eq!(reduced.canonical_request, vector.text(form, "canonical-request"), "{name}");
            assert_eq!(reduced.text_to_sign(), vector.text(form, "string-to-sign"), "{name}");
            assert_eq!(reduced.signature.to_hex(), vector.text(form, "signature"), "{name}");
            let key = vector.signing_key(&reduced.string_to_sign);
            assert_eq!(key.sign(&reduced.string_to_sign).to_hex(), reduced.signature.to_hex(), "{name}");
            assert_eq!(key.verify(&reduced.string_to_sign, &reduced.signature), Ok(()), "{name}");
        }
    }
}

#[test]
fn no_vector_verifies_with_one_digit_of_its_signature_changed() {
    let mut forgeries = 0;
    for vector in vectors() {
        for form in [Form::Header, Form::Query] {
            let reduced = vector.reduce(form);
            let key = vector.signing_key(&reduced.string_to_sign);
            for forged in with_one_digit_changed(&reduced.signature.to_hex()) {
                let forged = Signature::parse(&forged).unwrap();
                assert_eq!(key.verify(&reduced.string_to_sign, &forged), Err(Refusal::SignatureDoesNotMatch));
                forgeries += 1;
            }
        }
    }
    assert_eq!(forgeries, 31 * 2 * 64 * 15);
}

#[test]
fn a_session_token_added_after_signing_is_refused() {
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.name == TOKEN_NOT_SIGNED).unwrap();

    let request = vector.signed_request(Form::Header);
    let signed_headers = SignedHeaders::parse("host;x-amz-date").unwrap();
    let refusal = request.look(|request| signed_headers.must_cover(request.headers));
    assert_eq!(refusal, Err(Refusal::HeaderNotSigned));

    let reduced = vector.reduce(Form::Query);
    let key = vector.signing_key(&reduced.string_to_sign);
    assert_eq!(key.verify(&reduced.string_to_sign, &reduced.signature), Err(Refusal::SignatureDoesNotMatch));
}

pub(crate) fn with_one_digit_changed(signature: &str) -> impl Iterator<Item = String> {
    signature.char_indices().flat_map(move |(position, digit)| {
        "0123456789abcdef".chars().filter(move |other| *other != digit).map(move |other| {
            let mut forged = signature.to_owned();
            forged.replace_range(position..=position, other.encode_utf8(&mut [0; 4]));
            forged
        })
    })
}

struct Vector {
    folder: PathBuf,
    name: String,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    credentials: VectorCredentials,
    sign_body: bool,
}

#[derive(Deserialize)]
struct VectorCredentials {
    secret_access_key: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Header,
    Query,
}

impl Form {
    fn prefix(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
        }
    }
}

struct Reduced {
    canonical_request: String,
    string_to_sign: StringToSign<'static>,
    signature: Signature,
}

impl Reduced {
    fn text_to_sign(&self) -> String {
        let mut text = String::new();
        self.string_to_sign.write_to(&mut text).unwrap();
        text
    }
}

fn vectors() -> Vec<Vector> {
    let unnormalized = |folder: &PathBuf| {
        // The two without a context are about encoding the path twice, which S3 does not do.
        folder.join("context.json").exists() && !folder.to_str().unwrap().ends_with("-normalized")
    };
    let folders = fs::read_dir(suite()).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(unnormalized).map(Vector::read).collect()
}

fn suite() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let metadata =
        MetadataCommand::new().manifest_path(manifest).other_options(vec!["--offline".into()]).exec().unwrap();
    let signer = metadata.packages.iter().find(|package| package.name == "aws-sigv4").unwrap();
    signer.manifest_path.parent().unwrap().join("aws-signing-test-suite/v4").into()
}

impl Vector {
    fn read(folder: PathBuf) -> Self {
        let context = serde_json::from_slice(&fs::read(folder.join("context.json")).unwrap()).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Self { folder, name, context }
    }

    fn text(&self, form: Form, part: &str) -> String {
        fs::read_to_string(self.folder.join(format!("{}-{part}.txt", form.prefix()))).unwrap()
    }

    fn signed_request(&self, form: Form) -> OwnedRequest {
        read_request(&self.text(form, "signed-request"))
    }

    fn signing_key(&self, string_to_sign: &StringToSign<'_>) -> SigningKey {
        SigningKey::derive(self.context.credentials.secret_access_key.as_bytes(), &string_to_sign.scope)
    }

    fn payload_hash(&self) -> PayloadHash {
        let request = fs::read_to_string(self.folder.join("request.txt")).unwrap();
        let body = request.split_once("\n\n").map_or("", |(_, body)| body);
        PayloadHash::Sha256(Sha256Digest::of(if self.context.sign_body { body.as_bytes() } else { b"" }))
    }

    /// The steps of `SignedRequest::parse` one by one: the suite's service is not S3, which has rules of its own for
    /// the payload hash.
    fn reduce(&self, form: Form) -> Reduced {
        self.signed_request(form).look(|request| {
            let (_, raw_query) = request.path_and_query().unwrap();
            let query = Query::parse(raw_query).unwrap();
            let (credential, timestamp, signed_headers, signature) = match form {
                Form::Header => {
                    let value = request.only("authorization").unwrap().unwrap();
                    let Authorization { credential, signed_headers, signature } = Authorization::parse(value).unwrap();
                    let timestamp = Timestamp::parse(request.only("x-amz-date").unwrap().unwrap()).unwrap();
                    (credential, timestamp, signed_headers, signature)
                }
                Form::Query => {
                    let Presigned { credential, timestamp, signed_headers, signature, .. } =
                        Presigned::parse(&query).unwrap();
                    (credential, timestamp, signed_headers, signature)
                }
            };
            let canonical_request =
                CanonicalRequest::build(request, &query, &signed_headers, self.payload_hash()).unwrap();
            let subject = Subject::Request { canonical_request: canonical_request.digest() };
            Reduced {
                canonical_request: String::from_utf8(canonical_request.as_bytes().to_vec()).unwrap(),
                string_to_sign: StringToSign { timestamp, scope: credential.scope().clone().into_owned(), subject },
                signature,
            }
        })
    }
}

/// The suite writes HTTP/1.1 by hand: with spaces in targets and with values folded over several lines.
fn read_request(text: &str) -> OwnedRequest {
    let head = text.split_once("\n\n").map_or(text, |(head, _)| head).replace("\n ", " ");
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.as_bytes().to_vec())
    };
    let headers = lines.filter(|line| !line.is_empty()).map(header).collect();
    OwnedRequest { method: method.into(), target: target.into(), headers }
}
